use omnibar_desk::{Alert, Ask, Sound};
use omnibar_model::{AgentState, Conversation, Direction};
use omnibar_tests::world::{CUSTOMER1, World};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn from_ring_to_disposition() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);

    assert_eq!(agent.offered().await, customer.id);
    agent.until_state(AgentState::Busy).await;
    assert!(agent.headset().ringing);
    let call = agent.view().desk.calls[0].clone();
    assert!(call.can.accept && call.can.reject && !call.can.hold);
    assert_eq!(call.interaction.direction, Direction::Inbound);
    assert_eq!(call.interaction.queue, Some("support".into()));
    assert_eq!(call.interaction.customer.number.map(|n| n.to_string()), Some(CUSTOMER1.into()));
    let rang = |alert: &Alert| matches!(alert, Alert::IncomingCall { .. });
    assert_eq!(agent.desktop().alerts.iter().filter(|a| rang(a)).count(), 1);

    agent.ask(Ask::Accept { interaction: None });
    agent.connected().await;
    world.settle().await;
    let headset = agent.headset();
    assert!(!headset.ringing && headset.microphone && headset.in_call);
    assert!(headset.played.contains(&Sound::Answered));
    assert!(agent.desktop().in_call, "system-wide keys are taken");
    let heard = world.switch().heard_by(&customer.leg);
    assert!(heard.contains(&world.voice_of(&agent.user)), "they hear each other");

    world.pass(Duration::from_secs(90)).await;
    agent.ask(Ask::End { interaction: None });
    agent.wrapping().await;
    world.settle().await;
    assert!(!agent.headset().microphone && !agent.desktop().in_call);
    assert!(!world.switch().has(&customer.leg), "the customer's call is ended");

    agent.dispose();
    agent.no_calls().await;
    agent.until_state(AgentState::Available).await;
    assert_eq!(world.closed().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_microphone_is_open_from_the_press_on() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.offered().await;
    world.kill_centre_after_next_command();
    agent.ask(Ask::Accept { interaction: None });
    world.settle().await;
    assert!(agent.headset().microphone, "before the centre has answered");
    let conversation = agent.view().desk.calls[0].interaction.conversation;
    assert!(matches!(conversation, Conversation::Offered { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_call_goes_to_a_colleague() {
    let world = World::new();
    let first = world.agent("agent1").await;
    world.pass(Duration::from_secs(1)).await;
    let second = world.agent("agent2").await;
    let customer = world.customer(CUSTOMER1);
    assert_eq!(first.offered().await, customer.id);
    assert!(second.view().desk.calls.is_empty(), "offered to one agent at a time");
    first.ask(Ask::Reject { interaction: None });
    first.no_calls().await;
    assert!(!first.headset().ringing);
    second.answer().await;
}

#[tokio::test(start_paused = true)]
async fn a_customer_who_gives_up_stops_the_ringing() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.offered().await;
    world.hangs_up(&customer);
    agent.no_calls().await;
    world.settle().await;
    assert!(!agent.headset().ringing);
    agent.until_state(AgentState::Available).await;
}
