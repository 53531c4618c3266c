use super::outlet::Outlet;
use crate::switch::loops;
use omnibar_media::{Digit, Micros, Packet, SAMPLE_RATE, event};
use std::collections::VecDeque;

/// Digits on their way to a leg: as telephone events, or as tones to a party that takes
/// none. While a key sounds it replaces the voice.
#[derive(Debug, Default)]
pub(super) struct Train {
    events: event::Sender,
    /// Ticks until the event sender surely has no more.
    rest: u8,
    sounding: bool,
    tones: VecDeque<Digit>,
    /// The key that sounds and the packet of it that comes next.
    tone: Option<(Digit, usize)>,
    waiting: VecDeque<Digit>,
}

/// Longer than the pause between two keys.
const REST: u8 = 4;
/// Enough for any menu; more is a caller that has run wild.
const MOST_WAITING: usize = 64;

impl Train {
    /// False when so many digits wait that this one is not taken.
    pub(super) fn press(&mut self, digit: Digit) -> bool {
        let room = self.waiting.len() + self.tones.len() < MOST_WAITING;
        if room {
            self.waiting.push_back(digit);
            self.rest = REST;
        }
        room
    }

    pub(super) fn is_busy(&self) -> bool {
        self.rest > 0 || self.tone.is_some() || !self.tones.is_empty()
    }

    pub(super) fn is_sounding(&self) -> bool {
        self.sounding
    }

    /// What is sent in the next 20 ms instead of voice.
    pub(super) fn next(
        &mut self,
        now: Micros,
        as_events: bool,
        outlet: &mut Outlet,
    ) -> Option<Packet> {
        if !self.is_busy() {
            return None;
        }
        while let Some(digit) = self.waiting.front().copied() {
            if as_events && !self.events.press(digit) {
                break;
            }
            if !as_events {
                self.tones.push_back(digit);
            }
            self.waiting.pop_front();
        }
        let packet = match self.events.next(outlet.clock(now), SAMPLE_RATE) {
            Some(step) => Some(outlet.event(now, step)),
            None => self.next_tone(now, outlet),
        };
        self.sounding = packet.is_some();
        self.rest = if self.sounding { REST } else { self.rest.saturating_sub(1) };
        packet
    }

    fn next_tone(&mut self, now: Micros, outlet: &mut Outlet) -> Option<Packet> {
        let (digit, at) = match self.tone {
            Some(tone) => tone,
            None => (self.tones.pop_front()?, 0),
        };
        let frames = loops::key(digit)?;
        let payload = frames.get(at)?.clone();
        self.tone = (at + 1 < frames.len()).then_some((digit, at + 1));
        Some(outlet.tone(now, at == 0, payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_peer::{OPUS, TELEPHONE_EVENT};

    fn run(as_events: bool) -> Vec<Option<Packet>> {
        loops::prepare();
        let mut outlet = Outlet::new(5);
        let mut train = Train::default();
        assert!(train.press(Digit::new('4').unwrap()));
        assert!(train.press(Digit::new('2').unwrap()));
        let mut packets = Vec::new();
        for tick in 0.. {
            if !train.is_busy() {
                break;
            }
            packets.push(train.next(Micros(tick * 20_000), as_events, &mut outlet));
        }
        packets
    }

    #[test]
    fn events_are_read_as_the_same_digits() {
        let packets = run(true);
        let mut receiver = event::Receiver::new();
        let digits: String = packets
            .iter()
            .flatten()
            .inspect(|packet| assert_eq!(packet.payload_type, TELEPHONE_EVENT))
            .filter_map(|packet| receiver.receive(packet))
            .map(Digit::key)
            .collect();
        assert_eq!(digits, "42");
        let sequences: Vec<u16> = packets.iter().flatten().map(|p| p.sequence).collect();
        assert!(sequences.windows(2).all(|w| w[1] == w[0].wrapping_add(1)));
    }

    #[test]
    fn tones_follow_one_another_in_time() {
        let packets: Vec<Packet> = run(false).into_iter().flatten().collect();
        assert_eq!(packets.len(), 12);
        assert!(packets.iter().all(|packet| packet.payload_type == OPUS));
        assert!(packets.windows(2).all(|w| w[1].timestamp.wrapping_sub(w[0].timestamp) == 960));
    }

    #[test]
    fn a_flood_is_refused() {
        let mut train = Train::default();
        let five = Digit::new('5').unwrap();
        assert_eq!((0..1_000).filter(|_| train.press(five)).count(), MOST_WAITING);
    }
}
