mod whole;

use crate::call::{Call, NOTE_MAX};
use crate::desk::Desk;
use crate::orders::is_kept;
use crate::session::Choice;
use crate::{Ask, Effect, Order, Refusal, Sound, Verb};
use omnibar_model::{Booking, Conversation, DispositionId, InteractionId, LegId};

/// Keys of one command (RFC 4733 names 16; the centre takes what a keypad has).
const DIGITS_MAX: usize = 32;

/// Why not, and which call it was about.
type Refused = (Option<InteractionId>, Refusal);

/// A command about one call: which, which of its legs, and as what it is ordered.
struct About<'a> {
    target: Option<&'a InteractionId>,
    leg: Option<&'a LegId>,
    verb: Verb,
}

impl Desk {
    pub(crate) fn ask(&mut self, ask: Ask) {
        if let Err((interaction, reason)) = self.try_ask(&ask) {
            self.refuse(ask, interaction, reason);
        }
    }

    fn try_ask(&mut self, ask: &Ask) -> Result<(), Refused> {
        let about = |verb, target| About { target, leg: None, verb };
        match ask {
            Ask::SignIn { .. } => self.sign_in(ask).map_err(whole),
            Ask::Choose { campaigns, extension } => {
                self.choose(Choice::new(campaigns, extension), ask).map_err(whole)
            }
            Ask::SignOut => self.sign_out().map_err(whole),
            Ask::SetPresence { presence } => self.set_presence(presence, ask).map_err(whole),
            Ask::Select { interaction } => {
                self.call(interaction).ok_or((None, Refusal::NoSuchCall))?;
                self.selected = Some(interaction.clone());
                Ok(())
            }
            Ask::Accept { interaction } => {
                let about = about(Verb::Accept, interaction.as_ref());
                let id =
                    self.order_about(&about, ask, |interaction| Order::Accept { interaction })?;
                self.selected = Some(id);
                Ok(())
            }
            Ask::Reject { interaction } => {
                self.order_call(&about(Verb::Reject, interaction.as_ref()), ask, |interaction| {
                    Order::Reject { interaction }
                })
            }
            Ask::Dial { number, campaign } => {
                self.dial(number, campaign.as_ref(), ask).map_err(whole)
            }
            Ask::Hold { interaction, leg } => self.order_call(
                &About { leg: leg.as_ref(), ..about(Verb::Hold, interaction.as_ref()) },
                ask,
                |interaction| Order::Hold { interaction, leg: leg.clone() },
            ),
            Ask::Resume { interaction, leg } => {
                let about =
                    About { leg: leg.as_ref(), ..about(Verb::Resume, interaction.as_ref()) };
                let id = self.order_about(&about, ask, |interaction| Order::Resume {
                    interaction,
                    leg: leg.clone(),
                })?;
                self.selected = Some(id);
                Ok(())
            }
            Ask::ToggleHold { interaction } => self.toggle_hold(interaction.as_ref(), ask),
            Ask::Mute { on } => self.mute(*on),
            Ask::ToggleMute => self.mute(!self.muted),
            Ask::Dtmf { interaction, digits } => self.dtmf(interaction.as_ref(), digits, ask),
            Ask::Transfer { interaction, to } => {
                let about = about(Verb::Transfer, interaction.as_ref());
                let order = |interaction| Order::Transfer { interaction, to: to.clone() };
                let id = self.order_about(&about, ask, order)?;
                if let Some(call) = self.call_mut(&id) {
                    call.sent_to = Some(to.clone());
                }
                Ok(())
            }
            Ask::Consult { interaction, to } => {
                self.order_call(&about(Verb::Consult, interaction.as_ref()), ask, |interaction| {
                    Order::Consult { interaction, to: to.clone() }
                })
            }
            Ask::Complete { interaction } => {
                self.order_call(&about(Verb::Complete, interaction.as_ref()), ask, |interaction| {
                    Order::Complete { interaction }
                })
            }
            Ask::Conference { interaction } => self.order_call(
                &about(Verb::Conference, interaction.as_ref()),
                ask,
                |interaction| Order::Conference { interaction },
            ),
            Ask::Drop { interaction, leg } => self.order_call(
                &About { leg: Some(leg), ..about(Verb::Drop, interaction.as_ref()) },
                ask,
                |interaction| Order::Drop { interaction, leg: leg.clone() },
            ),
            Ask::End { interaction } => {
                self.order_call(&about(Verb::End, interaction.as_ref()), ask, |interaction| {
                    Order::End { interaction }
                })
            }
            Ask::Record { interaction, on } => {
                self.order_call(&about(Verb::Record, interaction.as_ref()), ask, |interaction| {
                    Order::Record { interaction, on: *on }
                })
            }
            Ask::Note { interaction, note } => self.note(interaction.as_ref(), note, ask),
            Ask::Dispose { interaction, disposition, note, callback } => {
                self.dispose(interaction.as_ref(), disposition, (note, callback.as_ref()), ask)
            }
            Ask::Callback { callback, act } => self.callback(callback, act, ask).map_err(whole),
            Ask::Chat { ask: wish } => self.ask_chat(ask, wish),
            Ask::Monitor { agent, mode } => {
                let order = Order::Monitor { agent: agent.clone(), mode: *mode };
                self.monitor(order, ask).map_err(whole)
            }
            Ask::StopMonitoring => self.monitor(Order::StopMonitoring, ask).map_err(whole),
            Ask::Dismiss => {
                (self.refusal, self.missed) = (None, None);
                Ok(())
            }
        }
    }

    /// Whether the centre would be asked if this verb were pressed for this call now.
    pub(crate) fn permit(
        &self,
        id: &InteractionId,
        verb: Verb,
        leg: Option<&LegId>,
    ) -> Result<(), Refusal> {
        let call = self.call(id).ok_or(Refusal::NoSuchCall)?;
        call.permits(call.voice(self.line()), verb, leg)?;
        if let Some(verb) = self.orders.obstacle(Some(id), verb, leg) {
            return Err(Refusal::Pending { verb });
        }
        if !is_kept(verb) {
            self.centre_is_up()?;
        }
        Ok(())
    }

    /// From the press of Accept on: the microphone is open from then on.
    pub(crate) fn may_mute(&self, call: &Call) -> bool {
        let line = self.line();
        let taken = line.is_some() && self.orders.has(call.id(), Verb::Accept);
        taken || call.permits(call.voice(line), Verb::Mute, None).is_ok()
    }

    fn toggle_hold(&mut self, target: Option<&InteractionId>, ask: &Ask) -> Result<(), Refused> {
        let id = self.target(target, Verb::Hold)?;
        let held = self.call(&id).is_some_and(|c| matches!(c.conversation(), Conversation::Held));
        if held {
            self.selected = Some(id.clone());
            let about = About { target: Some(&id), leg: None, verb: Verb::Resume };
            self.order_call(&about, ask, |interaction| Order::Resume { interaction, leg: None })
        } else {
            let about = About { target: Some(&id), leg: None, verb: Verb::Hold };
            self.order_call(&about, ask, |interaction| Order::Hold { interaction, leg: None })
        }
    }

    /// At this machine only: it needs neither the centre nor a particular call.
    fn mute(&mut self, on: bool) -> Result<(), Refused> {
        if self.calls.is_empty() && !self.is_heard_by_colleague() {
            return Err((None, Refusal::NoSuchCall));
        }
        if !self.is_heard_by_colleague() && !self.calls.iter().any(|c| self.may_mute(c)) {
            return Err((self.selected.clone(), Refusal::NotNow { verb: Verb::Mute }));
        }
        self.muted = on;
        Ok(())
    }

    fn dtmf(
        &mut self,
        target: Option<&InteractionId>,
        digits: &str,
        ask: &Ask,
    ) -> Result<(), Refused> {
        let about = About { target, leg: None, verb: Verb::Dtmf };
        let is_key = |b: u8| b.is_ascii_digit() || b == b'*' || b == b'#';
        if digits.is_empty() || digits.len() > DIGITS_MAX || !digits.bytes().all(is_key) {
            return Err((target.cloned(), Refusal::BadDigits));
        }
        let order = |interaction| Order::Dtmf { interaction, digits: digits.to_owned() };
        self.order_call(&about, ask, order)?;
        // A pasted number is not a row of key presses: it would sound as one chord.
        if let (Some(digit), 1) = (digits.chars().next(), digits.len()) {
            self.effects.push_back(Effect::Play { sound: Sound::Digit(digit) });
        }
        Ok(())
    }

    fn note(
        &mut self,
        target: Option<&InteractionId>,
        note: &str,
        ask: &Ask,
    ) -> Result<(), Refused> {
        if note.chars().count() > NOTE_MAX {
            return Err((target.cloned(), Refusal::NoteTooLong));
        }
        let about = About { target, leg: None, verb: Verb::Note };
        let order = |interaction| Order::Note { interaction, note: note.to_owned() };
        let id = self.order_about(&about, ask, order)?;
        if let Some(call) = self.call_mut(&id) {
            call.draft = Some(note.to_owned());
        }
        Ok(())
    }

    fn dispose(
        &mut self,
        target: Option<&InteractionId>,
        disposition: &DispositionId,
        (note, callback): (&str, Option<&Booking>),
        ask: &Ask,
    ) -> Result<(), Refused> {
        if note.chars().count() > NOTE_MAX {
            return Err((target.cloned(), Refusal::NoteTooLong));
        }
        let id = self.target(target, Verb::Dispose)?;
        self.permit(&id, Verb::Dispose, None).map_err(|reason| (Some(id.clone()), reason))?;
        let campaign = self.call(&id).map(|c| c.interaction.campaign.clone());
        let known = campaign
            .zip(self.session.who())
            .is_none_or(|(campaign, who)| who.knows_disposition(&campaign, disposition));
        if !known {
            return Err((Some(id), Refusal::NoSuchDisposition));
        }
        let about = About { target: Some(&id), leg: None, verb: Verb::Dispose };
        self.order_call(&about, ask, |interaction| Order::Dispose {
            interaction,
            disposition: disposition.clone(),
            note: note.to_owned(),
            callback: callback.cloned(),
        })?;
        if let Some(call) = self.call_mut(&id) {
            call.draft = Some(note.to_owned());
        }
        Ok(())
    }

    fn order_call(
        &mut self,
        about: &About<'_>,
        ask: &Ask,
        order: impl FnOnce(InteractionId) -> Order,
    ) -> Result<(), Refused> {
        self.order_about(about, ask, order).map(|_| ())
    }

    /// Orders it and returns the call that it is about.
    fn order_about(
        &mut self,
        about: &About<'_>,
        ask: &Ask,
        order: impl FnOnce(InteractionId) -> Order,
    ) -> Result<InteractionId, Refused> {
        let id = self.target(about.target, about.verb)?;
        self.permit(&id, about.verb, about.leg).map_err(|reason| (Some(id.clone()), reason))?;
        let subject = (Some(id.clone()), about.leg.cloned());
        self.order(about.verb, subject, ask.clone(), order(id.clone()));
        Ok(id)
    }

    /// The call that is meant: the one named, else the selected one. A key for offers
    /// finds the oldest offer also while another call is selected.
    fn target(&self, named: Option<&InteractionId>, verb: Verb) -> Result<InteractionId, Refused> {
        self.session.signed_in().ok_or((None, Refusal::NotSignedIn))?;
        if let Some(id) = named {
            return match self.call(id) {
                Some(_) => Ok(id.clone()),
                None => Err((None, Refusal::NoSuchCall)),
            };
        }
        let selected = self.selected.as_ref().ok_or((None, Refusal::NoSuchCall))?;
        let is_for_offers = matches!(verb, Verb::Accept | Verb::Reject);
        if is_for_offers && self.call(selected).is_none_or(|c| c.offered_until().is_none()) {
            let offer = self.calls.iter().find(|c| c.offered_until().is_some());
            return Ok(offer.map_or_else(|| selected.clone(), |c| c.id().clone()));
        }
        Ok(selected.clone())
    }
}

fn whole(reason: Refusal) -> Refused {
    (None, reason)
}
