//! What is kept of a call: the customer's leg, from the first agent to the last.

use super::{Call, CallEffect, CallFault, Calls, Group, Phase, Seat};
use crate::switch::SwitchCommand;
use omnibar_model::{AgentId, InteractionId, LegId};
use serde::{Deserialize, Serialize};

/// One file a call. It goes on over hold, transfer and conference and ends with the
/// customer's leg. Without it the call goes on all the same.
///
/// ```text
/// Off ──first connected──▶ Ordered ──made──▶ Running ⇄ Paused ──leg over, disk full──▶ Ended
///                             └──refused──▶ Failed
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    #[default]
    Off,
    Ordered,
    Running,
    /// Silence is added to it, as long as what is said.
    Paused,
    /// There is a file, and nothing is added to it.
    Ended,
    /// There is no file.
    Failed,
}

/// What has become of a recording that was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingNews {
    Began,
    Refused,
    /// It could not go on: the disk is full, for example.
    EndedEarly,
    /// Silence is kept from now on.
    Paused,
    Resumed,
    /// It goes on as before.
    NotChanged,
}

impl Call {
    /// The file holds a conversation of this seat.
    #[must_use]
    pub fn is_recorded(&self, seat: &Seat) -> bool {
        let file = match self.recording {
            Recording::Running | Recording::Paused | Recording::Ended => true,
            Recording::Off | Recording::Ordered | Recording::Failed => false,
        };
        file && seat.connected_at.is_some()
    }

    /// What this seat's agent and the customer say is being recorded.
    #[must_use]
    pub fn is_recording(&self, seat: &Seat) -> bool {
        self.recording == Recording::Running && in_main(seat)
    }

    /// It would be, and nothing is kept of it.
    #[must_use]
    pub fn is_paused(&self, seat: &Seat) -> bool {
        self.recording == Recording::Paused && in_main(seat)
    }

    pub(super) fn end_recording(&mut self) {
        match self.recording {
            Recording::Running | Recording::Paused => self.recording = Recording::Ended,
            // The switch has not said yet whether there is a file.
            Recording::Ordered => {}
            Recording::Off | Recording::Ended | Recording::Failed => {}
        }
    }
}

impl Calls {
    /// Whether what is said from now on is kept. What the agent is shown changes when the
    /// switch has done it.
    pub fn record(
        &mut self,
        agent: &AgentId,
        interaction: &InteractionId,
        on: bool,
    ) -> Result<(), CallFault> {
        let call = self.talking(agent, interaction)?;
        if !call.seat(interaction).is_some_and(in_main) {
            return Err(CallFault::NotNow);
        }
        match call.recording {
            Recording::Running | Recording::Paused => {}
            Recording::Off | Recording::Ordered | Recording::Ended | Recording::Failed => {
                return Err(CallFault::NotRecorded);
            }
        }
        if on {
            call.paused_by = None;
        } else {
            call.paused_by.get_or_insert_with(|| interaction.clone());
        }
        self.sync();
        Ok(())
    }

    /// The switch's word on the recording of this customer's leg.
    pub fn recording(&mut self, leg: &LegId, news: RecordingNews) {
        let of_leg = |c: &&mut Call| c.outsides.first().is_some_and(|o| o.leg == *leg);
        let Some(call) = self.calls.values_mut().find(of_leg) else { return };
        let alive = call.outsides.first().is_some_and(super::Outside::is_alive);
        let (next, what) = match (call.recording, news) {
            (Recording::Ordered, RecordingNews::Began) if alive => {
                (Recording::Running, "recording_began")
            }
            (Recording::Ordered, RecordingNews::Began) => (Recording::Ended, "recording_began"),
            (Recording::Ordered, RecordingNews::Refused | RecordingNews::EndedEarly) => {
                (Recording::Failed, "recording_failed")
            }
            (
                Recording::Running | Recording::Paused,
                RecordingNews::Refused | RecordingNews::EndedEarly,
            ) => (Recording::Ended, "recording_ended_early"),
            (Recording::Running, RecordingNews::Paused) => (Recording::Paused, "recording_paused"),
            (Recording::Paused, RecordingNews::Resumed) => {
                (Recording::Running, "recording_resumed")
            }
            (now @ Recording::Running, RecordingNews::NotChanged) => {
                call.paused_by = None;
                self.told.paused.remove(leg);
                (now, "recording_not_paused")
            }
            (now @ Recording::Paused, RecordingNews::NotChanged) => {
                call.paused_by = call.owner().cloned();
                self.told.paused.insert(leg.clone());
                (now, "recording_not_resumed")
            }
            (Recording::Running, RecordingNews::Began | RecordingNews::Resumed)
            | (Recording::Paused, RecordingNews::Began | RecordingNews::Paused)
            | (
                Recording::Ordered,
                RecordingNews::Paused | RecordingNews::Resumed | RecordingNews::NotChanged,
            )
            | (
                Recording::Off | Recording::Ended | Recording::Failed,
                RecordingNews::Began
                | RecordingNews::Refused
                | RecordingNews::EndedEarly
                | RecordingNews::Paused
                | RecordingNews::Resumed
                | RecordingNews::NotChanged,
            ) => return,
        };
        call.recording = next;
        let id = call.id.clone();
        self.log(&id, what, "");
        self.touched.insert(id);
    }

    /// Orders what is to be recorded and was not ordered from this switch.
    pub(super) fn order_recordings(&mut self, touched: &[InteractionId]) {
        for id in touched {
            let Some(call) = self.calls.get_mut(id) else { continue };
            let rule = self.setup.campaigns.get(&call.campaign);
            let recorded = rule.is_some_and(|rule| rule.record);
            let voice = |s: &Seat| s.agent.as_ref().is_some_and(|a| self.voices.contains_key(a));
            let talks = |s: &Seat| s.phase == Phase::Talking && s.group == Group::Main && voice(s);
            let connected = call.customer_up() && call.seats.iter().any(talks);
            if !connected {
                continue;
            }
            if call.recording == Recording::Off && recorded {
                call.recording = Recording::Ordered;
            }
            let wanted = match call.recording {
                Recording::Ordered | Recording::Running | Recording::Paused => true,
                Recording::Off | Recording::Ended | Recording::Failed => false,
            };
            let leg = call.customer().filter(|_| wanted).map(|c| c.leg.clone());
            let pause = call.paused_by.is_some();
            let Some(leg) = leg else { continue };
            if self.told.recorded.insert(leg.clone()) {
                // A switch that still keeps silence is told to go on.
                if call.recording == Recording::Paused && !pause {
                    self.told.paused.insert(leg.clone());
                }
                self.effect(CallEffect::Record { leg: leg.clone(), call: id.clone() });
            }
            if pause != self.told.paused.contains(&leg) {
                if pause {
                    self.told.paused.insert(leg.clone());
                } else {
                    self.told.paused.remove(&leg);
                }
                let command = SwitchCommand::PauseRecording { leg, on: pause };
                self.effect(CallEffect::Switch(command));
            }
        }
    }
}

/// The seat's agent speaks with the customer.
fn in_main(seat: &Seat) -> bool {
    seat.phase == Phase::Talking && seat.group == Group::Main
}
