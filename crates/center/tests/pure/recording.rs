//! What is recorded of a call, and that a call never suffers from it.

use crate::floor::Floor;
use omnibar_center::calls::{Recording, RecordingNews};
use omnibar_center::core::CoreInput;
use omnibar_center::switch::SwitchEvent;
use omnibar_model::{Cause, Conversation, Destination, InteractionId, LegId};
use omnibar_protocol::{Code, Command};

fn closed(floor: &Floor, id: &InteractionId) -> Recording {
    floor.closed.iter().find(|c| c.id == *id).unwrap().recording
}

#[test]
fn the_customers_leg_is_recorded_once_over_hold_consult_and_transfer() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let customer = floor.call("support");
    let id = floor.offer("agent1").unwrap().id;
    assert!(floor.recorded.is_empty(), "nobody has been connected");
    assert!(!floor.view("agent1", &id).recording);
    floor.ask("agent1", Command::Accept { interaction: id.clone() });
    assert!(floor.view("agent1", &id).recording);

    floor.ask("agent1", Command::Hold { interaction: id.clone(), leg: None });
    assert!(floor.view("agent1", &id).recording, "music is recorded too");
    floor.ask("agent1", Command::Resume { interaction: id.clone(), leg: None });
    let to = Destination::Agent("agent2".into());
    floor.ask("agent1", Command::Consult { interaction: id.clone(), to });
    let second = floor.offer("agent2").unwrap().id;
    floor.ask("agent2", Command::Accept { interaction: second.clone() });
    assert!(!floor.view("agent2", &second).recording, "what colleagues say apart is theirs");
    floor.ask("agent1", Command::Complete { interaction: id.clone() });
    assert!(floor.view("agent2", &second).recording);
    assert!(!floor.view("agent1", &id).recording, "he has left");

    floor.hang_up(&customer, Cause::CustomerHungUp);
    assert!(!floor.view("agent2", &second).recording);
    assert_eq!(floor.recorded, [(customer, id.clone())], "one order, one file");
    floor.dispose("agent1", &id, "resolved");
    floor.dispose("agent2", &second, "resolved");
    assert_eq!(closed(&floor, &id), Recording::Ended);
    let call = &floor.closed[0];
    assert!(call.seats.iter().all(|seat| call.is_recorded(seat)));
}

#[test]
fn a_campaign_without_recording_has_none() {
    let mut floor = Floor::with(&["agent1"]);
    let number = omnibar_model::PhoneNumber::parse("+15550101").unwrap();
    floor.ask("agent1", Command::Dial { campaign: "outreach".into(), number });
    floor.answered();
    assert!(floor.recorded.is_empty());
    assert!(floor.shown.values().all(|i| !i.recording));
}

#[test]
fn a_call_whose_recording_is_refused_goes_on() {
    let mut floor = Floor::with(&["agent1"]);
    floor.recorder = RecordingNews::Refused;
    let (customer, id) = floor.connected("agent1", "support");
    assert!(!floor.view("agent1", &id).recording);
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Connected);
    assert!(floor.hears(&customer).contains(&floor.leg_of("agent1")));
    floor.ask("agent1", Command::Hold { interaction: id.clone(), leg: None });
    assert_eq!(floor.recorded.len(), 1, "not asked for again and again");
    floor.ask("agent1", Command::End { interaction: id.clone() });
    floor.dispose("agent1", &id, "resolved");
    assert_eq!(closed(&floor, &id), Recording::Failed);
    let call = &floor.closed[0];
    assert!(!call.is_recorded(&call.seats[0]));
}

#[test]
fn a_recording_that_ends_early_is_kept_and_the_dot_goes_out() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    let full = SwitchEvent::RecordingEnded { leg: customer.clone() };
    floor.input(CoreInput::Switch(full)).unwrap();
    assert!(!floor.view("agent1", &id).recording);
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Connected);
    floor.hang_up(&customer, Cause::CustomerHungUp);
    floor.dispose("agent1", &id, "resolved");
    assert_eq!(closed(&floor, &id), Recording::Ended);
}

#[test]
fn a_restarted_centre_goes_on_with_the_recording_of_its_switch() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    let mut floor = floor.restarted(true);
    // The same file of the same leg: the switch changes nothing.
    assert!(!floor.recorded.is_empty());
    assert!(floor.recorded.iter().all(|order| *order == (customer.clone(), id.clone())));
    floor.resume("agent1", 0);
    assert!(floor.view("agent1", &id).recording);
    floor.ask("agent1", Command::End { interaction: id.clone() });
    floor.dispose("agent1", &id, "resolved");
    assert_eq!(closed(&floor, &id), Recording::Ended);
}

#[test]
fn words_on_recordings_that_nobody_ordered_change_nothing() {
    let mut floor = Floor::with(&["agent1"]);
    let leg = floor.call("support");
    for news in [RecordingNews::Began, RecordingNews::Refused, RecordingNews::EndedEarly] {
        for leg in [leg.clone(), LegId::new("nobody")] {
            floor.input(CoreInput::Recording { leg, news }).unwrap();
        }
    }
    assert!(floor.calls.values().all(|c| c.recording == Recording::Off));
}

#[test]
fn an_agent_pauses_the_recording_and_is_shown_what_the_switch_does() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    let record = |on| Command::Record { interaction: id.clone(), on };
    let shown = |floor: &Floor| {
        let view = floor.view("agent1", &id);
        (view.recording, view.recording_paused)
    };
    assert_eq!(shown(&floor), (true, false));
    floor.ask("agent1", record(false));
    floor.ask("agent1", record(false));
    assert!(floor.paused.contains(&customer));
    assert_eq!(shown(&floor), (false, true));
    floor.ask("agent1", record(true));
    assert!(floor.paused.is_empty());
    assert_eq!(shown(&floor), (true, false));

    floor.pauses = false;
    floor.ask("agent1", record(false));
    assert_eq!(shown(&floor), (true, false), "the switch has not done it: nobody's screen lies");
    floor.pauses = true;
    floor.ask("agent1", record(false));
    assert_eq!(shown(&floor), (false, true), "asked again, it is done");
    floor.pauses = false;
    floor.ask("agent1", record(true));
    assert_eq!(shown(&floor), (false, true));
    floor.pauses = true;
    floor.ask("agent1", record(true));
    assert_eq!(shown(&floor), (true, false));
    assert_eq!(floor.recorded.len(), 1, "one file");
}

#[test]
fn a_pause_is_the_agents_who_made_it_and_ends_with_his_part() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, id) = floor.connected("agent1", "support");
    floor.ask("agent1", Command::Record { interaction: id.clone(), on: false });
    let to = Destination::Agent("agent2".into());
    floor.ask("agent1", Command::Transfer { interaction: id.clone(), to });
    let second = floor.offer("agent2").unwrap().id;
    floor.ask("agent2", Command::Accept { interaction: second.clone() });
    assert!(floor.paused.is_empty(), "the next conversation is recorded");
    assert!(floor.view("agent2", &second).recording);
    floor.hang_up(&customer, Cause::CustomerHungUp);
}

#[test]
fn what_is_not_recorded_cannot_be_paused() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let number = omnibar_model::PhoneNumber::parse("+15550101").unwrap();
    floor.ask("agent1", Command::Dial { campaign: "outreach".into(), number });
    floor.answered();
    let id = floor.shown.keys().next().unwrap().1.clone();
    let record = |on| Command::Record { interaction: id.clone(), on };
    for on in [false, true] {
        assert_eq!(floor.refused("agent1", record(on)), Code::Conflict);
        assert_eq!(floor.refused("agent2", record(on)), Code::NotFound, "not his call");
    }
}

#[test]
fn a_restarted_centre_keeps_a_pause_and_can_end_it() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    floor.ask("agent1", Command::Record { interaction: id.clone(), on: false });
    let mut floor = floor.restarted(true);
    floor.resume("agent1", 0);
    assert!(floor.view("agent1", &id).recording_paused);
    assert!(floor.paused.contains(&customer));
    floor.ask("agent1", Command::Record { interaction: id.clone(), on: true });
    assert!(floor.view("agent1", &id).recording && floor.paused.is_empty());
}
