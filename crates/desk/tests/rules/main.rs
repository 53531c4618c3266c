//! What the desk does, rule by rule, and what it never does.
#![allow(clippy::unwrap_used)]

mod answering;
mod anything;
mod bench;
mod callbacks;
mod calls;
mod chats;
mod decisions;
mod diagnosis;
mod monitoring;
mod session;
mod talking;
mod transcripts;
mod voice;
