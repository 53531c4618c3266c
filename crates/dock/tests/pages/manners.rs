//! Pages that are loud, or that do not listen.

use crate::rig::{CRM, Rig, meter};
use futures_util::{SinkExt, StreamExt};
use omnibar_contract::DirectoryEntry;
use omnibar_model::{Conversation, Destination};
use omnibar_softphone::CentreEvent;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_refused_then_closed_and_delays_nobody() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let mut other = rig.docked(CRM).await;
    let loud = rig.docked(CRM).await;
    let (mut to, mut from) = loud.0.split();
    let shout = tokio::spawn(async move {
        for id in 0..200_000u32 {
            let call = json!({"say": "call", "id": id, "api": "getBaseUrl", "arguments": []});
            if to.send(Message::text(call.to_string())).await.is_err() {
                return id;
            }
        }
        200_000
    });
    let listen = tokio::spawn(async move {
        let (mut done, mut failed, mut refused) = (0u32, 0u32, Value::Null);
        while let Some(Ok(Message::Text(text))) = from.next().await {
            let heard: Value = serde_json::from_str(&text).unwrap();
            match heard["say"].as_str().unwrap() {
                "done" => done += 1,
                "failed" => failed += 1,
                "refused" => refused = heard["error"].clone(),
                _ => {}
            }
        }
        (done, failed, refused)
    });
    let mut slowest = Duration::ZERO;
    for id in 0..20 {
        let begin = Instant::now();
        assert_eq!(other.call(id, "getBaseUrl", json!([])).await["say"], "done");
        slowest = slowest.max(begin.elapsed());
    }
    let (done, failed, refused) = listen.await.unwrap();
    let sent = shout.await.unwrap();
    println!("flood: {sent} sent, {done} done, {failed} failed; another page waited {slowest:?}");
    assert!(sent < 200_000, "closed while it shouted");
    assert!(failed > 1_000, "{failed} failed");
    assert!(done < sent / 4, "{done} of {sent} done");
    assert_eq!(refused["errorType"], "HTTP_ERROR");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

/// A WebSocket by hand, so that nothing but the test reads it.
async fn deaf(port: u16) -> tokio::net::TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await.unwrap();
    let upgrade = format!(
        "GET /dock HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:7340\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    for said in [
        json!({"say": "hello", "origin": CRM, "instance": "a"}),
        json!({"say": "watch", "views": true, "meters": true}),
    ] {
        // Masked with zeroes (RFC 6455 section 5.3); longer than 125 bytes is not needed.
        let text = said.to_string();
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 126);
        let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
        frame.extend_from_slice(text.as_bytes());
        stream.write_all(&frame).await.unwrap();
    }
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_never_reads_is_closed_and_delays_nobody() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let mut other = rig.docked(CRM).await;
    let stream = deaf(rig.port).await;
    let pages = |v: &omnibar_contract::View| v.dock.origins.first().map_or(0, |o| o.pages);
    rig.until("both", |v| pages(v) == 2).await;
    let long = "A colleague with a long name".repeat(8);
    let entries: Vec<DirectoryEntry> = (0..400)
        .map(|n| DirectoryEntry {
            destination: Destination::Agent(format!("agent{n}").as_str().into()),
            name: long.clone(),
            available: n % 2 == 0,
        })
        .collect();
    other.say(json!({"say": "watch", "views": false, "meters": true})).await;
    other.call(0, "getBaseUrl", json!([])).await;
    rig.interaction("i-2511-6", Conversation::Connected);
    rig.until("the call", |v| !v.desk.calls.is_empty()).await;
    let mut told = 0u32;
    loop {
        let view = rig.until("a view", |_| true).await;
        if pages(&view) == 1 {
            break;
        }
        told += 1;
        assert!(told < 5_000, "a deaf page is still there after {told} levels");
        // Views fill what the system holds for the page, levels what the dock does. The
        // driver shows what answers the newest search, which is none here.
        let mut entries = entries.clone();
        entries.truncate(400 - usize::try_from(told % 50).unwrap());
        rig.centre(CentreEvent::Found { text: String::new(), entries });
        meter(&rig, 0.25);
        other.until("meter").await;
        if told.is_multiple_of(10) {
            let answer = other.call(told, "getBaseUrl", json!([])).await;
            assert_eq!(answer["say"], "done");
        }
    }
    println!("a page that never reads was closed after {told} levels and views of 100 kB");
    drop(stream);
}
