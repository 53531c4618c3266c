//! Services that the contract names and this centre does not have.

use super::Refusal;
use crate::rpc::Shared;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;

pub(super) const CHAT: &str = "This centre has no such chat system: ask its chat-service.";
pub(super) const FILES: &str = "This centre keeps no files for pages.";

pub(super) fn router(why: &'static str) -> Router<Shared> {
    let refused = move || async move { Refusal::new(StatusCode::NOT_IMPLEMENTED, why) };
    Router::new().route("/", any(refused)).route("/{*path}", any(refused))
}
