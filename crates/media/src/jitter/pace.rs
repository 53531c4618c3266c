use crate::BLOCK;

/// The card's clock: blocks are asked for unevenly, and a block that is asked for early
/// is what the buffer must be ready for. Times are µs.
#[derive(Debug)]
pub(super) struct Pace {
    /// Offset of each of the last calls against the count of samples.
    offsets: [i64; CALLS],
    played: i64,
    calls: usize,
}

/// 0.64 s.
const CALLS: usize = 64;
/// The card has been stopped, or another took its place.
const PAUSE: i64 = 100_000;

impl Pace {
    pub(super) fn new() -> Self {
        Self { offsets: [0; CALLS], played: 0, calls: 0 }
    }

    /// Called once a block. Returns the even time of this block, at most `now`.
    pub(super) fn tick(&mut self, now: i64) -> i64 {
        let played = super::micros(self.played);
        let offset = now.saturating_sub(played);
        if self.calls == 0 || offset - self.least() > PAUSE {
            self.offsets.fill(offset);
        }
        self.offsets[self.calls % CALLS] = offset;
        self.calls += 1;
        self.played += BLOCK as i64;
        played + self.least()
    }

    fn least(&self) -> i64 {
        self.offsets.iter().copied().min().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uneven_calls_give_an_even_time() {
        let mut pace = Pace::new();
        for n in 0..100 {
            let late = if n % 3 == 0 { 0 } else { 9_000 };
            let even = pace.tick(1_000_000 + n * 10_000 + late);
            assert_eq!(even, 1_000_000 + n * 10_000);
        }
    }

    #[test]
    fn a_stopped_card_starts_a_new_time() {
        let mut pace = Pace::new();
        pace.tick(0);
        assert_eq!(pace.tick(5_000_000), 5_000_000);
        assert_eq!(pace.tick(5_010_000), 5_010_000);
    }
}
