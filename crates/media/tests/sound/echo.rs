//! A loudspeaker in a room.

use crate::world::{
    Scene, decibels, only, power, return_loss, samples, since, voice, voice_loss, words_loss,
};
use omnibar_media::processing::{EchoHint, EchoState, Processing, ProcessingConfig};
use omnibar_media::sim::{Room, RoomConfig, resampled};

const ROOM: RoomConfig =
    RoomConfig { seed: 5, delay_ms: 80.0, reverberation_ms: 200.0, loss_db: 10.0 };

fn desk(room: RoomConfig, parts_in_a_million: f64, seconds: usize) -> Scene {
    let far = voice(2, 210.0, seconds);
    let echo = Room::new(room).echo(&resampled(&far, parts_in_a_million));
    Scene { far, echo, ..Scene::default() }
}

#[test]
fn echo_is_found_in_two_seconds_even_behind_a_headsets_name_and_goes() {
    for (delay_ms, loss_db) in [(20.0, 10.0), (120.0, 0.0), (250.0, 20.0), (450.0, 10.0)] {
        let scene = desk(RoomConfig { delay_ms, loss_db, ..ROOM }, 0.0, 10);
        let sent = scene.play_anew(EchoHint::Headset);
        let known = since(&sent, |state| state.echo == EchoState::Cancelling).unwrap();
        assert!(known < 2.5, "{delay_ms} ms: {known} s");
        let loss = return_loss(&scene, &sent, 7.0..10.0);
        assert!(loss + loss_db > 40.0, "{delay_ms} ms, −{loss_db} dB: {loss} dB");
    }
}

#[test]
fn a_loudspeaker_never_echoes_for_long() {
    for hint in [EchoHint::Speakers, EchoHint::Unknown] {
        let scene = desk(ROOM, 0.0, 4);
        let sent = scene.play_anew(hint);
        let loss = return_loss(&scene, &sent, 1.0..4.0);
        assert!(loss > 20.0, "{hint:?}: {loss} dB while it is being learned");
    }
}

#[test]
fn both_talking_costs_the_agent_little() {
    let mut scene = desk(ROOM, 0.0, 14);
    scene.near = only(&voice(1, 120.0, 14), 7.0..14.0);
    let both = scene.play_anew(EchoHint::Speakers);
    let alone = scene.without_far().play_anew(EchoHint::Speakers);
    let loss = voice_loss(&alone, &both, 7.5..14.0);
    assert!(loss < 3.0, "{loss} dB");
    let still = both.states.last().unwrap().echo;
    assert_eq!(still, EchoState::Cancelling, "talking over an echo does not hide it");
}

#[test]
fn the_agents_words_come_through_an_echo_as_loud_as_they_are() {
    for seed in [1, 2, 3] {
        let room = RoomConfig { seed, delay_ms: 60.0, reverberation_ms: 120.0, loss_db: 10.0 };
        let mut scene = desk(room, 0.0, 14);
        scene.near = only(&voice(1, 120.0, 14), 7.0..14.0);
        let both = scene.play_anew(EchoHint::Speakers);
        let alone = scene.without_far().play_anew(EchoHint::Speakers);
        let loss = words_loss(&alone, &both, 7.5..14.0);
        assert!(loss < 0.6, "room {seed}: {loss} dB");
        assert!(return_loss(&scene, &both, 5.0..7.0) + room.loss_db > 40.0, "room {seed}");
    }
}

#[test]
fn echo_stays_away_when_the_delay_jumps() {
    let mut scene = desk(ROOM, 0.0, 16);
    let later = Room::new(RoomConfig { delay_ms: 230.0, seed: 6, ..ROOM }).echo(&scene.far);
    let jump = samples(0.0..7.0).end;
    scene.echo[jump..].copy_from_slice(&later[jump..]);
    let sent = scene.play_anew(EchoHint::Unknown);
    let before = return_loss(&scene, &sent, 5.0..7.0);
    let after = return_loss(&scene, &sent, 12.0..16.0);
    assert!(before > 30.0 && after > 30.0, "{before} dB, then {after} dB");
    assert_eq!(sent.states.last().unwrap().echo, EchoState::Cancelling);
}

#[test]
fn an_echo_that_moves_a_little_is_gone_again_soon() {
    let moves = [(1, 1.5), (2, 3.0), (3, 5.0), (1, 8.0), (2, -2.0), (3, -5.0)];
    let losses = moves.map(|(seed, later)| {
        let room = RoomConfig { seed, delay_ms: 60.0, reverberation_ms: 120.0, loss_db: 10.0 };
        let mut scene = desk(room, 0.0, 14);
        let moved = RoomConfig { delay_ms: room.delay_ms + later, ..room };
        let then = samples(0.0..8.0).end;
        scene.echo[then..].copy_from_slice(&Room::new(moved).echo(&scene.far)[then..]);
        let sent = scene.play_anew(EchoHint::Speakers);
        let settled = return_loss(&scene, &sent, 12.0..14.0);
        assert!(settled > 50.0, "{later} ms later: {settled} dB");
        return_loss(&scene, &sent, 10.0..12.0)
    });
    let mean = losses.iter().sum::<f32>() / losses.len() as f32;
    assert!(mean > 44.0, "{mean} dB of {losses:?}");
}

#[test]
fn two_clocks_do_not_bring_the_echo_back() {
    for parts_in_a_million in [200.0, -200.0] {
        let scene = desk(ROOM, parts_in_a_million, 20);
        let sent = scene.play_anew(EchoHint::Speakers);
        let loss = return_loss(&scene, &sent, 14.0..20.0);
        assert!(loss + ROOM.loss_db > 30.0, "{parts_in_a_million} ppm: {loss} dB");
        assert_eq!(sent.states.last().unwrap().echo, EchoState::Cancelling);
    }
}

#[test]
fn an_echo_is_not_taken_for_a_quiet_agent_and_amplified() {
    let mut scene = desk(RoomConfig { loss_db: 20.0, ..ROOM }, 0.0, 12);
    scene.near = only(&voice(1, 120.0, 12), 0.0..0.1);
    let mut processing = Processing::new(ProcessingConfig::default(), EchoHint::Speakers);
    let sent = scene.play(&mut processing);
    assert!(sent.states.iter().all(|state| state.gain_db <= 0.0));
    let end = samples(8.0..12.0);
    assert!(decibels(power(&sent.signal[end.clone()])) < decibels(power(&scene.echo[end])) - 20.0);
}
