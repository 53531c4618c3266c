use crate::SOON;
use crate::rig::{Ear, Mouth, Phone, with_server};
use omnibar_softphone::Audio;
use std::time::{Duration, Instant};

#[test]
fn the_agent_is_heard() {
    with_server("voice::the_agent_is_heard", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", "agent_ringer"]);
        let _agent = Mouth::tone("mic_cable", 700.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        phone.wait_until_sent(Some(700.0), SOON);
    });
}

#[test]
fn the_agent_hears() {
    with_server("voice::the_agent_hears", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", "agent_ringer"]);
        let headset = Ear::at("agent_headset.monitor");
        let speaker = Ear::at("agent_speaker.monitor");
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        headset.wait_for_tone(900.0, SOON);
        let meter = phone.wait_for_meter("a level and a quality", SOON, |meter| {
            meter.speaker > 0.5 && meter.quality.is_some_and(|quality| quality.mos > 3.5)
        });
        assert_eq!(meter.quality.and_then(|quality| quality.problem), None);
        // Only on the chosen device.
        assert!(speaker.since(0).iter().all(|s| s.abs() < 0.001));
    });
}

#[test]
fn a_closed_microphone_sends_silence_and_opens_again() {
    with_server("voice::a_closed_microphone_sends_silence_and_opens_again", |_| {
        let mut phone = Phone::start(["agent_mic", "", ""]);
        let _agent = Mouth::tone("mic_cable", 500.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        phone.wait_until_sent(Some(500.0), SOON);
        phone.headset.set_microphone(false);
        phone.wait_until_sent(None, SOON);
        phone.headset.set_microphone(true);
        phone.wait_until_sent(Some(500.0), SOON);
    });
}

#[test]
fn the_microphone_can_be_changed_in_a_call() {
    with_server("voice::the_microphone_can_be_changed_in_a_call", |_| {
        let mut phone = Phone::start(["agent_mic", "", ""]);
        let _first = Mouth::tone("mic_cable", 500.0);
        let _second = Mouth::tone("second_cable", 800.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        phone.wait_until_sent(Some(500.0), SOON);
        let choice = crate::rig::device("second_mic");
        phone.headset.ask(omnibar_contract::AudioIntent::ChooseMicrophone { choice });
        phone.wait_until_sent(Some(800.0), SOON);
        phone.wait_for_view("the second microphone", SOON, |view| {
            view.microphone.using.as_deref() == Some("Second-Microphone")
        });
        assert!(!phone.view.microphone.fallback);
    });
}

#[test]
fn devices_of_44100_hz_are_converted_both_ways() {
    with_server("voice::devices_of_44100_hz_are_converted_both_ways", |rig| {
        rig.plug_sink("old_speaker", "Old-Speaker", 44_100);
        rig.plug_source("old_mic", "Old-Microphone", "mic_cable.monitor", 44_100);
        let mut phone = Phone::start(["old_mic", "old_speaker", ""]);
        let _agent = Mouth::tone("mic_cable", 700.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        phone.wait_until_sent(Some(700.0), SOON);
        // An ear of 48 kHz at an idle sink would turn the sink to 48 kHz.
        rig.wait_for("sink-inputs", "our stream", |streams| streams.contains("\"Omnibar\""));
        Ear::at("old_speaker.monitor").wait_for_tone(900.0, SOON);
        // The streams run at the devices' own rate: the conversion is ours.
        for list in ["sink-inputs", "source-outputs"] {
            let streams = rig.pactl(&["list", list]);
            let ours = streams.split("\n\n").find(|stream| stream.contains("\"Omnibar\""));
            let ours = ours.unwrap_or_else(|| panic!("no stream of ours in {streams}"));
            assert!(ours.contains("float32le 1ch 44100Hz"), "{ours}");
        }
    });
}

/// Microphone to packet to speaker, with the sound server on both sides. The figure is
/// printed; what is asserted is only that nothing piles up.
#[test]
fn the_way_through_is_short() {
    with_server("voice::the_way_through_is_short", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", ""]);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        // 5 ms of 1 kHz, twice a second.
        let _agent = Mouth::play("mic_cable", |at| {
            let in_click = at % 24_000 < 240;
            let turns = (at % 48) as f32 / 48.0;
            if in_click { (turns * std::f32::consts::TAU).sin() * 0.8 } else { 0.0 }
        });
        let counters = phone.headset.counters();
        let _phone = phone.echo();
        let before = Ear::at("mic_cable.monitor");
        let after = Ear::at("agent_headset.monitor");
        after.wait_for_sound(SOON);
        let mut trips: Vec<Duration> = Vec::new();
        let deadline = Instant::now() + SOON;
        while trips.len() < 9 && Instant::now() < deadline {
            before.listen_for_click();
            let spoken = before.click(SOON);
            after.listen_for_click();
            trips.push(after.click(SOON).duration_since(spoken));
            // The click's own end must not be taken for the next.
            before.wait_for_silence(SOON);
            after.wait_for_silence(SOON);
        }
        trips.sort();
        let median = trips[trips.len() / 2];
        println!(
            "microphone to speaker through the encoder and the jitter buffer: median {median:?}, \
             {trips:?}; underruns {}, dropped {}; in our rings {} + {} µs; \
             {} turns for {} blocks",
            counters.underruns.get(),
            counters.dropped.get(),
            counters.microphone_waited.get() * 1000 / 48 / counters.captured.get(),
            counters.speaker_waited.get() * 1000 / 48 / counters.played.get(),
            counters.media_turns.get(),
            counters.played.get(),
        );
        assert!(median < Duration::from_millis(250), "{median:?}");
    });
}
