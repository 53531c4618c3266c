use crate::message::{Fields, Params, names};
use std::fmt;

/// The dialog whose place a call takes (RFC 3891), as the one who is called sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    pub call_id: String,
    /// Of whoever is called now.
    pub to_tag: String,
    /// Of the party that is replaced.
    pub from_tag: String,
    /// Not if it has been answered.
    pub early_only: bool,
}

impl Replaces {
    /// Of the value of a field or of a URI's header.
    pub(crate) fn read(value: &str) -> Option<Self> {
        let (call_id, params) = value.split_once(';')?;
        let params = Params::read(params);
        Some(Self {
            call_id: call_id.trim().to_owned(),
            to_tag: params.get("to-tag")?.to_owned(),
            from_tag: params.get("from-tag")?.to_owned(),
            early_only: params.has("early-only"),
        })
    }

    /// `Some(Err)`: one that cannot be read, or several (section 3: 400).
    pub(crate) fn of(fields: &Fields) -> Option<Result<Self, ()>> {
        let mut values = fields.all(names::REPLACES);
        let first = values.next()?;
        if values.next().is_some() {
            return Some(Err(()));
        }
        Some(Self::read(first).ok_or(()))
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only {
            f.write_str(";early-only")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_named_and_read() {
        let text = "425928@h;to-tag=7743;from-tag=6472;early-only";
        assert_eq!(Replaces::read(text).unwrap().to_string(), text);
        assert_eq!(Replaces::read("425928@h;to-tag=7743"), None);
        assert_eq!(Replaces::read(""), None);
    }
}
