use omnibar_desk::Ask;
use omnibar_model::{AgentState, Conversation};
use omnibar_tests::world::{CUSTOMER1, World};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn the_centre_disposes_when_the_time_is_over() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    world.hangs_up(&customer);
    let call = agent.wrapping().await;
    let Conversation::Wrapping { until: Some(until) } = call.interaction.conversation else {
        panic!("no limit: {:?}", call.interaction.conversation)
    };
    let left = until.since(agent.view().now);
    assert!(left > Duration::from_secs(29) && left <= Duration::from_secs(30), "{left:?}");
    let began = Instant::now();
    agent.no_calls().await;
    let took = began.elapsed();
    assert!(took > Duration::from_secs(29) && took < Duration::from_secs(31), "{took:?}");
    agent.until_state(AgentState::Available).await;
}

#[tokio::test(start_paused = true)]
async fn a_disposition_in_time_ends_it_at_once() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    world.hangs_up(&customer);
    agent.wrapping().await;
    let disposition = "no-such-code".into();
    agent.ask(Ask::Dispose { interaction: None, disposition, note: String::new(), callback: None });
    agent.until("a refusal", |view| view.desk.refusal.is_some()).await;
    agent.dispose();
    let began = Instant::now();
    agent.no_calls().await;
    assert!(began.elapsed() < Duration::from_secs(1));
}
