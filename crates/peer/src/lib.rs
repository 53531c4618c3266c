//! One WebRTC audio connection: ICE with trickle, DTLS-SRTP, RTP. The agent's line and
//! the centre's voice switch both stand on it; the other end may be a stock browser.
//!
//! A [`Peer`] is a handle, cheap to clone. Events come through the channel given to
//! [`Peer::new`], packets through its closure, both from tokio tasks: nothing polls.
//! Payload types are the canonical [`OPUS`], [`TELEPHONE_EVENT`] and
//! [`TELEPHONE_EVENT_8K`] on this side of the border, whatever was negotiated, so that
//! a packet of one peer can be handed to another as it is.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod config;
mod flush;
mod peer;
mod sdp;
mod stack;
mod traffic;

pub use config::{Arrival, Bind, IceServer, PeerConfig, PeerError, PeerEvent, PeerState};
pub use peer::Peer;

/// Opus at 48 kHz (RFC 7587).
pub const OPUS: u8 = 111;
/// telephone-event at 48 kHz (RFC 4733).
pub const TELEPHONE_EVENT: u8 = 110;
/// telephone-event at 8 kHz (RFC 4733).
pub const TELEPHONE_EVENT_8K: u8 = 126;
