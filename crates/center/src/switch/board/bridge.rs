use super::{Board, Hears, Micros, To, Work};
use crate::switch::BridgeStatus;
use omnibar_model::LegId;

/// Legs that hear each other.
#[derive(Debug, Default)]
pub(super) struct Bridge {
    pub(super) legs: Vec<u64>,
    /// The mixing room, while three or more are in.
    room: Option<u64>,
}

impl Board {
    /// Exactly these legs are in `name` from now on.
    pub(super) fn connect(&mut self, now: Micros, name: &str, wanted: Vec<u64>) {
        let present = self.bridges.get(name).map(|bridge| bridge.legs.clone()).unwrap_or_default();
        if present == wanted {
            return;
        }
        for &key in present.iter().filter(|key| !wanted.contains(key)) {
            self.unbridge(key);
        }
        for &key in wanted.iter().filter(|key| !present.contains(key)) {
            self.end_monitor(key);
            self.leave_bridge(now, key);
            if let Some(leg) = self.legs.get_mut(&key) {
                leg.bridge = Some(name.to_owned());
            }
        }
        self.bridges.entry(name.to_owned()).or_default().legs = wanted;
        self.route(now, name);
    }

    /// Takes a leg out of its bridge, if it is in one; the others go on.
    pub(super) fn leave_bridge(&mut self, now: Micros, key: u64) {
        let Some(name) = self.legs.get(&key).and_then(|leg| leg.bridge.clone()) else { return };
        self.unbridge(key);
        if let Some(bridge) = self.bridges.get_mut(&name) {
            bridge.legs.retain(|other| *other != key);
        }
        self.route(now, &name);
    }

    /// Whoever hears this leg.
    pub(super) fn listeners(&self, key: u64) -> Vec<u64> {
        let bridge = self.legs.get(&key).and_then(|leg| leg.bridge.as_ref());
        let legs = bridge.and_then(|name| self.bridges.get(name)).map(|bridge| &bridge.legs);
        legs.into_iter().flatten().copied().filter(|&other| other != key).collect()
    }

    pub(super) fn bridge_list(&self) -> Vec<BridgeStatus> {
        let id = |key: &u64| -> Option<LegId> { self.legs.get(key).map(|leg| leg.id.clone()) };
        self.bridges
            .iter()
            .map(|(name, bridge)| BridgeStatus {
                bridge: name.clone(),
                legs: bridge.legs.iter().filter_map(id).collect(),
            })
            .collect()
    }

    fn unbridge(&mut self, key: u64) {
        let Some(leg) = self.legs.get_mut(&key) else { return };
        leg.bridge = None;
        leg.route(To::Nobody, Hears::Feed);
        self.tell_connected(key, false);
    }

    /// Sets who hears whom in a bridge whose legs have changed.
    fn route(&mut self, now: Micros, name: &str) {
        let Some(bridge) = self.bridges.get_mut(name) else { return };
        let legs = bridge.legs.clone();
        let old_room = bridge.room;
        match *legs {
            [] => {
                self.bridges.remove(name);
            }
            [alone] => self.set_route(alone, To::Nobody, Hears::Nobody),
            [a, b] => {
                self.set_route(a, To::Leg(b), Hears::Leg(b));
                self.set_route(b, To::Leg(a), Hears::Leg(a));
            }
            [..] => self.route_room(name, &legs),
        }
        if legs.len() < 3
            && let Some(room) = old_room
        {
            if let Some(bridge) = self.bridges.get_mut(name) {
                bridge.room = None;
            }
            self.around.studio.order(Work::CloseRoom { room });
        }
        let together = legs.len() > 1;
        for key in legs {
            self.tell_connected(key, together);
        }
        tracing::debug!(bridge = name, at = now.0, "bridge changed");
    }

    fn route_room(&mut self, name: &str, legs: &[u64]) {
        let Some(bridge) = self.bridges.get_mut(name) else { return };
        let room = *bridge.room.get_or_insert_with(|| {
            self.next_key += 1;
            self.next_key
        });
        self.around.studio.order(Work::Room { room, members: legs.to_vec(), deaf: Vec::new() });
        for &key in legs {
            let Some(leg) = self.legs.get_mut(&key) else { continue };
            // Two who spoke directly go on so until the mixer has filled.
            let partner = match leg.to {
                To::Leg(other) if legs.contains(&other) => Some(other),
                To::Room { room: present, until_mixed } if present == room => until_mixed,
                To::Leg(_) | To::Room { .. } | To::Nobody => None,
            };
            let heard = match leg.hears {
                Hears::Leg(other) if legs.contains(&other) => Some(other),
                Hears::Room { room: present, until_mixed } if present == room => until_mixed,
                Hears::Leg(_) | Hears::Room { .. } | Hears::Nobody | Hears::Feed => None,
            };
            let to = To::Room { room, until_mixed: partner };
            leg.route(to, Hears::Room { room, until_mixed: heard });
        }
    }

    fn set_route(&mut self, key: u64, to: To, hears: Hears) {
        if let Some(leg) = self.legs.get_mut(&key) {
            leg.route(to, hears);
        }
    }

    /// Parties in this process behave by whether somebody is there.
    fn tell_connected(&mut self, key: u64, connected: bool) {
        let Some(leg) = self.legs.get_mut(&key) else { return };
        if leg.connected != connected {
            leg.connected = connected;
            self.around.studio.order(Work::Connected { key, connected });
        }
    }
}
