use crate::outbox::Entry;
use crate::pending::{Pending, Purpose, Waiting};
use crate::task::{Ask, EndpointReply};
use crate::{translate, words};
use omnibar_desk::{ChatAsk, Order, SignInFault};
use omnibar_model::{AgentId, CommandId, Secret};
use omnibar_protocol::{
    Code, Command, ErrorObject, FromCentre, Notification, Numbered, Response, Resume, Searched,
    SessionOpened, SessionSelected, VoiceAnswered, parse_from_centre, wire,
};
use omnibar_softphone::{
    CentreEvent, Clock, EndpointAnswer, EndpointCall, Event, HISTORY_PAGE, Inbox, VoiceSignal,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;
use tracing::{debug, info, warn};
use uuid::Uuid;

/// Unanswered commands at most, without those of the outbox.
const PENDING_MAX: usize = 256;
/// Of one agent in the outbox.
const KEPT_MAX: usize = 200;
/// Frames that could not be read until the connection is given up.
const BAD_MAX: u32 = 20;
/// An order that was unanswered for longer when the connection came back is not
/// repeated: the desk has given up on it, and the agent may have done otherwise.
const STALE: Duration = Duration::from_secs(10);
/// Until the outbox tries again what the centre could not do just now.
const RETRY: Duration = Duration::from_secs(5);
/// STUN and TURN servers taken from a centre.
const ICE_SERVERS_MAX: usize = 16;

/// What a frame means for the connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    /// Notifications were lost: resume, asking for them.
    Gap,
    /// Too much that is not of this protocol.
    Hostile,
    Ended(Option<SignInFault>),
}

/// One session with the centre, across connections. Does no IO: it reads and
/// writes texts.
#[derive(Debug)]
pub(crate) struct Session {
    inbox: Inbox,
    clock: Clock,
    centre: String,
    user: AgentId,
    token: Secret,
    pub(crate) heartbeat: Duration,
    last_seq: u64,
    /// On this connection a notification has come.
    counted: bool,
    /// Campaigns and extension are chosen: the centre takes commands about calls.
    selected: bool,
    pending: Pending,
    /// Who waits for a service's answer, by command.
    endpoints: HashMap<Uuid, EndpointReply>,
    bad: u32,
    pub(crate) retry: Option<Instant>,
    /// Entries of the outbox that the centre has taken or will never take.
    pub(crate) delivered: Vec<Uuid>,
}

impl Session {
    pub(crate) fn new(
        (inbox, clock): (Inbox, Clock),
        (centre, user): (String, AgentId),
        kept: Vec<Entry>,
    ) -> Self {
        let mut pending = Pending::default();
        for entry in kept {
            pending.push(entry.id, entry.command, Purpose::Kept(None));
        }
        Self {
            inbox,
            clock,
            centre,
            user,
            token: Secret::default(),
            heartbeat: Duration::from_secs(15),
            last_seq: 0,
            counted: false,
            selected: false,
            pending,
            endpoints: HashMap::new(),
            bad: 0,
            retry: None,
            delivered: Vec::new(),
        }
    }

    /// Opened anew or resumed, on a fresh connection.
    pub(crate) fn opened(&mut self, opened: SessionOpened) {
        self.token = opened.token.clone().into_secret();
        self.heartbeat = Duration::from_millis(opened.heartbeat_ms.clamp(1_000, 120_000));
        (self.bad, self.counted, self.retry) = (0, false, None);
        if !opened.resumed {
            self.last_seq = 0;
            self.selected = false;
        }
        self.pending.forget(|p| matches!(p, Purpose::Ping | Purpose::Close));
        self.pending.unsend();
        // A service says what a repeat does; who asked may know.
        self.pending.forget(|p| matches!(p, Purpose::Endpoint));
        for (_, reply) in self.endpoints.drain() {
            let _ = reply.send(Err(words::LATE.into()));
        }
        let stale = |w: &Waiting| {
            matches!(w.purpose, Purpose::Order(_) | Purpose::Choose(_)) && w.since.elapsed() > STALE
        };
        for waiting in self.pending.take(stale) {
            if let Purpose::Order(command) | Purpose::Choose(command) = waiting.purpose {
                self.answer(command, Err(words::LATE.into()));
            }
        }
        self.tell(CentreEvent::LinkChanged(omnibar_desk::Link::Up));
        self.tell(CentreEvent::Opened(translate::start(opened)));
    }

    pub(crate) fn resume(&self) -> Resume {
        Resume { token: wire::Password::from(&self.token), last_seq: self.last_seq }
    }

    /// Texts to be sent now.
    pub(crate) fn outgoing(&mut self) -> Vec<String> {
        let selected = self.selected;
        let retrying = self.retry.is_some();
        self.pending.send(|purpose| match purpose {
            Purpose::Kept(_) => selected && !retrying,
            Purpose::Order(_)
            | Purpose::Choose(_)
            | Purpose::Search(_)
            | Purpose::History(_)
            | Purpose::Endpoint
            | Purpose::Offer
            | Purpose::Candidate
            | Purpose::Echo
            | Purpose::Ping
            | Purpose::Close => true,
        })
    }

    /// Takes an order, a signal or a question. Returns what is to be kept on disk.
    pub(crate) fn ask(&mut self, ask: Ask, online: bool) -> Option<Entry> {
        match ask {
            Ask::Order(command, order) => return self.order(command, order, online),
            Ask::Signal(VoiceSignal::Offer(sdp)) => {
                // What belongs to an older offer is of no use any more.
                self.pending.forget(|p| matches!(p, Purpose::Offer | Purpose::Candidate));
                self.push(Command::VoiceOffer { sdp }, Purpose::Offer);
            }
            Ask::Signal(VoiceSignal::Candidate(candidate)) => {
                if self.has_room() {
                    self.push(Command::VoiceCandidate { candidate }, Purpose::Candidate);
                }
            }
            Ask::Signal(VoiceSignal::Answer(_) | VoiceSignal::Extension(_)) => {
                debug!("this side does not answer offers");
            }
            Ask::Echo(on) => {
                self.pending.forget(|p| matches!(p, Purpose::Echo));
                if online {
                    self.push(Command::VoiceEcho { on }, Purpose::Echo);
                }
            }
            Ask::Search(text) => {
                self.pending.forget(|p| matches!(p, Purpose::Search(_)));
                self.push(Command::Search { text: text.clone() }, Purpose::Search(text));
            }
            Ask::History(before) => {
                self.pending.forget(|p| matches!(p, Purpose::History(_)));
                let limit = u16::try_from(HISTORY_PAGE).unwrap_or(u16::MAX);
                let command = Command::History { before: before.clone(), limit };
                self.push(command, Purpose::History(before));
            }
            Ask::Endpoint(call, reply) => self.call(call, reply, online),
            Ask::Close => {
                self.push(Command::SessionClose {}, Purpose::Close);
            }
            Ask::Open(_) => debug!("a session is opened by its task"),
        }
        None
    }

    pub(crate) fn ping(&mut self) {
        self.pending.forget(|p| matches!(p, Purpose::Ping));
        self.push(Command::Ping {}, Purpose::Ping);
    }

    pub(crate) fn received(&mut self, text: &str) -> Verdict {
        match parse_from_centre(text) {
            Ok(FromCentre::Notification(numbered)) => self.notified(numbered),
            Ok(FromCentre::Response(response)) => self.responded(response),
            Err(bad) => {
                if let Some(waiting) = bad.id.and_then(|id| self.pending.answered(id)) {
                    let error = ErrorObject::new(Code::Internal, words::UNREADABLE);
                    self.failed(waiting, &error);
                }
                self.unreadable(text.len())
            }
        }
    }

    /// Counts a frame that is not of this protocol. What was in it is not logged.
    pub(crate) fn unreadable(&mut self, bytes: usize) -> Verdict {
        self.bad += 1;
        warn!(bytes, count = self.bad, "a frame of the centre could not be read");
        if self.bad >= BAD_MAX { Verdict::Hostile } else { Verdict::GoOn }
    }

    fn order(&mut self, command: CommandId, order: Order, online: bool) -> Option<Entry> {
        let is_choice = matches!(order, Order::Choose { .. });
        let is_kept = matches!(
            order,
            Order::Note { .. }
                | Order::Dispose { .. }
                | Order::Measured { .. }
                | Order::Chat { ask: ChatAsk::Say { .. } | ChatAsk::Dispose { .. } }
        );
        let order = translate::command(order);
        if is_kept {
            if self.pending.count(|p| matches!(p, Purpose::Kept(_))) >= KEPT_MAX {
                self.answer(command, Err(words::OUTBOX_FULL.into()));
                return None;
            }
            let id = self.push(order.clone(), Purpose::Kept(Some(command)));
            let (centre, user) = (self.centre.clone(), self.user.clone());
            return Some(Entry { id, centre, user, command: order });
        }
        if !online {
            self.answer(command, Err(words::AWAY.into()));
        } else if !self.has_room() {
            self.answer(command, Err(words::TOO_MANY.into()));
        } else if is_choice {
            self.push(order, Purpose::Choose(command));
        } else {
            self.push(order, Purpose::Order(command));
        }
        None
    }

    fn call(&mut self, call: EndpointCall, reply: EndpointReply, online: bool) {
        if !online || !self.has_room() {
            let why = if online { words::TOO_MANY } else { words::AWAY };
            let _ = reply.send(Err(why.into()));
            return;
        }
        let EndpointCall { service, method, path, query, body } = call;
        let command = Command::EndpointCall { service, method, path, query, body };
        let id = self.push(command, Purpose::Endpoint);
        self.endpoints.insert(id, reply);
    }

    /// Whoever asked may have stopped waiting.
    fn served(&mut self, id: Uuid, result: Result<EndpointAnswer, String>) {
        if let Some(reply) = self.endpoints.remove(&id) {
            let _ = reply.send(result);
        }
    }

    fn push(&mut self, command: Command, purpose: Purpose) -> Uuid {
        let id = Uuid::new_v4();
        self.pending.push(id, command, purpose);
        id
    }

    fn has_room(&self) -> bool {
        self.pending.count(|p| !matches!(p, Purpose::Kept(_))) < PENDING_MAX
    }

    fn notified(&mut self, Numbered { seq, notification }: Numbered) -> Verdict {
        // A snapshot replaces everything, its number included.
        let is_snapshot = matches!(notification, Notification::Snapshot { .. });
        if !is_snapshot && seq <= self.last_seq {
            debug!(seq, "a notification came twice");
            return Verdict::GoOn;
        }
        // A new session starts to count where the centre wishes.
        let is_first = !self.counted && self.last_seq == 0;
        if !is_snapshot && !is_first && seq != self.last_seq + 1 {
            info!(seq, last = self.last_seq, "notifications were lost");
            return Verdict::Gap;
        }
        (self.last_seq, self.counted) = (seq, true);
        let now = self.clock.now();
        let event = match notification {
            Notification::Snapshot { agent, interactions, callbacks, chats } => {
                CentreEvent::Synchronised {
                    agent: translate::agent(agent, now),
                    interactions: interactions.into_iter().map(|i| i.into_model(now)).collect(),
                    callbacks,
                    chats: chats.into_iter().map(|c| c.into_model(now)).collect(),
                }
            }
            Notification::AgentChanged { agent } => {
                CentreEvent::AgentChanged(translate::agent(agent, now))
            }
            Notification::InteractionChanged { interaction } => {
                CentreEvent::InteractionChanged(interaction.into_model(now))
            }
            Notification::ChatChanged { chat } => CentreEvent::ChatChanged(chat.into_model(now)),
            Notification::CallbackChanged { callback } => CentreEvent::CallbackChanged(callback),
            Notification::CallbackGone { callback } => CentreEvent::CallbackGone(callback),
            Notification::VoiceCandidate { candidate } => {
                CentreEvent::Signal(VoiceSignal::Candidate(candidate))
            }
            Notification::VoiceGone {} => CentreEvent::VoiceGone,
            Notification::SessionEnded { reason } => return Verdict::Ended(words::ended(reason)),
        };
        self.tell(event);
        Verdict::GoOn
    }

    fn responded(&mut self, response: Response) -> Verdict {
        let Some(waiting) = response.id.and_then(|id| self.pending.answered(id)) else {
            debug!("an answer to nothing that is waiting");
            return Verdict::GoOn;
        };
        match response.result {
            Ok(value) => self.succeeded(waiting, value),
            Err(error) => {
                debug!(code = error.code, "the centre refused a command");
                self.failed(waiting, &error)
            }
        }
    }

    fn succeeded(&mut self, waiting: Waiting, value: Value) -> Verdict {
        match waiting.purpose {
            Purpose::Order(command) => self.answer(command, Ok(())),
            Purpose::Kept(command) => {
                self.delivered.push(waiting.id);
                if let Some(command) = command {
                    self.answer(command, Ok(()));
                }
            }
            Purpose::Choose(command) => {
                let Some(chosen) = self.read::<SessionSelected>(value) else {
                    self.answer(command, Err(words::UNREADABLE.into()));
                    return self.unreadable(0);
                };
                self.selected = true;
                self.tell(CentreEvent::Chosen {
                    breaks: chosen.breaks,
                    queues: chosen.queues,
                    ivrs: chosen.ivrs,
                    ice_servers: chosen
                        .ice_servers
                        .into_iter()
                        .take(ICE_SERVERS_MAX)
                        .map(translate::ice_server)
                        .collect(),
                });
                self.answer(command, Ok(()));
            }
            Purpose::Search(text) => {
                let Some(found) = self.read::<Searched>(value) else {
                    self.tell(CentreEvent::Found { text, entries: Vec::new() });
                    return self.unreadable(0);
                };
                let entries = found.entries.into_iter().map(translate::directory_entry).collect();
                self.tell(CentreEvent::Found { text, entries });
            }
            Purpose::History(before) => {
                let Some(history) = self.read::<wire::History>(value) else {
                    self.tell(CentreEvent::History { before, entries: Vec::new() });
                    return self.unreadable(0);
                };
                let entries = history.entries.into_iter().map(translate::history_entry).collect();
                self.tell(CentreEvent::History { before, entries });
            }
            Purpose::Offer => match self.read::<VoiceAnswered>(value) {
                Some(VoiceAnswered::Here { sdp }) => {
                    self.tell(CentreEvent::Signal(VoiceSignal::Answer(sdp)));
                }
                Some(VoiceAnswered::Extension { extension }) => {
                    let extension = translate::extension(extension);
                    self.tell(CentreEvent::Signal(VoiceSignal::Extension(extension)));
                }
                None => {
                    self.tell(CentreEvent::SignalFailed(words::UNREADABLE.into()));
                    return self.unreadable(0);
                }
            },
            Purpose::Endpoint => {
                let answer = self.read::<wire::EndpointAnswer>(value);
                let readable = answer.is_some();
                let answer = answer.map(|a| EndpointAnswer { status: a.status, body: a.body });
                self.served(waiting.id, answer.ok_or_else(|| words::UNREADABLE.into()));
                if !readable {
                    return self.unreadable(0);
                }
            }
            Purpose::Candidate | Purpose::Echo | Purpose::Ping => {}
            Purpose::Close => return Verdict::Ended(None),
        }
        Verdict::GoOn
    }

    fn failed(&mut self, waiting: Waiting, error: &ErrorObject) -> Verdict {
        let code = Code::from(error.code);
        match &waiting.purpose {
            Purpose::Order(command) | Purpose::Choose(command) => {
                self.answer(*command, Err(words::sentence(error)));
            }
            Purpose::Kept(_) if words::is_passing(code) => {
                self.retry = Some(Instant::now() + RETRY);
                self.pending.put_back(waiting);
            }
            Purpose::Kept(command) => {
                warn!(id = %waiting.id, code = error.code, "the centre will not take an entry of the outbox; it is given up");
                self.delivered.push(waiting.id);
                if let Some(command) = command {
                    self.answer(*command, Err(words::sentence(error)));
                }
            }
            Purpose::Search(text) => {
                self.tell(CentreEvent::Found { text: text.clone(), entries: Vec::new() });
            }
            Purpose::History(before) => {
                self.tell(CentreEvent::History { before: before.clone(), entries: Vec::new() });
            }
            Purpose::Endpoint => self.served(waiting.id, Err(words::sentence(error))),
            Purpose::Offer => self.tell(CentreEvent::SignalFailed(words::sentence(error))),
            Purpose::Candidate | Purpose::Echo | Purpose::Ping => {}
            Purpose::Close => return Verdict::Ended(Some(words::fault(error))),
        }
        if code == Code::SessionExpired {
            return Verdict::Ended(Some(SignInFault::Expired));
        }
        Verdict::GoOn
    }

    fn read<T: DeserializeOwned>(&self, value: Value) -> Option<T> {
        serde_json::from_value(value).ok()
    }

    fn answer(&self, command: CommandId, result: Result<(), String>) {
        self.tell(CentreEvent::Answered { command, result });
    }

    fn tell(&self, event: CentreEvent) {
        self.inbox.post(Event::Centre(event));
    }
}
