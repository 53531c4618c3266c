//! Makes even blocks of a microphone's uneven pieces.
//!
//! A server hands sound over in pieces of its own choice, 2 to 20 ms long: a block of 10 ms is
//! complete now sooner, now later. Sent as they come, the far side would wait for the latest of
//! them in whole packets; held back here by what all but the rarest need, they leave evenly.

use crate::clock::BLOCK_TIME;
use std::time::{Duration, Instant};

/// Blocks that are looked back on: 1.28 s.
const WINDOW: usize = 128;
/// Of a hundred blocks that many shall be there when it is their time.
const IN_TIME: usize = 95;
/// µs: what comes later than this after the earliest is not waited for.
const MOST: i64 = 12_000;
/// µs by which the wait is shortened at each block. It is lengthened at once.
const SHORTER: i64 = 20;
/// µs off the even time at which another even time begins: the device was stopped.
const ANOTHER: i64 = 500_000;

#[derive(Debug)]
pub(crate) struct Rhythm {
    /// When block 0 would have been complete, by the first that came.
    origin: Option<Instant>,
    /// µs that the last blocks were complete after their even time.
    late: [i64; WINDOW],
    /// Blocks that have come, and blocks that were taken.
    come: u64,
    taken: u64,
    seen: usize,
    /// µs after the even time at which a block is taken.
    wait: i64,
}

impl Rhythm {
    pub(crate) fn new() -> Self {
        Self { origin: None, late: [0; WINDOW], come: 0, taken: 0, seen: 0, wait: 0 }
    }

    /// So many blocks have come by now, the newest of them then.
    pub(crate) fn observe(&mut self, come: u64, at: Instant) {
        if come <= self.come {
            return;
        }
        let fresh = (come - self.come).min(WINDOW as u64);
        self.come = come;
        let mut late = self.origin.map_or(0, |origin| signed(at, even(origin, come)));
        if self.origin.is_none() || late.abs() > ANOTHER {
            self.origin = at.checked_sub(span(come));
            (self.seen, self.wait, late) = (0, 0, 0);
        }
        // Those before the newest were due earlier.
        for before in (0..fresh).rev() {
            self.late[self.seen % WINDOW] = late + before as i64 * BLOCK_TIME.as_micros() as i64;
            self.seen += 1;
            self.settle();
        }
    }

    /// When the next block is to be taken, if it is there then; `None`: none has come yet.
    pub(crate) fn due(&self) -> Option<Instant> {
        let even = even(self.origin?, self.taken + 1);
        let wait = Duration::from_micros(self.wait.unsigned_abs());
        if self.wait < 0 { even.checked_sub(wait) } else { Some(even + wait) }
    }

    pub(crate) fn took(&mut self, blocks: u64) {
        self.taken += blocks;
    }

    fn settle(&mut self) {
        let seen = self.seen.min(WINDOW);
        let mut sorted = self.late;
        let sorted = &mut sorted[..seen];
        sorted.sort_unstable();
        let most = sorted[0] + MOST;
        let wanted = sorted[(seen * IN_TIME / 100).min(seen - 1)].min(most);
        self.wait = if seen == 1 { wanted } else { wanted.max(self.wait.min(most) - SHORTER) };
    }
}

fn even(origin: Instant, block: u64) -> Instant {
    origin + span(block)
}

fn span(blocks: u64) -> Duration {
    BLOCK_TIME.saturating_mul(u32::try_from(blocks).unwrap_or(u32::MAX))
}

/// µs from `even` to `at`.
fn signed(at: Instant, even: Instant) -> i64 {
    let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
    match at.checked_duration_since(even) {
        Some(after) => micros(after),
        None => -micros(even.saturating_duration_since(at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each block is taken, in µs after its even time; `arrives`: when piece `n` of `frames`
    /// frames comes, in µs.
    fn taken(frames: u64, pieces: u64, arrives: impl Fn(u64) -> u64) -> Vec<i64> {
        let begin = Instant::now();
        let mut rhythm = Rhythm::new();
        let mut all = Vec::new();
        for n in 0..pieces {
            let now = arrives(n);
            rhythm.observe((n + 1) * frames / 480, begin + Duration::from_micros(now));
            // Until the next piece.
            let until = begin + Duration::from_micros(arrives(n + 1));
            while rhythm.come > rhythm.taken
                && let Some(due) = rhythm.due().filter(|due| *due < until)
            {
                let at = due.max(begin + Duration::from_micros(now));
                rhythm.took(1);
                all.push(signed(at, begin) - rhythm.taken as i64 * 10_000);
            }
        }
        all
    }

    fn spread(times: &[i64]) -> i64 {
        let least = times.iter().min().copied().unwrap_or(0);
        times.iter().max().copied().unwrap_or(0) - least
    }

    #[test]
    fn pieces_of_7_ms_leave_as_even_blocks() {
        let times = taken(336, 2_000, |n| n * 7_000);
        assert_eq!(times.len(), 2_000 * 7 / 10);
        // As they come they are uneven by up to 7 ms.
        assert!(spread(&times[100..]) < 100, "{}", spread(&times[100..]));
    }

    #[test]
    fn pieces_of_20_ms_leave_one_by_one() {
        let times = taken(960, 500, |n| n * 20_000);
        assert!(spread(&times[100..]) < 100, "{:?}", &times[100..120]);
    }

    #[test]
    fn whole_blocks_that_come_evenly_wait_for_nothing() {
        let times = taken(480, 500, |n| n * 10_000);
        // The first is complete at 0.
        assert!(times.iter().all(|time| *time == -10_000), "{times:?}");
    }

    #[test]
    fn a_stall_is_made_up_for_at_once_and_not_waited_for_again() {
        let times = taken(480, 2_000, |n| n * 10_000 + if n % 400 == 399 { 9_500 } else { 0 });
        let late = times.iter().filter(|time| **time > times[0] + 5_000).count();
        assert_eq!(late, 5);
    }

    #[test]
    fn a_clock_of_its_own_is_followed() {
        // 200 ppm fast, 600 ppm slow.
        for fast in [true, false] {
            let at = |n: u64| n * 5_000 + if fast { 0 } else { n * 3 } - if fast { n } else { 0 };
            let times = taken(240, 20_000, at);
            let waits: Vec<_> = times
                .iter()
                .enumerate()
                .map(|(n, time)| {
                    time - (at((n as u64 + 1) * 2 - 1) as i64 - (n as i64 + 1) * 10_000)
                })
                .collect();
            assert!(waits.iter().all(|wait| (-100..2_000).contains(wait)), "{fast}");
        }
    }

    #[test]
    fn a_device_that_was_stopped_begins_anew() {
        let times = taken(480, 400, |n| n * 10_000 + if n >= 200 { 5_000_000 } else { 0 });
        assert_eq!(times.len(), 400);
        assert!(spread(&times[201..]) < 100);
    }
}
