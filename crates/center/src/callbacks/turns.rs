//! Whose turn a callback is that is for anyone of its campaign.

use super::{Callbacks, Kept};
use omnibar_model::{AgentId, CallbackId, CampaignId, Moment};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

/// How long an agent may let one lie while another is ready for it.
const TURN: Duration = Duration::from_secs(120);

/// An agent whose desktop is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    pub campaigns: BTreeSet<CampaignId>,
    /// `None`: he would take no call now.
    pub ready_since: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) agent: AgentId,
    until: Moment,
}

impl Callbacks {
    /// Nothing becomes due, and nobody's turn begins or ends, whoever is there.
    #[must_use]
    pub fn is_idle(&self, now: Moment) -> bool {
        self.deadline().is_none_or(|at| at > now) && self.due_for_anyone().next().is_none()
    }

    /// Lets become due what is, and gives turns: to the agent of the campaign who is
    /// ready longest.
    pub fn tick(&mut self, now: Moment, floor: &BTreeMap<AgentId, Present>) {
        self.touched |= self.next().is_some_and(|at| at <= now);
        self.seen = self.seen.max(now);
        let before = self.turns.len();
        let mut turns = std::mem::take(&mut self.turns);
        turns.retain(|id, turn| self.kept.get(id).is_some_and(|kept| stays(kept, turn, floor)));
        self.touched |= turns.len() != before;
        self.turns = turns;
        let due: Vec<(CallbackId, CampaignId)> =
            self.due_for_anyone().map(|kept| (kept.id.clone(), kept.campaign.clone())).collect();
        for (id, campaign) in due {
            let held = self.turns.get(&id);
            if held.is_some_and(|turn| turn.until > now) {
                continue;
            }
            let holder = held.map(|turn| turn.agent.clone());
            let next = self.longest_ready(&campaign, floor).or(holder.clone());
            let Some(agent) = next else { continue };
            self.touched |= holder.as_ref() != Some(&agent);
            self.turns.insert(id, Turn { agent, until: now + TURN });
        }
    }

    /// When [`Callbacks::tick`] is due whatever else happens.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.turns.values().map(|turn| turn.until).chain(self.next()).min()
    }

    /// What is due later than all that is seen.
    fn next(&self) -> Option<Moment> {
        let later = (Bound::Excluded(self.seen), Bound::Unbounded);
        self.by_time.range(later).next().map(|(at, _)| *at)
    }

    pub(super) fn is_due(&self, kept: &Kept) -> bool {
        kept.at <= self.seen
    }

    /// In the order of their times.
    fn due_for_anyone(&self) -> impl Iterator<Item = &Kept> {
        self.by_time
            .range(..=self.seen)
            .flat_map(|(_, ids)| ids)
            .filter_map(|id| self.kept.get(id))
            .map(AsRef::as_ref)
            .filter(|kept| kept.agent.is_none())
    }

    /// Without a turn already.
    fn longest_ready(
        &self,
        campaign: &CampaignId,
        floor: &BTreeMap<AgentId, Present>,
    ) -> Option<AgentId> {
        floor
            .iter()
            .filter(|(agent, there)| {
                there.campaigns.contains(campaign)
                    && !self.turns.values().any(|turn| turn.agent == **agent)
            })
            .filter_map(|(agent, there)| there.ready_since.map(|since| (since, agent)))
            .min()
            .map(|(_, agent)| agent.clone())
    }
}

/// A turn survives that its agent takes a call, not that he goes.
fn stays(kept: &Kept, turn: &Turn, floor: &BTreeMap<AgentId, Present>) -> bool {
    floor.get(&turn.agent).is_some_and(|there| there.campaigns.contains(&kept.campaign))
}
