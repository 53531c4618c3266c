//! Callbacks on the whole floor: booked with a disposition, due, put off, taken.

use crate::floor::Floor;
use omnibar_center::core::CoreInput;
use omnibar_model::{
    AgentState, Booking, Callback, CallbackAct, CallbackId, Cause, Conversation, InteractionId,
    PhoneNumber,
};
use omnibar_protocol::{Code, Command};
use std::sync::Arc;

fn in_seconds(floor: &Floor, seconds: i64) -> i64 {
    i64::try_from(floor.now.as_millis()).unwrap() + seconds * 1000
}

fn booking(floor: &Floor, seconds: i64, own: bool) -> Booking {
    Booking { at: in_seconds(floor, seconds), number: None, own }
}

/// A customer of the support queue who has hung up on this agent.
fn wrapping(floor: &mut Floor, agent: &str) -> InteractionId {
    let (customer, id) = floor.connected(agent, "support");
    floor.hang_up(&customer, Cause::CustomerHungUp);
    id
}

fn dispose(id: &InteractionId, callback: Booking) -> Command {
    Command::Dispose {
        interaction: id.clone(),
        disposition: "callback".into(),
        note: "asks for the invoice".into(),
        callback: Some(callback),
    }
}

/// Booked by this agent after a call; who has him is ready again.
fn booked(floor: &mut Floor, agent: &str, seconds: i64, own: bool) -> CallbackId {
    let id = wrapping(floor, agent);
    let booking = booking(floor, seconds, own);
    floor.ask(agent, dispose(&id, booking));
    let of = |k: &&omnibar_center::callbacks::Kept| k.interaction.as_ref() == Some(&id);
    floor.kept.values().find(of).unwrap().id.clone()
}

fn act(callback: &CallbackId, act: CallbackAct) -> Command {
    Command::CallbackAct { callback: callback.clone(), act }
}

fn snooze(callback: &CallbackId) -> Command {
    act(callback, CallbackAct::Snooze { at: None, reason: String::new() })
}

fn cancel(callback: &CallbackId, reason: &str) -> Command {
    act(callback, CallbackAct::Cancel { reason: reason.into() })
}

fn sees<'a>(floor: &'a Floor, agent: &str, id: &CallbackId) -> Option<&'a Callback> {
    floor.callbacks.get(&(agent.into(), id.clone()))
}

fn is_due(floor: &Floor, agent: &str, id: &CallbackId) -> bool {
    sees(floor, agent, id).is_some_and(|c| c.due)
}

#[test]
fn a_callback_is_booked_with_the_disposition_and_due_at_its_time() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let id = booked(&mut floor, "agent1", 900, true);
    let seen = sees(&floor, "agent1", &id).unwrap();
    assert_eq!(seen.customer.name, "Nora Winter");
    assert_eq!(seen.customer.number, PhoneNumber::parse("+15550101").ok());
    assert_eq!((seen.note.as_str(), seen.booked_by.as_str()), ("asks for the invoice", "AGENT1"));
    assert!(seen.own && seen.mine && !seen.due);
    assert!(sees(&floor, "agent2", &id).is_none(), "it is agent1's own");
    assert!(floor.calls.is_empty(), "the interaction is disposed");
    floor.pass(899);
    assert!(!is_due(&floor, "agent1", &id));
    floor.pass(1);
    assert!(is_due(&floor, "agent1", &id));
    assert!(floor.dialled.is_empty(), "nothing dials by itself");
}

#[test]
fn what_cannot_be_booked_leaves_the_interaction_to_be_disposed() {
    let mut floor = Floor::with(&["agent1"]);
    let id = wrapping(&mut floor, "agent1");
    let hidden = PhoneNumber::parse("+15550199").unwrap().masked();
    for (at, number, code) in [
        (0, None, Code::InvalidParams),
        (-60, None, Code::InvalidParams),
        (367 * 86_400, None, Code::InvalidParams),
        (60, Some(hidden), Code::InvalidParams),
    ] {
        let booking = Booking { at: in_seconds(&floor, at), number, own: true };
        assert_eq!(floor.refused("agent1", dispose(&id, booking)), code, "{at}");
        let view = floor.view("agent1", &id);
        assert!(matches!(view.conversation, Conversation::Wrapping { .. }), "{at}");
        assert!(floor.kept.is_empty());
    }
    // Neither is a callback kept whose disposition is refused.
    let Command::Dispose { interaction, note, .. } = dispose(&id, booking(&floor, 60, true)) else {
        panic!()
    };
    let callback = Some(booking(&floor, 60, true));
    let unknown = Command::Dispose { interaction, disposition: "none".into(), note, callback };
    assert_eq!(floor.refused("agent1", unknown), Code::NotFound);
    assert!(floor.kept.is_empty());
}

#[test]
fn another_number_can_be_called_back_and_the_masked_one_is_the_customers() {
    let mut floor = Floor::with(&["agent1"]);
    let id = wrapping(&mut floor, "agent1");
    let other = PhoneNumber::parse("+15550188").unwrap();
    let at = in_seconds(&floor, 60);
    floor.ask("agent1", dispose(&id, Booking { at, number: Some(other.clone()), own: true }));
    assert_eq!(floor.kept.values().next().unwrap().number, other);
    let id = wrapping(&mut floor, "agent1");
    let masked = PhoneNumber::parse("+15550102").unwrap().masked();
    floor.ask("agent1", dispose(&id, Booking { at, number: Some(masked), own: true }));
    let numbers: Vec<&str> = floor.kept.values().map(|k| k.number.as_str()).collect();
    assert!(numbers.contains(&"+15550102"), "{numbers:?}");
}

#[test]
fn who_takes_it_dials_in_its_campaign_and_nobody_else_can() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let id = booked(&mut floor, "agent1", 60, false);
    assert!(sees(&floor, "agent2", &id).is_some(), "it is for anyone of the campaign");
    let dialled = floor.ask("agent2", act(&id, CallbackAct::Take));
    let interaction: InteractionId =
        serde_json::from_value(dialled["interaction"].clone()).unwrap();
    let view = floor.view("agent2", &interaction);
    assert_eq!((view.conversation, view.campaign.as_str()), (Conversation::Ringing, "support"));
    assert_eq!(view.customer.name, "Nora Winter");
    assert_eq!(floor.refused("agent1", act(&id, CallbackAct::Take)), Code::NotFound);
    assert!(sees(&floor, "agent1", &id).is_none() && sees(&floor, "agent2", &id).is_none());
    assert!(floor.kept.is_empty());
    assert_eq!(floor.dialled.len(), 1);
}

#[test]
fn an_own_callback_is_nobody_elses() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let id = booked(&mut floor, "agent1", 60, true);
    for command in [act(&id, CallbackAct::Take), snooze(&id), cancel(&id, "mine now")] {
        assert_eq!(floor.refused("agent2", command), Code::NotFound);
    }
    assert_eq!(floor.refused("agent1", cancel(&id, " ")), Code::InvalidParams);
    floor.ask("agent1", cancel(&id, "he has called himself"));
    assert!(floor.kept.is_empty() && sees(&floor, "agent1", &id).is_none());
}

#[test]
fn it_is_the_turn_of_who_is_ready_longest_and_then_of_the_next() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let id = booked(&mut floor, "agent1", 60, false);
    floor.pass(60);
    // agent1 is ready again only since the disposition.
    assert!(is_due(&floor, "agent2", &id) && !is_due(&floor, "agent1", &id));
    floor.pass(121);
    assert!(is_due(&floor, "agent1", &id) && !is_due(&floor, "agent2", &id));
    floor.ask("agent1", snooze(&id));
    assert!(!is_due(&floor, "agent1", &id) && !is_due(&floor, "agent2", &id));
    floor.pass(599);
    assert!(!is_due(&floor, "agent1", &id) && !is_due(&floor, "agent2", &id));
    floor.pass(1);
    assert!(is_due(&floor, "agent2", &id));
}

#[test]
fn nobody_is_ready_and_it_waits_for_the_first_who_is() {
    let mut floor = Floor::with(&["agent1"]);
    let id = booked(&mut floor, "agent1", 60, false);
    floor.ask("agent1", Command::PresenceSet { presence: omnibar_model::Presence::Offline });
    floor.pass(3600);
    assert!(!is_due(&floor, "agent1", &id));
    floor.sign_in("agent2");
    assert!(sees(&floor, "agent2", &id).is_some_and(|c| !c.due));
    floor.available("agent2");
    assert!(is_due(&floor, "agent2", &id));
    floor.ask("agent2", Command::SessionClose {});
    floor.available("agent1");
    assert!(is_due(&floor, "agent1", &id), "it goes on when its agent goes");
}

#[test]
fn an_own_callback_waits_for_its_agents_next_sign_in_also_over_a_restart() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let id = booked(&mut floor, "agent1", 60, true);
    floor.ask("agent1", Command::SessionClose {});
    floor.pass(7200);
    assert!(!is_due(&floor, "agent2", &id));
    let mut floor = floor.restarted(false);
    floor.sign_in("agent1");
    assert!(is_due(&floor, "agent1", &id), "shown at once");
    assert_eq!(floor.state("agent1"), AgentState::Break, "whatever he does");
    floor.ask("agent1", act(&id, CallbackAct::Take));
    assert_eq!(floor.dialled.len(), 1);
}

#[test]
fn a_campaign_that_masks_shows_no_number_and_dials_the_whole_one() {
    let mut floor = Floor::with(&["agent1"]);
    let id = booked(&mut floor, "agent1", 60, true);
    let mut setup = (**floor.core.setup()).clone();
    for rule in setup.campaigns.values_mut() {
        rule.campaign.mask_numbers = true;
    }
    floor.input(CoreInput::Setup(Arc::new(setup))).unwrap();
    let shown = sees(&floor, "agent1", &id).unwrap().customer.number.clone().unwrap();
    assert_eq!(shown.as_str(), "******0101");
    floor.ask("agent1", act(&id, CallbackAct::Take));
    let dialled = format!("{:?}", floor.dialled[0].1);
    assert!(dialled.contains("01"), "{dialled}");
    assert!(!dialled.contains("******"), "{dialled}");
}

#[test]
fn callbacks_come_back_to_who_resumes() {
    let mut floor = Floor::with(&["agent1"]);
    let id = booked(&mut floor, "agent1", 60, true);
    let gone = CoreInput::Disconnected { connection: crate::floor::connection("agent1") };
    floor.input(gone).unwrap();
    floor.pass(90);
    let last = floor.core.session(&"agent1".into()).unwrap().seq;
    floor.callbacks.clear();
    floor.resume("agent1", last + 1);
    assert!(is_due(&floor, "agent1", &id), "the snapshot has it");
}

#[test]
fn one_agent_books_so_many_and_no_more() {
    let mut floor = Floor::with(&["agent1"]);
    let number = PhoneNumber::parse("+15550110").unwrap();
    let at = in_seconds(&floor, 3600);
    let book = |own| Command::CallbackBook {
        campaign: "support".into(),
        number: number.clone(),
        at,
        own,
        note: String::new(),
    };
    for _ in 0..omnibar_center::callbacks::OWN_MAX {
        floor.ask("agent1", book(true));
    }
    assert_eq!(floor.refused("agent1", book(true)), Code::Conflict);
    floor.ask("agent1", book(false));
    assert_eq!(floor.callbacks.len(), omnibar_center::callbacks::OWN_MAX + 1);
}
