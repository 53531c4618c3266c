use crate::world::{Coder, World, speech};
use omnibar_media::PlayoutKind;
use omnibar_media::sim::{NetworkConfig, Random};

/// Ten minutes of a sender whose clock is off by half a thousandth.
fn ten_minutes(ppm: f64) -> World {
    let mut world = World::new(Coder::Pcm, NetworkConfig::default(), speech(8, 10)).drifting(ppm);
    for _ in 0..600 {
        world.run(1.0);
        world.sent.truncate(48_000 * 4);
        world.heard.clear();
        let delay = world.stats().delay_ms;
        assert!((4.0..=36.0).contains(&delay), "{ppm} ppm: {:?}", world.stats());
    }
    world
}

#[test]
fn a_fast_sender_is_followed_without_a_gap() {
    let world = ten_minutes(500.0);
    let stats = world.stats();
    assert_eq!(world.count(PlayoutKind::Concealed), 0, "{stats:?}");
    // 500 ppm of ten minutes.
    let removed = stats.removed as f32 - stats.inserted as f32;
    assert!((removed / 14_400.0 - 1.0).abs() < 0.1, "{removed}");
}

#[test]
fn a_slow_sender_is_followed_without_a_gap() {
    let world = ten_minutes(-500.0);
    let stats = world.stats();
    assert_eq!(world.count(PlayoutKind::Concealed), 0, "{stats:?}");
    let inserted = stats.inserted as f32 - stats.removed as f32;
    assert!((inserted / 14_400.0 - 1.0).abs() < 0.1, "{inserted}");
}

#[test]
fn cards_that_drift_or_ask_for_several_blocks_at_once_have_no_gap() {
    for (ppm, at_once) in [(500.0, 1), (-500.0, 1), (0.0, 2), (300.0, 3), (-500.0, 4)] {
        let mut world = World::new(Coder::Pcm, NetworkConfig::default(), speech(8, 10))
            .drifting(-ppm)
            .with_card(ppm, at_once);
        world.run(5.0);
        let early = world.count(PlayoutKind::Concealed);
        world.run(115.0);
        let stats = world.stats();
        assert_eq!(world.count(PlayoutKind::Concealed), early, "{ppm} {at_once}: {stats:?}");
        assert!(stats.delay_ms < 40.0, "{ppm} {at_once}: {stats:?}");
    }
}

#[test]
fn noise_without_a_period_is_followed_too() {
    let mut random = Random::new(1);
    let noise: Vec<f32> = (0..480_000).map(|_| random.bipolar() * 0.3).collect();
    let mut world = World::new(Coder::Pcm, NetworkConfig::default(), noise).drifting(500.0);
    world.run(400.0);
    let stats = world.stats();
    // Untouched it would be 200 ms.
    assert!(stats.delay_ms < 150.0, "{stats:?}");
    assert_eq!((stats.discarded, world.count(PlayoutKind::Concealed)), (0, 0), "{stats:?}");
}
