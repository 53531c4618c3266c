//! An extension's connection, against an exchange that the test plays on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(clippy::result_large_err, reason = "the handshake asks for it")]

use futures_util::{SinkExt, StreamExt};
use omnibar_line::sip::core::{Account, CallNumber, Command, Event, Message, Method, Request, Uri};
use omnibar_line::sip::{ConnectFault, Extension, ExtensionConfig, ExtensionEvent, WebSocketUrl};
use omnibar_model::Secret;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{Request as Asked, Response as Said};

const PATIENCE: Duration = Duration::from_secs(10);
const PASSWORD: &str = "correct-horse-battery";

fn start(listener: &TcpListener) -> (Extension, mpsc::UnboundedReceiver<ExtensionEvent>) {
    let account = Account {
        address: Uri::read("sip:1001@pbx.test").unwrap(),
        display: String::new(),
        user: String::new(),
        password: Secret::new(PASSWORD),
        secure: false,
        instance: "00000000-0000-4000-8000-000000001001".to_owned(),
        expires: Duration::from_secs(600),
        agent: "Omnibar/test".to_owned(),
    };
    let url = format!("ws://{}/ws", listener.local_addr().unwrap());
    let server = WebSocketUrl::parse(&url).unwrap();
    Extension::start(ExtensionConfig { account, server, extra_ca: None }).unwrap()
}

async fn next(events: &mut mpsc::UnboundedReceiver<ExtensionEvent>) -> ExtensionEvent {
    timeout(PATIENCE, events.recv()).await.expect("something happens").unwrap()
}

/// Takes a connection as an exchange does.
async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let agree = |asked: &Asked, mut said: Said| {
        assert_eq!(asked.headers()["sec-websocket-protocol"], "sip");
        said.headers_mut().insert("sec-websocket-protocol", "sip".parse().unwrap());
        Ok(said)
    };
    tokio_tungstenite::accept_hdr_async(stream, agree).await.unwrap()
}

async fn hear(socket: &mut WebSocketStream<TcpStream>) -> Request {
    loop {
        let frame = timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
        if let Frame::Text(text) = frame {
            match Message::read(text.as_bytes()).unwrap() {
                Message::Request(request) => return request,
                Message::Response(_) => {}
            }
        }
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, to: &Request, status: &str, more: &str) {
    let get = |name: &str| to.fields.get(name).unwrap_or_default();
    let text = format!(
        "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=pbx\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         {more}\r\n",
        get("Via"),
        get("From"),
        get("To"),
        get("Call-ID"),
        get("CSeq"),
    );
    socket.send(Frame::text(text)).await.unwrap();
}

/// Asks for the password and takes it.
async fn register(socket: &mut WebSocketStream<TcpStream>) -> Request {
    let asks = "WWW-Authenticate: Digest realm=\"pbx.test\", nonce=\"n\", algorithm=SHA-256, \
                qop=\"auth\"\r\n";
    let mut request = hear(socket).await;
    if request.fields.get("Authorization").is_none() {
        say(socket, &request, "401 Unauthorized", asks).await;
        request = hear(socket).await;
    }
    assert_eq!(request.method, Method::Register);
    assert!(request.fields.get("Authorization").unwrap().contains("algorithm=SHA-256"));
    say(socket, &request, "200 OK", "").await;
    request
}

#[tokio::test]
async fn what_is_wrong_with_a_server_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = |status: &'static str| async move {
        format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    };
    for (answer, wrong) in [
        (http("404 Not Found").await, ConnectFault::Http(404)),
        (http("403 Forbidden").await, ConnectFault::Http(403)),
    ] {
        let (_extension, mut events) = start(&listener);
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 2_048];
        assert!(stream.read(&mut asked).await.unwrap() > 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
        let ExtensionEvent::Disconnected { fault, .. } = next(&mut events).await else {
            panic!("it connected")
        };
        assert_eq!(fault, wrong);
    }
    // A WebSocket that speaks something else.
    let (_extension, mut events) = start(&listener);
    let (stream, _) = listener.accept().await.unwrap();
    let _other = tokio_tungstenite::accept_async(stream).await.unwrap();
    let event = next(&mut events).await;
    assert!(
        matches!(event, ExtensionEvent::Disconnected { fault: ConnectFault::NoSip, .. }),
        "{event:?}"
    );
}

#[tokio::test]
async fn nobody_at_home_is_named_and_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_extension, mut events) = start(&listener);
    drop(listener);
    for _ in 0..2 {
        let event = next(&mut events).await;
        assert!(
            matches!(
                event,
                ExtensionEvent::Disconnected {
                    fault: ConnectFault::Refused | ConnectFault::Broken(_),
                    ..
                }
            ),
            "{event:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_and_registered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (extension, mut events) = start(&listener);
    extension.command(Command::Register);
    let mut before: Option<Request> = None;
    for _ in 0..2 {
        let mut socket = accept(&listener).await;
        let request = register(&mut socket).await;
        assert!(matches!(next(&mut events).await, ExtensionEvent::Connected));
        let event = next(&mut events).await;
        assert!(
            matches!(event, ExtensionEvent::Sip(Event::Registered { first: true, .. })),
            "{event:?}"
        );
        if let Some(before) = before {
            // The same binding: the exchange must not ring twice.
            for name in ["Call-ID", "Contact"] {
                assert_eq!(before.fields.get(name), request.fields.get(name));
            }
        }
        before = Some(request);
        drop(socket);
        let event = next(&mut events).await;
        assert!(matches!(event, ExtensionEvent::Disconnected { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn goodbye_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (extension, _events) = start(&listener);
    extension.command(Command::Register);
    let mut socket = accept(&listener).await;
    register(&mut socket).await;
    let closing = tokio::spawn(extension.close());
    let goodbye = hear(&mut socket).await;
    assert_eq!(goodbye.fields.get("Expires"), Some("0"));
    say(&mut socket, &goodbye, "200 OK", "").await;
    timeout(PATIENCE, closing).await.unwrap().unwrap();
}

/// A log that the test reads.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_holds_a_credential_or_a_number() {
    let page = Page::default();
    let log = page.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (extension, mut events) = start(&listener);
    extension.command(Command::Register);
    let mut socket = accept(&listener).await;
    let request = register(&mut socket).await;
    while !matches!(next(&mut events).await, ExtensionEvent::Sip(Event::Registered { .. })) {}
    let to = Uri::dialled("+1 555 555 0142", "pbx.test").unwrap();
    let offer = "v=0\r\n".to_owned();
    extension.command(Command::Call { call: CallNumber::Out(1), to, offer, replaces: None });
    let invite = hear(&mut socket).await;
    say(&mut socket, &invite, "486 Busy Here", "").await;
    while !matches!(next(&mut events).await, ExtensionEvent::Sip(Event::Ended { .. })) {}
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("INVITE") && text.contains("486"), "the log tells what happens: {text}");
    let signed = request.fields.get("Authorization").unwrap();
    let response = signed.split("response=\"").nth(1).unwrap().split('"').next().unwrap();
    for secret in [PASSWORD, response, "5550142", "Authorization"] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
}
