//! The simulated world that any test can use: the real driver, the real client of
//! the centre protocol and the real state machine of the centre, with memory in
//! place of sockets, devices, keychain, disk of the centre, and telephone network.
//!
//! Everything runs in tokio's paused time: a minute passes as soon as nobody has
//! anything left to do, and the same test gives the same run.

// It is test code: what cannot be had ends the test.
#![allow(clippy::unwrap_used)]

pub mod world;
