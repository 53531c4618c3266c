//! Telephone events: DTMF as RTP payload (RFC 4733).

use crate::{Digit, Packet};
use std::collections::VecDeque;
use thiserror::Error;

/// One telephone-event payload (RFC 4733 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub code: u8,
    pub end: bool,
    /// −dBm0, 0 to 63.
    pub volume: u8,
    /// Units of the RTP clock.
    pub duration: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a telephone event has at least four bytes, not {0}")]
pub struct ParseError(pub usize);

impl Event {
    #[must_use]
    pub fn encode(self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, (u8::from(self.end) << 7) | (self.volume & 0x3f), high, low]
    }

    /// Further events in the same payload (none in practice) are left out.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseError> {
        let &[code, flags, high, low, ..] = payload else {
            return Err(ParseError(payload.len()));
        };
        Ok(Self {
            code,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([high, low]),
        })
    }
}

/// One packet of the train that a [`Sender`] yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub event: Event,
    /// Of the event's begin.
    pub timestamp: u32,
    /// On the first packet of an event.
    pub marker: bool,
}

/// Turns digits into a packet train, one packet every 20 ms: 100 ms of key, the end
/// three times, then a pause.
#[derive(Debug, Default)]
pub struct Sender {
    waiting: VecDeque<Digit>,
    current: Option<Sounding>,
    pause: u8,
}

#[derive(Debug)]
struct Sounding {
    digit: Digit,
    begin: u32,
    frames: u16,
    ends: u8,
}

impl Sender {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// False when so many digits wait that this one is not taken.
    pub fn press(&mut self, digit: Digit) -> bool {
        let room = self.waiting.len() < MOST_WAITING;
        if room {
            self.waiting.push_back(digit);
        }
        room
    }

    /// The packet for the 20 ms that begin at `timestamp` (48 kHz), instead of voice;
    /// `None`: send voice.
    pub fn next(&mut self, timestamp: u32) -> Option<Step> {
        if self.current.is_none() {
            if self.pause > 0 {
                self.pause -= 1;
                return None;
            }
            let digit = self.waiting.pop_front()?;
            self.current = Some(Sounding { digit, begin: timestamp, frames: 0, ends: 0 });
        }
        let sounding = self.current.as_mut()?;
        let marker = sounding.frames == 0;
        sounding.frames = (sounding.frames + 1).min(KEY_FRAMES);
        let end = sounding.frames == KEY_FRAMES;
        let event = Event {
            code: sounding.digit.code(),
            end,
            volume: VOLUME,
            duration: sounding.frames * FRAME_UNITS,
        };
        let step = Step { event, timestamp: sounding.begin, marker };
        if end {
            sounding.ends += 1;
            if sounding.ends == END_PACKETS {
                self.current = None;
                self.pause = PAUSE_FRAMES;
            }
        }
        Some(step)
    }
}

/// Enough for any menu; more is a page that has run wild.
const MOST_WAITING: usize = 64;
/// 100 ms.
const KEY_FRAMES: u16 = 5;
const FRAME_UNITS: u16 = 960;
/// RFC 4733 section 2.5.1.4.
const END_PACKETS: u8 = 3;
/// 40 ms of voice after the two repeated ends, 80 ms between keys in all.
const PAUSE_FRAMES: u8 = 2;
/// −10 dBm0.
const VOLUME: u8 = 10;

/// Finds the digits in what arrives: each is told once, as early as its first packet.
#[derive(Debug, Default)]
pub struct Receiver {
    last: Option<u32>,
}

impl Receiver {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// `packet`: one whose payload type is the telephone event's. Repetitions, late
    /// packets of an older event, and events that are not DTMF give `None`.
    pub fn receive(&mut self, packet: &Packet) -> Option<Digit> {
        let event = Event::parse(&packet.payload).ok()?;
        let digit = Digit::from_code(event.code)?;
        if let Some(last) = self.last
            && packet.timestamp.wrapping_sub(last).wrapping_sub(1) >= RESTART
        {
            return None;
        }
        self.last = Some(packet.timestamp);
        Some(digit)
    }
}

/// Timestamps this far ahead of the last are taken for older ones: 48 kHz units, all but
/// the last minute.
const RESTART: u32 = u32::MAX - 60 * 48_000;
