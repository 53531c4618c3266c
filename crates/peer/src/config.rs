use crate::Trust;
use omnibar_media::{Codec, Micros, Packet};
use omnibar_model::Secret;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// A STUN or TURN server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:host:port`, `turn:host:port?transport=udp` or `tcp`, `turns:host:port` (RFC 7064,
    /// RFC 7065); others are left out.
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
    /// Of servers over TLS.
    pub trust: Trust,
    pub bind: Bind,
    /// Take relayed paths only (a TURN server is needed).
    pub relay_only: bool,
    /// Bind the sockets anew in every ICE restart, so that the connection follows a
    /// machine that changed networks. For the side that moves, not for a server.
    pub rebind_on_restart: bool,
    /// Time from [`PeerState::Disconnected`] to [`PeerState::Failed`].
    pub patience: Duration,
    /// Of connectivity checks while connecting (Ta of RFC 8445 section 14.2).
    pub pace: Duration,
    pub repair: Repair,
    /// Offer and take G.722 and G.711 behind Opus, for a far side that does not know it.
    pub fallback: bool,
    /// Begin DTLS in answers too, instead of waiting for the other side to (RFC 8842
    /// section 5.3): for one that says hello before this side can take it, and again only
    /// a second later. Not for offers that leave the beginning to their own side.
    pub answers_active: bool,
}

/// What is offered to the other side against loss, and taken from it. Whoever offers
/// something must also do it: packets and RTCP pass through here as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Redundant voice (RFC 2198).
    pub red: bool,
    /// Packets that were lost are sent again when they are asked for (RFC 4585).
    pub nack: bool,
    /// Telling the other side that this is Omnibar, which takes packets of 10 ms and
    /// knows deep redundancy.
    pub omnibar: bool,
}

impl Repair {
    pub const NONE: Self = Self { red: false, nack: false, omnibar: false };
    pub const ALL: Self = Self { red: true, nack: true, omnibar: true };
}

/// What both sides have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub red: bool,
    pub nack: bool,
    /// The other side is Omnibar too.
    pub omnibar: bool,
    /// The shortest packets that the other side takes: 10 or 20 ms.
    pub packet: Micros,
    /// What is to be sent; what comes may be of any codec that was described.
    pub codec: Codec,
    /// Source (SSRC) of the packets that we send.
    pub ssrc: u32,
}

impl Terms {
    /// Nothing: what holds before the first exchange.
    #[must_use]
    pub fn none(ssrc: u32) -> Self {
        Self {
            red: false,
            nack: false,
            omnibar: false,
            packet: Micros(20_000),
            codec: Codec::Opus,
            ssrc,
        }
    }
}

impl Default for PeerConfig {
    fn default() -> Self {
        Self {
            ice_servers: vec![],
            trust: Trust::default(),
            bind: Bind::default(),
            relay_only: false,
            rebind_on_restart: false,
            // Consent expires after 30 s (RFC 7675 section 5.1); a person waits less.
            patience: Duration::from_secs(20),
            pace: Duration::from_millis(50),
            repair: Repair::ALL,
            fallback: false,
            answers_active: false,
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
    /// An exchange has settled on other terms than before.
    Agreed(Terms),
}

/// What arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    Rtp(Arrival),
    /// Reports and requests (RFC 3550 section 6.4, RFC 3611, RFC 4585 section 6.2.1), one
    /// or more in a row, decrypted; at most [`MAX_RTCP`] bytes. Not yet parsed by anybody
    /// whom one may trust.
    Rtcp {
        bytes: Vec<u8>,
        arrived: Instant,
    },
}

/// Bytes of RTCP that are sent or taken at once.
pub const MAX_RTCP: usize = 1_200;

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
    /// Relayed paths only were wanted, and no server has given one.
    #[error(
        "No TURN server has given an address to talk through. Check its address, its user \
         name and its password."
    )]
    NoRelay,
    #[error("The voice connection is closed. Open a new one.")]
    Closed,
}
