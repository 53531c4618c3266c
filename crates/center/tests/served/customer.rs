//! A customer calls from the web page.

use crate::desk::Desk;
use crate::world::World;
use futures_util::{SinkExt, StreamExt};
use omnibar_center::{FromPage, Shown, ToPage};
use omnibar_model::Cause;
use omnibar_protocol::Command;
use omnibar_protocol::wire::Conversation;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    pub async fn open(world: &World) -> Self {
        let url = format!("{}/ws/customer", world.centre.url());
        Self(connect_async(url).await.unwrap().0)
    }

    /// `None`: all lines are busy.
    pub async fn try_open(world: &World) -> Option<Self> {
        let url = format!("{}/ws/customer", world.centre.url());
        connect_async(url).await.ok().map(|(socket, _)| Self(socket))
    }

    pub async fn call(world: &World) -> Self {
        let mut page = Self::open(world).await;
        page.say(&FromPage::Call {
            name: "Zoe Testing".into(),
            number: Some("+1 555 0150".into()),
            queue: "support".into(),
        })
        .await;
        page.say(&FromPage::Offer { sdp: "v=0 page".into() }).await;
        page
    }

    pub async fn say(&mut self, message: &FromPage) {
        self.try_say(message).await.unwrap();
    }

    pub async fn try_say(&mut self, message: &FromPage) -> Result<(), Error> {
        self.0.send(Message::text(serde_json::to_string(message).unwrap())).await
    }

    pub async fn hear(&mut self) -> Option<ToPage> {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).ok(),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(5), next).await.expect("a word in time")
    }

    pub async fn until(&mut self, wanted: &Shown) {
        let mut heard = Vec::new();
        while let Some(message) = self.hear().await {
            if message == ToPage::State(wanted.clone()) {
                return;
            }
            heard.push(message);
        }
        panic!("never {wanted:?}, but {heard:?}");
    }
}

#[tokio::test]
async fn the_page_calls_waits_is_answered_held_and_ended() {
    let world = World::start().await;
    let mut page = Page::call(&world).await;
    assert!(matches!(page.hear().await, Some(ToPage::Answer { .. })));
    page.until(&Shown::Queued { position: 1 }).await;
    let mut second = Page::call(&world).await;
    second.until(&Shown::Queued { position: 2 }).await;

    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let offer = desk.offered().await;
    assert_eq!(offer.customer.name, "Zoe Testing");
    page.until(&Shown::Ringing).await;
    second.until(&Shown::Queued { position: 1 }).await;
    desk.ask(Command::Accept { interaction: offer.id.clone() }).await.unwrap();
    page.until(&Shown::Connected).await;
    desk.ask(Command::Hold { interaction: offer.id.clone(), leg: None }).await.unwrap();
    page.until(&Shown::Held).await;
    desk.ask(Command::End { interaction: offer.id }).await.unwrap();
    page.until(&Shown::Ended { cause: Cause::AgentHungUp }).await;
    assert_eq!(page.hear().await, None, "the connection ends with the call");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_page_that_is_closed_is_a_customer_who_has_hung_up() {
    let world = World::start().await;
    let mut page = Page::call(&world).await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let offer = desk.offered().await;
    desk.ask(Command::Accept { interaction: offer.id.clone() }).await.unwrap();
    page.until(&Shown::Connected).await;
    drop(page);
    let over = desk
        .interaction("wrap-up", |i| matches!(i.conversation, Conversation::Wrapping { .. }))
        .await;
    assert_eq!(over.cause, Some(Cause::CustomerHungUp));
    world.centre.stop().await;
}

#[tokio::test]
async fn nonsense_from_a_page_ends_its_call_with_a_sentence() {
    let world = World::start().await;
    for text in [
        "{",
        r#"{"type":"fly"}"#,
        r#"{"type":"offer","sdp":"v=0"}"#,
        r#"{"type":"call","name":"x","queue":"no-such"}"#,
        r#"{"type":"call","name":"x","number":"abc","queue":"support"}"#,
    ] {
        let mut page = Page::open(&world).await;
        page.0.send(Message::text(text)).await.unwrap();
        match page.hear().await {
            Some(ToPage::Error { message }) => assert!(message.ends_with('.'), "{message}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn more_calls_than_lines_find_them_busy() {
    let world = World::with(|c| c.web_calls = 1).await;
    let page = Page::open(&world).await;
    match connect_async(format!("{}/ws/customer", world.centre.url())).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 503),
        other => panic!("{:?}", other.map(|(_, r)| r.status())),
    }
    drop(page);
    world.centre.stop().await;
}

#[tokio::test]
async fn pages_come_with_headers_that_protect_them() {
    let world = World::start().await;
    for path in ["/healthz", "/call/"] {
        let mut stream = TcpStream::connect(world.centre.address()).await.unwrap();
        let ask = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{path}: {text}");
        let lower = text.to_lowercase();
        for header in
            ["content-security-policy: default-src 'none'", "nosniff", "frame-ancestors 'none'"]
        {
            assert!(lower.contains(header), "{path}: {header}");
        }
    }
    world.centre.stop().await;
}
