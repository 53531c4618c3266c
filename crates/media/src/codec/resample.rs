//! Between the pipeline's 48 kHz and the rates of telephone codecs, by whole factors: so many
//! samples go in, so many come out, always. A resampler for any ratio gives one more or less
//! now and then, which a packet of a fixed length cannot take.

use std::f64::consts::PI;

/// Taps on each side of the middle, in samples of the lower rate: with [`BETA`] a stop band of
/// 60 dB, and a delay of 2.6 ms at 8 kHz and 1.3 ms at 16 kHz.
const SIDE: usize = 21;
/// Of the Kaiser window.
const BETA: f64 = 5.65;
/// Where the pass band is half gone, as a share of the lower rate's: 3.85 kHz at 8 kHz.
const CUT: f64 = 0.9625;
const HISTORY: usize = 2 * SIDE;

/// To the lower rate.
#[derive(Clone, Debug)]
pub(super) struct Decimator {
    factor: usize,
    taps: Vec<f32>,
    /// The last samples that the next ones need, and room for those.
    samples: Vec<f32>,
}

impl Decimator {
    pub(super) fn new(factor: usize) -> Self {
        let taps = low_pass(factor, 1.0);
        let samples = vec![0.0; taps.len() - 1];
        Self { factor, taps, samples }
    }

    /// `out` has a factor's share of the samples of `input`.
    pub(super) fn convert(&mut self, input: &[f32], out: &mut [f32]) {
        let before = self.taps.len() - 1;
        self.samples.extend_from_slice(input);
        for (n, out) in out.iter_mut().enumerate() {
            let span = self.samples.get(n * self.factor..).unwrap_or(&[]);
            *out = self.taps.iter().zip(span).map(|(tap, sample)| tap * sample).sum();
        }
        self.samples.copy_within(input.len().., 0);
        self.samples.truncate(before);
    }
}

/// To 48 kHz.
#[derive(Clone, Debug)]
pub(super) struct Interpolator {
    /// For each of the samples between two others, the taps that meet one.
    phases: Vec<Vec<f32>>,
    samples: Vec<f32>,
}

impl Interpolator {
    pub(super) fn new(factor: usize) -> Self {
        let taps = low_pass(factor, factor as f64);
        let phase = |first| {
            let mut phase: Vec<f32> = taps.iter().skip(first).step_by(factor).copied().collect();
            phase.reverse();
            // A whole filter has one tap more in one of its phases.
            while phase.len() <= HISTORY {
                phase.insert(0, 0.0);
            }
            phase
        };
        Self { phases: (0..factor).map(phase).collect(), samples: vec![0.0; HISTORY] }
    }

    /// `out` has a factor more samples than `input`.
    pub(super) fn convert(&mut self, input: &[f32], out: &mut [f32]) {
        self.samples.extend_from_slice(input);
        for (n, group) in out.chunks_exact_mut(self.phases.len()).enumerate() {
            let span = self.samples.get(n..).unwrap_or(&[]);
            for (out, phase) in group.iter_mut().zip(&self.phases) {
                *out = phase.iter().zip(span).map(|(tap, sample)| tap * sample).sum();
            }
        }
        self.samples.copy_within(input.len().., 0);
        self.samples.truncate(HISTORY);
    }

    pub(super) fn reset(&mut self) {
        self.samples.fill(0.0);
    }
}

/// A windowed sinc for the higher rate, whose taps sum up to `gain`.
fn low_pass(factor: usize, gain: f64) -> Vec<f32> {
    let side = (SIDE * factor) as f64;
    let taps: Vec<f64> = (0..=2 * SIDE * factor)
        .map(|n| {
            let at = n as f64 - side;
            let turn = PI * at * CUT / factor as f64;
            let sinc = if at == 0.0 { 1.0 } else { turn.sin() / turn };
            sinc * bessel(BETA * (1.0 - (at / side).powi(2)).max(0.0).sqrt())
        })
        .collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| (tap * gain / sum) as f32).collect()
}

/// I₀, by its series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 1..30 {
        term *= (x / (2.0 * f64::from(n))).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn sine(hertz: f32, rate: f32, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| (TAU * hertz * n as f32 / rate).sin()).collect()
    }

    /// dB against the sine that went in, once the filter is filled.
    fn level(samples: &[f32]) -> f32 {
        let settled = &samples[samples.len() / 4..];
        let power = settled.iter().map(|s| s * s).sum::<f32>() / settled.len() as f32;
        10.0 * (2.0 * power).max(1e-12).log10()
    }

    fn lowered(hertz: f32, factor: usize) -> f32 {
        let mut decimator = Decimator::new(factor);
        let mut out = vec![];
        for block in sine(hertz, 48_000.0, 9_600).chunks(480) {
            let mut part = vec![0.0; 480 / factor];
            decimator.convert(block, &mut part);
            out.extend(part);
        }
        level(&out)
    }

    fn raised(hertz: f32, factor: usize) -> f32 {
        let mut interpolator = Interpolator::new(factor);
        let low = sine(hertz, 48_000.0 / factor as f32, 9_600 / factor);
        let mut out = vec![0.0; 9_600];
        interpolator.convert(&low, &mut out);
        level(&out)
    }

    #[test]
    fn the_voice_band_passes_and_nothing_folds_into_it() {
        for (factor, kept, gone) in [(6, 3_400.0, 4_300.0), (3, 6_800.0, 8_600.0)] {
            for hertz in [200.0, 1_000.0, kept] {
                let (down, up) = (lowered(hertz, factor), raised(hertz, factor));
                assert!(down.abs() < 0.3 && up.abs() < 0.3, "{hertz} Hz: {down} and {up} dB");
            }
            for hertz in [gone, gone + 1_000.0, 15_000.0] {
                let down = lowered(hertz, factor);
                assert!(down < -55.0, "{hertz} Hz: {down} dB");
            }
        }
    }

    #[test]
    fn what_goes_down_and_up_again_is_the_same_a_little_later() {
        for factor in [3, 6] {
            let (mut down, mut up) = (Decimator::new(factor), Interpolator::new(factor));
            let voice = sine(700.0, 48_000.0, 4_800);
            let mut heard = vec![];
            for block in voice.chunks(480) {
                let (mut low, mut out) = (vec![0.0; 480 / factor], vec![0.0; 480]);
                down.convert(block, &mut low);
                up.convert(&low, &mut out);
                heard.extend(out);
            }
            let delay = 2 * SIDE * factor;
            let error = voice.iter().zip(&heard[delay..]).skip(600).map(|(a, b)| (a - b).abs());
            let worst = error.fold(0.0, f32::max);
            assert!(worst < 0.01, "{factor}: {worst}");
        }
    }

    #[test]
    fn blocks_join_without_a_seam() {
        let low = sine(1_000.0, 8_000.0, 800);
        let (mut whole, mut parts) = (vec![0.0; 4_800], vec![]);
        Interpolator::new(6).convert(&low, &mut whole);
        let mut interpolator = Interpolator::new(6);
        for part in low.chunks(20) {
            let mut out = vec![0.0; part.len() * 6];
            interpolator.convert(part, &mut out);
            parts.extend(out);
        }
        assert_eq!(whole, parts);
    }
}
