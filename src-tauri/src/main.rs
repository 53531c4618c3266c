//! Omnibar's only composition root: a window over the softphone, or the softphone
//! alone (`omnibar phone`).

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cli;
mod compose;
mod launch;
mod logs;
mod paths;
mod phone;
mod shell;
mod window;

use clap::Parser;
use cli::{Cli, Mode};
use std::process::ExitCode;

fn main() -> ExitCode {
    become_headless();
    spare_memory();
    let cli = Cli::parse();
    if let Some(Mode::Phone(args)) = cli.mode {
        return launch::phone(args);
    }
    // An embedded centre needs a thread of its own.
    let threads = if cli.window.demo { 2 } else { 1 };
    match launch::prepare(cli.window.common.data.as_deref(), threads) {
        Ok((paths, _logs, runtime)) => window::run(cli.window, paths, &runtime),
        Err(message) => launch::fail(&message),
    }
}

/// `omnibar phone` is better served by the program beside this one, which is linked to
/// nothing of the window. Where that is missing, or cannot take this one's place, all goes
/// on here.
#[cfg(unix)]
fn become_headless() {
    use std::os::unix::process::CommandExt;
    let mut args = std::env::args_os().skip(1);
    if args.next().is_none_or(|mode| mode != "phone") {
        return;
    }
    if let Ok(program) = std::env::current_exe().map(|path| path.with_file_name("omnibar-phone"))
        && program.is_file()
    {
        // Returns only when it has failed.
        let _ = std::process::Command::new(program).args(args).exec();
    }
}

#[cfg(not(unix))]
fn become_headless() {}

/// What a window of this size does not need (PSS, measured): WebKitGTK's DMA-BUF renderer,
/// 58 MB, and its JIT compilers, 10 MB at rest and 20 MB in a call. A value that the user
/// has set stays.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn spare_memory() {
    for (name, value) in [("WEBKIT_DISABLE_DMABUF_RENDERER", "1"), ("JSC_useJIT", "0")] {
        if std::env::var_os(name).is_none() {
            // SAFETY: no other thread exists yet.
            unsafe { std::env::set_var(name, value) };
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn spare_memory() {}
