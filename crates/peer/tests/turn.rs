//! Voice through coturn's turnserver (apt package coturn), relayed paths only.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use common::{End, PATIENCE, connect, loopback, voice};
use omnibar_media::Packet;
use omnibar_model::{PathKind, Secret};
use omnibar_peer::{IceServer, Peer, PeerConfig, PeerEvent};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

struct TurnServer {
    process: Child,
    port: u16,
    _files: tempfile::TempDir,
}

impl TurnServer {
    async fn start() -> Self {
        let port = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let files = tempfile::tempdir().unwrap();
        let file = |name: &str| files.path().join(name).display().to_string();
        let process = Command::new("turnserver")
            .args(["-n", "-L", "127.0.0.1", "-E", "127.0.0.1", "-p", &port.to_string()])
            .args(["--lt-cred-mech", "--user", "agent1:sesame", "--realm", "example.test"])
            .args(["--allow-loopback-peers", "--no-cli", "--no-tls", "--no-dtls", "--no-tcp"])
            .args(["--userdb", &file("users"), "--pidfile", &file("pid")])
            .args(["--log-file", &file("log"), "--simple-log", "--no-stdout-log"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the package coturn is installed");
        let server = Self { process, port, _files: files };
        server.ready().await;
        server
    }

    /// Asks for a STUN binding until it is answered.
    async fn ready(&self) {
        let mut request = [0_u8; 20];
        request[1] = 1;
        request[4..8].copy_from_slice(&0x2112_a442_u32.to_be_bytes());
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = ("127.0.0.1", self.port);
        let answered = tokio::time::timeout(PATIENCE, async {
            loop {
                let _ = socket.send_to(&request, server).await;
                let mut answer = [0; 512];
                let wait = Duration::from_millis(50);
                if let Ok(Ok(_)) = tokio::time::timeout(wait, socket.recv(&mut answer)).await {
                    return;
                }
            }
        });
        answered.await.expect("the TURN server answers");
    }

    fn relayed(&self, password: &str) -> PeerConfig {
        let url = |scheme: &str| format!("{scheme}:localhost:{}", self.port);
        PeerConfig {
            ice_servers: vec![IceServer {
                urls: vec![url("turn"), url("turns"), "nonsense".to_owned()],
                username: "agent1".to_owned(),
                credential: Secret::new(password),
            }],
            relay_only: true,
            ..loopback()
        }
    }
}

impl Drop for TurnServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a packet every 20 ms until the other side hears one; the last number sent.
async fn hear(from: &Peer, to: &mut End) -> u16 {
    for number in 0..500 {
        from.send(voice(number));
        if tokio::time::timeout(Duration::from_millis(20), to.packets.recv()).await.is_ok() {
            return number;
        }
    }
    panic!("nothing was heard");
}

/// The next packet that is not one of the first.
async fn arrival_from(first: u16, end: &mut End) -> Packet {
    loop {
        let packet = end.arrival().await.packet;
        if packet.sequence >= first {
            return packet;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voice_goes_over_a_relay_and_only_with_the_right_password() {
    let server = TurnServer::start().await;
    let mut a = End::new(server.relayed("sesame")).await;
    let mut b = End::new(server.relayed("sesame")).await;
    connect(&mut a, &mut b).await;
    // Over a relay the stack opens the track with what comes first, and loses that.
    let first = hear(&a.peer, &mut b).await.max(hear(&b.peer, &mut a).await) + 1;
    let mut trips = vec![];
    for number in first..first + 50 {
        let begun = Instant::now();
        a.peer.send(voice(number));
        assert_eq!(arrival_from(first, &mut b).await, voice(number));
        b.peer.send(voice(number));
        assert_eq!(arrival_from(first, &mut a).await, voice(number));
        trips.push(begun.elapsed());
    }
    trips.sort();
    println!("there and back over two relays: median {:?}, worst {:?}", trips[25], trips[49]);
    // The stack by itself keeps a packet until something wakes it, here for 90 ms a way.
    assert!(trips[25] < Duration::from_millis(50));
    println!("round trip over the relays {:?}", a.peer.round_trip().await);
    assert_eq!(a.peer.path().await.map(|path| path.kind), Some(PathKind::Relay));

    let mut stranger = End::new(server.relayed("open")).await;
    stranger.peer.offer().await.unwrap();
    let first = tokio::time::timeout(PATIENCE, async {
        loop {
            match stranger.events.recv().await.unwrap() {
                PeerEvent::State(_) | PeerEvent::Agreed(_) => {}
                event => return event,
            }
        }
    });
    assert_eq!(first.await.unwrap(), PeerEvent::EndOfCandidates, "no relay for a stranger");
    for end in [a, b, stranger] {
        end.peer.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relayed_peer_tells_relayed_addresses_only() {
    let server = TurnServer::start().await;
    let mut a = End::new(server.relayed("sesame")).await;
    a.peer.offer().await.unwrap();
    let mut told = 0;
    loop {
        match tokio::time::timeout(PATIENCE, a.events.recv()).await.unwrap().unwrap() {
            PeerEvent::Candidate(line) => {
                assert!(line.contains(" typ relay "), "{line}");
                told += 1;
            }
            PeerEvent::EndOfCandidates => break,
            PeerEvent::State(_) | PeerEvent::Agreed(_) => {}
        }
    }
    assert!(told > 0);
}
