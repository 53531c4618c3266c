use omnibar_desk::Ask;
use omnibar_tests::world::{CUSTOMER1, World};

#[tokio::test(start_paused = true)]
async fn muting_needs_no_centre_and_stays_through_hold() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    world.settle().await;
    let before = world.carried_out().len();
    agent.ask(Ask::ToggleMute);
    agent.until("mute", |view| view.desk.muted).await;
    assert!(!agent.headset().microphone);
    assert_eq!(world.carried_out().len(), before, "the centre is not asked");

    agent.ask(Ask::Hold { interaction: None, leg: None });
    agent.held().await;
    agent.ask(Ask::Resume { interaction: None, leg: None });
    agent.connected().await;
    world.settle().await;
    assert!(agent.view().desk.muted && !agent.headset().microphone);

    agent.plug(false);
    agent.ask(Ask::ToggleMute);
    agent.until("the microphone", |view| !view.desk.muted).await;
    world.settle().await;
    assert!(agent.headset().microphone, "also while the centre is away");
}

#[tokio::test(start_paused = true)]
async fn the_next_call_is_not_muted() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    agent.ask(Ask::Mute { on: true });
    agent.until("mute", |view| view.desk.muted).await;
    agent.ask(Ask::End { interaction: None });
    agent.wrapping().await;
    agent.dispose();
    agent.no_calls().await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    world.settle().await;
    assert!(!agent.view().desk.muted && agent.headset().microphone);
}
