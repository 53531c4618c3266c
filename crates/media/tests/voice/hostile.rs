use crate::world::{Coder, World, speech};
use omnibar_media::sim::{Jitter, Loss, NetworkConfig, Stall};
use omnibar_media::{
    BLOCK, Engine, EngineConfig, JitterBuffer, JitterConfig, Micros, Packet, PlayoutKind, Received,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever comes, a block goes out for every block asked for, finite and bounded.
    #[test]
    fn any_packets_at_any_time(
        packets in prop::collection::vec(
            (any::<u16>(), any::<u32>(), 0u64..40_000, prop::collection::vec(any::<u8>(), 0..80), 0u8..3),
            1..120,
        ),
    ) {
        let mut buffer = JitterBuffer::new(JitterConfig::default()).unwrap();
        let mut now = 0;
        let (mut sequence, mut timestamp) = (0u16, 0u32);
        for (jump, leap, wait, payload, how) in packets {
            match how {
                0 => (sequence, timestamp) = (jump, leap),
                1 => timestamp = timestamp.wrapping_add(leap % 5000),
                _ => timestamp = timestamp.wrapping_add(960),
            }
            sequence = sequence.wrapping_add(1 + jump % 3);
            let packet = Packet { sequence, timestamp, payload, ..Packet::default() };
            buffer.receive(Received { arrived: Micros(now), packet });
            now += wait;
            let mut out = [f32::NAN; BLOCK];
            buffer.playout(Micros(now), &mut out);
            prop_assert!(out.iter().all(|s| s.is_finite() && s.abs() < 2.0));
        }
    }

    /// Clocks that jump, stand still or go back.
    #[test]
    fn any_times(times in prop::collection::vec((any::<u64>(), any::<u64>(), 0u8..4), 1..60)) {
        let mut buffer = JitterBuffer::new(JitterConfig::default()).unwrap();
        let mut engine = Engine::new(EngineConfig::default()).unwrap();
        let (mut arrived, mut now) = (0u64, 0u64);
        for (n, (a, b, how)) in times.into_iter().enumerate() {
            match how {
                0 => (arrived, now) = (a, b),
                1 => arrived = arrived.wrapping_add(a % 3_000_000),
                _ => now = now.wrapping_add(b % 3_000_000),
            }
            let mut received = silence(n as u16, n as u32 * 960, arrived);
            received.packet.payload_type = if how == 3 { 110 } else { 111 };
            engine.receive(received.clone());
            buffer.receive(received);
            let mut out = [f32::NAN; BLOCK];
            buffer.playout(Micros(now), &mut out);
            prop_assert!(out.iter().all(|s| s.is_finite()));
            engine.playout(Micros(now), &mut out);
            let quality = engine.quality(Micros(now));
            prop_assert!((1.0..=4.5).contains(&quality.mos), "{quality:?}");
            prop_assert!((0.0..=100.0).contains(&quality.loss_percent), "{quality:?}");
        }
    }

    /// Any network: as many samples as were asked for, and the delay within its bounds.
    #[test]
    fn any_network(
        seed in any::<u64>(),
        jitter in 0u64..300_000,
        loss in 0.0..0.6f64,
        reorder in 0.0..0.3f64,
        duplicate in 0.0..0.3f64,
        ordered in any::<bool>(),
        stall in 1u64..800_000,
        ppm in -500.0..500.0f64,
    ) {
        let network = NetworkConfig {
            delay: 50_000,
            jitter: Jitter::Uniform(jitter),
            loss: Loss::Random(loss),
            stall: Some(Stall { every: 3_000_000, length: stall }),
            reorder,
            duplicate,
            ordered,
        };
        let mut world = World::new(Coder::Pcm, network, speech(1, 1)).seeded(network, seed).drifting(ppm);
        world.run(5.0);
        let stats = world.stats();
        prop_assert_eq!(world.heard.len(), 5 * 48_000);
        prop_assert_eq!(stats.played, 5 * 48_000);
        prop_assert!(world.heard.iter().all(|s| s.is_finite() && s.abs() < 1.5));
        prop_assert!(stats.target_ms <= 500.0);
        prop_assert!(world.kinds.contains(&PlayoutKind::Speech));
    }
}

fn silence(sequence: u16, timestamp: u32, arrived: u64) -> Received {
    // Code 3, CELT, 20 ms frames would be longer; this is one empty 20 ms frame.
    let packet = Packet { sequence, timestamp, payload: vec![0xf8], ..Packet::default() };
    Received { arrived: Micros(arrived), packet }
}

#[test]
fn a_flood_is_bounded_and_ends() {
    let mut buffer = JitterBuffer::new(JitterConfig::default()).unwrap();
    for n in 0..20_000u32 {
        let mut received = silence(n as u16, n.wrapping_mul(960), u64::from(n));
        received.packet.payload = vec![0xf8; 1400];
        received.packet.payload.reserve(100_000);
        buffer.receive(received);
    }
    let held = format!("{buffer:?}").len();
    assert!(held < 256 * 1500 * 6 + 400_000, "{held} characters");
    let mut out = [0.0; BLOCK];
    for n in 0..200 {
        buffer.playout(Micros(20_000 + n * 10_000), &mut out);
    }
    assert!(buffer.stats().delay_ms < 700.0, "{:?}", buffer.stats());
}

#[test]
fn oversized_and_corrupt_packets_are_counted_and_left_out() {
    let mut buffer = JitterBuffer::new(JitterConfig::default()).unwrap();
    for payload in [vec![], vec![0xf8; 1501], vec![0xff, 0xff, 0xff], vec![3]] {
        let packet = Packet { payload, ..Packet::default() };
        buffer.receive(Received { arrived: Micros(0), packet });
    }
    assert_eq!(buffer.stats().discarded, 4);
    let mut out = [1.0; BLOCK];
    assert_eq!(buffer.playout(Micros(0), &mut out).kind, PlayoutKind::Idle);
    assert_eq!(out, [0.0; BLOCK]);
}

#[test]
fn a_sender_that_starts_anew_is_heard_at_once() {
    let mut buffer = JitterBuffer::new(JitterConfig::default()).unwrap();
    let mut out = [0.0; BLOCK];
    let mut blocks = |buffer: &mut JitterBuffer, from: u64, sequence: u16, timestamp: u32| {
        let mut kinds = Vec::new();
        for n in 0..50u16 {
            let now = from + u64::from(n) * 20_000;
            let at = timestamp.wrapping_add(u32::from(n) * 960);
            buffer.receive(silence(sequence.wrapping_add(n), at, now));
            kinds.push(buffer.playout(Micros(now + 3_000), &mut out).kind);
            kinds.push(buffer.playout(Micros(now + 13_000), &mut out).kind);
        }
        kinds
    };
    blocks(&mut buffer, 1_000_000, 65_500, u32::MAX - 5_000);
    let kinds = blocks(&mut buffer, 2_000_000, 20_000, 77);
    assert_eq!(buffer.stats().resynchronised, 1);
    // Two packets prove the new sequence.
    assert!(kinds[5..].iter().all(|&k| k == PlayoutKind::Speech), "{kinds:?}");
    buffer.restart();
    let kinds = blocks(&mut buffer, 3_000_000, 5, 9_999);
    assert!(kinds[5..].iter().all(|&k| k == PlayoutKind::Speech), "{kinds:?}");
}
