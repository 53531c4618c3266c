//! Everything that the centre knows while it runs, as one state machine.
//!
//! Contract: pure. [`Core::handle`] takes the time and one input and returns the
//! answer; what is to be stored, told and done is in [`Core::take_effects`], in
//! order. The actor stores it in one transaction before anybody is answered.

mod callbacks;
mod chats;
mod command;
mod customer;
mod desk;
mod news;
mod refusal;
mod session;
mod switch;

pub use chats::PageAsk;
pub use customer::CustomerState;
pub use desk::{DeskNow, OpenChat, OpenInteraction, Whose};
pub use news::News;
pub use session::{Account, How, OpenSession, Session};

use crate::acd::{Acd, Routed, Rules};
use crate::callbacks::{Callbacks, Kept};
use crate::calls::{Call, CallEffect, CallFault, Calls, Contact, Ids, Phase, RecordingNews};
use crate::chats::{self as chat, Chats, PageId, PageNews};
use crate::setup::Setup;
use crate::switch::{Arrival, LegStatus, SwitchCommand, SwitchEvent};
use omnibar_model::{
    AgentId, CallbackId, Cause, ChatMessage, Interaction, InteractionId, LegId, Moment, Party,
    QueueId, Record, VoiceRecord,
};
use omnibar_protocol::{Command, ErrorObject};
use refusal::refuse;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// One WebSocket connection of an agent's desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

#[derive(Clone, Copy, Debug)]
pub struct Timings {
    pub acd: Rules,
    /// A session without a connection is kept this long.
    pub session_ttl: Duration,
    pub heartbeat: Duration,
    pub chats: chat::Rules,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            acd: Rules::default(),
            session_ttl: Duration::from_secs(120),
            heartbeat: Duration::from_secs(10),
            chats: chat::Rules::default(),
        }
    }
}

#[derive(Clone, Debug)]
pub enum CoreInput {
    /// A deadline has come.
    Tick,
    Open(OpenSession),
    Command {
        connection: ConnectionId,
        command: Command,
        /// The name that belongs to a dialled number, if it is known.
        contact: Contact,
    },
    /// Of a server that acts for an agent: in this order, and nothing happens between.
    /// The first that is refused is the last. Answer: that of the last one done.
    Orders {
        user: AgentId,
        orders: Vec<Command>,
        /// As with [`CoreInput::Command`].
        contact: Contact,
        /// Kept with the history of the last interaction that was named or begun.
        detail: String,
    },
    /// The CRM record that this agent's interaction is about; `None`: no more any.
    Link {
        user: AgentId,
        interaction: InteractionId,
        record: Option<Record>,
    },
    Disconnected {
        connection: ConnectionId,
    },
    /// A customer's chat page. A page says nothing twice: its messages have keys.
    Page {
        page: PageId,
        ask: PageAsk,
    },
    /// An administrator has laid something down anew. Queues and their order stay.
    Setup(Arc<Setup>),
    /// The switch has answered the agent's offer: his voice leg exists.
    VoiceUp {
        user: AgentId,
        leg: LegId,
    },
    /// A customer's leg is up and he wants this queue. Answer: the interaction's id.
    Arrived {
        leg: LegId,
        customer: Party,
        /// In the directory.
        customer_id: Option<u64>,
        queue: QueueId,
        /// Somebody wants to know of every [`CustomerState`].
        watched: bool,
    },
    Switch(SwitchEvent),
    /// The switch's answer to [`CoreEffect::Record`].
    Recording {
        leg: LegId,
        news: RecordingNews,
    },
    /// What the switch had when the centre came (back) to it.
    SwitchListed {
        legs: Vec<LegStatus>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoreEffect {
    SaveSession(Box<Session>),
    DeleteSession(Uuid),
    SaveCallback(Arc<Kept>),
    DeleteCallback(CallbackId),
    SaveCall(Call),
    /// The chat as it is now, or its last word.
    SaveChat(Arc<chat::Chat>),
    AddMessage {
        chat: InteractionId,
        message: ChatMessage,
    },
    Page {
        page: PageId,
        news: PageNews,
    },
    /// The last word on a call that is over.
    CloseCall(Call),
    /// What the voice of an interaction of this agent was like, if it is his.
    Measured {
        user: AgentId,
        interaction: InteractionId,
        record: Box<VoiceRecord>,
    },
    Log {
        interaction: InteractionId,
        at: Moment,
        what: &'static str,
        detail: String,
    },
    Notify {
        session: Uuid,
        connection: Option<ConnectionId>,
        seq: u64,
        news: News,
    },
    /// Sent again on a new connection; stored before.
    Replay {
        connection: ConnectionId,
        seq: u64,
        news: News,
    },
    Close {
        connection: ConnectionId,
    },
    Switch(SwitchCommand),
    /// Found at the switch: a customer of whom nothing is known.
    Arrived {
        leg: LegId,
        arrival: Arrival,
    },
    /// The switch is to record this customer's leg in the file of this call.
    Record {
        leg: LegId,
        call: InteractionId,
    },
    Customer {
        leg: LegId,
        state: CustomerState,
    },
}

pub type Answer = Result<Value, ErrorObject>;

/// Notifications that a client may have missed; older ones give way to a snapshot.
pub const JOURNAL: usize = 256;

#[derive(Clone, Debug)]
pub struct Core {
    setup: Arc<Setup>,
    timings: Timings,
    acd: Acd,
    calls: Calls,
    chats: Chats,
    shown_chats: chats::Shown,
    sessions: BTreeMap<AgentId, Session>,
    names: BTreeMap<AgentId, String>,
    /// What each agent was last told of each interaction.
    shown: BTreeMap<(AgentId, InteractionId), Interaction>,
    farewells: BTreeMap<(AgentId, InteractionId), Cause>,
    watched: BTreeMap<LegId, Option<CustomerState>>,
    /// Shared with the copies that a turn keeps, until it changes something.
    callbacks: Arc<Callbacks>,
    shown_callbacks: Arc<callbacks::Shown>,
    callback_ids: Ids,
    /// For each list that the switch was asked for and has not given: the legs that are lost
    /// if it has them no more. Others were made since.
    listing: VecDeque<BTreeSet<LegId>>,
    effects: Vec<CoreEffect>,
}

impl Core {
    #[must_use]
    pub fn new(setup: Arc<Setup>, timings: Timings, seed: u64) -> Self {
        let acd = Acd::new(timings.acd, setup.queue_rules());
        let calls = Calls::new(Arc::clone(&setup), Ids::new(seed));
        // Ids of their own, which never meet those of calls.
        let chat_ids = Ids::new(seed.rotate_left(32));
        let chats = Chats::new(Arc::clone(&setup), timings.acd, timings.chats, chat_ids);
        Self {
            setup,
            timings,
            acd,
            calls,
            chats,
            shown_chats: chats::Shown::new(),
            sessions: BTreeMap::new(),
            names: BTreeMap::new(),
            shown: BTreeMap::new(),
            farewells: BTreeMap::new(),
            watched: BTreeMap::new(),
            callbacks: Arc::default(),
            shown_callbacks: Arc::default(),
            callback_ids: Ids::new(!seed),
            listing: VecDeque::new(),
            effects: Vec::new(),
        }
    }

    /// State of a centre that was stopped or killed.
    pub fn load(&mut self, now: Moment, calls: Vec<Call>, sessions: Vec<Session>) {
        for mut call in calls {
            for seat in &mut call.seats {
                // Whoever was being offered it may not be there now.
                if matches!(seat.phase, Phase::Offered { .. }) {
                    seat.phase = Phase::Waiting;
                    seat.agent = None;
                }
            }
            self.calls.load(call);
        }
        for mut session in sessions {
            session.come_back(now);
            self.names.insert(session.user.clone(), session.name.clone());
            self.sessions.insert(session.user.clone(), session);
        }
    }

    /// Callbacks of a centre that was stopped or killed.
    /// Chats that were open when the centre stopped, each with its newest messages.
    pub fn load_chats(&mut self, now: Moment, chats: Vec<chat::Chat>) {
        chats.into_iter().for_each(|chat| self.chats.load(now, chat));
    }

    pub fn load_callbacks(&mut self, callbacks: Vec<Kept>) {
        let all = Arc::make_mut(&mut self.callbacks);
        callbacks.into_iter().for_each(|kept| all.load(kept));
    }

    pub fn handle(&mut self, now: Moment, input: CoreInput) -> Answer {
        let answer = match input {
            CoreInput::Tick => {
                self.expire_sessions(now);
                self.calls.tick(now);
                Ok(Value::Null)
            }
            CoreInput::Open(open) => self.open(now, open),
            CoreInput::Command { connection, command, contact } => {
                self.command(now, connection, command, contact)
            }
            CoreInput::Orders { user, orders, contact, detail } => {
                self.orders(now, &user, orders, &contact, detail)
            }
            CoreInput::Link { user, interaction, record } => {
                if self.chats.get(&interaction).is_some() {
                    match self.chats.link(&user, &interaction, record) {
                        Ok(()) => Ok(Value::Null),
                        Err(fault) => chats::refuse_chat(fault),
                    }
                } else {
                    match self.calls.link(&user, &interaction, record) {
                        Ok(()) => Ok(Value::Null),
                        Err(fault) => refuse(fault),
                    }
                }
            }
            CoreInput::Setup(setup) => {
                self.calls.set_setup(Arc::clone(&setup));
                self.chats.set_setup(Arc::clone(&setup));
                self.setup = setup;
                // Numbers may be hidden from now on.
                Arc::make_mut(&mut self.callbacks).touch();
                Ok(Value::Null)
            }
            CoreInput::Page { page, ask } => self.page(now, page, ask),
            CoreInput::Disconnected { connection } => {
                self.disconnected(now, connection);
                Ok(Value::Null)
            }
            CoreInput::VoiceUp { user, leg } => {
                if self.sessions.get(&user).is_some_and(|s| s.leg == leg) {
                    self.calls.set_voice(&user, Some(leg));
                }
                Ok(Value::Null)
            }
            CoreInput::Arrived { leg, customer, customer_id, queue, watched } => {
                self.arrived(now, &leg, customer, customer_id, &queue, watched)
            }
            CoreInput::Switch(event) => {
                self.switch(now, event);
                Ok(Value::Null)
            }
            CoreInput::Recording { leg, news } => {
                self.calls.recording(&leg, news);
                Ok(Value::Null)
            }
            CoreInput::SwitchListed { legs } => {
                self.switch_listed(now, &legs);
                Ok(Value::Null)
            }
        };
        self.follow(now);
        answer
    }

    #[must_use]
    pub fn take_effects(&mut self) -> Vec<CoreEffect> {
        std::mem::take(&mut self.effects)
    }

    /// When [`CoreInput::Tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let sessions = self
            .sessions
            .values()
            .filter_map(|s| s.lost_at.map(|lost| lost + self.timings.session_ttl));
        sessions
            .chain(self.acd.deadline())
            .chain(self.calls.deadline())
            .chain(self.callbacks.deadline())
            .chain(self.chats.deadline())
            .min()
    }

    #[must_use]
    pub fn session(&self, user: &AgentId) -> Option<&Session> {
        self.sessions.get(user)
    }

    #[must_use]
    pub fn session_on(&self, connection: ConnectionId) -> Option<&Session> {
        self.sessions.values().find(|s| s.connection == Some(connection))
    }

    /// Everybody who has a session.
    pub fn users(&self) -> impl Iterator<Item = &AgentId> {
        self.sessions.keys()
    }

    #[must_use]
    pub fn setup(&self) -> &Arc<Setup> {
        &self.setup
    }

    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    #[must_use]
    pub fn chats(&self) -> &Chats {
        &self.chats
    }

    #[must_use]
    pub fn acd(&self) -> &Acd {
        &self.acd
    }
}

impl Core {
    fn arrived(
        &mut self,
        now: Moment,
        leg: &LegId,
        customer: Party,
        customer_id: Option<u64>,
        queue: &QueueId,
        watched: bool,
    ) -> Answer {
        if self.calls.by_leg(leg).is_some() {
            return refuse(CallFault::NotNow);
        }
        match self.calls.arrive(now, leg, customer, customer_id, queue) {
            Ok(id) => {
                if watched {
                    self.watched.insert(leg.clone(), None);
                }
                Ok(Value::String(id.to_string()))
            }
            Err(fault) => refuse(fault),
        }
    }

    /// Lets everything that follows from a change happen, until nothing more does.
    fn follow(&mut self, now: Moment) {
        loop {
            while let Some(effect) = self.calls.poll() {
                self.call_effect(now, effect);
            }
            self.derive_states(now);
            self.acd.tick(now);
            let mut any = false;
            while let Some(routed) = self.acd.poll() {
                any = true;
                self.routed(now, routed);
            }
            if !any {
                // A call goes before a chat.
                self.derive_chats(now);
                any = self.route_chats(now);
            }
            if !any {
                break;
            }
        }
        self.follow_callbacks(now);
        self.show(now);
        self.follow_chats(now);
        self.tell_customers(now);
        let over = self.calls.take_over();
        let ended: BTreeSet<InteractionId> = over.iter().map(|c| c.id.clone()).collect();
        self.effects.extend(over.into_iter().map(CoreEffect::CloseCall));
        for id in self.calls.take_touched() {
            if let Some(call) = self.calls.get(&id).filter(|c| !ended.contains(&c.id)) {
                self.effects.push(CoreEffect::SaveCall(call.clone()));
            }
        }
    }

    fn call_effect(&mut self, now: Moment, effect: CallEffect) {
        match effect {
            CallEffect::Switch(command) => self.effects.push(CoreEffect::Switch(command)),
            CallEffect::Record { leg, call } => {
                self.effects.push(CoreEffect::Record { leg, call });
            }
            CallEffect::Enter { interaction, route } => {
                if self.acd.enter(now, &interaction, route).is_err() {
                    self.calls.undelivered(now, &interaction, Cause::NoAnswer);
                }
            }
            CallEffect::Remove { interaction } => self.acd.remove(&interaction),
            CallEffect::Left { interaction, agent, cause } => {
                self.farewells.insert((agent, interaction), cause);
            }
            CallEffect::Logged { interaction, what, detail } => {
                self.effects.push(CoreEffect::Log { interaction, at: now, what, detail });
            }
        }
    }

    fn routed(&mut self, now: Moment, routed: Routed) {
        match routed {
            Routed::Offered { interaction, agent, expires } => {
                self.calls.offered(now, &interaction, &agent, expires);
            }
            Routed::Withdrawn { interaction, agent, cause } => {
                if cause == Cause::NoAnswer
                    && let Some(session) = self.sessions.get_mut(&agent)
                {
                    session.missed = true;
                }
                self.calls.withdrawn(now, &interaction, &agent, cause);
            }
            Routed::Undelivered { interaction, cause } => {
                self.calls.undelivered(now, &interaction, cause);
            }
        }
    }
}
