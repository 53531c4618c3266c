use omnibar_media::{Micros, Packet, PacketSink, Received};
use omnibar_peer::{Incoming, Peer};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::Instant;

/// Packets that this machine lost, not the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Did not go out: no connection, or a full queue.
    pub outgoing: u64,
    /// Came in and found the ring to the media thread full.
    pub incoming: u64,
}

/// What the media thread and the network's tasks share.
pub(crate) struct Voice {
    /// The connection that packets go to. Held only for a moment: the media thread
    /// tries, and drops its packet if it would have to wait.
    peer: Mutex<Option<Peer>>,
    received: Mutex<rtrb::Producer<Received>>,
    epoch: Instant,
    outgoing: AtomicU64,
    incoming: AtomicU64,
}

impl Voice {
    pub(crate) fn new(received: rtrb::Producer<Received>, epoch: Instant) -> Self {
        Self {
            peer: Mutex::new(None),
            received: Mutex::new(received),
            epoch,
            outgoing: AtomicU64::new(0),
            incoming: AtomicU64::new(0),
        }
    }

    /// The connection that was used until now.
    pub(crate) fn replace(&self, peer: Option<Peer>) -> Option<Peer> {
        let mut current = self.peer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *current, peer);
        if let Some(before) = &before {
            self.outgoing.fetch_add(before.dropped(), Ordering::Relaxed);
        }
        before
    }

    pub(crate) fn arrived(&self, incoming: Incoming) {
        let Incoming::Rtp(arrival) = incoming else { return };
        let since = arrival.arrived.saturating_duration_since(self.epoch);
        let arrived = Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX));
        let received = Received { arrived, packet: arrival.packet };
        let mut ring = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.push(received).is_err() {
            self.incoming.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn dropped(&self) -> Dropped {
        let peer = self.peer.lock().unwrap_or_else(PoisonError::into_inner);
        Dropped {
            outgoing: self.outgoing.load(Ordering::Relaxed)
                + peer.as_ref().map_or(0, Peer::dropped),
            incoming: self.incoming.load(Ordering::Relaxed),
        }
    }

    fn send(&self, packet: Packet) {
        match self.peer.try_lock() {
            Ok(peer) => {
                if let Some(peer) = &*peer {
                    return peer.send(packet);
                }
            }
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => {}
        }
        self.outgoing.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voice").field("dropped", &self.dropped()).finish_non_exhaustive()
    }
}

/// The media thread's end. Never waits: what cannot be sent now is dropped and counted.
#[derive(Debug)]
pub struct LineSink(Arc<Voice>);

impl LineSink {
    pub(crate) fn new(voice: Arc<Voice>) -> Self {
        Self(voice)
    }
}

impl PacketSink for LineSink {
    fn send(&mut self, packet: Packet) {
        self.0.send(packet);
    }
}
