//! What happens to a [`Handset`], and what is printed of it.

use super::super::{error, print};
use super::calls::{Call, Handset};
use super::command::id;
use super::words::{self, caused};
use omnibar_contract::{AudioView, Meter};
use omnibar_desk::Sound;
use omnibar_line::sip::core::{
    CallNumber, Caller, Cause, CauseKind, Colleague, Diversion, Event, Party, Waiting,
};
use omnibar_line::sip::{Agreed, ExtensionEvent, PhoneEvent, VoiceFault};
use omnibar_softphone::{Audio as _, AudioEvent};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

impl Handset {
    pub(super) fn told(&mut self, event: PhoneEvent) {
        match event {
            PhoneEvent::Extension(ExtensionEvent::Connected) => {}
            PhoneEvent::Extension(ExtensionEvent::Disconnected { fault, again_in }) => {
                self.registered = false;
                print(&json!({"event": "reconnecting", "cause": sentence(&fault.to_string()),
                              "again_in_ms": millis(again_in)}));
                self.out_of_reach();
            }
            PhoneEvent::Extension(ExtensionEvent::Sip(event)) => self.signalled(event),
            PhoneEvent::Active(active) => {
                self.active = active;
                self.headset.set_in_call(active.is_some());
                self.open_microphone();
                self.ring();
                self.ring_back();
                print(&json!({"event": "active", "call": active.map(id)}));
            }
            PhoneEvent::Connected { call, agreed } => self.connected(call, agreed),
            PhoneEvent::Changed { call, agreed } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    call.keys = agreed.keys;
                }
                print(&with_agreed(about("changed", call), agreed));
            }
            PhoneEvent::Voice { call } => {
                let mut after = None;
                if let Some(call) = self.calls.get_mut(&call) {
                    call.heard = true;
                    after = Some(millis(call.begun.elapsed()));
                }
                self.ring_back();
                print(&json!({"event": "media", "call": id(call), "after_ms": after}));
            }
            PhoneEvent::Path { call, state } => {
                print(&json!({"event": "line", "call": id(call), "line": state,
                              "cause": words::line(state, self.registered)}));
            }
            PhoneEvent::Followed { old, new } => {
                self.calls.insert(new, Call::new(Party::default(), true));
                print(&json!({"event": "following", "call": id(old), "new": id(new)}));
            }
            PhoneEvent::Relay { url, found } => print(&words::relay(&url, found)),
            PhoneEvent::Conference(calls) => {
                let shown: Vec<String> = calls.iter().copied().map(id).collect();
                print(&json!({"event": "conference", "calls": shown}));
                self.conference = calls;
            }
            PhoneEvent::Pressed { call, digit } => {
                print(&json!({"event": "digit", "call": id(call), "key": digit.key(),
                              "by": "rtp"}));
            }
            PhoneEvent::Woke { slept } => {
                print(&json!({"event": "woke", "slept_s": slept.as_secs(),
                              "cause": words::WOKE}));
            }
            PhoneEvent::NoVoice { call, fault } => {
                let detail = match &fault {
                    VoiceFault::NoPath | VoiceFault::NoRelay | VoiceFault::NotUp => None,
                    VoiceFault::Description(why) | VoiceFault::NoMixing(why) => Some(why),
                };
                print(&json!({"event": "no_voice", "call": id(call),
                              "cause": words::no_voice(&fault), "detail": detail}));
            }
        }
    }

    pub(super) fn audio(&mut self, event: AudioEvent) {
        match event {
            AudioEvent::Changed(view) => {
                let using = |view: &AudioView| {
                    (view.microphone.clone(), view.speaker.clone(), view.fault.clone())
                };
                let same = self.audio.as_ref().map(using) == Some(using(&view));
                self.audio = Some(view);
                if !std::mem::replace(&mut self.told, true) {
                    print(&json!({"event": "ready"}));
                }
                if !same {
                    self.tell_devices("audio");
                }
            }
            AudioEvent::Meter(meter) => self.meter = meter,
            AudioEvent::Heard => {
                if let (Some(number), Some(call)) = (self.active, self.active_call()) {
                    print(&json!({"event": "first_sound", "call": id(number),
                                  "after_ms": millis(call.begun.elapsed())}));
                }
            }
            AudioEvent::Digit(key) => {
                print(&json!({"event": "digit", "call": self.active.map(id), "key": key,
                              "by": "rtp"}));
            }
            // For a window.
            AudioEvent::Probed(_) => {}
        }
    }

    fn signalled(&mut self, event: Event) {
        match event {
            Event::Registered { took, expires, first, seen_at: _ } => {
                if first || !self.registered {
                    print(&json!({"event": "registered", "took_ms": took.as_secs_f64() * 1e3,
                                  "expires_s": expires.as_secs(), "again": self.was_registered}));
                }
                (self.registered, self.was_registered) = (true, true);
            }
            Event::RegistrationFailed { cause, again_in } => {
                self.registered = false;
                print(&caused(
                    json!({"event": "refused", "again_in_ms": again_in.map(millis)}),
                    &cause,
                ));
            }
            Event::Unregistered => {
                self.registered = false;
                print(&json!({"event": "unregistered"}));
            }
            Event::Incoming { call, caller, to, auto_answer, replaces, referred_by, offer: _ } => {
                print(&incoming(call, &caller, &to, auto_answer, replaces, referred_by.as_ref()));
                self.incoming(call, caller.party, replaces);
            }
            Event::Ringing { call } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    call.rings_there = true;
                }
                self.ring_back();
                print(&about("ringing", call));
            }
            Event::EarlyMedia { call, answer: _ } => print(&about("early", call)),
            Event::Answered { call, with, answer: _ } => {
                if let Some(call) = self.calls.get_mut(&call) {
                    call.answered = true;
                    call.far = with;
                }
                self.ring_back();
                self.open_microphone();
                print(&about("answered", call));
            }
            Event::Established { call, answer: _ } => {
                // By itself, if the caller asked for that.
                if let Some(call) = self.calls.get_mut(&call) {
                    call.answered = true;
                }
                self.open_microphone();
                self.ring();
            }
            Event::Held { call, here, there } => self.held(call, here, there),
            Event::Changed { call, answer: _ } => self.reached(call),
            Event::ChangeRefused { call, cause } => {
                print(&caused(about("change_refused", call), &cause));
            }
            Event::Pressed { call, digit, length: _ } => {
                print(
                    &json!({"event": "digit", "call": id(call), "key": digit.key(), "by": "info"}),
                );
            }
            Event::PressRefused { call, cause } => {
                print(&caused(about("key_refused", call), &cause))
            }
            Event::Transferring { call, status } => {
                print(&json!({"event": "transferring", "call": id(call), "status": status}));
            }
            Event::Transferred { call } => {
                self.given_up_both(call);
                print(&about("transferred", call));
            }
            Event::TransferFailed { call, cause } => {
                print(&caused(about("transfer_failed", call), &cause));
            }
            Event::Ended { call, cause } => self.ended(call, &cause),
            Event::Messages { waiting: Waiting { any, new, old, new_urgent, old_urgent } } => {
                print(&json!({"event": "message_waiting", "any": any, "new": new, "old": old,
                              "new_urgent": new_urgent, "old_urgent": old_urgent}));
            }
            Event::Colleague { watch, state } => {
                if let Some(number) = self.watched.get(&watch) {
                    print(&colleague(number, &state));
                }
            }
            Event::WatchFailed { watch, cause } => match self.watched.get(&watch) {
                Some(number) => {
                    print(&caused(json!({"event": "watch_failed", "number": number}), &cause));
                }
                // An extension without a voice mail box is none the worse for it.
                None => tracing::info!(?cause, "no message waiting"),
            },
            Event::Refused { call, why } => {
                let mut said = error(words::refusal(why));
                if let (Some(said), Some(call)) = (said.as_object_mut(), call) {
                    said.insert("call".into(), json!(id(call)));
                }
                print(&said);
            }
            // The phone's, which has dealt with them.
            Event::Offered { .. } | Event::TransferAsked { .. } => {}
        }
    }

    fn incoming(&mut self, number: CallNumber, far: Party, replaces: Option<CallNumber>) {
        let mut call = Call::new(far, false);
        // One that takes another's place is taken already.
        call.answered = replaces.is_some();
        self.calls.insert(number, call);
        if self.auto_answer && replaces.is_none() {
            self.answer(number);
        } else {
            self.ring();
        }
    }

    fn connected(&mut self, number: CallNumber, agreed: Agreed) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        call.keys = agreed.keys;
        call.answered = true;
        call.connected = Some(Instant::now());
        let facts = json!({"event": "connected", "call": id(number),
                           "far": words::party(&call.far),
                           "after_ms": millis(call.begun.elapsed())});
        print(&with_agreed(facts, agreed));
        self.open_microphone();
    }

    /// What becomes of the calls, when the connection breaks.
    fn out_of_reach(&mut self) {
        for (number, call) in &mut self.calls {
            if call.connected.is_some() && !std::mem::replace(&mut call.out_of_reach, true) {
                print(&json!({"event": "unreachable", "call": id(*number),
                              "cause": words::UNREACHABLE}));
            }
        }
    }

    /// The exchange has answered about this call.
    fn reached(&mut self, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if std::mem::take(&mut call.out_of_reach) {
            print(&json!({"event": "reached", "call": id(number), "cause": words::REACHED}));
        }
    }

    fn held(&mut self, number: CallNumber, here: bool, there: bool) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let before = (call.here, call.there);
        (call.here, call.there) = (here, there);
        let each = [("us", before.0, here), ("far", before.1, there)];
        for (by, _, on) in each.into_iter().filter(|(_, before, now)| before != now) {
            let event = if on { "held" } else { "resumed" };
            print(&json!({"event": event, "call": id(number), "by": by}));
        }
        self.open_microphone();
    }

    /// The call, and the other one if it was an attended transfer, end by themselves now.
    fn given_up_both(&mut self, number: CallNumber) {
        let other = self.consult.filter(|(call, _)| *call == number).map(|(_, asked)| asked);
        for number in [Some(number), other].into_iter().flatten() {
            if let Some(call) = self.calls.get_mut(&number) {
                call.given_up = true;
            }
        }
    }

    fn ended(&mut self, number: CallNumber, cause: &Cause) {
        let Some(call) = self.calls.remove(&number) else { return };
        if self.consult.is_some_and(|(call, asked)| [call, asked].contains(&number)) {
            self.consult = None;
        }
        let by_us = call.given_up || cause.kind == CauseKind::Ended;
        let sound = match cause.kind {
            CauseKind::Ended | CauseKind::HungUp | CauseKind::Replaced => Sound::Ended,
            _ => Sound::Failed,
        };
        if call.outgoing || call.answered {
            self.headset.play(sound);
        }
        if self.active == Some(number) {
            self.meter = Meter::default();
        }
        self.ring();
        let facts = json!({"event": "ended", "call": id(number),
                           "by": if by_us { "us" } else { "far" }, "far": words::party(&call.far),
                           "seconds": call.connected.map(|at| at.elapsed().as_secs_f32())});
        print(&caused(facts, cause));
    }
}

fn with_agreed(mut facts: Value, agreed: Agreed) -> Value {
    if let Some(object) = facts.as_object_mut() {
        object.insert("codec".into(), json!(agreed.codec.name()));
        object.insert("keys".into(), json!(if agreed.keys { "rtp" } else { "info" }));
    }
    facts
}

fn about(event: &str, call: CallNumber) -> Value {
    json!({"event": event, "call": id(call)})
}

fn incoming(
    call: CallNumber,
    caller: &Caller,
    to: &Party,
    auto_answer: Option<Duration>,
    replaces: Option<CallNumber>,
    referred_by: Option<&Party>,
) -> Value {
    let diverted: Vec<Value> = caller
        .diverted
        .iter()
        .map(|Diversion { from, reason }| json!({"by": words::party(from), "reason": reason}))
        .collect();
    json!({"event": "incoming", "call": id(call), "from": words::party(&caller.party),
           "asserted": caller.asserted, "anonymous": caller.anonymous, "to": words::party(to),
           "diverted_by": diverted, "auto_answer_ms": auto_answer.map(millis),
           "replaces": replaces.map(id), "referred_by": referred_by.map(words::party)})
}

fn colleague(number: &str, state: &Colleague) -> Value {
    let (state, with) = match state {
        Colleague::Free => ("free", None),
        Colleague::Ringing { with, pickup: _ } => ("ringing", Some(with)),
        Colleague::Talking { with } => ("talking", Some(with)),
    };
    json!({"event": "colleague", "number": number, "state": state,
           "with": with.map(words::party)})
}

fn millis(time: Duration) -> u128 {
    time.as_millis()
}

/// Faults are written as parts of sentences.
fn sentence(fault: &str) -> String {
    let mut letters = fault.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
