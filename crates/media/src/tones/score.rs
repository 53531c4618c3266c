use crate::{BLOCK, Digit, SAMPLE_RATE};
use std::f32::consts::TAU;

/// One sound of a score. Times are samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    begin: u32,
    length: u32,
    /// Hz; 0: unused.
    frequencies: [f32; 2],
    /// Of each frequency.
    amplitude: f32,
    /// Samples to a third of the loudness, as of a struck bell; 0: even.
    decay: f32,
}

impl Note {
    const fn even(begin: u32, length: u32, frequencies: [f32; 2], amplitude: f32) -> Self {
        Self { begin, length, frequencies, amplitude, decay: 0.0 }
    }

    const fn struck(begin: u32, length: u32, frequency: f32, amplitude: f32) -> Self {
        let decay = length as f32 / 3.0;
        // An octave above gives the note its edge on small speakers.
        Self { begin, length, frequencies: [frequency, frequency * 2.0], amplitude, decay }
    }

    pub(super) fn key(digit: Digit, length: u32) -> Self {
        let (low, high) = digit.frequencies();
        Self::even(0, length, [low, high], 0.2)
    }

    /// Adds the part of this note that falls into the block at `position`.
    fn add(&self, position: u64, block: &mut [f32; BLOCK]) {
        let begin = u64::from(self.begin);
        let end = begin + u64::from(self.length);
        let from = position.max(begin);
        let to = (position + BLOCK as u64).min(end);
        if from >= to {
            return;
        }
        let start = (from - begin) as u32;
        let Some(part) = block.get_mut((from - position) as usize..(to - position) as usize) else {
            return;
        };
        for frequency in self.frequencies.into_iter().filter(|&f| f > 0.0) {
            let mut turn = Turn::new(frequency, start);
            for (at, sample) in (start..).zip(part.iter_mut()) {
                *sample += turn.next() * self.envelope(at);
            }
        }
    }

    fn envelope(&self, at: u32) -> f32 {
        let edge = at.min(self.length - 1 - at).min(RAMP) as f32 / RAMP as f32;
        // Raised by half a cosine: no corner at either end.
        let ramp = edge * edge * (3.0 - 2.0 * edge);
        let fall =
            if self.decay > 0.0 { 1.0 / (1.0 + at as f32 / self.decay).powi(2) } else { 1.0 };
        self.amplitude * ramp * fall
    }
}

/// Samples: 5 ms.
const RAMP: u32 = 240;

/// Notes in the order of their begin, once or again and again.
#[derive(Clone, Debug)]
pub(super) struct Score<'a> {
    notes: &'a [Note],
    /// Samples; 0: once.
    period: u64,
    position: u64,
}

impl<'a> Score<'a> {
    pub(super) fn once(notes: &'a [Note]) -> Self {
        Self::at(notes, 0)
    }

    /// `period`: samples, a whole number of blocks.
    pub(super) fn repeated(notes: &'a [Note], period: u64) -> Self {
        Self { notes, period, position: 0 }
    }

    pub(super) fn at(notes: &'a [Note], position: u64) -> Self {
        Self { notes, period: 0, position }
    }

    pub(super) fn fill(&mut self, block: &mut [f32; BLOCK]) -> bool {
        block.fill(0.0);
        let over = self.period == 0
            && self.notes.iter().all(|n| u64::from(n.begin) + u64::from(n.length) <= self.position);
        if over {
            return false;
        }
        for note in self.notes {
            note.add(self.position, block);
        }
        self.position += BLOCK as u64;
        if self.period > 0 && self.position >= self.period {
            self.position = 0;
        }
        true
    }
}

/// A sine by rotation, exact at every block's begin.
struct Turn {
    sin: f32,
    cos: f32,
    step_sin: f32,
    step_cos: f32,
}

impl Turn {
    fn new(frequency: f32, at: u32) -> Self {
        // Whole turns are taken off in f64, so that long notes keep their phase.
        let turns = f64::from(frequency) * f64::from(at) / f64::from(SAMPLE_RATE);
        let (sin, cos) = ((turns.fract() as f32) * TAU).sin_cos();
        let (step_sin, step_cos) = (frequency * TAU / SAMPLE_RATE as f32).sin_cos();
        Self { sin, cos, step_sin, step_cos }
    }

    fn next(&mut self) -> f32 {
        let sin = self.sin;
        self.sin = sin * self.step_cos + self.cos * self.step_sin;
        self.cos = self.cos * self.step_cos - sin * self.step_sin;
        sin
    }
}

pub(super) static RINGBACK: [Note; 1] = [Note::even(0, 96_000, [440.0, 480.0], 0.1)];
pub(super) static RECOMMENDED_RINGBACK: [Note; 1] = [Note::even(0, 48_000, [425.0, 0.0], 0.14)];
pub(super) static BUSY: [Note; 1] = [Note::even(0, 24_000, [480.0, 620.0], 0.1)];

/// G5 and E5 in turn.
pub(super) static RING: [Note; 8] = {
    let mut notes = [Note::struck(0, 9_600, 783.99, 0.22); 8];
    let mut i = 0;
    while i < 8 {
        let begin = (i as u32) * 4_800 + if i >= 4 { 9_600 } else { 0 };
        let frequency = if i % 2 == 0 { 783.99 } else { 659.26 };
        notes[i] = Note::struck(begin, 9_600, frequency, 0.22);
        i += 1;
    }
    notes
};

pub(super) static ANSWERED: [Note; 2] =
    [Note::struck(0, 7_200, 523.25, 0.12), Note::struck(3_360, 9_600, 783.99, 0.12)];
pub(super) static ENDED: [Note; 2] =
    [Note::struck(0, 7_200, 659.26, 0.12), Note::struck(3_840, 9_600, 440.0, 0.12)];
pub(super) static FAILED: [Note; 3] = [
    Note::even(0, 9_600, [480.0, 620.0], 0.08),
    Note::even(14_400, 9_600, [480.0, 620.0], 0.08),
    Note::even(28_800, 9_600, [480.0, 620.0], 0.08),
];
pub(super) static HOLD_REMINDER: [Note; 2] =
    [Note::struck(0, 9_600, 587.33, 0.08), Note::struck(9_600, 9_600, 587.33, 0.08)];
/// Three rising notes: like neither a call's ring nor any other cue.
pub(super) static CHAT: [Note; 3] = [
    Note::struck(0, 7_200, 659.26, 0.12),
    Note::struck(5_280, 7_200, 783.99, 0.12),
    Note::struck(10_560, 14_400, 1_046.5, 0.12),
];
pub(super) static MUTE_REMINDER: [Note; 2] =
    [Note::struck(0, 7_200, 440.0, 0.08), Note::struck(4_800, 7_200, 349.23, 0.08)];
