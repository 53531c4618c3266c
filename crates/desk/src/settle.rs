use crate::call::{Call, is_up};
use crate::desk::Desk;
use crate::{Alert, Ask, Effect, LineState, Link, Sound, Verb};
use omnibar_model::{Conversation, Moment};

/// What the outside was last told, so that it hears of changes only.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    ringing: bool,
    microphone: bool,
    in_call: bool,
    /// The agent knows that voice is lost.
    voice_lost: bool,
    mute_reminder: Option<Moment>,
    /// Muted and reminded of it: once is enough.
    reminded: bool,
}

/// What follows from the state as a whole, whichever input brought it about.
impl Desk {
    pub(crate) fn settle(&mut self) {
        self.answer_by_itself();
        self.settle_selection();
        self.settle_devices();
        let centre_up = self.link == Link::Up;
        let wanted = self.session.has_voice();
        let close = self.voice.want(self.now, wanted, centre_up);
        self.effects.extend(close);
        self.effects.extend(self.voice.act(self.now));
        self.settle_voice_alerts();
        self.settle_reminders();
    }

    /// State of the line if the agent's voice is in this app.
    pub(crate) fn line(&self) -> Option<LineState> {
        self.session.has_voice().then_some(self.voice.line)
    }

    /// Plays the reminders that are due and sets the next ones.
    pub(crate) fn remind(&mut self) {
        let now = self.now;
        let mut held_long = false;
        for call in &mut self.calls {
            if call.hold_reminder.is_some_and(|t| t <= now) {
                call.hold_reminder = self.config.hold_reminder().map(|every| now + every);
                held_long = true;
            }
        }
        if held_long {
            self.play(Sound::HoldReminder);
        }
        if self.devices.mute_reminder.take_if(|t| *t <= now).is_some() {
            self.devices.reminded = true;
            self.play(Sound::MuteReminder);
        }
    }

    pub(crate) fn next_reminder(&self) -> Option<Moment> {
        let held = self.calls.iter().filter_map(|c| c.hold_reminder);
        held.chain(self.devices.mute_reminder).min()
    }

    /// An offer that has run out does not ring any more, even if the centre is away
    /// and cannot take it back.
    pub(crate) fn next_offer_end(&self) -> Option<Moment> {
        self.calls.iter().filter_map(Call::offered_until).filter(|end| *end > self.now).min()
    }

    fn answer_by_itself(&mut self) {
        if !self.config.auto_answer
            || self.link != Link::Up
            || self.session.signed_in().is_none()
            || self.is_in_talk()
        {
            return;
        }
        let offer = self.calls.iter_mut().find(|c| c.offered_until().is_some() && !c.auto_tried);
        if let Some(call) = offer {
            call.auto_tried = true;
            let interaction = Some(call.id().clone());
            self.ask(Ask::Accept { interaction });
        }
    }

    fn settle_selection(&mut self) {
        if self.selected.as_ref().is_some_and(|id| self.call(id).is_some()) {
            return;
        }
        // What needs the agent most, and of equals the oldest.
        let urgency = |call: &&Call| match call.conversation() {
            Conversation::Connected => 0,
            Conversation::Ringing => 1,
            Conversation::Offered { .. } => 2,
            Conversation::Held => 3,
            Conversation::Wrapping { .. } => 4,
            Conversation::Ended => 5,
        };
        self.selected = self.calls.iter().min_by_key(urgency).map(|c| c.id().clone());
    }

    fn settle_devices(&mut self) {
        let up = self.agent.monitoring.is_some()
            || self.calls.iter().any(|c| is_up(c.conversation()) || self.is_taken(c));
        if !up {
            self.muted = false;
        }
        let ringing = !self.is_in_talk()
            && self.calls.iter().any(|c| {
                c.offered_until().is_some_and(|end| end > self.now)
                    && !self.orders.has(c.id(), Verb::Reject)
            });
        let heard = self.is_in_talk()
            || self.is_heard_by_colleague()
            || self.calls.iter().any(Call::is_heard_by_supervisor);
        let open = self.session.has_voice() && !self.muted && heard;

        if self.devices.ringing && !ringing {
            self.effects.push_back(Effect::StopRinging);
        }
        if up && !self.devices.in_call {
            self.effects.push_back(Effect::SetInCall { on: true });
        }
        if self.devices.microphone != open {
            self.effects.push_back(Effect::SetMicrophone { open });
        }
        if !up && self.devices.in_call {
            self.effects.push_back(Effect::SetInCall { on: false });
        }
        if ringing && !self.devices.ringing {
            self.effects.push_back(Effect::StartRinging);
        }
        self.devices.ringing = ringing;
        self.devices.in_call = up;
        self.devices.microphone = open;
    }

    /// Accept was pressed and nothing has come of it yet: the microphone is open from
    /// the press on, so that the first word needs no round trip to the centre.
    fn is_taken(&self, call: &Call) -> bool {
        call.offered_until().is_some() && self.orders.has(call.id(), Verb::Accept)
    }

    /// Somebody is meant to hear the agent. Pressing hold or end ends that at once,
    /// before the centre has done it.
    pub(crate) fn is_in_talk(&self) -> bool {
        self.calls.iter().any(|c| {
            let leaving = [Verb::Hold, Verb::End].iter().any(|v| self.orders.has(c.id(), *v));
            self.is_taken(c) || c.is_talking() && !leaving
        })
    }

    /// A supervisor who whispers or barges in.
    pub(crate) fn is_heard_by_colleague(&self) -> bool {
        self.agent.monitoring.as_ref().is_some_and(|monitoring| monitoring.mode.is_heard())
    }

    fn settle_voice_alerts(&mut self) {
        let line = self.line();
        let mut flowed = false;
        for call in &mut self.calls {
            if is_up(call.conversation()) {
                call.flowed |= line == Some(LineState::Up);
                flowed |= call.flowed;
            }
        }
        if !flowed || line.is_none() {
            self.devices.voice_lost = false;
        } else if line == Some(LineState::Up) {
            if std::mem::take(&mut self.devices.voice_lost) {
                self.alert(Alert::VoiceBack);
            }
        } else if self.voice.is_broken() && !self.devices.voice_lost {
            self.devices.voice_lost = true;
            self.alert(Alert::VoiceLost);
        }
    }

    fn settle_reminders(&mut self) {
        let now = self.now;
        for call in &mut self.calls {
            if !call.is_waiting() {
                call.hold_reminder = None;
            } else if call.hold_reminder.is_none() {
                call.hold_reminder = self.config.hold_reminder().map(|every| now + every);
            }
        }
        if !self.muted {
            self.devices.reminded = false;
        }
        if !self.muted || !self.is_in_talk() {
            self.devices.mute_reminder = None;
        } else if self.devices.mute_reminder.is_none() && !self.devices.reminded {
            self.devices.mute_reminder = self.config.mute_reminder().map(|after| now + after);
        }
    }
}
