//! What `omnibar phone` prints: one JSON object a line, each a fact that changed.

use omnibar_contract::{CheckState, Meter, Standing, View};
use omnibar_desk::{CallView, SessionView};
use serde_json::{Value, json};
use std::sync::Arc;

/// Compares each view with the one before and says what changed.
#[derive(Debug, Default)]
pub(super) struct Report {
    last: Option<Arc<View>>,
}

impl Report {
    pub(super) fn changes(&mut self, view: &Arc<View>) -> Vec<Value> {
        let last = self.last.replace(Arc::clone(view));
        let old = last.as_deref().map(|v| &v.desk);
        let desk = &view.desk;
        let mut facts = Vec::new();
        let mut say = |changed: bool, fact: Value| {
            if changed {
                facts.push(fact);
            }
        };
        say(old.map(|o| &o.session) != Some(&desk.session), session(&desk.session));
        say(old.map(|o| &o.link) != Some(&desk.link), json!({"event": "link", "link": desk.link}));
        say(old.map(|o| o.line) != Some(desk.line), json!({"event": "line", "line": desk.line}));
        say(
            old.map(|o| (o.presence.state, &o.presence.chosen, &o.presence.next))
                != Some((desk.presence.state, &desk.presence.chosen, &desk.presence.next)),
            json!({"event": "presence", "agent": desk.presence.state,
                   "chosen": desk.presence.chosen, "next": desk.presence.next}),
        );
        say(
            old.is_some_and(|o| o.muted) != desk.muted,
            json!({"event": "muted", "on": desk.muted}),
        );
        say(
            old.and_then(|o| o.monitoring.as_ref()) != desk.monitoring.as_ref(),
            json!({"event": "monitoring", "monitoring": desk.monitoring}),
        );
        for call in &desk.calls {
            let before = old.and_then(|o| find(&o.calls, call));
            let same =
                before.is_some_and(|b| b.interaction == call.interaction && b.voice == call.voice);
            say(!same, json!({"event": "call", "call": call.interaction, "voice": call.voice}));
        }
        for call in old.map(|o| o.calls.as_slice()).unwrap_or_default() {
            say(
                find(&desk.calls, call).is_none(),
                json!({"event": "gone", "interaction": call.interaction.id}),
            );
        }
        say(
            desk.refusal.is_some() && old.and_then(|o| o.refusal.as_ref()) != desk.refusal.as_ref(),
            json!({"event": "refused", "refusal": desk.refusal}),
        );
        say(
            desk.missed.is_some() && old.and_then(|o| o.missed.as_ref()) != desk.missed.as_ref(),
            json!({"event": "missed", "interaction": desk.missed.as_ref().map(|i| &i.id)}),
        );
        let callbacks = last.as_deref().map(|v| v.callbacks.as_slice()).unwrap_or_default();
        for callback in &view.callbacks {
            say(!callbacks.contains(callback), json!({"event": "callback", "callback": callback}));
        }
        for gone in callbacks {
            say(
                view.callbacks.iter().all(|c| c.id != gone.id),
                json!({"event": "callback_gone", "callback": gone.id}),
            );
        }
        super::chat::changes(last.as_deref(), view).into_iter().for_each(|fact| say(true, fact));
        let dock = last.as_deref().map(|v| &v.dock);
        for page in &view.dock.origins {
            let before = dock.and_then(|d| d.origins.iter().find(|o| o.origin == page.origin));
            say(
                page.standing == Standing::Asking
                    && before.is_none_or(|b| b.standing != Standing::Asking),
                json!({"event": "page_asks", "origin": page.origin}),
            );
            say(
                before.map_or(0, |b| b.pages) != page.pages,
                json!({"event": "pages", "origin": page.origin, "pages": page.pages}),
            );
        }
        say(
            dock.and_then(|d| d.pairing_code.as_ref()) != view.dock.pairing_code.as_ref(),
            json!({"event": "pairing", "code": view.dock.pairing_code}),
        );
        let check = last.as_deref().map(|v| &v.voice.check);
        say(
            check.map_or(CheckState::Idle, |c| c.state) != view.voice.check.state,
            json!({"event": "check", "check": view.voice.check}),
        );
        let audio = last.as_deref().map(|v| &v.audio);
        let using = |a: &omnibar_contract::AudioView| {
            (a.microphone.clone(), a.speaker.clone(), a.ringer.clone(), a.fault.clone())
        };
        say(audio.map(using) != Some(using(&view.audio)), devices(view, "audio"));
        facts
    }
}

fn find<'a>(calls: &'a [CallView], like: &CallView) -> Option<&'a CallView> {
    calls.iter().find(|c| c.interaction.id == like.interaction.id)
}

fn session(session: &SessionView) -> Value {
    match session {
        SessionView::SignedOut { fault } => {
            json!({"event": "session", "state": "signed_out", "fault": fault})
        }
        SessionView::SigningIn { .. } => json!({"event": "session", "state": "signing_in"}),
        SessionView::Choosing { .. } => json!({"event": "session", "state": "choosing"}),
        SessionView::SignedIn {
            user, chosen, extension, breaks, queues, ivrs, campaigns, ..
        } => {
            json!({"event": "session", "state": "signed_in", "user": user, "campaigns": chosen,
                   "extension": extension, "breaks": breaks, "queues": queues, "ivrs": ivrs,
                   "dispositions": campaigns.iter().flat_map(|c| &c.dispositions).collect::<Vec<_>>()})
        }
    }
}

/// The devices that are there and in use.
pub(super) fn devices(view: &View, event: &str) -> Value {
    let audio = &view.audio;
    json!({"event": event, "inputs": audio.inputs, "outputs": audio.outputs,
           "microphone": audio.microphone, "speaker": audio.speaker, "ringer": audio.ringer,
           "fault": audio.fault})
}

/// Those that the agent may make.
pub(super) fn callbacks(view: &View) -> Value {
    json!({"event": "callbacks", "callbacks": view.callbacks})
}

pub(super) fn quality(meter: &Meter) -> Value {
    json!({"event": "meter", "meter": meter})
}
