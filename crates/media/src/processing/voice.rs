//! How loud a voice is, and the noise behind it.

use crate::BLOCK;

/// Follows the noise by its quietest moments and the voice by what stands out of it.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    /// Powers: of the last moments, the least of this part, and of the parts before it.
    smooth: f32,
    least: f32,
    parts: [f32; PARTS],
    blocks: u32,
    /// Half of the parts are there, and all.
    half: bool,
    full: bool,
    /// dBFS while talking; seconds of it.
    level_db: f32,
    heard: f32,
    talking: bool,
    /// Blocks since it talked.
    silent: u32,
}

impl Voice {
    pub(super) fn new() -> Self {
        Self {
            smooth: 0.0,
            least: f32::MAX,
            parts: [f32::MAX; PARTS],
            blocks: 0,
            half: false,
            full: false,
            level_db: USUAL,
            heard: 0.0,
            talking: false,
            silent: u32::MAX,
        }
    }

    /// `learn`: it is the voice and not an echo.
    pub(super) fn push(&mut self, block: &[f32; BLOCK], learn: bool) {
        let power = block.iter().map(|s| s * s).sum::<f32>() / BLOCK as f32;
        self.smooth += (power - self.smooth) * 0.3;
        self.follow_noise();
        let db = decibels(power);
        self.talking = db > LEAST && self.half && db > self.noise_db() + STANDS_OUT;
        self.silent = if self.talking { 0 } else { self.silent.saturating_add(1) };
        if self.talking && learn {
            self.heard += 0.01;
            // Fast at first, then about two seconds of talk.
            let share = (0.01 / self.heard.max(0.01)).max(0.005);
            // Power, not decibels: as a level meter for speech reckons (ITU-T P.56).
            let mean = 10.0f32.powf(self.level_db / 10.0);
            self.level_db = decibels(mean + (power - mean) * share);
        }
    }

    /// dBFS.
    pub(super) fn noise_db(&self) -> f32 {
        let least = self.parts.iter().fold(self.least, |least, part| least.min(*part));
        // The least of a noise's powers lies below its mean.
        decibels(least.min(1.0)) + 1.5
    }

    /// dBFS while talking; what is usual until the voice was heard.
    pub(super) fn level_db(&self) -> f32 {
        self.level_db
    }

    /// s of talk that the level is known from.
    pub(super) fn heard(&self) -> f32 {
        self.heard
    }

    pub(super) fn talking(&self) -> bool {
        self.talking
    }

    /// Within the gaps of speech too, and as long as that cannot be told.
    pub(super) fn speaks(&self) -> bool {
        self.silent < GAP || !self.half
    }

    /// dBFS of the last moments.
    pub(super) fn now_db(&self) -> f32 {
        decibels(self.smooth)
    }

    /// The noise has been followed for long enough to be known.
    pub(super) fn knows_noise(&self) -> bool {
        self.full
    }

    fn follow_noise(&mut self) {
        self.least = self.least.min(self.smooth.max(1e-12));
        self.blocks += 1;
        if self.blocks == PART {
            self.blocks = 0;
            self.parts.rotate_left(1);
            self.parts[PARTS - 1] = self.least;
            self.least = f32::MAX;
            self.half = self.parts[PARTS / 2] < f32::MAX;
            self.full = self.parts[0] < f32::MAX;
        }
    }
}

/// Blocks: half a second; six seconds of it are looked at, since people talk for four without
/// a pause.
const PART: u32 = 50;
const PARTS: usize = 12;
/// Blocks.
const GAP: u32 = 15;
/// dBFS: a voice before it was heard.
const USUAL: f32 = -26.0;
/// dB over the noise, and dBFS, from which on it is a voice.
const STANDS_OUT: f32 = 10.0;
const LEAST: f32 = -55.0;

pub(super) fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}

/// Whether there is noise enough to be taken out.
#[derive(Clone, Debug, Default)]
pub(super) struct Noisy {
    yes: bool,
    /// s that speak for the other.
    otherwise: f32,
}

impl Noisy {
    pub(super) fn judge(&mut self, voice: &Voice) -> bool {
        if voice.knows_noise() {
            let noise = voice.noise_db();
            let clear = voice.level_db() - noise;
            let other = match self.yes {
                false => noise > AUDIBLE && clear < CLEAR,
                true => noise < AUDIBLE - HYSTERESIS || clear > CLEAR + HYSTERESIS,
            };
            self.otherwise = if other { self.otherwise + 0.01 } else { 0.0 };
            if self.otherwise > 2.0 {
                self.yes = !self.yes;
                self.otherwise = 0.0;
            }
        }
        self.yes
    }
}

/// dBFS.
const AUDIBLE: f32 = -62.0;
/// dB of voice over noise from which on the noise does not disturb.
const CLEAR: f32 = 20.0;
const HYSTERESIS: f32 = 4.0;
