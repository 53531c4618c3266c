//! How alike microphone and speaker are, delay by delay.

use crate::BLOCK;
use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use std::f32::consts::PI;
use std::fmt;
use std::sync::Arc;

/// What one look at the last half second found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Power of the best delay over the mean of all, in the lesser of the two sums; 0 where
    /// they do not agree on a delay. Chance gives 20.
    pub(super) likeness: f32,
    /// ms from the speaker's ring to the microphone's.
    pub(super) delay_ms: f32,
    /// dBFS below 2 kHz: the loudest of the speaker that may be heard, and the microphone.
    pub(super) far_db: f32,
    pub(super) near_db: f32,
}

/// Correlates with the phases alone, so that a loud talker at the microphone counts no more
/// than a quiet echo. Looks are added up in two sums in turn, which share no sound: an echo has
/// one delay in both, two syllables that begin together once have not.
pub(super) struct Lags {
    far: Decimator,
    near: Decimator,
    forward: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
    far_window: Vec<f32>,
    near_window: Vec<f32>,
    time: Vec<f32>,
    far_bins: Vec<Complex32>,
    near_bins: Vec<Complex32>,
    sums: [Sum; 2],
    turn: usize,
    scratch: Vec<Complex32>,
}

impl fmt::Debug for Lags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lags").finish_non_exhaustive()
    }
}

impl Lags {
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, back) = (planner.plan_fft_forward(SPAN), planner.plan_fft_inverse(SPAN));
        let zero = Complex32::default();
        let scratch = forward.get_scratch_len().max(back.get_scratch_len());
        Self {
            far: Decimator::new(SPAN),
            near: Decimator::new(WINDOW + 2 * SLACK),
            far_window: (0..SPAN).map(tapered).collect(),
            near_window: (0..WINDOW).map(|i| hann(i, WINDOW)).collect(),
            time: vec![0.0; SPAN],
            far_bins: vec![zero; BINS],
            near_bins: vec![zero; BINS],
            sums: [Sum::new(), Sum::new()],
            turn: 0,
            scratch: vec![zero; scratch],
            forward,
            back,
        }
    }

    pub(super) fn far(&mut self, block: &[f32; BLOCK]) {
        self.far.push(block);
    }

    pub(super) fn near(&mut self, block: &[f32; BLOCK]) {
        self.near.push(block);
    }

    /// Delays have changed.
    pub(super) fn forget(&mut self) {
        self.sums = [Sum::new(), Sum::new()];
    }

    /// Levels only, which costs little.
    pub(super) fn levels(&self) -> (f32, f32) {
        let parts = self.far.past.chunks(WINDOW / 4);
        let far = parts.map(power).fold(0.0, f32::max);
        (decibels(far), decibels(power(&self.near.past[SLACK..])))
    }

    /// Looks at the last half second of the microphone, [`HOP`] blocks after the last look.
    /// `ahead`: blocks that the speaker's came earlier than usual, at most [`MOST_AHEAD`].
    pub(super) fn look(&mut self, ahead: i32) -> Look {
        let (far_db, near_db) = self.levels();
        let ahead = ahead.clamp(-MOST_AHEAD, MOST_AHEAD);
        self.transform((MOST_AHEAD + ahead) as usize * NEWS);
        // Two looks for one sum, then a pause, so that the other has none of their sound.
        let (which, rests) = (self.turn / 3, self.turn % 3 == 2);
        self.turn = (self.turn + 1) % 6;
        if !rests {
            self.add(which);
        }
        let [one, other] = &self.sums;
        let agree = one.lag.abs_diff(other.lag) <= SAME;
        Look {
            likeness: if agree { one.likeness.min(other.likeness) } else { 0.0 },
            delay_ms: (one.lag as f32 - SLACK as f32) / 4.0,
            far_db,
            near_db,
        }
    }

    fn add(&mut self, which: usize) {
        let sum = &mut self.sums[which];
        for (i, bin) in sum.bins.iter_mut().enumerate() {
            *bin *= KEEP;
            if BAND.contains(&i) {
                let cross = self.near_bins[i] * self.far_bins[i].conj();
                let size = cross.norm();
                if size > 0.0 {
                    *bin += cross / size;
                }
            }
        }
        self.far_bins.copy_from_slice(&sum.bins);
        self.back
            .process_with_scratch(&mut self.far_bins, &mut self.time, &mut self.scratch)
            .expect("the plan's own sizes, real at both ends");
        let mean = power(&self.time);
        let lags = self.time[..=WINDOW].iter().enumerate();
        let best = lags.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        if let Some((lag, peak)) = best.filter(|_| mean > 0.0) {
            (sum.lag, sum.likeness) = (lag, peak * peak / mean);
        }
    }

    fn transform(&mut self, from: usize) {
        let sizes = "the plan's own sizes";
        let windowed = |to: &mut [f32], from: &[f32], window: &[f32]| {
            let parts = to.iter_mut().zip(from).zip(window);
            parts.for_each(|((to, from), weight)| *to = from * weight);
        };
        windowed(&mut self.time, &self.far.past, &self.far_window);
        let (time, scratch) = (&mut self.time, &mut self.scratch);
        self.forward.process_with_scratch(time, &mut self.far_bins, scratch).expect(sizes);
        time[..SPAN - WINDOW].fill(0.0);
        windowed(
            &mut time[SPAN - WINDOW..],
            &self.near.past[from..from + WINDOW],
            &self.near_window,
        );
        self.forward.process_with_scratch(time, &mut self.near_bins, scratch).expect(sizes);
    }
}

/// Looks added up.
struct Sum {
    bins: Vec<Complex32>,
    likeness: f32,
    /// Samples at 4 kHz.
    lag: usize,
}

impl Sum {
    fn new() -> Self {
        Self { bins: vec![Complex32::default(); BINS], likeness: 0.0, lag: 0 }
    }
}

/// Blocks between looks.
pub(super) const HOP: u32 = 24;
/// Share of a sum that stays from look to look: about three seconds of both.
const KEEP: f32 = 0.75;
/// Samples at 4 kHz that two delays may differ by and be one.
const SAME: usize = 3;
/// Samples at 4 kHz: the microphone's 512 ms, the speaker's for delays of as much.
const WINDOW: usize = 2048;
const SPAN: usize = 2 * WINDOW;
const BINS: usize = SPAN / 2 + 1;
/// What is delivered may be this uneven.
pub(super) const MOST_AHEAD: i32 = 4;
const SLACK: usize = MOST_AHEAD as usize * NEWS;
/// 200 Hz to 1.7 kHz: what small speakers still give, and the decimator lets through.
const BAND: std::ops::Range<usize> = 205..1740;

/// Keeps the last samples of a signal at 4 kHz.
struct Decimator {
    past: Vec<f32>,
    /// The last samples at 48 kHz that the filter still needs, then the block.
    input: [f32; TAPS - 1 + BLOCK],
    taps: [f32; TAPS],
}

const FACTOR: usize = 12;
/// Samples a block.
const NEWS: usize = BLOCK / FACTOR;
const TAPS: usize = 96;

impl Decimator {
    fn new(length: usize) -> Self {
        let mut taps = std::array::from_fn(|i| {
            let t = i as f32 - (TAPS - 1) as f32 / 2.0;
            // Half of the power at 1.75 kHz.
            let x = PI * t * 2.0 * 1750.0 / 48_000.0;
            x.sin() / x * hann(i + 1, TAPS + 2)
        });
        let sum: f32 = taps.iter().sum();
        taps.iter_mut().for_each(|tap| *tap /= sum);
        Self { past: vec![0.0; length], input: [0.0; TAPS - 1 + BLOCK], taps }
    }

    fn push(&mut self, block: &[f32; BLOCK]) {
        self.input.copy_within(BLOCK.., 0);
        for (to, from) in self.input[TAPS - 1..].iter_mut().zip(block) {
            *to = if from.is_finite() { from.clamp(-1.0, 1.0) } else { 0.0 };
        }
        self.past.copy_within(NEWS.., 0);
        let at = self.past.len() - NEWS;
        for (to, from) in self.past[at..].iter_mut().zip(self.input.windows(TAPS).step_by(FACTOR)) {
            *to = from.iter().zip(&self.taps).map(|(sample, tap)| sample * tap).sum();
        }
    }
}

fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32
}

fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}

fn hann(i: usize, length: usize) -> f32 {
    0.5 - 0.5 * (2.0 * PI * i as f32 / length as f32).cos()
}

/// Flat but for the first and last 32 ms of the speaker's span.
fn tapered(i: usize) -> f32 {
    let edge = i.min(SPAN - 1 - i);
    if edge < 128 { hann(edge, 256) } else { 1.0 }
}
