//! How deep a speaker's stream is.

use super::SAMPLE;
use pulseaudio::protocol::stream::BufferAttr;
use std::time::{Duration, Instant};

/// Device period to ask a speaker's server for, ms, first the one that is tried first; a
/// deeper one comes after underruns at the server.
const PERIODS_MS: [u32; 7] = [5, 7, 10, 15, 20, 30, 40];
/// The server asks for a speaker's sound in pieces of at least this, ms. It keeps two of
/// them beyond the device's period (fix_playback_buffer_attr of the server).
const REQUEST_MS: u32 = 2;
/// The period is tried one step shorter after so long without an underrun.
const SHORTER_AFTER: Duration = Duration::from_secs(20);
/// Underruns of a stream that has just begun are of its beginning; so soon after another one they
/// are the same.
const BEGINNING: Duration = Duration::from_millis(500);
/// An underrun with no other so long before it is a pause of the server: a depth that outlasts it
/// would be paid for by every word after it.
const AGAIN: Duration = Duration::from_secs(10);

/// How much of a speaker's sound the server and the device hold.
#[derive(Debug)]
pub(super) struct Depth {
    rate: u32,
    step: usize,
    /// When the step was last chosen, or the last underrun.
    since: Instant,
    underrun: Option<Instant>,
}

impl Depth {
    pub(super) fn new(rate: u32, now: Instant) -> Self {
        Self { rate, step: 0, since: now, underrun: None }
    }

    pub(super) fn buffer(&self) -> BufferAttr {
        let bytes = |ms: u32| self.rate * ms / 1000 * SAMPLE as u32;
        let target = bytes(2 * (PERIODS_MS[self.step] + REQUEST_MS));
        BufferAttr {
            max_length: target * 2,
            target_length: target,
            // An underrun is made up for by silence, not by more delay from then on.
            pre_buffering: 0,
            minimum_request_length: bytes(REQUEST_MS),
            ..BufferAttr::default()
        }
    }

    /// What to ask for after an underrun, if it is a habit and there is more to have.
    pub(super) fn underrun(&mut self, now: Instant) -> Option<BufferAttr> {
        if now.saturating_duration_since(self.since) < BEGINNING {
            return None;
        }
        self.since = now;
        let before = self.underrun.replace(now)?;
        if now.saturating_duration_since(before) > AGAIN {
            return None;
        }
        let deeper = (self.step + 1 < PERIODS_MS.len()).then_some(self.step + 1)?;
        Some(self.choose(deeper))
    }

    /// What to ask for when all has been well for a while.
    pub(super) fn quiet(&mut self, now: Instant) -> Option<BufferAttr> {
        if now.saturating_duration_since(self.since) < SHORTER_AFTER {
            return None;
        }
        self.since = now;
        let shorter = self.step.checked_sub(1)?;
        Some(self.choose(shorter))
    }

    fn choose(&mut self, step: usize) -> BufferAttr {
        self.step = step;
        tracing::debug!(period_ms = PERIODS_MS[step], "another depth of the speaker");
        self.buffer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underruns_that_recur_deepen_a_step_and_a_quiet_while_takes_one_back() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut depth = Depth::new(48_000, begin);
        // 2 × (5 + 2) ms of 48 kHz.
        assert_eq!(depth.buffer().target_length, 14 * 48 * 4);
        assert!(depth.underrun(at(100)).is_none(), "the stream has just begun");
        assert!(depth.underrun(at(1_000)).is_none(), "one is an accident");
        assert!(depth.underrun(at(1_400)).is_none(), "it is the same");
        assert!(depth.underrun(at(11_500)).is_none(), "the other was long ago");
        let deeper = depth.underrun(at(21_000)).unwrap();
        assert_eq!(deeper.target_length, 18 * 48 * 4);
        assert!(depth.quiet(at(40_000)).is_none());
        let shorter = depth.quiet(at(41_000)).unwrap();
        assert_eq!(shorter.target_length, 14 * 48 * 4);
        assert!(depth.quiet(at(99_000)).is_none(), "there is no shorter one");
        for second in 100..120 {
            depth.underrun(at(second * 1_000));
        }
        assert_eq!(depth.buffer().target_length, 84 * 48 * 4);
    }
}
