//! Sudden loudness at the agent's ear.

use crate::world::{amplitude, decibels, noise, power, voice};
use omnibar_media::{BLOCK, Shock};
use std::f32::consts::TAU;

const MS: usize = 48;

fn tone(hertz: f32, db: f32, milliseconds: usize) -> Vec<f32> {
    let gain = amplitude(db) * 2.0f32.sqrt();
    (0..milliseconds * MS)
        .map(|i| gain * (TAU * (hertz * i as f32 / 48_000.0).fract()).sin())
        .collect()
}

/// Two seconds of a voice, then the sound; what is heard of that.
fn after_a_voice(sound: &[f32]) -> Vec<f32> {
    let mut shock = Shock::new();
    let mut signal = voice(1, 120.0, 2);
    let begin = signal.len();
    signal.extend_from_slice(sound);
    for block in signal.as_chunks_mut::<BLOCK>().0 {
        shock.apply(block);
    }
    signal.split_off(begin)
}

#[test]
fn a_voice_is_not_touched() {
    for (seed, pitch) in [(1, 90.0), (2, 130.0), (3, 210.0), (4, 280.0)] {
        let mut shock = Shock::new();
        let said = voice(seed, pitch, 20);
        let mut heard = said.clone();
        let held = heard
            .as_chunks_mut::<BLOCK>()
            .0
            .iter_mut()
            .map(|b| u32::from(shock.apply(b)))
            .sum::<u32>();
        assert_eq!(held, 0, "{pitch} Hz");
        assert!(heard == said);
    }
}

#[test]
fn a_sudden_tone_is_held_at_the_voices_level_within_30_ms() {
    for hertz in [440.0, 1100.0, 2100.0, 3400.0, 6000.0, 10_000.0] {
        let heard = after_a_voice(&tone(hertz, -4.0, 400));
        let at_once = decibels(power(&heard[..10 * MS]));
        assert!(at_once < -26.0 + 16.0, "{hertz} Hz: {at_once} dBFS in the first 10 ms");
        for (i, part) in heard[30 * MS..].chunks(10 * MS).enumerate() {
            let level = decibels(power(part));
            assert!(level < -26.0 + 4.5, "{hertz} Hz: {level} dBFS at {} ms", 30 + i * 10);
        }
    }
}

#[test]
fn sudden_noise_and_cracks_are_held_in_their_first_milliseconds() {
    let heard = after_a_voice(&noise(1, -3.0, 400 * MS));
    for (i, part) in heard.chunks(20 * MS).enumerate() {
        let level = decibels(power(part));
        assert!(level < -26.0 + 16.5, "{level} dBFS at {} ms", i * 20);
    }
    let mut crack = vec![0.0; 40 * MS];
    crack[700..760].fill(1.0);
    let peak = after_a_voice(&crack).iter().fold(0.0f32, |most, s| most.max(s.abs()));
    assert!(decibels(peak * peak) < -26.0 + 26.5, "{peak}");
}

#[test]
fn a_whispering_customer_is_protected_from_a_shout_of_his_own() {
    let mut shock = Shock::new();
    let mut quiet = voice(1, 120.0, 12);
    quiet.iter_mut().for_each(|sample| *sample *= amplitude(-9.0));
    quiet.as_chunks_mut::<BLOCK>().0.iter_mut().for_each(|block| _ = shock.apply(block));
    let mut loud = noise(1, -6.0, 100 * MS);
    loud.as_chunks_mut::<BLOCK>().0.iter_mut().for_each(|block| _ = shock.apply(block));
    let level = decibels(power(&loud[20 * MS..]));
    assert!(level < -35.0 + 17.0, "{level} dBFS");
}

#[test]
fn afterwards_the_voice_comes_back_within_two_seconds() {
    let mut shock = Shock::new();
    let mut signal = tone(2100.0, -3.0, 500);
    let begin = signal.len();
    signal.extend(voice(1, 120.0, 4));
    let said = signal.clone();
    signal.as_chunks_mut::<BLOCK>().0.iter_mut().for_each(|block| _ = shock.apply(block));
    let back = begin + 2 * 48_000;
    assert!(signal[back..] == said[back..]);
}
