//! Three or more who talk over one telephone: what each of them says is decoded, and each
//! gets the sum of the others in his own codec, made here where no exchange has to help.
//!
//! ```text
//!  media thread ──LineSink──▶ Room ──Way──▶ Peer of call 1
//!               ◀──packets──┘ ▲ └──Way──▶ Peer of call 2
//!                             └──packets── both
//! ```
//!
//! A thread of its own, which counts its 10 ms against the clock, and ends with its handle.

use super::connection::{News, Post};
use super::seat::Seat;
use crate::voice::{Voice, Way};
use omnibar_media::{BLOCK, Codec, Micros, Mixer, Packet, Received};
use omnibar_peer::{Arrival, Incoming, TELEPHONE_EVENT, TELEPHONE_EVENT_8K, codec_of};
use omnibar_sip::CallNumber;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// Packets that may wait: half a second of sixteen calls. What nobody fetches in time is
/// late anyway.
const MOST_WAITING: usize = 512;
const TICK: Duration = Duration::from_millis(10);
/// Ticks that are made up for when the machine was busy; more are left out.
const MOST_LATE: u32 = 10;

enum Work {
    Join {
        call: CallNumber,
        way: Way,
        codec: Codec,
    },
    /// Its far side wants another codec.
    Change {
        call: CallNumber,
        codec: Codec,
    },
    Leave(CallNumber),
    /// `None`: from the microphone here.
    Hear {
        from: Option<CallNumber>,
        packet: Packet,
    },
}

/// The handle; dropping it, and all [`Door`]s, ends the thread.
#[derive(Debug)]
pub(super) struct Room {
    door: Door,
}

/// Takes the packets of one who is in the room, or of the microphone.
#[derive(Clone)]
pub(crate) struct Door {
    work: Sender<Work>,
    waiting: Arc<AtomicUsize>,
    from: Option<CallNumber>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Room {
    /// With nobody in it but whoever is at the headset.
    ///
    /// # Errors
    /// The system gives no thread, or the codec cannot be set up.
    pub(super) fn open(voice: Arc<Voice>, post: Post) -> io::Result<Self> {
        let (work, inbox) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        // The media thread speaks Opus wherever nothing else was agreed on.
        let here = Seat::new(Codec::Opus).map_err(|error| io::Error::other(error.to_string()))?;
        let inside = Inside {
            voice,
            post,
            waiting: waiting.clone(),
            epoch: Instant::now(),
            seats: vec![here],
            callers: vec![],
            mixer: Mixer::new(),
            second: false,
        };
        std::thread::Builder::new().name("conference".into()).spawn(move || inside.run(&inbox))?;
        Ok(Self { door: Door { work, waiting, from: None } })
    }

    /// For the packets of a call, or of the microphone.
    pub(super) fn door(&self, from: Option<CallNumber>) -> Door {
        Door { from, ..self.door.clone() }
    }

    /// Lets a call in, which hears the others by that way, in that codec, from now on.
    pub(super) fn join(&self, call: CallNumber, way: Way, codec: Codec) {
        self.order(Work::Join { call, way, codec });
    }

    /// The call goes on in that codec.
    pub(super) fn change(&self, call: CallNumber, codec: Codec) {
        self.order(Work::Change { call, codec });
    }

    /// Its way comes back as [`News::Parked`].
    pub(super) fn leave(&self, call: CallNumber) {
        self.order(Work::Leave(call));
    }

    fn order(&self, work: Work) {
        // The thread outlives every handle.
        let _ = self.door.work.send(work);
    }
}

impl Door {
    /// Never waits; false if the packet was left out, as the room cannot follow.
    pub(crate) fn hear(&self, packet: Packet) -> bool {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        self.work.send(Work::Hear { from: self.from, packet }).is_ok()
    }
}

/// What the thread owns. The first seat is the headset's; the others are the callers', in
/// their order.
struct Inside {
    voice: Arc<Voice>,
    post: Post,
    waiting: Arc<AtomicUsize>,
    epoch: Instant,
    seats: Vec<Seat>,
    callers: Vec<(CallNumber, Way)>,
    mixer: Mixer,
    /// The next block is the frames' second.
    second: bool,
}

impl Inside {
    fn run(mut self, inbox: &Receiver<Work>) {
        let mut next = Instant::now() + TICK;
        loop {
            match inbox.recv_timeout(next.saturating_duration_since(Instant::now())) {
                Ok(work) => self.take(work),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let mut ticks = 0;
            while next <= Instant::now() {
                next += TICK;
                ticks += 1;
                if ticks <= MOST_LATE {
                    self.tick();
                } else {
                    self.seats.iter_mut().for_each(Seat::pass_over);
                }
            }
        }
    }

    fn now(&self) -> Micros {
        Micros(u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    fn take(&mut self, work: Work) {
        match work {
            Work::Join { call, way, codec } => match Seat::new(codec) {
                Ok(seat) => {
                    self.seats.push(seat);
                    self.callers.push((call, way));
                }
                Err(error) => {
                    tracing::warn!(%error, "a call cannot be in the conference");
                    self.give_back(call, way);
                }
            },
            Work::Change { call, codec } => {
                if let Some(seat) = self.place(Some(call)).and_then(|at| self.seats.get_mut(at)) {
                    seat.change(codec);
                }
            }
            Work::Leave(call) => {
                let Some(place) = self.place(Some(call)) else { return };
                self.seats.remove(place);
                let (call, way) = self.callers.remove(place - 1);
                self.give_back(call, way);
            }
            Work::Hear { from, packet } => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                self.hear(from, packet);
            }
        }
    }

    fn give_back(&self, call: CallNumber, way: Way) {
        // The phone has been dropped.
        let _ = self.post.send((call, News::Parked(way.parked())));
    }

    /// Among the seats.
    fn place(&self, of: Option<CallNumber>) -> Option<usize> {
        match of {
            None => Some(0),
            Some(call) => self.callers.iter().position(|(own, _)| *own == call).map(|at| at + 1),
        }
    }

    fn hear(&mut self, from: Option<CallNumber>, packet: Packet) {
        let received = Received { arrived: self.now(), packet };
        let kind = received.packet.payload_type;
        let Some(seat) = self.place(from).and_then(|place| self.seats.get_mut(place)) else {
            return;
        };
        match (codec_of(kind), kind, from) {
            (Some(codec), ..) => seat.hear(codec, received),
            // Keys that are pressed here are everybody's; a mixed one would be no key.
            (None, TELEPHONE_EVENT | TELEPHONE_EVENT_8K, None) => {
                for (seat, (_, way)) in self.seats.iter_mut().skip(1).zip(&mut self.callers) {
                    if let Some(key) = seat.key(&received.packet) {
                        way.send(key);
                    }
                }
            }
            (None, TELEPHONE_EVENT | TELEPHONE_EVENT_8K, Some(call)) => {
                if let Some(digit) = seat.pressed(&received) {
                    let _ = self.post.send((call, News::Pressed(digit)));
                }
            }
            (None, ..) => {}
        }
    }

    /// 10 ms pass, of which every second ends a packet.
    fn tick(&mut self) {
        let now = self.now();
        let mut said = vec![[0.0; BLOCK]; self.seats.len()];
        for (seat, said) in self.seats.iter_mut().zip(&mut said) {
            seat.speak(now, said);
        }
        let mut heard = vec![[0.0; BLOCK]; self.seats.len()];
        self.mixer.mix_minus(&said, &mut heard);
        for (seat, heard) in self.seats.iter_mut().zip(&heard) {
            seat.listen(heard, self.second);
        }
        self.second = !self.second;
        if !self.second {
            self.send();
        }
    }

    fn send(&mut self) {
        let arrived = Instant::now();
        let mut seats = self.seats.iter_mut();
        if let Some(packet) = seats.next().and_then(Seat::packet) {
            // Nobody else has this source: RTCP is not passed on here.
            self.voice.arrived(Incoming::Rtp(Arrival { ssrc: 0, packet, arrived }));
        }
        for (seat, (_, way)) in seats.zip(&mut self.callers) {
            if let Some(packet) = seat.packet() {
                way.send(packet);
            }
        }
    }
}
