//! How parties leave and calls end.

use super::{Call, CallEffect, Calls, Ear, Group, OutsideState, Phase, Seat};
use crate::acd::Route;
use crate::switch::SwitchCommand;
use omnibar_model::{AgentId, Cause, DispositionId, InteractionId, LegId, Moment};

/// A customer who has lost his agent goes before everybody of the same queue.
pub(super) const RETURNED: i32 = 100;

impl Calls {
    /// The seat's part in the conversation is over. What was taken is wrapped up.
    pub(super) fn leave(&mut self, now: Moment, interaction: &InteractionId, cause: Cause) {
        let Some(id) = self.index.get(interaction).cloned() else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let limit = self.setup.wrap_up(&call.campaign);
        call.release(interaction);
        // Whoever goes on with the customer is recorded as his campaign wants it.
        call.paused_by.take_if(|by| by == interaction);
        let Some(seat) = call.seat_mut(interaction) else { return };
        seat.held_by.clear();
        let was = seat.phase;
        match was {
            Phase::Ringing | Phase::Talking => {
                seat.talk = seat.connected_at.map(|t| now.since(t)).unwrap_or_default();
                seat.phase = Phase::Wrapping { until: limit.map(|l| now + l) };
                seat.ear = Ear::Away;
                seat.since = now;
                seat.cause = Some(cause);
                self.log(interaction, "left", cause_name(cause));
            }
            Phase::Waiting | Phase::Offered { .. } => {
                seat.cause = Some(cause);
                self.effect(CallEffect::Remove { interaction: interaction.clone() });
                self.close_seat(now, interaction, None);
                self.log(interaction, "left", cause_name(cause));
            }
            Phase::Wrapping { .. } | Phase::Closed => {}
        }
        self.drop_monitors(|m| m.interaction == *interaction);
        self.touched.insert(id);
    }

    pub(super) fn close_seat(
        &mut self,
        now: Moment,
        interaction: &InteractionId,
        disposition: Option<DispositionId>,
    ) {
        let Some(id) = self.index.get(interaction).cloned() else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        let Some(seat) = call.seat_mut(interaction) else { return };
        seat.phase = Phase::Closed;
        seat.ear = Ear::Away;
        seat.since = now;
        let agent = seat.agent.clone();
        let cause = seat.cause.unwrap_or(Cause::Abandoned);
        if let Some(code) = disposition {
            self.log(interaction, "disposed", code.as_str());
            if let Some(seat) = self.calls.get_mut(&id).and_then(|c| c.seat_mut(interaction)) {
                seat.disposition = Some(code);
            }
        }
        if let Some(agent) = agent {
            let interaction = interaction.clone();
            self.effect(CallEffect::Left { interaction, agent, cause });
        }
        self.touched.insert(id);
    }

    pub(super) fn close_outside(&mut self, call: &InteractionId, leg: &LegId, cause: Cause) {
        if self.end_outside(call, leg, cause) {
            self.effect(CallEffect::Switch(SwitchCommand::Close { leg: leg.clone() }));
        }
    }

    /// False when it had ended before.
    pub(super) fn end_outside(&mut self, call: &InteractionId, leg: &LegId, cause: Cause) -> bool {
        let Some(found) = self.calls.get_mut(call) else { return false };
        let Some(outside) = found.outsides.iter_mut().find(|o| o.leg == *leg && o.is_alive())
        else {
            return false;
        };
        outside.state = OutsideState::Ended { cause };
        outside.held_by.clear();
        if found.customer().is_some_and(|c| c.leg == *leg) {
            found.end_recording();
        }
        self.legs.remove(leg);
        self.told.feeds.remove(leg);
        self.told.recorded.remove(leg);
        self.told.paused.remove(leg);
        self.touched.insert(call.clone());
        true
    }

    /// Everybody leaves. Those who were only waiting count as abandoned.
    pub(super) fn end_call(&mut self, now: Moment, id: &InteractionId, cause: Cause) {
        let Some(call) = self.calls.get(id) else { return };
        let legs: Vec<LegId> =
            call.outsides.iter().filter(|o| o.is_alive()).map(|o| o.leg.clone()).collect();
        let seats: Vec<(InteractionId, bool)> =
            call.seats.iter().map(|s| (s.interaction.clone(), s.phase.is_routing())).collect();
        for leg in legs {
            self.close_outside(id, &leg, cause);
        }
        for (seat, routing) in seats {
            let lost = cause == Cause::SwitchLost;
            self.leave(now, &seat, if routing && !lost { Cause::Abandoned } else { cause });
        }
    }

    /// Brings a call back to sense after somebody has left: `cause` is why.
    pub(super) fn settle(&mut self, now: Moment, id: &InteractionId, cause: Cause) {
        self.end_orphaned_consults(now, id);
        let Some(call) = self.calls.get_mut(id) else { return };
        let consulting: Vec<InteractionId> = call
            .seats
            .iter()
            .filter(|s| s.ear == Ear::Consult && !call.is_consulting(&s.interaction))
            .map(|s| s.interaction.clone())
            .collect();
        for interaction in consulting {
            if let Some(seat) = call.seat_mut(&interaction) {
                seat.ear = Ear::Away;
                seat.since = now;
            }
        }
        let main_seats =
            |f: fn(&Seat) -> bool| call.seats.iter().any(|s| s.group == Group::Main && f(s));
        let served = main_seats(|s| s.phase.is_live() || s.phase.is_routing());
        let guest = call.outsides.iter().skip(1).any(|o| o.is_alive() && o.group == Group::Main);
        let goes_on = match call.customer() {
            Some(customer) if customer.is_alive() => served || guest,
            // The customer has left a conference of which two or more remain.
            Some(_) | None => call.connected_in_main() >= 2,
        };
        if !goes_on {
            self.end_call(now, id, cause);
        }
    }

    /// Forgets what is over; its interactions are in the store.
    pub(super) fn forget(&mut self, id: &InteractionId) {
        if let Some(call) = self.calls.remove(id) {
            for seat in &call.seats {
                self.index.remove(&seat.interaction);
            }
            for outside in &call.outsides {
                self.legs.remove(&outside.leg);
            }
        }
    }

    /// Drops calls that are over, keeping them in `touched`. Returned for a last save.
    pub fn take_over(&mut self) -> Vec<Call> {
        let over: Vec<InteractionId> = self
            .touched
            .iter()
            .filter(|id| self.calls.get(*id).is_some_and(Call::is_over))
            .cloned()
            .collect();
        over.into_iter()
            .filter_map(|id| {
                let call = self.calls.get(&id).cloned();
                self.forget(&id);
                call
            })
            .collect()
    }

    /// The agent's session is over and will not come back. His customers go to their
    /// queue, before the others there.
    pub fn agent_lost(&mut self, now: Moment, agent: &AgentId) {
        let live: Vec<(InteractionId, InteractionId)> = self
            .seats_of(agent)
            .filter(|(_, s)| s.phase.is_live())
            .map(|(c, s)| (c.id.clone(), s.interaction.clone()))
            .collect();
        for (id, interaction) in live {
            let Some(call) = self.calls.get(&id) else { continue };
            let Some(seat) = call.seat(&interaction) else { continue };
            let alone = seat.group == Group::Main && call.connected_in_main() <= 2;
            let waits = alone && call.customer_up();
            let queue = seat
                .queue
                .clone()
                .or_else(|| self.setup.queue_of(&call.campaign).cloned())
                .filter(|_| waits);
            if let Some(queue) = queue {
                self.add_seat(now, &id, Route::Queue { queue, boost: RETURNED }, Group::Main, None);
            }
            self.leave(now, &interaction, Cause::MediaFailed);
            self.settle(now, &id, Cause::MediaFailed);
        }
        self.sync();
    }

    fn end_orphaned_consults(&mut self, now: Moment, id: &InteractionId) {
        let Some(call) = self.calls.get(id) else { return };
        let orphaned = |group: &Group| match group {
            Group::Main => false,
            Group::Consult { of } => !call.seat(of).is_some_and(|s| s.phase.is_live()),
        };
        let legs: Vec<LegId> = call
            .outsides
            .iter()
            .filter(|o| o.is_alive() && orphaned(&o.group))
            .map(|o| o.leg.clone())
            .collect();
        let seats: Vec<InteractionId> = call
            .seats
            .iter()
            .filter(|s| orphaned(&s.group))
            .map(|s| s.interaction.clone())
            .collect();
        for leg in legs {
            self.close_outside(id, &leg, Cause::Dropped);
        }
        for seat in seats {
            self.leave(now, &seat, Cause::AgentHungUp);
        }
    }
}

/// As it is written in the history.
pub(crate) fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::AgentHungUp => "agent_hung_up",
        Cause::CustomerHungUp => "customer_hung_up",
        Cause::Abandoned => "abandoned",
        Cause::Rejected => "rejected",
        Cause::NoAnswer => "no_answer",
        Cause::Busy => "busy",
        Cause::Transferred => "transferred",
        Cause::Dropped => "dropped",
        Cause::Unreachable => "unreachable",
        Cause::MediaFailed => "media_failed",
        Cause::SwitchLost => "switch_lost",
    }
}
