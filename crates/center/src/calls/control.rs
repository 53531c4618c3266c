//! What an agent does with a call that he has.

use super::call::mark;
use super::{CallEffect, CallFault, Calls, Ear, Group, MAX_NOTE, OutsideState, Phase};
use crate::switch::SwitchCommand;
use omnibar_model::{AgentId, Cause, DispositionId, InteractionId, LegId, Moment, Record};

impl Calls {
    /// The ACD has given him the offer: his other calls are held, and he talks.
    pub fn accept(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
    ) -> Result<(), CallFault> {
        let call = self.owned(agent, interaction)?;
        let main = match call.seat(interaction) {
            Some(seat) if matches!(seat.phase, Phase::Offered { .. }) => seat.group == Group::Main,
            Some(_) | None => return Err(CallFault::OfferOver),
        };
        self.hold_others(now, agent, interaction);
        let call = self.owned(agent, interaction)?;
        if let Some(seat) = call.seat_mut(interaction) {
            seat.phase = Phase::Talking;
            seat.ear = Ear::Home;
            seat.since = now;
            seat.connected_at = main.then_some(now);
        }
        self.log(interaction, "accepted", agent.as_str());
        self.sync();
        Ok(())
    }

    pub fn hold(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
        leg: Option<&LegId>,
    ) -> Result<(), CallFault> {
        let call = self.talking(agent, interaction)?;
        match leg {
            None => {
                self.hold_all(now, interaction);
            }
            Some(leg) => {
                let (held_by, _) = party(call, interaction, leg)?;
                mark(held_by, interaction, true);
                if let Some(seat) = call.seat_mut(interaction) {
                    seat.since = now;
                }
            }
        }
        self.log(interaction, "held", leg.map_or("", LegId::as_str));
        self.sync();
        Ok(())
    }

    pub fn resume(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
        leg: Option<&LegId>,
    ) -> Result<(), CallFault> {
        let call = self.talking(agent, interaction)?;
        let home = call.seat(interaction).map_or(Group::Main, |s| s.group.clone());
        let consult = Group::Consult { of: interaction.clone() };
        let to_consult = match leg {
            None => {
                call.set_held(interaction, &home, false);
                false
            }
            Some(leg) => {
                let (held_by, group) = party(call, interaction, leg)?;
                mark(held_by, interaction, false);
                group == consult
            }
        };
        // Customer and consulted party must not hear each other yet.
        call.set_held(interaction, if to_consult { &home } else { &consult }, true);
        if let Some(seat) = call.seat_mut(interaction) {
            seat.ear = if to_consult { Ear::Consult } else { Ear::Home };
            seat.since = now;
        }
        self.hold_others(now, agent, interaction);
        self.log(interaction, "resumed", leg.map_or("", LegId::as_str));
        self.sync();
        Ok(())
    }

    /// To every other outside party that he speaks with now.
    pub fn dtmf(
        &mut self,
        agent: &AgentId,
        interaction: &InteractionId,
        digits: &str,
    ) -> Result<(), CallFault> {
        let valid = |c| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D');
        if digits.is_empty() || digits.len() > 32 || !digits.chars().all(valid) {
            return Err(CallFault::BadDigits);
        }
        let call = self.talking(agent, interaction)?;
        let seat = call.seat(interaction).ok_or(CallFault::NoSuchCall)?;
        let group = match seat.ear {
            Ear::Away => return Err(CallFault::NotNow),
            Ear::Home => seat.group.clone(),
            Ear::Consult => Group::Consult { of: interaction.clone() },
        };
        let legs: Vec<LegId> = call
            .outsides
            .iter()
            .filter(|o| o.is_up() && o.group == group && o.held_by.is_empty())
            .map(|o| o.leg.clone())
            .collect();
        if legs.is_empty() {
            return Err(CallFault::NotNow);
        }
        for leg in legs {
            let digits = digits.to_owned();
            self.effect(CallEffect::Switch(SwitchCommand::Digits { leg, digits }));
        }
        Ok(())
    }

    /// Lets one party go.
    pub fn drop_leg(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
        leg: &LegId,
    ) -> Result<(), CallFault> {
        let call = self.owned(agent, interaction)?;
        // One who is consulted ends his own part; he does not send the consulting one away.
        if !call.seat(interaction).is_some_and(|s| s.phase.is_live() && s.group == Group::Main) {
            return Err(CallFault::NotNow);
        }
        party(call, interaction, leg)?;
        let id = call.id.clone();
        let other = call.seats.iter().find(|s| s.leg == *leg).map(|s| s.interaction.clone());
        match other {
            Some(other) => self.leave(now, &other, Cause::Dropped),
            None => self.close_outside(&id, leg, Cause::Dropped),
        }
        self.log(interaction, "dropped", leg.as_str());
        self.settle(now, &id, Cause::AgentHungUp);
        self.sync();
        Ok(())
    }

    /// Ends the call for the agent: with one other party for both, in a conference
    /// the others go on.
    pub fn end(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
    ) -> Result<(), CallFault> {
        let call = self.owned(agent, interaction)?;
        let seat = call.seat(interaction).ok_or(CallFault::NoSuchCall)?;
        if !seat.phase.is_live() {
            return Err(CallFault::NotNow);
        }
        let others_go_on = seat.group != Group::Main || call.connected_in_main() >= 3;
        let id = call.id.clone();
        self.leave(now, interaction, Cause::AgentHungUp);
        if others_go_on {
            self.settle(now, &id, Cause::AgentHungUp);
        } else {
            self.end_call(now, &id, Cause::AgentHungUp);
        }
        self.sync();
        Ok(())
    }

    pub fn note(
        &mut self,
        agent: &AgentId,
        interaction: &InteractionId,
        note: &str,
    ) -> Result<(), CallFault> {
        check_note(note)?;
        let call = self.owned(agent, interaction)?;
        if let Some(seat) = call.seat_mut(interaction) {
            note.clone_into(&mut seat.note);
        }
        Ok(())
    }

    /// The CRM record that the call is about, for everybody in it; `None`: no more any.
    pub fn link(
        &mut self,
        agent: &AgentId,
        interaction: &InteractionId,
        record: Option<Record>,
    ) -> Result<(), CallFault> {
        let call = self.owned(agent, interaction)?;
        let (what, kind) = match &record {
            Some(record) => ("linked", record.record_type.clone()),
            None => ("unlinked", String::new()),
        };
        call.record = record;
        self.log(interaction, what, kind);
        Ok(())
    }

    pub fn dispose(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
        code: &DispositionId,
        note: &str,
    ) -> Result<(), CallFault> {
        check_note(note)?;
        let call = self.owned(agent, interaction)?;
        let wrapping =
            call.seat(interaction).is_some_and(|s| matches!(s.phase, Phase::Wrapping { .. }));
        let campaign = call.campaign.clone();
        if !wrapping {
            return Err(CallFault::NotNow);
        }
        if !self.setup.has_disposition(&campaign, code) {
            return Err(CallFault::NoSuchDisposition);
        }
        let call = self.owned(agent, interaction)?;
        if let Some(seat) = call.seat_mut(interaction)
            && !note.is_empty()
        {
            note.clone_into(&mut seat.note);
        }
        self.close_seat(now, interaction, Some(code.clone()));
        Ok(())
    }

    /// Disposes what has reached its wrap-up limit.
    pub fn tick(&mut self, now: Moment) {
        let late: Vec<(InteractionId, InteractionId)> = self
            .calls
            .values()
            .flat_map(|c| c.seats.iter().map(move |s| (c, s)))
            .filter(|(_, s)| matches!(s.phase, Phase::Wrapping { until: Some(t) } if t <= now))
            .map(|(c, s)| (c.id.clone(), s.interaction.clone()))
            .collect();
        for (call, interaction) in late {
            let campaign = self.calls.get(&call).map(|c| c.campaign.clone());
            let code = campaign
                .and_then(|c| self.setup.campaigns.get(&c))
                .and_then(|rule| rule.default_disposition.clone());
            self.log(&interaction, "wrap_up_limit", "");
            self.close_seat(now, &interaction, code);
        }
        self.sync();
    }

    /// An agent's voice is in one call at a time.
    pub(super) fn hold_others(&mut self, now: Moment, agent: &AgentId, except: &InteractionId) {
        let others: Vec<InteractionId> = self
            .seats_of(agent)
            .filter(|(_, s)| s.phase.is_live() && s.ear != Ear::Away && s.interaction != *except)
            .map(|(_, s)| s.interaction.clone())
            .collect();
        for other in others {
            self.hold_all(now, &other);
        }
    }

    pub(super) fn hold_all(&mut self, now: Moment, interaction: &InteractionId) {
        let Some(id) = self.index.get(interaction).cloned() else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let home = call.seat(interaction).map_or(Group::Main, |s| s.group.clone());
        call.set_held(interaction, &home, true);
        call.set_held(interaction, &Group::Consult { of: interaction.clone() }, true);
        if let Some(seat) = call.seat_mut(interaction) {
            seat.ear = Ear::Away;
            seat.since = now;
        }
        self.touched.insert(id);
    }
}

fn check_note(note: &str) -> Result<(), CallFault> {
    if note.chars().count() > MAX_NOTE { Err(CallFault::NoteTooLong) } else { Ok(()) }
}

/// Another party that this seat sees: who holds it, and its group.
fn party<'a>(
    call: &'a mut super::Call,
    interaction: &InteractionId,
    leg: &LegId,
) -> Result<(&'a mut std::collections::BTreeSet<InteractionId>, Group), CallFault> {
    let home = call.seat(interaction).map(|s| s.group.clone()).ok_or(CallFault::NoSuchCall)?;
    let reachable = |group: &Group, other: &InteractionId| {
        *group == home || group.is_consult_of(interaction) || home.is_consult_of(other)
    };
    for outside in &mut call.outsides {
        let same = outside.group == home || outside.group.is_consult_of(interaction);
        if outside.leg == *leg && same && !matches!(outside.state, OutsideState::Ended { .. }) {
            return Ok((&mut outside.held_by, outside.group.clone()));
        }
    }
    for seat in &mut call.seats {
        let open = seat.phase.is_live() || seat.phase.is_routing();
        if seat.leg == *leg
            && open
            && seat.interaction != *interaction
            && reachable(&seat.group, &seat.interaction)
        {
            // The consulting agent belongs, for the consulted one, to their common group.
            let group = if home.is_consult_of(&seat.interaction) {
                home.clone()
            } else {
                seat.group.clone()
            };
            return Ok((&mut seat.held_by, group));
        }
    }
    Err(CallFault::NoSuchLeg)
}
