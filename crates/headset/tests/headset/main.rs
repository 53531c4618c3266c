//! The headset with a real sound server, which each test has for itself.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod checks;
mod cpal;
mod idle;
#[path = "../rig/mod.rs"]
mod rig;
mod ringer;
mod server;
mod unplug;
mod voice;

use std::time::Duration;

/// For what happens by itself, on a machine that is busy.
const SOON: Duration = Duration::from_secs(8);
