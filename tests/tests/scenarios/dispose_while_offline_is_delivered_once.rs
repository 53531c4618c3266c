use omnibar_desk::{Ask, Link, Verb};
use omnibar_model::AgentState;
use omnibar_protocol::Command;
use omnibar_tests::world::{CUSTOMER1, World};
use std::time::Duration;

fn dispositions(world: &World) -> usize {
    world.carried_out().iter().filter(|c| matches!(c, Command::Dispose { .. })).count()
}

#[tokio::test(start_paused = true)]
async fn what_was_disposed_offline_is_delivered_when_the_centre_is_back() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    world.hangs_up(&customer);
    agent.wrapping().await;
    agent.plug(false);
    agent.until("a lost link", |v| matches!(v.desk.link, Link::Reconnecting { .. })).await;
    agent.ask(Ask::Note { interaction: None, note: "wants a call back".into() });
    agent.dispose();
    let call = agent.until_call("waiting", |call| call.pending.len() == 2).await;
    assert_eq!(
        call.pending.iter().map(|p| p.verb).collect::<Vec<_>>(),
        [Verb::Note, Verb::Dispose]
    );
    world.pass(Duration::from_secs(12)).await;
    assert_eq!(agent.view().desk.refusal, None, "it waits as long as it takes");
    assert_eq!(dispositions(&world), 0);

    agent.plug(true);
    agent.no_calls().await;
    agent.until_state(AgentState::Available).await;
    assert_eq!(dispositions(&world), 1);
    let closed = world.closed();
    let seat = closed.first().and_then(|call| call.seats.first()).unwrap();
    assert_eq!(seat.note, "done");
}

#[tokio::test(start_paused = true)]
async fn it_survives_the_end_of_the_program() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    world.hangs_up(&customer);
    agent.wrapping().await;
    agent.plug(false);
    agent.until("a lost link", |v| matches!(v.desk.link, Link::Reconnecting { .. })).await;
    agent.dispose();
    agent.until_call("waiting", |call| !call.pending.is_empty()).await;
    let agent = agent.restarted().await;
    agent.go_to_work().await;
    assert_eq!(dispositions(&world), 1);
    // A restart, and nothing is delivered a second time.
    let agent = agent.restarted().await;
    agent.go_to_work().await;
    assert_eq!(dispositions(&world), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_does_not_dispose_twice() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    world.hangs_up(&customer);
    agent.wrapping().await;
    world.kill_centre_after_next_command();
    agent.dispose();
    agent.until("a lost link", |v| matches!(v.desk.link, Link::Reconnecting { .. })).await;
    world.start_centre();
    agent.no_calls().await;
    agent.until_state(AgentState::Available).await;
    assert_eq!(dispositions(&world), 1);
    assert_eq!(agent.view().desk.refusal, None);
}
