//! What the speaker plays beside the far side's voice.

use crate::check::Check;
use omnibar_contract::Volumes;
use omnibar_desk::Sound;
use omnibar_media::tones::{Cue, CueTone, Ringback, Tone};
use omnibar_media::{BLOCK, Digit, LevelMeter, Limiter};

pub(crate) struct Mix {
    pub(crate) volumes: Volumes,
    cue: Option<CueTone>,
    ringback: Option<Ringback>,
    limiter: Limiter,
    heard: LevelMeter,
}

impl Mix {
    pub(crate) fn new(volumes: Volumes) -> Self {
        Self {
            volumes,
            cue: None,
            ringback: None,
            limiter: Limiter::new(),
            heard: LevelMeter::new(),
        }
    }

    /// Instead of a cue that is still sounding.
    pub(crate) fn play(&mut self, sound: Sound) {
        let cue = match sound {
            Sound::Answered => Some(Cue::Answered),
            Sound::Ended => Some(Cue::Ended),
            Sound::Digit(key) => Digit::new(key).map(Cue::Digit),
            Sound::Failed => Some(Cue::Failed),
            Sound::HoldReminder => Some(Cue::HoldReminder),
            Sound::Chat => Some(Cue::Chat),
            Sound::MuteReminder => Some(Cue::MuteReminder),
        };
        self.cue = cue.map(Cue::tone).or(self.cue.take());
    }

    /// A repeat changes nothing.
    pub(crate) fn ring_back(&mut self, on: bool) {
        match on {
            true => _ = self.ringback.get_or_insert_with(Ringback::recommended),
            false => self.ringback = None,
        }
    }

    pub(crate) fn cueing(&self) -> bool {
        self.cue.is_some()
    }

    /// Puts cues and checks over the far side's voice in `out`.
    pub(crate) fn speaker(&mut self, out: &mut [f32; BLOCK], check: &mut Check) {
        let mut tone = [0.0; BLOCK];
        if let Some(cue) = &mut self.cue
            && !cue.fill(&mut tone)
        {
            self.cue = None;
        }
        let gain = self.volumes.cues;
        out.iter_mut().zip(tone).for_each(|(to, from)| *to += from * gain);
        // It stands for the far side's voice, and is as loud as that.
        if let Some(ringback) = &mut self.ringback {
            ringback.fill(&mut tone);
            let gain = self.volumes.speaker;
            out.iter_mut().zip(tone).for_each(|(to, from)| *to += from * gain);
        }
        check.add_to_speaker(out, self.volumes.speaker);
        self.limiter.apply(out);
        self.heard.push(out);
    }

    /// What the agent hears, on the meter's scale.
    pub(crate) fn level(&self) -> f32 {
        self.heard.level()
    }
}
