//! Protection from acoustic shock.

use crate::BLOCK;
use std::f32::consts::SQRT_2;

/// Holds what suddenly is much louder than the voice that the agent has set his volume for.
///
/// Everything is relative to the voice's usual level, in dB over it: 10 ms may have
/// [`CEILING`], 2.5 ms [`SHORT`], a sample [`PEAK`], and a steady tone (a fax, a howl)
/// [`TONE`] as soon as it is known for one, after 20 to 30 ms. A voice stays below all of
/// these and is not changed by a bit.
///
/// Taking 79 dB SPL (−15 dBPa) for a voice at nominal loudness, the bounds are 94 dB SPL for
/// anything and 82 dB SPL for tones: under the 102 dB SPL that ACIF G616 asks of headsets in
/// contact centres, and under the 118 dB(A) of ITU-T P.360 as long as the volume is less than
/// 24 dB over nominal. What a headset makes of full scale is its own; that is why the voice is
/// the measure.
#[derive(Clone, Debug)]
pub struct Shock {
    usual_db: f32,
    gain: f32,
    /// Blocks until the gain may rise again.
    hold: u32,
    tone: Tone,
}

impl Default for Shock {
    fn default() -> Self {
        Self::new()
    }
}

impl Shock {
    #[must_use]
    pub fn new() -> Self {
        Self { usual_db: USUAL, gain: 1.0, hold: 0, tone: Tone::default() }
    }

    /// Takes finite samples. True: something was held.
    pub fn apply(&mut self, block: &mut [f32; BLOCK]) -> bool {
        let loudness_db = decibels(power(block));
        let tonal = self.tone.push(block);
        let wanted = self.wanted(block, loudness_db, tonal);
        if !tonal && wanted >= 1.0 {
            self.learn(loudness_db);
        }
        let target = if wanted < self.gain {
            self.hold = HOLD;
            wanted
        } else if self.hold > 0 {
            self.hold -= 1;
            self.gain
        } else {
            wanted.min(self.gain * RELEASE)
        };
        if target >= 1.0 && self.gain >= 1.0 {
            return false;
        }
        let step = (target - self.gain) / ATTACK as f32;
        for (i, sample) in block.iter_mut().enumerate() {
            *sample *= self.gain + step * (i + 1).min(ATTACK) as f32;
        }
        self.gain = target;
        true
    }

    /// The gain with which all bounds are kept, at most 1.
    fn wanted(&self, block: &[f32; BLOCK], loudness_db: f32, tonal: bool) -> f32 {
        let short = block.chunks(BLOCK / 4).map(power).fold(0.0, f32::max);
        let peak = block.iter().fold(0.0f32, |most, sample| most.max(sample.abs()));
        let ceiling = if tonal { TONE } else { CEILING };
        let over = [
            loudness_db - ceiling,
            decibels(short) - SHORT,
            // A sine's peak is 3 dB over its power.
            decibels(peak * peak) - PEAK,
        ];
        let most = over.into_iter().fold(f32::MIN, f32::max) - self.usual_db;
        10.0f32.powf(-most.max(0.0) / 20.0)
    }

    /// Follows the voice, slower than any shock.
    fn learn(&mut self, loudness_db: f32) {
        if loudness_db < self.usual_db - 20.0 {
            return;
        }
        // The mean of decibels is below that of powers, by about this for a voice.
        let off = loudness_db + 1.0 - self.usual_db;
        let step = (off * 0.005).clamp(-0.02, 0.02);
        self.usual_db = (self.usual_db + step).clamp(QUIETEST, LOUDEST);
    }
}

/// dB over the voice's usual level.
const CEILING: f32 = 15.0;
const SHORT: f32 = 19.0;
const PEAK: f32 = 26.0;
const TONE: f32 = 3.0;
/// dBFS that a voice usually has, and what is taken for one.
const USUAL: f32 = -26.0;
const QUIETEST: f32 = -36.0;
const LOUDEST: f32 = -18.0;
/// Samples: 1 ms, within the block that is too loud.
const ATTACK: usize = 48;
/// Blocks.
const HOLD: u32 = 20;
/// A block: 20 dB a second.
const RELEASE: f32 = 1.0233;

/// Knows a steady tone by its samples: each is foretold by the two before it.
#[derive(Clone, Debug, Default)]
struct Tone {
    /// Blocks in a row.
    pure: u32,
}

impl Tone {
    fn push(&mut self, block: &[f32; BLOCK]) -> bool {
        let mut slow = [0.0; BLOCK / 6];
        for (to, from) in slow.iter_mut().zip(block.as_chunks::<6>().0) {
            *to = from.iter().sum::<f32>() / 6.0;
        }
        let (all, low) = (power(block), power(&slow));
        // Below 3 kHz at 8 kHz, where low tones are still told from voices; above at 48 kHz.
        let is_low = low > 0.25 * all;
        let is_pure = if is_low { pure(&slow).0 } else { pure(block).0 && pure(block).1 < HIGH };
        self.pure = if is_pure && all > 1e-6 { self.pure + 1 } else { 0 };
        self.pure >= 2
    }
}

/// Twice the cosine of 2.5 kHz at 48 kHz.
const HIGH: f32 = 1.89;
/// Share of power that may not be foretold.
const UNFORETOLD: f32 = 3e-4;

/// Whether the samples are one sine, and twice the cosine of its step.
fn pure(samples: &[f32]) -> (bool, f32) {
    let (mut both, mut middle) = (0.0, 0.0);
    for w in samples.windows(3) {
        both += (w[0] + w[2]) * w[1];
        middle += w[1] * w[1];
    }
    if middle <= 0.0 {
        return (false, 0.0);
    }
    let cosine = both / middle;
    let off = |w: &[f32]| (w[0] + w[2] - cosine * w[1]).powi(2);
    let missed: f32 = samples.windows(3).map(off).sum();
    (missed < UNFORETOLD * middle * SQRT_2, cosine)
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
}

fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}
