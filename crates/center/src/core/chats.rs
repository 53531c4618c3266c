//! Chats among the rest: what agents and pages ask, what is stored, and what agents are
//! told of them.

use super::{Answer, Core, CoreEffect, News};
use crate::chats::{ChatEffect, ChatFault, PageId, Visitor};
use omnibar_model::{
    self as model, AgentId, AgentState, Cause, ChatMessage, ChatPhase, InteractionId, Moment,
    QueueId, newest_messages,
};
use omnibar_protocol::{Code, Command, ErrorObject, wire};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a customer's chat page asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageAsk {
    /// It is open, and nothing has begun.
    Wait {
        token_hash: String,
        visitor: Visitor,
    },
    /// Answer: the chat's id.
    Open {
        token_hash: String,
        visitor: Visitor,
        queue: QueueId,
    },
    /// Back with its token, having messages up to `last`.
    Back {
        token_hash: String,
        last: u32,
    },
    /// Answer: the message's number.
    Say {
        key: String,
        text: String,
    },
    Leave,
    /// Its connection is lost.
    Gone,
}

/// What each agent was last told of each chat, and up to which of its messages.
pub(super) type Shown = BTreeMap<(AgentId, InteractionId), (model::Chat, u32)>;

impl Core {
    pub(super) fn chat_command(&mut self, now: Moment, user: &AgentId, command: Command) -> Answer {
        let name = self.names.get(user).cloned().unwrap_or_else(|| user.to_string());
        let chats = &mut self.chats;
        let empty = || Value::Object(serde_json::Map::new());
        let answer = match command {
            Command::ChatAccept { chat } => chats.accept(now, user, &chat, &name).map(|()| empty()),
            Command::ChatReject { chat } => chats.reject(now, user, &chat).map(|()| empty()),
            Command::ChatSay { chat, text } => {
                chats.agent_says(now, user, &chat, &text).map(|seq| json!(wire::Said { seq }))
            }
            Command::ChatEnd { chat } => chats.end(now, user, &chat).map(|()| empty()),
            Command::ChatDispose { chat, disposition, note } => {
                chats.dispose(now, user, &chat, &disposition, &note).map(|()| empty())
            }
            Command::ChatStart { campaign, customer } => {
                let his = self.sessions.get(user).is_some_and(|s| s.campaigns.contains(&campaign));
                if !his {
                    return refuse_chat(ChatFault::NoSuchCampaign);
                }
                chats
                    .start(now, user, &campaign, &customer, &name)
                    .map(|interaction| json!(wire::Dialled { interaction }))
            }
            // Of calls and sessions.
            _ => return Err(ErrorObject::new(Code::InvalidRequest, "That is not about chats.")),
        };
        answer.or_else(refuse_chat)
    }

    pub(super) fn page(&mut self, now: Moment, page: PageId, ask: PageAsk) -> Answer {
        let chats = &mut self.chats;
        let answer = match ask {
            PageAsk::Wait { token_hash, visitor } => {
                chats.page_waits(page, &token_hash, visitor).map(|()| Value::Null)
            }
            PageAsk::Open { token_hash, visitor, queue } => {
                chats.page_opens(now, page, &token_hash, visitor, &queue).map(|id| json!(id))
            }
            PageAsk::Back { token_hash, last } => {
                chats.page_back(page, &token_hash, last).map(|id| json!(id))
            }
            PageAsk::Say { key, text } => {
                chats.page_says(now, page, &key, &text).map(|seq| json!(seq))
            }
            PageAsk::Leave => chats.page_leaves(now, page).map(|()| Value::Null),
            PageAsk::Gone => {
                chats.page_gone(now, page);
                Ok(Value::Null)
            }
        };
        answer.or_else(refuse_chat)
    }

    /// Whom chats may be offered to, which follows from what everybody does.
    pub(super) fn derive_chats(&mut self, now: Moment) {
        self.chats.tick(now);
        for session in self.sessions.values().filter(|s| s.selected()) {
            let free = session.state == AgentState::Available && session.connection.is_some();
            self.chats.set_agent(&session.user, &session.campaigns, free.then_some(session.since));
            if !free {
                self.chats.occupied(now, &session.user);
            }
        }
    }

    /// Stores and tells what has happened to chats.
    pub(super) fn follow_chats(&mut self, now: Moment) {
        self.chats.follow(now, &self.names);
        while let Some(effect) = self.chats.poll() {
            match effect {
                ChatEffect::Save(chat) => self.effects.push(CoreEffect::SaveChat(chat)),
                ChatEffect::Said { chat, message } => {
                    self.effects.push(CoreEffect::AddMessage { chat, message });
                }
                ChatEffect::Page { page, news } => {
                    self.effects.push(CoreEffect::Page { page, news });
                }
                ChatEffect::Left { chat, agent, cause } => {
                    self.farewells.insert((agent, chat), cause);
                }
                // Taken by `mark_missed`, before states are worked out.
                ChatEffect::Missed { .. } => {}
                ChatEffect::Logged { chat, what, detail } => {
                    self.effects.push(CoreEffect::Log { interaction: chat, at: now, what, detail });
                }
            }
        }
        self.show_chats(now);
    }

    /// Offers chats. True when that has changed who is free for what.
    pub(super) fn route_chats(&mut self, now: Moment) -> bool {
        let any = self.chats.route(now);
        for agent in self.chats.take_missed() {
            if let Some(session) = self.sessions.get_mut(&agent) {
                session.missed = true;
            }
        }
        any
    }

    /// All that is this agent's, with the newest messages; he is told of it in a snapshot.
    pub(super) fn chats_anew(&mut self, user: &AgentId) -> Vec<model::Chat> {
        self.shown_chats.retain(|(agent, _), _| agent != user);
        let mut chats = Vec::new();
        for (id, view) in self.chats.views(user) {
            let mut told = view.clone();
            told.messages = self.messages_after(&id, 0);
            chats.push(told);
            let seq = view.last_seq;
            self.shown_chats.insert((user.clone(), id), (view, seq));
        }
        chats
    }

    pub(super) fn forget_chats_shown(&mut self, user: &AgentId) {
        self.shown_chats.retain(|(agent, _), _| agent != user);
    }

    fn messages_after(&self, id: &InteractionId, seq: u32) -> Vec<ChatMessage> {
        let recent = self.chats.get(id).map_or(&[][..], |c| c.recent.as_slice());
        newest_messages(recent).iter().filter(|m| m.seq > seq).cloned().collect()
    }

    fn show_chats(&mut self, now: Moment) {
        let users: Vec<AgentId> =
            self.sessions.values().filter(|s| s.selected()).map(|s| s.user.clone()).collect();
        for user in users {
            let views = self.chats.views(&user);
            let gone: Vec<_> = self
                .shown_chats
                .keys()
                .filter(|(agent, id)| *agent == user && !views.contains_key(id))
                .cloned()
                .collect();
            for key in gone {
                let Some((mut last, _)) = self.shown_chats.remove(&key) else { continue };
                let cause = self.farewells.remove(&key);
                last.since = now;
                last.cause = cause.or(last.cause).or(Some(Cause::Dropped));
                last.phase = ChatPhase::Ended;
                self.notify(&user, News::Chat { chat: Box::new(last) });
            }
            for (id, view) in views {
                let key = (user.clone(), id.clone());
                let (told, seq) = match self.shown_chats.get(&key) {
                    Some((shown, _)) if *shown == view => continue,
                    Some((_, seq)) => (view.clone(), *seq),
                    None => (view.clone(), 0),
                };
                let chat = model::Chat { messages: self.messages_after(&id, seq), ..told };
                let last_seq = view.last_seq;
                self.shown_chats.insert(key, (view, last_seq));
                self.notify(&user, News::Chat { chat: Box::new(chat) });
            }
        }
    }
}

pub(super) fn refuse_chat(fault: ChatFault) -> Answer {
    let code = match fault {
        ChatFault::NoSuchChat
        | ChatFault::NoSuchDisposition
        | ChatFault::NoSuchCampaign
        | ChatFault::NoSuchQueue
        | ChatFault::NobodyThere => Code::NotFound,
        ChatFault::BadText | ChatFault::NoteTooLong => Code::InvalidParams,
        ChatFault::TooManyWaiting
        | ChatFault::OfferOver
        | ChatFault::NotNow
        | ChatFault::Full
        | ChatFault::Busy
        | ChatFault::Ambiguous
        | ChatFault::WithColleague
        | ChatFault::HasChat
        | ChatFault::Over => Code::Conflict,
    };
    Err(ErrorObject::new(code, fault.to_string()))
}
