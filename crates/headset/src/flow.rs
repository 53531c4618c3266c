//! Sound between the media thread's blocks and a device's ring, and when to attend to it.
//!
//! A callback may not wake a thread (that is a system call), so the thread foresees the
//! next callback from the last ones and fills a speaker's ring shortly before the speaker
//! asks. A microphone's blocks it takes at even times (`rhythm.rs`).

use crate::convert::{Converter, chunk};
use crate::counters::Counters;
use crate::devices::{End, MicrophoneEnd, SpeakerEnd};
use crate::rhythm::Rhythm;
use omnibar_media::{BLOCK, SAMPLE_RATE};
use rubato::ResamplerConstructionError;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A device whose callback has not come for this long has stopped.
const STOPPED_AFTER: Duration = Duration::from_millis(150);
/// How long before the speaker asks its sound is made: at first, at least and at most.
const LEAD: Duration = Duration::from_millis(6);
const LEAST_LEAD: Duration = Duration::from_micros(750);
const MOST_LEAD: Duration = Duration::from_millis(30);
/// What the lead grows by when the speaker had to wait.
const MORE_LEAD: Duration = Duration::from_millis(2);
/// What shall be left of the lead when the speaker asks, at the worst of
/// [`MARGINS_OVER`]: the rest is what the thread's and the callbacks' jitter took.
const MARGIN: Duration = Duration::from_millis(1);
const MARGINS_OVER: Duration = Duration::from_secs(2);
/// The lead falls by at most this at a time, and by a quarter of it after an underrun.
const LESS_LEAD: Duration = Duration::from_micros(500);
/// Underruns of a stream that was opened just now say nothing.
const BEGINNING: Duration = Duration::from_millis(500);
/// How long an underrun is remembered.
const WARY: Duration = Duration::from_secs(5);
/// A callback that wants more than this many usual ones makes up for what the server
/// itself has missed, or fills a deeper buffer: no lead would have been enough.
const MAKES_UP: f64 = 1.5;
/// A microphone's backlog is cut to the second when it is beyond the first, samples.
const MOST_BACKLOG: usize = 6 * BLOCK;
const CUT_BACKLOG: usize = 2 * BLOCK;
/// What is due so soon is done now: waking up once more costs more than it is worth.
const SOON: Duration = Duration::from_micros(500);
/// What comes of looking again when a callback is late.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

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

    /// When the newest callback ran, if it is a new one.
    fn observe<R>(&mut self, end: &End<R>) -> Option<Instant> {
        let (at, frames) = end.last_callback()?;
        if self.newest == Some(at) {
            return None;
        }
        // The first callback of a stream may fill the whole of the server's buffer.
        if self.newest.is_some() {
            let most = self.usual * 2.0;
            self.usual += (f64::from(frames).clamp(1.0, most) - self.usual) / 8.0;
        }
        self.newest = Some(at);
        Some(at)
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
    lead: Lead,
    missed: u64,
    starved: u64,
}

impl Outlet {
    fn new(end: SpeakerEnd) -> Result<Self, ResamplerConstructionError> {
        let converter = Converter::new(SAMPLE_RATE, end.rate)?;
        let (beat, lead) = (Beat::new(&end), Lead::new(end.opened));
        Ok(Self { end, beat, converter, lead, missed: 0, starved: 0 })
    }

    pub(crate) fn or_none(end: SpeakerEnd) -> Option<Self> {
        Self::new(end).inspect_err(say_unusable).ok()
    }

    /// The device asks for sound. When it does not, somebody else must keep time.
    pub(crate) fn runs(&mut self, now: Instant) -> bool {
        self.observe();
        self.beat.runs(&self.end, now)
    }

    /// Whether a block must be pushed now.
    pub(crate) fn hungry(&mut self, now: Instant, counters: &Counters) -> bool {
        self.observe();
        self.adapt(now, counters);
        match self.due() {
            Some(due) => due <= now + SOON && self.level() < self.most(),
            None => self.level() == 0,
        }
    }

    /// 10 ms at 48 kHz.
    pub(crate) fn push(&mut self, block: &[f32; BLOCK], counters: &Counters) {
        let sound = match &mut self.converter {
            None => block.as_slice(),
            Some(converter) => converter.convert(block),
        };
        // What does not fit is lost; `hungry` keeps far from there.
        let _ = self.end.ring.push_partial_slice(sound);
        self.lead.pushed(Instant::now());
        counters.speaker_waited.add(at_48_khz(self.level(), self.end.rate));
    }

    /// When `hungry` may change.
    pub(crate) fn next(&self, now: Instant) -> Instant {
        self.due().unwrap_or(now).max(now + LOOK_AGAIN)
    }

    /// When the next block must be made: the lead before the callback for which what is
    /// there will not do.
    fn due(&self) -> Option<Instant> {
        let newest = self.beat.newest?;
        let enough = ((self.level() as f64 + 1.0) / self.beat.usual).floor();
        let callback = newest + self.beat.period(&self.end).mul_f64(enough + 1.0);
        Some(callback.checked_sub(self.lead.time).unwrap_or(newest))
    }

    /// Frames beyond which no block is added, however late the callbacks are.
    fn most(&self) -> usize {
        let most = f64::from(self.end.rate) * (MOST_LEAD.as_secs_f64() + 0.02);
        most as usize
    }

    fn level(&self) -> usize {
        self.end.ring.buffer().capacity() - self.end.ring.slots()
    }

    fn observe(&mut self) {
        if let Some(at) = self.beat.observe(&self.end) {
            self.lead.asked(at);
        }
    }

    fn adapt(&mut self, now: Instant, counters: &Counters) {
        let missed = self.end.missed();
        if missed != self.missed {
            self.missed = missed;
            let wanted = self.end.last_callback().map_or(0, |(_, frames)| frames);
            let usual = f64::from(wanted) <= self.beat.usual * MAKES_UP;
            // A stream begins before there is anything to play.
            if usual && now.saturating_duration_since(self.end.opened) > BEGINNING {
                counters.underruns.add(1);
                tracing::debug!(lead = ?self.lead.time, wanted, "the speaker had to wait");
                self.lead.underrun(now);
            }
        }
        let starved = self.end.starved();
        counters.starved.add(starved - self.starved);
        self.starved = starved;
        self.lead.settle(now);
    }
}

/// How long before it is asked for a block is made: as short as the measured jitter of
/// this thread and of the callbacks permits.
struct Lead {
    time: Duration,
    pushed: Option<Instant>,
    /// Least time from a push to the callback after it, since `since`.
    least: Option<Duration>,
    since: Instant,
    wary_until: Option<Instant>,
}

impl Lead {
    fn new(now: Instant) -> Self {
        Self { time: LEAD, pushed: None, least: None, since: now, wary_until: None }
    }

    fn pushed(&mut self, at: Instant) {
        self.pushed = Some(at);
    }

    /// A callback ran then.
    fn asked(&mut self, at: Instant) {
        if let Some(pushed) = self.pushed.take() {
            let margin = at.saturating_duration_since(pushed);
            self.least = Some(self.least.map_or(margin, |least| least.min(margin)));
        }
    }

    fn underrun(&mut self, now: Instant) {
        self.time = (self.time + MORE_LEAD).min(MOST_LEAD);
        self.wary_until = Some(now + WARY);
        (self.least, self.since) = (None, now);
    }

    fn settle(&mut self, now: Instant) {
        if now.saturating_duration_since(self.since) < MARGINS_OVER {
            return;
        }
        self.since = now;
        let Some(least) = self.least.take() else { return };
        self.wary_until = self.wary_until.filter(|until| now < *until);
        let less = if self.wary_until.is_some() { LESS_LEAD / 4 } else { LESS_LEAD };
        let spare = least.saturating_sub(MARGIN).min(less);
        let wanting = MARGIN.saturating_sub(least);
        self.time = (self.time + wanting).saturating_sub(spare).clamp(LEAST_LEAD, MOST_LEAD);
    }
}

/// Sound of a microphone.
pub(crate) struct Intake {
    end: MicrophoneEnd,
    beat: Beat,
    rhythm: Rhythm,
    converter: Option<Converter>,
    chunk: Vec<f32>,
    /// At 48 kHz.
    ready: VecDeque<f32>,
}

impl Intake {
    pub(crate) fn or_none(end: MicrophoneEnd) -> Option<Self> {
        Self::new(end).inspect_err(say_unusable).ok()
    }

    fn new(end: MicrophoneEnd) -> Result<Self, ResamplerConstructionError> {
        let converter = Converter::new(end.rate, SAMPLE_RATE)?;
        let chunk = vec![0.0; chunk(end.rate)];
        let room = end.ring.buffer().capacity() * SAMPLE_RATE as usize / end.rate.max(1) as usize;
        let ready = VecDeque::with_capacity(room + 2 * BLOCK);
        Ok(Self { beat: Beat::new(&end), rhythm: Rhythm::new(), end, converter, chunk, ready })
    }

    /// The device gives sound. When it does not, somebody else must keep time.
    pub(crate) fn runs(&mut self, now: Instant) -> bool {
        self.beat.observe(&self.end);
        self.beat.runs(&self.end, now)
    }

    /// The next 10 ms, if they are there and it is their time.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        block: &mut [f32; BLOCK],
        counters: &Counters,
    ) -> bool {
        let (blocks, complete) = self.end.newest_block();
        self.rhythm.observe(blocks, complete);
        while self.end.ring.pop_entire_slice(&mut self.chunk).is_ok() {
            match &mut self.converter {
                None => self.ready.extend(&self.chunk),
                Some(converter) => self.ready.extend(converter.convert(&self.chunk)),
            }
        }
        if self.ready.len() > MOST_BACKLOG {
            let late = (self.ready.len() - CUT_BACKLOG) / BLOCK;
            self.ready.drain(..late * BLOCK);
            self.rhythm.took(late as u64);
            counters.dropped.add((late * BLOCK) as u64);
        }
        if self.ready.len() < BLOCK || self.rhythm.due().is_some_and(|due| due > now) {
            return false;
        }
        self.rhythm.took(1);
        counters.microphone_waited.add(self.ready.len() as u64);
        block.iter_mut().zip(self.ready.drain(..BLOCK)).for_each(|(to, from)| *to = from);
        true
    }

    /// When there may be more.
    pub(crate) fn next(&self, now: Instant) -> Instant {
        match self.rhythm.due() {
            Some(due) if due > now => due,
            Some(_) | None => now + LOOK_AGAIN,
        }
    }
}

fn say_unusable(error: &ResamplerConstructionError) {
    tracing::error!(%error, "the device's sample rate cannot be converted");
}

fn at_48_khz(samples: usize, rate: u32) -> u64 {
    samples as u64 * u64::from(SAMPLE_RATE) / u64::from(rate.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Callbacks that come `margin` after each push, for that long.
    fn run(lead: &mut Lead, now: &mut Instant, seconds: u64, margin: impl Fn(u64) -> Duration) {
        for i in 0..seconds * 100 {
            lead.pushed(*now);
            lead.asked(*now + margin(i));
            *now += Duration::from_millis(10);
            lead.settle(*now);
        }
    }

    #[test]
    fn the_lead_falls_to_what_the_jitter_leaves() {
        let mut now = Instant::now();
        let mut lead = Lead::new(now);
        // The thread is up to 1 ms late.
        for _ in 0..20 {
            let time = lead.time;
            let late = |i| Duration::from_micros(i % 10 * 100);
            run(&mut lead, &mut now, 2, |i| time.saturating_sub(late(i)));
        }
        let settled = Duration::from_micros(1900);
        assert!(lead.time.abs_diff(settled) < Duration::from_micros(200), "{:?}", lead.time);
    }

    #[test]
    fn an_underrun_deepens_at_once_and_the_way_back_is_slow() {
        let mut now = Instant::now();
        let mut lead = Lead::new(now);
        lead.underrun(now);
        assert_eq!(lead.time, LEAD + MORE_LEAD);
        run(&mut lead, &mut now, 5, |_| Duration::from_millis(5));
        assert!(lead.time > LEAD + MORE_LEAD / 2, "{:?}", lead.time);
        run(&mut lead, &mut now, 60, |_| Duration::from_millis(5));
        assert_eq!(lead.time, LEAST_LEAD);
        for _ in 0..100 {
            lead.underrun(now);
        }
        assert_eq!(lead.time, MOST_LEAD);
    }
}
