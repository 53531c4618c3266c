//! An extension of an exchange: `omnibar_sip`'s user agent over a WebSocket (RFC 7118).
//!
//! ```text
//!  Extension ──Command──▶ task ──▶ UserAgent ──Output──▶ WebSocket ◀──▶ exchange
//!            ◀─ExtensionEvent─┘ ◀──Input (frames, time)──┘
//! ```
//!
//! Frames may hold credentials and numbers: nothing here logs one. At DEBUG stand the
//! method or status of each message and its Call-ID.

mod check;
mod described;
mod dial;
mod phone;
mod servers;
mod task;
pub mod words;

pub use check::{CallTest, Check, CheckFault, Checked, Outcome, Step, Verdict, check};
pub use described::with_candidates;
pub use dial::{CertificateFault, ConnectFault, WebSocketUrl};
pub use omnibar_sip as core;
pub(crate) use phone::Door;
pub use phone::{Agreed, Phone, PhoneConfig, PhoneEvent, VoiceFault};
pub use servers::{BadServer, stun_server, turn_server};

use omnibar_sip::{Account, Command, Event};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

#[derive(Debug)]
pub struct ExtensionConfig {
    pub account: Account,
    pub server: WebSocketUrl,
    /// Certificate authorities (PEM) that are trusted beside the system's.
    pub extra_ca: Option<PathBuf>,
}

#[derive(Debug)]
pub enum ExtensionEvent {
    /// The WebSocket is up.
    Connected,
    /// It could not be made or it broke. Tried again by itself after that time; calls
    /// that are up go on meanwhile.
    Disconnected { fault: ConnectFault, again_in: Duration },
    /// What the user agent tells.
    Sip(Event),
}

/// The handle of an extension's task. Every method posts and returns; dropping it closes
/// the connection at once, without telling the exchange.
#[derive(Debug)]
pub struct Extension {
    orders: mpsc::UnboundedSender<task::Order>,
}

impl Extension {
    /// Connects, and stays connected. Nothing is registered before [`Command::Register`].
    ///
    /// # Errors
    /// The system gives no random numbers.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(
        config: ExtensionConfig,
    ) -> Result<(Self, mpsc::UnboundedReceiver<ExtensionEvent>), getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let (orders, ordered) = mpsc::unbounded_channel();
        let (events, posted) = mpsc::unbounded_channel();
        tokio::spawn(task::Task::new(config, seed, events).run(ordered));
        Ok((Self { orders }, posted))
    }

    pub fn command(&self, command: Command) {
        self.post(task::Order::Command(Box::new(command)));
    }

    /// Makes a new connection now: for a machine that has changed networks or woken up.
    pub fn reconnect(&self) {
        self.post(task::Order::Reconnect);
    }

    /// Ends all calls, gives the registration up and closes the connection. Takes two
    /// seconds at most.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        self.post(task::Order::Close(done));
        // A task that is gone has closed.
        let _ = closed.await;
    }

    fn post(&self, order: task::Order) {
        // The task is gone only when the runtime is being shut down.
        let _ = self.orders.send(order);
    }
}
