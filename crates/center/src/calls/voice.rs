//! Who hears whom, declared to the switch.

use super::monitor::ToldMonitor;
use super::{Call, CallEffect, Calls, Ear, Group, OutsideState, Phase, Seat};
use crate::switch::{Feed, SwitchCommand};
use omnibar_model::{AgentId, InteractionId, LegId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Wanted {
    pub(super) bridges: BTreeMap<String, Vec<LegId>>,
    feeds: BTreeMap<LegId, Feed>,
    /// By the supervisor's leg.
    pub(super) monitors: BTreeMap<LegId, ToldMonitor>,
}

impl Calls {
    /// The agent's one voice leg is at the switch, or no longer.
    pub fn set_voice(&mut self, agent: &AgentId, leg: Option<LegId>) {
        let old = match leg {
            Some(leg) => self.voices.insert(agent.clone(), leg),
            None => self.voices.remove(agent),
        };
        if let Some(old) = old {
            self.told.feeds.remove(&old);
            for legs in self.told.bridges.values_mut() {
                legs.retain(|l| *l != old);
            }
            self.told.monitors.retain(|leg, told| *leg != old && told.of != old);
        }
        let calls: Vec<InteractionId> = self.seats_of(agent).map(|(c, _)| c.id.clone()).collect();
        self.touched.extend(calls);
        self.touch_monitored(agent);
        self.sync();
    }

    #[must_use]
    pub fn voice_of(&self, agent: &AgentId) -> Option<&LegId> {
        self.voices.get(agent)
    }

    /// Says everything again to a switch of which nothing is known.
    pub fn tell_all(&mut self) {
        self.told = super::Told::default();
        self.touched.extend(self.calls.keys().cloned());
        self.sync();
    }

    /// Tells the switch what has changed in the touched calls.
    pub(super) fn sync(&mut self) {
        let mut wanted = Wanted::default();
        let touched: Vec<InteractionId> = self.touched.iter().cloned().collect();
        for id in &touched {
            match self.calls.get(id) {
                Some(call) => self.want(call, &mut wanted),
                None => wanted.end(id.as_str(), &self.told.bridges),
            }
        }
        for (leg, feed) in std::mem::take(&mut wanted.feeds) {
            if self.told.feeds.get(&leg).copied().unwrap_or_default() != feed {
                self.told.feeds.insert(leg.clone(), feed);
                self.effect(CallEffect::Switch(SwitchCommand::Feed { leg, feed }));
            }
        }
        // First what ends or shrinks: a leg that moves is free when it is wanted.
        let mut changes: Vec<_> = std::mem::take(&mut wanted.bridges)
            .into_iter()
            .filter(|(bridge, legs)| match self.told.bridges.get(bridge) {
                Some(told) => told != legs,
                None => !legs.is_empty(),
            })
            .collect();
        changes.sort_by_key(|(_, legs)| legs.len());
        for (bridge, legs) in changes {
            if legs.is_empty() {
                self.told.bridges.remove(&bridge);
            } else {
                self.told.bridges.insert(bridge.clone(), legs.clone());
            }
            self.effect(CallEffect::Switch(SwitchCommand::Connect { bridge, legs }));
        }
        self.tell_monitors(wanted, &touched);
        self.order_recordings(&touched);
    }

    fn want(&self, call: &Call, wanted: &mut Wanted) {
        wanted.end(call.id.as_str(), &self.told.bridges);
        let mut groups: BTreeSet<Option<&InteractionId>> = BTreeSet::from([None]);
        for group in
            call.outsides.iter().map(|o| &o.group).chain(call.seats.iter().map(|s| &s.group))
        {
            if let Group::Consult { of } = group {
                groups.insert(Some(of));
            }
        }
        for owner in groups {
            let group = owner.map_or(Group::Main, |of| Group::Consult { of: of.clone() });
            let mut legs = self.present(call, &group);
            legs.sort();
            if legs.len() < 2 {
                legs.clear();
            }
            let name = match owner {
                None => call.id.to_string(),
                Some(of) => format!("{}~{of}", call.id),
            };
            for outside in call.outsides.iter().filter(|o| o.is_up() && o.group == group) {
                if !legs.contains(&outside.leg) {
                    wanted.feeds.insert(outside.leg.clone(), lonely_feed(call, outside));
                }
            }
            wanted.bridges.insert(name, legs);
        }
        self.want_monitors(call, wanted);
        for seat in &call.seats {
            let Some(leg) = seat.agent.as_ref().and_then(|a| self.voices.get(a)) else { continue };
            let bridged = wanted.bridges.values().any(|legs| legs.contains(leg));
            if !bridged && (seat.ear != Ear::Away || !self.listens_elsewhere(seat)) {
                wanted.feeds.insert(leg.clone(), agent_feed(call, seat));
            }
        }
    }

    /// Legs of the group that are not held and whose owners listen there.
    fn present(&self, call: &Call, group: &Group) -> Vec<LegId> {
        let outsides = call
            .outsides
            .iter()
            .filter(|o| o.is_up() && o.group == *group && o.held_by.is_empty())
            .map(|o| o.leg.clone());
        let seats = call
            .seats
            .iter()
            .filter(|s| s.phase == Phase::Talking && s.held_by.is_empty())
            .filter(|s| match s.ear {
                Ear::Away => false,
                Ear::Home => s.group == *group,
                Ear::Consult => group.is_consult_of(&s.interaction),
            })
            .filter_map(|s| self.voices.get(s.agent.as_ref()?).cloned());
        outsides.chain(seats).collect()
    }

    pub(super) fn listens_elsewhere(&self, seat: &Seat) -> bool {
        seat.agent.as_ref().is_some_and(|agent| {
            self.seats_of(agent)
                .any(|(_, s)| s.interaction != seat.interaction && s.ear != Ear::Away)
        })
    }
}

impl Wanted {
    /// No bridge of this call, unless one is wanted after this.
    fn end(&mut self, call: &str, told: &BTreeMap<String, Vec<LegId>>) {
        for bridge in told.keys() {
            if is_of(bridge, call) {
                self.bridges.entry(bridge.clone()).or_default();
            }
        }
    }

    /// The legs of the call's bridge in which this leg is.
    pub(super) fn bridge_of(&mut self, call: &Call, leg: &LegId) -> Option<&mut Vec<LegId>> {
        let here = |(bridge, legs): &(&String, &mut Vec<LegId>)| {
            is_of(bridge, call.id.as_str()) && legs.contains(leg)
        };
        self.bridges.iter_mut().find(here).map(|(_, legs)| legs)
    }
}

fn is_of(bridge: &str, call: &str) -> bool {
    bridge.strip_prefix(call).is_some_and(|rest| rest.is_empty() || rest.starts_with('~'))
}

fn lonely_feed(call: &Call, outside: &super::Outside) -> Feed {
    if !outside.held_by.is_empty() {
        return Feed::Music;
    }
    let rings = call
        .seats
        .iter()
        .any(|s| s.group == outside.group && matches!(s.phase, Phase::Offered { .. }))
        || call.outsides.iter().any(|o| {
            o.leg != outside.leg && o.group == outside.group && o.state == OutsideState::Ringing
        });
    if rings { Feed::Ringback } else { Feed::Music }
}

pub(super) fn agent_feed(call: &Call, seat: &Seat) -> Feed {
    if !seat.held_by.is_empty() {
        return Feed::Music;
    }
    let consult_rings =
        || call.is_consulting(&seat.interaction) && !call.consult_is_up(&seat.interaction);
    match (seat.phase, seat.ear) {
        (Phase::Ringing, Ear::Home) => Feed::Ringback,
        (Phase::Talking, Ear::Consult) if consult_rings() => Feed::Ringback,
        (
            Phase::Waiting
            | Phase::Offered { .. }
            | Phase::Ringing
            | Phase::Talking
            | Phase::Wrapping { .. }
            | Phase::Closed,
            Ear::Away | Ear::Home | Ear::Consult,
        ) => Feed::Silence,
    }
}
