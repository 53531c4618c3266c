//! Finds keypad tones in a signal.

use crate::digit::{COLUMNS, ROWS};
use crate::{BLOCK, Digit, SAMPLE_RATE};
use std::f32::consts::TAU;

/// Detects DTMF (ITU-T Q.24) by the energy at its eight frequencies over 30 ms, in steps
/// of a block. A digit is told once, after 40 ms of it.
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    bins: [Bin; 8],
    energy: [f32; WINDOW],
    turn: usize,
    candidate: Option<Digit>,
    /// Windows in a row that held the candidate.
    seen: u8,
    /// Windows in a row without the digit that was told last.
    away: u8,
    told: Option<Digit>,
}

/// One frequency's Fourier sum of the last blocks.
#[derive(Clone, Copy, Debug)]
struct Bin {
    /// Cosine and sine of a sample's turn.
    step: (f32, f32),
    phase: (f32, f32),
    parts: [(f32, f32); WINDOW],
}

/// Blocks that a decision looks at.
const WINDOW: usize = 3;

impl Default for DtmfDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl DtmfDetector {
    #[must_use]
    pub fn new() -> Self {
        let bin = |frequency: f32| {
            let (sin, cos) = (frequency * TAU / SAMPLE_RATE as f32).sin_cos();
            Bin { step: (cos, sin), phase: (1.0, 0.0), parts: [(0.0, 0.0); WINDOW] }
        };
        Self {
            bins: std::array::from_fn(|i| bin(if i < 4 { ROWS[i] } else { COLUMNS[i - 4] })),
            energy: [0.0; WINDOW],
            turn: 0,
            candidate: None,
            seen: 0,
            away: 0,
            told: None,
        }
    }

    /// The digit that this block has completed.
    pub fn detect(&mut self, block: &[f32; BLOCK]) -> Option<Digit> {
        self.turn = (self.turn + 1) % WINDOW;
        let clean = block.map(|s| if s.is_finite() { s.clamp(-4.0, 4.0) } else { 0.0 });
        self.energy[self.turn] = clean.iter().map(|s| s * s).sum();
        for bin in &mut self.bins {
            bin.push(&clean, self.turn);
        }
        let found = self.window();
        self.follow(found)
    }

    /// What the last 30 ms hold.
    fn window(&self) -> Option<Digit> {
        let samples = (WINDOW * BLOCK) as f32;
        let power = self.energy.iter().sum::<f32>() / samples;
        // Mean power of a sine at each bin.
        let bins: [f32; 8] = std::array::from_fn(|i| {
            let (re, im) = self.bins[i].sum();
            2.0 * (re * re + im * im) / (samples * samples)
        });
        let (row, low, second_low) = strongest(&bins[..4]);
        let (column, high, second_high) = strongest(&bins[4..]);
        let loud = low > LEAST && high > LEAST;
        // Q.24: 8 dB of twist either way is what networks leave.
        let balanced = low < high * TWIST && high < low * TWIST;
        let alone = second_low * APART < low && second_high * APART < high;
        // Speech has harmonics and noise beside the two bins.
        let pure = low + high > PURE * power;
        (loud && balanced && alone && pure).then(|| Digit::at(row, column)).flatten()
    }

    fn follow(&mut self, found: Option<Digit>) -> Option<Digit> {
        if found.is_some() && found == self.candidate {
            self.seen = self.seen.saturating_add(1);
        } else {
            self.seen = u8::from(found.is_some());
            self.candidate = found;
        }
        if self.told.is_some() && found != self.told {
            self.away += 1;
            if self.away >= RELEASE {
                self.told = None;
            }
        } else {
            self.away = 0;
        }
        let digit = found.filter(|_| self.seen >= HOLD)?;
        if self.told == Some(digit) {
            return None;
        }
        self.told = Some(digit);
        self.away = 0;
        Some(digit)
    }
}

/// −36 dBFS per tone, as mean power.
const LEAST: f32 = 1.25e-4;
/// 8 dB.
const TWIST: f32 = 6.3;
/// 8 dB over the next in its group.
const APART: f32 = 6.3;
/// Share of the power in the two tones.
const PURE: f32 = 0.8;
/// Windows: the first full one needs 30 ms, each further 10 ms.
const HOLD: u8 = 2;
const RELEASE: u8 = 2;

fn strongest(bins: &[f32]) -> (usize, f32, f32) {
    let mut best = (0, 0.0, 0.0);
    for (i, &power) in bins.iter().enumerate() {
        if power > best.1 {
            best = (i, power, best.1);
        } else if power > best.2 {
            best.2 = power;
        }
    }
    best
}

impl Bin {
    fn push(&mut self, block: &[f32; BLOCK], turn: usize) {
        let (cos, sin) = self.step;
        let (mut re, mut im) = self.phase;
        let mut sum = (0.0, 0.0);
        for &sample in block {
            sum.0 += sample * re;
            sum.1 += sample * im;
            (re, im) = (re * cos - im * sin, re * sin + im * cos);
        }
        // Rounding would let the rotation grow or shrink.
        let length = (re * re + im * im).sqrt();
        self.phase = (re / length, im / length);
        self.parts[turn] = sum;
    }

    fn sum(&self) -> (f32, f32) {
        self.parts.iter().fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Random, Speech};
    use crate::tones::{Dtmf, Tone};

    fn detect(blocks: impl IntoIterator<Item = [f32; BLOCK]>) -> String {
        let mut detector = DtmfDetector::new();
        blocks.into_iter().filter_map(|b| detector.detect(&b)).map(Digit::key).collect()
    }

    /// A key, `silence` blocks after it.
    fn key(digit: Digit, milliseconds: u32, silence: usize) -> Vec<[f32; BLOCK]> {
        let mut tone = Dtmf::new(digit, milliseconds);
        let mut blocks = Vec::new();
        let mut block = [0.0; BLOCK];
        while tone.fill(&mut block) {
            blocks.push(block);
        }
        blocks.extend(std::iter::repeat_n([0.0; BLOCK], silence));
        blocks
    }

    #[test]
    fn every_key_is_heard_once() {
        let all: Vec<_> = Digit::ALL.iter().flat_map(|&d| key(d, 100, 8)).collect();
        assert_eq!(detect(all), "0123456789*#ABCD");
        let twice: Vec<_> = (0..2).flat_map(|_| key(Digit::ALL[7], 60, 5)).collect();
        assert_eq!(detect(twice), "77");
        assert_eq!(detect(key(Digit::ALL[7], 3000, 5)), "7");
    }

    #[test]
    fn quiet_noisy_and_twisted_keys_are_heard() {
        let mut random = Random::new(5);
        for gain in [2.0, 0.5, 0.15] {
            let blocks = key(Digit::ALL[9], 100, 5)
                .into_iter()
                .map(|b| b.map(|s| gain * (s + 0.02 * random.bipolar())));
            assert_eq!(detect(blocks), "9", "{gain}");
        }
    }

    #[test]
    fn short_blips_are_not_keys() {
        assert_eq!(detect(key(Digit::ALL[3], 20, 10)), "");
    }

    #[test]
    fn speech_is_not_a_key() {
        let mut told = 0;
        for (seed, pitch) in [(1, 110.0), (2, 180.0), (3, 240.0), (4, 90.0)] {
            let mut talker = Speech::new(seed, pitch);
            let blocks = (0..6000).map(|_| {
                let mut block = [0.0; BLOCK];
                talker.fill(&mut block);
                block
            });
            told += detect(blocks).len();
        }
        assert_eq!(told, 0);
    }

    #[test]
    fn one_tone_and_noise_are_not_keys() {
        let mut random = Random::new(9);
        assert_eq!(detect((0..2000).map(|_| std::array::from_fn(|_| random.bipolar() * 0.5))), "");
        let tone = |n: usize| {
            std::array::from_fn(|i| (TAU * 770.0 * (n * BLOCK + i) as f32 / 48_000.0).sin() * 0.5)
        };
        assert_eq!(detect((0..200).map(tone)), "");
        assert_eq!(detect([[f32::NAN; BLOCK]; 10]), "");
    }
}
