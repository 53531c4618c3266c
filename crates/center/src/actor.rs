//! The one task that owns the core. It receives, lets the core decide, commits, and
//! only then answers, notifies and steers the switch. What arrives together is
//! committed together.

use crate::chats::{PageId, PageNews};
use crate::clock::Clock;
use crate::core::{Answer, ConnectionId, Core, CoreEffect, CoreInput, CustomerState, PageAsk};
use crate::directory;
use crate::door::{Door, Floor, Knock, Outbox, Outgoing};
use crate::orders::perform;
use crate::store::{Store, Write};
use crate::switch::{Arrival, SwitchCommand, SwitchEvent};
use crate::switchboard::Voice;
use omnibar_model::{AgentId, LegId};
use omnibar_protocol::{Code, ErrorObject};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// Words of a call's history that stand in the log too; their details name users at most.
const AUDITED: [&str; 6] = [
    "monitored",
    "monitor_ended",
    "recording_paused",
    "recording_resumed",
    "recording_not_paused",
    "recording_not_resumed",
];
/// Inputs of one transaction at most.
const BATCH: usize = 64;

pub(crate) struct Actor {
    core: Core,
    store: Store,
    clock: Clock,
    commands: mpsc::UnboundedSender<SwitchCommand>,
    recordings: PathBuf,
    outboxes: BTreeMap<ConnectionId, Outbox>,
    customers: BTreeMap<LegId, mpsc::UnboundedSender<CustomerState>>,
    pages: BTreeMap<PageId, mpsc::Sender<PageNews>>,
    candidates: BTreeMap<LegId, mpsc::UnboundedSender<String>>,
    floor: watch::Sender<Floor>,
    /// Events of the switch that could not be committed and must not be lost.
    again: Vec<CoreInput>,
    /// Customers whom the switch has and the core does not know.
    found: Vec<(LegId, Arrival)>,
}

struct Item {
    input: CoreInput,
    id: Option<Uuid>,
    reply: Option<oneshot::Sender<Answer>>,
}

struct Done {
    item: Item,
    user: Option<AgentId>,
    answer: Answer,
    effects: Vec<CoreEffect>,
}

/// Starts the actor on a core that has been loaded.
/// `recordings`: the folder for them, absolute: the switch may run elsewhere.
pub(crate) fn start(
    core: Core,
    store: Store,
    clock: Clock,
    voice: Voice,
    recordings: PathBuf,
) -> Door {
    let (knocks, inbox) = mpsc::channel(BATCH * 4);
    let (commands, orders) = mpsc::unbounded_channel();
    let (refused, refusals) = mpsc::unbounded_channel();
    let (floor, seen) = watch::channel(Floor::default());
    let Voice { link, events, replaced } = voice;
    tokio::spawn(perform(link, orders, refused));
    let actor = Actor {
        core,
        store,
        clock,
        commands,
        recordings,
        outboxes: BTreeMap::new(),
        customers: BTreeMap::new(),
        pages: BTreeMap::new(),
        candidates: BTreeMap::new(),
        floor,
        again: Vec::new(),
        found: Vec::new(),
    };
    tokio::spawn(actor.run(inbox, events, refusals, replaced));
    Door { knocks, floor: seen }
}

impl Actor {
    async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Knock>,
        mut events: mpsc::UnboundedReceiver<SwitchEvent>,
        mut refusals: mpsc::UnboundedReceiver<CoreInput>,
        mut replaced: mpsc::UnboundedReceiver<()>,
    ) {
        // What a switch that outlived us still has; nothing, if it started with us.
        self.list();
        loop {
            let mut batch: Vec<Item> =
                std::mem::take(&mut self.again).into_iter().map(Item::quiet).collect();
            for (leg, arrival) in std::mem::take(&mut self.found) {
                self.event(SwitchEvent::Arrived { leg, arrival }, &mut batch).await;
            }
            let deadline = self.core.deadline().map(|at| self.clock.instant(at));
            let timer = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            if batch.is_empty() {
                tokio::select! {
                    knock = inbox.recv() => match knock {
                        Some(Knock::Stop { done }) => { let _ = done.send(()); return }
                        Some(knock) => self.admit(knock, &mut batch),
                        None => return,
                    },
                    Some(event) = events.recv() => self.event(event, &mut batch).await,
                    Some(input) = refusals.recv() => batch.push(Item::quiet(input)),
                    Some(()) = replaced.recv() => self.list(),
                    () = timer => batch.push(Item::quiet(CoreInput::Tick)),
                }
            }
            while batch.len() < BATCH {
                if let Ok(event) = events.try_recv() {
                    self.event(event, &mut batch).await;
                } else if let Ok(knock) = inbox.try_recv() {
                    if let Knock::Stop { done } = knock {
                        self.turn(batch).await;
                        let _ = done.send(());
                        return;
                    }
                    self.admit(knock, &mut batch);
                } else {
                    break;
                }
            }
            self.turn(batch).await;
        }
    }

    fn list(&mut self) {
        self.core.switch_asked();
        let _ = self.commands.send(SwitchCommand::List);
    }

    fn admit(&mut self, knock: Knock, batch: &mut Vec<Item>) {
        match knock {
            Knock::Input { input, id, reply } => {
                batch.push(Item { input, id, reply: Some(reply) });
            }
            Knock::Attach { connection, outbox } => {
                self.outboxes.insert(connection, outbox);
            }
            Knock::Watch { leg, states } => {
                self.customers.insert(leg, states);
            }
            Knock::Candidates { leg, candidates } => {
                self.candidates.insert(leg, candidates);
            }
            Knock::Page { page, news } => {
                self.pages.insert(page, news);
            }
            Knock::Leg { connection, reply } => {
                let session = self.core.session_on(connection);
                let _ = reply.send(session.map(|s| (s.user.clone(), s.leg.clone())));
            }
            Knock::Desk { whose, reply } => {
                let _ = reply.send(self.core.desk(&whose));
            }
            // Taken by the loop.
            Knock::Stop { done } => drop(done),
        }
    }

    async fn event(&mut self, event: SwitchEvent, batch: &mut Vec<Item>) {
        if let SwitchEvent::Candidate { leg, candidate } = &event
            && let Some(customer) = self.candidates.get(leg)
        {
            let _ = customer.send(candidate.clone());
            return;
        }
        if let SwitchEvent::Gone { leg, .. } = &event {
            self.candidates.remove(leg);
        }
        let input = match event {
            // Looked up here, in its turn: a caller who hangs up next is not forgotten.
            SwitchEvent::Arrived { leg, arrival } => {
                directory::arrived(&self.store, leg, arrival).await
            }
            other => CoreInput::Switch(other),
        };
        batch.push(Item::quiet(input));
    }

    /// One transaction: all of the batch, or none of it.
    async fn turn(&mut self, batch: Vec<Item>) {
        let before = self.core.clone();
        let now = self.clock.now();
        let mut turn = Vec::with_capacity(batch.len());
        for item in batch {
            let user = self.user_of(&item.input);
            if let (Some(user), Some(id)) = (&user, item.id)
                && let Some(answer) = self.answered(user, id, &turn).await
            {
                // Answered with the others: the first may be in this very transaction.
                turn.push(Done { item, user: None, answer, effects: Vec::new() });
                continue;
            }
            let answer = self.core.handle(now, item.input.clone());
            let effects = self.core.take_effects();
            // A server sends the same request again until it is done.
            let refused = answer.is_err() && matches!(item.input, CoreInput::Orders { .. });
            let user = user.filter(|_| !refused);
            turn.push(Done { item, user, answer, effects });
        }
        let writes: Vec<Write<'_>> = turn
            .iter()
            .map(|done| Write {
                now,
                effects: &done.effects,
                answer: done.user.as_ref().zip(done.item.id).map(|(u, id)| (u, id, &done.answer)),
            })
            .filter(|w| !w.effects.is_empty() || w.answer.is_some())
            .collect();
        let committed = if writes.is_empty() { Ok(()) } else { self.store.commit(&writes).await };
        drop(writes);
        match committed {
            Ok(()) => turn.into_iter().for_each(|done| self.publish(done)),
            Err(fault) => {
                tracing::error!(%fault, "nothing of this turn was kept");
                self.core = before;
                self.give_up(turn).await;
            }
        }
        self.tell_floor();
    }

    /// Whose idempotency key goes with this input.
    fn user_of(&self, input: &CoreInput) -> Option<AgentId> {
        match input {
            CoreInput::Command { connection, .. } => {
                self.core.session_on(*connection).map(|s| s.user.clone())
            }
            CoreInput::Orders { user, .. } => Some(user.clone()),
            CoreInput::Tick
            | CoreInput::Open(_)
            | CoreInput::Link { .. }
            | CoreInput::Disconnected { .. }
            | CoreInput::Page { .. }
            | CoreInput::Setup(_)
            | CoreInput::VoiceUp { .. }
            | CoreInput::Arrived { .. }
            | CoreInput::Switch(_)
            | CoreInput::Recording { .. }
            | CoreInput::SwitchListed { .. } => None,
        }
    }

    async fn answered(&self, user: &AgentId, id: Uuid, turn: &[Done]) -> Option<Answer> {
        let same = |d: &&Done| d.user.as_ref() == Some(user) && d.item.id == Some(id);
        if let Some(done) = turn.iter().find(same) {
            return Some(done.answer.clone());
        }
        match self.store.answered(user, id).await {
            Ok(found) => found,
            Err(fault) => {
                tracing::error!(%fault, "earlier answers cannot be read");
                Some(Err(ErrorObject::new(
                    Code::Internal,
                    "The centre's database failed. Try again in a moment.",
                )))
            }
        }
    }

    async fn give_up(&mut self, turn: Vec<Done>) {
        for done in turn {
            match done.item.reply {
                Some(reply) => {
                    let _ = reply.send(Err(ErrorObject::new(
                        Code::Internal,
                        "The centre could not save that; nothing was done. Try again.",
                    )));
                    if has_happened(&done.item.input) {
                        self.again.push(done.item.input);
                    }
                }
                None => self.again.push(done.item.input),
            }
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    fn publish(&mut self, done: Done) {
        if let (CoreInput::Arrived { leg, queue, .. }, Err(fault), None) =
            (&done.item.input, &done.answer, &done.item.reply)
            && self.core.calls().by_leg(leg).is_none()
        {
            // Nobody else would ever let him go.
            tracing::error!(%queue, fault = fault.message, "a caller was sent away: name one of the centre's queues in the exchange");
            let _ = self.commands.send(SwitchCommand::Close { leg: leg.clone() });
        }
        if let Some(reply) = done.item.reply {
            let _ = reply.send(done.answer);
        }
        for effect in done.effects {
            match effect {
                CoreEffect::Notify { connection: Some(connection), seq, news, .. }
                | CoreEffect::Replay { connection, seq, news } => {
                    self.send(connection, Outgoing::News { seq, news });
                }
                CoreEffect::Close { connection } => {
                    self.send(connection, Outgoing::Close);
                    self.outboxes.remove(&connection);
                }
                CoreEffect::Switch(command) => {
                    let _ = self.commands.send(command);
                }
                CoreEffect::Record { leg, call } => {
                    let file = Some(self.recordings.join(format!("{call}.wav")));
                    let _ = self.commands.send(SwitchCommand::Record { leg, file });
                }
                CoreEffect::Arrived { leg, arrival } => self.found.push((leg, arrival)),
                CoreEffect::Page { page, news } => self.tell_page(page, news),
                CoreEffect::Customer { leg, state } => {
                    let ended = matches!(state, CustomerState::Ended { .. });
                    if let Some(states) = self.customers.get(&leg) {
                        let _ = states.send(state);
                    }
                    if ended {
                        self.customers.remove(&leg);
                        self.candidates.remove(&leg);
                    }
                }
                CoreEffect::Log { interaction, what, detail, .. } if AUDITED.contains(&what) => {
                    tracing::info!(%interaction, what, detail, "audited");
                }
                CoreEffect::Notify { connection: None, .. }
                | CoreEffect::SaveSession(_)
                | CoreEffect::DeleteSession(_)
                | CoreEffect::SaveCallback(_)
                | CoreEffect::DeleteCallback(_)
                | CoreEffect::SaveChat(_)
                | CoreEffect::AddMessage { .. }
                | CoreEffect::SaveCall(_)
                | CoreEffect::CloseCall(_)
                | CoreEffect::Measured { .. }
                | CoreEffect::Log { .. } => {}
            }
        }
        match done.item.input {
            CoreInput::Page { page, ask: PageAsk::Gone } => {
                self.pages.remove(&page);
            }
            CoreInput::Disconnected { connection } => {
                self.outboxes.remove(&connection);
            }
            // Also one who went without ever having called.
            CoreInput::Switch(SwitchEvent::Gone { leg, .. }) => {
                self.customers.remove(&leg);
                self.candidates.remove(&leg);
            }
            _ => {}
        }
    }

    /// A page that does not read loses its connection, not its chat: it can come back.
    fn tell_page(&mut self, page: PageId, news: PageNews) {
        let replaced = news == PageNews::Replaced;
        let lost = self.pages.get(&page).is_some_and(|told| told.try_send(news).is_err());
        if lost || replaced {
            self.pages.remove(&page);
        }
    }

    /// One who does not read loses the connection, not the session: he can resume.
    fn send(&mut self, connection: ConnectionId, outgoing: Outgoing) {
        let Some(outbox) = self.outboxes.get(&connection) else { return };
        if outbox.sender.try_send(outgoing).is_err() {
            outbox.hang_up.cancel();
            self.outboxes.remove(&connection);
        }
    }

    fn tell_floor(&self) {
        let acd = self.core.acd();
        let calls = self.core.calls();
        let floor = Floor {
            free: self.core.users().filter(|user| acd.is_free(user)).cloned().collect(),
            served: self
                .core
                .setup()
                .queues
                .keys()
                .filter(|queue| acd.is_served(queue))
                .cloned()
                .collect(),
            waiting: calls
                .iter()
                .filter(|c| c.seats.iter().any(|s| s.phase.is_routing()))
                .filter_map(|c| c.customer().map(|o| o.leg.clone()))
                .collect(),
        };
        self.floor.send_if_modified(|old| {
            let changed = *old != floor;
            *old = floor;
            changed
        });
    }
}

impl Item {
    fn quiet(input: CoreInput) -> Self {
        Self { input, id: None, reply: None }
    }
}

/// Nobody can try again to leave.
fn has_happened(input: &CoreInput) -> bool {
    matches!(
        input,
        CoreInput::Disconnected { .. }
            | CoreInput::Page { ask: PageAsk::Gone, .. }
            | CoreInput::Switch(SwitchEvent::Gone { .. })
    )
}

/// An answer that holds nothing.
pub(crate) fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

#[cfg(test)]
#[path = "actor_test.rs"]
mod tests;
