//! Routing and call control in virtual time, on a simulated switch.
#![allow(clippy::unwrap_used, unreachable_pub, missing_debug_implementations)]

mod acd_properties;
mod callback_properties;
mod callbacks;
mod chat_properties;
mod chats;
mod core_properties;
mod floor;
mod monitoring;
mod recording;
mod restart;
mod routing;
mod transfers;
mod work;
