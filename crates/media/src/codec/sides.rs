//! What the voice of a call is coded with, each way; both may change while it lasts.

use super::{
    Codec, Decoder, EncodeError, Encoder, SetupError, SpeechDecoder, WaveformDecoder,
    WaveformEncoder,
};
use crate::{BLOCK, FRAME};
use std::ops::Range;

/// Towards the far side: Opus at first.
#[derive(Debug)]
pub struct Speaking {
    codec: Codec,
    pub(crate) opus: Encoder,
    /// Of the other codecs, while one of them is spoken.
    waveform: Option<WaveformEncoder>,
}

impl Speaking {
    #[must_use]
    pub fn new(opus: Encoder) -> Self {
        Self { codec: Codec::Opus, opus, waveform: None }
    }

    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// From the next frame on; the packet after it begins a talk spurt.
    pub fn change(&mut self, codec: Codec) {
        self.codec = codec;
        self.opus.reset();
        self.waveform = WaveformEncoder::new(codec);
    }

    /// One packet of that part of the frame: all of it, or for Opus a half.
    ///
    /// # Errors
    /// libopus fails; nothing is wrong with the frame.
    pub fn encode(
        &mut self,
        frame: &[f32; FRAME],
        part: Range<usize>,
    ) -> Result<Vec<u8>, EncodeError> {
        if let Some(waveform) = &mut self.waveform {
            return Ok(waveform.encode(frame));
        }
        match frame.get(part).and_then(<[f32]>::as_array::<BLOCK>) {
            Some(block) => self.opus.encode_short(block),
            None => self.opus.encode(frame),
        }
    }
}

/// From the far side, which may change to another codec at any time, and whose last packets of
/// the one before may come late.
#[derive(Debug, Default)]
pub struct Hearing {
    codec: Codec,
    /// Of the packet before, if it was of another codec than is heard.
    other: Option<Codec>,
}

/// What a packet's codec means for what is heard.
#[derive(Debug)]
pub enum Heard {
    AsBefore,
    /// From this packet on, by this decoder.
    Anew(Box<dyn SpeechDecoder>),
    /// Alone so far: it may be a late one.
    Doubtful,
}

impl Hearing {
    /// What was `agreed` on is believed at once, anything else when two packets in a row say so.
    ///
    /// # Errors
    /// A decoder for it cannot be set up; what is heard stays as it was.
    pub fn follow(&mut self, codec: Codec, agreed: Codec) -> Result<Heard, SetupError> {
        if codec == self.codec {
            self.other = None;
            return Ok(Heard::AsBefore);
        }
        let before = self.other.replace(codec);
        if codec != agreed && before != Some(codec) {
            return Ok(Heard::Doubtful);
        }
        let decoder: Box<dyn SpeechDecoder> = match WaveformDecoder::new(codec) {
            Some(waveform) => Box::new(waveform),
            None => Box::new(Decoder::new()?),
        };
        *self = Self { codec, other: None };
        Ok(Heard::Anew(decoder))
    }

    /// What is heard.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }
}
