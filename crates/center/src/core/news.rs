use super::{Core, CoreEffect, JOURNAL};
use omnibar_model::{
    AgentId, AgentState, Callback, CallbackId, Cause, Chat, Conversation, Interaction, Moment,
    Monitoring, Presence,
};
use omnibar_protocol::{Notification, Numbered, wire};
use serde::{Deserialize, Serialize};

/// A notification on the centre's own clock; relative times are worked out when it is
/// sent, so that one sent again later is still true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    Snapshot {
        agent: AgentNews,
        interactions: Vec<Interaction>,
        #[serde(default)]
        callbacks: Vec<Callback>,
        #[serde(default)]
        chats: Vec<Chat>,
    },
    Agent {
        agent: AgentNews,
    },
    Interaction {
        interaction: Box<Interaction>,
    },
    /// With those of its messages that the session has not been told.
    Chat {
        chat: Box<Chat>,
    },
    Callback {
        callback: Box<Callback>,
    },
    CallbackGone {
        callback: CallbackId,
    },
    VoiceCandidate {
        candidate: String,
    },
    VoiceGone,
    SessionEnded {
        reason: wire::SessionEnd,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentNews {
    pub state: AgentState,
    pub since: Moment,
    pub presence: Presence,
    pub next: Option<Presence>,
    #[serde(default)]
    pub monitoring: Option<Monitoring>,
}

impl News {
    #[must_use]
    pub fn numbered(&self, seq: u64, now: Moment) -> Numbered {
        let notification = match self {
            Self::Snapshot { agent, interactions, callbacks, chats } => Notification::Snapshot {
                agent: agent.to_wire(now),
                interactions: interactions
                    .iter()
                    .map(|i| wire::Interaction::from_model(i, now))
                    .collect(),
                callbacks: callbacks.clone(),
                chats: chats.iter().map(|c| wire::Chat::from_model(c, now)).collect(),
            },
            Self::Agent { agent } => Notification::AgentChanged { agent: agent.to_wire(now) },
            Self::Interaction { interaction } => Notification::InteractionChanged {
                interaction: wire::Interaction::from_model(interaction, now),
            },
            Self::Chat { chat } => {
                Notification::ChatChanged { chat: wire::Chat::from_model(chat, now) }
            }
            Self::Callback { callback } => {
                Notification::CallbackChanged { callback: (**callback).clone() }
            }
            Self::CallbackGone { callback } => {
                Notification::CallbackGone { callback: callback.clone() }
            }
            Self::VoiceCandidate { candidate } => {
                Notification::VoiceCandidate { candidate: candidate.clone() }
            }
            Self::VoiceGone => Notification::VoiceGone {},
            Self::SessionEnded { reason } => Notification::SessionEnded { reason: *reason },
        };
        Numbered { seq, notification }
    }
}

impl AgentNews {
    fn to_wire(&self, now: Moment) -> wire::Agent {
        wire::Agent {
            state: wire::AgentState::from_model(self.state, now),
            since_ms: u64::try_from(now.since(self.since).as_millis()).unwrap_or(u64::MAX),
            presence: self.presence.clone(),
            next: self.next.clone(),
            monitoring: self.monitoring.clone(),
        }
    }
}

impl Core {
    pub(super) fn notify(&mut self, user: &AgentId, news: News) {
        let Some(session) = self.sessions.get_mut(user) else { return };
        session.seq += 1;
        session.journal.push_back((session.seq, news.clone()));
        if session.journal.len() > JOURNAL {
            session.journal.pop_front();
        }
        self.effects.push(CoreEffect::Notify {
            session: session.id,
            connection: session.connection,
            seq: session.seq,
            news,
        });
    }

    pub(super) fn snapshot(&mut self, user: &AgentId) {
        let monitoring = self.calls.monitoring_of(user);
        let Some(session) = self.sessions.get_mut(user) else { return };
        let agent = session.news(monitoring);
        session.told = Some(agent.clone());
        let views = self.calls.views(user, &self.names);
        self.shown.retain(|(agent, _), _| agent != user);
        self.farewells.retain(|(agent, _), _| agent != user);
        for (id, view) in &views {
            self.shown.insert((user.clone(), id.clone()), view.clone());
        }
        let interactions = views.into_values().collect();
        let callbacks = self.callbacks_anew(user);
        let chats = self.chats_anew(user);
        self.notify(user, News::Snapshot { agent, interactions, callbacks, chats });
    }

    /// Tells each agent what has changed for him since he was last told.
    pub(super) fn show(&mut self, now: Moment) {
        let users: Vec<AgentId> =
            self.sessions.values().filter(|s| s.selected()).map(|s| s.user.clone()).collect();
        for user in users {
            let views = self.calls.views(&user, &self.names);
            let gone: Vec<_> = self
                .shown
                .keys()
                .filter(|(agent, id)| *agent == user && !views.contains_key(id))
                .cloned()
                .collect();
            for key in gone {
                let Some(mut last) = self.shown.remove(&key) else { continue };
                let cause = self.farewells.remove(&key);
                last.since = now;
                last.cause = cause.or(last.cause).or(Some(Cause::Dropped));
                last.conversation = Conversation::Ended;
                last.legs.clear();
                self.notify(&user, News::Interaction { interaction: Box::new(last) });
            }
            for (id, view) in views {
                let key = (user.clone(), id);
                // Withdrawn and offered again to the same agent at once: he is told both.
                if let (Some(cause), Some(last)) =
                    (self.farewells.remove(&key), self.shown.get(&key))
                {
                    let mut last = last.clone();
                    last.conversation = Conversation::Ended;
                    last.cause = Some(cause);
                    self.notify(&user, News::Interaction { interaction: Box::new(last) });
                }
                if self.shown.get(&key) != Some(&view) {
                    self.shown.insert(key, view.clone());
                    self.notify(&user, News::Interaction { interaction: Box::new(view) });
                }
            }
        }
        self.farewells.clear();
    }
}
