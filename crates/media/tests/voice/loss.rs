use crate::world::{Coder, World, largest_step, speech};
use omnibar_media::codec::EncoderConfig;
use omnibar_media::sim::{Loss, NetworkConfig};
use omnibar_media::{JitterStats, PlayoutKind};

fn lossy(share: f64) -> NetworkConfig {
    NetworkConfig { loss: Loss::Random(share), ..NetworkConfig::default() }
}

fn call(fec: bool, network: NetworkConfig) -> World {
    let config = EncoderConfig { fec, expected_loss: 20, ..EncoderConfig::default() };
    let mut world = World::new(Coder::opus(config), network, speech(9, 12));
    world.run(12.0);
    world
}

/// Mean over 20 ms segments of speech, each against the same call without loss, in dB
/// within 0 to 35; the delay is found for each.
fn segmental_snr(heard: &[f32], clean: &[f32]) -> f32 {
    let mut sum = 0.0;
    let mut segments = 0;
    for at in (48_000 * 3..heard.len() - 9600).step_by(4800) {
        let reference = &clean[at..at + 960];
        let signal: f32 = reference.iter().map(|s| s * s).sum();
        if signal < 0.1 {
            continue;
        }
        let error = |later: usize| {
            let part = &heard[at + later - 960..at + later];
            reference.iter().zip(part).map(|(a, b)| (a - b) * (a - b)).sum::<f32>()
        };
        let noise = (0..3840).map(error).fold(f32::MAX, f32::min);
        sum += (10.0 * (signal / noise.max(1e-9)).log10()).clamp(0.0, 35.0);
        segments += 1;
    }
    sum / segments as f32
}

#[test]
fn redundancy_is_heard() {
    let (with, without) = (call(true, lossy(0.1)), call(false, lossy(0.1)));
    let (clean_with, clean_without) = (call(true, lossy(0.0)), call(false, lossy(0.0)));
    let (a, b): (JitterStats, JitterStats) = (with.stats(), without.stats());
    assert!(a.recovered > 25 && a.recovered > 2 * a.lost, "{a:?}");
    assert_eq!(b.recovered, 0, "{b:?}");
    assert!((35..90).contains(&b.lost), "{b:?}");
    let with = segmental_snr(&with.heard, &clean_with.heard);
    let without = segmental_snr(&without.heard, &clean_without.heard);
    assert!(with > without + 0.5, "{with} dB with, {without} dB without");
}

#[test]
fn waiting_for_redundancy_ends_with_the_loss() {
    let mut world = call(true, lossy(0.1));
    let lossy_target = world.stats().target_ms;
    world.network.change(lossy(0.0));
    world.run(20.0);
    assert!(lossy_target >= 20.0, "{lossy_target}");
    assert!(world.stats().target_ms < 14.0, "{:?}", world.stats());
}

#[test]
fn a_long_outage_fades_out_and_comes_back_without_a_click() {
    let config = EncoderConfig::default();
    let mut world = World::new(Coder::opus(config), lossy(0.0), speech(9, 20));
    world.run(3.0);
    world.network.change(lossy(1.0));
    world.run(1.0);
    let outage = world.heard.len() - 24_000..world.heard.len();
    let loudest = world.heard[outage].iter().fold(0.0f32, |a, b| a.max(b.abs()));
    assert!(loudest < 0.02, "{loudest}");
    assert_eq!(world.kinds.last(), Some(&PlayoutKind::Noise));
    world.network.change(lossy(0.0));
    world.run(3.0);
    let stats = world.stats();
    assert_eq!(world.kinds.last(), Some(&PlayoutKind::Speech));
    assert!((45..=55).contains(&stats.lost), "{stats:?}");
    assert!(stats.delay_ms < 40.0, "{stats:?}");
    let natural = largest_step(&world.heard[..48_000 * 3]);
    assert!(largest_step(&world.heard) < natural * 1.5 + 0.02);
}

#[test]
fn bursts_keep_the_delay_and_the_level_sane() {
    let network =
        NetworkConfig { loss: Loss::Burst { share: 0.2, length: 4.0 }, ..NetworkConfig::default() };
    let world = call(true, network);
    let stats = world.stats();
    assert!(stats.lost + stats.recovered > 70, "{stats:?}");
    assert!(stats.delay_ms < 80.0, "{stats:?}");
    assert!(world.heard.iter().all(|s| s.is_finite() && s.abs() <= 1.5));
}
