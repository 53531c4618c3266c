use omnibar_desk::{Ask, replay};
use omnibar_tests::world::{Agent, CUSTOMER1, Page, World};

#[tokio::test(start_paused = true)]
async fn what_was_written_down_replays_byte_for_byte() {
    let world = World::new();
    let page = Page::default();
    let agent = Agent::with_transcript(&world, "agent1", page.clone());
    agent.go_to_work().await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    agent.ask(Ask::ToggleHold { interaction: None });
    agent.held().await;
    agent.plug(false);
    world.settle().await;
    agent.plug(true);
    agent.ask(Ask::End { interaction: None });
    world.settle().await;
    let shown = agent.view();
    agent.stop();
    let mut views = agent.doors.views();
    while views.changed().await.is_ok() {}
    let text = page.text();
    assert!(text.lines().count() > 10);
    assert_eq!(replay(&text).unwrap().snapshot(), shown.desk);
    assert!(agent.doors.post(omnibar_contract::Intent::Desk { ask: Ask::Dismiss }).is_err());
}
