use crate::floor::{Floor, connection, set};
use omnibar_center::core::CoreInput;
use omnibar_center::switch::{Feed, SwitchEvent};
use omnibar_model::{AgentState, Cause, Conversation, InteractionId, LegState, PhoneNumber};
use omnibar_protocol::{Code, Command};

fn dial(floor: &mut Floor, agent: &str) -> InteractionId {
    let number = PhoneNumber::parse("+15550177").unwrap();
    let dialled = floor.ask(agent, Command::Dial { campaign: "outreach".into(), number });
    serde_json::from_value(dialled["interaction"].clone()).unwrap()
}

#[test]
fn hold_plays_music_and_resume_brings_back() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    floor.ask("agent1", Command::Hold { interaction: id.clone(), leg: None });
    let view = floor.view("agent1", &id);
    assert_eq!((view.conversation, view.legs[0].state), (Conversation::Held, LegState::Held));
    assert_eq!(floor.feed(&customer), Feed::Music);
    assert_eq!(floor.feed(&floor.leg_of("agent1")), Feed::Silence);
    floor.pass(30);
    floor.ask("agent1", Command::Resume { interaction: id.clone(), leg: None });
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Connected);
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent1")]));
}

#[test]
fn a_held_customer_can_hang_up() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    floor.ask("agent1", Command::Hold { interaction: id.clone(), leg: None });
    floor.hang_up(&customer, Cause::CustomerHungUp);
    let view = floor.view("agent1", &id);
    assert!(matches!(view.conversation, Conversation::Wrapping { .. }));
    assert_eq!(view.cause, Some(Cause::CustomerHungUp));
}

#[test]
fn a_call_out_rings_is_answered_and_talked() {
    let mut floor = Floor::new();
    floor.sign_in("agent1");
    let id = dial(&mut floor, "agent1");
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Ringing);
    assert_eq!(floor.view("agent1", &id).customer.name, "Known Name");
    let ada = floor.leg_of("agent1");
    assert_eq!(floor.feed(&ada), Feed::Ringback);
    let customer = floor.answered();
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Connected);
    assert_eq!(floor.hears(&ada), set([&customer]));
    floor.ask("agent1", Command::Dtmf { interaction: id.clone(), digits: "1*#".into() });
    assert_eq!(floor.digits, [(customer, "1*#".into())]);
    let bad = Command::Dtmf { interaction: id, digits: "12x".into() };
    assert_eq!(floor.refused("agent1", bad), Code::InvalidParams);
}

#[test]
fn a_call_out_that_fails_says_why_and_is_wrapped_up() {
    for cause in [Cause::Busy, Cause::NoAnswer, Cause::Unreachable] {
        let mut floor = Floor::new();
        floor.sign_in("agent1");
        let id = dial(&mut floor, "agent1");
        let leg = floor.dialled[0].0.clone();
        floor.hang_up(&leg, cause);
        let view = floor.view("agent1", &id);
        assert!(matches!(view.conversation, Conversation::Wrapping { .. }));
        assert_eq!(view.cause, Some(cause));
        assert_eq!(floor.feed(&floor.leg_of("agent1")), Feed::Silence);
    }
}

#[test]
fn a_second_call_holds_the_first_and_resuming_one_holds_the_other() {
    let mut floor = Floor::with(&["agent1"]);
    let (first, one) = floor.connected("agent1", "support");
    let two = dial(&mut floor, "agent1");
    assert_eq!(floor.feed(&first), Feed::Music);
    assert_eq!(floor.view("agent1", &one).conversation, Conversation::Held);
    let second = floor.answered();
    let ada = floor.leg_of("agent1");
    assert_eq!(floor.hears(&ada), set([&second]));
    floor.ask("agent1", Command::Resume { interaction: one.clone(), leg: None });
    assert_eq!(floor.hears(&ada), set([&first]));
    assert_eq!(floor.feed(&second), Feed::Music);
    assert_eq!(floor.view("agent1", &two).conversation, Conversation::Held);
}

#[test]
fn one_dialled_who_answers_while_the_agent_is_elsewhere_hears_music() {
    let mut floor = Floor::with(&["agent1"]);
    let (first, one) = floor.connected("agent1", "support");
    let two = dial(&mut floor, "agent1");
    floor.ask("agent1", Command::Resume { interaction: one, leg: None });
    let second = floor.answered();
    assert_eq!(floor.hears(&floor.leg_of("agent1")), set([&first]));
    assert_eq!(floor.feed(&second), Feed::Music);
    assert_eq!(floor.view("agent1", &two).conversation, Conversation::Held);
}

#[test]
fn wrap_up_ends_at_its_limit_with_the_campaigns_default() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    floor.pass(33);
    floor.hang_up(&customer, Cause::CustomerHungUp);
    floor.ask("agent1", Command::Note { interaction: id.clone(), note: "typed".into() });
    floor.pass(120);
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Ended);
    assert_eq!(floor.state("agent1"), AgentState::Available);
    let seat = &floor.closed[0].seats[0];
    assert_eq!(seat.disposition, Some("not_disposed".into()));
    assert_eq!(seat.note, "typed");
    assert_eq!(seat.talk.as_secs(), 33);
}

#[test]
fn what_makes_no_sense_now_is_refused_and_changes_nothing() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (_, id) = floor.connected("agent1", "support");
    let i = || id.clone();
    let before = floor.calls.clone();
    for command in [
        Command::Complete { interaction: i() },
        Command::Conference { interaction: i() },
        Command::Dispose {
            interaction: i(),
            disposition: "resolved".into(),
            note: String::new(),
            callback: None,
        },
        Command::Accept { interaction: i() },
        Command::Reject { interaction: i() },
        Command::SessionClose {},
        Command::Transfer {
            interaction: i(),
            to: omnibar_model::Destination::Agent("agent1".into()),
        },
    ] {
        assert_eq!(floor.refused("agent1", command.clone()), Code::Conflict, "{command:?}");
    }
    for command in [
        Command::Drop { interaction: i(), leg: "no-such".into() },
        Command::Hold { interaction: i(), leg: Some("no-such".into()) },
        Command::Transfer { interaction: i(), to: omnibar_model::Destination::Queue("no".into()) },
        Command::Dial { campaign: "no".into(), number: PhoneNumber::parse("+15550101").unwrap() },
    ] {
        assert_eq!(floor.refused("agent1", command.clone()), Code::NotFound, "{command:?}");
    }
    let others = Command::End { interaction: i() };
    assert_eq!(floor.refused("agent2", others), Code::NotFound, "a call of somebody else");
    assert_eq!(floor.calls, before);
}

#[test]
fn an_agent_who_is_lost_keeps_his_call_for_a_while_and_then_it_goes_on() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let (customer, _) = floor.connected("agent1", "support");
    floor.input(CoreInput::Disconnected { connection: connection("agent1") }).unwrap();
    floor.pass(119);
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent1")]), "the voice goes on");
    floor.pass(1);
    let again = floor.offer("agent2").expect("the customer is offered to another");
    assert_eq!(floor.feed(&customer), Feed::Ringback);
    floor.ask("agent2", Command::Accept { interaction: again.id });
    assert_eq!(floor.hears(&customer), set([&floor.leg_of("agent2")]));
}

#[test]
fn a_lost_voice_leg_is_told_and_a_new_one_takes_its_place() {
    let mut floor = Floor::with(&["agent1"]);
    let (customer, id) = floor.connected("agent1", "support");
    let leg = floor.leg_of("agent1");
    floor.legs.remove(&leg);
    floor
        .input(CoreInput::Switch(SwitchEvent::Gone { leg: leg.clone(), cause: Cause::MediaFailed }))
        .unwrap();
    assert!(floor.news.iter().any(|(_, n)| matches!(n, omnibar_center::core::News::VoiceGone)));
    assert_eq!(floor.view("agent1", &id).conversation, Conversation::Connected);
    assert!(floor.hears(&customer).is_empty());
    floor.voice("agent1");
    assert_eq!(floor.hears(&customer), set([&leg]));
}
