//! Sound between the media thread's blocks and a device's ring, and when to attend to it.
//!
//! A callback may not wake a thread (that is a system call), so the thread foresees the
//! next callback from the last ones: it fills a speaker's ring shortly before the
//! speaker asks, and empties a microphone's shortly after it gave.

use crate::convert::{Converter, chunk};
use crate::counters::Counters;
use crate::devices::{End, MicrophoneEnd, SpeakerEnd};
use omnibar_media::{BLOCK, SAMPLE_RATE};
use rubato::ResamplerConstructionError;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A device whose callback has not come for this long has stopped.
const STOPPED_AFTER: Duration = Duration::from_millis(150);
/// How long before the speaker asks its sound is made: at first, at least and at most.
/// Grows when the speaker had to wait, falls when it did not.
const LEAD: Duration = Duration::from_millis(4);
const MOST_LEAD: Duration = Duration::from_millis(30);
const MORE_LEAD: Duration = Duration::from_millis(3);
const LESS_LEAD: Duration = Duration::from_millis(1);
const LESS_LEAD_EVERY: Duration = Duration::from_secs(10);
/// A microphone's backlog is cut to the second when it is beyond the first, samples.
const MOST_BACKLOG: usize = 6 * BLOCK;
const CUT_BACKLOG: usize = 2 * BLOCK;
/// What comes of looking again when a callback is late.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// Time for a callback that is due to have ended.
const SETTLE: Duration = Duration::from_micros(300);

/// When callbacks come.
struct Beat {
    /// Frames of a usual callback.
    usual: f64,
    newest: Option<Instant>,
}

impl Beat {
    fn new<R>(end: &End<R>) -> Self {
        Self { usual: chunk(end.rate) as f64, newest: None }
    }

    fn observe<R>(&mut self, end: &End<R>) {
        if let Some((at, frames)) = end.last_callback()
            && self.newest != Some(at)
        {
            // The first callback of a stream may fill the whole of the server's buffer.
            if self.newest.is_some() {
                self.usual += (f64::from(frames) - self.usual) / 8.0;
            }
            self.newest = Some(at);
        }
    }

    fn period<R>(&self, end: &End<R>) -> Duration {
        Duration::from_secs_f64((self.usual / f64::from(end.rate)).clamp(0.001, 0.2))
    }

    fn runs<R>(&self, end: &End<R>, now: Instant) -> bool {
        let newest = self.newest.unwrap_or(end.opened);
        now.saturating_duration_since(newest) < STOPPED_AFTER
    }
}

/// Sound to a speaker or ringer.
pub(crate) struct Outlet {
    end: SpeakerEnd,
    beat: Beat,
    converter: Option<Converter>,
    lead: Duration,
    lead_changed: Instant,
    missed: u64,
}

impl Outlet {
    pub(crate) fn new(end: SpeakerEnd) -> Result<Self, ResamplerConstructionError> {
        let converter = Converter::new(SAMPLE_RATE, end.rate)?;
        let (beat, lead_changed) = (Beat::new(&end), end.opened);
        Ok(Self { end, beat, converter, lead: LEAD, lead_changed, missed: 0 })
    }

    /// The device asks for sound. When it does not, somebody else must keep time.
    pub(crate) fn runs(&mut self, now: Instant) -> bool {
        self.beat.observe(&self.end);
        self.beat.runs(&self.end, now)
    }

    /// Whether a block must be pushed now.
    pub(crate) fn hungry(&mut self, now: Instant, counters: &Counters) -> bool {
        self.beat.observe(&self.end);
        self.adapt(now, counters);
        let Some(newest) = self.beat.newest else {
            return self.level() == 0;
        };
        let period = self.beat.period(&self.end);
        let ahead = (now + self.lead).saturating_duration_since(newest);
        let callbacks = (ahead.as_secs_f64() / period.as_secs_f64()).floor();
        let most = f64::from(self.end.rate) * (MOST_LEAD.as_secs_f64() + 0.02);
        let target = (callbacks * self.beat.usual).min(most);
        (self.level() as f64) + 1.0 < target
    }

    /// 10 ms at 48 kHz.
    pub(crate) fn push(&mut self, block: &[f32; BLOCK], counters: &Counters) {
        let sound = match &mut self.converter {
            None => block.as_slice(),
            Some(converter) => converter.convert(block),
        };
        // What does not fit is lost; `hungry` keeps far from there.
        let _ = self.end.ring.push_partial_slice(sound);
        counters.speaker_waited.add(at_48_khz(self.level(), self.end.rate));
    }

    /// When `hungry` may change.
    pub(crate) fn next(&self, now: Instant) -> Instant {
        let Some(newest) = self.beat.newest else {
            return now + LOOK_AGAIN;
        };
        let period = self.beat.period(&self.end);
        let ahead = (now + self.lead).saturating_duration_since(newest);
        let callbacks = (ahead.as_secs_f64() / period.as_secs_f64()).floor() + 1.0;
        let due = newest + period.mul_f64(callbacks);
        due.checked_sub(self.lead).unwrap_or(now).max(now + LOOK_AGAIN)
    }

    fn level(&self) -> usize {
        self.end.ring.buffer().capacity() - self.end.ring.slots()
    }

    fn adapt(&mut self, now: Instant, counters: &Counters) {
        let missed = self.end.missed();
        if missed != self.missed {
            self.missed = missed;
            // A stream begins before there is anything to play.
            if now.saturating_duration_since(self.end.opened) > STOPPED_AFTER {
                counters.underruns.add(1);
                self.lead = (self.lead + MORE_LEAD).min(MOST_LEAD);
                self.lead_changed = now;
            }
        } else if now.saturating_duration_since(self.lead_changed) > LESS_LEAD_EVERY {
            self.lead = self.lead.saturating_sub(LESS_LEAD).max(LEAD);
            self.lead_changed = now;
        }
    }
}

/// Sound of a microphone.
pub(crate) struct Intake {
    end: MicrophoneEnd,
    beat: Beat,
    converter: Option<Converter>,
    chunk: Vec<f32>,
    /// At 48 kHz.
    ready: VecDeque<f32>,
}

impl Intake {
    pub(crate) fn new(end: MicrophoneEnd) -> Result<Self, ResamplerConstructionError> {
        let converter = Converter::new(end.rate, SAMPLE_RATE)?;
        let chunk = vec![0.0; chunk(end.rate)];
        let room = end.ring.buffer().capacity() * SAMPLE_RATE as usize / end.rate.max(1) as usize;
        let ready = VecDeque::with_capacity(room + 2 * BLOCK);
        Ok(Self { beat: Beat::new(&end), end, converter, chunk, ready })
    }

    /// The device gives sound. When it does not, somebody else must keep time.
    pub(crate) fn runs(&mut self, now: Instant) -> bool {
        self.beat.observe(&self.end);
        self.beat.runs(&self.end, now)
    }

    /// The next 10 ms, if they are there.
    pub(crate) fn take(&mut self, block: &mut [f32; BLOCK], counters: &Counters) -> bool {
        while self.end.ring.pop_entire_slice(&mut self.chunk).is_ok() {
            match &mut self.converter {
                None => self.ready.extend(&self.chunk),
                Some(converter) => self.ready.extend(converter.convert(&self.chunk)),
            }
        }
        if self.ready.len() > MOST_BACKLOG {
            let late = self.ready.len() - CUT_BACKLOG;
            self.ready.drain(..late);
            counters.dropped.add(late as u64);
        }
        if self.ready.len() < BLOCK {
            return false;
        }
        counters.microphone_waited.add(self.ready.len() as u64);
        block.iter_mut().zip(self.ready.drain(..BLOCK)).for_each(|(to, from)| *to = from);
        true
    }

    /// When there may be more.
    pub(crate) fn next(&self, now: Instant) -> Instant {
        let Some(newest) = self.beat.newest else {
            return now + LOOK_AGAIN;
        };
        (newest + self.beat.period(&self.end) + SETTLE).max(now + LOOK_AGAIN)
    }
}

fn at_48_khz(samples: usize, rate: u32) -> u64 {
    samples as u64 * u64::from(SAMPLE_RATE) / u64::from(rate.max(1))
}
