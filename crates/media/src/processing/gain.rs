//! Brings a voice to a usual level.

use super::voice::Voice;
use crate::BLOCK;
use crate::mixer::Limiter;

/// A gain that changes only while its voice talks, and little then: it cannot pump. A voice
/// within 6 dB of the target is left as it is.
#[derive(Clone, Debug)]
pub(super) struct Gain {
    gain_db: f32,
    /// Of the last sample, as a factor.
    applied: f32,
    limiter: Limiter,
}

impl Gain {
    pub(super) fn new() -> Self {
        Self { gain_db: 0.0, applied: 1.0, limiter: Limiter::new() }
    }

    pub(super) fn gain_db(&self) -> f32 {
        self.gain_db
    }

    /// `rest`: the block is the rest of an echo and no voice. It is not amplified but turned
    /// down, as far as it stands out of the noise.
    pub(super) fn apply(&mut self, block: &mut [f32; BLOCK], voice: &Voice, rest: bool, on: bool) {
        if !on {
            self.gain_db = 0.0;
        } else if voice.talking() && !rest && voice.heard() > 1.0 {
            let step = wanted(voice) - self.gain_db;
            self.gain_db += step.clamp(-DOWN / 100.0, UP / 100.0);
        }
        let gain_db = if rest {
            self.gain_db.min(0.0) + (voice.noise_db() - voice.now_db()).clamp(-REST, 0.0)
        } else {
            self.gain_db
        };
        let target = if gain_db == 0.0 { 1.0 } else { 10.0f32.powf(gain_db / 20.0) };
        if target == 1.0 && self.applied == 1.0 {
            return;
        }
        // Down without a click, up before a voice's first sounds are over.
        let ramp = if target > self.applied { RISE } else { BLOCK };
        let step = (target - self.applied) / ramp as f32;
        for (i, sample) in block.iter_mut().enumerate() {
            *sample *= self.applied + step * (i + 1).min(ramp) as f32;
        }
        self.applied = target;
        self.limiter.apply(block);
    }
}

fn wanted(voice: &Voice) -> f32 {
    let off = TARGET - voice.level_db();
    let gain = off.signum() * (off.abs() - LEFT_ALONE).max(0.0);
    let quiet = (NOISE - voice.noise_db()).max(0.0);
    gain.clamp(LEAST, MOST).min(quiet)
}

/// dBFS while talking.
const TARGET: f32 = -24.0;
/// dB.
const LEFT_ALONE: f32 = 6.0;
const LEAST: f32 = -10.0;
const MOST: f32 = 18.0;
/// dBFS that noise is not amplified beyond.
const NOISE: f32 = -48.0;
/// dB that the rest of an echo is turned down by.
const REST: f32 = 14.0;
/// Samples: 2.5 ms.
const RISE: usize = 120;
/// dB a second of talk.
const UP: f32 = 3.0;
const DOWN: f32 = 6.0;
