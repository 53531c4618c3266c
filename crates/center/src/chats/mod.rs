//! Chats: customers who write from the centre's page, and the agents who answer.
//!
//! Contract: pure. Time and ids are arguments; what is to be stored and told is read
//! with [`Chats::poll`]. Every message that was taken has one number, and is said to
//! both sides in the order of these numbers; a page's or an agent's repeat adds nothing.
//! An agent has at most [`Rules::per_agent`] chats that are not disposed.

mod agent;
mod chat;
mod page;
mod turns;
mod view;

pub use chat::{Chat, Phase};
pub use page::{Page, PageId, PageNews, PageState, Visitor};

use crate::acd::{self, Acd, Route};
use crate::calls::Ids;
use crate::setup::Setup;
use omnibar_model::{
    AgentId, CHAT_MESSAGES_MAX, CampaignId, Cause, ChatFrom, ChatMessage, InteractionId, Moment,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// A customer who has lost his agent goes before everybody of the same queue.
const RETURNED: i32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Chats that one agent has at one time, those to be disposed included.
    pub per_agent: usize,
    /// Customers who wait at one time, in all queues.
    pub waiting: usize,
    /// A customer whose page is not connected keeps his place in the queue this long.
    pub away_waiting: Duration,
    /// And his agent this long.
    pub away_open: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            per_agent: 3,
            waiting: 100,
            away_waiting: Duration::from_secs(60),
            away_open: Duration::from_secs(300),
        }
    }
}

/// Each is a sentence for a person: cause and next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChatFault {
    #[error("There is no such chat, or it is not yours.")]
    NoSuchChat,
    #[error("The chat is no longer offered to you.")]
    OfferOver,
    #[error("That cannot be done with this chat now.")]
    NotNow,
    #[error("A message has 1 to 4000 characters. Change it and send it again.")]
    BadText,
    #[error("This chat has as many messages as one may have. End it and begin another.")]
    Full,
    #[error("There is no such disposition in this campaign.")]
    NoSuchDisposition,
    #[error("There is no such campaign for you.")]
    NoSuchCampaign,
    #[error("There is no such queue. Reload the page.")]
    NoSuchQueue,
    #[error("The note is too long. Shorten it.")]
    NoteTooLong,
    #[error("You have as many chats as you may have. Finish one first.")]
    Busy,
    #[error("This centre reaches customers by chat only while they have the chat page open.")]
    NobodyThere,
    #[error("More than one customer fits. Give a number too.")]
    Ambiguous,
    #[error("The customer is in a chat with a colleague.")]
    WithColleague,
    #[error("Too many customers are waiting. Try again in a few minutes.")]
    TooManyWaiting,
    #[error("This page has a chat already.")]
    HasChat,
    #[error("This chat is over. Begin another.")]
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChatEffect {
    /// The chat as it is now; when it is over, its last word.
    Save(Arc<Chat>),
    Said {
        chat: InteractionId,
        message: ChatMessage,
    },
    Page {
        page: PageId,
        news: PageNews,
    },
    /// The agent no longer has it, for this reason.
    Left {
        chat: InteractionId,
        agent: AgentId,
        cause: Cause,
    },
    /// An offer was not taken in time.
    Missed {
        agent: AgentId,
    },
    /// For the history.
    Logged {
        chat: InteractionId,
        what: &'static str,
        detail: String,
    },
}

#[derive(Clone, Debug)]
pub struct Chats {
    setup: Arc<Setup>,
    rules: Rules,
    ids: Ids,
    acd: Acd,
    /// Those that are not closed.
    chats: BTreeMap<InteractionId, Arc<Chat>>,
    pages: BTreeMap<PageId, Page>,
    touched: BTreeSet<InteractionId>,
    missed: BTreeSet<AgentId>,
    out: VecDeque<ChatEffect>,
}

impl Chats {
    #[must_use]
    pub fn new(setup: Arc<Setup>, offers: acd::Rules, rules: Rules, ids: Ids) -> Self {
        let acd = Acd::new(offers, setup.queue_rules());
        Self {
            setup,
            rules,
            ids,
            acd,
            chats: BTreeMap::new(),
            pages: BTreeMap::new(),
            touched: BTreeSet::new(),
            missed: BTreeSet::new(),
            out: VecDeque::new(),
        }
    }

    pub fn set_setup(&mut self, setup: Arc<Setup>) {
        self.setup = setup;
    }

    /// A chat that was open when the centre stopped, with its newest messages. Whoever
    /// was offered it may not be there now, and no page is connected: while the centre
    /// was not there nobody could come back.
    pub fn load(&mut self, now: Moment, mut chat: Chat) {
        chat.away_since = Some(now);
        if matches!(chat.phase, Phase::Offered { .. }) {
            (chat.phase, chat.agent) = (Phase::Waiting, None);
        }
        let id = chat.id.clone();
        let waits = chat.is_routing();
        self.chats.insert(id.clone(), Arc::new(chat));
        self.touched.insert(id.clone());
        if waits {
            self.enter(now, &id);
        }
    }

    #[must_use]
    pub fn poll(&mut self) -> Option<ChatEffect> {
        self.out.pop_front()
    }

    /// Who has let an offer run out since this was last asked.
    #[must_use]
    pub fn take_missed(&mut self) -> BTreeSet<AgentId> {
        std::mem::take(&mut self.missed)
    }

    #[must_use]
    pub fn get(&self, id: &InteractionId) -> Option<&Chat> {
        self.chats.get(id).map(AsRef::as_ref)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Chat> {
        self.chats.values().map(AsRef::as_ref)
    }

    /// Offered to him, his, or his to dispose.
    pub fn of<'a>(&'a self, agent: &'a AgentId) -> impl Iterator<Item = &'a Chat> {
        self.iter().filter(move |c| c.agent.as_ref() == Some(agent))
    }

    /// The agent serves these campaigns, and is free for a chat since then or not at all.
    pub fn set_agent(
        &mut self,
        agent: &AgentId,
        campaigns: &BTreeSet<CampaignId>,
        free_since: Option<Moment>,
    ) {
        let newest = self.of(agent).filter_map(|c| c.assigned_at).max();
        let room = self.taken(agent) < self.rules.per_agent;
        // Who has just got one is asked after those who have waited longer.
        let since = free_since.filter(|_| room).map(|t| newest.map_or(t, |n| n.max(t)));
        self.acd.set_agent(agent, campaigns, since);
    }

    /// He is in a call, or away from his machine: what he is offered goes to others.
    pub fn occupied(&mut self, now: Moment, agent: &AgentId) {
        let offered: Vec<InteractionId> =
            self.of(agent).filter(|c| c.is_routing()).map(|c| c.id.clone()).collect();
        for id in offered {
            self.acd.reject(now, &id, agent);
        }
    }

    /// The agent has signed out: what he was offered goes on.
    pub fn remove_agent(&mut self, now: Moment, agent: &AgentId) {
        self.acd.remove_agent(now, agent);
    }

    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let chats = self.iter().filter_map(|c| self.due(c));
        chats.chain(self.acd.deadline()).min()
    }

    /// Chats that the agent has taken and not disposed.
    fn taken(&self, agent: &AgentId) -> usize {
        self.of(agent).filter(|c| !c.is_routing()).count()
    }

    fn due(&self, chat: &Chat) -> Option<Moment> {
        match chat.phase {
            Phase::Waiting | Phase::Offered { .. } => {
                chat.away_since.map(|t| t + self.rules.away_waiting)
            }
            Phase::Open => chat.away_since.map(|t| t + self.rules.away_open),
            Phase::Wrapping { until } => until,
            Phase::Closed => None,
        }
    }

    fn enter(&mut self, now: Moment, id: &InteractionId) {
        let Some(chat) = self.chats.get(id) else { return };
        let boost = if chat.returned { RETURNED } else { 0 };
        let route = Route::Queue { queue: chat.queue.clone(), boost };
        if self.acd.enter(now, id, route).is_err() {
            // Its queue is gone since it was there.
            self.close(now, id, Cause::NoAnswer);
        }
    }

    fn change(&mut self, id: &InteractionId) -> Option<&mut Chat> {
        let chat = self.chats.get_mut(id)?;
        self.touched.insert(id.clone());
        Some(Arc::make_mut(chat))
    }

    fn say(
        &mut self,
        now: Moment,
        id: &InteractionId,
        from: ChatFrom,
        (text, key): (String, Option<&str>),
    ) -> Result<u32, ChatFault> {
        let chat = self.change(id).ok_or(ChatFault::NoSuchChat)?;
        // The last ones are kept for what the centre has to say.
        let room = if from == ChatFrom::Notice { 0 } else { 10 };
        if chat.last_seq as usize + room >= CHAT_MESSAGES_MAX {
            return Err(ChatFault::Full);
        }
        let message = chat.add(now, from, text);
        if let Some(key) = key {
            chat.remember(key, message.seq);
        }
        let seq = message.seq;
        self.out.push_back(ChatEffect::Said { chat: id.clone(), message });
        Ok(seq)
    }

    fn notice(&mut self, now: Moment, id: &InteractionId, text: String) {
        // A chat that is full ends without the centre's words.
        let _ = self.say(now, id, ChatFrom::Notice, (text, None));
    }

    /// Over for everybody. Saved by [`Chats::follow`], and then forgotten.
    fn close(&mut self, now: Moment, id: &InteractionId, cause: Cause) {
        self.acd.remove(id);
        let Some(chat) = self.change(id) else { return };
        let agent = chat.agent.clone();
        chat.cause.get_or_insert(cause);
        chat.move_to(now, Phase::Closed);
        if let Some(agent) = agent {
            self.out.push_back(ChatEffect::Left { chat: id.clone(), agent, cause });
        }
        self.log(id, "chat_closed", crate::calls::cause_name(cause));
    }

    /// The conversation is over; the agent has to dispose it.
    fn wrap_up(&mut self, now: Moment, id: &InteractionId, cause: Cause) {
        let limit = self.get(id).and_then(|c| self.setup.wrap_up(&c.campaign));
        let Some(chat) = self.change(id) else { return };
        chat.cause = Some(cause);
        chat.move_to(now, Phase::Wrapping { until: limit.map(|l| now + l) });
        self.log(id, "chat_ended", crate::calls::cause_name(cause));
    }

    fn log(&mut self, chat: &InteractionId, what: &'static str, detail: impl Into<String>) {
        let chat = chat.clone();
        self.out.push_back(ChatEffect::Logged { chat, what, detail: detail.into() });
    }
}
