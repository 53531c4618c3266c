//! The task behind an [`Exchange`](super::Exchange): the registration, and a [`Seat`] while
//! there is one.

use super::seat::{Seat, Telephone};
use super::{Book, ExchangeConfig, Handset};
use crate::sip::core::{Account, CallNumber, Cause, CauseKind, Digit, Event as SipEvent, Uri};
use crate::sip::{ConnectFault, ExtensionConfig, ExtensionEvent, Phone, PhoneEvent, WebSocketUrl};
use crate::voice::Voice;
use crate::{Bind, Line, probe};
use omnibar_contract::PhoneAccount;
use omnibar_desk::{Link, Order, ServerFault, SignInFault};
use omnibar_model::{CommandId, InteractionId, PhoneNumber};
use omnibar_peer::PeerConfig;
use omnibar_softphone::{CentreEvent, Clock, Event, IceServer, Inbox, SignIn};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

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
}

struct Open {
    seat: Seat<Phone>,
    told: mpsc::UnboundedReceiver<PhoneEvent>,
    address: String,
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
        }
    }

    pub(super) async fn run(mut self, mut asks: mpsc::UnboundedReceiver<Ask>) {
        loop {
            tokio::select! {
                ask = asks.recv() => match ask {
                    None => break,
                    Some(ask) => self.ask(ask).await,
                },
                event = next(&mut self.open) => self.told(event),
            }
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
        }
    }

    fn start(&mut self, sign_in: SignIn) -> Result<(), SignInFault> {
        let SignIn { centre, user, password, account, take_over: _ } = sign_in;
        let PhoneAccount { server, user: name, display, ca, voicemail } =
            account.ok_or(SignInFault::BadAddress)?;
        let fit = |text: &String| text.len() <= MOST_TEXT && !text.contains(char::is_control);
        if ![&centre, &server, &name, &display, &ca, &voicemail].into_iter().all(fit) {
            return Err(SignInFault::BadAddress);
        }
        let address = Uri::read(&centre)
            .ok()
            .filter(|address| address.is_sip() && !address.user().is_empty())
            .ok_or(SignInFault::BadAddress)?;
        let server = WebSocketUrl::parse(&server).map_err(|_| SignInFault::BadAddress)?;
        let password = password.ok_or(SignInFault::WrongCredentials)?;
        let mut peers = self.peers.clone();
        if server.is_local() && peers.bind == Bind::AllInterfaces {
            peers.bind = Bind::AllAndLoopback;
        }
        let domain = address.host().to_owned();
        let account = Account {
            display: display.clone(),
            user: name,
            password,
            secure: server.is_tls(),
            instance: self.instance.clone(),
            expires: EXPIRES,
            agent: self.agent.clone(),
            address,
        };
        let own = Some(ca).filter(|ca| !ca.is_empty()).map(PathBuf::from);
        let extra_ca = own.or_else(|| self.extra_ca.clone());
        let extension = ExtensionConfig { account, server, extra_ca };
        let (voice, round_trip) = (Arc::clone(&self.voice), Arc::clone(&self.round_trip));
        let (phone, told) =
            Phone::over(extension, voice, peers, round_trip, vec![]).map_err(|fault| {
                SignInFault::Refused {
                    detail: format!("this system gives no random numbers: {fault}"),
                }
            })?;
        self.book.open(&centre);
        let voicemail = PhoneNumber::parse(&voicemail).ok();
        let seat =
            Seat::new(phone, domain, voicemail, Arc::clone(&self.book), Arc::clone(&self.handset));
        let name = if display.is_empty() { user.to_string() } else { display };
        let open = Open { seat, told, address: centre, name, registered: false, attempts: 0 };
        self.open = Some(open);
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
            })) => self.not_registered(fault(cause), *again_in),
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
            open.seat.opened(open.name.clone(), open.address.clone());
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

async fn next(open: &mut Option<Open>) -> PhoneEvent {
    match open {
        Some(open) => match open.told.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// Of a registration that was refused.
fn fault(cause: &Cause) -> SignInFault {
    match cause.kind {
        CauseKind::WrongPassword => SignInFault::WrongCredentials,
        _ => SignInFault::NotRegistered { status: cause.status },
    }
}

fn server(fault: &ConnectFault) -> ServerFault {
    match fault {
        ConnectFault::NameNotFound | ConnectFault::BadAddress => ServerFault::NameNotFound,
        ConnectFault::Refused => ServerFault::Closed,
        ConnectFault::TimedOut | ConnectFault::Silent => ServerFault::TimedOut,
        ConnectFault::Unreachable(detail) => ServerFault::NoWay { detail: detail.clone() },
        ConnectFault::NoTrust(detail) => ServerFault::NoTrust { detail: detail.clone() },
        ConnectFault::Certificate(fault) => ServerFault::Certificate { detail: fault.to_string() },
        ConnectFault::Tls(detail) => ServerFault::Tls { detail: detail.clone() },
        ConnectFault::Http(status) => ServerFault::Http { status: *status },
        ConnectFault::NoSip => ServerFault::NoSip,
        ConnectFault::Broken(_) | ConnectFault::Closed | ConnectFault::Renewed => {
            ServerFault::Broken { detail: fault.to_string() }
        }
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

    fn mend(&self, call: CallNumber) {
        Phone::mend(self, call);
    }
}
