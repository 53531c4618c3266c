use omnibar_desk::{SessionView, SignInFault};
use omnibar_model::Secret;
use omnibar_tests::world::{Agent, PASSWORD, World};

async fn fault(agent: &Agent) -> SignInFault {
    let view = agent
        .until("a fault", |v| matches!(v.desk.session, SessionView::SignedOut { fault: Some(_) }))
        .await;
    match &view.desk.session {
        SessionView::SignedOut { fault: Some(fault) } => fault.clone(),
        other => panic!("{other:?}"),
    }
}

async fn let_in(agent: &Agent) {
    agent.until("the choice", |v| matches!(v.desk.session, SessionView::Choosing { .. })).await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_told_and_not_remembered() {
    let world = World::new();
    let agent = world.desktop("agent1");
    agent.sign_in(Some("wrong"), true, false);
    assert_eq!(fault(&agent).await, SignInFault::WrongCredentials);
    world.settle().await;
    assert!(agent.desktop().remembered.is_empty());

    agent.sign_in(Some(PASSWORD), true, false);
    let_in(&agent).await;
    world.settle().await;
    let desktop = agent.desktop();
    assert_eq!(desktop.vault, Some((agent.user.clone(), Secret::new(PASSWORD))));
    assert!(agent.view().remembered.password);
}

#[tokio::test(start_paused = true)]
async fn the_kept_password_is_used_when_none_is_typed() {
    let world = World::new();
    let agent = world.desktop("agent1");
    agent.sign_in(None, false, false);
    match fault(&agent).await {
        SignInFault::Refused { detail } => assert!(detail.contains("Type the password")),
        other => panic!("{other:?}"),
    }
    agent.sign_in(Some(PASSWORD), true, false);
    let_in(&agent).await;
    agent.ask(omnibar_desk::Ask::SignOut);
    let out = |v: &omnibar_contract::View| {
        matches!(v.desk.session, SessionView::SignedOut { fault: None })
    };
    agent.until("the sign-out", out).await;
    agent.sign_in(None, false, false);
    let_in(&agent).await;
}

#[tokio::test(start_paused = true)]
async fn a_second_desktop_may_take_over() {
    let world = World::new();
    let first = world.agent("agent1").await;
    let second = world.desktop("agent1");
    second.sign_in(Some(PASSWORD), false, false);
    assert_eq!(fault(&second).await, SignInFault::Elsewhere);
    second.sign_in(Some(PASSWORD), false, true);
    let_in(&second).await;
    assert_eq!(fault(&first).await, SignInFault::TakenOver);
}

#[tokio::test(start_paused = true)]
async fn a_centre_that_is_away_is_told_with_its_reason() {
    let world = World::new();
    world.kill_centre();
    let agent = world.desktop("agent1");
    agent.sign_in(Some(PASSWORD), false, false);
    match fault(&agent).await {
        SignInFault::Unreachable { detail } => assert!(detail.contains("cable"), "{detail}"),
        other => panic!("{other:?}"),
    }
    world.start_centre();
    agent.sign_in(Some(PASSWORD), false, false);
    let_in(&agent).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ran_out_offline_is_over() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    agent.plug(false);
    world.pass(std::time::Duration::from_secs(200)).await;
    agent.plug(true);
    assert_eq!(fault(&agent).await, SignInFault::Expired);
}
