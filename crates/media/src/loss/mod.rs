//! Against packet loss, in layers: retransmission, redundant copies, and knowing the path.
//!
//! ```text
//!  sender                                     receiver
//!  Encoder (FEC, DRED) ─▶ red::Packer ──RTP──▶ red::Blocks ─▶ JitterBuffer ─▶ speaker
//!            │                ▲                      │ what is missing, and how long
//!        History ─▶ again     │                      ▼ there is time
//!            ▲             Controller ◀──RTCP── Reporter, Asker
//!            └──────── NACK ──────────────────────────┘
//! ```
//!
//! A frame that is missing when its time comes is played from the first of these that is
//! there: the packet sent again, a copy in a later packet, the next packet's in-band FEC, a
//! later packet's deep redundancy, the decoder's guess.

mod ask;
mod control;
pub(crate) mod cost;
mod gaps;
mod history;
mod map;
pub mod red;
mod report;
pub mod rtcp;

pub use ask::{Asker, Missing};
pub use control::{Allowed, Controller, Layers};
pub use gaps::Gaps;
pub use history::History;
pub use map::{Gilbert, LossMap, REMEMBERED};
pub use report::Reporter;
