//! The task behind an [`Exchange`](super::Exchange): the registration, and a [`Seat`] while
//! there is one.

use super::faults::{refused, server};
use super::seat::{Seat, Telephone};
use super::trial::{Trial, not_begun};
use super::{Book, ExchangeConfig, Handset};
use crate::sip::core::{Account, CallNumber, Digit, Event as SipEvent, Uri};
use crate::sip::{Check, ExtensionConfig, ExtensionEvent, Phone, PhoneEvent, WebSocketUrl};
use crate::voice::Voice;
use crate::{Bind, Line, probe};
use omnibar_contract::{ConnectionTestState, PhoneAccount};
use omnibar_desk::{Link, Order, SignInFault};
use omnibar_model::{CommandId, InteractionId, PhoneNumber};
use omnibar_peer::PeerConfig;
use omnibar_softphone::{CentreEvent, Clock, Event, IceServer, Inbox, SignIn};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// How long a registration is asked to hold.
const EXPIRES: Duration = Duration::from_secs(300);
/// Longest part of a sign-in, in bytes; no address needs more.
const MOST_TEXT: usize = 2_048;

#[derive(Debug)]
pub(super) enum Ask {
    Open(Box<SignIn>),
    Close,
    Order(CommandId, Box<Order>),
    Search(String),
    History(Option<InteractionId>),
    /// A voice connection is wanted, by these servers.
    Voice(Vec<IceServer>),
    Mend,
    Probe(Vec<IceServer>),
    /// Tries an extension, or the one that is signed in.
    Test {
        of: Option<Box<SignIn>>,
        echo: String,
        servers: Vec<IceServer>,
    },
    StopTest,
}

pub(super) struct Task {
    instance: String,
    agent: String,
    extra_ca: Option<PathBuf>,
    book: Arc<dyn Book>,
    handset: Arc<dyn Handset>,
    voice: Arc<Voice>,
    peers: PeerConfig,
    round_trip: Arc<AtomicU64>,
    inbox: Inbox,
    clock: Clock,
    open: Option<Open>,
    /// A telephone that gives its registration up: the next one waits for it.
    closing: Option<JoinHandle<()>>,
    trial: Option<Trial>,
}

struct Open {
    seat: Seat<Phone>,
    told: mpsc::UnboundedReceiver<PhoneEvent>,
    /// As it was asked for.
    sign_in: SignIn,
    name: String,
    registered: bool,
    /// Tries since the connection was lost.
    attempts: u32,
}

impl Task {
    pub(super) fn new(config: ExchangeConfig, line: &Line, inbox: Inbox, clock: Clock) -> Self {
        Self {
            instance: config.instance,
            agent: config.agent,
            extra_ca: config.extra_ca,
            book: config.book,
            handset: config.handset,
            voice: Arc::clone(&line.voice),
            peers: line.peers.clone(),
            round_trip: Arc::clone(&line.round_trip),
            inbox,
            clock,
            open: None,
            closing: None,
            trial: None,
        }
    }

    pub(super) async fn run(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        loop {
            let due = self.open.as_ref().and_then(|open| open.seat.deadline());
            let due = due.map(|moment| self.clock.instant(moment));
            tokio::select! {
                ask = asks.recv() => match ask {
                    None => break,
                    Some(ask) => self.ask(ask).await,
                },
                event = next(&mut self.open) => self.told(event),
                () = over(&mut self.trial) => self.tested(),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.tick();
                    if let Some(open) = &mut self.open {
                        open.seat.due();
                    }
                }
            }
            self.calls_come_first();
            if let Some(open) = &mut self.open {
                for event in open.seat.said() {
                    self.inbox.post(event);
                }
            }
        }
        if let Some(open) = self.open {
            open.seat.phone.close().await;
        }
    }

    async fn ask(&mut self, ask: Ask) {
        self.tick();
        match ask {
            Ask::Open(sign_in) => {
                self.end_trial().await;
                if let Some(closing) = self.closing.take() {
                    // It takes two seconds at most; one that failed has closed too.
                    let _ = closing.await;
                }
                self.close();
                if let Err(fault) = self.start(*sign_in) {
                    self.post(CentreEvent::OpenFailed(fault));
                }
            }
            Ask::Close => {
                self.end_trial().await;
                self.close();
                self.post(CentreEvent::LinkChanged(Link::Down));
                self.post(CentreEvent::Ended(None));
            }
            Ask::Order(command, order) => match &mut self.open {
                Some(open) => open.seat.order(command, *order),
                None => {
                    let result = Err("You are not signed in. Sign in first.".to_owned());
                    self.post(CentreEvent::Answered { command, result });
                }
            },
            Ask::Search(text) => {
                let entries = self.book.search(&text);
                self.post(CentreEvent::Found { text, entries });
            }
            Ask::History(before) => {
                let entries = self.book.history(before.as_ref());
                self.post(CentreEvent::History { before, entries });
            }
            Ask::Voice(servers) => {
                if let Some(open) = &mut self.open {
                    open.seat.phone.use_servers(servers);
                    open.seat.voice_wanted();
                    open.seat.mend();
                }
            }
            Ask::Mend => {
                if let Some(open) = &mut self.open {
                    open.seat.mend();
                }
            }
            Ask::Probe(servers) => {
                let (peers, inbox) = (self.peers.clone(), self.inbox.clone());
                tokio::spawn(probe::run(peers, servers, None, true, inbox));
            }
            Ask::Test { of, echo, servers } => {
                self.end_trial().await;
                if let Err(state) = self.test(of.map(|of| *of), &echo, servers) {
                    self.inbox.post(not_begun(state));
                }
            }
            Ask::StopTest => {
                if let Some(trial) = &mut self.trial {
                    trial.stop(ConnectionTestState::Stopped);
                }
            }
        }
    }

    fn test(
        &mut self,
        of: Option<SignIn>,
        echo: &str,
        servers: Vec<IceServer>,
    ) -> Result<(), ConnectionTestState> {
        if self.open.as_ref().is_some_and(|open| !open.seat.calls.is_empty()) {
            return Err(ConnectionTestState::InCall);
        }
        let of_own = of.is_none();
        let own = || self.open.as_ref().map(|open| open.sign_in.clone());
        let sign_in = of.or_else(own).ok_or(ConnectionTestState::BadAddress)?;
        let bad = |_| ConnectionTestState::BadAddress;
        let extension = self.extension(sign_in).map_err(bad)?;
        let domain = extension.account.address.host().to_owned();
        let call = match echo.trim() {
            "" => None,
            echo if fits(echo) => {
                let to =
                    Uri::dialled(echo, &domain).map_err(|_| ConnectionTestState::BadAddress)?;
                Some(to).filter(Uri::is_sip)
            }
            _ => return Err(ConnectionTestState::BadAddress),
        };
        let bind = self.bind(&extension.server);
        let relay_only = self.peers.relay_only;
        let check = Check { extension, bind, relay_only, ice_servers: servers, call };
        self.trial = Some(Trial::start(check, of_own, self.inbox.clone()));
        if let Some(open) = self.open.as_ref().filter(|_| of_own) {
            open.seat.phone.unregister();
        }
        Ok(())
    }

    /// The test has ended: the extension that is signed in is there for callers again.
    fn tested(&mut self) {
        let of_own = self.trial.take().is_some_and(|trial| trial.of_own);
        if let Some(open) = self.open.as_ref().filter(|_| of_own) {
            open.seat.phone.register();
        }
    }

    async fn end_trial(&mut self) {
        if let Some(trial) = &mut self.trial {
            trial.stop(ConnectionTestState::Stopped);
            trial.over().await;
            self.tested();
        }
    }

    /// A call that comes or is made while the extension is tested ends the test.
    fn calls_come_first(&mut self) {
        let calls = self.open.as_ref().is_some_and(|open| !open.seat.calls.is_empty());
        if let Some(trial) = self.trial.as_mut().filter(|trial| calls && trial.of_own) {
            trial.stop(ConnectionTestState::Interrupted);
        }
    }

    /// What a sign-in is about.
    fn extension(&self, sign_in: SignIn) -> Result<ExtensionConfig, SignInFault> {
        let SignIn { centre, password, account, user: _, take_over: _ } = sign_in;
        let PhoneAccount { server, user, display, ca, voicemail: _, echo: _ } =
            account.ok_or(SignInFault::BadAddress)?;
        if ![&centre, &server, &user, &display, &ca].into_iter().all(|text| fits(text)) {
            return Err(SignInFault::BadAddress);
        }
        let address = Uri::read(&centre)
            .ok()
            .filter(|address| address.is_sip() && !address.user().is_empty())
            .ok_or(SignInFault::BadAddress)?;
        let server = WebSocketUrl::parse(&server).map_err(|_| SignInFault::BadAddress)?;
        let account = Account {
            display,
            user,
            password: password.ok_or(SignInFault::WrongCredentials)?,
            secure: server.is_tls(),
            instance: self.instance.clone(),
            expires: EXPIRES,
            agent: self.agent.clone(),
            address,
        };
        let own = Some(ca).filter(|ca| !ca.is_empty()).map(PathBuf::from);
        let extra_ca = own.or_else(|| self.extra_ca.clone());
        Ok(ExtensionConfig { account, server, extra_ca })
    }

    /// Where calls at this server are bound.
    fn bind(&self, server: &WebSocketUrl) -> Bind {
        match &self.peers.bind {
            Bind::AllInterfaces if server.is_local() => Bind::AllAndLoopback,
            bind => bind.clone(),
        }
    }

    fn start(&mut self, sign_in: SignIn) -> Result<(), SignInFault> {
        let extension = self.extension(sign_in.clone())?;
        let peers = PeerConfig { bind: self.bind(&extension.server), ..self.peers.clone() };
        let domain = extension.account.address.host().to_owned();
        let display = extension.account.display.clone();
        let (voice, round_trip) = (Arc::clone(&self.voice), Arc::clone(&self.round_trip));
        let (phone, told) =
            Phone::over(extension, voice, peers, round_trip, vec![]).map_err(|fault| {
                SignInFault::Refused {
                    detail: format!("this system gives no random numbers: {fault}"),
                }
            })?;
        self.book.open(&sign_in.centre);
        let voicemail = sign_in.account.as_ref().map(|account| account.voicemail.as_str());
        let voicemail = voicemail.and_then(|number| PhoneNumber::parse(number).ok());
        let seat =
            Seat::new(phone, domain, voicemail, Arc::clone(&self.book), Arc::clone(&self.handset));
        let name = if display.is_empty() { sign_in.user.to_string() } else { display };
        self.open = Some(Open { seat, told, sign_in, name, registered: false, attempts: 0 });
        self.tick();
        Ok(())
    }

    fn told(&mut self, event: PhoneEvent) {
        self.tick();
        match &event {
            PhoneEvent::Extension(ExtensionEvent::Sip(SipEvent::Registered { .. })) => {
                self.registered();
            }
            PhoneEvent::Extension(ExtensionEvent::Sip(SipEvent::RegistrationFailed {
                cause,
                again_in,
            })) => self.not_registered(refused(cause), *again_in),
            PhoneEvent::Extension(ExtensionEvent::Sip(SipEvent::Unregistered)) => {
                if let Some(trial) = &mut self.trial {
                    trial.cleared();
                }
            }
            PhoneEvent::Extension(ExtensionEvent::Disconnected { fault, again_in }) => {
                let fault = SignInFault::Server { server: server(fault) };
                self.not_registered(fault, Some(*again_in));
            }
            PhoneEvent::Extension(_)
            | PhoneEvent::Active(_)
            | PhoneEvent::Connected { .. }
            | PhoneEvent::Changed { .. }
            | PhoneEvent::Conference(_)
            | PhoneEvent::Woke { .. }
            | PhoneEvent::Pressed { .. }
            | PhoneEvent::Relay { .. }
            | PhoneEvent::Voice { .. }
            | PhoneEvent::Path { .. }
            | PhoneEvent::Followed { .. }
            | PhoneEvent::NoVoice { .. } => {}
        }
        if let Some(open) = &mut self.open {
            open.seat.told(event);
        }
    }

    fn registered(&mut self) {
        let Some(open) = &mut self.open else { return };
        if !std::mem::replace(&mut open.registered, true) {
            open.seat.tell(CentreEvent::LinkChanged(Link::Up));
            open.seat.opened(open.name.clone(), open.sign_in.centre.clone());
        } else if std::mem::take(&mut open.attempts) > 0 {
            open.seat.tell(CentreEvent::LinkChanged(Link::Up));
        }
    }

    /// `again_in`: tried again by itself then; `None`: only a person can mend it.
    fn not_registered(&mut self, fault: SignInFault, again_in: Option<Duration>) {
        let Some(open) = &mut self.open else { return };
        if let Some(again_in) = again_in.filter(|_| open.registered) {
            open.attempts = open.attempts.saturating_add(1);
            let next_try_ms = u64::try_from(again_in.as_millis()).unwrap_or(u64::MAX);
            let attempt = open.attempts;
            return self
                .post(CentreEvent::LinkChanged(Link::Reconnecting { attempt, next_try_ms }));
        }
        let was_registered = open.registered;
        self.close();
        if was_registered {
            self.post(CentreEvent::LinkChanged(Link::Down));
            self.post(CentreEvent::Ended(Some(fault)));
        } else {
            self.post(CentreEvent::OpenFailed(fault));
        }
    }

    fn close(&mut self) {
        let Some(Open { seat, .. }) = self.open.take() else { return };
        let voice = Arc::clone(&self.voice);
        self.closing = Some(tokio::spawn(async move {
            seat.phone.close().await;
            voice.replace(None);
        }));
    }

    fn tick(&mut self) {
        if let Some(open) = &mut self.open {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            open.seat.now = self.clock.now();
            open.seat.wall = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        }
    }

    fn post(&self, event: CentreEvent) {
        self.inbox.post(Event::Centre(event));
    }
}

fn fits(text: &str) -> bool {
    text.len() <= MOST_TEXT && !text.contains(char::is_control)
}

async fn over(trial: &mut Option<Trial>) {
    match trial {
        Some(trial) => trial.over().await,
        None => std::future::pending().await,
    }
}

async fn next(open: &mut Option<Open>) -> PhoneEvent {
    match open {
        Some(open) => match open.told.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

impl Telephone for Phone {
    fn call(&self, to: Uri) -> CallNumber {
        Phone::call(self, to)
    }

    fn answer(&self, call: CallNumber) {
        Phone::answer(self, call);
    }

    fn reject(&self, call: CallNumber, busy: bool) {
        Phone::reject(self, call, busy);
    }

    fn hang_up(&self, call: CallNumber) {
        Phone::hang_up(self, call);
    }

    fn hold(&self, call: CallNumber) {
        Phone::hold(self, call);
    }

    fn resume(&self, call: CallNumber) {
        Phone::resume(self, call);
    }

    fn press(&self, call: CallNumber, digit: Digit) {
        Phone::press(self, call, digit);
    }

    fn transfer(&self, call: CallNumber, to: Uri) {
        Phone::transfer(self, call, to);
    }

    fn join(&self, call: CallNumber, with: CallNumber) {
        Phone::join(self, call, with);
    }

    fn bring_in(&self, call: CallNumber) {
        Phone::bring_in(self, call);
    }

    fn mend(&self, call: CallNumber) {
        Phone::mend(self, call);
    }
}
