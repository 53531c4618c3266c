use super::fields::{Bare, Split, quoted, quotes_close, unquoted};
use super::uri::{BadUri, Uri};
use std::fmt;

/// `;name=value` in the order in which they came; a value keeps its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// Text with or without its first semicolon.
    pub(crate) fn read(text: &str) -> Self {
        let pieces = Split { rest: Some(text), at: ';' };
        Self(
            pieces
                .map(|piece| match piece.split_once('=') {
                    Some((name, value)) => (name.trim().to_owned(), Some(value.trim().to_owned())),
                    None => (piece.to_owned(), None),
                })
                .collect(),
        )
    }

    /// `Some("")` for one without a value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(value.as_deref().unwrap_or_default())
    }

    /// The value without quotes.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(unquoted)
    }

    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }
}

/// A name-addr or addr-spec with parameters (RFC 3261 section 20.10), as `From`,
/// `Contact` and `Route` have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    display: String,
    pub uri: Uri,
    pub params: Params,
}

impl Address {
    pub(crate) fn new(display: &str, uri: Uri) -> Self {
        Self { display: display.to_owned(), uri, params: Params::default() }
    }

    /// # Errors
    /// [`BadUri`] if no address can be made out.
    pub fn read(text: &str) -> Result<Self, BadUri> {
        let text = text.trim();
        if !quotes_close(text) {
            return Err(BadUri::QUOTE);
        }
        // One in quotes belongs to the name.
        let Some((open, _)) = Bare::of(text).find(|(_, c)| *c == '<') else {
            // Without brackets, parameters are the field's (section 20.10), and a `?`
            // or a comma may not be there.
            let (uri, params) = text.split_once(';').unwrap_or((text, ""));
            if uri.contains(['?', ',']) {
                return Err(BadUri::BRACKET);
            }
            let uri = Uri::read(uri.trim())?;
            return Ok(Self { display: String::new(), uri, params: Params::read(params) });
        };
        let (display, rest) = text.split_at(open);
        let (uri, params) = rest[1..].split_once('>').ok_or(BadUri::BRACKET)?;
        let params = params.trim();
        if !(params.is_empty() || params.starts_with(';')) {
            return Err(BadUri::BRACKET);
        }
        Ok(Self {
            display: unquoted(display.trim()),
            uri: Uri::read(uri.trim())?,
            params: Params::read(params),
        })
    }

    /// The name to show, without quotes; controls become spaces. Empty if there is none.
    #[must_use]
    pub fn display(&self) -> String {
        self.display.replace(|c: char| c.is_control(), " ").trim().to_owned()
    }

    /// The `tag` parameter (section 19.3).
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.display.is_empty() {
            write!(f, "{} ", quoted(&self.display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_an_address_is_read() {
        let read = |text: &str| {
            let address = Address::read(text).unwrap();
            (address.display(), address.uri.to_string(), address.tag().unwrap_or("").to_owned())
        };
        let is = |display: &str, uri: &str, tag: &str| {
            (display.to_owned(), uri.to_owned(), tag.to_owned())
        };
        assert_eq!(read("sip:a@h;tag=1"), is("", "sip:a@h", "1"));
        assert_eq!(read("<sip:a@h;lr>;tag=1"), is("", "sip:a@h;lr", "1"));
        assert_eq!(read("Agent One <sip:a@h>"), is("Agent One", "sip:a@h", ""));
        assert_eq!(
            read(r#""J. \"R\" <x>, \\" <sip:a@h> ; tag = 1"#),
            is(r#"J. "R" <x>, \"#, "sip:a@h", "1")
        );
        assert_eq!(read("\"BEL:\\\u{7} NUL:\\\u{0}\" <sip:a@h>"), is("BEL:  NUL:", "sip:a@h", ""));
    }

    #[test]
    fn a_name_cannot_break_out_of_its_quotes() {
        let address = Address::new("x\" <sip:evil@h>", Uri::read("sip:a@h").unwrap());
        assert_eq!(Address::read(&address.to_string()).unwrap(), address);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "\"a <sip:a@h>", "<sip:a@h", "<sip:a@h>x", "sip:a@h?Route=x", "\"\"", "<>"]
        {
            assert!(Address::read(text).is_err(), "{text:?}");
        }
    }
}
