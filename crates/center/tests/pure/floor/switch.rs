//! A switch that does what it is told.

use super::Floor;
use omnibar_center::switch::SwitchCommand;
use omnibar_model::LegId;

impl Floor {
    pub(super) fn switch(&mut self, command: SwitchCommand, gone: &mut Vec<LegId>) {
        match command {
            SwitchCommand::Dial { leg, target } => {
                self.legs.insert(leg.clone(), false);
                self.dialled.push((leg, target));
            }
            SwitchCommand::Close { leg } => {
                if self.legs.remove(&leg).is_some() {
                    self.forget(&leg);
                    gone.push(leg);
                }
            }
            SwitchCommand::Connect { bridge, legs } => {
                for leg in &legs {
                    assert!(self.legs.get(leg) == Some(&true), "{leg} is connected and not up");
                    for others in self.bridges.values_mut() {
                        others.remove(leg);
                    }
                    self.monitors.remove(leg);
                }
                self.bridges.insert(bridge, legs.into_iter().collect());
                self.bridges.retain(|_, legs| !legs.is_empty());
            }
            SwitchCommand::Feed { leg, feed } => {
                self.feeds.insert(leg, feed);
            }
            SwitchCommand::PauseRecording { leg, on } => {
                if self.pauses && on {
                    self.paused.insert(leg.clone());
                } else if self.pauses {
                    self.paused.remove(&leg);
                }
                self.told_paused.push((leg, on));
            }
            SwitchCommand::Monitor { leg, of: None, .. } => {
                self.monitors.remove(&leg);
            }
            SwitchCommand::Monitor { leg, of: Some(of), whisper } => {
                for leg in [&leg, &of] {
                    assert!(self.legs.get(leg) == Some(&true), "{leg} is monitored and not up");
                }
                for others in self.bridges.values_mut() {
                    others.remove(&leg);
                }
                self.monitors.insert(leg, (of, whisper));
            }
            SwitchCommand::Echo { .. } => {}
            SwitchCommand::Digits { leg, digits } => self.digits.push((leg, digits)),
            SwitchCommand::Peer { .. }
            | SwitchCommand::Candidate { .. }
            | SwitchCommand::Customer { .. }
            | SwitchCommand::Record { .. }
            | SwitchCommand::List => panic!("the core does not say {command:?}"),
        }
    }

    pub(super) fn forget(&mut self, leg: &LegId) {
        self.feeds.remove(leg);
        self.monitors.retain(|by, (of, _)| by != leg && of != leg);
        for legs in self.bridges.values_mut() {
            legs.remove(leg);
        }
    }
}
