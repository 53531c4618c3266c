use crate::floor::{Floor, set};
use omnibar_center::switch::Feed;
use omnibar_model::{AgentState, Cause, Conversation, Presence};
use omnibar_protocol::{Code, Command};

#[test]
fn the_agent_idle_longest_is_offered_the_call() {
    let mut floor = Floor::with(&["agent2", "agent1"]);
    floor.call("support");
    assert!(floor.offer("agent2").is_some());
    assert!(floor.offer("agent1").is_none());
    assert_eq!(floor.state("agent2"), AgentState::Busy);
}

#[test]
fn an_offer_not_taken_goes_on_and_marks_the_agent_missed() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let customer = floor.call("support");
    let id = floor.offer("agent1").unwrap().id;
    assert_eq!(floor.feed(&customer), Feed::Ringback);
    floor.pass(20);
    assert_eq!(floor.state("agent1"), AgentState::Missed);
    let last = floor.view("agent1", &id);
    assert_eq!((last.conversation, last.cause), (Conversation::Ended, Some(Cause::NoAnswer)));
    assert_eq!(floor.offer("agent2").unwrap().id, id);
    let late = Command::Accept { interaction: id };
    assert_eq!(floor.refused("agent1", late), Code::Conflict);
    floor.call("support");
    assert!(floor.offer("agent1").is_none(), "who has missed one takes none");
    floor.available("agent1");
    assert!(floor.offer("agent1").is_some());
}

#[test]
fn a_rejected_offer_goes_on_and_the_agent_stays_available() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    floor.call("support");
    let id = floor.offer("agent1").unwrap().id;
    floor.ask("agent1", Command::Reject { interaction: id.clone() });
    assert_eq!(floor.state("agent1"), AgentState::Available);
    assert_eq!(floor.view("agent1", &id).cause, Some(Cause::Rejected));
    assert!(floor.offer("agent2").is_some());
    floor.ask("agent2", Command::Reject { interaction: id.clone() });
    assert!(floor.offer("agent1").is_none(), "it rests before it comes round again");
    floor.pass(5);
    assert!(floor.offer("agent1").or(floor.offer("agent2")).is_some());
}

#[test]
fn the_more_important_queue_is_served_first_until_waiting_outweighs_it() {
    let mut floor = Floor::new();
    floor.sign_in("agent1");
    let old = floor.call("support");
    floor.pass(10);
    floor.call("priority");
    floor.available("agent1");
    assert_eq!(floor.offer("agent1").unwrap().queue, Some("priority".into()));

    let mut floor = Floor::new();
    floor.sign_in("agent1");
    floor.call("support");
    floor.pass(200);
    floor.call("priority");
    floor.available("agent1");
    assert_eq!(floor.offer("agent1").unwrap().queue, Some("support".into()));
    drop(old);
}

#[test]
fn a_customer_who_leaves_while_it_rings_abandons() {
    let mut floor = Floor::with(&["agent1"]);
    let customer = floor.call("support");
    let id = floor.offer("agent1").unwrap().id;
    floor.hang_up(&customer, Cause::CustomerHungUp);
    let last = floor.view("agent1", &id);
    assert_eq!((last.conversation, last.cause), (Conversation::Ended, Some(Cause::Abandoned)));
    assert_eq!(floor.state("agent1"), AgentState::Available, "he is to blame for nothing");
    assert!(floor.calls.is_empty());
    assert_eq!(floor.closed.len(), 1);
}

#[test]
fn a_customer_who_leaves_the_queue_is_kept_in_the_history() {
    let mut floor = Floor::new();
    let customer = floor.call("sales");
    assert_eq!(floor.feed(&customer), Feed::Music);
    floor.hang_up(&customer, Cause::CustomerHungUp);
    assert_eq!(floor.closed[0].seats[0].cause, Some(Cause::Abandoned));
}

#[test]
fn a_presence_chosen_while_busy_is_taken_after_the_last_disposition() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    let tea = Presence::Break { reason: "tea".into() };
    floor.ask("agent1", Command::PresenceSet { presence: tea });
    assert_eq!(floor.state("agent1"), AgentState::Busy);
    floor.hang_up(&customer, Cause::CustomerHungUp);
    assert!(matches!(floor.state("agent1"), AgentState::WrapUp { until: Some(_) }));
    floor.dispose("agent1", &id, "resolved");
    assert_eq!(floor.state("agent1"), AgentState::Break);
    let none = Presence::Break { reason: "no-such".into() };
    assert_eq!(floor.refused("agent1", Command::PresenceSet { presence: none }), Code::NotFound);
}

#[test]
fn agent_and_customer_hear_each_other_and_nobody_else() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (first, _) = floor.connected("agent1", "support");
    let (second, _) = floor.connected("agent2", "sales");
    let (ada, bruno) = (floor.leg_of("agent1"), floor.leg_of("agent2"));
    assert_eq!(floor.hears(&first), set([&ada]));
    assert_eq!(floor.hears(&ada), set([&first]));
    assert_eq!(floor.hears(&second), set([&bruno]));
}
