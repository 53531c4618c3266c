//! The one WebSocket by which Asterisk tells what happens. It is made again whenever it
//! breaks; calls in Asterisk do not notice.

use super::AsteriskConfig;
use super::ari::below;
use super::word::Event;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

const HANDSHAKE: Duration = Duration::from_secs(5);
/// Silence after which Asterisk is asked whether it is there, and after which it is not.
const PING: Duration = Duration::from_secs(5);
const DEAD: Duration = Duration::from_secs(15);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// Bytes of one event.
const LONGEST_EVENT: usize = 1024 * 1024;
/// Events that wait for the switch; more of them wait in the network.
pub(super) const QUEUE: usize = 1_024;

/// What the switch hears.
#[derive(Debug)]
pub(super) enum Word {
    /// There is a connection, the first or another one: what was told before may be over.
    Connected,
    Lost,
    Event(Box<Event>),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketFault {
    #[error("its address is none of a web server")]
    Address,
    #[error("it took too long to answer")]
    TimedOut,
    #[error("user or password are wrong, or ari.conf allows no writing")]
    Refused,
    #[error("what answers there is not ARI (HTTP {0})")]
    NotAri(u16),
    #[error("{0}")]
    Broken(String),
}

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection for this application's events. Asterisk makes the application, and the
/// dialplan context `stasis-NAME` that leads to it.
pub(super) async fn connect(
    config: &AsteriskConfig,
    tls: &Arc<rustls::ClientConfig>,
) -> Result<Socket, SocketFault> {
    let mut url = below(&config.ari, &["events"]).map_err(|_| SocketFault::Address)?;
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    url.set_scheme(scheme).map_err(|()| SocketFault::Address)?;
    url.query_pairs_mut().append_pair("app", &config.app);
    let mut request = url.as_str().into_client_request().map_err(|_| SocketFault::Address)?;
    let pair = STANDARD.encode(format!("{}:{}", config.user, config.password.expose()));
    let mut basic =
        HeaderValue::from_str(&format!("Basic {pair}")).map_err(|_| SocketFault::Address)?;
    basic.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, basic);
    let limits = WebSocketConfig::default()
        .max_message_size(Some(LONGEST_EVENT))
        .max_frame_size(Some(LONGEST_EVENT));
    let connector = Connector::Rustls(Arc::clone(tls));
    let handshake = tokio_tungstenite::connect_async_tls_with_config(
        request,
        Some(limits),
        true,
        Some(connector),
    );
    match timeout(HANDSHAKE, handshake).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(tungstenite::Error::Http(answer))) => match answer.status().as_u16() {
            401 | 403 => Err(SocketFault::Refused),
            status => Err(SocketFault::NotAri(status)),
        },
        Ok(Err(error)) => Err(SocketFault::Broken(error.to_string())),
        Err(_) => Err(SocketFault::TimedOut),
    }
}

/// Tells what comes from `first` and from every connection after it, until nobody listens.
pub(super) async fn listen(
    first: Socket,
    config: AsteriskConfig,
    tls: Arc<rustls::ClientConfig>,
    words: mpsc::Sender<Word>,
) {
    let mut next = Some(first);
    let mut pause = FIRST_PAUSE;
    loop {
        let connected = match next.take() {
            Some(socket) => Ok(socket),
            None => connect(&config, &tls).await,
        };
        match connected {
            Ok(socket) => {
                if words.send(Word::Connected).await.is_err() {
                    return;
                }
                let since = Instant::now();
                let Some(cause) = relay(socket, &words).await else { return };
                tracing::error!(cause, "Asterisk is not heard any more; its calls go on");
                if words.send(Word::Lost).await.is_err() {
                    return;
                }
                if since.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
            }
            Err(fault) => tracing::debug!(%fault, "Asterisk does not answer yet"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = words.closed() => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Until it ends, and why it did; `None`: nobody listens.
async fn relay(mut socket: Socket, words: &mpsc::Sender<Word>) -> Option<String> {
    let (mut heard, mut asked) = (Instant::now(), false);
    loop {
        let due = heard + if asked { DEAD } else { PING };
        let message = tokio::select! {
            message = socket.next() => message,
            () = sleep_until(due) => {
                if asked {
                    return Some("it fell silent".into());
                }
                asked = true;
                if socket.send(Message::Ping(Bytes::new())).await.is_err() {
                    return Some("the connection broke".into());
                }
                continue;
            }
            () = words.closed() => {
                let _ = timeout(Duration::from_millis(200), socket.close(None)).await;
                return None;
            }
        };
        (heard, asked) = (Instant::now(), false);
        match message {
            Some(Ok(Message::Text(text))) => match serde_json::from_str::<Event>(&text) {
                Ok(Event::Other) => {}
                Ok(event) => words.send(Word::Event(Box::new(event))).await.ok()?,
                // Without the text: there are numbers in it.
                Err(error) => tracing::warn!(
                    line = error.line(),
                    column = error.column(),
                    "an event of Asterisk is not understood"
                ),
            },
            Some(Ok(Message::Close(_))) | None => return Some("it closed the connection".into()),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Some(error.to_string()),
        }
    }
}
