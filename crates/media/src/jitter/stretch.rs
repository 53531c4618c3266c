//! WSOLA: finds the lag at which the signal is most like itself, so that this much can
//! be taken out or played again without a change of pitch.

/// A place to cut or repeat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lag {
    /// Samples.
    pub(super) samples: usize,
    /// −1 to 1.
    pub(super) likeness: f32,
    /// RMS of what is compared, the louder of both.
    pub(super) loudness: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Compare with what comes later.
    Forward,
    /// Compare with what has been.
    Back,
}

/// Samples: 2.5 and 15 ms, the period of voices from 400 down to 67 Hz.
pub(super) const SHORTEST: usize = 120;
pub(super) const LONGEST_LAG: usize = 720;
/// Samples that are compared: 10 ms.
pub(super) const COMPARED: usize = 480;
/// The coarse search looks at every eighth sample's neighbourhood: 6 kHz.
const COARSE: usize = 8;
const COARSE_COMPARED: usize = COMPARED / COARSE;
const COARSE_LAGS: usize = LONGEST_LAG / COARSE;
const COARSE_ALL: usize = COARSE_COMPARED + COARSE_LAGS;

/// The best lag up to `longest` for the signal at `at`. Needs [`COMPARED`] samples from
/// `at`, and `longest` more on the side of `way`.
pub(super) fn best_lag(samples: &[f32], at: usize, way: Way, longest: usize) -> Option<Lag> {
    let longest = longest.min(LONGEST_LAG) / COARSE * COARSE;
    let (from, to) = match way {
        Way::Forward => (at, at + COMPARED + longest),
        Way::Back => (at.checked_sub(longest)?, at + COMPARED),
    };
    let part = samples.get(from..to)?;
    if longest < SHORTEST {
        return None;
    }
    let mut coarse = [0.0; COARSE_ALL];
    for (coarse, group) in coarse.iter_mut().zip(part.chunks_exact(COARSE)) {
        *coarse = group.iter().sum();
    }
    let here = at - from;
    let lags = SHORTEST / COARSE..=longest / COARSE;
    let rough = best(&coarse, here / COARSE, COARSE_COMPARED, way, lags)?;
    let middle = rough * COARSE;
    let fine = middle.saturating_sub(COARSE).max(SHORTEST)..=(middle + COARSE).min(longest);
    let lag = best(part, here, COMPARED, way, fine)?;
    let there = place(here, lag, way);
    let (one, other) = (&part[here..here + COMPARED], &part[there..there + COMPARED]);
    let (a, b) = (power(one), power(other));
    let likeness = product(one, other) / (a * b).sqrt().max(1e-9);
    let loudness = (a.max(b) / COMPARED as f32).sqrt();
    Some(Lag { samples: lag, likeness, loudness })
}

fn best(
    samples: &[f32],
    here: usize,
    length: usize,
    way: Way,
    lags: impl Iterator<Item = usize>,
) -> Option<usize> {
    let one = samples.get(here..here + length)?;
    lags.map(|lag| {
        let there = place(here, lag, way);
        let other = samples.get(there..there + length).unwrap_or(&[]);
        (lag, product(one, other) / power(other).max(1e-9).sqrt())
    })
    .max_by(|a, b| a.1.total_cmp(&b.1))
    .map(|(lag, _)| lag)
}

fn place(here: usize, lag: usize, way: Way) -> usize {
    match way {
        Way::Forward => here + lag,
        Way::Back => here - lag,
    }
}

fn power(samples: &[f32]) -> f32 {
    product(samples, samples)
}

/// In eight lanes, which the compiler turns into vector instructions.
fn product(one: &[f32], other: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    for (a, b) in one.chunks_exact(8).zip(other.chunks_exact(8)) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    let rest = one.len() / 8 * 8;
    let tail: f32 = one.iter().skip(rest).zip(other.iter().skip(rest)).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn tone(frequency: f32) -> Vec<f32> {
        (0..4000).map(|i| (TAU * frequency * i as f32 / 48_000.0).sin()).collect()
    }

    #[test]
    fn whole_periods_are_found() {
        for way in [Way::Forward, Way::Back] {
            for frequency in [70.0, 123.0, 200.0, 440.0, 1000.0] {
                let lag = best_lag(&tone(frequency), 1440, way, LONGEST_LAG).unwrap();
                let periods = lag.samples as f32 * frequency / 48_000.0;
                assert!((periods - periods.round()).abs() < 0.03, "{frequency}: {lag:?}");
                assert!(lag.likeness > 0.99);
            }
        }
    }

    #[test]
    fn noise_is_unlike_itself() {
        let mut random = crate::sim::Random::new(3);
        let noise: Vec<f32> = (0..4000).map(|_| random.bipolar()).collect();
        assert!(best_lag(&noise, 1440, Way::Forward, LONGEST_LAG).unwrap().likeness < 0.5);
    }

    #[test]
    fn too_few_samples_give_no_lag() {
        assert_eq!(best_lag(&tone(200.0)[..600], 100, Way::Forward, 720), None);
        assert_eq!(best_lag(&tone(200.0), 100, Way::Back, 720), None);
        assert_eq!(best_lag(&tone(200.0), 1440, Way::Back, 100), None);
    }
}
