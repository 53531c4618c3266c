//! Packets and events between the WebRTC stack and this crate's user.

use crate::types::Types;
use crate::{Arrival, Incoming, MAX_RTCP, PeerEvent, PeerState};
use futures_util::FutureExt;
use omnibar_media::Packet;
use rtc::rtcp::raw_packet::RawPacket;
use rtc::{rtcp, rtp};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionIceEvent,
    RTCPeerConnectionState,
};

/// Largest payload sent, so that a packet with its SRTP tag fits the 1280 bytes that
/// IPv6 guarantees, through a relay too.
const MAX_PAYLOAD: usize = 1_150;

/// The way to the network.
#[derive(Default)]
pub(crate) struct Outbound {
    track: OnceLock<(TrackLocalStaticRTP, u32)>,
    types: Types,
    connected: AtomicBool,
    /// Whether the negotiated direction has us send.
    allowed: AtomicBool,
    stopped: AtomicBool,
    dropped: AtomicU64,
    /// Two senders at once would find the track's own lock taken and lose a packet.
    turn: Mutex<()>,
}

impl Outbound {
    pub(crate) fn attach(&self, track: TrackLocalStaticRTP, ssrc: u32) {
        // The one call is in `Peer::new`.
        let _ = self.track.set((track, ssrc));
    }

    pub(crate) fn set_type(&self, canonical: u8, negotiated: Option<u8>) {
        self.types.set(canonical, negotiated);
    }

    pub(crate) fn set_allowed(&self, allowed: bool) {
        self.allowed.store(allowed, Ordering::Relaxed);
    }

    pub(crate) fn takes(&self, canonical: u8) -> bool {
        self.types.negotiated(canonical).is_some()
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn send(&self, packet: Packet) {
        if self.try_send(packet).is_none() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// RTCP is no voice: a party that is on hold reports too.
    pub(crate) fn send_rtcp(&self, bytes: &[u8]) {
        if self.try_send_rtcp(bytes).is_none() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn try_send_rtcp(&self, bytes: &[u8]) -> Option<()> {
        let ready = self.connected.load(Ordering::Relaxed)
            && !self.stopped.load(Ordering::Relaxed)
            && (8..=MAX_RTCP).contains(&bytes.len())
            && bytes.len().is_multiple_of(4);
        let (track, _) = self.track.get().filter(|_| ready)?;
        // As it is: the stack writes what it has read a little differently.
        let packet: Box<dyn rtcp::Packet> = Box::new(RawPacket(bytes.to_vec().into()));
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        track.write_rtcp(vec![packet]).now_or_never()?.ok()
    }

    /// `None`: dropped.
    fn try_send(&self, mut packet: Packet) -> Option<()> {
        let ready = self.connected.load(Ordering::Relaxed)
            && self.allowed.load(Ordering::Relaxed)
            && !self.stopped.load(Ordering::Relaxed)
            && packet.payload.len() <= MAX_PAYLOAD;
        let kind = self.types.negotiated(packet.payload_type).filter(|_| ready)?;
        self.types.name_within(packet.payload_type, &mut packet.payload);
        let (track, ssrc) = self.track.get()?;
        let packet = rtp::Packet {
            header: rtp::Header {
                version: 2,
                marker: packet.marker,
                payload_type: kind,
                sequence_number: packet.sequence,
                timestamp: packet.timestamp,
                ssrc: *ssrc,
                ..Default::default()
            },
            payload: packet.payload.into(),
        };
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Polled once: it is pending only when the stack's queue of 256 is full.
        track.write_rtp(packet).now_or_never()?.ok()
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound")
            .field("connected", &self.connected)
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

type Take = Box<dyn FnMut(Incoming) + Send>;

/// The way from the network.
pub(crate) struct Inbound {
    events: mpsc::UnboundedSender<PeerEvent>,
    packets: Mutex<Take>,
    types: Types,
    closed: AtomicBool,
}

impl Inbound {
    pub(crate) fn new(events: mpsc::UnboundedSender<PeerEvent>, packets: Take) -> Self {
        Self {
            events,
            packets: Mutex::new(packets),
            types: Types::default(),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn set_type(&self, canonical: u8, negotiated: Option<u8>) {
        self.types.set(canonical, negotiated);
    }

    /// Tells of the end, once.
    pub(crate) fn closed(&self) {
        if !self.closed.swap(true, Ordering::Relaxed) {
            self.post(PeerEvent::State(PeerState::Closed));
        }
    }

    pub(crate) fn post(&self, event: PeerEvent) {
        // A receiver that is gone has no interest in the rest.
        let _ = self.events.send(event);
    }

    fn arrived(&self, packet: rtp::Packet) {
        let arrived = Instant::now();
        let Some(payload_type) = self.types.canonical(packet.header.payload_type) else {
            tracing::trace!(kind = packet.header.payload_type, "a packet of no agreed type");
            return;
        };
        let mut payload = packet.payload.to_vec();
        self.types.unname_within(payload_type, &mut payload);
        let arrival = Arrival {
            ssrc: packet.header.ssrc,
            packet: Packet {
                sequence: packet.header.sequence_number,
                timestamp: packet.header.timestamp,
                payload_type,
                marker: packet.header.marker,
                payload,
            },
            arrived,
        };
        self.take(Incoming::Rtp(arrival));
    }

    /// Reports and requests of the other side, as the stack has read them.
    pub(crate) fn reported(&self, packets: &[Box<dyn rtcp::Packet>], arrived: Instant) {
        if packets.is_empty() {
            return;
        }
        match rtcp::packet::marshal(packets) {
            Ok(bytes) if bytes.len() <= MAX_RTCP => {
                self.take(Incoming::Rtcp { bytes: bytes.to_vec(), arrived });
            }
            Ok(bytes) => tracing::trace!(length = bytes.len(), "RTCP too long to be of use"),
            Err(error) => tracing::trace!(%error, "RTCP that cannot be read"),
        }
    }

    fn take(&self, incoming: Incoming) {
        (self.packets.lock().unwrap_or_else(PoisonError::into_inner))(incoming);
    }
}

/// Takes the stack's events. It calls from the task that drives the connection, so
/// nothing here waits.
pub(crate) struct Events {
    pub(crate) inbound: Arc<Inbound>,
    pub(crate) outbound: Arc<Outbound>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Events {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        match event.candidate.to_json() {
            Ok(init) => self.inbound.post(PeerEvent::Candidate(init.candidate)),
            Err(error) => tracing::debug!(%error, "a candidate of ours cannot be told"),
        }
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.inbound.post(PeerEvent::EndOfCandidates);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        let state = match state {
            RTCPeerConnectionState::Connecting => PeerState::Connecting,
            RTCPeerConnectionState::Connected => PeerState::Connected,
            RTCPeerConnectionState::Disconnected => PeerState::Disconnected,
            RTCPeerConnectionState::Failed => PeerState::Failed,
            RTCPeerConnectionState::Closed => return self.inbound.closed(),
            // The enum is open: new states of the stack say nothing to us.
            _ => return,
        };
        self.outbound.connected.store(state == PeerState::Connected, Ordering::Relaxed);
        tracing::debug!(?state, "voice connection");
        self.inbound.post(PeerEvent::State(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let inbound = self.inbound.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    inbound.arrived(packet);
                }
            }
        });
    }
}
