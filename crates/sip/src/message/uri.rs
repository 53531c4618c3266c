use super::address::Params;
use std::fmt;

/// A SIP or SIPS URI (RFC 3261 section 19.1), or one of another scheme, whose rest is
/// not looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri {
    scheme: Scheme,
    /// Escaped, with the password if there is one. Of another scheme: everything but
    /// its parameters.
    user: String,
    host: String,
    port: Option<u16>,
    params: Params,
    /// Behind `?`, escaped.
    headers: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scheme {
    Sip,
    Sips,
    Other(String),
}

/// The text is no URI that could be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no address: {0}")]
pub struct BadUri(&'static str);

impl BadUri {
    pub(super) const QUOTE: Self = Self("a quote that is not closed");
    pub(super) const BRACKET: Self = Self("brackets that are missing or not closed");
}

impl Uri {
    /// # Errors
    /// [`BadUri`] with what is wrong.
    pub fn read(text: &str) -> Result<Self, BadUri> {
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c)) {
            return Err(BadUri("a character that may not be there"));
        }
        let (scheme, rest) = text.split_once(':').ok_or(BadUri("no scheme"))?;
        let scheme = Scheme::read(scheme)?;
        if rest.is_empty() {
            return Err(BadUri("nothing behind the scheme"));
        }
        if let Scheme::Other(_) = scheme {
            let (body, params) = rest.split_once(';').unwrap_or((rest, ""));
            return Ok(Self {
                scheme,
                user: body.to_owned(),
                host: String::new(),
                port: None,
                params: Params::read(params),
                headers: String::new(),
            });
        }
        // A user may hold `;` and `?` (RFC 4475 section 3.1.1.13); a host holds no `@`.
        let (user, rest) = match rest.rsplit_once('@') {
            Some(("", _)) => return Err(BadUri("no user before @")),
            Some((user, rest)) => (user, rest),
            None => ("", rest),
        };
        let (rest, headers) = rest.split_once('?').unwrap_or((rest, ""));
        let (place, params) = rest.split_once(';').unwrap_or((rest, ""));
        let (host, port) = host_and_port(place)?;
        Ok(Self {
            scheme,
            user: user.to_owned(),
            host,
            port,
            params: Params::read(params),
            headers: headers.to_owned(),
        })
    }

    /// Where a person's `text` leads: a URI as it is, anything else a user of `domain`.
    /// Blanks, dots, dashes and brackets of a telephone number are left out.
    ///
    /// # Errors
    /// [`BadUri`] for nothing, or for a URI that is none.
    pub fn dialled(text: &str, domain: &str) -> Result<Self, BadUri> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("sip:") || lower.starts_with("sips:") {
            return Self::read(text);
        }
        let number = text.strip_prefix("tel:").unwrap_or(text);
        let is_number = number.chars().all(|c| c.is_ascii_digit() || "+*#-. ()/".contains(c));
        let user: String = if is_number {
            number.chars().filter(|c| !"-. ()/".contains(*c)).collect()
        } else {
            if let Some((_, host)) = number.split_once('@')
                && !host.is_empty()
            {
                return Self::read(&format!("sip:{number}"));
            }
            number.to_owned()
        };
        if user.is_empty() {
            return Err(BadUri("nobody was named"));
        }
        Self::read(&format!("sip:{}@{domain}", escaped(&user)))
    }

    /// `sip` or `sips`: what this user agent can call.
    #[must_use]
    pub fn is_sip(&self) -> bool {
        match self.scheme {
            Scheme::Sip | Scheme::Sips => true,
            Scheme::Other(_) => false,
        }
    }

    /// The user without its escapes: a number or a name. Controls become spaces.
    #[must_use]
    pub fn user(&self) -> String {
        let name = self.user.split(':').next().unwrap_or_default();
        unescaped(name).replace(|c: char| c.is_control(), " ")
    }

    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Value of the header of that name behind `?`, without escapes.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.split('&').find_map(|pair| {
            let (own, value) = pair.split_once('=')?;
            own.eq_ignore_ascii_case(name).then(|| unescaped(value))
        })
    }

    /// As it may stand in a request's first line: without headers (section 19.1.5).
    #[must_use]
    pub fn without_headers(mut self) -> Self {
        self.headers.clear();
        self
    }

    /// Host and port alone.
    pub(crate) fn place(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        let joint = if self.headers.is_empty() { "" } else { "&" };
        self.headers = format!("{}{joint}{name}={}", self.headers, escaped(value));
        self
    }

    /// Whether both name the same user of the same host; parameters are not compared.
    #[must_use]
    pub fn is_same_user(&self, other: &Self) -> bool {
        self.user() == other.user() && self.host.eq_ignore_ascii_case(&other.host)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scheme {
            Scheme::Sip => f.write_str("sip:")?,
            Scheme::Sips => f.write_str("sips:")?,
            Scheme::Other(name) => write!(f, "{name}:")?,
        }
        f.write_str(&self.user)?;
        if self.is_sip() && !self.user.is_empty() {
            f.write_str("@")?;
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        if !self.headers.is_empty() {
            write!(f, "?{}", self.headers)?;
        }
        Ok(())
    }
}

impl Scheme {
    fn read(text: &str) -> Result<Self, BadUri> {
        let sound = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        match text.to_ascii_lowercase().as_str() {
            "sip" => Ok(Self::Sip),
            "sips" => Ok(Self::Sips),
            other if sound => Ok(Self::Other(other.to_owned())),
            _ => Err(BadUri("no scheme")),
        }
    }
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), BadUri> {
    let (host, port) = if text.starts_with('[') {
        let end = text.find(']').ok_or(BadUri("an IPv6 address without its end"))?;
        let (host, rest) = text.split_at(end + 1);
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port),
            None if rest.is_empty() => None,
            None => return Err(BadUri("something behind an IPv6 address")),
        };
        (host, port)
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let sound = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
    if host.is_empty() || !host.chars().all(sound) {
        return Err(BadUri("no host"));
    }
    let port = port.map(str::parse).transpose().map_err(|_| BadUri("no port number"))?;
    Ok((host.to_owned(), port))
}

/// Percent-escaped but for what every part of a URI may hold (RFC 3986 section 2.3).
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()+".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn unescaped(text: &str) -> String {
    let hex = |at: &[u8]| {
        let digits = std::str::from_utf8(at.get(..2)?).ok()?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then_some(())?;
        u8::from_str_radix(digits, 16).ok()
    };
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match (first, hex(tail)) {
            (b'%', Some(byte)) => {
                out.push(byte);
                rest = &tail[2..];
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_as_it_was() {
        for text in [
            "sip:agent1@pbx.test",
            "sips:agent1:pw@[2001:db8::1]:5061;transport=ws;lr?Subject=a&Replaces=b",
            "sip:pbx.test",
            "sip:user;par=u%40example.net@example.com",
            "tel:+15555550100;phone-context=pbx.test",
            "sip:+15555550100@pbx.test;user=phone",
        ] {
            assert_eq!(Uri::read(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for text in [
            "",
            "600",
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:a b@h",
            "<sip:a@h>",
            "sip:a@h:99999",
            "1:x",
        ] {
            assert!(Uri::read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_person_dials_numbers_names_and_addresses() {
        let to = |text| Uri::dialled(text, "pbx.test").map(|uri| uri.to_string());
        assert_eq!(to("600").as_deref(), Ok("sip:600@pbx.test"));
        assert_eq!(to("+1 (555) 555-0100").as_deref(), Ok("sip:+15555550100@pbx.test"));
        assert_eq!(to("*45#").as_deref(), Ok("sip:*45%23@pbx.test"));
        assert_eq!(to("agent1@elsewhere.test").as_deref(), Ok("sip:agent1@elsewhere.test"));
        assert_eq!(to("agent one").as_deref(), Ok("sip:agent%20one@pbx.test"));
        assert!(to(" ").is_err() && to("--").is_err());
    }

    #[test]
    fn escapes_are_read_where_a_person_looks() {
        let uri = Uri::read("sip:%61%00b@h?Replaces=a%40b%3Bto-tag%3D1").unwrap();
        assert_eq!(uri.user(), "a b");
        assert_eq!(uri.header("replaces").as_deref(), Some("a@b;to-tag=1"));
        assert_eq!(unescaped("%zz%+1%4"), "%zz%+1%4");
    }
}
