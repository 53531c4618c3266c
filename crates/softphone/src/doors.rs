use omnibar_contract::{Fault, Intent, Meter, View};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The three doors between any UI and the core. Every host (window, page, command
/// line) holds a clone.
#[derive(Clone, Debug)]
pub struct Doors {
    pub(crate) intents: mpsc::UnboundedSender<Intent>,
    pub(crate) views: watch::Receiver<Arc<View>>,
    pub(crate) meters: watch::Receiver<Meter>,
}

impl Doors {
    /// Posts and returns at once; what comes of it shows in a later view.
    ///
    /// # Errors
    /// [`Fault::Closing`] when the driver has ended.
    pub fn post(&self, intent: Intent) -> Result<(), Fault> {
        self.intents.send(intent).map_err(|_| Fault::Closing)
    }

    /// The newest view, and word of every newer one. Ends with the driver.
    #[must_use]
    pub fn views(&self) -> watch::Receiver<Arc<View>> {
        self.views.clone()
    }

    /// Levels and quality. Ends with the driver.
    #[must_use]
    pub fn meters(&self) -> watch::Receiver<Meter> {
        self.meters.clone()
    }
}
