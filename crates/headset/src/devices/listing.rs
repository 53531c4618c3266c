//! Which devices there are, and which one a role gets.

use omnibar_contract::{DeviceChoice, DeviceView, Ringing, RoleView};

/// One device as the system shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Stable across restarts, in cpal's form `host:device`.
    pub(crate) id: String,
    pub(crate) name: String,
    /// Tells a device that went and came back under the same id from one that stayed.
    pub(crate) incarnation: u32,
    /// What a sink plays, offered as a source. Used only when chosen by id.
    pub(crate) monitor: bool,
    /// Hz that a Bluetooth headset in its call profile carries.
    pub(crate) narrow: Option<u32>,
    /// It is muted in the system's sound settings.
    pub(crate) muted: bool,
    /// Its volume there is at zero.
    pub(crate) at_zero: bool,
    /// Whether its sound reaches only the ear; `None`: nobody says.
    pub(crate) worn: Option<bool>,
}

impl Entry {
    /// The same device since it was plugged in, whatever has been set at it.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.id == other.id && self.incarnation == other.incarnation
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) inputs: Vec<Entry>,
    pub(crate) outputs: Vec<Entry>,
    pub(crate) default_input: Option<String>,
    pub(crate) default_output: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    Microphone,
    Speaker,
    /// 0: the ringer; from 1 on those that also ring, in the order of the settings.
    Ringer(usize),
}

/// The ringer and those that also ring.
pub(crate) const RINGERS: usize = 1 + Ringing::ALSO_MAX;

impl Listing {
    pub(crate) fn entries(&self, role: Role) -> &[Entry] {
        match role {
            Role::Microphone => &self.inputs,
            Role::Speaker | Role::Ringer(_) => &self.outputs,
        }
    }

    fn default_of(&self, role: Role) -> Option<&str> {
        match role {
            Role::Microphone => self.default_input.as_deref(),
            Role::Speaker | Role::Ringer(_) => self.default_output.as_deref(),
        }
    }

    /// The chosen device, if it is there.
    pub(crate) fn chosen(&self, role: Role, choice: &DeviceChoice) -> Option<&Entry> {
        match choice {
            DeviceChoice::SystemDefault => None,
            DeviceChoice::Device { id, .. } => {
                let entries = self.entries(role);
                entries
                    .iter()
                    .find(|entry| entry.id == *id)
                    .or_else(|| entries.iter().find(|entry| bare(&entry.id) == id))
                    .or_else(|| entries.iter().find(|entry| entry.name == *id))
            }
        }
    }

    /// What to try, best first: the choice, the system's default, then any other. What
    /// also rings has no substitute: another device rings already.
    pub(crate) fn candidates(&self, role: Role, choice: &DeviceChoice) -> Vec<Entry> {
        let entries = self.entries(role);
        let default = entries
            .iter()
            .find(|entry| !entry.monitor && Some(entry.id.as_str()) == self.default_of(role));
        let mut candidates: Vec<Entry> = Vec::new();
        let others = entries.iter().filter(|entry| !entry.monitor);
        let chosen = self.chosen(role, choice);
        if matches!(role, Role::Ringer(1..)) {
            let follows = *choice == DeviceChoice::SystemDefault;
            return chosen.or(default.filter(|_| follows)).cloned().into_iter().collect();
        }
        for entry in chosen.into_iter().chain(default).chain(others) {
            if !candidates.iter().any(|known| known.id == entry.id) {
                candidates.push(entry.clone());
            }
        }
        candidates
    }

    pub(crate) fn inputs_view(&self) -> Vec<DeviceView> {
        view(&self.inputs, self.default_input.as_deref())
    }

    pub(crate) fn outputs_view(&self) -> Vec<DeviceView> {
        view(&self.outputs, self.default_output.as_deref())
    }

    pub(crate) fn role_view(
        &self,
        role: Role,
        choice: &DeviceChoice,
        using: Option<&Entry>,
    ) -> RoleView {
        let fallback = match choice {
            DeviceChoice::SystemDefault => false,
            DeviceChoice::Device { .. } => using.is_some_and(|using| {
                self.chosen(role, choice).is_none_or(|chosen| chosen.id != using.id)
            }),
        };
        RoleView {
            choice: choice.clone(),
            using: using.map(|entry| entry.name.clone()),
            fallback,
            narrow: using.and_then(|entry| entry.narrow),
        }
    }
}

fn view(entries: &[Entry], default: Option<&str>) -> Vec<DeviceView> {
    entries
        .iter()
        .filter(|entry| !entry.monitor)
        .map(|entry| DeviceView {
            id: entry.id.clone(),
            name: entry.name.clone(),
            is_default: Some(entry.id.as_str()) == default,
        })
        .collect()
}

/// The device's part of cpal's `host:device`.
fn bare(id: &str) -> &str {
    id.split_once(':').map_or(id, |(_, device)| device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(device: &str, name: &str) -> Entry {
        Entry {
            id: format!("pulseaudio:{device}"),
            name: name.into(),
            incarnation: 1,
            monitor: device.ends_with(".monitor"),
            narrow: None,
            muted: false,
            at_zero: false,
            worn: None,
        }
    }

    fn listing() -> Listing {
        Listing {
            inputs: vec![entry("speaker.monitor", "Monitor"), entry("mic", "Desk microphone")],
            outputs: vec![entry("speaker", "Built-in"), entry("headset", "Headset")],
            default_input: Some("pulseaudio:speaker.monitor".into()),
            default_output: Some("pulseaudio:speaker".into()),
        }
    }

    fn device(id: &str) -> DeviceChoice {
        DeviceChoice::Device { id: id.into(), name: "My headset".into() }
    }

    fn view(listing: &Listing, role: Role, choice: &DeviceChoice) -> RoleView {
        let candidates = listing.candidates(role, choice);
        listing.role_view(role, choice, candidates.first())
    }

    fn ids(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| bare(&entry.id)).collect()
    }

    #[test]
    fn a_choice_is_found_by_full_id_bare_id_and_name() {
        let listing = listing();
        for id in ["pulseaudio:headset", "headset", "Headset"] {
            let found = listing.candidates(Role::Speaker, &device(id));
            assert_eq!(ids(&found), ["headset", "speaker"], "{id}");
            assert!(!view(&listing, Role::Speaker, &device(id)).fallback, "{id}");
        }
    }

    #[test]
    fn a_choice_that_is_away_falls_back_to_the_default_and_is_told() {
        let view = view(&listing(), Role::Speaker, &device("pulseaudio:gone"));
        assert_eq!(view.using.as_deref(), Some("Built-in"));
        assert!(view.fallback);
    }

    #[test]
    fn a_monitor_is_a_microphone_only_when_chosen() {
        let listing = listing();
        let by_default = listing.candidates(Role::Microphone, &DeviceChoice::SystemDefault);
        assert_eq!(ids(&by_default), ["mic"]);
        let chosen = listing.candidates(Role::Microphone, &device("speaker.monitor"));
        assert_eq!(ids(&chosen), ["speaker.monitor", "mic"]);
        assert_eq!(listing.inputs_view().len(), 1);
    }

    #[test]
    fn what_also_rings_has_no_substitute() {
        let listing = listing();
        let ids = |choice| ids(&listing.candidates(Role::Ringer(1), &choice)).join(" ");
        assert_eq!(ids(device("headset")), "headset");
        assert_eq!(ids(DeviceChoice::SystemDefault), "speaker");
        assert_eq!(ids(device("gone")), "");
    }

    #[test]
    fn without_devices_nothing_is_used() {
        let listing = Listing::default();
        let view = view(&listing, Role::Microphone, &DeviceChoice::SystemDefault);
        assert_eq!(view.using, None);
        assert!(!view.fallback);
    }
}
