use crate::JitterConfig;
use crate::codec::{Codec, EncoderConfig};

/// What goes out while the microphone is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenClosed {
    /// Packets of silence: the path and the far buffer stay warm.
    #[default]
    SendSilence,
    /// Nothing, but the clock goes on.
    SendNothing,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EngineConfig {
    pub encoder: EncoderConfig,
    pub jitter: JitterConfig,
    /// RTP payload type of Opus, as negotiated. The other codecs have fixed ones
    /// ([`Codec::fixed_type`](crate::Codec::fixed_type)); further types are not heard.
    pub voice: u8,
    /// RTP payload type of telephone-event at 48 kHz; `None`: the far side takes none.
    pub events: Option<u8>,
    /// The same at 8 kHz, for the codecs that have that clock.
    pub events_8k: Option<u8>,
    /// RTP payload type of redundant voice (RFC 2198), as negotiated; `None`: it was not. The
    /// copies are sent only when [`Engine::allow`](super::Engine::allow) says so too.
    pub red: Option<u8>,
    pub when_closed: WhenClosed,
    /// For the random start of sequence and timestamp.
    pub seed: u64,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            encoder: EncoderConfig::default(),
            jitter: JitterConfig::default(),
            voice: 111,
            events: Some(110),
            events_8k: Some(126),
            red: None,
            when_closed: WhenClosed::default(),
            seed: 0,
        }
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

/// 0 to 1 on the scale of [`Meter`](crate::LevelMeter).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Levels {
    /// What is sent.
    pub microphone: f32,
    /// What is heard.
    pub speaker: f32,
}
