//! Logs: one file a day, a week of them, and standard error.
//!
//! What must not be in a log is kept out by type: `Secret` and `Password` print
//! `***`, `PhoneNumber` prints its last two digits, and third-party crates that log
//! whole messages are held at WARN.

use crate::paths::Paths;
use std::io::Write;
use std::path::PathBuf;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, fmt};

/// Writes the far side's ICE password down at DEBUG.
const HELD: &str = "rtc_ice=warn";

/// `OMNIBAR_LOG` takes the syntax of `tracing_subscriber::EnvFilter`.
fn filter() -> EnvFilter {
    let wished = EnvFilter::try_from_env("OMNIBAR_LOG").ok();
    let held = wished.zip(HELD.parse().ok()).map(|(wished, held)| wished.add_directive(held));
    held.unwrap_or_else(|| {
        EnvFilter::new(
            "warn,omnibar=info,omnibar_desk=info,omnibar_softphone=info,omnibar_backend=info,\
             omnibar_line=info,omnibar_peer=info,omnibar_headset=info,omnibar_center=info,\
             rtc_ice=error,rtc_dtls=error,pulseaudio=off",
        )
    })
}

/// Starts logging. Keep the guard until the end: it flushes.
pub(crate) fn start(paths: &Paths) -> Option<WorkerGuard> {
    let stderr = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("omnibar")
        .filename_suffix("log")
        .max_log_files(7)
        .build(paths.logs());
    match file {
        Ok(file) => {
            let (writer, guard) = tracing_appender::non_blocking(file);
            let file = fmt::layer().with_writer(writer).with_ansi(false);
            tracing_subscriber::registry().with(filter()).with(stderr).with(file).init();
            Some(guard)
        }
        Err(error) => {
            tracing_subscriber::registry().with(filter()).with(stderr).init();
            tracing::warn!(%error, "no log file; logging to standard error only");
            None
        }
    }
}

/// All kept logs in one file beside them, for a report.
pub(crate) fn export(paths: &Paths) -> std::io::Result<PathBuf> {
    let target = paths.logs().join("omnibar-export.txt");
    let mut names: Vec<PathBuf> = std::fs::read_dir(paths.logs())?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "log"))
        .collect();
    names.sort();
    let mut out = std::fs::File::create(&target)?;
    for name in names {
        std::io::copy(&mut std::fs::File::open(name)?, &mut out)?;
    }
    out.flush()?;
    Ok(target)
}
