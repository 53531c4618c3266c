//! The customer's side.

use super::{Chat, ChatEffect, ChatFault, Chats, Phase};
use omnibar_model::{
    Cause, ChatFrom, ChatMessage, Direction, InteractionId, Moment, Party, QueueId, chat_text,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Longest key of a page's message, in bytes: a UUID's text.
const LONGEST_KEY: usize = 36;

/// One WebSocket connection of a customer's chat page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageId(pub u64);

/// Who has the page open, as he says, with what the directory knows of his number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    pub customer: Party,
    pub customer_id: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Page {
    pub visitor: Visitor,
    pub(super) token_hash: String,
    /// The one that it shows.
    pub(super) chat: Option<InteractionId>,
    /// Messages up to this number were told.
    told_seq: u32,
    told: Option<PageState>,
}

/// What a customer is told of his chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageState {
    /// Nothing has begun.
    Idle,
    /// `position` counts from 1.
    Queued {
        position: usize,
    },
    /// An agent is being asked.
    Ringing,
    Open {
        agent: String,
    },
    Ended {
        cause: Cause,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageNews {
    State(PageState),
    /// `key`: under which this very page sent it.
    Message {
        message: ChatMessage,
        key: Option<String>,
    },
    /// The same chat was opened in another page.
    Replaced,
}

impl Chats {
    /// A customer has the page open and has not begun; an agent may begin.
    pub fn page_waits(
        &mut self,
        page: PageId,
        token_hash: &str,
        visitor: Visitor,
    ) -> Result<(), ChatFault> {
        if self.live_of(page).is_some() {
            return Err(ChatFault::HasChat);
        }
        let kept = Page {
            visitor,
            token_hash: token_hash.to_owned(),
            chat: None,
            told_seq: 0,
            told: None,
        };
        self.pages.insert(page, kept);
        Ok(())
    }

    /// The customer begins a chat.
    pub fn page_opens(
        &mut self,
        now: Moment,
        page: PageId,
        token_hash: &str,
        visitor: Visitor,
        queue: &QueueId,
    ) -> Result<InteractionId, ChatFault> {
        if self.live_of(page).is_some() {
            return Err(ChatFault::HasChat);
        }
        if !self.setup.queues.contains_key(queue) {
            return Err(ChatFault::NoSuchQueue);
        }
        if self.iter().filter(|c| c.is_routing()).count() >= self.rules.waiting {
            return Err(ChatFault::TooManyWaiting);
        }
        self.page_waits(page, token_hash, visitor)?;
        let id = self.begin(now, page, queue, Direction::Inbound).ok_or(ChatFault::NoSuchQueue)?;
        self.enter(now, &id);
        Ok(id)
    }

    /// The customer's page is back, or loaded anew: it gets the messages after `last`.
    pub fn page_back(
        &mut self,
        page: PageId,
        token_hash: &str,
        last: u32,
    ) -> Result<InteractionId, ChatFault> {
        if self.live_of(page).is_some() {
            return Err(ChatFault::HasChat);
        }
        let found = self.iter().find(|c| c.token_hash == token_hash && c.is_live());
        let chat = found.ok_or(ChatFault::Over)?;
        let (id, last) = (chat.id.clone(), last.min(chat.last_seq));
        let visitor = Visitor { customer: chat.customer.clone(), customer_id: chat.customer_id };
        let others: Vec<PageId> = self
            .pages
            .iter()
            .filter(|(_, p)| p.chat.as_ref() == Some(&id))
            .map(|(p, _)| *p)
            .collect();
        for other in others.into_iter().filter(|other| *other != page) {
            self.pages.remove(&other);
            self.out.push_back(ChatEffect::Page { page: other, news: PageNews::Replaced });
        }
        let chat = Some(id.clone());
        let token_hash = token_hash.to_owned();
        self.pages.insert(page, Page { visitor, token_hash, chat, told_seq: last, told: None });
        if let Some(chat) = self.change(&id) {
            chat.away_since = None;
        }
        Ok(id)
    }

    /// A repeat of a key gets the number that its first had.
    pub fn page_says(
        &mut self,
        now: Moment,
        page: PageId,
        key: &str,
        text: &str,
    ) -> Result<u32, ChatFault> {
        let id = self.live_of(page).ok_or(ChatFault::Over)?;
        if key.is_empty() || key.len() > LONGEST_KEY {
            return Err(ChatFault::BadText);
        }
        if let Some(seq) = self.get(&id).and_then(|c| c.seq_of(key)) {
            return Ok(seq);
        }
        let text = chat_text(text).ok_or(ChatFault::BadText)?;
        self.say(now, &id, ChatFrom::Customer, (text, Some(key)))
    }

    /// The customer ends it.
    pub fn page_leaves(&mut self, now: Moment, page: PageId) -> Result<(), ChatFault> {
        let id = self.live_of(page).ok_or(ChatFault::Over)?;
        self.customer_left(now, &id);
        Ok(())
    }

    /// The page's connection is lost; it may come back.
    pub fn page_gone(&mut self, now: Moment, page: PageId) {
        let Some(gone) = self.pages.remove(&page) else { return };
        let Some(id) = gone.chat else { return };
        if self.get(&id).is_some_and(Chat::is_live)
            && let Some(chat) = self.change(&id)
        {
            chat.away_since = Some(now);
        }
    }

    #[must_use]
    pub fn page(&self, page: PageId) -> Option<&Page> {
        self.pages.get(&page)
    }

    pub(super) fn customer_left(&mut self, now: Moment, id: &InteractionId) {
        let Some(chat) = self.get(id) else { return };
        match chat.phase {
            Phase::Waiting | Phase::Offered { .. } => self.close(now, id, Cause::Abandoned),
            Phase::Open => {
                self.notice(now, id, "The customer has left.".to_owned());
                self.wrap_up(now, id, Cause::CustomerHungUp);
            }
            Phase::Wrapping { .. } | Phase::Closed => {}
        }
    }

    /// `None` when there is no such page or queue.
    pub(super) fn begin(
        &mut self,
        now: Moment,
        page: PageId,
        queue: &QueueId,
        direction: Direction,
    ) -> Option<InteractionId> {
        let campaign = self.setup.queues.get(queue)?.queue.campaign.clone();
        let id = self.ids.interaction(now);
        let shows = self.pages.get_mut(&page)?;
        shows.chat = Some(id.clone());
        (shows.told_seq, shows.told) = (0, None);
        let chat = Chat {
            id: id.clone(),
            direction,
            campaign,
            queue: queue.clone(),
            customer: shows.visitor.customer.clone(),
            customer_id: shows.visitor.customer_id,
            record: None,
            token_hash: shows.token_hash.clone(),
            agent: None,
            phase: Phase::Waiting,
            since: now,
            opened_at: now,
            assigned_at: None,
            answered_at: None,
            talk_ms: 0,
            away_since: None,
            returned: false,
            cause: None,
            note: String::new(),
            disposition: None,
            last_seq: 0,
            keys: VecDeque::new(),
            recent: Vec::new(),
        };
        self.chats.insert(id.clone(), Arc::new(chat));
        self.touched.insert(id.clone());
        self.log(&id, "chat_opened", queue.as_str());
        Some(id)
    }

    /// Tells each page what has changed for it: messages in their order, then the state.
    pub(super) fn tell_pages(
        &mut self,
        now: Moment,
        names: &BTreeMap<omnibar_model::AgentId, String>,
    ) {
        let pages: Vec<PageId> = self.pages.keys().copied().collect();
        for page in pages {
            let Some(shown) = self.pages.get(&page) else { continue };
            let state = self.page_state(now, shown, names);
            let chat = shown.chat.as_ref().and_then(|id| self.chats.get(id)).cloned();
            let Some(shown) = self.pages.get_mut(&page) else { continue };
            if let Some(chat) = chat {
                for message in chat.recent.iter().filter(|m| m.seq > shown.told_seq) {
                    let key = chat.key_of(message.seq);
                    let news = PageNews::Message { message: message.clone(), key };
                    self.out.push_back(ChatEffect::Page { page, news });
                }
                shown.told_seq = chat.last_seq;
            }
            if shown.told.as_ref() != Some(&state) {
                shown.told = Some(state.clone());
                self.out.push_back(ChatEffect::Page { page, news: PageNews::State(state.clone()) });
            }
            if matches!(state, PageState::Ended { .. }) {
                // It is open still: an agent may begin another.
                shown.chat = None;
                shown.told = Some(PageState::Idle);
            }
        }
    }

    fn page_state(
        &self,
        now: Moment,
        page: &Page,
        names: &BTreeMap<omnibar_model::AgentId, String>,
    ) -> PageState {
        let Some(id) = &page.chat else { return PageState::Idle };
        let Some(chat) = self.chats.get(id) else {
            return PageState::Ended { cause: Cause::Dropped };
        };
        match chat.phase {
            Phase::Waiting => {
                PageState::Queued { position: self.acd.position(now, id).unwrap_or(1) }
            }
            Phase::Offered { .. } => PageState::Ringing,
            Phase::Open => {
                let agent = chat.agent.as_ref();
                let name = agent.and_then(|a| names.get(a)).cloned();
                PageState::Open { agent: name.unwrap_or_default() }
            }
            Phase::Wrapping { .. } | Phase::Closed => {
                PageState::Ended { cause: chat.cause.unwrap_or(Cause::Dropped) }
            }
        }
    }

    fn live_of(&self, page: PageId) -> Option<InteractionId> {
        let id = self.pages.get(&page)?.chat.as_ref()?;
        self.get(id).filter(|c| c.is_live()).map(|c| c.id.clone())
    }
}
