//! Mutes that are not this app's, and an agent who talks while nobody hears him.

use crate::SOON;
use crate::rig::{Mouth, Phone, with_server};
use omnibar_contract::{AudioIntent, SourceMute};
use omnibar_softphone::Audio;

/// Syllables of 200 ms.
fn talking(sink: &str) -> Mouth {
    Mouth::play(sink, |at| {
        let sounds = at % 12_000 < 9_600;
        let turns = (at % 240) as f32 / 240.0;
        // The room is not quite silent.
        (turns * std::f32::consts::TAU).sin() * if sounds { 0.3 } else { 0.000_5 }
    })
}

#[test]
fn a_mute_in_the_systems_settings_is_seen_and_taken_back() {
    with_server("muted::a_mute_in_the_systems_settings_is_seen_and_taken_back", |rig| {
        let mut phone = Phone::start(["agent_mic", "", ""]);
        let _agent = Mouth::tone("mic_cable", 500.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        phone.wait_until_sent(Some(500.0), SOON);
        assert_eq!(phone.view.mute, SourceMute::Open);
        rig.pactl(&["set-source-mute", "agent_mic", "1"]);
        phone.wait_for_view("the mute", SOON, |view| view.mute == SourceMute::System);
        phone.wait_until_sent(None, SOON);
        assert_eq!(phone.view.fault, None, "a mute is no lost device");

        phone.headset.ask(AudioIntent::UnmuteMicrophone);
        phone.wait_for_view("no mute", SOON, |view| view.mute == SourceMute::Open);
        assert!(rig.pactl(&["get-source-mute", "agent_mic"]).contains("no"));
        phone.wait_until_sent(Some(500.0), SOON);
    });
}

#[test]
fn a_mute_from_before_the_call_is_seen_at_once() {
    with_server("muted::a_mute_from_before_the_call_is_seen_at_once", |rig| {
        rig.pactl(&["set-source-mute", "agent_mic", "1"]);
        let mut phone = Phone::start(["agent_mic", "", ""]);
        phone.wait_for_view("the mute", SOON, |view| view.mute == SourceMute::System);
        // Another microphone is not muted.
        let choice = crate::rig::device("second_mic");
        phone.headset.ask(AudioIntent::ChooseMicrophone { choice });
        phone.wait_for_view("no mute", SOON, |view| view.mute == SourceMute::Open);
    });
}

#[test]
fn talking_while_muted_is_told_until_unmuted() {
    with_server("muted::talking_while_muted_is_told_until_unmuted", |_| {
        let mut phone = Phone::start(["agent_mic", "", ""]);
        phone.headset.set_in_call(true);
        let _agent = talking("mic_cable");
        phone.wait_for_view("that he talks", SOON, |view| view.talking_unheard);
        phone.headset.set_microphone(true);
        phone.wait_for_view("that he is heard", SOON, |view| !view.talking_unheard);
    });
}

#[test]
fn a_microphone_that_gives_digital_silence_is_told_until_it_gives_sound() {
    let name = "muted::a_microphone_that_gives_digital_silence_is_told_until_it_gives_sound";
    with_server(name, |_| {
        let mut phone = Phone::start(["agent_mic", "", ""]);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        phone.wait_for_view("the switch", SOON, |view| view.mute == SourceMute::Switch);
        let _agent = talking("mic_cable");
        phone.wait_for_view("sound", SOON, |view| view.mute == SourceMute::Open);
    });
}
