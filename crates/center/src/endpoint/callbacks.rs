//! The callbacks that the agent may make (contract: `callback-server`).

use super::date::{iso, parse};
use super::{Answer, Caller, Refusal};
use crate::calls::Contact;
use crate::core::CoreInput;
use crate::directory::{self, DialFault};
use crate::rpc::Shared;
use crate::setup::Setup;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use omnibar_model::{Callback, CallbackAct, CallbackId, CampaignId, PhoneNumber};
use omnibar_protocol::{Code, Command};
use serde::Deserialize;
use serde_json::{Value, json};

/// Where a page gives none.
const REASON: &str = "Cancelled by a page";
const TIME: &str = "is a time with its offset from UTC, like 2025-07-06T09:56:40+0530.";

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/callbacks", get(list).post(book))
        .route("/callbacks/{id}", delete(cancel))
        .route("/callbacks/{id}/dial", post(dial))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    campaign_id: Option<u32>,
    from: Option<String>,
    to: Option<String>,
}

async fn list(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Answer {
    let Query(asked) = asked.map_err(|e| Refusal::bad(e.body_text()))?;
    let from = asked.from.as_deref().map(|text| time("from", text)).transpose()?;
    let to = asked.to.as_deref().map(|text| time("to", text)).transpose()?;
    let setup = shared.store.setup().await?;
    let number_of = |id| setup.campaigns.get(id).map(|rule| rule.campaign.number);
    let mut found: Vec<&Callback> = caller
        .desk
        .callbacks
        .iter()
        .filter(|c| asked.campaign_id.is_none_or(|number| number_of(&c.campaign) == Some(number)))
        .filter(|c| from.is_none_or(|from| c.at >= from) && to.is_none_or(|to| c.at <= to))
        .collect();
    found.sort_by_key(|c| c.at);
    let told: Vec<Value> = found.into_iter().map(|c| tell(&setup, c)).collect();
    Ok(Json(json!({ "callbacks": told })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Draft {
    campaign_id: u32,
    phone: String,
    callback_time: String,
    is_self_callback: bool,
    #[serde(default)]
    notes: String,
}

async fn book(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    draft: Result<Json<Draft>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let Json(draft) = draft.map_err(|e| Refusal::bad(e.body_text()))?;
    let at = time("callbackTime", &draft.callback_time)?;
    let setup = shared.store.setup().await?;
    let campaign = campaign(&setup, &caller, draft.campaign_id)?;
    let given = PhoneNumber::parse(&draft.phone)
        .map_err(|_| Refusal::bad("phone is a number of 1 to 32 digits, * and #."))?;
    let number = match directory::dialled(&shared.store, &caller.desk.user, &campaign, &given).await
    {
        Ok(number) => number,
        Err(DialFault::Store(fault)) => return Err(fault.into()),
        Err(fault) => return Err(Refusal::missing(fault.to_string())),
    };
    let contact = directory::contact(&shared.store, &number).await?;
    let (own, note) = (draft.is_self_callback, draft.notes);
    let order = Command::CallbackBook { campaign, number, at, own, note };
    let booked = carry_out(&shared, &caller, order, contact).await?;
    Ok((StatusCode::CREATED, Json(json!({ "callbackId": booked["callback"] }))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    reason: Option<String>,
}

async fn cancel(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    why: Result<Query<Why>, QueryRejection>,
) -> Answer {
    let Query(why) = why.map_err(|e| Refusal::bad(e.body_text()))?;
    let reason = why.reason.unwrap_or_else(|| REASON.to_owned());
    act(&shared, &caller, &id, CallbackAct::Cancel { reason }).await?;
    Ok(Json(json!({})))
}

async fn dial(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let dialled = act(&shared, &caller, &id, CallbackAct::Take).await?;
    Ok(Json(json!({ "interactionId": dialled["interaction"] })))
}

async fn act(
    shared: &Shared,
    caller: &Caller,
    id: &str,
    act: CallbackAct,
) -> Result<Value, Refusal> {
    let order = Command::CallbackAct { callback: CallbackId::new(id), act };
    carry_out(shared, caller, order, Contact::default()).await
}

async fn carry_out(
    shared: &Shared,
    caller: &Caller,
    order: Command,
    contact: Contact,
) -> Result<Value, Refusal> {
    let (user, orders) = (caller.desk.user.clone(), vec![order]);
    let input = CoreInput::Orders { user, orders, contact, detail: String::new() };
    shared.door.input(input, None).await.map_err(|error| {
        let status = match Code::from(error.code) {
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::InvalidParams => StatusCode::BAD_REQUEST,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::CONFLICT,
        };
        Refusal::new(status, error.message)
    })
}

fn campaign(setup: &Setup, caller: &Caller, number: u32) -> Result<CampaignId, Refusal> {
    super::appserver::chosen(setup, caller)
        .find(|rule| rule.campaign.number == number)
        .map(|rule| rule.campaign.id.clone())
        .ok_or_else(|| Refusal::missing("campaignId is not among the campaigns you work for."))
}

fn time(name: &str, text: &str) -> Result<i64, Refusal> {
    parse(text).ok_or_else(|| Refusal::bad(format!("{name} {TIME}")))
}

fn tell(setup: &Setup, callback: &Callback) -> Value {
    let campaign = setup.campaigns.get(&callback.campaign).map(|rule| &rule.campaign);
    json!({
        "callbackId": callback.id,
        "campaignId": campaign.map(|c| c.number),
        "campaignName": campaign.map(|c| &c.name),
        "customerId": callback.customer_id.map_or_else(|| json!(-1), |id| json!(id)),
        "customerName": callback.customer.name,
        "phone": callback.customer.number,
        "callbackTime": iso(callback.at),
        "isSelfCallback": callback.own,
        "due": callback.due,
        "bookedBy": callback.booked_by,
        "dateAdded": iso(callback.booked_at),
        "interactionId": callback.interaction,
        "notes": callback.note,
    })
}
