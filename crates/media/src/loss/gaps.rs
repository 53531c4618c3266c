//! What a forwarder misses of a stream that it does not play: it has no buffer that says how
//! long there is time, so a packet is worth asking for as long as the listener's buffer, which
//! waits for what the same path loses, may be assumed to hold.

use super::{Asker, Missing};
use crate::Micros;

/// Watches the numbers of one incoming stream.
#[derive(Debug)]
pub struct Gaps {
    hold: i64,
    highest: Option<i64>,
    missing: [Option<Gap>; KEPT],
    asker: Asker,
}

#[derive(Clone, Copy, Debug)]
struct Gap {
    sequence: i64,
    noticed: i64,
}

const KEPT: usize = 32;
/// Packets; a greater step is a restart of the sender (RFC 3550 appendix A.1).
const JUMP: i64 = 3_000;

impl Gaps {
    /// `hold`: how late a packet is still worth forwarding; 100 ms is what a listener's buffer
    /// has on a path that loses.
    #[must_use]
    pub fn new(hold: Micros) -> Self {
        let hold = i64::try_from(hold.0).unwrap_or(i64::MAX).min(1_000_000);
        Self { hold, highest: None, missing: [None; KEPT], asker: Asker::new() }
    }

    /// A packet came. True when it comes because it was asked for.
    pub fn came(&mut self, sequence: u16, now: Micros, round_trip: Option<Micros>) -> bool {
        let again = self.asker.came(sequence, now, round_trip);
        let Some(highest) = self.highest else {
            self.highest = Some(i64::from(sequence));
            return again;
        };
        let number = highest + i64::from(sequence.wrapping_sub(highest as u16) as i16);
        if (number - highest).abs() > JUMP {
            self.missing = [None; KEPT];
            self.highest = Some(i64::from(sequence));
            return again;
        }
        // Of a long gap only the end is kept: the rest is too old.
        for lost in (highest + 1).max(number - KEPT as i64)..number {
            self.missing[at(lost)] = Some(Gap { sequence: lost, noticed: clock(now) });
        }
        if self.missing[at(number)].is_some_and(|gap| gap.sequence == number) {
            self.missing[at(number)] = None;
        }
        self.highest = Some(highest.max(number));
        again
    }

    /// Whether this number is missing still, so that a copy of it in a later packet (RFC 2198)
    /// is worth forwarding in its place. It then counts as come.
    pub fn fill(&mut self, sequence: u16) -> bool {
        let Some(highest) = self.highest else { return false };
        let number = highest + i64::from(sequence.wrapping_sub(highest as u16) as i16);
        self.missing[at(number)].take_if(|gap| gap.sequence == number).is_some()
    }

    /// What to ask for now, into `out`, which is cleared.
    pub fn ask(&mut self, now: Micros, round_trip: Option<Micros>, out: &mut Vec<u16>) {
        let at = clock(now);
        for gap in &mut self.missing {
            gap.take_if(|gap| at - gap.noticed >= self.hold);
        }
        let missing = self.missing.iter().flatten().map(|gap| Missing {
            sequence: gap.sequence as u16,
            left: Micros(u64::try_from(self.hold - (at - gap.noticed)).unwrap_or(0)),
        });
        self.asker.ask(now, round_trip, missing, out);
        out.sort_unstable();
    }
}

fn at(number: i64) -> usize {
    number.rem_euclid(KEPT as i64) as usize
}

fn clock(time: Micros) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX).min(i64::MAX / 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRIP: Option<Micros> = Some(Micros(30_000));

    #[test]
    fn gaps_are_asked_for_while_a_listener_may_wait() {
        let mut gaps = Gaps::new(Micros(100_000));
        let mut out = Vec::new();
        for (n, sequence) in [65_533u16, 65_534, 1, 2].into_iter().enumerate() {
            gaps.came(sequence, Micros(n as u64 * 20_000), TRIP);
        }
        gaps.ask(Micros(60_000), TRIP, &mut out);
        assert_eq!(out, [0, 65_535]);
        assert!(gaps.came(0, Micros(92_000), TRIP));
        gaps.ask(Micros(103_000), TRIP, &mut out);
        assert_eq!(out, [65_535]);
        gaps.ask(Micros(145_000), TRIP, &mut out);
        assert_eq!(out, [0u16; 0]);
    }

    #[test]
    fn a_copy_fills_its_gap_once() {
        let mut gaps = Gaps::new(Micros(100_000));
        assert!(!gaps.fill(0));
        gaps.came(65_535, Micros(0), TRIP);
        gaps.came(2, Micros(20_000), TRIP);
        assert!(gaps.fill(1) && !gaps.fill(1) && !gaps.fill(2));
        let mut out = Vec::new();
        gaps.ask(Micros(20_000), TRIP, &mut out);
        assert_eq!(out, [0]);
    }

    proptest! {
        #[test]
        fn only_what_did_not_come_is_asked_for(
            packets in prop::collection::vec((any::<u16>(), 0u64..30_000, 0u8..8), 1..120),
        ) {
            let mut gaps = Gaps::new(Micros(200_000));
            let (mut now, mut sequence) = (0, 0u16);
            let mut came = std::collections::BTreeSet::new();
            let mut out = Vec::new();
            for (jump, step, how) in packets {
                now += step;
                let next = if how == 0 { jump } else { sequence.wrapping_add(jump % 4) };
                if next.wrapping_sub(sequence) as i16 as i32 > JUMP as i32
                    || i32::from(next.wrapping_sub(sequence) as i16) < -(JUMP as i32)
                {
                    came.clear();
                }
                sequence = next;
                came.insert(sequence);
                gaps.came(sequence, Micros(now), TRIP);
                gaps.ask(Micros(now), TRIP, &mut out);
                prop_assert!(out.len() <= KEPT);
                prop_assert!(out.iter().all(|number| !came.contains(number)));
            }
        }
    }
}
