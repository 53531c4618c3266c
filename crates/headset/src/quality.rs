//! The voice path in the words of the contract.

use omnibar_contract::{PathProblem, QualityView};
use omnibar_media::{Micros, Quality};
use std::time::Duration;

/// Nothing received for this long is a problem of its own.
const NOTHING_AFTER: Duration = Duration::from_secs(2);
/// Beyond these an agent hears it: per cent; ms; ms, there and back.
const HEARD_LOSS: f32 = 3.0;
const HEARD_JITTER: f32 = 40.0;
const HEARD_ROUND_TRIP: f32 = 400.0;
const WORST_MOS: f32 = 1.0;

/// `silent`: how long nothing has come. `None`: too early to tell.
pub(crate) fn view(
    quality: Quality,
    round_trip: Option<Micros>,
    silent: Duration,
) -> Option<QualityView> {
    let nothing = silent >= NOTHING_AFTER;
    if !quality.flowing && !nothing {
        return None;
    }
    let round_trip = round_trip.map(|trip| trip.0 as f32 / 1000.0);
    let problem = if nothing {
        Some(PathProblem::NothingReceived)
    } else if quality.loss_percent >= HEARD_LOSS {
        Some(PathProblem::Loss)
    } else if quality.jitter_ms >= HEARD_JITTER {
        Some(PathProblem::Jitter)
    } else if round_trip.is_some_and(|trip| trip >= HEARD_ROUND_TRIP) {
        Some(PathProblem::Delay)
    } else {
        None
    };
    Some(QualityView {
        mos: if nothing { WORST_MOS } else { quality.mos },
        loss: quality.loss_percent,
        jitter: quality.jitter_ms,
        round_trip,
        delay: quality.delay_ms,
        problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Quality {
        Quality { mos: 4.3, r_factor: 90.0, flowing: true, ..Quality::default() }
    }

    fn problem(quality: Quality, trip: Option<Micros>, silent: Duration) -> Option<PathProblem> {
        view(quality, trip, silent).and_then(|view| view.problem)
    }

    #[test]
    fn names_what_the_agent_hears() {
        let now = Duration::ZERO;
        assert_eq!(problem(good(), Some(Micros(50_000)), now), None);
        let lossy = Quality { loss_percent: 6.0, ..good() };
        assert_eq!(problem(lossy, None, now), Some(PathProblem::Loss));
        let uneven = Quality { jitter_ms: 60.0, ..good() };
        assert_eq!(problem(uneven, None, now), Some(PathProblem::Jitter));
        assert_eq!(problem(good(), Some(Micros(600_000)), now), Some(PathProblem::Delay));
    }

    #[test]
    fn silence_is_told_after_two_seconds_and_not_before() {
        let silent = Quality { flowing: false, ..good() };
        assert_eq!(view(silent, None, Duration::from_millis(1900)), None);
        let told = view(good(), None, NOTHING_AFTER).unwrap();
        assert_eq!(told.problem, Some(PathProblem::NothingReceived));
        assert!(told.mos <= 1.0);
    }
}
