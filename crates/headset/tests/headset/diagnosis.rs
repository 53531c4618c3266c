//! What a call's silence comes from, as devices and sound server show it.

use crate::SOON;
use crate::rig::{Mouth, Phone, with_server};
use omnibar_contract::{AudioIntent, SpeakerOff};
use omnibar_softphone::Audio;
use std::time::Duration;

#[test]
fn a_speaker_that_cannot_be_heard_is_seen_and_mended() {
    let name = "diagnosis::a_speaker_that_cannot_be_heard_is_seen_and_mended";
    with_server(name, |rig| {
        let mut phone = Phone::start(["agent_mic", "agent_speaker", ""]);
        phone.headset.set_in_call(true);
        phone.wait_for_view("a speaker", SOON, |view| view.speaker.using.is_some());
        assert_eq!(phone.view.speaker_off, None);
        rig.pactl(&["set-sink-mute", "agent_speaker", "1"]);
        phone.wait_for_view("muted", SOON, |v| v.speaker_off == Some(SpeakerOff::Muted));
        phone.headset.ask(AudioIntent::UnmuteSpeaker);
        phone.wait_for_view("open", SOON, |view| view.speaker_off.is_none());
        assert!(rig.pactl(&["get-sink-mute", "agent_speaker"]).contains("no"));

        rig.pactl(&["set-sink-volume", "agent_speaker", "0"]);
        phone.wait_for_view("at zero", SOON, |v| v.speaker_off == Some(SpeakerOff::AtZero));
        phone.headset.ask(AudioIntent::UnmuteSpeaker);
        phone.wait_for_view("loud", SOON, |view| view.speaker_off.is_none());
        let volume = rig.pactl(&["get-sink-volume", "agent_speaker"]);
        assert!(volume.contains("60%"), "{volume}");
    });
}

#[test]
fn while_a_microphone_is_silent_the_one_that_hears_the_agent_is_found() {
    let name = "diagnosis::while_a_microphone_is_silent_the_one_that_hears_the_agent_is_found";
    with_server(name, |_| {
        let mut phone = Phone::start(["agent_mic", "", ""]);
        let _agent = Mouth::tone("second_cable", 500.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        let silent = |meter: &omnibar_contract::Meter| meter.signs.microphone_silent > 3.0;
        let meter = phone.wait_for_meter("silence", SOON, silent);
        assert!(!meter.signs.microphone_heard);
        let within = Duration::from_secs(12);
        phone.wait_for_view("another microphone", within, |view| view.hears.is_some());
        let hears = phone.view.hears.clone().unwrap();
        assert_eq!(hears.id, "pulseaudio:second_mic");

        // What the button does.
        let choice = crate::rig::device("second_mic");
        phone.headset.ask(AudioIntent::ChooseMicrophone { choice });
        phone.wait_until_sent(Some(500.0), SOON);
        phone.wait_for_meter("sound", SOON, |m| m.signs.microphone_silent < 0.5);
        phone.wait_for_view("nothing to offer", SOON, |view| view.hears.is_none());
    });
}

#[test]
fn a_check_hears_the_devices_and_gets_its_packets_back() {
    let name = "diagnosis::a_check_hears_the_devices_and_gets_its_packets_back";
    with_server(name, |_| {
        let mut phone = Phone::start(["agent_mic", "agent_speaker", ""]);
        let _agent = Mouth::tone("mic_cable", 500.0);
        phone.wait_for_view("devices", SOON, |view| view.microphone.using.is_some());
        phone.headset.ask(AudioIntent::Probe);
        // One packet of ten is lost on its way.
        let probe = phone.probed(SOON, |number| number % 10 == 3);
        assert!(probe.microphone.is_some_and(|peak| peak > 0.1), "{probe:?}");
        assert!(probe.speaker);
        let path = probe.path.expect("packets that came back");
        assert!((5.0..16.0).contains(&path.lost_back), "{path:?}");
        assert_eq!(path.lost_out, 0.0);

        phone.headset.ask(AudioIntent::Probe);
        let probe = phone.probed(SOON, |_| true);
        assert_eq!(probe.path, None, "nothing came back");
        assert!(probe.microphone.is_some());
    });
}

#[test]
fn a_check_gives_way_to_a_call() {
    with_server("diagnosis::a_check_gives_way_to_a_call", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_speaker", ""]);
        let _agent = Mouth::tone("mic_cable", 500.0);
        phone.wait_for_view("devices", SOON, |view| view.microphone.using.is_some());
        phone.headset.ask(AudioIntent::Probe);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        phone.wait_until_sent(Some(500.0), SOON);
        let meter = phone.wait_for_meter("a call", SOON, |m| m.signs.microphone_heard);
        assert!(meter.signs.nothing_received > 0.0);
    });
}
