use crate::call::{Call, is_failure, is_up};
use crate::desk::Desk;
use crate::{Alert, Sound, Verb};
use omnibar_model::{Cause, Conversation, Direction, Interaction, InteractionId, QueueId};

/// Calls at most; an honest centre gives an agent a handful.
pub(crate) const CALLS_MAX: usize = 32;

/// What the centre says about calls, and what follows for the agent's ears and eyes.
impl Desk {
    pub(crate) fn call(&self, id: &InteractionId) -> Option<&Call> {
        self.calls.iter().find(|c| c.id() == id)
    }

    pub(crate) fn call_mut(&mut self, id: &InteractionId) -> Option<&mut Call> {
        self.calls.iter_mut().find(|c| c.id() == id)
    }

    /// Everything that the centre knows: what is not in it is gone.
    pub(crate) fn synchronise(&mut self, mut interactions: Vec<Interaction>) {
        interactions.truncate(CALLS_MAX);
        for at in (0..self.calls.len()).rev() {
            if !interactions.iter().any(|i| i.id == *self.calls[at].id()) {
                self.remove(at, None);
            }
        }
        for interaction in interactions {
            self.learn(interaction);
        }
    }

    pub(crate) fn learn(&mut self, new: Interaction) {
        let is_last_word = matches!(new.conversation, Conversation::Ended);
        let (id, conversation) = (new.id.clone(), new.conversation);
        match self.calls.iter().position(|c| c.id() == &id) {
            Some(at) if is_last_word => self.remove(at, Some(new)),
            Some(at) => {
                let taken = self.orders.has(&id, Verb::Accept);
                let before = self.calls[at].learn(new);
                self.moved(at, &before, taken);
                self.orders.reconcile(&id, conversation);
            }
            None if is_last_word || self.calls.len() >= CALLS_MAX => {}
            None => {
                self.calls.push(Call::new(new));
                self.arrived(self.calls.len() - 1);
            }
        }
    }

    /// Takes a call off the desk. `last` is the centre's last word about it, if it
    /// had one.
    pub(crate) fn remove(&mut self, at: usize, last: Option<Interaction>) {
        let call = self.calls.remove(at);
        let last = last.unwrap_or_else(|| call.interaction.clone());
        let before = call.conversation();
        if let Conversation::Offered { expires } = before {
            let pressed = [Verb::Accept, Verb::Reject].map(|v| self.orders.has(call.id(), v));
            let not_taken = match last.cause {
                Some(cause) => matches!(cause, Cause::NoAnswer | Cause::Abandoned),
                None => expires <= self.now,
            };
            let missed = not_taken && pressed == [false, false];
            self.alert(Alert::OfferGone { interaction: last.id.clone(), missed });
            if missed {
                self.missed = Some(last);
            }
        } else if is_up(before) {
            self.over(before, &last);
        }
        self.orders.reconcile(call.id(), Conversation::Ended);
    }

    pub(crate) fn note_kept(&mut self, id: Option<&InteractionId>) {
        let Some(id) = id else { return };
        if self.orders.has(id, Verb::Note) || self.orders.has(id, Verb::Dispose) {
            return;
        }
        if let Some(call) = self.call_mut(id)
            && let Some(note) = call.draft.take()
        {
            call.interaction.note = note;
        }
    }

    fn arrived(&mut self, at: usize) {
        let interaction = &self.calls[at].interaction;
        let id = interaction.id.clone();
        match interaction.conversation {
            Conversation::Offered { .. } => self.announce(at),
            Conversation::Connected => self.selected = Some(id),
            Conversation::Ringing => {
                if matches!(interaction.direction, Direction::Outbound) {
                    self.orders.forget_verb(Verb::Dial);
                    self.selected = Some(id);
                }
            }
            Conversation::Held | Conversation::Wrapping { .. } | Conversation::Ended => {}
        }
    }

    fn moved(&mut self, at: usize, before: &Interaction, taken: bool) {
        let call = &self.calls[at];
        let (was, is) = (before.conversation, call.conversation());
        let id = call.id().clone();
        if call.leg_failed_since(before) {
            self.play(Sound::Failed);
        }
        let was_offered = matches!(was, Conversation::Offered { .. });
        match is {
            Conversation::Offered { .. } => {
                if !was_offered {
                    self.announce(at);
                }
                return;
            }
            Conversation::Connected => {
                if was_offered || matches!(was, Conversation::Ringing) {
                    self.play(Sound::Answered);
                }
                if !matches!(was, Conversation::Connected | Conversation::Held) {
                    self.selected = Some(id.clone());
                }
            }
            Conversation::Wrapping { .. } => {
                if is_up(was) || (was_offered && taken) {
                    let last = self.calls[at].interaction.clone();
                    self.over(was, &last);
                }
            }
            Conversation::Ringing | Conversation::Held | Conversation::Ended => {}
        }
        if was_offered {
            self.alert(Alert::OfferGone { interaction: id, missed: false });
        }
    }

    fn announce(&mut self, at: usize) {
        let interaction = &self.calls[at].interaction;
        let queue = self.queue_name(interaction.queue.as_ref());
        let name = match &interaction.customer.number {
            Some(number) if interaction.customer.name.is_empty() => number.to_string(),
            Some(_) | None => interaction.customer.name.clone(),
        };
        let alert = Alert::IncomingCall { interaction: interaction.id.clone(), name, queue };
        self.alert(alert);
    }

    /// Empty without a queue.
    pub(crate) fn queue_name(&self, id: Option<&QueueId>) -> String {
        let Some(id) = id else { return String::new() };
        let named = self.session.signed_in().and_then(|(_, _, lists)| {
            lists.queues.iter().find(|q| q.id == *id).map(|q| q.name.clone())
        });
        named.unwrap_or_else(|| id.to_string())
    }

    /// The conversation is over: a sound, and a notification unless the agent did it
    /// himself.
    fn over(&mut self, was: Conversation, last: &Interaction) {
        // Gone without a word, as after a restart of the switch.
        let cause = last.cause.unwrap_or(Cause::SwitchLost);
        let never_answered = matches!(was, Conversation::Ringing);
        let lost = matches!(cause, Cause::MediaFailed | Cause::SwitchLost);
        let failed = is_failure(cause) && (never_answered || lost);
        self.play(if failed { Sound::Failed } else { Sound::Ended });
        match cause {
            Cause::AgentHungUp | Cause::Transferred => {}
            Cause::CustomerHungUp
            | Cause::Abandoned
            | Cause::Rejected
            | Cause::NoAnswer
            | Cause::Busy
            | Cause::Dropped
            | Cause::Unreachable
            | Cause::MediaFailed
            | Cause::SwitchLost => {
                self.alert(Alert::CallEnded { interaction: last.id.clone(), cause });
            }
        }
    }
}
