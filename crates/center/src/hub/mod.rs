//! The hub: passes what docked pages and their agents' desktops say to each other on,
//! unread. It knows which desktop a page means, and that the page has shown that it may
//! ask ([`omnibar_protocol::hub::Route`]); what the page may do, the desktop decides.

mod board;
mod desktop;
mod outlet;
mod page;
mod site;
mod tries;

pub(crate) use site::{Site, public_origin};

use crate::core::DeskNow;
use crate::rpc::{self, Shared};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use board::Board;
use futures_util::SinkExt;
use omnibar_model::Secret;
use omnibar_protocol::hub::{MAX_UP, MAX_WRAPPED};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Pages that are docked through this centre at one time.
const MOST_PAGES: usize = 10_000;
/// Pages and desktops that have not said yet who they are.
const MOST_UNKNOWN: usize = 1_024;
/// For the first text of a connection.
const FIRST_TEXT: Duration = Duration::from_secs(10);
/// Nothing heard for so many heartbeats: the other side is gone.
const SILENCE: u32 = 3;
/// One text that is not taken in this time: the other side is gone.
const SEND: Duration = Duration::from_secs(10);

/// Clones lead to the same hub.
#[derive(Clone, Debug)]
pub(crate) struct Hub(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    board: Mutex<Board>,
    pages: Arc<Semaphore>,
    unknown: Arc<Semaphore>,
    desktops: AtomicU64,
}

impl Default for Hub {
    fn default() -> Self {
        Self(Arc::new(Inside {
            board: Mutex::default(),
            pages: Arc::new(Semaphore::new(MOST_PAGES)),
            unknown: Arc::new(Semaphore::new(MOST_UNKNOWN)),
            desktops: AtomicU64::new(1),
        }))
    }
}

impl Hub {
    /// With this the desk's desktop may connect once, within a minute.
    pub(crate) fn ticket(&self, desk: &DeskNow, now: omnibar_model::Moment) -> Secret {
        let ticket = Secret::new(Uuid::new_v4().simple().to_string());
        self.board().issue(now, digest(&ticket), desk.user.clone(), desk.handle.clone());
        ticket
    }

    /// Held for moments only, never across an await.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_desktop(&self) -> u64 {
        self.0.desktops.fetch_add(1, Ordering::Relaxed)
    }
}

/// `GET /ws/dock`: a toolbar frame that the centre itself has served.
pub(crate) async fn dock(
    State(shared): State<Shared>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(origin) = shared.site.own_origin(&headers) else {
        return (StatusCode::FORBIDDEN, "Only this centre's own toolbar docks here.")
            .into_response();
    };
    let hub = shared.hub.0.clone();
    let (Ok(page), Ok(unknown)) =
        (hub.pages.clone().try_acquire_owned(), hub.unknown.clone().try_acquire_owned())
    else {
        return busy();
    };
    upgrade.max_message_size(MAX_UP).max_frame_size(MAX_UP).on_upgrade(move |socket| async move {
        page::serve(shared, from.ip(), origin, socket, unknown).await;
        drop(page);
    })
}

/// `GET /ws/desktop`: an agent's desktop, never a browser.
pub(crate) async fn desktop(
    State(shared): State<Shared>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if headers.contains_key(header::ORIGIN) || !rpc::allowed(&headers, &shared.site) {
        return (StatusCode::FORBIDDEN, "Pages do not connect as desktops.").into_response();
    }
    let Ok(unknown) = shared.hub.0.unknown.clone().try_acquire_owned() else { return busy() };
    upgrade
        .max_message_size(MAX_WRAPPED)
        .max_frame_size(MAX_WRAPPED)
        .on_upgrade(move |socket| desktop::serve(shared, socket, unknown))
}

fn busy() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "Too many connections. Try again in a moment.")
        .into_response()
}

fn digest(secret: &Secret) -> [u8; 32] {
    Sha256::digest(secret.expose().as_bytes()).into()
}

/// Why the hub closes a connection; the reason is for the person who reads the other
/// side's log or screen, at most 123 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Over {
    code: u16,
    reason: &'static str,
}

/// The first text of a connection, in time.
async fn first_text(socket: &mut WebSocket) -> Option<String> {
    let first = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Text(text))) => return Some(text.as_str().to_owned()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    };
    tokio::time::timeout(FIRST_TEXT, first).await.ok().flatten()
}

/// False when the other side is gone, or takes nothing.
async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(tokio::time::timeout(SEND, socket.send(message)).await, Ok(Ok(())))
}

/// `None`: the other side has said goodbye, or is gone.
async fn close(mut socket: WebSocket, over: Option<Over>) {
    if let Some(Over { code, reason }) = over {
        send(&mut socket, Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
    }
    // A goodbye is answered by one (RFC 6455 section 5.5.1).
    let _ = tokio::time::timeout(SEND, SinkExt::close(&mut socket)).await;
}
