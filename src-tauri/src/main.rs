//! Omnibar's only composition root: a window over the softphone, or the softphone
//! alone (`omnibar phone`).

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cli;
mod compose;
mod logs;
mod paths;
mod phone;
mod shell;
mod window;

use clap::Parser;
use cli::{Cli, Mode};
use paths::Paths;
use std::process::ExitCode;

fn main() -> ExitCode {
    spare_memory();
    let cli = Cli::parse();
    let common = match &cli.mode {
        Some(Mode::Phone(args)) => &args.common,
        None => &cli.window.common,
    };
    let paths = match Paths::new(common.data.as_deref()) {
        Ok(paths) => paths,
        Err(error) => return fail(&format!("the data directory cannot be used: {error}")),
    };
    let _logs = logs::start(&paths);
    // TLS needs one provider for the process; a second call only finds the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // One thread moves packets: a second is woken and put to sleep for every one of them,
    // which cost half of all that the network costs. A centre within needs its own.
    let demo = cli.mode.is_none() && cli.window.demo;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(if demo { 2 } else { 1 })
        .thread_name("omnibar-io")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("no threads are to be had: {error}")),
    };
    match cli.mode {
        Some(Mode::Phone(args)) => runtime.block_on(phone::run(args, paths)),
        None => window::run(cli.window, paths, &runtime),
    }
}

/// What a window of this size does not need (PSS, measured): WebKitGTK's DMA-BUF renderer,
/// 58 MB, and its JIT compilers, 10 MB at rest and 20 MB in a call. A value that the user
/// has set stays.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn spare_memory() {
    for (name, value) in [("WEBKIT_DISABLE_DMABUF_RENDERER", "1"), ("JSC_useJIT", "0")] {
        if std::env::var_os(name).is_none() {
            // SAFETY: first statement of the process; no other thread exists.
            unsafe { std::env::set_var(name, value) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn spare_memory() {}

#[allow(clippy::print_stderr)]
fn fail(message: &str) -> ExitCode {
    eprintln!("omnibar: {message}");
    ExitCode::FAILURE
}
