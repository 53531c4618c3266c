//! EVT-05 to EVT-17 and EVT-24.

use super::super::payload::{About, Spelling, Told};
use super::super::pending::Why;
use super::super::{Act, Omni, chats, http, seen};
use super::event;
use omnibar_contract::{SdkError, View};
use omnibar_desk::{CallView, Snapshot};
use omnibar_model::{
    Campaign, Cause, Channel, Conversation, Destination, Interaction, InteractionId, Leg, LegId,
    PartyKind,
};
use serde_json::{Value, json};

impl Omni {
    pub(super) fn interactions(
        &mut self,
        now: i64,
        before: &Snapshot,
        view: &View,
        acts: &mut Vec<Act>,
    ) {
        let desk = &view.desk;
        self.learn_legs(desk);
        for call in &before.calls {
            if seen::is_open(&call.interaction) && seen::call(desk, &call.interaction.id).is_none()
            {
                self.left(now, before, call, view, acts);
            }
        }
        for call in desk.calls.iter().filter(|c| seen::is_open(&c.interaction)) {
            let about = self.about(desk, &call.interaction);
            match seen::call(before, &call.interaction.id) {
                // An agent who comes back to his calls has had them all the time.
                None if seen::choice(before).is_none() => {
                    acts.push(event("crm", "showCrm", about.show_crm()));
                }
                None => arrived(before, &about, acts),
                Some(old) => changed(before, &about, old, call, acts),
            }
        }
        self.legs.retain(|id, _| seen::call(desk, id).is_some());
        owned(before, desk, acts);
    }

    /// The centre has said, or not, how an interaction that left was disposed.
    pub(in super::super) fn disposal_told(
        &self,
        interaction: &Interaction,
        customer: Option<&LegId>,
        answer: Result<Value, SdkError>,
        view: &View,
    ) -> Vec<Act> {
        let about = About { desk: &view.desk, interaction, customer };
        let found = answer.ok().and_then(|envelope| disposition(&envelope, about.campaign()));
        let (class, code) = found.unzip();
        let told = about.disposed(class.as_deref(), code.flatten(), &interaction.note);
        vec![
            event("interaction", "interactionDisposed", Told::plain(told.clone())),
            event("crm", "handleInteractionDisposition", Told::plain(told)),
            event("interaction", "interactionEnded", about.event(Spelling::Lower)),
        ]
    }

    fn about<'a>(&'a self, desk: &'a Snapshot, interaction: &'a Interaction) -> About<'a> {
        About { desk, interaction, customer: self.legs.get(&interaction.id) }
    }

    fn learn_legs(&mut self, desk: &Snapshot) {
        for call in &desk.calls {
            let legs = &call.interaction.legs;
            if let Some(leg) = legs.iter().find(|leg| leg.party.kind == PartyKind::Customer) {
                self.legs.insert(call.interaction.id.clone(), leg.id.clone());
            }
        }
    }

    fn left(
        &mut self,
        now: i64,
        before: &Snapshot,
        call: &CallView,
        view: &View,
        acts: &mut Vec<Act>,
    ) {
        let interaction = &call.interaction;
        let about = self.about(before, interaction);
        let is_over = matches!(interaction.conversation, Conversation::Wrapping { .. });
        let was_taken = !matches!(interaction.conversation, Conversation::Offered { .. });
        if was_taken && !is_over {
            acts.push(event(
                "interaction",
                "interactionDisconnected",
                about.event(Spelling::Lower),
            ));
        }
        // Without a session nobody can say how it was disposed, and perhaps it was not.
        if was_taken && seen::choice(&view.desk).is_some() {
            let path = format!("/interactions/{}", http::segment(interaction.id.as_str()));
            let why = Why::Gone {
                interaction: Box::new(interaction.clone()),
                customer: self.legs.get(&interaction.id).cloned(),
            };
            let ask = self.ask(now, http::get("interaction-service", &path), why);
            acts.push(ask);
        } else {
            acts.push(event("interaction", "interactionEnded", about.event(Spelling::Lower)));
        }
    }
}

fn arrived(before: &Snapshot, about: &About<'_>, acts: &mut Vec<Act>) {
    let told = about.event(Spelling::Lower);
    acts.push(event("interaction", "interactionInitiated", told.clone()));
    let connected = match about.interaction.conversation {
        Conversation::Offered { .. } | Conversation::Ringing => false,
        Conversation::Connected | Conversation::Held => true,
        Conversation::Wrapping { .. } | Conversation::Ended => {
            about.interaction.connected_at.is_some()
        }
    };
    match about.interaction.channel {
        Channel::Voice => acts.push(event("interaction", "callRinging", told)),
        // Nothing rings.
        Channel::Chat => {}
    }
    acts.push(event("crm", "showCrm", about.show_crm()));
    if is_linked(about.interaction) {
        acts.push(linked(about));
    }
    if connected {
        connect(about, acts);
    }
    acts.extend(chats::messages(before, about));
    if matches!(about.interaction.conversation, Conversation::Wrapping { .. }) {
        acts.push(event("interaction", "interactionDisconnected", about.event(Spelling::Lower)));
    }
}

fn changed(
    before: &Snapshot,
    about: &About<'_>,
    old: &CallView,
    call: &CallView,
    acts: &mut Vec<Act>,
) {
    let (was, is) = (&old.interaction, &call.interaction);
    let who = (was.customer_id, was.record.as_ref());
    if who != (is.customer_id, is.record.as_ref()) {
        if is_linked(is) {
            acts.push(linked(about));
        } else {
            let told = about.event(Spelling::Upper);
            acts.push(event("interaction", "customerUnlinkedToInteraction", told));
        }
    }
    // A view may have been skipped: the time of the first connection tells.
    if was.connected_at.is_none() && is.connected_at.is_some() {
        connect(about, acts);
    }
    acts.extend(chats::messages(before, about));
    for (to, leg) in joined(was, is) {
        let told = about.conferred(&to, &leg);
        acts.push(event("interaction", "interactionConferred", told));
    }
    let is_over = |i: &Interaction| matches!(i.conversation, Conversation::Wrapping { .. });
    if is_over(is) && !is_over(was) {
        if is.cause == Some(Cause::Transferred)
            && let Some((to, leg)) = handed_to(was, call)
        {
            let told = about.transferred(&to, leg.as_ref());
            acts.push(event("interaction", "interactionTransferred", told));
        }
        acts.push(event("interaction", "interactionDisconnected", about.event(Spelling::Lower)));
    }
}

fn connect(about: &About<'_>, acts: &mut Vec<Act>) {
    acts.push(event("interaction", "interactionConnected", about.event(Spelling::Lower)));
    acts.push(ownership(about.interaction.owner));
    acts.push(event("crm", "showCrm", about.show_crm()));
}

fn is_linked(interaction: &Interaction) -> bool {
    interaction.customer_id.is_some() || interaction.record.is_some()
}

fn linked(about: &About<'_>) -> Act {
    event("interaction", "customerLinkedToInteraction", about.event(Spelling::Lower))
}

/// Parties that have become part of a conference.
fn joined(was: &Interaction, is: &Interaction) -> Vec<(Destination, LegId)> {
    if !is.conference {
        return Vec::new();
    }
    let was_in =
        |leg: &Leg| was.conference && was.legs.iter().any(|old| old.id == leg.id && !old.consult);
    is.legs
        .iter()
        .filter(|leg| leg.party.kind != PartyKind::Customer && !leg.consult && !was_in(leg))
        .filter_map(|leg| leg.destination.clone().map(|to| (to, leg.id.clone())))
        .collect()
}

/// Who has the customer: the one who was consulted, else whom the agent sent him to.
fn handed_to(was: &Interaction, call: &CallView) -> Option<(Destination, Option<LegId>)> {
    let consulted = was.legs.iter().find(|leg| leg.consult && leg.destination.is_some());
    consulted
        .and_then(|leg| leg.destination.clone().map(|to| (to, Some(leg.id.clone()))))
        .or_else(|| call.sent_to.clone().map(|to| (to, None)))
}

/// EVT-15: another interaction is on the agent's screen, or it has changed hands.
fn owned(before: &Snapshot, after: &Snapshot, acts: &mut Vec<Act>) {
    let shown =
        |desk| seen::current(desk).map(|c: &CallView| (&c.interaction.id, c.interaction.owner));
    let is: Option<(&InteractionId, bool)> = shown(after);
    if let Some((_, owner)) = is.filter(|is| Some(*is) != shown(before)) {
        acts.push(ownership(owner));
    }
}

fn ownership(owner: bool) -> Act {
    event("interaction", "getInteractionOwnershipByUser", Told::plain(json!(owner)))
}

/// Class and code of an envelope's `last_disposition`: a code's number or name, or an
/// object that holds them.
fn disposition(envelope: &Value, campaign: Option<&Campaign>) -> Option<(String, Option<u32>)> {
    let last = envelope.pointer("/data/last_disposition").filter(|v| !v.is_null())?;
    let field = |names: [&str; 3]| names.into_iter().find_map(|name| last.get(name));
    let code = field(["dispositionCodeId", "code_id", "code"]).unwrap_or(last);
    let label = field(["dispositionCodeName", "code_name", "name"]).unwrap_or(last);
    let by_number = code.as_i64().and_then(|number| seen::code(campaign?, number));
    let found = by_number.or_else(|| seen::code_named(campaign?, label.as_str()?));
    match found {
        Some((class, code)) => Some((class.name.clone(), Some(code.number))),
        None => {
            let class = field(["className", "class_name", "class"]).and_then(Value::as_str)?;
            Some((class.to_owned(), code.as_u64().and_then(|n| u32::try_from(n).ok())))
        }
    }
}
