//! Adapter: the client of the centre protocol.
//!
//! One task holds one session over one WebSocket at a time:
//!
//! ```text
//!  Idle ──open──▶ Entering ──opened──▶ Connected ──lost──▶ Waiting ──▶ Entering (resume)
//!    ▲                │ failed              │ ended             │ closed
//!    └────────────────┴─────────────────────┴───────────────────┘
//! ```
//!
//! - A command keeps its UUID until it is answered and is sent again after a
//!   reconnection; the centre does nothing twice.
//! - Notes and dispositions are on disk until the centre has taken them.
//! - What comes from the centre is hostile until parsed: frames are bounded, counted
//!   when they cannot be read, and too many of them close the connection.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod dial;
mod entry;
mod outbox;
mod pending;
mod session;
#[cfg(test)]
mod session_test;
mod task;
mod translate;
mod words;

pub use address::{Address, BadAddress};
pub use dial::{Network, Reach, Reaching, Socket, Stream, Unreachable};

use omnibar_desk::Order;
use omnibar_model::{CommandId, InteractionId};
use omnibar_softphone::{
    Centre, Clock, EndpointAnswer, EndpointCall, Endpoints, Inbox, SignIn, VoiceSignal,
};
use std::path::PathBuf;
use task::{Ask, Task};
use tokio::sync::{mpsc, oneshot};

#[derive(Clone, Debug)]
pub struct BackendConfig {
    /// Directory of the file with notes and dispositions that wait; made if absent.
    pub outbox_dir: PathBuf,
    /// What the centre is told of this client, for example `omnibar/0.1.0 linux`.
    pub client: String,
    /// A PEM file with certificate authorities to trust beside the system's.
    pub extra_ca: Option<PathBuf>,
    /// Spreads the reconnections of many clients.
    pub seed: u64,
}

/// Starts the task, which ends when the port is dropped. Must be called within a
/// tokio runtime.
#[must_use]
pub fn start(config: BackendConfig, inbox: Inbox, clock: Clock) -> Backend {
    let network = Network::new(config.extra_ca.clone());
    start_over(network, config, inbox, clock)
}

/// [`start`] over another network than this machine's.
#[must_use]
pub fn start_over(reach: impl Reach, config: BackendConfig, inbox: Inbox, clock: Clock) -> Backend {
    let (sender, asks) = mpsc::unbounded_channel();
    tokio::spawn(Task::new(reach, config, inbox, clock, asks).run());
    Backend(sender)
}

/// The centre's port: posts to the task.
#[derive(Debug)]
pub struct Backend(mpsc::UnboundedSender<Ask>);

impl Backend {
    fn post(&self, ask: Ask) {
        // The task outlives its port.
        let _ = self.0.send(ask);
    }

    /// The centre's services, over this port's session.
    #[must_use]
    pub fn endpoints(&self) -> EndpointDoor {
        EndpointDoor(self.0.downgrade())
    }
}

/// Asks the centre's services beside the desk.
#[derive(Clone, Debug)]
pub struct EndpointDoor(mpsc::WeakUnboundedSender<Ask>);

impl Endpoints for EndpointDoor {
    fn call(&self, call: EndpointCall, answer: oneshot::Sender<Result<EndpointAnswer, String>>) {
        // Without a task the answer's sender is dropped, which tells who waits.
        if let Some(task) = self.0.upgrade() {
            let _ = task.send(Ask::Endpoint(call, answer));
        }
    }
}

impl Centre for Backend {
    fn open(&mut self, sign_in: SignIn) {
        self.post(Ask::Open(sign_in));
    }

    fn close(&mut self) {
        self.post(Ask::Close);
    }

    fn order(&mut self, command: CommandId, order: Order) {
        self.post(Ask::Order(command, order));
    }

    fn signal(&mut self, signal: VoiceSignal) {
        self.post(Ask::Signal(signal));
    }

    fn echo(&mut self, on: bool) {
        self.post(Ask::Echo(on));
    }

    fn search(&mut self, text: String) {
        self.post(Ask::Search(text));
    }

    fn history(&mut self, before: Option<InteractionId>) {
        self.post(Ask::History(before));
    }
}
