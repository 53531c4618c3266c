//! The border between the dock and whatever carries a page's connection: the loopback
//! server here, the centre's hub in `relay`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Texts of one page that wait for the dock; the carrier waits with the next one.
const INCOMING: usize = 32;
/// Texts that wait for one page. One that reads nothing for so long is closed.
const OUTGOING: usize = 512;

/// Names a connection for as long as the app runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageId(pub u32);

/// How a page reaches the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The app's own port; the Origin header was the centre's.
    Loopback,
    /// The centre's hub, which has checked a token, a pairing code or a password.
    Relay,
}

/// What carriers tell the dock.
#[derive(Debug)]
pub(crate) enum Carried {
    Connected {
        page: PageId,
        way: Way,
        outgoing: mpsc::Sender<Arc<str>>,
    },
    Text {
        page: PageId,
        text: String,
        /// Given back when the text was handled.
        _credit: OwnedSemaphorePermit,
    },
    Closed {
        page: PageId,
    },
    /// A page was paired by the code that the agent asked for: it is used up.
    Paired,
}

/// Where carriers bring pages. Clones lead to the same dock.
#[derive(Clone, Debug)]
pub struct PageDoor {
    carried: mpsc::UnboundedSender<Carried>,
    next: Arc<AtomicU32>,
}

impl PageDoor {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Carried>) {
        let (carried, receiver) = mpsc::unbounded_channel();
        (Self { carried, next: Arc::new(AtomicU32::new(1)) }, receiver)
    }

    /// A page has connected. Dropping the socket's [`PageInlet`] closes it.
    #[must_use]
    pub fn connect(&self, way: Way) -> PageSocket {
        let page = PageId(self.next.fetch_add(1, Ordering::Relaxed));
        let (sender, outgoing) = mpsc::channel(OUTGOING);
        // A dock that has ended takes no pages; its sender is dropped with the message,
        // so `outgoing` ends at once.
        let _ = self.carried.send(Carried::Connected { page, way, outgoing: sender });
        let incoming = PageInlet {
            page,
            carried: self.carried.clone(),
            credit: Arc::new(Semaphore::new(INCOMING)),
        };
        PageSocket { id: page, way, incoming, outgoing }
    }

    /// The hub says that somebody has used the pairing code.
    pub fn paired(&self) {
        let _ = self.carried.send(Carried::Paired);
    }
}

/// The carrier's two ends of one page's connection.
#[derive(Debug)]
pub struct PageSocket {
    pub id: PageId,
    pub way: Way,
    /// For the page's texts. Drop it when the page has gone.
    pub incoming: PageInlet,
    /// Texts for the page, in order. When it ends, send what came before and close the
    /// connection.
    pub outgoing: mpsc::Receiver<Arc<str>>,
}

/// Takes the texts of one page.
pub struct PageInlet {
    page: PageId,
    carried: mpsc::UnboundedSender<Carried>,
    credit: Arc<Semaphore>,
}

impl PageInlet {
    /// Passes one text frame on; waits while too many are not handled yet. False when
    /// the dock has ended.
    pub async fn text(&self, text: String) -> bool {
        let Ok(credit) = Arc::clone(&self.credit).acquire_owned().await else { return false };
        self.carried.send(Carried::Text { page: self.page, text, _credit: credit }).is_ok()
    }
}

impl fmt::Debug for PageInlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageInlet").field("page", &self.page).finish_non_exhaustive()
    }
}

impl Drop for PageInlet {
    fn drop(&mut self) {
        let _ = self.carried.send(Carried::Closed { page: self.page });
    }
}
