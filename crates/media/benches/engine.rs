//! What voice costs: µs for each 10 ms block, the median and the worst of ten thousand.
//! `cargo bench -p omnibar-media --bench engine`

use omnibar_media::sim::{Jitter, Loss, Network, NetworkConfig, Speech};
use omnibar_media::{BLOCK, DtmfDetector, Engine, EngineConfig, Micros, Mixer, Packet, PacketSink};
use std::time::{Duration, Instant};

const BLOCKS: usize = 10_000;

#[derive(Default)]
struct Out(Vec<Packet>);

impl PacketSink for Out {
    fn send(&mut self, packet: Packet) {
        self.0.push(packet);
    }
}

fn main() -> Result<(), omnibar_media::codec::SetupError> {
    let mut talker = Speech::new(1, 140.0);
    let voice: Vec<[f32; BLOCK]> = (0..BLOCKS)
        .map(|_| {
            let mut block = [0.0; BLOCK];
            talker.fill(&mut block);
            block
        })
        .collect();

    let mut sender = Engine::new(EngineConfig { seed: 1, ..EngineConfig::default() })?;
    sender.set_microphone(true);
    let mut out = Out::default();
    report(
        "capture and encode",
        &time(&voice, |block| {
            // Only running out of memory could make this fail.
            let _ = sender.capture(block, &mut out);
        }),
    );

    let clean = NetworkConfig::default();
    play("playout, clean path", clean, &out.0)?;
    let rough =
        NetworkConfig { jitter: Jitter::Uniform(60_000), loss: Loss::Random(0.05), ..clean };
    play("playout, 60 ms jitter and 5 % loss", rough, &out.0)?;

    let mut mixer = Mixer::new();
    let mut heard = [[0.0; BLOCK]; 3];
    report(
        "mix of three, each without himself",
        &time(&voice, |block| {
            mixer.mix_minus(&[*block, *block, *block], &mut heard);
        }),
    );
    let mut detector = DtmfDetector::new();
    report(
        "DTMF detector",
        &time(&voice, |block| {
            std::hint::black_box(detector.detect(block));
        }),
    );
    Ok(())
}

fn play(
    name: &str,
    network: NetworkConfig,
    packets: &[Packet],
) -> Result<(), omnibar_media::codec::SetupError> {
    let mut engine = Engine::new(EngineConfig::default())?;
    let mut network = Network::new(network, 7);
    let mut times = Vec::with_capacity(BLOCKS);
    let mut out = [0.0; BLOCK];
    for block in 0..BLOCKS {
        let now = Micros(block as u64 * 10_000);
        if block % 2 == 0
            && let Some(packet) = packets.get(block / 2)
        {
            network.send(now, packet.clone());
        }
        let arrived: Vec<_> = std::iter::from_fn(|| network.poll(now)).collect();
        let begin = Instant::now();
        for received in arrived {
            engine.receive(received);
        }
        engine.playout(now, &mut out);
        times.push(begin.elapsed());
    }
    report(name, &times);
    Ok(())
}

fn time(voice: &[[f32; BLOCK]], mut run: impl FnMut(&[f32; BLOCK])) -> Vec<Duration> {
    voice
        .iter()
        .map(|block| {
            let begin = Instant::now();
            run(block);
            begin.elapsed()
        })
        .collect()
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn report(name: &str, times: &[Duration]) {
    let mut micros: Vec<f64> = times.iter().map(|t| t.as_secs_f64() * 1e6).collect();
    micros.sort_by(f64::total_cmp);
    let mean = micros.iter().sum::<f64>() / micros.len().max(1) as f64;
    let at = |share: f64| {
        micros.get(((micros.len() as f64 * share) as usize).min(micros.len() - 1)).copied()
    };
    let (median, high) = (at(0.5).unwrap_or(0.0), at(0.999).unwrap_or(0.0));
    println!("{name:36} mean {mean:7.1}  median {median:7.1}  99.9 % {high:7.1} µs");
}
