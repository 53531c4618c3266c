use crate::floor::{Floor, set};
use omnibar_center::core::News;
use omnibar_model::{Cause, Conversation};
use omnibar_protocol::Command;

#[test]
fn a_centre_that_restarts_takes_up_calls_that_its_switch_kept() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id) = floor.connected("agent1", "support");
    let mut floor = floor.restarted(true);
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent1")]), "the voice went on");
    floor.resume("agent1", 0);
    assert!(floor.news.iter().any(|(_, n)| matches!(n, News::Snapshot { .. })));
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Connected);
    floor.ask("agent1", Command::Hold { interaction: id.clone(), leg: None });
    floor.ask("agent1", Command::Resume { interaction: id, leg: None });
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent1")]));
}

#[test]
fn calls_that_the_switch_lost_end_and_say_so() {
    let mut floor = Floor::with(&["agent1"]);
    let (_, id) = floor.connected("agent1", "support");
    let mut floor = floor.restarted(false);
    floor.resume("agent1", 0);
    let view = floor.view("agent1", &id);
    assert!(matches!(view.conversation, Conversation::Wrapping { .. }));
    assert_eq!(view.cause, Some(Cause::SwitchLost));
}

#[test]
fn customers_who_waited_still_wait_after_a_restart() {
    let mut floor = Floor::new();
    floor.call("support");
    let mut floor = floor.restarted(true);
    floor.sign_in("agent1");
    floor.available("agent1");
    assert!(floor.offer("agent1").is_some());
}
