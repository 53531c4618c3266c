#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Omnibar's contact centre: accounts, campaigns, queues and routing, call control,
//! wrap-up and history, served to agents over the centre protocol.

pub mod acd;
pub mod calls;
pub mod core;
pub mod setup;
pub mod switch;
