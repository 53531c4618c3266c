use sha2::{Digest as _, Sha256};
use std::time::Duration;

/// Numbers that nobody can guess who does not know the seed: tags, branches and nonces
/// of the client keep strangers out of dialogs (RFC 3261 section 19.3). SHA-256 over
/// seed and counter; the same seed gives the same numbers.
pub(crate) struct Random {
    seed: [u8; 32],
    drawn: u64,
}

impl Random {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, drawn: 0 }
    }

    fn draw(&mut self) -> [u8; 32] {
        self.drawn += 1;
        Sha256::new()
            .chain_update(self.seed)
            .chain_update(self.drawn.to_be_bytes())
            .finalize()
            .into()
    }

    /// 20 letters and digits: 100 bits.
    pub(crate) fn token(&mut self) -> String {
        const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        self.draw()[..20].iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect()
    }

    /// From `low` to `high`, evenly.
    pub(crate) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let [a, b, ..] = self.draw();
        let share = f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX);
        low + high.saturating_sub(low).mul_f64(share)
    }

    /// Any of 2³².
    pub(crate) fn number(&mut self) -> u32 {
        let [a, b, c, d, ..] = self.draw();
        u32::from_be_bytes([a, b, c, d])
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_no_number_twice() {
        let tokens = |seed: u8| {
            let mut random = Random::new([seed; 32]);
            (0..100).map(|_| random.token()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(tokens(1), tokens(1));
        assert_eq!(tokens(1).len(), 100);
        assert!(tokens(1).is_disjoint(&tokens(2)));
    }

    #[test]
    fn what_is_between_stays_between() {
        let mut random = Random::new([7; 32]);
        let (low, high) = (Duration::from_millis(2_100), Duration::from_secs(4));
        for _ in 0..200 {
            let drawn = random.between(low, high);
            assert!(drawn >= low && drawn <= high);
        }
    }
}
