//! Adaptive jitter buffer: puts packets in order, decides how long to wait for late
//! ones, and turns them into a gapless signal at the sound card's pace.

use crate::codec::{Decoder, SetupError, SpeechDecoder};
use crate::{BLOCK, Micros, Received};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JitterConfig {
    /// Bounds of the delay that the buffer aims at.
    pub min_delay: Micros,
    pub max_delay: Micros,
    /// Share of packets that shall come in time, 0.5 to 0.999.
    pub in_time: f32,
}

impl Default for JitterConfig {
    fn default() -> Self {
        Self { min_delay: Micros(0), max_delay: Micros(500_000), in_time: 0.97 }
    }
}

/// What a block that was played is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playout {
    pub kind: PlayoutKind,
}

/// From best to worst; a block of several kinds is named by the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlayoutKind {
    Speech,
    /// Rebuilt from redundancy.
    Recovered,
    /// Guessed.
    Concealed,
    /// Comfort noise: the guess has faded out, or the sender pauses.
    Noise,
    /// Silence: nothing has come yet.
    Idle,
}

/// Counts since the start; delays as of now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct JitterStats {
    /// ms that the buffer aims at and has, from the earliest possible arrival to the ear.
    pub target_ms: f32,
    pub delay_ms: f32,
    /// Packets.
    pub received: u64,
    pub late: u64,
    pub duplicate: u64,
    /// Packets that could not be used: too large, corrupt, beyond the window, of an
    /// unproven new sequence.
    pub discarded: u64,
    /// Gaps in the sequence that were filled, in packets.
    pub recovered: u64,
    pub lost: u64,
    /// Starts of a new sequence or clock of the sender.
    pub resynchronised: u64,
    /// Samples.
    pub played: u64,
    pub concealed: u64,
    pub removed: u64,
    pub inserted: u64,
}

#[derive(Debug)]
pub struct JitterBuffer {
    decoder: Box<dyn SpeechDecoder>,
    config: JitterConfig,
    stats: JitterStats,
}

impl JitterBuffer {
    /// For Opus.
    pub fn new(config: JitterConfig) -> Result<Self, SetupError> {
        Ok(Self::with_decoder(config, Box::new(Decoder::new()?)))
    }

    #[must_use]
    pub fn with_decoder(config: JitterConfig, decoder: Box<dyn SpeechDecoder>) -> Self {
        Self { decoder, config, stats: JitterStats::default() }
    }

    pub fn receive(&mut self, received: Received) {
        unimplemented!("{received:?} {:?} {:?}", self.decoder, self.config)
    }

    /// The next 10 ms. `now`: when they are asked for.
    pub fn playout(&mut self, now: Micros, out: &mut [f32; BLOCK]) -> Playout {
        unimplemented!("{now:?} {out:?}")
    }

    /// Another stream begins: everything but the counts is forgotten.
    pub fn restart(&mut self) {
        self.decoder.reset();
    }

    #[must_use]
    pub fn stats(&self) -> JitterStats {
        self.stats
    }
}
