use crate::{AgentId, IvrId, QueueId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use ts_rs::TS;

/// A dialable number: 1 to 32 of `0-9 * #`, with at most one leading `+`.
///
/// Customers' numbers are personal data: `Debug` shows the last two digits only,
/// so a number that reaches a log by accident is not readable there. `Display`
/// and serialisation give it whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, TS)]
#[ts(type = "string")]
pub struct PhoneNumber(Arc<str>);

/// In place of the digits that are hidden; no telephone number begins so.
const MASK: &str = "******";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNumber {
    #[error("no digits in the number")]
    Empty,
    #[error("a number has at most 32 digits")]
    TooLong,
    #[error("only digits, *, # and a leading + can be dialled")]
    BadCharacter,
}

impl PhoneNumber {
    /// Takes what people and links write: `+1 555 0101`, `tel:+1-555-0101;ext=2`,
    /// `(555) 0101`. Visual separators of RFC 3966 section 5.1.1 are dropped, and
    /// the parameters of a `tel:` URI are ignored.
    pub fn parse(text: &str) -> Result<Self, BadNumber> {
        let text = text.trim();
        let text = match text.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => {
                text[4..].split(';').next().unwrap_or("")
            }
            _ => text,
        };
        let mut digits = String::new();
        for c in text.chars() {
            match c {
                '0'..='9' | '*' | '#' => digits.push(c),
                '+' if digits.is_empty() => digits.push(c),
                ' ' | '-' | '.' | '(' | ')' | '\u{a0}' | '/' => {}
                _ => return Err(BadNumber::BadCharacter),
            }
            if digits.len() > 33 {
                return Err(BadNumber::TooLong);
            }
        }
        match digits.trim_start_matches('+').len() {
            0 => Err(BadNumber::Empty),
            1..=32 => Ok(Self(digits.into())),
            _ => Err(BadNumber::TooLong),
        }
    }

    /// As agents see it who may not read numbers: `******0101`. Of a short number
    /// nothing is left.
    #[must_use]
    pub fn masked(&self) -> Self {
        let digits = self.0.trim_start_matches('+');
        let shown = if digits.len() >= 7 { &digits[digits.len() - 4..] } else { "" };
        Self(format!("{MASK}{shown}").into())
    }

    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.0.starts_with(MASK)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every character is ASCII by construction.
        let shown = if self.0.len() > 4 { &self.0[self.0.len() - 2..] } else { "" };
        write!(f, "…{shown}")
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// Where a call can be sent: the one search over people, queues, IVR and numbers
/// yields these.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Destination {
    Agent(AgentId),
    Queue(QueueId),
    Ivr(IvrId),
    Number(PhoneNumber),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, want) in [
            ("+1 555 0101", "+15550101"),
            ("tel:+1-555-0101;ext=2", "+15550101"),
            ("TEL:15550101", "15550101"),
            ("(555) 01.01", "5550101"),
            ("*45#", "*45#"),
        ] {
            assert_eq!(PhoneNumber::parse(text).map(|n| n.to_string()), Ok(want.into()), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for (text, want) in [
            ("", BadNumber::Empty),
            ("+", BadNumber::Empty),
            ("tel:", BadNumber::Empty),
            ("1+2", BadNumber::BadCharacter),
            ("javascript:1", BadNumber::BadCharacter),
            ("555é0101", BadNumber::BadCharacter),
        ] {
            assert_eq!(PhoneNumber::parse(text), Err(want), "{text}");
        }
        assert_eq!(PhoneNumber::parse(&"1".repeat(33)), Err(BadNumber::TooLong));
    }

    #[test]
    fn of_a_masked_number_four_digits_are_left() {
        for (text, want) in
            [("+15550101", "******0101"), ("5550101", "******0101"), ("911", "******")]
        {
            let masked = PhoneNumber::parse(text).map(|n| n.masked());
            assert!(masked.as_ref().is_ok_and(PhoneNumber::is_masked), "{text}");
            assert_eq!(masked.map(|n| n.to_string()), Ok(want.into()), "{text}");
        }
        assert_eq!(PhoneNumber::parse("+15550101").map(|n| n.is_masked()), Ok(false));
    }

    #[test]
    fn debug_hides_the_number() {
        let number = PhoneNumber::parse("+15550101").map(|n| format!("{n:?}"));
        assert_eq!(number, Ok("…01".into()));
    }
}
