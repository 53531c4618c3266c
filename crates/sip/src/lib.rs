#![cfg_attr(test, allow(clippy::unwrap_used))]
//! A SIP user agent for one extension of an exchange, over SIP over WebSocket
//! (RFC 3261, RFC 7118): registration, calls, transfers, watching colleagues.
//!
//! Sans-IO: [`UserAgent::handle`] takes one [`Input`] at a [`Moment`],
//! [`UserAgent::poll_output`] yields what to do about it, [`UserAgent::deadline`] says
//! when to come back with [`Input::Tick`].
//!
//! Contract:
//! - `handle` cannot fail. A command that makes no sense at the time yields
//!   [`Event::Refused`]; a frame that makes no sense is answered as RFC 3261 has it or
//!   dropped, and changes nothing.
//! - The same seed and the same inputs at the same moments give the same outputs.
//! - What the far side sends is hostile until it is read: messages, fields, calls,
//!   transactions and subscriptions have upper bounds.
//! - Nothing here knows a clock, a thread, a socket or a source of random numbers, and
//!   nothing logs.
//!
//! Descriptions (SDP) come from outside and pass through; only their direction and
//! version are touched.
//!
//! [`Moment`]: omnibar_model::Moment

mod account;
mod agent;
mod caller;
mod cause;
mod dialog;
mod digest;
mod digits;
mod event;
mod message;
mod random;
mod replaces;
mod sdp;
mod summary;
mod timer;
mod watched;

pub use account::{Account, CallNumber, Command, Input, WatchNumber};
pub use agent::UserAgent;
pub use caller::{Caller, Diversion, Party};
pub use cause::{Cause, CauseKind, Reason};
pub use digits::Digit;
pub use event::{Event, Output, Refusal};
pub use message::{
    Address, BadUri, Fault, Fields, MAX_FIELDS, MAX_MESSAGE, Message, Method, Params, Request,
    Response, Uri,
};
pub use replaces::Replaces;
pub use sdp::MAX_SDP;
pub use summary::Waiting;
pub use watched::Colleague;
