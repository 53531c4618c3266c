//! What the centre serves over HTTP: the agents' WebSocket, the customer's page and its
//! WebSocket, and a health check.

mod chat;
mod crowd;
mod customer;
mod pages;
mod prompt;
mod socket;

pub(crate) use chat::ChatPages;
pub use chat::{ChatShown, FromChatPage, QueueName, ToChatPage};
pub(crate) use crowd::Crowd;
pub use customer::{FromPage, Shown, ToPage};
pub(crate) use prompt::Prompt;

use crate::admin;
use crate::apps;
use crate::hub;
use crate::rest;
use crate::rpc::{self, Shared};
use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use include_dir::{Dir, include_dir};
use std::time::Duration;
use tower_http::set_header::SetResponseHeaderLayer;

/// The page from which anyone with a browser calls a queue.
static CUSTOMER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/web/customer");

/// The page from which anyone with a browser writes to a queue.
static CHAT: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/web/chat");

/// How the built-in pages look alike.
static STYLE: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/web/style");

/// Only what comes with the page runs in it, and nobody frames it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                      media-src 'self' blob:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// For a request with a body, from its head to the answer.
const REQUEST_LIMIT: Duration = Duration::from_secs(8);

pub(crate) fn router(shared: Shared) -> Router {
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    Router::new()
        .route("/ws/agent", get(rpc::agent))
        .route("/ws/dock", get(hub::dock))
        .route("/ws/desktop", get(hub::desktop))
        .route("/ws/customer", get(customer::call))
        .route("/ws/chat", get(chat::chat))
        .route("/call", get(into_folder))
        .route("/call/", get(|| async { part(&CUSTOMER, "index.html") }))
        .route(
            "/call/{*file}",
            get(|Path(file): Path<String>| async move { part(&CUSTOMER, &file) }),
        )
        .route("/chat", get(into_chat))
        .route("/chat/", get(|| async { part(&CHAT, "index.html") }))
        .route("/chat/{*file}", get(|Path(file): Path<String>| async move { part(&CHAT, &file) }))
        .route("/style/{file}", get(|Path(file): Path<String>| async move { part(&STYLE, &file) }))
        .route("/healthz", get(health))
        .merge(rest::router())
        .layer(fixed(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(fixed(header::X_FRAME_OPTIONS, "DENY"))
        .layer(fixed(HeaderName::from_static("permissions-policy"), "microphone=(self), camera=()"))
        // With policies of their own: others frame them.
        .merge(pages::router())
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .merge(admin::router())
        .merge(apps::router())
        .with_state(shared)
}

/// A body that never ends is waited for no longer.
pub(crate) async fn in_time(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(REQUEST_LIMIT, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        (StatusCode::REQUEST_TIMEOUT, "That took too long. Try again.").into_response()
    })
}

/// A file of a page that is built in.
pub(crate) fn part(folder: &'static Dir<'static>, file: &str) -> Response {
    let Some(found) = folder.get_file(file) else {
        return (StatusCode::NOT_FOUND, "There is no such page.").into_response();
    };
    let kind = mime_guess::from_path(file).first_or_octet_stream();
    let headers = [
        (header::CONTENT_TYPE, kind.as_ref().to_owned()),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, found.contents()).into_response()
}

/// The page's files are named relative to their folder. A link may carry a name, a
/// number and a queue.
async fn into_folder(RawQuery(query): RawQuery) -> Redirect {
    Redirect::permanent(&query.map_or_else(|| "/call/".into(), |q| format!("/call/?{q}")))
}

async fn into_chat(RawQuery(query): RawQuery) -> Redirect {
    Redirect::permanent(&query.map_or_else(|| "/chat/".into(), |q| format!("/chat/?{q}")))
}

async fn health(State(shared): State<Shared>) -> Response {
    match shared.store.is_laid_down().await {
        Ok(_) => (StatusCode::OK, "ok\n").into_response(),
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}
