//! Opus (RFC 6716) at 48 kHz mono, and the trait by which the jitter buffer knows a
//! decoder.

mod libopus;

use crate::{BLOCK, SAMPLE_RATE};
use libopus::{RawDecoder, RawDeep, RawEncoder, Setting};
use thiserror::Error;

/// Samples in one packet that we send: 20 ms.
pub const FRAME: usize = 960;

/// Samples in the longest Opus packet: 120 ms (RFC 6716 section 3.2.5).
pub const LONGEST: usize = 5760;

/// Bytes; the most that one packet of ours may take, 20 ms at 128 kbit/s and a margin.
pub const MAX_ENCODED: usize = 400;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SetupError {
    #[error("the Opus codec could not be started: out of memory")]
    Start,
    #[error("the Opus codec refused a setting: {0}")]
    Setting(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the Opus encoder failed")]
pub struct EncodeError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    #[error("the packet is not valid")]
    Corrupt,
    #[error("the buffer has no room or a length that the codec cannot fill")]
    Length,
}

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

/// What the jitter buffer needs of a codec. Lengths are samples at 48 kHz mono.
/// Every call continues the signal of the call before.
pub trait SpeechDecoder: Send + std::fmt::Debug {
    /// Samples in this packet, at most [`LONGEST`].
    fn duration(&self, payload: &[u8]) -> Result<usize, DecodeError>;
    /// Returns the samples written at the front of `out`.
    fn decode(&mut self, payload: &[u8], out: &mut [f32]) -> Result<usize, DecodeError>;
    /// Whether [`recover`](Self::recover) can rebuild what came before this packet.
    fn has_redundancy(&self, payload: &[u8]) -> bool;
    /// Fills `out` with what the packet before `next` held.
    fn recover(&mut self, next: &[u8], out: &mut [f32]) -> Result<(), DecodeError>;
    /// Fills `out`, a multiple of 120 samples, with a guess.
    fn conceal(&mut self, out: &mut [f32]) -> Result<(), DecodeError>;
    /// Samples before `later` that its deep redundancy describes, from the farthest to the
    /// nearest, both 0: none. Asked before [`rebuild`](Self::rebuild), for the same packet.
    fn depth(&mut self, later: &[u8]) -> (usize, usize) {
        let _ = later;
        (0, 0)
    }
    /// Fills `out` with what was sent so many samples `before` the packet of the last
    /// [`depth`](Self::depth).
    fn rebuild(&mut self, before: usize, out: &mut [f32]) -> Result<(), DecodeError> {
        let _ = (before, out);
        Err(DecodeError::Corrupt)
    }
    /// Losses are to be expected, or no more: how much may be spent on concealing them.
    fn expect_loss(&mut self, on: bool) {
        let _ = on;
    }
    /// Forgets the signal: another stream begins.
    fn reset(&mut self);
}

#[derive(Debug)]
pub struct Decoder {
    opus: RawDecoder,
    /// Made when the first packet with deep redundancy is needed.
    deep: Option<RawDeep>,
    /// Whether losses are concealed by a neural network.
    neural: bool,
    /// bit/s of what comes, smoothed; `None`: low rates are not enhanced.
    rate: Option<f32>,
    complexity: i32,
}

/// Decoder complexities (`opus_decoder.c`): the neural networks of concealment and of
/// enhancement. They cost 0.2 and 0.8 % of a core, so each runs only where it is heard.
const CLASSIC: i32 = 0;
const NEURAL: i32 = 5;
const ENHANCED: i32 = 7;
/// bit/s below which enhancement is worth it (PESQ-WB +0.1 at 14, +0.05 at 20 kbit/s, none at
/// 32), and above which it ends.
const LOW_RATE: f32 = 23_000.0;
const HIGH_RATE: f32 = 27_000.0;

impl Decoder {
    pub fn new() -> Result<Self, SetupError> {
        Ok(Self { rate: Some(HIGH_RATE), ..Self::plain()? })
    }

    /// For where nobody listens at once, as a recording: without neural networks.
    pub fn plain() -> Result<Self, SetupError> {
        let opus = RawDecoder::new(SAMPLE_RATE).ok_or(SetupError::Start)?;
        Ok(Self { opus, deep: None, neural: false, rate: None, complexity: CLASSIC })
    }

    fn weigh(&mut self, bytes: usize, samples: usize) {
        let Some(rate) = &mut self.rate else { return };
        let bits = bytes as f32 * 8.0 * SAMPLE_RATE as f32 / samples.max(1) as f32;
        // About 4 s of 20 ms packets.
        *rate += (bits - *rate) / 200.0;
        self.adjust();
    }

    fn adjust(&mut self) {
        let enhanced = match self.rate {
            None => false,
            Some(rate) if self.complexity == ENHANCED => rate < HIGH_RATE,
            Some(rate) => rate < LOW_RATE,
        };
        let complexity = match (enhanced, self.neural) {
            (true, _) => ENHANCED,
            (false, true) => NEURAL,
            (false, false) => CLASSIC,
        };
        // A decoder that refuses goes on as it was.
        if complexity != self.complexity && self.opus.set(Setting::Complexity, complexity).is_ok() {
            self.complexity = complexity;
        }
    }
}

impl SpeechDecoder for Decoder {
    fn duration(&self, payload: &[u8]) -> Result<usize, DecodeError> {
        match libopus::samples(payload, SAMPLE_RATE) {
            Ok(samples) if (1..=LONGEST).contains(&samples) => Ok(samples),
            Ok(_) | Err(_) => Err(DecodeError::Corrupt),
        }
    }

    fn decode(&mut self, payload: &[u8], out: &mut [f32]) -> Result<usize, DecodeError> {
        // libopus takes an empty packet for a lost one.
        if payload.is_empty() {
            return Err(DecodeError::Corrupt);
        }
        let samples = self.opus.decode(payload, out, false).map_err(|_| DecodeError::Corrupt)?;
        tame(out.get_mut(..samples).ok_or(DecodeError::Length)?);
        self.weigh(payload.len(), samples);
        Ok(samples)
    }

    /// RFC 6716 section 4.2.3: the low bit-rate redundancy flag follows the voice
    /// activity flags of the first SILK frame.
    fn has_redundancy(&self, payload: &[u8]) -> bool {
        let [toc, rest @ ..] = payload else { return false };
        // Configurations 0 to 15 have a SILK layer (RFC 6716 table 2).
        if toc & 0x80 != 0 {
            return false;
        }
        let silk_frames = match (toc >> 3) & 0x1f {
            config @ 0..=11 => match config & 3 {
                2 => 2,
                3 => 3,
                _ => 1,
            },
            _ => 1,
        };
        let first = match toc & 3 {
            0 | 1 => rest.first(),
            2 => rest.get(if rest.first().is_some_and(|&size| size >= 252) { 2 } else { 1 }),
            // A count byte; with padding or different sizes the place would need a
            // full parse, and nobody sends speech so.
            _ => rest.first().filter(|&&count| count & 0xc0 == 0).and_then(|_| rest.get(1)),
        };
        first.is_some_and(|byte| (byte >> (7 - silk_frames)) & 1 == 1)
    }

    fn recover(&mut self, next: &[u8], out: &mut [f32]) -> Result<(), DecodeError> {
        if next.is_empty() {
            return Err(DecodeError::Corrupt);
        }
        fill(out, |out| self.opus.decode(next, out, true).ok())
    }

    fn conceal(&mut self, out: &mut [f32]) -> Result<(), DecodeError> {
        fill(out, |out| self.opus.decode(&[], out, false).ok())
    }

    fn depth(&mut self, later: &[u8]) -> (usize, usize) {
        if self.deep.is_none() {
            self.deep = RawDeep::new();
        }
        let Some(deep) = &mut self.deep else { return (0, 0) };
        match deep.parse(later, DEEPEST, SAMPLE_RATE) {
            Ok((reach, end)) if reach > end => (reach, end),
            Ok(_) | Err(_) => (0, 0),
        }
    }

    fn rebuild(&mut self, before: usize, out: &mut [f32]) -> Result<(), DecodeError> {
        let deep = self.deep.as_ref().ok_or(DecodeError::Corrupt)?;
        if before > DEEPEST {
            return Err(DecodeError::Length);
        }
        fill(out, |out| self.opus.decode_deep(deep, before, out).ok())
    }

    fn expect_loss(&mut self, on: bool) {
        if self.rate.is_some() {
            self.neural = on;
            self.adjust();
        }
    }

    fn reset(&mut self) {
        self.opus.reset();
    }
}

fn fill(out: &mut [f32], run: impl FnOnce(&mut [f32]) -> Option<usize>) -> Result<(), DecodeError> {
    if out.is_empty() || !out.len().is_multiple_of(120) || out.len() > LONGEST {
        return Err(DecodeError::Length);
    }
    let samples = run(out).ok_or(DecodeError::Corrupt)?;
    if samples != out.len() {
        return Err(DecodeError::Length);
    }
    tame(out);
    Ok(())
}

/// Samples: 500 ms, more than any buffer here waits.
const DEEPEST: usize = 24_000;

/// What a broken packet decodes to may be anything.
fn tame(samples: &mut [f32]) {
    for sample in samples {
        *sample = if sample.is_finite() { sample.clamp(-LOUDEST, LOUDEST) } else { 0.0 };
    }
}

/// Good packets go a little beyond full scale.
const LOUDEST: f32 = 1.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Random;
    use crate::sim::Speech;

    fn frames(count: usize) -> Vec<[f32; FRAME]> {
        let mut talker = Speech::new(4, 120.0);
        let mut frames = vec![[0.0; FRAME]; count];
        for frame in &mut frames {
            for half in frame.as_chunks_mut::<BLOCK>().0 {
                talker.fill(half);
            }
        }
        frames
    }

    #[test]
    fn packets_are_20_ms_and_of_the_asked_rate() {
        let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
        let decoder = Decoder::new().unwrap();
        let packets: Vec<Vec<u8>> =
            frames(200).iter().map(|f| encoder.encode(f).unwrap()).collect();
        assert!(packets.iter().all(|p| decoder.duration(p) == Ok(FRAME)));
        assert!(packets.iter().all(|p| p.len() <= MAX_ENCODED));
        let bits = packets.iter().map(Vec::len).sum::<usize>() * 8;
        let rate = bits / 4;
        assert!((20_000..=42_000).contains(&rate), "{rate} bit/s");
    }

    #[test]
    fn redundancy_is_seen_where_it_is() {
        let config = EncoderConfig { expected_loss: 20, ..EncoderConfig::default() };
        let mut with = Encoder::new(config).unwrap();
        let mut without = Encoder::new(EncoderConfig { fec: false, ..config }).unwrap();
        let decoder = Decoder::new().unwrap();
        let mut count = [0; 2];
        for frame in frames(200) {
            let packets = [with.encode(&frame).unwrap(), without.encode(&frame).unwrap()];
            for (count, packet) in count.iter_mut().zip(&packets) {
                *count += usize::from(decoder.has_redundancy(packet));
            }
        }
        assert!(count[0] > 100, "{count:?}");
        assert_eq!(count[1], 0);
    }

    #[test]
    fn a_lost_frame_comes_back_from_the_next_packet() {
        let config = EncoderConfig { expected_loss: 20, ..EncoderConfig::default() };
        let mut encoder = Encoder::new(config).unwrap();
        let packets: Vec<Vec<u8>> =
            frames(100).iter().map(|f| encoder.encode(f).unwrap()).collect();
        let [mut clean, mut rebuilt, mut guessed] = [(); 3].map(|()| Decoder::new().unwrap());
        let [mut a, mut b, mut c] = [[0.0; FRAME]; 3];
        let (mut rebuilt_error, mut guessed_error) = (0.0, 0.0);
        for (n, pair) in packets.windows(2).enumerate() {
            clean.decode(&pair[0], &mut a).unwrap();
            if n % 4 == 3 && rebuilt.has_redundancy(&pair[1]) {
                rebuilt.recover(&pair[1], &mut b).unwrap();
                guessed.conceal(&mut c).unwrap();
                for i in 0..FRAME {
                    rebuilt_error += (a[i] - b[i]).powi(2);
                    guessed_error += (a[i] - c[i]).powi(2);
                }
            } else {
                rebuilt.decode(&pair[0], &mut b).unwrap();
                guessed.decode(&pair[0], &mut c).unwrap();
            }
        }
        assert!(guessed_error > 1.0);
        assert!(rebuilt_error < 0.5 * guessed_error, "{rebuilt_error}, guessed {guessed_error}");
    }

    #[test]
    fn any_bytes_decode_or_are_refused() {
        let mut random = Random::new(1);
        let mut decoder = Decoder::new().unwrap();
        let mut out = vec![0.0; LONGEST];
        let mut refused = 0;
        for _ in 0..3000 {
            let length = random.next() % 60;
            let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
            decoder.has_redundancy(&bytes);
            match (decoder.duration(&bytes), decoder.decode(&bytes, &mut out)) {
                (Ok(samples), Ok(decoded)) => assert_eq!(samples, decoded),
                (Err(_), Ok(_)) => panic!("decoded a packet without a duration"),
                (Ok(_) | Err(_), Err(_)) => refused += 1,
            }
            assert!(out.iter().all(|s| s.abs() <= LOUDEST));
        }
        assert!(refused > 100);
    }

    #[test]
    fn odd_lengths_are_refused() {
        let mut decoder = Decoder::new().unwrap();
        assert_eq!(decoder.conceal(&mut [0.0; 100]), Err(DecodeError::Length));
        assert_eq!(decoder.conceal(&mut []), Err(DecodeError::Length));
        assert_eq!(decoder.recover(&[], &mut [0.0; FRAME]), Err(DecodeError::Corrupt));
    }
}
