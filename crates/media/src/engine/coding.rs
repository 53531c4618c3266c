//! What the voice is coded with, each way.

use super::EngineConfig;
use crate::codec::{
    Codec, Decoder, EncodeError, Encoder, SetupError, SpeechDecoder, WaveformDecoder,
    WaveformEncoder,
};
use crate::{BLOCK, FRAME};
use std::ops::Range;

/// Towards the far side.
#[derive(Debug)]
pub(super) struct Speaking {
    codec: Codec,
    pub(super) opus: Encoder,
    /// Of the other codecs, while one of them is spoken.
    waveform: Option<WaveformEncoder>,
}

impl Speaking {
    pub(super) fn new(opus: Encoder) -> Self {
        Self { codec: Codec::Opus, opus, waveform: None }
    }

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    pub(super) fn change(&mut self, codec: Codec) {
        self.codec = codec;
        self.opus.reset();
        self.waveform = WaveformEncoder::new(codec);
    }

    /// That part of the frame; all codecs but Opus take whole ones only.
    pub(super) fn encode(
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
pub(super) struct Hearing {
    codec: Codec,
    /// Of the packet before, if it was of another codec than is heard.
    other: Option<Codec>,
}

/// What a packet's codec means for what is heard.
#[derive(Debug)]
pub(super) enum Heard {
    AsBefore,
    /// From this packet on, by this decoder.
    Anew(Box<dyn SpeechDecoder>),
    /// Alone so far: it may be a late one.
    Doubtful,
}

impl Hearing {
    /// What was `agreed` on is believed at once, anything else when two packets in a row say so.
    pub(super) fn follow(&mut self, codec: Codec, agreed: Codec) -> Result<Heard, SetupError> {
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

    pub(super) fn codec(&self) -> Codec {
        self.codec
    }
}

impl EngineConfig {
    /// The codec of voice in packets of that payload type.
    pub(super) fn codec_of(&self, payload_type: u8) -> Option<Codec> {
        let fixed = Codec::ALL.into_iter().find(|codec| codec.fixed_type() == Some(payload_type));
        if payload_type == self.voice { Some(Codec::Opus) } else { fixed }
    }

    pub(super) fn type_of(&self, codec: Codec) -> u8 {
        codec.fixed_type().unwrap_or(self.voice)
    }

    /// The payload type of telephone events by the clock of that codec.
    pub(super) fn events_of(&self, codec: Codec) -> Option<u8> {
        match codec {
            Codec::Opus => self.events,
            Codec::G722 | Codec::Pcmu | Codec::Pcma => self.events_8k,
        }
    }
}
