//! The agent's interactions, open and closed, in the contract's shape, and the CRM
//! records that they are about.

use super::appserver::PROCESS;
use super::date::iso;
use super::{Answer, Caller, Refusal};
use crate::core::{CoreInput, OpenChat, OpenInteraction};
use crate::rpc::Shared;
use crate::setup::Setup;
use crate::store::{Closed, StoreFault, Which};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use axum::{Extension, Json, Router};
use omnibar_model::{
    CampaignId, Channel, ChatPhase, Conversation, Direction, InteractionId, LegId, Moment,
    PhoneNumber, QueueId, Record,
};
use omnibar_protocol::Code;
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters of a record's id, type and name.
const LONGEST_LINE: usize = 255;
/// Bytes of what a CRM keeps with its record.
const LONGEST_INFO: usize = 16 * 1024;
const MOST_CLOSED: u32 = 100;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/interactions/live", get(live))
        .route("/interactions/current", get(current))
        .route("/interactions/current/owned", get(current_owned))
        .route("/interactions/history", get(history))
        .route("/interactions/{id}", get(one))
        .route("/interactions/{id}/owned", get(owned))
        .route("/interactions/{id}/record", put(link).delete(unlink))
}

/// API-15.
async fn live(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer {
    let told = Teller::new(&shared, &caller).await?;
    let mut all: Vec<Open<'_>> = every(&caller).collect();
    // Ids are made of the time: the order of arrival.
    all.sort_by(|a, b| a.id().cmp(b.id()));
    Ok(Json(all.into_iter().map(|open| told.any(open)).collect()))
}

/// API-16.
async fn current(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer {
    let told = Teller::new(&shared, &caller).await?;
    Ok(Json(told.any(spoken(&caller)?)))
}

/// API-17.
async fn current_owned(Extension(caller): Extension<Caller>) -> Answer {
    Ok(Json(json!(spoken(&caller)?.is_owned())))
}

async fn owned(Extension(caller): Extension<Caller>, Path(id): Path<String>) -> Answer {
    Ok(Json(json!(found(&caller, &id).ok_or_else(not_there)?.is_owned())))
}

async fn one(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let told = Teller::new(&shared, &caller).await?;
    if let Some(open) = found(&caller, &id) {
        return Ok(Json(told.any(open)));
    }
    let id = InteractionId::new(&id);
    let closed = shared.store.closed(&caller.desk.user, Which::One(&id)).await?;
    let closed = closed.first().ok_or_else(not_there)?;
    Ok(Json(envelope(told.closed(closed))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    before: Option<InteractionId>,
    limit: Option<u32>,
}

async fn history(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Answer {
    let Query(asked) = asked.map_err(|e| Refusal::bad(e.body_text()))?;
    let limit = asked.limit.unwrap_or(20).clamp(1, MOST_CLOSED);
    let told = Teller::new(&shared, &caller).await?;
    let which = Which::Before(asked.before.as_ref(), limit);
    let found = shared.store.closed(&caller.desk.user, which).await?;
    let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| full).map(|last| last.id.clone());
    let closed: Vec<Value> = found.iter().map(|closed| told.closed(closed)).collect();
    Ok(Json(json!({"interactions": closed, "next": next})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Linked {
    record_id: String,
    record_type: String,
    record_name: String,
    #[serde(default)]
    additional_info: Value,
}

/// API-18.
async fn link(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    linked: Result<Json<Linked>, JsonRejection>,
) -> Answer {
    let Json(linked) = linked.map_err(|e| Refusal::bad(e.body_text()))?;
    let record = linked.record()?;
    let open = set_record(&shared, &caller, &id, Some(record.clone())).await?;
    let setup = shared.store.setup().await?;
    let campaign = setup.campaigns.get(open.campaign()).map(|rule| rule.campaign.number);
    let mut info = json!({
        "recordId": record.record_id,
        "recordName": record.record_name,
        "recordType": record.record_type,
    });
    if !linked.additional_info.is_null() {
        info["additionalInfo"] = linked.additional_info;
    }
    let data = json!({
        "crtObjectId": open.customer_leg(),
        "info": info,
        "campaignContextId": campaign,
        "actionType": "Add or Update",
    });
    // JSON inside JSON: the contract has it so.
    Ok(Json(json!({"data": data.to_string()})))
}

/// The other direction of API-18, which the agent presses (EVT-20).
async fn unlink(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    set_record(&shared, &caller, &id, None).await?;
    Ok(Json(json!({})))
}

async fn set_record<'a>(
    shared: &Shared,
    caller: &'a Caller,
    id: &str,
    record: Option<Record>,
) -> Result<Open<'a>, Refusal> {
    let open = found(caller, id).ok_or_else(not_there)?;
    let input =
        CoreInput::Link { user: caller.desk.user.clone(), interaction: open.id().clone(), record };
    shared.door.input(input, None).await.map_err(|error| {
        let status = match Code::from(error.code) {
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::CONFLICT,
        };
        Refusal::new(status, error.message)
    })?;
    Ok(open)
}

impl Linked {
    fn record(&self) -> Result<Record, Refusal> {
        for (name, text) in [
            ("recordId", &self.record_id),
            ("recordType", &self.record_type),
            ("recordName", &self.record_name),
        ] {
            if !(1..=LONGEST_LINE).contains(&text.chars().count()) {
                return Err(Refusal::bad(format!("{name} has 1 to {LONGEST_LINE} characters.")));
            }
        }
        let info = (!self.additional_info.is_null()).then(|| self.additional_info.to_string());
        if info.as_ref().is_some_and(|text| text.len() > LONGEST_INFO) {
            return Err(Refusal::bad("additionalInfo has at most 16 KiB."));
        }
        Ok(Record {
            record_id: self.record_id.clone(),
            record_type: self.record_type.clone(),
            record_name: self.record_name.clone(),
            additional_info: info,
        })
    }
}

fn not_there() -> Refusal {
    Refusal::missing("This interaction is not yours, or not there.")
}

/// A call or a chat that is not disposed.
#[derive(Clone, Copy)]
enum Open<'a> {
    Call(&'a OpenInteraction),
    Chat(&'a OpenChat),
}

impl<'a> Open<'a> {
    fn id(self) -> &'a InteractionId {
        match self {
            Self::Call(call) => &call.view.id,
            Self::Chat(chat) => &chat.view.id,
        }
    }

    fn campaign(self) -> &'a CampaignId {
        match self {
            Self::Call(call) => &call.view.campaign,
            Self::Chat(chat) => &chat.view.campaign,
        }
    }

    fn customer_leg(self) -> Option<&'a LegId> {
        match self {
            Self::Call(call) => call.customer_leg.as_ref(),
            Self::Chat(_) => None,
        }
    }

    /// Nobody is brought into a chat: it is its agent's.
    fn is_owned(self) -> bool {
        match self {
            Self::Call(call) => call.view.owner,
            Self::Chat(_) => true,
        }
    }

    fn is_over(self) -> bool {
        match self {
            Self::Call(call) => matches!(call.view.conversation, Conversation::Wrapping { .. }),
            Self::Chat(chat) => matches!(chat.view.phase, ChatPhase::Wrapping { .. }),
        }
    }
}

fn every(caller: &Caller) -> impl Iterator<Item = Open<'_>> {
    let calls = caller.desk.open.iter().map(Open::Call);
    calls.chain(caller.desk.chats.iter().map(Open::Chat))
}

fn found<'a>(caller: &'a Caller, id: &str) -> Option<Open<'a>> {
    every(caller).find(|open| open.id().as_str() == id)
}

/// The interaction that the agent speaks in, else the newest that is open.
fn spoken(caller: &Caller) -> Result<Open<'_>, Refusal> {
    let open = &caller.desk.open;
    let spoken = open.iter().rev().find(|o| o.view.conversation == Conversation::Connected);
    let newest = |over: bool| {
        every(caller).filter(move |o| o.is_over() == over).max_by(|a, b| a.id().cmp(b.id()))
    };
    let none = || Refusal::missing("You have no interaction now.");
    spoken.map(Open::Call).or_else(|| newest(false)).or_else(|| newest(true)).ok_or_else(none)
}

/// Tells interactions as the contract does (`InteractionRecord`).
struct Teller<'a> {
    setup: Setup,
    caller: &'a Caller,
    connector: Option<u32>,
}

struct Told<'a> {
    id: &'a InteractionId,
    call: &'a InteractionId,
    customer_leg: Option<&'a LegId>,
    campaign: &'a CampaignId,
    queue: Option<&'a QueueId>,
    direction: Direction,
    customer_id: Option<u64>,
    customer_name: &'a str,
    number: Option<PhoneNumber>,
    record: Option<&'a Record>,
    added: i64,
    modified: i64,
    disposed: Option<i64>,
    disposition: Option<&'a str>,
    is_open: bool,
    channel: Channel,
}

impl<'a> Teller<'a> {
    async fn new(shared: &Shared, caller: &'a Caller) -> Result<Self, StoreFault> {
        let rows = shared.store.connectors().await?;
        let chosen = rows.iter().find(|row| row.chosen).or(rows.last());
        let connector = chosen.map(|row| row.id);
        Ok(Self { setup: shared.store.setup().await?, caller, connector })
    }

    fn any(&self, open: Open<'_>) -> Value {
        match open {
            Open::Call(call) => self.open(call),
            Open::Chat(chat) => self.chat(chat),
        }
    }

    fn chat(&self, open: &OpenChat) -> Value {
        let view = &open.view;
        envelope(self.record(&Told {
            id: &view.id,
            call: &view.id,
            customer_leg: None,
            campaign: &view.campaign,
            queue: view.queue.as_ref(),
            direction: view.direction,
            customer_id: view.customer_id,
            customer_name: &view.customer.name,
            number: view.customer.number.clone(),
            record: view.record.as_ref(),
            added: millis(view.opened_at),
            modified: millis(view.since),
            disposed: None,
            disposition: None,
            is_open: true,
            channel: Channel::Chat,
        }))
    }

    fn open(&self, open: &OpenInteraction) -> Value {
        let view = &open.view;
        let disposition = None;
        envelope(self.record(&Told {
            id: &view.id,
            call: &open.call,
            customer_leg: open.customer_leg.as_ref(),
            campaign: &view.campaign,
            queue: view.queue.as_ref(),
            direction: view.direction,
            customer_id: view.customer_id,
            customer_name: &view.customer.name,
            number: view.customer.number.clone(),
            record: view.record.as_ref(),
            added: millis(open.started),
            modified: millis(view.since),
            disposed: None,
            disposition,
            is_open: true,
            channel: Channel::Voice,
        }))
    }

    fn closed(&self, closed: &Closed) -> Value {
        // Of a campaign that is gone nobody knows.
        let rule = self.setup.campaigns.get(&closed.campaign);
        let masked = rule.is_none_or(|rule| rule.campaign.mask_numbers);
        let number = closed.number.clone().map(|n| if masked { n.masked() } else { n });
        self.record(&Told {
            id: &closed.id,
            call: &closed.call,
            customer_leg: closed.customer_leg.as_ref(),
            campaign: &closed.campaign,
            queue: closed.queue.as_ref(),
            direction: closed.direction,
            customer_id: closed.customer_id,
            customer_name: &closed.customer_name,
            number,
            record: closed.record.as_ref(),
            added: closed.started_at,
            modified: closed.closed_at.unwrap_or(closed.started_at),
            disposed: closed.closed_at,
            disposition: closed.disposition.as_deref(),
            is_open: false,
            channel: closed.channel,
        })
    }

    fn record(&self, told: &Told<'_>) -> Value {
        let desk = &self.caller.desk;
        let campaign = self.setup.campaigns.get(told.campaign).map(|rule| &rule.campaign);
        let queue = told.queue.and_then(|id| self.setup.queues.get(id)).map(|q| &q.queue);
        let (channel, sub_channel) = match told.channel {
            Channel::Voice => ("VOICE", None),
            Channel::Chat => ("CHAT", Some("WebChat")),
        };
        let linked: Vec<Value> = told.record.iter().map(|record| linked_object(record)).collect();
        json!({
            "id": told.id,
            "title": null,
            "customer_id": told.customer_id.map_or_else(|| json!(-1), |id| json!(id)),
            "customer_name": told.customer_name,
            "customer_phone": told.number,
            "last_assigned_user_id": desk.user,
            "last_assigned_user_name": desk.name,
            "contact_center_id": PROCESS,
            "process_id": PROCESS,
            "last_campaign_id": campaign.map(|c| c.number),
            "last_campaign_name": campaign.map(|c| &c.name),
            "last_queue_id": queue.map_or(0, |q| q.number),
            "last_queue_name": queue.map(|q| &q.name),
            "last_disposition": told.disposition,
            "interaction_media_id": told.call,
            "channel_name": channel,
            "sub_channel": sub_channel,
            "direction": match told.direction {
                Direction::Inbound => "INCOMING",
                Direction::Outbound => "OUTGOING",
            },
            "date_added": iso(told.added),
            "date_modified": iso(told.modified),
            "date_disposed": told.disposed.map(iso),
            "interaction_relation_id": told.call,
            "status": if told.is_open { "OPEN" } else { "CLOSED" },
            "reopen_count": 0,
            "last_reopen_time": null,
            "first_assigned_date": iso(told.added),
            "last_assigned_date": iso(told.added),
            "linked_objects": linked,
            "channel_data": null,
            "related_interactions": null,
            "linked_connector_id": self.connector,
            "last_application_instance_id": null,
            "additional_info": {"VOICE_CUSTOMER_CRT_OBJECT_ID": told.customer_leg},
        })
    }
}

fn linked_object(record: &Record) -> Value {
    let info: Option<Value> =
        record.additional_info.as_ref().and_then(|text| serde_json::from_str(text).ok());
    json!({
        "recordId": record.record_id,
        "recordType": record.record_type,
        "recordName": record.record_name,
        "additionalInfo": info,
    })
}

fn envelope(data: Value) -> Value {
    json!({"data": data, "http_code": 200, "error_data": null})
}

fn millis(at: Moment) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}
