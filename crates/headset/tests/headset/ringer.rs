use crate::SOON;
use crate::rig::{Ear, Phone, with_server};
use omnibar_desk::Sound;
use omnibar_softphone::Audio;

#[test]
fn rings_on_the_ringer_only_with_the_speaker_warm() {
    with_server("ringer::rings_on_the_ringer_only_with_the_speaker_warm", |rig| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", "agent_ringer"]);
        let ringer = Ear::at("agent_ringer.monitor");
        let headset = Ear::at("agent_headset.monitor");
        phone.headset.start_ringing();
        phone.headset.start_ringing();
        ringer.wait_for_sound(SOON);
        // Accept must not wait for a device.
        let streams = rig.pactl(&["list", "short", "sink-inputs"]);
        assert_eq!(streams.lines().count(), 2, "{streams}");
        assert!(rig.pactl(&["list", "short", "source-outputs"]).lines().count() <= 4);
        phone.headset.stop_ringing();
        ringer.wait_for_silence(SOON);
        assert!(headset.since(0).iter().all(|s| s.abs() < 0.001));
    });
}

#[test]
fn a_ring_goes_on_while_a_call_is_up() {
    with_server("ringer::a_ring_goes_on_while_a_call_is_up", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", "agent_ringer"]);
        let ringer = Ear::at("agent_ringer.monitor");
        let headset = Ear::at("agent_headset.monitor");
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        headset.wait_for_tone(900.0, SOON);
        phone.headset.start_ringing();
        ringer.wait_for_sound(SOON);
        headset.wait_for_tone(900.0, SOON);
    });
}

#[test]
fn cues_are_at_the_speaker_even_after_the_call() {
    with_server("ringer::cues_are_at_the_speaker_even_after_the_call", |rig| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", "agent_ringer"]);
        let headset = Ear::at("agent_headset.monitor");
        let ringer = Ear::at("agent_ringer.monitor");
        phone.headset.set_in_call(true);
        phone.headset.play(Sound::Digit('5'));
        headset.wait_for_sound(SOON);
        headset.wait_for_silence(SOON);
        phone.headset.set_in_call(false);
        phone.headset.play(Sound::Ended);
        headset.wait_for_sound(SOON);
        headset.wait_for_silence(SOON);
        assert!(ringer.since(0).iter().all(|s| s.abs() < 0.001));
        // Then the speaker is closed.
        rig.wait_for("sink-inputs", "the speaker is closed", str::is_empty);
    });
}
