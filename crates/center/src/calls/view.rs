//! A call as one agent sees it.

use super::{Call, Calls, Group, OutsideState, Phase, Seat};
use omnibar_model::{
    AgentId, Channel, Conversation, Destination, Interaction, InteractionId, Leg, LegState, Party,
    PartyKind,
};
use std::collections::BTreeMap;

impl Calls {
    /// Everything that is open for this agent, in the order of arrival.
    /// `names` gives people's names by user.
    #[must_use]
    pub fn views(
        &self,
        agent: &AgentId,
        names: &BTreeMap<AgentId, String>,
    ) -> BTreeMap<InteractionId, Interaction> {
        self.seats_of(agent)
            .map(|(call, seat)| (seat.interaction.clone(), self.view(call, seat, names)))
            .collect()
    }

    fn view(&self, call: &Call, seat: &Seat, names: &BTreeMap<AgentId, String>) -> Interaction {
        let customer_held = call.customer().is_some_and(|c| c.held_by.contains(&seat.interaction));
        let conversation = match seat.phase {
            Phase::Waiting | Phase::Closed => Conversation::Ended,
            Phase::Offered { expires } => Conversation::Offered { expires },
            Phase::Ringing => Conversation::Ringing,
            Phase::Talking if customer_held || seat.ear == super::Ear::Away => Conversation::Held,
            Phase::Talking => Conversation::Connected,
            Phase::Wrapping { until } => Conversation::Wrapping { until },
        };
        Interaction {
            id: seat.interaction.clone(),
            channel: Channel::Voice,
            direction: seat.direction,
            campaign: call.campaign.clone(),
            queue: seat.queue.clone(),
            customer: self.shown(call, &call.customer),
            customer_id: call.customer_id,
            record: call.record.clone(),
            owner: call.owner() == Some(&seat.interaction),
            conversation,
            since: seat.since,
            connected_at: seat.connected_at,
            legs: self.legs_for(call, seat, names),
            conference: seat.group == Group::Main
                && seat.phase == Phase::Talking
                && call.connected_in_main() >= 3,
            diverted: Vec::new(),
            recording: call.is_recording(seat),
            recording_paused: call.is_paused(seat),
            monitored: self.monitor_shown(call, seat),
            cause: seat.cause,
            note: seat.note.clone(),
        }
    }

    /// The customer as this campaign's agents may see him.
    fn shown(&self, call: &Call, customer: &Party) -> Party {
        let mut shown = customer.clone();
        if self.setup.masks(&call.campaign) {
            shown.number = shown.number.map(|number| number.masked());
        }
        shown
    }

    fn legs_for(&self, call: &Call, seat: &Seat, names: &BTreeMap<AgentId, String>) -> Vec<Leg> {
        let me = &seat.interaction;
        if !seat.phase.is_live() && !matches!(seat.phase, Phase::Offered { .. }) {
            return Vec::new();
        }
        let mut legs: Vec<Leg> = call
            .outsides
            .iter()
            .enumerate()
            // The customer is shown also to one who is only consulted.
            .filter(|(i, o)| *i == 0 || o.group == seat.group || o.group.is_consult_of(me))
            .map(|(_, o)| Leg {
                id: o.leg.clone(),
                party: if o.party.kind == PartyKind::Customer {
                    self.shown(call, &o.party)
                } else {
                    o.party.clone()
                },
                state: match o.state {
                    OutsideState::Ringing => LegState::Ringing,
                    OutsideState::Up if o.held_by.is_empty() => LegState::Connected,
                    OutsideState::Up => LegState::Held,
                    OutsideState::Ended { cause } => LegState::Ended { cause },
                },
                consult: o.group.is_consult_of(me),
                destination: match &o.destination {
                    // A customer who was dialled.
                    Some(Destination::Number(number))
                        if o.party.kind == PartyKind::Customer
                            && self.setup.masks(&call.campaign) =>
                    {
                        Some(Destination::Number(number.masked()))
                    }
                    other => other.clone(),
                },
            })
            .collect();
        legs.extend(
            call.seats
                .iter()
                .filter(|s| s.interaction != *me)
                .filter(|s| {
                    let open = s.phase.is_live() || s.phase.is_routing();
                    let consulted = s.group.is_consult_of(me);
                    consulted
                        || (open
                            && (s.group == seat.group || seat.group.is_consult_of(&s.interaction)))
                })
                .map(|s| self.colleague(s, seat, names)),
        );
        legs
    }

    fn colleague(&self, other: &Seat, seat: &Seat, names: &BTreeMap<AgentId, String>) -> Leg {
        let state = match other.phase {
            Phase::Waiting | Phase::Offered { .. } | Phase::Ringing => LegState::Ringing,
            Phase::Talking if other.held_by.is_empty() => LegState::Connected,
            Phase::Talking => LegState::Held,
            Phase::Wrapping { .. } | Phase::Closed => {
                LegState::Ended { cause: other.cause.unwrap_or(omnibar_model::Cause::Dropped) }
            }
        };
        let party = match (&other.destination, &other.agent) {
            (Some(Destination::Queue(queue)), agent)
                if agent.is_none() || other.phase.is_routing() =>
            {
                let name = self.setup.queues.get(queue).map(|q| q.queue.name.clone());
                Party { kind: PartyKind::Queue, name: name.unwrap_or_default(), number: None }
            }
            (_, Some(agent)) | (Some(Destination::Agent(agent)), None) => Party {
                kind: PartyKind::Agent,
                name: names.get(agent).cloned().unwrap_or_else(|| agent.to_string()),
                number: None,
            },
            (_, None) => {
                let name = other
                    .queue
                    .as_ref()
                    .and_then(|q| self.setup.queues.get(q))
                    .map(|q| q.queue.name.clone());
                Party { kind: PartyKind::Queue, name: name.unwrap_or_default(), number: None }
            }
        };
        Leg {
            id: other.leg.clone(),
            party,
            state,
            consult: other.group.is_consult_of(&seat.interaction)
                || seat.group.is_consult_of(&other.interaction),
            destination: other.destination.clone(),
        }
    }
}
