//! Level meter for the eye.

use crate::BLOCK;

/// Shows the loudness of the last moments: up at once, down by 25 dB a second.
#[derive(Clone, Debug)]
pub struct Meter {
    rms: f32,
    peak: f32,
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}

impl Meter {
    #[must_use]
    pub fn new() -> Self {
        Self { rms: FLOOR, peak: FLOOR }
    }

    pub fn push(&mut self, block: &[f32; BLOCK]) {
        let mut power = 0.0;
        let mut peak = 0.0f32;
        for &sample in block {
            if sample.is_finite() {
                power += sample * sample;
                peak = peak.max(sample.abs());
            }
        }
        let rms = decibels((power / BLOCK as f32).sqrt());
        self.rms = rms.max(self.rms - FALL);
        self.peak = decibels(peak).max(self.peak - FALL);
    }

    /// RMS on a scale that is even in decibels: 0 is −60 dBFS or less, 1 is 0 dBFS
    /// (a full-scale square wave; a full-scale sine shows 0.95).
    #[must_use]
    pub fn level(&self) -> f32 {
        scale(self.rms)
    }

    /// Peak on the same scale.
    #[must_use]
    pub fn peak(&self) -> f32 {
        scale(self.peak)
    }
}

/// dBFS.
const FLOOR: f32 = -60.0;
/// dB a block.
const FALL: f32 = 0.25;

fn decibels(amplitude: f32) -> f32 {
    // Huge or vanishing input still has a place on the scale.
    (20.0 * amplitude.max(1e-6).log10()).clamp(FLOOR, 0.0)
}

fn scale(decibels: f32) -> f32 {
    (decibels - FLOOR) / -FLOOR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(amplitude: f32) -> [f32; BLOCK] {
        std::array::from_fn(|i| if i / 24 % 2 == 0 { amplitude } else { -amplitude })
    }

    #[test]
    fn scale_is_even_in_decibels() {
        for (amplitude, expected) in [(1.0, 1.0), (0.1, 2.0 / 3.0), (0.01, 1.0 / 3.0), (0.0, 0.0)] {
            let mut meter = Meter::new();
            meter.push(&square(amplitude));
            assert!((meter.level() - expected).abs() < 1e-3, "{amplitude}: {}", meter.level());
            assert!((meter.peak() - expected).abs() < 1e-3);
        }
    }

    #[test]
    fn falls_slowly_and_rises_at_once() {
        let mut meter = Meter::new();
        meter.push(&square(1.0));
        for _ in 0..100 {
            meter.push(&[0.0; BLOCK]);
        }
        assert!((meter.level() - (1.0 - 25.0 / 60.0)).abs() < 1e-2, "{}", meter.level());
        meter.push(&square(0.9));
        assert!(meter.level() > 0.98);
    }

    #[test]
    fn hostile_samples_stay_on_the_scale() {
        let mut meter = Meter::new();
        for bad in [f32::NAN, f32::INFINITY, f32::MAX, -1e30] {
            meter.push(&[bad; BLOCK]);
            assert!((0.0..=1.0).contains(&meter.level()));
            assert!((0.0..=1.0).contains(&meter.peak()));
        }
    }
}
