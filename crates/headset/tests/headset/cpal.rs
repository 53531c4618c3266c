//! The same headset over cpal, as on the systems where it has no streams of its own
//! (`OMNIBAR_SOUND=cpal`, set by the rig for the tests of this module).

use crate::SOON;
use crate::rig::{Ear, Mouth, Phone, with_server};
use omnibar_softphone::Audio;

#[test]
fn a_call_is_heard_both_ways_and_outlives_its_devices() {
    with_server("cpal::a_call_is_heard_both_ways_and_outlives_its_devices", |rig| {
        let mut phone = Phone::start(["second_mic", "agent_headset", ""]);
        let _default = Mouth::tone("mic_cable", 500.0);
        let _chosen = Mouth::tone("second_cable", 800.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        phone.wait_until_sent(Some(800.0), SOON);
        Ear::at("agent_headset.monitor").wait_for_tone(900.0, SOON);
        let streams = rig.pactl(&["list", "sink-inputs"]);
        assert!(streams.contains("Sink Input") && !streams.contains("\"Omnibar\""), "{streams}");

        rig.unplug("sink_name=agent_headset");
        phone.wait_for_view("the other speaker", SOON, |view| view.speaker.fallback);
        Ear::at("agent_speaker.monitor").wait_for_tone(900.0, SOON);
        rig.unplug("source_name=second_mic");
        phone.wait_for_view("the other microphone", SOON, |view| view.microphone.fallback);
        phone.wait_until_sent(Some(500.0), SOON);

        rig.plug_headset();
        phone.wait_for_view("the chosen speaker", SOON, |view| !view.speaker.fallback);
        Ear::at("agent_headset.monitor").wait_for_tone(900.0, SOON);
    });
}

#[test]
fn rings_on_the_ringer_only() {
    with_server("cpal::rings_on_the_ringer_only", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", "agent_ringer"]);
        let ringer = Ear::at("agent_ringer.monitor");
        phone.headset.start_ringing();
        ringer.wait_for_sound(SOON);
        phone.headset.stop_ringing();
        ringer.wait_for_silence(SOON);
    });
}
