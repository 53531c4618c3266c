//! What the agent's session is, and what he may choose from.

use super::{Answer, Caller, Refusal};
use crate::rpc::Shared;
use crate::setup::{CampaignRule, Setup};
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use omnibar_model::{Campaign, DispositionClass};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// One centre is one process, and one contact centre (contract: `processId`,
/// `contactCenterId`).
pub(super) const PROCESS: u32 = 1;
/// Longest dialable number.
const LONGEST_NUMBER: u32 = 32;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/session", get(session))
        .route("/user", get(user))
        .route("/campaigns", get(campaigns))
        .route("/campaigns/{number}/dispositions", get(dispositions))
        .route("/searchables", get(searchables))
        .route("/primary-column", get(|| async { Json("id") }))
}

/// API-09.
async fn user(Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(json!({
        "userId": caller.desk.user, "userType": "Executive", "userName": caller.desk.name,
    }))
}

/// API-10.
async fn campaigns(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer {
    let setup = shared.store.setup().await?;
    Ok(Json(chosen(&setup, &caller).map(|rule| campaign(&rule.campaign)).collect()))
}

/// API-29.
async fn dispositions(State(shared): State<Shared>, Path(number): Path<u32>) -> Answer {
    let setup = shared.store.setup().await?;
    let found = setup.campaigns.values().find(|rule| rule.campaign.number == number);
    let Some(rule) = found else {
        return Err(Refusal::missing("There is no campaign of that number."));
    };
    Ok(Json(classes(&rule.campaign)))
}

/// What customers are looked for by.
async fn searchables() -> Json<Value> {
    Json(json!({"searchables": ["id", "name", "phone", "email", "company"]}))
}

/// API-11.
async fn session(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer {
    let setup = shared.store.setup().await?;
    let pages = shared.store.crm_urls().await?;
    let desk = &caller.desk;
    let landing = desk
        .campaigns
        .iter()
        .find_map(|id| pages.get(id).map(|p| p.landing_url.as_str()).filter(|url| !url.is_empty()));
    let breaks: Vec<&str> = setup.breaks.iter().map(|b| b.name.as_str()).collect();
    let hidden = |masked: bool| if masked { json!(["phone"]) } else { json!([]) };
    let by_campaign: Map<String, Value> = chosen(&setup, &caller)
        .map(|rule| &rule.campaign)
        .map(|c| (format!("campaignId_{}", c.number), hidden(c.mask_numbers)))
        .collect();
    let answer = json!({
        "userId": desk.user,
        "userType": "Executive",
        "userName": desk.name,
        "breakStatuses": breaks,
        "readStatuses": ["Available"],
        "readyStatuses": ["Available"],
        "campaignInfos": chosen(&setup, &caller).map(|r| info(&setup, r)).collect::<Vec<_>>(),
        "knowledgeBaseURL": landing,
        "pingInterval": ms(shared.heartbeat),
        "pingNotificationTimeout": ms(shared.heartbeat * 2),
        "sessionTimeout": ms(desk.session_ttl),
        "commandTimeout": ms(super::LIMIT),
        "maxPhoneLengthAllowed": LONGEST_NUMBER,
        "maskedPrivileges": hidden(desk.masked),
        "campaignMaskedPrivilegeMap": by_campaign,
    });
    Ok(Json(joined(joined(answer, abilities()), absent())))
}

/// What every session of this centre may do.
fn abilities() -> Value {
    json!({
        "defaultReady": false,
        "addCustomerToDial": true,
        "dialPhoneEnable": true,
        "allowInternalChat": false,
        "allowLocalIVR": true,
        "allowSuccessiveCalls": true,
        "overrideSelfCallBack": false,
        // A consultation puts the customer on hold, and a conference is made of one.
        "shouldHoldBeforeConfer": true,
        "shouldUnholdBeforeTransfer": false,
        "holdAllOnConferEnable": false,
        "shouldAllowTransferToAssignedCampaignsOnly": false,
        "shouldDisableOnVrDown": false,
        "allowScreenRecord": false,
        "autoSelectSingleAssignedCampaign": true,
    })
}

/// What the contract names and this centre does not have.
fn absent() -> Value {
    json!({
        "terminalInfo": null,
        "telephonyChannel": null,
        "transferConfiguration": null,
        "conferConfiguration": null,
        "maxNumberOfCharactersToDisplayInCampaign": null,
        "preContextId": null,
        "prePhone": null,
        "webUrl": null,
        "viewPrivileges": null,
        "loginProperties": {},
        "preferences": {},
        "srsIp": null,
        "srsPort": null,
        "agentBreakTimeThreshold": "",
    })
}

/// Those that the session works for.
pub(super) fn chosen<'a>(
    setup: &'a Setup,
    caller: &'a Caller,
) -> impl Iterator<Item = &'a CampaignRule> {
    setup.campaigns.values().filter(|rule| caller.desk.campaigns.contains(&rule.campaign.id))
}

pub(super) fn campaign(campaign: &Campaign) -> Value {
    json!({
        "campaignId": campaign.number,
        "campaignName": campaign.name,
        "campaignType": "Interactive Voice",
        "processId": PROCESS,
    })
}

pub(super) fn classes(campaign: &Campaign) -> Value {
    campaign.dispositions.iter().map(class).collect()
}

fn class(class: &DispositionClass) -> Value {
    let codes: Vec<Value> = class
        .codes
        .iter()
        .map(|c| json!({"dispositionCodeId": c.number, "dispositionCodeName": c.name}))
        .collect();
    json!({"classId": class.number, "className": class.name, "dispositionCodeBean": codes})
}

fn info(setup: &Setup, rule: &CampaignRule) -> Value {
    // Seconds; null: no limit.
    let wrap_up = rule.campaign.wrap_up_ms.map(|ms| ms / 1000);
    let ivrs: Vec<Value> =
        setup.ivrs.values().map(|i| json!({"id": i.ivr.id, "name": i.ivr.name})).collect();
    let more = json!({
        "dialTimeout": null,
        "blendGroupId": null,
        "defaultWorking": false,
        "primaryCampaign": false,
        "wrapTimeout": wrap_up,
        "acwConnected": wrap_up,
        "acwNotConnected": wrap_up,
        "isAcwConnectedEnabled": wrap_up.is_some(),
        "acwConnectedEnabled": wrap_up.is_some(),
        "localIVRInfos": ivrs,
        "campaignTPVBean": {"campaignId": rule.campaign.number, "tpvName": [], "tpvPhone": []},
    });
    joined(campaign(&rule.campaign), more)
}

fn joined(mut one: Value, other: Value) -> Value {
    if let (Some(fields), Value::Object(other)) = (one.as_object_mut(), other) {
        fields.extend(other);
    }
    one
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
