use omnibar_desk::{Ask, Link, Sound};
use omnibar_tests::world::{CUSTOMER1, World};

fn press(digits: &str) -> Ask {
    Ask::Dtmf { interaction: None, digits: digits.into() }
}

#[tokio::test(start_paused = true)]
async fn every_key_reaches_the_customer_in_order_with_an_echo() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    for digit in ["1", "2", "#"] {
        agent.ask(press(digit));
    }
    agent.until_call("the keys", |call| call.pending.is_empty()).await;
    world.settle().await;
    let sent: Vec<String> = world
        .switch()
        .digits()
        .iter()
        .map(|(leg, digits)| {
            assert_eq!(*leg, customer.leg);
            digits.clone()
        })
        .collect();
    assert_eq!(sent, ["1", "2", "#"]);
    assert!(agent.headset().played.ends_with(&[
        Sound::Digit('1'),
        Sound::Digit('2'),
        Sound::Digit('#')
    ]));
}

#[tokio::test(start_paused = true)]
async fn a_key_whose_answer_was_lost_is_not_sent_twice() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    world.kill_centre_after_next_command();
    agent.ask(press("5"));
    agent.until("a lost link", |v| matches!(v.desk.link, Link::Reconnecting { .. })).await;
    world.start_centre();
    agent.until("the link", |view| view.desk.link == Link::Up).await;
    agent.until_call("the key", |call| call.pending.is_empty()).await;
    assert_eq!(world.switch().digits().len(), 1);
    assert_eq!(agent.view().desk.refusal, None);
}
