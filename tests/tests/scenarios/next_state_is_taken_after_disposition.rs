use omnibar_desk::Ask;
use omnibar_model::{AgentState, Presence};
use omnibar_tests::world::{CUSTOMER1, CUSTOMER2, World};

#[tokio::test(start_paused = true)]
async fn a_break_that_was_chosen_in_a_call_begins_after_it() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    let lunch = Presence::Break { reason: "lunch".into() };
    agent.ask(Ask::SetPresence { presence: lunch.clone() });
    agent.until("the next state", |v| v.desk.presence.next == Some(lunch.clone())).await;
    assert_eq!(agent.view().desk.presence.state, AgentState::Busy);
    world.customer(CUSTOMER2);
    agent.ask(Ask::End { interaction: None });
    agent.wrapping().await;
    agent.dispose();
    agent.until_state(AgentState::Break).await;
    world.settle().await;
    let view = agent.view();
    assert_eq!((&view.desk.presence.chosen, &view.desk.presence.next), (&lunch, &None));
    assert!(view.desk.calls.is_empty(), "the one who waits is not offered");
    agent.ask(Ask::SetPresence { presence: Presence::Available });
    agent.offered().await;
}
