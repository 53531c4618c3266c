use crate::{
    AudioView, ButtonsView, ConnectionTest, DockView, Remembered, Settings, VoiceView, WindowView,
};
use omnibar_desk::Snapshot;
use omnibar_model::{
    Callback, CampaignId, Cause, Channel, Destination, Direction, InteractionId, Moment, Party,
    PhoneNumber, QueueId, VoiceRecord,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// All that a UI shows, whole. A UI that missed a revision needs only the newest.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
pub struct View {
    /// Rises with every change.
    #[ts(type = "number")]
    pub revision: u64,
    /// The clock of every `Moment` in this view.
    pub now: Moment,
    pub desk: Snapshot,
    pub audio: AudioView,
    pub buttons: ButtonsView,
    pub voice: VoiceView,
    /// Of an extension of a telephone system.
    pub connection: ConnectionTest,
    pub directory: DirectoryView,
    pub history: HistoryView,
    pub settings: Settings,
    pub remembered: Remembered,
    pub window: WindowView,
    pub notices: Vec<Notice>,
    pub dock: DockView,
    /// Those that the agent may take, by their time.
    pub callbacks: Vec<Callback>,
    /// `None`: at a centre, or the telephone system has no box for this extension.
    #[ts(optional = nullable)]
    pub voicemail: Option<VoicemailView>,
}

/// The voice mail box of an extension (RFC 3842).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VoicemailView {
    /// Messages that nobody has heard.
    pub new: u32,
    pub old: u32,
    /// Of the new ones.
    pub urgent: u32,
    /// Called to hear them; `None`: not known.
    pub number: Option<PhoneNumber>,
}

/// Result of the last directory search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DirectoryView {
    /// The text that `entries` answer.
    pub text: String,
    pub entries: Vec<DirectoryEntry>,
    pub searching: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DirectoryEntry {
    pub destination: Destination,
    pub name: String,
    pub available: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryView {
    pub entries: Vec<HistoryEntry>,
    pub loading: bool,
    /// There is more before the last entry.
    pub more: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HistoryEntry {
    pub id: InteractionId,
    #[serde(default)]
    pub channel: Channel,
    pub direction: Direction,
    pub campaign: CampaignId,
    pub queue: Option<QueueId>,
    pub customer: Party,
    /// Milliseconds since 1970-01-01T00:00Z.
    #[ts(type = "number")]
    pub started_at: i64,
    #[ts(type = "number")]
    pub talk_ms: u64,
    pub cause: Option<Cause>,
    pub disposition: Option<String>,
    pub note: String,
    /// `None`: not measured.
    #[serde(default)]
    pub voice: Option<VoiceRecord>,
}

/// Something that stays on the screen until dismissed or mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Notice {
    pub id: u32,
    pub kind: NoticeKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum NoticeKind {
    /// The keychain refused or is absent: the password is kept for this session only.
    KeychainUnavailable {
        detail: String,
    },
    /// Settings could not be read and were put aside; defaults are in use.
    SettingsUnreadable {
        kept_as: String,
    },
    SettingsNotSaved {
        detail: String,
    },
    LogsExported {
        path: String,
    },
    /// Another program holds a key: it works in the window only.
    KeysTaken {
        keys: Vec<String>,
    },
    /// The embedded centre did not start.
    CentreNotStarted {
        detail: String,
    },
}
