//! A stage of the way, and the one that takes the noise out.

use crate::{BLOCK, SAMPLE_RATE};
use sonora::config::{MaxProcessingRate, NoiseSuppression, NoiseSuppressionLevel, Pipeline};
use sonora::{AudioProcessing, Config, StreamConfig};

/// A stage that gives its signal later than it took it.
pub(super) trait Stage {
    /// Samples, above the 300 Hz below which a high-pass shifts phases.
    const LATENCY: usize;
    fn new() -> Self;
    fn apply(&mut self, block: &mut [f32; BLOCK]);
}

/// Takes steady noise out of a voice, about 12 dB of it.
#[derive(Debug)]
pub(super) struct Denoiser(AudioProcessing);

impl Stage for Denoiser {
    const LATENCY: usize = 334;

    fn new() -> Self {
        let level = NoiseSuppressionLevel::Moderate;
        let noise = NoiseSuppression { level, ..NoiseSuppression::default() };
        Self(build(Config { noise_suppression: Some(noise), ..config() }))
    }

    fn apply(&mut self, block: &mut [f32; BLOCK]) {
        capture(&mut self.0, block);
    }
}

fn config() -> Config {
    let pipeline = Pipeline {
        maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
        ..Pipeline::default()
    };
    Config { pipeline, ..Config::default() }
}

fn build(config: Config) -> AudioProcessing {
    let stream = StreamConfig::new(SAMPLE_RATE, 1);
    AudioProcessing::builder().config(config).capture_config(stream).render_config(stream).build()
}

fn capture(stage: &mut AudioProcessing, block: &mut [f32; BLOCK]) {
    let dry = *block;
    // Refuses only other block sizes than that of the stream's configuration.
    let _ = stage.process_capture_f32(&[&dry], &mut [block]);
}

#[cfg(test)]
mod tests {
    use super::super::canceller::Canceller;
    use super::*;
    use crate::sim::Random;

    /// Where in the stage's output a hiss is found again.
    fn found(mut apply: impl FnMut(&mut [f32; BLOCK])) -> usize {
        let mut random = Random::new(1);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let mut last = 0.0;
        for block in 0..150 {
            // Bursts, which are not taken for steady noise.
            let gain = if block % 10 < 3 { 0.1 } else { 0.0 };
            let mut block = [0.0; BLOCK];
            for sample in &mut block {
                let next = gain * random.bipolar();
                *sample = next - last;
                last = next;
            }
            before.extend_from_slice(&block);
            apply(&mut block);
            after.extend_from_slice(&block);
        }
        let likeness = |late: usize| -> f32 {
            let pairs = before.iter().zip(&after[late..]).skip(40 * BLOCK);
            pairs.map(|(a, b)| a * b).sum()
        };
        let best = (0..1200).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)));
        best.unwrap_or_default()
    }

    #[test]
    fn a_stage_is_as_late_as_it_says() {
        let mut canceller = Canceller::new();
        let late = found(|block| {
            canceller.far(&[0.0; BLOCK]);
            canceller.apply(block);
        });
        assert_eq!(late, Canceller::LATENCY, "canceller");
        let mut denoiser = Denoiser::new();
        let late = found(|block| denoiser.apply(block));
        assert_eq!(late, Denoiser::LATENCY, "denoiser");
    }
}
