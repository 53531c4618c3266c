use omnibar_desk::{Alert, Ask};
use omnibar_model::{AgentState, Presence};
use omnibar_tests::world::{CUSTOMER1, World};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn an_offer_that_is_not_taken_goes_on_and_is_shown_as_missed() {
    let world = World::new();
    let first = world.agent("agent1").await;
    world.pass(Duration::from_secs(1)).await;
    let second = world.agent("agent2").await;
    let customer = world.customer(CUSTOMER1);
    assert_eq!(first.offered().await, customer.id);

    let missed = first.until("a missed call", |view| view.desk.missed.is_some()).await;
    first.until_state(AgentState::Missed).await;
    assert_eq!(missed.desk.missed.as_ref().map(|i| i.id.clone()), Some(customer.id.clone()));
    world.settle().await;
    assert!(!first.headset().ringing);
    let told = Alert::OfferGone { interaction: customer.id.clone(), missed: true };
    assert!(first.desktop().alerts.contains(&told));
    assert_eq!(second.offered().await, customer.id);

    // Whoever missed one gets no other until he says that he is there.
    second.ask(Ask::Reject { interaction: None });
    second.no_calls().await;
    world.settle().await;
    assert!(first.view().desk.calls.is_empty());
    first.ask(Ask::Dismiss);
    first.until("a clean screen", |view| view.desk.missed.is_none()).await;
    first.ask(Ask::SetPresence { presence: Presence::Available });
    assert_eq!(first.offered().await, customer.id);
}
