//! Pages that dock: an adapter by which CRM pages reach the core, directly over the
//! app's loopback socket or relayed by the centre. What a page may do is decided here,
//! per origin, never in the page.
//!
//! ```text
//!  toolbar frame ──loopback──┐                 ┌─ rights · tokens · journal
//!                            ├─▶ PageDoor ─▶ pages ─▶ omni (the SDK's dialect)
//!  toolbar frame ──relay─────┘                 └─▶ doors, endpoints, window
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod actor;
mod doorstep;
mod journal;
mod kept;
mod limits;
mod loopback;
pub mod omni;
mod pages;
mod reach;
mod relay;
mod rights;
mod socket;
mod tokens;
mod toolbar;

pub use kept::{Keeper, Kept, KeptOrigin};
pub use loopback::Loopback;
pub use reach::{Reach, RelaySession};
pub use socket::{PageDoor, PageId, PageInlet, PageSocket, Way};

use actor::{Actor, Ears, Hands, Told};
use omnibar_contract::DockIntent;
use omnibar_softphone::{Doors, Endpoints, Inbox};
use pages::Pages;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The driver's end: posts what the agent decides.
#[derive(Debug)]
pub struct DockPort(mpsc::UnboundedSender<Told>);

impl omnibar_softphone::Dock for DockPort {
    fn ask(&mut self, intent: DockIntent) {
        self.post(Told::Asked(intent));
    }

    fn signs_in(&mut self, centre: String) {
        self.post(Told::SignsIn(centre));
    }
}

impl DockPort {
    fn post(&self, told: Told) {
        // Nobody listens any more when the app closes.
        let _ = self.0.send(told);
    }
}

#[derive(Debug)]
pub struct DockConfig {
    pub loopback: Loopback,
    /// Of the app, told to the centre's frames.
    pub version: &'static str,
    /// Certificate authority of the centre, PEM, beside the system's.
    pub extra_ca: Option<PathBuf>,
    pub kept: Kept,
    pub keeper: Box<dyn Keeper>,
}

/// Made before the driver, which needs its port; opened when the doors are there.
#[derive(Debug)]
pub struct Dock {
    told: mpsc::UnboundedReceiver<Told>,
    inbox: Inbox,
}

/// Origin of the pages that a centre serves, from the address with which the agent has
/// signed in to it. `None`: that is no address.
#[must_use]
pub fn pages_origin(centre: &str) -> Option<String> {
    rights::origin_of(&rights::centre_url(centre)?)
}

#[must_use]
pub fn new(inbox: Inbox) -> (DockPort, Dock) {
    let (sender, told) = mpsc::unbounded_channel();
    (DockPort(sender), Dock { told, inbox })
}

/// A dock that takes pages.
#[derive(Debug)]
pub struct Open {
    /// Where pages on this machine dock; `None`: nowhere.
    pub port: Option<u16>,
    pub door: PageDoor,
    /// What the relay has to tell the centre's hub.
    pub reach: watch::Receiver<Reach>,
}

impl Dock {
    /// Must be called within a tokio runtime; ends with the driver.
    pub fn open(self, doors: Doors, endpoints: Arc<dyn Endpoints>, config: DockConfig) -> Open {
        let (door, carried) = PageDoor::new();
        let (answers, answered) = mpsc::unbounded_channel();
        let (reach, reached) = watch::channel(Reach::default());
        let (home, at_home) = watch::channel(None);
        let view = Arc::clone(&doors.views().borrow());
        let DockConfig { loopback, version, extra_ca, kept, keeper } = config;
        let pages = Pages::new(kept.origins, kept.stores, view, extra_ca, Box::new(random));
        let ears = Ears {
            told: self.told,
            carried,
            views: doors.views(),
            meters: doors.meters(),
            recalled: kept.tokens,
            answers: answered,
        };
        let port = loopback.bind().and_then(|listener| {
            loopback::serve(listener, door.clone(), at_home, version)
                .inspect_err(|error| tracing::warn!(%error, "pages on this machine cannot dock"))
                .ok()
        });
        let hands = Hands { doors, endpoints, inbox: self.inbox, keeper, reach, home, answers };
        tokio::spawn(Actor::new(pages, ears, hands).run());
        Open { port, door, reach: reached }
    }
}

#[allow(clippy::expect_used)]
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system gives random numbers, or nothing is secret");
    bytes
}
