//! The session's one voice connection to the centre, kept up so that answering a call
//! needs no new ICE or DTLS.
//!
//! ```text
//!  driver ──open, restart, signal──▶ Line ─▶ session task ─▶ Peer ◀──UDP──▶ centre
//!         ◀──LineEvent── Inbox ◀────────────────┘              │
//!  media thread ──LineSink──────────────────▶ send, send_rtcp ┤
//!               ◀──rtrb::Consumer<Received>◀──────────────────┤
//!               ◀──LineSink (RTCP, terms)◀────────────────────┘
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod agreement;
mod carrier;
mod direct;
pub mod exchange;
mod link;
mod network;
mod probe;
mod session;
pub mod sip;
mod voice;

pub use direct::{CallEvent, CallNumber, Described, Direct, DirectEvent, End};
pub use omnibar_peer::Bind;
pub use voice::{Dropped, LineSink};

use omnibar_media::Received;
use omnibar_peer::{PeerConfig, Trust};
use omnibar_softphone::{IceServer, Inbox, VoiceSignal};
use session::{Order, Role, Session};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The shortest that RFC 8445 section 14.2 allows.
const DIRECT_PACE: Duration = Duration::from_millis(5);

pub struct LineConfig {
    pub bind: Bind,
    /// Take relayed paths only (a TURN server is needed).
    pub relay_only: bool,
    /// Takes what arrives; what does not fit is dropped and counted.
    pub received: rtrb::Producer<Received>,
    /// Kept at the path's round trip in µs; 0 while it is not known.
    pub round_trip: Arc<AtomicU64>,
    /// Of the clock in [`Received::arrived`].
    pub epoch: Instant,
}

impl fmt::Debug for LineConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineConfig").field("bind", &self.bind).finish_non_exhaustive()
    }
}

/// Starts the line on the current tokio runtime; it ends when the [`Line`] is dropped.
/// The sink is for the media thread. `extra_ca`: authorities (PEM) that are trusted beside
/// the system's where the leg is made at a PBX, and by TURN servers.
///
/// # Panics
/// Outside a tokio runtime.
#[must_use]
pub fn start(config: LineConfig, extra_ca: Option<PathBuf>, inbox: Inbox) -> (Line, LineSink) {
    let peers = PeerConfig { trust: Trust::with(extra_ca.clone()), ..PeerConfig::default() };
    start_as(Role::Offerer { extra_ca }, peers, config, inbox)
}

/// The same for calls by [`Direct`]: takes offers too, and looks for the path faster, as
/// there are few addresses to look at.
///
/// # Panics
/// Outside a tokio runtime.
#[must_use]
pub fn start_direct(config: LineConfig, inbox: Inbox) -> (Line, LineSink) {
    let peers = PeerConfig { pace: DIRECT_PACE, ..PeerConfig::default() };
    start_as(Role::Either, peers, config, inbox)
}

fn start_as(role: Role, peers: PeerConfig, config: LineConfig, inbox: Inbox) -> (Line, LineSink) {
    let (orders, ordered) = mpsc::unbounded_channel();
    let (voice, sink) = voice::Voice::new(config.received, config.epoch);
    let peers = PeerConfig {
        bind: config.bind,
        relay_only: config.relay_only,
        rebind_on_restart: true,
        ..peers
    };
    let own = (peers.clone(), Arc::clone(&config.round_trip));
    let session = Session::new(peers, role, config.round_trip, voice.clone(), inbox);
    tokio::spawn(session.run(ordered, network::changes()));
    (Line { orders, voice, peers: own.0, round_trip: own.1 }, sink)
}

/// The driver's handle. Every method posts and returns.
#[derive(Debug)]
pub struct Line {
    orders: mpsc::UnboundedSender<Order>,
    voice: Arc<voice::Voice>,
    peers: PeerConfig,
    round_trip: Arc<AtomicU64>,
}

impl Line {
    /// Packets lost on this machine since the start, for the log and the tests.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.voice.dropped()
    }

    fn post(&self, order: Order) {
        // The task is gone only when the runtime is being shut down.
        let _ = self.orders.send(order);
    }
}

impl omnibar_softphone::Line for Line {
    fn open(&mut self, servers: Vec<IceServer>) {
        self.post(Order::Open(servers));
    }

    fn restart(&mut self) {
        self.post(Order::Restart);
    }

    fn close(&mut self) {
        self.post(Order::Close);
    }

    fn signal(&mut self, signal: VoiceSignal) {
        self.post(Order::Signal(signal));
    }

    fn probe(&mut self, servers: Vec<IceServer>) {
        self.post(Order::Probe(servers));
    }
}
