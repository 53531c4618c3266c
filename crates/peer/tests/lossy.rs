//! Two engines talk through two peers over a path that loses packets.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;
#[path = "common/relay.rs"]
mod relay;

use common::{PATIENCE, loopback};
use omnibar_media::loss::{Allowed, Layers};
use omnibar_media::sim::Speech;
use omnibar_media::{
    BLOCK, Engine, EngineConfig, Micros, Packet, PacketSink, Quality, Received, Sources,
};
use omnibar_peer::{Incoming, OPUS, Peer, PeerConfig, PeerEvent, PeerState, RED, Repair};
use relay::Relay;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

struct Out {
    peer: Peer,
    sent: u64,
    redundant: u32,
}

impl PacketSink for Out {
    fn send(&mut self, packet: Packet) {
        self.sent += 1;
        self.redundant += u32::from(packet.payload_type == RED);
        self.peer.send(packet);
    }
}

struct Phone {
    peer: Peer,
    events: mpsc::UnboundedReceiver<PeerEvent>,
    incoming: mpsc::UnboundedReceiver<Incoming>,
    /// Packets of voice and reports: what came, and what was sent.
    came: Arc<AtomicU64>,
    sent: u64,
    engine: Box<Engine>,
    talker: Speech,
    theirs: Option<u32>,
    /// Not the machine's time, which may have other work: each turn is 10 ms.
    now: Micros,
    /// Packets with copies that were sent.
    redundant: u32,
    reports: u32,
    requests: u32,
}

impl Phone {
    async fn new(config: PeerConfig, seed: u64) -> Self {
        let (events_in, events) = mpsc::unbounded_channel();
        let (incoming_in, incoming) = mpsc::unbounded_channel();
        let came = Arc::new(AtomicU64::new(0));
        let count = came.clone();
        let peer = Peer::new(config, events_in, move |incoming| {
            let _ = incoming_in.send(incoming);
            count.fetch_add(1, Ordering::Relaxed);
        })
        .await
        .unwrap();
        let config = EngineConfig { voice: OPUS, red: Some(RED), seed, ..EngineConfig::default() };
        let mut engine = Box::new(Engine::new(config).unwrap());
        engine.set_microphone(true);
        Self {
            peer,
            events,
            incoming,
            came,
            sent: 0,
            engine,
            talker: Speech::new(seed, 100.0 + 30.0 * seed as f32),
            theirs: None,
            now: Micros(0),
            redundant: 0,
            reports: 0,
            requests: 0,
        }
    }

    fn agree(&mut self) {
        let terms = self.peer.terms();
        self.engine.set_sources(Sources { ours: terms.ssrc, theirs: self.theirs });
        self.engine.allow(Allowed {
            red: terms.red,
            nack: terms.nack,
            deep: terms.omnibar,
            packet: terms.packet,
            ..Allowed::default()
        });
    }

    /// What the media thread does in 10 ms.
    fn turn(&mut self) {
        self.now.0 += 10_000;
        let now = self.now;
        let mut out = Out { peer: self.peer.clone(), sent: 0, redundant: 0 };
        while let Ok(incoming) = self.incoming.try_recv() {
            match incoming {
                Incoming::Rtp(arrival) => {
                    if self.theirs.replace(arrival.ssrc) != Some(arrival.ssrc) {
                        self.agree();
                    }
                    self.engine.receive(Received { arrived: now, packet: arrival.packet });
                }
                Incoming::Rtcp { bytes, .. } => {
                    self.reports += 1;
                    self.requests += u32::from(asks(&bytes));
                    self.engine.receive_rtcp(now, &bytes, &mut out);
                }
            }
        }
        let mut block = [0.0; BLOCK];
        self.talker.fill(&mut block);
        self.engine.capture(&block, &mut out).unwrap();
        self.engine.playout(now, &mut block);
        if let Some(bytes) = self.engine.rtcp(now) {
            self.peer.send_rtcp(bytes);
            self.sent += 1;
        }
        self.sent += out.sent;
        self.redundant += out.redundant;
    }

    fn quality(&mut self) -> Quality {
        self.engine.quality(self.now)
    }
}

fn asks(bytes: &[u8]) -> bool {
    use omnibar_media::loss::rtcp::{Item, parse};
    let mut asks = false;
    parse(bytes, |item| asks |= matches!(item, Item::Nack { .. })).unwrap();
    asks
}

/// Waits until all that was sent has come or is lost.
async fn crossed(near: &Phone, far: &Phone, relay: &Relay) {
    let came = || near.came.load(Ordering::Relaxed) + far.came.load(Ordering::Relaxed);
    tokio::time::timeout(PATIENCE, async {
        while came() + relay.lost() < near.sent + far.sent {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("what is sent comes or is lost");
}

/// What became of 6 s over a path that loses every tenth packet of either way.
struct Outcome {
    near: Phone,
    far: Phone,
    heard: Quality,
    layers: Layers,
    concealed: f64,
}

async fn talk(repair: Repair) -> Outcome {
    let relay = Relay::new().await;
    let config = PeerConfig { repair, ..loopback() };
    let mut near = Phone::new(config.clone(), 1).await;
    let mut far = Phone::new(config, 2).await;
    let offer = near.peer.offer().await.unwrap();
    let answer = far.peer.answer(&offer).await.unwrap();
    near.peer.accept(&answer).await.unwrap();
    let mut up = [false; 2];
    tokio::time::timeout(PATIENCE, async {
        while up != [true, true] {
            tokio::select! {
                event = near.events.recv() => up[0] |= event == Some(PeerEvent::State(PeerState::Connected)),
                event = far.events.recv() => match event.unwrap() {
                    PeerEvent::State(PeerState::Connected) => up[1] = true,
                    PeerEvent::Candidate(line) => {
                        near.peer.candidate(&relay.disguise(&line)).await.unwrap();
                    }
                    PeerEvent::State(_) | PeerEvent::EndOfCandidates | PeerEvent::Agreed(_) => {}
                }
            }
        }
    })
    .await
    .expect("connected over the relay");
    relay.lose(100);
    let trip = near.peer.round_trip().await.map(|trip| Micros(trip.as_micros() as u64));
    for phone in [&mut near, &mut far] {
        phone.engine.set_round_trip(trip);
        phone.agree();
    }
    let mut before = far.engine.stats();
    for turn in 0..600 {
        near.turn();
        far.turn();
        crossed(&near, &far, &relay).await;
        if turn == 200 {
            // The beginning, in which both learn what the path is like, does not count.
            before = far.engine.stats();
        }
    }
    let stats = far.engine.stats();
    let played = (stats.played - before.played) as f64;
    let concealed = (stats.concealed - before.concealed) as f64 / played * 100.0;
    let (heard, layers) = (far.quality(), near.engine.layers());
    Outcome { near, far, heard, layers, concealed }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_loses_a_tenth_is_heard_better_with_the_layers_than_without() {
    let no_copies = Repair { red: false, ..Repair::ALL };
    let (with, asking, without) = tokio::join!(
        Box::pin(talk(Repair::ALL)),
        Box::pin(talk(no_copies)),
        Box::pin(talk(Repair::NONE))
    );
    for (name, outcome) in [("with", &with), ("asking", &asking), ("without", &without)] {
        println!(
            "{name}: lost {:.1} %, heard {:.1} %, concealed {:.2} %, MOS {:.2}, {:?}",
            outcome.heard.loss_percent,
            outcome.heard.heard_percent,
            outcome.concealed,
            outcome.heard.mos,
            outcome.layers,
        );
    }
    for outcome in [&with, &asking, &without] {
        let lost = outcome.heard.loss_percent;
        assert!((3.0..25.0).contains(&lost), "the relay loses: {lost}");
        // Reports are no layer, they always go.
        assert!(outcome.near.reports > 3 && outcome.far.reports > 3);
    }
    assert!(with.near.redundant > 300 && without.near.redundant == 0);
    assert!(with.layers.pattern.copies() > 0, "{:?}", with.layers);
    assert_eq!(with.layers.packet, Micros(10_000));
    // Where copies mend nearly all there is little left to ask for.
    assert!(asking.near.requests > 5 && asking.far.requests > 5);
    assert_eq!(without.near.requests + without.far.requests, 0);
    let (better, worse) = (with.heard, without.heard);
    assert!(better.heard_percent < worse.heard_percent, "{better:?} {worse:?}");
    assert!(better.mos > worse.mos, "{better:?} {worse:?}");
    // A pause of the machine delays both alike.
    assert!(with.concealed + 0.5 < without.concealed);
}
