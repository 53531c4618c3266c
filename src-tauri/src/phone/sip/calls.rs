//! The calls of `omnibar phone --sip`: what commands do. What happens is in `events`.

use super::super::{error, print};
use super::command::{Command, id};
use super::words;
use omnibar_contract::{AudioView, Meter};
use omnibar_headset::Headset;
use omnibar_line::sip::Phone;
use omnibar_line::sip::core::{CallNumber, Digit, Party, Uri, WatchNumber};
use omnibar_softphone::Audio as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::time::Instant;

pub(super) struct Handset {
    pub(super) auto_answer: bool,
    /// Of numbers that are dialled.
    domain: String,
    pub(super) phone: Phone,
    pub(super) headset: Headset,
    pub(super) calls: BTreeMap<CallNumber, Call>,
    /// Whom the headset is with.
    pub(super) active: Option<CallNumber>,
    /// The call that waits, and the one in which somebody is asked about it.
    pub(super) consult: Option<(CallNumber, CallNumber)>,
    /// Who is in the conversation that the headset is in, if they are several.
    pub(super) conference: Vec<CallNumber>,
    /// Colleagues, as they were named by whoever watches them.
    pub(super) watched: BTreeMap<WatchNumber, String>,
    pub(super) muted: bool,
    pub(super) registered: bool,
    pub(super) was_registered: bool,
    pub(super) audio: Option<AudioView>,
    pub(super) meter: Meter,
    /// Whether `ready` has been said.
    pub(super) told: bool,
}

pub(super) struct Call {
    pub(super) far: Party,
    pub(super) outgoing: bool,
    /// Since `call`, or since it came or was answered here: what somebody waits for.
    pub(super) begun: Instant,
    /// Somebody has answered, or here somebody has taken it.
    pub(super) answered: bool,
    pub(super) connected: Option<Instant>,
    /// The exchange says that it rings there.
    pub(super) rings_there: bool,
    /// Something has come of the far side's voice.
    pub(super) heard: bool,
    /// The connection to the exchange broke, and it has not answered about this call since.
    pub(super) out_of_reach: bool,
    /// The far side takes keys in its media.
    pub(super) keys: bool,
    pub(super) here: bool,
    pub(super) there: bool,
    /// This side has ended it.
    pub(super) given_up: bool,
}

impl Call {
    pub(super) fn new(far: Party, outgoing: bool) -> Self {
        Self {
            far,
            outgoing,
            begun: Instant::now(),
            answered: false,
            connected: None,
            rings_there: false,
            heard: false,
            out_of_reach: false,
            keys: false,
            here: false,
            there: false,
            given_up: false,
        }
    }

    fn rings(&self) -> bool {
        !self.outgoing && !self.answered
    }

    fn state(&self) -> &'static str {
        match (self.connected.is_some(), self.outgoing, self.answered) {
            (true, ..) => "connected",
            (false, _, true) => "connecting",
            (false, true, false) => "calling",
            (false, false, false) => "ringing",
        }
    }
}

impl Handset {
    pub(super) fn new(auto_answer: bool, domain: String, phone: Phone, headset: Headset) -> Self {
        Self {
            auto_answer,
            domain,
            phone,
            headset,
            calls: BTreeMap::new(),
            active: None,
            consult: None,
            conference: vec![],
            watched: BTreeMap::new(),
            muted: false,
            registered: false,
            was_registered: false,
            audio: None,
            meter: Meter::default(),
            told: false,
        }
    }

    /// Ends what there is, for the program ends.
    pub(super) async fn close(self) {
        self.phone.close().await;
    }

    pub(super) fn talks(&self) -> bool {
        self.active_call().is_some_and(|call| call.connected.is_some())
    }

    pub(super) fn command(&mut self, command: Command) {
        let done = match command {
            Command::Call(to) => self.call(&to).map(|_| ()),
            Command::Answer(call) => self.ringing(call).map(|call| self.answer(call)),
            Command::Reject(call) => self.ringing(call).map(|call| {
                self.given_up(call);
                // Busy, not declined: what a desk phone's button says, and what another
                // phone or a mail box may follow (RFC 3261 section 21.6.4); an Asterisk
                // makes "forbidden" of a 603.
                self.phone.reject(call, true);
            }),
            Command::HangUp(None) if !self.conference.is_empty() => {
                self.conference.clone().into_iter().for_each(|call| self.given_up(call));
                self.all_of_conference(|phone, call| phone.hang_up(call));
                Ok(())
            }
            Command::HangUp(call) => self.talking_or(call, Self::only).map(|call| {
                self.given_up(call);
                self.phone.hang_up(call);
            }),
            Command::Hold(None) if !self.conference.is_empty() => {
                self.all_of_conference(|phone, call| phone.hold(call));
                Ok(())
            }
            Command::Hold(call) => self.talking(call).map(|call| {
                self.postponed(call);
                self.phone.hold(call);
            }),
            Command::Resume(call) => self.talking_or(call, Self::waiting).map(|call| {
                self.postponed(call);
                self.phone.resume(call);
            }),
            Command::Swap => self.swap(),
            Command::Mute(on) => {
                self.mute(on);
                Ok(())
            }
            Command::Dtmf(keys) => self.press(&keys),
            Command::Transfer(to) => self.transfer(&to),
            Command::Consult(to) => self.ask(&to),
            Command::Complete => self.complete(),
            Command::Conference => self.bring_in(),
            Command::Watch(whom) => self.watch(whom),
            Command::Unwatch(whom) => self.unwatch(&whom),
            Command::Reconnect => {
                self.phone.reconnect();
                Ok(())
            }
            Command::Status => {
                print(&self.status());
                Ok(())
            }
            Command::Devices => {
                self.tell_devices("devices");
                Ok(())
            }
            // The loop above ends by it.
            Command::Quit => Ok(()),
        };
        if let Err(message) = done {
            print(&error(message));
        }
    }

    fn call(&mut self, to: &str) -> Result<CallNumber, &'static str> {
        let to = self.address(to)?;
        let far = Party { user: to.user(), uri: to.to_string(), ..Party::default() };
        let call = self.phone.call(to);
        print(&json!({"event": "calling", "call": id(call), "to": words::party(&far)}));
        self.calls.insert(call, Call::new(far, true));
        Ok(call)
    }

    fn address(&self, text: &str) -> Result<Uri, &'static str> {
        let read = Uri::dialled(text, &self.domain).ok().filter(Uri::is_sip);
        read.ok_or(words::refusal(omnibar_line::sip::core::Refusal::BadAddress))
    }

    pub(super) fn answer(&mut self, number: CallNumber) {
        if let Some(call) = self.calls.get_mut(&number) {
            (call.answered, call.begun) = (true, Instant::now());
            self.ring();
            self.phone.answer(number);
        }
    }

    /// Rings as long as somebody waits and nobody talks.
    pub(super) fn ring(&mut self) {
        if self.active.is_none() && self.calls.values().any(Call::rings) {
            self.headset.start_ringing();
        } else {
            self.headset.stop_ringing();
        }
    }

    /// Rings back as long as it rings there and nothing is heard of it (RFC 3960 section 3.2).
    pub(super) fn ring_back(&self) {
        let waits = |call: &Call| call.rings_there && !call.heard && !call.answered;
        self.headset.ring_back(self.active_call().is_some_and(waits));
    }

    fn postponed(&self, number: CallNumber) {
        if self.calls.get(&number).is_some_and(|call| call.out_of_reach) {
            print(&json!({"event": "postponed", "call": id(number), "cause": words::POSTPONED}));
        }
    }

    /// Nothing is heard of the microphone before both sides want the call.
    pub(super) fn open_microphone(&mut self) {
        let wanted = self.active_call().is_some_and(|call| call.answered && !call.here);
        self.headset.set_microphone(wanted && !self.muted);
    }

    fn given_up(&mut self, number: CallNumber) {
        if let Some(call) = self.calls.get_mut(&number) {
            call.given_up = true;
        }
    }

    fn swap(&mut self) -> Result<(), &'static str> {
        let other = self.waiting().ok_or("There is no other call.")?;
        self.phone.resume(other);
        Ok(())
    }

    fn mute(&mut self, on: bool) {
        self.muted = on;
        self.open_microphone();
        print(&json!({"event": "muted", "on": on}));
    }

    /// Of a conference, those who take keys in their media get them together.
    fn press(&self, keys: &str) -> Result<(), &'static str> {
        let talking = self.active.filter(|_| self.active_call().is_some_and(|call| call.answered));
        let number = talking.ok_or("There is no call that takes keys.")?;
        let alone = [number];
        let all = if self.conference.is_empty() { &alone[..] } else { &self.conference };
        let by_media = |number: &&CallNumber| self.calls.get(number).is_some_and(|call| call.keys);
        for key in keys.chars() {
            if all.iter().any(|number| by_media(&number)) {
                self.headset.press(key);
            }
            if let Some(digit) = Digit::new(key) {
                all.iter().filter(|number| !by_media(number)).for_each(|number| {
                    self.phone.press(*number, digit);
                });
            }
        }
        Ok(())
    }

    fn transfer(&mut self, to: &str) -> Result<(), &'static str> {
        let call = self.talking_or(None, Self::only)?;
        self.phone.transfer(call, self.address(to)?);
        Ok(())
    }

    fn ask(&mut self, to: &str) -> Result<(), &'static str> {
        let call = self.talking(None)?;
        let asked = self.call(to)?;
        self.consult = Some((call, asked));
        Ok(())
    }

    fn complete(&mut self) -> Result<(), &'static str> {
        let (call, asked) = self.consult.ok_or("Nobody is being consulted.")?;
        if self.calls.get(&asked).is_none_or(|call| call.connected.is_none()) {
            return Err("The consulted party has not answered yet.");
        }
        self.phone.join(call, asked);
        Ok(())
    }

    fn bring_in(&mut self) -> Result<(), &'static str> {
        let talks = self.active_call().is_some_and(|call| call.connected.is_some());
        let other = self.waiting().filter(|_| talks);
        let other =
            other.ok_or("A conference needs a call that is talked in and one that waits.")?;
        if self.calls.get(&other).is_none_or(|call| call.connected.is_none()) {
            return Err("The other side has not answered yet.");
        }
        self.postponed(other);
        self.phone.bring_in(other);
        Ok(())
    }

    fn all_of_conference(&mut self, act: impl Fn(&Phone, CallNumber)) {
        for call in self.conference.clone() {
            act(&self.phone, call);
        }
    }

    fn watch(&mut self, whom: String) -> Result<(), &'static str> {
        let address = self.address(&whom)?;
        if self.watched.values().any(|watched| *watched == whom) {
            return Err("This colleague is watched already.");
        }
        self.watched.insert(self.phone.watch(address), whom);
        Ok(())
    }

    fn unwatch(&mut self, whom: &str) -> Result<(), &'static str> {
        let found = self.watched.iter().find(|(_, watched)| *watched == whom);
        let watch = *found.ok_or("This colleague is not watched.")?.0;
        self.watched.remove(&watch);
        self.phone.unwatch(watch);
        Ok(())
    }

    pub(super) fn active_call(&self) -> Option<&Call> {
        self.calls.get(self.active.as_ref()?)
    }

    /// The named one, or the one that has rung longest.
    fn ringing(&self, named: Option<CallNumber>) -> Result<CallNumber, &'static str> {
        let rings = |number: &CallNumber| self.calls.get(number).is_some_and(Call::rings);
        let first = || self.calls.keys().copied().find(rings);
        named.map_or_else(first, |named| Some(named).filter(rings)).ok_or("Nobody calls.")
    }

    /// The named one, or the one that the headset is with.
    fn talking(&self, named: Option<CallNumber>) -> Result<CallNumber, &'static str> {
        self.talking_or(named, |_| None)
    }

    fn talking_or(
        &self,
        named: Option<CallNumber>,
        other: impl Fn(&Self) -> Option<CallNumber>,
    ) -> Result<CallNumber, &'static str> {
        let found = match named {
            Some(named) => Some(named).filter(|named| self.calls.contains_key(named)),
            None => other(self).or(self.active),
        };
        found.ok_or("There is no such call.")
    }

    /// The one that the headset is with, or the only one there is.
    fn only(&self) -> Option<CallNumber> {
        let mut all = self.calls.keys().copied();
        let first = all.next().filter(|_| all.next().is_none());
        self.active.or(first)
    }

    /// The first that was answered and that the headset is not with.
    fn waiting(&self) -> Option<CallNumber> {
        let waits = |(number, call): &(&CallNumber, &Call)| {
            let here = Some(**number) == self.active || self.conference.contains(number);
            call.answered && !here
        };
        self.calls.iter().find(waits).map(|(number, _)| *number)
    }

    fn status(&self) -> Value {
        let calls: Vec<Value> = self
            .calls
            .iter()
            .map(|(number, call)| {
                json!({"call": id(*number), "state": call.state(), "far": words::party(&call.far),
                       "held": call.here, "held_by_far": call.there,
                       "active": self.active == Some(*number),
                       "in_conference": self.conference.contains(number),
                       "seconds": call.connected.map(|at| at.elapsed().as_secs_f32())})
            })
            .collect();
        json!({"event": "status", "registered": self.registered, "muted": self.muted,
               "calls": calls})
    }

    pub(super) fn tell_quality(&self) {
        let Meter { microphone, speaker, quality, .. } = &self.meter;
        if let (Some(quality), Some(active)) = (quality, self.active) {
            print(&json!({"event": "quality", "call": id(active), "microphone": microphone,
                          "speaker": speaker, "quality": quality}));
        }
    }

    pub(super) fn tell_devices(&self, event: &str) {
        let Some(AudioView { inputs, outputs, microphone, speaker, fault, .. }) = &self.audio
        else {
            return;
        };
        print(&json!({"event": event, "inputs": inputs, "outputs": outputs,
                      "microphone": microphone, "speaker": speaker, "fault": fault}));
    }
}
