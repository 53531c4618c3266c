//! Tries TURN servers as a call would use them.

use omnibar_peer::{Peer, PeerConfig, PeerEvent, StreamFault};
use omnibar_softphone::{Event, IceServer, Inbox, LineEvent, LineProbe, RelayProbe};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// An allocation takes two round trips; what takes longer is of no use to a call.
const PATIENCE: Duration = Duration::from_secs(4);
/// A STUN request is repeated like this (RFC 8489 section 6.2.1, shortened).
const AGAIN: Duration = Duration::from_millis(500);
/// Servers tried.
const MOST: usize = 4;

/// Answers when all are tried.
pub(crate) async fn run(
    peers: PeerConfig,
    servers: Vec<IceServer>,
    round_trip: Option<Duration>,
    of_each_call: bool,
    inbox: Inbox,
) {
    let urls = servers.iter().flat_map(|server| server.urls.iter().map(move |url| (server, url)));
    let relays = urls.filter(|(_, url)| is_relay(url)).take(MOST).map(|(server, url)| {
        let (peers, server, url) = (peers.clone(), server.clone(), url.clone());
        async move {
            let found = relay(peers, server, &url).await;
            (url, found)
        }
    });
    let relays = futures_util::future::join_all(relays).await;
    // A driver that has ended does not wait.
    inbox.post(Event::Line(LineEvent::Probed(LineProbe { round_trip, of_each_call, relays })));
}

pub(crate) fn is_relay(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    lower.starts_with("turn:") || lower.starts_with("turns:")
}

/// `peers`: how this machine is bound.
pub(crate) async fn relay(peers: PeerConfig, server: IceServer, url: &str) -> RelayProbe {
    let begun = Instant::now();
    let trust = peers.trust.clone();
    let server = omnibar_peer::IceServer {
        urls: vec![url.to_owned()],
        username: server.username,
        credential: server.credential,
    };
    let peers = PeerConfig { ice_servers: vec![server], relay_only: true, ..peers };
    if timeout(PATIENCE, allocated(peers)).await == Ok(true) {
        return RelayProbe::Ready(begun.elapsed());
    }
    match omnibar_peer::reach_stream(url, &trust).await {
        Ok(()) => RelayProbe::Refused,
        Err(StreamFault::NoStream) if answers(url).await => RelayProbe::Refused,
        Err(StreamFault::Untrusted(why)) => {
            tracing::info!(url, why, "no secure connection to the TURN server");
            RelayProbe::Untrusted
        }
        Err(StreamFault::NoStream | StreamFault::NameNotFound | StreamFault::Unreachable(_)) => {
            RelayProbe::Silent
        }
    }
}

/// A connection that takes relays only finds a candidate where one was allocated.
async fn allocated(peers: PeerConfig) -> bool {
    let (events, mut told) = mpsc::unbounded_channel();
    let Ok(peer) = Peer::new(peers, events, |_| {}).await else { return false };
    let mut found = false;
    if peer.offer().await.is_ok() {
        while let Some(event) = told.recv().await {
            match event {
                PeerEvent::Candidate(line) if line.contains(" typ relay") => {
                    found = true;
                    break;
                }
                PeerEvent::EndOfCandidates => break,
                PeerEvent::Candidate(_) | PeerEvent::State(_) | PeerEvent::Agreed(_) => {}
            }
        }
    }
    peer.close().await;
    found
}

/// Whether a STUN binding request over UDP is answered there, by whatever.
async fn answers(url: &str) -> bool {
    let Some(address) = address(url) else { return false };
    timeout(PATIENCE / 2, async {
        let server = tokio::net::lookup_host(address).await.ok()?.next()?;
        let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).await.ok()?;
        socket.connect(server).await.ok()?;
        let mut answer = [0; 512];
        loop {
            socket.send(&REQUEST).await.ok()?;
            if let Ok(Ok(length)) = timeout(AGAIN, socket.recv(&mut answer)).await
                && answer.get(4..20) == REQUEST.get(4..20)
                && length >= 20
            {
                return Some(());
            }
        }
    })
    .await
    .is_ok_and(|answered| answered.is_some())
}

/// A STUN binding request (RFC 8489 section 5): type, length, magic cookie, and a number of
/// its own for the answer, which nothing depends on.
const REQUEST: [u8; 20] = *b"\x00\x01\x00\x00\x21\x12\xa4\x42omnibar-here";

/// `host:port` of `turn:host[:port][?…]` (RFC 7065).
fn address(url: &str) -> Option<String> {
    let (_, rest) = url.split_once(':')?;
    let host = rest.split('?').next().unwrap_or(rest);
    let has_port = host.rsplit_once(':').is_some_and(|(before, port)| {
        port.parse::<u16>().is_ok() && (!before.contains(':') || before.ends_with(']'))
    });
    Some(if has_port { host.to_owned() } else { format!("{host}:3478") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_standard_has_them() {
        let read = |url| address(url).unwrap();
        assert_eq!(read("turn:relay.example"), "relay.example:3478");
        assert_eq!(read("turn:relay.example:5000?transport=udp"), "relay.example:5000");
        assert_eq!(read("turn:[2001:db8::1]"), "[2001:db8::1]:3478");
        assert_eq!(read("turn:[2001:db8::1]:99"), "[2001:db8::1]:99");
        assert_eq!(address("nonsense"), None);
        assert!(is_relay("TURN:relay.example") && !is_relay("stun:relay.example"));
        assert!(is_relay("turns:relay.example") && is_relay("turn:r.example?transport=tcp"));
    }

    #[tokio::test]
    async fn a_server_that_only_answers_is_told_from_a_silent_one() {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let url = format!("turn:{}", socket.local_addr().unwrap());
        assert!(!answers(&url).await, "it is there and says nothing");
        tokio::spawn(async move {
            let mut bytes = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
                bytes[0] = 1;
                let _ = socket.send_to(&bytes[..length], from).await;
            }
        });
        assert!(answers(&url).await);
    }
}
