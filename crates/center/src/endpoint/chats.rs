//! The agent's chats, and what was said in them.

use super::appserver::PROCESS;
use super::date::iso;
use super::{Answer, Caller, Refusal};
use crate::calls::Contact;
use crate::core::{CoreInput, OpenChat};
use crate::rpc::Shared;
use crate::setup::Setup;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use omnibar_model::{
    CHAT_TEXT_MAX, ChatFrom, ChatMessage, ChatPhase, Direction, InteractionId, Moment,
    newest_messages,
};
use omnibar_protocol::{Code, Command, ErrorObject};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

const MOST_MESSAGES: u32 = 100;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/chats", get(list))
        .route("/chats/{id}", get(one))
        .route("/chats/{id}/messages", get(messages).post(say))
}

async fn list(State(shared): State<Shared>, Extension(caller): Extension<Caller>) -> Answer {
    let setup = shared.store.setup().await?;
    let chats: Vec<Value> = caller.desk.chats.iter().map(|chat| told(&setup, chat)).collect();
    Ok(Json(json!({ "chats": chats })))
}

async fn one(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let setup = shared.store.setup().await?;
    let open = open(&caller, &id).ok_or_else(not_there)?;
    Ok(Json(told(&setup, open)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    before: Option<u32>,
    limit: Option<u32>,
}

/// Of an open chat, or one of the agent's history.
async fn messages(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Answer {
    let Query(asked) = asked.map_err(|e| Refusal::bad(e.body_text()))?;
    let limit = asked.limit.unwrap_or(50).clamp(1, MOST_MESSAGES);
    let chat = InteractionId::new(&id);
    let his =
        open(&caller, &id).is_some() || shared.store.had_chat(&caller.desk.user, &chat).await?;
    if !his {
        return Err(not_there());
    }
    let found = shared.store.messages(&chat, asked.before, limit).await?;
    // A message can be longer than most: an answer holds so many of them as fit.
    let fit = newest_messages(&found);
    let earlier = fit.first().is_some_and(|first| first.seq > 1);
    let next = fit.first().filter(|_| earlier).map(|first| first.seq);
    let shown: Vec<Value> = fit.iter().map(message).collect();
    Ok(Json(json!({"messages": shown, "next": next})))
}

#[derive(Deserialize)]
struct Said {
    text: String,
    /// A repeat with the same one says nothing twice.
    #[serde(rename = "messageId")]
    id: Option<Uuid>,
}

async fn say(
    State(shared): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    said: Result<Json<Said>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let Json(said) = said.map_err(|e| Refusal::bad(e.body_text()))?;
    if said.text.chars().count() > CHAT_TEXT_MAX {
        return Err(Refusal::bad(format!("A message has at most {CHAT_TEXT_MAX} characters.")));
    }
    let chat = open(&caller, &id).ok_or_else(not_there)?.view.id.clone();
    let connection = caller.desk.connection.ok_or_else(|| {
        Refusal::new(StatusCode::CONFLICT, "The agent's desktop is not connected.")
    })?;
    let input = CoreInput::Command {
        connection,
        command: Command::ChatSay { chat, text: said.text },
        contact: Contact::default(),
    };
    let key = said.id.unwrap_or_else(Uuid::new_v4);
    let answer = shared.door.input(input, Some(key)).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(json!({"seq": answer["seq"], "messageId": key}))))
}

fn refused(error: ErrorObject) -> Refusal {
    let status = match Code::from(error.code) {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::InvalidParams => StatusCode::BAD_REQUEST,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::CONFLICT,
    };
    Refusal::new(status, error.message)
}

fn not_there() -> Refusal {
    Refusal::missing("This chat is not yours, or not there.")
}

fn open<'a>(caller: &'a Caller, id: &str) -> Option<&'a OpenChat> {
    caller.desk.chats.iter().find(|chat| chat.view.id.as_str() == id)
}

fn told(setup: &Setup, open: &OpenChat) -> Value {
    let view = &open.view;
    let campaign = setup.campaigns.get(&view.campaign).map(|rule| &rule.campaign);
    let queue = view.queue.as_ref().and_then(|id| setup.queues.get(id)).map(|q| &q.queue);
    json!({
        "interactionId": view.id,
        "channel": "CHAT",
        "subChannel": "WebChat",
        "direction": match view.direction {
            Direction::Inbound => "INCOMING",
            Direction::Outbound => "OUTGOING",
        },
        "state": match view.phase {
            ChatPhase::Offered { .. } => "OFFERED",
            ChatPhase::Open => "OPEN",
            ChatPhase::Wrapping { .. } | ChatPhase::Ended => "WRAPPING",
        },
        "processId": PROCESS,
        "campaignId": campaign.map(|c| c.number),
        "campaignName": campaign.map(|c| &c.name),
        "queueId": queue.map_or(0, |q| q.number),
        "queueName": queue.map(|q| &q.name),
        "customerId": view.customer_id.map_or_else(|| json!(-1), |id| json!(id)),
        "customerName": view.customer.name,
        "phone": view.customer.number,
        "customerPresent": view.customer_present,
        "dateAdded": time(view.opened_at),
        "dateAssigned": view.assigned_at.map(time),
        "lastSeq": view.last_seq,
    })
}

fn message(message: &ChatMessage) -> Value {
    json!({
        "seq": message.seq,
        "from": match message.from {
            ChatFrom::Customer => "CUSTOMER",
            ChatFrom::Agent => "AGENT",
            ChatFrom::Notice => "NOTICE",
        },
        "text": message.text,
        "date": time(message.at),
    })
}

fn time(at: Moment) -> String {
    iso(i64::try_from(at.as_millis()).unwrap_or(i64::MAX))
}
