//! What the encoder's complexity costs and gives: µs for each 20 ms of speech, and the
//! decoded speech as WAV for a listening test or PESQ.
//! `cargo bench -p omnibar-media --bench encoder -- SPEECH.wav OUT_DIR` (48 kHz, mono, 16 bit)

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use omnibar_media::codec::{Decoder, EncoderConfig, SpeechDecoder};
use omnibar_media::{Encoder, FRAME, SAMPLE_RATE};
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(speech), Some(out)) = (arguments.next(), arguments.next().map(PathBuf::from)) else {
        println!("encoder: give SPEECH.wav and OUT_DIR");
        return Ok(());
    };
    let mut reader = hound::WavReader::open(speech)?;
    let spec = reader.spec();
    if (spec.channels, spec.sample_rate, spec.bits_per_sample) != (1, SAMPLE_RATE, 16) {
        return Err("the speech must be 48 kHz, mono, 16 bit".into());
    }
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>()?;
    for complexity in 0..=10 {
        let mut encoder = Encoder::new(EncoderConfig { complexity, ..EncoderConfig::default() })?;
        let mut decoder = Decoder::new()?;
        let path = out.join(format!("complexity-{complexity}.wav"));
        let mut writer = hound::WavWriter::create(path, spec)?;
        let (mut spent, mut bytes, mut frames) = (Duration::ZERO, 0, 0_u32);
        for frame in samples.as_chunks::<FRAME>().0 {
            let frame = frame.map(|sample| f32::from(sample) / 32_768.0);
            let began = Instant::now();
            let packet = encoder.encode(&frame)?;
            spent += began.elapsed();
            bytes += packet.len();
            frames += 1;
            let mut heard = [0.0; FRAME];
            decoder.decode(&packet, &mut heard)?;
            for sample in heard {
                writer.write_sample((sample * 32_767.0) as i16)?;
            }
        }
        writer.finalize()?;
        let each = spent.as_secs_f64() * 1e6 / f64::from(frames.max(1));
        let rate = bytes as f64 * 8.0 / (f64::from(frames.max(1)) * 0.02) / 1000.0;
        println!("complexity {complexity:2}: {each:5.0} µs for 20 ms, {rate:.1} kbit/s");
    }
    Ok(())
}
