//! What an administrator has laid down for the session's campaigns.

use super::appserver::{campaign, chosen, classes};
use super::{Answer, Caller, Refusal};
use crate::rpc::Shared;
use crate::setup::{QueueSetup, Setup};
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/campaigns/{number}", get(configuration))
        .route("/queues", get(queues))
        .route("/breaks", get(breaks))
}

async fn configuration(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u32>,
) -> Answer {
    let setup = shared.store.setup().await?;
    let found = chosen(&setup, &caller).find(|rule| rule.campaign.number == number);
    let Some(rule) = found else {
        return Err(Refusal::missing("Your session has no campaign of that number."));
    };
    let mut answer = campaign(&rule.campaign);
    let queues: Vec<Value> = setup
        .queues
        .values()
        .filter(|q| q.queue.campaign == rule.campaign.id)
        .map(|q| queue(&setup, q))
        .collect();
    answer["direction"] = json!(rule.campaign.kind);
    answer["wrapUpMs"] = json!(rule.campaign.wrap_up_ms);
    answer["recorded"] = json!(rule.record);
    answer["numbersMasked"] = json!(rule.campaign.mask_numbers);
    answer["queues"] = Value::Array(queues);
    answer["dispositions"] = classes(&rule.campaign);
    Ok(Json(answer))
}

async fn queues(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer {
    let setup = shared.store.setup().await?;
    let ours = |q: &&QueueSetup| caller.desk.campaigns.contains(&q.queue.campaign);
    Ok(Json(setup.queues.values().filter(ours).map(|q| queue(&setup, q)).collect()))
}

async fn breaks(State(shared): State<Shared>) -> Answer {
    Ok(Json(json!(shared.store.setup().await?.breaks)))
}

fn queue(setup: &Setup, q: &QueueSetup) -> Value {
    let campaign = setup.campaigns.get(&q.queue.campaign).map(|rule| rule.campaign.number);
    json!({
        "queueId": q.queue.number,
        "queueName": q.queue.name,
        "campaignId": campaign,
        "priority": q.priority,
    })
}
