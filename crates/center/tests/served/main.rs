//! The centre over real WebSockets, with a simulated switch behind it;
//! recordings with the real one.
#![allow(clippy::unwrap_used, unreachable_pub, missing_debug_implementations)]

mod attack;
mod call;
mod customer;
mod desk;
mod hostile;
mod killed;
mod recording;
mod session;
mod start;
mod switch;
mod world;
