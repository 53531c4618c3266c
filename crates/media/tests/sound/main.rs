//! Echo, noise, gain and shock, on simulated desks.

#![allow(clippy::unwrap_used)]

mod bypass;
mod echo;
mod level;
mod shock;
mod world;
