//! Customers write from the web page over real sockets, and agents answer.

use crate::desk::Desk;
use crate::killed::{Program, select};
use crate::web_client::{base, client, send};
use crate::world::World;
use futures_util::{SinkExt, StreamExt};
use omnibar_center::{ChatShown, FromChatPage, ToChatPage};
use omnibar_model::{Cause, ChatFrom, ChatTarget, InteractionId, PhoneNumber, Secret};
use omnibar_protocol::wire::{ChatPhase, Password};
use omnibar_protocol::{Code, Command, FromCentre, Notification, wire};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

struct Page(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    async fn open(centre: &str) -> Self {
        let (socket, _) = connect_async(format!("{centre}/ws/chat")).await.unwrap();
        let mut page = Self(socket);
        let first = page.hear().await;
        assert!(matches!(first, Some(ToChatPage::Queues { ref queues }) if !queues.is_empty()));
        page
    }

    /// A chat in the support queue, and its token.
    async fn begin(centre: &str) -> (Self, Password) {
        let mut page = Self::open(centre).await;
        page.say(&FromChatPage::Open {
            name: "Zoe \u{202e}Testing".into(),
            number: Some("+1 555 0150".into()),
            queue: "support".into(),
        })
        .await;
        let token = page.until(|m| match m {
            ToChatPage::Token { token } => Some(token.clone()),
            _ => None,
        });
        let token = token.await;
        (page, token)
    }

    async fn say(&mut self, message: &FromChatPage) {
        self.text(serde_json::to_string(message).unwrap()).await;
    }

    async fn text(&mut self, text: String) {
        let _ = self.0.send(Message::text(text)).await;
    }

    async fn write(&mut self, key: &str, text: &str) {
        self.say(&FromChatPage::Say { key: key.into(), text: text.into() }).await;
    }

    /// `None` when the centre has closed.
    async fn hear(&mut self) -> Option<ToChatPage> {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Some(serde_json::from_str(&text).unwrap());
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), next).await.expect("a word in time")
    }

    async fn until<T>(&mut self, pick: impl Fn(&ToChatPage) -> Option<T>) -> T {
        let mut heard = Vec::new();
        while let Some(message) = self.hear().await {
            if let Some(found) = pick(&message) {
                return found;
            }
            heard.push(message);
        }
        panic!("only {heard:?}");
    }

    async fn state(&mut self, wanted: &ChatShown) {
        self.until(|m| (*m == ToChatPage::State(wanted.clone())).then_some(())).await;
    }

    /// The next message: its number, whose it is, its text and key.
    async fn read(&mut self) -> (u32, ChatFrom, String, Option<String>) {
        self.until(|m| match m {
            ToChatPage::Message { seq, from, text, key, .. } => {
                Some((*seq, *from, text.clone(), key.clone()))
            }
            _ => None,
        })
        .await
    }

    async fn is_closed(&mut self) {
        while self.hear().await.is_some() {}
    }
}

async fn chat_of(desk: &mut Desk, what: &str, pick: impl Fn(&wire::Chat) -> bool) -> wire::Chat {
    desk.until(what, |n| match n {
        Notification::ChatChanged { chat } if pick(chat) => Some(chat.clone()),
        _ => None,
    })
    .await
}

async fn offered(desk: &mut Desk) -> InteractionId {
    let offered = |c: &wire::Chat| matches!(c.phase, ChatPhase::Offered { .. });
    chat_of(desk, "a chat", offered).await.id
}

#[tokio::test]
async fn a_customer_writes_is_answered_reloads_and_leaves() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let (mut page, token) = Page::begin(&world.centre.url()).await;
    page.write("k1", "My bill is <b>wrong</b>").await;
    assert_eq!(
        page.read().await,
        (1, ChatFrom::Customer, "My bill is <b>wrong</b>".into(), Some("k1".into()))
    );
    let id = offered(&mut desk).await;
    let shown = chat_of(&mut desk, "the message", |c| c.last_seq == 1).await;
    assert_eq!(shown.customer.name, "Zoe Testing", "nothing turns the text around");
    assert_eq!(shown.messages[0].text, "My bill is <b>wrong</b>");

    desk.ask(Command::ChatAccept { chat: id.clone() }).await.unwrap();
    page.until(|m| matches!(m, ToChatPage::State(ChatShown::Open { .. })).then_some(())).await;
    let say = |text: &str| Command::ChatSay { chat: id.clone(), text: text.into() };
    let twice = Uuid::new_v4();
    let first = desk.ask_as(twice, say("Let me look")).await.unwrap();
    assert_eq!(desk.ask_as(twice, say("Let me look")).await.unwrap(), first);
    // The notice that the agent has come was the second.
    assert_eq!(page.read().await.0, 3);

    let mut again = Page::open(&world.centre.url()).await;
    again.say(&FromChatPage::Resume { token: token.clone(), last: 2 }).await;
    assert_eq!(again.read().await, (3, ChatFrom::Agent, "Let me look".into(), None));
    page.is_closed().await;

    let (status, chats) = desk.endpoint("chat-service", "GET", "/chats", Value::Null).await;
    assert_eq!((status, &chats["chats"][0]["state"]), (200, &json!("OPEN")), "{chats}");
    let path = format!("/chats/{id}/messages");
    let body = json!({"text": "Found it", "messageId": Uuid::new_v4()});
    for _ in 0..2 {
        let (status, said) = desk.endpoint("chat-service", "POST", &path, body.clone()).await;
        assert_eq!((status, &said["seq"]), (201, &json!(4)), "{said}");
    }
    let (_, all) = desk.endpoint("chat-service", "GET", &path, Value::Null).await;
    assert_eq!(all["messages"].as_array().unwrap().len(), 4, "{all}");
    let (_, some) = desk
        .endpoint("chat-service", "GET", &format!("{path}?before=3&limit=1"), Value::Null)
        .await;
    assert_eq!((&some["messages"][0]["seq"], &some["next"]), (&json!(2), &json!(2)), "{some}");
    let (_, live) =
        desk.endpoint("interaction-service", "GET", "/interactions/live", Value::Null).await;
    assert_eq!(live[0]["data"]["channel_name"], "CHAT", "{live}");
    assert_eq!(live[0]["data"]["sub_channel"], "WebChat");
    let record = json!({"recordId": "7", "recordType": "contact", "recordName": "Zoe"});
    let link = format!("/interactions/{id}/record");
    assert_eq!(desk.endpoint("interaction-service", "PUT", &link, record).await.0, 200);

    again.say(&FromChatPage::Leave {}).await;
    again.state(&ChatShown::Ended { cause: Cause::CustomerHungUp }).await;
    let dispose = Command::ChatDispose {
        chat: id.clone(),
        disposition: "resolved".into(),
        note: "bill sent again".into(),
    };
    desk.ask(dispose).await.unwrap();
    chat_of(&mut desk, "its last word", |c| c.phase == ChatPhase::Ended).await;
    let history = desk.ask(Command::History { before: None, limit: 5 }).await.unwrap();
    let history: wire::History = serde_json::from_value(history).unwrap();
    assert_eq!(history.entries[0].channel, omnibar_model::Channel::Chat);
    assert_eq!(history.entries[0].note, "bill sent again");
    let (status, closed) = desk.endpoint("chat-service", "GET", &path, Value::Null).await;
    assert_eq!((status, closed["messages"].as_array().map(Vec::len)), (200, Some(5)), "{closed}");
    let (_, told) = desk
        .endpoint("interaction-service", "GET", &format!("/interactions/{id}"), Value::Null)
        .await;
    assert_eq!(told["data"]["channel_name"], "CHAT", "{told}");
    assert_eq!(told["data"]["linked_objects"][0]["recordId"], "7");
    let (mut other, _) = Desk::ready(&world.url(), "agent2").await;
    assert_eq!(other.endpoint("chat-service", "GET", &path, Value::Null).await.0, 404);
    again.say(&FromChatPage::Resume { token, last: 0 }).await;
    again.until(|m| (*m == ToChatPage::Over {}).then_some(())).await;
    world.centre.stop().await;
}

#[tokio::test]
async fn an_agent_begins_with_who_has_the_page_open() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let customer =
        ChatTarget { number: PhoneNumber::parse("+15550150").ok(), ..ChatTarget::default() };
    let start = Command::ChatStart { campaign: "support".into(), customer };
    let nobody = desk.ask(start.clone()).await.unwrap_err();
    assert_eq!(Code::from(nobody.code), Code::NotFound);
    assert_eq!(
        nobody.message,
        "This centre reaches customers by chat only while they have the chat page open."
    );
    let mut page = Page::open(&world.centre.url()).await;
    page.say(&FromChatPage::Hello { name: "Zoe".into(), number: Some("+15550150".into()) }).await;
    page.until(|m| matches!(m, ToChatPage::Token { .. }).then_some(())).await;
    let started = desk.ask(start).await.unwrap();
    assert!(started["interaction"].is_string());
    page.until(|m| matches!(m, ToChatPage::State(ChatShown::Open { .. })).then_some(())).await;
    page.write("k", "oh, hello").await;
    chat_of(&mut desk, "his answer", |c| c.messages.iter().any(|m| m.text == "oh, hello")).await;
    world.centre.stop().await;
}

#[tokio::test]
async fn hostile_pages_end_their_own_connection_only() {
    let world = World::start().await;
    let centre = world.centre.url();
    let (mut honest, _) = Page::begin(&centre).await;
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for text in [
        "",
        "{}",
        "null",
        "[]",
        "{\"type\":\"fly\"}",
        "{\"type\":\"open\"}",
        "{\"type\":\"open\",\"name\":1,\"queue\":\"support\"}",
        "{\"type\":\"open\",\"name\":\"x\",\"queue\":\"\"}",
        "{\"type\":\"resume\",\"token\":\"x\",\"last\":-1}",
        "{\"type\":\"say\",\"key\":\"k\",\"text\":\"x\",\"more\":1}",
        "{\"type\":\"leave\",\"x\":0}",
        &deep,
        &"x".repeat(70_000),
    ] {
        let mut page = Page::open(&centre).await;
        page.text(text.to_owned()).await;
        page.is_closed().await;
    }
    let mut binary = Page::open(&centre).await;
    let _ = binary.0.send(Message::Binary(Bytes::from_static(&[0, 1, 2]))).await;
    binary.is_closed().await;
    let mut flood = Page::open(&centre).await;
    for _ in 0..200 {
        flood.say(&FromChatPage::Leave {}).await;
    }
    flood.is_closed().await;

    // Asked too early, too long or twice: refused, and the page goes on.
    let refused = |m: &ToChatPage| matches!(m, ToChatPage::Refused { .. }).then_some(());
    let mut early = Page::open(&centre).await;
    early.write("k", "nobody is there").await;
    early.until(refused).await;
    early.say(&FromChatPage::Open { name: "x".into(), number: None, queue: "no".into() }).await;
    early.until(refused).await;
    early
        .say(&FromChatPage::Open {
            name: "x".into(),
            number: Some("call me".into()),
            queue: "support".into(),
        })
        .await;
    early.until(refused).await;
    early.say(&FromChatPage::Resume { token: Password::from(&Secret::new("x")), last: 0 }).await;
    early.until(|m| (*m == ToChatPage::Over {}).then_some(())).await;
    honest.write("long", &"x".repeat(4_001)).await;
    honest.until(refused).await;
    honest.write("ok", "still here").await;
    assert_eq!(honest.read().await.2, "still here");
    honest
        .say(&FromChatPage::Open { name: "x".into(), number: None, queue: "support".into() })
        .await;
    honest.until(refused).await;
    world.centre.stop().await;
}

#[tokio::test]
async fn the_page_is_served_with_a_policy_and_its_socket_to_it_only() {
    let world = World::start().await;
    let base = base(&world.centre);
    let moved = send(client().get(format!("{base}/chat?name=Zoe"))).await;
    assert_eq!((moved.status, moved.header("location")), (308, "/chat/?name=Zoe"));
    for (file, kind) in [
        ("", "text/html"),
        ("chat.js", "text/javascript"),
        ("chat.css", "text/css"),
        ("chat.svg", "image/svg+xml"),
    ] {
        let got = send(client().get(format!("{base}/chat/{file}"))).await;
        assert_eq!((got.status, got.header("content-type")), (200, kind), "{file}");
        assert!(got.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(got.header("x-frame-options"), "DENY");
    }
    assert_eq!(send(client().get(format!("{base}/chat/none"))).await.status, 404);
    let foreign = client()
        .get(format!("{base}/ws/chat"))
        .header("origin", "https://evil.example")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(send(foreign).await.status, 403);
    world.centre.stop().await;
}

/// What the page and the agent were told is kept is there after `kill -9`.
#[tokio::test(flavor = "multi_thread")]
async fn no_message_that_was_taken_is_lost_by_kill_9() {
    let data = tempfile::tempdir().unwrap();
    let program = Program::start(data.path());
    let mut desk = Desk::connect(&program.url).await;
    let opened = desk.sign_in("agent1", "demo", false).await.unwrap();
    select(&mut desk).await;
    desk.available().await;
    let centre = program.url.trim_end_matches("/ws/agent").to_owned();
    let (mut page, token) = Page::begin(&centre).await;
    let id = offered(&mut desk).await;
    desk.ask(Command::ChatAccept { chat: id.clone() }).await.unwrap();
    for n in 0..8 {
        page.write(&format!("k{n}"), &format!("customer {n}")).await;
    }
    let mut taken = Vec::new();
    while taken.len() < 8 {
        let (_, from, text, _) = page.read().await;
        if from == ChatFrom::Customer {
            taken.push(text);
        }
    }
    // More are on their way while it is killed.
    page.write("last", "customer last").await;
    let mut said = Vec::new();
    for n in 0..5 {
        let text = format!("agent {n}");
        desk.ask(Command::ChatSay { chat: id.clone(), text: text.clone() }).await.unwrap();
        said.push(text);
    }
    program.kill();

    let program = Program::start(data.path());
    let mut desk = Desk::connect(&program.url).await;
    desk.resume("agent1", &opened.token, u64::MAX / 2).await.unwrap();
    let centre = program.url.trim_end_matches("/ws/agent").to_owned();
    let mut page = Page::open(&centre).await;
    page.say(&FromChatPage::Resume { token, last: 0 }).await;
    // It says again what it had no word of.
    page.write("last", "customer last").await;
    let mut read = Vec::new();
    while !read.iter().any(|t| t == "customer last") || read.len() < 15 {
        let (seq, from, text, _) = page.read().await;
        assert_eq!(seq as usize, read.len() + 1, "no number twice, none left out");
        if from == ChatFrom::Notice {
            read.push(String::new());
        } else {
            read.push(text);
        }
    }
    let own =
        |who: &str| read.iter().filter(|t| t.starts_with(who)).cloned().collect::<Vec<String>>();
    taken.push("customer last".into());
    assert_eq!(own("customer"), taken);
    assert_eq!(own("agent"), said);
    // Its number is far from those that the new desk has seen.
    let snapshot = loop {
        if let Some(FromCentre::Notification(news)) = desk.receive().await
            && let Notification::Snapshot { chats, .. } = news.notification
        {
            break chats;
        }
    };
    assert_eq!(snapshot.len(), 1, "the chat is on his desk again");
}
