//! API-44 to API-46: apps that are loaded, and data from one to another.

use super::{Act, Audience, Call, Docked, Omni, Reply, Right, seen};
use omnibar_contract::{PageContext, SdkError};
use serde_json::{Value, json};

impl Omni {
    /// API-44. Lists every app when `appId` is empty.
    pub(super) fn all_info(&self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let wanted = call.arguments.text("appId");
        let apps: Vec<Value> = self
            .pages
            .values()
            .filter(|page| page.is_app() && (wanted.is_empty() || page.app_id() == wanted))
            .map(Docked::info)
            .collect();
        if apps.is_empty() && !wanted.is_empty() {
            return Err(seen::not_found("no app of that id is loaded"));
        }
        Ok(Reply::now(apps))
    }

    /// API-45.
    pub(super) fn info(&self, call: &Call<'_>) -> Result<Reply, SdkError> {
        self.instance(call.arguments.text("instanceId")).map(|page| Reply::now(page.info()))
    }

    /// API-46; arrives as EVT-29.
    pub(super) fn send_to_instance(&self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let instance = call.arguments.text("instanceId").to_owned();
        let origin = self.origin_of(&instance, &call.caller.origin)?.to_owned();
        Ok(Self::send(call, Audience::Instance { origin, instance }, "ui", "receiveData"))
    }

    /// API-27; arrives as EVT-25.
    pub(super) fn send_to_crm(call: &Call<'_>) -> Result<Reply, SdkError> {
        // A framed app may call its context crm too: then its name shows what it is.
        if call.caller.context == PageContext::Crm && call.caller.app.is_empty() {
            return Err(super::wrong_context("sendDataToCRM is for apps: use sendDataToApp"));
        }
        Ok(Self::send(call, Audience::Crm, "crm", "receiveDataFromApp"))
    }

    /// API-28; arrives as EVT-26.
    pub(super) fn send_to_app(call: &Call<'_>) -> Result<Reply, SdkError> {
        if call.caller.context == PageContext::App {
            return Err(super::wrong_context("sendDataToApp is for CRM pages: use sendDataToCRM"));
        }
        Ok(Self::send(call, Audience::App, "crm", "receiveDataFromCRM"))
    }

    fn send(call: &Call<'_>, to: Audience, namespace: &'static str, event: &'static str) -> Reply {
        let data = call.arguments.any("contextData");
        let needs = Right::Events;
        let told =
            Act::Event { to, namespace, event, payload: data.clone(), needs, discreet: None };
        Reply::now(data).and(told)
    }

    /// Whose data for this instance is. A page calls itself as it likes, but for an app,
    /// which the workspace names: what is meant for one origin must not reach another that
    /// has taken its name.
    fn origin_of(&self, instance: &str, own: &str) -> Result<&str, SdkError> {
        let named = || self.pages.values().filter(|page| page.instance == instance);
        let first = &self.instance(instance)?.origin;
        let app = named().find(|page| !page.app.is_empty()).map(|page| &page.origin);
        let same = named().map(|page| &page.origin).find(|origin| *origin == own);
        let only = named().all(|page| page.origin == *first).then_some(first);
        app.or(same).or(only).map(String::as_str).ok_or_else(|| {
            seen::not_found("pages of several origins have docked under that instanceId")
        })
    }

    fn instance(&self, instance: &str) -> Result<&Docked, SdkError> {
        self.pages
            .values()
            .find(|page| page.instance == instance)
            .ok_or_else(|| seen::not_found("no page of that instanceId is docked"))
    }
}

impl Docked {
    fn is_app(&self) -> bool {
        self.context == PageContext::App || !self.app.is_empty()
    }

    fn app_id(&self) -> &str {
        if self.app.is_empty() { &self.instance } else { &self.app }
    }

    fn info(&self) -> Value {
        let context = match self.context {
            PageContext::Crm => "crm",
            PageContext::App => "app",
        };
        let mut info = json!({
            "appId": self.app_id(),
            "instanceId": self.instance,
            "context": context,
            "origin": self.origin,
        });
        if !self.fields.is_null() {
            info["crmIntegrationConfig"] = self.fields.clone();
        }
        info
    }
}
