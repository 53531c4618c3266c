//! Which layers a sender chooses on which path.

use omnibar_media::Micros;
use omnibar_media::loss::red::Pattern;
use omnibar_media::loss::{Allowed, Controller, Layers};
use omnibar_media::sim::Random;
use proptest::prelude::*;

const ALL: Allowed = Allowed {
    red: true,
    nack: true,
    deep: true,
    fec: true,
    budget: 164_000,
    packet: Micros(20_000),
};

/// Seconds of a path with this loss, told once a second; the layers at its end.
fn after(controller: &mut Controller, from: u64, seconds: u64, share: f64, burst: f64) -> Layers {
    let mut random = Random::new(3);
    let (mut bad, mut layers) = (false, Layers::default());
    for second in from..from + seconds {
        let came: Vec<(u16, bool)> = (0..50)
            .map(|n| {
                let turn = if bad { 1.0 / burst } else { share / burst / (1.0 - share) };
                bad ^= random.chance(turn);
                ((second * 50 + n) as u16, !bad)
            })
            .collect();
        let now = Micros((second + 1) * 1_000_000);
        controller.losses(now, came.into_iter());
        layers = controller.layers(now);
    }
    layers
}

fn controller(allowed: Allowed) -> Controller {
    let mut controller = Controller::new(allowed, 36_000);
    controller.set_round_trip(Some(Micros(80_000)));
    controller
}

#[test]
fn a_path_without_loss_ends_without_copies() {
    let mut controller = controller(ALL);
    assert_eq!(controller.layers(Micros(0)).pattern, Pattern::new(&[1]));
    assert_eq!(after(&mut controller, 0, 40, 0.0, 1.0).pattern, Pattern::NONE);
}

#[test]
fn the_worse_the_path_the_more_copies() {
    let found = |share, burst| after(&mut controller(ALL), 0, 12, share, burst).pattern;
    assert_eq!(found(0.01, 1.01), Pattern::new(&[1]));
    assert_eq!(found(0.1, 1.1), Pattern::new(&[1, 2]));
    let bursts = found(0.1, 4.0);
    assert!(bursts.distances().next_back() >= Some(4), "{bursts:?}");
}

#[test]
fn copies_go_slowly() {
    let mut controller = controller(ALL);
    let strong = after(&mut controller, 0, 12, 0.1, 1.1).pattern;
    assert_eq!(after(&mut controller, 12, 3, 0.0, 1.0).pattern, strong);
    assert_eq!(after(&mut controller, 15, 60, 0.0, 1.0).pattern, Pattern::NONE);
}

#[test]
fn without_redundancy_in_packets_the_codec_has_it() {
    let allowed = Allowed { red: false, ..ALL };
    let layers = after(&mut controller(allowed), 0, 12, 0.1, 1.1);
    assert!(layers.fec && layers.pattern == Pattern::NONE);
    assert!((7..=15).contains(&layers.expected_loss), "{layers:?}");
    let bursts = after(&mut controller(allowed), 0, 12, 0.15, 4.0);
    assert_eq!(bursts.deep, 500);
}

#[test]
fn a_far_side_that_tells_nothing_gets_the_fec_that_was_assumed() {
    let mut controller = controller(Allowed { red: false, ..ALL });
    controller.assume(5);
    assert_eq!(controller.layers(Micros(0)).expected_loss, 5);
    controller.report(Micros(1_000_000), 0);
    assert_eq!(controller.layers(Micros(1_000_000)).expected_loss, 0);
}

#[test]
fn plain_reports_are_enough() {
    let mut controller = controller(ALL);
    for second in 0..5 {
        controller.report(Micros(second * 1_000_000), 26);
    }
    assert_eq!(controller.layers(Micros(5_000_000)).pattern, Pattern::new(&[1, 2]));
}

#[test]
fn loss_that_grows_with_the_copies_and_the_delay_takes_them_away() {
    let mut controller = controller(ALL);
    after(&mut controller, 0, 4, 0.0, 1.0);
    let before = after(&mut controller, 4, 3, 0.08, 1.1).pattern;
    assert!(before.copies() >= 2, "{before:?}");
    let worse = after(&mut controller, 7, 4, 0.4, 1.7).pattern;
    assert!(worse.copies() > 2, "{worse:?}");

    let mut controller = crate::controller(ALL);
    after(&mut controller, 0, 4, 0.0, 1.0);
    assert_eq!(after(&mut controller, 4, 3, 0.08, 1.1).pattern, before);
    controller.set_round_trip(Some(Micros(300_000)));
    let congested = after(&mut controller, 7, 4, 0.4, 1.7).pattern;
    assert_eq!(congested.copies(), 1, "{congested:?}");
}

proptest! {
    #[test]
    fn the_budget_holds(
        reports in prop::collection::vec((any::<u8>(), 0u64..3_000_000, 0usize..4), 1..60),
        budget in 0u32..300_000,
        red: bool,
        trip in prop::option::of(0u64..900_000),
    ) {
        let allowed = Allowed { red, budget, ..ALL };
        let mut controller = Controller::new(allowed, 36_000);
        controller.set_round_trip(trip.map(Micros));
        let mut now = 0;
        for (fraction, step, asked) in reports {
            now += step;
            controller.report(Micros(now), fraction);
            controller.asked(Micros(now), asked);
            let layers = controller.layers(Micros(now));
            let copies = layers.pattern.copies() as u32;
            prop_assert!(copies == 0 || (red && 36_000 * (1 + copies) <= budget));
            prop_assert!(layers.expected_loss <= 30 && layers.bitrate <= budget.max(1));
            prop_assert!(layers.fec == (copies == 0));
        }
    }

    /// The same path, told again and again, does not make the layers swing.
    #[test]
    fn a_steady_path_has_steady_layers(fraction in 0u8..120) {
        let mut controller = controller(ALL);
        let mut changes = 0;
        let mut last = controller.layers(Micros(0)).pattern;
        for second in 1..120u64 {
            controller.report(Micros(second * 1_000_000), fraction);
            let pattern = controller.layers(Micros(second * 1_000_000)).pattern;
            changes += usize::from(pattern != last);
            last = pattern;
        }
        prop_assert!(changes <= 3, "{changes}");
    }
}
