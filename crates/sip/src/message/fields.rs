use super::names;
use std::borrow::Cow;
use std::fmt;
use std::str::CharIndices;

/// Header fields in the order in which they came or will be sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(Cow<'static, str>, String)>);

/// Fields whose text is worth a password to whoever reads it.
const SECRET: &[&str] = &[names::AUTHORIZATION, names::PROXY_AUTHORIZATION];

impl Fields {
    /// Appends. Line ends and other controls of the value become spaces, so that no
    /// text of somebody else's can add a field of its own.
    pub(crate) fn push(&mut self, name: &'static str, value: impl Into<String>) {
        let mut value = value.into();
        if value.contains(is_control) {
            value = value.replace(is_control, " ");
        }
        self.0.push((Cow::Borrowed(name), value));
    }

    /// Appends what came from the network: its controls may stand in quotes there
    /// (RFC 4475 section 3.1.1.2); line ends cannot.
    pub(crate) fn push_received(&mut self, name: &str, value: String) {
        let name = match names::known(name) {
            Some(known) => Cow::Borrowed(known),
            None => Cow::Owned(name.to_owned()),
        };
        self.0.push((name, value));
    }

    /// Puts before all others: where a Via belongs.
    pub(crate) fn push_first(&mut self, name: &'static str, value: String) {
        self.0.insert(0, (Cow::Borrowed(name), value));
    }

    /// Appends what was read before, as it was.
    pub(crate) fn push_known(&mut self, name: &'static str, value: &str) {
        self.0.push((Cow::Borrowed(name), value.to_owned()));
    }

    /// Replaces every field of that name by one.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.remove(name);
        self.push(name, value);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Name and value of each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// The first of that name, whole.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every one of that name, whole: for fields whose commas separate nothing.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The values of a field that lists (RFC 3261 section 7.3.1), over all of that name.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.all(name).flat_map(|value| Split { rest: Some(value), at: ',' })
    }

    /// Whether a list of tokens, such as `Supported`, has that one.
    #[must_use]
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.list(name).any(|value| value.eq_ignore_ascii_case(token))
    }

    /// A number, as `Expires` has it; parameters and comments behind it are not read.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        let value = self.get(name)?;
        let digits = value.bytes().take_while(u8::is_ascii_digit).count();
        value[..digits].parse().ok()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(name, value)| {
            let secret = SECRET.iter().any(|secret| secret.eq_ignore_ascii_case(name));
            (name, if secret { "***" } else { value })
        });
        f.debug_map().entries(shown).finish()
    }
}

fn is_control(c: char) -> bool {
    c.is_control() && c != '\t'
}

/// Splits at a character that stands outside quotes and angle brackets, trims, and
/// leaves empty pieces out.
pub(crate) struct Split<'a> {
    pub(crate) rest: Option<&'a str>,
    pub(crate) at: char,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        while let Some(text) = self.rest {
            let (piece, rest) = match boundary(text, self.at) {
                Some(at) => (&text[..at], Some(&text[at + self.at.len_utf8()..])),
                None => (text, None),
            };
            self.rest = rest;
            let piece = piece.trim();
            if !piece.is_empty() {
                return Some(piece);
            }
        }
        None
    }
}

fn boundary(text: &str, at: char) -> Option<usize> {
    let mut angled = false;
    for (index, c) in Bare::of(text) {
        match c {
            '<' => angled = true,
            '>' => angled = false,
            c if c == at && !angled => return Some(index),
            _ => {}
        }
    }
    None
}

/// The characters outside quoted strings and where they are. Within one, a backslash
/// takes the next character's meaning away (RFC 3261 section 25.1, `quoted-pair`).
pub(crate) struct Bare<'a> {
    rest: CharIndices<'a>,
    quoted: bool,
}

impl<'a> Bare<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { rest: text.char_indices(), quoted: false }
    }
}

impl Iterator for Bare<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<(usize, char)> {
        loop {
            let (index, c) = self.rest.next()?;
            match (self.quoted, c) {
                (_, '"') => self.quoted = !self.quoted,
                (true, '\\') => _ = self.rest.next(),
                (true, _) => {}
                (false, c) => return Some((index, c)),
            }
        }
    }
}

/// Whether every quote that is opened is closed.
pub(crate) fn quotes_close(text: &str) -> bool {
    let mut bare = Bare::of(text);
    bare.by_ref().for_each(drop);
    !bare.quoted
}

/// The text without its quotes and escapes, if it has any.
pub(crate) fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else { return text.to_owned() };
    let mut plain = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            plain.push(c);
        }
    }
    plain
}

/// In quotes, with what must be escaped there.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_and_brackets_separate_nothing() {
        let mut fields = Fields::default();
        fields.push(names::CONTACT, r#""A, \"B" <sip:a,b@h>;x=1 , <sip:c@h>"#);
        fields.push(names::CONTACT, " ,, sip:d@h");
        let values: Vec<_> = fields.list("contact").collect();
        assert_eq!(values, [r#""A, \"B" <sip:a,b@h>;x=1"#, "<sip:c@h>", "sip:d@h"]);
    }

    #[test]
    fn nothing_can_add_a_line() {
        let mut fields = Fields::default();
        fields.push(names::REASON, "a\r\nAuthorization: b");
        assert_eq!(fields.get("Reason"), Some("a  Authorization: b"));
    }

    #[test]
    fn credentials_are_not_shown() {
        let mut fields = Fields::default();
        fields.push(names::AUTHORIZATION, "Digest response=\"abc\"");
        assert_eq!(format!("{fields:?}"), r#"{"Authorization": "***"}"#);
    }

    #[test]
    fn quotes_come_and_go() {
        assert_eq!(unquoted(r#""a \"b\" \\""#), r#"a "b" \"#);
        assert_eq!(quoted(r#"a "b" \"#), r#""a \"b\" \\""#);
        assert!(quotes_close(r#""a\"""#) && !quotes_close(r#""a\""#));
    }
}
