use crate::floor::{Floor, set};
use omnibar_center::core::{CoreInput, News};
use omnibar_center::switch::{Arrival, LegStatus, SwitchEvent};
use omnibar_model::{Cause, Conversation, InteractionId, LegId, PhoneNumber};
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
fn what_is_dialled_while_a_new_switch_says_what_it_has_is_not_lost() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (_, old) = floor.connected("agent1", "support");
    floor.core.switch_asked();
    let number = PhoneNumber::parse("+15550177").unwrap();
    let dialled = floor.ask("agent2", Command::Dial { campaign: "outreach".into(), number });
    let new: InteractionId = serde_json::from_value(dialled["interaction"].clone()).unwrap();
    floor.input(CoreInput::SwitchListed { legs: Vec::new() }).unwrap();
    assert_eq!(floor.view("agent1", &old).cause, Some(Cause::SwitchLost));
    assert_eq!(floor.view("agent2", &new).cause, None);
    let customer = floor.answered();
    assert_eq!(floor.view("agent2", &new).conversation, Conversation::Connected);
    assert!(floor.legs.contains_key(&customer), "nobody hung up on him");
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

#[test]
fn a_customer_whom_only_the_switch_knows_is_taken_note_of_and_a_stray_leg_is_closed() {
    let mut floor = Floor::new();
    let (customer, stray) = (LegId::new("in-1"), LegId::new("leg-1"));
    let arrival = Arrival { number: None, name: "customer1".into(), wanted: "support".into() };
    let listed = [(&customer, Some(arrival.clone())), (&stray, None)];
    let legs = listed
        .map(|(leg, arrival)| {
            floor.legs.insert(leg.clone(), true);
            LegStatus { leg: leg.clone(), up: true, arrival }
        })
        .to_vec();
    floor.input(CoreInput::SwitchListed { legs }).unwrap();
    assert_eq!(floor.found, [(customer.clone(), arrival)]);
    assert_eq!(floor.legs.keys().collect::<Vec<_>>(), [&customer]);
}

#[test]
fn a_leg_that_an_agent_brings_to_the_switch_himself_is_his_voice() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    let leg = floor.leg_of("agent1");
    let gone = SwitchEvent::Gone { leg: leg.clone(), cause: Cause::MediaFailed };
    floor.input(CoreInput::Switch(gone)).unwrap();
    assert_eq!(floor.hears(&customer), set([]));
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Connected);
    floor.input(CoreInput::Switch(SwitchEvent::Up { leg: leg.clone() })).unwrap();
    assert_eq!(floor.hears(&customer), set([&leg]));
}
