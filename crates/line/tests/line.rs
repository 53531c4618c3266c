//! The line against a peer that stands for the centre.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

#[path = "../../peer/tests/common/relay.rs"]
mod relay;

use omnibar_desk::LineState;
use omnibar_line::{Bind, Line, LineConfig, LineSink};
use omnibar_media::loss::Allowed;
use omnibar_media::loss::rtcp::{Builder, Item, parse};
use omnibar_media::{Agreed, Channel, Micros, Packet, PacketSink, Received, Sources};
use omnibar_peer::{Arrival, Incoming, OPUS, Peer, PeerConfig, PeerEvent};
use omnibar_softphone::{Event, Inbox, Line as _, LineEvent, VoiceSignal};
use relay::Relay;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const PATIENCE: Duration = Duration::from_secs(20);
/// Between two packets of a voice.
const PACE: Duration = Duration::from_millis(20);

/// A line, and the centre's end of its connection.
struct Rig {
    line: Line,
    sink: LineSink,
    received: rtrb::Consumer<Received>,
    round_trip: Arc<AtomicU64>,
    epoch: Instant,
    events: mpsc::UnboundedReceiver<Event>,
    centre: Centre,
    relay: Option<Relay>,
    states: Vec<LineState>,
    offers: usize,
    /// Source of the line's newest packet at the centre.
    heard: u32,
    /// While set, answers are kept here instead of being delivered.
    late: Option<Vec<String>>,
}

struct Centre {
    peer: Peer,
    events: mpsc::UnboundedReceiver<PeerEvent>,
    packets: mpsc::UnboundedReceiver<Arrival>,
    rtcp: mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Centre {
    async fn new() -> Self {
        let (events_in, events) = mpsc::unbounded_channel();
        let (packets_in, packets) = mpsc::unbounded_channel();
        let config = PeerConfig { bind: loopback(), ..PeerConfig::default() };
        let (rtcp_in, rtcp) = mpsc::unbounded_channel();
        let peer = Peer::new(config, events_in, move |incoming| match incoming {
            Incoming::Rtp(arrival) => _ = packets_in.send(arrival),
            Incoming::Rtcp { bytes, .. } => _ = rtcp_in.send(bytes),
        })
        .await
        .unwrap();
        Self { peer, events, packets, rtcp }
    }
}

fn loopback() -> Bind {
    Bind::Only(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
}

fn voice(number: u16) -> Packet {
    Packet {
        sequence: number,
        timestamp: u32::from(number) * 960,
        payload_type: OPUS,
        marker: false,
        payload: vec![number as u8; 60],
    }
}

impl Rig {
    async fn new(room: usize) -> Self {
        let (inbox, events) = Inbox::new();
        let (received_in, received) = rtrb::RingBuffer::new(room);
        let round_trip = Arc::new(AtomicU64::new(0));
        let epoch = Instant::now();
        let config = LineConfig {
            relay_only: false,
            bind: loopback(),
            received: received_in,
            round_trip: round_trip.clone(),
            epoch,
        };
        let (line, sink) = omnibar_line::start(config, None, inbox);
        Self {
            line,
            sink,
            received,
            round_trip,
            epoch,
            events,
            centre: Centre::new().await,
            relay: None,
            states: vec![],
            offers: 0,
            heard: 0,
            late: None,
        }
    }

    async fn up(room: usize) -> Self {
        let mut rig = Self::new(room).await;
        rig.line.open(vec![]);
        rig.until(LineState::Up).await;
        rig
    }

    /// Carries signals until the line is in that state.
    async fn until(&mut self, wanted: LineState) {
        self.carry(|rig| rig.states.last() == Some(&wanted), &format!("{wanted:?}")).await;
    }

    async fn carry(&mut self, done: impl Fn(&Self) -> bool, what: &str) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let seen = self.states.len();
        while !(self.states.len() > seen || self.late.is_some()) || !done(self) {
            let step = tokio::time::timeout_at(deadline, self.step()).await;
            assert!(step.is_ok(), "{what} was not reached: {:?}", self.states);
        }
    }

    async fn step(&mut self) {
        tokio::select! {
            event = self.events.recv() => match event.expect("the line lives") {
                Event::Line(LineEvent::Changed(state)) => self.states.push(state),
                Event::Line(LineEvent::Signal(signal)) => self.signalled(signal).await,
                Event::Line(LineEvent::Path(_)) => {}
                other => panic!("{other:?}"),
            },
            event = self.centre.events.recv() => if let Some(PeerEvent::Candidate(line)) = event {
                let line = self.relay.as_ref().map_or(line.clone(), |relay| relay.disguise(&line));
                self.line.signal(VoiceSignal::Candidate(line));
            },
        }
    }

    async fn signalled(&mut self, signal: VoiceSignal) {
        match signal {
            VoiceSignal::Offer(offer) => {
                self.offers += 1;
                let answer = self.centre.peer.answer(&offer).await.unwrap();
                match &mut self.late {
                    Some(late) => late.push(answer),
                    None => self.line.signal(VoiceSignal::Answer(answer)),
                }
            }
            // Over a relay the centre is to know the line by the relay's address only.
            VoiceSignal::Candidate(line) if self.relay.is_none() => {
                self.centre.peer.candidate(&line).await.unwrap();
            }
            VoiceSignal::Candidate(_) => {}
            VoiceSignal::Answer(answer) => panic!("the line answered: {answer}"),
            VoiceSignal::Extension(given) => panic!("the line gave an extension: {given:?}"),
        }
    }

    /// Both ways carry voice. It is a stream, as in a call: any one packet may be lost.
    async fn assert_talks(&mut self, round: u16) {
        let first = round * 1_000;
        tokio::time::timeout(PATIENCE, async {
            for number in first.. {
                self.sink.send(voice(number));
                let arrival = self.centre.packets.recv();
                let Ok(arrival) = tokio::time::timeout(PACE, arrival).await else { continue };
                let Arrival { ssrc, packet, .. } = arrival.unwrap();
                self.heard = ssrc;
                assert_eq!(packet, voice(packet.sequence));
                if packet.sequence >= first {
                    return;
                }
            }
        })
        .await
        .expect("the centre hears the line");
        let before = self.epoch.elapsed();
        let here = tokio::time::timeout(PATIENCE, async {
            for number in first.. {
                self.centre.peer.send(voice(number));
                tokio::time::sleep(PACE).await;
                while let Ok(received) = self.received.pop() {
                    if received.packet.sequence >= first {
                        return received;
                    }
                }
            }
            unreachable!("patience ends first");
        })
        .await
        .expect("the line hears the centre");
        assert_eq!(here.packet, voice(here.packet.sequence));
        let arrived = Duration::from_micros(here.arrived.0);
        assert!(before <= arrived + Duration::from_micros(1) && arrived <= self.epoch.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comes_up_once_and_carries_voice_both_ways() {
    let mut rig = Rig::new(64).await;
    rig.sink.send(voice(0));
    assert_eq!(rig.line.dropped().outgoing, 1, "no connection yet");
    let begun = Instant::now();
    rig.line.open(vec![]);
    rig.until(LineState::Up).await;
    println!("open to up: {:?}", begun.elapsed());
    assert_eq!(rig.states, [LineState::Connecting, LineState::Up]);
    rig.assert_talks(1).await;
    tokio::time::timeout(PATIENCE, async {
        while rig.round_trip.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the round trip is measured");
    assert!(rig.round_trip.load(Ordering::Relaxed) < 1_000_000);

    rig.line.close();
    rig.until(LineState::Closed).await;
    assert_eq!(rig.round_trip.load(Ordering::Relaxed), 0);
    assert_eq!(rig.offers, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_recovers_and_late_answers_change_nothing() {
    let mut rig = Rig::up(64).await;
    rig.line.restart();
    rig.until(LineState::Up).await;
    assert_eq!(rig.states[2..], [LineState::Recovering, LineState::Up]);
    rig.assert_talks(1).await;

    // Signalling is slow: the second restart comes before the first is answered.
    rig.late = Some(vec![]);
    rig.line.restart();
    rig.line.restart();
    rig.carry(|rig| rig.late.as_ref().is_some_and(|late| late.len() == 2), "two offers").await;
    for answer in rig.late.take().unwrap() {
        rig.line.signal(VoiceSignal::Answer(answer));
    }
    rig.until(LineState::Up).await;
    assert_eq!(rig.states[4..], [LineState::Recovering, LineState::Up]);
    rig.assert_talks(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_answer_fails_the_line_and_opening_again_helps() {
    let mut rig = Rig::new(64).await;
    rig.late = Some(vec![]);
    rig.line.open(vec![]);
    rig.carry(|rig| rig.offers == 1, "an offer").await;
    rig.line.signal(VoiceSignal::Answer("v=0\r\nnonsense".to_owned()));
    rig.late = None;
    rig.until(LineState::Failed).await;
    rig.line.restart();
    rig.centre = Centre::new().await;
    rig.line.open(vec![]);
    rig.until(LineState::Up).await;
    rig.assert_talks(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_silent_seconds_are_lost_and_mended_on_the_same_connection() {
    let mut rig = Rig::new(64).await;
    let relay = Relay::new().await;
    rig.relay = Some(relay);
    rig.line.open(vec![]);
    rig.until(LineState::Up).await;
    rig.assert_talks(1).await;
    let cut = |rig: &Rig, on| rig.relay.as_ref().unwrap().cut(on);
    cut(&rig, true);
    let begun = Instant::now();
    rig.until(LineState::Lost).await;
    println!("lost after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(3));
    tokio::time::sleep_until((begun + Duration::from_secs(3)).into()).await;
    cut(&rig, false);
    rig.until(LineState::Up).await;
    println!("up again {:?} after the path", begun.elapsed() - Duration::from_secs(3));
    assert_eq!(rig.offers, 1, "the same connection");
    rig.assert_talks(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_mends_a_line_that_is_lost() {
    let mut rig = Rig::new(64).await;
    rig.relay = Some(Relay::new().await);
    rig.line.open(vec![]);
    rig.until(LineState::Up).await;
    rig.relay.as_ref().unwrap().cut(true);
    rig.until(LineState::Lost).await;
    // The line moves to another path, as after a change of network.
    rig.relay = Some(Relay::new().await);
    rig.line.restart();
    rig.until(LineState::Recovering).await;
    rig.until(LineState::Up).await;
    rig.assert_talks(4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_ring_drops_and_counts() {
    let mut rig = Rig::up(4).await;
    // The centre's end may still be finishing its handshake; what it sends before is lost.
    let mut sent = 0;
    tokio::time::timeout(PATIENCE, async {
        while rig.line.dropped().incoming < 6 {
            rig.centre.peer.send(voice(sent));
            sent += 1;
            tokio::time::sleep(PACE).await;
        }
    })
    .await
    .expect("six packets too many");
    assert_eq!(rig.received.slots(), 4);
    let kept: Vec<_> = std::iter::from_fn(|| rig.received.pop().ok()).collect();
    let first = kept[0].packet.sequence;
    assert!(first + 4 + 6 <= sent, "{first} of {sent}");
    for (number, received) in (first..).zip(kept) {
        assert_eq!(received.packet, voice(number), "the oldest are kept, in order");
    }
}

/// The numbers asked for in RTCP.
fn asked_for(bytes: &[u8]) -> Vec<u16> {
    let mut asked = vec![];
    parse(bytes, |item| {
        if let Item::Nack { numbers, .. } = item {
            asked.extend(numbers);
        }
    })
    .unwrap();
    asked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terms_and_reports_reach_the_media_thread_and_its_reports_the_centre() {
    let mut rig = Rig::new(64).await;
    assert_eq!(rig.sink.agreed(), Agreed::default(), "no connection yet");
    rig.sink.report(&[0x80, 201, 0, 1, 0, 0, 0, 1]);
    assert_eq!(rig.line.dropped().outgoing, 1);
    rig.line.open(vec![]);
    rig.until(LineState::Up).await;
    rig.assert_talks(1).await;
    let (ours, theirs) = (rig.heard, rig.centre.peer.terms().ssrc);
    let allowed =
        Allowed { red: true, nack: true, deep: true, packet: Micros(10_000), ..Allowed::default() };
    let sources = Sources { ours, theirs: Some(theirs) };
    assert_eq!(rig.sink.agreed(), Agreed { sources, allowed, ..Agreed::default() });

    let request = |from, about, number| {
        let mut bytes = vec![];
        Builder::new(&mut bytes).nack(from, about, &[number]);
        bytes
    };
    rig.sink.report(&request(ours, theirs, 5));
    let heard = tokio::time::timeout(PATIENCE, rig.centre.rtcp.recv()).await.unwrap().unwrap();
    assert_eq!(asked_for(&heard), [5]);

    // More than the ring holds: the first are kept, and the voice goes on.
    for number in 0..200 {
        rig.centre.peer.send_rtcp(&request(theirs, ours, number));
    }
    let mut told = vec![];
    tokio::time::timeout(PATIENCE, async {
        while told.is_empty() {
            tokio::time::sleep(PACE).await;
            while let Some(reported) = rig.sink.reported() {
                assert!(reported.arrived.0 > 0);
                told.extend(asked_for(&reported.bytes));
            }
        }
    })
    .await
    .expect("a request of the centre");
    assert_eq!(told[0], 0);
    rig.assert_talks(2).await;

    rig.line.close();
    rig.until(LineState::Closed).await;
    assert_eq!(rig.sink.agreed(), Agreed::default());
}
