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
mod names;

use crate::omni::names::Entry;
use omnibar_contract::{DockIntent, DockView, PageContext, Rights, SdkError, SdkErrorType, View};
use omnibar_softphone::EndpointAnswer;
use serde_json::Value;
use std::collections::BTreeMap;

pub use act::{Act, Audience};
pub use names::{Right, rights_of};

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
}

/// The dialect's state: who is docked, which calls wait for what, and what the desk
/// looked like when last seen.
#[derive(Debug, Default)]
pub struct Omni {
    pages: BTreeMap<u32, Docked>,
}

impl Omni {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A page has been welcomed.
    pub fn opened(&mut self, page: Docked) {
        self.pages.insert(page.page, page);
    }

    /// A page has gone: its calls need no answer any more.
    pub fn closed(&mut self, page: u32) {
        self.pages.remove(&page);
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
        let _ = (now_ms, arguments, view);
        let entry = match allowed(&caller, api) {
            Ok(entry) => entry,
            Err(error) => return vec![Act::Failed { page: caller.page, id: caller.id, error }],
        };
        let _ = entry;
        Vec::new()
    }

    /// The desk has changed. The first view that is seen makes no events.
    pub fn view_changed(&mut self, now_ms: i64, view: &View) -> Vec<Act> {
        let _ = (now_ms, view);
        Vec::new()
    }

    /// The agent has pressed something that is for pages.
    pub fn agent_asked(&mut self, now_ms: i64, intent: &DockIntent, view: &View) -> Vec<Act> {
        let _ = (now_ms, intent, view);
        Vec::new()
    }

    /// The answer to an [`Act::Ask`].
    pub fn answered(
        &mut self,
        now_ms: i64,
        ticket: u64,
        answer: Result<EndpointAnswer, String>,
        view: &View,
    ) -> Vec<Act> {
        let _ = (now_ms, ticket, answer, view);
        Vec::new()
    }

    /// When [`Omni::tick`] is wanted, in milliseconds as `now_ms`.
    #[must_use]
    pub fn deadline(&self) -> Option<i64> {
        None
    }

    /// Calls whose time has come end with `TIMEOUT`; toasts go.
    pub fn tick(&mut self, now_ms: i64) -> Vec<Act> {
        let _ = now_ms;
        Vec::new()
    }

    /// Puts what pages want shown into the view. Worth doing after every other method.
    pub fn decorate(&self, dock: &mut DockView) {
        let _ = dock;
    }
}

fn allowed(caller: &Caller, api: &str) -> Result<&'static Entry, SdkError> {
    let Some(entry) = names::find(api) else {
        let name: String = api.chars().filter(|c| !c.is_control()).take(80).collect();
        let words = format!("{name} is not a call of this SDK");
        return Err(SdkError::new(SdkErrorType::DataNotFound, words));
    };
    match entry.needs.iter().find(|right| !right.is_in(caller.rights)) {
        None => Ok(entry),
        Some(right) => Err(SdkError::new(
            SdkErrorType::InvalidOrigin,
            format!(
                "{} may not {right}, which {} needs: the agent can allow it in Omnibar under \
                 Settings, Docked pages",
                caller.origin, entry.name
            ),
        )),
    }
}
