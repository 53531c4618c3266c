//! Which packets of a path were lost, and the model that says what copies of them save.

/// Packets that are remembered: 10 s of 20 ms packets.
pub const REMEMBERED: i64 = 512;
const WORDS: usize = REMEMBERED as usize / 64;
/// Packets of the shorter views, by which a path that turns bad is known.
const VIEWS: [i64; 2] = [192, 64];
/// Packets that a share is reckoned of at least.
const LEAST: i64 = 128;
/// Weight, in bursts, of the assumption that losses are independent.
const PRIOR: f32 = 2.0;

/// Came or lost, for the last [`REMEMBERED`] packets of a stream. Numbers do not wrap.
#[derive(Clone, Debug, Default)]
pub struct LossMap {
    came: [u64; WORDS],
    /// The highest that is known, and how many before it are.
    highest: Option<i64>,
    known: i64,
}

impl LossMap {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This packet came; those between the highest so far and it have not.
    pub fn came(&mut self, sequence: i64) {
        self.reach(sequence);
        if self.highest.is_some_and(|highest| highest - sequence < REMEMBERED) {
            self.came[word(sequence)] |= bit(sequence);
        }
    }

    /// This packet and those before it that have not come are lost.
    pub fn lost(&mut self, sequence: i64) {
        self.reach(sequence);
    }

    /// Another stream begins, over the same path.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// The wire's number as one of this stream.
    #[must_use]
    pub fn unwrap(&self, sequence: u16) -> i64 {
        let highest = self.highest.unwrap_or(i64::from(sequence));
        highest + i64::from(sequence.wrapping_sub(highest as u16) as i16)
    }

    #[must_use]
    pub fn highest(&self) -> Option<i64> {
        self.highest
    }

    /// Packets that are known, at most [`REMEMBERED`].
    #[must_use]
    pub fn known(&self) -> i64 {
        self.known
    }

    /// Whether it came; `None`: not known (any more).
    #[must_use]
    pub fn has(&self, sequence: i64) -> Option<bool> {
        let highest = self.highest?;
        let known = sequence <= highest && sequence > highest - self.known;
        known.then(|| self.came[word(sequence)] & bit(sequence) != 0)
    }

    /// The path as this map shows it.
    #[must_use]
    pub fn path(&self) -> Gilbert {
        self.path_but(0)
    }

    /// The same without the newest packets, some of which may only have been overtaken.
    #[must_use]
    pub fn path_but(&self, newest: i64) -> Gilbert {
        // What came before the first loss was another path, perhaps.
        let all = (self.known - newest).max(0);
        let packets = self.since_first_loss(newest, all).max(LEAST).min(all);
        let (lost, runs) = self.count(newest, packets);
        let mut path = Gilbert::estimate(lost, runs, packets);
        for view in VIEWS {
            let (lost, runs) = self.count(newest, view.min(packets));
            let usual = path.share * view as f32;
            // More than chance would have it (two and a half times the deviation of as
            // many losses).
            if lost as f32 > usual + 2.5 * (usual * path.burst).sqrt() + 1.5 {
                let short = Gilbert::estimate(lost, runs, packets.min(view));
                path = Gilbert { share: short.share, burst: short.burst.max(path.burst) };
            }
        }
        path
    }

    /// Packets from the first loss on, among the last `packets` before the `newest`.
    fn since_first_loss(&self, newest: i64, packets: i64) -> i64 {
        let last = self.highest.unwrap_or(0) - newest;
        let lost = |n: &i64| self.came[word(*n)] & bit(*n) == 0;
        let first = (last - packets + 1..=last).find(lost);
        first.map_or(packets, |first| last - first + 1)
    }

    /// Losses among the last `packets` before the `newest`, and runs of them.
    fn count(&self, newest: i64, packets: i64) -> (u32, u32) {
        let Some(highest) = self.highest else { return (0, 0) };
        let last = highest - newest;
        let (mut lost, mut runs, mut before) = (0, 0, false);
        for sequence in last - packets + 1..=last {
            let missing = self.came[word(sequence)] & bit(sequence) == 0;
            lost += u32::from(missing);
            runs += u32::from(missing && !before);
            before = missing;
        }
        (lost, runs)
    }

    fn reach(&mut self, sequence: i64) {
        let Some(highest) = self.highest else {
            self.highest = Some(sequence);
            self.known = 1;
            return;
        };
        if sequence <= highest {
            return;
        }
        for n in highest.max(sequence - REMEMBERED) + 1..=sequence {
            self.came[word(n)] &= !bit(n);
        }
        self.known = (self.known + (sequence - highest).min(REMEMBERED)).min(REMEMBERED);
        self.highest = Some(sequence);
    }
}

fn word(sequence: i64) -> usize {
    (sequence.rem_euclid(REMEMBERED) / 64) as usize
}

fn bit(sequence: i64) -> u64 {
    1 << sequence.rem_euclid(64)
}

/// A path that is good or bad for a while and loses while it is bad (E. N. Gilbert, Bell
/// System Technical Journal 39, 1960).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gilbert {
    /// Of packets that are lost, 0 to 1.
    pub share: f32,
    /// Mean length of a run of losses, in packets; at least that of independent losses.
    pub burst: f32,
}

impl Gilbert {
    /// Independent losses.
    #[must_use]
    pub fn random(share: f32) -> Self {
        let share = if share.is_finite() { share.clamp(0.0, 0.95) } else { 0.0 };
        Self { share, burst: 1.0 / (1.0 - share) }
    }

    fn estimate(lost: u32, runs: u32, packets: i64) -> Self {
        if packets <= 0 {
            return Self::random(0.0);
        }
        let random = Self::random(lost as f32 / packets as f32);
        let mean = (lost as f32 + PRIOR * random.burst) / (runs as f32 + PRIOR);
        Self { burst: mean.max(random.burst), ..random }
    }

    /// Probability that a packet is lost when the one so many before it was.
    #[must_use]
    pub fn again(self, packets: u32) -> f32 {
        let leave = 1.0 / self.burst.max(1.0);
        let enter = leave * self.share / (1.0 - self.share).max(0.05);
        let stay = (1.0 - leave - enter).clamp(0.0, 1.0);
        self.share + (1.0 - self.share) * stay.powi(packets.min(1000) as i32)
    }

    /// Share of packets that are lost with all their copies, which follow at these distances
    /// (packets, rising).
    #[must_use]
    pub fn residual(self, distances: impl Iterator<Item = u32>) -> f32 {
        let mut last = 0;
        let mut share = self.share;
        for distance in distances {
            share *= self.again(distance.saturating_sub(last));
            last = distance;
        }
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Random;
    use proptest::prelude::*;

    fn observed(share: f64, burst: f64, packets: i64) -> LossMap {
        let mut random = Random::new(5);
        let (mut map, mut bad) = (LossMap::new(), false);
        for n in 0..packets {
            let leave = 1.0 / burst;
            let turn = if bad { leave } else { leave * share / (1.0 - share) };
            bad ^= random.chance(turn);
            if !bad {
                map.came(n);
            }
        }
        map
    }

    #[test]
    fn shares_and_bursts_are_found_again() {
        let path = observed(0.1, 4.0, 512).path();
        assert!((0.05..0.18).contains(&path.share) && (2.3..5.5).contains(&path.burst), "{path:?}");
        let path = observed(0.05, 1.0 / 0.95, 512).path();
        assert!((0.025..0.09).contains(&path.share) && path.burst < 1.25, "{path:?}");
        assert_eq!(observed(0.0, 1.0, 512).path(), Gilbert::random(0.0));
    }

    #[test]
    fn a_path_that_turns_bad_is_known_within_its_first_losses() {
        let mut map = observed(0.0, 1.0, 500);
        for n in 0..40 {
            if n % 5 != 0 {
                map.came(500 + n);
            }
        }
        assert!(map.path().share > 0.05, "{:?}", map.path());
    }

    #[test]
    fn copies_save_what_the_model_says() {
        let random = Gilbert::random(0.2);
        assert!((random.residual([1, 2].into_iter()) - 0.008).abs() < 1e-4);
        let bursts = Gilbert { share: 0.1, burst: 4.0 };
        assert!(bursts.residual([1].into_iter()) > 0.07);
        assert!(bursts.residual([5].into_iter()) < 0.03);
        assert_eq!(Gilbert::random(0.0).residual([1].into_iter()), 0.0);
    }

    #[test]
    fn late_and_old_numbers_keep_their_place() {
        let mut map = LossMap::new();
        for n in [10, 12, 11, 600, 20] {
            map.came(n);
        }
        assert_eq!((map.has(600), map.has(599), map.has(20)), (Some(true), Some(false), None));
        assert_eq!(map.unwrap(598), 598);
        assert_eq!(map.known(), REMEMBERED);
    }

    proptest! {
        #[test]
        fn any_numbers(numbers in prop::collection::vec(-100_000i64..100_000, 0..60)) {
            let mut map = LossMap::new();
            for number in numbers {
                map.came(number);
                prop_assert!(map.has(number) != Some(false));
                let path = map.path();
                prop_assert!((0.0..=1.0).contains(&path.share) && path.burst >= 1.0);
                let residual = path.residual([1, 3].into_iter());
                prop_assert!(residual >= 0.0 && residual <= path.share + 1e-6);
            }
        }
    }
}
