//! What the agent has done.

use super::date::{iso, midnight, parse};
use super::{Answer, Caller, Refusal};
use crate::rpc::Shared;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

/// Milliseconds.
const LONGEST: i64 = 31 * 86_400_000;

pub(super) fn router() -> Router<Shared> {
    Router::new().route("/agent/today", get(today))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    since: Option<String>,
}

async fn today(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Answer {
    let Query(asked) = asked.map_err(|e| Refusal::bad(e.body_text()))?;
    let now = i64::try_from(shared.clock.now().as_millis()).unwrap_or(i64::MAX);
    let since = match asked.since.as_deref().map(parse) {
        None => midnight(now),
        Some(Some(since)) if (now - LONGEST..=now).contains(&since) => since,
        Some(Some(_) | None) => {
            return Err(Refusal::bad(
                "since is a time of the last 31 days, as 2026-11-21T08:00:00+00:00.",
            ));
        }
    };
    let tally = shared.store.tally(&caller.desk.user, since).await?;
    let dispositions: Vec<Value> = tally
        .dispositions
        .iter()
        .map(|(name, count)| json!({"name": name, "count": count}))
        .collect();
    Ok(Json(json!({
        "since": iso(since),
        "interactions": tally.inbound + tally.outbound,
        "inbound": tally.inbound,
        "outbound": tally.outbound,
        "connected": tally.connected,
        "talkMs": tally.talk_ms,
        "dispositions": dispositions,
    })))
}
