//! REST for servers that dial and dispose for an agent (contract: REST-01 to REST-05).
//!
//! A request is carried out by the agent's own session, as if he had done it, so that
//! his desktop rings and shows it. What a `requestId` did is committed together with
//! what it changed: a repeat is answered with the first answer, also after a restart,
//! and of two at once one is carried out.

mod auth;
mod body;
mod document;
mod fault;
mod order;

pub use document::openapi;

use crate::core::CoreInput;
use crate::rpc::Shared;
use crate::web;
use auth::Caller;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use body::{DisposeAndManualDial, DisposeCall, Done, ManualDial};
use fault::RestFault;
use omnibar_model::AgentId;
use omnibar_protocol::wire;
use order::{Asked, Orders};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use uuid::Uuid;

/// Bytes of a body.
const LONGEST_BODY: usize = 64 * 1024;

pub(crate) fn router() -> Router<Shared> {
    let paths = Router::new()
        .route("/manualdial", post(manual_dial))
        .route("/disposeCall", post(dispose_call))
        .route("/disposeAndManualDial", post(dispose_and_manual_dial))
        .fallback(|| async { RestFault::NoSuchPath })
        .method_not_allowed_fallback(|| async { RestFault::NoSuchMethod })
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(middleware::from_fn(web::in_time));
    Router::new()
        .nest("/ameyorestapi/voice", paths)
        .route("/openapi.json", get(|| async { Json(openapi()) }))
}

/// A request whose caller and form are good; what it asks for may still be wrong.
struct Request<T> {
    shared: Shared,
    caller: Caller,
    /// Header `sessionid`: a session's handle.
    session: String,
    path: &'static str,
    body: T,
}

type Given = Result<Bytes, BytesRejection>;

/// Starts an outbound call from the agent's desktop.
///
/// Answers as soon as the call has begun; the customer's phone rings then.
#[utoipa::path(
    post, path = "/ameyorestapi/voice/manualdial", tag = "voice", request_body = ManualDial,
    params(document::SessionHeader), responses(document::Answers),
    security(("bearer" = []), ("basic" = [])),
)]
async fn manual_dial(
    State(shared): State<Shared>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Given,
) -> Result<Json<Done>, RestFault> {
    let request: Request<ManualDial> = open(shared, from, "manualdial", &headers, body).await?;
    request.carry_out().await
}

/// Disposes the agent's call, and does nothing after it.
///
/// A call that is still up is ended first.
#[utoipa::path(
    post, path = "/ameyorestapi/voice/disposeCall", tag = "voice", request_body = DisposeCall,
    params(document::SessionHeader), responses(document::Answers),
    security(("bearer" = []), ("basic" = [])),
)]
async fn dispose_call(
    State(shared): State<Shared>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Given,
) -> Result<Json<Done>, RestFault> {
    let request: Request<DisposeCall> = open(shared, from, "disposeCall", &headers, body).await?;
    request.carry_out().await
}

/// Disposes the agent's call and dials the next number at once.
///
/// No other call comes between the two.
#[utoipa::path(
    post, path = "/ameyorestapi/voice/disposeAndManualDial", tag = "voice",
    request_body = DisposeAndManualDial,
    params(document::SessionHeader), responses(document::Answers),
    security(("bearer" = []), ("basic" = [])),
)]
async fn dispose_and_manual_dial(
    State(shared): State<Shared>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Given,
) -> Result<Json<Done>, RestFault> {
    let request: Request<DisposeAndManualDial> =
        open(shared, from, "disposeAndManualDial", &headers, body).await?;
    request.carry_out().await
}

/// Everything that is wrong whatever the floor looks like.
async fn open<T: DeserializeOwned + Asked>(
    shared: Shared,
    from: SocketAddr,
    path: &'static str,
    headers: &HeaderMap,
    body: Given,
) -> Result<Request<T>, RestFault> {
    let proof = auth::proof(headers)?;
    let caller = auth::check(&shared, from.ip(), &proof).await?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(RestFault::NotJson);
    }
    let session = match headers.get("sessionid").map(|v| v.to_str()) {
        Some(Ok(session)) if !session.trim().is_empty() => session.trim().to_owned(),
        Some(_) | None => return Err(RestFault::NoSession),
    };
    let bytes = body.map_err(|refused| match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => RestFault::TooLong,
        _ => RestFault::Bad("the body could not be read".to_owned()),
    })?;
    let body: T =
        serde_json::from_slice(&bytes).map_err(|e| RestFault::Bad(order::harmless(&e)))?;
    order::check(&body).map_err(RestFault::Bad)?;
    if body.head().session_id.is_some_and(|given| !proof.is(given)) {
        return Err(RestFault::OtherToken);
    }
    Ok(Request { shared, caller, session, path, body })
}

impl<T: Asked> Request<T> {
    async fn carry_out(self) -> Result<Json<Done>, RestFault> {
        let id = self.id();
        self.caller.take(&self.shared, &id.to_string()).await?;
        match self.orders().await {
            Ok(orders) => {
                let Orders { user, orders, contact, detail } = orders;
                tracing::info!(%user, path = self.path, "a server acts for the agent");
                let input = CoreInput::Orders { user, orders, contact, detail };
                self.answer(self.shared.door.input(input, Some(id)).await)
            }
            // What is wrong now may be so because of the first time.
            Err(fault) => match self.first_answer(id).await? {
                Some(answer) => self.answer(answer),
                None => Err(fault),
            },
        }
    }

    async fn orders(&self) -> Result<Orders, RestFault> {
        let desk = auth::desk(&self.shared, &self.caller, &self.session).await?;
        order::orders(&self.body, &self.shared, &desk).await
    }

    async fn first_answer(&self, id: Uuid) -> Result<Option<crate::core::Answer>, RestFault> {
        let Some(user) = self.session.strip_prefix("ses-").and_then(|s| s.rsplit_once('-')) else {
            return Ok(None);
        };
        let user = AgentId::new(user.0);
        if !self.caller.may_act_for(&user) {
            return Ok(None);
        }
        Ok(self.shared.store.answered(&user, id).await?)
    }

    fn answer(&self, answer: crate::core::Answer) -> Result<Json<Done>, RestFault> {
        let value = answer?;
        let dialled: Option<wire::Dialled> = serde_json::from_value(value).ok();
        Ok(Json(Done::success(dialled.map(|d| d.interaction.to_string()))))
    }

    /// The key under which the core keeps what this request did.
    fn id(&self) -> Uuid {
        let mut hash = Sha256::new();
        for part in ["rest", self.path, &self.session, self.body.head().request_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Uuid::from_bytes(bytes)
    }
}

impl IntoResponse for RestFault {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self.body())).into_response();
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 section 11.6.1. Only Bearer: a browser would ask for a password.
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                header::HeaderValue::from_static("Bearer realm=\"Omnibar\""),
            );
        }
        response
    }
}
