//! Chats stand among the agent's interactions: what calls of the SDK ask and what its
//! events tell is the same for both, but for EVT-16.

use super::payload::{About, Told};
use super::{Act, events, seen};
use omnibar_contract::View;
use omnibar_desk::{CallView, Can, ChatView, Snapshot};
use omnibar_model::{
    Channel, Chat, ChatFrom, ChatMessage, ChatPhase, Conversation, Interaction, InteractionId, Leg,
    LegId, LegState, VoicePath,
};
use serde_json::{Value, json};
use std::borrow::Cow;

/// The view as this dialect reads it: chats among the calls.
pub(super) fn among_calls(view: &View) -> Cow<'_, View> {
    if view.desk.chats.is_empty() {
        return Cow::Borrowed(view);
    }
    let mut view = view.clone();
    let chats = view.desk.chats.iter().map(as_call);
    view.desk.calls.extend(chats.collect::<Vec<_>>());
    Cow::Owned(view)
}

/// EVT-16: what has been said in a chat since it was seen before; everything, when it is
/// new to this agent's desk. Notices are nobody's messages.
pub(super) fn messages(before: &Snapshot, about: &About<'_>) -> Vec<Act> {
    let of = |desk: &Snapshot| {
        let found = desk.chats.iter().find(|c| c.chat.id == about.interaction.id);
        found.map(|c| c.chat.messages.clone()).unwrap_or_default()
    };
    let told = of(before).last().map_or(0, |m| m.seq);
    let new = of(about.desk).into_iter().filter(|m| m.seq > told);
    new.filter_map(|message| message_event(&message, about)).collect()
}

/// MessageEvent. Who may not read customers' data learns that there was a message, and
/// whose, but not what it said.
fn message_event(message: &ChatMessage, about: &About<'_>) -> Option<Act> {
    let agent = json!(seen::agent(about.desk).map(|(user, _)| user));
    let customer = json!(about.customer);
    let (direction, from, to) = match message.from {
        ChatFrom::Agent => ("sent", agent, customer),
        ChatFrom::Customer => ("received", customer, agent),
        ChatFrom::Notice => return None,
    };
    let told = Told::both(|named| {
        let mut payload = about.message(direction, &from, &to);
        if named {
            payload["message"] = Value::from(message.text.as_str());
            payload["customerId"] = about.customer_id();
        }
        payload
    });
    Some(events::event("interaction", "messageEvent", told))
}

fn as_call(view: &ChatView) -> CallView {
    let can = Can {
        accept: view.can.accept,
        reject: view.can.reject,
        end: view.can.end,
        dispose: view.can.dispose,
        ..Can::default()
    };
    CallView {
        interaction: as_interaction(&view.chat),
        voice: VoicePath::None,
        can,
        pending: view.pending.clone(),
        sent_to: None,
    }
}

fn as_interaction(chat: &Chat) -> Interaction {
    let customer = Leg {
        id: customer(&chat.id),
        party: chat.customer.clone(),
        state: LegState::Connected,
        consult: false,
        destination: None,
    };
    Interaction {
        id: chat.id.clone(),
        channel: Channel::Chat,
        direction: chat.direction,
        campaign: chat.campaign.clone(),
        queue: chat.queue.clone(),
        customer: chat.customer.clone(),
        customer_id: chat.customer_id,
        record: chat.record.clone(),
        owner: true,
        conversation: match chat.phase {
            ChatPhase::Offered { expires } => Conversation::Offered { expires },
            ChatPhase::Open => Conversation::Connected,
            ChatPhase::Wrapping { until } => Conversation::Wrapping { until },
            ChatPhase::Ended => Conversation::Ended,
        },
        since: chat.since,
        connected_at: chat.assigned_at,
        legs: vec![customer],
        conference: false,
        diverted: Vec::new(),
        recording: false,
        recording_paused: false,
        monitored: None,
        cause: chat.cause,
        note: chat.note.clone(),
    }
}

/// Names the customer's side of a chat (`customerCrtObjectId`).
fn customer(chat: &InteractionId) -> LegId {
    LegId::new(&format!("{chat}-customer"))
}
