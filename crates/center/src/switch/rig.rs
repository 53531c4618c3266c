//! Board and studio in virtual time: what packets go where, without a network, a thread
//! of theirs or a busy machine in between.

use super::board::{Board, Exit, Input, Surroundings, TICK};
use super::clock::Clock;
use super::party::Scripts;
use super::recording::Recorder;
use super::studio::{Inside, Studio, Work};
use super::{Feed, Reply, SwitchCommand, SwitchEvent, loops};
use omnibar_media::codec::{EncoderConfig, LONGEST, SpeechDecoder};
use omnibar_media::{Decoder, Encoder, FRAME, Micros, Packet, Packetizer};
use omnibar_model::{Cause, LegId};
use omnibar_peer::{OPUS, PeerState, Terms};
use std::f32::consts::TAU;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

struct Rig {
    board: Board,
    inside: Inside,
    work: Receiver<Work>,
    inputs: Receiver<Input>,
    events: mpsc::UnboundedReceiver<SwitchEvent>,
    now: Micros,
    phones: Vec<Phone>,
    /// µs before the tick at which packets come, and how much later some do.
    phase: u64,
    jitter: u64,
    drawn: u64,
}

struct Phone {
    key: u64,
    tone: f32,
    encoder: Encoder,
    packetizer: Packetizer,
    samples: u64,
    heard: Arc<Mutex<Vec<Packet>>>,
    _hung_up: oneshot::Receiver<()>,
}

struct Keeps(Arc<Mutex<Vec<Packet>>>);

impl Exit for Keeps {
    fn send(&self, packet: Packet) {
        self.0.lock().unwrap().push(packet);
    }

    fn takes_events(&self) -> bool {
        true
    }
}

impl Rig {
    fn new() -> Self {
        loops::prepare();
        let (board_input, inputs) = channel();
        let (studio, inside, work) = Studio::new(board_input.clone(), 1);
        let (tell, events) = mpsc::unbounded_channel();
        let board = Board::new(Surroundings {
            studio,
            recorder: Recorder::start(Clock::start(), board_input).unwrap(),
            events: tell,
            scripts: Scripts::default(),
            record_customers: None,
            lost_after: Duration::from_secs(30),
            seed: 1,
        });
        let phones = Vec::new();
        Self {
            board,
            inside,
            work,
            inputs,
            events,
            now: Micros(1_000_000),
            phones,
            phase: 0,
            jitter: 0,
            drawn: 1,
        }
    }

    /// `tone`: Hz; 0 is a party that sends nothing.
    fn call(&mut self, leg: &str, tone: f32) {
        let (hang_up, hung_up) = oneshot::channel();
        let (answer, mut key) = oneshot::channel();
        let open = Input::Open { leg: leg.into(), hang_up, key: answer };
        self.board.handle(self.now, open);
        let key = key.try_recv().unwrap().unwrap();
        let heard: Arc<Mutex<Vec<Packet>>> = Arc::default();
        let exit = Box::new(Keeps(heard.clone()));
        let terms = Terms::none(1);
        self.board.handle(self.now, Input::Attach { key, exit, terms });
        self.state(key, PeerState::Connected);
        self.phones.push(Phone {
            key,
            tone,
            encoder: Encoder::new(EncoderConfig::default()).unwrap(),
            packetizer: Packetizer::new(key),
            samples: 0,
            heard,
            _hung_up: hung_up,
        });
    }

    fn state(&mut self, key: u64, state: PeerState) {
        self.board.handle(self.now, Input::Connection { key, state });
    }

    fn order(&mut self, command: SwitchCommand) {
        let (reply, mut answer) = oneshot::channel();
        self.board.handle(self.now, Input::Order(command, reply));
        assert_eq!(answer.try_recv().unwrap(), Reply::Done);
    }

    fn connect(&mut self, legs: &[&str]) {
        let legs = legs.iter().map(|leg| LegId::new(leg)).collect();
        self.order(SwitchCommand::Connect { bridge: "call".into(), legs });
    }

    /// So many times 20 ms pass.
    fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            let mut voices = self.voices();
            for due in [self.now.0 - TICK.0 / 2, self.now.0] {
                for (arrived, voice) in voices.extract_if(.., |(arrived, _)| arrived.0 <= due) {
                    self.board.handle(arrived, voice);
                }
                self.pass(Micros(due));
            }
            self.board.tick(self.now, 1);
            self.now.0 += TICK.0;
        }
    }

    /// What comes in the 20 ms until now.
    fn voices(&mut self) -> Vec<(Micros, Input)> {
        let mut voices = Vec::new();
        for phone in &mut self.phones {
            let Some(packet) = phone.speak() else { continue };
            self.drawn = self.drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let late = if self.jitter > 0 { (self.drawn >> 33) % self.jitter } else { 0 };
            let arrived = Micros(self.now.0 - self.phase + late);
            let key = phone.key;
            voices.push((arrived, Input::Voice { key, arrived, ssrc: 9, packet, gauge: None }));
        }
        voices
    }

    /// The studio's 10 ms.
    fn pass(&mut self, now: Micros) {
        while let Ok(work) = self.work.try_recv() {
            self.inside.take(now, work);
        }
        self.inside.tick(now);
        while let Ok(input) = self.inputs.try_recv() {
            self.board.handle(now, input);
        }
    }

    fn told(&mut self) -> Vec<SwitchEvent> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    fn heard(&self, phone: usize) -> Vec<Packet> {
        self.phones[phone].heard.lock().unwrap().clone()
    }
}

impl Phone {
    fn speak(&mut self) -> Option<Packet> {
        if self.tone == 0.0 {
            return None;
        }
        let frame: [f32; FRAME] = std::array::from_fn(|i| {
            let at = (self.samples + i as u64) as f64 / 48_000.0;
            0.3 * ((f64::from(self.tone) * at).fract() as f32 * TAU).sin()
        });
        self.samples += FRAME as u64;
        let packet = self.packetizer.voice(OPUS, self.encoder.encode(&frame).unwrap());
        self.packetizer.advance(960);
        Some(packet)
    }
}

fn decode(packets: &[Packet]) -> Vec<f32> {
    let mut decoder = Decoder::new().unwrap();
    let mut frame = [0.0; LONGEST];
    let mut samples = Vec::new();
    for packet in packets {
        let length = decoder.decode(&packet.payload, &mut frame).unwrap();
        samples.extend_from_slice(&frame[..length]);
    }
    samples
}

fn amplitude(samples: &[f32], frequency: f32) -> f32 {
    let (re, im) = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, sample)| {
        let (sin, cos) = (TAU * frequency * i as f32 / 48_000.0).sin_cos();
        (re + sample * cos, im + sample * sin)
    });
    2.0 * (re * re + im * im).sqrt() / samples.len() as f32
}

fn assert_continuous(packets: &[Packet], longest_step: u32) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1);
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!((960..=longest_step).contains(&step), "a step of {step} samples");
    }
}

#[test]
fn a_third_party_joins_and_leaves_without_a_gap() {
    let mut rig = Rig::new();
    for (leg, tone) in [("a", 500.0), ("b", 900.0), ("c", 1_700.0)] {
        rig.call(leg, tone);
    }
    rig.connect(&["a", "b"]);
    rig.run(50);
    for _ in 0..4 {
        rig.connect(&["a", "b", "c"]);
        rig.run(40);
        rig.connect(&["a", "b"]);
        rig.run(40);
    }
    let heard = rig.heard(0);
    assert!(heard.len() >= 365, "{} of 370 packets", heard.len());
    assert_continuous(&heard, 1_920);
    let samples = decode(&heard);
    // From when the codec has settled, there is no moment without the partner.
    for (i, part) in samples.chunks_exact(1_920).enumerate().skip(5) {
        let level = amplitude(part, 900.0);
        assert!(level > 0.08, "{level} after {} ms", i * 40);
    }
    let own = amplitude(&samples, 500.0);
    assert!(own < 0.005, "hears himself at {own}");
}

#[test]
fn hold_and_resume_are_one_stream_in_time() {
    let mut rig = Rig::new();
    rig.call("a", 500.0);
    rig.call("b", 900.0);
    rig.order(SwitchCommand::Feed { leg: "b".into(), feed: Feed::Music });
    for _ in 0..5 {
        rig.connect(&["a", "b"]);
        rig.run(30);
        rig.connect(&["a"]);
        rig.run(30);
    }
    let (a, b) = (rig.heard(0), rig.heard(1));
    // B hears voice or music all the time, A nothing while B is held.
    assert_continuous(&b, 1_920);
    assert!(b.len() >= 295, "{} of 300 packets", b.len());
    assert_continuous(&a, 31 * 960);
    let elapsed = a.last().unwrap().timestamp.wrapping_sub(a[0].timestamp);
    assert_eq!(elapsed, (9 * 30 - 1) * 960);
}

#[test]
fn a_silent_path_is_told_after_two_seconds_and_a_lost_connection_ends() {
    let mut rig = Rig::new();
    rig.call("a", 0.0);
    assert_eq!(rig.told(), [SwitchEvent::Up { leg: "a".into() }]);
    rig.run(95);
    assert_eq!(rig.told(), []);
    rig.run(25);
    assert_eq!(rig.told(), [SwitchEvent::Path { leg: "a".into(), flowing: false }]);
    rig.phones[0].tone = 500.0;
    rig.run(1);
    assert_eq!(rig.told(), [SwitchEvent::Path { leg: "a".into(), flowing: true }]);

    let key = rig.phones[0].key;
    rig.state(key, PeerState::Disconnected);
    rig.run(1_000);
    rig.state(key, PeerState::Connected);
    rig.state(key, PeerState::Disconnected);
    rig.run(1_490);
    assert_eq!(rig.told(), [], "it may come back");
    rig.run(30);
    let gone = SwitchEvent::Gone { leg: "a".into(), cause: Cause::MediaFailed };
    assert_eq!(rig.told(), [gone]);
}

/// Whatever the moment at which packets come between two ticks, and when they come
/// unevenly.
#[test]
fn a_conference_is_clear_at_any_phase() {
    let even = (0..10).map(|i| (i * 2_000, 0));
    let uneven = [(9_500, 900), (10_500, 900), (19_000, 900), (10_000, 9_000), (19_900, 19_000)];
    for (phase, jitter) in even.chain(uneven) {
        let mut rig = Rig::new();
        for (leg, tone) in [("a", 500.0), ("b", 900.0), ("c", 1_700.0)] {
            rig.call(leg, tone);
        }
        (rig.phase, rig.jitter) = (phase, jitter);
        rig.connect(&["a", "b", "c"]);
        rig.run(150);
        let samples = decode(&rig.heard(1));
        let settled = &samples[samples.len() - 48_000..];
        let [a, own, c] = [500.0, 900.0, 1_700.0].map(|tone| amplitude(settled, tone));
        let clear = a > 0.2 && own < 0.01 && c > 0.2;
        assert!(clear, "{phase} µs before a tick, up to {jitter} µs late: {a} {own} {c}");
    }
}

/// Two who talk, and a supervisor who is in no bridge.
fn monitored() -> Rig {
    let mut rig = Rig::new();
    for (leg, tone) in [("agent", 500.0), ("customer", 900.0), ("supervisor", 1_700.0)] {
        rig.call(leg, tone);
    }
    rig.connect(&["agent", "customer"]);
    rig.run(25);
    rig
}

fn monitor(rig: &mut Rig, whisper: bool) {
    let (leg, of) = ("supervisor".into(), Some("agent".into()));
    rig.order(SwitchCommand::Monitor { leg, of, whisper });
}

/// Who hears whom in the last half second: a row for each of the three.
fn heard_by(rig: &Rig) -> [[bool; 3]; 3] {
    [0, 1, 2].map(|phone| {
        let packets = rig.heard(phone);
        let samples = decode(&packets);
        let last = &samples[samples.len().saturating_sub(24_000)..];
        [500.0, 900.0, 1_700.0].map(|tone| !last.is_empty() && amplitude(last, tone) > 0.05)
    })
}

#[test]
fn who_listens_is_not_heard_and_changes_nothing_for_the_others() {
    let mut rig = monitored();
    let before = rig.heard(0).len();
    monitor(&mut rig, false);
    rig.run(100);
    monitor(&mut rig, false);
    rig.run(1);
    assert_eq!(heard_by(&rig), [[false, true, false], [true, false, false], [true, true, false]]);
    // Every packet goes through as it came: nobody can notice.
    for phone in [0, 1] {
        let heard = rig.heard(phone);
        assert_continuous(&heard, 960);
        assert_eq!(heard.iter().filter(|packet| packet.marker).count(), 1);
    }
    assert!(rig.heard(0).len() - before >= 100);
}

#[test]
fn a_whisper_is_heard_by_the_agent_alone_and_without_a_gap() {
    let mut rig = monitored();
    for _ in 0..3 {
        monitor(&mut rig, true);
        rig.run(100);
        assert_eq!(
            heard_by(&rig),
            [[false, true, true], [true, false, false], [true, true, false]]
        );
        monitor(&mut rig, false);
        rig.run(50);
        assert_eq!(
            heard_by(&rig),
            [[false, true, false], [true, false, false], [true, true, false]]
        );
    }
    let heard = rig.heard(0);
    assert_continuous(&heard, 1_920);
    for (i, part) in decode(&heard).chunks_exact(1_920).enumerate().skip(5) {
        let level = amplitude(part, 900.0);
        assert!(level > 0.08, "{level} of the customer after {} ms", i * 40);
    }
}

#[test]
fn a_supervisor_stays_with_the_agent_wherever_his_leg_goes() {
    let mut rig = monitored();
    rig.call("colleague", 1_300.0);
    monitor(&mut rig, true);
    let consult = SwitchCommand::Connect {
        bridge: "consult".into(),
        legs: vec!["agent".into(), "colleague".into()],
    };
    rig.order(consult);
    rig.run(100);
    let samples = decode(&rig.heard(2));
    let last = &samples[samples.len() - 24_000..];
    assert!(amplitude(last, 1_300.0) > 0.05 && amplitude(last, 900.0) < 0.01);
    let agent = decode(&rig.heard(0));
    let last = &agent[agent.len() - 24_000..];
    assert!(amplitude(last, 1_300.0) > 0.05 && amplitude(last, 1_700.0) > 0.05);

    // In a bridge he monitors nobody.
    rig.connect(&["agent", "customer", "supervisor"]);
    rig.run(100);
    assert_eq!(heard_by(&rig), [[false, true, true], [true, false, true], [true, true, false]]);
    rig.connect(&["agent", "customer"]);
    rig.run(50);
    let count = rig.heard(2).len();
    rig.run(50);
    assert_eq!(rig.heard(2).len(), count, "he hears nothing any more");
}

#[test]
fn monitoring_ends_with_either_leg() {
    for gone in ["agent", "supervisor"] {
        let mut rig = monitored();
        monitor(&mut rig, true);
        rig.run(50);
        rig.order(SwitchCommand::Close { leg: gone.into() });
        rig.run(25);
        let counts = [0, 1, 2].map(|phone| rig.heard(phone).len());
        rig.run(50);
        let grown = [0, 1, 2].map(|phone| rig.heard(phone).len() - counts[phone]);
        match gone {
            "agent" => assert_eq!(grown, [0, 0, 0]),
            _ => assert_eq!(grown, [50, 50, 0]),
        }
        rig.order(SwitchCommand::Monitor { leg: "customer".into(), of: None, whisper: false });
    }
}
