use super::{Core, CoreEffect};
use crate::calls::{Group, OutsideState, Phase};
use omnibar_model::{Cause, LegId, Moment};

/// What a customer is told of his own call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerState {
    /// `position` counts from 1.
    Queued {
        position: usize,
    },
    /// An agent is being called.
    Ringing,
    Connected,
    Held,
    Ended {
        cause: Cause,
    },
}

impl Core {
    /// Tells those who watch their own call what has changed for them.
    pub(super) fn tell_customers(&mut self, now: Moment) {
        let legs: Vec<LegId> = self.watched.keys().cloned().collect();
        for leg in legs {
            let state = self.customer_state(now, &leg);
            if self.watched.get(&leg).and_then(Option::as_ref) == Some(&state) {
                continue;
            }
            if matches!(state, CustomerState::Ended { .. }) {
                self.watched.remove(&leg);
            } else {
                self.watched.insert(leg.clone(), Some(state.clone()));
            }
            self.effects.push(CoreEffect::Customer { leg, state });
        }
    }

    fn customer_state(&self, now: Moment, leg: &LegId) -> CustomerState {
        let found = self
            .calls
            .iter()
            .find_map(|c| c.outsides.iter().find(|o| o.leg == *leg).map(|o| (c, o)));
        let Some((call, outside)) = found else {
            return CustomerState::Ended { cause: Cause::Dropped };
        };
        match outside.state {
            OutsideState::Ended { cause } => return CustomerState::Ended { cause },
            OutsideState::Ringing | OutsideState::Up => {}
        }
        if !outside.held_by.is_empty() {
            return CustomerState::Held;
        }
        let main = || call.seats.iter().filter(|s| s.group == Group::Main);
        let guest = call.outsides.iter().skip(1).any(|o| o.is_up() && o.group == Group::Main);
        if guest || main().any(|s| s.phase == Phase::Talking) {
            return CustomerState::Connected;
        }
        match main().find(|s| s.phase == Phase::Waiting) {
            Some(seat) => {
                let position = self.acd.position(now, &seat.interaction).unwrap_or(1);
                CustomerState::Queued { position }
            }
            None => CustomerState::Ringing,
        }
    }
}
