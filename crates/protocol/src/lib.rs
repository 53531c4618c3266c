//! The centre protocol between a desktop and the centre: JSON-RPC 2.0 over one
//! WebSocket (`/ws/agent`, text frames of at most [`MAX_FRAME`] bytes).
//!
//! - Every [`Command`] is a JSON-RPC request whose `id` is a UUID made by the
//!   client. The UUID is the idempotency key: the centre answers a repeat with the
//!   first answer and does nothing twice.
//! - Every [`Notification`] carries a sequence number that rises by one within a
//!   session. A client that reconnects names the last one it saw and gets the rest,
//!   or a [`Notification::Snapshot`] when the centre no longer has them.
//! - State is sent whole ([`wire::Interaction`], [`wire::Agent`]), never as a delta.
//! - Times are relative (`*_ms` before or until the moment of sending), so the two
//!   clocks never have to agree.
//!
//! `schema/centre-protocol.json` in the repository is generated from these types.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod chat;
mod command;
mod frame;
pub mod hub;
mod notification;
pub mod wire;

pub use command::{
    Client, Command, Resume, Searched, SessionOpened, SessionSelected, VoiceAnswered,
};
pub use frame::{
    BadFrame, Code, ErrorObject, FromCentre, Request, Response, parse_from_centre, parse_request,
};
pub use notification::{Notification, Numbered};

/// Version of this protocol; a centre refuses a client of another major version.
pub const VERSION: u32 = 1;

/// Longest accepted frame in bytes, either way. SDP is the largest honest payload
/// (a few KiB); a snapshot of 50 interactions stays below 64 KiB.
pub const MAX_FRAME: usize = 256 * 1024;
