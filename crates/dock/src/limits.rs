//! What one page may send: how long, how deep, how fast.

/// Longest text of a page, in bytes. The centre takes 256 kB, and a call that goes on to
/// it has an envelope.
pub(crate) const TEXT_MAX: usize = 200_000;
/// Nesting of JSON: no call of the contract comes near.
pub(crate) const DEPTH_MAX: usize = 32;
/// Pages that are connected at the same time.
pub(crate) const PAGES_MAX: usize = 64;
/// A page has so long for its hello, in ms.
pub(crate) const HELLO_MS: i64 = 10_000;
/// Longest id or name that a page gives of itself, in characters.
pub(crate) const NAME_MAX: usize = 128;

/// A longer text counts as so many as it has pieces of this length, in bytes.
const PIECE: usize = 4096;
/// Texts a second that are sustained.
const RATE: f64 = 200.0;
/// Texts beyond the rate that are still done.
const BURST: f64 = 400.0;
/// Texts beyond the rate with which a page is closed.
const FLOOD: f64 = 10_000.0;

/// Deeper than [`DEPTH_MAX`], found without reading it.
pub(crate) fn is_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Fine,
    TooFast,
    Flood,
}

/// A leaky bucket of texts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flow {
    level: f64,
    at: i64,
}

impl Flow {
    pub(crate) fn take(&mut self, now: i64, bytes: usize) -> Pace {
        // A clock that was set back lets nothing out.
        #[allow(clippy::cast_precision_loss, reason = "a few seconds in ms")]
        let seconds = now.saturating_sub(self.at).clamp(0, 3_600_000) as f64 / 1000.0;
        self.at = now;
        let pieces = u32::try_from(bytes / PIECE).unwrap_or(u32::MAX);
        self.level = (self.level - seconds * RATE).max(0.0) + 1.0 + f64::from(pieces);
        match self.level {
            level if level > FLOOD => Pace::Flood,
            level if level > BURST => Pace::TooFast,
            _ => Pace::Fine,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(!is_deep(&nested(DEPTH_MAX)));
        assert!(is_deep(&nested(DEPTH_MAX + 1)));
        assert!(!is_deep(&format!("{{\"a\":\"{}\\\"[\"}}", "[".repeat(100))));
        assert!(!is_deep(&"[]".repeat(1000)));
        assert!(is_deep(&"{\"a\":".repeat(100_000)));
    }

    #[test]
    fn two_hundred_a_second_go_on_and_ten_thousand_end() {
        let mut flow = Flow::default();
        for n in 0..20_000 {
            assert_eq!(flow.take(n * 5, 100), Pace::Fine, "200 a second");
        }
        let mut flow = Flow::default();
        let paces: Vec<Pace> = (0..11_000).map(|n| flow.take(n / 11, 100)).collect();
        let count = |pace| paces.iter().filter(|p| **p == pace).count();
        assert!((400..700).contains(&count(Pace::Fine)), "{}", count(Pace::Fine));
        assert_eq!(paces[10_300], Pace::Flood);
        assert!(count(Pace::TooFast) > 9_000);
        let mut flow = Flow::default();
        let long = (0..300).find(|n| flow.take(*n, TEXT_MAX) == Pace::Flood);
        assert_eq!(long, Some(204), "long ones count for more");
    }
}
