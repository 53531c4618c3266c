use crate::rig::{Rig, agent_changed, hold, snapshot};
use omnibar_contract::DirectoryEntry;
use omnibar_model::Destination;
use omnibar_protocol::{Code, Command, Notification};
use omnibar_softphone::{Centre as _, CentreEvent, VoiceSignal};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn an_order_is_answered_by_the_centre() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    rig.order(2, hold());
    let request = far.request().await;
    assert_eq!(request.command, Command::Hold { interaction: "i1".into(), leg: None });
    far.ok(request.id, json!({})).await;
    assert_eq!(rig.answer_of(2).await, Ok(()));
    rig.order(3, hold());
    let request = far.request().await;
    far.refuse(request.id, Code::Conflict, "It is on hold already.").await;
    assert_eq!(rig.answer_of(3).await, Err("It is on hold already.".into()));
}

#[tokio::test(start_paused = true)]
async fn news_of_the_centre_arrive_in_order_and_once() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    far.notify(1, snapshot(vec![])).await;
    far.notify(2, agent_changed()).await;
    far.notify(2, agent_changed()).await;
    far.notify(3, Notification::VoiceGone {}).await;
    assert!(matches!(rig.event().await, CentreEvent::Synchronised { .. }));
    assert!(matches!(rig.event().await, CentreEvent::AgentChanged(_)));
    assert!(matches!(rig.event().await, CentreEvent::VoiceGone));
}

#[tokio::test(start_paused = true)]
async fn voice_is_negotiated_and_a_newer_offer_replaces_an_older() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    rig.backend.signal(VoiceSignal::Offer("first".into()));
    let first = far.request().await;
    rig.backend.signal(VoiceSignal::Offer("second".into()));
    let second = far.request().await;
    far.ok(first.id, json!({"sdp": "answer to the first"})).await;
    far.ok(second.id, json!({"sdp": "answer"})).await;
    far.notify(1, Notification::VoiceCandidate { candidate: "candidate:1".into() }).await;
    let answer = VoiceSignal::Answer("answer".into());
    assert!(matches!(rig.event().await, CentreEvent::Signal(signal) if signal == answer));
    let candidate = VoiceSignal::Candidate("candidate:1".into());
    assert!(matches!(rig.event().await, CentreEvent::Signal(signal) if signal == candidate));

    rig.backend.signal(VoiceSignal::Candidate("candidate:2".into()));
    let request = far.request().await;
    assert_eq!(request.command, Command::VoiceCandidate { candidate: "candidate:2".into() });
    rig.backend.signal(VoiceSignal::Offer("third".into()));
    let third = far.request().await;
    far.refuse(third.id, Code::InvalidParams, "This SDP cannot be read.").await;
    match rig.event().await {
        CentreEvent::SignalFailed(reason) => assert_eq!(reason, "This SDP cannot be read."),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_is_answered_with_its_text() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    rig.backend.search("ag".into());
    let request = far.request().await;
    assert_eq!(request.command, Command::Search { text: "ag".into() });
    let entry = json!({
        "destination": {"kind": "agent", "id": "agent2"}, "name": "Agent Two", "available": true
    });
    far.ok(request.id, json!({"entries": [entry]})).await;
    match rig.event().await {
        CentreEvent::Found { text, entries } => {
            let want = DirectoryEntry {
                destination: Destination::Agent("agent2".into()),
                name: "Agent Two".into(),
                available: true,
            };
            assert_eq!((text.as_str(), entries), ("ag", vec![want]));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn history_comes_by_pages() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    rig.backend.history(Some("i9".into()));
    let request = far.request().await;
    assert_eq!(request.command, Command::History { before: Some("i9".into()), limit: 50 });
    far.ok(request.id, json!({"entries": []})).await;
    match rig.event().await {
        CentreEvent::History { before, entries } => {
            assert_eq!((before, entries), (Some("i9".into()), vec![]));
        }
        other => panic!("{other:?}"),
    }
}
