//! A headset: nothing is to be done, and nothing is done.

use crate::world::{Scene, amplitude, noise, only, since, voice};
use omnibar_media::BLOCK;
use omnibar_media::processing::{EchoHint, EchoState, Processing, ProcessingConfig};
use omnibar_media::sim::{Room, RoomConfig};

fn both_talk(seconds: usize) -> Scene {
    Scene { far: voice(2, 210.0, seconds), near: voice(1, 120.0, seconds), ..Scene::default() }
}

#[test]
fn a_headset_passes_a_voice_bit_by_bit_while_both_talk() {
    let scene = both_talk(15);
    let sent = scene.play_anew(EchoHint::Headset);
    assert!(sent.states.iter().all(|state| state.echo == EchoState::Bypassed));
    assert!(sent.states.iter().all(|state| state.delay_ms == 0.0));
    assert!(sent.signal == scene.near, "not one sample differs");
}

#[test]
fn an_unknown_device_without_echo_is_passed_by_within_seconds() {
    for seed in 0..4 {
        let (far, near) = (voice(20 + seed, 200.0, 9), voice(30 + seed, 110.0, 9));
        let scene = Scene { far, near, ..Scene::default() };
        let sent = scene.play_anew(EchoHint::Unknown);
        let known = since(&sent, |state| state.echo == EchoState::Bypassed).unwrap();
        assert!(known < 6.0, "{known} s");
        let after = ((known + 0.5) * 100.0) as usize * BLOCK;
        assert!(sent.signal[after..] == scene.near[after..], "{:?}", sent.states.last());
    }
}

#[test]
fn a_far_side_that_sends_the_agents_voice_back_is_no_echo_here() {
    let mut scene = both_talk(10);
    let returned =
        Room::new(RoomConfig { seed: 3, delay_ms: 180.0, reverberation_ms: 100.0, loss_db: 12.0 });
    scene.far = returned.echo(&scene.near);
    let sent = scene.play_anew(EchoHint::Headset);
    assert!(sent.states.iter().all(|state| state.echo == EchoState::Bypassed));
}

#[test]
fn what_leaks_from_a_headset_too_quietly_to_be_heard_is_let_be() {
    let mut scene = both_talk(12);
    scene.near = only(&scene.near, 6.0..12.0);
    let leak = RoomConfig { seed: 3, delay_ms: 30.0, reverberation_ms: 5.0, loss_db: 56.0 };
    scene.echo = Room::new(leak).echo(&scene.far);
    let sent = scene.play_anew(EchoHint::Headset);
    assert!(sent.states.iter().all(|state| state.echo == EchoState::Bypassed));
}

#[test]
fn a_microphone_that_is_switched_off_proves_nothing() {
    let scene = Scene { far: voice(2, 210.0, 8), ..Scene::default() };
    let sent = scene.play_anew(EchoHint::Unknown);
    assert_eq!(sent.states.last().unwrap().echo, EchoState::Listening);
}

#[test]
fn switching_on_and_off_in_a_word_makes_no_click() {
    let mut processing = Processing::new(ProcessingConfig::default(), EchoHint::Speakers);
    let scene = both_talk(6);
    let mut sent = Vec::new();
    for (i, (far, near)) in
        scene.far.as_chunks::<BLOCK>().0.iter().zip(scene.near.as_chunks::<BLOCK>().0).enumerate()
    {
        let on = i / 100 % 2 == 0;
        processing.set(ProcessingConfig { on, customer_noise: on });
        processing.far(far);
        let mut block = *near;
        processing.near(&mut block);
        sent.extend_from_slice(&block);
    }
    // What a sample is away from what the three before it promise: a click stands out there.
    let breaks = |signal: &[f32]| {
        let third = |w: &[f32]| (w[3] - 3.0 * w[2] + 3.0 * w[1] - w[0]).abs();
        signal.windows(4).map(third).fold(0.0, f32::max)
    };
    assert!(breaks(&sent) < breaks(&scene.near) * 1.2 + amplitude(-60.0));
}

#[test]
fn anything_goes_in_and_only_numbers_come_out() {
    let mut processing = Processing::new(ProcessingConfig::default(), EchoHint::Unknown);
    processing.set(ProcessingConfig { on: true, customer_noise: true });
    let wild = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e30, 0.0, 1.0];
    for i in 0..600 {
        let mut block = [0.0; BLOCK];
        let mut voice = noise(i, -20.0, BLOCK);
        voice[(i as usize * 7) % BLOCK] = wild[i as usize % wild.len()];
        block.copy_from_slice(&voice);
        processing.far(&block);
        processing.near(&mut block);
        assert!(block.iter().all(|sample| sample.is_finite()), "{i}");
        processing.received(&mut block);
        assert!(block.iter().all(|sample| sample.is_finite()), "{i}");
    }
}
