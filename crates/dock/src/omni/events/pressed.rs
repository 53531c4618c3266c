//! EVT-18 to EVT-23: what the agent presses in the toolbar for the CRM.

use super::super::payload::{self, Told};
use super::super::pending::Why;
use super::super::{Act, Audience, Omni, Right, crm, http, seen};
use super::event;
use omnibar_contract::{DockIntent, Preview, View};
use omnibar_model::{InteractionId, Record};
use serde_json::{Value, json};

impl Omni {
    pub(in super::super) fn pressed(
        &mut self,
        now: i64,
        intent: &DockIntent,
        view: &View,
    ) -> Vec<Act> {
        match intent {
            // Who may dock is decided beside this dialect.
            DockIntent::Allow { .. } | DockIntent::Pair { .. } => Vec::new(),
            DockIntent::Block { origin } | DockIntent::Forget { origin } => {
                self.forget_store(origin);
                self.shown.forget_origin(origin);
                Vec::new()
            }
            DockIntent::DismissToast { id } => {
                self.shown.dismiss(*id);
                Vec::new()
            }
            DockIntent::OpenRecord { record } => {
                vec![about_customer("openRecord", payload::record(record))]
            }
            DockIntent::Attach { interaction, record } => {
                self.attach(now, interaction, record, view)
            }
            DockIntent::Detach { interaction } => self.detach(now, interaction, view),
            DockIntent::Create { interaction, object_type } => {
                let told = json!({"interactionId": interaction, "objectType": object_type});
                vec![event("crm", "onCreateButtonClick", Told::plain(told))]
            }
            DockIntent::AskOpenRecord => {
                vec![event("crm", "getCurrentCRMRecordOpened", Told::plain(json!({})))]
            }
            DockIntent::Preview { phone } => {
                self.shown.preview = Some(Preview { phone: phone.clone(), records: None });
                vec![about_customer("handlePreview", json!({"phone": phone}))]
            }
        }
    }

    fn attach(
        &mut self,
        now: i64,
        interaction: &InteractionId,
        record: &Record,
        view: &View,
    ) -> Vec<Act> {
        if seen::call(&view.desk, interaction).is_none() {
            return Vec::new();
        }
        let path = crm::record_path(interaction.as_str());
        let ask = self.ask(now, http::put(path, payload::record(record)), Why::Linked);
        let told = crm::attached(interaction.as_str(), Some(record));
        vec![ask, about_customer("onAttachButtonClick", told)]
    }

    fn detach(&mut self, now: i64, interaction: &InteractionId, view: &View) -> Vec<Act> {
        let Some(call) = seen::call(&view.desk, interaction) else { return Vec::new() };
        let record = call.interaction.record.clone();
        let mut ask = http::get("interaction-service", &crm::record_path(interaction.as_str()));
        ask.method = "DELETE".into();
        let ask = self.ask(now, ask, Why::Linked);
        let told = crm::attached(interaction.as_str(), record.as_ref());
        vec![ask, about_customer("onUnAttachButtonClick", told)]
    }
}

/// An event that only pages with customers' data get.
fn about_customer(event: &'static str, payload: Value) -> Act {
    Act::Event {
        to: Audience::All,
        namespace: "crm",
        event,
        payload,
        needs: Right::Customers,
        discreet: None,
    }
}
