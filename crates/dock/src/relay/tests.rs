//! The relay against a hub that a test leads.

use super::*;
use crate::socket::{Carried, Way};
use omnibar_protocol::hub::{By, Opened};
use omnibar_softphone::EndpointAnswer;
use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_tungstenite::{WebSocketStream, accept_async};

const PATIENCE: Duration = Duration::from_secs(10);

trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Gives a ticket to each who asks, numbered; the first few not.
#[derive(Debug)]
struct Tickets {
    asked: AtomicU32,
    refused: u32,
}

impl Endpoints for Tickets {
    fn call(&self, call: EndpointCall, answer: oneshot::Sender<Result<EndpointAnswer, String>>) {
        let asked = (call.service.as_str(), call.method.as_str(), call.path.as_str());
        assert_eq!(asked, ("hub", "POST", "/ticket"));
        let n = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let status = if n <= self.refused { 404 } else { 200 };
        let body = json!({"ticket": format!("ticket-{n}")});
        answer.send(Ok(EndpointAnswer { status, body })).unwrap();
    }
}

struct World {
    listener: TcpListener,
    reach: watch::Sender<Reach>,
    carried: mpsc::UnboundedReceiver<Carried>,
}

impl World {
    async fn start() -> Self {
        Self::with(0).await
    }

    async fn with(refused: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (door, carried) = PageDoor::new();
        let (reach, reached) = watch::channel(Reach::default());
        let endpoints = Arc::new(Tickets { asked: AtomicU32::new(0), refused });
        tokio::spawn(Relay { door, reach: reached, endpoints }.run());
        Self { listener, reach, carried }
    }

    fn sign_in(&self, handle: &str) {
        let centre = format!("ws://{}/ws/agent", self.listener.local_addr().unwrap());
        let session = RelaySession { centre, handle: handle.into(), extra_ca: None };
        self.reach.send_modify(|reach| reach.session = Some(session));
    }

    async fn hub(&self) -> Hub<tokio::net::TcpStream> {
        let accepted = tokio::time::timeout(PATIENCE, self.listener.accept()).await;
        let (stream, _) = accepted.expect("the relay connects").unwrap();
        Hub(accept_async(stream).await.unwrap())
    }

    async fn carried(&mut self) -> Carried {
        tokio::time::timeout(PATIENCE, self.carried.recv()).await.unwrap().unwrap()
    }
}

struct Hub<S>(WebSocketStream<S>);

impl<S: Wire> Hub<S> {
    /// `None`: the relay has gone.
    async fn hear(&mut self) -> Option<FromDesktop> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a frame in time") {
                Some(Ok(Message::Text(text))) => return Some(FromDesktop::parse(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }

    async fn say(&mut self, frame: &ToDesktop) {
        self.0.send(Message::text(frame.to_text())).await.unwrap();
    }

    /// As the hub does when hello and ticket are right.
    async fn welcome(&mut self, session: &str, ticket: &str) {
        let ticket = Password::from(&Secret::new(ticket));
        let hello = FromDesktop::Hello { session: session.into(), ticket };
        assert_eq!(self.hear().await, Some(hello));
        self.say(&ToDesktop::Ready).await;
    }

    async fn open(&mut self, page: u32, by: By) {
        let opened = Opened { origin: "http://127.0.0.1:7340".into(), by };
        self.say(&ToDesktop::Open { page, opened }).await;
    }

    async fn tell(&mut self, page: u32, text: &str) {
        self.say(&ToDesktop::Text { page, text: text.into() }).await;
    }
}

fn tokens(hashes: &[[u8; 32]]) -> Option<FromDesktop> {
    Some(FromDesktop::Tokens(hashes.iter().map(hex).collect()))
}

fn code(code: Option<&str>) -> Option<FromDesktop> {
    Some(FromDesktop::Code(code.map(|code| Password::from(&Secret::new(code)))))
}

#[tokio::test]
async fn the_hub_is_told_how_pages_come_and_of_each_change_once() {
    let world = World::start().await;
    world.reach.send_modify(|reach| {
        reach.tokens.insert([1; 32], "https://crm.example".into());
        reach.code = Some("012345".into());
    });
    world.sign_in("ses-agent1-1");
    let mut hub = world.hub().await;
    hub.welcome("ses-agent1-1", "ticket-1").await;
    assert_eq!(hub.hear().await, tokens(&[[1; 32]]));
    assert_eq!(hub.hear().await, code(Some("012345")));
    world.reach.send_modify(|reach| {
        reach.tokens.insert([2; 32], "https://crm.example".into());
    });
    assert_eq!(hub.hear().await, tokens(&[[1; 32], [2; 32]]));
    world.reach.send_modify(|reach| reach.code = None);
    assert_eq!(hub.hear().await, code(None));
    world.reach.send_modify(|reach| reach.tokens.clear());
    assert_eq!(hub.hear().await, tokens(&[]));
}

#[tokio::test]
async fn a_page_of_the_hub_is_a_page_of_the_dock() {
    let mut world = World::start().await;
    world.sign_in("ses-1");
    let mut hub = world.hub().await;
    hub.welcome("ses-1", "ticket-1").await;
    assert_eq!(hub.hear().await, tokens(&[]));
    hub.open(7, By::Token).await;
    hub.tell(7, "{\"say\":\"hello\"}").await;
    let Carried::Connected { page, way: Way::Relay, outgoing } = world.carried().await else {
        panic!("a page connects")
    };
    let Carried::Text { page: from, text, .. } = world.carried().await else { panic!("a text") };
    assert_eq!((from, text.as_str()), (page, "{\"say\":\"hello\"}"));
    outgoing.send("{\"say\":\"asking\"}".into()).await.unwrap();
    let text = "{\"say\":\"asking\"}".to_owned();
    assert_eq!(hub.hear().await, Some(FromDesktop::Text { page: 7, text }));

    // Another page has gone by itself.
    hub.open(8, By::Code).await;
    assert!(matches!(world.carried().await, Carried::Paired));
    let Carried::Connected { page: second, .. } = world.carried().await else { panic!("a page") };
    hub.say(&ToDesktop::Close { page: 8 }).await;
    assert!(matches!(world.carried().await, Carried::Closed { page } if page == second));
    assert_eq!(hub.hear().await, Some(FromDesktop::Close { page: 8 }));

    // The dock ends the first: what it said before comes before.
    outgoing.send("{\"say\":\"refused\"}".into()).await.unwrap();
    drop(outgoing);
    let text = "{\"say\":\"refused\"}".to_owned();
    assert_eq!(hub.hear().await, Some(FromDesktop::Text { page: 7, text }));
    assert_eq!(hub.hear().await, Some(FromDesktop::Close { page: 7 }));
    assert!(matches!(world.carried().await, Carried::Closed { page: gone } if gone == page));
}

#[tokio::test]
async fn a_lost_hub_is_found_again_with_a_new_ticket() {
    let mut world = World::start().await;
    world.reach.send_modify(|reach| {
        reach.tokens.insert([9; 32], "https://crm.example".into());
    });
    world.sign_in("ses-1");
    let mut hub = world.hub().await;
    hub.welcome("ses-1", "ticket-1").await;
    hub.open(1, By::Password).await;
    assert!(matches!(world.carried().await, Carried::Connected { .. }));
    drop(hub);
    assert!(matches!(world.carried().await, Carried::Closed { .. }));
    let mut hub = world.hub().await;
    hub.welcome("ses-1", "ticket-2").await;
    assert_eq!(hub.hear().await, tokens(&[[9; 32]]));
}

#[tokio::test]
async fn a_centre_that_gives_no_ticket_or_refuses_it_is_asked_again() {
    let world = World::with(1).await;
    world.sign_in("ses-1");
    let mut refusing = world.hub().await;
    assert!(matches!(refusing.hear().await, Some(FromDesktop::Hello { .. })));
    refusing.0.send(Message::Close(None)).await.unwrap();
    let mut hub = world.hub().await;
    hub.welcome("ses-1", "ticket-3").await;
    assert_eq!(hub.hear().await, tokens(&[]));
}

#[tokio::test]
async fn the_connection_ends_with_the_session_and_begins_with_the_next() {
    let mut world = World::start().await;
    world.sign_in("ses-1");
    let mut hub = world.hub().await;
    hub.welcome("ses-1", "ticket-1").await;
    assert_eq!(hub.hear().await, tokens(&[]));
    hub.open(1, By::Token).await;
    assert!(matches!(world.carried().await, Carried::Connected { .. }));
    world.reach.send_modify(|reach| reach.session = None);
    assert_eq!(hub.hear().await, None);
    assert!(matches!(world.carried().await, Carried::Closed { .. }));
    world.sign_in("ses-2");
    let mut hub = world.hub().await;
    hub.welcome("ses-2", "ticket-2").await;
    // And with the dock.
    let World { listener: _, reach, carried: _ } = world;
    assert_eq!(hub.hear().await, tokens(&[]));
    drop(reach);
    assert_eq!(hub.hear().await, None);
}

#[tokio::test]
async fn a_page_that_says_more_than_is_handled_is_closed_and_no_other() {
    let mut world = World::start().await;
    world.sign_in("ses-1");
    let mut hub = world.hub().await;
    hub.welcome("ses-1", "ticket-1").await;
    assert_eq!(hub.hear().await, tokens(&[]));
    hub.open(1, By::Token).await;
    hub.open(2, By::Token).await;
    for _ in 0..1_000 {
        hub.tell(1, "{}").await;
    }
    assert_eq!(hub.hear().await, Some(FromDesktop::Close { page: 1 }), "texts are not handled");
    hub.tell(2, "still here").await;
    // Held, as by a dock that has not handled them.
    let mut held = Vec::new();
    loop {
        match world.carried().await {
            Carried::Text { text, .. } if text == "still here" => break,
            other => held.push(other),
        }
    }
    assert!(held.len() < 400, "{} of 1,000 came through", held.len());
}

#[tokio::test]
async fn what_the_hub_must_not_say_is_not_heard() {
    let mut world = World::start().await;
    world.sign_in("ses-1");
    let mut hub = world.hub().await;
    hub.welcome("ses-1", "ticket-1").await;
    for text in ["", "[]", "{\"page\":1}", "{\"tokens\":[]}", &"[".repeat(10_000)] {
        hub.0.send(Message::text(text)).await.unwrap();
    }
    hub.tell(77, "a page that never came").await;
    hub.say(&ToDesktop::Close { page: 78 }).await;
    hub.open(1, By::Token).await;
    assert!(matches!(world.carried().await, Carried::Connected { .. }));
}

#[tokio::test]
async fn the_hub_is_reached_over_tls_with_the_given_authority() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, made.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let world = World::start().await;
    let port = world.listener.local_addr().unwrap().port();
    let session = |extra_ca| RelaySession {
        centre: format!("wss://localhost:{port}"),
        handle: "ses-1".into(),
        extra_ca,
    };
    // Nobody vouches for it.
    world.reach.send_modify(|reach| reach.session = Some(session(None)));
    let (stream, _) = world.listener.accept().await.unwrap();
    assert!(acceptor.accept(stream).await.is_err());
    world.reach.send_modify(|reach| reach.session = Some(session(Some(file))));
    // A try with the old session may still have been under way.
    let mut hub = loop {
        let (stream, _) = world.listener.accept().await.unwrap();
        if let Ok(stream) = acceptor.accept(stream).await {
            break Hub(accept_async(stream).await.unwrap());
        }
    };
    assert!(matches!(hub.hear().await, Some(FromDesktop::Hello { .. })));
}

#[test]
fn the_hub_is_beside_the_agents_socket() {
    for (centre, want) in [
        ("ws://127.0.0.1:7340", "ws://127.0.0.1:7340/ws/desktop"),
        ("wss://centre.example/ws/agent", "wss://centre.example/ws/desktop"),
        ("https://centre.example/omnibar/ws/agent", "wss://centre.example/omnibar/ws/desktop"),
        ("wss://centre.example/omnibar/", "wss://centre.example/omnibar/ws/desktop"),
        (" centre.example ", "wss://centre.example/ws/desktop"),
        ("localhost:7340", "ws://localhost:7340/ws/desktop"),
        ("http://[::1]:7340/?a#b", "ws://[::1]:7340/ws/desktop"),
    ] {
        assert_eq!(hub_url(centre).map(String::from).as_deref(), Some(want), "{centre}");
    }
    for centre in ["", "ftp://centre.example", "mailto:x", "wss://"] {
        assert!(hub_url(centre).is_none(), "{centre}");
    }
}

#[test]
fn pauses_grow_and_are_not_in_step() {
    for attempt in 0..40 {
        let whole = FIRST_PAUSE.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE);
        let got = pause(attempt);
        assert!(got >= whole / 2 && got <= whole, "{attempt}: {got:?}");
    }
    let pauses: std::collections::BTreeSet<_> = (0..100).map(|_| pause(4)).collect();
    assert!(pauses.len() > 50);
}
