//! Which packets to ask for again (RFC 4585 section 6.2.1), and when to give up.

use crate::Micros;

/// A packet that is missing, and how long it is till it is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    pub sequence: u16,
    pub left: Micros,
}

/// The receiver's side of retransmission.
#[derive(Debug)]
pub struct Asker {
    asked: [Option<Asked>; KEPT],
    /// µs by which packets overtake each other: so long a gap is no loss yet.
    disorder: i64,
    /// Numbers that may be asked for now.
    allowance: f32,
    filled: i64,
    /// Numbers asked for lately, and answers to them.
    requests: u32,
    answers: u32,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    sequence: u16,
    noticed: i64,
    first: i64,
    last: i64,
    times: u8,
}

const KEPT: usize = 64;
/// A number that is lost so often is on a path where asking does not help.
const MOST_TIMES: u8 = 3;
/// Numbers a second, and at once.
const RATE: f32 = 40.0;
const AT_ONCE: f32 = 20.0;
/// Numbers after which it must have shown.
const TRIED: u32 = 16;
/// µs that the far side takes, and the margin before the packet is played.
const ANSWERING: i64 = 4_000;
/// µs after which an entry is of no use.
const OLD: i64 = 2_000_000;
/// µs; longer disorder is covered by the buffer, or nothing is.
const MOST_DISORDER: i64 = 60_000;

impl Default for Asker {
    fn default() -> Self {
        Self::new()
    }
}

impl Asker {
    #[must_use]
    pub fn new() -> Self {
        Self {
            asked: [None; KEPT],
            disorder: 0,
            allowance: AT_ONCE,
            filled: 0,
            requests: 0,
            answers: 0,
        }
    }

    /// Of `missing`, what is worth asking for now, into `out`, which is cleared. A number is
    /// asked for when its packet can be here in time, again when the answer is overdue, and
    /// at most three times.
    pub fn ask(
        &mut self,
        now: Micros,
        round_trip: Option<Micros>,
        missing: impl Iterator<Item = Missing>,
        out: &mut Vec<u16>,
    ) {
        out.clear();
        let now = clock(now);
        let Some(trip) = round_trip.map(clock) else { return };
        if self.requests > 4 * TRIED {
            self.requests /= 2;
            self.answers /= 2;
        }
        let passed = (now - self.filled).clamp(0, 1_000_000) as f32 / 1e6;
        self.allowance = (self.allowance + passed * RATE).min(AT_ONCE);
        self.filled = now;
        for Missing { sequence, left } in missing {
            let (disorder, allowed) = (self.disorder, self.allowance >= 1.0);
            let entry = self.entry(sequence, now);
            let first = entry.times == 0;
            let in_time = clock(left) >= trip + ANSWERING;
            let due = match entry.times {
                0 => now - entry.noticed >= disorder,
                MOST_TIMES.. => false,
                _ => now - entry.last >= trip + trip / 4 + ANSWERING,
            };
            if in_time && due && allowed {
                if entry.times == 0 {
                    entry.first = now;
                }
                entry.times += 1;
                entry.last = now;
                self.requests += u32::from(first);
                self.allowance -= 1.0;
                out.push(sequence);
            }
        }
    }

    /// A packet came. True when it comes because it was asked for, and so was lost.
    pub fn came(&mut self, sequence: u16, now: Micros, round_trip: Option<Micros>) -> bool {
        let now = clock(now);
        let slot = &mut self.asked[usize::from(sequence) % KEPT];
        let Some(asked) = slot.take_if(|asked| asked.sequence == sequence) else {
            self.disorder -= self.disorder / 256;
            return false;
        };
        // Sooner than any answer could be here: it was only overtaken.
        let answered = asked.times > 0 && now - asked.first >= round_trip.map_or(0, clock) * 3 / 4;
        self.answers += u32::from(answered);
        if !answered {
            let late = (now - asked.noticed) * 5 / 4;
            self.disorder = self.disorder.max(late).min(MOST_DISORDER);
        }
        answered
    }

    /// Whether asking brings anything: some paths and far sides answer nothing.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.requests < TRIED || self.answers * 5 >= self.requests
    }

    fn entry(&mut self, sequence: u16, now: i64) -> &mut Asked {
        let slot = &mut self.asked[usize::from(sequence) % KEPT];
        if slot.is_some_and(|old| old.sequence != sequence || now - old.noticed > OLD) {
            *slot = None;
        }
        slot.get_or_insert(Asked { sequence, noticed: now, first: now, last: now, times: 0 })
    }
}

fn clock(time: Micros) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX).min(i64::MAX / 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRIP: Option<Micros> = Some(Micros(40_000));

    fn ask(asker: &mut Asker, at: u64, sequence: u16, left: u64) -> Vec<u16> {
        let mut out = Vec::new();
        let missing = Missing { sequence, left: Micros(left) };
        asker.ask(Micros(at), TRIP, std::iter::once(missing), &mut out);
        out
    }

    #[test]
    fn what_cannot_be_here_in_time_is_not_asked_for() {
        let mut asker = Asker::new();
        assert_eq!(ask(&mut asker, 0, 7, 43_000), [0u16; 0]);
        assert_eq!(ask(&mut asker, 0, 7, 44_000), [7]);
        let mut out = vec![1];
        asker.ask(Micros(0), None, std::iter::once(Missing::default()), &mut out);
        assert_eq!(out, [0u16; 0]);
    }

    #[test]
    fn an_overdue_answer_is_asked_for_again_while_there_is_time() {
        let mut asker = Asker::new();
        assert_eq!(ask(&mut asker, 0, 7, 200_000), [7]);
        assert_eq!(ask(&mut asker, 40_000, 7, 160_000), [0u16; 0]);
        assert_eq!(ask(&mut asker, 54_000, 7, 146_000), [7]);
        assert_eq!(ask(&mut asker, 108_000, 7, 92_000), [7]);
        assert_eq!(ask(&mut asker, 170_000, 7, 80_000), [0u16; 0]);
    }

    #[test]
    fn packets_that_only_overtake_each_other_are_not_asked_for() {
        let mut asker = Asker::new();
        assert_eq!(ask(&mut asker, 0, 7, 100_000), [7]);
        assert!(!asker.came(7, Micros(12_000), TRIP));
        assert_eq!(ask(&mut asker, 20_000, 9, 100_000), [0u16; 0]);
        assert_eq!(ask(&mut asker, 34_000, 9, 86_000), [0u16; 0]);
        assert_eq!(ask(&mut asker, 36_000, 9, 84_000), [9]);
        assert!(asker.came(9, Micros(77_000), TRIP));
    }

    #[test]
    fn the_answer_to_the_first_request_is_known_after_the_second() {
        let mut asker = Asker::new();
        assert_eq!(ask(&mut asker, 0, 7, 200_000), [7]);
        assert_eq!(ask(&mut asker, 54_000, 7, 146_000), [7]);
        assert!(asker.came(7, Micros(60_000), TRIP));
    }

    #[test]
    fn a_path_that_loses_all_is_not_flooded() {
        let mut asker = Asker::new();
        let mut out = Vec::new();
        let mut sum = 0;
        for n in 0..500u64 {
            let base = n as u16 * 2;
            let missing = (0..50).map(|i| Missing { sequence: base + i, left: Micros(300_000) });
            asker.ask(Micros(n * 20_000), TRIP, missing, &mut out);
            sum += out.len();
        }
        assert!((100..=420).contains(&sum), "{sum} in 10 s");
    }

    #[test]
    fn a_far_side_that_answers_nothing_is_known() {
        let mut asker = Asker::new();
        for n in 0..16u16 {
            assert!(asker.is_answered());
            assert_eq!(ask(&mut asker, u64::from(n) * 100_000, n, 100_000), [n]);
        }
        assert!(!asker.is_answered());
        for n in 16..24u16 {
            let at = u64::from(n) * 100_000;
            assert_eq!(ask(&mut asker, at, n, 100_000), [n]);
            assert!(asker.came(n, Micros(at + 42_000), TRIP));
        }
        assert!(asker.is_answered());
    }

    proptest! {
        #[test]
        fn each_number_is_asked_for_at_most_three_times(
            steps in prop::collection::vec((0u64..60_000, 0u16..6, 0u64..400_000, any::<bool>()), 1..80),
        ) {
            let mut asker = Asker::new();
            let mut times = [0; 6];
            let mut now = 0;
            for (step, sequence, left, comes) in steps {
                // Within the time for which an entry is kept.
                now = (now + step).min(1_900_000);
                for number in ask(&mut asker, now, sequence, left) {
                    prop_assert!(left >= 44_000);
                    times[usize::from(number)] += 1;
                    prop_assert!(times[usize::from(number)] <= 3);
                }
                if comes {
                    asker.came(sequence, Micros(now), TRIP);
                    times[usize::from(sequence)] = 0;
                }
            }
        }
    }
}
