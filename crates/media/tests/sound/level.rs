//! Noise and the agent's level.

use crate::world::{Scene, amplitude, decibels, noise, only, power, samples, voice};
use omnibar_media::BLOCK;
use omnibar_media::processing::{EchoHint, Processing, ProcessingConfig};

fn talk(near: Vec<f32>, noise: Vec<f32>) -> Scene {
    Scene { far: vec![0.0; near.len()], near, noise, ..Scene::default() }
}

fn scaled(signal: &[f32], db: f32) -> Vec<f32> {
    signal.iter().map(|sample| sample * amplitude(db)).collect()
}

#[test]
fn noise_goes_and_the_voice_stays() {
    let said = voice(1, 120.0, 20);
    let near = only(&said, 0.0..16.0);
    let scene = talk(near, noise(4, -44.0, said.len()));
    let sent = scene.play_anew(EchoHint::Headset);
    assert!(sent.states.last().unwrap().noise);
    let pause = samples(17.0..20.0);
    let left = decibels(power(&sent.signal[pause]));
    assert!(left < -44.0 - 8.0, "{left} dBFS of noise are left");
    let talk = samples(10.0..16.0);
    let heard = decibels(power(&sent.signal[talk.clone()])) - decibels(power(&scene.near[talk]));
    assert!(heard.abs() < 1.5, "the voice changed by {heard} dB");
}

#[test]
fn a_quiet_room_is_left_as_it_is() {
    let said = voice(1, 120.0, 12);
    let scene = talk(said.clone(), noise(4, -68.0, said.len()));
    let sent = scene.play_anew(EchoHint::Headset);
    assert!(sent.signal == scene.microphone());
}

#[test]
fn noise_behind_the_customer_goes_only_by_choice() {
    let said = voice(1, 120.0, 16);
    let scene = talk(only(&said, 0.0..12.0), noise(4, -44.0, said.len()));
    for chosen in [false, true] {
        let config = ProcessingConfig { customer_noise: chosen, ..ProcessingConfig::default() };
        let mut processing = Processing::new(config, EchoHint::Headset);
        let mut heard = scene.microphone();
        for block in heard.as_chunks_mut::<BLOCK>().0 {
            processing.received(block);
        }
        assert_eq!(processing.state().customer_noise, chosen);
        let left = decibels(power(&heard[samples(13.0..16.0)]));
        assert_eq!(left < -52.0, chosen, "{left} dBFS of noise");
        assert_eq!(heard == scene.microphone(), !chosen);
    }
}

#[test]
fn a_quiet_agent_is_brought_up_and_a_loud_one_down_without_pumping() {
    for (off, least, most) in [(-16.0, -35.0, -28.0), (14.0, -20.0, -16.0)] {
        let near = scaled(&voice(1, 120.0, 20), off);
        let sent = talk(near.clone(), Vec::new()).play_anew(EchoHint::Headset);
        let active = |signal: &[f32]| {
            let loud: Vec<f32> =
                signal.chunks(BLOCK).map(power).filter(|p| decibels(*p) > -50.0).collect();
            decibels(loud.iter().sum::<f32>() / loud.len() as f32)
        };
        let level = active(&sent.signal[samples(15.0..20.0)]);
        assert!((least..most).contains(&level), "{off} dB: {level} dBFS");
        let gains: Vec<f32> = sent.states.iter().map(|state| state.gain_db).collect();
        let fastest = gains.windows(100).map(|w| (w[99] - w[0]).abs()).fold(0.0, f32::max);
        assert!(fastest < 6.5, "{fastest} dB in a second");
        let settled = &gains[1500..];
        let swing = settled.iter().fold(f32::MIN, |a, b| a.max(*b))
            - settled.iter().fold(f32::MAX, |a, b| a.min(*b));
        assert!(swing < 2.0, "{swing} dB of swing");
    }
}

#[test]
fn noise_alone_is_not_amplified() {
    let scene = talk(vec![0.0; 10 * 48_000], noise(4, -50.0, 10 * 48_000));
    let sent = scene.play_anew(EchoHint::Headset);
    assert!(sent.states.iter().all(|state| state.gain_db == 0.0));
}
