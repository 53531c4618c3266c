//! A telephone at an exchange: an [`Extension`], a voice connection for each of its calls,
//! and one headset, which is with one of them at a time.
//!
//! ```text
//!  Phone ──orders──▶ task ──Command──▶ Extension ◀──▶ exchange
//!        ◀─PhoneEvent─┘│ ◀─ExtensionEvent──┘
//!                      ├──jobs──▶ connection of call 1 ─▶ Peer ◀──voice──▶ exchange
//!                      └──jobs──▶ connection of call 2 ─▶ Peer
//!  media thread ──LineSink──▶ the Peer of the call that the headset is with
//! ```
//!
//! Whoever calls or answers takes the headset along; the call that had it is held.

mod call;
mod conference;
mod connection;
mod room;
mod seat;
mod signalled;
mod task;

pub(crate) use room::Door;

use super::{Extension, ExtensionConfig, ExtensionEvent};
use crate::voice::{self, LineSink};
use crate::{LineConfig, network, probe};
use omnibar_desk::LineState;
use omnibar_media::Codec;
use omnibar_peer::{PeerConfig, Trust};
use omnibar_sip::{CallNumber, Digit, Uri, WatchNumber};
use omnibar_softphone::{IceServer, RelayProbe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use task::Task;
use tokio::sync::{mpsc, oneshot};

/// The shortest that RFC 8445 section 14.2 allows: exchanges have few addresses.
const PACE: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub struct PhoneConfig {
    pub extension: ExtensionConfig,
    pub line: LineConfig,
    pub ice_servers: Vec<IceServer>,
}

#[derive(Debug)]
pub enum PhoneEvent {
    /// What the extension tells. Its descriptions have been dealt with.
    Extension(ExtensionEvent),
    /// The headset is with this call now, or with none.
    Active(Option<CallNumber>),
    /// The far side has answered and voice can pass.
    Connected { call: CallNumber, agreed: Agreed },
    /// The far side had the call change to something else.
    Changed { call: CallNumber, agreed: Agreed },
    /// The first packet of the far side's voice has come.
    Voice { call: CallNumber },
    /// The voice's path of a call that was connected.
    Path { call: CallNumber, state: LineState },
    /// The far side had this one call somebody else, in place of `old`.
    Followed { old: CallNumber, new: CallNumber },
    /// What a TURN server that was given says to its name and password.
    Relay { url: String, found: RelayProbe },
    /// Who is in the conversation that the headset is in; nobody while that is no conference.
    Conference(Vec<CallNumber>),
    /// The far side of a call in a conference pressed a key (RFC 4733).
    Pressed { call: CallNumber, digit: omnibar_media::Digit },
    /// This machine was asleep for so long. The exchange is connected to anew and told the
    /// way of each call, by which it comes to light which of them it has kept.
    Woke { slept: Duration },
    /// No voice comes about.
    NoVoice { call: CallNumber, fault: VoiceFault },
}

/// Why no voice comes about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoiceFault {
    /// The call is up, and no way to the far side has been found yet (RFC 8445). It is
    /// looked for further; [`PhoneEvent::Connected`] follows if one is found.
    NoPath,
    /// Relayed paths only were wanted, and no TURN server has given one.
    NoRelay,
    /// One of the two sides' descriptions cannot be used; why is for the log and the curious.
    Description(String),
    /// This machine cannot mix; the calls stay apart.
    NoMixing(String),
    /// A call that was to be brought into a conversation has no voice yet, or there is no
    /// conversation.
    NotUp,
}

/// What the two ends of a call have agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// What is said here is coded with it.
    pub codec: Codec,
    /// The far side takes keys in its media (RFC 4733), otherwise as messages
    /// ([`Phone::press`]).
    pub keys: bool,
}

#[derive(Debug)]
enum Order {
    Call {
        call: CallNumber,
        to: Uri,
    },
    Answer(CallNumber),
    Reject {
        call: CallNumber,
        busy: bool,
    },
    HangUp(CallNumber),
    Hold(CallNumber),
    Resume(CallNumber),
    Press {
        call: CallNumber,
        digit: Digit,
    },
    Transfer {
        call: CallNumber,
        to: Uri,
    },
    Join {
        call: CallNumber,
        with: CallNumber,
    },
    BringIn(CallNumber),
    Watch {
        watch: WatchNumber,
        whom: Uri,
    },
    Unwatch(WatchNumber),
    /// Keeps registered, or gives the registration up.
    Register(bool),
    /// For calls that begin from now on.
    Servers(Vec<IceServer>),
    Mend(CallNumber),
    Reconnect,
    Close(oneshot::Sender<()>),
}

/// The handle. Every method posts and returns; dropping it ends everything at once.
#[derive(Debug)]
pub struct Phone {
    orders: mpsc::UnboundedSender<Order>,
    /// Numbers of calls that were given out.
    calls: Arc<AtomicU32>,
    /// Numbers of watches that were given out; 0 is the voice mail box.
    watches: AtomicU32,
}

impl Phone {
    /// Connects, registers, and stays registered. The sink is for the media thread.
    ///
    /// # Errors
    /// The system gives no random numbers.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(
        config: PhoneConfig,
    ) -> Result<(Self, LineSink, mpsc::UnboundedReceiver<PhoneEvent>), getrandom::Error> {
        let PhoneConfig { extension, line, ice_servers } = config;
        let (voice, sink) = voice::Voice::new(line.received, line.epoch);
        let relays = ice_servers.clone();
        let peers = PeerConfig {
            ice_servers: ice_servers.into_iter().map(crate::session::ice_server).collect(),
            bind: line.bind,
            relay_only: line.relay_only,
            ..PeerConfig::default()
        };
        let (phone, posted) = Self::over(extension, voice, peers, line.round_trip, relays)?;
        Ok((phone, sink, posted))
    }

    /// The same over a way to the headset that is there already; of `peers` count servers,
    /// addresses and whether only relays are used. Those of `relays` that are TURN servers are
    /// asked whether they take their name and password.
    pub(crate) fn over(
        extension: ExtensionConfig,
        voice: Arc<voice::Voice>,
        peers: PeerConfig,
        round_trip: Arc<AtomicU64>,
        relays: Vec<IceServer>,
    ) -> Result<(Self, mpsc::UnboundedReceiver<PhoneEvent>), getrandom::Error> {
        let peers = PeerConfig {
            trust: Trust::with(extension.extra_ca.clone()),
            rebind_on_restart: true,
            pace: PACE,
            // Exchanges pass on neither copies nor requests for them.
            repair: omnibar_peer::Repair::NONE,
            // And few telephones behind them know Opus.
            fallback: true,
            ..peers
        };
        let (extension, told) = Extension::start(extension)?;
        let (orders, ordered) = mpsc::unbounded_channel();
        let (events, posted) = mpsc::unbounded_channel();
        for server in relays {
            tokio::spawn(try_relays(server, peers.clone(), events.clone()));
        }
        let calls = Arc::new(AtomicU32::new(0));
        let task = Task::new(extension, voice, peers, round_trip, events, calls.clone());
        tokio::spawn(task.run(ordered, told, network::changes()));
        Ok((Self { orders, calls, watches: AtomicU32::new(0) }, posted))
    }

    /// Calls, and takes the headset along.
    pub fn call(&self, to: Uri) -> CallNumber {
        let call = next(&self.calls);
        self.post(Order::Call { call, to });
        call
    }

    /// Answers a call that rings, and takes the headset along.
    pub fn answer(&self, call: CallNumber) {
        self.post(Order::Answer(call));
    }

    /// Refuses a call that rings: `busy`, or declined.
    pub fn reject(&self, call: CallNumber, busy: bool) {
        self.post(Order::Reject { call, busy });
    }

    /// Ends a call in whichever state it is.
    pub fn hang_up(&self, call: CallNumber) {
        self.post(Order::HangUp(call));
    }

    /// The headset leaves it, if it is with it.
    pub fn hold(&self, call: CallNumber) {
        self.post(Order::Hold(call));
    }

    /// Takes the headset to it.
    pub fn resume(&self, call: CallNumber) {
        self.post(Order::Resume(call));
    }

    /// Sends a key as a message (INFO), for a far side that takes none in its media.
    pub fn press(&self, call: CallNumber, digit: Digit) {
        self.post(Order::Press { call, digit });
    }

    /// Sends the far side to somebody else, unannounced.
    pub fn transfer(&self, call: CallNumber, to: Uri) {
        self.post(Order::Transfer { call, to });
    }

    /// Joins the far sides of two calls, which then end here.
    pub fn join(&self, call: CallNumber, with: CallNumber) {
        self.post(Order::Join { call, with });
    }

    /// Brings a call that waits into the conversation that the headset is in: everybody
    /// hears everybody else. One that is held, or ends, leaves it again.
    pub fn bring_in(&self, call: CallNumber) {
        self.post(Order::BringIn(call));
    }

    /// Servers for the connections of calls that begin from now on.
    pub fn use_servers(&self, servers: Vec<IceServer>) {
        self.post(Order::Servers(servers));
    }

    /// Looks for another path for the voice of a call.
    pub fn mend(&self, call: CallNumber) {
        self.post(Order::Mend(call));
    }

    /// Watches a colleague's phone, over every connection, until [`Phone::unwatch`].
    pub fn watch(&self, whom: Uri) -> WatchNumber {
        let watch = WatchNumber(self.watches.fetch_add(1, Ordering::Relaxed) + 1);
        self.post(Order::Watch { watch, whom });
        watch
    }

    pub fn unwatch(&self, watch: WatchNumber) {
        self.post(Order::Unwatch(watch));
    }

    /// Gives the registration up, until [`Phone::register`]; the connection and its calls stay.
    pub fn unregister(&self) {
        self.post(Order::Register(false));
    }

    /// Registers again.
    pub fn register(&self) {
        self.post(Order::Register(true));
    }

    /// Makes a new connection to the exchange now.
    pub fn reconnect(&self) {
        self.post(Order::Reconnect);
    }

    /// Ends all calls and gives the registration up. Takes two seconds at most.
    pub async fn close(self) {
        let (done, closed) = oneshot::channel();
        self.post(Order::Close(done));
        // A task that is gone has closed.
        let _ = closed.await;
    }

    fn post(&self, order: Order) {
        // The task is gone only when the runtime is being shut down.
        let _ = self.orders.send(order);
    }
}

/// A call would only come about without the relay, or not at all.
async fn try_relays(
    server: IceServer,
    peers: PeerConfig,
    events: mpsc::UnboundedSender<PhoneEvent>,
) {
    for url in server.urls.iter().filter(|url| probe::is_relay(url)) {
        let found = probe::relay(peers.clone(), server.clone(), url).await;
        // Nobody listens any more when the program ends.
        let _ = events.send(PhoneEvent::Relay { url: url.clone(), found });
    }
}

fn next(calls: &AtomicU32) -> CallNumber {
    CallNumber::Out(calls.fetch_add(1, Ordering::Relaxed) + 1)
}
