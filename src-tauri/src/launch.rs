//! What both programs do before anything else.

use crate::cli::PhoneArgs;
use crate::logs;
use crate::paths::Paths;
use crate::phone;
use std::process::ExitCode;
use tracing_appender::non_blocking::WorkerGuard;

/// `omnibar phone`, in this process.
pub(crate) fn phone(args: PhoneArgs) -> ExitCode {
    let prepared = prepare(args.common.data.as_deref(), 1);
    match prepared {
        Ok((paths, _logs, runtime)) => runtime.block_on(phone::run(args, paths)),
        Err(message) => fail(&message),
    }
}

/// Directories, logs, and threads that move packets: with more than one a second is woken
/// and put to sleep for every packet, which cost half of all that the network costs.
pub(crate) fn prepare(
    data: Option<&std::path::Path>,
    threads: usize,
) -> Result<(Paths, Option<WorkerGuard>, tokio::runtime::Runtime), String> {
    let paths =
        Paths::new(data).map_err(|error| format!("the data directory cannot be used: {error}"))?;
    let logs = logs::start(&paths);
    // TLS needs one provider for the process; a second call only finds the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("omnibar-io")
        .enable_all()
        .build()
        .map_err(|error| format!("no threads are to be had: {error}"))?;
    Ok((paths, logs, runtime))
}

#[allow(clippy::print_stderr)]
pub(crate) fn fail(message: &str) -> ExitCode {
    eprintln!("omnibar: {message}");
    ExitCode::FAILURE
}
