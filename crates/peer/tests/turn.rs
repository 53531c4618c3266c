//! Voice through coturn's turnserver (apt package coturn) over UDP, TCP and TLS, relayed paths
//! only.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use common::{End, PATIENCE, both_connected, connect, loopback, voice};
use omnibar_media::Packet;
use omnibar_model::{PathKind, Secret};
use omnibar_peer::{
    IceServer, Peer, PeerConfig, PeerEvent, PeerState, StreamFault, Trust, reach_stream,
};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

/// How a server is spoken to; it takes no other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Udp,
    Tcp,
    Tls,
}

struct TurnServer {
    process: Child,
    over: Over,
    port: u16,
    files: tempfile::TempDir,
}

impl TurnServer {
    async fn start(over: Over) -> Self {
        let port = match over {
            Over::Udp => UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr(),
            Over::Tcp | Over::Tls => TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr(),
        };
        Self::start_at(over, port.unwrap().port()).await
    }

    async fn start_at(over: Over, port: u16) -> Self {
        let files = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(files.path().join("certificate"), made.cert.pem()).unwrap();
        std::fs::write(files.path().join("key"), made.signing_key.serialize_pem()).unwrap();
        let file = |name: &str| files.path().join(name).display().to_string();
        let process = Command::new("turnserver")
            .args(["-n", "-L", "127.0.0.1", "-E", "127.0.0.1"])
            .args([
                if over == Over::Tls { "--tls-listening-port" } else { "-p" },
                &port.to_string(),
            ])
            .args(["--lt-cred-mech", "--user", "agent1:sesame", "--realm", "example.test"])
            .args(["--allow-loopback-peers", "--no-cli", "--no-dtls"])
            .args(match over {
                Over::Udp => ["--no-tcp", "--no-tls"],
                Over::Tcp => ["--no-udp", "--no-tls"],
                Over::Tls => ["--no-udp", "--no-tcp"],
            })
            .args(["--cert", &file("certificate"), "--pkey", &file("key")])
            .args(["--userdb", &file("users"), "--pidfile", &file("pid")])
            .args(["--log-file", &file("log"), "--simple-log", "--no-stdout-log"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the package coturn is installed");
        let server = Self { process, over, port, files };
        let ready = async {
            match over {
                Over::Udp => server.ready().await,
                Over::Tcp | Over::Tls => {
                    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("the TURN server answers");
        server
    }

    /// Asks for a STUN binding until it is answered.
    async fn ready(&self) {
        let mut request = [0_u8; 20];
        request[1] = 1;
        request[4..8].copy_from_slice(&0x2112_a442_u32.to_be_bytes());
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = ("127.0.0.1", self.port);
        loop {
            let _ = socket.send_to(&request, server).await;
            let mut answer = [0; 512];
            let wait = Duration::from_millis(50);
            if let Ok(Ok(_)) = tokio::time::timeout(wait, socket.recv(&mut answer)).await {
                return;
            }
        }
    }

    fn url(&self) -> String {
        match self.over {
            Over::Udp => format!("turn:localhost:{}", self.port),
            Over::Tcp => format!("turn:localhost:{}?transport=tcp", self.port),
            Over::Tls => format!("turns:localhost:{}", self.port),
        }
    }

    fn trust(&self) -> Trust {
        Trust::with(Some(self.files.path().join("certificate")))
    }

    fn relayed(&self, password: &str) -> PeerConfig {
        PeerConfig {
            trust: self.trust(),
            ice_servers: vec![IceServer {
                urls: vec![self.url(), "nonsense".to_owned()],
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
    goes_over(Over::Udp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_so_over_tcp_where_no_udp_is_taken() {
    goes_over(Over::Tcp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_so_over_tls() {
    goes_over(Over::Tls).await;
}

async fn goes_over(over: Over) {
    let server = TurnServer::start(over).await;
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
    println!(
        "{over:?}: there and back over two relays: median {:?}, worst {:?}",
        trips[25], trips[49]
    );
    // The stack by itself keeps a packet until something wakes it, here for 90 ms a way.
    assert!(trips[25] < Duration::from_millis(50));
    println!("round trip over the relays {:?}", a.peer.round_trip().await);
    assert_eq!(a.peer.path().await.map(|path| path.kind), Some(PathKind::Relay));

    gathers_nothing(server.relayed("open")).await;
    for end in [a, b] {
        end.peer.close().await;
    }
}

async fn gathers_nothing(config: PeerConfig) {
    let mut stranger = End::new(config).await;
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
    stranger.peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_over_tls_whose_certificate_is_nobodys_is_not_used_and_its_fault_is_named() {
    let server = TurnServer::start(Over::Tls).await;
    let nobody = Trust::default();
    gathers_nothing(PeerConfig { trust: nobody.clone(), ..server.relayed("sesame") }).await;
    let found = reach_stream(&server.url(), &nobody).await;
    assert!(matches!(found, Err(StreamFault::Untrusted(_))), "{found:?}");
    assert_eq!(reach_stream(&server.url(), &server.trust()).await, Ok(()));
    let plain = TurnServer::start(Over::Tcp).await;
    assert_eq!(reach_stream(&plain.url(), &nobody).await, Ok(()));
    let no_tls = reach_stream(&format!("turns:localhost:{}", plain.port), &nobody).await;
    assert!(
        matches!(no_tls, Err(StreamFault::Untrusted(_) | StreamFault::Unreachable(_))),
        "{no_tls:?}"
    );
    let udp = reach_stream(&format!("turn:localhost:{}", plain.port), &nobody).await;
    assert_eq!(udp, Err(StreamFault::NoStream));
    let port = plain.port;
    drop(plain);
    let gone = reach_stream(&format!("turn:127.0.0.1:{port}?transport=tcp"), &nobody).await;
    assert!(matches!(gone, Err(StreamFault::Unreachable(_))), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_over_tcp_that_ends_is_found_again_by_a_restart() {
    let first = TurnServer::start(Over::Tcp).await;
    let mut a = End::new(PeerConfig { rebind_on_restart: true, ..first.relayed("sesame") }).await;
    let mut b = End::new(loopback()).await;
    connect(&mut a, &mut b).await;
    hear(&a.peer, &mut b).await;
    let port = first.port;
    drop(first);
    let b_peer = b.peer.clone();
    a.until(PeerState::Disconnected, &b_peer).await;
    let _second = TurnServer::start_at(Over::Tcp, port).await;
    let offer = a.peer.restart().await.unwrap();
    let answer = b.peer.answer(&offer).await.unwrap();
    a.peer.accept(&answer).await.unwrap();
    both_connected(&mut a, &mut b).await;
    while b.packets.try_recv().is_ok() {}
    hear(&a.peer, &mut b).await;
    assert_eq!(a.peer.path().await.map(|path| path.kind), Some(PathKind::Relay));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relayed_peer_tells_relayed_addresses_only() {
    let server = TurnServer::start(Over::Udp).await;
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
