//! Two engines and a network between them.

#![allow(clippy::unwrap_used)]

use omnibar_media::loss::Allowed;
use omnibar_media::sim::{Jitter, Loss, Network, NetworkConfig, Speech};
use omnibar_media::tones::Cue;
use omnibar_media::{
    BLOCK, Codec, Digit, Engine, EngineConfig, Micros, Packet, PacketSink, PlayoutKind, Received,
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

const OTHERS: [Codec; 3] = [Codec::G722, Codec::Pcmu, Codec::Pcma];

/// Packets of 20 ms by their timestamps, in samples.
fn steps(sent: &[Packet], unit: u32) -> Vec<u32> {
    sent.windows(2).map(|two| two[1].timestamp.wrapping_sub(two[0].timestamp) * unit).collect()
}

#[test]
fn telephone_codecs_are_spoken_and_heard_by_their_own_clock() {
    for codec in OTHERS {
        let mut call = Call::new(EngineConfig::default(), NetworkConfig::default());
        call.agent.set_microphone(true);
        call.agent.speak(codec);
        call.customer.speak(codec);
        let heard = call.run(300);
        assert!(loudest(&heard[48_000..]) > 0.05, "{codec:?}");
        assert!(call.sent.iter().all(|packet| Some(packet.payload_type) == codec.fixed_type()));
        assert!(steps(&call.sent, 6).iter().all(|step| *step == 960), "{codec:?}");
        let stats = call.customer.stats();
        assert_eq!((stats.lost, stats.late, stats.discarded, stats.resynchronised), (0, 0, 0, 0));
        assert!(call.customer.quality(call.now()).jitter_ms < 2.0);
    }
}

#[test]
fn loss_is_concealed_in_every_codec_and_counted() {
    for codec in OTHERS {
        let lossy = NetworkConfig { loss: Loss::Random(0.05), ..NetworkConfig::default() };
        let mut call = Call::new(EngineConfig::default(), lossy);
        call.agent.set_microphone(true);
        call.agent.speak(codec);
        call.customer.speak(codec);
        call.run(2_000);
        let stats = call.customer.stats();
        assert!(stats.lost > 20 && stats.concealed > 0 && stats.recovered == 0, "{stats:?}");
        let quality = call.customer.quality(call.now());
        assert!(quality.loss_percent > 1.0 && quality.mos < 4.3, "{quality:?}");
    }
}

#[test]
fn a_call_changes_its_codec_and_back_without_a_click() {
    let mut call = Call::new(EngineConfig::default(), NetworkConfig::default());
    call.agent.set_microphone(true);
    let own = roughest(&call.run(400)[48_000..]);
    for codec in [Codec::Pcmu, Codec::G722, Codec::Pcma, Codec::Opus] {
        call.agent.speak(codec);
        call.customer.speak(codec);
        call.sent.clear();
        let heard = call.run(200);
        let kind = codec.fixed_type().unwrap_or(EngineConfig::default().voice);
        assert!(call.sent.iter().all(|packet| packet.payload_type == kind), "{codec:?}: at once");
        assert!(roughest(&heard) < 1.5 * own, "{codec:?}: {} after {own}", roughest(&heard));
        assert!(loudest(&heard[48_000..]) > 0.02, "{codec:?}");
    }
}

/// The greatest difference between neighbours.
fn roughest(samples: &[f32]) -> f32 {
    samples.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max)
}

/// What is heard follows the packets, whatever was agreed on; a late one alone turns nothing.
#[test]
fn what_is_heard_follows_two_packets_in_a_row() {
    let mut listener = Engine::new(EngineConfig::default()).unwrap();
    let packet = |n: u16, payload_type| Received {
        arrived: Micros(u64::from(n) * 20_000),
        packet: Packet {
            sequence: n,
            timestamp: u32::from(n) * 160,
            payload_type,
            payload: vec![0x7f; 160],
            ..Packet::default()
        },
    };
    let received = |engine: &Engine| engine.stats().received;
    listener.receive(packet(0, 8));
    assert_eq!(received(&listener), 0, "nobody has agreed on it");
    listener.receive(packet(1, 8));
    assert_eq!(received(&listener), 1);
    listener.receive(packet(2, 0));
    listener.receive(packet(3, 8));
    listener.receive(packet(4, 0));
    assert_eq!(received(&listener), 2, "one alone is a stranger");
    listener.receive(packet(5, 0));
    assert_eq!(received(&listener), 3);
    listener.receive(packet(6, 13));
    assert_eq!(received(&listener), 3, "comfort noise is no voice");
}

#[test]
fn keys_are_sent_by_the_clock_of_the_voice() {
    let mut call = Call::new(EngineConfig::default(), NetworkConfig::default());
    call.agent.set_microphone(true);
    for (codec, kind, last) in [(Codec::Pcma, 126, 800), (Codec::Opus, 110, 4_800)] {
        call.agent.speak(codec);
        call.customer.speak(codec);
        call.run(100);
        call.sent.clear();
        assert!(call.agent.press(Digit::new('5').unwrap()));
        call.run(60);
        assert_eq!(call.customer.digit().map(Digit::key), Some('5'), "{codec:?}");
        assert_eq!(call.customer.digit(), None);
        let events: Vec<&Packet> = call.sent.iter().filter(|p| p.payload_type == kind).collect();
        assert_eq!(events.len(), 7);
        let payload = &events[6].payload;
        assert_eq!(u16::from_be_bytes([payload[2], payload[3]]), last, "{codec:?}");
    }
}

#[test]
fn what_needs_opus_is_off_while_another_codec_is_spoken() {
    let config = EngineConfig { red: Some(63), ..EngineConfig::default() };
    let mut call = Call::new(config, NetworkConfig::default());
    call.agent.set_microphone(true);
    let packet = Micros(10_000);
    let all = Allowed { red: true, deep: true, packet, ..Allowed::default() };
    call.agent.allow(all);
    call.agent.speak(Codec::G722);
    call.run(100);
    let layers = call.agent.layers();
    assert_eq!((layers.pattern.copies(), layers.fec, layers.deep), (0, false, 0));
    assert_eq!(layers.packet, Micros(20_000));
    call.agent.speak(Codec::Opus);
    call.run(100);
    assert_eq!(call.agent.layers().packet, packet);
    assert!(call.sent.iter().any(|packet| packet.payload_type == 63));
}
