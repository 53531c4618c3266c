//! The centre protocol's server: one WebSocket a desktop.

mod answer;
mod connection;
mod origin;
mod throttle;
mod voice;

pub(crate) use answer::{check, hash as token_hash, new_token};
pub(crate) use origin::{allowed, is_loopback};
pub(crate) use throttle::{Bucket, place};

use crate::clock::Clock;
use crate::config::IceServer;
use crate::crm::Connectors;
use crate::door::Door;
use crate::hub::{Hub, Site};
use crate::identity::Identities;
use crate::store::Store;
use crate::switch::SwitchLink;
use crate::web::{ChatPages, Crowd};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throttle::Throttle;
use tokio_util::sync::CancellationToken;

/// Passwords that are checked at one time.
const CHECKS_AT_ONCE: usize = 4;

/// What every connection shares.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) door: Door,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) link: SwitchLink,
    pub(crate) ice_servers: Arc<[IceServer]>,
    pub(crate) heartbeat: Duration,
    pub(crate) site: Site,
    pub(crate) hub: Hub,
    pub(crate) identities: Arc<Identities>,
    pub(crate) crm: Arc<Connectors>,
    pub(crate) web_calls: Crowd,
    pub(crate) chat_pages: ChatPages,
    pub(crate) stop: CancellationToken,
    throttle: Arc<Mutex<Throttle>>,
    /// Passwords that are being checked.
    sign_ins: Arc<tokio::sync::Semaphore>,
    connections: Arc<AtomicU64>,
}

impl Shared {
    #[expect(clippy::too_many_arguments, reason = "one place makes it, field by field")]
    pub(crate) fn new(
        door: Door,
        store: Store,
        clock: Clock,
        link: SwitchLink,
        ice_servers: Vec<IceServer>,
        heartbeat: Duration,
        site: Site,
        identities: Identities,
        web_calls: usize,
        stop: CancellationToken,
    ) -> Self {
        let fronted = site.is_fronted();
        let crm = Arc::new(Connectors::new(store.clone(), clock));
        Self {
            door,
            store,
            clock,
            link,
            ice_servers: ice_servers.into(),
            heartbeat,
            site,
            hub: Hub::default(),
            identities: Arc::new(identities),
            crm,
            web_calls: Crowd::new(web_calls, fronted),
            chat_pages: ChatPages::new(fronted),
            stop,
            throttle: Arc::default(),
            sign_ins: Arc::new(tokio::sync::Semaphore::new(CHECKS_AT_ONCE)),
            connections: Arc::default(),
        }
    }
}

/// `GET /ws/agent`
pub(crate) async fn agent(
    State(shared): State<Shared>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !allowed(&headers, &shared.site) {
        return (StatusCode::FORBIDDEN, "Agents do not sign in from other sites' pages.")
            .into_response();
    }
    upgrade
        // A frame that is too long for the protocol is still answered with a reason.
        .max_message_size(omnibar_protocol::MAX_FRAME * 4)
        .max_frame_size(omnibar_protocol::MAX_FRAME * 4)
        .on_upgrade(move |socket| connection::serve(shared, from.ip(), socket))
}
