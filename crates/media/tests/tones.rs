//! Tones as a measuring instrument hears them.

#![allow(clippy::unwrap_used)]

use omnibar_media::tones::{Busy, Cue, Dtmf, Ring, Ringback, Tone};
use omnibar_media::{BLOCK, Digit};
use std::f32::consts::TAU;

fn play(tone: &mut dyn Tone, blocks: usize) -> Vec<f32> {
    let mut samples = Vec::new();
    let mut block = [1.0; BLOCK];
    for _ in 0..blocks {
        tone.fill(&mut block);
        samples.extend_from_slice(&block);
    }
    samples
}

/// Amplitude of one frequency.
fn at(samples: &[f32], hertz: f32) -> f32 {
    let (mut re, mut im) = (0.0f64, 0.0f64);
    for (i, &sample) in samples.iter().enumerate() {
        let angle = f64::from(TAU) * f64::from(hertz) * i as f64 / 48_000.0;
        re += f64::from(sample) * angle.cos();
        im += f64::from(sample) * angle.sin();
    }
    ((re * re + im * im).sqrt() * 2.0 / samples.len() as f64) as f32
}

fn silent(samples: &[f32]) -> bool {
    samples.iter().all(|&s| s == 0.0)
}

fn largest_step(samples: &[f32]) -> f32 {
    samples.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max)
}

#[test]
fn ringback_is_440_and_480_for_two_seconds_of_six() {
    let samples = play(&mut Ringback::new(), 1200);
    for start in [0, 288_000] {
        let on = &samples[start + 4_800..start + 52_800];
        assert!((at(on, 440.0) - 0.1).abs() < 0.005 && (at(on, 480.0) - 0.1).abs() < 0.005);
        assert!(at(on, 460.0) < 0.005);
        assert!(silent(&samples[start + 96_000..start + 288_000]));
    }
}

#[test]
fn the_recommended_ringback_is_425_for_one_second_of_five() {
    let samples = play(&mut Ringback::recommended(), 1000);
    for start in [0, 240_000] {
        let on = &samples[start + 2_400..start + 45_600];
        assert!((at(on, 425.0) - 0.14).abs() < 0.005 && at(on, 440.0) < 0.005);
        assert!(silent(&samples[start + 48_000..start + 240_000]));
    }
}

#[test]
fn busy_is_480_and_620_half_of_each_second() {
    let samples = play(&mut Busy::new(), 300);
    for start in [0, 48_000, 96_000] {
        let on = &samples[start + 2_400..start + 21_600];
        assert!((at(on, 480.0) - 0.1).abs() < 0.01 && (at(on, 620.0) - 0.1).abs() < 0.01);
        assert!(silent(&samples[start + 24_000..start + 48_000]));
    }
}

#[test]
fn the_ringer_has_two_notes_and_a_pause() {
    let samples = play(&mut Ring::new(), 600);
    let first = &samples[480..4_320];
    let second = &samples[5_280..9_120];
    assert!(at(first, 783.99) > 0.05 && at(first, 659.26) < 0.03);
    assert!(at(second, 659.26) > 0.05);
    assert!(silent(&samples[72_000..144_000]));
    assert_eq!(&samples[..144_000], &samples[144_000..288_000]);
}

#[test]
fn keys_have_their_two_frequencies_and_length() {
    for digit in Digit::ALL {
        let samples = play(&mut Dtmf::new(digit, 100), 12);
        let (low, high) = digit.frequencies();
        let on = &samples[480..4_320];
        assert!((at(on, low) - 0.2).abs() < 0.02, "{digit:?}");
        assert!((at(on, high) - 0.2).abs() < 0.02, "{digit:?}");
        assert!(silent(&samples[4_800..]));
    }
}

#[test]
fn cues_are_short_soft_and_end() {
    let cues = [
        Cue::Answered,
        Cue::Ended,
        Cue::Failed,
        Cue::HoldReminder,
        Cue::MuteReminder,
        Cue::Digit(Digit::new('5').unwrap()),
    ];
    for cue in cues {
        let mut tone = cue.tone();
        let mut block = [0.0; BLOCK];
        let mut blocks = 0;
        let mut peak = 0.0f32;
        while tone.fill(&mut block) {
            blocks += 1;
            assert!(blocks < 100, "{cue:?} is too long");
            peak = block.iter().fold(peak, |a, b| a.max(b.abs()));
        }
        assert!(blocks > 5 && (0.02..0.6).contains(&peak), "{cue:?}: {blocks}, {peak}");
        assert!(silent(&block));
    }
}

#[test]
fn nothing_clicks() {
    // A sine of amplitude a and f Hz steps by at most 2 pi a f / 48 000.
    let step = |parts: &[(f32, f32)]| {
        parts.iter().map(|(hertz, amplitude)| TAU * hertz * amplitude / 48_000.0).sum::<f32>()
    };
    let ringback = step(&[(440.0, 0.1), (480.0, 0.1)]) + 0.002;
    assert!(largest_step(&play(&mut Ringback::new(), 700)) < ringback);
    let busy = step(&[(480.0, 0.1), (620.0, 0.1)]) + 0.002;
    assert!(largest_step(&play(&mut Busy::new(), 300)) < busy);
    let nine = step(&[(852.0, 0.2), (1477.0, 0.2)]) + 0.002;
    assert!(largest_step(&play(&mut Dtmf::new(Digit::new('9').unwrap(), 95), 12)) < nine);
    // Two notes and their octaves may sound together.
    let ring = 2.0 * step(&[(783.99, 0.22), (1567.98, 0.22)]) + 0.002;
    assert!(largest_step(&play(&mut Ring::new(), 400)) < ring);
}
