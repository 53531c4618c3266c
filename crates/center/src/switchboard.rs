//! Which voice switch the centre speaks with.

use crate::config::IceServer;
use crate::fault::StartFault;
use crate::switch::{BuiltinConfig, SwitchEvent, SwitchLink, builtin, process};
use omnibar_peer::Bind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::sync::mpsc;

/// Time that a switch gets to open its socket.
const START_LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn in_process(
    ice_servers: &[IceServer],
    address: IpAddr,
    record_customers: Option<PathBuf>,
) -> (SwitchLink, mpsc::UnboundedReceiver<SwitchEvent>) {
    builtin::start(BuiltinConfig { record_customers, ..builtin_config(ice_servers, address) })
}

/// Voice is where the centre is: who reaches its one address reaches the other. A
/// centre on every address has its voice there too.
#[must_use]
pub(crate) fn builtin_config(ice_servers: &[IceServer], address: IpAddr) -> BuiltinConfig {
    BuiltinConfig {
        bind: if address.is_unspecified() {
            Bind::AllInterfaces
        } else {
            Bind::Only(vec![address])
        },
        ice_servers: ice_servers
            .iter()
            .map(|s| omnibar_peer::IceServer {
                urls: s.urls.clone(),
                username: s.username.clone(),
                credential: s.credential.clone(),
            })
            .collect(),
        ..BuiltinConfig::default()
    }
}

/// The switch behind this socket; one is started if none answers.
pub(crate) async fn beside(
    socket: PathBuf,
    data: &Path,
    address: IpAddr,
) -> Result<(SwitchLink, mpsc::UnboundedReceiver<SwitchEvent>), StartFault> {
    if let Ok(connected) = process::connect(&socket).await {
        tracing::info!("a voice switch was running and goes on");
        return Ok(connected);
    }
    let fault = |detail: String| StartFault::Switch { socket: socket.clone(), detail };
    start_beside(&socket, data, address).map_err(|e| fault(e.to_string()))?;
    let began = tokio::time::Instant::now();
    loop {
        match process::connect(&socket).await {
            Ok(connected) => return Ok(connected),
            Err(error) if began.elapsed() > START_LIMIT => return Err(fault(error.to_string())),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// A process of its own group: what kills the centre does not reach the calls.
fn start_beside(socket: &Path, data: &Path, address: IpAddr) -> std::io::Result<()> {
    let log =
        std::fs::OpenOptions::new().create(true).append(true).open(data.join("switch.log"))?;
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command
        .args(["switch".as_ref(), "--socket".as_ref(), socket.as_os_str()])
        .args(["--bind", &address.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    // Reaped when it ends before us, so that it does not stay as a zombie.
    std::thread::Builder::new().name("switch-reaper".into()).spawn(move || {
        let _ = child.wait();
    })?;
    Ok(())
}
