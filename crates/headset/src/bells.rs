//! Ringing, on one device or several, and more pressing as time goes.

use crate::check::Check;
use crate::clock::{BLOCK_TIME, Clock};
use crate::counters::Counters;
use crate::devices::{RINGERS, Role, SpeakerEnd};
use crate::flow::Outlet;
use crate::waiting::Socket;
use omnibar_contract::{Ringing, Settings};
use omnibar_media::tones::{Ring, Tone};
use omnibar_media::{BLOCK, Limiter};
use std::time::{Duration, Instant};

pub(crate) struct Bells {
    /// The ringer, then those that also ring.
    bells: [Bell; RINGERS],
    plan: Plan,
    /// When it began to ring.
    since: Option<Instant>,
}

struct Bell {
    outlet: Option<Outlet>,
    clock: Clock,
    /// While it rings.
    ring: Option<Ring>,
    gain: f32,
    limiter: Limiter,
}

/// Who rings when, and how loud.
struct Plan {
    /// Of the ringer.
    volume: f32,
    ringing: Ringing,
}

impl Bells {
    pub(crate) fn new(settings: &Settings, now: Instant) -> Self {
        let bells = std::array::from_fn(|_| Bell::new(now));
        Self { bells, plan: Plan::new(settings), since: None }
    }

    pub(crate) fn apply(&mut self, settings: &Settings) {
        self.plan = Plan::new(settings);
    }

    /// A repeat changes nothing.
    pub(crate) fn ring(&mut self, on: bool, now: Instant) {
        match on {
            true => _ = self.since.get_or_insert(now),
            false => self.since = None,
        }
    }

    pub(crate) fn ringing(&self) -> bool {
        self.since.is_some()
    }

    /// Which devices must be open. `testing`: the ringer is tried.
    pub(crate) fn wants(&self, now: Instant, testing: bool) -> [bool; RINGERS] {
        let rung = self.rung(now);
        std::array::from_fn(|index| {
            let rings = rung.is_some_and(|rung| self.plan.volume(index, rung).is_some());
            rings || (index == 0 && testing)
        })
    }

    pub(crate) fn opened(&mut self, index: usize, end: Option<SpeakerEnd>, now: Instant) {
        if let Some(bell) = self.bells.get_mut(index) {
            bell.clock.device_opened(now);
            bell.outlet = end.and_then(Outlet::or_none);
        }
    }

    /// When the next turn is due.
    pub(crate) fn next(&self, now: Instant) -> Option<Instant> {
        let outlets = self.bells.iter().filter_map(|bell| bell.outlet.as_ref());
        let blocks = outlets
            .map(|outlet| if outlet.runs(now) { outlet.next(now) } else { now + BLOCK_TIME })
            .min();
        let joins = self.since.and_then(|since| {
            self.plan.next(now.saturating_duration_since(since)).map(|after| since + after)
        });
        blocks.into_iter().chain(joins).min()
    }

    /// Readable when a device asks for sound.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = Socket<'_>> {
        self.bells.iter().filter_map(|bell| bell.outlet.as_ref()?.socket())
    }

    /// Fills what is open. `stalled` hears of devices that have stopped.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        check: &mut Check,
        counters: &Counters,
        mut stalled: impl FnMut(Role),
    ) {
        let rung = self.rung(now);
        for (index, bell) in self.bells.iter_mut().enumerate() {
            let volume = rung.and_then(|rung| self.plan.volume(index, rung));
            if !bell.keeps_time(now, counters) {
                stalled(Role::Ringer(index));
            }
            while bell.outlet.as_ref().is_some_and(|outlet| outlet.hungry(now)) {
                let mut block = bell.block(volume);
                if index == 0 {
                    check.add_to_ringer(&mut block, self.plan.volume);
                }
                bell.limiter.apply(&mut block);
                if let Some(outlet) = &mut bell.outlet {
                    outlet.push(&block, counters);
                }
            }
        }
    }

    fn rung(&self, now: Instant) -> Option<Duration> {
        self.since.map(|since| now.saturating_duration_since(since))
    }
}

impl Bell {
    fn new(now: Instant) -> Self {
        let (clock, limiter) = (Clock::new(now), Limiter::new());
        Self { outlet: None, clock, ring: None, gain: 0.0, limiter }
    }

    /// False when an open device asks for nothing any more.
    fn keeps_time(&mut self, now: Instant, counters: &Counters) -> bool {
        let Some(outlet) = &mut self.outlet else { return true };
        outlet.attend(now, counters);
        if outlet.runs(now) {
            self.clock.device_runs(now);
            return true;
        }
        !self.clock.stalled(now)
    }

    /// `volume`: `None` while it does not ring.
    fn block(&mut self, volume: Option<f32>) -> [f32; BLOCK] {
        let mut block = [0.0; BLOCK];
        let Some(volume) = volume else {
            self.ring = None;
            return block;
        };
        if self.ring.is_none() {
            self.gain = volume;
        }
        self.ring.get_or_insert_default().fill(&mut block);
        // Growing louder is no click.
        let step = (volume - self.gain) / BLOCK as f32;
        for sample in &mut block {
            self.gain += step;
            *sample *= self.gain;
        }
        self.gain = volume;
        block
    }
}

impl Plan {
    fn new(settings: &Settings) -> Self {
        Self { volume: settings.volumes.ringer, ringing: settings.ringing.clone() }
    }

    /// How loud that bell is after so long; `None`: it does not ring (yet).
    fn volume(&self, index: usize, rung: Duration) -> Option<f32> {
        let own = match index.checked_sub(1) {
            None => self.volume,
            Some(also) => {
                let also = self.ringing.also.get(also)?;
                (rung >= seconds(also.after)).then_some(also.volume)?
            }
        };
        let louder = self.ringing.louder_after;
        Some(if louder > 0 && rung >= seconds(louder) { 1.0 } else { own })
    }

    /// When the next one joins in, after the beginning.
    fn next(&self, rung: Duration) -> Option<Duration> {
        let joins = self.ringing.also.iter().map(|also| seconds(also.after));
        joins.filter(|after| *after > rung).min()
    }
}

fn seconds(count: u16) -> Duration {
    Duration::from_secs(u64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_contract::AlsoRings;

    fn plan() -> Plan {
        let mut settings = Settings::default();
        settings.volumes.ringer = 0.5;
        settings.ringing.louder_after = 20;
        let also = |after, volume| AlsoRings { after, volume, ..AlsoRings::default() };
        settings.ringing.also = vec![also(0, 0.3), also(10, 0.7)];
        Plan::new(&settings)
    }

    #[test]
    fn each_device_rings_from_its_time_on_and_all_grow_louder() {
        let plan = plan();
        let at = |s| [0, 1, 2, 3].map(|index| plan.volume(index, Duration::from_secs(s)));
        assert_eq!(at(0), [Some(0.5), Some(0.3), None, None]);
        assert_eq!(at(10), [Some(0.5), Some(0.3), Some(0.7), None]);
        assert_eq!(at(20), [Some(1.0), Some(1.0), Some(1.0), None]);
        assert_eq!(plan.next(Duration::from_secs(3)), Some(Duration::from_secs(10)));
        assert_eq!(plan.next(Duration::from_secs(10)), None);
    }

    #[test]
    fn only_the_ringer_rings_by_itself_and_never_louder() {
        let plan = Plan::new(&Settings::default());
        let hour = Duration::from_secs(3600);
        assert_eq!(plan.volume(0, hour), Some(Settings::default().volumes.ringer));
        assert_eq!(plan.volume(1, hour), None);
    }

    #[test]
    fn growing_louder_does_not_click() {
        let mut bell = Bell::new(Instant::now());
        let mut before = 0.0f32;
        for i in 0..40 {
            for sample in bell.block(Some(if i < 20 { 0.1 } else { 1.0 })) {
                // Full scale at the ring's highest partial moves less than this a sample.
                assert!((sample - before).abs() < 0.25, "{i}: {before} to {sample}");
                before = sample;
            }
        }
    }
}
