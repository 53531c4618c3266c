//! The backend against a centre that the test plays itself, in the words of the
//! centre protocol.

#![allow(clippy::unwrap_used)]

mod backoff;
mod hostile;
mod network;
mod offline;
mod orders;
mod reconnect;
mod rig;
mod sign_in;
