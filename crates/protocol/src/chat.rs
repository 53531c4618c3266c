//! A chat on its way: the model's, with relative times.

use crate::wire::{earlier, later, ms};
use omnibar_model::{
    CampaignId, Cause, ChatFrom, Direction, InteractionId, Moment, Party, QueueId, Record,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatMessage {
    /// Rises by one within a chat, from 1.
    pub seq: u32,
    pub from: ChatFrom,
    pub text: String,
    /// Time since it was said.
    pub ago_ms: u64,
}

/// [`omnibar_model::ChatPhase`] with relative times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ChatPhase {
    Offered { left_ms: u64 },
    Open,
    Wrapping { left_ms: Option<u64> },
    Ended,
}

/// [`omnibar_model::Chat`] with relative times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Chat {
    pub id: InteractionId,
    pub direction: Direction,
    pub campaign: CampaignId,
    pub queue: Option<QueueId>,
    pub customer: Party,
    #[serde(default)]
    pub customer_id: Option<u64>,
    #[serde(default)]
    pub record: Option<Record>,
    pub phase: ChatPhase,
    /// Time in this phase.
    pub since_ms: u64,
    /// Time since the customer began it.
    pub opened_ms: u64,
    /// Time since the agent took it.
    pub assigned_ms: Option<u64>,
    pub customer_present: bool,
    pub cause: Option<Cause>,
    pub note: String,
    pub last_seq: u32,
    /// Those that are news to the receiver, in the order of `seq`.
    pub messages: Vec<ChatMessage>,
}

/// Answer of `chat.say`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Said {
    pub seq: u32,
}

impl Chat {
    /// On the receiver's clock.
    #[must_use]
    pub fn into_model(self, now: Moment) -> omnibar_model::Chat {
        use omnibar_model::ChatPhase as M;
        omnibar_model::Chat {
            id: self.id,
            direction: self.direction,
            campaign: self.campaign,
            queue: self.queue,
            customer: self.customer,
            customer_id: self.customer_id,
            record: self.record,
            phase: match self.phase {
                ChatPhase::Offered { left_ms } => M::Offered { expires: later(now, left_ms) },
                ChatPhase::Open => M::Open,
                ChatPhase::Wrapping { left_ms } => {
                    M::Wrapping { until: left_ms.map(|ms| later(now, ms)) }
                }
                ChatPhase::Ended => M::Ended,
            },
            since: earlier(now, self.since_ms),
            opened_at: earlier(now, self.opened_ms),
            assigned_at: self.assigned_ms.map(|ms| earlier(now, ms)),
            customer_present: self.customer_present,
            cause: self.cause,
            note: self.note,
            last_seq: self.last_seq,
            messages: self.messages.into_iter().map(|m| m.into_model(now)).collect(),
        }
    }

    /// At the sender, whose clock shows `now`.
    #[must_use]
    pub fn from_model(c: &omnibar_model::Chat, now: Moment) -> Self {
        use omnibar_model::ChatPhase as M;
        Self {
            id: c.id.clone(),
            direction: c.direction,
            campaign: c.campaign.clone(),
            queue: c.queue.clone(),
            customer: c.customer.clone(),
            customer_id: c.customer_id,
            record: c.record.clone(),
            phase: match c.phase {
                M::Offered { expires } => ChatPhase::Offered { left_ms: ms(expires.since(now)) },
                M::Open => ChatPhase::Open,
                M::Wrapping { until } => {
                    ChatPhase::Wrapping { left_ms: until.map(|t| ms(t.since(now))) }
                }
                M::Ended => ChatPhase::Ended,
            },
            since_ms: ms(now.since(c.since)),
            opened_ms: ms(now.since(c.opened_at)),
            assigned_ms: c.assigned_at.map(|t| ms(now.since(t))),
            customer_present: c.customer_present,
            cause: c.cause,
            note: c.note.clone(),
            last_seq: c.last_seq,
            messages: c.messages.iter().map(|m| ChatMessage::from_model(m, now)).collect(),
        }
    }
}

impl ChatMessage {
    fn into_model(self, now: Moment) -> omnibar_model::ChatMessage {
        omnibar_model::ChatMessage {
            seq: self.seq,
            from: self.from,
            text: self.text,
            at: earlier(now, self.ago_ms),
        }
    }

    fn from_model(m: &omnibar_model::ChatMessage, now: Moment) -> Self {
        Self { seq: m.seq, from: m.from, text: m.text.clone(), ago_ms: ms(now.since(m.at)) }
    }
}
