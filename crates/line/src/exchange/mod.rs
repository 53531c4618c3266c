//! A telephone system in place of a centre: the softphone's [`Centre`] and [`Line`] over a
//! [`Phone`](crate::sip::Phone), so that desk, window and keys work as they do with a centre;
//! and its [`Probe`], which says what is wrong with an extension.
//!
//! ```text
//!  driver ──open, order──▶ Exchange ─▶ task ─▶ Seat ──▶ Phone ◀──SIP, voice──▶ telephone system
//!         ◀─CentreEvent, LineEvent─ Inbox ◀──────┘ ◀─PhoneEvent─┘
//!                                    Book ◀──────┘ (history, contacts)
//! ```
//!
//! - Being registered is being signed in. There is one campaign and one extension, and
//!   nobody is asked for them.
//! - A call is an interaction; a second call in which somebody is asked about it is its
//!   consult leg. What is over has ended: there is no wrap-up.
//! - A break is "do not disturb": callers are told that the line is busy.
//! - The line is up between calls, as there is nothing to be down; during a call it is
//!   the path of the call that the headset is with.

mod calls;
mod ended;
mod faults;
mod orders;
mod seat;
mod task;
#[cfg(test)]
mod tests;
mod told;
mod trial;

use crate::Line as CentreLine;
use omnibar_contract::{DirectoryEntry, HistoryEntry};
use omnibar_desk::Order;
use omnibar_model::{CommandId, InteractionId, PhoneNumber, VoiceRecord};
use omnibar_softphone::{Centre, Clock, IceServer, Inbox, Line, Probe, SignIn, VoiceSignal};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use task::{Ask, Task};
use tokio::sync::mpsc;

/// Calls and contacts of an account, which no telephone system keeps for its extensions.
/// Every method returns at once.
pub trait Book: Send + Sync {
    /// From now on it is about this account.
    fn open(&self, address: &str);
    /// Adds a call that is over.
    fn keep(&self, call: HistoryEntry);
    fn note(&self, call: &InteractionId, note: String);
    fn measured(&self, call: &InteractionId, record: VoiceRecord);
    /// Newest first, older than `before`, [`omnibar_softphone::HISTORY_PAGE`] at most.
    fn history(&self, before: Option<&InteractionId>) -> Vec<HistoryEntry>;
    /// Contacts, and numbers that were called or have called; all contacts for no text.
    fn search(&self, text: &str) -> Vec<DirectoryEntry>;
    /// What the agent calls this number.
    fn name(&self, number: &PhoneNumber) -> Option<String>;
}

/// What of the headset only a telephone knows when to use. Every method returns at once.
pub trait Handset: Send + Sync {
    /// Sends a key in the voice of the call that the headset is with (RFC 4733).
    fn press(&self, key: char);
    /// Plays the ringback tone: for a far side that rings and is not heard yet (RFC 3960
    /// section 3.2).
    fn ring_back(&self, on: bool);
}

pub struct ExchangeConfig {
    /// Names this installation, the same over restarts: a UUID (RFC 5626 section 4.1).
    pub instance: String,
    /// Name and version of the program.
    pub agent: String,
    /// Certificate authorities (PEM) that are trusted beside the system's, unless an
    /// account names its own.
    pub extra_ca: Option<PathBuf>,
    pub book: Arc<dyn Book>,
    pub handset: Arc<dyn Handset>,
}

impl fmt::Debug for ExchangeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeConfig").field("agent", &self.agent).finish_non_exhaustive()
    }
}

/// Starts the task, which ends when the last handle is dropped. It speaks through the
/// headset of `line`, so only one of the two may have calls at a time.
///
/// # Panics
/// Outside a tokio runtime.
#[must_use]
pub fn start(config: ExchangeConfig, line: &CentreLine, inbox: Inbox, clock: Clock) -> Exchange {
    let (sender, asks) = mpsc::unbounded_channel();
    tokio::spawn(Task::new(config, line, inbox, clock).run(asks));
    Exchange(sender)
}

/// All three ports. Every method posts and returns.
#[derive(Clone, Debug)]
pub struct Exchange(mpsc::UnboundedSender<Ask>);

impl Exchange {
    fn post(&self, ask: Ask) {
        // The task is gone only when the runtime is being shut down.
        let _ = self.0.send(ask);
    }
}

impl Centre for Exchange {
    fn open(&mut self, sign_in: SignIn) {
        self.post(Ask::Open(Box::new(sign_in)));
    }

    fn close(&mut self) {
        self.post(Ask::Close);
    }

    fn order(&mut self, command: CommandId, order: Order) {
        self.post(Ask::Order(command, Box::new(order)));
    }

    /// Descriptions travel with each call here.
    fn signal(&mut self, _signal: VoiceSignal) {}

    /// There is no connection between calls that anything could come back over.
    fn echo(&mut self, _on: bool) {}

    fn search(&mut self, text: String) {
        self.post(Ask::Search(text));
    }

    fn history(&mut self, before: Option<InteractionId>) {
        self.post(Ask::History(before));
    }
}

impl Line for Exchange {
    fn open(&mut self, servers: Vec<IceServer>) {
        self.post(Ask::Voice(servers));
    }

    fn restart(&mut self) {
        self.post(Ask::Mend);
    }

    /// Connections end with their calls.
    fn close(&mut self) {}

    fn signal(&mut self, _signal: VoiceSignal) {}

    fn probe(&mut self, servers: Vec<IceServer>) {
        self.post(Ask::Probe(servers));
    }
}

impl Probe for Exchange {
    fn test(&mut self, of: Option<SignIn>, echo: String, servers: Vec<IceServer>) {
        self.post(Ask::Test { of: of.map(Box::new), echo, servers });
    }

    fn stop_test(&mut self) {
        self.post(Ask::StopTest);
    }
}
