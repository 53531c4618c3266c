//! Calls of pages to other hosts (contract: API-35), made by the centre, and only to
//! hosts that an administrator has listed.

use super::{Answer, Refusal};
use crate::outside::{self, Ask};
use crate::rpc::Shared;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::post;
use axum::{Json, Router};

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/request", post(request))
}

async fn request(State(shared): State<Shared>, ask: Result<Json<Ask>, JsonRejection>) -> Answer {
    let Json(ask) =
        ask.map_err(|e| Refusal::bad(format!("The request is not understood: {e}.")))?;
    let hosts = shared.store.outside_hosts().await?;
    match outside::request(&hosts, ask).await {
        Ok(told) => Ok(Json(told)),
        Err(fault) => Err(Refusal::new(fault.status(), fault.to_string())),
    }
}
