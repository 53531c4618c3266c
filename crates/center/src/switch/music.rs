//! Hold music: a slow arpeggio over four chords, composed and played by this code, so
//! nobody's rights are touched.

use omnibar_media::SAMPLE_RATE;
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
    for (bar, (bass, chord)) in BARS.iter().enumerate() {
        let begin = bar * EIGHTHS_IN_BAR * EIGHTH;
        strike(&mut track, begin, *bass, 0.10, 2.0);
        for (eighth, &note) in FIGURE.iter().enumerate() {
            // The first of each half bar leads.
            let loudness = if eighth % 4 == 0 { 0.085 } else { 0.06 };
            strike(&mut track, begin + eighth * EIGHTH, chord[note], loudness, 0.9);
        }
    }
    track
}

/// Adds a soft plucked note that rings beyond the loop's end into its begin.
/// `decay`: seconds to a third of the loudness.
fn strike(track: &mut [f32], begin: usize, note: u8, loudness: f32, decay: f32) {
    let rate = SAMPLE_RATE as f32;
    let frequency = 440.0 * ((f32::from(note) - 69.0) / 12.0).exp2();
    let length = (decay * 3.0 * rate) as usize;
    let total = track.len();
    // Fundamental and two harmonics: a mellow electric piano.
    let harmonics = [(1.0, 1.0), (2.0, 0.25), (3.0, 0.08)];
    for at in 0..length {
        let seconds = at as f32 / rate;
        let attack = (seconds / 0.012).min(1.0);
        let release = ((length - at) as f32 / (0.1 * rate)).min(1.0);
        let envelope = loudness * attack * release * (-seconds * 1.1 / decay).exp();
        let wave: f32 = harmonics
            .iter()
            .map(|(multiple, share)| share * (TAU * (frequency * multiple * seconds).fract()).sin())
            .sum();
        track[(begin + at) % total] += envelope * wave;
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
