use omnibar_model::Secret;
use omnibar_softphone::IceServer;

/// Longest accepted address, in bytes.
const MAX_URL: usize = 1_024;

/// Why an address is not one of a STUN or TURN server that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadServer {
    #[error("it is not of the form {0}:host:port")]
    Malformed(&'static str),
    /// `stuns:`.
    #[error("STUN is spoken over UDP only, without TLS")]
    SecureStun,
    /// `turns:` with `transport=udp`.
    #[error("TURN is spoken over TLS, not over DTLS: leave transport=udp out")]
    Dtls,
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

/// A relay: `turn:host[:port]`, with `?transport=tcp` over TCP, or `turns:host[:port]` over TLS
/// (RFC 7065).
///
/// # Errors
/// Everything else.
pub fn turn_server(url: &str, user: &str, credential: Secret) -> Result<IceServer, BadServer> {
    let url = checked("turn", url)?;
    Ok(IceServer { urls: vec![url], username: user.to_owned(), credential })
}

/// In lower case, but for the host.
fn checked(kind: &'static str, text: &str) -> Result<String, BadServer> {
    let text = text.trim();
    let malformed = BadServer::Malformed(kind);
    let (scheme, rest) = text.split_once(':').filter(|_| text.len() <= MAX_URL).ok_or(malformed)?;
    let scheme = scheme.to_ascii_lowercase();
    let secure = scheme.strip_suffix('s') == Some(kind);
    if !secure && scheme != kind {
        return Err(malformed);
    }
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query.to_ascii_lowercase())),
        None => (rest, None),
    };
    // A host and a port are what they are in any other address.
    let url = url::Url::parse(&format!("http://{place}")).map_err(|_| malformed)?;
    let plain = url.path() == "/" && url.username().is_empty() && url.fragment().is_none();
    if !plain || place.contains(['/', '@', '#', ' ']) || url.host_str().is_none() {
        return Err(malformed);
    }
    match (kind, secure, query.as_deref()) {
        ("turn", true, Some("transport=udp")) => Err(BadServer::Dtls),
        ("stun", true, None) => Err(BadServer::SecureStun),
        (_, _, None) => Ok(format!("{scheme}:{place}")),
        ("turn", _, Some(query @ ("transport=udp" | "transport=tcp"))) => {
            Ok(format!("{scheme}:{place}?{query}"))
        }
        (_, _, Some(_)) => Err(malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(url: &str) -> Result<String, BadServer> {
        turn_server(url, "branch7", Secret::new("x")).map(|server| server.urls[0].clone())
    }

    #[test]
    fn servers_are_named_as_the_standards_have_it() {
        for good in [
            "turn:relay.example",
            "turn:192.0.2.7:3478",
            "turn:[2001:db8::7]:3478?transport=udp",
            "turn:relay.example?transport=tcp",
            "turns:relay.example:443",
            "turns:relay.example?transport=tcp",
        ] {
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
        assert_eq!(turn("TURNS:relay.example?transport=UDP"), Err(BadServer::Dtls));
        assert_eq!(stun_server("stuns:stun.example"), Err(BadServer::SecureStun));
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
