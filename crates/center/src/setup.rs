//! What an administrator has laid down: campaigns, queues, IVR targets, breaks.

use crate::acd;
use omnibar_model::{
    BreakReason, Campaign, CampaignId, CampaignKind, DispositionId, Ivr, IvrId, Queue, QueueId,
};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    pub centre: String,
    pub campaigns: BTreeMap<CampaignId, CampaignRule>,
    pub queues: BTreeMap<QueueId, QueueSetup>,
    pub ivrs: BTreeMap<IvrId, IvrSetup>,
    /// The first is an agent's presence right after sign-in.
    pub breaks: Vec<BreakReason>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignRule {
    pub campaign: Campaign,
    /// Given by the centre when the wrap-up limit is reached.
    pub default_disposition: Option<DispositionId>,
    /// Whether customers are recorded while an agent has them.
    pub record: bool,
    /// Whether an agent is shown that a supervisor listens. That one speaks, he hears.
    pub tell_monitored: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSetup {
    pub queue: Queue,
    pub priority: i32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IvrSetup {
    pub ivr: Ivr,
    /// Digits that the caller may choose, and the queue that they lead to.
    pub options: BTreeMap<String, QueueId>,
}

impl Setup {
    #[must_use]
    pub fn queue_rules(&self) -> BTreeMap<QueueId, acd::QueueRule> {
        self.queues
            .iter()
            .map(|(id, q)| {
                let campaign = q.queue.campaign.clone();
                (id.clone(), acd::QueueRule { campaign, priority: q.priority })
            })
            .collect()
    }

    #[must_use]
    pub fn wrap_up(&self, campaign: &CampaignId) -> Option<Duration> {
        self.campaigns.get(campaign)?.campaign.wrap_up_ms.map(Duration::from_millis)
    }

    /// The queue where a campaign's customer goes whom nobody in particular takes.
    #[must_use]
    pub fn queue_of(&self, campaign: &CampaignId) -> Option<&QueueId> {
        self.queues.iter().find(|(_, q)| q.queue.campaign == *campaign).map(|(id, _)| id)
    }

    #[must_use]
    pub fn is_outbound(&self, campaign: &CampaignId) -> bool {
        self.campaigns.get(campaign).is_some_and(|c| c.campaign.kind == CampaignKind::Outbound)
    }

    /// Customers' numbers are hidden from this campaign's agents.
    #[must_use]
    pub fn masks(&self, campaign: &CampaignId) -> bool {
        self.campaigns.get(campaign).is_some_and(|c| c.campaign.mask_numbers)
    }

    #[must_use]
    pub fn has_disposition(&self, campaign: &CampaignId, code: &DispositionId) -> bool {
        self.campaigns.get(campaign).is_some_and(|rule| {
            rule.campaign.dispositions.iter().any(|class| class.codes.iter().any(|c| c.id == *code))
        })
    }
}
