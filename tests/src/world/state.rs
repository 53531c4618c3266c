use super::Switchboard;
use super::laid::{self, PASSWORD};
use omnibar_center::calls::{Call, Contact};
use omnibar_center::core::{
    Account, Answer, ConnectionId, Core, CoreEffect, CoreInput, How, OpenSession, Session, Timings,
};
use omnibar_center::switch::SwitchCommand;
use omnibar_model::{AgentId, InteractionId, Secret};
use omnibar_protocol::{
    Code, Command, ErrorObject, Request, Response, Searched, VoiceAnswered, parse_request, wire,
};
use omnibar_softphone::Clock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::sync::mpsc;
use uuid::Uuid;

/// What a connection is told to do.
#[derive(Debug)]
pub(super) enum Out {
    Text(String),
    /// Goodbye, as the protocol has it.
    Close,
    /// The cable is out.
    Cut,
}

/// A running centre: the real state machine between simulated wires.
#[derive(Debug)]
struct Running {
    core: Core,
    connections: BTreeMap<u64, mpsc::UnboundedSender<Out>>,
}

/// The centre's world. What the disk of a real one keeps survives [`State::kill`].
#[derive(Debug)]
pub(super) struct State {
    clock: Clock,
    running: Option<Running>,
    pub(super) switch: Switchboard,
    /// Every command that took effect, in order; a repeat is not one.
    pub(super) carried_out: Vec<(Uuid, Command)>,
    /// Every frame that came, repeats included.
    pub(super) received: usize,
    /// The next command is taken in and the connection dies before the answer.
    pub(super) die_after_next: bool,
    sessions: BTreeMap<Uuid, Session>,
    calls: BTreeMap<InteractionId, Call>,
    closed: Vec<Call>,
    answers: BTreeMap<Uuid, Answer>,
    last: u64,
}

impl State {
    pub(super) fn new(clock: Clock) -> Self {
        let mut state = Self {
            clock,
            running: None,
            switch: Switchboard::default(),
            carried_out: Vec::new(),
            received: 0,
            die_after_next: false,
            sessions: BTreeMap::new(),
            calls: BTreeMap::new(),
            closed: Vec::new(),
            answers: BTreeMap::new(),
            last: 0,
        };
        state.start();
        state
    }

    pub(super) fn start(&mut self) {
        self.last += 1;
        let mut core = Core::new(laid::setup(), Timings::default(), self.last);
        let calls = self.calls.values().cloned().collect();
        let sessions = self.sessions.values().cloned().collect();
        core.load(self.clock.now(), calls, sessions);
        self.running = Some(Running { core, connections: BTreeMap::new() });
        let legs = self.switch.listed();
        self.feed(CoreInput::SwitchListed { legs }).ok();
    }

    /// As by kill -9.
    pub(super) fn kill(&mut self) {
        let Some(running) = self.running.take() else { return };
        for connection in running.connections.values() {
            connection.send(Out::Cut).ok();
        }
    }

    pub(super) fn core(&self) -> &Core {
        &self.running.as_ref().expect("the centre is running").core
    }

    pub(super) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// `None`: the centre is not running.
    pub(super) fn connect(&mut self, out: mpsc::UnboundedSender<Out>) -> Option<u64> {
        let id = self.next();
        self.running.as_mut()?.connections.insert(id, out);
        Some(id)
    }

    pub(super) fn cut(&mut self, user: &AgentId) {
        let Some(running) = &mut self.running else { return };
        let connection = running.core.session(user).and_then(|s| s.connection);
        if let Some(out) = connection.and_then(|c| running.connections.get(&c.0)) {
            out.send(Out::Cut).ok();
        }
    }

    pub(super) fn gone(&mut self, connection: u64) {
        let known = self.running.as_mut().and_then(|r| r.connections.remove(&connection));
        if known.is_some() {
            self.feed(CoreInput::Disconnected { connection: ConnectionId(connection) }).ok();
        }
    }

    pub(super) fn tick(&mut self) {
        if self.running.is_some() {
            self.feed(CoreInput::Tick).ok();
        }
    }

    pub(super) fn deadline(&self) -> Option<tokio::time::Instant> {
        let moment = self.running.as_ref()?.core.deadline()?;
        Some(self.clock.instant(moment))
    }

    /// One frame of a desktop.
    pub(super) fn frame(&mut self, connection: u64, text: &str) {
        self.received += 1;
        let Request { id, command } = match parse_request(text) {
            Ok(request) => request,
            Err(bad) => return self.reply(connection, bad.id, Err(bad.error)),
        };
        if let Some(answer) = self.answers.get(&id).cloned() {
            return self.reply(connection, Some(id), answer);
        }
        let (answer, effects) = self.command(connection, id, command);
        if std::mem::take(&mut self.die_after_next) {
            return self.kill();
        }
        self.reply(connection, Some(id), answer);
        self.tell(effects);
    }

    pub(super) fn feed(&mut self, input: CoreInput) -> Answer {
        let (answer, effects) = self.handle(input);
        self.tell(effects);
        answer
    }

    fn command(
        &mut self,
        connection: u64,
        id: Uuid,
        command: Command,
    ) -> (Answer, Vec<CoreEffect>) {
        let none = |answer| (answer, Vec::new());
        match command {
            Command::SessionOpen { user, password, resume, take_over, .. } => {
                self.open(connection, user, password, resume, take_over)
            }
            Command::Ping {} | Command::VoiceCandidate { .. } => none(Ok(json!({}))),
            Command::VoiceOffer { sdp } => self.voice(connection, &sdp),
            Command::Search { text } => none(self.search(&text)),
            Command::History { .. } => none(Ok(json!(wire::History { entries: Vec::new() }))),
            command => {
                let connection = ConnectionId(connection);
                let input = CoreInput::Command {
                    connection,
                    command: command.clone(),
                    contact: Contact::default(),
                };
                let (answer, effects) = self.handle(input);
                self.answers.insert(id, answer.clone());
                if answer.is_ok() {
                    self.carried_out.push((id, command));
                }
                (answer, effects)
            }
        }
    }

    fn open(
        &mut self,
        connection: u64,
        user: AgentId,
        password: Option<wire::Password>,
        resume: Option<omnibar_protocol::Resume>,
        take_over: bool,
    ) -> (Answer, Vec<CoreEffect>) {
        let (how, token) = match (password, resume) {
            (Some(password), None) if password.clone().into_secret() == Secret::new(PASSWORD) => {
                let session = Uuid::from_u128(self.next().into());
                let token = laid::token(&user, self.last);
                (How::Fresh { session, token_hash: token.clone(), take_over }, token)
            }
            (None, Some(resume)) => {
                let token = resume.token.into_secret().expose().to_owned();
                let how = How::Resume { token_hash: token.clone(), last_seq: resume.last_seq };
                (how, token)
            }
            _ => {
                let error = ErrorObject::new(Code::Unauthorised, "Wrong user or password.");
                return (Err(error), Vec::new());
            }
        };
        let account = Account {
            name: format!("Agent {user}"),
            user,
            campaigns: laid::campaigns().into_iter().collect(),
            supervisor: false,
        };
        let open = OpenSession { connection: ConnectionId(connection), account, how };
        let (mut answer, effects) = self.handle(CoreInput::Open(open));
        if let Ok(value) = &mut answer {
            value["token"] = json!(token);
        }
        (answer, effects)
    }

    fn voice(&mut self, connection: u64, sdp: &str) -> (Answer, Vec<CoreEffect>) {
        let Some(session) = self.core().session_on(ConnectionId(connection)) else {
            let error = ErrorObject::new(Code::Unauthorised, "Sign in first.");
            return (Err(error), Vec::new());
        };
        let (user, leg) = (session.user.clone(), session.leg.clone());
        self.switch.perform(SwitchCommand::Peer { leg: leg.clone(), offer: sdp.to_owned() });
        let answer = VoiceAnswered::Here { sdp: format!("answer to {sdp}") };
        let (_, effects) = self.handle(CoreInput::VoiceUp { user, leg });
        (Ok(json!(answer)), effects)
    }

    fn search(&self, text: &str) -> Answer {
        let agents = self.core().users().map(|user| wire::DirectoryEntry {
            destination: omnibar_model::Destination::Agent(user.clone()),
            name: format!("Agent {user}"),
            available: self.core().acd().is_free(user),
        });
        let entries = agents.filter(|e| e.name.contains(text)).collect();
        Ok(json!(Searched { entries }))
    }

    /// What is to be stored is stored, and the switch obeys, before anybody is told.
    fn handle(&mut self, input: CoreInput) -> (Answer, Vec<CoreEffect>) {
        let now = self.clock.now();
        let Some(running) = &mut self.running else {
            return (Ok(Value::Null), Vec::new());
        };
        let answer = running.core.handle(now, input);
        let mut told = Vec::new();
        for effect in running.core.take_effects() {
            match effect {
                CoreEffect::SaveSession(session) => {
                    self.sessions.insert(session.id, *session);
                }
                CoreEffect::DeleteSession(id) => {
                    self.sessions.remove(&id);
                }
                CoreEffect::SaveCall(call) => {
                    self.calls.insert(call.id.clone(), call);
                }
                CoreEffect::CloseCall(call) => {
                    self.calls.remove(&call.id);
                    self.closed.push(call);
                }
                CoreEffect::Switch(command) => self.switch.perform(command),
                CoreEffect::Notify { .. }
                | CoreEffect::Replay { .. }
                | CoreEffect::Close { .. } => {
                    told.push(effect);
                }
                // Nobody here books a callback, writes a chat or reads what voice was like.
                CoreEffect::Arrived { .. } => panic!("this switch finds no calls by itself"),
                CoreEffect::SaveCallback(_)
                | CoreEffect::DeleteCallback(_)
                | CoreEffect::SaveChat(_)
                | CoreEffect::AddMessage { .. }
                | CoreEffect::Page { .. }
                | CoreEffect::Measured { .. }
                | CoreEffect::Log { .. }
                | CoreEffect::Record { .. }
                | CoreEffect::Customer { .. } => {}
            }
        }
        (answer, told)
    }

    fn tell(&mut self, effects: Vec<CoreEffect>) {
        let now = self.clock.now();
        for effect in effects {
            match effect {
                CoreEffect::Notify { connection: Some(connection), seq, news, .. }
                | CoreEffect::Replay { connection, seq, news } => {
                    self.send(connection.0, Out::Text(news.numbered(seq, now).to_text()));
                }
                CoreEffect::Close { connection } => self.send(connection.0, Out::Close),
                _ => {}
            }
        }
    }

    fn reply(&mut self, connection: u64, id: Option<Uuid>, result: Answer) {
        self.send(connection, Out::Text(Response { id, result }.to_text()));
    }

    fn send(&self, connection: u64, out: Out) {
        let running = self.running.as_ref();
        if let Some(sender) = running.and_then(|r| r.connections.get(&connection)) {
            sender.send(out).ok();
        }
    }

    /// Calls that are over, with their last word.
    pub(super) fn closed(&self) -> &[Call] {
        &self.closed
    }
}
