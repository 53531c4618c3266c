//! G.722 and G.711 between 48 kHz and packets: what telephone networks speak that know no Opus.

use super::g711::Law;
use super::repetition::Repetition;
use super::resample::{Decimator, Interpolator};
use super::{Codec, DecodeError, FRAME, LONGEST, SpeechDecoder, g722};
use crate::SAMPLE_RATE;

/// 48 kHz samples that a byte stands for: all of these have 64 kbit/s.
const PER_BYTE: usize = 6;
/// Bytes: 2.5 ms.
const LEAST: usize = 20;
/// Samples of the codec's rate in the longest packet.
const MOST_NARROW: usize = LONGEST / 3;

/// One direction of one of these codecs.
#[derive(Clone, Debug)]
enum Coder<Wide> {
    /// 16 kHz, two samples a byte.
    Wide(Wide),
    /// 8 kHz.
    Narrow(Law),
}

impl<Wide> Coder<Wide> {
    /// `None`: Opus.
    fn new(codec: Codec, wide: impl FnOnce() -> Wide) -> Option<Self> {
        match codec {
            Codec::Opus => None,
            Codec::G722 => Some(Self::Wide(wide())),
            Codec::Pcmu => Some(Self::Narrow(Law::Mu)),
            Codec::Pcma => Some(Self::Narrow(Law::A)),
        }
    }

    /// 48 kHz samples to one of the codec's.
    fn factor(&self) -> usize {
        match self {
            Self::Wide(_) => 3,
            Self::Narrow(_) => 6,
        }
    }
}

#[derive(Clone, Debug)]
pub struct WaveformEncoder {
    coder: Coder<g722::Encoder>,
    down: Decimator,
}

impl WaveformEncoder {
    /// `None` for Opus, which has an encoder of its own.
    #[must_use]
    pub fn new(codec: Codec) -> Option<Self> {
        let coder = Coder::new(codec, g722::Encoder::new)?;
        let down = Decimator::new(coder.factor());
        Some(Self { coder, down })
    }

    /// One packet of 160 bytes. Samples that are not finite count as silence.
    pub fn encode(&mut self, frame: &[f32; FRAME]) -> Vec<u8> {
        let clean = frame.map(|sample| if sample.is_finite() { sample } else { 0.0 });
        let mut narrow = [0.0; FRAME / 3];
        let narrow = &mut narrow[..FRAME / self.coder.factor()];
        self.down.convert(&clean, narrow);
        let samples = narrow.iter().map(|sample| to_16_bits(*sample));
        match &mut self.coder {
            Coder::Narrow(law) => samples.map(|sample| law.encode(sample)).collect(),
            Coder::Wide(wide) => {
                let mut samples = samples;
                std::iter::from_fn(|| Some([samples.next()?, samples.next()?]))
                    .map(|pair| wide.encode(pair))
                    .collect()
            }
        }
    }
}

#[derive(Debug)]
pub struct WaveformDecoder {
    coder: Coder<g722::Decoder>,
    repetition: Repetition,
    up: Interpolator,
    narrow: Box<[f32]>,
}

impl WaveformDecoder {
    /// `None` for Opus, which has a decoder of its own.
    #[must_use]
    pub fn new(codec: Codec) -> Option<Self> {
        let coder = Coder::new(codec, g722::Decoder::new)?;
        let factor = coder.factor();
        let repetition = Repetition::new(SAMPLE_RATE as usize / factor);
        let narrow = vec![0.0; MOST_NARROW].into_boxed_slice();
        Some(Self { coder, repetition, up: Interpolator::new(factor), narrow })
    }
}

impl SpeechDecoder for WaveformDecoder {
    fn duration(&self, payload: &[u8]) -> Result<usize, DecodeError> {
        let samples = payload.len() * PER_BYTE;
        let usable = payload.len() >= LEAST && samples <= LONGEST;
        usable.then_some(samples).ok_or(DecodeError::Corrupt)
    }

    fn decode(&mut self, payload: &[u8], out: &mut [f32]) -> Result<usize, DecodeError> {
        let samples = self.duration(payload)?;
        let out = out.get_mut(..samples).ok_or(DecodeError::Length)?;
        let narrow = &mut self.narrow[..samples / self.coder.factor()];
        match &mut self.coder {
            Coder::Narrow(law) => {
                for (sample, code) in narrow.iter_mut().zip(payload) {
                    *sample = from_16_bits(law.decode(*code));
                }
            }
            Coder::Wide(wide) => {
                for (pair, code) in narrow.as_chunks_mut::<2>().0.iter_mut().zip(payload) {
                    *pair = wide.decode(*code).map(from_16_bits);
                }
            }
        }
        self.repetition.heard(narrow);
        self.up.convert(narrow, out);
        Ok(samples)
    }

    fn has_redundancy(&self, _: &[u8]) -> bool {
        false
    }

    fn recover(&mut self, _: &[u8], _: &mut [f32]) -> Result<(), DecodeError> {
        Err(DecodeError::Corrupt)
    }

    fn conceal(&mut self, out: &mut [f32]) -> Result<(), DecodeError> {
        if out.is_empty() || !out.len().is_multiple_of(120) || out.len() > LONGEST {
            return Err(DecodeError::Length);
        }
        let narrow = &mut self.narrow[..out.len() / self.coder.factor()];
        self.repetition.guess(narrow);
        self.up.convert(narrow, out);
        Ok(())
    }

    fn reset(&mut self) {
        if let Coder::Wide(wide) = &mut self.coder {
            *wide = g722::Decoder::new();
        }
        self.repetition.reset();
        self.up.reset();
    }
}

fn to_16_bits(sample: f32) -> i16 {
    (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

fn from_16_bits(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BLOCK;
    use crate::sim::{Random, Speech};

    const OTHERS: [Codec; 3] = [Codec::G722, Codec::Pcmu, Codec::Pcma];

    fn speech(frames: usize) -> Vec<[f32; FRAME]> {
        let mut talker = Speech::new(4, 120.0);
        let mut all = vec![[0.0; FRAME]; frames];
        for frame in &mut all {
            for half in frame.as_chunks_mut::<BLOCK>().0 {
                talker.fill(half);
            }
        }
        all
    }

    fn packets(codec: Codec, frames: &[[f32; FRAME]]) -> Vec<Vec<u8>> {
        let mut encoder = WaveformEncoder::new(codec).unwrap();
        frames.iter().map(|frame| encoder.encode(frame)).collect()
    }

    fn decoded(codec: Codec, packets: &[Vec<u8>], lost: impl Fn(usize) -> bool) -> Vec<f32> {
        let mut decoder = WaveformDecoder::new(codec).unwrap();
        let mut heard = vec![];
        for (n, packet) in packets.iter().enumerate() {
            let mut out = [0.0; FRAME];
            if lost(n) {
                for part in out.as_chunks_mut::<120>().0 {
                    decoder.conceal(part).unwrap();
                }
            } else {
                assert_eq!(decoder.decode(packet, &mut out), Ok(FRAME));
            }
            heard.extend(out);
        }
        heard
    }

    /// dB of `heard` over its difference from `said`.
    fn likeness(said: &[f32], heard: &[f32]) -> f32 {
        let power = |samples: &mut dyn Iterator<Item = f32>| samples.map(|s| s * s).sum::<f32>();
        let signal = power(&mut said.iter().copied());
        let noise = power(&mut said.iter().zip(heard).map(|(a, b)| a - b));
        10.0 * (signal / noise.max(1e-9)).log10()
    }

    #[test]
    fn a_packet_is_160_bytes_and_20_ms() {
        for codec in OTHERS {
            let decoder = WaveformDecoder::new(codec).unwrap();
            for packet in packets(codec, &speech(5)) {
                assert_eq!((packet.len(), decoder.duration(&packet)), (160, Ok(FRAME)));
            }
        }
        assert!(WaveformEncoder::new(Codec::Opus).is_none());
        assert!(WaveformDecoder::new(Codec::Opus).is_none());
    }

    #[test]
    fn a_tone_comes_through_at_its_level_and_clean() {
        // Samples of delay: both resamplers, and the filters of G.722 (22 of 16 kHz).
        for (codec, delay, least) in
            [(Codec::G722, 126 + 66, 38.0), (Codec::Pcmu, 252, 34.0), (Codec::Pcma, 252, 34.0)]
        {
            let at = |n: usize| 0.3 * (std::f32::consts::TAU * 1_020.0 * n as f32 / 48_000.0).sin();
            let said: Vec<f32> = (0..100 * FRAME).map(at).collect();
            let heard = decoded(codec, &packets(codec, said.as_chunks::<FRAME>().0), |_| false);
            let found = likeness(&said[4_800..90_000], &heard[4_800 + delay..]);
            assert!(found > least, "{codec:?}: {found} dB");
        }
    }

    #[test]
    fn a_guess_is_better_than_a_hole() {
        for codec in OTHERS {
            let packets = packets(codec, &speech(400));
            let whole = decoded(codec, &packets, |_| false);
            let lost = |n: usize| n % 10 == 7;
            let guessed = decoded(codec, &packets, lost);
            // The decoder misses the packets here too.
            let mut holes = guessed.clone();
            for (n, frame) in holes.as_chunks_mut::<FRAME>().0.iter_mut().enumerate() {
                if lost(n) {
                    frame.fill(0.0);
                }
            }
            let (ours, theirs) = (likeness(&whole, &guessed), likeness(&whole, &holes));
            assert!(ours > theirs + 0.5, "{codec:?}: {ours} dB, holes {theirs} dB");
            let rough = |samples: &[f32]| {
                samples.windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max)
            };
            assert!(rough(&guessed) < 2.0 * rough(&whole), "{codec:?}: a click");
        }
    }

    #[test]
    fn any_bytes_decode_within_full_scale_or_are_refused() {
        let mut random = Random::new(7);
        for codec in OTHERS {
            let mut decoder = WaveformDecoder::new(codec).unwrap();
            let mut out = vec![0.0; LONGEST];
            for length in (0..1_500).step_by(7) {
                let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
                let decoded = decoder.decode(&bytes, &mut out);
                assert_eq!(decoded.is_ok(), (LEAST..=LONGEST / PER_BYTE).contains(&length));
                assert!(decoder.conceal(&mut out[..480]).is_ok());
                assert!(out.iter().all(|sample| sample.is_finite() && sample.abs() < 4.0));
            }
            assert_eq!(decoder.conceal(&mut out[..100]), Err(DecodeError::Length));
            assert_eq!(decoder.decode(&[0; 160], &mut [0.0; 100]), Err(DecodeError::Length));
        }
        let mut encoder = WaveformEncoder::new(Codec::Pcmu).unwrap();
        assert_eq!(encoder.encode(&[f32::NAN; FRAME]), [0xff; 160], "silence");
    }
}
