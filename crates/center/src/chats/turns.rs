//! What time brings, and what follows from a change.

use super::{Chat, ChatEffect, Chats, Phase};
use crate::acd::Routed;
use omnibar_model::{AgentId, Cause, InteractionId, Moment};
use std::collections::BTreeMap;

impl Chats {
    /// Ends what nobody waits for any more, and disposes what has reached its limit.
    pub fn tick(&mut self, now: Moment) {
        let late: Vec<InteractionId> = self
            .iter()
            .filter(|c| self.due(c).is_some_and(|t| t <= now))
            .map(|c| c.id.clone())
            .collect();
        for id in late {
            let Some(chat) = self.get(&id) else { continue };
            match chat.phase {
                Phase::Waiting | Phase::Offered { .. } | Phase::Open => {
                    self.customer_left(now, &id);
                }
                Phase::Wrapping { .. } => self.limit_reached(now, &id),
                Phase::Closed => {}
            }
        }
    }

    /// Offers what can be offered. True when an offer was made or taken back: who may
    /// have which is to be worked out again.
    pub fn route(&mut self, now: Moment) -> bool {
        self.acd.tick(now);
        let mut any = false;
        while let Some(routed) = self.acd.poll() {
            any = true;
            self.routed(now, routed);
        }
        any
    }

    /// What is to be saved and told when everything has happened. `names`: of agents.
    pub fn follow(&mut self, now: Moment, names: &BTreeMap<AgentId, String>) {
        self.tell_pages(now, names);
        for id in std::mem::take(&mut self.touched) {
            let Some(chat) = self.chats.get(&id).cloned() else { continue };
            if chat.is_over() {
                self.chats.remove(&id);
            }
            self.out.push_back(ChatEffect::Save(chat));
        }
    }

    fn routed(&mut self, now: Moment, routed: Routed) {
        match routed {
            Routed::Offered { interaction, agent, expires } => {
                let Some(chat) = self.change(&interaction) else { return };
                chat.agent = Some(agent);
                chat.move_to(now, Phase::Offered { expires });
            }
            Routed::Withdrawn { interaction, agent, cause } => {
                if cause == Cause::NoAnswer {
                    self.missed.insert(agent.clone());
                }
                let still = |c: &Chat| {
                    matches!(c.phase, Phase::Offered { .. }) && c.agent.as_ref() == Some(&agent)
                };
                if self.get(&interaction).is_some_and(still)
                    && let Some(chat) = self.change(&interaction)
                {
                    chat.agent = None;
                    chat.move_to(now, Phase::Waiting);
                    let chat = interaction.clone();
                    self.out.push_back(ChatEffect::Left { chat, agent, cause });
                }
            }
            // Of one who is meant in person only; chats go by queues.
            Routed::Undelivered { interaction, cause } => self.close(now, &interaction, cause),
        }
    }

    fn limit_reached(&mut self, now: Moment, id: &InteractionId) {
        let campaign = self.get(id).map(|c| c.campaign.clone());
        let code = campaign
            .and_then(|c| self.setup.campaigns.get(&c))
            .and_then(|rule| rule.default_disposition.clone());
        if let Some(chat) = self.change(id) {
            chat.disposition = code;
        }
        self.log(id, "wrap_up_limit", "");
        self.close(now, id, Cause::AgentHungUp);
    }
}
