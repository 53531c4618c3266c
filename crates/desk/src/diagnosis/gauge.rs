use omnibar_model::Moment;
use std::time::Duration;

/// How long something must hold before it is said, and before it is taken back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) rise: Duration,
    pub(super) fall: Duration,
}

/// On or off, slowly: what is said must not flicker.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gauge {
    on: bool,
    turning: Option<Moment>,
}

impl Gauge {
    /// `bad`: it should be on; `good`: it should be off. Between the two it stays as it is.
    pub(super) fn follow(&mut self, now: Moment, bad: bool, good: bool, how: Patience) -> bool {
        let (turns, wait) = if self.on { (good, how.fall) } else { (bad, how.rise) };
        if !turns {
            self.turning = None;
        } else if now.since(*self.turning.get_or_insert(now)) >= wait {
            (self.on, self.turning) = (!self.on, None);
        }
        self.on
    }
}

/// A number that is shown: it follows what it stands for in steps worth reading.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shown {
    value: Option<(u16, Moment)>,
}

impl Shown {
    pub(super) fn follow(&mut self, now: Moment, value: f32) -> u16 {
        let value = if value.is_finite() { value.round().clamp(0.0, 65_535.0) as u16 } else { 0 };
        if let Some((shown, since)) = self.value {
            let near = value.abs_diff(shown) <= (shown / 5).max(1);
            if near || now.since(since) < EVERY {
                return shown;
            }
        }
        self.value = Some((value, now));
        value
    }

    pub(super) fn forget(&mut self) {
        self.value = None;
    }
}

const EVERY: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    const HOW: Patience = Patience { rise: Duration::from_secs(2), fall: Duration::from_secs(5) };

    #[test]
    fn it_turns_only_after_its_time_and_not_for_a_moment() {
        let mut gauge = Gauge::default();
        assert!(!gauge.follow(Moment(0), true, false, HOW));
        assert!(!gauge.follow(Moment(1_900), true, false, HOW));
        assert!(!gauge.follow(Moment(1_950), false, false, HOW));
        assert!(!gauge.follow(Moment(2_000), true, false, HOW));
        assert!(gauge.follow(Moment(4_000), true, false, HOW));
        assert!(gauge.follow(Moment(5_000), false, true, HOW));
        assert!(gauge.follow(Moment(9_000), false, false, HOW), "between the two");
        assert!(gauge.follow(Moment(10_000), false, true, HOW));
        assert!(!gauge.follow(Moment(15_000), false, true, HOW));
    }

    #[test]
    fn a_number_moves_when_it_is_worth_it() {
        let mut shown = Shown::default();
        assert_eq!(shown.follow(Moment(0), 6.2), 6);
        assert_eq!(shown.follow(Moment(10_000), 7.0), 6);
        assert_eq!(shown.follow(Moment(11_000), 12.0), 12);
        assert_eq!(shown.follow(Moment(12_000), 3.0), 12, "not twice within three seconds");
        assert_eq!(shown.follow(Moment(14_000), f32::NAN), 0);
    }
}
