//! Buttons and lamps of headsets, by the telephony page of USB HID.
//!
//! ```text
//!  driver ──desk, settings──▶ Buttons ─▶ hub thread ─▶ Headset (pure) ─▶ output reports
//!         ◀──Asked, Changed── Inbox ◀──────┤   ▲ ▲
//!                                          │   │ └── reports: one waiting thread a headset
//!                                          │   └──── plugs: inotify on /dev
//!                                 Descriptor, Controls, Quirks
//! ```
//!
//! A press asks the desk for what a key would ask for; the desk decides. Nothing wakes up
//! while no headset is plugged in and no desk changes.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod controls;
mod descriptor;
mod devices;
mod headset;
mod hub;
mod quirks;
#[cfg(test)]
mod samples;
mod situation;

use devices::{Bus, Hid};
use hub::{Hub, Message};
use omnibar_contract::Settings;
use omnibar_desk::Snapshot;
use omnibar_softphone::Inbox;
use quirks::Quirks;
use situation::Situation;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Instant;

#[derive(Clone, Debug)]
pub struct ButtonsConfig {
    /// The user's own list of what headsets do otherwise; it need not be there.
    pub list: Option<PathBuf>,
    pub settings: Settings,
}

/// Starts looking for headsets; it ends when the [`Buttons`] are dropped.
#[must_use]
pub fn start(config: ButtonsConfig, inbox: Inbox) -> Buttons {
    let (messages, received) = mpsc::channel();
    let sender = messages.clone();
    let started = thread::Builder::new().name("headset buttons".to_owned()).spawn(move || {
        let bus = match Hid::start() {
            Ok(bus) => bus,
            Err(error) => {
                tracing::warn!(%error, "headset buttons cannot be used on this system");
                return;
            }
        };
        let told_of_plugs = devices::watch(sender.clone());
        hub(config, inbox, bus, sender, told_of_plugs).run(&received);
    });
    if let Err(error) = started {
        tracing::warn!(%error, "headset buttons could not be started");
    }
    Buttons { messages, desk: Situation::default() }
}

fn hub<B: Bus>(
    config: ButtonsConfig,
    inbox: Inbox,
    bus: B,
    messages: Sender<Message>,
    told_of_plugs: bool,
) -> Hub<B> {
    let own = config.list.as_deref().map_or(Ok(None), read_list);
    let (own, list_fault) = match own {
        Ok(own) => (own.unwrap_or_default(), None),
        Err(fault) => (Quirks::default(), Some(fault)),
    };
    Hub {
        bus,
        quirks: Quirks::built_in().overridden_by(own),
        list_fault,
        inbox,
        messages,
        told_of_plugs,
        on: !config.settings.no_headset_buttons,
        desk: Situation::default(),
        epoch: Instant::now(),
        plugged: Vec::new(),
        count: 0,
        look: None,
        shown: None,
    }
}

fn read_list(path: &Path) -> Result<Option<Quirks>, String> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    let mut text = String::new();
    file.take(quirks::FILE_MAX)
        .read_to_string(&mut text)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Quirks::parse(&text).map(Some).map_err(|fault| format!("{}: {fault}", path.display()))
}

/// The driver's handle. Every method posts and returns.
#[derive(Debug)]
pub struct Buttons {
    messages: Sender<Message>,
    /// As last posted: most changes of the desk are none to a headset.
    desk: Situation,
}

impl Buttons {
    fn post(&self, message: Message) {
        // The thread is gone only where there are no headset buttons.
        let _ = self.messages.send(message);
    }
}

impl omnibar_softphone::Buttons for Buttons {
    fn follow(&mut self, desk: &Snapshot) {
        let desk = Situation::of(desk);
        if self.desk != desk {
            self.desk = desk.clone();
            self.post(Message::Desk(desk));
        }
    }

    fn apply(&mut self, settings: &Settings) {
        self.post(Message::On(!settings.no_headset_buttons));
    }
}

impl Drop for Buttons {
    fn drop(&mut self) {
        self.post(Message::Stop);
    }
}

#[cfg(test)]
mod tests;
