//! Hold, mute, keys, consult: what happens while a call is up.

use crate::bench::*;
use omnibar_desk::*;
use omnibar_model::*;

fn in_call() -> Bench {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    assert!(b.did(&MIC_OPEN) && b.did(&IN_CALL));
    b
}

fn hold() -> Ask {
    Ask::Hold { interaction: None, leg: None }
}

fn dtmf(digits: &str) -> Ask {
    Ask::Dtmf { interaction: None, digits: digits.into() }
}

#[test]
fn the_press_of_hold_closes_the_microphone_and_resume_opens_it_again() {
    let mut b = in_call();
    b.ask(hold());
    assert!(b.did(&MIC_CLOSED) && !b.did(&NOT_IN_CALL));
    b.told(interaction("i1", Conversation::Held));
    assert_eq!(b.effects, [Effect::Changed]);
    b.ask(Ask::Resume { interaction: None, leg: None });
    b.told(interaction("i1", Conversation::Connected));
    assert!(b.did(&MIC_OPEN));
}

#[test]
fn a_refused_hold_opens_the_microphone_again() {
    let mut b = in_call();
    b.ask(hold());
    let command = b.command();
    b.ask(hold());
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::Hold }]);
    b.input(Input::Answered { command, result: Err("no music today".into()) });
    assert!(b.did(&MIC_OPEN));
}

#[test]
fn toggle_hold_holds_and_resumes() {
    let mut b = in_call();
    b.ask(Ask::ToggleHold { interaction: None });
    assert_eq!(b.orders()[0].1, Order::Hold { interaction: "i1".into(), leg: None });
    b.told(interaction("i1", Conversation::Held));
    b.ask(Ask::ToggleHold { interaction: None });
    assert_eq!(b.orders()[0].1, Order::Resume { interaction: "i1".into(), leg: None });
    b.told(over("i1", Conversation::Wrapping { until: None }, Cause::CustomerHungUp));
    b.ask(Ask::ToggleHold { interaction: None });
    assert_eq!(b.refusals(), [Refusal::NotNow { verb: Verb::Hold }]);
}

#[test]
fn mute_outlives_hold_and_ends_with_the_last_call() {
    let mut b = in_call();
    b.ask(Ask::ToggleMute);
    assert!(b.did(&MIC_CLOSED) && b.desk.snapshot().muted);
    b.told(interaction("i1", Conversation::Held));
    b.told(interaction("i1", Conversation::Connected));
    assert!(!b.did(&MIC_OPEN) && b.desk.snapshot().muted);
    b.told(over("i1", Conversation::Wrapping { until: None }, Cause::CustomerHungUp));
    assert!(!b.desk.snapshot().muted && b.did(&NOT_IN_CALL));
    b.ask(Ask::Mute { on: true });
    assert_eq!(b.refusals(), [Refusal::NotNow { verb: Verb::Mute }]);
    b.told(interaction("i2", Conversation::Connected));
    assert!(b.did(&MIC_OPEN), "the next customer hears the agent");
}

#[test]
fn mute_works_between_the_press_of_accept_and_the_answer() {
    let mut b = Bench::available();
    b.told(interaction("i1", b.offered()));
    b.ask(Ask::Accept { interaction: None });
    assert!(b.call("i1").unwrap().can.mute);
    b.ask(Ask::Mute { on: true });
    assert!(b.did(&MIC_CLOSED));
}

#[test]
fn a_consulted_colleague_hears_the_agent_while_the_customer_is_held() {
    let mut b = in_call();
    b.told(consulting("i1", LegState::Ringing));
    assert!(b.did(&MIC_CLOSED));
    let can = b.call("i1").unwrap().can;
    assert!(!can.complete && !can.conference && !can.consult && !can.transfer && can.drop);
    b.told(consulting("i1", LegState::Connected));
    assert!(b.did(&MIC_OPEN));
    let can = b.call("i1").unwrap().can;
    assert!(can.complete && can.conference && can.resume && can.dtmf);
    b.ask(Ask::Complete { interaction: None });
    assert_eq!(b.orders()[0].1, Order::Complete { interaction: "i1".into() });
}

#[test]
fn where_a_cold_transfer_goes_is_seen_until_the_call_is_disposed() {
    let mut b = in_call();
    let to = Destination::Agent("agent2".into());
    b.ask(Ask::Transfer { interaction: None, to: to.clone() });
    assert_eq!(b.call("i1").unwrap().sent_to, Some(to.clone()));
    b.told(over("i1", Conversation::Wrapping { until: None }, Cause::Transferred));
    assert_eq!(b.call("i1").unwrap().sent_to, Some(to));
}

#[test]
fn back_with_the_customer_for_a_moment_the_consult_can_still_be_completed() {
    let mut b = in_call();
    let mut swapped = consulting("i1", LegState::Held);
    swapped.conversation = Conversation::Connected;
    swapped.legs[0].state = LegState::Connected;
    b.told(swapped);
    let can = b.call("i1").unwrap().can;
    assert!(can.complete && can.conference && can.resume && can.hold && !can.consult);
}

#[test]
fn a_customer_who_speaks_with_a_colleague_does_not_hear_an_agent_on_hold() {
    let mut b = in_call();
    let mut away = interaction("i1", Conversation::Held);
    away.legs[0].state = LegState::Connected;
    away.legs.push(Leg { consult: true, ..leg("l2", LegState::Held) });
    b.told(away);
    assert!(b.did(&MIC_CLOSED));
}

#[test]
fn one_party_of_a_conference_on_hold_leaves_the_others_talking() {
    let mut b = in_call();
    let mut conference = interaction("i1", Conversation::Held);
    conference.legs.push(leg("l2", LegState::Connected));
    b.told(conference);
    assert!(!b.did(&MIC_CLOSED));
}

#[test]
fn a_consult_that_fails_is_heard() {
    let mut b = in_call();
    b.told(consulting("i1", LegState::Ringing));
    b.told(consulting("i1", LegState::Ended { cause: Cause::Busy }));
    assert!(b.did(&play(Sound::Failed)));
    assert!(b.call("i1").unwrap().can.consult, "another may be tried");
}

#[test]
fn legs_are_checked_by_name_and_state() {
    let mut b = in_call();
    let mut conference = interaction("i1", Conversation::Connected);
    conference.legs.push(leg("l2", LegState::Held));
    conference.legs.push(leg("l3", LegState::Ended { cause: Cause::Dropped }));
    b.told(conference);
    let leg = |id: &str| Some(LegId::new(id));
    let hold = |id| Ask::Hold { interaction: None, leg: leg(id) };
    let resume = |id| Ask::Resume { interaction: None, leg: leg(id) };
    for (ask, want) in [
        (hold("l1"), None),
        (hold("l2"), Some(Refusal::NotNow { verb: Verb::Hold })),
        (hold("l3"), Some(Refusal::NoSuchLeg)),
        (resume("l1"), Some(Refusal::NotNow { verb: Verb::Resume })),
        (resume("l2"), None),
        (Ask::Drop { interaction: None, leg: "l9".into() }, Some(Refusal::NoSuchLeg)),
        (Ask::Drop { interaction: None, leg: "l2".into() }, None),
        (hold("l1"), Some(Refusal::Pending { verb: Verb::Hold })),
    ] {
        b.ask(ask.clone());
        assert_eq!(b.refusals(), want.into_iter().collect::<Vec<_>>(), "{ask:?}");
    }
}

#[test]
fn keys_are_checked_sent_and_echoed() {
    let mut b = in_call();
    for bad in ["", "x", "12 3", "A", "１", &"1".repeat(33)] {
        b.ask(dtmf(bad));
        assert_eq!(b.refusals(), [Refusal::BadDigits], "{bad}");
    }
    b.ask(dtmf("#"));
    assert_eq!(b.orders()[0].1, Order::Dtmf { interaction: "i1".into(), digits: "#".into() });
    assert!(b.did(&play(Sound::Digit('#'))));
    b.ask(dtmf("5"));
    assert_eq!(b.refusals(), [], "keys do not wait for each other");
    b.ask(dtmf("12345"));
    assert!(!b.effects.iter().any(|e| matches!(e, Effect::Play { .. })));
}

#[test]
fn a_customer_on_hold_is_not_forgotten() {
    let mut b = in_call();
    b.told(interaction("i1", Conversation::Held));
    assert!(!b.pass(59_999).contains(&play(Sound::HoldReminder)));
    let reminders = b.pass(120_001).into_iter().filter(|e| *e == play(Sound::HoldReminder));
    assert_eq!(reminders.count(), 3);
    b.told(consulting("i1", LegState::Connected));
    assert!(!b.pass(120_000).contains(&play(Sound::HoldReminder)), "the agent is at work on it");
}

#[test]
fn a_muted_agent_is_reminded_once() {
    let mut b = in_call();
    b.ask(Ask::Mute { on: true });
    let count = |effects: Vec<Effect>| {
        effects.into_iter().filter(|e| *e == play(Sound::MuteReminder)).count()
    };
    assert_eq!(count(b.pass(59_999)), 0);
    assert_eq!(count(b.pass(600_000)), 1);
    b.ask(Ask::Mute { on: false });
    b.ask(Ask::Mute { on: true });
    assert_eq!(count(b.pass(60_000)), 1);
}

#[test]
fn reminders_can_be_turned_off() {
    let config = Config { hold_reminder_ms: 0, mute_reminder_ms: 0, ..Config::default() };
    let mut b = Bench::with(config, "centre");
    b.told(interaction("i1", Conversation::Connected));
    b.ask(Ask::Mute { on: true });
    assert_eq!(b.desk.deadline(), None);
    b.told(interaction("i1", Conversation::Held));
    assert_eq!(b.desk.deadline(), None);
}

#[test]
fn the_press_of_end_closes_the_microphone() {
    let mut b = in_call();
    b.ask(Ask::End { interaction: None });
    assert!(b.did(&MIC_CLOSED));
    b.told(over("i1", Conversation::Wrapping { until: None }, Cause::AgentHungUp));
    assert!(b.did(&play(Sound::Ended)) && b.did(&NOT_IN_CALL));
    assert!(!b.effects.iter().any(|e| matches!(e, Effect::Alert { .. })), "he did it himself");
}

#[test]
fn a_number_that_cannot_be_reached_sounds_different_from_a_goodbye() {
    let mut b = Bench::available();
    b.ask(Ask::Dial { number: PhoneNumber::parse("+15550102").unwrap(), campaign: None });
    assert!(matches!(&b.orders()[0].1, Order::Dial { campaign, .. } if campaign.as_str() == "out"));
    b.told(dialled("i1", Conversation::Ringing));
    assert!(b.did(&IN_CALL) && !b.did(&MIC_OPEN));
    b.told(Interaction {
        cause: Some(Cause::Busy),
        ..dialled("i1", Conversation::Wrapping { until: None })
    });
    assert!(b.did(&play(Sound::Failed)) && !b.did(&play(Sound::Ended)));
    let alert = Alert::CallEnded { interaction: "i1".into(), cause: Cause::Busy };
    assert!(b.did(&Effect::Alert { alert }));
}
