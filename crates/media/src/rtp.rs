use crate::Packet;

/// Numbers outgoing packets (RFC 3550 section 5.1): one stream, one clock for voice
/// and telephone events. Where a call changes to a codec with another clock, the timestamps go
/// on from where they are (RFC 7160 section 3.2.1).
#[derive(Debug)]
pub struct Packetizer {
    sequence: u16,
    timestamp: u32,
    silent: bool,
}

impl Packetizer {
    /// `seed`: the random start that RFC 3550 asks for; draw it anew for every stream.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = crate::random::Random::new(seed);
        Self {
            // The upper half would let the first wrap come within the first packets,
            // where SRTP's roll-over counter is guessed (RFC 3711 section 3.3.1).
            sequence: (random.next() & 0x7fff) as u16,
            timestamp: random.next() as u32,
            silent: true,
        }
    }

    /// The timestamp of the samples that come next.
    #[must_use]
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Voice that begins at the present timestamp. The first after [`skip`](Self::skip)
    /// or an event carries the marker.
    pub fn voice(&mut self, payload_type: u8, payload: Vec<u8>) -> Packet {
        let marker = std::mem::replace(&mut self.silent, false);
        self.number(payload_type, self.timestamp, marker, payload)
    }

    /// A telephone event, whose timestamp stays that of its begin (RFC 4733 section 2.2).
    pub fn event(
        &mut self,
        payload_type: u8,
        timestamp: u32,
        marker: bool,
        payload: Vec<u8>,
    ) -> Packet {
        self.silent = true;
        self.number(payload_type, timestamp, marker, payload)
    }

    /// Moves the clock on by `units` that have been sent or passed over.
    pub fn advance(&mut self, units: u32) {
        self.timestamp = self.timestamp.wrapping_add(units);
    }

    /// Nothing is sent for the present frame: the next voice begins a talk spurt.
    pub fn skip(&mut self) {
        self.silent = true;
    }

    fn number(
        &mut self,
        payload_type: u8,
        timestamp: u32,
        marker: bool,
        payload: Vec<u8>,
    ) -> Packet {
        let sequence = self.sequence;
        self.sequence = sequence.wrapping_add(1);
        Packet { sequence, timestamp, payload_type, marker, payload }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_and_sequence_go_on_and_silence_is_marked() {
        let mut packetizer = Packetizer::new(42);
        let first = packetizer.voice(111, vec![1]);
        packetizer.advance(960);
        let second = packetizer.voice(111, vec![2]);
        packetizer.advance(960);
        packetizer.skip();
        packetizer.advance(960);
        let third = packetizer.voice(111, vec![3]);
        assert_eq!((first.marker, second.marker, third.marker), (true, false, true));
        assert_eq!(third.sequence.wrapping_sub(first.sequence), 2);
        assert_eq!(third.timestamp.wrapping_sub(first.timestamp), 3 * 960);
        assert!(first.sequence < 0x8000);
        let other = Packetizer::new(43).voice(111, vec![1]);
        assert_ne!((other.sequence, other.timestamp), (first.sequence, first.timestamp));
    }
}
