use crate::feedback::Tap;
use crate::path::{self, Path};
use crate::sdp::{self, Description, Direction};
use crate::stack;
use crate::traffic::{Inbound, Outbound};
use crate::types::Types;
use crate::{
    Incoming, OPUS, PeerConfig, PeerError, PeerEvent, Repair, TELEPHONE_EVENT, TELEPHONE_EVENT_8K,
    Terms,
};
use futures_util::FutureExt;
use omnibar_media::{Codec, Packet};
use rtc::peer_connection::configuration::RTCOfferOptions;
use rtc::rtp_transceiver::RTCRtpTransceiverDirection;
use rtc::rtp_transceiver::rtp_sender::RTCRtpCodecParameters;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};
use webrtc::peer_connection::{
    PeerConnection, RTCIceCandidateInit, RTCSessionDescription, StatsSelector,
};

/// Candidates kept until the description they belong to has come.
const MAX_EARLY_CANDIDATES: usize = 64;
/// Candidates taken between two descriptions. Each is an address that is sent checks:
/// without a bound a stranger could have this machine knock at every port of another.
const MAX_CANDIDATES: usize = 64;

/// One end of an audio connection. Clones are the same end; when the last is dropped
/// the connection is closed.
#[derive(Clone, Debug)]
pub struct Peer(Arc<Shared>);

struct Shared {
    connection: Arc<dyn PeerConnection>,
    outbound: Arc<Outbound>,
    inbound: Arc<Inbound>,
    /// Tokio's, for one exchange waits for the stack several times and must not mix
    /// with the next.
    exchange: Mutex<Exchange>,
    repair: Repair,
    fallback: bool,
    terms: std::sync::Mutex<Terms>,
    runtime: tokio::runtime::Handle,
}

/// Where the offer/answer exchange stands (RFC 9429 section 3.2).
#[derive(Default)]
struct Exchange {
    /// Origin version of an offer of ours that has not been answered.
    offered: Option<String>,
    /// Whether the other side has been described.
    described: bool,
    /// Candidates taken since.
    taken: usize,
    early: Vec<String>,
}

impl Peer {
    /// Binds the sockets. `packets` is called on tokio tasks, one at a time, for all that
    /// arrives and must not block.
    pub async fn new(
        config: PeerConfig,
        events: mpsc::UnboundedSender<PeerEvent>,
        packets: impl FnMut(Incoming) + Send + 'static,
    ) -> Result<Self, PeerError> {
        let inbound = Arc::new(Inbound::new(events, Box::new(packets)));
        let outbound = Arc::new(Outbound::default());
        let handler = Arc::new(crate::traffic::Events {
            inbound: inbound.clone(),
            outbound: outbound.clone(),
        });
        let stack = stack::build(&config, handler, Tap::new(inbound.clone())).await?;
        outbound.attach(stack.track, stack.ssrc);
        Ok(Self(Arc::new(Shared {
            connection: stack.connection,
            outbound,
            inbound,
            exchange: Mutex::default(),
            repair: config.repair,
            fallback: config.fallback,
            terms: std::sync::Mutex::new(Terms::none(stack.ssrc)),
            runtime: tokio::runtime::Handle::current(),
        })))
    }

    /// The first offer, or a new one. Candidates follow as events.
    pub async fn offer(&self) -> Result<String, PeerError> {
        self.make_offer(false).await
    }

    /// An offer that restarts ICE (RFC 8445 section 9), keeping DTLS and media.
    pub async fn restart(&self) -> Result<String, PeerError> {
        self.make_offer(true).await
    }

    /// Takes an offer, the first or a later one, and answers it.
    pub async fn answer(&self, offer: &str) -> Result<String, PeerError> {
        let fallback = self.0.fallback;
        let described = Description::read(offer, fallback)?;
        let mut exchange = self.0.exchange.lock().await;
        let readable = sdp::readable(offer, &described, fallback).into_owned();
        let sdp = RTCSessionDescription::offer(readable).map_err(refused)?;
        guarded(self.0.connection.set_remote_description(sdp)).await?;
        // The stack would answer a hold as if nothing had been said.
        self.set_direction(described.direction.reversed()).await?;
        stack::list_formats(&*self.0.connection).await.map_err(refused)?;
        let answer = guarded(self.0.connection.create_answer(None)).await?;
        let text = sdp::finish_answer(&answer.sdp, &described, self.0.repair, fallback);
        let agreed = |canonical| described.payload_type(canonical);
        stack::use_formats(&*self.0.connection, &self.0.formats(), agreed)
            .await
            .map_err(refused)?;
        guarded(self.0.connection.set_local_description(answer)).await?;
        let local = Description::read(&text, fallback)?;
        self.settle(&local, &described);
        exchange.described = true;
        exchange.taken = exchange.early.len();
        self.take_early(&mut exchange).await;
        Ok(text)
    }

    /// Takes the answer to the latest offer; [`PeerError::Stale`] for an earlier one's.
    pub async fn accept(&self, answer: &str) -> Result<(), PeerError> {
        let fallback = self.0.fallback;
        let described = Description::read(answer, fallback)?;
        let mut exchange = self.0.exchange.lock().await;
        let Some(version) = &exchange.offered else {
            return Err(PeerError::Stale);
        };
        if described.answers.as_ref().is_some_and(|answers| answers != version) {
            return Err(PeerError::Stale);
        }
        let readable = sdp::readable(answer, &described, fallback).into_owned();
        let sdp = RTCSessionDescription::answer(readable).map_err(refused)?;
        guarded(self.0.connection.set_remote_description(sdp)).await?;
        exchange.offered = None;
        exchange.described = true;
        exchange.taken = exchange.early.len();
        let local = self.0.connection.local_description().await.ok_or(PeerError::Closed)?;
        let local = Description::read(&local.sdp, fallback)?;
        let agreed = |canonical| described.payload_type(canonical);
        stack::use_formats(&*self.0.connection, &self.0.formats(), agreed)
            .await
            .map_err(refused)?;
        self.settle(&local, &described);
        self.take_early(&mut exchange).await;
        Ok(())
    }

    /// Takes a `candidate:…` line of the other side; empty text ends the list. Lines
    /// that come before their description wait for it.
    pub async fn candidate(&self, candidate: &str) -> Result<(), PeerError> {
        let Some(line) = sdp::usable_candidate(candidate)? else {
            return Ok(());
        };
        let mut exchange = self.0.exchange.lock().await;
        if exchange.described && exchange.offered.is_none() {
            if exchange.taken == MAX_CANDIDATES {
                return Err(PeerError::Candidate(format!(
                    "{MAX_CANDIDATES} others were taken already"
                )));
            }
            exchange.taken += 1;
            return self.add_candidate(line).await;
        }
        if exchange.early.len() == MAX_EARLY_CANDIDATES {
            return Err(PeerError::Candidate(format!(
                "{MAX_EARLY_CANDIDATES} others wait for their description already"
            )));
        }
        exchange.early.push(line.to_owned());
        Ok(())
    }

    /// Sends a packet whose payload type is a canonical one. Never waits: what cannot
    /// be sent now is dropped and counted in [`Peer::dropped`].
    pub fn send(&self, packet: Packet) {
        self.0.outbound.send(packet);
    }

    /// Sends RTCP, one packet or several in a row, whose length is a multiple of 4 and at
    /// most [`crate::MAX_RTCP`] bytes. Like [`Peer::send`] it never waits.
    pub fn send_rtcp(&self, bytes: &[u8]) {
        self.0.outbound.send_rtcp(bytes);
    }

    /// What holds since the last exchange; [`PeerEvent::Agreed`] tells of every change.
    #[must_use]
    pub fn terms(&self) -> Terms {
        *self.0.terms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Packets that [`Peer::send`] and [`Peer::send_rtcp`] could not hand to the network.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.outbound.dropped()
    }

    /// The payload type to give to [`Peer::send`] for Opus: always [`crate::OPUS`].
    #[must_use]
    pub fn opus_type(&self) -> u8 {
        OPUS
    }

    /// The payload type to give to [`Peer::send`] for digits, when the other side takes
    /// them by the clock of the voice (RFC 4733 section 2.1): 48 kHz for
    /// [`crate::TELEPHONE_EVENT`], 8 kHz for [`crate::TELEPHONE_EVENT_8K`].
    #[must_use]
    pub fn telephone_event_type(&self) -> Option<u8> {
        let kind = match self.terms().codec {
            Codec::Opus => TELEPHONE_EVENT,
            Codec::G722 | Codec::Pcmu | Codec::Pcma => TELEPHONE_EVENT_8K,
        };
        Some(kind).filter(|kind| self.0.outbound.takes(*kind))
    }

    /// Round trip of the path in use, by its last connectivity check.
    pub async fn round_trip(&self) -> Option<Duration> {
        self.path().await?.round_trip
    }

    /// The path in use; `None`: there is none yet.
    pub async fn path(&self) -> Option<Path> {
        path::of(&self.0.connection.get_stats(Instant::now(), StatsSelector::None).await)
    }

    /// Ends the connection; [`crate::PeerState::Closed`] follows.
    pub async fn close(&self) {
        self.0.outbound.stop();
        if let Err(error) = self.0.connection.close().await {
            tracing::debug!(%error, "the voice connection did not close cleanly");
        }
        self.0.inbound.closed();
    }

    async fn make_offer(&self, ice_restart: bool) -> Result<String, PeerError> {
        let mut exchange = self.0.exchange.lock().await;
        self.set_direction(Direction::SendReceive).await?;
        stack::list_formats(&*self.0.connection).await.map_err(refused)?;
        let options = RTCOfferOptions { ice_restart };
        let offer = guarded(self.0.connection.create_offer(Some(options))).await?;
        let text = sdp::finish_offer(&offer.sdp, self.0.repair);
        let described = Description::read(&text, self.0.fallback)?;
        let offered = |canonical| described.payload_type(canonical);
        stack::use_formats(&*self.0.connection, &self.0.formats(), offered)
            .await
            .map_err(refused)?;
        guarded(self.0.connection.set_local_description(offer)).await?;
        exchange.offered = Some(described.version);
        Ok(text)
    }

    async fn set_direction(&self, direction: Direction) -> Result<(), PeerError> {
        for transceiver in self.0.connection.get_transceivers().await {
            if transceiver.sender().await.map_err(refused)?.is_some() {
                transceiver.set_direction(direction.into()).await.map_err(refused)?;
            }
        }
        Ok(())
    }

    /// Takes over what the exchange has settled. What is sent bears the number that the
    /// other side gave the format, what comes the number that we gave it.
    fn settle(&self, local: &Description, remote: &Description) {
        for canonical in Types::CANONICAL {
            self.0.outbound.set_type(canonical, remote.payload_type(canonical));
            self.0.inbound.set_type(canonical, local.payload_type(canonical));
        }
        self.0.outbound.set_allowed(remote.direction.reversed().sends());
        let mut terms = self.0.terms.lock().unwrap_or_else(PoisonError::into_inner);
        let agreed = sdp::terms(local, remote, self.0.repair, terms.ssrc);
        if agreed != *terms {
            tracing::debug!(?agreed, "voice terms");
            *terms = agreed;
            self.0.inbound.post(PeerEvent::Agreed(agreed));
        }
    }

    async fn take_early(&self, exchange: &mut Exchange) {
        for line in std::mem::take(&mut exchange.early) {
            if let Err(error) = self.add_candidate(&line).await {
                tracing::debug!(%error, "an early candidate was left out");
            }
        }
    }

    async fn add_candidate(&self, line: &str) -> Result<(), PeerError> {
        let init = RTCIceCandidateInit { candidate: line.to_owned(), ..Default::default() };
        guarded(self.0.connection.add_ice_candidate(init)).await.map_err(|error| match error {
            PeerError::Description(reason) => PeerError::Candidate(reason),
            other => other,
        })
    }
}

impl Shared {
    fn formats(&self) -> Vec<RTCRtpCodecParameters> {
        stack::formats(self.repair, self.fallback)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let connection = self.connection.clone();
        self.outbound.stop();
        self.runtime.spawn(async move { connection.close().await });
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("outbound", &self.outbound).finish_non_exhaustive()
    }
}

impl From<Direction> for RTCRtpTransceiverDirection {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::SendReceive => Self::Sendrecv,
            Direction::SendOnly => Self::Sendonly,
            Direction::ReceiveOnly => Self::Recvonly,
            Direction::Inactive => Self::Inactive,
        }
    }
}

fn refused(error: webrtc::error::Error) -> PeerError {
    PeerError::Description(error.to_string())
}

/// Runs a step of the stack on input from outside. A panic of its parsers is this
/// input's refusal, not this process's end.
async fn guarded<T>(
    step: impl Future<Output = Result<T, webrtc::error::Error>>,
) -> Result<T, PeerError> {
    match AssertUnwindSafe(step).catch_unwind().await {
        Ok(result) => result.map_err(|error| match error {
            webrtc::error::Error::ErrConnectionClosed => PeerError::Closed,
            other => refused(other),
        }),
        Err(_) => Err(PeerError::Description("it is malformed".to_owned())),
    }
}
