//! Pages that dock: what the agent sees and decides of them ([`DockView`],
//! [`DockIntent`]), and what the toolbar frame in such a page and the core say to each
//! other ([`FromPage`], [`ToPage`]), one JSON text frame each, over the app's loopback
//! socket or relayed by the centre.

use crate::{Intent, Meter, Password, View};
use omnibar_model::{AgentId, Channel, ExtensionId, InteractionId, Record};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

/// What pages of one origin may do. Nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Rights {
    pub events: bool,
    pub control: bool,
    /// Customers' names, numbers and records.
    pub customers: bool,
    pub dial: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// A page of it wants to dock: the agent is to decide.
    Asking,
    Allowed {
        rights: Rights,
    },
    Blocked,
}

/// An origin (RFC 6454, `https://crm.example`) that is known or asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OriginView {
    pub origin: String,
    #[serde(flatten)]
    pub standing: Standing,
    /// Pages of it that are docked now.
    pub pages: u32,
    /// Milliseconds since 1970-01-01T00:00Z of the last contact.
    #[ts(type = "number")]
    pub seen_at: i64,
}

/// What docked pages asked the toolbar to show, and who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct DockView {
    pub origins: Vec<OriginView>,
    /// Six digits that pair a page which reaches the app only through the centre;
    /// `None` unless the agent asked for one (they hold for two minutes).
    pub pairing_code: Option<String>,
    /// Records that a page found for an interaction (API-19).
    pub records: Vec<Records>,
    /// Records found for a number that the agent wants to preview (API-20, EVT-23).
    pub preview: Option<Preview>,
    /// The record open in the page (API-21).
    pub open: Option<Record>,
    /// Toasts of pages (API-39), newest last; dismissed by the agent or after a while.
    pub toasts: Vec<Toast>,
    /// A number that a page put into the dial field (API-37); counts up.
    pub draft: Option<Draft>,
    /// A page has said that it is still loading (API-04).
    pub loading: bool,
    /// User whom a page filled into the sign-in screen (API-36).
    pub user: Option<AgentId>,
    /// Extension that a page filled into the choice of extensions (API-38).
    pub extension: Option<ExtensionId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Records {
    pub interaction: InteractionId,
    pub records: Vec<Record>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Preview {
    pub phone: String,
    /// `None`: no page has answered yet.
    pub records: Option<Vec<Record>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Draft {
    /// What it is to begin with: a call or a chat.
    pub channel: Channel,
    pub phone: String,
    pub number: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Toast {
    pub id: u32,
    pub message: String,
    pub variant: ToastVariant,
    /// Who says so; the agent must never take it for Omnibar's own words.
    pub origin: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ToastVariant {
    #[default]
    Info,
    Success,
    Warning,
    Error,
}

/// What the agent decides about pages, and presses in the toolbar for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum DockIntent {
    /// Native window only: nothing that a page can reach decides about pages.
    Allow {
        origin: String,
        rights: Rights,
    },
    /// Native window only.
    Block {
        origin: String,
    },
    /// Native window only. The origin is unknown again; its pages are undocked.
    Forget {
        origin: String,
    },
    /// Native window only. Shows a fresh pairing code, or takes it away.
    Pair {
        on: bool,
    },
    DismissToast {
        id: u32,
    },
    /// EVT-18
    OpenRecord {
        record: Record,
    },
    /// EVT-19: links the record to the interaction.
    Attach {
        interaction: InteractionId,
        record: Record,
    },
    /// EVT-20
    Detach {
        interaction: InteractionId,
    },
    /// EVT-21
    Create {
        interaction: InteractionId,
        object_type: String,
    },
    /// EVT-22: asks the page which record is open.
    AskOpenRecord,
    /// EVT-23
    Preview {
        phone: String,
    },
}

/// The two places in which the SDK runs (API-01).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PageContext {
    /// The page that holds the toolbar.
    #[default]
    Crm,
    /// A page framed in the workspace.
    App,
}

/// From a toolbar frame, which speaks for the page that holds it.
#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum FromPage {
    /// First on a connection.
    Hello {
        /// Of the page that holds the frame, as the browser told the frame.
        origin: String,
        /// `config.origin`, which the page says of itself: it must be the same.
        #[serde(default)]
        #[ts(optional)]
        claimed: Option<String>,
        #[serde(default)]
        context: PageContext,
        /// The frame's id in that page, and the app's for `App`.
        instance: String,
        /// `name` of a custom app's manifest, or empty. Only the centre's workspace page,
        /// which frames the app, may say so.
        #[serde(default)]
        app: String,
        /// `version` of that manifest.
        #[serde(default)]
        app_version: String,
        /// Of an earlier [`ToPage::Welcome`] to a page of this origin.
        #[serde(default)]
        token: Option<Password>,
        /// Last event that was handled; later ones are sent again.
        #[serde(default)]
        last: Option<LastEvent>,
    },
    /// One call of the SDK, answered once by `Done` or `Failed` with its id.
    Call {
        id: u32,
        /// `namespace.name` of the contract, or one of its aliases; root calls
        /// have no namespace.
        api: String,
        /// Positional, or one object that names them.
        #[ts(type = "unknown[]")]
        arguments: Vec<Value>,
    },
    /// A press in the docked toolbar.
    Intent { intent: Box<Intent> },
    /// What the frame shows: a hidden one wants neither.
    Watch { views: bool, meters: bool },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LastEvent {
    /// Of the [`ToPage::Welcome`] that numbered it.
    pub epoch: String,
    #[ts(type = "number")]
    pub seq: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToPage {
    /// The agent is being asked in the app's window whether this origin may dock.
    Asking,
    Welcome {
        /// For the next [`FromPage::Hello`]; only pages of this origin may use it.
        token: String,
        /// Of the numbers of events; a new one begins when the app starts.
        epoch: String,
        rights: Rights,
        /// Number of the newest event that was left out because it is too old to be
        /// sent again; 0: none.
        #[ts(type = "number")]
        lost: u64,
        /// Where this page's events go on: the next one that it gets has a higher number.
        /// A page that has none of its own yet takes it as its `last`.
        #[ts(type = "number")]
        seq: u64,
    },
    /// The connection ends.
    Refused {
        error: SdkError,
    },
    Done {
        id: u32,
        #[ts(type = "unknown")]
        value: Value,
    },
    Failed {
        id: u32,
        error: SdkError,
    },
    Event {
        #[ts(type = "number")]
        seq: u64,
        namespace: String,
        event: String,
        #[ts(type = "unknown")]
        payload: Value,
    },
    View {
        view: Box<View>,
    },
    Meter {
        meter: Meter,
    },
}

/// The contract's five errors, and the value with which a call is rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SdkError {
    pub error_type: SdkErrorType,
    pub error_code: u16,
    pub description: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SdkErrorType {
    Timeout,
    InvalidOrigin,
    RequiredFieldMissing,
    HttpError,
    DataNotFound,
}

impl SdkErrorType {
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Timeout => 1000,
            Self::InvalidOrigin => 1003,
            Self::RequiredFieldMissing => 2001,
            Self::HttpError => 3000,
            Self::DataNotFound => 4000,
        }
    }
}

impl SdkError {
    #[must_use]
    pub fn new(error_type: SdkErrorType, description: impl Into<String>) -> Self {
        Self { error_type, error_code: error_type.code(), description: description.into() }
    }
}
