use omnibar_center::switch::{Feed, LegStatus, SwitchCommand, Target};
use omnibar_model::LegId;
use std::collections::{BTreeMap, BTreeSet};

/// The voice switch as a list of who is connected with whom. It outlives the centre.
#[derive(Clone, Debug, Default)]
pub struct Switchboard {
    legs: BTreeMap<LegId, bool>,
    bridges: BTreeMap<String, Vec<LegId>>,
    feeds: BTreeMap<LegId, Feed>,
    dialled: Vec<(LegId, Target)>,
    digits: Vec<(LegId, String)>,
}

impl Switchboard {
    pub(super) fn perform(&mut self, command: SwitchCommand) {
        match command {
            SwitchCommand::Peer { leg, .. } | SwitchCommand::Customer { leg, .. } => {
                self.legs.insert(leg, true);
            }
            SwitchCommand::Dial { leg, target } => {
                self.legs.insert(leg.clone(), false);
                self.dialled.push((leg, target));
            }
            SwitchCommand::Close { leg } => self.remove(&leg),
            SwitchCommand::Connect { bridge, legs } => {
                for members in self.bridges.values_mut() {
                    members.retain(|leg| !legs.contains(leg));
                }
                self.bridges.insert(bridge, legs);
                self.bridges.retain(|_, members| !members.is_empty());
            }
            SwitchCommand::Feed { leg, feed } => {
                self.feeds.insert(leg, feed);
            }
            SwitchCommand::Echo { .. } => {}
            SwitchCommand::Digits { leg, digits } => self.digits.push((leg, digits)),
            // The far ends are not real: they have no candidates and no sound.
            SwitchCommand::Candidate { .. }
            | SwitchCommand::Record { .. }
            | SwitchCommand::PauseRecording { .. }
            | SwitchCommand::Monitor { .. }
            | SwitchCommand::List => {}
        }
    }

    pub(super) fn raise(&mut self, leg: &LegId) {
        self.legs.insert(leg.clone(), true);
    }

    pub(super) fn remove(&mut self, leg: &LegId) {
        self.legs.remove(leg);
        self.feeds.remove(leg);
        for members in self.bridges.values_mut() {
            members.retain(|member| member != leg);
        }
    }

    pub(super) fn listed(&self) -> Vec<LegStatus> {
        let status =
            |(leg, up): (&LegId, &bool)| LegStatus { leg: leg.clone(), up: *up, arrival: None };
        self.legs.iter().map(status).collect()
    }

    /// Everybody whom this leg hears and who hears it.
    #[must_use]
    pub fn heard_by(&self, leg: &LegId) -> BTreeSet<LegId> {
        let together = self.bridges.values().filter(|members| members.contains(leg)).flatten();
        together.filter(|other| *other != leg).cloned().collect()
    }

    /// What it hears while it is with nobody.
    #[must_use]
    pub fn feed(&self, leg: &LegId) -> Feed {
        self.feeds.get(leg).copied().unwrap_or_default()
    }

    /// The leg that was called last.
    #[must_use]
    pub fn last_dialled(&self) -> Option<LegId> {
        self.dialled.last().map(|(leg, _)| leg.clone())
    }

    #[must_use]
    pub fn digits(&self) -> &[(LegId, String)] {
        &self.digits
    }

    #[must_use]
    pub fn has(&self, leg: &LegId) -> bool {
        self.legs.contains_key(leg)
    }
}
