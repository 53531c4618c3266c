use crate::agreement::Agreement;
use crate::sip::Door;
use omnibar_media::{Agreed, Channel, Micros, Packet, PacketSink, Received, Reported};
use omnibar_peer::{Incoming, Peer, Terms, clock_of};
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

/// Reports that may wait for the media thread: some seconds of an ordinary call.
const MOST_REPORTS: usize = 64;

/// What the media thread and the network's tasks share.
pub(crate) struct Voice {
    /// Where packets go. Held only for a moment: the media thread
    /// tries, and drops its packet if it would have to wait.
    way: Mutex<Option<Exit>>,
    received: Mutex<rtrb::Producer<Received>>,
    reports: Mutex<rtrb::Producer<Reported>>,
    agreement: Agreement,
    epoch: Instant,
    outgoing: AtomicU64,
    incoming: AtomicU64,
}

impl Voice {
    /// With the media thread's end.
    pub(crate) fn new(received: rtrb::Producer<Received>, epoch: Instant) -> (Arc<Self>, LineSink) {
        let (reports, reported) = rtrb::RingBuffer::new(MOST_REPORTS);
        let voice = Arc::new(Self {
            way: Mutex::new(None),
            received: Mutex::new(received),
            reports: Mutex::new(reports),
            agreement: Agreement::default(),
            epoch,
            outgoing: AtomicU64::new(0),
            incoming: AtomicU64::new(0),
        });
        (Arc::clone(&voice), LineSink { voice, reported })
    }

    pub(crate) fn replace(&self, peer: Option<Peer>) {
        self.switch(peer.map(Way::new).map(Exit::Call));
    }

    /// The way that was used until now, to be taken again later or dropped.
    pub(crate) fn switch(&self, exit: Option<Exit>) -> Option<Exit> {
        let mut current = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *current, exit);
        self.agreement.begin();
        before.map(|before| match before {
            Exit::Call(before) => {
                let dropped = before.peer.dropped();
                self.outgoing.fetch_add(dropped - before.counted, Ordering::Relaxed);
                Exit::Call(Way { counted: dropped, ..before.parked() })
            }
            room @ Exit::Room(_) => room,
        })
    }

    pub(crate) fn arrived(&self, incoming: Incoming) {
        let taken = match incoming {
            Incoming::Rtp(arrival) => {
                self.agreement.heard(arrival.ssrc);
                let arrived = self.micros(arrival.arrived);
                let received = Received { arrived, packet: arrival.packet };
                let mut ring = self.received.lock().unwrap_or_else(PoisonError::into_inner);
                ring.push(received).is_ok()
            }
            Incoming::Rtcp { bytes, arrived } => {
                let reported = Reported { arrived: self.micros(arrived), bytes };
                let mut ring = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
                // Between calls nobody reads, and nothing is lost by it.
                let _ = ring.push(reported);
                true
            }
        };
        if !taken {
            self.incoming.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn agree(&self, terms: Terms) {
        self.agreement.agree(terms);
    }

    fn micros(&self, at: Instant) -> Micros {
        let since = at.saturating_duration_since(self.epoch);
        Micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    pub(crate) fn dropped(&self) -> Dropped {
        let way = self.way.lock().unwrap_or_else(PoisonError::into_inner);
        Dropped {
            outgoing: self.outgoing.load(Ordering::Relaxed) + way.as_ref().map_or(0, Exit::dropped),
            incoming: self.incoming.load(Ordering::Relaxed),
        }
    }

    /// Nothing is handed over while the connection is being replaced.
    fn hand(&self, to: impl FnOnce(&mut Exit)) {
        match self.way.try_lock() {
            Ok(mut way) => {
                if let Some(way) = &mut *way {
                    return to(way);
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

/// Where the headset's voice goes.
#[derive(Debug)]
pub(crate) enum Exit {
    Call(Way),
    /// To several, mixed with what they say.
    Room(Door),
}

impl Exit {
    pub(crate) fn into_way(self) -> Option<Way> {
        match self {
            Self::Call(way) => Some(way),
            Self::Room(_) => None,
        }
    }

    fn dropped(&self) -> u64 {
        match self {
            Self::Call(way) => way.peer.dropped() - way.counted,
            Self::Room(_) => 0,
        }
    }
}

/// A connection, and how far the numbers of its packets have come. One of several calls is
/// spoken in at a time, by the media thread or a conference, and both count on meanwhile:
/// who decrypts a stream would take a gap of half the numbers for old packets (RFC 3711
/// section 3.3.1), and its clock is one whoever speaks.
#[derive(Debug)]
pub(crate) struct Way {
    peer: Peer,
    last: Option<Numbers>,
    /// Onto the numbers of whoever speaks; `None`: nothing was sent since the last switch.
    shift: Option<Shift>,
    /// Dropped packets that are in the sum already.
    counted: u64,
}

impl Way {
    pub(crate) fn new(peer: Peer) -> Self {
        Self { peer, last: None, shift: None, counted: 0 }
    }

    /// Somebody else may speak here next.
    pub(crate) fn parked(self) -> Self {
        Self { shift: None, ..self }
    }

    pub(crate) fn send(&mut self, mut packet: Packet) {
        let now = Instant::now();
        let clock = clock_of(packet.payload_type);
        let shift = match self.shift {
            Some(shift) if shift.clock == clock => shift,
            // Whoever speaks may learn of the codec a packet late.
            _ => Shift::after(self.last.as_ref(), &packet, clock, now),
        };
        self.shift = Some(shift);
        packet.sequence = packet.sequence.wrapping_add(shift.sequence);
        packet.timestamp = packet.timestamp.wrapping_add(shift.timestamp);
        self.last =
            Some(Numbers { sequence: packet.sequence, timestamp: packet.timestamp, sent: now });
        self.peer.send(packet);
    }
}

/// Of the last packet that went a way.
#[derive(Debug)]
struct Numbers {
    sequence: u16,
    timestamp: u32,
    sent: Instant,
}

/// From the numbers of whoever speaks to those of the way.
#[derive(Clone, Copy, Debug)]
struct Shift {
    sequence: u16,
    timestamp: u32,
    /// Hz of these timestamps.
    clock: u32,
}

impl Shift {
    /// What takes a packet of another count to the next number, at the time that has come.
    fn after(last: Option<&Numbers>, packet: &Packet, clock: u32, now: Instant) -> Self {
        let Some(last) = last else { return Self { sequence: 0, timestamp: 0, clock } };
        let passed = now.saturating_duration_since(last.sent).as_micros();
        // Wraps as timestamps do.
        let due = last.timestamp.wrapping_add((passed * u128::from(clock) / 1_000_000) as u32);
        let next = last.sequence.wrapping_add(1);
        Self {
            sequence: next.wrapping_sub(packet.sequence),
            timestamp: due.wrapping_sub(packet.timestamp),
            clock,
        }
    }
}

/// The media thread's end. Never waits: what cannot be sent now is dropped and counted.
#[derive(Debug)]
pub struct LineSink {
    voice: Arc<Voice>,
    reported: rtrb::Consumer<Reported>,
}

impl PacketSink for LineSink {
    fn send(&mut self, packet: Packet) {
        self.voice.hand(|exit| match exit {
            Exit::Call(way) => way.send(packet),
            Exit::Room(door) => _ = door.hear(packet),
        });
    }
}

impl Channel for LineSink {
    fn report(&mut self, rtcp: &[u8]) {
        self.voice.hand(|exit| match exit {
            Exit::Call(way) => way.peer.send_rtcp(rtcp),
            // Nobody behind it has this stream.
            Exit::Room(_) => {}
        });
    }

    fn reported(&mut self) -> Option<Reported> {
        self.reported.pop().ok()
    }

    fn agreed(&mut self) -> Agreed {
        self.voice.agreement.read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_media::Codec;
    use omnibar_peer::type_of;
    use std::time::Duration;

    #[test]
    fn a_stream_goes_on_at_its_time_by_the_clock_of_its_codec() {
        let sent = Instant::now();
        let last = Numbers { sequence: u16::MAX, timestamp: 1_000, sent };
        for (codec, units) in [(Codec::Opus, 480_000), (Codec::G722, 80_000), (Codec::Pcmu, 80_000)]
        {
            let kind = type_of(codec);
            let packet =
                Packet { sequence: 7, timestamp: 5, payload_type: kind, ..Packet::default() };
            let now = sent + Duration::from_secs(10);
            let shift = Shift::after(Some(&last), &packet, clock_of(kind), now);
            assert_eq!(packet.sequence.wrapping_add(shift.sequence), 0, "{codec:?}");
            assert_eq!(packet.timestamp.wrapping_add(shift.timestamp), 1_000 + units, "{codec:?}");
        }
    }
}
