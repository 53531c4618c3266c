//! Pages and desktops that mean harm.

use super::world::{Desktop, Ended, Frame, hello, open, own_origin, ticket};
use crate::desk::Desk;
use crate::world::World;
use futures_util::{SinkExt, StreamExt};
use omnibar_protocol::hub::{By, FromDesktop, MAX_DOWN, MAX_UP, ToDesktop, close};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};

#[tokio::test]
async fn only_frames_that_the_centre_served_dock_and_no_page_is_a_desktop() {
    let world = World::start().await;
    let port = world.centre.address().port();
    let own = own_origin(&world);
    for (path, origin) in [
        ("/ws/dock", None),
        ("/ws/dock", Some("https://evil.example")),
        ("/ws/dock", Some("null")),
        ("/ws/dock", Some(format!("https://127.0.0.1:{port}").as_str())),
        ("/ws/dock", Some(format!("http://localhost:{port}").as_str())),
        ("/ws/desktop", Some(own.as_str())),
        ("/ws/desktop", Some("https://evil.example")),
    ] {
        match open(&world, path, origin).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403, "{path} {origin:?}"),
            other => panic!("{path} {origin:?}: {}", other.is_ok()),
        }
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn a_first_text_that_is_no_route_ends_the_connection() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let deep = "[".repeat(60_000);
    for text in [
        "",
        "{}",
        deep.as_str(),
        r#"{"say":"hello","origin":"https://crm.example","instance":"a"}"#,
        r#"{"route":{}}"#,
        r#"{"route":{"token":"agent1.aa","code":"123456"}}"#,
        r#"{"route":{"user":"a\nb","password":"x"}}"#,
        r#"{"page":1,"text":"as the hub itself would say"}"#,
    ] {
        let mut frame = Frame::open(&world).await;
        frame.say(text).await;
        assert_eq!(frame.ended().await.code, 1008, "{}", &text[..text.len().min(60)]);
    }
    let mut short = Frame::routed(&world, json!({"code": "12345"})).await;
    assert!(short.ended().await.refused.unwrap().contains("six digits"));
    // The desktop has heard of none of them.
    let _frame = Frame::by_token(&world, "agent1.aa").await;
    assert_eq!(desktop.opened(By::Token).await, 1);
    world.centre.stop().await;
}

#[tokio::test]
async fn what_a_page_says_cannot_leave_its_own_frame() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let mut frame = Frame::by_token(&world, "agent1.aa").await;
    let page = desktop.opened(By::Token).await;
    for text in [
        r#"","page":2,"text":"forged"#,
        r#"{"page":2,"close":true}"#,
        r#"{"tokens":["00"]}"#,
        "\u{0}\u{1}\n\u{2028}\\",
        "[[[[[[[[[[[[[[[[[[[[",
    ] {
        frame.say(text).await;
        assert_eq!(desktop.hear().await, ToDesktop::Text { page, text: text.into() });
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn texts_that_are_too_long_or_no_texts_end_only_their_own_page() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let mut good = Frame::by_token(&world, "agent1.aa").await;
    let page = desktop.opened(By::Token).await;
    for message in [Message::text("x".repeat(MAX_UP + 1)), Message::binary(vec![0_u8; 4])] {
        let mut bad = Frame::by_token(&world, "agent1.aa").await;
        let theirs = desktop.opened(By::Token).await;
        bad.0.send(message).await.unwrap();
        assert_eq!(bad.ended().await.code, 1003);
        assert_eq!(desktop.hear().await, ToDesktop::Close { page: theirs });
    }
    let longest = "x".repeat(MAX_UP);
    good.say(&longest).await;
    assert_eq!(desktop.hear().await, ToDesktop::Text { page, text: longest });
    let longest = "\"".repeat(MAX_DOWN);
    desktop.tell(page, &longest).await;
    assert!(good.hear().await == longest);
    world.centre.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_messages_ends_its_page_and_no_other() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let mut good = Frame::by_token(&world, "agent1.aa").await;
    let page = desktop.opened(By::Token).await;
    let mut flood = Frame::by_token(&world, "agent1.aa").await;
    let theirs = desktop.opened(By::Token).await;
    let flooder = tokio::spawn(async move {
        let mut sent = 0;
        while flood.0.feed(Message::text(r#"{"say":"call"}"#)).await.is_ok() {
            sent += 1;
        }
        (sent, flood.ended().await)
    });
    let mut heard = 0;
    loop {
        match desktop.hear().await {
            ToDesktop::Text { page, .. } if page == theirs => heard += 1,
            ToDesktop::Close { page } if page == theirs => break,
            other => panic!("{other:?}"),
        }
    }
    let (sent, Ended { code, reason, .. }) = flooder.await.unwrap();
    assert!((1_000..sent).contains(&heard), "{heard} of {sent} were passed on");
    assert_eq!((code, reason.as_str()), (close::TOO_MUCH, "Too many messages at once."));
    good.say("still here").await;
    assert_eq!(desktop.hear().await, ToDesktop::Text { page, text: "still here".into() });
    world.centre.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_never_reads_is_closed_and_holds_up_nobody() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let slow = Frame::by_token(&world, "agent1.aa").await;
    let theirs = desktop.opened(By::Token).await;
    let mut good = Frame::by_token(&world, "agent1.aa").await;
    let page = desktop.opened(By::Token).await;
    let view = "x".repeat(512 * 1024);
    let mut told = 0;
    // What the system itself keeps for a socket is some megabytes at most.
    for n in 0..100 {
        desktop.tell(theirs, &view).await;
        desktop.tell(page, &n.to_string()).await;
        assert_eq!(good.hear().await, n.to_string());
        told = n;
        let closed = tokio::time::timeout(std::time::Duration::from_millis(1), desktop.hear());
        if let Ok(frame) = closed.await {
            assert_eq!(frame, ToDesktop::Close { page: theirs });
            break;
        }
    }
    assert!(told < 99, "closed after {told} unread views of 512 kB");
    drop(slow);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_code_cannot_be_guessed() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &[]).await;
    desktop.show_code(Some("555555")).await;
    for n in 0..5 {
        let mut frame = Frame::routed(&world, json!({"code": format!("00000{n}")})).await;
        assert_eq!(frame.ended().await.code, close::REFUSED);
    }
    let mut right = Frame::routed(&world, json!({"code": "555555"})).await;
    let words = right.ended().await.refused.unwrap();
    assert!(words.starts_with("Too many wrong codes. Wait "), "{words}");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_password_cannot_be_guessed_here_either() {
    let world = World::start().await;
    let _desktop = Desktop::ready(&world, "agent1", &[]).await;
    for _ in 0..4 {
        let guess = json!({"user": "agent1", "password": "guess"});
        let words = Frame::routed(&world, guess).await.ended().await.refused.unwrap();
        assert!(words.starts_with("Wrong user or password"), "{words}");
    }
    let right = json!({"user": "agent1", "password": "demo"});
    let words = Frame::routed(&world, right).await.ended().await.refused.unwrap();
    assert!(words.starts_with("Too many wrong passwords. Wait "), "{words}");
    // Nor is it a fresh start for signing in.
    let mut desk = Desk::connect(&world.url()).await;
    let refused = desk.sign_in("agent1", "demo", true).await;
    assert_eq!(crate::desk::code(refused), omnibar_protocol::Code::TooMany);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_ticket_lets_in_its_own_desktop_once() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &[]).await;
    let (mut thief, theirs) = Desk::ready(&world.url(), "agent2").await;
    let handle = desktop.opened.handle.clone();
    let used = ticket(&mut desktop.desk).await;
    let other = ticket(&mut thief).await;
    let refused = async |first: String| {
        let mut socket = open(&world, "/ws/desktop", None).await.unwrap();
        socket.send(Message::text(first)).await.unwrap();
        match socket.next().await {
            Some(Ok(Message::Close(Some(frame)))) => u16::from(frame.code),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(hello(&handle, "guess").to_text()).await, close::REFUSED);
    assert_eq!(refused(hello(&handle, &other).to_text()).await, close::REFUSED, "agent2's");
    assert_eq!(refused(hello(&theirs.handle, &other).to_text()).await, close::REFUSED, "spent");
    assert_eq!(refused("{}".into()).await, 1008);
    assert_eq!(refused(FromDesktop::Tokens(Vec::new()).to_text()).await, 1008);
    let mut again = open(&world, "/ws/desktop", None).await.unwrap();
    again.send(Message::text(hello(&handle, &used).to_text())).await.unwrap();
    assert!(matches!(again.next().await, Some(Ok(Message::Text(_)))));
    assert_eq!(refused(hello(&handle, &used).to_text()).await, close::REFUSED, "used");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_desktop_that_says_nonsense_is_closed() {
    let world = World::start().await;
    for text in [
        "[".repeat(100_000),
        "{}".to_owned(),
        json!({"tokens": ["short"]}).to_string(),
        json!({"tokens": vec!["00".repeat(32); 1001]}).to_string(),
        json!({"page": 1, "text": "x".repeat(MAX_DOWN + 1)}).to_string(),
        json!({"page": 1, "text": "a", "close": true}).to_string(),
    ] {
        let mut desktop = Desktop::ready(&world, "agent1", &[]).await;
        desktop.socket.send(Message::text(text)).await.unwrap();
        assert_eq!(desktop.goodbye().await, 1008);
        desktop.desk.ask(omnibar_protocol::Command::SessionClose {}).await.unwrap();
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn one_desktop_takes_so_many_pages_and_no_more() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let mut frames = Vec::new();
    for _ in 0..omnibar_protocol::hub::MAX_PAGES {
        frames.push(Frame::by_token(&world, "agent1.aa").await);
        desktop.opened(By::Token).await;
    }
    let mut one_more = Frame::by_token(&world, "agent1.aa").await;
    let Ended { code, reason, .. } = one_more.ended().await;
    assert_eq!(code, close::TOO_MUCH);
    assert!(reason.contains("Close some"), "{reason}");
    drop(frames.pop());
    assert!(matches!(desktop.hear().await, ToDesktop::Close { .. }));
    let _next = Frame::by_token(&world, "agent1.aa").await;
    desktop.opened(By::Token).await;
    world.centre.stop().await;
}
