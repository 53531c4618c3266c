use omnibar_desk::Ask;
use omnibar_model::{Cause, Destination, PhoneNumber};
use omnibar_tests::world::{CUSTOMER1, IVR, OUTSIDE, QUEUE, World};

#[tokio::test(start_paused = true)]
async fn to_a_queue_where_a_colleague_takes_the_customer() {
    let world = World::new();
    let first = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    first.answer().await;
    first.ask(Ask::Transfer { interaction: None, to: Destination::Queue(QUEUE.into()) });
    let call = first.wrapping().await;
    assert_eq!(call.interaction.cause, Some(Cause::Transferred));
    world.settle().await;
    assert!(world.switch().has(&customer.leg), "the customer waits");
    assert!(!first.headset().microphone);
    let second = world.agent("agent2").await;
    second.answer().await;
    assert!(world.switch().heard_by(&customer.leg).contains(&world.voice_of(&second.user)));
}

#[tokio::test(start_paused = true)]
async fn to_an_outside_number() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    let to = Destination::Number(PhoneNumber::parse(OUTSIDE).unwrap());
    agent.ask(Ask::Transfer { interaction: None, to });
    agent.wrapping().await;
    let outside = world.answers();
    world.settle().await;
    assert!(world.switch().heard_by(&customer.leg).contains(&outside));
    agent.dispose();
    agent.no_calls().await;
    assert!(world.switch().heard_by(&customer.leg).contains(&outside), "they go on without him");
}

#[tokio::test(start_paused = true)]
async fn to_a_menu() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    agent.ask(Ask::Transfer { interaction: None, to: Destination::Ivr(IVR.into()) });
    agent.wrapping().await;
    let menu = world.answers();
    world.settle().await;
    assert!(world.switch().heard_by(&customer.leg).contains(&menu));
}
