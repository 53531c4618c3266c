use crate::actor;
use crate::clock::Clock;
use crate::config::{Config, SwitchChoice, Tls};
use crate::core::Core;
use crate::door::Door;
use crate::fault::StartFault;
use crate::hub::{Site, public_origin};
use crate::identity::Identities;
use crate::rpc::Shared;
use crate::store::{FILE, Store, StoreFault};
use crate::switchboard::Voice;
use crate::web::{Crowd, Prompt};
use crate::{demo, seed, switchboard, web};
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// In the data directory: one file a recorded call, `<id of its first interaction>.wav`.
const RECORDINGS: &str = "recordings";
/// Time that connections get to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// Pause between two looks for what need not be kept.
const TIDY: Duration = Duration::from_secs(600);
/// A client that takes longer for the head of its request keeps a connection from others.
const HEAD_LIMIT: Duration = Duration::from_secs(5);

/// A contact centre that runs.
#[derive(Debug)]
pub struct Centre {
    address: SocketAddr,
    tls: bool,
    put_aside: Option<PathBuf>,
    door: Door,
    store: Store,
    stop: CancellationToken,
    handle: Handle<SocketAddr>,
    server: JoinHandle<std::io::Result<()>>,
    demo: Option<JoinHandle<()>>,
}

impl Centre {
    /// Listens when this returns.
    pub async fn start(config: Config) -> Result<Self, StartFault> {
        let loopback = config.listen.ip().is_loopback();
        if !loopback && config.tls.is_none() && !config.insecure {
            return Err(StartFault::Unprotected { address: config.listen });
        }
        let public = config.public_url.as_deref().map(public_origin).transpose();
        let public = public.map_err(|_| StartFault::PublicUrl)?;
        let crowd = Crowd::new(config.connections, public.is_some());
        let acceptor = match &config.tls {
            Some(tls) => Some(certificate(tls).await?),
            None => None,
        };
        let listener = listen(config.listen)?;
        let address = listener.local_addr().map_err(|e| unusable(config.listen, &e))?;
        let (store, put_aside) = open_store(&config.data, config.demo).await?;
        let clock = Clock::start();
        // They live in the builtin switch.
        let has_customers = !matches!(config.switch, SwitchChoice::Asterisk(_));
        let voice = connect_switch(
            config.switch,
            &config.ice_servers,
            &config.data,
            config.listen.ip(),
            config.record_customers,
        )
        .await?;
        let link = voice.link.clone();
        let recordings = recordings(&config.data);
        let door = wake(&store, clock, voice, config.timings, recordings).await?;
        let stop = CancellationToken::new();
        let shared = Shared::new(
            door.clone(),
            store.clone(),
            clock,
            link.clone(),
            config.ice_servers,
            config.timings.heartbeat,
            Site::new(acceptor.is_some(), public, loopback && acceptor.is_none()),
            Identities::new().map_err(|_| StartFault::Key)?,
            config.web_calls,
            stop.clone(),
        );
        tokio::spawn(tidy(store.clone(), clock, stop.clone()));
        tokio::spawn(crate::crm::push(store.clone(), clock, stop.clone()));
        let handle = Handle::new();
        let tls = acceptor.is_some();
        let server = serve(listener, acceptor, crowd, shared, handle.clone())
            .map_err(|e| unusable(config.listen, &e))?;
        let demo = (config.demo && config.demo_customers && has_customers).then(|| {
            tokio::spawn(demo::run(
                door.clone(),
                store.clone(),
                link,
                config.demo_pace,
                stop.clone(),
            ))
        });
        tracing::info!(%address, tls, demo = config.demo, "the centre is open");
        Ok(Self { address, tls, put_aside, door, store, stop, handle, server, demo })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What an agent types as the centre's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "wss" } else { "ws" }, self.address)
    }

    /// Where a damaged demo database was kept; the demo began anew.
    #[must_use]
    pub fn put_aside(&self) -> Option<&Path> {
        self.put_aside.as_deref()
    }

    /// Says goodbye to everybody. Open calls stay in the store.
    pub async fn stop(self) {
        self.stop.cancel();
        self.handle.graceful_shutdown(Some(GOODBYE));
        let _ = self.server.await;
        if let Some(demo) = self.demo {
            let _ = demo.await;
        }
        self.door.stop().await;
        self.store.close().await;
        tracing::info!("the centre is closed");
    }
}

/// Keeps the memory of answers bounded while the centre runs.
async fn tidy(store: Store, clock: Clock, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(TIDY)).await.is_some() {
        if let Err(fault) = store.forget_old_answers(clock.now()).await {
            tracing::warn!(%fault, "old answers could not be forgotten");
        }
    }
}

async fn wake(
    store: &Store,
    clock: Clock,
    voice: Voice,
    timings: crate::core::Timings,
    recordings: PathBuf,
) -> Result<Door, StartFault> {
    let setup = Arc::new(store.setup().await?);
    let live = store.live().await?;
    store.forget_old_answers(clock.now()).await?;
    let seed = RandomState::new().hash_one(clock.now());
    let mut core = Core::new(setup, timings, seed);
    if !live.calls.is_empty() || !live.sessions.is_empty() {
        tracing::info!(
            calls = live.calls.len(),
            sessions = live.sessions.len(),
            "taking up what was open"
        );
    }
    core.load(clock.now(), live.calls, live.sessions);
    core.load_callbacks(live.callbacks);
    core.load_chats(clock.now(), live.chats);
    Ok(actor::start(core, store.clone(), clock, voice, recordings))
}

/// The folder for recordings, which only we may read. Calls go on without it.
fn recordings(data: &Path) -> PathBuf {
    let folder = data.join(RECORDINGS);
    if let Err(error) = make_private(&folder) {
        tracing::error!(
            folder = %folder.display(), %error,
            "calls cannot be recorded: make this a folder that the centre may write to"
        );
    }
    std::path::absolute(&folder).unwrap_or(folder)
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    // One that was there may be open to others.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// A damaged demo is put aside and begun anew; anybody's real data is left alone.
async fn open_store(data: &Path, demo: bool) -> Result<(Store, Option<PathBuf>), StartFault> {
    let (store, aside) = match Store::open(data).await {
        Ok(store) => (store, None),
        Err(StoreFault::Corrupt { file, detail }) if demo => {
            let aside = put_aside(data).map_err(|e| StoreFault::Directory {
                directory: data.to_owned(),
                detail: e.to_string(),
            })?;
            tracing::warn!(
                file = %file.display(), kept = %aside.display(), detail,
                "the demo's database was damaged: it was put aside, and the demo begins anew"
            );
            (Store::open(data).await?, Some(aside))
        }
        Err(fault) => return Err(fault.into()),
    };
    if demo {
        seed::demo(&store).await?;
    } else {
        seed::standard(&store).await?;
    }
    Ok((store, aside))
}

fn put_aside(data: &Path) -> std::io::Result<PathBuf> {
    let free = (1..)
        .map(|n| data.join(format!("{FILE}.damaged-{n}")))
        .find(|path| !path.exists())
        .unwrap_or_else(|| data.join(format!("{FILE}.damaged")));
    std::fs::rename(data.join(FILE), &free)?;
    for side in ["-wal", "-shm"] {
        let path = data.join(format!("{FILE}{side}"));
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    Ok(free)
}

async fn connect_switch(
    choice: SwitchChoice,
    ice_servers: &[crate::config::IceServer],
    data: &Path,
    address: IpAddr,
    record_customers: Option<PathBuf>,
) -> Result<Voice, StartFault> {
    match choice {
        SwitchChoice::Connected(link, events) => Ok(Voice::lasting((link, events))),
        SwitchChoice::InProcess => {
            Ok(switchboard::in_process(ice_servers, address, record_customers))
        }
        SwitchChoice::Asterisk(config) => Ok(switchboard::asterisk(*config).await?),
        SwitchChoice::Process(socket) => {
            switchboard::beside(socket, data, address, ice_servers).await
        }
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartFault> {
    let listener = TcpListener::bind(address).map_err(|e| unusable(address, &e))?;
    listener.set_nonblocking(true).map_err(|e| unusable(address, &e))?;
    Ok(listener)
}

fn unusable(address: SocketAddr, error: &std::io::Error) -> StartFault {
    if error.kind() == ErrorKind::AddrInUse {
        StartFault::PortTaken { address }
    } else {
        StartFault::Address { address, detail: error.to_string() }
    }
}

async fn certificate(tls: &Tls) -> Result<RustlsConfig, StartFault> {
    // Another part of the process may have chosen a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let read = RustlsConfig::from_pem_file(&tls.certificate, &tls.key)
        .await
        .map_err(|e| StartFault::Tls { detail: e.to_string() })?;
    // WebSockets need HTTP/1.1, and only of that is the time for a head limited.
    let mut config = rustls::ServerConfig::clone(&read.get_inner());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

fn serve(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    crowd: Crowd,
    shared: Shared,
    handle: Handle<SocketAddr>,
) -> std::io::Result<JoinHandle<std::io::Result<()>>> {
    let app = web::router(shared).into_make_service_with_connect_info::<SocketAddr>();
    Ok(match tls {
        Some(tls) => {
            let mut server = axum_server::from_tcp_rustls(listener, tls)?
                .handle(handle)
                .map(|tls| prompt(tls.acceptor(NoDelayAcceptor), crowd));
            limit_heads(server.http_builder());
            tokio::spawn(server.serve(app))
        }
        None => {
            let mut server = axum_server::from_tcp(listener)?
                .handle(handle)
                .map(|_| prompt(NoDelayAcceptor, crowd));
            limit_heads(server.http_builder());
            tokio::spawn(server.serve(app))
        }
    })
}

/// Around an acceptor that sends at once: messages are small and somebody waits for each.
fn prompt<A>(inner: A, crowd: Crowd) -> Prompt<A> {
    Prompt { inner, limit: HEAD_LIMIT, crowd }
}

fn limit_heads(builder: &mut Builder<TokioExecutor>) {
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT);
}
