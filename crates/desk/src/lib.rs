#![cfg_attr(test, allow(clippy::unwrap_used))]
//! What the agent's desk does next.
//!
//! Sans-IO: `Desk::handle` takes one [`Input`] at a [`Moment`], `Desk::poll_effect`
//! yields what to do about it, `Desk::deadline` says when to come back with
//! [`Input::Tick`], `Desk::snapshot` is what a UI may see.
//!
//! Contract:
//! - `handle` cannot fail. What makes no sense in the present state yields
//!   [`Effect::Refused`] with a reason, and changes nothing.
//! - The same inputs at the same moments give the same effects and snapshots, so a
//!   transcript of inputs replays as a test.
//! - A deadline is never in the past after `handle`.
//! - Nothing here knows a clock, a thread, a socket or a random number.

mod ask;
mod call;
mod calls;
mod chats;
mod config;
mod desk;
mod diagnosis;
mod effect;
mod input;
mod orders;
mod presence;
mod session;
mod settle;
mod snapshot;
mod table;
mod transcript;
mod view;
mod voice;

pub use config::Config;
pub use desk::Desk;
pub use diagnosis::{
    Affected, Device, Diagnosis, Heard, Judge, Remedy, VoiceFacts, VoiceFault, Whose,
};
pub use effect::{Alert, Effect, Order, Refusal, Sound};
pub use input::{
    Ask, CertificateFault, ChatAsk, Input, LineState, Link, ServerFault, SessionStart, SignInFault,
};
pub use snapshot::{
    CallView, Can, ChatCan, ChatView, Pending, PresenceView, RefusalView, Sending, SessionView,
    Snapshot, Verb,
};
pub use transcript::{BadTranscript, record, replay, transcript_start};
