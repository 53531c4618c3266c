use omnibar_desk::{Ask, CallView};
use omnibar_model::{Destination, LegId, LegState, PartyKind, PhoneNumber};
use omnibar_tests::world::{Agent, CUSTOMER1, OUTSIDE, World};

fn leg(call: &CallView, kind: PartyKind) -> LegId {
    call.interaction.legs.iter().find(|l| l.party.kind == kind).unwrap().id.clone()
}

async fn until_leg(agent: &Agent, leg: &LegId, state: LegState) {
    agent
        .until_call("the leg", |call| {
            call.pending.is_empty()
                && call.interaction.legs.iter().any(|l| l.id == *leg && l.state == state)
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn three_hear_each_other_and_one_can_be_held_or_dropped() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    let to = Destination::Number(PhoneNumber::parse(OUTSIDE).unwrap());
    agent.ask(Ask::Consult { interaction: None, to });
    agent.held().await;
    let outside = world.answers();
    agent.until_call("an answer", |call| call.can.conference).await;
    agent.ask(Ask::Conference { interaction: None });
    let call = agent.until_call("a conference", |call| call.interaction.conference).await;
    let voice = world.voice_of(&agent.user);
    world.settle().await;
    let with_customer = world.switch().heard_by(&customer.leg);
    assert!(with_customer.contains(&voice) && with_customer.contains(&outside));

    let shown = leg(&call, PartyKind::Customer);
    agent.ask(Ask::Hold { interaction: None, leg: Some(shown.clone()) });
    until_leg(&agent, &shown, LegState::Held).await;
    world.settle().await;
    assert!(world.switch().heard_by(&customer.leg).is_empty());
    assert!(world.switch().heard_by(&outside).contains(&voice), "the others go on");

    agent.ask(Ask::Resume { interaction: None, leg: Some(shown.clone()) });
    until_leg(&agent, &shown, LegState::Connected).await;
    world.settle().await;
    assert_eq!(world.switch().heard_by(&customer.leg).len(), 2);

    let external = leg(&call, PartyKind::External);
    agent.ask(Ask::Drop { interaction: None, leg: external });
    agent.until_call("two of them", |call| !call.interaction.conference).await;
    world.settle().await;
    assert!(!world.switch().has(&outside));
    assert!(world.switch().heard_by(&customer.leg).contains(&voice));
}

#[tokio::test(start_paused = true)]
async fn the_others_go_on_when_the_agent_leaves() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    let to = Destination::Number(PhoneNumber::parse(OUTSIDE).unwrap());
    agent.ask(Ask::Consult { interaction: None, to });
    agent.held().await;
    let outside = world.answers();
    agent.until_call("an answer", |call| call.can.conference).await;
    agent.ask(Ask::Conference { interaction: None });
    agent.until_call("a conference", |call| call.interaction.conference).await;
    agent.ask(Ask::End { interaction: None });
    agent.wrapping().await;
    world.settle().await;
    assert!(world.switch().heard_by(&customer.leg).contains(&outside));
}
