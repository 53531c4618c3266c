use crate::carrier::{Carrier, Described, Heard};
use crate::link;
use crate::network::Networks;
use crate::probe;
use crate::sip::ExtensionEvent;
use crate::voice::Voice;
use futures_util::{Stream, StreamExt};
use if_watch::IfEvent;
use omnibar_desk::LineState;
use omnibar_peer::{Peer, PeerConfig, PeerError, PeerEvent, PeerState};
use omnibar_softphone::{
    Event, IceServer, Inbox, LineEvent, LinePath, SipExtension, Sleeps, VoiceSignal,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// Pause between two looks at the path's round trip.
const MEASURE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) enum Order {
    Open(Vec<IceServer>),
    Restart,
    Close,
    Signal(VoiceSignal),
    Probe(Vec<IceServer>),
}

/// Who offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// This side, to the centre, or to a PBX that the centre names.
    Offerer { extra_ca: Option<PathBuf> },
    /// Whoever calls.
    Either,
}

/// The task behind a [`crate::Line`].
pub(crate) struct Session {
    /// Of every connection, but for the servers.
    peers: PeerConfig,
    role: Role,
    round_trip: Arc<AtomicU64>,
    voice: Arc<Voice>,
    inbox: Inbox,
    current: Option<Current>,
    described: Described,
    /// The current connection leads to a PBX.
    carrier: Option<Carrier>,
    told: LineState,
    path: Option<LinePath>,
    networks: Networks,
}

struct Current {
    peer: Peer,
    events: mpsc::UnboundedReceiver<PeerEvent>,
    /// Whether packets have been able to flow: what connects after that is recovering.
    was_up: bool,
}

impl Session {
    pub(crate) fn new(
        peers: PeerConfig,
        role: Role,
        round_trip: Arc<AtomicU64>,
        voice: Arc<Voice>,
        inbox: Inbox,
    ) -> Self {
        Self {
            peers,
            role,
            round_trip,
            voice,
            inbox,
            current: None,
            described: Described::default(),
            carrier: None,
            told: LineState::Closed,
            path: None,
            networks: Networks::default(),
        }
    }

    /// Runs until the handle is dropped.
    pub(crate) async fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<Order>,
        mut network: impl Stream<Item = IfEvent> + Unpin,
    ) {
        let mut measure = interval(MEASURE);
        measure.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sleeps = Sleeps::new();
        loop {
            let settled = self.networks.deadline();
            let carried = self.carrier.as_ref().and_then(|c| c.deadline(&self.described));
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.order(order).await,
                    None => return self.close().await,
                },
                Some(event) = next_event(&mut self.current) => self.peer_event(event),
                Some(event) = network.next() => self.networks.note(Instant::now(), event),
                () = sleep_until(settled.unwrap_or_else(Instant::now)), if settled.is_some() => {
                    self.network_settled();
                }
                slept = sleeps.over() => self.woke(slept),
                heard = next_heard(&mut self.carrier) => self.heard(heard).await,
                () = sleep_until(carried.unwrap_or_else(Instant::now)), if carried.is_some() => {
                    self.carry();
                }
                _ = measure.tick(), if self.told == LineState::Up => self.measure().await,
            }
        }
    }

    async fn order(&mut self, order: Order) {
        match order {
            Order::Open(servers) => self.open(servers).await,
            Order::Restart => self.restart().await,
            Order::Close => {
                self.close().await;
                self.tell(LineState::Closed);
            }
            Order::Signal(signal) => self.signal(signal).await,
            Order::Probe(servers) => self.probe(servers).await,
        }
    }

    async fn open(&mut self, servers: Vec<IceServer>) {
        self.close().await;
        self.tell(LineState::Connecting);
        if let Err(error) = self.try_open(servers).await {
            tracing::warn!(%error, "the voice connection was not opened");
            self.give_up().await;
        }
    }

    async fn try_open(&mut self, servers: Vec<IceServer>) -> Result<(), PeerError> {
        let offer = self.connect(servers).await?.offer().await?;
        self.offer(offer);
        Ok(())
    }

    /// To the PBX that has the leg, or to the centre, which says who is to have it.
    fn offer(&mut self, offer: String) {
        self.described = Described::new(&offer);
        match &mut self.carrier {
            Some(carrier) => carrier.offer_anew(),
            None => self.post(LineEvent::Signal(VoiceSignal::Offer(offer))),
        }
    }

    fn candidate(&mut self, candidate: String) {
        self.described.add(&candidate);
        if self.carrier.is_none() {
            self.post(LineEvent::Signal(VoiceSignal::Candidate(candidate)));
        }
        self.carry();
    }

    fn carry(&mut self) {
        if let Some(carrier) = &mut self.carrier {
            carrier.carry(Instant::now(), &self.described);
        }
    }

    async fn use_extension(&mut self, given: SipExtension) {
        let Role::Offerer { extra_ca } = &self.role else {
            return tracing::warn!("an extension was given to a line that needs none");
        };
        match Carrier::start(given, extra_ca.clone()) {
            Ok(carrier) => {
                if let Some(old) = self.carrier.replace(carrier) {
                    old.close();
                }
            }
            Err(cause) => {
                tracing::warn!(cause, "the extension of the centre cannot be used");
                self.give_up().await;
            }
        }
    }

    /// What the PBX says.
    async fn heard(&mut self, event: ExtensionEvent) {
        let Some(carrier) = &mut self.carrier else { return };
        let peer = self.current.as_ref().map(|current| current.peer.clone());
        match carrier.heard(event) {
            Heard::Answer(answer) => self.accept(&answer).await,
            Heard::Offer(offer) => {
                let answer = match peer {
                    Some(peer) => peer.answer(&offer).await.ok(),
                    None => None,
                };
                carrier.answer(answer.as_deref(), &self.described);
            }
            Heard::Back => self.restart().await,
            Heard::Over(cause) => {
                tracing::warn!(cause, "the voice leg at the PBX is over");
                self.give_up().await;
            }
            Heard::Nothing => {}
        }
        self.carry();
    }

    /// Takes the offer of a call without a centre.
    async fn answer(&mut self, offer: &str) {
        // What was kept ready to offer closes by itself, once nobody holds it.
        drop(self.current.take());
        self.tell(LineState::Connecting);
        let answered = match self.connect(vec![]).await {
            Ok(peer) => peer.answer(offer).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(answer) => self.post(LineEvent::Signal(VoiceSignal::Answer(answer))),
            Err(error) => {
                tracing::warn!(%error, "the far side's offer was refused");
                self.give_up().await;
            }
        }
    }

    async fn connect(&mut self, servers: Vec<IceServer>) -> Result<Peer, PeerError> {
        let config = PeerConfig {
            ice_servers: servers.into_iter().map(ice_server).collect(),
            ..self.peers.clone()
        };
        let (events_in, events) = mpsc::unbounded_channel();
        let voice = self.voice.clone();
        let peer = Peer::new(config, events_in, move |incoming| voice.arrived(incoming)).await?;
        self.voice.replace(Some(peer.clone()));
        self.current = Some(Current { peer: peer.clone(), events, was_up: false });
        Ok(peer)
    }

    async fn restart(&mut self) {
        let Some(current) = &self.current else {
            // Only a new connection helps.
            return self.tell(LineState::Failed);
        };
        let peer = current.peer.clone();
        let was_up = current.was_up;
        match peer.restart().await {
            Ok(offer) => {
                self.tell(if was_up { LineState::Recovering } else { LineState::Connecting });
                self.offer(offer);
                self.carry();
            }
            Err(error) => {
                tracing::warn!(%error, "the voice connection cannot be mended");
                self.give_up().await;
            }
        }
    }

    async fn signal(&mut self, signal: VoiceSignal) {
        if let (VoiceSignal::Offer(offer), Role::Either) = (&signal, &self.role) {
            return self.answer(offer).await;
        }
        let Some(current) = &self.current else {
            tracing::debug!("a voice signal came while no connection is open");
            return;
        };
        let peer = current.peer.clone();
        match signal {
            VoiceSignal::Answer(answer) => self.accept(&answer).await,
            VoiceSignal::Extension(given) => self.use_extension(given).await,
            VoiceSignal::Candidate(line) => {
                if let Err(error) = peer.candidate(&line).await {
                    tracing::debug!(%error, "a candidate of the centre was left out");
                }
            }
            VoiceSignal::Offer(_) => tracing::warn!("the centre offered; only the line does"),
        }
    }

    async fn accept(&mut self, answer: &str) {
        let Some(current) = &self.current else { return };
        match current.peer.clone().accept(answer).await {
            Ok(()) => {}
            Err(PeerError::Stale) => tracing::debug!("an answer to an earlier offer came late"),
            Err(
                error @ (PeerError::Open(_)
                | PeerError::Description(_)
                | PeerError::Candidate(_)
                | PeerError::NoRelay
                | PeerError::Closed),
            ) => {
                tracing::warn!(%error, "the answer to the line's offer was refused");
                self.give_up().await;
            }
        }
    }

    fn peer_event(&mut self, event: PeerEvent) {
        match event {
            PeerEvent::Candidate(line) => self.candidate(line),
            PeerEvent::EndOfCandidates => self.candidate(String::new()),
            PeerEvent::State(state) => {
                let Some(current) = &mut self.current else { return };
                current.was_up |= state == PeerState::Connected;
                let was_up = current.was_up;
                self.tell(line_state(state, was_up));
            }
            PeerEvent::Agreed(terms) => self.voice.agree(terms),
        }
    }

    fn network_settled(&mut self) {
        if self.networks.changed(Instant::now()) {
            tracing::info!("this machine is on another network");
            self.post(LineEvent::NetworkChanged);
        }
    }

    /// The far side has heard nothing meanwhile, and the network may be another one.
    fn woke(&self, slept: Duration) {
        tracing::info!(?slept, "this machine was asleep");
        match &self.carrier {
            // Its way here is shown to the PBX once there is a connection again.
            Some(carrier) => carrier.reconnect(),
            None => self.post(LineEvent::NetworkChanged),
        }
    }

    async fn measure(&mut self) {
        let Some(current) = &self.current else { return };
        let Some(path) = current.peer.path().await else { return };
        let trip = path.round_trip.unwrap_or_default();
        let micros = u64::try_from(trip.as_micros()).unwrap_or(u64::MAX);
        self.round_trip.store(micros, Ordering::Relaxed);
        let path = LinePath { kind: path.kind, link: link::kind(path.local) };
        if self.path != Some(path) {
            tracing::info!(?path, "voice path");
            self.path = Some(path);
            self.post(LineEvent::Path(path));
        }
    }

    async fn probe(&self, servers: Vec<IceServer>) {
        let path = match &self.current {
            Some(current) => current.peer.path().await,
            None => None,
        };
        let round_trip = path.and_then(|path| path.round_trip);
        // A connection that calls use must not wait for servers that do not answer.
        tokio::spawn(probe::run(
            self.peers.clone(),
            servers,
            round_trip,
            false,
            self.inbox.clone(),
        ));
    }

    async fn give_up(&mut self) {
        self.close().await;
        self.tell(LineState::Failed);
    }

    async fn close(&mut self) {
        self.voice.replace(None);
        if let Some(carrier) = self.carrier.take() {
            carrier.close();
        }
        if let Some(current) = self.current.take() {
            current.peer.close().await;
            tracing::debug!(dropped = ?self.voice.dropped(), "the voice connection was closed");
        }
    }

    fn tell(&mut self, state: LineState) {
        if state == self.told {
            return;
        }
        tracing::info!(from = ?self.told, to = ?state, "line");
        self.told = state;
        if state != LineState::Up {
            self.round_trip.store(0, Ordering::Relaxed);
        }
        self.post(LineEvent::Changed(state));
    }

    fn post(&self, event: LineEvent) {
        // A driver that has ended drops the line next.
        self.inbox.post(Event::Line(event));
    }
}

/// What the PBX says next; never, without one. An extension does not end by itself.
async fn next_heard(carrier: &mut Option<Carrier>) -> ExtensionEvent {
    if let Some(carrier) = carrier
        && let Some(event) = carrier.next().await
    {
        return event;
    }
    std::future::pending().await
}

async fn next_event(current: &mut Option<Current>) -> Option<PeerEvent> {
    match current {
        Some(current) => current.events.recv().await,
        None => std::future::pending().await,
    }
}

pub(crate) fn line_state(peer: PeerState, was_up: bool) -> LineState {
    match peer {
        PeerState::Connecting if was_up => LineState::Recovering,
        PeerState::Connecting => LineState::Connecting,
        PeerState::Connected => LineState::Up,
        PeerState::Disconnected => LineState::Lost,
        PeerState::Failed => LineState::Failed,
        PeerState::Closed => LineState::Closed,
    }
}

pub(crate) fn ice_server(server: IceServer) -> omnibar_peer::IceServer {
    omnibar_peer::IceServer {
        urls: server.urls,
        username: server.username,
        credential: server.credential,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_address_changes_is_one_event() {
        let (inbox, mut events) = Inbox::new();
        let (received, _ring) = rtrb::RingBuffer::new(4);
        let (voice, _sink) = Voice::new(received, std::time::Instant::now());
        let session = Session::new(
            PeerConfig::default(),
            Role::Offerer { extra_ca: None },
            Arc::default(),
            voice,
            inbox,
        );
        let (orders, ordered) = mpsc::unbounded_channel();
        let (change, changes) = mpsc::unbounded_channel();
        let network =
            stream::unfold(changes, |mut changes: mpsc::UnboundedReceiver<IfEvent>| async {
                Some((changes.recv().await?, changes))
            });
        let task = tokio::spawn(session.run(ordered, Box::pin(network)));
        let pause = |ms| tokio::time::sleep(Duration::from_millis(ms));
        let up = |net: &str| change.send(IfEvent::Up(net.parse().unwrap())).unwrap();

        up("192.168.1.7/24");
        pause(1_000).await;
        let begun = Instant::now();
        for host in 1..=5 {
            up(&format!("10.0.0.{host}/8"));
            pause(200).await;
        }
        let event = events.recv().await;
        assert!(matches!(event, Some(Event::Line(LineEvent::NetworkChanged))), "{event:?}");
        assert_eq!(begun.elapsed(), Duration::from_millis(4 * 200) + crate::network::SETTLE);
        pause(60_000).await;
        assert!(events.try_recv().is_err(), "told once");

        drop(orders);
        task.await.unwrap();
    }
}
