//! Sound made ahead of a speaker's callbacks.
//!
//! A callback may not wake a thread (that is a system call), so the thread foresees the
//! next callback from the last ones and fills the speaker's ring shortly before it asks.

use super::{BEGINNING, LOOK_AGAIN};
use crate::convert::chunk;
use crate::counters::Counters;
use crate::devices::End;
use rtrb::Producer;
use std::time::{Duration, Instant};

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
/// How long an underrun is remembered.
const WARY: Duration = Duration::from_secs(5);
/// A callback that wants more than this many usual ones makes up for what the server
/// itself has missed, or fills a deeper buffer: no lead would have been enough.
const MAKES_UP: f64 = 1.5;
/// What is due so soon is done now: waking up once more costs more than it is worth.
const SOON: Duration = Duration::from_micros(500);

type SpeakerRing = End<Producer<f32>>;

pub(super) struct Ahead {
    end: SpeakerRing,
    beat: Beat,
    lead: Lead,
    missed: u64,
}

impl Ahead {
    pub(super) fn new(end: SpeakerRing) -> Self {
        let (beat, lead) = (Beat::new(&end), Lead::new(end.opened));
        Self { end, beat, lead, missed: 0 }
    }

    pub(super) fn rate(&self) -> u32 {
        self.end.rate
    }

    /// When the newest callback ran, or the stream was opened.
    pub(super) fn newest(&self) -> Instant {
        self.end.last_callback().map_or(self.end.opened, |(at, _)| at)
    }

    /// Notes what callbacks did.
    pub(super) fn attend(&mut self, now: Instant, counters: &Counters) {
        if let Some(at) = self.beat.observe(&self.end) {
            self.lead.asked(at);
        }
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
        self.lead.settle(now);
    }

    /// Whether a block must be pushed now.
    pub(super) fn wants(&self, now: Instant) -> bool {
        match self.due() {
            Some(due) => due <= now + SOON && self.level() < self.most(),
            None => self.level() == 0,
        }
    }

    pub(super) fn give(&mut self, sound: &[f32]) {
        // What does not fit is lost; `wants` keeps far from there.
        let _ = self.end.ring.push_partial_slice(sound);
        self.lead.pushed(Instant::now());
    }

    /// When `wants` may change.
    pub(super) fn next(&self, now: Instant) -> Instant {
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

    /// Frames that wait for callbacks.
    pub(super) fn level(&self) -> usize {
        self.end.ring.buffer().capacity() - self.end.ring.slots()
    }
}

/// When callbacks come.
struct Beat {
    /// Frames of a usual callback.
    usual: f64,
    newest: Option<Instant>,
}

impl Beat {
    fn new(end: &SpeakerRing) -> Self {
        Self { usual: chunk(end.rate) as f64, newest: None }
    }

    /// When the newest callback ran, if it is a new one.
    fn observe(&mut self, end: &SpeakerRing) -> Option<Instant> {
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

    fn period(&self, end: &SpeakerRing) -> Duration {
        Duration::from_secs_f64((self.usual / f64::from(end.rate)).clamp(0.001, 0.2))
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
