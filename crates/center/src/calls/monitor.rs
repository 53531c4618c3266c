//! Supervisors in an agent's call: they listen, whisper or barge in (contract: SUP-29 to SUP-31).

use super::voice::{Wanted, agent_feed};
use super::{Call, CallFault, Calls, Ear, Phase, Seat};
use crate::switch::{Feed, SwitchCommand};
use omnibar_model::{AgentId, CampaignId, InteractionId, LegId, MonitorMode, Monitoring};
use serde::{Deserialize, Serialize};

/// One supervisor in one agent's part of a call. It is over with that part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monitor {
    pub supervisor: AgentId,
    /// The agent's seat.
    pub interaction: InteractionId,
    pub mode: MonitorMode,
}

/// What the switch was told of a supervisor's leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ToldMonitor {
    pub(super) call: InteractionId,
    /// The agent's leg.
    pub(super) of: LegId,
    pub(super) whisper: bool,
}

impl Call {
    /// How a supervisor takes part in this seat's talk.
    fn monitor_of(&self, interaction: &InteractionId) -> Option<&Monitor> {
        self.monitors.iter().find(|m| m.interaction == *interaction)
    }
}

impl Calls {
    /// The supervisor takes part in this agent's call, or does so in another way.
    /// `supervises`: the campaigns that he answers for.
    pub fn monitor(
        &mut self,
        supervisor: &AgentId,
        agent: &AgentId,
        mode: MonitorMode,
        supervises: impl Fn(&CampaignId) -> bool,
    ) -> Result<(), CallFault> {
        let busy =
            |(_, s): (&Call, &Seat)| s.phase.is_live() || matches!(s.phase, Phase::Offered { .. });
        if self.seats_of(supervisor).any(busy) {
            return Err(CallFault::OwnCall);
        }
        let talks = |(c, s): &(&Call, &Seat)| s.phase == Phase::Talking && supervises(&c.campaign);
        let (call, seat) = self
            .seats_of(agent)
            .filter(talks)
            .min_by_key(|(_, s)| s.ear == Ear::Away)
            .ok_or(CallFault::NothingToMonitor)?;
        if call.monitor_of(&seat.interaction).is_some_and(|m| m.supervisor != *supervisor) {
            return Err(CallFault::Monitored);
        }
        if !self.voices.contains_key(supervisor) {
            return Err(CallFault::NoVoice);
        }
        let (id, interaction) = (call.id.clone(), seat.interaction.clone());
        let wanted = Monitor { supervisor: supervisor.clone(), interaction, mode };
        if self.monitor_by(supervisor) == Some((&id, &wanted)) {
            return Ok(());
        }
        self.drop_monitors(|m| m.supervisor == *supervisor && m.interaction != wanted.interaction);
        let Some(call) = self.calls.get_mut(&id) else { return Err(CallFault::NothingToMonitor) };
        call.monitors.retain(|m| m.supervisor != *supervisor);
        let (interaction, detail) =
            (wanted.interaction.clone(), format!("{} {supervisor}", mode.word()));
        call.monitors.push(wanted);
        self.log(&interaction, "monitored", detail);
        self.touched.insert(id);
        self.sync();
        Ok(())
    }

    /// Ends it, if there is anything to end.
    pub fn end_monitoring(&mut self, supervisor: &AgentId) {
        self.drop_monitors(|m| m.supervisor == *supervisor);
        self.sync();
    }

    #[must_use]
    pub fn monitoring_of(&self, supervisor: &AgentId) -> Option<Monitoring> {
        let (call, monitor) = self.monitor_by(supervisor)?;
        let agent = self.calls.get(call)?.seat(&monitor.interaction)?.agent.clone()?;
        let Monitor { interaction, mode, .. } = monitor.clone();
        Some(Monitoring { agent, interaction, mode })
    }

    /// As the seat's agent is to know it: listening unnoticed is unnoticed, unless his
    /// campaign tells.
    pub(super) fn monitor_shown(&self, call: &Call, seat: &Seat) -> Option<MonitorMode> {
        let mode = call.monitor_of(&seat.interaction)?.mode;
        let told = || self.setup.campaigns.get(&call.campaign).is_some_and(|r| r.tell_monitored);
        (mode.is_heard() || told()).then_some(mode)
    }

    pub(super) fn drop_monitors(&mut self, which: impl Fn(&Monitor) -> bool) {
        let mut over = Vec::new();
        for call in self.calls.values_mut() {
            let before = over.len();
            over.extend(call.monitors.extract_if(.., |m| which(m)));
            if over.len() > before {
                self.touched.insert(call.id.clone());
            }
        }
        for monitor in over {
            self.log(&monitor.interaction, "monitor_ended", monitor.supervisor.as_str());
        }
    }

    /// Calls in which this supervisor takes part.
    pub(super) fn touch_monitored(&mut self, supervisor: &AgentId) {
        if let Some(call) = self.monitor_by(supervisor).map(|(call, _)| call.clone()) {
            self.touched.insert(call);
        }
    }

    fn monitor_by(&self, supervisor: &AgentId) -> Option<(&InteractionId, &Monitor)> {
        self.calls.values().find_map(|call| {
            let monitor = call.monitors.iter().find(|m| m.supervisor == *supervisor)?;
            Some((&call.id, monitor))
        })
    }

    /// Where the supervisors of this call are, its own bridges being known.
    ///
    /// | the agent is | listen | whisper | barge in |
    /// |---|---|---|---|
    /// | in a bridge | at his leg | at his leg | in the bridge |
    /// | hearing a feed | at his leg | at his leg | at his leg |
    /// | hearing nothing | at his leg | with him alone | with him alone |
    /// | in another call | – | – | – |
    pub(super) fn want_monitors(&self, call: &Call, wanted: &mut Wanted) {
        for monitor in &call.monitors {
            let Some(leg) = self.voices.get(&monitor.supervisor) else { continue };
            let Some(seat) = call.seat(&monitor.interaction) else { continue };
            let Some(of) = seat.agent.as_ref().and_then(|a| self.voices.get(a)) else { continue };
            let bridge = wanted.bridge_of(call, of);
            if bridge.is_none() && seat.ear == Ear::Away && self.listens_elsewhere(seat) {
                continue;
            }
            match (monitor.mode, bridge) {
                (MonitorMode::Barge, Some(legs)) => {
                    legs.push(leg.clone());
                    legs.sort();
                }
                // Nothing is played to him in which another voice could be laid.
                (MonitorMode::Whisper | MonitorMode::Barge, None)
                    if agent_feed(call, seat) == Feed::Silence =>
                {
                    let mut legs = vec![of.clone(), leg.clone()];
                    legs.sort();
                    let name = format!("{}~{}~monitor", call.id, seat.interaction);
                    wanted.bridges.insert(name, legs);
                }
                (mode, _) => {
                    let told = ToldMonitor {
                        call: call.id.clone(),
                        of: of.clone(),
                        whisper: mode.is_heard(),
                    };
                    wanted.monitors.insert(leg.clone(), told);
                }
            }
        }
    }

    /// After the bridges: a leg that was connected monitors nobody any more.
    pub(super) fn tell_monitors(&mut self, wanted: Wanted, touched: &[InteractionId]) {
        let over: Vec<LegId> = self
            .told
            .monitors
            .iter()
            .filter(|(leg, told)| {
                touched.contains(&told.call) && !wanted.monitors.contains_key(*leg)
            })
            .map(|(leg, _)| leg.clone())
            .collect();
        for leg in over {
            self.told.monitors.remove(&leg);
            if !self.told.bridges.values().any(|legs| legs.contains(&leg)) {
                let ends = SwitchCommand::Monitor { leg, of: None, whisper: false };
                self.effect(super::CallEffect::Switch(ends));
            }
        }
        for (leg, told) in wanted.monitors {
            if self.told.monitors.get(&leg) != Some(&told) {
                let (of, whisper) = (Some(told.of.clone()), told.whisper);
                self.told.monitors.insert(leg.clone(), told);
                let begins = SwitchCommand::Monitor { leg, of, whisper };
                self.effect(super::CallEffect::Switch(begins));
            }
        }
    }
}
