//! One WebRTC audio connection: ICE with trickle, DTLS-SRTP, RTP. The agent's line and
//! the centre's voice switch both stand on it; the other end may be a stock browser.
//!
//! A [`Peer`] is a handle, cheap to clone. Events come through the channel given to
//! [`Peer::new`], packets through its closure, both from tokio tasks: nothing polls.
//! Payload types are the canonical [`OPUS`], [`TELEPHONE_EVENT`] and
//! [`TELEPHONE_EVENT_8K`] on this side of the border, and those of RFC 3551 for the other
//! codecs, whatever was negotiated, so that a packet of one peer can be handed to another as
//! it is. The same holds for the types inside [`RED`].
//!
//! RTCP is its user's: the stack makes no reports of its own.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod config;
mod feedback;
mod formats;
mod path;
mod peer;
mod runtime;
mod sdp;
mod servers;
mod stack;
mod stream;
mod traffic;
mod types;

pub use config::{
    Arrival, Bind, IceServer, Incoming, MAX_RTCP, PeerConfig, PeerError, PeerEvent, PeerState,
    Repair, Terms,
};
pub use formats::{clock_of, codec_of, type_of};
pub use path::Path;
pub use peer::Peer;
pub use servers::Trust;
pub use stream::{StreamFault, reach_stream};

/// Opus at 48 kHz (RFC 7587).
pub const OPUS: u8 = 111;
/// Redundant Opus (RFC 2198).
pub const RED: u8 = 63;
/// telephone-event at 48 kHz (RFC 4733).
pub const TELEPHONE_EVENT: u8 = 110;
/// telephone-event at 8 kHz (RFC 4733).
pub const TELEPHONE_EVENT_8K: u8 = 126;
