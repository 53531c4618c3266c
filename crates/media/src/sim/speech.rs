use crate::random::Random;
use crate::{BLOCK, SAMPLE_RATE};
use std::f32::consts::TAU;

/// A signal that is like speech to a codec and to a time-stretcher: syllables of voiced
/// harmonics under moving formants, some hiss, and pauses.
#[derive(Clone, Debug)]
pub struct Speech {
    random: Random,
    /// Hz, the voice's middle.
    pitch: f32,
    /// Turns, 0 to 1.
    phase: f32,
    syllable: Syllable,
    at: u32,
    hiss: f32,
}

#[derive(Clone, Copy, Debug)]
struct Syllable {
    /// Samples.
    length: u32,
    kind: Kind,
    from: Vowel,
    to: Vowel,
    /// Pitch at begin and end, as a factor.
    melody: (f32, f32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Voiced,
    Hiss,
    Pause,
}

/// The first three formants in Hz.
type Vowel = [f32; 3];

const VOWELS: [Vowel; 5] = [
    [730.0, 1090.0, 2440.0],
    [270.0, 2290.0, 3010.0],
    [300.0, 870.0, 2240.0],
    [530.0, 1840.0, 2480.0],
    [570.0, 840.0, 2410.0],
];

/// Harmonics that are summed.
const HARMONICS: u8 = 24;

impl Speech {
    /// `pitch`: 80 to 300 Hz.
    #[must_use]
    pub fn new(seed: u64, pitch: f32) -> Self {
        let mut speech = Self {
            random: Random::new(seed),
            pitch,
            phase: 0.0,
            syllable: Syllable {
                length: 0,
                kind: Kind::Pause,
                from: VOWELS[0],
                to: VOWELS[0],
                melody: (1.0, 1.0),
            },
            at: 0,
            hiss: 0.0,
        };
        speech.turn();
        speech
    }

    /// The next 10 ms, within about ±0.5.
    pub fn fill(&mut self, block: &mut [f32; BLOCK]) {
        // Formants move little in 2.5 ms: their weights are reckoned once for it.
        for part in block.chunks_mut(120) {
            if self.at >= self.syllable.length {
                self.turn();
            }
            match self.syllable.kind {
                Kind::Voiced => self.voiced(part),
                Kind::Hiss => self.hissed(part),
                Kind::Pause => part.fill_with(|| self.random.bipolar() * 3e-4),
            }
            self.at += part.len() as u32;
        }
    }

    fn turn(&mut self) {
        let random = &mut self.random;
        let kind = match random.unit() {
            u if u < 0.70 => Kind::Voiced,
            u if u < 0.82 => Kind::Hiss,
            _ => Kind::Pause,
        };
        let milliseconds = match kind {
            Kind::Voiced => 120.0 + 160.0 * random.unit(),
            Kind::Hiss => 60.0 + 60.0 * random.unit(),
            Kind::Pause => 80.0 + 320.0 * random.unit(),
        };
        let mut vowel = || VOWELS[(random.next() % VOWELS.len() as u64) as usize];
        let (from, to) = (vowel(), vowel());
        let mut melody = || 0.9 + 0.2 * random.unit() as f32;
        let melody = (melody(), melody());
        self.at = 0;
        let length = (milliseconds * 48.0) as u32 / 120 * 120;
        self.syllable = Syllable { length, kind, from, to, melody };
    }

    fn voiced(&mut self, part: &mut [f32]) {
        let way = self.at as f32 / self.syllable.length as f32;
        let (low, high) = self.syllable.melody;
        let pitch = self.pitch * (low + (high - low) * way);
        let weights: [f32; HARMONICS as usize] = std::array::from_fn(|i| {
            let frequency = pitch * (i + 1) as f32;
            let tilt = 1.0 / (i + 1) as f32;
            let formants: f32 = (0..3)
                .map(|k| {
                    let at =
                        self.syllable.from[k] + (self.syllable.to[k] - self.syllable.from[k]) * way;
                    let off = (frequency - at) / (80.0 + 60.0 * k as f32);
                    1.0 / (1.0 + off * off) / (1.0 + k as f32 * 0.5)
                })
                .sum();
            0.25 * (0.15 * tilt + formants * tilt.sqrt())
        });
        let step = pitch / SAMPLE_RATE as f32;
        for (i, sample) in part.iter_mut().enumerate() {
            let envelope = self.envelope(self.at + i as u32);
            let sum: f32 = (1..=HARMONICS)
                .zip(&weights)
                .map(|(n, w)| w * (TAU * self.phase * f32::from(n)).sin())
                .sum();
            *sample = (sum * envelope).clamp(-0.95, 0.95);
            self.phase = (self.phase + step).fract();
        }
    }

    fn hissed(&mut self, part: &mut [f32]) {
        for (i, sample) in part.iter_mut().enumerate() {
            let noise = self.random.bipolar();
            let bright = noise - self.hiss;
            self.hiss = noise;
            *sample = 0.03 * bright * self.envelope(self.at + i as u32);
        }
    }

    /// 15 ms up, 25 ms down.
    fn envelope(&self, at: u32) -> f32 {
        let up = (at as f32 / 720.0).min(1.0);
        let down = (self.syllable.length.saturating_sub(at) as f32 / 1200.0).min(1.0);
        let edge = up.min(down);
        edge * edge * (3.0 - 2.0 * edge)
    }
}
