//! Values of the centre protocol that differ from the model's: times are relative
//! here, and secrets can be sent.

pub use crate::chat::{Chat, ChatMessage, ChatPhase, Said};

use omnibar_model::{
    CallbackId, CampaignId, Cause, Channel, Destination, Direction, InteractionId, Leg, Moment,
    MonitorMode, Monitoring, Party, Presence, QueueId, Record, Secret, VoiceRecord,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A secret on its way over the wire; prints as `***`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Password(String);

impl Password {
    #[must_use]
    pub fn into_secret(self) -> Secret {
        Secret::new(self.0)
    }
}

impl From<&Secret> for Password {
    fn from(secret: &Secret) -> Self {
        Self(secret.expose().to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Agent {
    pub state: AgentState,
    /// Time in this state.
    pub since_ms: u64,
    /// The chosen presence.
    pub presence: Presence,
    /// Chosen while busy; taken when the last disposition is given.
    pub next: Option<Presence>,
    /// A supervisor's: the call in which he takes part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,
}

/// [`omnibar_model::AgentState`] with relative times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentState {
    Offline,
    Available,
    Break,
    Busy,
    WrapUp { left_ms: Option<u64> },
    Missed,
}

impl AgentState {
    #[must_use]
    pub fn into_model(self, now: Moment) -> omnibar_model::AgentState {
        use omnibar_model::AgentState as M;
        match self {
            Self::Offline => M::Offline,
            Self::Available => M::Available,
            Self::Break => M::Break,
            Self::Busy => M::Busy,
            Self::WrapUp { left_ms } => M::WrapUp { until: left_ms.map(|ms| later(now, ms)) },
            Self::Missed => M::Missed,
        }
    }

    #[must_use]
    pub fn from_model(state: omnibar_model::AgentState, now: Moment) -> Self {
        use omnibar_model::AgentState as M;
        match state {
            M::Offline => Self::Offline,
            M::Available => Self::Available,
            M::Break => Self::Break,
            M::Busy => Self::Busy,
            M::WrapUp { until } => Self::WrapUp { left_ms: until.map(|t| ms(t.since(now))) },
            M::Missed => Self::Missed,
        }
    }
}

/// [`omnibar_model::Conversation`] with relative times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Conversation {
    Offered { left_ms: u64 },
    Ringing,
    Connected,
    Held,
    Wrapping { left_ms: Option<u64> },
    Ended,
}

/// [`omnibar_model::Interaction`] with relative times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Interaction {
    pub id: InteractionId,
    pub channel: Channel,
    pub direction: Direction,
    pub campaign: CampaignId,
    pub queue: Option<QueueId>,
    pub customer: Party,
    #[serde(default)]
    pub customer_id: Option<u64>,
    #[serde(default)]
    pub record: Option<Record>,
    #[serde(default)]
    pub owner: bool,
    pub conversation: Conversation,
    /// Time in this state of the conversation.
    pub since_ms: u64,
    /// Time since agent and customer were first connected.
    pub connected_ms: Option<u64>,
    pub legs: Vec<Leg>,
    pub conference: bool,
    pub recording: bool,
    #[serde(default)]
    pub recording_paused: bool,
    #[serde(default)]
    pub monitored: Option<MonitorMode>,
    pub cause: Option<Cause>,
    pub note: String,
}

impl Interaction {
    /// On the receiver's clock.
    #[must_use]
    pub fn into_model(self, now: Moment) -> omnibar_model::Interaction {
        use omnibar_model::Conversation as M;
        omnibar_model::Interaction {
            id: self.id,
            channel: self.channel,
            direction: self.direction,
            campaign: self.campaign,
            queue: self.queue,
            customer: self.customer,
            customer_id: self.customer_id,
            record: self.record,
            owner: self.owner,
            conversation: match self.conversation {
                Conversation::Offered { left_ms } => M::Offered { expires: later(now, left_ms) },
                Conversation::Ringing => M::Ringing,
                Conversation::Connected => M::Connected,
                Conversation::Held => M::Held,
                Conversation::Wrapping { left_ms } => {
                    M::Wrapping { until: left_ms.map(|ms| later(now, ms)) }
                }
                Conversation::Ended => M::Ended,
            },
            since: earlier(now, self.since_ms),
            connected_at: self.connected_ms.map(|ms| earlier(now, ms)),
            legs: self.legs,
            conference: self.conference,
            diverted: Vec::new(),
            recording: self.recording,
            recording_paused: self.recording_paused,
            monitored: self.monitored,
            cause: self.cause,
            note: self.note,
        }
    }

    /// At the sender, whose clock shows `now`.
    #[must_use]
    pub fn from_model(i: &omnibar_model::Interaction, now: Moment) -> Self {
        use omnibar_model::Conversation as M;
        Self {
            id: i.id.clone(),
            channel: i.channel,
            direction: i.direction,
            campaign: i.campaign.clone(),
            queue: i.queue.clone(),
            customer: i.customer.clone(),
            customer_id: i.customer_id,
            record: i.record.clone(),
            owner: i.owner,
            conversation: match i.conversation {
                M::Offered { expires } => Conversation::Offered { left_ms: ms(expires.since(now)) },
                M::Ringing => Conversation::Ringing,
                M::Connected => Conversation::Connected,
                M::Held => Conversation::Held,
                M::Wrapping { until } => {
                    Conversation::Wrapping { left_ms: until.map(|t| ms(t.since(now))) }
                }
                M::Ended => Conversation::Ended,
            },
            since_ms: ms(now.since(i.since)),
            connected_ms: i.connected_at.map(|t| ms(now.since(t))),
            legs: i.legs.clone(),
            conference: i.conference,
            recording: i.recording,
            recording_paused: i.recording_paused,
            monitored: i.monitored,
            cause: i.cause,
            note: i.note.clone(),
        }
    }
}

pub(crate) fn ms(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

/// A hostile peer may name any number; a day is longer than any honest deadline.
pub(crate) fn later(now: Moment, ms: u64) -> Moment {
    now + Duration::from_millis(ms.min(86_400_000))
}

pub(crate) fn earlier(now: Moment, ms: u64) -> Moment {
    now - Duration::from_millis(ms)
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IceServer {
    /// `stun:host:port` or `turn:host:port?transport=udp` (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    #[serde(default)]
    pub username: String,
    #[serde(default = "no_password")]
    pub credential: Password,
}

fn no_password() -> Password {
    Password(String::new())
}

/// A SIP extension for one voice leg, over WebSocket (RFC 7118).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SipExtension {
    /// `wss://pbx.example:8089/ws`.
    pub server: String,
    /// Address of record, `sip:agent@pbx.example`.
    pub address: String,
    /// Name for the password.
    pub user: String,
    pub password: Password,
    /// Whom it calls to bring the leg, `sip:voice@pbx.example`.
    pub call: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectoryEntry {
    pub destination: Destination,
    pub name: String,
    /// Free now: an available colleague, a queue with somebody in it.
    pub available: bool,
}

/// Answer of `call.dial` and `chat.start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dialled {
    pub interaction: InteractionId,
}

/// Answer of `callback.book`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Booked {
    pub callback: CallbackId,
}

/// Answer of `endpoint.call`: what the service said, as HTTP says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointAnswer {
    pub status: u16,
    pub body: serde_json::Value,
}

/// Answer of `history.list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    pub entries: Vec<HistoryEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEntry {
    pub id: InteractionId,
    #[serde(default)]
    pub channel: Channel,
    pub direction: Direction,
    pub campaign: CampaignId,
    pub queue: Option<QueueId>,
    pub customer: Party,
    /// Milliseconds since 1970-01-01T00:00Z.
    pub started_at: i64,
    pub talk_ms: u64,
    pub cause: Option<Cause>,
    pub disposition: Option<String>,
    pub note: String,
    /// The centre has a recording of it.
    #[serde(default)]
    pub recorded: bool,
    /// What its voice was like at the agent's end; `None`: not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<VoiceRecord>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    SignedOut,
    /// The same user signed in elsewhere.
    TakenOver,
    Expired,
    /// An administrator ended it.
    Removed,
}
