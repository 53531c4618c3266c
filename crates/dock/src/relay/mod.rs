//! Pages that reach only the centre: its hub passes them on over one socket, which is
//! kept up for as long as the agent is signed in.
//!
//! ```text
//!  signed in ─▶ ticket ─▶ connect ─▶ hello ─▶ ready ─▶ pages come and go
//!      ▲                                                  │ lost
//!      └──────────────── pause, longer each time ◀────────┘
//! ```

mod dial;
mod guests;
#[cfg(test)]
mod tests;

use crate::Open;
use crate::reach::{Reach, RelaySession};
use crate::socket::PageDoor;
use dial::{Socket, hub_url, reach_hub};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use guests::Guests;
use omnibar_model::Secret;
use omnibar_protocol::hub::{FromDesktop, MAX_TOKENS, ToDesktop};
use omnibar_protocol::wire::Password;
use omnibar_softphone::{EndpointCall, Endpoints};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

/// For name look-up, TCP, TLS and the handshake together.
const CONNECT: Duration = Duration::from_secs(15);
/// For the hub's answer to the hello.
const READY: Duration = Duration::from_secs(10);
/// The hub pings three times in it.
const SILENCE: Duration = Duration::from_secs(30);
const SEND: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A connection that held for so long was a good one.
const HELD: Duration = Duration::from_secs(20);
/// Frames of all pages that wait for the hub; then the pages wait.
const FRAMES: usize = 256;

impl Open {
    /// Brings pages from the centre's hub to the dock. Must be called within a tokio
    /// runtime; ends with the dock.
    pub fn relay(&self, endpoints: Arc<dyn Endpoints>) {
        let relay = Relay { door: self.door.clone(), reach: self.reach.clone(), endpoints };
        tokio::spawn(relay.run());
    }
}

struct Relay {
    door: PageDoor,
    reach: watch::Receiver<Reach>,
    endpoints: Arc<dyn Endpoints>,
}

/// Why there is no connection, for the log.
#[derive(Debug, thiserror::Error)]
enum RelayFault {
    #[error("the centre gave no ticket: {0}")]
    Ticket(String),
    #[error("the centre's address is not understood")]
    Address,
    #[error("{0}")]
    Tls(#[from] omnibar_tls::TlsFault),
    #[error("the hub was not reached: {0}")]
    Connect(String),
    #[error("the hub said no: {0}")]
    Refused(String),
    #[error("the hub is silent")]
    Silent,
}

/// What ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Lost,
    /// The agent has signed out, or is somebody else now.
    Session,
    /// The dock has ended.
    Dock,
}

impl Relay {
    async fn run(mut self) {
        let mut attempt = 0_u32;
        loop {
            let found = self.reach.wait_for(|reach| reach.session.is_some()).await;
            let Some(session) = found.ok().and_then(|reach| reach.session.clone()) else { return };
            let began = Instant::now();
            let left = match self.connect(&session).await {
                Ok(socket) => {
                    tracing::info!("pages can dock through the centre");
                    let left = self.attend(&session, socket).await;
                    tracing::info!(?left, "pages can dock through the centre no more");
                    left
                }
                Err(fault) => {
                    tracing::debug!(%fault, attempt, "pages cannot dock through the centre");
                    Left::Lost
                }
            };
            match left {
                Left::Dock => return,
                Left::Session => attempt = 0,
                Left::Lost => {
                    attempt = if began.elapsed() >= HELD { 0 } else { attempt.saturating_add(1) };
                    let _ = timeout(pause(attempt), self.other_session(&session)).await;
                }
            }
        }
    }

    /// Returns when the session is not this one any more.
    async fn other_session(&mut self, session: &RelaySession) {
        let _ = self.reach.wait_for(|reach| reach.session.as_ref() != Some(session)).await;
    }

    async fn connect(&self, session: &RelaySession) -> Result<Socket, RelayFault> {
        let url = hub_url(&session.centre).ok_or(RelayFault::Address)?;
        let ticket = self.ticket().await?;
        let connect = reach_hub(&url, session.extra_ca.clone());
        let mut socket = timeout(CONNECT, connect).await.map_err(|_| RelayFault::Silent)??;
        let hello = FromDesktop::Hello { session: session.handle.clone(), ticket };
        let enter = async {
            let lost = |error| RelayFault::Connect(format!("{error}"));
            socket.send(Message::text(hello.to_text())).await.map_err(lost)?;
            loop {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return match ToDesktop::parse(&text) {
                            Ok(ToDesktop::Ready) => Ok(()),
                            Ok(_) | Err(_) => Err(RelayFault::Refused("no greeting".into())),
                        };
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(frame))) => {
                        let reason = frame.map(|frame| frame.reason.to_string());
                        return Err(RelayFault::Refused(reason.unwrap_or_default()));
                    }
                    Some(Ok(Message::Binary(_))) => {
                        return Err(RelayFault::Refused("no text".into()));
                    }
                    Some(Err(error)) => return Err(lost(error)),
                    None => return Err(RelayFault::Silent),
                }
            }
        };
        timeout(READY, enter).await.map_err(|_| RelayFault::Silent)??;
        Ok(socket)
    }

    /// Asked over the agent's own session: who has it is the agent.
    async fn ticket(&self) -> Result<Password, RelayFault> {
        let (answer, answered) = oneshot::channel();
        let call = EndpointCall {
            service: "hub".into(),
            method: "POST".into(),
            path: "/ticket".into(),
            query: BTreeMap::new(),
            body: Value::Null,
        };
        self.endpoints.call(call, answer);
        let answer = answered.await.map_err(|_| RelayFault::Ticket("no session".into()))?;
        let mut answer = answer.map_err(RelayFault::Ticket)?;
        let ticket = match (answer.status, answer.body["ticket"].take()) {
            (200, Value::String(ticket)) => ticket,
            (status, _) => return Err(RelayFault::Ticket(format!("status {status}"))),
        };
        Ok(Password::from(&Secret::new(ticket)))
    }

    async fn attend(&mut self, session: &RelaySession, socket: Socket) -> Left {
        let (mut to, mut from) = socket.split();
        let (frames, mut waiting) = mpsc::channel(FRAMES);
        let mut guests = Guests::new(self.door.clone(), frames);
        let mut told = Told::default();
        let now = self.reach.borrow_and_update().clone();
        if !told.tell(&mut to, &now).await {
            return Left::Lost;
        }
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                // A page may use its token as soon as it has it: the hub hears of it first.
                biased;
                changed = self.reach.changed() => {
                    if changed.is_err() {
                        return goodbye(to, Left::Dock).await;
                    }
                    let now = self.reach.borrow_and_update().clone();
                    if now.session.as_ref() != Some(session) {
                        return goodbye(to, Left::Session).await;
                    }
                    if !told.tell(&mut to, &now).await {
                        return Left::Lost;
                    }
                }
                Some(frame) = waiting.recv() => {
                    if !send(&mut to, frame).await {
                        return Left::Lost;
                    }
                }
                heard_of = hear(&mut from) => {
                    heard = Instant::now();
                    match heard_of {
                        Heard::Frame(frame) => guests.heard(frame),
                        Heard::Nothing => {}
                        Heard::End => return Left::Lost,
                    }
                }
                () = sleep_until(heard + SILENCE) => return Left::Lost,
            }
        }
    }
}

/// What the hub knows already.
#[derive(Default)]
struct Told {
    tokens: Option<Vec<String>>,
    code: Option<String>,
}

impl Told {
    async fn tell(&mut self, to: &mut SplitSink<Socket, Message>, now: &Reach) -> bool {
        let tokens: Vec<String> = now.tokens.keys().take(MAX_TOKENS).map(hex).collect();
        if self.tokens.as_ref() != Some(&tokens) {
            self.tokens = Some(tokens.clone());
            if !send(to, FromDesktop::Tokens(tokens).to_text()).await {
                return false;
            }
        }
        if self.code != now.code {
            self.code.clone_from(&now.code);
            let code = now.code.as_ref().map(|code| Password::from(&Secret::new(code.as_str())));
            return send(to, FromDesktop::Code(code).to_text()).await;
        }
        true
    }
}

enum Heard {
    Frame(ToDesktop),
    Nothing,
    End,
}

async fn hear(from: &mut SplitStream<Socket>) -> Heard {
    match from.next().await {
        Some(Ok(Message::Text(text))) => match ToDesktop::parse(&text) {
            Ok(frame) => Heard::Frame(frame),
            Err(fault) => {
                tracing::warn!(%fault, "the hub's frame was not read");
                Heard::Nothing
            }
        },
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Heard::Nothing,
        Some(Ok(Message::Close(frame))) => {
            let reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
            tracing::debug!(reason, "the hub has closed");
            Heard::End
        }
        Some(Ok(Message::Binary(_)) | Err(_)) | None => Heard::End,
    }
}

async fn send(to: &mut SplitSink<Socket, Message>, frame: String) -> bool {
    matches!(timeout(SEND, to.send(Message::text(frame))).await, Ok(Ok(())))
}

async fn goodbye(mut to: SplitSink<Socket, Message>, left: Left) -> Left {
    let _ = timeout(SEND, to.send(Message::Close(None))).await;
    left
}

/// Doubles to [`LONGEST_PAUSE`], and by up to half is left to chance: the desktops of a
/// centre that restarts do not come back in step.
fn pause(attempt: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE);
    let chance = getrandom::u32().unwrap_or(u32::MAX);
    whole / 2 + (whole / 2).mul_f64(f64::from(chance) / f64::from(u32::MAX))
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
