use crate::rig::{Rig, agent_changed, hold};
use futures_util::SinkExt;
use omnibar_desk::Link;
use omnibar_protocol::MAX_FRAME;
use omnibar_softphone::CentreEvent;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test(start_paused = true)]
async fn twenty_frames_of_nonsense_close_the_connection() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    let deep = "[".repeat(10_000);
    for n in 0..19 {
        far.text(match n % 6 {
            0 => "",
            1 => "{\"jsonrpc\":\"2.0\",\"method\":\"agent.fly\",\"seq\":1}",
            2 => "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{},\"error\":{}}",
            3 => "null",
            4 => "{\"seq\":-1,\"method\":\"agent.changed\",\"params\":{\"agent\":7}}",
            _ => deep.as_str(),
        })
        .await;
    }
    far.notify(1, agent_changed()).await;
    assert!(matches!(rig.event().await, CentreEvent::AgentChanged(_)), "19 are borne");
    let _ = far.0.send(Message::binary(vec![0u8; 10])).await;
    let lost = rig.event().await;
    assert!(matches!(lost, CentreEvent::LinkChanged(Link::Reconnecting { .. })));
    rig.resumed().await;
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_too_long_is_not_taken() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    let sending = tokio::spawn(async move {
        far.text("x".repeat(MAX_FRAME + 1)).await;
        far
    });
    let lost = rig.event().await;
    assert!(matches!(lost, CentreEvent::LinkChanged(Link::Reconnecting { .. })));
    rig.resumed().await;
    drop(sending.await);
}

#[tokio::test(start_paused = true)]
async fn answers_that_cannot_be_read_are_told_as_such() {
    let mut rig = Rig::new();
    let mut far = rig.let_in().await;
    rig.order(1, crate::rig::choose());
    let request = far.request().await;
    far.ok(request.id, json!({"breaks": "none"})).await;
    let result = rig.answer_of(1).await;
    assert!(result.is_err_and(|sentence| sentence.contains("could not be read")));
    rig.order(2, hold());
    let request = far.request().await;
    far.text(json!({"jsonrpc": "2.0", "id": request.id, "error": 7}).to_string()).await;
    let result = rig.answer_of(2).await;
    assert!(result.is_err_and(|sentence| sentence.contains("could not be read")));
}

#[tokio::test(start_paused = true)]
async fn answers_to_nothing_are_passed_over() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    for n in 0..50u128 {
        far.ok(uuid::Uuid::from_u128(n), json!({})).await;
    }
    far.notify(1, agent_changed()).await;
    assert!(matches!(rig.event().await, CentreEvent::AgentChanged(_)));
}

#[tokio::test(start_paused = true)]
async fn absurd_times_and_numbers_do_no_harm() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    let agent = json!({
        "state": {"state": "wrap_up", "left_ms": u64::MAX}, "since_ms": u64::MAX,
        "presence": {"state": "available"}, "next": null
    });
    let notification = json!({
        "jsonrpc": "2.0", "seq": u64::MAX - 1, "method": "agent.changed", "params": {"agent": agent}
    });
    far.text(notification.to_string()).await;
    assert!(matches!(rig.event().await, CentreEvent::AgentChanged(_)));
    far.notify(u64::MAX, agent_changed()).await;
    far.notify(3, crate::rig::snapshot(vec![])).await;
    assert!(matches!(rig.event().await, CentreEvent::AgentChanged(_)));
    assert!(matches!(rig.event().await, CentreEvent::Synchronised { .. }));
}
