use crate::rig::{Rig, agent_changed, hold, snapshot};
use omnibar_desk::{Link, SignInFault};
use omnibar_protocol::{Code, Command};
use omnibar_softphone::{Centre as _, CentreEvent, VoiceSignal};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_resumed_from_the_last_notification() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    for seq in 1..=4 {
        far.notify(seq, agent_changed()).await;
    }
    for _ in 1..=4 {
        assert!(matches!(rig.event().await, CentreEvent::AgentChanged(_)));
    }
    drop(far);
    let lost = rig.event().await;
    let at_once = Link::Reconnecting { attempt: 1, next_try_ms: 0 };
    assert!(matches!(lost, CentreEvent::LinkChanged(link) if link == at_once));
    let (mut far, last_seq) = rig.resumed().await;
    assert_eq!(last_seq, 4);
    far.notify(5, agent_changed()).await;
    assert!(matches!(rig.event().await, CentreEvent::AgentChanged(_)));
}

#[tokio::test(start_paused = true)]
async fn notifications_before_the_answer_to_the_resumption_are_not_lost() {
    let mut rig = Rig::new();
    let far = rig.at_work().await;
    drop(far);
    let mut far = rig.accept().await;
    let request = far.request().await;
    far.notify(1, agent_changed()).await;
    far.ok(request.id, crate::rig::opened(true)).await;
    assert!(matches!(rig.news().await, CentreEvent::Opened(_)));
    assert!(matches!(rig.event().await, CentreEvent::AgentChanged(_)));
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_asked_for_again_and_a_snapshot_closes_it() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    far.notify(1, agent_changed()).await;
    far.notify(3, agent_changed()).await;
    let (mut far, last_seq) = rig.resumed().await;
    assert_eq!(last_seq, 1);
    far.notify(9, snapshot(vec![])).await;
    far.notify(10, agent_changed()).await;
    assert!(matches!(rig.event().await, CentreEvent::Synchronised { .. }));
    assert!(matches!(rig.event().await, CentreEvent::AgentChanged(_)));
}

#[tokio::test(start_paused = true)]
async fn a_command_under_way_is_sent_again_with_its_uuid_once() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    rig.order(2, hold());
    let first = far.request().await;
    drop(far);
    let (mut far, _) = rig.resumed().await;
    assert_eq!(far.request().await, first);
    far.ok(first.id, json!({})).await;
    assert_eq!(rig.answer_of(2).await, Ok(()));
    rig.order(3, hold());
    assert_ne!(far.request().await.id, first.id, "nothing of it is left");
}

#[tokio::test(start_paused = true)]
async fn an_order_that_waited_too_long_is_not_carried_out_late() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    rig.order(2, hold());
    far.request().await;
    rig.open.store(false, Ordering::SeqCst);
    drop(far);
    tokio::time::sleep(Duration::from_secs(12)).await;
    rig.open.store(true, Ordering::SeqCst);
    let mut far = rig.accept().await;
    far.let_back_in().await;
    let result = rig.answer_of(2).await;
    assert!(result.is_err_and(|sentence| sentence.contains("before the centre answered")));
    rig.backend.search(String::new());
    assert_eq!(far.request().await.command, Command::Search { text: String::new() });
}

#[tokio::test(start_paused = true)]
async fn an_offer_of_voice_waits_for_the_connection() {
    let mut rig = Rig::new();
    let far = rig.at_work().await;
    drop(far);
    let mut far = rig.accept().await;
    rig.backend.signal(VoiceSignal::Offer("sdp".into()));
    rig.backend.signal(VoiceSignal::Candidate("candidate:1".into()));
    far.let_back_in().await;
    assert_eq!(far.request().await.command, Command::VoiceOffer { sdp: "sdp".into() });
    let candidate = Command::VoiceCandidate { candidate: "candidate:1".into() };
    assert_eq!(far.request().await.command, candidate);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_has_expired_meanwhile_is_over() {
    let mut rig = Rig::new();
    let far = rig.at_work().await;
    drop(far);
    let mut far = rig.accept().await;
    let request = far.request().await;
    far.refuse(request.id, Code::SessionExpired, "Sign in again.").await;
    let ended = rig.news().await;
    assert!(matches!(ended, CentreEvent::Ended(Some(SignInFault::Expired))));
}

#[tokio::test(start_paused = true)]
async fn a_centre_that_falls_silent_is_left_after_two_heartbeats() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    let silent = Instant::now();
    // Heartbeats arrive and are not answered.
    let ping = far.any_request().await.map(|r| r.command);
    assert_eq!(ping, Some(Command::Ping {}));
    let lost = rig.event().await;
    assert!(matches!(lost, CentreEvent::LinkChanged(Link::Reconnecting { .. })));
    let waited = silent.elapsed();
    assert!(waited >= Duration::from_secs(10) && waited < Duration::from_secs(11), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn answered_heartbeats_keep_the_connection() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    for _ in 0..20 {
        let ping = far.any_request().await.expect("the connection holds");
        assert_eq!(ping.command, Command::Ping {});
        far.ok(ping.id, json!({})).await;
    }
    assert!(rig.told().is_empty());
}
