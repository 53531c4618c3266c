//! The pages that the hub has brought.

use crate::socket::{PageDoor, PageSocket, Way};
use omnibar_protocol::hub::{By, FromDesktop, MAX_DOWN, MAX_PAGES, ToDesktop, wrap};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc};

/// Texts of one page that wait for the dock; one that has more is closed.
const TEXTS: usize = 256;

/// Dropped with the connection, and then they close.
pub(super) struct Guests {
    door: PageDoor,
    frames: mpsc::Sender<String>,
    open: BTreeMap<u32, Guest>,
}

struct Guest {
    texts: mpsc::Sender<String>,
    /// More was said than is handled.
    too_much: Arc<Notify>,
}

impl Guests {
    pub(super) fn new(door: PageDoor, frames: mpsc::Sender<String>) -> Self {
        Self { door, frames, open: BTreeMap::new() }
    }

    pub(super) fn heard(&mut self, frame: ToDesktop) {
        match frame {
            ToDesktop::Open { page, opened } => {
                self.open.retain(|_, guest| !guest.texts.is_closed());
                if self.open.len() >= MAX_PAGES {
                    tracing::warn!(page, "the hub brings more pages than it may");
                    return;
                }
                if opened.by == By::Code {
                    self.door.paired();
                }
                tracing::debug!(page, by = ?opened.by, "a page comes through the centre");
                let (texts, waiting) = mpsc::channel(TEXTS);
                let guest = Guest { texts, too_much: Arc::default() };
                let (socket, frames) = (self.door.connect(Way::Relay), self.frames.clone());
                let too_much = guest.too_much.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = carry(page, socket, waiting, &frames) => {}
                        () = too_much.notified() => {}
                    }
                    // To a page that is gone already the hub does nothing.
                    let _ = frames.send(FromDesktop::Close { page }.to_text()).await;
                });
                self.open.insert(page, guest);
            }
            ToDesktop::Text { page, text } => {
                let said = self.open.get(&page).map(|guest| guest.texts.try_send(text));
                if let Some(Err(TrySendError::Full(_))) = said
                    && let Some(guest) = self.open.remove(&page)
                {
                    tracing::info!(page, "a page says more than is handled");
                    guest.too_much.notify_one();
                }
            }
            ToDesktop::Close { page } => {
                self.open.remove(&page);
            }
            ToDesktop::Ready => {}
        }
    }
}

/// One page between hub and dock, until either ends it.
async fn carry(
    page: u32,
    socket: PageSocket,
    mut texts: mpsc::Receiver<String>,
    frames: &mpsc::Sender<String>,
) {
    let PageSocket { incoming, mut outgoing, .. } = socket;
    loop {
        tokio::select! {
            text = outgoing.recv() => {
                let Some(text) = text.filter(|text| text.len() <= MAX_DOWN) else { break };
                if frames.send(wrap(page, &text)).await.is_err() {
                    return;
                }
            }
            text = texts.recv() => {
                let Some(text) = text else { break };
                if !incoming.text(text).await {
                    break;
                }
            }
        }
    }
}
