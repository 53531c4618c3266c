//! Two engines against a lossy network: copies, retransmission and what is told of the path.

#![allow(clippy::unwrap_used)]

use omnibar_media::codec::EncoderConfig;
use omnibar_media::loss::Allowed;
use omnibar_media::loss::rtcp::{Builder, Listener};
use omnibar_media::sim::{Loss, Network, NetworkConfig, Speech};
use omnibar_media::{
    BLOCK, Digit, Engine, EngineConfig, JitterStats, Micros, Packet, PacketSink, Received, Sources,
};
use proptest::prelude::*;
use std::collections::VecDeque;

const RED: u8 = 63;

#[derive(Default)]
struct Out(Vec<Packet>);

impl PacketSink for Out {
    fn send(&mut self, packet: Packet) {
        self.0.push(packet);
    }
}

/// A talker and a listener who tells how the voice fares.
struct Call {
    talker: Engine,
    listener: Engine,
    network: Network,
    /// RTCP under way, to the listener and to the talker: never lost, as late as voice.
    told: [VecDeque<(u64, Vec<u8>)>; 2],
    delay: u64,
    voice: Speech,
    now: u64,
    /// Payload types that were sent.
    kinds: Vec<u8>,
}

impl Call {
    fn new(network: NetworkConfig, allowed: Allowed, red: Option<u8>) -> Self {
        Self::encoded(network, allowed, red, EncoderConfig::default())
    }

    fn encoded(
        network: NetworkConfig,
        allowed: Allowed,
        red: Option<u8>,
        encoder: EncoderConfig,
    ) -> Self {
        let engine = |seed, ours, theirs| {
            let mut engine =
                Engine::new(EngineConfig { seed, red, encoder, ..EngineConfig::default() })
                    .unwrap();
            engine.allow(allowed);
            engine.set_sources(Sources { ours, theirs: Some(theirs) });
            engine
        };
        let mut talker = engine(1, 10, 20);
        talker.set_microphone(true);
        Self {
            talker,
            listener: engine(2, 20, 10),
            network: Network::new(network, 3),
            told: [VecDeque::new(), VecDeque::new()],
            delay: network.delay,
            voice: Speech::new(4, 140.0),
            now: 1_000_000,
            kinds: Vec::new(),
        }
    }

    fn run(&mut self, seconds: u64) -> JitterStats {
        let mut block = [0.0; BLOCK];
        for _ in 0..seconds * 100 {
            self.now += 10_000;
            let now = Micros(self.now);
            let mut out = Out::default();
            self.voice.fill(&mut block);
            self.talker.capture(&block, &mut out).unwrap();
            while self.told[1].front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, bytes) = self.told[1].pop_front().unwrap();
                self.talker.receive_rtcp(now, &bytes, &mut out);
            }
            for packet in out.0 {
                self.kinds.push(packet.payload_type);
                self.network.send(now, packet);
            }
            while let Some(received) = self.network.poll(now) {
                self.listener.receive(received);
            }
            let mut back = Out::default();
            while self.told[0].front().is_some_and(|(at, _)| *at <= self.now) {
                let (_, bytes) = self.told[0].pop_front().unwrap();
                self.listener.receive_rtcp(now, &bytes, &mut back);
            }
            self.listener.playout(now, &mut block);
            self.talker.playout(now, &mut block);
            // The listener is silent: what he captures keeps his reports going.
            self.listener.capture(&[0.0; BLOCK], &mut back).unwrap();
            for packet in back.0 {
                self.talker.receive(Received { arrived: now, packet });
            }
            let [to_listener, to_talker] = &mut self.told;
            for (engine, queue) in
                [(&mut self.talker, to_listener), (&mut self.listener, to_talker)]
            {
                if let Some(bytes) = engine.rtcp(now) {
                    queue.push_back((self.now + self.delay, bytes.to_vec()));
                }
            }
        }
        self.listener.stats()
    }
}

fn lossy(share: f64, delay: u64) -> NetworkConfig {
    NetworkConfig { loss: Loss::Random(share), delay, ..NetworkConfig::default() }
}

const ALL: Allowed = Allowed {
    red: true,
    nack: true,
    deep: true,
    fec: true,
    budget: 164_000,
    packet: Micros(20_000),
};

#[test]
fn copies_bring_back_what_is_lost() {
    let mut call = Call::new(lossy(0.1, 60_000), Allowed { nack: false, ..ALL }, Some(RED));
    let begin = call.run(4);
    let stats = call.run(15);
    assert!(call.kinds.contains(&RED));
    assert!(stats.restored - begin.restored > 50, "{stats:?}");
    assert!(stats.lost - begin.lost <= 5, "{stats:?} since {begin:?}");
    assert!(stats.delay_ms < 70.0, "{stats:?}");
}

#[test]
fn copies_are_sent_only_where_they_were_negotiated() {
    for (allowed, red) in [(ALL, None), (Allowed { red: false, ..ALL }, Some(RED))] {
        let mut call = Call::new(lossy(0.1, 20_000), allowed, red);
        call.run(5);
        assert!(!call.kinds.contains(&RED));
    }
}

#[test]
fn lost_packets_are_sent_again_where_the_way_is_short() {
    let allowed = Allowed { red: false, deep: false, ..ALL };
    let encoder = EncoderConfig { fec: false, ..EncoderConfig::default() };
    let mut call = Call::encoded(lossy(0.05, 10_000), allowed, None, encoder);
    let begin = call.run(4);
    let stats = call.run(15);
    let lost = stats.lost + stats.recovered - begin.lost - begin.recovered;
    let again = stats.repeated - begin.repeated;
    assert!(again > 20 && lost * 4 < again, "{stats:?} since {begin:?}");
    assert!(stats.delay_ms < 80.0, "{stats:?}");
}

#[test]
fn nothing_is_asked_for_that_would_come_too_late() {
    let mut call = Call::new(lossy(0.05, 150_000), Allowed { red: false, ..ALL }, None);
    let stats = call.run(15);
    assert_eq!(stats.repeated, 0, "{stats:?}");
    assert!(stats.delay_ms < 60.0, "{stats:?}");
    // As many as were captured.
    assert_eq!(call.kinds.len(), 750);
}

#[test]
fn the_talker_knows_how_his_voice_fares() {
    let mut call = Call::new(lossy(0.2, 40_000), ALL, Some(RED));
    call.run(12);
    let path = call.talker.path_out();
    assert!((0.14..0.28).contains(&path.share), "{path:?}");
    assert!(path.burst < 1.8, "{path:?}");
    assert!(call.talker.layers().pattern.copies() >= 2);
    // 80 ms there and back, as both measure it.
    let delay = call.talker.quality(Micros(call.now));
    assert!(delay.flowing && delay.mos > 4.0, "{delay:?}");
}

#[test]
fn the_layers_end_with_the_loss() {
    let mut call = Call::new(lossy(0.1, 40_000), ALL, Some(RED));
    call.run(10);
    assert!(call.talker.layers().pattern.copies() >= 2);
    call.network.change(lossy(0.0, 40_000));
    let stats = call.run(45);
    assert_eq!(call.talker.layers().pattern.copies(), 0);
    assert!(stats.delay_ms < 22.0, "{stats:?}");
    assert_eq!(call.kinds.last(), Some(&111));
}

#[test]
fn keys_pass_between_copies() {
    let mut call = Call::new(lossy(0.1, 40_000), ALL, Some(RED));
    call.run(3);
    for key in "159#".chars() {
        assert!(call.talker.press(Digit::new(key).unwrap()));
    }
    let stats = call.run(4);
    let heard: String = std::iter::from_fn(|| call.listener.digit()).map(Digit::key).collect();
    assert_eq!(heard, "159#");
    assert!(stats.resynchronised == 0 && stats.discarded == 0, "{stats:?}");
}

/// Beyond a forwarder there may be somebody who takes less than the forwarder does.
#[test]
fn the_listener_behind_a_forwarder_has_his_say() {
    let short = Allowed { packet: Micros(10_000), ..ALL };
    let mut call = Call::new(lossy(0.0, 20_000), short, Some(RED));
    call.run(1);
    assert_eq!(call.talker.layers().packet, Micros(10_000));
    let mut bytes = Vec::new();
    let listener = Listener { packet: Micros(20_000), deep: false, loss: 8 };
    let _ = Builder::new(&mut bytes).listener(20, &listener);
    call.talker.receive_rtcp(Micros(call.now), &bytes, &mut Out::default());
    call.run(1);
    let layers = call.talker.layers();
    assert_eq!(layers.packet, Micros(20_000));
    assert!(layers.fec && layers.expected_loss == 8, "{layers:?}");
    assert_eq!(layers.pattern.copies(), 1, "the way to the forwarder keeps its copies");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever comes as copies and as RTCP, blocks go out and are bounded.
    #[test]
    fn any_copies_and_any_rtcp(
        packets in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..60), any::<bool>(), 0u16..4, 0u64..30_000),
            1..80,
        ),
    ) {
        let config = EngineConfig { red: Some(RED), ..EngineConfig::default() };
        let mut engine = Engine::new(config).unwrap();
        engine.allow(ALL);
        engine.set_round_trip(Some(Micros(20_000)));
        let (mut sequence, mut now) = (0u16, 0u64);
        for (bytes, good, step, wait) in packets {
            sequence = sequence.wrapping_add(step);
            now += wait;
            // A right header before any content: one copy from 960 samples back.
            let payload = if good {
                let mut payload = vec![0x80 | 111, 0x0f, 0x00, (bytes.len() / 2) as u8, 111];
                payload.extend(&bytes);
                payload
            } else {
                bytes.clone()
            };
            let timestamp = u32::from(sequence) * 960;
            let packet =
                Packet { sequence, timestamp, payload_type: RED, payload, ..Packet::default() };
            engine.receive(Received { arrived: Micros(now), packet });
            let mut out = Out::default();
            engine.receive_rtcp(Micros(now), &bytes, &mut out);
            prop_assert!(out.0.is_empty());
            let mut block = [f32::NAN; BLOCK];
            engine.playout(Micros(now), &mut block);
            prop_assert!(block.iter().all(|s| s.is_finite() && s.abs() <= 1.0));
            if let Some(bytes) = engine.rtcp(Micros(now)) {
                prop_assert!(bytes.len() < 1200 && bytes.len().is_multiple_of(4));
            }
        }
    }
}
