//! The app's own port for pages on this machine: `GET /dock/hello` tells a frame that the
//! app is there, `GET /dock` is the WebSocket.
//!
//! Any page of the web can reach a loopback port, so both ask for the right names: Host
//! must be this port's (a page that lets its own name resolve to 127.0.0.1 has another
//! one), Origin must be the centre's, whose toolbar frame is the one page that speaks here.

use crate::doorstep::{Doorstep, Pass};
use crate::limits::{PAGES_MAX, TEXT_MAX};
use crate::socket::{PageDoor, PageSocket, Way};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;
use tokio::sync::watch;

/// Where frames look for the app, in this order.
const PORTS: std::ops::RangeInclusive<u16> = 47620..=47624;
/// Connections at one time: three times as many as pages.
const ROOM: usize = 3 * PAGES_MAX;
/// For a connection to become a page's.
const PATIENCE: Duration = Duration::from_secs(3);
/// A page that takes no text for so long is closed.
const SEND_MAX: Duration = Duration::from_secs(10);
/// For a page to take its leave.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long a browser may remember the answer to its preflight, in s.
const PREFLIGHT_S: &str = "600";

/// Where the app listens for pages on this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loopback {
    /// Nowhere: pages come through the centre only.
    Off,
    /// The first free one of the ports that frames try.
    #[default]
    Usual,
    /// This one; 0 is any that is free.
    Port(u16),
}

impl Loopback {
    /// `None`, and a line in the log, when no port is to be had.
    pub(crate) fn bind(self) -> Option<TcpListener> {
        let ports = match self {
            Self::Off => return None,
            Self::Usual => PORTS,
            Self::Port(port) => port..=port,
        };
        let bound = ports.clone().find_map(|port| {
            TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                .inspect_err(|error| tracing::debug!(port, %error, "no port for pages"))
                .ok()
        });
        if bound.is_none() {
            tracing::warn!(?ports, "pages can dock through the centre only: no port is free");
        }
        bound
    }
}

#[derive(Clone)]
struct Gate {
    door: PageDoor,
    home: watch::Receiver<Option<String>>,
    hosts: [String; 2],
    version: &'static str,
}

/// Must be called within a runtime; serves for as long as the app runs. `home` is the
/// origin of the centre's pages. Yields the port.
pub(crate) fn serve(
    listener: TcpListener,
    door: PageDoor,
    home: watch::Receiver<Option<String>>,
    version: &'static str,
) -> std::io::Result<u16> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let port = listener.local_addr()?.port();
    let hosts = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}"));
    let gate = Gate { door, home, hosts, version };
    let router = Router::new()
        .route("/dock/hello", get(hello).options(preflight))
        .route("/dock", get(dock))
        .layer(middleware::from_fn_with_state(gate.clone(), guard))
        .with_state(gate);
    let doorstep = Doorstep::new(listener, ROOM, PATIENCE);
    let app = router.into_make_service_with_connect_info::<Pass>();
    tokio::spawn(async move {
        if let Err(error) = axum::serve(doorstep, app).await {
            tracing::error!(%error, "pages on this machine can dock no more");
        }
    });
    tracing::info!(port, "pages on this machine can dock");
    Ok(port)
}

/// Lets through what was sent to this port by the centre's pages.
async fn guard(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !only(headers, &header::HOST).is_some_and(|host| gate.hosts.iter().any(|h| h == host)) {
        tracing::debug!("a request for another host");
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    let ours = gate.home.borrow().clone();
    let origin = only(headers, &header::ORIGIN).map(str::to_owned);
    match (origin, ours) {
        (Some(origin), Some(ours)) if origin == ours => {
            let mut response = next.run(request).await;
            share(response.headers_mut(), &origin);
            response
        }
        (origin, _) => {
            tracing::debug!(?origin, "a page that is not the centre's");
            let words = "Only the toolbar of the centre that Omnibar is signed in to docks here.";
            (StatusCode::FORBIDDEN, words).into_response()
        }
    }
}

/// The header's value; two of them are one too many.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then(|| value.to_str().ok())?
}

fn share(headers: &mut HeaderMap, origin: &str) {
    if let Ok(origin) = HeaderValue::from_str(origin) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

async fn hello(State(gate): State<Gate>) -> Response {
    Json(json!({"omnibar": 1, "app": "omnibar", "version": gate.version})).into_response()
}

/// Private Network Access and its successor, Local Network Access, ask before the request.
async fn preflight() -> Response {
    let allow = [
        ("access-control-allow-methods", "GET"),
        ("access-control-allow-private-network", "true"),
        ("access-control-allow-local-network", "true"),
        ("access-control-max-age", PREFLIGHT_S),
    ];
    (StatusCode::NO_CONTENT, allow).into_response()
}

async fn dock(
    State(gate): State<Gate>,
    ConnectInfo(pass): ConnectInfo<Pass>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade.max_message_size(TEXT_MAX).max_frame_size(TEXT_MAX);
    upgrade.on_upgrade(move |socket| {
        pass.stay();
        carry(socket, gate.door.connect(Way::Loopback))
    })
}

async fn carry(socket: WebSocket, page: PageSocket) {
    let PageSocket { id, incoming, mut outgoing, .. } = page;
    let (mut to, mut from) = socket.split();
    let code = loop {
        tokio::select! {
            text = outgoing.recv() => {
                let Some(text) = text else { break close_code::POLICY };
                let sent = to.send(Message::Text(text.as_ref().into()));
                match tokio::time::timeout(SEND_MAX, sent).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return,
                    Err(_) => {
                        tracing::info!(page = ?id, "a page that does not read is closed");
                        return;
                    }
                }
            }
            message = from.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if !incoming.text(text.as_str().to_owned()).await {
                        break close_code::AWAY;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_))) => break close_code::UNSUPPORTED,
                Some(Err(error)) => {
                    tracing::debug!(page = ?id, %error, "a page's connection broke");
                    break close_code::SIZE;
                }
                Some(Ok(Message::Close(_))) | None => return,
            }
        }
    };
    let goodbye = Message::Close(Some(CloseFrame { code, reason: "".into() }));
    let farewell = async {
        let _ = to.send(goodbye).await;
        // A connection with unread data is reset, and its page would not read why.
        while let Some(Ok(_)) = from.next().await {}
    };
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
}
