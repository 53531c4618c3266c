use crate::{Arrival, PeerConfig, PeerError, PeerEvent};
use omnibar_media::Packet;
use std::time::Duration;
use tokio::sync::mpsc;

/// One end of an audio connection. Clones are the same end.
#[derive(Clone, Debug)]
pub struct Peer {}

impl Peer {
    /// Binds the sockets. `packets` is called on a tokio task for every voice packet
    /// that arrives and must not block.
    pub async fn new(
        config: PeerConfig,
        events: mpsc::UnboundedSender<PeerEvent>,
        packets: impl FnMut(Arrival) + Send + 'static,
    ) -> Result<Self, PeerError>;

    /// The first offer. Candidates follow as events.
    pub async fn offer(&self) -> Result<String, PeerError>;

    /// An offer that restarts ICE (RFC 8445 section 9), keeping DTLS and media.
    pub async fn restart(&self) -> Result<String, PeerError>;

    /// Takes an offer, the first or a later one, and answers it.
    pub async fn answer(&self, offer: &str) -> Result<String, PeerError>;

    /// Takes the answer to the latest offer.
    pub async fn accept(&self, answer: &str) -> Result<(), PeerError>;

    /// Takes a `candidate:…` line of the other side; empty text ends the list.
    pub async fn candidate(&self, candidate: &str) -> Result<(), PeerError>;

    /// Sends a packet whose payload type is a canonical one. Never blocks: what cannot
    /// be sent now is dropped and counted in [`Peer::dropped`].
    pub fn send(&self, packet: Packet);

    /// Packets that [`Peer::send`] could not hand to the network.
    pub fn dropped(&self) -> u64;

    /// The payload type to give to [`Peer::send`] for Opus: always [`crate::OPUS`].
    pub fn opus_type(&self) -> u8;

    /// The payload type to give to [`Peer::send`] for digits, when the other side takes
    /// them.
    pub fn telephone_event_type(&self) -> Option<u8>;

    /// Round trip of the path in use, by its last connectivity check.
    pub async fn round_trip(&self) -> Option<Duration>;

    /// Ends the connection; [`crate::PeerState::Closed`] follows.
    pub async fn close(&self);
}
