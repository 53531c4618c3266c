//! The thread on which voice is made of samples: parties that live in this process, and
//! the rooms in which three or more are mixed. It counts its 10 ms against the clock and
//! sleeps while it has nobody.

mod ear;
mod room;
mod seat;

use super::board::{Exit, Input};
use super::clock::{Clock, Gauge};
use super::party::Party;
use omnibar_media::codec::EncoderConfig;
use omnibar_media::{BLOCK, Digit, Micros, Packet, Received};
use room::Room;
use seat::Seat;
use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

/// What the board tells the studio.
pub(crate) enum Work {
    Seat {
        key: u64,
        party: Box<dyn Party>,
    },
    Leave {
        key: u64,
    },
    /// Whether somebody is in a bridge with this party.
    Connected {
        key: u64,
        connected: bool,
    },
    Digit {
        key: u64,
        digit: Digit,
    },
    Hear {
        key: u64,
        packet: Packet,
    },
    /// Exactly these are in the room from now on; the deaf ones of them are heard and
    /// get nothing.
    Room {
        room: u64,
        members: Vec<u64>,
        deaf: Vec<u64>,
    },
    CloseRoom {
        room: u64,
    },
    HearInRoom {
        room: u64,
        key: u64,
        packet: Packet,
        /// It was lost, and asked for.
        again: bool,
        /// How long a packet that is asked for takes; `None`: none is.
        answer_takes: Option<Micros>,
    },
}

/// The way to the studio's thread, which ends with the last clone.
#[derive(Clone, Debug)]
pub(crate) struct Studio {
    work: Sender<Work>,
    gauge: Gauge,
}

/// Packets that may wait: 200 ms of 500 legs.
const MOST_WAITING: usize = 5_000;
/// A jitter buffer is asked when its samples are due, not in advance: every 10 ms.
pub(super) const TICK: u64 = 10_000;
/// Ticks that are made up for when the machine was busy; more are left out.
const MOST_LATE: u64 = 10;

/// For what is spoken by the switch: 10 % of a core more complexity cannot be heard.
pub(super) const ENCODING: EncoderConfig =
    EncoderConfig { bitrate: 32_000, complexity: 5, fec: true, expected_loss: 5 };

impl Studio {
    pub(crate) fn start(clock: Clock, board: Sender<Input>, seed: u64) -> std::io::Result<Self> {
        let (studio, inside, inbox) = Self::new(board, seed);
        std::thread::Builder::new()
            .name("switch-studio".into())
            .spawn(move || inside.run(clock, &inbox))?;
        Ok(studio)
    }

    /// The studio without its thread.
    pub(super) fn new(board: Sender<Input>, seed: u64) -> (Self, Inside, Receiver<Work>) {
        let (work, inbox) = mpsc::channel();
        let gauge = Gauge::new(MOST_WAITING);
        let inside = Inside {
            board,
            gauge: gauge.clone(),
            seed,
            seats: BTreeMap::new(),
            rooms: BTreeMap::new(),
        };
        (Self { work, gauge }, inside, inbox)
    }

    pub(crate) fn order(&self, work: Work) {
        // The thread outlives every handle.
        let _ = self.work.send(work);
    }

    /// A packet, left out when the studio cannot follow.
    pub(crate) fn packet(&self, work: Work) {
        if self.gauge.enter() {
            self.order(work);
        }
    }

    /// Where packets for the party with this key go.
    pub(crate) fn exit(&self, key: u64) -> impl Exit + use<> {
        ToParty { key, studio: self.clone() }
    }
}

struct ToParty {
    key: u64,
    studio: Studio,
}

impl Exit for ToParty {
    fn send(&self, packet: Packet) {
        self.studio.packet(Work::Hear { key: self.key, packet });
    }

    fn takes_events(&self) -> bool {
        true
    }
}

/// What the studio's thread owns.
pub(super) struct Inside {
    board: Sender<Input>,
    gauge: Gauge,
    seed: u64,
    seats: BTreeMap<u64, Seat>,
    rooms: BTreeMap<u64, Room>,
}

impl Inside {
    fn run(mut self, clock: Clock, inbox: &Receiver<Work>) {
        let mut next = clock.now().0;
        loop {
            let idle = self.seats.is_empty() && self.rooms.is_empty();
            let wait = if idle { Duration::from_secs(3600) } else { clock.until(Micros(next)) };
            match inbox.recv_timeout(wait) {
                Ok(work) => {
                    if idle {
                        next = clock.now().0;
                    }
                    self.take(clock.now(), work);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = clock.now();
            let due = (now.0 + TICK).saturating_sub(next) / TICK;
            if due == 0 {
                continue;
            }
            if due > MOST_LATE {
                tracing::debug!(ticks = due, "the studio was late");
                self.pass_over(due - MOST_LATE);
            }
            for _ in 0..due.min(MOST_LATE) {
                self.tick(now);
            }
            next += due * TICK;
        }
    }

    /// A packet has arrived when it is taken here: a jitter buffer that was told of an
    /// earlier arrival than it could have played would aim too low.
    pub(super) fn take(&mut self, now: Micros, work: Work) {
        match work {
            Work::Seat { key, party } => match Seat::new(party, self.seed ^ key) {
                Ok(seat) => {
                    self.seats.insert(key, seat);
                }
                Err(error) => {
                    tracing::warn!(%error, "a party could not be seated");
                    let deed = super::party::Deed::Gone(omnibar_model::Cause::MediaFailed);
                    let _ = self.board.send(Input::Party { key, deed });
                }
            },
            Work::Leave { key } => {
                self.seats.remove(&key);
            }
            Work::Connected { key, connected } => {
                if let Some(seat) = self.seats.get_mut(&key) {
                    seat.set_connected(connected);
                }
            }
            Work::Digit { key, digit } => {
                if let Some(seat) = self.seats.get_mut(&key) {
                    seat.press(digit);
                }
            }
            Work::Hear { key, packet } => {
                self.gauge.leave();
                if let Some(seat) = self.seats.get_mut(&key) {
                    seat.hear(Received { arrived: now, packet });
                }
            }
            Work::Room { room, members, deaf } => {
                let seed = self.seed;
                let room = self.rooms.entry(room).or_insert_with(|| Room::new(seed));
                room.set_members(&members, &deaf);
            }
            Work::CloseRoom { room } => {
                self.rooms.remove(&room);
            }
            Work::HearInRoom { room, key, packet, again, answer_takes } => {
                self.gauge.leave();
                let ear = self.rooms.get_mut(&room).and_then(|room| room.ear(key));
                let Some(ear) = ear else { return };
                let received = Received { arrived: now, packet };
                ear.set_retransmission(answer_takes);
                if again {
                    ear.receive_again(received);
                } else {
                    // Digits go from leg to leg, not through the mix.
                    let _ = ear.receive(received);
                }
            }
        }
    }

    /// The board outlives the studio, which ends with the board's handle.
    pub(super) fn tick(&mut self, now: Micros) {
        for (&key, seat) in &mut self.seats {
            let (packet, deed) = seat.tick(now);
            if let Some(packet) = packet {
                let _ = self.board.send(Input::Voice {
                    key,
                    arrived: now,
                    ssrc: 0,
                    packet,
                    gauge: None,
                });
            }
            if let Some(deed) = deed {
                let _ = self.board.send(Input::Party { key, deed });
            }
        }
        for (&room, members) in &mut self.rooms {
            members.tick(now, |key, packet| {
                let _ = self.board.send(Input::Mixed { room, key, packet });
            });
        }
    }

    fn pass_over(&mut self, ticks: u64) {
        let samples = (ticks as u32).wrapping_mul(BLOCK as u32);
        self.seats.values_mut().for_each(|seat| seat.pass_over(samples));
        self.rooms.values_mut().for_each(|room| room.pass_over(samples));
    }
}
