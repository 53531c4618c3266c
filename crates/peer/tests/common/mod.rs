//! Two peers on loopback with their signalling joined.

#![allow(dead_code, reason = "each test binary uses its own part")]

use omnibar_media::Packet;
use omnibar_peer::{Arrival, Bind, Incoming, OPUS, Peer, PeerConfig, PeerEvent, PeerState};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use tokio::sync::mpsc;

/// Nothing on loopback takes longer than this, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An offer of a browser, cut down to what matters.
pub(crate) const OFFER: &str = "v=0\r\n\
    o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n\
    s=-\r\n\
    t=0 0\r\n\
    a=group:BUNDLE 0\r\n\
    a=msid-semantic: WMS s\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111 63 110 126\r\n\
    c=IN IP4 0.0.0.0\r\n\
    a=rtcp:9 IN IP4 0.0.0.0\r\n\
    a=ice-ufrag:4ZcD\r\n\
    a=ice-pwd:2/1muCWoOi3uLifh0NuRHlZZ\r\n\
    a=ice-options:trickle\r\n\
    a=fingerprint:sha-256 75:74:5A:A6:A4:E5:52:F4:A7:67:4C:01:C7:EE:91:3F:21:3D:A2:E3:53:7B:6F:30:86:F2:30:AA:65:FB:04:24\r\n\
    a=setup:actpass\r\n\
    a=mid:0\r\n\
    a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
    a=sendrecv\r\n\
    a=msid:s t\r\n\
    a=rtcp-mux\r\n\
    a=rtcp-rsize\r\n\
    a=rtpmap:111 opus/48000/2\r\n\
    a=rtcp-fb:111 transport-cc\r\n\
    a=fmtp:111 minptime=10;useinbandfec=1\r\n\
    a=rtpmap:63 red/48000/2\r\n\
    a=fmtp:63 111/111\r\n\
    a=rtpmap:110 telephone-event/48000\r\n\
    a=rtpmap:126 telephone-event/8000\r\n\
    a=ssrc:3735928559 cname:c\r\n";

pub(crate) struct End {
    pub(crate) peer: Peer,
    pub(crate) events: mpsc::UnboundedReceiver<PeerEvent>,
    pub(crate) packets: mpsc::UnboundedReceiver<Arrival>,
    pub(crate) rtcp: mpsc::UnboundedReceiver<Vec<u8>>,
}

pub(crate) fn loopback() -> PeerConfig {
    PeerConfig { bind: Bind::Only(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]), ..PeerConfig::default() }
}

impl End {
    pub(crate) async fn new(config: PeerConfig) -> Self {
        let (events_in, events) = mpsc::unbounded_channel();
        let (packets_in, packets) = mpsc::unbounded_channel();
        let (rtcp_in, rtcp) = mpsc::unbounded_channel();
        let peer = Peer::new(config, events_in, move |incoming| match incoming {
            Incoming::Rtp(arrival) => _ = packets_in.send(arrival),
            Incoming::Rtcp { bytes, .. } => _ = rtcp_in.send(bytes),
        })
        .await
        .unwrap();
        Self { peer, events, packets, rtcp }
    }

    /// Waits for a state, handing candidates to the other side on the way.
    pub(crate) async fn until(&mut self, wanted: PeerState, other: &Peer) {
        tokio::time::timeout(PATIENCE, async {
            loop {
                match self.events.recv().await.expect("the peer lives") {
                    PeerEvent::Candidate(line) => other.candidate(&line).await.unwrap(),
                    PeerEvent::EndOfCandidates => other.candidate("").await.unwrap(),
                    PeerEvent::State(state) if state == wanted => return,
                    PeerEvent::State(_) | PeerEvent::Agreed(_) => {}
                }
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{wanted:?} was not reached in {PATIENCE:?}"));
    }

    pub(crate) async fn arrival(&mut self) -> Arrival {
        tokio::time::timeout(PATIENCE, self.packets.recv())
            .await
            .expect("a packet in time")
            .unwrap()
    }
}

/// Offers, answers and connects; the offer.
pub(crate) async fn connect(a: &mut End, b: &mut End) -> String {
    let offer = a.peer.offer().await.unwrap();
    let answer = b.peer.answer(&offer).await.unwrap();
    a.peer.accept(&answer).await.unwrap();
    both_connected(a, b).await;
    offer
}

pub(crate) async fn both_connected(a: &mut End, b: &mut End) {
    let (a_peer, b_peer) = (a.peer.clone(), b.peer.clone());
    tokio::join!(a.until(PeerState::Connected, &b_peer), b.until(PeerState::Connected, &a_peer));
}

/// A voice packet whose content tells its place.
pub(crate) fn voice(number: u16) -> Packet {
    Packet {
        sequence: number,
        timestamp: u32::from(number) * 960,
        payload_type: OPUS,
        marker: number == 0,
        payload: (0..80).map(|byte| (number as u8).wrapping_mul(31).wrapping_add(byte)).collect(),
    }
}
