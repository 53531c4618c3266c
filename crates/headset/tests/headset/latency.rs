//! Mouth to ear through two headsets and nothing between them, stage by stage. The
//! figures are printed (docs/latency.md holds them); asserted is only that nothing piles up.

use crate::SOON;
use crate::rig::{Ear, Mouth, Phone, Rig, decode, device, with_server};
use omnibar_contract::Settings;
use omnibar_media::loss::Allowed;
use omnibar_media::{Agreed, Decoder, Micros};
use omnibar_softphone::Audio;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const CLICKS: usize = 21;

#[test]
fn from_mouth_to_ear_in_packets_of_20_ms() {
    with_server("latency::from_mouth_to_ear_in_packets_of_20_ms", |rig| measure(rig, 20));
}

#[test]
fn from_mouth_to_ear_in_packets_of_10_ms() {
    with_server("latency::from_mouth_to_ear_in_packets_of_10_ms", |rig| measure(rig, 10));
}

fn phone(microphone: &str, speaker: &str, packet: u64) -> Phone {
    let (microphone, speaker) = (device(microphone), device(speaker));
    let settings = Settings { microphone, speaker, ..Settings::default() };
    let allowed = Allowed { packet: Micros(packet * 1000), ..Allowed::default() };
    Phone::agreeing(settings, Agreed { allowed, ..Agreed::default() })
}

fn measure(rig: &Rig, packet: u64) {
    println!("real-time: {}", rig.hurry());
    let mut customer = phone("second_mic", "agent_headset", packet);
    customer.headset.set_microphone(true);
    let mut agent = phone("agent_mic", "agent_speaker", packet);
    agent.headset.set_microphone(true);
    agent.headset.set_in_call(true);
    customer.headset.set_in_call(true);
    let spoken = Ear::at("mic_cable.monitor");
    let heard = Ear::at("agent_headset.monitor");
    let counters = agent.headset.counters();
    let far = customer.headset.counters();
    let (tell, sent) = channel();
    let (door, back) = (customer.door(), agent.door());
    let answers = std::mem::replace(&mut customer.packets, channel().1);
    std::thread::spawn(move || answers.into_iter().for_each(|packet| back.give(packet)));
    let packets = std::mem::replace(&mut agent.packets, channel().1);
    std::thread::spawn(move || {
        let mut decoder = Decoder::new().unwrap();
        for packet in packets {
            let at = Instant::now();
            door.give(packet.clone());
            let sound = decode(&mut decoder, &packet);
            if sound.iter().any(|sample| sample.abs() > 0.05)
                && tell.send((at, sound.len())).is_err()
            {
                return;
            }
        }
    });
    // 5 ms of 1 kHz twice a second, at every phase of the blocks on the way.
    let _agent = Mouth::play("mic_cable", |at| {
        let turns = (at % 48) as f32 / 48.0;
        if at % 24_037 < 240 { (turns * std::f32::consts::TAU).sin() * 0.8 } else { 0.0 }
    });
    heard.wait_for_sound(SOON);
    let (mut to_packet, mut to_ear, mut length) = (Vec::new(), Vec::new(), 0);
    let deadline = Instant::now() + 2 * SOON;
    while to_ear.len() < CLICKS && Instant::now() < deadline {
        spoken.listen_for_click();
        let mouth = spoken.click(SOON);
        heard.listen_for_click();
        let ear = heard.click(SOON);
        let Some((at, samples)) = sent.try_iter().find(|(at, _)| *at > mouth) else { continue };
        length = samples / 48;
        to_packet.push(at - mouth);
        to_ear.push(ear - mouth);
        spoken.wait_for_silence(SOON);
        heard.wait_for_silence(SOON);
    }
    to_packet.sort();
    to_ear.sort();
    let meter = customer.wait_for_meter("quality", SOON, |meter| meter.quality.is_some());
    let median = to_ear[to_ear.len() / 2];
    println!(
        "packets of {length} ms; mouth to packet {:?} (all {to_packet:?}); \
         mouth to ear {median:?} (all {to_ear:?}); \
         waited in our rings {} + {} µs; jitter buffer {:?} ms; underruns {}, starved {}",
        to_packet[to_packet.len() / 2],
        counters.microphone_waited.get() * 1000 / 48 / counters.captured.get(),
        far.speaker_waited.get() * 1000 / 48 / far.played.get(),
        meter.quality.map(|quality| quality.delay),
        far.underruns.get(),
        far.starved.get(),
    );
    assert!(median < Duration::from_millis(250), "{median:?}");
}
