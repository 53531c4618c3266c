//! Pages that dock: an adapter by which CRM pages reach the core, directly over the
//! app's loopback socket or relayed by the centre. What a page may do is decided here,
//! per origin, never in the page.

pub mod omni;
mod reach;
mod socket;

pub use reach::{Reach, RelaySession};
pub use socket::{PageDoor, PageId, PageInlet, PageSocket, Way};

use omnibar_contract::{DockIntent, DockView};
use omnibar_softphone::{Doors, Endpoints, Event, Inbox};
use std::sync::Arc;
use tokio::sync::mpsc;

/// The driver's end: posts what the agent decides.
#[derive(Debug)]
pub struct DockPort(mpsc::UnboundedSender<DockIntent>);

impl omnibar_softphone::Dock for DockPort {
    fn ask(&mut self, intent: DockIntent) {
        // Nobody listens any more when the app closes.
        let _ = self.0.send(intent);
    }
}

/// Made before the driver, which needs its port; opened when the doors are there.
#[derive(Debug)]
pub struct Dock {
    asked: mpsc::UnboundedReceiver<DockIntent>,
    inbox: Inbox,
    view: DockView,
}

#[must_use]
pub fn new(inbox: Inbox) -> (DockPort, Dock) {
    let (asks, asked) = mpsc::unbounded_channel();
    (DockPort(asks), Dock { asked, inbox, view: DockView::default() })
}

impl Dock {
    /// Must be called within a tokio runtime; ends with the driver.
    pub fn open(mut self, _doors: Doors, _endpoints: Arc<dyn Endpoints>) {
        tokio::spawn(async move {
            while let Some(intent) = self.asked.recv().await {
                if let DockIntent::DismissToast { id } = intent {
                    self.view.toasts.retain(|toast| toast.id != id);
                    self.inbox.post(Event::Dock(Box::new(self.view.clone())));
                }
            }
        });
    }
}
