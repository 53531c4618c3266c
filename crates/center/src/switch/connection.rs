use super::board::{Exit, Input};
use super::clock::{Clock, Gauge};
use super::{Reply, SwitchEvent};
use omnibar_media::{Micros, Packet};
use omnibar_model::LegId;
use omnibar_peer::{Arrival, Incoming, Peer, PeerConfig, PeerEvent, PeerState, TELEPHONE_EVENT};
use std::sync::mpsc::Sender;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// What a connection works with.
#[derive(Clone)]
pub(super) struct Setting {
    pub(super) peers: PeerConfig,
    pub(super) clock: Clock,
    pub(super) board: Sender<Input>,
    pub(super) events: mpsc::UnboundedSender<SwitchEvent>,
}

/// The task that negotiates for one WebRTC leg, so that a slow party delays nobody else.
pub(super) struct Connection {
    signals: mpsc::UnboundedSender<(Signal, oneshot::Sender<Reply>)>,
}

pub(super) enum Signal {
    Offer(String),
    /// Empty text ends the list.
    Candidate(String),
}

/// The peer takes longer only when the machine is out of breath.
const NEGOTIATION: Duration = Duration::from_secs(10);
/// Packets of one leg that may wait for the board: 2 s of 10 ms.
const MOST_WAITING: usize = 200;

impl Connection {
    /// Refused with a sentence.
    pub(super) async fn open(setting: &Setting, leg: LegId) -> Result<Self, String> {
        let (hang_up, hung_up) = oneshot::channel();
        let (answer, key) = oneshot::channel();
        let open = Input::Open { leg: leg.clone(), hang_up, key: answer };
        let stopped = || "The voice switch has stopped.".to_owned();
        setting.board.send(open).map_err(|_| stopped())?;
        let key = key.await.map_err(|_| stopped())??;
        let (signals, inbox) = mpsc::unbounded_channel();
        let task = Task { setting: setting.clone(), leg, key, present: None };
        tokio::spawn(task.run(inbox, hung_up));
        Ok(Self { signals })
    }

    /// False: the leg has ended.
    pub(super) fn is_open(&self) -> bool {
        !self.signals.is_closed()
    }

    pub(super) fn take(&self, signal: Signal, reply: oneshot::Sender<Reply>) {
        // A task that has ended drops the reply, and that is an answer.
        let _ = self.signals.send((signal, reply));
    }
}

struct Task {
    setting: Setting,
    leg: LegId,
    key: u64,
    present: Option<Present>,
}

/// The peer connection of now; a party that starts anew gets another in the same leg.
struct Present {
    peer: Peer,
    events: mpsc::UnboundedReceiver<PeerEvent>,
    /// Of the party's certificate: another one is another connection.
    fingerprint: String,
}

impl Task {
    async fn run(
        mut self,
        mut inbox: mpsc::UnboundedReceiver<(Signal, oneshot::Sender<Reply>)>,
        mut hung_up: oneshot::Receiver<()>,
    ) {
        loop {
            tokio::select! {
                biased;
                // The board never sends, it only drops.
                _ = &mut hung_up => break,
                signal = inbox.recv() => {
                    let Some((signal, reply)) = signal else { break };
                    let answer = self.signal(signal).await;
                    let over = self.present.is_none();
                    if over {
                        // Before the reply, so that whoever asks then finds no leg.
                        let _ = self.setting.board.send(Input::Forget { key: self.key });
                    }
                    let _ = reply.send(answer.unwrap_or_else(|message| Reply::Refused { message }));
                    if over {
                        break;
                    }
                }
                event = next_event(&mut self.present) => self.event(event),
            }
        }
        if let Some(present) = self.present {
            present.peer.close().await;
        }
    }

    async fn signal(&mut self, signal: Signal) -> Result<Reply, String> {
        match signal {
            Signal::Offer(offer) => self.offer(&offer).await,
            Signal::Candidate(candidate) => {
                let Some(present) = &self.present else { return Ok(Reply::Done) };
                let taken = present.peer.candidate(&candidate);
                match tokio::time::timeout(NEGOTIATION, taken).await {
                    Ok(Ok(())) => Ok(Reply::Done),
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_) => Err("The candidate was not looked up in time.".into()),
                }
            }
        }
    }

    /// A party that has started anew has another certificate and gets a new connection;
    /// the old one stays until the new one's offer has proved good.
    async fn offer(&mut self, offer: &str) -> Result<Reply, String> {
        let fingerprint = fingerprint(offer);
        if let Some(present) = &self.present
            && present.fingerprint == fingerprint
        {
            let sdp = answer(&present.peer, offer).await?;
            return Ok(Reply::Answer { sdp });
        }
        let (sender, events) = mpsc::unbounded_channel();
        let peer = Peer::new(self.setting.peers.clone(), sender, self.arrivals())
            .await
            .map_err(|error| error.to_string())?;
        let sdp = match answer(&peer, offer).await {
            Ok(sdp) => sdp,
            Err(message) => {
                peer.close().await;
                return Err(message);
            }
        };
        let exit = Box::new(ToPeer(peer.clone()));
        let attach = Input::Attach { key: self.key, exit, terms: peer.terms() };
        let _ = self.setting.board.send(attach);
        let present = Present { peer, events, fingerprint: fingerprint.to_owned() };
        if let Some(old) = self.present.replace(present) {
            tracing::info!(leg = %self.leg, "the party has started anew");
            tokio::spawn(async move { old.peer.close().await });
        }
        Ok(Reply::Answer { sdp })
    }

    /// Brings packets to the board, and no more than it can take.
    fn arrivals(&self) -> impl FnMut(Incoming) + Send + 'static + use<> {
        let board = self.setting.board.clone();
        let (clock, key) = (self.setting.clock, self.key);
        let gauge = Gauge::new(MOST_WAITING);
        move |incoming| {
            if !gauge.enter() {
                return;
            }
            let gauge = gauge.clone();
            let _ = board.send(match incoming {
                Incoming::Rtp(Arrival { ssrc, packet, arrived }) => {
                    let arrived = clock.at(arrived);
                    Input::Voice { key, arrived, ssrc, packet, gauge: Some(gauge) }
                }
                Incoming::Rtcp { bytes, arrived } => {
                    Input::Rtcp { key, arrived: clock.at(arrived), bytes, gauge }
                }
            });
        }
    }

    fn event(&mut self, event: PeerEvent) {
        let leg = self.leg.clone();
        match event {
            PeerEvent::Candidate(candidate) => self.tell(SwitchEvent::Candidate { leg, candidate }),
            PeerEvent::EndOfCandidates => {
                self.tell(SwitchEvent::Candidate { leg, candidate: String::new() })
            }
            PeerEvent::State(state) => {
                if state == PeerState::Connected {
                    self.check_round_trip();
                }
                let _ = self.setting.board.send(Input::Connection { key: self.key, state });
            }
            PeerEvent::Agreed(terms) => {
                let _ = self.setting.board.send(Input::Agreed { key: self.key, terms });
            }
        }
    }

    /// Tells the board what the connection's own checks have found, until reports tell more.
    fn check_round_trip(&self) {
        let Some(peer) = self.present.as_ref().map(|present| present.peer.clone()) else { return };
        let (board, key) = (self.setting.board.clone(), self.key);
        tokio::spawn(async move {
            if let Some(trip) = peer.round_trip().await {
                let trip = Micros(u64::try_from(trip.as_micros()).unwrap_or(u64::MAX));
                let _ = board.send(Input::RoundTrip { key, trip });
            }
        });
    }

    fn tell(&self, event: SwitchEvent) {
        let _ = self.setting.events.send(event);
    }
}

async fn answer(peer: &Peer, offer: &str) -> Result<String, String> {
    match tokio::time::timeout(NEGOTIATION, peer.answer(offer)).await {
        Ok(Ok(sdp)) => Ok(sdp),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("The voice connection was not answered in time. Try again.".into()),
    }
}

/// Waits for ever without a connection; the end of its events is its end.
async fn next_event(present: &mut Option<Present>) -> PeerEvent {
    match present {
        Some(present) => present.events.recv().await.unwrap_or(PeerEvent::State(PeerState::Closed)),
        None => std::future::pending().await,
    }
}

struct ToPeer(Peer);

impl Exit for ToPeer {
    fn send(&self, packet: Packet) {
        self.0.send(packet);
    }

    fn send_rtcp(&self, bytes: &[u8]) {
        self.0.send_rtcp(bytes);
    }

    fn takes_events(&self) -> bool {
        self.0.telephone_event_type() == Some(TELEPHONE_EVENT)
    }
}

/// The certificate's fingerprint in an offer (RFC 8122 section 5); empty without one.
fn fingerprint(offer: &str) -> &str {
    offer.lines().find_map(|line| line.trim().strip_prefix("a=fingerprint:")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_tells_connections_apart() {
        let offer = "v=0\r\na=group:BUNDLE 0\r\na=fingerprint:sha-256 AB:CD\r\nm=audio 9 x 0\r\n";
        assert_eq!(fingerprint(offer), "sha-256 AB:CD");
        assert_eq!(fingerprint("nonsense"), "");
    }
}
