//! What is wrong with an extension: each step of a registration and of a call by itself.

mod call;

use super::dial::{self, ConnectFault};
use super::phone::{Phone, PhoneConfig, PhoneEvent};
use super::{ExtensionConfig, ExtensionEvent};
use crate::{Bind, LineConfig, probe};
use omnibar_media::Received;
use omnibar_sip::{Cause, Event, Uri};
use omnibar_softphone::{IceServer, RelayProbe};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

/// For an answer to REGISTER, with a challenge before it.
const REGISTERED: Duration = Duration::from_secs(10);
/// For TLS, and for the WebSocket's handshake.
const HANDSHAKE: Duration = Duration::from_secs(8);
/// For all relays together: each is given four seconds and asked twice at most.
const RELAYED: Duration = Duration::from_secs(30);
/// Packets between line and check.
const RING: usize = 256;

/// What is to be checked.
#[derive(Debug)]
pub struct Check {
    pub extension: ExtensionConfig,
    pub bind: Bind,
    pub relay_only: bool,
    pub ice_servers: Vec<IceServer>,
    /// A number that says back what it hears; called when all else is well.
    pub call: Option<Uri>,
}

/// In this order; those that do not apply are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The name of the exchange has an address.
    Name,
    /// A connection (TCP) comes about.
    Connection,
    /// TLS, and the certificate.
    Security,
    /// The handshake of RFC 7118.
    WebSocket,
    /// REGISTER, with name and password.
    Registration,
    /// The TURN servers give an address.
    Relay,
    /// The test call is answered, and there is a way for its voice.
    Call,
    /// What is said in it comes back.
    Voice,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub step: Step,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed { took: Duration },
    Failed(CheckFault),
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Passed,
    Failed,
    /// Whoever wanted it does not any more.
    Stopped,
}

/// Why a step failed. No later step is tried then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckFault {
    Connect(ConnectFault),
    /// The exchange does not register this extension.
    Registration(Cause),
    /// It does not say whether it does.
    NoAnswer,
    /// A TURN server does not take this name and password.
    RelayRefused {
        url: String,
    },
    /// Its certificate is not accepted, or it speaks no TLS.
    RelayUntrusted {
        url: String,
    },
    RelaySilent {
        url: String,
    },
    Call(CallTest),
}

/// What is wrong with the test call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallTest {
    /// It ended before voice could pass.
    Ended(Cause),
    Unanswered,
    /// It was answered, and no way for its voice was found.
    NoPath,
    /// There is a way, and nothing comes on it.
    NothingComes,
    /// Something comes, but not what is said here: the number is no echo, or the voice gets
    /// lost on its way there.
    NothingReturns,
}

impl Check {
    /// What will be tried, in this order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = vec![Step::Name, Step::Connection];
        steps.extend(self.extension.server.is_tls().then_some(Step::Security));
        steps.extend([Step::WebSocket, Step::Registration]);
        steps.extend((self.relays() > 0).then_some(Step::Relay));
        steps.extend(self.call.iter().flat_map(|_| [Step::Call, Step::Voice]));
        steps
    }

    fn relays(&self) -> usize {
        let urls = self.ice_servers.iter().flat_map(|server| &server.urls);
        urls.filter(|url| probe::is_relay(url)).count()
    }
}

/// Checks step by step, until `stop`, and tells of each when it is done.
///
/// The extension is registered for the time of the check; an exchange that keeps one
/// registration of an extension ends another one by it.
///
/// # Panics
/// Outside a tokio runtime.
pub async fn check(
    check: Check,
    stop: impl Future<Output = ()>,
    mut tell: impl FnMut(Checked) + Send,
) -> Verdict {
    let mut steps = Steps { tell: &mut tell, begun: Instant::now() };
    let mut stop = pin!(stop);
    tokio::select! {
        connected = steps.connect(&check.extension) => {
            if connected.is_none() {
                return Verdict::Failed;
            }
        }
        () = &mut stop => return Verdict::Stopped,
    }
    let (received, arriving) = rtrb::RingBuffer::<Received>::new(RING);
    let relays = check.relays();
    let line = LineConfig {
        bind: check.bind,
        relay_only: check.relay_only,
        received,
        round_trip: Arc::default(),
        epoch: std::time::Instant::now(),
    };
    let epoch = line.epoch;
    let config = PhoneConfig { extension: check.extension, line, ice_servers: check.ice_servers };
    let (phone, sink, events) = match Phone::start(config) {
        Ok(started) => started,
        Err(error) => {
            let fault = ConnectFault::Broken(error.to_string());
            steps.done(Step::Registration, Err::<(), _>(CheckFault::Connect(fault)));
            return Verdict::Failed;
        }
    };
    let rest = async {
        let mut told = Told { events, relays: vec![] };
        steps.register(&mut told).await?;
        if relays > 0 {
            steps.relay(&mut told, relays).await?;
        }
        let Some(to) = check.call else { return Some(()) };
        let mut talk = call::Talk::new(&phone, told.events, sink, arriving, epoch);
        let call = steps.done(Step::Call, talk.begin(to).await.map_err(CheckFault::Call))?;
        steps.done(Step::Voice, talk.listen(call).await.map_err(CheckFault::Call))
    };
    let verdict = tokio::select! {
        well = rest => well.map_or(Verdict::Failed, |()| Verdict::Passed),
        () = stop => Verdict::Stopped,
    };
    phone.close().await;
    verdict
}

struct Steps<'a> {
    tell: &'a mut (dyn FnMut(Checked) + Send),
    /// The step that is being done.
    begun: Instant,
}

/// What the phone tells, and what it has told of relays while something else was waited for.
struct Told {
    events: mpsc::UnboundedReceiver<PhoneEvent>,
    relays: Vec<(String, RelayProbe)>,
}

impl Steps<'_> {
    fn done<T>(&mut self, step: Step, result: Result<T, CheckFault>) -> Option<T> {
        let (outcome, value) = match result {
            Ok(value) => (Outcome::Passed { took: self.begun.elapsed() }, Some(value)),
            Err(fault) => (Outcome::Failed(fault), None),
        };
        self.begun = Instant::now();
        (self.tell)(Checked { step, outcome });
        value
    }

    async fn connect(&mut self, extension: &ExtensionConfig) -> Option<()> {
        let url = &extension.server;
        let fault = CheckFault::Connect;
        let addresses = self.done(Step::Name, dial::find(url).await.map_err(fault))?;
        let stream = self.done(Step::Connection, dial::reach(&addresses).await.map_err(fault))?;
        let secured = async {
            let tls = match url.is_tls() {
                true => Some(dial::trust(extension.extra_ca.clone()).await?),
                false => None,
            };
            dial::secure(url, stream, tls).await
        };
        let secured = in_time(secured).await.map_err(fault);
        let stream = match (url.is_tls(), secured) {
            (true, secured) => self.done(Step::Security, secured)?,
            (false, secured) => secured.ok()?,
        };
        let opened = in_time(dial::open(url, stream)).await.map_err(fault);
        // Closed by being dropped: the registration makes its own.
        self.done(Step::WebSocket, opened).map(|_| ())
    }

    async fn register(&mut self, told: &mut Told) -> Option<()> {
        let registered = timeout(REGISTERED, told.registered()).await;
        self.done(Step::Registration, registered.unwrap_or(Err(CheckFault::NoAnswer)))
    }

    async fn relay(&mut self, told: &mut Told, count: usize) -> Option<()> {
        let all = async {
            while told.relays.len() < count {
                match told.events.recv().await {
                    Some(PhoneEvent::Relay { url, found }) => told.relays.push((url, found)),
                    Some(_) => {}
                    None => return,
                }
            }
        };
        // What has not answered by then is silent.
        let _ = timeout(RELAYED, all).await;
        let fault = told.relays.iter().find_map(|(url, found)| match found {
            RelayProbe::Ready(_) => None,
            RelayProbe::Refused => Some(CheckFault::RelayRefused { url: url.clone() }),
            RelayProbe::Untrusted => Some(CheckFault::RelayUntrusted { url: url.clone() }),
            RelayProbe::Silent => Some(CheckFault::RelaySilent { url: url.clone() }),
        });
        self.done(Step::Relay, fault.map_or(Ok(()), Err))
    }
}

impl Told {
    async fn registered(&mut self) -> Result<(), CheckFault> {
        while let Some(event) = self.events.recv().await {
            match event {
                // Asked over a connection that is up, and given up.
                PhoneEvent::Extension(ExtensionEvent::Disconnected {
                    fault: ConnectFault::Silent,
                    ..
                }) => return Err(CheckFault::NoAnswer),
                PhoneEvent::Extension(ExtensionEvent::Disconnected { fault, .. }) => {
                    return Err(CheckFault::Connect(fault));
                }
                PhoneEvent::Extension(ExtensionEvent::Sip(Event::Registered { .. })) => {
                    return Ok(());
                }
                PhoneEvent::Extension(ExtensionEvent::Sip(Event::RegistrationFailed {
                    cause,
                    ..
                })) => return Err(CheckFault::Registration(cause)),
                PhoneEvent::Relay { url, found } => self.relays.push((url, found)),
                _ => {}
            }
        }
        Err(CheckFault::NoAnswer)
    }
}

async fn in_time<T>(
    step: impl Future<Output = Result<T, ConnectFault>>,
) -> Result<T, ConnectFault> {
    timeout(HANDSHAKE, step).await.unwrap_or(Err(ConnectFault::TimedOut))
}
