//! Hold music: a slow arpeggio over four chords, composed and played by this code, so
//! nobody's rights are touched.

use omnibar_media::SAMPLE_RATE;
use std::collections::BTreeMap;
use std::f32::consts::TAU;

/// Samples in an eighth note: 0.33 s, 91 beats a minute.
const EIGHTH: usize = 15_840;
const EIGHTHS_IN_BAR: usize = 8;

/// A bar each: the bass, and the chord's notes from the lowest. MIDI numbers.
/// F major 7, E minor 7, D minor 9, C major 7, twice with another turn.
const BARS: [(u8, [u8; 5]); 8] = [
    (41, [57, 60, 64, 65, 69]),
    (40, [55, 59, 62, 64, 67]),
    (38, [53, 57, 60, 64, 65]),
    (36, [52, 55, 59, 60, 64]),
    (41, [57, 60, 64, 65, 72]),
    (40, [55, 59, 62, 67, 71]),
    (38, [53, 57, 62, 64, 69]),
    (43, [55, 59, 62, 65, 67]),
];

/// The order in which a bar's notes are struck.
const FIGURE: [usize; EIGHTHS_IN_BAR] = [0, 2, 1, 3, 4, 3, 2, 1];

/// One turn of the loop, 48 kHz mono; its end leads into its begin.
pub(crate) fn compose() -> Vec<f32> {
    let mut track = vec![0.0; BARS.len() * EIGHTHS_IN_BAR * EIGHTH];
    let mut struck: BTreeMap<u8, Vec<f32>> = BTreeMap::new();
    for (bar, (bass, chord)) in BARS.iter().enumerate() {
        let begin = bar * EIGHTHS_IN_BAR * EIGHTH;
        add(&mut track, begin, &pluck(*bass, 2.0), 0.10);
        for (eighth, &note) in FIGURE.iter().enumerate() {
            // The first of each half bar leads.
            let loudness = if eighth % 4 == 0 { 0.085 } else { 0.06 };
            let sound = struck.entry(chord[note]).or_insert_with(|| pluck(chord[note], 0.9));
            add(&mut track, begin + eighth * EIGHTH, sound, loudness);
        }
    }
    track
}

/// A soft plucked note: the fundamental and two harmonics, a mellow electric piano.
/// `decay`: seconds to a third of the loudness.
fn pluck(note: u8, decay: f32) -> Vec<f32> {
    let rate = SAMPLE_RATE as f32;
    let frequency = 440.0 * ((f32::from(note) - 69.0) / 12.0).exp2();
    let length = (decay * 3.0 * rate) as usize;
    let mut sound = vec![0.0; length];
    let fall = (-1.1 / (decay * rate)).exp();
    for (multiple, share) in [(1.0, 1.0), (2.0, 0.25), (3.0, 0.08)] {
        let (step_sin, step_cos) = (TAU * frequency * multiple / rate).sin_cos();
        // A sine by rotation, shrinking as the string rests.
        let (mut sin, mut cos) = (0.0, share);
        for sample in &mut sound {
            *sample += sin;
            (sin, cos) = (
                fall * (sin * step_cos + cos * step_sin),
                fall * (cos * step_cos - sin * step_sin),
            );
        }
    }
    let (attack, release) = (576, 4_800);
    for (i, sample) in sound.iter_mut().take(attack).enumerate() {
        *sample *= i as f32 / attack as f32;
    }
    for (i, sample) in sound.iter_mut().rev().take(release).enumerate() {
        *sample *= i as f32 / release as f32;
    }
    sound
}

/// A note that rings beyond the loop's end rings on in its begin.
fn add(track: &mut [f32], begin: usize, sound: &[f32], loudness: f32) {
    let (over, rest) = track.split_at_mut(begin);
    let fits = sound.len().min(rest.len());
    for (out, sample) in rest.iter_mut().zip(&sound[..fits]) {
        *out += loudness * sample;
    }
    for (out, sample) in over.iter_mut().zip(&sound[fits..]) {
        *out += loudness * sample;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_and_never_still() {
        let track = compose();
        assert!(track.len().is_multiple_of(960));
        let peak = track.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
        assert!((0.1..0.6).contains(&peak), "peak {peak}");
        for half_second in track.chunks(24_000) {
            let power = half_second.iter().map(|s| s * s).sum::<f32>() / half_second.len() as f32;
            assert!(power.sqrt() > 0.005, "silence");
        }
    }

    #[test]
    fn the_end_leads_into_the_begin() {
        let track = compose();
        let inside = track.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        let seam = (track[0] - track[track.len() - 1]).abs();
        assert!(seam <= inside, "{seam} against {inside}");
    }
}
