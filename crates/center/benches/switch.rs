//! CPU of the builtin switch for each call it forwards: `cargo bench -p omnibar-center
//! --bench switch [calls] [seconds]`. Peers and switch share this process, so the peers'
//! cost is measured first without the switch between them, and taken off.
#![allow(clippy::print_stdout, reason = "a benchmark tells its figures")]

use omnibar_center::switch::{BuiltinConfig, Reply, SwitchCommand, builtin};
use omnibar_media::Packet;
use omnibar_media::loss::red::Blocks;
use omnibar_model::LegId;
use omnibar_peer::{Bind, Incoming, OPUS, Peer, PeerConfig, PeerEvent, RED, Repair};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Delays = Arc<Mutex<Vec<Duration>>>;

fn bind() -> Bind {
    Bind::Only(vec![std::net::Ipv4Addr::LOCALHOST.into()])
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let calls = numbers.first().copied().unwrap_or(20);
    let length = Duration::from_secs(numbers.get(1).copied().unwrap_or(10));
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    let direct = measure(direct_pairs(calls).await?, length).await;
    report("peer to peer", calls, &direct);
    // The switch begins each path with copies, and takes them back when it proves good.
    for (what, repair) in [("plain", Repair::NONE), ("with copies", Repair::ALL)] {
        let switched = measure(switched_pairs(calls, repair).await?, length).await;
        report(&format!("through the switch, {what}"), calls, &switched);
        let each = (switched.cpu - direct.cpu) / calls as f64;
        println!("switch, {what}: {:.2} % of a core for each forwarded call", each * 100.0);
    }
    Ok(())
}

/// Two ends that speak to each other, and how long packets to them took.
struct Pair {
    ends: [Peer; 2],
    sent: Arc<Mutex<Vec<Instant>>>,
    delays: Delays,
}

struct Measured {
    /// Of one core.
    cpu: f64,
    median: Duration,
    late: Duration,
    packets: usize,
}

fn report(what: &str, calls: u64, measured: &Measured) {
    let Measured { cpu, median, late, packets } = measured;
    println!(
        "{what}: {calls} calls, {:.1} % of a core, {packets} packets, delay median {median:?}, \
         99 % within {late:?}",
        cpu * 100.0
    );
}

async fn measure(pairs: Vec<Pair>, length: Duration) -> Measured {
    let begin = (Instant::now(), cpu_time());
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    for number in 0u32.. {
        clock.tick().await;
        if begin.0.elapsed() >= length {
            break;
        }
        for pair in &pairs {
            pair.sent.lock().unwrap_or_else(|e| e.into_inner()).push(Instant::now());
            for end in &pair.ends {
                // A 20 ms packet of 80 bytes, numbered for the clock at the other end.
                let mut payload = vec![9 << 3; 80];
                payload[1..5].copy_from_slice(&number.to_be_bytes());
                end.send(Packet {
                    sequence: number as u16,
                    timestamp: number.wrapping_mul(960),
                    payload_type: OPUS,
                    marker: false,
                    payload,
                });
            }
        }
    }
    let cpu = (cpu_time() - begin.1) / begin.0.elapsed().as_secs_f64();
    let mut delays: Vec<Duration> = pairs
        .iter()
        .flat_map(|pair| {
            std::mem::take(&mut *pair.delays.lock().unwrap_or_else(|e| e.into_inner()))
        })
        .collect();
    delays.sort();
    let at = |part: usize| delays.get(delays.len() * part / 100).copied().unwrap_or_default();
    let measured = Measured { cpu, median: at(50), late: at(99), packets: delays.len() };
    for end in pairs.iter().flat_map(|pair| &pair.ends) {
        end.close().await;
    }
    measured
}

/// Seconds of CPU that this process has used (proc(5), 100 ticks a second).
fn cpu_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

async fn end(
    sent: Arc<Mutex<Vec<Instant>>>,
    delays: Delays,
    repair: Repair,
) -> Result<(Peer, mpsc::UnboundedReceiver<PeerEvent>), Error> {
    let (events, inbox) = mpsc::unbounded_channel();
    let config = PeerConfig { bind: bind(), repair, ..PeerConfig::default() };
    let peer = Peer::new(config, events, move |incoming| {
        let Incoming::Rtp(arrival) = incoming else { return };
        let packet = &arrival.packet;
        let voice = match packet.payload_type {
            RED => Blocks::parse(&packet.payload).map(|b| b.primary().payload).unwrap_or_default(),
            _ => &packet.payload,
        };
        let number = voice.get(1..5).and_then(|bytes| bytes.try_into().ok());
        let number = u32::from_be_bytes(number.unwrap_or_default()) as usize;
        let sent = sent.lock().unwrap_or_else(|e| e.into_inner()).get(number).copied();
        if let Some(sent) = sent {
            let delay = arrival.arrived.saturating_duration_since(sent);
            delays.lock().unwrap_or_else(|e| e.into_inner()).push(delay);
        }
    })
    .await?;
    Ok((peer, inbox))
}

async fn direct_pairs(calls: u64) -> Result<Vec<Pair>, Error> {
    let mut pairs = Vec::new();
    for _ in 0..calls {
        let (sent, delays) = (Arc::default(), Delays::default());
        let (a, from_a) = end(Arc::clone(&sent), delays.clone(), Repair::NONE).await?;
        let (b, from_b) = end(Arc::clone(&sent), delays.clone(), Repair::NONE).await?;
        let answer = b.answer(&a.offer().await?).await?;
        a.accept(&answer).await?;
        let (up, mut ready) = mpsc::channel(2);
        tokio::spawn(exchange(from_a, b.clone(), up.clone()));
        tokio::spawn(exchange(from_b, a.clone(), up));
        for _ in 0..2 {
            ready.recv().await.ok_or("a peer did not connect")?;
        }
        pairs.push(Pair { ends: [a, b], sent, delays });
    }
    Ok(pairs)
}

/// Candidates to the other end; tells when this one is up.
async fn exchange(
    mut inbox: mpsc::UnboundedReceiver<PeerEvent>,
    other: Peer,
    up: mpsc::Sender<()>,
) -> Result<(), Error> {
    while let Some(event) = inbox.recv().await {
        match event {
            PeerEvent::Candidate(line) => other.candidate(&line).await?,
            PeerEvent::EndOfCandidates => other.candidate("").await?,
            PeerEvent::State(omnibar_peer::PeerState::Connected) => up.send(()).await?,
            PeerEvent::State(_) | PeerEvent::Agreed(_) => {}
        }
    }
    Ok(())
}

async fn switched_pairs(calls: u64, repair: Repair) -> Result<Vec<Pair>, Error> {
    let (link, mut events) =
        builtin::start(BuiltinConfig { bind: bind(), ..BuiltinConfig::default() });
    let mut pairs = Vec::new();
    for call in 0..calls {
        let (sent, delays) = (Arc::default(), Delays::default());
        let mut ends = Vec::new();
        let mut legs = Vec::new();
        for side in ["a", "b"] {
            let (peer, mut inbox) = end(Arc::clone(&sent), delays.clone(), repair).await?;
            let leg = LegId::new(&format!("{side}{call}"));
            let offer = peer.offer().await?;
            let reply = link.command(SwitchCommand::Peer { leg: leg.clone(), offer }).await;
            let Reply::Answer { sdp } = reply else { return Err("the offer was refused".into()) };
            peer.accept(&sdp).await?;
            let (to_switch, id) = (link.clone(), leg.clone());
            tokio::spawn(async move {
                while let Some(event) = inbox.recv().await {
                    if let PeerEvent::Candidate(candidate) = event {
                        let leg = id.clone();
                        to_switch.command(SwitchCommand::Candidate { leg, candidate }).await;
                    }
                }
            });
            loop {
                use omnibar_center::switch::SwitchEvent;
                match events.recv().await.ok_or("the switch has stopped")? {
                    SwitchEvent::Candidate { leg: from, candidate } if from == leg => {
                        peer.candidate(&candidate).await?;
                    }
                    SwitchEvent::Up { leg: up } if up == leg => break,
                    _ => {}
                }
            }
            ends.push(peer);
            legs.push(leg);
        }
        link.command(SwitchCommand::Connect { bridge: format!("call{call}"), legs }).await;
        let ends = ends.try_into().map_err(|_| "two ends")?;
        pairs.push(Pair { ends, sent, delays });
    }
    Ok(pairs)
}
