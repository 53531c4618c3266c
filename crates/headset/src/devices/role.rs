//! One role's device: what was chosen, what is wanted, what is open.
//!
//! ```text
//!              want                     open fails, next candidate
//!  ┌────────┐ ──────▶ ┌───────────┐ ─────────────────────┐
//!  │ closed │         │ wanted    │ ◀────────────────────┘
//!  └────────┘ ◀────── └───────────┘ ──opened──▶ ┌──────┐
//!     ▲       want no       ▲                   │ open │
//!     │                     └──failed, gone, ── └──────┘
//!     └─────────────────────── other choice ─────── ┘ want no
//! ```

use super::listing::{Entry, Listing, Role};
use super::stream::{self, OpenError, Opened, Plan};
use super::{DeviceNews, Message};
use cpal::ErrorKind;
use omnibar_contract::{AudioFault, DeviceChoice, RoleView, SpeakerOff};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// A stream that ends sooner after it was opened counts as one that did not open.
const SHORT_LIVED: Duration = Duration::from_secs(1);

pub(super) struct RoleState {
    role: Role,
    choice: DeviceChoice,
    /// The chosen device's name when it was last seen.
    chosen_name: String,
    wanted: bool,
    open: Option<Open>,
    /// Devices that would not open; tried again later.
    refused: Vec<Entry>,
    /// The system forbade the last device that was tried.
    forbidden: bool,
    /// The default device that went away while it was in use.
    went: Option<Entry>,
}

struct Open {
    serial: u32,
    entry: Entry,
    since: Instant,
    stream: stream::Stream,
}

#[expect(
    clippy::large_enum_variant,
    reason = "one lives at a time, on its thread's stack, and is passed on as it is"
)]
pub(super) enum Outcome {
    Same,
    Changed(DeviceNews),
    /// The server did not answer in time.
    Hung,
}

impl RoleState {
    pub(super) fn new(role: Role, choice: DeviceChoice) -> Self {
        Self {
            role,
            choice,
            chosen_name: String::new(),
            wanted: false,
            open: None,
            refused: Vec::new(),
            forbidden: false,
            went: None,
        }
    }

    pub(super) fn want(&mut self, wanted: bool) {
        if wanted && !self.wanted {
            self.forgive();
        }
        self.wanted = wanted;
    }

    pub(super) fn choose(&mut self, choice: DeviceChoice) {
        if choice != self.choice {
            self.choice = choice;
            self.chosen_name.clear();
            self.went = None;
            self.forgive();
        }
    }

    /// Devices that would not open get another chance.
    pub(super) fn forgive(&mut self) {
        self.refused.clear();
        self.forbidden = false;
    }

    /// `None`: it was not the present stream that failed.
    pub(super) fn failed(&mut self, serial: u32) -> Option<DeviceNews> {
        let open = self.open.as_ref().filter(|open| open.serial == serial)?;
        if open.since.elapsed() < SHORT_LIVED {
            self.refused.push(open.entry.clone());
        }
        self.close()
    }

    pub(super) fn close(&mut self) -> Option<DeviceNews> {
        let open = self.open.take()?;
        tracing::debug!(role = ?self.role, device = %open.entry.name, "device closed");
        stream::close(open.stream);
        Some(match self.role {
            Role::Microphone => DeviceNews::Microphone(None),
            Role::Speaker => DeviceNews::Speaker(None),
            Role::Ringer(index) => DeviceNews::Ringer(index, None),
        })
    }

    /// Lets go of a device that is away, and notes what it was called.
    pub(super) fn miss(&mut self, listing: &Listing) -> Option<DeviceNews> {
        if let Some(entry) = listing.chosen(self.role, &self.choice) {
            self.chosen_name.clone_from(&entry.name);
        }
        let there = |entry: &Entry| listing.entries(self.role).iter().any(|e| e.id == entry.id);
        self.went = self.went.take().filter(|went| !there(went));
        let away = self.open.as_ref().filter(|open| !there(&open.entry))?;
        self.went = Some(away.entry.clone());
        self.close()
    }

    /// Opens the best device that there is, or closes what is not wanted.
    /// `taken`: the ids of devices that ring already.
    pub(super) fn settle(
        &mut self,
        listing: &Listing,
        server: bool,
        taken: &[String],
        serial: &mut u32,
        news: &Sender<Message>,
    ) -> Outcome {
        if !self.wanted || !server {
            self.went = None;
            return self.close().map_or(Outcome::Same, Outcome::Changed);
        }
        for entry in listing.candidates(self.role, &self.choice) {
            if self.refused.iter().any(|refused| refused.is(&entry)) || taken.contains(&entry.id) {
                continue;
            }
            if let Some(open) = self.open.as_mut().filter(|open| open.entry.is(&entry)) {
                // Muted, perhaps, or under another name.
                open.entry = entry;
                return Outcome::Same;
            }
            *serial = serial.wrapping_add(1);
            match stream::open(self.plan(&entry, *serial, news)) {
                Ok(opened) => return Outcome::Changed(self.replace(entry, *serial, opened)),
                Err(OpenError::Hung) => return Outcome::Hung,
                Err(error) => {
                    tracing::warn!(role = ?self.role, device = %entry.name, %error, "not opened");
                    self.forbidden = matches!(error, OpenError::Denied(_));
                    self.refused.push(entry);
                }
            }
        }
        self.close().map_or(Outcome::Same, Outcome::Changed)
    }

    /// The id of the open device.
    pub(super) fn opened(&self) -> Option<String> {
        self.open.as_ref().map(|open| open.entry.id.clone())
    }

    pub(super) fn waits_for_retry(&self) -> bool {
        self.wanted && !self.refused.is_empty()
    }

    pub(super) fn denied(&self) -> bool {
        self.forbidden && self.wanted && self.open.is_none()
    }

    /// With the device in use, or the one that would be.
    pub(super) fn view(&self, listing: &Listing) -> RoleView {
        listing.role_view(self.role, &self.choice, self.entry(listing).as_ref())
    }

    /// The id of that device.
    pub(super) fn using(&self, listing: &Listing) -> Option<String> {
        self.entry(listing).map(|entry| entry.id)
    }

    /// That device is muted in the system's sound settings.
    pub(super) fn muted(&self, listing: &Listing) -> bool {
        self.entry(listing).is_some_and(|entry| entry.muted)
    }

    /// Whether that device's sound reaches only the ear; `None`: nobody says.
    pub(super) fn worn(&self, listing: &Listing) -> Option<bool> {
        self.entry(listing)?.worn
    }

    /// Nothing can be heard of that device, as the system's sound settings have it.
    pub(super) fn off(&self, listing: &Listing) -> Option<SpeakerOff> {
        let entry = self.entry(listing)?;
        let at_zero = entry.at_zero.then_some(SpeakerOff::AtZero);
        if entry.muted { Some(SpeakerOff::Muted) } else { at_zero }
    }

    fn entry(&self, listing: &Listing) -> Option<Entry> {
        let refused = |entry: &Entry| self.refused.iter().any(|refused| refused.is(entry));
        self.open.as_ref().map(|open| open.entry.clone()).or_else(|| {
            let candidates = listing.candidates(self.role, &self.choice);
            candidates.into_iter().find(|entry| !refused(entry))
        })
    }

    /// The device that should be used and is away, while another takes its place.
    pub(super) fn lost(&self, listing: &Listing) -> Option<AudioFault> {
        let view = self.view(listing);
        let name = match (&self.choice, &self.went) {
            (DeviceChoice::Device { id, name }, _) if view.fallback => {
                let names = [&self.chosen_name, name, id];
                names.into_iter().find(|name| !name.is_empty())?.clone()
            }
            (DeviceChoice::SystemDefault, Some(went)) => went.name.clone(),
            (DeviceChoice::Device { .. }, _) | (DeviceChoice::SystemDefault, None) => return None,
        };
        Some(AudioFault::DeviceLost { name, using: view.using })
    }

    fn plan(&self, entry: &Entry, serial: u32, news: &Sender<Message>) -> Plan {
        let (role, news) = (self.role, news.clone());
        Plan {
            role,
            id: entry.id.clone(),
            on_error: Box::new(move |error| {
                if ends_the_stream(error.kind()) {
                    // Nobody listens any more when the headset has been dropped.
                    let _ = news.send(Message::Failed(role, serial, error));
                } else {
                    tracing::debug!(?role, %error, "sound stream");
                }
            }),
        }
    }

    /// The new stream takes over before the old one is closed.
    fn replace(&mut self, entry: Entry, serial: u32, opened: Opened) -> DeviceNews {
        tracing::info!(role = ?self.role, device = %entry.name, "device opened");
        let (stream, news) = match (opened, self.role) {
            (Opened::Microphone(stream, end), _) => (stream, DeviceNews::Microphone(Some(end))),
            (Opened::Speaker(stream, end), Role::Ringer(index)) => {
                (stream, DeviceNews::Ringer(index, Some(end)))
            }
            (Opened::Speaker(stream, end), Role::Microphone | Role::Speaker) => {
                (stream, DeviceNews::Speaker(Some(end)))
            }
        };
        let open = Open { serial, entry, since: Instant::now(), stream };
        if let Some(old) = self.open.replace(open) {
            stream::close(old.stream);
        }
        self.forbidden = false;
        news
    }
}

/// Whether the error means that no callback will come any more.
fn ends_the_stream(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::Xrun | ErrorKind::RealtimeDenied | ErrorKind::DeviceChanged => false,
        ErrorKind::DeviceBusy
        | ErrorKind::DeviceNotAvailable
        | ErrorKind::HostUnavailable
        | ErrorKind::PermissionDenied
        | ErrorKind::ResourceExhausted
        | ErrorKind::StreamInvalidated
        | ErrorKind::UnsupportedConfig
        | ErrorKind::BackendError => true,
        // cpal may add kinds.
        _ => true,
    }
}
