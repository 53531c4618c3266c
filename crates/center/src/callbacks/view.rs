//! Callbacks as one agent sees them.

use super::{Callbacks, Kept, List, OWN_MAX};
use crate::setup::Setup;
use omnibar_model::{AgentId, Callback, CallbackId, CampaignId, Moment, Party, PartyKind};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of a note and of a name in a list; all of them are in the interaction.
const SHOWN: usize = 80;

impl Callbacks {
    /// His own, and of each of his campaigns those that come first.
    #[must_use]
    pub fn views(
        &self,
        agent: &AgentId,
        campaigns: &BTreeSet<CampaignId>,
        setup: &Setup,
    ) -> BTreeMap<CallbackId, Callback> {
        let own = self.ids(List::Agent(agent.clone()));
        let mut anyones: Vec<&(Moment, CallbackId)> =
            campaigns.iter().flat_map(|c| self.ids(List::Campaign(c.clone()))).collect();
        anyones.sort();
        // Whose turn is his is shown however many there are before it.
        let turn = self.turns.iter().find(|(_, turn)| turn.agent == *agent).map(|(id, _)| id);
        own.map(|(_, id)| id)
            .chain(anyones.into_iter().take(OWN_MAX).map(|(_, id)| id))
            .chain(turn)
            .filter_map(|id| self.kept.get(id))
            .map(|kept| (kept.id.clone(), self.view(agent, kept, setup)))
            .collect()
    }

    fn ids(&self, list: List) -> impl Iterator<Item = &(Moment, CallbackId)> + use<'_> {
        self.lists.get(&list).into_iter().flatten().take(OWN_MAX)
    }

    fn view(&self, agent: &AgentId, kept: &Kept, setup: &Setup) -> Callback {
        let hidden = setup.masks(&kept.campaign);
        let number = if hidden { kept.number.masked() } else { kept.number.clone() };
        let turn = self.turns.get(&kept.id).is_some_and(|turn| turn.agent == *agent);
        Callback {
            id: kept.id.clone(),
            campaign: kept.campaign.clone(),
            customer: Party {
                kind: PartyKind::Customer,
                name: beginning(&kept.customer_name),
                number: Some(number),
            },
            customer_id: kept.customer_id,
            at: millis(kept.at),
            own: kept.agent.is_some(),
            due: self.is_due(kept) && (kept.agent.is_some() || turn),
            mine: self.is_own(agent, kept),
            booked_by: beginning(&kept.booked_by_name),
            booked_at: millis(kept.booked_at),
            interaction: kept.interaction.clone(),
            note: beginning(&kept.note),
        }
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

fn millis(at: Moment) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}
