//! Concealment for codecs that have none of their own: the last periods of the voice are said
//! again, ever more quietly (as ITU-T G.711 appendix I has it, but without its delay).

/// Goes on where the signal stopped, and fades into it when it comes again. Samples are of the
/// codec's rate.
#[derive(Debug)]
pub(super) struct Repetition {
    /// Samples in a ms.
    per_ms: usize,
    /// The last [`HISTORY`] ms.
    history: Vec<f32>,
    /// What is said again and again, and the one before it while that fades out.
    cycle: Cycle,
    before: Cycle,
    /// Samples of the fade between the two, and of it those that are left.
    fade: usize,
    left: usize,
    /// Samples of a period.
    lag: usize,
    /// Samples guessed in a row.
    run: usize,
    /// The step between the signal and its repetition, which dies away.
    step: f32,
}

#[derive(Debug, Default)]
struct Cycle {
    samples: Vec<f32>,
    at: usize,
}

/// ms: three of the longest periods, and a quarter more to join them.
const HISTORY: usize = 50;
/// ms: periods from 200 down to 67 Hz. Higher voices are found by their second period.
const SHORTEST: usize = 5;
const LONGEST: usize = 15;
/// ms that are compared.
const COMPARED: usize = 20;
/// ms after each of which one more period is said: one alone becomes a buzz.
const ONE_MORE: usize = 10;
const MOST_PERIODS: usize = 3;
/// ms: at full level until then, and gone then.
const LOUD: usize = 10;
const GONE: usize = 80;
/// ms of the fade into what comes: and more, the longer the guess was.
const JOIN: usize = 4;
const LONGEST_JOIN: usize = 10;

impl Repetition {
    /// `rate`: Hz, a multiple of 4000.
    pub(super) fn new(rate: usize) -> Self {
        let per_ms = rate / 1000;
        Self {
            per_ms,
            history: vec![0.0; HISTORY * per_ms],
            cycle: Cycle::default(),
            before: Cycle::default(),
            fade: 0,
            left: 0,
            lag: 0,
            run: 0,
            step: 0.0,
        }
    }

    /// What has come; its beginning is faded in if there was a guess before it.
    pub(super) fn heard(&mut self, samples: &mut [f32]) {
        if self.run > 0 {
            let longer = self.run / (ONE_MORE * self.per_ms) * JOIN;
            let join = (JOIN + longer).min(LONGEST_JOIN) * self.per_ms;
            let join = join.min(samples.len());
            for (n, sample) in samples.iter_mut().take(join).enumerate() {
                let onward = self.next();
                *sample = onward + (*sample - onward) * way(n, join);
            }
            self.run = 0;
        }
        let kept = samples.len().min(self.history.len());
        self.history.copy_within(kept.., 0);
        let place = self.history.len() - kept;
        self.history[place..].copy_from_slice(&samples[samples.len() - kept..]);
    }

    pub(super) fn guess(&mut self, out: &mut [f32]) {
        for out in out {
            *out = self.next();
        }
    }

    pub(super) fn reset(&mut self) {
        self.history.fill(0.0);
        self.run = 0;
    }

    fn next(&mut self) -> f32 {
        let stage = ONE_MORE * self.per_ms;
        if self.run == 0 {
            self.begin();
        } else if self.run.is_multiple_of(stage) && self.run / stage < MOST_PERIODS {
            self.extend(self.run / stage + 1);
        }
        let mut sample = self.cycle.next();
        if self.left > 0 {
            let before = self.before.next();
            sample = before + (sample - before) * way(self.fade - self.left, self.fade);
            self.left -= 1;
        }
        sample += self.step;
        self.step *= 1.0 - 2.0 / self.per_ms as f32;
        let loud = LOUD * self.per_ms;
        let gain = if self.run < loud {
            1.0
        } else {
            let falling = (self.run - loud) as f32 / ((GONE - LOUD) * self.per_ms) as f32;
            (1.0 - falling).max(0.0)
        };
        self.run += 1;
        sample * gain
    }

    fn begin(&mut self) {
        self.lag = self.period();
        self.left = 0;
        self.repeat(1);
        let end = self.history.len();
        self.step = self.history[end - 1] - self.history[end - 1 - self.lag];
    }

    /// Goes over to so many periods.
    fn extend(&mut self, periods: usize) {
        std::mem::swap(&mut self.cycle, &mut self.before);
        self.repeat(periods);
        self.cycle.at = self.before.at % self.lag;
        (self.fade, self.left) = (self.lag / 4, self.lag / 4);
    }

    /// The last periods, whose end leads over to their beginning.
    fn repeat(&mut self, periods: usize) {
        let (end, length, join) = (self.history.len(), periods * self.lag, self.lag / 4);
        self.cycle.at = 0;
        self.cycle.samples.clear();
        self.cycle.samples.extend_from_slice(&self.history[end - length..]);
        let led = &self.history[end - length - join..end - length];
        for (n, (sample, led)) in
            self.cycle.samples[length - join..].iter_mut().zip(led).enumerate()
        {
            *sample += (led - *sample) * way(n, join);
        }
    }

    /// The lag at which the last signal is most like itself, in samples.
    fn period(&self) -> usize {
        let (end, compared) = (self.history.len(), COMPARED * self.per_ms);
        let newest = &self.history[end - compared..];
        let likeness = |lag: usize| {
            let earlier = &self.history[end - compared - lag..end - lag];
            let (mut product, mut power) = (0.0, 1e-9);
            for (a, b) in newest.iter().zip(earlier) {
                product += a * b;
                power += b * b;
            }
            product / f32::sqrt(power)
        };
        (SHORTEST * self.per_ms..=LONGEST * self.per_ms)
            .map(|lag| (lag, likeness(lag)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(LONGEST * self.per_ms, |(lag, _)| lag)
    }
}

impl Cycle {
    fn next(&mut self) -> f32 {
        let sample = self.samples.get(self.at).copied().unwrap_or(0.0);
        self.at = (self.at + 1) % self.samples.len().max(1);
        sample
    }
}

/// 0 to 1.
fn way(at: usize, length: usize) -> f32 {
    (at as f32 + 0.5) / length.max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    const RATE: usize = 8_000;

    fn sine(hertz: f32, from: usize, samples: usize) -> Vec<f32> {
        let at = |n| TAU * hertz * n as f32 / RATE as f32;
        (from..from + samples).map(|n| 0.5 * at(n).sin()).collect()
    }

    /// The greatest difference between neighbours.
    fn roughest(samples: &[f32]) -> f32 {
        samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_tone_goes_on_as_it_was() {
        for hertz in [90.0, 200.0, 440.0] {
            let mut repetition = Repetition::new(RATE);
            repetition.heard(&mut sine(hertz, 0, 800));
            let mut guess = vec![0.0; 80];
            repetition.guess(&mut guess);
            let wrong = guess.iter().zip(sine(hertz, 800, 80)).map(|(a, b)| (a - b).abs());
            let worst = wrong.fold(0.0, f32::max);
            assert!(worst < 0.06, "{hertz} Hz: {worst}");
        }
    }

    #[test]
    fn a_loss_has_no_edges_wherever_it_begins_and_ends() {
        for (lost, hertz) in [(20, 133.0), (160, 210.0), (400, 97.0), (1_000, 310.0)] {
            let mut repetition = Repetition::new(RATE);
            let mut all = sine(hertz, 0, 800);
            repetition.heard(&mut all);
            let mut guess = vec![0.0; lost];
            repetition.guess(&mut guess);
            all.extend(guess);
            let mut again = sine(hertz, 800 + lost, 160);
            repetition.heard(&mut again);
            all.extend(again);
            let own = roughest(&sine(hertz, 0, 800));
            assert!(roughest(&all) < 2.0 * own, "{hertz} Hz: {} and {own}", roughest(&all));
        }
    }

    #[test]
    fn a_long_loss_ends_in_silence() {
        let mut repetition = Repetition::new(RATE);
        repetition.heard(&mut sine(200.0, 0, 800));
        let mut guess = vec![1.0; 100 * 8];
        repetition.guess(&mut guess);
        assert!(guess[GONE * 8..].iter().all(|sample| *sample == 0.0));
        repetition.reset();
        repetition.guess(&mut guess);
        assert!(guess.iter().all(|sample| *sample == 0.0), "nothing is left of another stream");
    }
}
