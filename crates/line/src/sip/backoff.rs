use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(20);

/// Pauses between connections: none before the first, then 250 ms doubling to 20 s, each
/// shortened at random by up to half: the phones of an exchange that restarts must not
/// come back in step.
#[derive(Debug)]
pub(super) struct Backoff {
    attempt: u32,
    random: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self { attempt: 0, random: seed }
    }

    pub(super) fn next(&mut self) -> Duration {
        let whole = match self.attempt {
            0 => Duration::ZERO,
            n => FIRST.saturating_mul(1 << (n - 1).min(10)).min(LONGEST),
        };
        self.attempt = self.attempt.saturating_add(1);
        // An odd multiplier walks through all values (Knuth's MMIX generator).
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let high = u32::try_from(self.random >> 32).unwrap_or(u32::MAX);
        whole / 2 + (whole / 2).mul_f64(f64::from(high) / f64::from(u32::MAX))
    }

    /// The connection has held.
    pub(super) fn reset(&mut self) {
        self.attempt = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_nothing_and_differ() {
        for seed in 0..50 {
            let mut backoff = Backoff::new(seed);
            assert_eq!(backoff.next(), Duration::ZERO);
            for n in 0..12_u32 {
                let whole = (FIRST * 2_u32.pow(n.min(8))).min(LONGEST);
                let pause = backoff.next();
                assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
            }
            backoff.reset();
            assert_eq!(backoff.next(), Duration::ZERO);
        }
    }
}
