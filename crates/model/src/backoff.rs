use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);

/// Pauses between reconnections: none before the first, then 250 ms doubling to the
/// longest, each shortened at random by up to half, so that the clients of a server that
/// restarts do not come back in step.
#[derive(Clone, Debug)]
pub struct Backoff {
    longest: Duration,
    attempt: u32,
    random: u64,
}

impl Backoff {
    /// `seed`: another one in every client.
    #[must_use]
    pub fn new(longest: Duration, seed: u64) -> Self {
        Self { longest, attempt: 0, random: seed }
    }

    /// Number of the attempt that follows, from 1, and the pause before it.
    pub fn next_attempt(&mut self) -> (u32, Duration) {
        let whole = match self.attempt {
            0 => Duration::ZERO,
            n => FIRST.saturating_mul(1 << (n - 1).min(10)).min(self.longest),
        };
        self.attempt = self.attempt.saturating_add(1);
        let half = whole / 2;
        (self.attempt, half + half.mul_f64(self.draw()))
    }

    /// The connection has held.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }

    /// 0 to 1 (splitmix64).
    fn draw(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        f64::from(u32::try_from(z >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_nothing_to_the_longest() {
        for (seed, longest) in (0..200).zip([10, 20].into_iter().cycle()) {
            let longest = Duration::from_secs(longest);
            let mut backoff = Backoff::new(longest, seed);
            assert_eq!(backoff.next_attempt(), (1, Duration::ZERO));
            for n in 0..20u32 {
                let whole = (FIRST * 2u32.pow(n.min(8))).min(longest);
                let (attempt, pause) = backoff.next_attempt();
                assert_eq!(attempt, n + 2);
                assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
            }
            backoff.reset();
            assert_eq!(backoff.next_attempt(), (1, Duration::ZERO));
        }
    }

    #[test]
    fn clients_do_not_come_back_in_step() {
        let third = |seed| {
            let mut backoff = Backoff::new(Duration::from_secs(10), seed);
            (0..3).map(|_| backoff.next_attempt().1).last()
        };
        let pauses: std::collections::BTreeSet<_> = (0..100).map(third).collect();
        assert!(pauses.len() > 90);
    }
}
