//! Pages at a real dock: the real driver over simulated ports, real WebSockets on
//! 127.0.0.1.

#![allow(clippy::unwrap_used)]

mod attacks;
mod docking;
mod manners;
mod many;
mod rig;
