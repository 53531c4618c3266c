//! What the telephone tells.

use super::calls::{Call, Side, caller, diverted, party};
use super::seat::{Seat, Telephone, Wait};
use crate::sip::{ExtensionEvent, PhoneEvent, VoiceFault, words};
use omnibar_contract::VoicemailView;
use omnibar_desk::LineState;
use omnibar_model::{Cause, Direction, Party};
use omnibar_sip::{CallNumber, Caller, Event};
use omnibar_softphone::CentreEvent;

impl<T: Telephone> Seat<T> {
    pub(super) fn told(&mut self, event: PhoneEvent) {
        match event {
            PhoneEvent::Extension(ExtensionEvent::Sip(event)) => self.signalled(event),
            // Of the registration, which is not the seat's.
            PhoneEvent::Extension(
                ExtensionEvent::Connected | ExtensionEvent::Disconnected { .. },
            ) => {}
            PhoneEvent::Active(active) => self.active = active,
            PhoneEvent::Connected { call, agreed } => {
                if let Some(side) = self.side_mut(call) {
                    (side.keys, side.path) = (agreed.keys, Some(LineState::Up));
                }
                self.answered(call);
            }
            PhoneEvent::Changed { call, agreed } => {
                if let Some(side) = self.side_mut(call) {
                    side.keys = agreed.keys;
                }
            }
            PhoneEvent::Conference(members) => self.conferring(&members),
            // The check at sign-in tries the servers.
            PhoneEvent::Pressed { .. } | PhoneEvent::Relay { .. } | PhoneEvent::Woke { .. } => {}
            PhoneEvent::Voice { call } => {
                if let Some(side) = self.side_mut(call) {
                    side.heard = true;
                }
            }
            PhoneEvent::Path { call, state } => {
                if let Some(side) = self.side_mut(call) {
                    side.path = Some(state);
                }
            }
            PhoneEvent::Followed { old, new } => self.replaced(old, new),
            PhoneEvent::NoVoice { call, fault } => {
                tracing::info!(?fault, "no voice comes about");
                self.no_voice(call, &fault);
            }
        }
    }

    fn no_voice(&mut self, number: CallNumber, fault: &VoiceFault) {
        let side = self.side_mut(number);
        match fault {
            // It is looked for further.
            VoiceFault::NoPath | VoiceFault::NoRelay => {
                if let Some(side) = side {
                    side.path = Some(LineState::Failed);
                }
            }
            VoiceFault::Description(_) => {
                if let Some(side) = side {
                    side.mute = true;
                }
            }
            // The calls stay as they are.
            VoiceFault::NoMixing(_) | VoiceFault::NotUp => {
                if let Some(side) = side {
                    side.apart = true;
                }
                let why = Err(words::voice(fault).to_owned());
                let of = |wait| matches!(wait, Wait::Joined(_)) || wait == Wait::Resumed(number);
                self.answer_all(of, &why);
            }
        }
    }

    /// Whoever was asked and hears the others now is one of them.
    fn conferring(&mut self, members: &[CallNumber]) {
        let is_in = |side: &Side| members.contains(&side.number);
        for call in &mut self.calls {
            let met = is_in(&call.main) || call.joined.iter().any(is_in);
            if let Some(side) = call.asked.take_if(|asked| met && is_in(asked)) {
                call.joined.push(side);
            }
        }
        self.answer_all(
            |wait| matches!(wait, Wait::Joined(who) if members.contains(&who)),
            &Ok(()),
        );
    }

    fn signalled(&mut self, event: Event) {
        match event {
            Event::Incoming { call, caller, replaces, .. } => {
                self.incoming(call, &caller, replaces)
            }
            Event::Ringing { call } => {
                if let Some(side) = self.side_mut(call) {
                    side.rings = true;
                }
            }
            Event::Answered { call, with, answer: _ } => {
                self.answered(call);
                self.known(call, &with);
            }
            Event::Established { call, answer: _ } => self.answered(call),
            Event::Held { call, here, there: _ } => {
                if let Some(side) = self.side_mut(call) {
                    side.held = here;
                }
                let done = if here { Wait::Held(call) } else { Wait::Resumed(call) };
                self.answer_all(|wait| wait == done, &Ok(()));
            }
            Event::ChangeRefused { call, cause } => {
                let why = Err(words::cause(cause.kind).to_owned());
                let changes = [Wait::Held(call), Wait::Resumed(call)];
                self.answer_all(|wait| changes.contains(&wait), &why);
            }
            Event::Transferred { call } => {
                let of = |c: &&mut Call| c.main.number == call;
                if let Some(call) = self.calls.iter_mut().find(of) {
                    call.ending = Some(Cause::Transferred);
                }
                self.answer_all(|wait| wait == Wait::Transferred(call), &Ok(()));
            }
            Event::TransferFailed { call, cause } => {
                let why = Err(words::cause(cause.kind).to_owned());
                self.answer_all(|wait| wait == Wait::Transferred(call), &why);
            }
            Event::Refused { call: Some(call), why } => {
                let why = Err(words::refusal(why).to_owned());
                let of = [Wait::Held(call), Wait::Resumed(call), Wait::Transferred(call)];
                self.answer_all(|wait| of.contains(&wait), &why);
            }
            Event::Ended { call, cause } => self.ended(call, &cause),
            Event::Messages { waiting } => {
                self.voicemail = VoicemailView {
                    new: waiting.new.max(u32::from(waiting.any && waiting.old == 0)),
                    old: waiting.old,
                    urgent: waiting.new_urgent,
                    number: self.voicemail.number.clone(),
                };
                self.tell(CentreEvent::Voicemail(self.voicemail.clone()));
            }
            // An extension without a voice mail box is none the worse for it.
            Event::WatchFailed { watch: _, cause } => tracing::info!(?cause, "no message waiting"),
            // Of the registration; dealt with by the phone; or nothing that the desk shows.
            Event::Registered { .. }
            | Event::RegistrationFailed { .. }
            | Event::Unregistered
            | Event::EarlyMedia { .. }
            | Event::Offered { .. }
            | Event::Changed { .. }
            | Event::Pressed { .. }
            | Event::PressRefused { .. }
            | Event::Transferring { .. }
            | Event::TransferAsked { .. }
            | Event::Colleague { .. }
            | Event::Refused { call: None, .. } => {}
        }
    }

    fn incoming(&mut self, number: CallNumber, told: &Caller, replaces: Option<CallNumber>) {
        let customer = self.named(caller(told));
        if let Some(old) = replaces {
            self.replaced(old, number);
            if let Some(side) = self.side_mut(number) {
                side.party = Party { kind: side.party.kind, ..customer };
            }
            return;
        }
        let side = Side::new(number, self.leg(), customer);
        let away = self.is_away();
        let call = self.begin(Direction::Inbound, side);
        call.diverted = diverted(told);
        if away {
            call.ending = Some(Cause::Rejected);
            self.phone.reject(number, true);
            // Nothing rings, and nothing is shown but the row in the history.
            self.turned_away(number);
        }
    }

    /// Both sides want the call.
    fn answered(&mut self, number: CallNumber) {
        let now = self.now;
        let Some(side) = self.side_mut(number) else { return };
        side.answered = true;
        let of = |call: &&mut Call| call.main.number == number;
        if let Some(call) = self.calls.iter_mut().find(of) {
            call.connected_at.get_or_insert(now);
        }
    }

    /// Whoever has answered says who he is; a name that is known is kept.
    fn known(&mut self, number: CallNumber, with: &omnibar_sip::Party) {
        let Some(side) = self.side_mut(number) else { return };
        let told = party(side.party.kind, with);
        let same = told.number.is_none() || told.number == side.party.number;
        if same && side.party.name.is_empty() {
            side.party.name = told.name;
        }
    }

    /// The agent's own name for somebody counts more than what he calls himself.
    fn named(&self, party: Party) -> Party {
        let name = party.number.as_ref().and_then(|number| self.book.name(number));
        Party { name: name.unwrap_or(party.name), ..party }
    }

    /// Another call goes on in place of one; that one ends by itself.
    fn replaced(&mut self, old: CallNumber, new: CallNumber) {
        if let Some(side) = self.side_mut(old) {
            (side.number, side.former) = (new, Some(old));
            (side.held, side.path) = (false, None);
        }
    }
}
