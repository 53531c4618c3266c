use crate::SOON;
use crate::rig::{Ear, Mouth, Phone, with_rig, with_server};
use omnibar_contract::AudioFault;
use omnibar_softphone::Audio;
use std::time::{Duration, Instant};

#[test]
fn a_call_outlives_the_sound_server() {
    with_server("server::a_call_outlives_the_sound_server", |rig| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", ""]);
        let agent = Mouth::tone("mic_cable", 700.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        phone.wait_until_sent(Some(700.0), SOON);

        rig.kill();
        drop(agent);
        phone.wait_for_view("no sound server", SOON, |view| {
            view.fault == Some(AudioFault::NoSoundServer)
        });
        assert!(phone.view.inputs.is_empty() && phone.view.outputs.is_empty());
        phone.wait_until_sent(None, SOON);
        let begun = Instant::now();
        for _ in 0..50 {
            phone.packets.recv_timeout(SOON).expect("packets keep flowing");
        }
        // 50 packets of 20 ms, at the timer's pace.
        let took = begun.elapsed();
        assert!(took > Duration::from_millis(800), "{took:?}");
        assert!(took < Duration::from_millis(1500), "{took:?}");

        rig.start();
        let _agent = Mouth::tone("mic_cable", 700.0);
        let headset = Ear::at("agent_headset.monitor");
        phone.wait_for_view("the server is back", SOON, |view| view.fault.is_none());
        headset.wait_for_tone(900.0, SOON);
        phone.wait_until_sent(Some(700.0), SOON);
    });
}

#[test]
fn a_call_outlives_a_sound_server_that_hangs() {
    with_server("server::a_call_outlives_a_sound_server_that_hangs", |rig| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", ""]);
        let headset = Ear::at("agent_headset.monitor");
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        headset.wait_for_tone(900.0, SOON);
        rig.freeze(true);
        phone.wait_for_view("no sound server", SOON, |view| {
            view.fault == Some(AudioFault::NoSoundServer)
        });
        while phone.packets.try_recv().is_ok() {}
        for _ in 0..25 {
            phone.packets.recv_timeout(SOON).expect("packets keep flowing");
        }
        rig.freeze(false);
        phone.wait_for_view("the server is back", SOON, |view| view.fault.is_none());
        headset.wait_for_tone(900.0, SOON);
    });
}

#[test]
fn without_a_sound_server_everything_else_works() {
    with_rig("server::without_a_sound_server_everything_else_works", |rig| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", ""]);
        phone.wait_for_view("no sound server", SOON, |view| {
            view.fault == Some(AudioFault::NoSoundServer)
        });
        phone.headset.start_ringing();
        phone.headset.stop_ringing();
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        phone.wait_for_meter("the far side is heard by the meter", SOON, |meter| {
            meter.speaker > 0.5
        });
        phone.wait_until_sent(None, SOON);

        rig.start();
        phone.wait_for_view("the server", SOON, |view| view.fault.is_none());
        Ear::at("agent_headset.monitor").wait_for_tone(900.0, SOON);
    });
}
