//! What the exchange says, and what follows for a call's connection.

use super::call::{Call, Description, Stage, ice_name};
use super::connection::Job;
use super::task::Task;
use super::{PhoneEvent, next};
use crate::sip::ExtensionEvent;
use omnibar_sip::{CallNumber, Cause, CauseKind, Command, Event, Refusal, WatchNumber};
use tokio::time::Instant;

/// Of the voice mail box.
const MESSAGES: WatchNumber = WatchNumber(0);

impl Task {
    pub(super) fn told(&mut self, event: ExtensionEvent) {
        match &event {
            ExtensionEvent::Connected => {}
            ExtensionEvent::Disconnected { .. } => self.was_away = true,
            ExtensionEvent::Sip(event) => self.signalled(event),
        }
        let ended = match &event {
            ExtensionEvent::Sip(Event::Ended { call, .. }) => Some(*call),
            ExtensionEvent::Sip(_)
            | ExtensionEvent::Connected
            | ExtensionEvent::Disconnected { .. } => None,
        };
        self.tell(PhoneEvent::Extension(event));
        if let Some(call) = ended {
            self.forget(call);
        }
    }

    fn signalled(&mut self, event: &Event) {
        match event {
            Event::Registered { .. } => self.registered(),
            Event::Incoming { call, offer, auto_answer, replaces, .. } => {
                let mut new = Call::new(Stage::Ringing { offer: offer.clone() });
                let free = self.active.is_none();
                new.answer_at = auto_answer.filter(|_| free).map(|after| Instant::now() + after);
                self.calls.insert(*call, new);
                if replaces.is_some() {
                    self.take(*call);
                }
            }
            Event::EarlyMedia { call, answer } => self.accepted(*call, Some(answer)),
            Event::Answered { call, answer, .. } => {
                self.accepted(*call, answer.as_ref());
                if let Some(call) = self.calls.get_mut(call) {
                    call.talk();
                }
                self.settle(*call);
            }
            Event::Established { call, answer } => self.accepted(*call, answer.as_ref()),
            Event::Offered { call, offer, .. } => {
                self.describe(*call, Job::Answer(offer.clone()), Description::Reply);
            }
            Event::Changed { call, answer } => self.changed(*call, answer),
            Event::Held { call, here, .. } => {
                if let Some(call) = self.calls.get_mut(call) {
                    call.held_there = *here;
                }
            }
            Event::ChangeRefused { call, .. } => {
                if let Some(call) = self.calls.get_mut(call) {
                    call.mending = None;
                }
            }
            Event::TransferAsked { call, .. } => self.follow(*call),
            Event::Refused { call: Some(call), why } => self.refused(*call, *why),
            Event::RegistrationFailed { .. }
            | Event::Unregistered
            | Event::Ringing { .. }
            | Event::Pressed { .. }
            | Event::PressRefused { .. }
            | Event::Transferring { .. }
            | Event::Transferred { .. }
            | Event::TransferFailed { .. }
            | Event::Ended { .. }
            | Event::Messages { .. }
            | Event::Colleague { .. }
            | Event::WatchFailed { .. }
            | Event::Refused { call: None, .. } => {}
        }
    }

    fn registered(&mut self) {
        if !std::mem::replace(&mut self.watches, true) {
            self.extension.command(Command::WatchMessages { watch: MESSAGES });
        }
        if std::mem::take(&mut self.was_away) {
            // The way that the voice went may be gone with the connection, and the exchange
            // may have forgotten the calls: both come to light by it.
            let numbers: Vec<CallNumber> = self.calls.keys().copied().collect();
            for number in numbers {
                if let Some(call) = self.calls.get_mut(&number) {
                    call.restarts = 0;
                }
                self.mend(number);
            }
        }
    }

    fn accepted(&mut self, number: CallNumber, answer: Option<&String>) {
        if let (Some(call), Some(answer)) = (self.calls.get_mut(&number), answer) {
            call.accept(answer.clone());
        }
    }

    /// The answer to a hold says nothing new; that to a restart has another ICE name.
    fn changed(&mut self, number: CallNumber, answer: &str) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(before) = call.mending.take() else { return };
        if before.is_some() && before == ice_name(answer) {
            call.mending = Some(before);
            return;
        }
        call.accept(answer.to_owned());
    }

    /// The far side wants to be called elsewhere.
    fn follow(&mut self, old: CallNumber) {
        let new = next(&self.numbers);
        self.calls.insert(new, Call::new(Stage::Preparing));
        self.open(new, false);
        self.tell(PhoneEvent::Followed { old, new });
        if self.active == Some(old) {
            self.activate(new);
        }
        self.describe(new, Job::Offer, Description::Follow(old));
    }

    /// A call that did not come about ends; what was wanted of one that is up does not end it.
    fn refused(&mut self, number: CallNumber, why: Refusal) {
        let asked = self.calls.get(&number).is_some_and(|call| call.stage == Stage::Asked);
        let kind = match why {
            Refusal::TooMany => CauseKind::Unavailable,
            Refusal::BadAddress => CauseKind::NotFound,
            Refusal::NotConnected => CauseKind::ConnectionLost,
            Refusal::NoSuchCall | Refusal::NumberTaken => CauseKind::Gone,
            Refusal::NotNow => return,
        };
        if asked {
            let cause = Cause { kind, status: None, words: String::new(), reason: None };
            self.told(ExtensionEvent::Sip(Event::Ended { call: number, cause }));
        }
    }
}
