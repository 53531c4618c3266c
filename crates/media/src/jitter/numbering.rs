use crate::Packet;

/// Gives packets numbers that do not wrap, and tells a sender that has started anew from
/// a packet that makes no sense (RFC 3550 appendix A.1).
#[derive(Debug, Default)]
pub(super) struct Numbering {
    top: Option<Seen>,
    candidate: Option<Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    sequence: i64,
    timestamp: i64,
    /// µs.
    arrived: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Known {
        sequence: i64,
        timestamp: i64,
    },
    /// The first of a stream.
    Start {
        sequence: i64,
        timestamp: i64,
    },
    /// Far from all before, and alone so far.
    Unproven,
}

impl Numbering {
    pub(super) fn place(&mut self, packet: &Packet, arrived: i64) -> Place {
        let Some(top) = self.top else {
            return self.start(packet, arrived);
        };
        let seen = top.near(packet, arrived);
        let step = seen.sequence - top.sequence;
        if step.abs() < REACH && seen.late_by(&top).abs() < TIME_JUMP {
            self.candidate = None;
            if step > 0 {
                self.top = Some(seen);
            }
            return Place::Known { sequence: seen.sequence, timestamp: seen.timestamp };
        }
        if let Some(candidate) = self.candidate {
            let next = candidate.near(packet, arrived);
            let step = next.sequence - candidate.sequence;
            if (1..=PROOF).contains(&step) && next.late_by(&candidate).abs() < TIME_JUMP {
                return self.start(packet, arrived);
            }
        }
        self.candidate = Some(seen);
        Place::Unproven
    }

    /// The number of a packet whose timestamp is not that of its samples (a telephone
    /// event keeps the one of its begin); `None` when it is of no known sequence.
    pub(super) fn follow(&mut self, packet: &Packet) -> Option<i64> {
        let top = self.top.as_mut()?;
        let sequence = top.near(packet, 0).sequence;
        let step = sequence - top.sequence;
        if step > 0 && step < REACH {
            top.sequence = sequence;
        }
        (step.abs() < REACH).then_some(sequence)
    }

    /// The sequence and timestamp of a packet that has been placed.
    pub(super) fn known(&self, packet: &Packet) -> Option<(i64, i64)> {
        let seen = self.top.as_ref()?.near(packet, 0);
        Some((seen.sequence, seen.timestamp))
    }

    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    fn start(&mut self, packet: &Packet, arrived: i64) -> Place {
        let sequence = i64::from(packet.sequence);
        let timestamp = i64::from(packet.timestamp);
        self.top = Some(Seen { sequence, timestamp, arrived });
        self.candidate = None;
        Place::Start { sequence, timestamp }
    }
}

impl Seen {
    /// The packet's numbers, as close to these as they can be.
    fn near(&self, packet: &Packet, arrived: i64) -> Self {
        let step = packet.sequence.wrapping_sub(self.sequence as u16) as i16;
        let time = packet.timestamp.wrapping_sub(self.timestamp as u32) as i32;
        Self {
            sequence: self.sequence + i64::from(step),
            timestamp: self.timestamp + i64::from(time),
            arrived,
        }
    }

    /// µs by which this came later after `before` than it was sent after it.
    fn late_by(&self, before: &Self) -> i64 {
        let sent = super::micros(self.timestamp - before.timestamp);
        self.arrived.saturating_sub(before.arrived).saturating_sub(sent)
    }
}

/// Packets; a greater step is a jump.
const REACH: i64 = 200;
/// µs; a greater difference between clock and arrival is a jump.
const TIME_JUMP: i64 = 2_000_000;
/// Two packets this near to each other prove a new sequence.
const PROOF: i64 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(sequence: u16, timestamp: u32) -> Packet {
        Packet { sequence, timestamp, ..Packet::default() }
    }

    #[test]
    fn numbers_go_on_over_both_wraps() {
        let mut numbering = Numbering::default();
        numbering.place(&packet(65_534, u32::MAX - 1000), 0);
        for n in 1..10u16 {
            let p = packet(
                65_534u16.wrapping_add(n),
                (u32::MAX - 1000).wrapping_add(u32::from(n) * 960),
            );
            assert_eq!(
                numbering.place(&p, i64::from(n) * 20_000),
                Place::Known {
                    sequence: 65_534 + i64::from(n),
                    timestamp: i64::from(u32::MAX) - 1000 + i64::from(n) * 960,
                }
            );
        }
    }

    #[test]
    fn a_lone_stranger_is_not_believed_but_two_are() {
        let mut numbering = Numbering::default();
        numbering.place(&packet(100, 0), 0);
        assert_eq!(numbering.place(&packet(30_000, 5), 20_000), Place::Unproven);
        assert!(matches!(numbering.place(&packet(101, 960), 20_000), Place::Known { .. }));
        assert_eq!(numbering.place(&packet(30_000, 7_000_000), 40_000), Place::Unproven);
        assert!(matches!(numbering.place(&packet(30_001, 7_000_960), 60_000), Place::Start { .. }));
        assert!(matches!(numbering.place(&packet(30_002, 7_001_920), 80_000), Place::Known { .. }));
    }

    #[test]
    fn a_clock_that_stood_still_is_a_new_start() {
        let mut numbering = Numbering::default();
        numbering.place(&packet(100, 0), 0);
        assert_eq!(numbering.place(&packet(101, 960), 9_000_000), Place::Unproven);
        assert!(matches!(numbering.place(&packet(102, 1920), 9_020_000), Place::Start { .. }));
    }
}
