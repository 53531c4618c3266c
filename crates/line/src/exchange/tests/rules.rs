//! What the desk is told, and what the telephone is asked.

use super::*;
use crate::sip::VoiceFault;
use omnibar_model::{Conversation, DiversionReason, Presence};
use omnibar_sip::Waiting;
use std::time::Duration;

#[test]
fn a_call_is_offered_with_who_calls_and_whom_he_called_first() {
    let mut bench = Bench::new();
    let id = bench.incoming();
    let offer = bench.last();
    assert!(matches!(offer.conversation, Conversation::Offered { .. }));
    assert_eq!(offer.customer.name, "Zoë Customer");
    assert_eq!(offer.customer.number.as_ref().map(PhoneNumber::as_str), Some("+15550123"));
    assert_eq!(offer.diverted[0].by.name, "Three");
    assert_eq!(offer.diverted[0].reason, DiversionReason::Busy);
    assert_eq!(bench.agent, [AgentState::Busy]);

    bench.done(Order::Accept { interaction: id });
    assert_eq!(bench.asked(), ["answer In(1)"]);
    bench.told(PhoneEvent::Active(Some(CUSTOMER)));
    bench.sip(Sip::Established { call: CUSTOMER, answer: None });
    assert_eq!(bench.last().conversation, Conversation::Connected);
    bench.told(connected(CUSTOMER, true));
    assert_eq!(bench.lines, [LineState::Up, LineState::Connecting, LineState::Up]);

    bench.sip(ended(CUSTOMER, CauseKind::HungUp));
    let last = bench.last();
    assert_eq!((last.conversation, last.cause), (Conversation::Ended, Some(Cause::CustomerHungUp)));
    assert_eq!(bench.agent, [AgentState::Busy, AgentState::Available]);
    assert_eq!(bench.rows(), [("Zoë Customer".into(), Some(Cause::CustomerHungUp), None)]);
    assert!(bench.paper.0.lock().unwrap()[0].talk_ms > 0);
}

#[test]
fn who_gives_up_was_missed_and_who_is_rejected_was_not() {
    let mut bench = Bench::new();
    bench.incoming();
    bench.sip(ended(CUSTOMER, CauseKind::GivenUp));
    assert_eq!(bench.last().cause, Some(Cause::Abandoned));
    let interaction = bench.incoming();
    bench.done(Order::Reject { interaction });
    bench.sip(ended(CUSTOMER, CauseKind::Ended));
    assert_eq!(bench.last().cause, Some(Cause::Rejected));
    bench.incoming();
    bench.sip(ended(CUSTOMER, CauseKind::AnsweredElsewhere));
    assert_eq!(bench.last().cause, Some(Cause::Transferred));
}

#[test]
fn a_number_that_is_busy_says_so_in_the_history() {
    let mut bench = Bench::new();
    bench.done(dial("1002"));
    assert_eq!(bench.asked(), ["call sip:1002@pbx.test"]);
    assert_eq!(bench.last().conversation, Conversation::Ringing);
    assert_eq!(bench.last().customer.name, "Desk Two", "as the book has it");
    bench.sip(ended(OUT, CauseKind::Busy));
    let said = Some("The line is busy".to_owned());
    assert_eq!(bench.rows(), [("Desk Two".into(), Some(Cause::Busy), said)]);
}

#[test]
fn who_rings_and_is_not_heard_is_rung_back_for() {
    let mut bench = Bench::new();
    let tones = |bench: &Bench| bench.keys.0.lock().unwrap().len();
    bench.done(dial("1002"));
    bench.told(PhoneEvent::Active(Some(OUT)));
    assert_eq!(tones(&bench), 0);
    bench.sip(Sip::Ringing { call: OUT });
    assert_eq!(tones(&bench), 1, "it begins");
    bench.told(PhoneEvent::Voice { call: OUT });
    assert_eq!(tones(&bench), 2, "the telephone system has a tone of its own");
    bench.sip(Sip::Ringing { call: OUT });
    bench.sip(Sip::Answered { call: OUT, answer: None, with: Party::default() });
    assert_eq!(tones(&bench), 2);
}

#[test]
fn hold_and_resume_are_answered_when_the_far_side_has_agreed() {
    let (mut bench, id) = Bench::talking();
    let hold = bench.order(Order::Hold { interaction: id.clone(), leg: None });
    assert_eq!((bench.asked(), bench.answers.len()), (vec!["hold In(1)".to_owned()], 0));
    bench.sip(Sip::Held { call: CUSTOMER, here: true, there: false });
    assert_eq!(std::mem::take(&mut bench.answers), [(hold, Ok(()))]);
    assert_eq!(bench.last().conversation, Conversation::Held);
    bench.done(Order::Hold { interaction: id.clone(), leg: None });

    let resume = bench.order(Order::Resume { interaction: id, leg: None });
    let cause = omnibar_sip::Cause {
        kind: CauseKind::TimedOut,
        status: None,
        words: String::new(),
        reason: None,
    };
    bench.sip(Sip::ChangeRefused { call: CUSTOMER, cause });
    let why = "The exchange did not answer in time.".to_owned();
    assert_eq!(bench.answers, [(resume, Err(why))]);
    assert_eq!(bench.last().conversation, Conversation::Held);
}

#[test]
fn a_consult_is_a_leg_and_completing_it_transfers_the_customer() {
    let (mut bench, id) = Bench::consulting();
    let shown = bench.last();
    assert_eq!(shown.conversation, Conversation::Held);
    assert_eq!(states(shown), [LegState::Held, LegState::Connected]);
    assert!(shown.legs[1].consult);
    assert_eq!(shown.legs[1].party.name, "Desk Two");

    let complete = bench.order(Order::Complete { interaction: id });
    assert_eq!((bench.asked(), bench.answers.len()), (vec!["join In(1) Out(1)".to_owned()], 0));
    bench.sip(Sip::Transferred { call: CUSTOMER });
    assert_eq!(bench.answers, [(complete, Ok(()))]);
    bench.sip(ended(CUSTOMER, CauseKind::HungUp));
    bench.sip(ended(OUT, CauseKind::HungUp));
    assert_eq!(bench.last().cause, Some(Cause::Transferred));
    assert_eq!(bench.agent.last(), Some(&AgentState::Available));
    assert_eq!(bench.rows().len(), 1);
}

#[test]
fn the_agent_goes_between_the_two_and_lets_one_go() {
    let (mut bench, id) = Bench::consulting();
    let customer = bench.last().legs[0].id.clone();
    let asked = bench.last().legs[1].id.clone();
    let hold = bench.order(Order::Hold { interaction: id.clone(), leg: Some(asked.clone()) });
    let resume = bench.order(Order::Resume { interaction: id.clone(), leg: Some(customer) });
    assert_eq!(bench.asked(), ["hold Out(1)", "resume In(1)"]);
    bench.sip(Sip::Held { call: OUT, here: true, there: false });
    bench.sip(Sip::Held { call: CUSTOMER, here: false, there: false });
    assert_eq!(std::mem::take(&mut bench.answers), [(hold, Ok(())), (resume, Ok(()))]);
    assert_eq!(states(bench.last()), [LegState::Connected, LegState::Held]);

    bench.done(Order::Drop { interaction: id, leg: asked });
    assert_eq!(bench.asked(), ["hang up Out(1)"]);
    bench.sip(ended(OUT, CauseKind::Ended));
    let dropped = LegState::Ended { cause: Cause::Dropped };
    assert_eq!(states(bench.last()), [LegState::Connected, dropped]);
}

#[test]
fn who_was_asked_stays_when_the_customer_leaves() {
    let (mut bench, _) = Bench::consulting();
    let before = bench.id();
    bench.sip(ended(CUSTOMER, CauseKind::HungUp));
    let [.., over, stays] = &bench.interactions[..] else { panic!("two were told") };
    assert_eq!((&over.id, over.cause), (&before, Some(Cause::CustomerHungUp)));
    assert_ne!(stays.id, before);
    assert_eq!(stays.conversation, Conversation::Connected);
    assert_eq!(stays.customer.name, "Desk Two");
    assert_eq!(bench.agent.last(), Some(&AgentState::Busy));
}

#[test]
fn a_transfer_that_fails_leaves_the_call() {
    let (mut bench, id) = Bench::talking();
    let transfer = bench.order(Order::Transfer { interaction: id.clone(), to: number("608") });
    assert_eq!(bench.asked(), ["transfer In(1) sip:608@pbx.test"]);
    let cause = omnibar_sip::Cause {
        kind: CauseKind::Busy,
        status: Some(486),
        words: String::new(),
        reason: None,
    };
    bench.sip(Sip::TransferFailed { call: CUSTOMER, cause });
    assert_eq!(std::mem::take(&mut bench.answers), [(transfer, Err("The line is busy.".into()))]);
    assert_eq!(bench.last().conversation, Conversation::Connected);

    // Some say good-bye at once and nothing more.
    let transfer = bench.order(Order::Transfer { interaction: id, to: number("600") });
    bench.sip(ended(CUSTOMER, CauseKind::HungUp));
    assert_eq!(bench.answers, [(transfer, Ok(()))]);
    assert_eq!(bench.last().cause, Some(Cause::Transferred));
}

#[test]
fn a_transfer_that_takes_long_says_so_and_may_still_come_about() {
    let (mut bench, id) = Bench::talking();
    assert_eq!(bench.seat.deadline(), None);
    let transfer = bench.order(Order::Transfer { interaction: id, to: number("608") });
    let due = bench.seat.deadline().unwrap();
    assert!(due < bench.seat.now + Duration::from_secs(10), "before the desk gives up");
    bench.seat.now = due;
    bench.seat.due();
    bench.listen();
    let [(command, Err(why))] = &bench.answers[..] else { panic!("{:?}", bench.answers) };
    assert_eq!(*command, transfer);
    assert!(why.contains("not said yet whether the transfer came about"), "{why}");
    assert_eq!(bench.seat.deadline(), None, "it is said once");
    // It did, and the customer's own goodbye is part of it.
    bench.sip(ended(CUSTOMER, CauseKind::HungUp));
    assert_eq!(bench.last().cause, Some(Cause::Transferred));
    assert_eq!(bench.answers.len(), 1);
}

#[test]
fn keys_go_into_the_voice_or_as_messages() {
    let (mut bench, id) = Bench::talking();
    let keys = || Order::Dtmf { interaction: id.clone(), digits: "1#".into() };
    bench.done(keys());
    assert_eq!(*bench.keys.0.lock().unwrap(), "1#");
    bench.told(connected(CUSTOMER, false));
    bench.done(keys());
    assert_eq!(bench.asked(), ["press In(1) 1", "press In(1) #"]);
    bench.told(PhoneEvent::Active(None));
    assert!(bench.refused(keys()).contains("on hold"));
}

#[test]
fn do_not_disturb_tells_callers_that_the_line_is_busy() {
    let mut bench = Bench::new();
    let rest = Presence::Break { reason: "dnd".into() };
    bench.done(Order::SetPresence { presence: rest.clone() });
    assert_eq!(bench.agent, [AgentState::Break]);
    bench.sip(incoming(CUSTOMER, "1004", "Four", None));
    bench.sip(ended(CUSTOMER, CauseKind::Ended));
    assert_eq!(bench.asked(), ["reject In(1) true"]);
    assert_eq!((bench.interactions.len(), bench.agent.len()), (0, 1), "nothing is seen of it");
    let said = Some("Do not disturb was on".to_owned());
    assert_eq!(bench.rows(), [("Four".into(), Some(Cause::Rejected), said)]);

    // During a call it is for what comes after, and for those who call meanwhile.
    bench.done(Order::SetPresence { presence: Presence::Available });
    bench.incoming();
    bench.done(Order::SetPresence { presence: rest });
    bench.sip(incoming(CallNumber::In(2), "1005", "", None));
    assert_eq!(bench.asked(), ["reject In(2) true"]);
    bench.sip(ended(CUSTOMER, CauseKind::GivenUp));
    assert_eq!(bench.agent.last(), Some(&AgentState::Break));
}

#[test]
fn another_call_takes_the_place_of_one() {
    let (mut bench, id) = Bench::talking();
    bench.sip(incoming(CallNumber::In(2), "1002", "Two", Some(CUSTOMER)));
    bench.told(PhoneEvent::Active(Some(CallNumber::In(2))));
    bench.sip(Sip::Established { call: CallNumber::In(2), answer: None });
    bench.sip(ended(CUSTOMER, CauseKind::Replaced));
    assert_eq!((bench.last().id.clone(), bench.last().conversation), (id, Conversation::Connected));
    assert_eq!(bench.last().customer.name, "Desk Two");
    bench.sip(ended(CallNumber::In(2), CauseKind::HungUp));
    assert_eq!(bench.last().cause, Some(Cause::CustomerHungUp));
}

#[test]
fn a_call_that_is_sent_elsewhere_in_vain_goes_on() {
    let (mut bench, id) = Bench::talking();
    bench.told(PhoneEvent::Followed { old: CUSTOMER, new: OUT });
    bench.sip(ended(OUT, CauseKind::NotFound));
    bench.done(Order::End { interaction: id });
    assert_eq!(bench.asked(), ["hang up In(1)"]);
    bench.sip(ended(CUSTOMER, CauseKind::Ended));
    assert_eq!(bench.last().cause, Some(Cause::AgentHungUp));
}

#[test]
fn the_light_of_the_voice_mail_box_is_told() {
    let mut bench = Bench::new();
    let waiting = |any, new| Sip::Messages { waiting: Waiting { any, new, ..Waiting::default() } };
    bench.sip(waiting(true, 3));
    bench.sip(waiting(false, 0));
    // Some count nothing, and only say that there is something.
    bench.sip(waiting(true, 0));
    assert_eq!(bench.voicemail, [3, 0, 1]);
}

#[test]
fn what_only_a_centre_does_is_refused_once() {
    let (mut bench, id) = Bench::talking();
    let to = Destination::Queue("support".into());
    assert!(bench.refused(Order::Transfer { interaction: id, to }).contains("number"));
    let nobody = InteractionId::new("nobody");
    assert!(bench.refused(Order::End { interaction: nobody }).contains("no such call"));
}

#[test]
fn voice_that_finds_no_way_is_told_until_it_does() {
    let mut bench = Bench::new();
    bench.done(dial("1002"));
    bench.told(PhoneEvent::Active(Some(OUT)));
    bench.sip(Sip::Answered { call: OUT, answer: None, with: Party::default() });
    bench.told(PhoneEvent::NoVoice { call: OUT, fault: VoiceFault::NoPath });
    bench.told(connected(OUT, true));
    let lines = [LineState::Up, LineState::Connecting, LineState::Failed, LineState::Up];
    assert_eq!(bench.lines, lines);

    let why = VoiceFault::Description("no codec in common".into());
    bench.told(PhoneEvent::NoVoice { call: OUT, fault: why });
    bench.sip(ended(OUT, CauseKind::Ended));
    assert_eq!(bench.last().cause, Some(Cause::MediaFailed));
}
