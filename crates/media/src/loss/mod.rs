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
mod history;
mod map;
pub mod red;
mod report;
pub mod rtcp;

pub use ask::{Asker, Missing};
pub use control::{Allowed, Controller, Layers};
pub use history::History;
pub use map::{Gilbert, LossMap, REMEMBERED};
pub use report::Reporter;

/// What a wait costs the listener, as a share of packets: as bad as losing so many. Each 20
/// ms count as much as 0.15 % of loss, from 40 ms on as 0.75 %.
pub(crate) fn wait_cost(micros: i64) -> f32 {
    let ms = micros.max(0) as f32 / 1000.0;
    7.5e-5 * ms.min(40.0) + 3.75e-4 * (ms - 40.0).max(0.0)
}

/// Share of packets that are missing after retransmission, when losses of up to so many
/// packets in a row are asked for in time and `share` are missing without.
pub(crate) fn after_asking(path: Gilbert, share: f32, rows: i64) -> f32 {
    if rows <= 0 {
        return share;
    }
    let stay = 1.0 - 1.0 / path.burst.max(1.0);
    let longer = stay.powi(rows.min(1000) as i32);
    // The request or its answer may be lost as well.
    share * (longer + (1.0 - longer) * (2.0 * path.share).min(1.0))
}
