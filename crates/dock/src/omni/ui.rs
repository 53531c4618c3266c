//! API-36 to API-40, and what the toolbar shows because pages asked for it.

use super::arguments::{as_number, as_text, required, unfit};
use super::{Act, Call, Omni, Reply, interaction, seen};
use omnibar_contract::{DockView, Draft, Preview, Records, SdkError, Toast, ToastVariant};
use omnibar_model::{AgentId, ExtensionId, InteractionId, PhoneNumber, Record};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How long a toast stays, in milliseconds.
const TOAST_MS: i64 = 10_000;
const TOASTS_MAX: usize = 5;
/// Longest text of a toast or notification, in characters.
const WORDS_MAX: usize = 300;
const SUBJECT_MAX: usize = 80;

/// What pages want shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) records: BTreeMap<InteractionId, Vec<Record>>,
    pub(super) preview: Option<Preview>,
    /// With the page that has it open.
    pub(super) open: Option<(u32, Record)>,
    toasts: VecDeque<(i64, Toast)>,
    last_toast: u32,
    draft: Option<Draft>,
    /// What had been searched when the draft was filled in: newer text was typed later.
    searched: String,
    loading: BTreeSet<u32>,
    user: Option<AgentId>,
    extension: Option<ExtensionId>,
}

impl Shown {
    pub(super) fn set_loading(&mut self, page: u32, loading: bool) {
        if loading {
            self.loading.insert(page);
        } else {
            self.loading.remove(&page);
        }
    }

    pub(super) fn toast(&mut self, now: i64, message: &str, variant: ToastVariant, origin: &str) {
        self.last_toast = self.last_toast.wrapping_add(1);
        let toast = Toast {
            id: self.last_toast,
            message: cut(message, WORDS_MAX),
            variant,
            origin: origin.to_owned(),
        };
        if self.toasts.len() == TOASTS_MAX {
            self.toasts.pop_front();
        }
        self.toasts.push_back((now.saturating_add(TOAST_MS), toast));
    }

    /// The number in the dial field: what was typed last, else what a page filled in.
    pub(super) fn dial_field<'a>(&'a self, searched: &'a str) -> &'a str {
        match &self.draft {
            Some(draft) if searched == self.searched => &draft.phone,
            Some(_) | None => searched,
        }
    }

    pub(super) fn dismiss(&mut self, id: u32) {
        self.toasts.retain(|(_, toast)| toast.id != id);
    }

    pub(super) fn forget_origin(&mut self, origin: &str) {
        self.toasts.retain(|(_, toast)| toast.origin != origin);
    }

    pub(super) fn closed(&mut self, page: u32) {
        self.loading.remove(&page);
        if self.open.as_ref().is_some_and(|(by, _)| *by == page) {
            self.open = None;
        }
    }

    pub(super) fn deadline(&self) -> Option<i64> {
        self.toasts.front().map(|(until, _)| *until)
    }

    pub(super) fn tick(&mut self, now: i64) {
        self.toasts.retain(|(until, _)| *until > now);
    }

    /// Records of calls that are over go; with the agent, everything that is his goes.
    pub(super) fn follow(&mut self, desk: &omnibar_desk::Snapshot) {
        self.records.retain(|id, _| seen::call(desk, id).is_some());
        if seen::agent(desk).is_none() {
            (self.preview, self.draft) = (None, None);
        } else {
            self.user = None;
        }
        if seen::choice(desk).is_some_and(|(_, _, id)| Some(id) == self.extension.as_ref()) {
            self.extension = None;
        }
    }

    pub(super) fn decorate(&self, dock: &mut DockView) {
        let records = self.records.iter();
        dock.records = records
            .map(|(id, records)| Records { interaction: id.clone(), records: records.clone() })
            .collect();
        dock.preview = self.preview.clone();
        dock.open = self.open.as_ref().map(|(_, record)| record.clone());
        dock.toasts = self.toasts.iter().map(|(_, toast)| toast.clone()).collect();
        dock.draft = self.draft.clone();
        dock.loading = !self.loading.is_empty();
        dock.user = self.user.clone();
        dock.extension = self.extension.clone();
    }
}

impl Omni {
    /// API-36. The token is not kept: this centre takes none, and a page's secret has no
    /// place in the agent's window.
    pub(super) fn set_login_info(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        self.shown.user = Some(super::session::user(call)?);
        Ok(Reply::void())
    }

    /// API-37.
    pub(super) fn populate(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let channel = interaction::channel(call)?;
        let details = call.arguments.object("channelDetails");
        let field = |name: &str| details.and_then(|d| d.get(name)).filter(|v| !v.is_null());
        for name in ["campaignId", "appName", "phone", "name"] {
            if field(name).is_none() {
                return Err(required(name));
            }
        }
        let number = phone(field("phone").and_then(as_text).as_deref())?;
        let campaign = field("campaignId").and_then(as_number);
        let known = seen::campaigns(&call.view.desk);
        if !known.is_empty() && !known.iter().any(|c| Some(i64::from(c.number)) == campaign) {
            return Err(unfit("campaignId", "a campaign of this agent"));
        }
        let count = self.shown.draft.as_ref().map_or(0, |d| d.number);
        let phone = number.to_string();
        self.shown.draft = Some(Draft { channel, phone, number: count.wrapping_add(1) });
        self.shown.searched.clone_from(&call.view.directory.text);
        Ok(Reply::void())
    }

    /// API-38.
    pub(super) fn set_extension_info(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let given = call.arguments.text("phone").trim();
        let extension = ExtensionId::new(given);
        if extension.as_str() != given {
            return Err(unfit("phone", "an extension"));
        }
        self.shown.extension = Some(extension);
        Ok(Reply::void())
    }

    /// API-39.
    pub(super) fn toast(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let variant = match call.arguments.text("variant").to_lowercase().as_str() {
            "success" => ToastVariant::Success,
            "error" => ToastVariant::Error,
            "warning" => ToastVariant::Warning,
            "info" => ToastVariant::Info,
            _ => return Err(unfit("variant", "success, error, warning or info")),
        };
        let message = call.arguments.text("message");
        self.shown.toast(call.now, message, variant, &call.caller.origin);
        Ok(Reply::void())
    }

    /// API-40. It says whose words they are: the agent must not take them for the app's.
    pub(super) fn desktop_notification(call: &Call<'_>) -> Reply {
        let subject = cut(call.arguments.text("subject"), SUBJECT_MAX);
        let message = cut(call.arguments.text("message"), WORDS_MAX);
        let message = format!("{message}\n{}", call.caller.origin);
        Reply::void().and(Act::Alert { subject, message })
    }
}

/// A number that a page wants shown.
pub(super) fn phone(given: Option<&str>) -> Result<PhoneNumber, SdkError> {
    let number = dialled(given)?;
    if number.is_masked() {
        return Err(unfit("phone", "the whole number: this one is masked"));
    }
    Ok(number)
}

/// A number that a page wants dialled. One that the centre has masked for it stands for the
/// customer whom it knows under it.
pub(super) fn dialled(given: Option<&str>) -> Result<PhoneNumber, SdkError> {
    let given = given.map(str::trim).filter(|g| !g.is_empty()).ok_or_else(|| required("phone"))?;
    // Not the number itself: words of errors reach logs.
    PhoneNumber::parse(given)
        .map_err(|bad| unfit("phone", &format!("a number that can be dialled: {bad}")))
}

/// One line of at most `max` characters.
fn cut(text: &str, max: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(max).collect()
}
