//! `omnibar phone` as a program of its own: the window's libraries, which the other one
//! is linked to, cost 42 MB of memory (PSS) before its first statement.

#![cfg_attr(test, allow(clippy::unwrap_used))]
#![expect(dead_code, reason = "the window's part of what both programs share")]

mod cli;
mod compose;
mod launch;
mod logs;
mod paths;
mod phone;
mod shell;

use clap::Parser;
use std::process::ExitCode;

/// The softphone without a window: commands on standard input, one a line; events on
/// standard output, one JSON object a line.
#[derive(Debug, Parser)]
#[command(name = "omnibar phone", version)]
struct Headless {
    #[command(flatten)]
    args: cli::PhoneArgs,
}

fn main() -> ExitCode {
    launch::phone(Headless::parse().args)
}
