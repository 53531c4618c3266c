use crate::address::Address;
use crate::dial::{Reach, WebSocket};
use crate::entry::{Entered, enter};
use crate::outbox::Outbox;
use crate::session::{Session, Verdict};
use crate::{BackendConfig, words};
use futures_util::{SinkExt, StreamExt};
use omnibar_desk::{Link, Order, SignInFault};
use omnibar_model::{AgentId, Backoff, CommandId, InteractionId};
use omnibar_protocol::{Client, Command, Resume, VERSION, wire};
use omnibar_softphone::{
    CentreEvent, Clock, EndpointAnswer, EndpointCall, Event, Inbox, SignIn, Sleeps, VoiceSignal,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tracing::{debug, info, warn};

/// A connection that held this long was a good one: the next loss is tried at once.
const HELD: Duration = Duration::from_secs(5);
/// Between two attempts to reach the centre.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// For the centre's answer to a sign-out.
const CLOSE_PATIENCE: Duration = Duration::from_secs(3);
/// For saying goodbye to a socket that nobody needs any more.
const GOODBYE_PATIENCE: Duration = Duration::from_millis(500);

/// What the port posts.
#[derive(Debug)]
pub(crate) enum Ask {
    Open(SignIn),
    Close,
    Order(CommandId, Order),
    Signal(VoiceSignal),
    Echo(bool),
    Search(String),
    History(Option<InteractionId>),
    Endpoint(EndpointCall, EndpointReply),
}

pub(crate) type EndpointReply = oneshot::Sender<Result<EndpointAnswer, String>>;

/// What comes after a session.
enum After {
    Idle,
    Open(Box<SignIn>),
    /// The port is gone.
    Stop,
}

/// How a connection was left.
enum Left {
    Lost,
    For(After),
}

pub(crate) struct Task {
    reach: Arc<dyn Reach>,
    config: BackendConfig,
    inbox: Inbox,
    clock: Clock,
    asks: mpsc::UnboundedReceiver<Ask>,
    backoff: Backoff,
}

impl Task {
    pub(crate) fn new(
        reach: impl Reach,
        config: BackendConfig,
        inbox: Inbox,
        clock: Clock,
        asks: mpsc::UnboundedReceiver<Ask>,
    ) -> Self {
        let backoff = Backoff::new(LONGEST_PAUSE, config.seed);
        Self { reach: Arc::new(reach), config, inbox, clock, asks, backoff }
    }

    pub(crate) async fn run(mut self) {
        let mut outbox = Outbox::open(self.config.outbox_dir.clone()).await;
        let mut after = After::Idle;
        loop {
            after = match after {
                After::Idle => self.idle().await,
                After::Open(sign_in) => self.sign_in(*sign_in, &mut outbox).await,
                After::Stop => return,
            }
        }
    }

    async fn idle(&mut self) -> After {
        loop {
            match self.asks.recv().await {
                None => return After::Stop,
                Some(Ask::Open(sign_in)) => return After::Open(Box::new(sign_in)),
                Some(ask) => self.decline(ask),
            }
        }
    }

    /// There is no session.
    fn decline(&self, ask: Ask) {
        match ask {
            Ask::Order(command, _) => {
                let result = Err(words::AWAY.to_owned());
                self.tell(CentreEvent::Answered { command, result });
            }
            Ask::Search(text) => self.tell(CentreEvent::Found { text, entries: Vec::new() }),
            Ask::History(before) => {
                self.tell(CentreEvent::History { before, entries: Vec::new() });
            }
            Ask::Endpoint(_, reply) => {
                let _ = reply.send(Err(words::AWAY.to_owned()));
            }
            Ask::Close => self.tell(CentreEvent::Ended(None)),
            Ask::Signal(_) | Ask::Echo(_) | Ask::Open(_) => {}
        }
    }

    async fn sign_in(&mut self, sign_in: SignIn, outbox: &mut Outbox) -> After {
        let Ok(address) = Address::parse(&sign_in.centre) else {
            return self.fail(SignInFault::BadAddress);
        };
        let Some(password) = sign_in.password.as_ref().filter(|p| !p.is_empty()) else {
            return self.fail(SignInFault::Refused { detail: words::NO_PASSWORD.into() });
        };
        if address.is_exposed() {
            warn!(%address, "the sign-in travels in the clear; use wss://");
        }
        info!(%address, user = %sign_in.user, "signing in");
        let password = Some(wire::Password::from(password));
        let command = self.open_command(&sign_in.user, password, None, sign_in.take_over);
        let entering = enter(Arc::clone(&self.reach), address.clone(), command);
        match self.meanwhile(entering, None).await {
            Err(after) => after,
            Ok(Err(reason)) => self.fail(reason.into_fault()),
            Ok(Ok(entered)) => {
                let kept = outbox.of(address.as_str(), &sign_in.user);
                let who = (address.as_str().to_owned(), sign_in.user.clone());
                let session = Session::new((self.inbox.clone(), self.clock), who, kept);
                self.backoff.reset();
                self.stay(session, entered, (&address, &sign_in.user), outbox).await
            }
        }
    }

    /// Holds a session across connections, to its end.
    async fn stay(
        &mut self,
        mut session: Session,
        mut entered: Entered,
        (address, user): (&Address, &AgentId),
        outbox: &mut Outbox,
    ) -> After {
        loop {
            match self.connected(&mut session, entered, outbox).await {
                Left::For(after) => return after,
                Left::Lost => {}
            }
            entered = loop {
                let (attempt, pause) = self.backoff.next_attempt();
                let next_try_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                self.tell(CentreEvent::LinkChanged(Link::Reconnecting { attempt, next_try_ms }));
                let command = self.open_command(user, None, Some(session.resume()), false);
                let reach = Arc::clone(&self.reach);
                let entering = async {
                    let mut sleeps = Sleeps::new();
                    tokio::select! {
                        () = sleep(pause) => {}
                        // What did not help before may help now.
                        _ = sleeps.over() => {}
                    }
                    enter(reach, address.clone(), command).await
                };
                match self.meanwhile(entering, Some((&mut session, outbox))).await {
                    Err(after) => return after,
                    Ok(Ok(entered)) => break entered,
                    Ok(Err(reason)) if reason.is_passing() => debug!(attempt, "not reconnected"),
                    Ok(Err(reason)) => return self.end(Some(reason.into_fault())),
                }
            };
        }
    }

    fn open_command(
        &self,
        user: &AgentId,
        password: Option<wire::Password>,
        resume: Option<Resume>,
        take_over: bool,
    ) -> Command {
        let client = Client { agent: self.config.client.clone(), protocol: VERSION };
        Command::SessionOpen { client, user: user.clone(), password, resume, take_over }
    }

    /// Waits for `work`, taking what the port posts in between.
    async fn meanwhile<T>(
        &mut self,
        work: impl Future<Output = T>,
        mut session: Option<(&mut Session, &mut Outbox)>,
    ) -> Result<T, After> {
        tokio::pin!(work);
        loop {
            let ask = tokio::select! {
                biased;
                ask = self.asks.recv() => ask,
                done = &mut work => return Ok(done),
            };
            match (ask, &mut session) {
                (None, _) => return Err(After::Stop),
                (Some(Ask::Open(sign_in)), _) => return Err(After::Open(Box::new(sign_in))),
                (Some(Ask::Close), _) => return Err(self.end(None)),
                (Some(ask), None) => self.decline(ask),
                (Some(ask), Some((session, outbox))) => {
                    if let Some(entry) = session.ask(ask, false) {
                        outbox.add(entry).await;
                    }
                }
            }
        }
    }

    /// One connection, until it is lost or the session is over.
    async fn connected(
        &mut self,
        session: &mut Session,
        Entered { mut socket, opened, early }: Entered,
        outbox: &mut Outbox,
    ) -> Left {
        let began = Instant::now();
        session.opened(opened);
        let mut left = early.iter().find_map(|text| self.left(session.received(text)));
        if left.is_none() {
            left = Some(self.attend(session, &mut socket, outbox).await);
        }
        // What was answered in the last frames is settled also when the link is lost.
        for id in std::mem::take(&mut session.delivered) {
            outbox.done(id).await;
        }
        if began.elapsed() >= HELD {
            self.backoff.reset();
        }
        let _ = timeout(GOODBYE_PATIENCE, socket.close(None)).await;
        left.unwrap_or(Left::Lost)
    }

    async fn attend(
        &mut self,
        session: &mut Session,
        socket: &mut WebSocket,
        outbox: &mut Outbox,
    ) -> Left {
        let interval = session.heartbeat;
        let mut heard = Instant::now();
        let mut ping = heard + interval;
        let mut closing: Option<Instant> = None;
        let mut sleeps = Sleeps::new();
        loop {
            if let Err(reason) = flush(session, socket, interval).await {
                info!(reason, "connection to the centre lost");
                return Left::Lost;
            }
            for id in std::mem::take(&mut session.delivered) {
                outbox.done(id).await;
            }
            tokio::select! {
                biased;
                () = sleep_until(heard + 2 * interval) => {
                    info!("nothing heard of the centre for two heartbeats");
                    return Left::Lost;
                }
                () = sleep_until(ping) => {
                    ping = Instant::now() + interval;
                    session.ping();
                }
                slept = sleeps.over() => {
                    info!(?slept, "this machine was asleep; the centre is connected to anew");
                    self.backoff.reset();
                    return Left::Lost;
                }
                () = at(session.retry) => session.retry = None,
                () = at(closing) => return Left::For(self.end(None)),
                ask = self.asks.recv() => match ask {
                    None => return Left::For(After::Stop),
                    Some(Ask::Open(sign_in)) => return Left::For(After::Open(Box::new(sign_in))),
                    Some(ask) => {
                        if matches!(ask, Ask::Close) {
                            closing = Some(Instant::now() + CLOSE_PATIENCE);
                        }
                        if let Some(entry) = session.ask(ask, true) {
                            // On its way first: the agent does not wait for the disk.
                            let sent = flush(session, socket, interval).await;
                            outbox.add(entry).await;
                            if sent.is_err() {
                                return Left::Lost;
                            }
                        }
                    }
                },
                message = socket.next() => {
                    heard = Instant::now();
                    let verdict = match message {
                        Some(Ok(Message::Text(text))) => session.received(&text),
                        Some(Ok(Message::Binary(bytes))) => session.unreadable(bytes.len()),
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                            Verdict::GoOn
                        }
                        Some(Ok(Message::Close(_))) | None => {
                            info!("the centre closed the connection");
                            return self.closed(closing);
                        }
                        Some(Err(error)) => {
                            info!(%error, "connection to the centre lost");
                            return self.closed(closing);
                        }
                    };
                    if let Some(left) = self.left(verdict) {
                        return left;
                    }
                }
            }
        }
    }

    fn left(&self, verdict: Verdict) -> Option<Left> {
        match verdict {
            Verdict::GoOn => None,
            Verdict::Gap => Some(Left::Lost),
            Verdict::Hostile => {
                warn!("too many frames that could not be read; the connection is closed");
                Some(Left::Lost)
            }
            Verdict::Ended(fault) => Some(Left::For(self.end(fault))),
        }
    }

    /// A connection that ends while the agent signs out is not made again.
    fn closed(&self, closing: Option<Instant>) -> Left {
        match closing {
            Some(_) => Left::For(self.end(None)),
            None => Left::Lost,
        }
    }

    fn fail(&self, fault: SignInFault) -> After {
        self.tell(CentreEvent::OpenFailed(fault));
        After::Idle
    }

    fn end(&self, fault: Option<SignInFault>) -> After {
        self.tell(CentreEvent::Ended(fault));
        After::Idle
    }

    fn tell(&self, event: CentreEvent) {
        self.inbox.post(Event::Centre(event));
    }
}

/// Sends what is ready. A centre that does not read for a heartbeat is lost.
async fn flush(
    session: &mut Session,
    socket: &mut WebSocket,
    patience: Duration,
) -> Result<(), &'static str> {
    for text in session.outgoing() {
        match timeout(patience, socket.send(Message::text(text))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err("the connection broke"),
            Err(_) => return Err("the centre does not read"),
        }
    }
    Ok(())
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
