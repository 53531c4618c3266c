use crate::{AgentId, InteractionId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a supervisor takes part in an agent's call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum MonitorMode {
    /// He hears what the agent says and hears; nobody hears him (contract: SUP-29).
    Listen,
    /// The agent hears him too, and nobody else does (contract: SUP-30).
    Whisper,
    /// Everybody who hears the agent hears him too (contract: SUP-31).
    Barge,
}

impl MonitorMode {
    /// Somebody hears the supervisor.
    #[must_use]
    pub fn is_heard(self) -> bool {
        match self {
            Self::Listen => false,
            Self::Whisper | Self::Barge => true,
        }
    }

    /// As it stands in logs and on command lines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Whisper => "whisper",
            Self::Barge => "barge",
        }
    }
}

/// The call in which a supervisor takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Monitoring {
    /// Whose call it is.
    pub agent: AgentId,
    pub interaction: InteractionId,
    pub mode: MonitorMode,
}
