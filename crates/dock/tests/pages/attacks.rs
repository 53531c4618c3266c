//! What hostile pages and sites try.

use crate::rig::{CRM, Page, Rig, TOOLBAR, http, offered};
use futures_util::SinkExt;
use omnibar_contract::{DockIntent, Standing};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};

const EVIL: &str = "https://evil.example";

#[tokio::test]
async fn only_the_centres_pages_reach_the_port() {
    let rig = Rig::new().await;
    let port = rig.port;
    let hello = async |host: &str, origin: &str| {
        let request =
            format!("GET /dock/hello HTTP/1.1\nHost: {host}\n{origin}Connection: close\n\n");
        http(port, &request).await
    };
    let here = format!("127.0.0.1:{port}");
    let ours = format!("Origin: {TOOLBAR}\n");
    for host in [here.clone(), format!("localhost:{port}")] {
        let (status, head, body) = hello(&host, &ours).await;
        assert_eq!(status, 200);
        assert!(head.contains(&format!("access-control-allow-origin: {TOOLBAR}")), "{head}");
        assert!(body.contains("\"app\":\"omnibar\""), "{body}");
    }
    for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "127.0.0.1:1"] {
        assert_eq!(hello(host, &ours).await.0, 421, "DNS rebinding: {host}");
    }
    for origin in ["", &format!("Origin: {EVIL}\n"), "Origin: null\n", &ours.repeat(2)] {
        let (status, head, _) = hello(&here, origin).await;
        assert_eq!(status, 403, "{origin}");
        assert!(!head.contains("access-control"), "{head}");
    }
    for origin in [None, Some(EVIL), Some("null"), Some("http://127.0.0.1:7341")] {
        match Page::connect(&rig.url(), origin).await.err().map(|e| *e) {
            Some(Error::Http(answer)) => assert_eq!(answer.status(), 403, "{origin:?}"),
            other => panic!("{origin:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_preflight_is_answered_to_the_centres_pages() {
    let rig = Rig::new().await;
    let ask = async |origin: &str| {
        let request = format!(
            "OPTIONS /dock/hello HTTP/1.1\nHost: 127.0.0.1:{}\nOrigin: {origin}\n\
             Access-Control-Request-Method: GET\nAccess-Control-Request-Private-Network: true\n\
             Connection: close\n\n",
            rig.port
        );
        http(rig.port, &request).await
    };
    let (status, head, _) = ask(TOOLBAR).await;
    assert_eq!(status, 204);
    for line in [
        "access-control-allow-private-network: true",
        "access-control-allow-local-network: true",
        &format!("access-control-allow-origin: {TOOLBAR}"),
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert_eq!(ask(EVIL).await.0, 403);
}

#[tokio::test]
async fn a_page_cannot_be_somebody_else() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events,control,customers,dial").await;
    let mut page = rig.page().await;
    page.hello(CRM, json!({})).await;
    let token = page.until("welcome").await["token"].clone();
    for (origin, more) in [
        (EVIL, json!({"token": token})),
        (CRM, json!({"claimed": EVIL})),
        ("null", json!({})),
        ("https://crm.example/", json!({})),
        ("https://crm.example:443", json!({})),
        (CRM, json!({"instance": "x".repeat(129)})),
        (CRM, json!({"app": "a\u{0}b"})),
    ] {
        let mut page = rig.page().await;
        page.hello(origin, more.clone()).await;
        assert_eq!(page.refused().await["errorType"], "INVALID_ORIGIN", "{origin} {more}");
    }
    let mut twice = rig.docked(CRM).await;
    twice.hello(EVIL, json!({})).await;
    assert_eq!(twice.refused().await["errorType"], "INVALID_ORIGIN");
    let mut rash = rig.page().await;
    rash.say(json!({"say": "call", "id": 1, "api": "session.logout", "arguments": []})).await;
    assert_eq!(rash.refused().await["errorType"], "INVALID_ORIGIN");
    let mut waiting = rig.page().await;
    waiting.hello(EVIL, json!({})).await;
    waiting.until("asking").await;
    let accept = json!({"to": "desk", "ask": {"do": "sign_out"}});
    waiting.say(json!({"say": "intent", "intent": accept})).await;
    assert_eq!(waiting.refused().await["errorType"], "INVALID_ORIGIN");
}

#[tokio::test]
async fn a_frame_decides_nothing_about_pages_or_the_machine() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events,control,customers,dial").await;
    rig.interaction("i-2511-4", offered());
    let before = rig.until("the offer", |v| !v.desk.calls.is_empty()).await;
    let mut page = rig.docked(CRM).await;
    let all = json!({"events": true, "control": true, "customers": true, "dial": true});
    for forged in [
        json!({"to": "dock", "ask": {"do": "allow", "origin": EVIL, "rights": all}}),
        json!({"to": "dock", "ask": {"do": "block", "origin": CRM}}),
        json!({"to": "dock", "ask": {"do": "forget", "origin": CRM}}),
        json!({"to": "dock", "ask": {"do": "pair", "on": true}}),
        json!({"to": "settings", "ask": {"do": "forget_sign_in"}}),
        json!({"to": "window", "ask": {"do": "quit"}}),
        json!({"to": "sign_in", "centre": "ws://evil.example", "user": "agent1",
               "password": "x", "remember": true, "take_over": true}),
    ] {
        page.say(json!({"say": "intent", "intent": forged})).await;
    }
    // A press that is one, after them.
    let accept = json!({"to": "desk", "ask": {"do": "reject", "interaction": "i-2511-4"}});
    page.say(json!({"say": "intent", "intent": accept})).await;
    let view = rig
        .until("the press", |v| v.desk.calls.iter().any(|c| !c.pending.is_empty() || c.can.reject))
        .await;
    while rig.orders.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(view.settings, before.settings);
    let now = rig.until("the same pages", |v| v.dock.origins.len() == 1).await;
    assert_eq!(now.dock.origins[0].origin, CRM);
    assert!(matches!(now.dock.origins[0].standing, Standing::Allowed { .. }));
    assert_eq!(now.dock.pairing_code, None);
    assert_eq!(now.desk.session, before.desk.session);
}

#[tokio::test]
async fn too_long_too_deep_or_no_json_ends_that_page_only() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let mut bystander = rig.docked(CRM).await;

    let mut long = rig.docked(CRM).await;
    let argument = "x".repeat(190_000);
    assert_eq!(long.call(1, "store.get", json!([argument])).await["id"], 1, "just fits");
    // The app may close before all of it is sent.
    let _ = long.0.send(Message::text("x".repeat(10_000_000))).await;
    while long.hear().await.is_some() {}

    let mut deep = rig.docked(CRM).await;
    let nested = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let call =
        |end: &str| Message::text(format!("{{\"say\":\"call\",\"arguments\":{nested}{end}}}"));
    deep.0.send(call(",\"id\":3")).await.unwrap();
    assert_eq!(deep.answer(3).await["error"]["errorType"], "REQUIRED_FIELD_MISSING");
    deep.0.send(call("")).await.unwrap();
    assert_eq!(deep.refused().await["errorType"], "REQUIRED_FIELD_MISSING");

    for nonsense in ["", "null", "{}", "{\"say\":\"shout\"}", "[1,2", "\u{fffd}"] {
        let mut page = rig.docked(CRM).await;
        page.0.send(Message::text(nonsense)).await.unwrap();
        assert_eq!(page.refused().await["errorType"], "REQUIRED_FIELD_MISSING", "{nonsense}");
    }
    let mut binary = rig.docked(CRM).await;
    binary.0.send(Message::binary(vec![0; 16])).await.unwrap();
    while binary.hear().await.is_some() {}

    bystander.say(json!({"say": "call", "id": 5})).await;
    assert_eq!(bystander.answer(5).await["error"]["errorType"], "REQUIRED_FIELD_MISSING");
    assert_eq!(bystander.call(6, "getBaseUrl", json!([])).await["say"], "done");
}

#[tokio::test]
async fn too_many_strangers_are_not_all_shown() {
    let rig = Rig::new().await;
    let mut waiting = Vec::new();
    for n in 0..16 {
        let mut page = rig.page().await;
        page.hello(&format!("https://evil{n}.example"), json!({})).await;
        page.until("asking").await;
        waiting.push(page);
    }
    let mut one_more = rig.page().await;
    one_more.hello("https://evil16.example", json!({})).await;
    assert_eq!(one_more.refused().await["errorType"], "INVALID_ORIGIN");
    rig.window(DockIntent::Block { origin: "https://evil3.example".into() });
    assert_eq!(waiting[3].refused().await["errorType"], "INVALID_ORIGIN");
    let mut now = rig.page().await;
    now.hello("https://evil16.example", json!({})).await;
    now.until("asking").await;
}

#[tokio::test]
async fn connections_that_never_become_a_page_are_closed_and_a_page_gets_in() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let mut before = rig.docked(CRM).await;
    let mut idle = Vec::new();
    for n in 0..300 {
        let mut stream = TcpStream::connect(("127.0.0.1", rig.port)).await.unwrap();
        let begun: &[u8] = if n % 2 == 0 { b"" } else { b"GET /dock/hello HTTP/1.1\r\nX: " };
        stream.write_all(begun).await.unwrap();
        idle.push(stream);
    }
    // More than there is room for: the page waits for the first of them to be closed.
    let mut page = rig.docked(CRM).await;
    for mut stream in idle {
        let mut rest = Vec::new();
        let closed = timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "still open");
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(before.call(1, "getBaseUrl", json!([])).await["say"], "done");
    assert_eq!(page.call(1, "getBaseUrl", json!([])).await["say"], "done");
}
