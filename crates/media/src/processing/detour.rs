//! Leads a signal through a stage that delays it, or past it, and changes over without a
//! click.

use crate::BLOCK;

/// Passing by costs no delay and changes no sample. To change over, the direct way is first
/// slowed down until it is as late as the stage (a change of pitch of [`SLEW`] for the time
/// that takes), then one is faded into the other while both say the same.
///
/// ```text
///              take                 as late as the stage
///  ┌────────┐ ─────▶ ┌───────────┐ ─────────────────────▶ ┌────────┐ ──▶ ┌─────────┐
///  │ direct │        │ shifting  │                        │ fading │     │ through │
///  └────────┘ ◀───── └───────────┘ ◀───────────────────── └────────┘ ◀── └─────────┘
///            on time                                              leave
/// ```
#[derive(Debug)]
pub(super) struct Detour {
    /// Samples.
    latency: usize,
    /// The newest sample is last.
    past: Vec<f32>,
    take: bool,
    /// Samples by which the direct way is late, and how that changes with each.
    delay: f32,
    speed: f32,
    /// 0 direct, 1 through the stage.
    mix: f32,
}

impl Detour {
    /// Begins where it is told to be.
    pub(super) fn new(latency: usize, take: bool) -> Self {
        Self {
            latency,
            past: vec![0.0; latency + MARGIN + BLOCK],
            take,
            delay: if take { latency as f32 } else { 0.0 },
            speed: 0.0,
            mix: if take { 1.0 } else { 0.0 },
        }
    }

    pub(super) fn set(&mut self, take: bool) {
        self.take = take;
    }

    /// The stage's output will be asked for.
    pub(super) fn needs_stage(&self) -> bool {
        self.take || self.delay > 0.0
    }

    /// Takes the signal before the stage, and after it where it is needed; gives what goes on.
    pub(super) fn pass(
        &mut self,
        before: &[f32; BLOCK],
        after: Option<&[f32; BLOCK]>,
    ) -> [f32; BLOCK] {
        self.past.copy_within(BLOCK.., 0);
        let newest = self.past.len() - BLOCK;
        self.past[newest..].copy_from_slice(before);
        let Some(after) = after else { return *before };
        if self.take && self.mix >= 1.0 {
            return *after;
        }
        // Nobody hears a pause becoming shorter or longer.
        let loudest = self.past.iter().fold(0.0f32, |most, sample| most.max(sample.abs()));
        let slew = if loudest < PAUSE { PAUSE_SLEW } else { SLEW };
        std::array::from_fn(|i| {
            self.step(slew);
            let direct = self.direct(newest + i);
            direct + (after[i] - direct) * self.mix
        })
    }

    fn step(&mut self, slew: f32) {
        let latency = self.latency as f32;
        if self.take && self.delay >= latency {
            self.mix = (self.mix + FADE).min(1.0);
        } else if !self.take && self.mix > 0.0 {
            self.mix = (self.mix - FADE).max(0.0);
        }
        let goal = match (self.take, self.mix > 0.0) {
            (true, _) | (false, true) => latency,
            (false, false) => 0.0,
        };
        self.shift(goal - self.delay, goal, slew);
    }

    /// Speeds up and brakes, since a bend in the delay would be heard as a soft tick.
    fn shift(&mut self, rest: f32, goal: f32, slew: f32) {
        let change = slew / SPEED_UP;
        if rest.abs() <= self.speed.abs().max(change) {
            (self.delay, self.speed) = (goal, 0.0);
            return;
        }
        let wanted = (2.0 * change * rest.abs()).sqrt().min(slew).copysign(rest);
        self.speed += (wanted - self.speed).clamp(-change, change);
        self.delay = (self.delay + self.speed).clamp(0.0, self.latency as f32);
    }

    /// The direct way's sample at a place in the past, by a cubic through four (Hermite).
    fn direct(&self, place: usize) -> f32 {
        let whole = self.delay as usize;
        let part = self.delay - whole as f32;
        let at = place - whole;
        if part == 0.0 {
            return self.past[at];
        }
        // Between `b` (newer) and `c`; there is nothing newer than the newest.
        let newer = self.past.get(at + 1).unwrap_or(&self.past[at]);
        let (a, b, c, d) = (*newer, self.past[at], self.past[at - 1], self.past[at - 2]);
        let slope = 0.5 * (c - a);
        let bend = a - 2.5 * b + 2.0 * c - 0.5 * d;
        let twist = 0.5 * (d - a) + 1.5 * (b - c);
        ((twist * part + bend) * part + slope) * part + b
    }
}

/// Samples beside the interpolated one.
const MARGIN: usize = 4;
/// Samples of delay gained or lost a sample: 4 % of pitch, 0.25 s for 10 ms.
const SLEW: f32 = 0.04;
/// Samples until that is reached: 10 ms.
const SPEED_UP: f32 = 480.0;
/// In a pause.
const PAUSE_SLEW: f32 = 0.5;
/// −66 dBFS.
const PAUSE: f32 = 5e-4;
/// Share a sample: 10 ms.
const FADE: f32 = 1.0 / 480.0;

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    const LATENCY: usize = 448;

    /// A stage that only delays.
    struct Late(Vec<f32>);

    impl Late {
        fn apply(&mut self, block: &[f32; BLOCK]) -> [f32; BLOCK] {
            self.0.extend_from_slice(block);
            let mut out = [0.0; BLOCK];
            out.copy_from_slice(&self.0[..BLOCK]);
            self.0.drain(..BLOCK);
            out
        }
    }

    fn run(hertz: f32, amplitude: f32, orders: &[(usize, bool)], blocks: usize) -> Vec<f32> {
        let mut detour = Detour::new(LATENCY, false);
        let mut late = Late(vec![0.0; LATENCY]);
        let mut heard = Vec::new();
        for block in 0..blocks {
            for &(_, take) in orders.iter().filter(|(at, _)| *at == block) {
                detour.set(take);
            }
            let before: [f32; BLOCK] = std::array::from_fn(|i| {
                let place = (block * BLOCK + i) as f32;
                amplitude * (TAU * (hertz / 48_000.0 * place).fract()).sin()
            });
            let after = late.apply(&before);
            heard.extend(detour.pass(&before, detour.needs_stage().then_some(&after)));
        }
        heard
    }

    /// The most that a sample is away from what its neighbours promise.
    fn worst_break(heard: &[f32]) -> f32 {
        let third = |w: &[f32]| (w[3] - 3.0 * w[2] + 3.0 * w[1] - w[0]).abs();
        heard.windows(4).map(third).fold(0.0, f32::max)
    }

    #[test]
    fn passing_by_is_exact_and_at_once() {
        let mut detour = Detour::new(LATENCY, false);
        let block: [f32; BLOCK] = std::array::from_fn(|i| (i as f32 * 0.37).sin());
        for _ in 0..5 {
            assert!(!detour.needs_stage());
            assert_eq!(detour.pass(&block, None), block);
        }
    }

    #[test]
    fn changing_over_there_and_back_makes_no_click() {
        for hertz in [110.0, 440.0, 1900.0] {
            let plain = worst_break(&run(hertz, 0.5, &[], 100)[BLOCK..]);
            let heard = run(hertz, 0.5, &[(20, true), (60, false)], 100);
            let changed = worst_break(&heard[BLOCK..]);
            // A click of −60 dBFS would show as 3e-3.
            assert!(changed < plain * 1.3 + 3e-4, "{hertz} Hz: {changed} for {plain}");
            // And it never goes thin: both ways say the same while they are mixed.
            for block in heard.chunks(BLOCK).skip(1) {
                let power = block.iter().map(|s| s * s).sum::<f32>() / BLOCK as f32;
                assert!((power - 0.125).abs() < 0.04, "{hertz} Hz: {power}");
            }
        }
    }

    #[test]
    fn after_leaving_the_signal_is_exact_again() {
        let plain = run(300.0, 0.5, &[], 120);
        let heard = run(300.0, 0.5, &[(20, true), (60, false)], 120);
        assert_eq!(heard[..20 * BLOCK], plain[..20 * BLOCK]);
        assert_eq!(heard[100 * BLOCK..], plain[100 * BLOCK..]);
        // In between it was the stage's.
        let late = &plain[50 * BLOCK - LATENCY..55 * BLOCK - LATENCY];
        assert_eq!(&heard[50 * BLOCK..55 * BLOCK], late);
    }

    #[test]
    fn a_pause_is_changed_over_in_a_few_blocks() {
        let mut detour = Detour::new(LATENCY, false);
        detour.set(true);
        let quiet = [1e-4; BLOCK];
        let mark = [2e-4; BLOCK];
        let through = (0..5).find(|_| detour.pass(&quiet, Some(&mark)) == mark);
        assert!(through.is_some());
    }

    #[test]
    fn orders_at_any_time_never_break() {
        let orders: Vec<_> = (1..60).map(|at| (at * 2 + at % 3, at % 2 == 0)).collect();
        let heard = run(700.0, 0.5, &orders, 130);
        let plain = worst_break(&run(700.0, 0.5, &[], 130)[BLOCK..]);
        assert!(worst_break(&heard[BLOCK..]) < plain * 1.3 + 3e-4);
    }
}
