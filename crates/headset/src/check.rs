//! The agent's own checks of his devices: tone, record and play back, level meter.

use omnibar_contract::TestState;
use omnibar_media::tones::{Ring, Tone};
use omnibar_media::{BLOCK, SAMPLE_RATE};
use std::time::{Duration, Instant};

const TONE: Duration = Duration::from_millis(1500);
const TONE_HZ: f32 = 440.0;
const TONE_AMPLITUDE: f32 = 0.25;
/// Samples in which the tone comes and goes.
const RAMP: usize = 960;
const RECORDING: usize = 5 * SAMPLE_RATE as usize;
/// Long enough for the path's figures, which are of 5 s at most.
const PROBE: Duration = Duration::from_secs(4);
/// A check ends even when its device gives or takes nothing.
const LONGEST: Duration = Duration::from_secs(8);

#[derive(Default)]
pub(crate) struct Check {
    test: Option<Test>,
    /// The audio settings are shown.
    metering: bool,
}

enum Test {
    Speaker { tone: Sine, until: Instant },
    Ringer { ring: Ring, until: Instant },
    Recording { sound: Vec<f32>, until: Instant },
    PlayingBack { sound: Vec<f32>, position: usize, until: Instant },
    Probe { loudest: Option<f32>, until: Instant },
}

impl Check {
    pub(crate) fn state(&self) -> TestState {
        match &self.test {
            Some(Test::Speaker { .. } | Test::Ringer { .. }) => TestState::Tone,
            Some(Test::Recording { .. }) => TestState::Recording,
            Some(Test::PlayingBack { .. }) => TestState::PlayingBack,
            // The agent has not asked for it: nothing of it shows.
            Some(Test::Probe { .. }) | None if self.metering => TestState::Metering,
            Some(Test::Probe { .. }) | None => TestState::Idle,
        }
    }

    pub(crate) fn test_speaker(&mut self, now: Instant) {
        self.test = Some(Test::Speaker { tone: Sine { position: 0 }, until: now + TONE });
    }

    pub(crate) fn test_ringer(&mut self, now: Instant) {
        self.test = Some(Test::Ringer { ring: Ring::new(), until: now + TONE });
    }

    pub(crate) fn record(&mut self, now: Instant) {
        let sound = Vec::with_capacity(RECORDING);
        self.test = Some(Test::Recording { sound, until: now + LONGEST });
    }

    /// Opens both for a few seconds. False: another test is under way.
    pub(crate) fn probe(&mut self, now: Instant) -> bool {
        let free = self.test.is_none();
        if free {
            self.test = Some(Test::Probe { loudest: None, until: now + PROBE });
        }
        free
    }

    pub(crate) fn probing(&self) -> bool {
        matches!(self.test, Some(Test::Probe { .. }))
    }

    /// The loudest sample that came, once the probe is over.
    pub(crate) fn probed(&mut self, now: Instant) -> Option<Option<f32>> {
        match self.test {
            Some(Test::Probe { loudest, until }) if until <= now => {
                self.test = None;
                Some(loudest)
            }
            Some(_) | None => None,
        }
    }

    pub(crate) fn meter(&mut self, on: bool) {
        self.metering = on;
    }

    /// Ends the test; without one, the metering.
    pub(crate) fn stop(&mut self) {
        if self.test.take().is_none() {
            self.metering = false;
        }
    }

    pub(crate) fn end_test(&mut self) {
        self.test = None;
    }

    pub(crate) fn needs_microphone(&self) -> bool {
        self.metering || matches!(self.test, Some(Test::Recording { .. } | Test::Probe { .. }))
    }

    /// Open while recording already, so that playing back begins at once.
    pub(crate) fn needs_speaker(&self) -> bool {
        match &self.test {
            Some(
                Test::Speaker { .. }
                | Test::Recording { .. }
                | Test::PlayingBack { .. }
                | Test::Probe { .. },
            ) => true,
            Some(Test::Ringer { .. }) | None => false,
        }
    }

    pub(crate) fn needs_ringer(&self) -> bool {
        matches!(self.test, Some(Test::Ringer { .. }))
    }

    pub(crate) fn hear(&mut self, block: &[f32; BLOCK], now: Instant) {
        if let Some(Test::Probe { loudest, .. }) = &mut self.test {
            let peak = block.iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs()));
            *loudest = Some(loudest.unwrap_or(0.0).max(peak));
        }
        if let Some(Test::Recording { sound, .. }) = &mut self.test {
            sound.extend_from_slice(block);
            if sound.len() >= RECORDING {
                self.play_back(now);
            }
        }
    }

    /// Adds to what the speaker plays.
    pub(crate) fn add_to_speaker(&mut self, out: &mut [f32; BLOCK], volume: f32) {
        match &mut self.test {
            Some(Test::Speaker { tone, .. }) => {
                out.iter_mut().for_each(|sample| *sample += tone.next() * volume);
            }
            Some(Test::PlayingBack { sound, position, .. }) => {
                let rest = sound.get(*position..).unwrap_or_default();
                out.iter_mut().zip(rest).for_each(|(to, from)| *to += from * volume);
                *position += BLOCK;
                if *position >= sound.len() {
                    self.test = None;
                }
            }
            Some(Test::Ringer { .. } | Test::Recording { .. } | Test::Probe { .. }) | None => {}
        }
    }

    /// Adds to what the ringer plays.
    pub(crate) fn add_to_ringer(&mut self, out: &mut [f32; BLOCK], volume: f32) {
        if let Some(Test::Ringer { ring, .. }) = &mut self.test {
            let mut block = [0.0; BLOCK];
            ring.fill(&mut block);
            out.iter_mut().zip(block).for_each(|(to, from)| *to += from * volume);
        }
    }

    /// When [`Self::turn`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.test {
            Some(
                Test::Speaker { until, .. }
                | Test::Ringer { until, .. }
                | Test::Recording { until, .. }
                | Test::PlayingBack { until, .. }
                | Test::Probe { until, .. },
            ) => Some(*until),
            None => None,
        }
    }

    pub(crate) fn turn(&mut self, now: Instant) {
        if self.deadline().is_none_or(|until| now < until) {
            return;
        }
        if matches!(self.test, Some(Test::Recording { .. })) {
            self.play_back(now);
        } else {
            self.test = None;
        }
    }

    fn play_back(&mut self, now: Instant) {
        if let Some(Test::Recording { sound, .. }) = self.test.take()
            && !sound.is_empty()
        {
            self.test = Some(Test::PlayingBack { sound, position: 0, until: now + LONGEST });
        }
    }
}

struct Sine {
    position: usize,
}

impl Sine {
    fn next(&mut self) -> f32 {
        let length = (TONE.as_millis() as usize) * SAMPLE_RATE as usize / 1000;
        let edge = self.position.min(length.saturating_sub(self.position)).min(RAMP);
        let turns = self.position as f32 * TONE_HZ / SAMPLE_RATE as f32;
        self.position += 1;
        let ramp = edge as f32 / RAMP as f32;
        (turns.fract() * std::f32::consts::TAU).sin() * TONE_AMPLITUDE * ramp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_of_five_seconds_is_played_back_whole() {
        let (mut check, now) = (Check::default(), Instant::now());
        check.record(now);
        for i in 0..500 {
            assert_eq!(check.state(), TestState::Recording, "{i}");
            check.hear(&[i as f32 / 1000.0; BLOCK], now);
        }
        assert_eq!(check.state(), TestState::PlayingBack);
        for i in 0..500 {
            let mut out = [0.0; BLOCK];
            check.add_to_speaker(&mut out, 0.5);
            assert_eq!(out, [i as f32 / 1000.0 * 0.5; BLOCK]);
        }
        assert_eq!(check.state(), TestState::Idle);
        assert_eq!(check.deadline(), None);
    }

    #[test]
    fn without_a_microphone_a_recording_ends_without_playing_back() {
        let (mut check, now) = (Check::default(), Instant::now());
        check.record(now);
        check.turn(now + LONGEST);
        assert_eq!(check.state(), TestState::Idle);
    }

    #[test]
    fn a_tone_ends_by_itself_and_metering_goes_on() {
        let (mut check, now) = (Check::default(), Instant::now());
        check.meter(true);
        check.test_speaker(now);
        assert_eq!(check.state(), TestState::Tone);
        let mut out = [0.0; BLOCK];
        for _ in 0..10 {
            out.fill(0.0);
            check.add_to_speaker(&mut out, 1.0);
        }
        assert!(out.iter().any(|s| s.abs() > 0.2));
        check.turn(now + TONE);
        assert_eq!(check.state(), TestState::Metering);
        check.stop();
        assert_eq!(check.state(), TestState::Idle);
    }
}
