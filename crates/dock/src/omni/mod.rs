//! The Omni SDK's dialect: what its calls mean to the desk, and what a change of the
//! desk is to its pages. Names, arguments, results and errors are the contract's
//! (`API-nn`, `EVT-nn`).
//!
//! Pure: calls, views and answers go in, [`Act`]s come out; time is an argument. What a
//! page may do is decided in [`Omni::call`], by the table in `apis`.
//!
//! ```text
//!  call ──▶ rights ──▶ arguments ──▶ Done | Failed
//!                                    Intent … awaited in later views ──▶ Done | Failed
//!                                    Ask … answered by ticket        ──▶ Done | Failed
//!  view ──▶ difference to the one before ──▶ Event
//! ```

mod act;
mod apis;
mod apps;
mod arguments;
mod chats;
mod configuration;
mod crm;
mod events;
mod http;
mod interaction;
mod names;
mod payload;
mod pending;
mod seen;
mod session;
mod store;
mod ui;
mod when;
mod words;

use arguments::Arguments;
use names::{Api, Entry};
use omnibar_contract::{
    DockIntent, DockView, PageContext, Rights, SdkError, SdkErrorType, ToastVariant, View,
};
use omnibar_desk::Snapshot;
use omnibar_model::{InteractionId, LegId};
use omnibar_softphone::EndpointAnswer;
use pending::{Asked, Slip, Wait, Why};
use serde_json::Value;
use session::LastChoice;
use std::collections::BTreeMap;
use store::Store;
use ui::Shown;

pub use act::{Act, Audience};
pub use names::{Right, rights_of};
pub use store::Items;

/// One call of a page.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Number of the page's connection; never used again for another page.
    pub page: u32,
    /// Of the call, for its answer.
    pub id: u32,
    pub origin: String,
    pub context: PageContext,
    /// Of the frame, for `App` of the app's instance.
    pub instance: String,
    /// `name` of a custom app's manifest, or empty.
    pub app: String,
    pub rights: Rights,
}

/// A page that is docked, for the list of apps and for messages between pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Docked {
    pub page: u32,
    pub origin: String,
    pub context: PageContext,
    pub instance: String,
    pub app: String,
    /// Of a custom app, its fields of the CRM (contract: TB-14); null for every other page.
    pub fields: Value,
}

/// The dialect's state: who is docked, which calls wait for what, and what the desk
/// looked like when last seen.
#[derive(Debug, Default)]
pub struct Omni {
    pages: BTreeMap<u32, Docked>,
    waits: Vec<Wait>,
    asked: BTreeMap<u64, Asked>,
    last_ticket: u64,
    store: Store,
    shown: Shown,
    last_choice: Option<LastChoice>,
    before: Option<Snapshot>,
    /// The customer's leg of every open interaction.
    legs: BTreeMap<InteractionId, LegId>,
}

impl Omni {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A page has been welcomed, or what is known of it has changed.
    pub fn opened(&mut self, page: Docked) {
        self.pages.insert(page.page, page);
    }

    /// A page has gone: its calls need no answer any more.
    pub fn closed(&mut self, page: u32) {
        self.pages.remove(&page);
        self.abandon(page);
        self.shown.closed(page);
    }

    /// A page calls `api` (`namespace.name`, or an alias). `now_ms` counts from
    /// 1970-01-01T00:00Z, here as everywhere. Exactly one [`Act::Done`] or
    /// [`Act::Failed`] comes of it, now or later.
    pub fn call(
        &mut self,
        now_ms: i64,
        caller: Caller,
        api: &str,
        arguments: &[Value],
        view: &View,
    ) -> Vec<Act> {
        let slip = Slip { page: caller.page, id: caller.id };
        match self.try_call(now_ms, &caller, api, arguments, &chats::among_calls(view)) {
            Ok(reply) => {
                let mut acts = reply.acts;
                acts.extend(reply.value.map(|value| slip.done(value)));
                acts
            }
            Err(error) => vec![slip.failed(error)],
        }
    }

    /// The desk has changed. The first view that is seen makes no events.
    pub fn view_changed(&mut self, now_ms: i64, view: &View) -> Vec<Act> {
        let view = &*chats::among_calls(view);
        let acts = match self.before.take() {
            None => Vec::new(),
            Some(before) if before == view.desk => Vec::new(),
            Some(before) => self.differences(now_ms, &before, view),
        };
        let mut acts = acts;
        self.before = Some(view.desk.clone());
        self.remember_choice(&view.desk);
        self.shown.follow(&view.desk);
        acts.extend(self.settle(now_ms, view));
        acts
    }

    /// The agent has pressed something that is for pages.
    pub fn agent_asked(&mut self, now_ms: i64, intent: &DockIntent, view: &View) -> Vec<Act> {
        self.pressed(now_ms, intent, &chats::among_calls(view))
    }

    /// The answer to an [`Act::Ask`].
    pub fn answered(
        &mut self,
        now_ms: i64,
        ticket: u64,
        answer: Result<EndpointAnswer, String>,
        view: &View,
    ) -> Vec<Act> {
        let view = &*chats::among_calls(view);
        let Some(asked) = self.asked.remove(&ticket) else { return Vec::new() };
        match asked.why {
            Why::Pass { slip, missing, named } => match pending::result(answer, missing) {
                Ok(mut value) => {
                    if !named {
                        unname(&mut value);
                    }
                    vec![slip.done(value)]
                }
                Err(error) => vec![slip.failed(error)],
            },
            Why::Configuration { slip } => self.configuration_told(slip, answer),
            Why::Gone { interaction, customer } => {
                let told = pending::result(answer, SdkErrorType::DataNotFound);
                self.disposal_told(&interaction, customer.as_ref(), told, view)
            }
            Why::Linked => {
                if let Err(error) = pending::result(answer, SdkErrorType::DataNotFound) {
                    let words = format!("The record was not linked: {}", error.description);
                    self.shown.toast(now_ms, &words, ToastVariant::Error, "Omnibar");
                }
                Vec::new()
            }
        }
    }

    /// When [`Omni::tick`] is wanted, in milliseconds as `now_ms`.
    #[must_use]
    pub fn deadline(&self) -> Option<i64> {
        self.earliest().into_iter().chain(self.shown.deadline()).min()
    }

    /// Calls whose time has come end with `TIMEOUT`; toasts go.
    pub fn tick(&mut self, now_ms: i64) -> Vec<Act> {
        self.shown.tick(now_ms);
        self.give_up(now_ms)
    }

    /// Puts what pages want shown into the view. Worth doing after every other method.
    pub fn decorate(&self, dock: &mut DockView) {
        self.shown.decorate(dock);
    }

    fn try_call(
        &mut self,
        now: i64,
        caller: &Caller,
        api: &str,
        arguments: &[Value],
        view: &View,
    ) -> Result<Reply, SdkError> {
        let entry = allowed(caller, api)?;
        self.make_room(caller.page)?;
        let arguments = Arguments::read(entry, arguments)?;
        self.perform(entry.api, &Call { now, caller, arguments, view })
    }

    fn perform(&mut self, api: Api, call: &Call<'_>) -> Result<Reply, SdkError> {
        match api {
            Api::Initialize => Self::initialize(call),
            Api::SetBaseUrl => Self::set_base_url(call),
            Api::GetBaseUrl => Self::get_base_url(call),
            Api::OnLoadHandler => Ok(self.on_load(call)),
            Api::Login => self.login(call, false),
            Api::ForceLogin => self.login(call, true),
            Api::GetSelectedExtension => Self::selected_extension(call),
            Api::Logout => self.logout(call),
            Api::GetCurrentUser => Self::current_user(call),
            Api::GetSelectedCampaigns => Self::selected_campaigns(call),
            Api::GetAgentSession => self.agent_session(call),
            Api::InitiateInteraction => self.initiate(call),
            Api::DisposeInteraction => self.dispose(call),
            Api::DisposeAndInitiateNewInteraction => self.dispose_and_initiate(call),
            Api::GetAllLiveInteractionsForAgent => Ok(self.live(call)),
            Api::GetCurrentInteraction => Ok(self.current(call)),
            Api::GetIsInteractionOwnedByUser => Self::is_owned(call),
            Api::SetRecordInfoForInteraction => self.set_record(call),
            Api::ShowMultipleRecordsForInteraction => self.show_records(call),
            Api::ShowMultipleRecordsForPreview => self.show_preview(call),
            Api::SendCurrentCRMRecordOpened => self.record_opened(call),
            Api::GetAllContacts => Ok(self.all_records(call, "contacts")),
            Api::GetAllCases => Ok(self.all_records(call, "cases")),
            Api::CreateCase => self.create_case(call),
            Api::UpdateObject => self.update_object(call),
            Api::SearchCase => self.search_case(call),
            Api::SendDataToCRM => Self::send_to_crm(call),
            Api::SendDataToApp => Self::send_to_app(call),
            Api::GetDispositionCodesWithDispositionClass => self.disposition_codes(call),
            Api::GetCrmObjectConfiguration => Ok(self.pass(call, http::get("crm", "/objects"))),
            Api::GetCrmConfiguration => Ok(self.crm_configuration(call)),
            Api::GetPhoneNumberSearch => self.phone_number_search(call),
            Api::GetPrimaryColumnName => {
                Ok(self.pass(call, http::get("appserver", "/primary-column")))
            }
            Api::InvokeECCAPI => self.invoke_ecc(call),
            Api::InvokeThirdPartyAPI => self.invoke_third_party(call),
            Api::SetLoginInfo => self.set_login_info(call),
            Api::PopulateChannelDetailsForNewInteraction => self.populate(call),
            Api::SetExtensionInfo => self.set_extension_info(call),
            Api::TriggerToastNotification => self.toast(call),
            Api::TriggerDesktopNotification => Ok(Self::desktop_notification(call)),
            Api::StoreGet => self.store_get(call),
            Api::StoreSet => self.store_set(call),
            Api::StoreDelete => Ok(self.store_delete(call)),
            Api::GetAllInfo => self.all_info(call),
            Api::GetInfo => self.info(call),
            Api::SendDataToInstance => self.send_to_instance(call),
        }
    }
}

/// One call, as the namespaces see it.
struct Call<'a> {
    now: i64,
    caller: &'a Caller,
    arguments: Arguments,
    view: &'a View,
}

impl Call<'_> {
    fn slip(&self) -> Slip {
        Slip { page: self.caller.page, id: self.caller.id }
    }
}

/// What comes of a call at once.
struct Reply {
    /// `None`: the result comes later.
    value: Option<Value>,
    acts: Vec<Act>,
}

impl Reply {
    fn now(value: impl Into<Value>) -> Self {
        Self { value: Some(value.into()), acts: Vec::new() }
    }

    fn void() -> Self {
        Self::now(Value::Null)
    }

    fn later() -> Self {
        Self { value: None, acts: Vec::new() }
    }

    fn and(mut self, act: Act) -> Self {
        self.acts.push(act);
        self
    }
}

fn allowed(caller: &Caller, api: &str) -> Result<&'static Entry, SdkError> {
    let Some(entry) = names::find(api) else {
        let name: String = api.chars().filter(|c| !c.is_control()).take(80).collect();
        return Err(seen::not_found(&format!("{name} is not a call of this SDK")));
    };
    match entry.needs.iter().find(|right| !right.is_in(caller.rights)) {
        None => Ok(entry),
        Some(right) => Err(missing_right(caller, *right, entry.name)),
    }
}

fn missing_right(caller: &Caller, right: Right, api: &str) -> SdkError {
    let words = if caller.app.is_empty() {
        format!(
            "{} may not {right}, which {api} needs: the agent can allow it in Omnibar under \
             Settings, Docked pages",
            caller.origin
        )
    } else {
        format!(
            "The app {} may not {right}, which {api} needs: an administrator can grant it in the \
             centre under Custom apps",
            caller.app
        )
    };
    SdkError::new(SdkErrorType::InvalidOrigin, words)
}

fn wrong_context(words: &str) -> SdkError {
    SdkError::new(SdkErrorType::InvalidOrigin, words)
}

/// Takes the customer out of interactions, for a page that may not read him.
fn unname(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(unname),
        Value::Object(fields) => {
            for key in ["customer_id", "customer_name", "customer_phone", "linked_objects"] {
                fields.remove(key);
            }
            fields.values_mut().for_each(unname);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
