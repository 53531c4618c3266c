//! Two lines that reach each other by the direct exchange.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use omnibar_desk::LineState;
use omnibar_line::{
    Bind, CallEvent, Described, Direct, DirectEvent, End, Line, LineConfig, LineSink,
};
use omnibar_media::{Packet, PacketSink, Received};
use omnibar_softphone::{Event, Inbox, Line as _, LineEvent, VoiceSignal};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

struct Side {
    line: Line,
    sink: LineSink,
    received: rtrb::Consumer<Received>,
    events: UnboundedReceiver<Event>,
    exchange: Direct,
    exchanged: UnboundedReceiver<CallEvent>,
}

impl Side {
    async fn new() -> Self {
        let (inbox, events) = Inbox::new();
        let (ring, received) = rtrb::RingBuffer::new(64);
        let config = LineConfig {
            bind: Bind::Only(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
            relay_only: false,
            received: ring,
            round_trip: std::sync::Arc::default(),
            epoch: Instant::now(),
        };
        let (line, sink) = omnibar_line::start_direct(config, inbox);
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (exchange, exchanged) = Direct::listen(at).await.unwrap();
        Self { line, sink, received, events, exchange, exchanged }
    }

    async fn event(&mut self) -> LineEvent {
        match timeout(PATIENCE, self.events.recv()).await.unwrap().unwrap() {
            Event::Line(event) => event,
            other => panic!("{other:?}"),
        }
    }

    async fn exchanged(&mut self) -> DirectEvent {
        timeout(PATIENCE, self.exchanged.recv()).await.unwrap().unwrap().event
    }

    /// Our next description, with all candidates.
    async fn described(&mut self) -> Described {
        let mut described = Described::default();
        loop {
            match self.event().await {
                LineEvent::Signal(VoiceSignal::Offer(sdp) | VoiceSignal::Answer(sdp)) => {
                    described.sdp = sdp;
                }
                LineEvent::Signal(VoiceSignal::Candidate(line)) if line.is_empty() => {
                    return described;
                }
                LineEvent::Signal(VoiceSignal::Candidate(line)) => described.candidates.push(line),
                _ => {}
            }
        }
    }

    fn knock(&mut self, candidates: Vec<String>) {
        for line in candidates {
            self.line.signal(VoiceSignal::Candidate(line));
        }
    }

    async fn up(&mut self) {
        while !matches!(self.event().await, LineEvent::Changed(LineState::Up)) {}
    }

    async fn ended(&mut self) -> End {
        loop {
            if let DirectEvent::Ended(end) = self.exchanged().await {
                return end;
            }
        }
    }
}

/// Until both lines are up; says how long each step took since the call.
async fn connect(caller: &mut Side, callee: &mut Side) -> Vec<(&'static str, Duration)> {
    caller.line.open(vec![]);
    callee.line.open(vec![]);
    let offer = caller.described().await;
    callee.described().await;
    let begun = Instant::now();
    let mut steps = vec![];
    let mut step = |name| steps.push((name, begun.elapsed()));
    assert!(caller.exchange.call(callee.exchange.address(), offer).is_some());
    let DirectEvent::Offered { offer, .. } = callee.exchanged().await else { panic!("no offer") };
    step("offer there");
    callee.line.signal(VoiceSignal::Offer(offer.sdp));
    callee.knock(offer.candidates);
    let answer = callee.described().await;
    step("answer made");
    callee.exchange.answer(answer);
    callee.exchange.accept();
    let DirectEvent::Answered(answer) = caller.exchanged().await else { panic!("no answer") };
    step("answer there");
    caller.line.signal(VoiceSignal::Answer(answer.sdp));
    caller.knock(answer.candidates);
    assert!(matches!(caller.exchanged().await, DirectEvent::Accepted));
    tokio::join!(caller.up(), callee.up());
    step("both up");
    steps
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_softphones_find_each_other_without_a_centre() {
    let (mut caller, mut callee) = (Side::new().await, Side::new().await);
    let steps = connect(&mut caller, &mut callee).await;
    println!("{steps:?}");
    for (from, to) in
        [(&mut caller.sink, &mut callee.received), (&mut callee.sink, &mut caller.received)]
    {
        let deadline = Instant::now() + PATIENCE;
        let mut sequence = 0;
        while to.is_empty() {
            assert!(Instant::now() < deadline, "no voice");
            sequence += 1;
            from.send(Packet {
                sequence,
                payload_type: 111,
                payload: vec![7; 40],
                ..Packet::default()
            });
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    callee.exchange.end(End::HungUp);
    assert_eq!(caller.ended().await, End::HungUp);

    // The same two again, and the caller goes away for good.
    connect(&mut callee, &mut caller).await;
    drop(callee);
    assert_eq!(caller.ended().await, End::HungUp);
}

#[tokio::test]
async fn who_is_called_twice_is_busy_the_second_time() {
    let (mut first, mut callee, mut second) =
        (Side::new().await, Side::new().await, Side::new().await);
    connect(&mut first, &mut callee).await;
    second.line.open(vec![]);
    let offer = second.described().await;
    assert!(second.exchange.call(callee.exchange.address(), offer.clone()).is_some());
    assert_eq!(second.ended().await, End::Busy);
    assert!(first.exchange.call(callee.exchange.address(), offer).is_none(), "one call at a time");
    assert!(callee.exchanged.try_recv().is_err(), "nobody was disturbed");
}

#[tokio::test]
async fn nobody_listens_there() {
    let caller = Side::new().await;
    let gone = {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap()
    };
    let mut caller = caller;
    assert!(caller.exchange.call(gone, Described::default()).is_some());
    assert_eq!(caller.ended().await, End::Unreachable);
}

#[tokio::test]
async fn strangers_are_turned_away_and_the_next_call_is_taken() {
    let (mut caller, mut callee) = (Side::new().await, Side::new().await);
    for noise in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![b'x'; 200_000],
        vec![b'['; 50_000],
        b"{\"say\":\"accept\"}\n".to_vec(),
        b"\n".to_vec(),
    ] {
        let mut stranger = TcpStream::connect(callee.exchange.address()).await.unwrap();
        // It may hang up before all has been said.
        let _ = stranger.write_all(&noise).await;
        let _ = stranger.shutdown().await;
        let mut heard = vec![];
        let _ = timeout(PATIENCE, stranger.read_to_end(&mut heard)).await.unwrap();
        assert!(heard.is_empty());
    }
    assert!(callee.exchanged.try_recv().is_err());
    connect(&mut caller, &mut callee).await;
}

/// A callee that answers nonsense, or out of turn, ends the call.
#[tokio::test]
async fn a_far_side_that_makes_no_sense_ends_the_call() {
    for noise in [
        "{\"say\":\"accept\"}\n",
        "{\"say\":\"offer\",\"sdp\":\"\",\"candidates\":[]}\n",
        "hello\n",
    ] {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let mut caller = Side::new().await;
        assert!(
            caller.exchange.call(listener.local_addr().unwrap(), Described::default()).is_some()
        );
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(noise.as_bytes()).await.unwrap();
        assert_eq!(caller.ended().await, End::Failed, "{noise}");
    }
}
