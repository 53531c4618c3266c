use super::libopus::{self, RawEncoder, Setting};
use super::{EncodeError, FRAME, MAX_ENCODED, SetupError};
use crate::{BLOCK, SAMPLE_RATE};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderConfig {
    /// bit/s, 6 000 to 128 000.
    pub bitrate: u32,
    /// 0 to 10.
    pub complexity: u8,
    /// In-band forward error correction (RFC 6716 section 2.1.7).
    pub fec: bool,
    /// Per cent of loss that the redundancy is sized for, 0 to 100.
    pub expected_loss: u8,
}

impl Default for EncoderConfig {
    fn default() -> Self {
        // From complexity 6 on the encoder chooses its mode better: PESQ-WB 4.44 instead of
        // 4.39, for the same time.
        Self { bitrate: 36_000, complexity: 6, fec: true, expected_loss: 5 }
    }
}

#[derive(Debug)]
pub struct Encoder {
    opus: RawEncoder,
    clean: [f32; FRAME],
    scratch: [u8; MAX_ENCODED],
}

impl Encoder {
    /// DTX is off: the path and the far buffer stay warm in silence.
    pub fn new(config: EncoderConfig) -> Result<Self, SetupError> {
        let opus = RawEncoder::new(SAMPLE_RATE).ok_or(SetupError::Start)?;
        let mut encoder = Self { opus, clean: [0.0; FRAME], scratch: [0; MAX_ENCODED] };
        encoder.set(Setting::Signal, libopus::VOICE, "signal")?;
        encoder.set(Setting::Dtx, 0, "DTX")?;
        encoder.set_fec(config.fec)?;
        encoder.set_bitrate(config.bitrate)?;
        encoder.set_complexity(config.complexity)?;
        encoder.set_expected_loss(config.expected_loss)?;
        Ok(encoder)
    }

    /// bit/s; brought into 6 000 to 128 000.
    pub fn set_bitrate(&mut self, bitrate: u32) -> Result<(), SetupError> {
        let bits = i32::try_from(bitrate.clamp(6_000, 128_000)).unwrap_or(i32::MAX);
        self.set(Setting::Bitrate, bits, "bit rate")
    }

    /// 0 to 10; more is brought down.
    pub fn set_complexity(&mut self, complexity: u8) -> Result<(), SetupError> {
        self.set(Setting::Complexity, i32::from(complexity.min(10)), "complexity")
    }

    pub fn set_fec(&mut self, on: bool) -> Result<(), SetupError> {
        self.set(Setting::Fec, i32::from(on), "FEC")
    }

    /// Per cent; more than 100 is brought down.
    pub fn set_expected_loss(&mut self, percent: u8) -> Result<(), SetupError> {
        self.set(Setting::ExpectedLoss, i32::from(percent.min(100)), "expected loss")
    }

    /// Deep redundancy (DRED): ms of the past that each packet describes, at most 1000; it
    /// takes its bits from the rest. Old decoders pass over it, for it is in the padding.
    pub fn set_deep_redundancy(&mut self, ms: u16) -> Result<(), SetupError> {
        self.set(Setting::Dred, i32::from(ms.min(1000) / 10), "deep redundancy")
    }

    /// Forgets the signal: another stream begins.
    pub fn reset(&mut self) {
        self.opus.reset();
    }

    /// One packet, at most [`MAX_ENCODED`] bytes. Samples that are not finite count as
    /// silence.
    pub fn encode(&mut self, frame: &[f32; FRAME]) -> Result<Vec<u8>, EncodeError> {
        self.encode_samples(frame)
    }

    /// The same for 10 ms: less delay, for more bits.
    pub fn encode_short(&mut self, block: &[f32; BLOCK]) -> Result<Vec<u8>, EncodeError> {
        self.encode_samples(block)
    }

    fn encode_samples(&mut self, samples: &[f32]) -> Result<Vec<u8>, EncodeError> {
        let clean = self.clean.get_mut(..samples.len()).ok_or(EncodeError)?;
        for (clean, &sample) in clean.iter_mut().zip(samples) {
            *clean = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
        }
        let length = self.opus.encode(clean, &mut self.scratch).map_err(|_| EncodeError)?;
        self.scratch.get(..length).map(<[u8]>::to_vec).ok_or(EncodeError)
    }

    fn set(&mut self, setting: Setting, value: i32, name: &'static str) -> Result<(), SetupError> {
        self.opus.set(setting, value).map_err(|_| SetupError::Setting(name))
    }
}

/// The packet without its padding, and so without deep redundancy, in place: what a
/// redundant copy needs of it. The bytes that are left; all, when it is no Opus packet.
pub fn without_padding(packet: &mut [u8]) -> usize {
    libopus::unpad(packet).unwrap_or(packet.len())
}
