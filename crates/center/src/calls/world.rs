//! What reaches a call from outside: customers, the switch, the ACD.

use super::{
    Call, CallEffect, CallFault, Calls, Contact, Ear, Group, Outside, OutsideState, Phase,
    Recording,
};
use crate::acd::Route;
use crate::switch::{SwitchCommand, Target};
use omnibar_model::{
    AgentId, CampaignId, Cause, Destination, Direction, InteractionId, LegId, Moment, Party,
    PartyKind, PhoneNumber, QueueId,
};
use std::collections::BTreeSet;

impl Calls {
    /// A customer's leg is up and he wants this queue.
    pub fn arrive(
        &mut self,
        now: Moment,
        leg: &LegId,
        customer: Party,
        customer_id: Option<u64>,
        queue: &QueueId,
    ) -> Result<InteractionId, CallFault> {
        let setup = self.setup.queues.get(queue).ok_or(CallFault::NoSuchDestination)?;
        let campaign = setup.queue.campaign.clone();
        let id = self.new_call(now, campaign, customer, leg, OutsideState::Up, None);
        self.know(&id, customer_id);
        let route = Route::Queue { queue: queue.clone(), boost: 0 };
        self.add_first_seat(now, &id, route);
        self.log(&id, "arrived", queue.as_str());
        self.sync();
        Ok(id)
    }

    /// An agent calls out; his other calls are held.
    pub fn dial(
        &mut self,
        now: Moment,
        agent: &AgentId,
        campaign: &CampaignId,
        number: &PhoneNumber,
        contact: Contact,
    ) -> Result<InteractionId, CallFault> {
        if !self.setup.campaigns.contains_key(campaign) {
            return Err(CallFault::NoSuchCampaign);
        }
        let Contact { id: customer_id, name } = contact;
        let customer = Party { kind: PartyKind::Customer, name, number: Some(number.clone()) };
        let leg = self.ids.leg(now);
        let to = Destination::Number(number.clone());
        let ringing = OutsideState::Ringing;
        let id = self.new_call(now, campaign.clone(), customer, &leg, ringing, Some(to));
        self.know(&id, customer_id);
        self.add_first_seat(now, &id, Route::Agent { agent: agent.clone() });
        if let Some(seat) = self.calls.get_mut(&id).and_then(|c| c.seats.first_mut()) {
            seat.agent = Some(agent.clone());
            seat.direction = Direction::Outbound;
            seat.phase = Phase::Ringing;
            seat.ear = Ear::Home;
        }
        // Nobody has to be found for it.
        self.out
            .retain(|e| !matches!(e, CallEffect::Enter { interaction, .. } if *interaction == id));
        self.hold_others(now, agent, &id);
        let target = Target::Number(number.clone());
        self.effect(CallEffect::Switch(SwitchCommand::Dial { leg, target }));
        self.log(&id, "dialled", agent.as_str());
        self.sync();
        Ok(id)
    }

    /// Voice can flow to this leg.
    pub fn leg_up(&mut self, now: Moment, leg: &LegId) {
        let Some(id) = self.legs.get(leg).cloned() else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let is_customer = call.customer().is_some_and(|c| c.leg == *leg);
        let Some(outside) = call.outsides.iter_mut().find(|o| o.leg == *leg) else { return };
        match outside.state {
            OutsideState::Ringing => outside.state = OutsideState::Up,
            OutsideState::Up | OutsideState::Ended { .. } => return,
        }
        let mut away = Vec::new();
        for seat in call.seats.iter_mut().filter(|s| is_customer && s.phase == Phase::Ringing) {
            seat.phase = Phase::Talking;
            seat.since = now;
            seat.connected_at = Some(now);
            if seat.ear == Ear::Away {
                away.push(seat.interaction.clone());
            }
        }
        for interaction in away {
            self.hold_all(now, &interaction);
        }
        self.log(&id, "up", leg.as_str());
        self.touched.insert(id);
        self.sync();
    }

    /// The leg is over at the switch.
    pub fn leg_gone(&mut self, now: Moment, leg: &LegId, cause: Cause) {
        if let Some(agent) =
            self.voices.iter().find(|(_, l)| *l == leg).map(|(agent, _)| agent.clone())
        {
            self.set_voice(&agent, None);
            return;
        }
        let Some(id) = self.legs.get(leg).cloned() else { return };
        let is_customer =
            self.calls.get(&id).and_then(Call::customer).is_some_and(|c| c.leg == *leg);
        self.end_outside(&id, leg, cause);
        self.log(&id, "gone", super::lifecycle::cause_name(cause));
        let customer_left = is_customer && self.calls.get(&id).is_some_and(conference_goes_on);
        if is_customer && !customer_left {
            self.end_call(now, &id, cause);
        } else {
            self.settle(now, &id, cause);
        }
        self.sync();
    }

    /// An IVR sends its caller on, or hangs up when nothing is behind the digits.
    pub fn chosen(&mut self, now: Moment, leg: &LegId, digits: &str) {
        let Some(id) = self.legs.get(leg).cloned() else { return };
        let Some(call) = self.calls.get(&id) else { return };
        let Some(outside) = call.outsides.iter().find(|o| o.leg == *leg) else { return };
        let Some(Destination::Ivr(ivr)) = &outside.destination else { return };
        let group = outside.group.clone();
        let queue = self.setup.ivrs.get(ivr).and_then(|i| i.options.get(digits)).cloned();
        self.log(&id, "chosen", digits);
        if let Some(queue) = queue
            && group == Group::Main
        {
            self.add_seat(now, &id, Route::Queue { queue, boost: 0 }, Group::Main, None);
        }
        self.close_outside(&id, leg, Cause::Transferred);
        self.settle(now, &id, Cause::Dropped);
        self.sync();
    }

    /// The ACD offers this interaction to an agent.
    pub fn offered(
        &mut self,
        now: Moment,
        interaction: &InteractionId,
        agent: &AgentId,
        expires: Moment,
    ) {
        let Some(id) = self.index.get(interaction).cloned() else { return };
        let Some(seat) = self.calls.get_mut(&id).and_then(|c| c.seat_mut(interaction)) else {
            return;
        };
        if !seat.phase.is_routing() {
            return;
        }
        seat.agent = Some(agent.clone());
        seat.phase = Phase::Offered { expires };
        seat.since = now;
        self.log(interaction, "offered", agent.as_str());
        self.touched.insert(id);
        self.sync();
    }

    pub fn withdrawn(
        &mut self,
        now: Moment,
        interaction: &InteractionId,
        agent: &AgentId,
        cause: Cause,
    ) {
        let Some(id) = self.index.get(interaction).cloned() else { return };
        let Some(seat) = self.calls.get_mut(&id).and_then(|c| c.seat_mut(interaction)) else {
            return;
        };
        // After an abandon the seat is closed and keeps its agent for the history.
        if !matches!(seat.phase, Phase::Offered { .. }) {
            return;
        }
        seat.agent = None;
        seat.phase = Phase::Waiting;
        seat.since = now;
        self.log(interaction, "withdrawn", super::lifecycle::cause_name(cause));
        let (interaction, agent) = (interaction.clone(), agent.clone());
        self.effect(CallEffect::Left { interaction, agent, cause });
        self.touched.insert(id);
        self.sync();
    }

    /// The one agent for whom it was did not take it: a consultation ends, a customer
    /// goes to a queue.
    pub fn undelivered(&mut self, now: Moment, interaction: &InteractionId, cause: Cause) {
        let Some(id) = self.index.get(interaction).cloned() else { return };
        let Some(call) = self.calls.get(&id) else { return };
        let Some(seat) = call.seat(interaction) else { return };
        if !seat.phase.is_routing() {
            return;
        }
        let back = call.seats.iter().find_map(|s| s.queue.clone());
        let queue = back.or_else(|| self.setup.queue_of(&call.campaign).cloned());
        if let Some(queue) = queue
            && seat.group == Group::Main
        {
            let route = Route::Queue { queue, boost: super::lifecycle::RETURNED };
            self.add_seat(now, &id, route, Group::Main, None);
        }
        self.leave(now, interaction, cause);
        self.settle(now, &id, cause);
        self.sync();
    }

    fn know(&mut self, id: &InteractionId, customer_id: Option<u64>) {
        if let Some(call) = self.calls.get_mut(id) {
            call.customer_id = customer_id;
        }
    }

    fn new_call(
        &mut self,
        now: Moment,
        campaign: CampaignId,
        customer: Party,
        leg: &LegId,
        state: OutsideState,
        destination: Option<Destination>,
    ) -> InteractionId {
        let id = self.ids.interaction(now);
        let outside = Outside {
            leg: leg.clone(),
            party: customer.clone(),
            destination,
            state,
            group: Group::Main,
            held_by: BTreeSet::new(),
        };
        let call = Call {
            id: id.clone(),
            campaign,
            customer,
            customer_id: None,
            record: None,
            outsides: vec![outside],
            seats: Vec::new(),
            recording: Recording::Off,
            paused_by: None,
            monitors: Vec::new(),
        };
        self.calls.insert(id.clone(), call);
        self.legs.insert(leg.clone(), id.clone());
        self.touched.insert(id.clone());
        id
    }

    /// The first interaction has the call's id.
    fn add_first_seat(&mut self, now: Moment, id: &InteractionId, route: Route) {
        self.add_seat(now, id, route.clone(), Group::Main, None);
        let Some(seat) = self.calls.get_mut(id).and_then(|c| c.seats.first_mut()) else { return };
        let made = std::mem::replace(&mut seat.interaction, id.clone());
        seat.leg = LegId::new(&format!("seat-{id}"));
        self.index.remove(&made);
        self.index.insert(id.clone(), id.clone());
        for effect in &mut self.out {
            if let CallEffect::Enter { interaction, .. } = effect
                && *interaction == made
            {
                interaction.clone_from(id);
            }
        }
    }
}

/// Two or more remain who were brought together with the customer.
fn conference_goes_on(call: &Call) -> bool {
    call.connected_in_main() >= 2
}
