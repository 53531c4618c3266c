//! Device-free voice: frames, codecs, jitter buffer, concealment, mixer, tones, level,
//! quality.
//!
//! 48 kHz mono `f32`, blocks of 10 ms ([`BLOCK`] samples), full scale is ±1. Time is an
//! argument ([`Micros`]) and so is randomness (seeds); nothing here knows a device, a
//! socket, a thread or a clock. One [`Engine`] is what one voice path needs:
//!
//! ```text
//!  microphone ─▶ capture ─▶ encoder ─▶ copies ─▶ Packetizer ─▶ PacketSink
//!  speaker   ◀─ playout ◀─ gain, cues, limiter ◀─ JitterBuffer ◀─ receive
//!                  reports, requests ◀─ rtcp, receive_rtcp ─▶ layers against loss
//! ```
//!
//! What is done against loss is in [`loss`]. libopus is called in one private module, the
//! only one with unsafe code.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod channel;
pub mod codec;
mod digit;
mod dtmf;
pub mod engine;
pub mod event;
pub mod jitter;
pub mod level;
pub mod loss;
pub mod mixer;
mod packet;
pub mod processing;
pub mod quality;
mod random;
mod rtp;
mod shock;
pub mod sim;
pub mod tones;

pub use channel::{Agreed, Channel, Reported};
pub use codec::{Codec, Decoder, Encoder, FRAME};
pub use digit::Digit;
pub use dtmf::DtmfDetector;
pub use engine::{Engine, EngineConfig, Levels, Sources, WhenClosed};
pub use jitter::{JitterBuffer, JitterConfig, JitterStats, Playout, PlayoutKind};
pub use level::Meter as LevelMeter;
pub use mixer::{Limiter, Mixer};
pub use packet::{BLOCK, Micros, Packet, PacketSink, Received, SAMPLE_RATE};
pub use quality::Quality;
pub use rtp::Packetizer;
pub use shock::Shock;
