use std::time::Duration;

/// A key of a telephone: `0`–`9`, `*`, `#`, `A`–`D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digit(char);

impl Digit {
    #[must_use]
    pub fn new(key: char) -> Option<Self> {
        let key = key.to_ascii_uppercase();
        "0123456789*#ABCD".contains(key).then_some(Self(key))
    }

    #[must_use]
    pub fn key(self) -> char {
        self.0
    }

    /// Body of an INFO, as every exchange reads it (`application/dtmf-relay`).
    pub(crate) fn relay(self, length: Duration) -> String {
        format!("Signal={}\r\nDuration={}\r\n", self.0, length.as_millis())
    }

    /// Of `application/dtmf-relay` or `application/dtmf`, with its length.
    pub(crate) fn read(kind: &str, body: &[u8]) -> Option<(Self, Duration)> {
        let text = std::str::from_utf8(body).ok()?;
        let usual = Duration::from_millis(160);
        if kind.eq_ignore_ascii_case("application/dtmf") {
            let mut keys = text.trim().chars();
            let digit = Self::new(keys.next()?)?;
            return keys.next().is_none().then_some((digit, usual));
        }
        if !kind.eq_ignore_ascii_case("application/dtmf-relay") {
            return None;
        }
        let value = |name: &str| {
            text.lines().find_map(|line| {
                let (own, value) = line.split_once(['=', ':'])?;
                own.trim().eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        let mut keys = value("Signal")?.chars();
        let digit = Self::new(keys.next()?)?;
        if keys.next().is_some() {
            return None;
        }
        let length = value("Duration").and_then(|ms| ms.parse::<u16>().ok());
        Some((digit, length.map_or(usual, |ms| Duration::from_millis(ms.into()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_sends_the_other_reads() {
        let length = Duration::from_millis(250);
        for key in "0123456789*#ABCD".chars() {
            let digit = Digit::new(key).unwrap();
            let body = digit.relay(length);
            assert_eq!(
                Digit::read("application/dtmf-relay", body.as_bytes()),
                Some((digit, length))
            );
        }
        let five = (Digit('5'), Duration::from_millis(160));
        assert_eq!(Digit::read("application/dtmf", b"5\r\n"), Some(five));
        assert_eq!(Digit::new('x'), None);
        assert_eq!(Digit::read("application/dtmf-relay", b"Signal=55"), None);
        assert_eq!(Digit::read("text/plain", b"5"), None);
    }
}
