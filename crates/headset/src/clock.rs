//! The timer that takes a sound card's place.

use std::time::{Duration, Instant};

pub(crate) const BLOCK_TIME: Duration = Duration::from_millis(10);
/// Blocks that the timer makes up for after the thread was held up.
const CATCH_UP: u32 = 5;
/// A device that gives or takes nothing for this long is opened anew.
const STALLED_AFTER: Duration = Duration::from_secs(1);

/// Time of one direction, whoever keeps it.
#[derive(Debug)]
pub(crate) struct Clock {
    /// End of the last block.
    at: Instant,
    /// When the device kept time, or was last called stalled.
    device: Instant,
}

impl Clock {
    pub(crate) fn new(now: Instant) -> Self {
        Self { at: now, device: now }
    }

    /// The device keeps time.
    pub(crate) fn device_runs(&mut self, now: Instant) {
        *self = Self::new(now);
    }

    /// A device has been opened; it gets its time to begin.
    pub(crate) fn device_opened(&mut self, now: Instant) {
        self.device = now;
    }

    /// How many blocks the timer owes. What it owes beyond [`CATCH_UP`] is let go.
    pub(crate) fn owes(&mut self, now: Instant) -> u32 {
        let mut blocks = 0;
        while self.next() <= now {
            self.at += BLOCK_TIME;
            blocks += 1;
            if blocks == CATCH_UP {
                self.at = now;
            }
        }
        blocks
    }

    /// When the timer's next block is due.
    pub(crate) fn next(&self) -> Instant {
        self.at + BLOCK_TIME
    }

    /// True once every [`STALLED_AFTER`] since the device ran.
    pub(crate) fn stalled(&mut self, now: Instant) -> bool {
        let stalled = now.saturating_duration_since(self.device) >= STALLED_AFTER;
        if stalled {
            self.device = now;
        }
        stalled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timer_owes_a_block_every_ten_milliseconds_and_no_heap_of_them() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut clock = Clock::new(begin);
        assert_eq!(clock.owes(at(9)), 0);
        assert_eq!(clock.owes(at(10)), 1);
        assert_eq!(clock.owes(at(35)), 2);
        assert_eq!(clock.next(), at(40));
        // The machine slept.
        assert_eq!(clock.owes(at(100_000)), CATCH_UP);
        assert_eq!(clock.next(), at(100_010));
    }

    #[test]
    fn a_stall_is_told_once_a_second_and_not_while_the_device_runs() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut clock = Clock::new(begin);
        assert!(!clock.stalled(at(999)));
        assert!(clock.stalled(at(1000)));
        assert!(!clock.stalled(at(1500)));
        clock.device_runs(at(1600));
        assert!(!clock.stalled(at(2500)));
        assert!(clock.stalled(at(2600)));
    }
}
