use super::news::{AgentNews, News};
use super::{Answer, ConnectionId, Core, CoreEffect};
use crate::calls::Phase;
use crate::switch::SwitchCommand;
use omnibar_model::{
    AgentId, AgentState, CampaignId, Extension, ExtensionId, ExtensionKind, LegId, Moment,
    Monitoring, Presence,
};
use omnibar_protocol::{Code, ErrorObject, SessionOpened, wire};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, VecDeque};
use uuid::Uuid;

/// The one extension that needs nothing but the agent's computer.
pub(super) const CENTRE_EXTENSION: &str = "centre";

/// What the store knows of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: AgentId,
    pub name: String,
    pub campaigns: BTreeSet<CampaignId>,
    /// May take part in calls of these campaigns' agents.
    pub supervisor: bool,
}

/// A sign-in whose password or token has been checked by the caller.
#[derive(Clone, Debug)]
pub struct OpenSession {
    pub connection: ConnectionId,
    pub account: Account,
    pub how: How,
}

#[derive(Clone, Debug)]
pub enum How {
    /// The password was right. The token itself goes to the client only.
    Fresh {
        session: Uuid,
        token_hash: String,
        take_over: bool,
    },
    Resume {
        token_hash: String,
        last_seq: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: Uuid,
    pub user: AgentId,
    pub name: String,
    /// SHA-256 of the token.
    pub token_hash: String,
    pub allowed: BTreeSet<CampaignId>,
    /// [`Account::supervisor`].
    #[serde(default)]
    pub supervisor: bool,
    /// Empty until campaigns are chosen.
    pub campaigns: BTreeSet<CampaignId>,
    pub extension: Option<ExtensionId>,
    pub presence: Presence,
    pub next: Option<Presence>,
    pub missed: bool,
    pub state: AgentState,
    pub since: Moment,
    pub leg: LegId,
    pub seq: u64,
    pub lost_at: Option<Moment>,
    #[serde(skip)]
    pub connection: Option<ConnectionId>,
    #[serde(skip)]
    pub journal: VecDeque<(u64, News)>,
    /// Came from the store: its client gets a snapshot.
    #[serde(skip)]
    pub from_store: bool,
    /// What its client was last told of the agent.
    #[serde(skip)]
    pub(super) told: Option<AgentNews>,
}

impl Session {
    /// Names the session to REST and to pages; not a credential.
    #[must_use]
    pub fn handle(&self) -> String {
        format!("ses-{}-{}", self.user, self.id.simple())
    }

    #[must_use]
    pub fn selected(&self) -> bool {
        !self.campaigns.is_empty()
    }

    /// `monitoring`: the call in which this supervisor takes part.
    pub(super) fn news(&self, monitoring: Option<Monitoring>) -> AgentNews {
        AgentNews {
            state: self.state,
            since: self.since,
            presence: self.presence.clone(),
            next: self.next.clone(),
            monitoring,
        }
    }

    /// After a restart of the centre nobody is connected.
    pub(super) fn come_back(&mut self, now: Moment) {
        self.connection = None;
        self.from_store = true;
        self.lost_at = Some(now);
    }
}

impl Core {
    pub(super) fn open(&mut self, now: Moment, open: OpenSession) -> Answer {
        match open.how {
            How::Fresh { session, token_hash, take_over } => {
                self.open_fresh(now, open.connection, open.account, session, token_hash, take_over)
            }
            How::Resume { token_hash, last_seq } => {
                self.resume(open.connection, &open.account, &token_hash, last_seq)
            }
        }
    }

    fn open_fresh(
        &mut self,
        now: Moment,
        connection: ConnectionId,
        account: Account,
        id: Uuid,
        token_hash: String,
        take_over: bool,
    ) -> Answer {
        let user = account.user.clone();
        if let Some(old) = self.sessions.get(&user) {
            // One that has lost its connection bothers nobody: its owner is here.
            if old.connection.is_some() && !take_over {
                return Err(ErrorObject::new(
                    Code::SessionElsewhere,
                    "You are signed in on another computer. Take over to sign in here.",
                ));
            }
            self.end_session(now, &user, wire::SessionEnd::TakenOver);
        }
        let session = Session {
            id,
            user: user.clone(),
            name: account.name.clone(),
            token_hash,
            allowed: account.campaigns,
            supervisor: account.supervisor,
            campaigns: BTreeSet::new(),
            extension: None,
            presence: Presence::Offline,
            next: None,
            missed: false,
            state: AgentState::Offline,
            since: now,
            leg: LegId::new(&format!("agent-{id}")),
            seq: 0,
            lost_at: None,
            connection: Some(connection),
            journal: VecDeque::new(),
            from_store: false,
            told: None,
        };
        let answer = self.opened(&session, false);
        self.names.insert(user.clone(), account.name);
        self.effects.push(CoreEffect::SaveSession(Box::new(session.clone())));
        self.sessions.insert(user, session);
        answer
    }

    fn resume(
        &mut self,
        connection: ConnectionId,
        account: &Account,
        token_hash: &str,
        last_seq: u64,
    ) -> Answer {
        let expired =
            || Err(ErrorObject::new(Code::SessionExpired, "Your session is over. Sign in again."));
        let Some(session) = self.sessions.get_mut(&account.user) else { return expired() };
        if session.token_hash != token_hash {
            return expired();
        }
        // The same client has come back before its old connection was found dead.
        if let Some(old) = session.connection.replace(connection) {
            self.effects.push(CoreEffect::Close { connection: old });
        }
        session.lost_at = None;
        let missed: Vec<(u64, News)> =
            session.journal.iter().filter(|(seq, _)| *seq > last_seq).cloned().collect();
        let complete = last_seq + missed.len() as u64 == session.seq;
        let snapshot = std::mem::take(&mut session.from_store) || !complete;
        let session = session.clone();
        if complete {
            for (seq, news) in missed {
                self.effects.push(CoreEffect::Replay { connection, seq, news });
            }
        }
        let answer = self.opened(&session, true);
        let user = session.user.clone();
        let selected = session.selected();
        self.effects.push(CoreEffect::SaveSession(Box::new(session)));
        if snapshot && selected {
            self.snapshot(&user);
        }
        answer
    }

    fn opened(&self, session: &Session, resumed: bool) -> Answer {
        let campaigns = self
            .setup
            .campaigns
            .iter()
            .filter(|(id, _)| session.allowed.contains(*id))
            .map(|(_, rule)| rule.campaign.clone())
            .collect();
        let ms = |d: std::time::Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        let opened = SessionOpened {
            // Put in by the connection, which alone has it.
            token: wire::Password::from(&omnibar_model::Secret::default()),
            session_ttl_ms: ms(self.timings.session_ttl),
            handle: session.handle(),
            resumed,
            name: session.name.clone(),
            heartbeat_ms: ms(self.timings.heartbeat),
            campaigns,
            extensions: vec![Extension {
                id: CENTRE_EXTENSION.into(),
                name: "This computer".into(),
                kind: ExtensionKind::Centre,
            }],
            centre: self.setup.centre.clone(),
        };
        serde_json::to_value(opened)
            .map_err(|e| ErrorObject::new(Code::Internal, format!("The answer failed: {e}.")))
    }

    pub(super) fn disconnected(&mut self, now: Moment, connection: ConnectionId) {
        let Some(session) = self.sessions.values_mut().find(|s| s.connection == Some(connection))
        else {
            return;
        };
        session.connection = None;
        session.lost_at = Some(now);
        self.effects.push(CoreEffect::SaveSession(Box::new(session.clone())));
    }

    pub(super) fn expire_sessions(&mut self, now: Moment) {
        let ttl = self.timings.session_ttl;
        let late: Vec<AgentId> = self
            .sessions
            .values()
            .filter(|s| s.lost_at.is_some_and(|lost| lost + ttl <= now))
            .map(|s| s.user.clone())
            .collect();
        for user in late {
            self.calls.agent_lost(now, &user);
            self.chats.agent_lost(now, &user);
            self.end_session(now, &user, wire::SessionEnd::Expired);
        }
    }

    pub(super) fn end_session(&mut self, now: Moment, user: &AgentId, reason: wire::SessionEnd) {
        self.notify(user, News::SessionEnded { reason });
        let Some(session) = self.sessions.remove(user) else { return };
        self.acd.remove_agent(now, user);
        self.chats.remove_agent(now, user);
        self.forget_chats_shown(user);
        self.calls.end_monitoring(user);
        self.calls.set_voice(user, None);
        self.shown.retain(|(agent, _), _| agent != user);
        self.forget_callbacks_shown(user);
        if let Some(connection) = session.connection {
            self.effects.push(CoreEffect::Close { connection });
        }
        self.effects.push(CoreEffect::Switch(SwitchCommand::Close { leg: session.leg }));
        self.effects.push(CoreEffect::DeleteSession(session.id));
    }

    /// Works out what each agent is now, and whether the ACD may offer him something.
    pub(super) fn derive_states(&mut self, now: Moment) {
        let users: Vec<AgentId> = self.sessions.keys().cloned().collect();
        for user in users {
            let phases: Vec<Phase> = self.calls.seats_of(&user).map(|(_, s)| s.phase).collect();
            let monitoring = self.calls.monitoring_of(&user);
            let Some(session) = self.sessions.get_mut(&user) else { continue };
            if !session.selected() {
                continue;
            }
            let before = session.state;
            derive(session, &phases, monitoring.is_some());
            if session.state != before {
                session.since = now;
            }
            let free = session.state == AgentState::Available && session.connection.is_some();
            self.acd.set_agent(&user, &session.campaigns, free.then_some(session.since));
            let news = session.news(monitoring);
            if session.told.as_ref() != Some(&news) {
                session.told = Some(news.clone());
                self.effects.push(CoreEffect::SaveSession(Box::new(session.clone())));
                self.notify(&user, News::Agent { agent: news });
            }
        }
    }
}

fn derive(session: &mut Session, phases: &[Phase], monitors: bool) {
    let busy = monitors || phases.iter().any(|p| p.is_live() || matches!(p, Phase::Offered { .. }));
    if busy {
        session.state = AgentState::Busy;
        return;
    }
    let limits: Vec<Option<Moment>> = phases
        .iter()
        .filter_map(|p| match p {
            Phase::Wrapping { until } => Some(*until),
            Phase::Waiting
            | Phase::Offered { .. }
            | Phase::Ringing
            | Phase::Talking
            | Phase::Closed => None,
        })
        .collect();
    if !limits.is_empty() {
        // Wrap-up lasts until the last of them is disposed.
        let until = if limits.contains(&None) { None } else { limits.into_iter().flatten().max() };
        session.state = AgentState::WrapUp { until };
        return;
    }
    if let Some(next) = session.next.take() {
        session.presence = next;
        session.missed = false;
    }
    session.state = match (&session.presence, session.missed) {
        (_, true) => AgentState::Missed,
        (Presence::Available, false) => AgentState::Available,
        (Presence::Break { .. }, false) => AgentState::Break,
        (Presence::Offline, false) => AgentState::Offline,
    };
}
