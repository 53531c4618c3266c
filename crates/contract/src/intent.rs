use crate::{
    AudioIntent, ConnectionIntent, DockIntent, PhoneAccount, Settings, Shape, VoiceIntent,
};
use omnibar_desk::Ask;
use omnibar_model::{AgentId, InteractionId, PhoneNumber, Secret};
use serde::{Deserialize, Serialize};
use std::fmt;
use ts_rs::TS;

/// Everything that a UI may ask.
#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Intent {
    /// Signs in with a password. With `None` the one in the keychain is used. `account` is
    /// given when `centre` is the address of an extension of a telephone system.
    SignIn {
        centre: String,
        user: AgentId,
        password: Option<Password>,
        /// Keep centre, user and password (in the keychain) for the next time.
        remember: bool,
        take_over: bool,
        #[serde(default)]
        #[ts(optional = nullable)]
        account: Option<PhoneAccount>,
    },
    Desk {
        ask: Ask,
    },
    Audio {
        ask: AudioIntent,
    },
    Voice {
        ask: VoiceIntent,
    },
    Connection {
        ask: ConnectionIntent,
    },
    Search {
        ask: SearchIntent,
    },
    Settings {
        ask: SettingsIntent,
    },
    Window {
        ask: WindowIntent,
    },
    Dock {
        ask: DockIntent,
    },
}

/// A password on its way in; it never goes out again.
#[derive(Clone, PartialEq, Eq, Deserialize, TS)]
#[ts(type = "string")]
pub struct Password(String);

impl Password {
    #[must_use]
    pub fn into_secret(self) -> Secret {
        Secret::new(self.0)
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Questions to the centre; the answers show in the view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum SearchIntent {
    /// One search over people, queues, IVR and numbers; empty text lists all.
    Directory { text: String },
    /// The agent's own closed interactions, newest first, older than `before`.
    History { before: Option<InteractionId> },
}

#[derive(Clone, Debug, PartialEq, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum SettingsIntent {
    /// Replaces all settings.
    Save {
        settings: Settings,
    },
    /// The credential of one of the settings' servers, for the keychain; an empty one
    /// is forgotten. It never goes out again.
    SetTurnCredential {
        url: String,
        username: String,
        credential: Password,
    },
    /// Keeps what the agent calls this number, where no centre does; an empty name is
    /// forgotten.
    KeepContact {
        number: PhoneNumber,
        name: String,
    },
    /// Forgets centre, user and password.
    ForgetSignIn,
    /// Writes logs (redacted) to a file and shows it in the file manager.
    ExportLogs,
    DismissNotice {
        id: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum WindowIntent {
    SetShape {
        shape: Shape,
    },
    Minimise,
    /// To the tray; calls go on.
    Hide,
    Quit,
    /// A window drag has begun on the page's own title bar.
    StartDrag,
    /// The UI has been painted for the first time.
    Painted,
}

/// An intent that could not be read or cannot be taken now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    #[error("the request could not be read: {detail}")]
    Unreadable { detail: String },
    /// This host does not offer it, for example window shapes on the command line.
    #[error("not available here")]
    NotHere,
    #[error("Omnibar is closing")]
    Closing,
}
