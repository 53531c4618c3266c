//! What each codec does to speech on its way through two engines, without loss and with: the
//! speech as it is heard, as WAV for PESQ, and what coding and decoding cost.
//! `cargo bench -p omnibar-media --bench codecs -- SPEECH.wav OUT_DIR` (48 kHz, mono, 16 bit)

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use omnibar_media::sim::{Loss, Network, NetworkConfig};
use omnibar_media::{BLOCK, Codec, Engine, EngineConfig, Micros, Packet, PacketSink, SAMPLE_RATE};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Per cent of the packets, at random.
const LOSSES: [u32; 5] = [0, 1, 3, 5, 10];
const SEED: u64 = 11;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(speech), Some(out)) = (arguments.next(), arguments.next().map(PathBuf::from)) else {
        println!("codecs: give SPEECH.wav and OUT_DIR");
        return Ok(());
    };
    let mut reader = hound::WavReader::open(speech)?;
    let spec = reader.spec();
    if (spec.channels, spec.sample_rate, spec.bits_per_sample) != (1, SAMPLE_RATE, 16) {
        return Err("the speech must be 48 kHz, mono, 16 bit".into());
    }
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>()?;
    let said: Vec<f32> = samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    for codec in Codec::ALL {
        for loss in LOSSES {
            let call = Call::new(codec, loss)?;
            let (heard, report) = call.run(&said)?;
            let name = format!("{}-{loss}.wav", codec.name());
            write(&out.join(name), spec, &heard)?;
            println!("{:4} {loss:2} %: {report}", codec.name());
        }
    }
    Ok(())
}

struct Call {
    speaker: Engine,
    listener: Engine,
    network: Network,
}

#[derive(Default)]
struct Out(Vec<Packet>);

impl PacketSink for Out {
    fn send(&mut self, packet: Packet) {
        self.0.push(packet);
    }
}

impl Call {
    fn new(codec: Codec, loss: u32) -> Result<Self, Box<dyn Error>> {
        let mut speaker = Engine::new(EngineConfig { seed: 1, ..EngineConfig::default() })?;
        let mut listener = Engine::new(EngineConfig { seed: 2, ..EngineConfig::default() })?;
        speaker.set_microphone(true);
        speaker.speak(codec);
        listener.speak(codec);
        let loss = Loss::Random(f64::from(loss) / 100.0);
        let network = Network::new(NetworkConfig { loss, ..NetworkConfig::default() }, SEED);
        Ok(Self { speaker, listener, network })
    }

    fn run(mut self, said: &[f32]) -> Result<(Vec<f32>, String), Box<dyn Error>> {
        let mut heard = Vec::with_capacity(said.len());
        let (mut sent, mut spoke, mut listened) = (0, Duration::ZERO, Duration::ZERO);
        let blocks = said.as_chunks::<BLOCK>().0;
        for (block, n) in blocks.iter().zip(0..) {
            let now = Micros(1_000_000 + n * 10_000);
            let mut out = Out::default();
            let began = Instant::now();
            self.speaker.capture(block, &mut out)?;
            spoke += began.elapsed();
            for packet in out.0 {
                sent += packet.payload.len();
                self.network.send(now, packet);
            }
            let began = Instant::now();
            while let Some(received) = self.network.poll(now) {
                self.listener.receive(received);
            }
            let mut block = [0.0; BLOCK];
            self.listener.playout(now, &mut block);
            listened += began.elapsed();
            heard.extend(block);
        }
        let each = |spent: Duration| spent.as_secs_f64() * 1e6 / blocks.len().max(1) as f64;
        let rate = sent as f64 * 8.0 / (blocks.len() as f64 * 10.0);
        let report = format!(
            "{rate:.1} kbit/s; for 10 ms {:.0} µs of speaking, {:.0} µs of listening",
            each(spoke),
            each(listened)
        );
        Ok((heard, report))
    }
}

fn write(path: &Path, spec: hound::WavSpec, samples: &[f32]) -> Result<(), hound::Error> {
    let mut writer = hound::WavWriter::create(path, spec)?;
    for sample in samples {
        writer.write_sample((sample.clamp(-1.0, 1.0) * 32_767.0) as i16)?;
    }
    writer.finalize()
}
