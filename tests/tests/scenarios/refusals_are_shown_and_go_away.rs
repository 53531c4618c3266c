use omnibar_desk::{Ask, Refusal, Verb};
use omnibar_model::Destination;
use omnibar_tests::world::{CUSTOMER1, World};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn what_makes_no_sense_is_refused_for_a_while() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    agent.ask(Ask::Hold { interaction: None, leg: None });
    let view = agent.until("a refusal", |view| view.desk.refusal.is_some()).await;
    assert_eq!(view.desk.refusal.as_ref().map(|r| &r.reason), Some(&Refusal::NoSuchCall));
    let began = Instant::now();
    agent.until("a clean screen", |view| view.desk.refusal.is_none()).await;
    let shown = began.elapsed();
    assert!(shown > Duration::from_secs(3) && shown < Duration::from_secs(15), "{shown:?}");
}

#[tokio::test(start_paused = true)]
async fn the_centres_no_is_shown_with_its_sentence_and_can_be_dismissed() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    let to = Destination::Agent("nobody".into());
    agent.ask(Ask::Consult { interaction: None, to });
    let view = agent.until("a refusal", |view| view.desk.refusal.is_some()).await;
    match view.desk.refusal.as_ref().map(|r| &r.reason) {
        Some(Refusal::Centre { verb: Verb::Consult, message }) => {
            assert!(message.ends_with('.'), "{message}");
        }
        other => panic!("{other:?}"),
    }
    agent.ask(Ask::Dismiss);
    agent.until("a clean screen", |view| view.desk.refusal.is_none()).await;
    agent.connected().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_without_the_centre_is_refused_at_once() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    agent.plug(false);
    world.settle().await;
    agent.ask(Ask::Hold { interaction: None, leg: None });
    let view = agent.until("a refusal", |view| view.desk.refusal.is_some()).await;
    assert_eq!(view.desk.refusal.as_ref().map(|r| &r.reason), Some(&Refusal::CentreAway));
}
