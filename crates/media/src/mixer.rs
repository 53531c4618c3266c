//! Mixing and the limiter that keeps the sum within full scale.

use crate::BLOCK;

/// Turns a signal that goes beyond the threshold down, gently and for as long as it is
/// too loud; what is still beyond is bent below full scale.
#[derive(Clone, Debug)]
pub struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new()
    }
}

impl Limiter {
    #[must_use]
    pub fn new() -> Self {
        Self { gain: 1.0 }
    }

    /// Afterwards every sample is finite and within ±1. Quiet blocks are unchanged.
    pub fn apply(&mut self, block: &mut [f32; BLOCK]) {
        let mut peak = 0.0f32;
        for sample in block.iter_mut() {
            if !sample.is_finite() {
                *sample = 0.0;
            }
            peak = peak.max(sample.abs());
        }
        let wanted = if peak > THRESHOLD { THRESHOLD / peak } else { 1.0 };
        let target = wanted.min(self.gain + RELEASE);
        if self.gain >= 1.0 && target >= 1.0 {
            return;
        }
        let step = (target - self.gain) / ATTACK as f32;
        for (i, sample) in block.iter_mut().enumerate() {
            let gain = self.gain + step * i.min(ATTACK) as f32;
            *sample = bend(*sample * gain);
        }
        self.gain = target;
    }
}

/// −1 dBFS.
const THRESHOLD: f32 = 0.891;
/// Gain regained in a block; 0 to full in 0.5 s.
const RELEASE: f32 = 0.02;
/// Samples in which the gain goes down: 1 ms.
const ATTACK: usize = 48;

/// Identity up to the threshold, then smoothly towards ±1.
fn bend(sample: f32) -> f32 {
    let beyond = sample.abs() - THRESHOLD;
    if beyond <= 0.0 {
        return sample;
    }
    let room = 1.0 - THRESHOLD;
    (THRESHOLD + room * (beyond / (beyond + room))).copysign(sample)
}

/// Mixes the blocks of several parties. One for every group of listeners, since each
/// output has a limiter that remembers.
#[derive(Clone, Debug, Default)]
pub struct Mixer {
    limiters: Vec<Limiter>,
}

impl Mixer {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All inputs into one output.
    pub fn mix(&mut self, inputs: &[&[f32; BLOCK]], output: &mut [f32; BLOCK]) {
        output.fill(0.0);
        for input in inputs {
            add(output, input);
        }
        self.limiter(0).apply(output);
    }

    /// Output `i` has all inputs but input `i`. Outputs beyond the inputs hear all.
    pub fn mix_minus(&mut self, inputs: &[[f32; BLOCK]], outputs: &mut [[f32; BLOCK]]) {
        // The sum less one's own would leave a loud party's rounding in his ear.
        for (listener, output) in outputs.iter_mut().enumerate() {
            output.fill(0.0);
            for (talker, input) in inputs.iter().enumerate() {
                if talker != listener {
                    add(output, input);
                }
            }
            self.limiter(listener).apply(output);
        }
    }

    fn limiter(&mut self, index: usize) -> &mut Limiter {
        if self.limiters.len() <= index {
            self.limiters.resize_with(index + 1, Limiter::new);
        }
        &mut self.limiters[index]
    }
}

fn add(sum: &mut [f32; BLOCK], input: &[f32; BLOCK]) {
    for (sum, &sample) in sum.iter_mut().zip(input) {
        *sum += if sample.is_finite() { sample } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn tone(block: usize, hertz: f32, amplitude: f32) -> [f32; BLOCK] {
        std::array::from_fn(|i| {
            amplitude * (TAU * hertz * (block * BLOCK + i) as f32 / 48_000.0).sin()
        })
    }

    fn power_at(samples: &[f32], hertz: f32) -> f32 {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, sample) in samples.iter().enumerate() {
            let (sin, cos) = (TAU * hertz * i as f32 / 48_000.0).sin_cos();
            re += sample * cos;
            im += sample * sin;
        }
        (re * re + im * im).sqrt() * 2.0 / samples.len() as f32
    }

    #[test]
    fn everybody_hears_all_but_himself() {
        let mut mixer = Mixer::new();
        let hertz = [400.0, 700.0, 1100.0];
        let mut heard = [const { Vec::new() }; 3];
        for block in 0..20 {
            let inputs = hertz.map(|h| tone(block, h, 0.2));
            let mut outputs = [[0.0; BLOCK]; 3];
            mixer.mix_minus(&inputs, &mut outputs);
            for (heard, output) in heard.iter_mut().zip(&outputs) {
                heard.extend_from_slice(output);
            }
        }
        for (listener, heard) in heard.iter().enumerate() {
            for (talker, &h) in hertz.iter().enumerate() {
                let expected = if talker == listener { 0.0 } else { 0.2 };
                let found = power_at(heard, h);
                assert!((found - expected).abs() < 0.01, "{listener} hears {found} of {talker}");
            }
        }
    }

    #[test]
    fn many_loud_parties_stay_within_full_scale_without_a_click() {
        let mut mixer = Mixer::new();
        let mut heard = Vec::new();
        for block in 0..120 {
            let loud = tone(block, 200.0, 0.95);
            let quiet = tone(block, 200.0, 0.05);
            let input = if (30..60).contains(&block) { loud } else { quiet };
            let mut output = [0.0; BLOCK];
            mixer.mix(&[&input; 8], &mut output);
            heard.extend_from_slice(&output);
        }
        assert!(heard.iter().all(|s| s.abs() <= 1.0));
        // Once turned down, the loud tone is a tone and not a square.
        let middle = &heard[45 * BLOCK..55 * BLOCK];
        assert!(power_at(middle, 600.0) < 0.02 * power_at(middle, 200.0));
        // And the quiet one comes back as it was.
        let end = &heard[115 * BLOCK..];
        assert!((power_at(end, 200.0) - 0.4).abs() < 0.01);
    }

    #[test]
    fn a_quiet_signal_passes_unchanged() {
        let mut limiter = Limiter::new();
        let before = tone(0, 440.0, 0.8);
        let mut after = before;
        limiter.apply(&mut after);
        assert_eq!(before, after);
    }

    #[test]
    fn what_is_not_a_number_is_silence() {
        let mut mixer = Mixer::new();
        let mut output = [f32::NAN; BLOCK];
        mixer.mix(&[&[f32::NAN; BLOCK], &[f32::INFINITY; BLOCK], &[f32::MAX; BLOCK]], &mut output);
        assert!(output.iter().all(|s| s.abs() <= 1.0));
        mixer.mix(&[], &mut output);
        assert_eq!(output, [0.0; BLOCK]);
    }
}
