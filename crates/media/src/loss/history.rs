//! What was sent in the last second, to be sent again when it is asked for.

use crate::{Micros, Packet};

/// The sender's side of retransmission.
#[derive(Debug)]
pub struct History {
    sent: Vec<Sent>,
    /// Bytes that may be sent again now.
    allowance: f32,
    filled: u64,
}

#[derive(Debug, Default)]
struct Sent {
    at: u64,
    packet: Packet,
    /// Answers, and the last.
    times: u8,
    answered: u64,
}

/// Packets: 1.28 s of 10 ms packets.
const KEPT: usize = 128;
/// µs.
const OLD: u64 = 1_200_000;
const MOST_TIMES: u8 = 3;
/// µs: requests that cross an answer.
const SPACING: u64 = 15_000;
/// Bytes a second, and at once: 48 kbit/s, the voice itself once more.
const RATE: f32 = 6_000.0;
const AT_ONCE: f32 = 4_000.0;

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

impl History {
    #[must_use]
    pub fn new() -> Self {
        let sent = (0..KEPT).map(|_| Sent { times: MOST_TIMES, ..Sent::default() }).collect();
        Self { sent, allowance: AT_ONCE, filled: 0 }
    }

    /// Every packet that is sent, once.
    pub fn keep(&mut self, now: Micros, packet: &Packet) {
        let sent = &mut self.sent[usize::from(packet.sequence) % KEPT];
        (sent.at, sent.times, sent.answered) = (now.0, 0, 0);
        let Packet { sequence, timestamp, payload_type, marker, payload } = packet;
        sent.packet.sequence = *sequence;
        sent.packet.timestamp = *timestamp;
        sent.packet.payload_type = *payload_type;
        sent.packet.marker = *marker;
        // Keeps the room that it has.
        sent.packet.payload.clear();
        sent.packet.payload.extend_from_slice(payload);
    }

    /// The packet with this number, if it is worth sending again: not too old, not just
    /// answered, not for the fourth time, and within 48 kbit/s.
    pub fn again(&mut self, now: Micros, sequence: u16) -> Option<&Packet> {
        let passed = now.0.saturating_sub(self.filled).min(1_000_000) as f32 / 1e6;
        self.allowance = (self.allowance + passed * RATE).min(AT_ONCE);
        self.filled = self.filled.max(now.0);
        let sent = &mut self.sent[usize::from(sequence) % KEPT];
        let fresh = sent.packet.sequence == sequence && now.0.saturating_sub(sent.at) <= OLD;
        let spaced = sent.times == 0 || now.0.saturating_sub(sent.answered) >= SPACING;
        let bytes = sent.packet.payload.len() as f32;
        if !fresh || !spaced || sent.times >= MOST_TIMES || bytes > self.allowance {
            return None;
        }
        self.allowance -= bytes;
        sent.times += 1;
        sent.answered = now.0;
        Some(&sent.packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16) -> Packet {
        Packet { sequence, payload: vec![sequence as u8; 80], ..Packet::default() }
    }

    #[test]
    fn the_last_second_is_there_and_no_more() {
        let mut history = History::new();
        for n in 0..100u16 {
            history.keep(Micros(u64::from(n) * 20_000), &packet(n));
        }
        let now = Micros(2_000_000);
        assert_eq!(history.again(now, 99), Some(&packet(99)));
        assert_eq!(history.again(now, 41), Some(&packet(41)));
        assert_eq!(history.again(now, 38), None);
        assert_eq!(history.again(now, 20), None);
        assert_eq!(history.again(now, 100), None);
    }

    #[test]
    fn nothing_was_sent_so_nothing_is_sent_again() {
        assert_eq!(History::new().again(Micros(0), 0), None);
    }

    #[test]
    fn a_number_is_answered_three_times_with_a_pause() {
        let mut history = History::new();
        history.keep(Micros(0), &packet(7));
        let answered: Vec<u64> =
            (0..100).filter(|ms| history.again(Micros(ms * 1000), 7).is_some()).collect();
        assert_eq!(answered, [0, 15, 30]);
    }

    #[test]
    fn a_flood_of_requests_stays_within_the_budget() {
        let mut history = History::new();
        let mut bytes = 0;
        for n in 0..500u16 {
            let now = Micros(u64::from(n) * 20_000);
            history.keep(now, &packet(n));
            for back in 0..40 {
                bytes += history.again(now, n.wrapping_sub(back)).map_or(0, |p| p.payload.len());
            }
        }
        assert!((40_000..=64_000).contains(&bytes), "{bytes} in 10 s");
    }
}
