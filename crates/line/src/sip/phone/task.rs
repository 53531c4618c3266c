//! The task behind a [`super::Phone`]: orders, connections and the headset. What the
//! exchange says is dealt with in `signalled`.

use super::call::{Call, Description, Stage};
use super::connection::{Connection, Job, Listener, News, Post};
use super::room::Room;
use super::{Order, PhoneEvent, VoiceFault};
use crate::network::Networks;
use crate::session::line_state;
use crate::sip::{Extension, ExtensionEvent};
use crate::voice::{Exit, Voice, Way};
use futures_util::{Stream, StreamExt};
use if_watch::IfEvent;
use omnibar_peer::{PeerConfig, PeerError, PeerState};
use omnibar_sip::{CallNumber, Cause, CauseKind, Command, Event};
use omnibar_softphone::Sleeps;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// Pause between two looks at the path's round trip.
const MEASURE: Duration = Duration::from_secs(2);
/// Of a key that is sent as a message.
const KEY: Duration = Duration::from_millis(160);
/// Restarts of a path that does not come up.
const MOST_RESTARTS: u8 = 3;

pub(super) struct Task {
    pub(super) extension: Extension,
    pub(super) voice: Arc<Voice>,
    peers: PeerConfig,
    round_trip: Arc<AtomicU64>,
    events: mpsc::UnboundedSender<PhoneEvent>,
    pub(super) post: Post,
    news: mpsc::UnboundedReceiver<(CallNumber, News)>,
    pub(super) numbers: Arc<AtomicU32>,
    pub(super) calls: BTreeMap<CallNumber, Call>,
    /// Whom the headset is with.
    pub(super) active: Option<CallNumber>,
    /// Where the headset's conversation is mixed, if it is with several.
    pub(super) room: Option<Room>,
    /// The voice mail box is watched.
    pub(super) watches: bool,
    /// There was no connection to the exchange since the calls' paths were settled.
    pub(super) was_away: bool,
    networks: Networks,
}

impl Task {
    pub(super) fn new(
        extension: Extension,
        voice: Arc<Voice>,
        peers: PeerConfig,
        round_trip: Arc<AtomicU64>,
        events: mpsc::UnboundedSender<PhoneEvent>,
        numbers: Arc<AtomicU32>,
    ) -> Self {
        let (post, news) = mpsc::unbounded_channel();
        Self {
            extension,
            voice,
            peers,
            round_trip,
            events,
            post,
            news,
            numbers,
            calls: BTreeMap::new(),
            active: None,
            room: None,
            watches: false,
            was_away: false,
            networks: Networks::default(),
        }
    }

    /// Runs until the handle is dropped or closed.
    pub(super) async fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<Order>,
        mut told: mpsc::UnboundedReceiver<ExtensionEvent>,
        mut network: impl Stream<Item = IfEvent> + Unpin,
    ) {
        self.extension.command(Command::Register);
        let mut measure = interval(MEASURE);
        measure.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sleeps = Sleeps::new();
        loop {
            let settled = self.networks.deadline();
            let waits = |call: &Call| call.answer_at.into_iter().chain(call.voice_by).min();
            let due = self.calls.values().filter_map(waits).min();
            let talks = self.active_call().is_some_and(|call| call.up);
            tokio::select! {
                order = orders.recv() => match order {
                    None => return,
                    Some(Order::Close(done)) => {
                        self.extension.close().await;
                        // Whoever waited may have gone.
                        let _ = done.send(());
                        return;
                    }
                    Some(order) => self.order(order),
                },
                Some(event) = told.recv() => self.told(event),
                Some((call, news)) = self.news.recv() => self.news(call, news),
                Some(event) = network.next() => self.networks.note(Instant::now(), event),
                () = sleep_until(settled.unwrap_or_else(Instant::now)), if settled.is_some() => {
                    if self.networks.changed(Instant::now()) {
                        tracing::info!("this machine is on another network");
                        self.extension.reconnect();
                    }
                }
                slept = sleeps.over() => self.woke(slept),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.answers_due();
                    self.voice_due();
                }
                _ = measure.tick(), if talks => self.measure().await,
            }
        }
    }

    /// The registration may have expired meanwhile, and the network be another one.
    fn woke(&mut self, slept: Duration) {
        tracing::info!(?slept, "this machine was asleep");
        self.tell(PhoneEvent::Woke { slept });
        self.extension.reconnect();
    }

    fn order(&mut self, order: Order) {
        match order {
            Order::Call { call, to } => {
                self.calls.insert(call, Call::new(Stage::Preparing));
                self.open(call, false);
                self.activate(call);
                self.describe(call, Job::Offer, Description::Dial(to));
            }
            Order::Answer(call) => self.take(call),
            Order::Reject { call, busy } => {
                self.extension.command(Command::Reject { call, busy });
            }
            Order::HangUp(call) => self.hang_up(call),
            Order::Hold(call) if self.active == Some(call) && self.room.is_none() => {
                self.activate_none();
            }
            Order::Hold(call) => {
                self.take_out(call);
                self.hold(call, true);
            }
            Order::Resume(call) => {
                self.activate(call);
                self.hold(call, false);
            }
            Order::Press { call, digit } => {
                self.extension.command(Command::Press { call, digit, length: KEY });
            }
            Order::Transfer { call, to } => self.extension.command(Command::Transfer { call, to }),
            Order::Join { call, with } => self.extension.command(Command::Join { call, with }),
            Order::BringIn(call) => self.bring_in(call),
            Order::Register(true) => self.extension.command(Command::Register),
            Order::Register(false) => self.extension.command(Command::Unregister),
            Order::Servers(servers) => {
                let servers = servers.into_iter().map(crate::session::ice_server);
                self.peers.ice_servers = servers.collect();
            }
            Order::Mend(call) => self.mend(call),
            Order::Watch { watch, whom } => {
                self.extension.command(Command::Watch { watch, whom });
            }
            Order::Unwatch(watch) => self.extension.command(Command::Unwatch { watch }),
            Order::Reconnect => self.extension.reconnect(),
            // The loop above ends by it.
            Order::Close(_) => {}
        }
    }

    fn hang_up(&mut self, number: CallNumber) {
        let preparing = self.calls.get(&number).is_some_and(|call| call.stage == Stage::Preparing);
        if !preparing {
            return self.extension.command(Command::HangUp { call: number });
        }
        // Nobody else knows of it yet.
        self.gone(number, CauseKind::Ended);
    }

    /// Takes a call that rings.
    pub(super) fn take(&mut self, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Stage::Ringing { offer } = &mut call.stage else { return };
        let offer = offer.take();
        (call.stage, call.answer_at) = (Stage::Taking, None);
        // Whoever offers may leave it to this side who begins, or begin by himself.
        let passive = offer.as_deref().is_some_and(|offer| offer.contains("\na=setup:active"));
        self.open(number, !passive);
        self.activate(number);
        self.describe(number, offer.map_or(Job::Offer, Job::Answer), Description::Accept);
    }

    fn answers_due(&mut self) {
        let now = Instant::now();
        let due = |call: &Call| call.answer_at.is_some_and(|at| at <= now);
        while let Some(number) = self.calls.iter().find(|(_, call)| due(call)).map(|(n, _)| *n) {
            self.take(number);
        }
    }

    fn voice_due(&mut self) {
        let now = Instant::now();
        let late = |call: &mut Call| call.voice_by.take_if(|by| *by <= now).is_some();
        let late: Vec<CallNumber> = self
            .calls
            .iter_mut()
            .filter_map(|(number, call)| late(call).then_some(*number))
            .collect();
        for call in late {
            self.tell(PhoneEvent::NoVoice { call, fault: VoiceFault::NoPath });
        }
    }

    pub(super) fn open(&mut self, number: CallNumber, answers_active: bool) {
        let config = PeerConfig { answers_active, ..self.peers.clone() };
        let opened = Connection::open(number, config, self.voice.clone(), self.post.clone());
        if let Some(call) = self.calls.get_mut(&number) {
            call.connection = Some(opened);
        }
    }

    pub(super) fn describe(&mut self, number: CallNumber, job: Job, what: Description) {
        if let Some(call) = self.calls.get_mut(&number) {
            call.describe(job, what);
        }
    }

    fn active_call(&self) -> Option<&Call> {
        self.calls.get(self.active.as_ref()?)
    }

    /// Takes the headset to that call; whoever had it is held.
    pub(super) fn activate(&mut self, number: CallNumber) {
        let elsewhere = self.calls.get(&number).is_some_and(|call| !call.in_room);
        if self.active == Some(number) || !elsewhere {
            return;
        }
        self.park();
        self.active = Some(number);
        self.unpark();
        self.tell(PhoneEvent::Active(Some(number)));
    }

    fn activate_none(&mut self) {
        self.park();
        self.tell(PhoneEvent::Active(None));
    }

    /// The headset leaves the call that it is with.
    fn park(&mut self) {
        let members = self.break_up();
        let Some(number) = self.active.take() else { return };
        if !members.is_empty() {
            return members.into_iter().for_each(|member| self.hold(member, true));
        }
        let way = self.voice.switch(None).and_then(Exit::into_way);
        if let Some(call) = self.calls.get_mut(&number) {
            call.parked = way;
            call.listen(Listener::Nobody);
        }
        self.hold(number, true);
    }

    pub(super) fn unpark(&mut self) {
        let call = self.active.and_then(|number| self.calls.get_mut(&number));
        let Some(call) = call else { return };
        if let (Some(way), Some(peer)) = (call.parked.take(), &call.peer) {
            self.voice.switch(Some(Exit::Call(way)));
            self.voice.agree(peer.terms());
        }
        call.listen(Listener::Headset);
    }

    /// A call that is not yet up is held once it is.
    pub(super) fn hold(&mut self, number: CallNumber, on: bool) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if !call.is_talking() || (call.held == on && call.held_there == on) {
            return;
        }
        call.held = on;
        // What is wanted while there is no connection is said by the offer after it.
        if !self.was_away {
            self.extension.command(Command::Hold { call: number, on, offer: None });
        }
    }

    fn news(&mut self, number: CallNumber, news: News) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        match news {
            News::Opened(peer) => {
                call.parked = Some(Way::new(peer.clone()));
                call.peer = Some(peer);
                if self.active == Some(number) {
                    self.unpark();
                }
            }
            News::Parked(way) => {
                call.parked = Some(way);
                if self.active == Some(number) {
                    self.way_is_back(number);
                }
            }
            News::Pressed(digit) => self.tell(PhoneEvent::Pressed { call: number, digit }),
            News::Described(described) => {
                if let Some(what) = call.describing.pop_front() {
                    self.described(number, what, described);
                }
            }
            News::NotAccepted(PeerError::Stale) => {
                tracing::debug!("an answer to an earlier offer came late");
            }
            News::NotAccepted(error) => {
                self.no_voice(number, &error);
                self.extension.command(Command::HangUp { call: number });
            }
            News::State(state) => self.path(number, state),
            News::Agreed(terms) => {
                if self.active == Some(number) && self.room.is_none() {
                    self.voice.agree(terms);
                }
                self.recode(number, terms.codec);
                self.tell_change(number);
            }
            News::Voice => self.tell(PhoneEvent::Voice { call: number }),
        }
    }

    fn described(
        &mut self,
        number: CallNumber,
        what: Description,
        described: Result<String, PeerError>,
    ) {
        let sdp = match described {
            Ok(sdp) => sdp,
            Err(error) => return self.not_described(number, what, &error),
        };
        let Some(call) = self.calls.get_mut(&number) else { return };
        let command = match what {
            Description::Dial(to) => {
                call.stage = Stage::Asked;
                Command::Call { call: number, to, offer: sdp, replaces: None }
            }
            Description::Follow(old) => {
                call.stage = Stage::Asked;
                Command::Follow { call: old, new: Some((number, sdp)) }
            }
            Description::Accept => {
                call.talk();
                Command::Accept { call: number, sdp }
            }
            Description::Restart => {
                call.mending = Some(call.far_name.clone());
                // It tells a hold again: whoever has lost the connection may have lost that.
                Command::Hold { call: number, on: call.held, offer: Some(sdp) }
            }
            Description::Reply => Command::Answer { call: number, answer: Some(sdp) },
        };
        self.extension.command(command);
        self.settle(number);
    }

    fn not_described(&mut self, number: CallNumber, what: Description, error: &PeerError) {
        tracing::warn!(%error, ?what, "a call has no description");
        match what {
            Description::Dial(_) => {
                self.no_voice(number, error);
                self.gone(number, CauseKind::NoCommonMedia);
            }
            Description::Follow(old) => {
                self.extension.command(Command::Follow { call: old, new: None });
                self.gone(number, CauseKind::NoCommonMedia);
            }
            Description::Accept => {
                self.no_voice(number, error);
                self.extension.command(Command::Reject { call: number, busy: false });
            }
            Description::Restart => {
                self.no_voice(number, error);
            }
            Description::Reply => {
                self.extension.command(Command::Answer { call: number, answer: None });
            }
        }
    }

    fn path(&mut self, number: CallNumber, state: PeerState) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let told = call.told.is_some();
        call.up = state == PeerState::Connected;
        call.was_up |= call.up;
        let state_told = line_state(state, call.was_up);
        match state {
            PeerState::Connected => (call.restarts, call.voice_by) = (0, None),
            PeerState::Failed => self.mend(number),
            PeerState::Connecting | PeerState::Disconnected | PeerState::Closed => {}
        }
        if told {
            self.tell(PhoneEvent::Path { call: number, state: state_told });
        }
        self.settle(number);
    }

    /// Looks for another path.
    pub(super) fn mend(&mut self, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.is_talking() && call.peer.is_some() && call.restarts < MOST_RESTARTS {
            call.restarts += 1;
            call.describe(Job::Restart, Description::Restart);
        }
    }

    /// Tells, once, that a call has begun.
    pub(super) fn settle(&mut self, number: CallNumber) {
        let elsewhere = self.active != Some(number);
        let Some(call) = self.calls.get_mut(&number) else { return };
        if !call.is_talking() || !call.up || call.told.is_some() {
            return;
        }
        let Some(agreed) = call.agreed() else { return };
        call.told = Some(agreed);
        self.tell(PhoneEvent::Connected { call: number, agreed });
        if elsewhere {
            self.hold(number, true);
        }
    }

    /// Tells what a call that has begun has changed to.
    fn tell_change(&mut self, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let (Some(told), Some(agreed)) = (call.told, call.agreed()) else { return };
        if told != agreed {
            call.told = Some(agreed);
            self.tell(PhoneEvent::Changed { call: number, agreed });
        }
    }

    async fn measure(&mut self) {
        let peer = self.active_call().and_then(|call| call.peer.clone());
        let Some(peer) = peer else { return };
        let trip = peer.round_trip().await.unwrap_or_default();
        let micros = u64::try_from(trip.as_micros()).unwrap_or(u64::MAX);
        self.round_trip.store(micros, Ordering::Relaxed);
    }

    /// A call that the exchange knows nothing of is over.
    fn gone(&mut self, number: CallNumber, kind: CauseKind) {
        let cause = Cause { kind, status: None, words: String::new(), reason: None };
        self.told(ExtensionEvent::Sip(Event::Ended { call: number, cause }));
    }

    /// Forgets a call; its connection closes.
    pub(super) fn forget(&mut self, number: CallNumber) {
        self.take_out(number);
        self.calls.remove(&number);
        if self.active == Some(number) {
            self.active = None;
            self.voice.switch(None);
            self.round_trip.store(0, Ordering::Relaxed);
            self.tell(PhoneEvent::Active(None));
        }
    }

    fn no_voice(&self, call: CallNumber, error: &PeerError) {
        let fault = match error {
            PeerError::NoRelay => VoiceFault::NoRelay,
            PeerError::Open(_)
            | PeerError::Description(_)
            | PeerError::Candidate(_)
            | PeerError::Stale
            | PeerError::Closed => VoiceFault::Description(error.to_string()),
        };
        self.tell(PhoneEvent::NoVoice { call, fault });
    }

    pub(super) fn tell(&self, event: PhoneEvent) {
        // Nobody listens any more when the program ends.
        let _ = self.events.send(event);
    }
}
