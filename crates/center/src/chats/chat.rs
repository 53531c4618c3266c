use omnibar_model::{
    AgentId, CampaignId, Cause, ChatFrom, ChatMessage, Direction, DispositionId, InteractionId,
    Moment, Party, QueueId, Record, newest_messages,
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Messages of a customer's page whose repetition is known for one.
const KEYS: usize = 64;

/// ```text
///            offered            accepted          ended, or the customer has gone
///   Waiting ────────▶ Offered ────────▶ Open ────────────────────────────▶ Wrapping
///      ▲ ◀── rejected, ──┘                │                                    │
///      │     time is up                   │ the agent is lost                  │ disposed, or
///      └──────────────────────────────────┘                                    ▼ its limit
///   Waiting, Offered ── the customer leaves ────────────────────────────────▶ Closed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    Waiting,
    Offered { expires: Moment },
    Open,
    Wrapping { until: Option<Moment> },
    Closed,
}

/// A customer's chat, whole but for its older messages, which are in the store only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chat {
    pub id: InteractionId,
    pub direction: Direction,
    pub campaign: CampaignId,
    pub queue: QueueId,
    /// Never masked.
    pub customer: Party,
    pub customer_id: Option<u64>,
    pub record: Option<Record>,
    /// SHA-256 of the token by which the customer's page finds it again.
    pub token_hash: String,
    pub agent: Option<AgentId>,
    pub phase: Phase,
    pub since: Moment,
    pub opened_at: Moment,
    /// When the present agent took it.
    pub assigned_at: Option<Moment>,
    /// When an agent first took it.
    pub answered_at: Option<Moment>,
    pub talk_ms: u64,
    /// Since when no page of the customer's is connected.
    pub away_since: Option<Moment>,
    /// Goes before others of its queue: it had an agent already.
    pub returned: bool,
    pub cause: Option<Cause>,
    pub note: String,
    pub disposition: Option<DispositionId>,
    pub last_seq: u32,
    /// The page's keys of its newest messages.
    pub keys: VecDeque<(String, u32)>,
    /// The newest; [`newest_messages`] of all.
    #[serde(skip)]
    pub recent: Vec<ChatMessage>,
}

impl Chat {
    /// Nobody has it, and somebody shall.
    #[must_use]
    pub fn is_routing(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Offered { .. })
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// The customer can still write.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match self.phase {
            Phase::Waiting | Phase::Offered { .. } | Phase::Open => true,
            Phase::Wrapping { .. } | Phase::Closed => false,
        }
    }

    pub(super) fn move_to(&mut self, now: Moment, phase: Phase) {
        if self.phase == Phase::Open {
            let spoken = self.assigned_at.map_or(0, |t| now.since(t).as_millis());
            self.talk_ms = self.talk_ms.saturating_add(u64::try_from(spoken).unwrap_or(u64::MAX));
        }
        self.phase = phase;
        self.since = now;
    }

    pub(super) fn add(&mut self, now: Moment, from: ChatFrom, text: String) -> ChatMessage {
        self.last_seq += 1;
        let message = ChatMessage { seq: self.last_seq, from, text, at: now };
        self.recent.push(message.clone());
        let kept = newest_messages(&self.recent).len();
        self.recent.drain(..self.recent.len() - kept);
        message
    }

    pub(super) fn seq_of(&self, key: &str) -> Option<u32> {
        self.keys.iter().find(|(k, _)| k == key).map(|(_, seq)| *seq)
    }

    pub(super) fn remember(&mut self, key: &str, seq: u32) {
        self.keys.push_back((key.to_owned(), seq));
        if self.keys.len() > KEYS {
            self.keys.pop_front();
        }
    }

    /// The key under which the page sent this message, if it is known still.
    pub(super) fn key_of(&self, seq: u32) -> Option<String> {
        self.keys.iter().find(|(_, s)| *s == seq).map(|(key, _)| key.clone())
    }
}
