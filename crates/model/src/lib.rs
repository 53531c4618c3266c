//! The nouns of Omnibar: agent, presence, interaction, leg, campaign, queue,
//! disposition, address, cause, secret.
//!
//! Contract of this crate: values only, and the pauses between attempts to reach
//! somebody. Nothing here does IO, reads a clock, draws a random number that is not
//! given by a seed, or knows a protocol. Values that cross a border
//! (centre protocol, UI contract, store) are serialisable; [`Secret`] is not.

mod address;
mod backoff;
mod callback;
mod campaign;
mod cause;
mod chat;
mod id;
mod interaction;
mod moment;
mod monitoring;
pub mod placeholder;
mod presence;
mod secret;
mod voice;

pub use address::{BadNumber, Destination, PhoneNumber};
pub use backoff::Backoff;
pub use callback::{Booking, Callback, CallbackAct};
pub use campaign::{
    BreakReason, Campaign, CampaignKind, DispositionClass, DispositionCode, Extension,
    ExtensionKind, Ivr, Queue,
};
pub use cause::Cause;
pub use chat::{
    CHAT_MESSAGES_MAX, CHAT_SHOWN_BYTES, CHAT_TEXT_MAX, Chat, ChatFrom, ChatMessage, ChatPhase,
    ChatTarget, chat_text, newest_messages,
};
pub use id::{
    AgentId, CallbackId, CampaignId, CommandId, DispositionId, ExtensionId, InteractionId, IvrId,
    LegId, QueueId,
};
pub use interaction::{
    Channel, Conversation, Direction, Diversion, DiversionReason, Interaction, Leg, LegState,
    Party, PartyKind, Record, VoicePath,
};
pub use moment::Moment;
pub use monitoring::{MonitorMode, Monitoring};
pub use presence::{AgentState, Presence};
pub use secret::Secret;
pub use voice::{LinkKind, PathKind, VoiceFigures, VoiceLayer, VoiceRecord};
