//! What the speaker plays beside the far side's voice.

use crate::check::Check;
use omnibar_contract::Volumes;
use omnibar_desk::Sound;
use omnibar_media::tones::{Cue, CueTone, Tone};
use omnibar_media::{BLOCK, Digit, LevelMeter, Limiter};

pub(crate) struct Mix {
    pub(crate) volumes: Volumes,
    cue: Option<CueTone>,
    limiter: Limiter,
    heard: LevelMeter,
}

impl Mix {
    pub(crate) fn new(volumes: Volumes) -> Self {
        Self { volumes, cue: None, limiter: Limiter::new(), heard: LevelMeter::new() }
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
        check.add_to_speaker(out, self.volumes.speaker);
        self.limiter.apply(out);
        self.heard.push(out);
    }

    /// What the agent hears, on the meter's scale.
    pub(crate) fn level(&self) -> f32 {
        self.heard.level()
    }
}
