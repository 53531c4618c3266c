//! A chat as its agent sees it.

use super::{Chat, Chats, Phase};
use omnibar_model::{self as model, AgentId, ChatPhase, InteractionId};
use std::collections::BTreeMap;

impl Chats {
    /// Everything that is this agent's, without messages, in the order of arrival.
    #[must_use]
    pub fn views(&self, agent: &AgentId) -> BTreeMap<InteractionId, model::Chat> {
        self.of(agent).filter_map(|c| Some((c.id.clone(), self.view(c)?))).collect()
    }

    fn view(&self, chat: &Chat) -> Option<model::Chat> {
        let phase = match chat.phase {
            Phase::Waiting | Phase::Closed => return None,
            Phase::Offered { expires } => ChatPhase::Offered { expires },
            Phase::Open => ChatPhase::Open,
            Phase::Wrapping { until } => ChatPhase::Wrapping { until },
        };
        let mut customer = chat.customer.clone();
        if self.setup.masks(&chat.campaign) {
            customer.number = customer.number.map(|number| number.masked());
        }
        Some(model::Chat {
            id: chat.id.clone(),
            direction: chat.direction,
            campaign: chat.campaign.clone(),
            queue: Some(chat.queue.clone()),
            customer,
            customer_id: chat.customer_id,
            record: chat.record.clone(),
            phase,
            since: chat.since,
            opened_at: chat.opened_at,
            assigned_at: chat.assigned_at,
            customer_present: chat.away_since.is_none() && chat.is_live(),
            cause: chat.cause,
            note: chat.note.clone(),
            last_seq: chat.last_seq,
            messages: Vec::new(),
        })
    }
}
