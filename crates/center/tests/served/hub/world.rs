//! A toolbar frame and an agent's desktop, as the hub sees them.

use crate::desk::Desk;
use crate::world::World;
use futures_util::{SinkExt, StreamExt};
use omnibar_model::Secret;
use omnibar_protocol::hub::{By, FromDesktop, Opened, ToDesktop};
use omnibar_protocol::wire::Password;
use omnibar_protocol::{Command, SessionOpened};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async};

/// Longest wait for anything that has to come.
const PATIENCE: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub fn own_origin(world: &World) -> String {
    format!("http://{}", world.centre.address())
}

pub async fn open(world: &World, path: &str, origin: Option<&str>) -> Result<Socket, Error> {
    let url = format!("{}{path}", world.centre.url());
    let mut request = url.into_client_request().unwrap();
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    let stream = TcpStream::connect(world.centre.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    client_async(request, MaybeTlsStream::Plain(stream)).await.map(|(socket, _)| socket)
}

async fn next(socket: &mut Socket) -> Message {
    let next = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(message)) => return message,
                Some(Err(_)) | None => return Message::Close(None),
            }
        }
    };
    tokio::time::timeout(PATIENCE, next).await.expect("something from the centre in time")
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub code: u16,
    pub reason: String,
    /// The description of a refusal that came before.
    pub refused: Option<String>,
}

/// A toolbar frame that the centre has served.
pub struct Frame(pub Socket);

impl Frame {
    pub async fn open(world: &World) -> Self {
        Self(open(world, "/ws/dock", Some(&own_origin(world))).await.unwrap())
    }

    pub async fn routed(world: &World, route: Value) -> Self {
        let mut frame = Self::open(world).await;
        frame.say(&json!({ "route": route }).to_string()).await;
        frame
    }

    pub async fn by_token(world: &World, token: &str) -> Self {
        Self::routed(world, json!({ "token": token })).await
    }

    pub async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub async fn hear(&mut self) -> String {
        match next(&mut self.0).await {
            Message::Text(text) => text.as_str().to_owned(),
            other => panic!("no text but {other:?}"),
        }
    }

    pub async fn says_goodbye(&mut self) -> bool {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await.unwrap();
        matches!(next, Some(Ok(Message::Close(_))))
    }

    /// Texts that come before the end are dropped, but for a refusal.
    pub async fn ended(&mut self) -> Ended {
        let mut refused = None;
        loop {
            match next(&mut self.0).await {
                Message::Text(text) => {
                    let said: Value = serde_json::from_str(&text).unwrap_or_default();
                    if said["say"] == "refused" {
                        assert_eq!(said["error"]["errorType"], "INVALID_ORIGIN");
                        assert_eq!(said["error"]["errorCode"], 1003);
                        refused = said["error"]["description"].as_str().map(str::to_owned);
                    }
                }
                Message::Close(Some(frame)) => {
                    let (code, reason) = (frame.code.into(), frame.reason.as_str().to_owned());
                    return Ended { code, reason, refused };
                }
                other => panic!("no goodbye but {other:?}"),
            }
        }
    }
}

/// What an agent's desktop opens beside its session.
pub struct Desktop {
    pub socket: Socket,
    pub desk: Desk,
    pub opened: SessionOpened,
}

pub async fn ticket(desk: &mut Desk) -> String {
    let call = Command::EndpointCall {
        service: "hub".into(),
        method: "POST".into(),
        path: "/ticket".into(),
        query: BTreeMap::new(),
        body: Value::Null,
    };
    let answer = desk.ask(call).await.unwrap();
    assert_eq!(answer["status"], 200, "{answer}");
    answer["body"]["ticket"].as_str().unwrap().to_owned()
}

pub fn hello(session: &str, ticket: &str) -> FromDesktop {
    let ticket = Password::from(&Secret::new(ticket));
    FromDesktop::Hello { session: session.into(), ticket }
}

impl Desktop {
    /// With these tokens, and known to the hub with them.
    pub async fn ready(world: &World, user: &str, tokens: &[&str]) -> Self {
        let (desk, opened) = Desk::ready(&world.url(), user).await;
        Self::over(world, desk, opened, tokens).await
    }

    pub async fn over(
        world: &World,
        mut desk: Desk,
        opened: SessionOpened,
        tokens: &[&str],
    ) -> Self {
        let ticket = ticket(&mut desk).await;
        let socket = open(world, "/ws/desktop", None).await.unwrap();
        let mut desktop = Self { socket, desk, opened };
        desktop.say(&hello(&desktop.opened.handle, &ticket)).await;
        assert_eq!(desktop.hear().await, ToDesktop::Ready);
        desktop.register(tokens).await;
        desktop
    }

    pub async fn register(&mut self, tokens: &[&str]) {
        let hash = |token: &&str| {
            Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        self.say(&FromDesktop::Tokens(tokens.iter().map(hash).collect())).await;
        self.settle().await;
    }

    pub async fn show_code(&mut self, code: Option<&str>) {
        let code = code.map(|code| Password::from(&Secret::new(code)));
        self.say(&FromDesktop::Code(code)).await;
        self.settle().await;
    }

    /// Returns when the hub has handled all that was said before: it answers a ping in
    /// its turn.
    async fn settle(&mut self) {
        self.socket.send(Message::Ping(b"settled".to_vec().into())).await.unwrap();
        let pong = async {
            loop {
                match self.socket.next().await.unwrap().unwrap() {
                    Message::Pong(body) if body.as_ref() == b"settled" => return,
                    Message::Ping(_) | Message::Pong(_) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, pong).await.unwrap();
    }

    pub async fn say(&mut self, frame: &FromDesktop) {
        self.socket.send(Message::text(frame.to_text())).await.unwrap();
    }

    pub async fn tell(&mut self, page: u32, text: &str) {
        self.say(&FromDesktop::Text { page, text: text.into() }).await;
    }

    pub async fn hear(&mut self) -> ToDesktop {
        match next(&mut self.socket).await {
            Message::Text(text) => ToDesktop::parse(&text).unwrap(),
            other => panic!("no frame but {other:?}"),
        }
    }

    /// The next page that comes.
    pub async fn opened(&mut self, by: By) -> u32 {
        match self.hear().await {
            ToDesktop::Open { page, opened: Opened { by: how, origin } } => {
                assert_eq!(how, by);
                assert!(origin.starts_with("http://127.0.0.1:"), "{origin}");
                page
            }
            other => panic!("no page but {other:?}"),
        }
    }

    pub async fn goodbye(&mut self) -> u16 {
        match next(&mut self.socket).await {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("no goodbye but {other:?}"),
        }
    }
}
