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

    /// Nothing to send, now or after a pause.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.current.is_none() && self.waiting.is_empty()
    }

    /// The packet for the 20 ms that begin at `timestamp`, instead of voice; `None`: send
    /// voice. `clock`: Hz of the timestamps.
    pub fn next(&mut self, timestamp: u32, clock: u32) -> Option<Step> {
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
        let unit = u16::try_from(clock / FRAMES).unwrap_or(u16::MAX);
        let duration = sounding.frames.saturating_mul(unit);
        let event = Event { code: sounding.digit.code(), end, volume: VOLUME, duration };
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
/// In a second.
const FRAMES: u32 = 50;
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

/// Timestamps this far ahead of the last are taken for older ones: all but the last minute
/// at 48 kHz.
const RESTART: u32 = u32::MAX - 60 * 48_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Packetizer;
    use proptest::prelude::*;

    fn train(digits: &str, frames: u32) -> Vec<Packet> {
        train_at(48_000, digits, frames)
    }

    fn train_at(clock: u32, digits: &str, frames: u32) -> Vec<Packet> {
        let mut sender = Sender::new();
        for key in digits.chars() {
            assert!(sender.press(Digit::new(key).unwrap()));
        }
        let mut packetizer = Packetizer::new(3);
        let mut packets = Vec::new();
        for _ in 0..frames {
            if let Some(step) = sender.next(packetizer.timestamp(), clock) {
                let payload = step.event.encode().to_vec();
                packets.push(packetizer.event(110, step.timestamp, step.marker, payload));
            }
            packetizer.advance(clock / FRAMES);
        }
        packets
    }

    fn digits<'a>(packets: impl IntoIterator<Item = &'a Packet>) -> String {
        let mut receiver = Receiver::new();
        packets.into_iter().filter_map(|p| receiver.receive(p)).map(Digit::key).collect()
    }

    #[test]
    fn a_key_is_a_train_with_one_begin_and_three_ends() {
        let packets = train("5", 20);
        let events: Vec<Event> =
            packets.iter().map(|p| Event::parse(&p.payload).unwrap()).collect();
        let durations: Vec<u16> = events.iter().map(|e| e.duration).collect();
        assert_eq!(durations, [960, 1920, 2880, 3840, 4800, 4800, 4800]);
        let ends: Vec<bool> = events.iter().map(|e| e.end).collect();
        assert_eq!(ends, [false, false, false, false, true, true, true]);
        assert!(packets[0].marker && packets[1..].iter().all(|p| !p.marker));
        assert!(packets.iter().all(|p| p.timestamp == packets[0].timestamp));
        let steps = packets.windows(2).map(|w| w[1].sequence.wrapping_sub(w[0].sequence));
        assert!(steps.into_iter().all(|step| step == 1));
    }

    #[test]
    fn a_key_is_as_long_by_another_clock() {
        let packets = train_at(8_000, "5", 20);
        let durations = packets.iter().map(|p| Event::parse(&p.payload).unwrap().duration);
        assert_eq!(durations.collect::<Vec<u16>>(), [160, 320, 480, 640, 800, 800, 800]);
        assert_eq!(digits(&train_at(8_000, "1159#", 80)), "1159#");
    }

    #[test]
    fn repeated_keys_are_told_apart_and_lost_packets_do_not_matter() {
        let packets = train("1159#", 80);
        assert_eq!(digits(&packets), "1159#");
        assert_eq!(digits(packets.iter().flat_map(|p| [p, p])), "1159#");
        // All but the last end of each event.
        let last = packets
            .iter()
            .enumerate()
            .filter(|(i, p)| packets.get(i + 1).is_none_or(|next| next.timestamp != p.timestamp));
        assert_eq!(digits(last.map(|(_, p)| p)), "1159#");
    }

    #[test]
    fn a_late_packet_of_an_old_event_is_no_key() {
        let mut packets = train("12", 40);
        let late = packets.remove(2);
        packets.push(late);
        assert_eq!(digits(&packets), "12");
    }

    #[test]
    fn a_page_run_wild_is_stopped() {
        let mut sender = Sender::new();
        let taken = (0..1000).filter(|_| sender.press(Digit::ALL[0])).count();
        assert_eq!(taken, MOST_WAITING);
    }

    #[test]
    fn short_payloads_are_refused() {
        assert_eq!(Event::parse(&[5, 0x8a, 1]), Err(ParseError(3)));
    }

    proptest! {
        #[test]
        fn payloads_survive_both_ways(code: u8, end: bool, volume in 0u8..64, duration: u16) {
            let event = Event { code, end, volume, duration };
            prop_assert_eq!(Event::parse(&event.encode()), Ok(event));
        }
    }
}
