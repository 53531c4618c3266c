//! What the agent's session is, and what he may choose from.

use super::{Answer, Caller, Refusal};
use crate::rpc::Shared;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use omnibar_model::{Campaign, DispositionClass};
use serde_json::{Value, json};

/// One centre is one process, and one contact centre (contract: `processId`,
/// `contactCenterId`).
pub(super) const PROCESS: u32 = 1;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/campaigns", get(campaigns))
        .route("/campaigns/{number}/dispositions", get(dispositions))
}

/// API-10.
async fn campaigns(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer {
    let setup = shared.store.setup().await?;
    let campaigns: Vec<Value> = setup
        .campaigns
        .values()
        .map(|rule| &rule.campaign)
        .filter(|campaign| caller.desk.campaigns.contains(&campaign.id))
        .map(campaign)
        .collect();
    Ok(Json(Value::Array(campaigns)))
}

/// API-29.
async fn dispositions(State(shared): State<Shared>, Path(number): Path<u32>) -> Answer {
    let setup = shared.store.setup().await?;
    let found = setup.campaigns.values().find(|rule| rule.campaign.number == number);
    let Some(rule) = found else {
        return Err(Refusal::missing("There is no campaign of that number."));
    };
    Ok(Json(rule.campaign.dispositions.iter().map(class).collect()))
}

pub(super) fn campaign(campaign: &Campaign) -> Value {
    json!({
        "campaignId": campaign.number,
        "campaignName": campaign.name,
        "campaignType": "Interactive Voice",
        "processId": PROCESS,
    })
}

fn class(class: &DispositionClass) -> Value {
    let codes: Vec<Value> = class
        .codes
        .iter()
        .map(|c| json!({"dispositionCodeId": c.number, "dispositionCodeName": c.name}))
        .collect();
    json!({"classId": class.number, "className": class.name, "dispositionCodeBean": codes})
}
