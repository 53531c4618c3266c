//! From one sample rate to another.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Resampler, ResamplerConstructionError, SincInterpolationParameters,
    SincInterpolationType, WindowFunction,
};

/// Long enough to keep aliases of a 16 kHz headset away; its delay is 1.3 ms at 48 kHz.
const FILTER: usize = 128;

/// Takes chunks of 10 ms. Does not allocate once made.
pub(crate) struct Converter {
    resampler: Async<f32>,
    output: Vec<f32>,
}

impl Converter {
    /// `None`: the rates are equal.
    pub(crate) fn new(from: u32, to: u32) -> Result<Option<Self>, ResamplerConstructionError> {
        if from == to {
            return Ok(None);
        }
        let filter = SincInterpolationParameters::new(FILTER, WindowFunction::Blackman2)
            .oversampling_factor(256)
            .interpolation(SincInterpolationType::Linear);
        let ratio = f64::from(to) / f64::from(from);
        let chunk = chunk(from);
        let resampler = Async::new_sinc(ratio, 1.0, &filter, chunk, 1, FixedAsync::Input)?;
        let output = vec![0.0; resampler.output_frames_max()];
        Ok(Some(Self { resampler, output }))
    }

    /// `input`: [`chunk`] samples; the result varies by a sample or two.
    pub(crate) fn convert(&mut self, input: &[f32]) -> &[f32] {
        let places = self.output.len();
        let written = InterleavedSlice::new(input, 1, input.len()).ok().and_then(|from| {
            let mut to = InterleavedSlice::new_mut(&mut self.output, 1, places).ok()?;
            self.resampler.process_into_buffer(&from, &mut to, None).ok()
        });
        let (_, frames) = written.unwrap_or_default();
        &self.output[..frames.min(places)]
    }
}

/// Samples in 10 ms.
pub(crate) fn chunk(rate: u32) -> usize {
    (rate / 100).max(1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(rate: u32, frequency: f32, seconds: u32) -> Vec<f32> {
        let step = std::f32::consts::TAU * frequency / rate as f32;
        (0..rate * seconds).map(|i| (step * i as f32).sin() * 0.5).collect()
    }

    fn converted(from: u32, to: u32, frequency: f32) -> Vec<f32> {
        let mut converter = Converter::new(from, to).unwrap().unwrap();
        let input = sine(from, frequency, 1);
        let chunks = input.chunks_exact(chunk(from));
        chunks.flat_map(|part| converter.convert(part).to_vec()).collect()
    }

    fn rms(samples: &[f32]) -> f32 {
        (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn keeps_length_and_pitch() {
        for (from, to) in [(44_100, 48_000), (48_000, 44_100), (16_000, 48_000), (48_000, 8_000)] {
            let samples = converted(from, to, 1000.0);
            let expected = to as usize;
            assert!(samples.len().abs_diff(expected) < 200, "{from}→{to}: {}", samples.len());
            let settled = &samples[expected / 10..expected * 9 / 10];
            let crossings = settled.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
            assert!(crossings.abs_diff(800) <= 2, "{from}→{to}: {crossings}");
            assert!((rms(settled) - 0.3536).abs() < 0.01, "{from}→{to}: {}", rms(settled));
        }
    }

    #[test]
    fn a_narrow_headset_gets_no_alias() {
        // 11 kHz would come out at 5 kHz.
        let samples = converted(48_000, 16_000, 11_000.0);
        assert!(rms(&samples[1600..]) < 0.001, "{}", rms(&samples[1600..]));
    }

    #[test]
    fn equal_rates_need_none() {
        assert!(Converter::new(48_000, 48_000).unwrap().is_none());
    }
}
