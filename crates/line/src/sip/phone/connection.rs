//! The voice connection of one call: a task that does what is asked of its peer, one
//! thing after the other, and tells what comes of it.

use super::room::Door;
use crate::sip::with_candidates;
use crate::voice::{Voice, Way};
use omnibar_media::Digit;
use omnibar_peer::{Incoming, Peer, PeerConfig, PeerError, PeerEvent, PeerState, Terms};
use omnibar_sip::CallNumber;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// A description goes without the addresses that servers have not told until then.
const GATHERING: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) enum Job {
    /// The first offer.
    Offer,
    /// An offer that restarts ICE.
    Restart,
    /// Takes an offer; what comes of it is an answer.
    Answer(String),
    /// Takes an answer.
    Accept(String),
}

/// What has become of a connection.
#[derive(Debug)]
pub(super) enum News {
    Opened(Peer),
    /// Of a job that makes a description, in their order.
    Described(Result<String, PeerError>),
    /// An answer could not be used.
    NotAccepted(PeerError),
    State(PeerState),
    Agreed(Terms),
    /// The first packet of the far side's voice has come.
    Voice,
    /// The way of the voice has come back from a conference.
    Parked(Way),
    /// The far side of a call in a conference pressed a key (RFC 4733).
    Pressed(Digit),
}

/// Who hears the far side. Exchanges send on to who holds a call.
#[derive(Debug)]
pub(super) enum Listener {
    Nobody,
    Headset,
    Room(Door),
}

pub(super) type Post = mpsc::UnboundedSender<(CallNumber, News)>;

/// The handle; dropping it closes the connection.
#[derive(Debug)]
pub(super) struct Connection {
    jobs: mpsc::UnboundedSender<Job>,
    listener: Arc<Mutex<Listener>>,
}

impl Connection {
    pub(super) fn open(
        call: CallNumber,
        config: PeerConfig,
        voice: Arc<Voice>,
        post: Post,
    ) -> Self {
        let (jobs, given) = mpsc::unbounded_channel();
        let listener = Arc::new(Mutex::new(Listener::Nobody));
        let listens = listener.clone();
        let relay_only = config.relay_only;
        tokio::spawn(async move {
            let (events_in, events) = mpsc::unbounded_channel();
            let take = taking(call, listens, voice, post.clone());
            match Peer::new(config, events_in, take).await {
                Ok(peer) => {
                    tell(&post, call, News::Opened(peer.clone()));
                    let candidates = vec![];
                    let gathered = false;
                    Tended { call, peer, relay_only, events, post, candidates, gathered }
                        .run(given)
                        .await;
                }
                Err(error) => tell(&post, call, News::Described(Err(error))),
            }
        });
        Self { jobs, listener }
    }

    pub(super) fn give(&self, job: Job) {
        // The task has ended only if there is no connection, and has said so.
        let _ = self.jobs.send(job);
    }

    pub(super) fn listen(&self, listener: Listener) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = listener;
    }
}

fn taking(
    call: CallNumber,
    listens: Arc<Mutex<Listener>>,
    voice: Arc<Voice>,
    post: Post,
) -> impl FnMut(Incoming) + Send + 'static {
    let mut first = true;
    move |incoming| {
        if matches!(incoming, Incoming::Rtp(_)) && std::mem::take(&mut first) {
            tell(&post, call, News::Voice);
        }
        let listener = listens.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*listener, incoming) {
            (Listener::Nobody, _) => {}
            (Listener::Headset, incoming) => voice.arrived(incoming),
            (Listener::Room(door), Incoming::Rtp(arrival)) => {
                if !door.hear(arrival.packet) {
                    tracing::debug!("a packet for the conference was left out");
                }
            }
            // Its reports are about a stream that the media thread does not make.
            (Listener::Room(_), Incoming::Rtcp { .. }) => {}
        }
    }
}

struct Tended {
    call: CallNumber,
    peer: Peer,
    relay_only: bool,
    events: mpsc::UnboundedReceiver<PeerEvent>,
    post: Post,
    /// Of this machine, as far as they are known.
    candidates: Vec<String>,
    gathered: bool,
}

impl Tended {
    async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        loop {
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => self.work(job).await,
                    None => return self.peer.close().await,
                },
                Some(event) = self.events.recv() => self.note(event),
            }
        }
    }

    async fn work(&mut self, job: Job) {
        let described = match job {
            Job::Offer => self.peer.offer().await,
            Job::Restart => {
                self.candidates.clear();
                self.gathered = false;
                self.peer.restart().await
            }
            Job::Answer(offer) => self.peer.answer(&offer).await,
            Job::Accept(answer) => {
                if let Err(error) = self.peer.accept(&answer).await {
                    self.tell(News::NotAccepted(error));
                }
                return;
            }
        };
        let described = match described {
            Ok(sdp) => {
                self.gather().await;
                if self.relay_only && self.candidates.is_empty() {
                    Err(PeerError::NoRelay)
                } else {
                    Ok(with_candidates(&sdp, self.candidates.iter().map(String::as_str)))
                }
            }
            Err(error) => Err(error),
        };
        self.tell(News::Described(described));
    }

    async fn gather(&mut self) {
        let until = Instant::now() + GATHERING;
        while !self.gathered {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(event) => self.note(event),
                    None => return,
                },
                () = sleep_until(until) => return,
            }
        }
    }

    fn note(&mut self, event: PeerEvent) {
        match event {
            PeerEvent::Candidate(line) => self.candidates.push(line),
            PeerEvent::EndOfCandidates => self.gathered = true,
            PeerEvent::State(state) => self.tell(News::State(state)),
            PeerEvent::Agreed(terms) => self.tell(News::Agreed(terms)),
        }
    }

    fn tell(&self, news: News) {
        tell(&self.post, self.call, news);
    }
}

fn tell(post: &Post, call: CallNumber, news: News) {
    // The phone has been dropped.
    let _ = post.send((call, news));
}
