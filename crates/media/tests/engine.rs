//! Two engines and a network between them.

#![allow(clippy::unwrap_used)]

use omnibar_media::sim::{Jitter, Loss, Network, NetworkConfig, Speech};
use omnibar_media::tones::Cue;
use omnibar_media::{
    BLOCK, Digit, Engine, EngineConfig, Micros, Packet, PacketSink, PlayoutKind, Received,
    WhenClosed,
};

#[derive(Default)]
struct Out(Vec<Packet>);

impl PacketSink for Out {
    fn send(&mut self, packet: Packet) {
        self.0.push(packet);
    }
}

struct Call {
    agent: Engine,
    customer: Engine,
    network: Network,
    talker: Speech,
    blocks: u64,
    heard: Vec<f32>,
    sent: Vec<Packet>,
}

impl Call {
    fn new(config: EngineConfig, network: NetworkConfig) -> Self {
        Self {
            agent: Engine::new(EngineConfig { seed: 1, ..config }).unwrap(),
            customer: Engine::new(EngineConfig { seed: 2, ..config }).unwrap(),
            network: Network::new(network, 3),
            talker: Speech::new(4, 130.0),
            blocks: 0,
            heard: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn now(&self) -> Micros {
        Micros(1_000_000 + self.blocks * 10_000)
    }

    /// The agent talks, the customer listens.
    fn run(&mut self, blocks: u64) -> Vec<f32> {
        let from = self.heard.len();
        for _ in 0..blocks {
            self.blocks += 1;
            let now = self.now();
            let mut block = [0.0; BLOCK];
            self.talker.fill(&mut block);
            let mut out = Out::default();
            self.agent.capture(&block, &mut out).unwrap();
            for packet in out.0 {
                self.sent.push(packet.clone());
                self.network.send(now, packet);
            }
            while let Some(received) = self.network.poll(now) {
                self.customer.receive(received);
            }
            self.customer.playout(now, &mut block);
            self.heard.extend_from_slice(&block);
        }
        self.heard[from..].to_vec()
    }
}

fn loudest(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |a, b| a.max(b.abs()))
}

#[test]
fn a_closed_microphone_sends_silence_and_keeps_the_clock() {
    let mut call = Call::new(EngineConfig::default(), NetworkConfig::default());
    let closed = call.run(200);
    assert!(loudest(&closed) < 1e-3);
    call.agent.set_microphone(true);
    let open = call.run(300);
    assert!(loudest(&open) > 0.05);
    assert!(call.customer.meter().speaker > 0.2 || call.agent.meter().microphone > 0.2);
    call.agent.set_microphone(false);
    call.run(50);
    assert!(loudest(&call.run(100)) < 5e-3);
    assert_eq!(call.agent.meter().microphone, 0.0);
    assert_eq!(call.sent.len(), 325);
    for pair in call.sent.windows(2) {
        assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1);
        assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 960);
    }
}

#[test]
fn a_closed_microphone_can_also_send_nothing() {
    let config = EngineConfig { when_closed: WhenClosed::SendNothing, ..EngineConfig::default() };
    let mut call = Call::new(config, NetworkConfig::default());
    call.agent.set_microphone(true);
    call.run(100);
    call.agent.set_microphone(false);
    call.run(200);
    let sent = call.sent.len();
    assert!(sent <= 52, "{sent}");
    call.agent.set_microphone(true);
    let again = call.run(200);
    let first = &call.sent[sent];
    assert!(first.marker);
    let pause = first.timestamp.wrapping_sub(call.sent[sent - 1].timestamp);
    assert!((98 * 960..=102 * 960).contains(&pause), "{pause}");
    assert!(loudest(&again) > 0.05);
}

#[test]
fn keys_arrive_once_beside_the_voice() {
    let network = NetworkConfig {
        loss: Loss::Random(0.2),
        jitter: Jitter::Uniform(30_000),
        ..NetworkConfig::default()
    };
    let mut call = Call::new(EngineConfig::default(), network);
    call.agent.set_microphone(true);
    for key in "12#0".chars() {
        assert!(call.agent.press(Digit::new(key).unwrap()));
    }
    call.run(150);
    let digits: String = std::iter::from_fn(|| call.customer.digit()).map(Digit::key).collect();
    assert_eq!(digits, "12#0");
    let silent = EngineConfig { events: None, ..EngineConfig::default() };
    assert!(!Engine::new(silent).unwrap().press(Digit::ALL[1]));
}

#[test]
fn keys_are_no_loss() {
    let mut call = Call::new(EngineConfig::default(), NetworkConfig::default());
    call.agent.set_microphone(true);
    call.run(100);
    for key in "1234567890".chars() {
        call.agent.press(Digit::new(key).unwrap());
    }
    call.run(300);
    let now = call.now();
    let stats = call.customer.stats();
    assert_eq!((stats.lost, stats.resynchronised), (0, 0), "{stats:?}");
    assert_eq!(call.customer.quality(now).loss_percent, 0.0);
    assert!(loudest(&call.run(200)) > 0.05);
}

#[test]
fn cues_sound_over_the_voice_and_nothing_goes_beyond_full_scale() {
    let mut call = Call::new(EngineConfig::default(), NetworkConfig::default());
    call.customer.play(Cue::Answered);
    assert!(loudest(&call.run(20)) > 0.03);
    assert!(loudest(&call.run(20)) < 0.13);
    call.run(20);
    call.agent.set_microphone(true);
    call.customer.set_volume(4.0);
    let loud = call.run(300);
    assert!(loudest(&loud) > 0.5 && loudest(&loud) <= 1.0);
    call.customer.set_volume(f32::NAN);
    call.customer.set_volume(0.0);
    call.run(5);
    assert!(loudest(&call.run(50)) == 0.0);
}

#[test]
fn quality_follows_the_network() {
    let good = NetworkConfig::default();
    let mut call = Call::new(EngineConfig::default(), good);
    assert!(!call.customer.quality(Micros(0)).flowing);
    call.agent.set_microphone(true);
    call.run(800);
    let now = call.now();
    let before = call.customer.quality(now);
    assert!(before.flowing && before.mos > 4.3, "{before:?}");
    call.customer.set_round_trip(Some(Micros(600_000)));
    assert!(call.customer.quality(now).mos < before.mos - 0.3);
    call.customer.set_round_trip(None);
    call.network.change(NetworkConfig {
        loss: Loss::Random(0.15),
        jitter: Jitter::Uniform(40_000),
        ..good
    });
    call.run(800);
    let now = call.now();
    let bad = call.customer.quality(now);
    assert!((8.0..25.0).contains(&bad.loss_percent), "{bad:?}");
    assert!(bad.jitter_ms > 3.0 && bad.mos < before.mos - 0.4, "{bad:?}");
}

#[test]
fn other_payload_types_are_not_heard() {
    let mut engine = Engine::new(EngineConfig::default()).unwrap();
    let packet = Packet { payload_type: 13, payload: vec![40], ..Packet::default() };
    engine.receive(Received { arrived: Micros(0), packet });
    let mut out = [0.0; BLOCK];
    assert_eq!(engine.playout(Micros(0), &mut out).kind, PlayoutKind::Idle);
    assert_eq!(engine.stats().received, 0);
}

#[test]
fn opening_and_closing_does_not_click() {
    let mut engine = Engine::new(EngineConfig::default()).unwrap();
    let mut out = Out::default();
    for n in 0..100 {
        engine.set_microphone(n % 3 == 0);
        engine.capture(&[0.5; BLOCK], &mut out).unwrap();
    }
    let mut other = Engine::new(EngineConfig::default()).unwrap();
    let mut last = 0.0f32;
    let mut step = 0.0f32;
    for (n, packet) in out.0.into_iter().enumerate() {
        let now = Micros(n as u64 * 20_000);
        other.receive(Received { arrived: now, packet });
        for half in 0..2 {
            let mut block = [0.0; BLOCK];
            other.playout(Micros(now.0 + half * 10_000), &mut block);
            for sample in block {
                step = step.max((sample - last).abs());
                last = sample;
            }
        }
    }
    assert!(step < 0.05, "{step}");
}
