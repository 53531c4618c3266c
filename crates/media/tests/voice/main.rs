//! Voice over simulated networks, on a virtual clock.

#![allow(clippy::unwrap_used)]

mod adapt;
mod clean;
mod drift;
mod hostile;
mod loss;
mod pitch;
mod rescue;
mod traces;
mod world;
