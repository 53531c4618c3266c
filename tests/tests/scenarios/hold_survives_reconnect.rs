use omnibar_center::switch::Feed;
use omnibar_desk::{Alert, Ask, Link};
use omnibar_model::Conversation;
use omnibar_protocol::Command;
use omnibar_tests::world::{CUSTOMER1, World};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_held_call_is_still_held_after_the_cable_was_out() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    agent.ask(Ask::ToggleHold { interaction: None });
    agent.held().await;
    assert_eq!(world.switch().feed(&customer.leg), Feed::Music);
    assert!(world.switch().heard_by(&customer.leg).is_empty());

    agent.plug(false);
    agent.until("a lost link", |v| matches!(v.desk.link, Link::Reconnecting { .. })).await;
    let view = agent.view();
    assert_eq!(view.desk.calls[0].interaction.conversation, Conversation::Held);
    assert!(!view.desk.calls[0].can.resume, "nothing can be ordered now");
    world.pass(Duration::from_secs(20)).await;
    agent.plug(true);
    agent.until("the link", |view| view.desk.link == Link::Up).await;
    assert_eq!(agent.view().desk.calls[0].interaction.conversation, Conversation::Held);
    assert!(agent.desktop().alerts.ends_with(&[Alert::CentreLost, Alert::CentreBack]));

    agent.ask(Ask::ToggleHold { interaction: None });
    agent.connected().await;
    assert!(!world.switch().heard_by(&customer.leg).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_hold_whose_answer_was_lost_is_done_once() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    world.kill_centre_after_next_command();
    agent.ask(Ask::Hold { interaction: None, leg: None });
    agent.until("a lost link", |v| matches!(v.desk.link, Link::Reconnecting { .. })).await;
    world.start_centre();
    agent.held().await;
    let holds = world.carried_out().into_iter().filter(|c| matches!(c, Command::Hold { .. }));
    assert_eq!(holds.count(), 1);
    assert_eq!(agent.view().desk.refusal, None);
}
