//! How the agent's desktop gets to the hub, which passes docked pages on to it.

use super::Caller;
use crate::rpc::Shared;
use axum::extract::State;
use axum::routing::post;
use axum::{Extension, Json, Router};
use omnibar_protocol::wire::Password;
use serde_json::{Value, json};

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/ticket", post(ticket))
}

/// `{"ticket": …}` for the first text on `/ws/desktop`: used once, within a minute, for
/// the session that asks.
async fn ticket(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Json<Value> {
    let ticket = shared.hub.ticket(&caller.desk, shared.clock.now());
    Json(json!({ "ticket": Password::from(&ticket) }))
}
