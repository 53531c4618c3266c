//! One desktop's connection.

use super::board::Desktop;
use super::outlet::Out;
use super::{Over, SILENCE, close, first_text, send};
use crate::core::Whose;
use crate::rpc::{Bucket, Shared};
use axum::extract::ws::{Message, WebSocket, close_code};
use omnibar_protocol::hub::{FromDesktop, MAX_DOWN, ToDesktop, close as codes};
use omnibar_protocol::wire::Password;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;

/// Frames of pages that wait for the desktop; then the pages wait.
const FRAMES: usize = 256;
/// Levels for two hundred pages, twenty times a second, and as much again.
const FRAMES_PER_SECOND: u64 = 8_000;

const NO_TICKET: Over =
    Over { code: codes::REFUSED, reason: "The ticket does not hold. Ask for another." };
const SIGNED_OUT: Over = Over { code: codes::REFUSED, reason: "The session is over." };
const ELSEWHERE: Over =
    Over { code: codes::REFUSED, reason: "Another desktop of this agent has connected." };
const NO_FRAME: Over = Over { code: close_code::POLICY, reason: "That is no frame of the hub." };
const TOO_MUCH: Over = Over { code: codes::TOO_MUCH, reason: "Too many frames at once." };
const UNHEARD: Over = Over { code: close_code::AWAY, reason: "Nothing was heard." };

pub(super) async fn serve(shared: Shared, mut socket: WebSocket, unknown: OwnedSemaphorePermit) {
    let over = match enter(&shared, &mut socket).await {
        Ok((handle, desktop, frames)) => {
            drop(unknown);
            tracing::info!(user = %desktop.user, "a desktop takes pages");
            let mut seated = Seated { shared, socket, desktop, handle };
            let over = seated.run(frames).await;
            seated.leave();
            socket = seated.socket;
            over
        }
        Err(over) => Some(over),
    };
    close(socket, over).await;
}

type Entered = (String, Arc<Desktop>, mpsc::Receiver<String>);

async fn enter(shared: &Shared, socket: &mut WebSocket) -> Result<Entered, Over> {
    let first = first_text(socket).await.ok_or(NO_TICKET)?;
    let Ok(FromDesktop::Hello { session, ticket }) = FromDesktop::parse(&first) else {
        return Err(NO_FRAME);
    };
    let (ticket, now) = (ticket.into_secret(), shared.clock.now());
    let user = shared.hub.board().redeem(now, &ticket, &session).ok_or(NO_TICKET)?;
    // It may have ended since the ticket was given.
    if shared.door.desk(Whose::Handle(session.clone())).await.is_none() {
        return Err(SIGNED_OUT);
    }
    let (frames, waiting) = mpsc::channel(FRAMES);
    let desktop = Arc::new(Desktop::new(shared.hub.next_desktop(), user, frames));
    shared.hub.board().seat(desktop.clone());
    Ok((session, desktop, waiting))
}

struct Seated {
    shared: Shared,
    socket: WebSocket,
    desktop: Arc<Desktop>,
    /// Of its session.
    handle: String,
}

impl Seated {
    /// `None`: the desktop is gone.
    async fn run(&mut self, mut frames: mpsc::Receiver<String>) -> Option<Over> {
        if !send(&mut self.socket, Message::text(ToDesktop::Ready.to_text())).await {
            return None;
        }
        let mut bucket = Bucket::new(self.shared.clock.now(), FRAMES_PER_SECOND);
        let beat = self.shared.heartbeat;
        let mut ping = tokio::time::interval(beat);
        ping.reset();
        let mut heard = Instant::now();
        let (stop, gone) = (self.shared.stop.clone(), self.desktop.gone.clone());
        loop {
            tokio::select! {
                message = self.socket.recv() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => {
                            if !bucket.take(self.shared.clock.now()) {
                                return Some(TOO_MUCH);
                            }
                            if let Err(over) = self.said(&text) {
                                return Some(over);
                            }
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                        Some(Ok(Message::Binary(_)) | Err(_)) => return Some(NO_FRAME),
                        Some(Ok(Message::Close(_))) | None => return None,
                    }
                }
                frame = frames.recv() => {
                    let frame = frame?;
                    if !send(&mut self.socket, Message::text(frame)).await {
                        return None;
                    }
                }
                () = gone.cancelled() => return Some(ELSEWHERE),
                () = stop.cancelled() => return Some(Over::STOPPING),
                _ = ping.tick() => {
                    if heard.elapsed() > beat * SILENCE {
                        return Some(UNHEARD);
                    }
                    let whose = Whose::Handle(self.handle.clone());
                    if self.shared.door.desk(whose).await.is_none() {
                        return Some(SIGNED_OUT);
                    }
                    if !send(&mut self.socket, Message::Ping(Vec::new().into())).await {
                        return None;
                    }
                }
            }
        }
    }

    fn said(&self, text: &str) -> Result<(), Over> {
        match FromDesktop::parse(text).map_err(|_| NO_FRAME)? {
            FromDesktop::Text { page, text } => {
                if text.len() > MAX_DOWN {
                    return Err(NO_FRAME);
                }
                self.push(page, Out::Text(text));
            }
            FromDesktop::Close { page } => self.push(page, Out::End),
            FromDesktop::Tokens(tokens) => {
                if !self.shared.hub.board().set_tokens(&self.desktop, &tokens) {
                    return Err(NO_FRAME);
                }
            }
            FromDesktop::Code(code) => {
                let (now, code) = (self.shared.clock.now(), code.map(Password::into_secret));
                self.shared.hub.board().set_code(now, &self.desktop, code);
            }
            FromDesktop::Hello { .. } => return Err(NO_FRAME),
        }
        Ok(())
    }

    fn push(&self, page: u32, out: Out) {
        // A page that has just gone needs nothing.
        if let Some(outlet) = self.desktop.page(page) {
            outlet.push(out);
        }
    }

    fn leave(&self) {
        self.shared.hub.board().unseat(&self.desktop);
        self.desktop.gone.cancel();
        tracing::info!(user = %self.desktop.user, "a desktop takes no more pages");
    }
}
