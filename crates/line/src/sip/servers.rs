use omnibar_model::Secret;
use omnibar_softphone::IceServer;

/// Longest accepted address, in bytes.
const MAX_URL: usize = 1_024;

/// Why an address is not one of a STUN or TURN server that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadServer {
    #[error("it is not of the form {0}:host:port")]
    Malformed(&'static str),
    /// `turns:`, `stuns:` or `transport=tcp`.
    #[error("only UDP is spoken to these servers, without TLS")]
    NotUdp,
}

/// A server that tells this machine its address as others see it: `stun:host[:port]`
/// (RFC 7064).
///
/// # Errors
/// Everything else.
pub fn stun_server(url: &str) -> Result<IceServer, BadServer> {
    let url = checked("stun", url)?;
    Ok(IceServer { urls: vec![url], username: String::new(), credential: Secret::new("") })
}

/// A relay: `turn:host[:port][?transport=udp]` (RFC 7065).
///
/// # Errors
/// Everything else.
pub fn turn_server(url: &str, user: &str, credential: Secret) -> Result<IceServer, BadServer> {
    let url = checked("turn", url)?;
    Ok(IceServer { urls: vec![url], username: user.to_owned(), credential })
}

fn checked(scheme: &'static str, text: &str) -> Result<String, BadServer> {
    let text = text.trim();
    let malformed = BadServer::Malformed(scheme);
    let (found, rest) = text.split_once(':').filter(|_| text.len() <= MAX_URL).ok_or(malformed)?;
    let found = found.to_ascii_lowercase();
    if found.strip_suffix('s') == Some(scheme) {
        return Err(BadServer::NotUdp);
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, "transport=udp"));
    let transport = query.strip_prefix("transport=").ok_or(malformed)?;
    if transport.eq_ignore_ascii_case("tcp") {
        return Err(BadServer::NotUdp);
    }
    let has_query = rest.contains('?');
    if found != scheme || !transport.eq_ignore_ascii_case("udp") || (has_query && scheme == "stun")
    {
        return Err(malformed);
    }
    // A host and a port are what they are in any other address.
    let url = url::Url::parse(&format!("http://{place}")).map_err(|_| malformed)?;
    let plain = url.path() == "/" && url.username().is_empty() && url.fragment().is_none();
    if !plain || place.contains(['/', '@', '#', ' ']) || url.host_str().is_none() {
        return Err(malformed);
    }
    Ok(format!("{scheme}:{place}{}", if has_query { "?transport=udp" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(url: &str) -> Result<String, BadServer> {
        turn_server(url, "branch7", Secret::new("x")).map(|server| server.urls[0].clone())
    }

    #[test]
    fn servers_are_named_as_the_standards_have_it() {
        for good in
            ["turn:relay.example", "turn:192.0.2.7:3478", "turn:[2001:db8::7]:3478?transport=udp"]
        {
            assert_eq!(turn(good).as_deref(), Ok(good));
        }
        assert_eq!(
            turn("TURN:relay.example?transport=UDP").unwrap(),
            "turn:relay.example?transport=udp"
        );
        assert_eq!(stun_server("stun:stun.example:3478").unwrap().urls, ["stun:stun.example:3478"]);
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_reason() {
        for other in ["turns:relay.example", "turn:relay.example?transport=tcp", "TURNS:r.example"]
        {
            assert_eq!(turn(other), Err(BadServer::NotUdp), "{other}");
        }
        let long = format!("turn:{}", "a".repeat(MAX_URL));
        for bad in [
            "",
            "turn:",
            "turn",
            "relay.example",
            "stun:relay.example",
            "turn:a b",
            "turn:a/b",
            "turn:u@relay.example",
            "turn:relay.example:99999",
            "turn:relay.example?x=1",
            "turn:relay.example?transport=sctp",
            long.as_str(),
        ] {
            assert_eq!(turn(bad), Err(BadServer::Malformed("turn")), "{bad}");
        }
        assert!(stun_server("stun:stun.example?transport=udp").is_err());
    }
}
