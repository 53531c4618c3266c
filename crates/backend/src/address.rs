use std::fmt;
use url::{Host, Url};

/// Where a centre's agents connect.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: Url,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a centre")]
pub struct BadAddress;

/// Path of the agents' WebSocket at a centre.
const PATH: &str = "ws/agent";

/// Longest accepted address, in bytes.
const MAX: usize = 2_048;

impl Address {
    /// Takes `wss://host`, `ws://host:port/path`, `http(s)` of the same, and what
    /// people type: `centre.example` and `localhost:8443`. Without a scheme a host
    /// of this machine is reached in the clear and every other one by TLS.
    ///
    /// # Errors
    /// [`BadAddress`] for everything else.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX || text.contains(char::is_whitespace) {
            return Err(BadAddress);
        }
        let mut url = if text.contains("://") { parse(text)? } else { guess(text)? };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadAddress);
        }
        let scheme = match url.scheme() {
            "ws" | "http" => "ws",
            "wss" | "https" => "wss",
            _ => return Err(BadAddress),
        };
        // The crate lets one special scheme become another.
        url.set_scheme(scheme).map_err(|()| BadAddress)?;
        url.set_query(None);
        url.set_fragment(None);
        if url.path().ends_with('/') {
            let path = format!("{}{PATH}", url.path());
            url.set_path(&path);
        }
        if url.host().is_none() || url.port_or_known_default().is_none_or(|p| p == 0) {
            return Err(BadAddress);
        }
        Ok(Self { url })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "wss"
    }

    /// Without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Ipv6(ip)) => ip.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        }
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// Passwords must not leave this machine in the clear.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        !self.is_tls() && !is_this_machine(&self.url)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

fn parse(text: &str) -> Result<Url, BadAddress> {
    Url::parse(text).map_err(|_| BadAddress)
}

/// Each scheme is parsed with its own default port.
fn guess(text: &str) -> Result<Url, BadAddress> {
    let clear = parse(&format!("ws://{text}"))?;
    if is_this_machine(&clear) { Ok(clear) } else { parse(&format!("wss://{text}")) }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, want) in [
            ("wss://centre.example", "wss://centre.example/ws/agent"),
            ("https://centre.example/", "wss://centre.example/ws/agent"),
            ("http://10.0.0.7:8080", "ws://10.0.0.7:8080/ws/agent"),
            (" ws://127.0.0.1:9000/ws/agent ", "ws://127.0.0.1:9000/ws/agent"),
            ("wss://centre.example/omnibar/", "wss://centre.example/omnibar/ws/agent"),
            ("wss://centre.example/x?y=1#z", "wss://centre.example/x"),
            ("localhost:8443", "ws://localhost:8443/ws/agent"),
            ("127.0.0.1:8443", "ws://127.0.0.1:8443/ws/agent"),
            ("localhost:443", "ws://localhost:443/ws/agent"),
            ("[::1]:8443", "ws://[::1]:8443/ws/agent"),
            ("centre.example", "wss://centre.example/ws/agent"),
            ("centre.example:444", "wss://centre.example:444/ws/agent"),
        ] {
            let got = Address::parse(text).map(|a| a.to_string());
            assert_eq!(got.as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = "x".repeat(MAX + 1);
        for text in [
            "",
            " ",
            "ftp://centre.example",
            "wss://",
            "wss://user:pass@centre.example",
            "a b",
            "wss://centre.example:0",
            "centre.example:99999",
            "javascript:alert(1)",
            &long,
        ] {
            assert_eq!(Address::parse(text), Err(BadAddress), "{text}");
        }
    }

    #[test]
    fn a_password_in_the_clear_is_told_apart() {
        let exposed = |text| Address::parse(text).map(|a| a.is_exposed());
        assert_eq!(exposed("ws://centre.example"), Ok(true));
        assert_eq!(exposed("wss://centre.example"), Ok(false));
        assert_eq!(exposed("ws://127.0.0.1"), Ok(false));
    }
}
