//! Puts the softphone together: driver, desk and the four adapters. The adapters
//! meet here and nowhere else.

mod route;

use crate::cli::CommonArgs;
use crate::paths::Paths;
use crate::shell::{Kept, PagesKeeper, ShellPort, Surface};
use omnibar_backend::BackendConfig;
use omnibar_buttons::ButtonsConfig;
use omnibar_contract::WindowView;
use omnibar_dock::{DockConfig, Loopback};
use omnibar_headset::HeadsetConfig;
use omnibar_line::exchange::{self, ExchangeConfig};
use omnibar_line::{Bind, LineConfig};
use omnibar_softphone::{Clock, Doors, Endpoints, Event, Inbox, Initial, Ports, Softphone};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

/// Packets between line and media thread: 256 of 20 ms are 5 s, more than any jitter
/// buffer would take.
const RING: usize = 256;
const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) struct Composition<'a> {
    pub(crate) common: &'a CommonArgs,
    pub(crate) window: WindowView,
    pub(crate) paths: Paths,
    pub(crate) kept: Kept,
    pub(crate) surface: Option<Box<dyn Surface>>,
    pub(crate) auto_answer: bool,
}

/// A softphone that runs.
pub(crate) struct Composed {
    pub(crate) inbox: Inbox,
    pub(crate) doors: Doors,
    pub(crate) endpoints: Arc<dyn Endpoints>,
    /// Where pages of this machine dock; `None`: nowhere.
    pub(crate) dock_port: Option<u16>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the window could not be opened: {0}")]
    Window(String),
    #[error("this installation cannot be given a name: {0}")]
    Instance(std::io::Error),
}

/// Starts everything. Must be called within the runtime.
pub(crate) fn start(c: Composition<'_>) -> Result<Composed, Fault> {
    let clock = Clock::start();
    let epoch = Instant::now();
    let (inbox, events) = Inbox::new();
    let mut settings = c.kept.settings.clone();
    settings.auto_answer |= c.auto_answer;
    let remembered = c.kept.remembered.clone();

    let (received, arriving) = rtrb::RingBuffer::new(RING);
    let round_trip = Arc::new(AtomicU64::new(0));
    let bind = match c.common.bind.as_slice() {
        [] if c.window.demo => Bind::Only(vec![IpAddr::from([127, 0, 0, 1])]),
        [] => Bind::AllInterfaces,
        only => Bind::Only(only.to_vec()),
    };
    let (line, sink) = omnibar_line::start(
        LineConfig {
            bind,
            relay_only: c.common.relay_only,
            received,
            round_trip: Arc::clone(&round_trip),
            epoch,
        },
        c.common.ca.clone(),
        inbox.clone(),
    );
    let headset = omnibar_headset::start(
        HeadsetConfig {
            sink: Box::new(sink),
            source: arriving,
            round_trip,
            epoch,
            settings: settings.clone(),
        },
        inbox.clone(),
    );
    let handset = AtHeadset(headset.handle());
    let buttons = omnibar_buttons::start(
        ButtonsConfig { list: Some(c.paths.headsets()), settings: settings.clone() },
        inbox.clone(),
    );
    let (dock_port, dock) = omnibar_dock::new(inbox.clone());
    let backend = omnibar_backend::start(
        BackendConfig {
            outbox_dir: c.paths.outbox(),
            client: format!("omnibar/{VERSION} {}", std::env::consts::OS),
            extra_ca: c.common.ca.clone(),
            seed: u64::from(std::process::id()),
        },
        inbox.clone(),
        clock,
    );
    let endpoints: Arc<dyn Endpoints> = Arc::new(backend.endpoints());
    let telephone = exchange::start(
        ExchangeConfig {
            instance: c.paths.instance().map_err(Fault::Instance)?,
            agent: format!("Omnibar/{VERSION}"),
            extra_ca: c.common.ca.clone(),
            book: Arc::new(c.kept.book.clone()),
            handset: Arc::new(handset),
        },
        &line,
        inbox.clone(),
        clock,
    );
    let probe = Box::new(telephone.clone());
    let (centre, line) = route::ports(backend, line, telephone);
    let loopback = match c.common.dock_port {
        _ if c.common.no_dock => Loopback::Off,
        Some(port) => Loopback::Port(port),
        None if c.surface.is_some() => Loopback::Usual,
        None => Loopback::Off,
    };
    let (origins, has_window) = (c.kept.origins.clone(), c.surface.is_some());
    let (stores, paths) = (c.kept.stores.clone(), c.paths.clone());
    let shell = ShellPort::start(c.paths, c.kept, c.surface, inbox.clone());
    let (keeper, kept) = PagesKeeper::start(&shell, origins, stores, paths, has_window);
    let doors = Softphone::start(
        Ports {
            centre,
            line,
            audio: Box::new(headset),
            buttons: Box::new(buttons),
            shell: Box::new(shell),
            dock: Box::new(dock_port),
            probe,
        },
        events,
        clock,
        Initial { settings, remembered, window: c.window, check: has_window, transcript: None },
    );
    let config = DockConfig {
        loopback,
        version: VERSION,
        extra_ca: c.common.ca.clone(),
        kept,
        keeper: Box::new(keeper),
    };
    let open = dock.open(doors.clone(), endpoints.clone(), config);
    open.relay(endpoints.clone());
    Ok(Composed { inbox, doors, endpoints, dock_port: open.port })
}

/// What a telephone asks of the headset.
struct AtHeadset(omnibar_headset::Handle);

impl exchange::Handset for AtHeadset {
    fn press(&self, key: char) {
        self.0.press(key);
    }

    fn ring_back(&self, on: bool) {
        self.0.ring_back(on);
    }
}

/// Ends the softphone; calls at the centre go on.
pub(crate) fn stop(inbox: &Inbox) {
    inbox.post(Event::Stop);
}
