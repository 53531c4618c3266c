use omnibar_desk::{Ask, Link};
use omnibar_model::{AgentState, Conversation, VoicePath};
use omnibar_tests::world::{CUSTOMER1, World};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn voice_goes_on_and_state_comes_back() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    world.kill_centre();
    agent.until("a lost link", |v| matches!(v.desk.link, Link::Reconnecting { .. })).await;
    world.pass(Duration::from_secs(15)).await;
    let view = agent.view();
    let call = &view.desk.calls[0];
    assert_eq!(call.interaction.conversation, Conversation::Connected);
    assert_eq!(call.voice, VoicePath::Flowing);
    assert!(agent.headset().microphone && agent.headset().in_call);
    assert!(!world.switch().heard_by(&customer.leg).is_empty(), "they talk all the time");

    world.start_centre();
    agent.until("the link", |view| view.desk.link == Link::Up).await;
    agent.connected().await;
    agent.until_state(AgentState::Busy).await;
    assert!(!world.switch().heard_by(&customer.leg).is_empty());
    assert_eq!(agent.line().opened, 1, "the voice connection is the same");
    agent.ask(Ask::End { interaction: None });
    agent.wrapping().await;
    agent.dispose();
    agent.no_calls().await;
    agent.until_state(AgentState::Available).await;
}

#[tokio::test(start_paused = true)]
async fn a_softphone_that_is_started_again_finds_the_call() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    let agent = agent.restarted().await;
    assert!(world.switch().has(&customer.leg), "the customer is still there");
    agent.sign_in(Some(omnibar_tests::world::PASSWORD), false, false);
    agent.choose().await;
    assert_eq!(agent.connected().await.interaction.id, customer.id);
    world.settle().await;
    let heard = world.switch().heard_by(&customer.leg);
    assert!(heard.contains(&world.voice_of(&agent.user)), "they hear each other again");
}
