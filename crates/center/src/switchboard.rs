//! Which voice switch the centre speaks with.

use crate::config::IceServer;
use crate::fault::StartFault;
use crate::switch::asterisk::{AsteriskConfig, AsteriskFault};
use crate::switch::{
    BuiltinConfig, Reply, SwitchCommand, SwitchEvent, SwitchLink, asterisk, builtin, process,
};
use futures_util::StreamExt;
use futures_util::future::poll_immediate;
use futures_util::stream::FuturesUnordered;
use omnibar_peer::Bind;
use omnibar_protocol::wire;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Time that a switch gets to open its socket.
const START_LIMIT: Duration = Duration::from_secs(10);

type Connected = (SwitchLink, mpsc::UnboundedReceiver<SwitchEvent>);
type Orders = mpsc::UnboundedReceiver<(SwitchCommand, oneshot::Sender<Reply>)>;

/// A switch, and a word each time that another has taken its place.
#[derive(Debug)]
pub(crate) struct Voice {
    pub(crate) link: SwitchLink,
    pub(crate) events: mpsc::UnboundedReceiver<SwitchEvent>,
    pub(crate) replaced: mpsc::UnboundedReceiver<()>,
}

impl Voice {
    /// One that lives as long as we do.
    pub(crate) fn lasting((link, events): Connected) -> Self {
        Self { link, events, replaced: mpsc::unbounded_channel().1 }
    }
}

pub(crate) fn in_process(
    ice_servers: &[IceServer],
    address: IpAddr,
    record_customers: Option<PathBuf>,
) -> Voice {
    let config = BuiltinConfig { record_customers, ..builtin_config(ice_servers, address) };
    Voice::lasting(builtin::start(config))
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

/// An Asterisk, which is there already.
pub(crate) async fn asterisk(config: AsteriskConfig) -> Result<Voice, AsteriskFault> {
    let (link, events, replaced) = asterisk::start(config).await?;
    Ok(Voice { link, events, replaced })
}

/// The switch behind this socket; one is started if none answers, now and whenever it
/// has died.
pub(crate) async fn beside(
    socket: PathBuf,
    data: &Path,
    address: IpAddr,
    ice_servers: &[IceServer],
) -> Result<Voice, StartFault> {
    let ice_servers = ice_servers.to_vec();
    let place = Place { socket, data: data.to_owned(), address, ice_servers };
    let first = reach(&place).await?;
    let (commands, orders) = mpsc::unbounded_channel();
    let (heard, events) = mpsc::unbounded_channel();
    let (again, replaced) = mpsc::unbounded_channel();
    tokio::spawn(keep(first, orders, heard, again, place));
    Ok(Voice { link: SwitchLink::from_channel(commands), events, replaced })
}

/// Where a switch of its own is, or is to be.
struct Place {
    socket: PathBuf,
    data: PathBuf,
    address: IpAddr,
    ice_servers: Vec<IceServer>,
}

async fn reach(place: &Place) -> Result<Connected, StartFault> {
    let socket = &place.socket;
    if let Ok(connected) = process::connect(socket).await {
        tracing::info!("a voice switch was running and goes on");
        return Ok(connected);
    }
    let fault = |detail: String| StartFault::Switch { socket: socket.clone(), detail };
    start_beside(place).map_err(|e| fault(e.to_string()))?;
    let began = tokio::time::Instant::now();
    loop {
        match process::connect(socket).await {
            Ok(connected) => return Ok(connected),
            Err(error) if began.elapsed() > START_LIMIT => return Err(fault(error.to_string())),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Passes commands and events on, to and from the switch that is there.
async fn keep(
    (mut link, mut events): Connected,
    mut orders: Orders,
    heard: mpsc::UnboundedSender<SwitchEvent>,
    again: mpsc::UnboundedSender<()>,
    place: Place,
) {
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            order = orders.recv() => {
                let Some((command, reply)) = order else { return };
                let link = link.clone();
                let mut carried = Box::pin(async move {
                    let _ = reply.send(link.command(command).await);
                });
                // Polled once here: commands keep their order.
                if poll_immediate(&mut carried).await.is_none() {
                    under_way.push(carried);
                }
            }
            Some(()) = under_way.next() => {}
            event = events.recv() => match event {
                Some(event) => if heard.send(event).is_err() { return },
                None => {
                    tracing::error!("the voice switch has died; its calls are lost");
                    (link, events) = reach_again(&place).await;
                    let _ = again.send(());
                }
            },
        }
    }
}

async fn reach_again(place: &Place) -> Connected {
    loop {
        match reach(place).await {
            Ok(connected) => return connected,
            Err(fault) => {
                tracing::error!(%fault, "trying again");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}

/// A process of its own group: what kills the centre does not reach the calls.
fn start_beside(place: &Place) -> std::io::Result<()> {
    let log = private(&place.data.join("switch.log"))?;
    let mut command = std::process::Command::new(std::env::current_exe()?);
    command
        .args(["switch".as_ref(), "--socket".as_ref(), place.socket.as_os_str()])
        .args(["--bind", &place.address.to_string(), "--ice-servers-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(log);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    // Others see a process's arguments; nobody sees what stands in a pipe.
    let servers: Vec<wire::IceServer> =
        place.ice_servers.iter().map(wire::IceServer::from).collect();
    if let Some(stdin) = child.stdin.take() {
        serde_json::to_writer(stdin, &servers)?;
    }
    // Reaped when it ends before us, so that it does not stay as a zombie.
    std::thread::Builder::new().name("switch-reaper".into()).spawn(move || {
        let _ = child.wait();
    })?;
    Ok(())
}

/// A log for its owner alone.
fn private(log: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(log)
}
