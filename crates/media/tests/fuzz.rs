//! Everything that reads bytes of the network, by fuzzing. `cargo test` replays the committed
//! corpus (`__fuzz__/<name>/corpus`) and then makes inputs up for a second;
//! `cargo bolero test -p omnibar-media <name>` goes on from the corpus, led by coverage.

#![allow(clippy::unwrap_used)]

use bolero::check;
use omnibar_media::event::Event;
use omnibar_media::loss::red::{Blocks, Packer, Pattern};
use omnibar_media::loss::{Allowed, rtcp};
use omnibar_media::{
    BLOCK, Codec, Engine, EngineConfig, Micros, Packet, PacketSink, Received, Sources,
};

/// Longest buffering that the default configuration may aim at, and what a stretch or a jump may
/// add for a moment; ms.
const MOST_DELAY: f32 = 1_000.0;

#[derive(Default)]
struct Counted {
    packets: usize,
    longest: usize,
}

impl PacketSink for Counted {
    fn send(&mut self, packet: Packet) {
        self.packets += 1;
        self.longest = self.longest.max(packet.payload.len());
    }
}

#[test]
fn redundant_packets() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(blocks) = Blocks::parse(bytes) else { return };
        let held: usize = blocks.copies().map(|block| block.payload.len()).sum();
        assert!(held + blocks.primary().payload.len() <= bytes.len(), "no byte is read twice");
    });
}

/// What our packer makes of any payloads is read back as it was.
#[test]
fn redundant_packets_of_ours() {
    check!().for_each(|bytes: &[u8]| {
        let [first, second, third, payloads @ ..] = bytes else { return };
        let pattern = Pattern::new(&[*first, *second, *third]);
        let mut packer = Packer::new();
        for (n, payload) in (0u32..).zip(payloads.chunks(usize::from(*first) + 1)) {
            let mut packed = Vec::new();
            if packer.pack(111, n * 480, payload, pattern, &mut packed) {
                let blocks = Blocks::parse(&packed).unwrap();
                assert_eq!(blocks.primary().payload, payload);
                assert!(blocks.copies().count() <= pattern.copies());
                assert!(packed.len() <= 1_200, "{} bytes", packed.len());
            }
        }
    });
}

#[test]
fn control_packets() {
    check!().for_each(|bytes: &[u8]| {
        let mut items = 0;
        let _ = rtcp::parse(bytes, |item| {
            items += 1;
            match item {
                rtcp::Item::Nack { numbers, .. } => assert!(numbers.count() <= 17 * bytes.len()),
                rtcp::Item::Losses { came, .. } => assert!(came.count() <= 1 << 16),
                rtcp::Item::Sender(_) | rtcp::Item::Report(_) | rtcp::Item::Listener(_) => {}
            }
        });
        assert!(items <= bytes.len(), "every item takes bytes");
    });
}

#[test]
fn telephone_events() {
    check!().for_each(|bytes: &[u8]| {
        if let Ok(event) = Event::parse(bytes) {
            assert_eq!(Event::parse(&event.encode()), Ok(event));
        }
    });
}

/// A whole life of a voice path, told by the input: packets of every kind with any number, time
/// and payload, control packets, and blocks for the speaker in between.
#[test]
fn a_voice_path() {
    check!().for_each(|bytes: &[u8]| {
        let config = EngineConfig { red: Some(63), ..EngineConfig::default() };
        let mut engine = Engine::new(config).unwrap();
        engine.set_sources(Sources { ours: 1, theirs: Some(2) });
        engine.allow(Allowed { red: true, nack: true, deep: true, ..Allowed::default() });
        let mut sent = Counted::default();
        let (mut now, mut sequence, mut timestamp) = (1_000_000, 0u16, 0u32);
        let mut rest = bytes;
        while let [how, wait, step, length, after @ ..] = rest {
            let (payload, after) = after.split_at(usize::from(*length).min(after.len()));
            rest = after;
            now += u64::from(*wait) * 500;
            sequence = sequence.wrapping_add(u16::from(*step));
            timestamp = timestamp.wrapping_add(u32::from(*step) * 960);
            match how % 8 {
                0 => engine.receive_rtcp(Micros(now), payload, &mut sent),
                1 => (sequence, timestamp) = (sequence ^ 0x8000, timestamp ^ 0x8000_0000),
                kind @ 2..=5 => {
                    let other = [9, 0, 8][usize::from(*step) % 3];
                    let payload_type = [111, 63, 110, other][usize::from(kind) - 2];
                    let payload = payload.to_vec();
                    let packet =
                        Packet { sequence, timestamp, payload_type, payload, marker: *step == 0 };
                    engine.receive(Received { arrived: Micros(now), packet });
                }
                6 => engine.capture(&[0.1; BLOCK], &mut sent).unwrap(),
                _ => engine.speak(Codec::ALL[usize::from(*step) % Codec::ALL.len()]),
            }
            let mut out = [f32::NAN; BLOCK];
            engine.playout(Micros(now), &mut out);
            assert!(out.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
            assert!(engine.rtcp(Micros(now)).is_none_or(|bytes| bytes.len() <= 1_200));
            let (stats, quality) = (engine.stats(), engine.quality(Micros(now)));
            assert!(stats.target_ms <= 500.0 && stats.delay_ms <= MOST_DELAY, "{stats:?}");
            assert!((1.0..=4.5).contains(&quality.mos), "{quality:?}");
        }
        assert!(sent.longest <= 1_200, "{} bytes in one packet", sent.longest);
    });
}
