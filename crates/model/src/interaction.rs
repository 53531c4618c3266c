use crate::{
    CampaignId, Cause, Destination, InteractionId, LegId, Moment, MonitorMode, PhoneNumber, QueueId,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Inbound,
    Outbound,
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS,
)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    #[default]
    Voice,
    /// Text from the centre's chat page: [`crate::Chat`].
    Chat,
}

/// First axis of a call: what the people are doing.
///
/// ```text
///  inbound   Offered ──accept──▶ Connected ⇄ Held
///               │ reject/timeout/abandon │     │
///               ▼                        ▼     ▼
///             Ended ◀──dispose── Wrapping ◀────┘  end, hang-up, transfer
///               ▲                  ▲
///  outbound  Ringing ──answered──▶ Connected
///               └──busy/no answer──┘
/// ```
///
/// An offer that was never taken ends without wrap-up; everything that the agent
/// took or dialled is wrapped up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Conversation {
    /// Offered to this agent until `expires`.
    Offered {
        expires: Moment,
    },
    /// Outbound: the other side rings.
    Ringing,
    Connected,
    /// The customer hears music.
    Held,
    /// Over, awaiting its disposition; disposed by the centre at `until`.
    Wrapping {
        until: Option<Moment>,
    },
    Ended,
}

/// Second axis of a call: what the packets are doing.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS,
)]
#[serde(rename_all = "snake_case")]
pub enum VoicePath {
    #[default]
    None,
    Connecting,
    Flowing,
    /// Nothing has arrived for a while; the conversation goes on.
    Lost,
    Recovering,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    Customer,
    /// A colleague.
    Agent,
    Queue,
    Ivr,
    /// An outside number that was consulted or conferenced.
    External,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Party {
    pub kind: PartyKind,
    /// Empty when unknown.
    pub name: String,
    pub number: Option<PhoneNumber>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum LegState {
    Ringing,
    Connected,
    Held,
    Ended { cause: Cause },
}

/// Another party in the call, as this agent sees it (the agent himself is not listed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Leg {
    pub id: LegId,
    pub party: Party,
    pub state: LegState,
    /// Reached by `consult` and not yet merged: hears the agent, not the customer.
    pub consult: bool,
    /// What was asked for, when the agent asked for it.
    pub destination: Option<Destination>,
}

/// Why a call went on from the one for whom it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum DiversionReason {
    Busy,
    NoAnswer,
    /// That phone was not reachable.
    Away,
    /// Every call is diverted there.
    Always,
    /// Not told, or something else.
    Other,
}

/// Somebody for whom a call was before it came here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Diversion {
    pub by: Party,
    pub reason: DiversionReason,
}

/// A record of a CRM (contract: `CRMRecordInfo`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub record_id: String,
    pub record_type: String,
    pub record_name: String,
    /// Whatever the CRM keeps with it, as JSON text.
    #[serde(default)]
    pub additional_info: Option<String>,
}

/// One contact of a customer, as one agent's desk sees it at one time. The centre
/// sends it whole at every change, so a lost message never leaves a half-truth.
/// `Moment`s are on the receiver's clock: adapters translate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Interaction {
    pub id: InteractionId,
    pub channel: Channel,
    pub direction: Direction,
    pub campaign: CampaignId,
    pub queue: Option<QueueId>,
    pub customer: Party,
    /// In the centre's directory; `None`: not known there.
    #[serde(default)]
    #[ts(type = "number | null")]
    pub customer_id: Option<u64>,
    /// The CRM record that this interaction is about.
    #[serde(default)]
    pub record: Option<Record>,
    /// This agent's own; false for one who was brought in by consult or conference.
    #[serde(default)]
    pub owner: bool,
    pub conversation: Conversation,
    /// When `conversation` last changed.
    pub since: Moment,
    /// When the agent and the customer were first connected.
    pub connected_at: Option<Moment>,
    /// Legs in the order in which they joined; the customer's is the first.
    pub legs: Vec<Leg>,
    /// Whom the call was for before, first one first; centres route calls themselves and
    /// tell none.
    #[serde(default)]
    pub diverted: Vec<Diversion>,
    /// All remaining legs hear each other (three or more parties).
    pub conference: bool,
    /// What is said now is being kept.
    pub recording: bool,
    /// The call is recorded, and silence is kept of what is said now.
    #[serde(default)]
    pub recording_paused: bool,
    /// A supervisor takes part, as far as the agent is to know.
    #[serde(default)]
    pub monitored: Option<MonitorMode>,
    /// Why the conversation is over, from `Wrapping` on.
    pub cause: Option<Cause>,
    pub note: String,
}
