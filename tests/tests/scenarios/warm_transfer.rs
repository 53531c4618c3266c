use omnibar_center::switch::Feed;
use omnibar_desk::Ask;
use omnibar_model::{Cause, Destination, LegState, PhoneNumber};
use omnibar_tests::world::{Agent, CUSTOMER1, OUTSIDE, World};

fn consult_answered(agent: &Agent) -> impl Future<Output = omnibar_desk::CallView> {
    agent.until_call("the consulted party", |call| {
        call.interaction.legs.iter().any(|l| l.consult && l.state == LegState::Connected)
    })
}

#[tokio::test(start_paused = true)]
async fn a_colleague_is_asked_first_and_then_takes_the_customer() {
    let world = World::new();
    let first = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    first.answer().await;
    let second = world.agent("agent2").await;
    let to = Destination::Agent("agent2".into());
    first.ask(Ask::Consult { interaction: None, to });
    second.answer().await;
    let call = consult_answered(&first).await;
    assert!(call.can.complete && call.can.conference);
    let (voice1, voice2) = (world.voice_of(&first.user), world.voice_of(&second.user));
    assert_eq!(world.switch().feed(&customer.leg), Feed::Music);
    assert!(world.switch().heard_by(&voice1).contains(&voice2), "the agents talk");
    assert!(!world.switch().heard_by(&voice1).contains(&customer.leg));

    first.ask(Ask::Complete { interaction: None });
    let call = first.wrapping().await;
    assert_eq!(call.interaction.cause, Some(Cause::Transferred));
    assert!(world.switch().heard_by(&customer.leg).contains(&voice2), "handed over");
    assert!(!world.switch().heard_by(&customer.leg).contains(&voice1));
    first.dispose();
    first.no_calls().await;
    second.ask(Ask::End { interaction: None });
    second.wrapping().await;
    assert!(!world.switch().has(&customer.leg));
}

#[tokio::test(start_paused = true)]
async fn an_outside_number_can_be_consulted_and_dropped() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    let to = Destination::Number(PhoneNumber::parse(OUTSIDE).unwrap());
    agent.ask(Ask::Consult { interaction: None, to });
    agent
        .until_call("ringing", |call| {
            call.interaction.legs.iter().any(|l| l.consult && l.state == LegState::Ringing)
        })
        .await;
    let outside = world.answers();
    let call = consult_answered(&agent).await;
    let leg = call.interaction.legs.iter().find(|l| l.consult).unwrap().id.clone();
    agent.ask(Ask::Drop { interaction: None, leg });
    agent.until_call("nobody consulted", |call| !call.can.complete).await;
    world.settle().await;
    assert!(!world.switch().has(&outside));
    agent.ask(Ask::Resume { interaction: None, leg: None });
    agent.connected().await;
    assert!(!world.switch().heard_by(&customer.leg).is_empty(), "back to the customer");
}

#[tokio::test(start_paused = true)]
async fn a_consultation_that_nobody_answers_leaves_the_customer_held() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    let to = Destination::Number(PhoneNumber::parse(OUTSIDE).unwrap());
    agent.ask(Ask::Consult { interaction: None, to });
    agent.held().await;
    world.fails(Cause::Busy);
    agent
        .until_call("busy", |call| {
            let busy = LegState::Ended { cause: Cause::Busy };
            call.interaction.legs.iter().any(|l| l.state == busy)
        })
        .await;
    assert!(world.switch().has(&customer.leg));
    agent.ask(Ask::Resume { interaction: None, leg: None });
    agent.connected().await;
}
