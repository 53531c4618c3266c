use crate::rig::{CENTRE, Rig, opened, sign_in};
use omnibar_desk::{Link, SignInFault};
use omnibar_protocol::{Code, Notification, wire};
use omnibar_softphone::{Centre as _, CentreEvent};
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn an_agent_signs_in_chooses_and_signs_out() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    rig.backend.close();
    let request = far.request().await;
    assert_eq!(request.command, omnibar_protocol::Command::SessionClose {});
    far.ok(request.id, serde_json::json!({})).await;
    assert!(matches!(rig.news().await, CentreEvent::Ended(None)));
    assert!(far.any_request().await.is_none(), "the connection is closed");
}

#[tokio::test(start_paused = true)]
async fn the_choice_brings_the_lists_and_the_ice_servers() {
    let mut rig = Rig::new();
    let mut far = rig.let_in().await;
    rig.order(1, crate::rig::choose());
    far.select().await;
    let chosen = loop {
        if let CentreEvent::Chosen { ice_servers, .. } = rig.event().await {
            break ice_servers;
        }
    };
    assert_eq!(chosen[0].urls, ["stun:127.0.0.1:3478"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_centre_refuses_is_told_as_a_fault() {
    for (code, want) in [
        (Code::Unauthorised, SignInFault::WrongCredentials),
        (Code::SessionElsewhere, SignInFault::Elsewhere),
        (Code::TooMany, SignInFault::TooManyTries),
        (Code::Version, SignInFault::Version),
        (Code::Internal, SignInFault::Refused { detail: "Because.".into() }),
    ] {
        let mut rig = Rig::new();
        rig.sign_in();
        let mut far = rig.accept().await;
        let request = far.request().await;
        far.refuse(request.id, code, "Because.").await;
        match rig.event().await {
            CentreEvent::OpenFailed(fault) => assert_eq!(fault, want),
            other => panic!("{other:?}"),
        }
        assert!(rig.told().is_empty(), "no second try with a wrong password");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_address_a_missing_password_and_an_absent_centre_are_told() {
    let mut rig = Rig::new();
    rig.backend.open(sign_in("ftp://centre.test"));
    assert!(matches!(rig.event().await, CentreEvent::OpenFailed(SignInFault::BadAddress)));
    let mut without = sign_in(CENTRE);
    without.password = None;
    rig.backend.open(without);
    match rig.event().await {
        CentreEvent::OpenFailed(SignInFault::Refused { detail }) => {
            assert!(detail.contains("Type the password"), "{detail}");
        }
        other => panic!("{other:?}"),
    }
    rig.open.store(false, Ordering::SeqCst);
    rig.sign_in();
    match rig.event().await {
        CentreEvent::OpenFailed(SignInFault::Unreachable { detail }) => {
            assert_eq!(detail, "The cable is out. Put it in.");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_centre_that_never_answers_the_sign_in_is_given_up() {
    let mut rig = Rig::new();
    rig.sign_in();
    let mut far = rig.accept().await;
    far.request().await;
    match rig.event().await {
        CentreEvent::OpenFailed(SignInFault::Unreachable { detail }) => {
            assert!(detail.contains("did not answer"), "{detail}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_can_be_given_up() {
    let mut rig = Rig::new();
    rig.sign_in();
    let mut far = rig.accept().await;
    let request = far.request().await;
    rig.backend.close();
    assert!(matches!(rig.event().await, CentreEvent::Ended(None)));
    far.ok(request.id, opened(false)).await;
    rig.sign_in();
    let mut far = rig.accept().await;
    far.let_in().await;
    assert!(matches!(rig.event().await, CentreEvent::LinkChanged(Link::Up)));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_has_its_reason_and_is_not_resumed() {
    for (reason, want) in [
        (wire::SessionEnd::SignedOut, None),
        (wire::SessionEnd::TakenOver, Some(SignInFault::TakenOver)),
        (wire::SessionEnd::Expired, Some(SignInFault::Expired)),
        (wire::SessionEnd::Removed, Some(SignInFault::Removed)),
    ] {
        let mut rig = Rig::new();
        let mut far = rig.at_work().await;
        far.notify(1, Notification::SessionEnded { reason }).await;
        match rig.event().await {
            CentreEvent::Ended(fault) => assert_eq!(fault, want),
            other => panic!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(rig.told().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_that_is_not_answered_ends_all_the_same() {
    let mut rig = Rig::new();
    let mut far = rig.at_work().await;
    rig.backend.close();
    far.request().await;
    assert!(matches!(rig.news().await, CentreEvent::Ended(None)));
}
