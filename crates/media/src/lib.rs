//! Device-free voice: frames, Opus, jitter buffer, concealment, mixer, tones, level,
//! quality.
//!
//! 48 kHz mono `f32`, blocks of 10 ms ([`BLOCK`] samples). Time is an argument
//! ([`Micros`]); nothing here knows a device, a socket, a thread or a clock.

mod packet;

pub use packet::{BLOCK, Micros, Packet, PacketSink, Received, SAMPLE_RATE};
