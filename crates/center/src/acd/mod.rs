//! Automatic call distribution: which agent is offered which interaction.
//!
//! Contract: pure. Time is an argument; what follows from a change is read with
//! [`Acd::poll`]. Every interaction that was entered is in exactly one place, waiting
//! or offered to one agent, until it is taken, removed or reported undelivered.
//!
//! Order: higher effective priority first, where waiting raises it by one per
//! [`Rules::aging`]; within one priority the one that has waited longest. Agent: of
//! those who are free and serve the queue's campaign the one idle longest.

use omnibar_model::{AgentId, CampaignId, Cause, InteractionId, Moment, QueueId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long an agent may let an offer ring.
    pub offer_limit: Duration,
    /// Waiting this long is worth one step of priority.
    pub aging: Duration,
    /// An interaction that everybody has rejected rests this long before it is
    /// offered to them again.
    pub rest: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            offer_limit: Duration::from_secs(20),
            aging: Duration::from_secs(60),
            rest: Duration::from_secs(5),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRule {
    pub campaign: CampaignId,
    /// Higher is served first.
    pub priority: i32,
}

/// Where an interaction waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Route {
    /// `boost` is added to the queue's priority, for example after a transfer.
    Queue { queue: QueueId, boost: i32 },
    /// For this agent only; undelivered if he does not take it.
    Agent { agent: AgentId },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routed {
    Offered {
        interaction: InteractionId,
        agent: AgentId,
        expires: Moment,
    },
    /// The agent no longer has the offer. After [`Cause::NoAnswer`] he is no longer
    /// free until he says so again.
    Withdrawn {
        interaction: InteractionId,
        agent: AgentId,
        cause: Cause,
    },
    /// An interaction for one agent only was not taken; it is no longer here.
    Undelivered {
        interaction: InteractionId,
        cause: Cause,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteFault {
    #[error("there is no such queue")]
    NoSuchQueue,
    #[error("the agent is not free")]
    NotFree,
    #[error("the interaction is already being routed")]
    Twice,
}

#[derive(Clone, Debug)]
struct Waiting {
    route: Route,
    since: Moment,
    /// Order of arrival, for equal times.
    arrival: u64,
    rejected_by: BTreeSet<AgentId>,
    /// Not offered before.
    not_before: Moment,
    offer: Option<Offer>,
}

#[derive(Clone, Debug)]
struct Offer {
    agent: AgentId,
    expires: Moment,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    campaigns: BTreeSet<CampaignId>,
    free_since: Option<Moment>,
    offered: Option<InteractionId>,
}

#[derive(Clone, Debug)]
pub struct Acd {
    rules: Rules,
    queues: BTreeMap<QueueId, QueueRule>,
    agents: BTreeMap<AgentId, Slot>,
    waiting: BTreeMap<InteractionId, Waiting>,
    arrivals: u64,
    out: VecDeque<Routed>,
}

impl Acd {
    #[must_use]
    pub fn new(rules: Rules, queues: BTreeMap<QueueId, QueueRule>) -> Self {
        Self {
            rules,
            queues,
            agents: BTreeMap::new(),
            waiting: BTreeMap::new(),
            arrivals: 0,
            out: VecDeque::new(),
        }
    }

    /// The agent is signed in with these campaigns, and free since then or not at all.
    pub fn set_agent(
        &mut self,
        agent: &AgentId,
        campaigns: &BTreeSet<CampaignId>,
        free_since: Option<Moment>,
    ) {
        let slot = self.agents.entry(agent.clone()).or_default();
        slot.campaigns.clone_from(campaigns);
        slot.free_since = free_since;
    }

    /// The agent has signed out or is lost; what he was offered goes on.
    pub fn remove_agent(&mut self, now: Moment, agent: &AgentId) {
        let Some(slot) = self.agents.remove(agent) else { return };
        if let Some(interaction) = slot.offered {
            self.withdraw(now, &interaction, Cause::NoAnswer);
        }
    }

    pub fn enter(
        &mut self,
        now: Moment,
        interaction: &InteractionId,
        route: Route,
    ) -> Result<(), RouteFault> {
        if self.waiting.contains_key(interaction) {
            return Err(RouteFault::Twice);
        }
        match &route {
            Route::Queue { queue, .. } if !self.queues.contains_key(queue) => {
                return Err(RouteFault::NoSuchQueue);
            }
            Route::Agent { agent } if !self.is_free(agent) => return Err(RouteFault::NotFree),
            Route::Queue { .. } | Route::Agent { .. } => {}
        }
        self.arrivals += 1;
        let waiting = Waiting {
            route,
            since: now,
            arrival: self.arrivals,
            rejected_by: BTreeSet::new(),
            not_before: now,
            offer: None,
        };
        self.waiting.insert(interaction.clone(), waiting);
        Ok(())
    }

    /// The customer has gone, or the interaction is wanted elsewhere.
    pub fn remove(&mut self, interaction: &InteractionId) {
        let Some(waiting) = self.waiting.remove(interaction) else { return };
        if let Some(offer) = waiting.offer {
            self.clear_slot(&offer.agent);
            self.out.push_back(Routed::Withdrawn {
                interaction: interaction.clone(),
                agent: offer.agent,
                cause: Cause::Abandoned,
            });
        }
    }

    /// True when the agent had this offer; the interaction is his and leaves the ACD.
    pub fn take(&mut self, interaction: &InteractionId, agent: &AgentId) -> bool {
        if self.offered_to(interaction) != Some(agent) {
            return false;
        }
        self.waiting.remove(interaction);
        if let Some(slot) = self.agents.get_mut(agent) {
            slot.offered = None;
            slot.free_since = None;
        }
        true
    }

    /// True when the agent had this offer; it goes on to the next.
    pub fn reject(&mut self, now: Moment, interaction: &InteractionId, agent: &AgentId) -> bool {
        if self.offered_to(interaction) != Some(agent) {
            return false;
        }
        self.withdraw(now, interaction, Cause::Rejected);
        true
    }

    /// Withdraws what was not taken in time and offers what can be offered.
    pub fn tick(&mut self, now: Moment) {
        let late: Vec<InteractionId> = self
            .waiting
            .iter()
            .filter(|(_, w)| w.offer.as_ref().is_some_and(|o| o.expires <= now))
            .map(|(id, _)| id.clone())
            .collect();
        for interaction in late {
            self.withdraw(now, &interaction, Cause::NoAnswer);
        }
        self.offer_all(now);
    }

    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.waiting
            .values()
            .filter_map(|w| match &w.offer {
                Some(offer) => Some(offer.expires),
                // Once it has rested it waits for an agent, not for time.
                None if w.not_before > w.since => Some(w.not_before),
                None => None,
            })
            .min()
    }

    pub fn poll(&mut self) -> Option<Routed> {
        self.out.pop_front()
    }

    #[must_use]
    pub fn offered_to(&self, interaction: &InteractionId) -> Option<&AgentId> {
        self.waiting.get(interaction)?.offer.as_ref().map(|o| &o.agent)
    }

    #[must_use]
    pub fn contains(&self, interaction: &InteractionId) -> bool {
        self.waiting.contains_key(interaction)
    }

    /// Free and without an offer.
    #[must_use]
    pub fn is_free(&self, agent: &AgentId) -> bool {
        let free =
            self.agents.get(agent).is_some_and(|s| s.free_since.is_some() && s.offered.is_none());
        free && !self.waiting.values().any(|w| {
            w.offer.is_none() && matches!(&w.route, Route::Agent { agent: a } if a == agent)
        })
    }

    /// Somebody is free for this queue.
    #[must_use]
    pub fn is_served(&self, queue: &QueueId) -> bool {
        self.queues.get(queue).is_some_and(|rule| {
            self.agents.iter().any(|(a, s)| s.campaigns.contains(&rule.campaign) && self.is_free(a))
        })
    }

    /// Place in the line of its queue, from 1; those being offered are no longer in line.
    #[must_use]
    pub fn position(&self, now: Moment, interaction: &InteractionId) -> Option<usize> {
        let Route::Queue { queue, .. } = &self.waiting.get(interaction)?.route else { return None };
        self.line(now)
            .into_iter()
            .filter(|id| {
                let other = &self.waiting[id];
                other.offer.is_none()
                    && matches!(&other.route, Route::Queue { queue: q, .. } if q == queue)
            })
            .position(|id| id == *interaction)
            .map(|i| i + 1)
    }
}

impl Acd {
    fn withdraw(&mut self, now: Moment, interaction: &InteractionId, cause: Cause) {
        let Some(waiting) = self.waiting.get_mut(interaction) else { return };
        let Some(offer) = waiting.offer.take() else { return };
        let directed = matches!(waiting.route, Route::Agent { .. });
        if cause == Cause::Rejected {
            waiting.rejected_by.insert(offer.agent.clone());
        }
        if let Some(slot) = self.agents.get_mut(&offer.agent) {
            slot.offered = None;
            if cause == Cause::NoAnswer {
                slot.free_since = None;
            }
        }
        self.out.push_back(Routed::Withdrawn {
            interaction: interaction.clone(),
            agent: offer.agent,
            cause,
        });
        if directed {
            self.waiting.remove(interaction);
            self.out.push_back(Routed::Undelivered { interaction: interaction.clone(), cause });
        } else if cause == Cause::Rejected {
            self.rest_if_nobody_is_left(now, interaction);
        }
    }

    /// Those who rejected are asked again only when nobody else could be.
    fn rest_if_nobody_is_left(&mut self, now: Moment, interaction: &InteractionId) {
        let Some(waiting) = self.waiting.get(interaction) else { return };
        let others = self.agents.iter().any(|(agent, slot)| {
            !waiting.rejected_by.contains(agent) && self.serves(slot, &waiting.route, agent)
        });
        if others {
            return;
        }
        let until = now + self.rules.rest;
        if let Some(waiting) = self.waiting.get_mut(interaction) {
            waiting.rejected_by.clear();
            waiting.not_before = until;
        }
    }

    fn serves(&self, slot: &Slot, route: &Route, agent: &AgentId) -> bool {
        match route {
            Route::Agent { agent: only } => only == agent,
            Route::Queue { queue, .. } => {
                self.queues.get(queue).is_some_and(|rule| slot.campaigns.contains(&rule.campaign))
            }
        }
    }

    fn offer_all(&mut self, now: Moment) {
        for waiting in self.waiting.values_mut().filter(|w| w.not_before <= now) {
            waiting.not_before = waiting.since;
        }
        for interaction in self.line(now) {
            if self.waiting[&interaction].offer.is_some() {
                continue;
            }
            // The others whom a rejection was waiting for may have signed out since.
            if !self.waiting[&interaction].rejected_by.is_empty() {
                self.rest_if_nobody_is_left(now, &interaction);
            }
            let waiting = &self.waiting[&interaction];
            if waiting.not_before > now {
                continue;
            }
            if let Route::Agent { agent } = &waiting.route
                && self.agents.get(agent).is_none_or(|s| s.free_since.is_none())
            {
                self.waiting.remove(&interaction);
                self.out.push_back(Routed::Undelivered { interaction, cause: Cause::NoAnswer });
                continue;
            }
            let best = self
                .agents
                .iter()
                .filter(|(agent, slot)| {
                    slot.offered.is_none()
                        && !waiting.rejected_by.contains(agent)
                        && self.serves(slot, &waiting.route, agent)
                })
                .filter_map(|(agent, slot)| slot.free_since.map(|since| (since, agent.clone())))
                .min();
            let Some((_, agent)) = best else { continue };
            self.offer(now, interaction, agent);
        }
    }

    fn offer(&mut self, now: Moment, interaction: InteractionId, agent: AgentId) {
        let expires = now + self.rules.offer_limit;
        if let Some(slot) = self.agents.get_mut(&agent) {
            slot.offered = Some(interaction.clone());
        }
        if let Some(waiting) = self.waiting.get_mut(&interaction) {
            waiting.offer = Some(Offer { agent: agent.clone(), expires });
            waiting.not_before = waiting.since;
        }
        self.out.push_back(Routed::Offered { interaction, agent, expires });
    }

    /// Everything in the order in which it is served.
    fn line(&self, now: Moment) -> Vec<InteractionId> {
        let mut line: Vec<_> = self
            .waiting
            .iter()
            .map(|(id, w)| {
                let priority = std::cmp::Reverse(self.effective_priority(now, w));
                (priority, w.since, w.arrival, id.clone())
            })
            .collect();
        line.sort();
        line.into_iter().map(|(.., id)| id).collect()
    }

    fn effective_priority(&self, now: Moment, waiting: &Waiting) -> i64 {
        let base = match &waiting.route {
            // Somebody is on the phone waiting for this very agent.
            Route::Agent { .. } => return i64::MAX,
            Route::Queue { queue, boost } => {
                let priority = self.queues.get(queue).map_or(0, |rule| rule.priority);
                i64::from(priority) + i64::from(*boost)
            }
        };
        let step = self.rules.aging.as_millis().max(1);
        let aged = now.since(waiting.since).as_millis() / step;
        base.saturating_add(i64::try_from(aged).unwrap_or(i64::MAX))
    }

    fn clear_slot(&mut self, agent: &AgentId) {
        if let Some(slot) = self.agents.get_mut(agent) {
            slot.offered = None;
        }
    }
}
