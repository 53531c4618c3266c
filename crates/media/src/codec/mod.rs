//! Opus (RFC 6716) at 48 kHz mono, the codecs of those who do not know it, and the trait by
//! which the jitter buffer knows a decoder.

mod decoder;
mod encoder;
mod g711;
mod g722;
mod libopus;
mod repetition;
mod resample;
mod sides;
mod waveform;

use crate::SAMPLE_RATE;
use crate::quality::emodel;
pub use decoder::Decoder;
pub use encoder::{Encoder, EncoderConfig, without_padding};
pub use sides::{Heard, Hearing, Speaking};
use thiserror::Error;
pub use waveform::{WaveformDecoder, WaveformEncoder};

/// What a voice is coded in on its way, the better ones first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Codec {
    /// RFC 6716.
    #[default]
    Opus,
    /// ITU-T G.722, mode 1: 16 kHz.
    G722,
    /// ITU-T G.711, µ-law: 8 kHz.
    Pcmu,
    /// ITU-T G.711, A-law: 8 kHz.
    Pcma,
}

impl Codec {
    pub const ALL: [Self; 4] = [Self::Opus, Self::G722, Self::Pcmu, Self::Pcma];

    /// Its encoding name (RFC 3551 section 6, RFC 7587 section 6.1).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::G722 => "G722",
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// Its payload type, where it has one for all calls (RFC 3551 table 4).
    #[must_use]
    pub fn fixed_type(self) -> Option<u8> {
        match self {
            Self::Opus => None,
            Self::G722 => Some(9),
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
        }
    }

    /// Hz of its RTP timestamps. That of G.722 is half its sample rate, by a mistake that was
    /// kept (RFC 3551 section 4.5.2).
    #[must_use]
    pub fn clock(self) -> u32 {
        match self {
            Self::Opus => SAMPLE_RATE,
            Self::G722 | Self::Pcmu | Self::Pcma => 8_000,
        }
    }

    /// 48 kHz samples in one unit of its RTP clock.
    #[must_use]
    pub fn unit(self) -> u32 {
        SAMPLE_RATE / self.clock()
    }

    /// How it stands loss.
    #[must_use]
    pub fn impairment(self) -> emodel::Codec {
        match self {
            Self::Opus => emodel::OPUS,
            Self::G722 => emodel::G722,
            Self::Pcmu | Self::Pcma => emodel::G711,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::decoder::LOUDEST;
    use super::*;
    use crate::BLOCK;
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
