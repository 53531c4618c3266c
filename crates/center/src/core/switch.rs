//! What the switch says: legs that come up and go, and what it had when the centre came
//! (back) to it.

use super::{Core, CoreEffect, News};
use crate::calls::{Phase, RecordingNews};
use crate::switch::{LegStatus, SwitchCommand, SwitchEvent};
use omnibar_model::{AgentId, Cause, LegId, Moment};
use std::collections::BTreeSet;

impl Core {
    pub(super) fn switch(&mut self, now: Moment, event: SwitchEvent) {
        match event {
            SwitchEvent::Up { leg } => match self.sessions.values().find(|s| s.leg == leg) {
                Some(session) => {
                    let user = session.user.clone();
                    if self.calls.voice_of(&user) != Some(&leg) {
                        self.calls.set_voice(&user, Some(leg));
                    }
                }
                None => self.calls.leg_up(now, &leg),
            },
            SwitchEvent::Gone { leg, cause } => {
                let voice = self.sessions.values().find(|s| s.leg == leg).map(|s| s.user.clone());
                self.calls.leg_gone(now, &leg, self.cause_for(&leg, cause));
                if let Some(user) = voice {
                    self.notify(&user, News::VoiceGone);
                }
            }
            SwitchEvent::Chosen { leg, digits } => self.calls.chosen(now, &leg, &digits),
            SwitchEvent::RecordingEnded { leg } => {
                self.calls.recording(&leg, RecordingNews::EndedEarly);
            }
            SwitchEvent::Candidate { leg, candidate } => {
                let voice = self.sessions.values().find(|s| s.leg == leg).map(|s| s.user.clone());
                if let Some(user) = voice {
                    self.notify(&user, News::VoiceCandidate { candidate });
                }
            }
            // Desks follow their own voice path; digits of customers reach the parties
            // in the bridge.
            SwitchEvent::Ringing { .. } | SwitchEvent::Path { .. } | SwitchEvent::Digit { .. } => {}
            // The actor makes an arrival of it, when it knows who calls.
            SwitchEvent::Arrived { .. } => {}
        }
    }

    /// A customer who leaves before an agent has him abandons.
    fn cause_for(&self, leg: &LegId, cause: Cause) -> Cause {
        let waiting = self.calls.by_leg(leg).is_some_and(|call| {
            call.customer().is_some_and(|c| c.leg == *leg && c.is_up())
                && call.seats.iter().all(|s| s.connected_at.is_none())
        });
        if waiting && cause == Cause::CustomerHungUp { Cause::Abandoned } else { cause }
    }

    /// The switch is asked what it has; [`CoreInput::SwitchListed`] will say. Calls go on meanwhile,
    /// and what is dialled before the answer comes cannot be in it.
    pub fn switch_asked(&mut self) {
        let legs = self.calls.iter().flat_map(|c| &c.outsides).filter(|o| o.is_alive());
        let voices = self.sessions.keys().filter_map(|user| self.calls.voice_of(user));
        self.listing.push_back(legs.map(|o| &o.leg).chain(voices).cloned().collect());
    }

    pub(super) fn switch_listed(&mut self, now: Moment, legs: &[LegStatus]) {
        let asked = self.listing.pop_front();
        let judged = |leg: &LegId| asked.as_ref().is_none_or(|asked| asked.contains(leg));
        let present: BTreeSet<&LegId> = legs.iter().map(|l| &l.leg).collect();
        let mut lost = Vec::new();
        let mut risen = Vec::new();
        let mut known = BTreeSet::new();
        for outside in self.calls.iter().flat_map(|c| &c.outsides).filter(|o| o.is_alive()) {
            known.insert(outside.leg.clone());
            match legs.iter().find(|l| l.leg == outside.leg) {
                None if judged(&outside.leg) => lost.push(outside.leg.clone()),
                Some(status) if status.up && !outside.is_up() => risen.push(outside.leg.clone()),
                Some(_) | None => {}
            }
        }
        let users: Vec<(AgentId, LegId)> =
            self.sessions.values().map(|s| (s.user.clone(), s.leg.clone())).collect();
        for (user, leg) in users {
            known.insert(leg.clone());
            let here = present.contains(&leg);
            if !here && !judged(&leg) {
                continue;
            }
            let had = self.calls.voice_of(&user).is_some();
            self.calls.set_voice(&user, here.then_some(leg));
            if !here && had {
                self.notify(&user, News::VoiceGone);
            }
        }
        for leg in lost {
            self.calls.leg_gone(now, &leg, Cause::SwitchLost);
        }
        for leg in risen {
            self.calls.leg_up(now, &leg);
        }
        for stray in legs.iter().filter(|l| !known.contains(&l.leg)) {
            let leg = stray.leg.clone();
            self.effects.push(match &stray.arrival {
                // He came while nobody was here to take note of him.
                Some(arrival) => CoreEffect::Arrived { leg, arrival: arrival.clone() },
                None => CoreEffect::Switch(SwitchCommand::Close { leg }),
            });
        }
        self.enter_waiting(now);
        self.calls.tell_all();
    }

    /// Puts what was waiting before a restart into the ACD again.
    fn enter_waiting(&mut self, now: Moment) {
        let waiting: Vec<_> = self
            .calls
            .iter()
            .flat_map(|c| &c.seats)
            .filter(|s| s.phase == Phase::Waiting && !self.acd.contains(&s.interaction))
            .map(|s| (s.interaction.clone(), s.route.clone()))
            .collect();
        for (interaction, route) in waiting {
            if self.acd.enter(now, &interaction, route).is_err() {
                self.calls.undelivered(now, &interaction, Cause::NoAnswer);
            }
        }
    }
}
