use crate::floor::{Floor, set};
use omnibar_center::core::CoreInput;
use omnibar_center::switch::{Feed, SwitchEvent, Target};
use omnibar_model::{
    Cause, Conversation, Destination, InteractionId, LegState, PartyKind, PhoneNumber,
};
use omnibar_protocol::{Code, Command};

fn number() -> Destination {
    Destination::Number(PhoneNumber::parse("+15550188").unwrap())
}

fn wrapped(floor: &Floor, agent: &str, id: &InteractionId) -> Option<Cause> {
    let view = floor.view(agent, id);
    assert!(matches!(view.conversation, Conversation::Wrapping { .. }), "{view:?}");
    view.cause
}

fn consult(floor: &mut Floor, to: Destination) -> (omnibar_model::LegId, InteractionId) {
    let (customer, id) = floor.connected("agent1", "support");
    floor.ask("agent1", Command::Consult { interaction: id.clone(), to });
    assert_eq!(floor.feed(&customer), Feed::Music);
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Held);
    (customer, id)
}

/// agent1 has consulted agent2, who talks with him.
fn consulting(floor: &mut Floor) -> (omnibar_model::LegId, InteractionId, InteractionId) {
    let (customer, id) = consult(floor, Destination::Agent("agent2".into()));
    let theirs = floor.offer("agent2").expect("an offer of his own").id;
    floor.ask("agent2", Command::Accept { interaction: theirs.clone() });
    (customer, id, theirs)
}

#[test]
fn a_cold_transfer_to_an_agent_offers_him_the_customer() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id) = floor.connected("agent1", "support");
    let to = Destination::Agent("agent2".into());
    floor.ask("agent1", Command::Transfer { interaction: id.clone(), to });
    assert_eq!(wrapped(&floor, "agent1", &id), Some(Cause::Transferred));
    assert_eq!(floor.feed(&customer), Feed::Ringback);
    let theirs = floor.offer("agent2").unwrap();
    assert_ne!(theirs.id, id);
    floor.ask("agent2", Command::Accept { interaction: theirs.id });
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent2")]));
}

#[test]
fn a_transferred_customer_whom_the_agent_does_not_take_goes_back_to_the_queue() {
    let mut floor = Floor::with(&["agent1", "agent2", "agent3"]);
    let (customer, id) = floor.connected("agent1", "support");
    let to = Destination::Agent("agent3".into());
    floor.ask("agent1", Command::Transfer { interaction: id, to });
    assert!(floor.offer("agent3").is_some());
    floor.pass(20);
    let offer = floor.offer("agent2").expect("another of the queue");
    assert_eq!(offer.queue, Some("support".into()));
    floor.ask("agent2", Command::Accept { interaction: offer.id });
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent2")]));
}

#[test]
fn a_cold_transfer_to_a_queue_goes_before_newcomers() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    floor.call("sales");
    let to = Destination::Queue("sales".into());
    floor.ask("agent1", Command::Transfer { interaction: id.clone(), to });
    floor.dispose("agent1", &id, "resolved");
    let offer = floor.offer("agent1").unwrap();
    floor.ask("agent1", Command::Accept { interaction: offer.id });
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent1")]));
}

#[test]
fn a_cold_transfer_to_the_ivr_is_sent_on_to_a_queue() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id) = floor.connected("agent1", "support");
    let to = Destination::Ivr("survey".into());
    floor.ask("agent1", Command::Transfer { interaction: id.clone(), to });
    assert_eq!(wrapped(&floor, "agent1", &id), Some(Cause::Transferred));
    assert_eq!(floor.dialled[0].1, Target::Ivr("survey".into()));
    let ivr = floor.answered();
    assert_eq!(floor.hears(&customer), set([&ivr]));
    floor
        .input(CoreInput::Switch(SwitchEvent::Chosen { leg: ivr.clone(), digits: "2".into() }))
        .unwrap();
    assert!(!floor.legs.contains_key(&ivr));
    assert_eq!(floor.offer("agent2").unwrap().queue, Some("sales".into()));
}

#[test]
fn an_ivr_choice_that_leads_nowhere_ends_the_call() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    floor.ask(
        "agent1",
        Command::Transfer { interaction: id, to: Destination::Ivr("survey".into()) },
    );
    let ivr = floor.answered();
    floor.input(CoreInput::Switch(SwitchEvent::Chosen { leg: ivr, digits: "9".into() })).unwrap();
    assert!(!floor.legs.contains_key(&customer));
}

#[test]
fn a_cold_transfer_to_a_number_rings_and_connects() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    floor.ask("agent1", Command::Transfer { interaction: id.clone(), to: number() });
    assert_eq!(floor.feed(&customer), Feed::Ringback);
    let other = floor.answered();
    assert_eq!(floor.hears(&customer), set([&other]));
    floor.dispose("agent1", &id, "resolved");
    floor.hang_up(&other, Cause::CustomerHungUp);
    assert!(!floor.legs.contains_key(&customer), "nobody is left to speak with");
    assert!(floor.calls.is_empty());
}

#[test]
fn a_number_that_is_busy_ends_a_cold_transfer() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    floor.ask("agent1", Command::Transfer { interaction: id, to: number() });
    let leg = floor.dialled[0].0.clone();
    floor.hang_up(&leg, Cause::Busy);
    assert!(!floor.legs.contains_key(&customer));
}

#[test]
fn a_warm_transfer_connects_the_customer_with_the_consulted_agent() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id, theirs) = consulting(&mut floor);
    let (ada, bruno) = (floor.leg_of("agent1"), floor.leg_of("agent2"));
    assert_eq!(floor.hears(&ada), set([&bruno]));
    assert_eq!(floor.feed(&customer), Feed::Music);
    let view = floor.view("agent2", &theirs);
    assert_eq!(view.customer.name, "Nora Winter");
    assert_eq!(view.legs[0].state, LegState::Held);
    assert_eq!(
        (view.legs[1].party.kind, view.legs[1].party.name.as_str()),
        (PartyKind::Agent, "AGENT1")
    );
    assert!(floor.view("agent1", &id).legs[1].consult);

    floor.ask("agent1", Command::Complete { interaction: id.clone() });
    assert_eq!(wrapped(&floor, "agent1", &id), Some(Cause::Transferred));
    assert_eq!(floor.hears(&customer), set([&bruno]));
    let view = floor.view("agent2", &theirs);
    assert_eq!(view.conversation, Conversation::Connected);
    assert!(view.connected_at.is_some());
    assert_eq!(view.legs.len(), 1);
    floor.hang_up(&customer, Cause::CustomerHungUp);
    assert_eq!(wrapped(&floor, "agent2", &theirs), Some(Cause::CustomerHungUp));
}

#[test]
fn a_warm_transfer_to_a_number_and_back_and_forth() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = consult(&mut floor, number());
    let ada = floor.leg_of("agent1");
    assert_eq!(floor.feed(&ada), Feed::Ringback);
    assert_eq!(
        floor.refused("agent1", Command::Complete { interaction: id.clone() }),
        Code::Conflict
    );
    let other = floor.answered();
    assert_eq!(floor.hears(&ada), set([&other]));
    floor.ask("agent1", Command::Resume { interaction: id.clone(), leg: Some(customer.clone()) });
    assert_eq!(floor.hears(&ada), set([&customer]));
    assert_eq!(floor.feed(&other), Feed::Music);
    floor.ask("agent1", Command::Resume { interaction: id.clone(), leg: Some(other.clone()) });
    assert_eq!(floor.hears(&ada), set([&other]));
    assert_eq!(floor.feed(&customer), Feed::Music);
    floor.ask("agent1", Command::Complete { interaction: id });
    assert_eq!(floor.hears(&customer), set([&other]));
}

#[test]
fn a_consulted_queue_offers_to_whoever_is_free() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id) = consult(&mut floor, Destination::Queue("sales".into()));
    assert_eq!(floor.view("agent1", &id).legs[1].party.kind, PartyKind::Queue);
    let theirs = floor.offer("agent2").unwrap().id;
    floor.ask("agent2", Command::Accept { interaction: theirs });
    floor.ask("agent1", Command::Complete { interaction: id });
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent2")]));
}

#[test]
fn a_consulted_ivr_is_heard_and_left() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = consult(&mut floor, Destination::Ivr("survey".into()));
    let ivr = floor.answered();
    let ada = floor.leg_of("agent1");
    assert_eq!(floor.hears(&ada), set([&ivr]));
    floor.ask("agent1", Command::Dtmf { interaction: id.clone(), digits: "1".into() });
    assert_eq!(floor.digits, [(ivr.clone(), "1".into())]);
    floor.ask("agent1", Command::Drop { interaction: id.clone(), leg: ivr.clone() });
    assert!(!floor.legs.contains_key(&ivr));
    assert_eq!(floor.feed(&customer), Feed::Music, "the customer waits until he is resumed");
    floor.ask("agent1", Command::Resume { interaction: id, leg: None });
    assert_eq!(floor.hears(&ada), set([&customer]));
}

#[test]
fn a_consultation_that_is_not_taken_leaves_the_customer_with_the_agent() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id) = consult(&mut floor, Destination::Agent("agent2".into()));
    floor.pass(20);
    let legs = &floor.view("agent1", &id).legs;
    assert_eq!(legs[1].state, LegState::Ended { cause: Cause::NoAnswer });
    floor.ask("agent1", Command::Resume { interaction: id, leg: None });
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent1")]));
}

#[test]
fn a_busy_colleague_cannot_be_consulted() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (_, id) = floor.connected("agent1", "support");
    floor.connected("agent2", "support");
    let to = Destination::Agent("agent2".into());
    assert_eq!(floor.refused("agent1", Command::Consult { interaction: id, to }), Code::Conflict);
}

#[test]
fn in_a_conference_all_hear_all_and_legs_are_held_and_dropped_one_by_one() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id, theirs) = consulting(&mut floor);
    floor.ask("agent1", Command::Conference { interaction: id.clone() });
    let (ada, bruno) = (floor.leg_of("agent1"), floor.leg_of("agent2"));
    assert_eq!(floor.hears(&customer), set([&ada, &bruno]));
    assert!(floor.view("agent1", &id).conference && floor.view("agent2", &theirs).conference);
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Connected);

    floor.ask("agent1", Command::Hold { interaction: id.clone(), leg: Some(customer.clone()) });
    assert_eq!(floor.feed(&customer), Feed::Music);
    assert_eq!(floor.hears(&ada), set([&bruno]));
    floor.ask("agent1", Command::Resume { interaction: id.clone(), leg: Some(customer.clone()) });
    assert_eq!(floor.hears(&customer), set([&ada, &bruno]));

    let seat = floor.view("agent1", &id).legs[1].id.clone();
    floor.ask("agent1", Command::Drop { interaction: id.clone(), leg: seat });
    assert_eq!(wrapped(&floor, "agent2", &theirs), Some(Cause::Dropped));
    assert_eq!(floor.hears(&customer), set([&ada]));
}

#[test]
fn a_conference_goes_on_when_the_agent_or_the_customer_leaves() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id, theirs) = consulting(&mut floor);
    floor.ask("agent1", Command::Conference { interaction: id.clone() });
    floor.ask("agent1", Command::End { interaction: id.clone() });
    assert_eq!(wrapped(&floor, "agent1", &id), Some(Cause::AgentHungUp));
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent2")]));
    floor.hang_up(&customer, Cause::CustomerHungUp);
    assert_eq!(wrapped(&floor, "agent2", &theirs), Some(Cause::CustomerHungUp));

    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id, theirs) = consulting(&mut floor);
    floor.ask("agent1", Command::Conference { interaction: id.clone() });
    floor.hang_up(&customer, Cause::CustomerHungUp);
    assert_eq!(floor.hears(&floor.leg_of("agent1")), set([&floor.leg_of("agent2")]));
    floor.ask("agent2", Command::End { interaction: theirs });
    assert!(wrapped(&floor, "agent1", &id).is_some());
}

#[test]
fn the_customer_hangs_up_while_the_agents_consult() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id, theirs) = consulting(&mut floor);
    floor.hang_up(&customer, Cause::CustomerHungUp);
    assert_eq!(wrapped(&floor, "agent1", &id), Some(Cause::CustomerHungUp));
    assert!(wrapped(&floor, "agent2", &theirs).is_some());
    assert!(floor.bridges.values().all(|legs| legs.len() < 2));
}

#[test]
fn ending_while_consulting_ends_it_all() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id) = consult(&mut floor, Destination::Agent("agent2".into()));
    floor.ask("agent1", Command::End { interaction: id.clone() });
    assert_eq!(wrapped(&floor, "agent1", &id), Some(Cause::AgentHungUp));
    assert!(!floor.legs.contains_key(&customer));
    assert!(floor.offer("agent2").is_none());
}
