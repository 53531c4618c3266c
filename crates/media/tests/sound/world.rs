//! An agent's desk: a loudspeaker or headset, a microphone, and who talks when.

use omnibar_media::BLOCK;
use omnibar_media::processing::{EchoHint, Processing, ProcessingConfig, ProcessingState};
use omnibar_media::sim::{Random, Speech};
use std::ops::Range;

pub(crate) const RATE: usize = 48_000;

/// What reaches the microphone, and the speaker.
#[derive(Default)]
pub(crate) struct Scene {
    /// The customer's voice at the speaker.
    pub(crate) far: Vec<f32>,
    /// The agent's voice.
    pub(crate) near: Vec<f32>,
    pub(crate) echo: Vec<f32>,
    pub(crate) noise: Vec<f32>,
}

/// What was sent, and what the processing said of itself after each block.
pub(crate) struct Sent {
    pub(crate) signal: Vec<f32>,
    pub(crate) states: Vec<ProcessingState>,
}

impl Scene {
    /// The same with the customer silent.
    pub(crate) fn without_far(&self) -> Self {
        let silence = vec![0.0; self.far.len()];
        let (near, noise) = (self.near.clone(), self.noise.clone());
        Self { far: silence, near, echo: Vec::new(), noise }
    }

    pub(crate) fn microphone(&self) -> Vec<f32> {
        let at = |signal: &[f32], i: usize| signal.get(i).copied().unwrap_or(0.0);
        (0..self.far.len())
            .map(|i| at(&self.near, i) + at(&self.echo, i) + at(&self.noise, i))
            .collect()
    }

    pub(crate) fn play(&self, processing: &mut Processing) -> Sent {
        let microphone = self.microphone();
        let mut sent = Sent { signal: Vec::new(), states: Vec::new() };
        let blocks = self.far.as_chunks::<BLOCK>().0.iter().zip(microphone.as_chunks::<BLOCK>().0);
        for (far, near) in blocks {
            processing.far(far);
            let mut block = *near;
            processing.near(&mut block);
            sent.signal.extend_from_slice(&block);
            sent.states.push(processing.state());
        }
        sent
    }

    pub(crate) fn play_anew(&self, hint: EchoHint) -> Sent {
        self.play(&mut Processing::new(ProcessingConfig::default(), hint))
    }
}

/// A voice of −26 dBFS while talking.
pub(crate) fn voice(seed: u64, pitch: f32, seconds: usize) -> Vec<f32> {
    let mut speech = Speech::new(seed, pitch);
    let mut out = vec![0.0; seconds * RATE];
    for block in out.as_chunks_mut::<BLOCK>().0 {
        speech.fill(block);
    }
    let active: Vec<f32> = out.chunks(BLOCK).map(power).filter(|p| *p > 1e-5).collect();
    let mean = active.iter().sum::<f32>() / active.len() as f32;
    let gain = amplitude(-26.0) / mean.sqrt();
    out.iter_mut().for_each(|sample| *sample *= gain);
    out
}

pub(crate) fn noise(seed: u64, level_db: f32, samples: usize) -> Vec<f32> {
    let mut random = Random::new(seed);
    // Even between ±1 is −4.8 dB.
    let gain = amplitude(level_db + 4.8);
    (0..samples).map(|_| random.bipolar() * gain).collect()
}

/// Silence but for the seconds in the range.
pub(crate) fn only(signal: &[f32], seconds: Range<f32>) -> Vec<f32> {
    let at = |s: f32| (s * RATE as f32) as usize;
    let range = at(seconds.start)..at(seconds.end);
    signal.iter().enumerate().map(|(i, s)| if range.contains(&i) { *s } else { 0.0 }).collect()
}

pub(crate) fn samples(seconds: Range<f32>) -> Range<usize> {
    (seconds.start * RATE as f32) as usize..(seconds.end * RATE as f32) as usize
}

pub(crate) fn power(signal: &[f32]) -> f32 {
    signal.iter().map(|s| s * s).sum::<f32>() / signal.len().max(1) as f32
}

pub(crate) fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-14).log10()
}

pub(crate) fn amplitude(db: f32) -> f32 {
    10.0f32.powf(db / 20.0)
}

/// dB that the echo was made quieter by, in these seconds, while nobody talked.
pub(crate) fn return_loss(scene: &Scene, sent: &Sent, seconds: Range<f32>) -> f32 {
    let range = samples(seconds);
    decibels(power(&scene.echo[range.clone()])) - decibels(power(&sent.signal[range]))
}

/// dB that the agent's voice is sent quieter by because both talk, in these seconds (as ITU-T
/// P.340 classes double talk: by level).
pub(crate) fn voice_loss(alone: &Sent, both: &Sent, seconds: Range<f32>) -> f32 {
    let range = samples(seconds);
    decibels(power(&alone.signal[range.clone()])) - decibels(power(&both.signal[range]))
}

/// dB that the agent's own words are quieter by in what is sent while both talk: the median over
/// pieces of 250 ms, by correlation, which sees these words only.
pub(crate) fn words_loss(alone: &Sent, both: &Sent, seconds: Range<f32>) -> f32 {
    let range = samples(seconds);
    let pieces =
        alone.signal[range.clone()].chunks(RATE / 4).zip(both.signal[range].chunks(RATE / 4));
    let mut gains: Vec<f32> = pieces
        .filter(|(alone, _)| decibels(power(alone)) > -40.0)
        .map(|(alone, both)| {
            let likeness: f32 = alone.iter().zip(both).map(|(a, b)| a * b).sum();
            likeness.abs() / (power(alone) * alone.len() as f32)
        })
        .collect();
    gains.sort_by(f32::total_cmp);
    -20.0 * gains[gains.len() / 2].max(1e-6).log10()
}

/// When it became so and stayed so, in seconds.
pub(crate) fn since(sent: &Sent, so: impl Fn(&ProcessingState) -> bool) -> Option<f32> {
    let last = sent.states.iter().rposition(|state| !so(state));
    let first = last.map_or(0, |last| last + 1);
    (first < sent.states.len()).then_some(first as f32 / 100.0)
}
