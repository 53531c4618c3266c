//! EVT-01 to EVT-04.

use super::super::payload::{self, Told};
use super::super::{Act, seen};
use super::event;
use omnibar_desk::{SessionView, Snapshot};
use omnibar_model::{AgentState, Presence};
use serde_json::{Value, json};

pub(super) fn began(before: &Snapshot, after: &Snapshot) -> Vec<Act> {
    let mut acts = Vec::new();
    let agent = seen::agent(after).map(|(user, _)| user);
    let was = seen::agent(before).map(|(user, _)| user);
    if agent.is_some() && agent != was {
        acts.push(event("session", "loginStatus", Told::plain(json!("loggedIn"))));
    }
    if let Some((user, campaigns, extension)) = seen::choice(after) {
        let old = seen::choice(before).filter(|(who, _, _)| *who == user);
        if old.is_none_or(|(_, old, _)| old != campaigns) {
            let chosen: Vec<Value> =
                seen::chosen(after).into_iter().map(payload::campaign).collect();
            acts.push(event("session", "campaignSelected", Told::plain(json!(chosen))));
        }
        let is_renamed = seen::handle(before) != seen::handle(after);
        if is_renamed || old.is_none_or(|(_, _, old)| old != extension) {
            let told = json!({
                "userCrtObjectId": seen::handle(after),
                "callContextId": payload::CALL_CONTEXT,
                "phone": extension,
            });
            acts.push(event("session", "extensionSelected", Told::plain(told)));
        }
        let told = availability(before, after);
        if old.is_none() || before.presence.state != after.presence.state || chose(before, after) {
            acts.push(event("session", "userAvailabilityChanged", Told::plain(told)));
        }
    }
    acts
}

pub(super) fn ended(before: &Snapshot, after: &Snapshot) -> Vec<Act> {
    if seen::agent(before).is_some() && seen::agent(after).is_none() {
        vec![event("session", "loginStatus", Told::plain(json!("loggedOut")))]
    } else {
        Vec::new()
    }
}

fn chose(before: &Snapshot, after: &Snapshot) -> bool {
    before.presence.chosen != after.presence.chosen
}

/// Availability. `isAvailable`: calls can be offered now. `autoCallStatus`: they will be,
/// now or after the present work.
fn availability(before: &Snapshot, after: &Snapshot) -> Value {
    let presence = &after.presence;
    let wants = matches!(presence.chosen, Presence::Available);
    let missed = matches!(presence.state, AgentState::Missed);
    json!({
        "isAvailable": matches!(presence.state, AgentState::Available),
        "autoCallStatus": wants && !missed,
        "statusDescription": description(after),
        "autoCallStateChangeCause": cause(before, after),
    })
}

fn description(desk: &Snapshot) -> String {
    match (desk.presence.state, &desk.presence.chosen) {
        (AgentState::Offline, _) => "Offline".to_owned(),
        (AgentState::Available, _) => "Available".to_owned(),
        (AgentState::Break, Presence::Break { reason }) => break_name(desk, reason),
        (AgentState::Break, Presence::Offline | Presence::Available) => "Break".to_owned(),
        (AgentState::Busy, _) => "Busy".to_owned(),
        (AgentState::WrapUp { .. }, _) => "Wrap-up".to_owned(),
        (AgentState::Missed, _) => "Missed".to_owned(),
    }
}

fn break_name(desk: &Snapshot, reason: &str) -> String {
    match &desk.session {
        SessionView::SignedOut { .. }
        | SessionView::SigningIn { .. }
        | SessionView::Choosing { .. } => reason.to_owned(),
        SessionView::SignedIn { breaks, .. } => breaks
            .iter()
            .find(|b| b.id == reason)
            .map_or_else(|| reason.to_owned(), |b| b.name.clone()),
    }
}

/// The contract has `agent_set_ready`; the others are named after it.
fn cause(before: &Snapshot, after: &Snapshot) -> &'static str {
    let presence = &after.presence;
    let by_agent = chose(before, after);
    match (presence.state, &presence.chosen) {
        (AgentState::Missed, _) => "interaction_missed",
        (AgentState::Busy, _) if !by_agent => "interaction_assigned",
        (AgentState::WrapUp { .. }, _) if !by_agent => "interaction_disconnected",
        (AgentState::Available, _)
            if !by_agent
                && matches!(
                    before.presence.state,
                    AgentState::Busy | AgentState::WrapUp { .. }
                ) =>
        {
            "interaction_disposed"
        }
        (_, Presence::Available) => "agent_set_ready",
        (_, Presence::Break { .. }) => "agent_set_break",
        (_, Presence::Offline) => "agent_set_offline",
    }
}
