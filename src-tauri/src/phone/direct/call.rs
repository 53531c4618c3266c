//! The one call of `omnibar phone --direct`.
//!
//! ```text
//!         call ──▶ ┌─────────┐ answered, path up, accepted ┌───────────┐
//!  ┌──────┐        │ calling │ ──────────────────────────▶ │           │
//!  │ none │        └─────────┘                             │ connected │
//!  └──────┘ offer  ┌─────────┐ accepted here, path up      │           │
//!         ───────▶ │ ringing │ ──────────────────────────▶ └───────────┘
//!                  └─────────┘
//! ```
//! Any of them ends by `hangup`, by the far side, or when the path does not come up. The
//! path is sought while it rings, so that accepting waits for nothing.

use super::super::{error, print};
use super::command::Command;
use omnibar_contract::{AudioView, Meter};
use omnibar_desk::{LineState, Sound};
use omnibar_headset::Headset;
use omnibar_line::{CallEvent, CallNumber, Described, Direct, DirectEvent, End, Line};
use omnibar_softphone::{Audio, AudioEvent, Line as _, LineEvent, VoiceSignal};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// How long it rings.
const RINGS: Duration = Duration::from_secs(60);
/// How long a path may take once both sides want the call.
const PATH: Duration = Duration::from_secs(15);

pub(super) struct Phone {
    auto_answer: bool,
    exchange: Direct,
    line: Line,
    headset: Headset,
    call: Option<Call>,
    /// Our description as far as it has come.
    collecting: Option<(Kind, Described)>,
    /// An offer that has not been used yet.
    offer: Option<Described>,
    /// What the line says is not of the connection of the last call.
    of_now: bool,
    muted: bool,
    audio: Option<AudioView>,
    meter: Meter,
    /// Whether `ready` has been said.
    told: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Offer,
    Answer,
}

struct Call {
    /// The exchange's; `None` before it has begun.
    number: Option<CallNumber>,
    far: SocketAddr,
    outgoing: bool,
    begun: Instant,
    /// Both sides want it since.
    accepted: Option<Instant>,
    /// Our description has gone to the far side.
    described: bool,
    up: bool,
    connected: Option<Instant>,
}

impl Phone {
    pub(super) fn new(auto_answer: bool, exchange: Direct, line: Line, headset: Headset) -> Self {
        Self {
            auto_answer,
            exchange,
            line,
            headset,
            call: None,
            collecting: None,
            offer: None,
            of_now: true,
            muted: false,
            audio: None,
            meter: Meter::default(),
            told: false,
        }
    }

    pub(super) fn talks(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.connected.is_some())
    }

    /// When [`Phone::overdue`] is to be asked.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let call = self.call.as_ref().filter(|call| call.connected.is_none())?;
        Some(call.accepted.map_or(call.begun + RINGS, |at| at + PATH))
    }

    pub(super) fn overdue(&mut self) {
        if self.deadline().is_some_and(|at| at <= Instant::now()) {
            let waits = self.call.as_ref().is_some_and(|call| call.accepted.is_none());
            self.give_up(if waits { End::NoAnswer } else { End::NoPath });
        }
    }

    /// Ends what there is, for the program ends.
    pub(super) fn stop(&mut self) {
        if self.call.is_some() {
            self.give_up(End::HungUp);
        }
        self.line.close();
    }

    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Call(to) => self.dial(to),
            Command::Accept if self.rings() => self.accept(),
            Command::Decline if self.rings() => self.give_up(End::Declined),
            Command::HangUp if self.call.is_some() => self.give_up(End::HungUp),
            Command::Accept | Command::Decline => print(&error("Nobody calls.")),
            Command::HangUp => print(&error("There is no call.")),
            Command::Mute(on) => self.mute(on),
            Command::Dtmf(keys) if self.talks() => {
                keys.chars().for_each(|key| self.headset.press(key));
            }
            Command::Dtmf(_) => print(&error("There is no call that takes keys.")),
            Command::Devices => self.tell_devices("devices"),
            // The loop above ends by it.
            Command::Quit => {}
        }
    }

    pub(super) fn exchanged(&mut self, CallEvent { call, event }: CallEvent) {
        let of_now = self.call.as_ref().is_some_and(|now| now.number == Some(call));
        match event {
            DirectEvent::Offered { from, offer } if self.call.is_none() => {
                self.offered(call, from, offer);
            }
            // While a call is being prepared that has not gone out yet.
            DirectEvent::Offered { .. } => self.exchange.end(End::Busy),
            _ if !of_now => {}
            DirectEvent::Answered(answer) => {
                self.line.signal(VoiceSignal::Answer(answer.sdp));
                self.knock_at(answer.candidates);
            }
            DirectEvent::Accepted => self.accepted(),
            DirectEvent::Ended(end) => self.ended(end, true),
        }
    }

    pub(super) fn line(&mut self, event: LineEvent) {
        match event {
            LineEvent::Signal(VoiceSignal::Offer(sdp)) => self.describe(Kind::Offer, sdp),
            LineEvent::Signal(VoiceSignal::Answer(sdp)) => self.describe(Kind::Answer, sdp),
            LineEvent::Signal(VoiceSignal::Candidate(line)) if line.is_empty() => self.described(),
            LineEvent::Signal(VoiceSignal::Candidate(line)) => {
                if let Some((_, described)) = &mut self.collecting {
                    described.candidates.push(line);
                }
            }
            LineEvent::Changed(state) if self.of_now => self.line_changed(state),
            LineEvent::Changed(_) => {}
            LineEvent::NetworkChanged if self.call.is_none() => self.prepare(),
            // In a call; the others are for a window, or of a centre.
            LineEvent::NetworkChanged
            | LineEvent::Path(_)
            | LineEvent::Probed(_)
            | LineEvent::Signal(VoiceSignal::Extension(_)) => {}
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
                self.tell_ready();
                if !same && self.told {
                    self.tell_devices("audio");
                }
            }
            AudioEvent::Meter(meter) => self.meter = meter,
            AudioEvent::Heard => {
                if let Some(call) = &self.call {
                    print(&json!({"event": "first_sound", "after_ms": millis(call.begun)}));
                }
            }
            AudioEvent::Digit(key) => print(&json!({"event": "digit", "key": key})),
            // For a window.
            AudioEvent::Probed(_) => {}
        }
    }

    pub(super) fn tell_quality(&self) {
        let Meter { microphone, speaker, quality, .. } = &self.meter;
        if quality.is_some() {
            print(&json!({"event": "quality", "microphone": microphone, "speaker": speaker,
                          "quality": quality}));
        }
    }

    fn rings(&self) -> bool {
        self.call.as_ref().is_some_and(|call| !call.outgoing && call.accepted.is_none())
    }

    fn dial(&mut self, far: SocketAddr) {
        if self.call.is_some() {
            return print(&error("There is a call already; `hangup` first."));
        }
        self.call = Some(Call {
            number: None,
            far,
            outgoing: true,
            begun: Instant::now(),
            accepted: None,
            described: false,
            up: false,
            connected: None,
        });
        // The devices open meanwhile; nothing is heard of the microphone before somebody
        // has accepted.
        self.headset.set_microphone(false);
        self.headset.set_in_call(true);
        print(&json!({"event": "calling", "to": far}));
        self.send_offer();
        if self.collecting.is_none() && self.call.as_ref().is_some_and(|call| !call.described) {
            self.prepare();
        }
    }

    /// As soon as there are both a call to make and a description.
    fn send_offer(&mut self) {
        let Some(call) = self.call.as_mut().filter(|call| call.outgoing && !call.described) else {
            return;
        };
        let Some(offer) = self.offer.take() else { return };
        call.described = true;
        call.number = self.exchange.call(call.far, offer);
        if call.number.is_none() {
            // Somebody else was a moment faster; his offer is on its way here.
            self.ended(End::Busy, false);
        }
    }

    fn offered(&mut self, number: CallNumber, far: SocketAddr, offer: Described) {
        self.call = Some(Call {
            number: Some(number),
            far,
            outgoing: false,
            begun: Instant::now(),
            accepted: None,
            described: false,
            up: false,
            connected: None,
        });
        (self.offer, self.collecting) = (None, None);
        self.line.signal(VoiceSignal::Offer(offer.sdp));
        self.knock_at(offer.candidates);
        print(&json!({"event": "ringing", "from": far}));
        if self.auto_answer {
            self.accept();
        } else {
            self.headset.start_ringing();
        }
    }

    fn knock_at(&mut self, candidates: Vec<String>) {
        for line in candidates {
            self.line.signal(VoiceSignal::Candidate(line));
        }
    }

    fn accept(&mut self) {
        self.headset.stop_ringing();
        self.headset.set_microphone(!self.muted);
        self.headset.set_in_call(true);
        self.wanted();
        if self.call.as_ref().is_some_and(|call| call.described) {
            self.exchange.accept();
        }
    }

    /// By the far side.
    fn accepted(&mut self) {
        self.headset.set_microphone(!self.muted);
        self.wanted();
    }

    /// By both sides.
    fn wanted(&mut self) {
        if let Some(call) = &mut self.call {
            call.accepted = Some(Instant::now());
        }
        self.tell_connected();
    }

    fn line_changed(&mut self, state: LineState) {
        let Some(call) = &mut self.call else {
            if matches!(state, LineState::Failed) {
                // Tried again when it is needed.
                self.offer = None;
            }
            return;
        };
        if call.connected.is_some() {
            print(&json!({"event": "line", "line": state}));
        }
        match state {
            LineState::Up => {
                call.up = true;
                self.tell_connected();
            }
            LineState::Failed if call.described => self.give_up(End::NoPath),
            LineState::Failed => self.give_up(End::Failed),
            LineState::Lost | LineState::Recovering | LineState::Closed | LineState::Connecting => {
            }
        }
    }

    fn tell_connected(&mut self) {
        if let Some(call) = &mut self.call
            && call.connected.is_none()
            && call.up
            && call.accepted.is_some()
        {
            call.connected = Some(Instant::now());
            print(&json!({"event": "connected", "far": call.far, "after_ms": millis(call.begun)}));
        }
    }

    fn mute(&mut self, on: bool) {
        self.muted = on;
        if self.call.as_ref().is_some_and(|call| call.accepted.is_some()) {
            self.headset.set_microphone(!on);
        }
        print(&json!({"event": "muted", "on": on}));
    }

    /// Ends the call from this side.
    fn give_up(&mut self, end: End) {
        self.exchange.end(end);
        self.ended(end, false);
    }

    fn ended(&mut self, end: End, by_far_side: bool) {
        let Some(call) = self.call.take() else { return };
        self.headset.stop_ringing();
        self.headset.set_microphone(false);
        let sound = if end == End::HungUp { Sound::Ended } else { Sound::Failed };
        if call.outgoing || call.accepted.is_some() {
            self.headset.play(sound);
        }
        self.headset.set_in_call(false);
        self.meter = Meter::default();
        let seconds = call.connected.map(|at| at.elapsed().as_secs_f32());
        print(
            &json!({"event": "ended", "reason": end, "by": if by_far_side { "far" } else { "us" },
                      "far": call.far, "seconds": seconds}),
        );
        self.prepare();
    }

    /// Makes an offer for the next call.
    fn prepare(&mut self) {
        (self.offer, self.collecting, self.of_now) = (None, None, false);
        self.line.open(vec![]);
    }

    fn describe(&mut self, kind: Kind, sdp: String) {
        self.of_now = true;
        // One that was on its way when somebody called is of no use any more.
        let outdated = kind == Kind::Offer && self.call.as_ref().is_some_and(|c| !c.outgoing);
        self.collecting = (!outdated).then_some((kind, Described { sdp, candidates: vec![] }));
    }

    fn described(&mut self) {
        match self.collecting.take() {
            Some((Kind::Offer, offer)) => {
                self.offer = Some(offer);
                self.tell_ready();
                self.send_offer();
            }
            Some((Kind::Answer, answer)) => {
                self.exchange.answer(answer);
                if let Some(call) = &mut self.call {
                    call.described = true;
                    if call.accepted.is_some() {
                        self.exchange.accept();
                    }
                }
            }
            None => {}
        }
    }

    fn tell_ready(&mut self) {
        if !self.told && self.audio.is_some() && self.offer.is_some() {
            self.told = true;
            print(&json!({"event": "ready", "listens": self.exchange.address()}));
            self.tell_devices("audio");
        }
    }

    fn tell_devices(&self, event: &str) {
        let Some(AudioView { inputs, outputs, microphone, speaker, fault, .. }) = &self.audio
        else {
            return;
        };
        let devices: Value = json!({"event": event, "inputs": inputs, "outputs": outputs,
            "microphone": microphone, "speaker": speaker, "fault": fault});
        print(&devices);
    }
}

fn millis(since: Instant) -> u128 {
    since.elapsed().as_millis()
}
