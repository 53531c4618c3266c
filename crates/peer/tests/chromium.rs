//! Chromium (apt package chromium) speaks with a peer: a stack that nobody here wrote.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use common::{End, PATIENCE, loopback};
use omnibar_media::codec::{EncoderConfig, SpeechDecoder};
use omnibar_media::loss::red::{Blocks, Packer, Pattern};
use omnibar_media::loss::rtcp::{Item, parse};
use omnibar_media::{Decoder, Encoder, FRAME, Packet, SAMPLE_RATE};
use omnibar_peer::{
    Arrival, OPUS, Peer, PeerEvent, PeerState, RED, TELEPHONE_EVENT, TELEPHONE_EVENT_8K,
};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify, mpsc};

/// What the browser's page and the test tell each other.
struct Page {
    peer: Peer,
    events: Mutex<mpsc::UnboundedReceiver<PeerEvent>>,
    states: mpsc::UnboundedSender<PeerState>,
    heard: mpsc::UnboundedSender<(f32, f32)>,
    restart: Notify,
    offers: mpsc::UnboundedSender<String>,
}

type Shared = State<Arc<Page>>;

async fn offer(State(page): Shared, offer: String) -> String {
    let answer = page.peer.answer(&offer).await.unwrap();
    page.offers.send(offer).unwrap();
    answer
}

async fn candidate(State(page): Shared, line: String) {
    page.peer.candidate(&line).await.unwrap();
}

/// The peer's next candidate.
async fn next(State(page): Shared) -> (StatusCode, String) {
    let mut events = page.events.lock().await;
    loop {
        match events.recv().await {
            Some(PeerEvent::Candidate(line)) => return (StatusCode::OK, line),
            Some(PeerEvent::EndOfCandidates) => return (StatusCode::OK, String::new()),
            Some(PeerEvent::State(state)) => page.states.send(state).unwrap(),
            Some(PeerEvent::Agreed(terms)) => {
                assert!(terms.red && !terms.nack && !terms.omnibar, "{terms:?}");
            }
            None => return (StatusCode::GONE, String::new()),
        }
    }
}

async fn heard(State(page): Shared, body: String) {
    let mut fields = body.trim_matches(['[', ']']).split(',');
    let mut field = || fields.next().and_then(|text| text.parse().ok());
    // Digital silence is minus infinity, which JSON has no word for.
    if let (Some(frequency), Some(level)) = (field(), field()) {
        let _ = page.heard.send((frequency, level));
    }
}

async fn restart(State(page): Shared) {
    page.restart.notified().await;
}

async fn problem(body: String) {
    panic!("the page failed: {body}");
}

struct Browser {
    process: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    fn open(url: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let process = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("--autoplay-policy=no-user-gesture-required")
            .arg("--allow-loopback-in-peer-connection")
            .arg(url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("the package chromium is installed");
        Self { process, _profile: profile }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser is a group of processes.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.process.wait();
    }
}

/// Speaks 440 Hz, a packet every 20 ms, of which every third is lost on the way but has a
/// copy in the next.
async fn speak(peer: Peer) {
    let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
    let mut packer = Packer::new();
    let mut redundant = vec![];
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    for number in 0_u32.. {
        pace.tick().await;
        let frame: [f32; FRAME] = std::array::from_fn(|i| {
            let at = number as usize * FRAME + i;
            (at as f32 * 440.0 * std::f32::consts::TAU / SAMPLE_RATE as f32).sin() * 0.5
        });
        let (voice, timestamp) = (encoder.encode(&frame).unwrap(), number * FRAME as u32);
        let pattern = Pattern::new(&[1]);
        let packed = packer.pack(OPUS, timestamp, &voice, pattern, &mut redundant);
        let packet = Packet {
            sequence: number as u16,
            timestamp,
            payload_type: if packed { RED } else { OPUS },
            marker: number == 0,
            payload: if packed { redundant.clone() } else { voice },
        };
        if number % 3 != 1 {
            peer.send(packet);
        }
    }
}

/// Power of one frequency in the samples (Goertzel), full scale 0.25 for a sine.
fn power(samples: &[f32], frequency: f32) -> f32 {
    let (mut re, mut im) = (0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let angle = at as f32 * frequency * std::f32::consts::TAU / SAMPLE_RATE as f32;
        re += sample * angle.cos();
        im += sample * angle.sin();
    }
    (re * re + im * im) / (samples.len() as f32).powi(2)
}

/// Takes packets until one is of the telephone event that the page sends.
async fn hear_digit(packets: &mut mpsc::UnboundedReceiver<Arrival>) {
    tokio::time::timeout(PATIENCE, async {
        loop {
            let packet = packets.recv().await.unwrap().packet;
            // Chromium 156 counts digits in 8 kHz although it has agreed to 48 kHz too.
            if [TELEPHONE_EVENT, TELEPHONE_EVENT_8K].contains(&packet.payload_type) {
                return assert_eq!(packet.payload[0], 5, "the digit 5");
            }
        }
    })
    .await
    .expect("the browser's digit");
}

/// Decodes the next packets, redundant all, until half a second is a clean tone of 1000 Hz.
async fn hear_1000_hz(packets: &mut mpsc::UnboundedReceiver<Arrival>) {
    let mut decoder = Decoder::new().unwrap();
    let mut heard = vec![];
    tokio::time::timeout(PATIENCE, async {
        loop {
            let arrival = packets.recv().await.unwrap();
            if arrival.packet.payload_type != RED {
                continue;
            }
            let blocks = Blocks::parse(&arrival.packet.payload).unwrap();
            let primary = blocks.primary();
            assert_eq!(primary.payload_type, OPUS);
            let mut samples = [0.0; 5_760];
            let length = decoder.decode(primary.payload, &mut samples).unwrap();
            heard.extend_from_slice(&samples[..length]);
            let Some(last) = heard.len().checked_sub(24_000).map(|from| &heard[from..]) else {
                continue;
            };
            let all = last.iter().map(|sample| sample * sample).sum::<f32>() / last.len() as f32;
            // A pure sine has half its power in each of the two lines of its spectrum.
            if all > 0.001 && power(last, 1000.0) > 0.45 * all && power(last, 440.0) < 0.01 * all {
                return;
            }
        }
    })
    .await
    .expect("a tone of 1000 Hz from the browser");
}

/// Waits until the browser has told how much of our voice it lost.
async fn browser_reports(rtcp: &mut mpsc::UnboundedReceiver<Vec<u8>>) {
    tokio::time::timeout(PATIENCE, async {
        let mut lost = 0;
        while lost == 0 {
            let bytes = rtcp.recv().await.unwrap();
            parse(&bytes, |item| {
                if let Item::Report(report) = item {
                    lost = report.lost;
                }
            })
            .unwrap();
        }
    })
    .await
    .expect("a report of the browser");
}

async fn is_heard_in_the_browser(heard: &mut mpsc::UnboundedReceiver<(f32, f32)>) {
    while heard.try_recv().is_ok() {}
    tokio::time::timeout(PATIENCE, async {
        loop {
            let (frequency, level) = heard.recv().await.unwrap();
            if (frequency - 440.0).abs() < 12.0 && level > -40.0 {
                return;
            }
        }
    })
    .await
    .expect("the browser hears 440 Hz");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_browser_and_a_peer_hear_each_other() {
    let End { peer, events, mut packets, mut rtcp } = End::new(loopback()).await;
    let (states_in, mut states) = mpsc::unbounded_channel();
    let (heard_in, mut heard) = mpsc::unbounded_channel();
    let (offers_in, mut offers) = mpsc::unbounded_channel();
    let page = Arc::new(Page {
        peer: peer.clone(),
        events: Mutex::new(events),
        states: states_in,
        heard: heard_in,
        restart: Notify::new(),
        offers: offers_in,
    });
    let routes = Router::new()
        .route("/", get(|| async { Html(include_str!("chromium.html")) }))
        .route("/offer", post(offer))
        .route("/candidate", post(candidate))
        .route("/next", get(next))
        .route("/heard", post(self::heard))
        .route("/state", post(|state: String| async move { println!("browser: {state}") }))
        .route("/restart", get(restart))
        .route("/problem", post(problem))
        .with_state(page.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, routes).await });
    let _browser = Browser::open(&url);
    let speaker = tokio::spawn(speak(peer.clone()));

    let first = tokio::time::timeout(PATIENCE, offers.recv()).await.unwrap().unwrap();
    hear_digit(&mut packets).await;
    hear_1000_hz(&mut packets).await;
    is_heard_in_the_browser(&mut heard).await;
    assert_eq!(peer.telephone_event_type(), Some(TELEPHONE_EVENT));
    browser_reports(&mut rtcp).await;
    println!("round trip to the browser {:?}", peer.round_trip().await);
    let mut seen = vec![];
    while let Ok(state) = states.try_recv() {
        seen.push(state);
    }
    assert_eq!(seen.last(), Some(&PeerState::Connected), "{seen:?}");

    page.restart.notify_one();
    let second = tokio::time::timeout(PATIENCE, offers.recv()).await.unwrap().unwrap();
    let ufrag =
        |offer: &str| offer.lines().find(|l| l.starts_with("a=ice-ufrag")).map(str::to_owned);
    assert_ne!(ufrag(&first), ufrag(&second));
    while packets.try_recv().is_ok() {}
    hear_1000_hz(&mut packets).await;
    is_heard_in_the_browser(&mut heard).await;

    peer.close().await;
    speaker.abort();
    server.abort();
}
