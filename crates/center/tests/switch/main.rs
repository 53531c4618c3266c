//! The builtin switch with real connections on this machine: who hears whom is told by
//! tones.
#![allow(clippy::unwrap_used)]
#![allow(clippy::print_stdout, reason = "measured delays are told")]

mod conference;
mod digits;
mod echo;
mod far;
mod forward;
mod lossy;
mod parties;
#[cfg(unix)]
mod process;
mod recording;
mod relay;
