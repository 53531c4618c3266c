//! A whole floor without IO: the core, a switch that does what it is told, and agents'
//! desks that keep what they are told.

mod switch;

use omnibar_center::callbacks::Kept;
use omnibar_center::calls::{Contact, RecordingNews};
use omnibar_center::chats::{Chat, PageId, PageNews};
use omnibar_center::core::{
    Account, ConnectionId, Core, CoreEffect, CoreInput, How, News, OpenSession, Session, Timings,
};
use omnibar_center::seed::company;
use omnibar_center::switch::{Arrival, Feed, LegStatus, SwitchEvent, Target};
use omnibar_model::{self as model, ChatMessage};
use omnibar_model::{
    AgentId, AgentState, Callback, CallbackId, CampaignId, Cause, Conversation, Interaction,
    InteractionId, LegId, Moment, Party, PartyKind, PhoneNumber, Presence,
};
use omnibar_protocol::{Code, Command, ErrorObject};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

pub struct Floor {
    pub core: Core,
    pub now: Moment,
    /// Legs at the switch, and whether voice can flow.
    pub legs: BTreeMap<LegId, bool>,
    pub bridges: BTreeMap<String, BTreeSet<LegId>>,
    pub feeds: BTreeMap<LegId, Feed>,
    pub dialled: Vec<(LegId, Target)>,
    /// Customers whom the switch had and the core did not know.
    pub found: Vec<(LegId, Arrival)>,
    pub digits: Vec<(LegId, String)>,
    /// What was ordered to be recorded, and in which call's file.
    pub recorded: Vec<(LegId, InteractionId)>,
    /// How the switch answers that.
    pub recorder: RecordingNews,
    /// Of whom silence is recorded, and whether the switch does that.
    pub paused: BTreeSet<LegId>,
    pub pauses: bool,
    told_paused: Vec<(LegId, bool)>,
    /// Supervisors' legs: whom they monitor, and whether he hears them.
    pub monitors: BTreeMap<LegId, (LegId, bool)>,
    pub shown: BTreeMap<(AgentId, InteractionId), Interaction>,
    pub states: BTreeMap<AgentId, AgentState>,
    pub calls: BTreeMap<InteractionId, omnibar_center::calls::Call>,
    pub closed: Vec<omnibar_center::calls::Call>,
    pub sessions: BTreeMap<Uuid, Session>,
    pub news: Vec<(AgentId, News)>,
    /// In the store.
    pub kept: BTreeMap<CallbackId, Kept>,
    pub callbacks: BTreeMap<(AgentId, CallbackId), Callback>,
    /// In the store: chats that are open, and what was said in every one.
    pub chats: BTreeMap<InteractionId, Chat>,
    pub closed_chats: BTreeMap<InteractionId, Chat>,
    pub said: BTreeMap<InteractionId, Vec<ChatMessage>>,
    /// What pages and desks were told.
    pub pages: BTreeMap<PageId, Vec<PageNews>>,
    pub desks: BTreeMap<(AgentId, InteractionId), model::Chat>,
    customers: u32,
}

pub fn connection(agent: &str) -> ConnectionId {
    ConnectionId(agent.bytes().map(u64::from).fold(7, |a, b| a * 31 + b))
}

impl Floor {
    pub fn new() -> Self {
        let core = Core::new(Arc::new(company("Test")), Timings::default(), 1);
        Self::around(core, Moment::from_millis(1_000_000))
    }

    fn around(core: Core, now: Moment) -> Self {
        Self {
            core,
            now,
            legs: BTreeMap::new(),
            bridges: BTreeMap::new(),
            feeds: BTreeMap::new(),
            dialled: Vec::new(),
            found: Vec::new(),
            digits: Vec::new(),
            recorded: Vec::new(),
            recorder: RecordingNews::Began,
            paused: BTreeSet::new(),
            pauses: true,
            told_paused: Vec::new(),
            monitors: BTreeMap::new(),
            shown: BTreeMap::new(),
            states: BTreeMap::new(),
            calls: BTreeMap::new(),
            closed: Vec::new(),
            sessions: BTreeMap::new(),
            news: Vec::new(),
            kept: BTreeMap::new(),
            callbacks: BTreeMap::new(),
            chats: BTreeMap::new(),
            closed_chats: BTreeMap::new(),
            said: BTreeMap::new(),
            pages: BTreeMap::new(),
            desks: BTreeMap::new(),
            customers: 0,
        }
    }

    /// Agents who are available for every campaign.
    pub fn with(agents: &[&str]) -> Self {
        let mut floor = Self::new();
        for agent in agents {
            floor.sign_in(agent);
            floor.available(agent);
            // So that the first named is the one idle longest.
            floor.pass(1);
        }
        floor
    }

    /// The same store and switch, another life of the centre.
    pub fn restarted(self, switch_lives: bool) -> Self {
        let mut core = Core::new(Arc::new(company("Test")), Timings::default(), 2);
        let now = self.now + Duration::from_secs(5);
        core.load(
            now,
            self.calls.values().cloned().collect(),
            self.sessions.values().cloned().collect(),
        );
        core.load_callbacks(self.kept.values().cloned().collect());
        let with_messages = |chat: &Chat| {
            let said = self.said.get(&chat.id).map(Vec::as_slice).unwrap_or_default();
            Chat { recent: model::newest_messages(said).to_vec(), ..chat.clone() }
        };
        core.load_chats(now, self.chats.values().map(with_messages).collect());
        let mut floor = Self::around(core, now);
        floor.kept = self.kept;
        floor.chats = self.chats;
        floor.closed_chats = self.closed_chats;
        floor.said = self.said;
        floor.customers = self.customers;
        floor.calls = self.calls;
        floor.closed = self.closed;
        floor.sessions = self.sessions;
        if switch_lives {
            floor.legs = self.legs;
            floor.bridges = self.bridges;
            floor.feeds = self.feeds;
            floor.dialled = self.dialled;
            floor.paused = self.paused;
            floor.monitors = self.monitors;
        }
        let legs = floor
            .legs
            .iter()
            .map(|(leg, up)| LegStatus { leg: leg.clone(), up: *up, arrival: None })
            .collect();
        floor.input(CoreInput::SwitchListed { legs }).unwrap();
        floor
    }

    pub fn input(&mut self, input: CoreInput) -> Result<serde_json::Value, ErrorObject> {
        let answer = self.core.handle(self.now, input);
        let recorded = self.recorded.len();
        let mut gone = Vec::new();
        for effect in self.core.take_effects() {
            self.perform(effect, &mut gone);
        }
        let ordered: Vec<LegId> =
            self.recorded[recorded..].iter().map(|(leg, _)| leg.clone()).collect();
        for leg in ordered {
            self.input(CoreInput::Recording { leg, news: self.recorder }).unwrap();
        }
        for (leg, on) in std::mem::take(&mut self.told_paused) {
            let news = match (self.pauses, on) {
                (true, true) => RecordingNews::Paused,
                (true, false) => RecordingNews::Resumed,
                (false, _) => RecordingNews::NotChanged,
            };
            self.input(CoreInput::Recording { leg, news }).unwrap();
        }
        for leg in gone {
            let cause = Cause::AgentHungUp;
            self.input(CoreInput::Switch(SwitchEvent::Gone { leg, cause })).unwrap();
        }
        if let Some(deadline) = self.core.deadline() {
            assert!(deadline > self.now, "a deadline lies in the past");
        }
        answer
    }

    fn perform(&mut self, effect: CoreEffect, gone: &mut Vec<LegId>) {
        match effect {
            CoreEffect::Switch(command) => self.switch(command, gone),
            CoreEffect::Record { leg, call } => {
                assert_eq!(self.legs.get(&leg), Some(&true), "{leg} is recorded and not up");
                self.recorded.push((leg, call));
            }
            CoreEffect::Arrived { leg, arrival } => self.found.push((leg, arrival)),
            CoreEffect::SaveCall(call) => {
                self.calls.insert(call.id.clone(), call);
            }
            CoreEffect::CloseCall(call) => {
                self.calls.remove(&call.id);
                self.closed.push(call);
            }
            CoreEffect::SaveCallback(kept) => {
                self.kept.insert(kept.id.clone(), (*kept).clone());
            }
            CoreEffect::DeleteCallback(id) => {
                assert!(self.kept.remove(&id).is_some(), "{id} was not kept");
            }
            CoreEffect::SaveSession(session) => {
                self.sessions.insert(session.id, *session);
            }
            CoreEffect::DeleteSession(id) => {
                self.sessions.remove(&id);
            }
            CoreEffect::Notify { session, news, .. } => {
                if let Some(user) = self.sessions.get(&session).map(|s| s.user.clone()) {
                    self.told(&user, &news);
                    self.news.push((user, news));
                }
            }
            CoreEffect::SaveChat(chat) => {
                let chat = Arc::unwrap_or_clone(chat);
                self.chats.remove(&chat.id);
                let to = if chat.is_over() { &mut self.closed_chats } else { &mut self.chats };
                to.insert(chat.id.clone(), chat);
            }
            CoreEffect::AddMessage { chat, message } => {
                let said = self.said.entry(chat).or_default();
                assert_eq!(message.seq as usize, said.len() + 1, "numbers rise by one");
                said.push(message);
            }
            CoreEffect::Page { page, news } => self.pages.entry(page).or_default().push(news),
            CoreEffect::Log { .. }
            | CoreEffect::Measured { .. }
            | CoreEffect::Replay { .. }
            | CoreEffect::Close { .. }
            | CoreEffect::Customer { .. } => {}
        }
    }

    fn told(&mut self, user: &AgentId, news: &News) {
        match news {
            News::Snapshot { agent, interactions, callbacks, chats } => {
                self.desks.retain(|(u, _), _| u != user);
                for chat in chats {
                    self.desks.insert((user.clone(), chat.id.clone()), chat.clone());
                }
                self.states.insert(user.clone(), agent.state);
                self.shown.retain(|(u, _), _| u != user);
                self.callbacks.retain(|(u, _), _| u != user);
                for c in callbacks {
                    self.callbacks.insert((user.clone(), c.id.clone()), c.clone());
                }
                for i in interactions {
                    self.shown.insert((user.clone(), i.id.clone()), i.clone());
                }
            }
            News::Agent { agent } => {
                self.states.insert(user.clone(), agent.state);
            }
            News::Interaction { interaction } => {
                self.shown.insert((user.clone(), interaction.id.clone()), (**interaction).clone());
            }
            News::Callback { callback } => {
                self.callbacks.insert((user.clone(), callback.id.clone()), (**callback).clone());
            }
            News::CallbackGone { callback } => {
                self.callbacks.remove(&(user.clone(), callback.clone()));
            }
            News::Chat { chat } => self.told_chat(user, chat),
            News::VoiceCandidate { .. } | News::VoiceGone | News::SessionEnded { .. } => {}
        }
    }

    /// Every message once, in order, none left out.
    fn told_chat(&mut self, user: &AgentId, chat: &model::Chat) {
        let key = (user.clone(), chat.id.clone());
        if chat.phase == model::ChatPhase::Ended {
            assert!(self.desks.remove(&key).is_some(), "the end of a chat that nobody was told");
            return;
        }
        let mut messages = self.desks.get(&key).map(|c| c.messages.clone()).unwrap_or_default();
        for message in &chat.messages {
            let last = messages.last().map(|m| m.seq);
            assert!(last.is_none_or(|last| message.seq == last + 1), "{last:?} {message:?}");
            messages.push(message.clone());
        }
        assert_eq!(messages.last().map_or(0, |m| m.seq), chat.last_seq);
        self.desks.insert(key, model::Chat { messages, ..chat.clone() });
    }

    pub fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        while let Some(deadline) = self.core.deadline().filter(|d| *d <= end) {
            self.now = deadline;
            self.input(CoreInput::Tick).unwrap();
        }
        self.now = end;
    }

    /// For every campaign.
    pub fn sign_in(&mut self, agent: &str) {
        let campaigns = self.core.setup().campaigns.keys().cloned().collect();
        self.sign_in_for(agent, campaigns);
    }

    pub fn sign_in_for(&mut self, agent: &str, campaigns: BTreeSet<CampaignId>) {
        let account = Account {
            user: agent.into(),
            name: agent.to_uppercase(),
            campaigns: campaigns.clone(),
            supervisor: agent.starts_with("supervisor"),
        };
        let how = How::Fresh {
            session: Uuid::from_u128(u128::from(connection(agent).0)),
            token_hash: "token".into(),
            take_over: true,
        };
        self.input(CoreInput::Open(OpenSession { connection: connection(agent), account, how }))
            .unwrap();
        let campaigns = campaigns.into_iter().collect();
        self.ask(agent, Command::SessionSelect { campaigns, extension: "centre".into() });
        self.voice(agent);
    }

    pub fn resume(&mut self, agent: &str, last_seq: u64) {
        let account = Account {
            user: agent.into(),
            name: agent.to_uppercase(),
            campaigns: BTreeSet::new(),
            supervisor: false,
        };
        let how = How::Resume { token_hash: "token".into(), last_seq };
        self.input(CoreInput::Open(OpenSession { connection: connection(agent), account, how }))
            .unwrap();
    }

    pub fn voice(&mut self, agent: &str) {
        let leg = self.leg_of(agent);
        self.legs.insert(leg.clone(), true);
        self.input(CoreInput::VoiceUp { user: agent.into(), leg }).unwrap();
    }

    pub fn leg_of(&self, agent: &str) -> LegId {
        self.core.session(&agent.into()).unwrap().leg.clone()
    }

    pub fn available(&mut self, agent: &str) {
        self.ask(agent, Command::PresenceSet { presence: Presence::Available });
    }

    pub fn try_ask(
        &mut self,
        agent: &str,
        command: Command,
    ) -> Result<serde_json::Value, ErrorObject> {
        let connection = connection(agent);
        self.input(CoreInput::Command {
            connection,
            command,
            contact: Contact { id: Some(100_000), name: "Known Name".into() },
        })
    }

    pub fn ask(&mut self, agent: &str, command: Command) -> serde_json::Value {
        let text = format!("{agent}: {command:?}");
        self.try_ask(agent, command).unwrap_or_else(|e| panic!("{text}: {}", e.message))
    }

    pub fn refused(&mut self, agent: &str, command: Command) -> Code {
        Code::from(self.try_ask(agent, command).expect_err("a refusal").code)
    }

    /// A customer calls in; gives his leg.
    pub fn call(&mut self, queue: &str) -> LegId {
        self.customers += 1;
        let leg = LegId::new(&format!("customer-{}", self.customers));
        self.legs.insert(leg.clone(), true);
        let number = PhoneNumber::parse(&format!("+155501{:02}", self.customers % 100)).ok();
        let customer = Party { kind: PartyKind::Customer, name: "Nora Winter".into(), number };
        let queue = queue.into();
        self.input(CoreInput::Arrived {
            leg: leg.clone(),
            customer,
            customer_id: None,
            queue,
            watched: false,
        })
        .unwrap();
        leg
    }

    /// A customer who has been answered by this agent.
    pub fn connected(&mut self, agent: &str, queue: &str) -> (LegId, InteractionId) {
        let leg = self.call(queue);
        let id = self.offer(agent).expect("the agent is offered it").id;
        self.ask(agent, Command::Accept { interaction: id.clone() });
        (leg, id)
    }

    pub fn hang_up(&mut self, leg: &LegId, cause: Cause) {
        self.legs.remove(leg);
        self.forget(leg);
        self.input(CoreInput::Switch(SwitchEvent::Gone { leg: leg.clone(), cause })).unwrap();
    }

    /// The party that was called last answers.
    pub fn answered(&mut self) -> LegId {
        let leg = self.dialled.last().unwrap().0.clone();
        self.legs.insert(leg.clone(), true);
        self.input(CoreInput::Switch(SwitchEvent::Up { leg: leg.clone() })).unwrap();
        leg
    }

    pub fn offer(&self, agent: &str) -> Option<Interaction> {
        self.shown
            .iter()
            .find(|((a, _), i)| {
                a.as_str() == agent && matches!(i.conversation, Conversation::Offered { .. })
            })
            .map(|(_, i)| i.clone())
    }

    pub fn view(&self, agent: &str, id: &InteractionId) -> &Interaction {
        &self.shown[&(agent.into(), id.clone())]
    }

    pub fn state(&self, agent: &str) -> AgentState {
        self.states[&AgentId::new(agent)]
    }

    /// Everybody whom this leg hears.
    pub fn hears(&self, leg: &LegId) -> BTreeSet<LegId> {
        self.bridges
            .values()
            .find(|legs| legs.contains(leg))
            .map(|legs| legs.iter().filter(|l| *l != leg).cloned().collect())
            .unwrap_or_default()
    }

    pub fn feed(&self, leg: &LegId) -> Feed {
        assert!(self.hears(leg).is_empty(), "{leg} is in a bridge");
        self.feeds.get(leg).copied().unwrap_or_default()
    }

    pub fn dispose(&mut self, agent: &str, id: &InteractionId, code: &str) {
        let (interaction, disposition) = (id.clone(), code.into());
        self.ask(
            agent,
            Command::Dispose { interaction, disposition, note: String::new(), callback: None },
        );
    }
}

pub fn set<const N: usize>(legs: [&LegId; N]) -> BTreeSet<LegId> {
    legs.into_iter().cloned().collect()
}
