use super::libopus::{self, RawDecoder, RawDeep, Setting};
use super::{DecodeError, LONGEST, SetupError, SpeechDecoder};
use crate::SAMPLE_RATE;

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
pub(super) const LOUDEST: f32 = 1.5;
