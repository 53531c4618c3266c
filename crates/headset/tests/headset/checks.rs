use crate::SOON;
use crate::rig::{Ear, Mouth, Phone, with_server};
use omnibar_contract::{AudioIntent, TestState};
use omnibar_softphone::Audio;
use std::time::{Duration, Instant};

#[test]
fn the_test_tone_is_at_the_speaker_and_ends() {
    with_server("checks::the_test_tone_is_at_the_speaker_and_ends", |_| {
        let mut phone = Phone::start(["", "agent_headset", "agent_ringer"]);
        let headset = Ear::at("agent_headset.monitor");
        phone.headset.ask(AudioIntent::TestSpeaker);
        headset.wait_for_tone(440.0, SOON);
        phone.wait_for_view("the tone", SOON, |view| view.test == TestState::Tone);
        phone.wait_for_view("its end", SOON, |view| view.test == TestState::Idle);
        headset.wait_for_silence(SOON);

        let ringer = Ear::at("agent_ringer.monitor");
        phone.headset.ask(AudioIntent::TestRinger);
        ringer.wait_for_sound(SOON);
        phone.headset.ask(AudioIntent::StopTest);
        ringer.wait_for_silence(Duration::from_secs(2));
        phone.wait_for_view("its end", SOON, |view| view.test == TestState::Idle);
    });
}

#[test]
fn a_recording_is_played_back() {
    with_server("checks::a_recording_is_played_back", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", ""]);
        let headset = Ear::at("agent_headset.monitor");
        let agent = Mouth::tone("mic_cable", 600.0);
        phone.headset.ask(AudioIntent::RecordAndPlayBack);
        phone.wait_for_view("recording", SOON, |view| view.test == TestState::Recording);
        phone.wait_for_meter("the microphone", SOON, |meter| meter.microphone > 0.5);
        let heard = headset.since(0);
        assert!(heard.iter().all(|s| s.abs() < 0.001), "nothing is heard while recording");
        phone.wait_for_view("playing", SOON, |view| view.test == TestState::PlayingBack);
        drop(agent);
        headset.wait_for_tone(600.0, SOON);
        phone.headset.ask(AudioIntent::StopTest);
        phone.wait_for_view("the end", SOON, |view| view.test == TestState::Idle);
        headset.wait_for_silence(SOON);
    });
}

#[test]
fn the_meter_moves_twenty_times_a_second_at_most_and_stops() {
    with_server("checks::the_meter_moves_twenty_times_a_second_at_most_and_stops", |rig| {
        let mut phone = Phone::start(["agent_mic", "", ""]);
        let _agent = Mouth::tone("mic_cable", 600.0);
        let begun = Instant::now();
        phone.headset.ask(AudioIntent::Meter { on: true });
        let meter = phone.wait_for_meter("the voice", SOON, |meter| meter.microphone > 0.7);
        assert_eq!(meter.quality, None);
        assert_eq!(phone.view.test, TestState::Metering);
        phone.wait_for_meter("a while", SOON, |_| begun.elapsed() > Duration::from_secs(1));
        phone.headset.ask(AudioIntent::Meter { on: false });
        phone.wait_for_view("the end", SOON, |view| view.test == TestState::Idle);
        let most = begun.elapsed().as_millis() / 50 + 2;
        assert!((phone.meters.len() as u128) < most, "{} of {most}", phone.meters.len());
        rig.wait_for("source-outputs", "the microphone is closed", |streams| {
            !streams.contains("\"Omnibar\"")
        });
        assert!(phone.packets.try_recv().is_err(), "nothing is sent without a call");
    });
}

#[test]
fn tests_are_refused_in_a_call() {
    with_server("checks::tests_are_refused_in_a_call", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", ""]);
        phone.headset.set_in_call(true);
        phone.headset.ask(AudioIntent::RecordAndPlayBack);
        phone.headset.ask(AudioIntent::TestSpeaker);
        // Answered in order: when packets flow, the asks have been taken.
        phone.packets.recv_timeout(SOON).expect("packets");
        phone.catch_up();
        assert_eq!(phone.view.test, TestState::Idle);
    });
}
