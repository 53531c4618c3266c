//! Handing a call over: cold transfer, consultation, warm transfer, conference.

use super::{
    CallEffect, CallFault, Calls, Ear, Group, MAX_PARTIES, Outside, OutsideState, Phase, Seat,
};
use crate::acd::Route;
use crate::switch::{SwitchCommand, Target};
use omnibar_model::{
    AgentId, Cause, Destination, Direction, InteractionId, LegId, Moment, Party, PartyKind,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// A transferred customer has waited before: he goes before newcomers.
const TRANSFERRED: i32 = 10;

impl Calls {
    /// Cold transfer: the agent leaves at once. `free` tells whether an agent can be
    /// offered something now.
    pub fn transfer(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
        to: &Destination,
        free: impl Fn(&AgentId) -> bool,
    ) -> Result<(), CallFault> {
        let call = self.talking(agent, interaction)?;
        if call.is_consulting(interaction) {
            return Err(CallFault::Consulting);
        }
        if !call.customer_up() || call.seat(interaction).is_none_or(|s| s.group != Group::Main) {
            return Err(CallFault::NotNow);
        }
        let id = call.id.clone();
        self.check(agent, to, free)?;
        self.log(interaction, "transferred", destination_kind(to));
        self.bring_in(now, &id, to, Group::Main);
        self.leave(now, interaction, Cause::Transferred);
        self.settle(now, &id, Cause::Transferred);
        self.sync();
        Ok(())
    }

    /// Holds the others and calls somebody.
    pub fn consult(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
        to: &Destination,
        free: impl Fn(&AgentId) -> bool,
    ) -> Result<(), CallFault> {
        let call = self.talking(agent, interaction)?;
        if call.is_consulting(interaction) {
            return Err(CallFault::Consulting);
        }
        if call.seat(interaction).is_none_or(|s| s.group != Group::Main) {
            return Err(CallFault::NotNow);
        }
        let live = call.outsides.iter().filter(|o| o.is_alive()).count()
            + call.seats.iter().filter(|s| s.phase.is_live() || s.phase.is_routing()).count();
        if live >= MAX_PARTIES {
            return Err(CallFault::Full);
        }
        let id = call.id.clone();
        self.check(agent, to, free)?;
        self.hold_others(now, agent, interaction);
        let call = self.talking(agent, interaction)?;
        let consult = Group::Consult { of: interaction.clone() };
        // Earlier consultations have been shown long enough.
        call.outsides.retain(|o| o.is_alive() || o.group != consult);
        for seat in call.seats.iter_mut().filter(|s| s.group == consult) {
            seat.group = Group::Main;
        }
        call.set_held(interaction, &Group::Main, true);
        if let Some(seat) = call.seat_mut(interaction) {
            seat.ear = Ear::Consult;
            seat.since = now;
        }
        self.log(interaction, "consulted", destination_kind(to));
        self.bring_in(now, &id, to, consult);
        self.sync();
        Ok(())
    }

    /// Warm transfer: customer and consulted party are connected, the agent leaves.
    pub fn complete(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
    ) -> Result<(), CallFault> {
        let call = self.talking(agent, interaction)?;
        if !call.is_consulting(interaction) || !call.customer_up() {
            return Err(CallFault::NotNow);
        }
        if !call.consult_is_up(interaction) {
            return Err(CallFault::NotAnswered);
        }
        let id = call.id.clone();
        self.merge(now, &id, interaction);
        self.log(interaction, "completed", "");
        self.leave(now, interaction, Cause::Transferred);
        self.settle(now, &id, Cause::Transferred);
        self.sync();
        Ok(())
    }

    /// Customer, agent and consulted party come together.
    pub fn conference(
        &mut self,
        now: Moment,
        agent: &AgentId,
        interaction: &InteractionId,
    ) -> Result<(), CallFault> {
        let call = self.talking(agent, interaction)?;
        if !call.is_consulting(interaction) {
            return Err(CallFault::NotNow);
        }
        if !call.consult_is_up(interaction) {
            return Err(CallFault::NotAnswered);
        }
        let id = call.id.clone();
        self.hold_others(now, agent, interaction);
        self.merge(now, &id, interaction);
        let call = self.talking(agent, interaction)?;
        if let Some(seat) = call.seat_mut(interaction) {
            seat.ear = Ear::Home;
            seat.since = now;
        }
        self.log(interaction, "conference", "");
        self.sync();
        Ok(())
    }

    /// Moves the consulted parties to the main group and takes the hold off all.
    fn merge(&mut self, now: Moment, id: &InteractionId, interaction: &InteractionId) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.release(interaction);
        for outside in call.outsides.iter_mut().filter(|o| o.group.is_consult_of(interaction)) {
            outside.group = Group::Main;
        }
        let mut holding = Vec::new();
        for seat in call.seats.iter_mut().filter(|s| s.group.is_consult_of(interaction)) {
            seat.group = Group::Main;
            if seat.phase == Phase::Talking {
                seat.since = now;
                seat.connected_at = seat.connected_at.or(Some(now));
                if seat.ear == Ear::Away {
                    holding.push(seat.interaction.clone());
                }
            }
        }
        // A consulted agent who has the consultation on hold has the customer on hold now.
        for holder in holding {
            call.set_held(&holder, &Group::Main, true);
        }
    }

    fn check(
        &self,
        agent: &AgentId,
        to: &Destination,
        free: impl Fn(&AgentId) -> bool,
    ) -> Result<(), CallFault> {
        match to {
            Destination::Agent(other) if other == agent || !free(other) => Err(CallFault::NotFree),
            Destination::Queue(queue) if !self.setup.queues.contains_key(queue) => {
                Err(CallFault::NoSuchDestination)
            }
            Destination::Ivr(ivr) if !self.setup.ivrs.contains_key(ivr) => {
                Err(CallFault::NoSuchDestination)
            }
            Destination::Agent(_)
            | Destination::Queue(_)
            | Destination::Ivr(_)
            | Destination::Number(_) => Ok(()),
        }
    }

    fn bring_in(&mut self, now: Moment, id: &InteractionId, to: &Destination, group: Group) {
        match to {
            Destination::Agent(agent) => {
                let route = Route::Agent { agent: agent.clone() };
                self.add_seat(now, id, route, group, Some(to.clone()));
            }
            Destination::Queue(queue) => {
                let route = Route::Queue { queue: queue.clone(), boost: TRANSFERRED };
                self.add_seat(now, id, route, group, Some(to.clone()));
            }
            Destination::Ivr(ivr) => {
                let name = self.setup.ivrs.get(ivr).map(|i| i.ivr.name.clone()).unwrap_or_default();
                let party = Party { kind: PartyKind::Ivr, name, number: None };
                self.add_outside(now, id, party, to.clone(), Target::Ivr(ivr.clone()), group);
            }
            Destination::Number(number) => {
                let number = number.clone();
                let name = String::new();
                let party = Party { kind: PartyKind::External, name, number: Some(number.clone()) };
                self.add_outside(now, id, party, to.clone(), Target::Number(number), group);
            }
        }
    }

    pub(super) fn add_seat(
        &mut self,
        now: Moment,
        id: &InteractionId,
        route: Route,
        group: Group,
        destination: Option<Destination>,
    ) {
        let interaction = self.ids.interaction(now);
        let leg = LegId::new(&format!("seat-{interaction}"));
        let queue = match &route {
            Route::Queue { queue, .. } => Some(queue.clone()),
            Route::Agent { .. } => None,
        };
        let seat = Seat {
            interaction: interaction.clone(),
            leg,
            agent: None,
            route: route.clone(),
            queue,
            direction: Direction::Inbound,
            destination,
            group,
            phase: Phase::Waiting,
            ear: Ear::Away,
            held_by: BTreeSet::new(),
            started: now,
            since: now,
            connected_at: None,
            talk: Duration::ZERO,
            cause: None,
            disposition: None,
            note: String::new(),
        };
        let Some(call) = self.calls.get_mut(id) else { return };
        call.seats.push(seat);
        self.index.insert(interaction.clone(), id.clone());
        self.touched.insert(id.clone());
        self.effect(CallEffect::Enter { interaction, route });
    }

    pub(super) fn add_outside(
        &mut self,
        now: Moment,
        id: &InteractionId,
        party: Party,
        destination: Destination,
        target: Target,
        group: Group,
    ) {
        let leg = self.ids.leg(now);
        let outside = Outside {
            leg: leg.clone(),
            party,
            destination: Some(destination),
            state: OutsideState::Ringing,
            group,
            held_by: BTreeSet::new(),
        };
        let Some(call) = self.calls.get_mut(id) else { return };
        call.outsides.push(outside);
        self.legs.insert(leg.clone(), id.clone());
        self.touched.insert(id.clone());
        self.effect(CallEffect::Switch(SwitchCommand::Dial { leg, target }));
    }
}

/// Without the number or name: this is kept in the history and in logs.
fn destination_kind(to: &Destination) -> &'static str {
    match to {
        Destination::Agent(_) => "agent",
        Destination::Queue(_) => "queue",
        Destination::Ivr(_) => "ivr",
        Destination::Number(_) => "number",
    }
}
