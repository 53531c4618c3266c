use omnibar_desk::{Ask, Verb};
use omnibar_model::{Conversation, InteractionId, PhoneNumber};
use omnibar_tests::world::{Agent, CUSTOMER1, OUTSIDE, World};

async fn until_both(agent: &Agent, first: &InteractionId, held: bool) {
    let (one, other) = (Conversation::Held, Conversation::Connected);
    agent
        .until("one held, one talking", |view| {
            view.desk.calls.len() == 2
                && view.desk.calls.iter().all(|call| {
                    let want = if (call.interaction.id == *first) == held { one } else { other };
                    call.interaction.conversation == want && call.pending.is_empty()
                })
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn one_is_held_while_the_agent_talks_to_the_other() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    let first = agent.answer().await;
    let number = PhoneNumber::parse(OUTSIDE).unwrap();
    assert!(!agent.view().desk.can_dial, "not in the middle of a talk");
    agent.ask(Ask::Hold { interaction: None, leg: None });
    agent.held().await;
    agent.ask(Ask::Dial { number, campaign: None });
    agent.until("two calls", |view| view.desk.calls.len() == 2).await;
    let outside = world.answers();
    until_both(&agent, &first, true).await;
    world.settle().await;
    let voice = world.voice_of(&agent.user);
    assert!(world.switch().heard_by(&outside).contains(&voice));
    assert!(world.switch().heard_by(&customer.leg).is_empty());

    agent.ask(Ask::Resume { interaction: Some(first.clone()), leg: None });
    until_both(&agent, &first, false).await;
    world.settle().await;
    assert!(world.switch().heard_by(&customer.leg).contains(&voice));
    assert!(world.switch().heard_by(&outside).is_empty(), "the other one is held for it");
    assert_eq!(agent.view().desk.selected, Some(first.clone()));

    agent.ask(Ask::End { interaction: Some(first.clone()) });
    agent
        .until("the other one alone", |view| {
            view.desk.calls.iter().any(|call| {
                call.interaction.id == first
                    && matches!(call.interaction.conversation, Conversation::Wrapping { .. })
            })
        })
        .await;
    world.settle().await;
    assert!(world.switch().has(&outside), "ending one call leaves the other");
    let view = agent.view();
    let no_ends = view.desk.calls.iter().all(|c| c.pending.iter().all(|p| p.verb != Verb::End));
    assert!(no_ends);
}
