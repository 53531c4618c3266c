#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Omnibar's contact centre: accounts, campaigns, queues and routing, call control,
//! wrap-up and history, served to agents over the centre protocol.
//!
//! [`acd`], [`calls`] and [`core`] are pure state machines; the actor feeds them,
//! commits what they decide to the [`store`], and only then answers and steers the
//! [`switch`].

pub mod acd;
mod actor;
mod admin;
mod apps;
pub mod callbacks;
pub mod calls;
mod centre;
pub mod chats;
mod clock;
mod config;
pub mod core;
mod crm;
mod demo;
mod directory;
mod door;
mod endpoint;
mod fault;
mod hub;
mod identity;
mod orders;
mod outside;
mod plain;
mod rest;
mod rpc;
pub mod seed;
pub mod setup;
pub mod store;
pub mod switch;
mod switchboard;
mod web;

pub use apps::{AppField, FieldKind};
pub use centre::Centre;
pub use config::{Config, DEFAULT_PORT, IceServer, SwitchChoice, Tls};
pub use crm::connect_salesforce;
pub use fault::StartFault;
pub use rest::openapi;
pub use switch::asterisk::AsteriskConfig;
pub use web::{ChatShown, FromChatPage, FromPage, QueueName, Shown, ToChatPage, ToPage};

/// Runs only the built-in voice switch, commanded over this socket, with its voice on
/// this address.
pub async fn run_switch(
    socket: &std::path::Path,
    address: std::net::IpAddr,
    ice_servers: &[IceServer],
) -> std::io::Result<()> {
    switch::process::serve(socket, switchboard::builtin_config(ice_servers, address)).await
}
