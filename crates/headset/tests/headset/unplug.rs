use crate::SOON;
use crate::rig::{Ear, Mouth, Phone, device, with_server};
use omnibar_contract::AudioFault;
use omnibar_softphone::Audio;
use std::time::{Duration, Instant};

/// The product's promise.
const FALLS_BACK_WITHIN: Duration = Duration::from_millis(500);

/// The machine may be busy with something else at one of them.
const TRIES: usize = 3;

/// Measured from before `pactl` is started until the view says so.
fn in_time(took: &[Duration]) {
    println!("said after {took:?}");
    assert!(took.iter().any(|&took| took < FALLS_BACK_WITHIN), "{took:?}");
}

fn lost(name: &str, using: &str) -> Option<AudioFault> {
    Some(AudioFault::DeviceLost { name: name.into(), using: Some(using.into()) })
}

#[test]
fn an_unplugged_speaker_falls_back_and_comes_back() {
    with_server("unplug::an_unplugged_speaker_falls_back_and_comes_back", |rig| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", ""]);
        let headset = Ear::at("agent_headset.monitor");
        let speaker = Ear::at("agent_speaker.monitor");
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        headset.wait_for_tone(900.0, SOON);
        drop(headset);
        phone.catch_up();
        assert_eq!(phone.view.fault, None);

        let mut took = Vec::new();
        for _ in 0..TRIES {
            let unplugged = Instant::now();
            rig.unplug("sink_name=agent_headset");
            phone.wait_for_view("the fallback", SOON, |view| view.speaker.fallback);
            took.push(unplugged.elapsed());
            assert_eq!(phone.view.fault, lost("Agent-Headset", "Agent-Speaker"));
            assert_eq!(phone.view.speaker.choice, device("agent_headset"));
            speaker.wait_for_tone(900.0, SOON);

            rig.plug_headset();
            phone.wait_for_view("the choice", SOON, |view| !view.speaker.fallback);
            assert_eq!(phone.view.fault, None);
        }
        Ear::at("agent_headset.monitor").wait_for_tone(900.0, SOON);
        speaker.wait_for_silence(SOON);
        in_time(&took);
    });
}

#[test]
fn an_unplugged_microphone_falls_back_and_comes_back() {
    with_server("unplug::an_unplugged_microphone_falls_back_and_comes_back", |rig| {
        let mut phone = Phone::start(["second_mic", "", ""]);
        let _default = Mouth::tone("mic_cable", 500.0);
        let _chosen = Mouth::tone("second_cable", 800.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        phone.wait_until_sent(Some(800.0), SOON);

        let mut took = Vec::new();
        for _ in 0..TRIES {
            let unplugged = Instant::now();
            rig.unplug("source_name=second_mic");
            phone.wait_for_view("the fallback", SOON, |view| view.microphone.fallback);
            took.push(unplugged.elapsed());
            assert_eq!(phone.view.fault, lost("Second-Microphone", "Agent-Microphone"));
            phone.wait_until_sent(Some(500.0), SOON);

            rig.plug_source("second_mic", "Second-Microphone", "second_cable.monitor", 48_000);
            phone.wait_for_view("the choice", SOON, |view| !view.microphone.fallback);
            phone.wait_until_sent(Some(800.0), SOON);
            assert_eq!(phone.view.fault, None);
        }
        in_time(&took);
    });
}

#[test]
fn the_system_default_is_followed() {
    with_server("unplug::the_system_default_is_followed", |rig| {
        let mut phone = Phone::start(["", "", ""]);
        let headset = Ear::at("agent_headset.monitor");
        let speaker = Ear::at("agent_speaker.monitor");
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        speaker.wait_for_tone(900.0, SOON);
        rig.pactl(&["set-default-sink", "agent_headset"]);
        headset.wait_for_tone(900.0, SOON);
        phone.wait_for_view("the new default", SOON, |view| {
            view.speaker.using.as_deref() == Some("Agent-Headset")
        });
        assert_eq!(phone.view.fault, None);
        assert!(phone.view.outputs.iter().any(|o| o.is_default && o.name == "Agent-Headset"));

        rig.unplug("sink_name=agent_headset");
        let is_lost = |fault: &Option<AudioFault>| matches!(fault, Some(AudioFault::DeviceLost { name, .. }) if name == "Agent-Headset");
        phone.wait_for_view("that the default was lost", SOON, |view| is_lost(&view.fault));
        assert!(!phone.view.speaker.fallback);
    });
}

#[test]
fn a_device_that_goes_and_comes_at_once_is_opened_anew() {
    with_server("unplug::a_device_that_goes_and_comes_at_once_is_opened_anew", |rig| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", ""]);
        let headset = Ear::at("agent_headset.monitor");
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        headset.wait_for_tone(900.0, SOON);
        drop(headset);
        rig.unplug("sink_name=agent_headset");
        rig.plug_headset();
        Ear::at("agent_headset.monitor").wait_for_tone(900.0, SOON);
        phone.wait_for_view("the choice", SOON, |view| !view.speaker.fallback);
    });
}

#[test]
fn without_any_device_the_call_stays_up() {
    with_server("unplug::without_any_device_the_call_stays_up", |rig| {
        let mut phone = Phone::start(["", "", ""]);
        phone.headset.set_in_call(true);
        phone.packets.recv_timeout(SOON).expect("packets");
        for source in ["agent_mic", "second_mic"] {
            rig.unplug(&format!("source_name={source}"));
        }
        phone.wait_for_view("no microphone", SOON, |view| {
            view.fault == Some(AudioFault::NoMicrophone)
        });
        assert_eq!(phone.view.microphone.using, None);
        rig.plug_source("agent_mic", "Agent-Microphone", "mic_cable.monitor", 48_000);
        for sink in ["agent_speaker", "agent_headset", "agent_ringer", "second_cable"] {
            rig.unplug(&format!("sink_name={sink}"));
        }
        phone.wait_for_view("a microphone and a speaker", SOON, |view| {
            view.fault != Some(AudioFault::NoMicrophone)
        });
        rig.unplug("sink_name=mic_cable");
        phone.wait_for_view("no device at all", SOON, |view| {
            view.fault == Some(AudioFault::NoMicrophone) && view.speaker.using.is_none()
        });
        while phone.packets.try_recv().is_ok() {}
        for _ in 0..25 {
            phone.packets.recv_timeout(SOON).expect("packets keep flowing");
        }
    });
}
