use crate::SOON;
use crate::rig::{Ear, Phone, with_server};
use omnibar_desk::Sound;
use omnibar_softphone::Audio;
use std::time::Instant;

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
fn accepting_a_call_opens_no_speaker() {
    with_server("ringer::accepting_a_call_opens_no_speaker", |rig| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", "agent_ringer"]);
        let ringer = Ear::at("agent_ringer.monitor");
        let headset = Ear::at("agent_headset.monitor");
        phone.headset.start_ringing();
        ringer.wait_for_sound(SOON);
        // The first column is the stream's number, the second its sink's.
        let sinks = rig.pactl(&["list", "short", "sinks"]);
        let sink = sinks.lines().find(|line| line.contains("agent_headset"));
        let sink = sink.and_then(|line| line.split_whitespace().next()).unwrap().to_owned();
        let speaker = || {
            let streams = rig.pactl(&["list", "short", "sink-inputs"]);
            let columns = streams.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
            let ours = columns.filter(|columns| columns[1] == sink);
            ours.map(|columns| columns[0].to_owned()).collect::<Vec<_>>()
        };
        let warm = speaker();
        assert_eq!(warm.len(), 1, "the speaker is open while it rings");
        let _customer = phone.far_side(900.0);
        headset.listen_for_click();
        let accepted = Instant::now();
        phone.headset.stop_ringing();
        phone.headset.set_in_call(true);
        let took = headset.click(SOON).duration_since(accepted);
        println!("accepted to first sound: {took:?}");
        assert_eq!(speaker(), warm);
        ringer.wait_for_silence(SOON);
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
fn ringback_is_at_the_speaker_until_it_is_ended() {
    with_server("ringer::ringback_is_at_the_speaker_until_it_is_ended", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", "agent_ringer"]);
        let headset = Ear::at("agent_headset.monitor");
        let ringer = Ear::at("agent_ringer.monitor");
        phone.headset.set_in_call(true);
        phone.headset.ring_back(true);
        phone.headset.ring_back(true);
        headset.wait_for_tone(425.0, SOON);
        headset.wait_for_silence(SOON);
        // Its pause is over after four seconds, and it is not ended by it.
        headset.wait_for_tone(425.0, SOON);
        phone.headset.ring_back(false);
        headset.wait_for_silence(SOON);
        let _customer = phone.far_side(900.0);
        headset.wait_for_tone(900.0, SOON);
        assert!(ringer.since(0).iter().all(|s| s.abs() < 0.001));
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
