//! One docked page's connection.

use super::board::{Astray, Desktop};
use super::outlet::{Out, Waiting, outlet};
use super::{Over, SILENCE, close, first_text, send};
use crate::rpc::{self, Bucket, Shared};
use axum::extract::ws::{Message, WebSocket, close_code};
use omnibar_protocol::hub::{
    self, By, CODE_DIGITS, Opened, Route, Routed, ToDesktop, close as codes,
};
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// More than a page that waits for each answer can ask.
const TEXTS_PER_SECOND: u64 = 1_000;

const TOO_MUCH: Over = Over { code: codes::TOO_MUCH, reason: "Too many messages at once." };
const TOO_MANY_PAGES: Over =
    Over { code: codes::TOO_MUCH, reason: "Too many pages are docked. Close some of them." };
const REFUSED: Over = Over { code: codes::REFUSED, reason: "The page was refused." };
const NO_ROUTE: Over = Over {
    code: close_code::POLICY,
    reason: "A page says first whose Omnibar it means, by a route.",
};
const NOT_READ: Over = Over { code: codes::NOT_READ, reason: "The page did not read." };
const ENDED: Over = Over { code: close_code::NORMAL, reason: "Omnibar has ended the connection." };
const NO_TEXT: Over = Over {
    code: close_code::UNSUPPORTED,
    reason: "Messages are text, and not longer than 64 KiB.",
};

pub(super) async fn serve(
    shared: Shared,
    from: IpAddr,
    origin: String,
    mut socket: WebSocket,
    unknown: OwnedSemaphorePermit,
) {
    let routed = route(&shared, from, &mut socket).await;
    drop(unknown);
    let over = match routed {
        Ok((desktop, by)) => {
            let (outlet, waiting) = outlet();
            match desktop.take_in(outlet) {
                Some(number) => {
                    let mut page = Page { shared, socket, desktop, number };
                    let over = page.run(Opened { origin, by }, waiting).await;
                    socket = page.leave().await;
                    over
                }
                None => Some(TOO_MANY_PAGES),
            }
        }
        Err(over) => over,
    };
    close(socket, over).await;
}

/// Leads the page to its desktop. `None`: the page is gone.
async fn route(
    shared: &Shared,
    from: IpAddr,
    socket: &mut WebSocket,
) -> Result<(Arc<Desktop>, By), Option<Over>> {
    let first = first_text(socket).await.ok_or(Some(NO_ROUTE))?;
    let Ok(Routed { route }) = serde_json::from_str(&first) else { return Err(Some(NO_ROUTE)) };
    drop(first);
    let (found, by) = match route {
        Route::Token { token } => {
            let found = shared.hub.board().by_token(&token.into_secret());
            (found, By::Token)
        }
        Route::Code { code } => {
            let code = code.into_secret();
            let digits = code.expose().len() == CODE_DIGITS
                && code.expose().bytes().all(|digit| digit.is_ascii_digit());
            if !digits {
                let words = "A code has six digits. Read it from Omnibar: Settings, Docked pages.";
                return Err(refuse(socket, words).await);
            }
            let now = shared.clock.now();
            let found = shared.hub.board().by_code(now, rpc::place(from), &code);
            (found, By::Code)
        }
        Route::User { user, password, force: _ } => {
            match rpc::check(shared, from, &user, password.into_secret()).await {
                Ok(()) => {}
                Err(error) => return Err(refuse(socket, &error.message).await),
            }
            let found = shared.hub.board().by_user(&user).ok_or_else(|| {
                Astray::Refused(format!(
                    "Omnibar is not running or not signed in as {user}. Start it and sign in, \
                     then try again."
                ))
            });
            (found, By::Password)
        }
    };
    match found {
        Ok(desktop) => Ok((desktop, by)),
        Err(Astray::NoDesktop) => Err(Some(Over::NO_DESKTOP)),
        Err(Astray::Refused(words)) => Err(refuse(socket, &words).await),
    }
}

/// In words that fit no close frame.
async fn refuse(socket: &mut WebSocket, words: &str) -> Option<Over> {
    send(socket, Message::text(hub::refusal(words))).await.then_some(REFUSED)
}

struct Page {
    shared: Shared,
    socket: WebSocket,
    desktop: Arc<Desktop>,
    number: u32,
}

impl Page {
    /// `None`: the page is gone.
    async fn run(&mut self, opened: Opened, mut waiting: Waiting) -> Option<Over> {
        let open = ToDesktop::Open { page: self.number, opened };
        if let Err(over) = self.desktop.pass_on(open.to_text()).await {
            return Some(over);
        }
        let mut bucket = Bucket::new(self.shared.clock.now(), TEXTS_PER_SECOND);
        let beat = self.shared.heartbeat;
        let mut ping = tokio::time::interval(beat);
        ping.reset();
        let mut heard = Instant::now();
        let (stop, gone) = (self.shared.stop.clone(), self.desktop.gone.clone());
        let not_read = waiting.not_read.clone();
        loop {
            tokio::select! {
                message = self.socket.recv() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => {
                            if !bucket.take(self.shared.clock.now()) {
                                return Some(TOO_MUCH);
                            }
                            if let Err(over) = self.desktop.pass_on(hub::wrap(self.number, &text)).await {
                                return Some(over);
                            }
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Binary(_)) | Err(_)) => return Some(NO_TEXT),
                        Some(Ok(Message::Close(_))) | None => return None,
                    }
                }
                out = waiting.next() => match out {
                    Some(Out::Text(text)) => {
                        let sent = tokio::select! {
                            sent = send(&mut self.socket, Message::text(text)) => sent,
                            () = not_read.cancelled() => return Some(NOT_READ),
                        };
                        if !sent {
                            return Some(NOT_READ);
                        }
                    }
                    Some(Out::End) => return Some(ENDED),
                    None => return Some(Over::DESKTOP_GONE),
                },
                () = not_read.cancelled() => return Some(NOT_READ),
                () = gone.cancelled() => return Some(Over::DESKTOP_GONE),
                () = stop.cancelled() => return Some(Over::STOPPING),
                _ = ping.tick() => {
                    if heard.elapsed() > beat * SILENCE {
                        return None;
                    }
                    if !send(&mut self.socket, Message::Ping(Vec::new().into())).await {
                        return None;
                    }
                }
            }
        }
    }

    async fn leave(self) -> WebSocket {
        self.desktop.let_go(self.number);
        let _ = self.desktop.pass_on(ToDesktop::Close { page: self.number }.to_text()).await;
        self.socket
    }
}
