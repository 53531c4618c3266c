//! A simulated world for tests: a network, a talker, a clock that drifts, and the
//! random numbers for them. Everything is deterministic by its seed.

mod network;
mod room;
mod speech;

pub use crate::random::Random;
pub use network::{Jitter, Loss, Network, NetworkConfig, Stall, drifted};
pub use room::{Room, RoomConfig, resampled};
pub use speech::Speech;
