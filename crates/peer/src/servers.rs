//! How STUN and TURN servers are reached (RFC 7064, RFC 7065).

use crate::IceServer;
use crate::stream::Stream;
use omnibar_tls::TlsFault;
use rtc::ice::url::{ProtoType, SchemeType, Url};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use webrtc::peer_connection::RTCIceServer;

/// A name server that takes longer costs its STUN or TURN server its place.
const NAME_PATIENCE: Duration = Duration::from_secs(2);
/// Servers over TCP or TLS, of each family of addresses.
const MOST_STREAMS: usize = 16;
/// Any but that of multicast DNS, which the stack keeps for itself.
const ALIAS_PORT: u16 = 3_478;

/// Whose certificates are taken where a TURN server is spoken to over TLS. Clones read the
/// authorities once, when the first of them needs them.
#[derive(Clone, Default)]
pub struct Trust(Arc<Authorities>);

#[derive(Default)]
struct Authorities {
    extra_ca: Option<PathBuf>,
    config: OnceCell<Arc<ClientConfig>>,
}

impl Trust {
    /// The system's authorities, and those of a file (PEM).
    #[must_use]
    pub fn with(extra_ca: Option<PathBuf>) -> Self {
        Self(Arc::new(Authorities { extra_ca, config: OnceCell::new() }))
    }

    pub(crate) async fn config(&self) -> Result<Arc<ClientConfig>, String> {
        let load = || async {
            let path = self.0.extra_ca.clone();
            let load = move || omnibar_tls::client_config(path.as_deref());
            let loaded = tokio::task::spawn_blocking(load).await.map_err(|e| e.to_string())?;
            loaded.map_err(|fault: TlsFault| fault.to_string())
        };
        self.0.config.get_or_try_init(load).await.cloned()
    }
}

impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        self.0.extra_ca == other.0.extra_ca
    }
}

impl Eq for Trust {}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("extra_ca", &self.0.extra_ca).finish_non_exhaustive()
    }
}

/// What a connection is to use.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    /// As the stack is told of them, by their addresses: it would look names up on the task
    /// that moves the voice.
    pub(crate) told: Vec<RTCIceServer>,
    /// Those that the stack knows by an alias.
    pub(crate) streams: Vec<Stream>,
    pub(crate) relays: bool,
}

/// Looks the names up.
pub(crate) async fn find(servers: &[IceServer]) -> Servers {
    let places = futures_util::future::join_all(
        servers.iter().map(|s| futures_util::future::join_all(s.urls.iter().map(|u| place(u)))),
    );
    let mut found = Servers::default();
    for (server, places) in servers.iter().zip(places.await) {
        let urls: Vec<String> =
            places.into_iter().flatten().flat_map(|place| found.take(place)).collect();
        if !urls.is_empty() {
            found.told.push(RTCIceServer {
                urls,
                username: server.username.clone(),
                credential: server.credential.expose().to_owned(),
            });
        }
    }
    found
}

impl Servers {
    /// The URLs by which the stack is to know that server.
    fn take(&mut self, place: Place) -> Vec<String> {
        self.relays |= place.is_relay();
        if place.transport == Transport::Udp {
            let scheme = place.url.scheme;
            return place.addresses.iter().map(|address| format!("{scheme}:{address}")).collect();
        }
        let name = match place.transport {
            Transport::Tls => match ServerName::try_from(place.host().to_owned()) {
                Ok(name) => Some(name),
                Err(_) => return vec![],
            },
            Transport::Tcp | Transport::Udp => None,
        };
        let mut urls = vec![];
        for server in place.addresses {
            let before = self.streams.iter().filter(|s| s.server.is_ipv4() == server.is_ipv4());
            let Some(alias) = alias(before.count(), server.is_ipv4()) else { continue };
            urls.push(format!("turn:{alias}"));
            self.streams.push(Stream { alias, server, name: name.clone() });
        }
        urls
    }
}

/// An address that no host has: of those that are reserved (RFC 1112 section 4), or of those
/// whose packets are thrown away (RFC 6666).
fn alias(number: usize, is_ipv4: bool) -> Option<SocketAddr> {
    let number = u8::try_from(number + 1).ok().filter(|n| usize::from(*n) <= MOST_STREAMS)?;
    Some(if is_ipv4 {
        (Ipv4Addr::new(240, 0, 0, number), ALIAS_PORT).into()
    } else {
        (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, number.into()), ALIAS_PORT).into()
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// A server with the addresses of its name, at most one of each family.
#[derive(Debug)]
pub(crate) struct Place {
    url: Url,
    pub(crate) transport: Transport,
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Place {
    pub(crate) fn host(&self) -> &str {
        self.url.host.trim_matches(['[', ']'])
    }

    fn is_relay(&self) -> bool {
        self.url.scheme != SchemeType::Stun
    }
}

/// How a server of that URL is spoken to; `None`: not at all. What RFC 7064 and RFC 7065 have
/// beside these is STUN over TLS, which no call needs, and TURN over DTLS, which hardly any
/// server has.
pub(crate) fn transport(url: &Url) -> Option<Transport> {
    match (url.scheme, url.proto) {
        (SchemeType::Stun | SchemeType::Turn, ProtoType::Udp) => Some(Transport::Udp),
        (SchemeType::Turn, ProtoType::Tcp) => Some(Transport::Tcp),
        (SchemeType::Turns, ProtoType::Tcp) => Some(Transport::Tls),
        _ => None,
    }
}

/// `None`: it cannot be used, or its name is not known.
pub(crate) async fn place(text: &str) -> Option<Place> {
    let usable = Url::parse_url(text).ok().and_then(|url| Some((transport(&url)?, url)));
    let Some((transport, url)) = usable else {
        tracing::warn!(url = text, "this STUN or TURN server is left out: no such is spoken to");
        return None;
    };
    let host = url.host.trim_matches(['[', ']']).to_owned();
    let found = tokio::time::timeout(NAME_PATIENCE, tokio::net::lookup_host((host, url.port)));
    let Ok(Ok(addresses)) = found.await else {
        tracing::warn!(url = text, "this STUN or TURN server is left out: its name is not known");
        return None;
    };
    let addresses: Vec<SocketAddr> = addresses.collect();
    let first = |four| addresses.iter().find(|address| address.is_ipv4() == four).copied();
    let addresses = [first(true), first(false)].into_iter().flatten().collect();
    Some(Place { url, transport, addresses })
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_model::Secret;

    async fn found(urls: &[&str]) -> Servers {
        let urls = urls.iter().map(|url| (*url).to_owned()).collect();
        find(&[IceServer { urls, username: "agent1".into(), credential: Secret::new("x") }]).await
    }

    #[tokio::test]
    async fn a_server_over_tcp_or_tls_has_an_address_that_nobody_has() {
        let servers = found(&[
            "stun:192.0.2.1",
            "turn:192.0.2.1:5000",
            "turn:192.0.2.1:5000?transport=tcp",
            "turns:192.0.2.2",
            "turn:[2001:db8::7]?transport=tcp",
        ])
        .await;
        assert!(servers.relays);
        assert_eq!(
            servers.told[0].urls,
            [
                "stun:192.0.2.1:3478",
                "turn:192.0.2.1:5000",
                "turn:240.0.0.1:3478",
                "turn:240.0.0.2:3478",
                "turn:[100::1]:3478",
            ]
        );
        let reached: Vec<(String, bool)> =
            servers.streams.iter().map(|s| (s.server.to_string(), s.name.is_some())).collect();
        let expected =
            [("192.0.2.1:5000", false), ("192.0.2.2:5349", true), ("[2001:db8::7]:3478", false)];
        assert_eq!(reached, expected.map(|(at, tls)| (at.to_owned(), tls)));
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_left_out_and_lists_end() {
        let none = found(&["stuns:192.0.2.1", "turns:192.0.2.1?transport=udp", "nonsense"]).await;
        assert!(none.told.is_empty() && !none.relays);
        let many = vec!["turn:192.0.2.1?transport=tcp"; 100];
        assert_eq!(found(&many).await.streams.len(), MOST_STREAMS);
    }
}
