//! The Omni dialect against a real desk and a simulated centre: every API and event of
//! the contract by what it does.

#![allow(clippy::unwrap_used, missing_debug_implementations)]

mod chats;
mod contract;
mod crm;
mod dispose;
mod events;
mod handed;
mod hostile;
mod http;
mod pages;
mod session;
mod told;
mod world;
