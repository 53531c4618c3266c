//! The way to the task that owns the core ([`crate::actor`]).

use crate::chats::{PageId, PageNews};
use crate::core::{Answer, ConnectionId, CoreInput, CustomerState, DeskNow, News, Whose};
use omnibar_model::{AgentId, LegId, QueueId};
use omnibar_protocol::{Code, ErrorObject};
use std::collections::BTreeSet;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Notifications that a connection may be behind before it is given up.
pub(crate) const OUTBOX: usize = 1024;

/// What a connection is to send.
#[derive(Debug)]
pub(crate) enum Outgoing {
    News { seq: u64, news: News },
    Close,
}

/// Where a connection takes what it is to send.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    pub(crate) sender: mpsc::Sender<Outgoing>,
    /// Cancelled when it has fallen too far behind.
    pub(crate) hang_up: CancellationToken,
}

/// What everybody may know of the floor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Floor {
    /// Agents who would take a call now.
    pub(crate) free: BTreeSet<AgentId>,
    /// Queues that one of them serves.
    pub(crate) served: BTreeSet<QueueId>,
    /// Customers who wait for an agent or are being offered to one.
    pub(crate) waiting: BTreeSet<LegId>,
}

/// What comes through a [`Door`].
#[derive(Debug)]
pub(crate) enum Knock {
    Input {
        input: CoreInput,
        id: Option<Uuid>,
        reply: oneshot::Sender<Answer>,
    },
    Attach {
        connection: ConnectionId,
        outbox: Outbox,
    },
    Watch {
        leg: LegId,
        states: mpsc::UnboundedSender<CustomerState>,
    },
    /// The leg under which this connection's voice goes.
    Leg {
        connection: ConnectionId,
        reply: oneshot::Sender<Option<(AgentId, LegId)>>,
    },
    Page {
        page: PageId,
        news: mpsc::Sender<PageNews>,
    },
    Candidates {
        leg: LegId,
        candidates: mpsc::UnboundedSender<String>,
    },
    Desk {
        whose: Whose,
        reply: oneshot::Sender<Option<DeskNow>>,
    },
    Stop {
        done: oneshot::Sender<()>,
    },
}

/// The way to the core. Clones lead to the same one.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) knocks: mpsc::Sender<Knock>,
    pub(crate) floor: watch::Receiver<Floor>,
}

impl Door {
    /// The answer is given after what it says was committed. A command with the `id`
    /// of an earlier one of the same user gets that one's answer.
    pub(crate) async fn input(&self, input: CoreInput, id: Option<Uuid>) -> Answer {
        let (reply, answer) = oneshot::channel();
        if self.knocks.send(Knock::Input { input, id, reply }).await.is_err() {
            return stopping();
        }
        answer.await.unwrap_or_else(|_| stopping())
    }

    pub(crate) async fn attach(&self, connection: ConnectionId, outbox: Outbox) {
        let _ = self.knocks.send(Knock::Attach { connection, outbox }).await;
    }

    /// Every [`CustomerState`] of this leg, until it has ended.
    pub(crate) async fn watch(&self, leg: LegId, states: mpsc::UnboundedSender<CustomerState>) {
        let _ = self.knocks.send(Knock::Watch { leg, states }).await;
    }

    /// ICE candidates that the switch has for this customer's leg.
    pub(crate) async fn candidates(&self, leg: LegId, candidates: mpsc::UnboundedSender<String>) {
        let _ = self.knocks.send(Knock::Candidates { leg, candidates }).await;
    }

    /// What this chat page is told. The channel is closed when it is told no more.
    pub(crate) async fn page(&self, page: PageId, news: mpsc::Sender<PageNews>) {
        let _ = self.knocks.send(Knock::Page { page, news }).await;
    }

    pub(crate) async fn leg(&self, connection: ConnectionId) -> Option<(AgentId, LegId)> {
        let (reply, leg) = oneshot::channel();
        self.knocks.send(Knock::Leg { connection, reply }).await.ok()?;
        leg.await.ok()?
    }

    /// `None`: there is no such session.
    pub(crate) async fn desk(&self, whose: Whose) -> Option<DeskNow> {
        let (reply, desk) = oneshot::channel();
        self.knocks.send(Knock::Desk { whose, reply }).await.ok()?;
        desk.await.ok()?
    }

    pub(crate) fn floor(&self) -> watch::Receiver<Floor> {
        self.floor.clone()
    }

    pub(crate) async fn stop(&self) {
        let (done, stopped) = oneshot::channel();
        if self.knocks.send(Knock::Stop { done }).await.is_ok() {
            let _ = stopped.await;
        }
    }
}

fn stopping() -> Answer {
    Err(ErrorObject::new(Code::Internal, "The centre is stopping. Try again in a moment."))
}
