//! The headset with a real sound server, which each test has for itself.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod bluetooth;
mod checks;
mod cpal;
mod diagnosis;
mod idle;
mod latency;
mod muted;
#[path = "../rig/mod.rs"]
mod rig;
mod ringer;
mod server;
mod several;
mod switching;
mod unplug;
mod voice;

use std::time::Duration;

/// For what happens by itself, on a machine that is busy.
const SOON: Duration = Duration::from_secs(8);
