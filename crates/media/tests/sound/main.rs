//! Echo, noise, gain and shock, on simulated desks.

mod bypass;
mod echo;
mod level;
mod shock;
mod world;
