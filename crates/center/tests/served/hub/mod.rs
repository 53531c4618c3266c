//! Docked pages that reach only the centre are passed on to their agent's desktop.

mod hostile;
mod relay;
mod tls;
mod world;

pub use world::open;
