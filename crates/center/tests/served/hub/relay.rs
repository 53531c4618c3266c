//! Pages find their desktop, and what is said arrives.
#![allow(clippy::print_stdout, reason = "figures for who reads the test")]

use super::world::{Desktop, Ended, Frame};
use crate::world::World;
use omnibar_protocol::Command;
use omnibar_protocol::hub::{By, FromDesktop, ToDesktop, close};
use serde_json::json;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_page_with_a_token_speaks_with_its_own_agents_desktop() {
    let world = World::start().await;
    let mut one = Desktop::ready(&world, "agent1", &["agent1.aa", "agent1.bb"]).await;
    let mut two = Desktop::ready(&world, "agent2", &["agent2.aa"]).await;
    let mut frame = Frame::by_token(&world, "agent1.bb").await;
    // Said at once, before the page was let through.
    frame.say(r#"{"say":"hello","origin":"https://crm.example"}"#).await;
    let page = one.opened(By::Token).await;
    let text = r#"{"say":"hello","origin":"https://crm.example"}"#.to_owned();
    assert_eq!(one.hear().await, ToDesktop::Text { page, text });
    one.tell(page, "{\"say\":\"asking\"}").await;
    assert_eq!(frame.hear().await, "{\"say\":\"asking\"}");

    let mut other = Frame::by_token(&world, "agent2.aa").await;
    let theirs = two.opened(By::Token).await;
    two.tell(theirs, "for agent2's page").await;
    assert_eq!(other.hear().await, "for agent2's page");
    // A desktop reaches its own pages only.
    two.tell(page + 1, "nobody").await;
    two.tell(theirs, "still here").await;
    assert_eq!(other.hear().await, "still here");

    one.say(&FromDesktop::Close { page }).await;
    assert_eq!(frame.ended().await.code, 1000);
    assert_eq!(one.hear().await, ToDesktop::Close { page });
    other.0.close(None).await.unwrap();
    assert_eq!(two.hear().await, ToDesktop::Close { page: theirs });
    assert!(other.says_goodbye().await, "a goodbye is answered by one");
    world.centre.stop().await;
}

#[tokio::test]
async fn the_code_from_the_agents_window_pairs_one_page() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &[]).await;
    desktop.show_code(Some("012345")).await;
    let _frame = Frame::routed(&world, json!({"code": "012345"})).await;
    desktop.opened(By::Code).await;
    let mut second = Frame::routed(&world, json!({"code": "012345"})).await;
    let Ended { code, refused, .. } = second.ended().await;
    assert_eq!(code, close::REFUSED);
    assert!(refused.unwrap().contains("Ask Omnibar for a new one"));
    desktop.show_code(Some("222222")).await;
    desktop.show_code(None).await;
    let mut taken_back = Frame::routed(&world, json!({"code": "222222"})).await;
    assert_eq!(taken_back.ended().await.code, close::REFUSED);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_page_that_signs_in_reaches_the_agents_desktop_or_is_told_that_it_does_not_run() {
    let world = World::start().await;
    let user = json!({"user": "agent1", "password": "demo", "force": true});
    let mut early = Frame::routed(&world, user.clone()).await;
    let Ended { code, refused, .. } = early.ended().await;
    assert_eq!(code, close::REFUSED);
    assert!(refused.unwrap().starts_with("Omnibar is not running or not signed in as agent1."));
    let mut desktop = Desktop::ready(&world, "agent1", &[]).await;
    let mut frame = Frame::routed(&world, user).await;
    let page = desktop.opened(By::Password).await;
    desktop.tell(page, "welcome").await;
    assert_eq!(frame.hear().await, "welcome");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_token_without_its_desktop_is_kept_for_later_and_an_unknown_one_is_refused() {
    let world = World::start().await;
    let mut frame = Frame::by_token(&world, "zVB4vhfQ.aa").await;
    let Ended { code, reason, refused } = frame.ended().await;
    assert_eq!((code, refused), (close::NO_DESKTOP, None), "the page keeps its token");
    assert!(reason.starts_with("Omnibar is not running or not signed in"), "{reason}");
    let _desktop = Desktop::ready(&world, "agent1", &["zVB4vhfQ.bb"]).await;
    let mut frame = Frame::by_token(&world, "zVB4vhfQ.aa").await;
    let Ended { code, refused, .. } = frame.ended().await;
    assert_eq!(code, close::REFUSED);
    assert!(refused.unwrap().contains("does not know this page any more"));
    world.centre.stop().await;
}

#[tokio::test]
async fn pages_hear_that_the_desktop_is_gone_and_find_it_again() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let mut frame = Frame::by_token(&world, "agent1.aa").await;
    desktop.opened(By::Token).await;
    let Desktop { socket, desk, opened } = desktop;
    drop(socket);
    let Ended { code, refused, .. } = frame.ended().await;
    assert_eq!((code, refused), (close::NO_DESKTOP, None));
    let mut desktop = Desktop::over(&world, desk, opened, &["agent1.aa"]).await;
    let mut frame = Frame::by_token(&world, "agent1.aa").await;
    let page = desktop.opened(By::Token).await;
    desktop.tell(page, "back").await;
    assert_eq!(frame.hear().await, "back");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_second_desktop_of_the_agent_takes_the_place_of_the_first() {
    let world = World::start().await;
    let mut first = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let mut frame = Frame::by_token(&world, "agent1.aa").await;
    first.opened(By::Token).await;
    let Desktop { socket: mut left, desk, opened } = first;
    let mut second = Desktop::over(&world, desk, opened, &["agent1.aa"]).await;
    assert_eq!(frame.ended().await.code, close::NO_DESKTOP);
    let mut frame = Frame::by_token(&world, "agent1.aa").await;
    let page = second.opened(By::Token).await;
    second.tell(page, "here").await;
    assert_eq!(frame.hear().await, "here");
    use futures_util::StreamExt;
    let mut last = None;
    while let Some(Ok(message)) = left.next().await {
        last = Some(message);
    }
    let Some(tokio_tungstenite::tungstenite::Message::Close(Some(frame))) = last else {
        panic!("no goodbye")
    };
    assert_eq!(u16::from(frame.code), close::REFUSED);
    world.centre.stop().await;
}

#[tokio::test]
async fn fifty_pages_hear_the_same_in_order() {
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let mut pages = Vec::new();
    for _ in 0..50 {
        let frame = Frame::by_token(&world, "agent1.aa").await;
        pages.push((desktop.opened(By::Token).await, frame));
    }
    let view = "x".repeat(8 * 1024);
    let began = Instant::now();
    for n in 0..20 {
        for (page, _) in &pages {
            desktop.tell(*page, &format!("{n} {view}")).await;
        }
    }
    for (_, frame) in &mut pages {
        for n in 0..20 {
            assert!(frame.hear().await.starts_with(&format!("{n} ")));
        }
    }
    println!("20 views of 8 kB to 50 pages: {:?}", began.elapsed());
    world.centre.stop().await;
}

/// There and back through the hub; a page's handler hears in half of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_goes_to_the_desktop_and_back_without_delay() {
    const TIMES: usize = 500;
    let world = World::start().await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let mut frame = Frame::by_token(&world, "agent1.aa").await;
    let page = desktop.opened(By::Token).await;
    let echo = tokio::spawn(async move {
        for _ in 0..TIMES {
            match desktop.hear().await {
                ToDesktop::Text { page: from, text } if from == page => {
                    desktop.tell(page, &text).await;
                }
                other => panic!("{other:?}"),
            }
        }
        desktop
    });
    let text = json!({"id": 1, "api": "interaction.dial", "arguments": ["x".repeat(500)]});
    let text = text.to_string();
    let mut taken = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        frame.say(&text).await;
        assert_eq!(frame.hear().await, text);
        taken.push(began.elapsed());
    }
    let desktop = echo.await.unwrap();
    taken.sort();
    let (p50, p99) = (taken[TIMES / 2], taken[TIMES * 99 / 100]);
    println!("page to desktop and back: p50 {p50:?}, p99 {p99:?}");
    // Nagle's algorithm and delayed acknowledgements together would take 40 ms.
    assert!(p50 < Duration::from_millis(20), "{p50:?}");
    drop(desktop);
    world.centre.stop().await;
}

#[tokio::test]
async fn signing_out_ends_the_way_to_the_desktop() {
    let world = World::with(|c| c.timings.heartbeat = Duration::from_secs(2)).await;
    let mut desktop = Desktop::ready(&world, "agent1", &["agent1.aa"]).await;
    let stale = super::world::ticket(&mut desktop.desk).await;
    desktop.desk.ask(Command::SessionClose {}).await.unwrap();
    let handle = desktop.opened.handle.clone();
    let mut late = super::world::open(&world, "/ws/desktop", None).await.unwrap();
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::Message;
    late.send(Message::text(super::world::hello(&handle, &stale).to_text())).await.unwrap();
    let Some(Ok(Message::Close(Some(frame)))) = late.next().await else { panic!("no goodbye") };
    assert_eq!(u16::from(frame.code), close::REFUSED);
    // The first one is found out at the next look.
    assert_eq!(desktop.goodbye().await, close::REFUSED);
    world.centre.stop().await;
}
