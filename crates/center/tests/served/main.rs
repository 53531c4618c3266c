//! The centre over real WebSockets, with a simulated switch behind it;
//! recordings with the real one.
#![allow(clippy::unwrap_used, unreachable_pub, missing_debug_implementations)]

mod administration;
mod attack;
mod call;
mod callbacks;
mod chats;
mod connectors;
mod customer;
mod desk;
mod directory;
mod endpoints;
mod hostile;
mod hub;
mod killed;
mod masking;
mod outside;
mod packages;
mod pages;
mod recording;
mod rest;
mod salesforce;
mod session;
mod start;
mod switch;
mod voice;
mod web_client;
mod web_services;
mod world;
