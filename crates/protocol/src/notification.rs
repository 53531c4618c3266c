use crate::wire;
use omnibar_model::{Callback, CallbackId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the centre tells a desktop: `method` and `params` of a JSON-RPC notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "method", content = "params")]
pub enum Notification {
    /// Everything; replaces what the client believed.
    #[serde(rename = "snapshot")]
    Snapshot {
        agent: wire::Agent,
        interactions: Vec<wire::Interaction>,
        #[serde(default)]
        callbacks: Vec<Callback>,
        #[serde(default)]
        chats: Vec<wire::Chat>,
    },
    #[serde(rename = "agent.changed")]
    AgentChanged { agent: wire::Agent },
    /// The interaction as it is now. `conversation: ended` is its last word.
    #[serde(rename = "interaction.changed")]
    InteractionChanged { interaction: wire::Interaction },
    /// The chat as it is now, with those of its messages that this session has not been
    /// told (in a snapshot: with the newest). `phase: ended` is its last word.
    #[serde(rename = "chat.changed")]
    ChatChanged { chat: wire::Chat },
    /// The callback as this agent sees it now.
    #[serde(rename = "callback.changed")]
    CallbackChanged { callback: Callback },
    /// Taken, cancelled, or no longer this agent's to see.
    #[serde(rename = "callback.gone")]
    CallbackGone { callback: CallbackId },
    #[serde(rename = "voice.candidate")]
    VoiceCandidate { candidate: String },
    /// The voice leg is gone at the centre (switch restarted): offer a new one.
    #[serde(rename = "voice.gone")]
    VoiceGone {},
    /// The session is over; do not reconnect with its token.
    #[serde(rename = "session.ended")]
    SessionEnded { reason: wire::SessionEnd },
}

/// A notification with its number. On the wire `seq` stands beside `method`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Numbered {
    pub seq: u64,
    #[serde(flatten)]
    pub notification: Notification,
}
