//! Changing a device in a call: how long nothing is heard, and that packets never stop.

use crate::SOON;
use crate::rig::{Ear, Mouth, Phone, decode, device, is_tone, sounding, with_server};
use omnibar_contract::AudioIntent;
use omnibar_media::{Decoder, Packet};
use omnibar_softphone::Audio;
use std::time::{Duration, Instant};

/// The product's promise.
const LONGEST_GAP: Duration = Duration::from_millis(300);
/// The machine may be busy with something else at one of them.
const TRIES: usize = 4;

#[test]
fn the_microphone_changes_within_the_gap_and_packets_go_on() {
    with_server("switching::the_microphone_changes_within_the_gap_and_packets_go_on", |_| {
        let mut phone = Phone::start(["agent_mic", "", ""]);
        let _first = Mouth::tone("mic_cable", 500.0);
        let _second = Mouth::tone("second_cable", 800.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        phone.wait_until_sent(Some(500.0), SOON);
        let mut sent = Sent::default();
        let mut gaps = Vec::new();
        for i in 0..TRIES {
            let (id, from, to) = [("second_mic", 500.0, 800.0), ("agent_mic", 800.0, 500.0)][i % 2];
            let choice = device(id);
            phone.headset.ask(AudioIntent::ChooseMicrophone { choice });
            gaps.push(sent.until(&phone, from, to));
        }
        println!("gaps in what is sent: {gaps:?}; longest pause between packets {:?}", sent.pause);
        assert!(gaps.iter().any(|gap| *gap <= LONGEST_GAP), "{gaps:?}");
        assert!(sent.pause <= LONGEST_GAP, "{:?}", sent.pause);
    });
}

#[test]
fn the_speaker_changes_within_the_gap_and_packets_go_on() {
    with_server("switching::the_speaker_changes_within_the_gap_and_packets_go_on", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", ""]);
        let ears = [Ear::at("agent_headset.monitor"), Ear::at("agent_speaker.monitor")];
        let agent = Mouth::tone("mic_cable", 500.0);
        phone.headset.set_microphone(true);
        phone.headset.set_in_call(true);
        let _customer = phone.far_side(900.0);
        ears[0].wait_for_tone(900.0, SOON);
        phone.wait_until_sent(Some(500.0), SOON);
        let mut gaps = Vec::new();
        for i in 0..TRIES {
            let (old, new) = (&ears[i % 2], &ears[(i + 1) % 2]);
            new.listen_for_click();
            let choice = device(["agent_speaker", "agent_headset"][i % 2]);
            phone.headset.ask(AudioIntent::ChooseSpeaker { choice });
            let begun = new.click(SOON);
            new.wait_for_tone(900.0, SOON);
            let ended = old.loud().expect("the tone that was there");
            gaps.push(begun.saturating_duration_since(ended));
        }
        let mut sent = Sent::default();
        drop(agent);
        phone.wait_until_sent(None, SOON);
        while let Ok(packet) = phone.packets.try_recv() {
            sent.follow(&packet);
        }
        println!("gaps in what is heard: {gaps:?}");
        assert!(gaps.iter().any(|gap| *gap <= LONGEST_GAP), "{gaps:?}");
    });
}

#[test]
fn the_ringer_changes_while_it_rings() {
    with_server("switching::the_ringer_changes_while_it_rings", |_| {
        let mut phone = Phone::start(["agent_mic", "agent_headset", "agent_ringer"]);
        let ringer = Ear::at("agent_ringer.monitor");
        let speaker = Ear::at("agent_speaker.monitor");
        phone.headset.start_ringing();
        ringer.wait_for_sound(SOON);
        phone.headset.ask(AudioIntent::ChooseRinger { choice: device("agent_speaker") });
        speaker.wait_for_sound(SOON);
        ringer.wait_for_silence(SOON);
        phone.wait_for_view("the other ringer", SOON, |view| {
            view.ringer.using.as_deref() == Some("Agent-Speaker")
        });
    });
}

/// What is sent, in order and without a hole.
#[derive(Default)]
struct Sent {
    last: Option<(u16, Instant)>,
    pause: Duration,
}

impl Sent {
    /// Checks that the packet is the one after the last.
    fn follow(&mut self, packet: &Packet) {
        let now = Instant::now();
        if let Some((sequence, at)) = self.last.replace((packet.sequence, now)) {
            assert_eq!(packet.sequence, sequence.wrapping_add(1), "a packet is missing");
            self.pause = self.pause.max(now - at);
        }
    }

    /// Follows until what is sent is the tone `to`; how much sound of neither tone there
    /// was since the last of `from`.
    fn until(&mut self, phone: &Phone, from: f32, to: f32) -> Duration {
        let deadline = Instant::now() + SOON;
        let mut decoder = Decoder::new().unwrap();
        let mut samples: Vec<f32> = Vec::new();
        let mut gap = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let packet = phone.packets.recv_timeout(left).expect("packets never stop");
            self.follow(&packet);
            let sound = decode(&mut decoder, &packet);
            gap += sound.len();
            if strength(&sound, from) > 0.2 {
                gap = 0;
            }
            let arrived = strength(&sound, to) > 0.2;
            samples.extend(sound);
            if arrived {
                // The new one has been there for the whole of this packet.
                let last = gap.saturating_sub(960);
                let tone = self.settle(phone, &mut decoder, &mut samples, to, deadline);
                assert!(tone, "not {to} Hz");
                return Duration::from_micros(last as u64 * 1000 / 48);
            }
        }
    }

    fn settle(
        &mut self,
        phone: &Phone,
        decoder: &mut Decoder,
        samples: &mut Vec<f32>,
        hz: f32,
        deadline: Instant,
    ) -> bool {
        while !is_tone(sounding(samples), hz) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(packet) = phone.packets.recv_timeout(left) else { return false };
            self.follow(&packet);
            samples.extend(decode(decoder, &packet));
        }
        true
    }
}

/// Amplitude of that frequency.
fn strength(samples: &[f32], hz: f32) -> f32 {
    let step = std::f32::consts::TAU * hz / 48_000.0;
    let (sin, cos) = samples.iter().enumerate().fold((0.0, 0.0), |(sin, cos), (i, sample)| {
        let (a, b) = (step * i as f32).sin_cos();
        (sin + sample * a, cos + sample * b)
    });
    2.0 * f32::hypot(sin, cos) / samples.len().max(1) as f32
}
