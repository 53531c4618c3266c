//! Pages at a real dock: the real driver over simulated ports, real WebSockets on
//! 127.0.0.1.

// Figures are printed.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod attacks;
mod docking;
mod manners;
mod many;
mod rig;
