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
