use omnibar_model::{CommandId, InteractionId};
use omnibar_protocol::{Command, Request};
use tokio::time::Instant;
use uuid::Uuid;

/// What a command's answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Order(CommandId),
    Choose(CommandId),
    /// In the outbox. `None`: made in an earlier run of the program.
    Kept(Option<CommandId>),
    Search(String),
    History(Option<InteractionId>),
    /// For whoever waits in the session's list of service calls.
    Endpoint,
    Offer,
    Candidate,
    Echo,
    Ping,
    Close,
}

#[derive(Debug)]
pub(crate) struct Waiting {
    /// The idempotency key, the same at every repeat.
    pub(crate) id: Uuid,
    pub(crate) command: Command,
    pub(crate) purpose: Purpose,
    pub(crate) since: Instant,
    sent: bool,
}

/// Commands that the centre has not answered, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Pending(Vec<Waiting>);

impl Pending {
    pub(crate) fn push(&mut self, id: Uuid, command: Command, purpose: Purpose) {
        self.0.push(Waiting { id, command, purpose, since: Instant::now(), sent: false });
    }

    pub(crate) fn count(&self, which: impl Fn(&Purpose) -> bool) -> usize {
        self.0.iter().filter(|w| which(&w.purpose)).count()
    }

    pub(crate) fn answered(&mut self, id: Uuid) -> Option<Waiting> {
        let at = self.0.iter().position(|w| w.id == id)?;
        Some(self.0.remove(at))
    }

    /// To be sent once more, before what was made after it.
    pub(crate) fn put_back(&mut self, mut waiting: Waiting) {
        waiting.sent = false;
        let place = self.0.iter().position(|w| w.since > waiting.since);
        self.0.insert(place.unwrap_or(self.0.len()), waiting);
    }

    pub(crate) fn forget(&mut self, which: impl Fn(&Purpose) -> bool) {
        self.0.retain(|w| !which(&w.purpose));
    }

    pub(crate) fn take(&mut self, which: impl Fn(&Waiting) -> bool) -> Vec<Waiting> {
        self.0.extract_if(.., |w| which(w)).collect()
    }

    /// The connection is another one: everything is to be sent again.
    pub(crate) fn unsend(&mut self) {
        for waiting in &mut self.0 {
            waiting.sent = false;
        }
    }

    /// Texts of what may be sent and has not been, oldest first.
    pub(crate) fn send(&mut self, may: impl Fn(&Purpose) -> bool) -> Vec<String> {
        let ready = self.0.iter_mut().filter(|w| !w.sent && may(&w.purpose));
        ready
            .map(|waiting| {
                waiting.sent = true;
                Request { id: waiting.id, command: waiting.command.clone() }.to_text()
            })
            .collect()
    }
}
