//! Devices that say of themselves what a Bluetooth headset in its call profile says.

use crate::SOON;
use crate::rig::{Ear, Mouth, Phone, with_server};
use omnibar_softphone::Audio;

#[test]
fn a_headset_in_its_call_profile_is_told_and_works() {
    with_server("bluetooth::a_headset_in_its_call_profile_is_told_and_works", |rig| {
        // In PulseAudio's words, and in PipeWire's.
        let cvsd = "device.description=Hands-Free device.bus=bluetooth \
                    bluetooth.protocol=handsfree_head_unit bluetooth.codec=CVSD";
        rig.plug_source_with("bluez_source.1", cvsd, "mic_cable.monitor", 8_000);
        let msbc = "device.description=Hands-Free device.api=bluez5 api.bluez5.codec=msbc";
        rig.plug_sink_with("bluez_output.1", msbc, 16_000);
        let mut phone = Phone::start(["bluez_source.1", "bluez_output.1", "agent_ringer"]);
        phone.wait_for_view("narrow sound", SOON, |view| {
            view.microphone.narrow == Some(8_000) && view.speaker.narrow == Some(16_000)
        });
        assert_eq!(phone.view.ringer.narrow, None);
        let ear = Ear::at("bluez_output.1.monitor");
        let _agent = Mouth::tone("mic_cable", 700.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        phone.wait_until_sent(Some(700.0), SOON);
        ear.wait_for_tone(900.0, SOON);
    });
}

#[test]
fn going_over_to_music_is_seen() {
    with_server("bluetooth::going_over_to_music_is_seen", |rig| {
        let call = "device.api=bluez5 api.bluez5.profile=headset-head-unit device.description=Set";
        rig.plug_sink_with("bluez_output.1", call, 16_000);
        let mut phone = Phone::start(["agent_mic", "bluez_output.1", "agent_ringer"]);
        phone.headset.set_in_call(true);
        phone.wait_for_view("narrow", SOON, |view| view.speaker.narrow == Some(16_000));
        // Its card's other profile makes it another sink of the same name.
        rig.unplug("sink_name=bluez_output.1");
        let music = "device.api=bluez5 api.bluez5.codec=aac device.description=Set";
        rig.plug_sink_with("bluez_output.1", music, 48_000);
        phone.wait_for_view("wide", SOON, |view| {
            view.speaker.narrow.is_none() && view.speaker.using.as_deref() == Some("Set")
        });
        let _customer = phone.far_side(900.0);
        Ear::at("bluez_output.1.monitor").wait_for_tone(900.0, SOON);
    });
}
