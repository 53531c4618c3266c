//! Pages that reach only the centre: its hub passes them on over one socket, which is
//! kept up for as long as the agent is signed in.
//!
//! ```text
//!  signed in ─▶ ticket ─▶ connect ─▶ hello ─▶ ready ─▶ pages come and go
//!      ▲                                                  │ lost
//!      └──────────────── pause, longer each time ◀────────┘
//! ```

use crate::reach::{Reach, RelaySession};
use crate::socket::{PageDoor, PageSocket, Way};
use crate::{Open, tls};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use omnibar_model::Secret;
use omnibar_protocol::hub::{
    By, FromDesktop, MAX_DOWN, MAX_PAGES, MAX_TOKENS, MAX_WRAPPED, ToDesktop,
};
use omnibar_protocol::wire::Password;
use omnibar_softphone::{EndpointCall, Endpoints};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use url::{Host, Url};

/// Path of the hub at a centre, and of the agents' socket beside it.
const PATH: &str = "ws/desktop";
const AGENTS_PATH: &str = "ws/agent";
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
/// Texts of one page that wait for the dock; one that has more is closed.
const TEXTS: usize = 256;
/// Frames of all pages that wait for the hub; then the pages wait.
const FRAMES: usize = 256;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

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
    Tls(#[from] tls::TlsFault),
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
        let mut guests = Guests { door: self.door.clone(), frames, texts: BTreeMap::new() };
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

/// The pages that the hub has brought. Dropped with the connection, and then they close.
struct Guests {
    door: PageDoor,
    frames: mpsc::Sender<String>,
    texts: BTreeMap<u32, mpsc::Sender<String>>,
}

impl Guests {
    fn heard(&mut self, frame: ToDesktop) {
        match frame {
            ToDesktop::Open { page, opened } => {
                self.texts.retain(|_, texts| !texts.is_closed());
                if self.texts.len() >= MAX_PAGES {
                    tracing::warn!(page, "the hub brings more pages than it may");
                    return;
                }
                if opened.by == By::Code {
                    self.door.paired();
                }
                tracing::debug!(page, by = ?opened.by, "a page comes through the centre");
                let (texts, waiting) = mpsc::channel(TEXTS);
                self.texts.insert(page, texts);
                let socket = self.door.connect(Way::Relay);
                tokio::spawn(carry(page, socket, waiting, self.frames.clone()));
            }
            ToDesktop::Text { page, text } => {
                let full = self.texts.get(&page).is_some_and(|texts| texts.try_send(text).is_err());
                if full {
                    self.texts.remove(&page);
                }
            }
            ToDesktop::Close { page } => {
                self.texts.remove(&page);
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
    frames: mpsc::Sender<String>,
) {
    let PageSocket { incoming, mut outgoing, .. } = socket;
    loop {
        tokio::select! {
            text = outgoing.recv() => {
                let Some(text) = text.filter(|text| text.len() <= MAX_DOWN) else { break };
                if frames.send(omnibar_protocol::hub::wrap(page, &text)).await.is_err() {
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
    // To a page that is gone already the hub does nothing.
    let _ = frames.send(FromDesktop::Close { page }.to_text()).await;
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

async fn reach_hub(url: &Url, extra_ca: Option<std::path::PathBuf>) -> Result<Socket, RelayFault> {
    let connector = if url.scheme() == "wss" {
        let load = tokio::task::spawn_blocking(move || tls::client_config(extra_ca.as_deref()));
        let config = load.await.map_err(|error| RelayFault::Connect(error.to_string()))??;
        Connector::Rustls(config)
    } else {
        Connector::Plain
    };
    let failed = |error: std::io::Error| RelayFault::Connect(error.to_string());
    let host = match url.host() {
        Some(Host::Ipv6(ip)) => ip.to_string(),
        Some(host) => host.to_string(),
        None => return Err(RelayFault::Address),
    };
    let port = url.port_or_known_default().unwrap_or(443);
    let stream = TcpStream::connect((host, port)).await.map_err(failed)?;
    // Small frames must not wait for one another.
    stream.set_nodelay(true).map_err(failed)?;
    let config = WebSocketConfig::default()
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_WRAPPED)
        .max_message_size(Some(MAX_WRAPPED))
        .max_frame_size(Some(MAX_WRAPPED));
    let (socket, _) =
        client_async_tls_with_config(url.as_str(), stream, Some(config), Some(connector))
            .await
            .map_err(|error| RelayFault::Connect(error.to_string()))?;
    Ok(socket)
}

/// The hub beside the agents' socket. What an agent types may have no scheme: a host of
/// this machine is then reached in the clear and every other one by TLS.
fn hub_url(centre: &str) -> Option<Url> {
    let centre = centre.trim();
    let mut url = if centre.contains("://") {
        Url::parse(centre).ok()?
    } else {
        let clear = Url::parse(&format!("ws://{centre}")).ok()?;
        if is_this_machine(&clear) { clear } else { Url::parse(&format!("wss://{centre}")).ok()? }
    };
    let scheme = match url.scheme() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return None,
    };
    url.set_scheme(scheme).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    let folder = url.path().strip_suffix(AGENTS_PATH).unwrap_or(url.path());
    let folder = if folder.ends_with('/') { folder } else { "/" };
    let path = format!("{folder}{PATH}");
    url.set_path(&path);
    url.has_host().then_some(url)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hub_is_beside_the_agents_socket() {
        for (centre, want) in [
            ("ws://127.0.0.1:7340", "ws://127.0.0.1:7340/ws/desktop"),
            ("wss://centre.example/ws/agent", "wss://centre.example/ws/desktop"),
            ("https://centre.example/omnibar/ws/agent", "wss://centre.example/omnibar/ws/desktop"),
            ("wss://centre.example/omnibar/", "wss://centre.example/omnibar/ws/desktop"),
            (" centre.example ", "wss://centre.example/ws/desktop"),
            ("localhost:7340", "ws://localhost:7340/ws/desktop"),
            ("http://[::1]:7340/?a#b", "ws://[::1]:7340/ws/desktop"),
        ] {
            assert_eq!(hub_url(centre).map(String::from).as_deref(), Some(want), "{centre}");
        }
        for centre in ["", "ftp://centre.example", "mailto:x", "wss://"] {
            assert!(hub_url(centre).is_none(), "{centre}");
        }
    }

    #[test]
    fn pauses_grow_and_are_not_in_step() {
        for attempt in 0..40 {
            let whole = FIRST_PAUSE.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE);
            let got = pause(attempt);
            assert!(got >= whole / 2 && got <= whole, "{attempt}: {got:?}");
        }
        let pauses: std::collections::BTreeSet<_> = (0..100).map(|_| pause(4)).collect();
        assert!(pauses.len() > 50);
    }
}
