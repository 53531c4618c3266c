use omnibar_media::Packet;
use omnibar_model::Secret;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// A STUN or TURN server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:host:port`, `turn:host:port?transport=udp` (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    pub username: String,
    pub credential: Secret,
}

/// Where the connection's UDP sockets are bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Bind {
    /// Every interface that can reach another machine; loopback is not one.
    #[default]
    AllInterfaces,
    /// Those and 127.0.0.1, for a centre whose callers may sit at its own machine, and
    /// for a machine without a network.
    AllAndLoopback,
    Only(Vec<IpAddr>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerConfig {
    pub ice_servers: Vec<IceServer>,
    pub bind: Bind,
    /// Take relayed paths only (a TURN server is needed).
    pub relay_only: bool,
    /// Bind the sockets anew in every ICE restart, so that the connection follows a
    /// machine that changed networks. For the side that moves, not for a server.
    pub rebind_on_restart: bool,
    /// Time from [`PeerState::Disconnected`] to [`PeerState::Failed`].
    pub patience: Duration,
}

impl Default for PeerConfig {
    fn default() -> Self {
        Self {
            ice_servers: vec![],
            bind: Bind::default(),
            relay_only: false,
            rebind_on_restart: false,
            // Consent expires after 30 s (RFC 7675 section 5.1); a person waits less.
            patience: Duration::from_secs(20),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerState {
    Connecting,
    Connected,
    /// Nothing has come from the other side for some seconds; it may recover by itself
    /// or by an ICE restart.
    Disconnected,
    /// Every path has failed; an ICE restart may still help.
    Failed,
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerEvent {
    /// A `candidate:…` line for the other side.
    Candidate(String),
    EndOfCandidates,
    State(PeerState),
}

/// A packet and when it came from the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub ssrc: u32,
    pub packet: Packet,
    pub arrived: Instant,
}

/// Why a peer refused. Each says what to do next.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PeerError {
    #[error("The voice connection could not be opened: {0}. Check the network and try again.")]
    Open(String),
    #[error("The session description was refused: {0}. The other side must send a new one.")]
    Description(String),
    #[error("The network candidate was refused: {0}. The call goes on with the others.")]
    Candidate(String),
    /// Nothing is wrong: the offer has been replaced since.
    #[error("The answer belongs to an earlier offer. Wait for the answer to the latest.")]
    Stale,
    #[error("The voice connection is closed. Open a new one.")]
    Closed,
}
