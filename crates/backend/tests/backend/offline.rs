use crate::rig::{FarEnd, Rig, dispose, hold, note};
use omnibar_desk::{ChatAsk, Order};
use omnibar_protocol::{Code, Command};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn kept_on_disk(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("outbox-0.jsonl")).unwrap()
}

async fn signed_in_again(rig: &mut Rig) -> FarEnd {
    rig.at_work().await
}

#[tokio::test(start_paused = true)]
async fn offline_orders_are_answered_at_once_and_notes_are_kept() {
    let mut rig = Rig::new();
    let far = rig.at_work().await;
    rig.open.store(false, Ordering::SeqCst);
    drop(far);
    tokio::time::sleep(Duration::from_secs(1)).await;
    rig.order(2, note("called back"));
    rig.order(3, hold());
    rig.order(4, dispose());
    let result = rig.answer_of(3).await;
    assert!(result.is_err_and(|sentence| sentence.contains("cannot be reached")));

    rig.open.store(true, Ordering::SeqCst);
    let (mut far, _) = rig.resumed().await;
    let first = far.request().await;
    let want = Command::Note { interaction: "i1".into(), note: "called back".into() };
    assert_eq!(first.command, want);
    let second = far.request().await;
    assert!(matches!(second.command, Command::Dispose { .. }));
    far.ok(first.id, json!({})).await;
    far.ok(second.id, json!({})).await;
    assert_eq!(rig.answer_of(2).await, Ok(()));
    assert_eq!(rig.answer_of(4).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn what_is_said_in_a_chat_offline_is_delivered_in_its_order() {
    let mut rig = Rig::new();
    let far = rig.at_work().await;
    rig.open.store(false, Ordering::SeqCst);
    drop(far);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let say =
        |text: &str| Order::Chat { ask: ChatAsk::Say { chat: "c1".into(), text: text.into() } };
    rig.order(2, say("one"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    rig.order(3, say("two"));
    rig.order(4, Order::Chat { ask: ChatAsk::End { chat: "c1".into() } });
    assert!(rig.answer_of(4).await.is_err(), "the end needs the centre");
    assert!(kept_on_disk(rig.dir.path()).contains("two"), "a crash would not lose it");
    rig.open.store(true, Ordering::SeqCst);
    let (mut far, _) = rig.resumed().await;
    let (one, two) = (far.request().await, far.request().await);
    assert_eq!(one.command, Command::ChatSay { chat: "c1".into(), text: "one".into() });
    far.refuse(one.id, Code::Internal, "The disk is full.").await;
    far.ok(two.id, json!({"seq": 2})).await;
    assert_eq!(far.request().await, one);
    far.ok(one.id, json!({"seq": 3})).await;
    assert_eq!(rig.answer_of(3).await, Ok(()));
    assert_eq!(rig.answer_of(2).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_outbox_delivers_exactly_once_across_a_restart_of_the_client() {
    let mut rig = Rig::new();
    let dir = Arc::clone(&rig.dir);
    let mut far = rig.at_work().await;
    rig.order(2, dispose());
    // Sent, and the client dies before the centre's answer comes.
    let sent = far.request().await;
    drop((rig, far));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(kept_on_disk(dir.path()).contains(&sent.id.to_string()));

    let mut rig = Rig::in_dir(Arc::clone(&dir));
    let mut far = signed_in_again(&mut rig).await;
    let again = far.request().await;
    assert_eq!(again, sent, "the same UUID: the centre knows it and does nothing twice");
    far.ok(again.id, json!({})).await;
    // The answer is handled before the next order is sent.
    rig.order(3, hold());
    assert!(matches!(far.request().await.command, Command::Hold { .. }));
    drop((rig, far));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(kept_on_disk(dir.path()), "");

    let mut rig = Rig::in_dir(dir);
    let mut far = signed_in_again(&mut rig).await;
    rig.order(2, hold());
    let next = far.request().await.command;
    assert!(matches!(next, Command::Hold { .. }), "delivered a third time: {next:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_centre_will_never_take_is_dropped_with_its_reason() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    for (command, code) in [(2, Code::NotFound), (3, Code::Conflict)] {
        rig.order(command, dispose());
        let request = far.request().await;
        far.refuse(request.id, code, "It is disposed already.").await;
        assert_eq!(rig.answer_of(command).await, Err("It is disposed already.".into()));
    }
    drop(far);
    let (mut far, _) = rig.resumed().await;
    rig.order(4, hold());
    assert!(matches!(far.request().await.command, Command::Hold { .. }));
}

#[tokio::test(start_paused = true)]
async fn what_the_centre_cannot_take_now_is_offered_again() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    rig.order(2, note("later"));
    let first = far.request().await;
    far.refuse(first.id, Code::Internal, "The disk is full.").await;
    let again = far.request().await;
    assert_eq!(again, first);
    far.ok(again.id, json!({})).await;
    assert_eq!(rig.answer_of(2).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_outbox_is_bounded() {
    let mut rig = Rig::new();
    let far = rig.at_work().await;
    rig.open.store(false, Ordering::SeqCst);
    drop(far);
    tokio::time::sleep(Duration::from_secs(1)).await;
    for n in 0..=200 {
        rig.order(100 + n, note("again"));
    }
    let result = rig.answer_of(300).await;
    assert!(result.is_err_and(|sentence| sentence.contains("Too many notes")));
}

#[tokio::test(start_paused = true)]
async fn another_agents_entries_wait_for_that_agent() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut rig = Rig::in_dir(Arc::clone(&dir));
    let far = rig.at_work().await;
    rig.open.store(false, Ordering::SeqCst);
    drop(far);
    rig.order(2, note("of agent1"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    drop(rig);
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The same file, as if agent2 had written it.
    let path = dir.path().join("outbox-0.jsonl");
    let text = kept_on_disk(dir.path()).replace("\"agent1\"", "\"agent2\"");
    std::fs::write(path, &text).unwrap();
    let mut rig = Rig::in_dir(Arc::clone(&dir));
    let mut far = rig.at_work().await;
    rig.order(2, hold());
    assert!(matches!(far.request().await.command, Command::Hold { .. }));
    assert_eq!(kept_on_disk(dir.path()), text);
}
