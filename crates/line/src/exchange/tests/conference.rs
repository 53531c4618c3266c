//! Several in one conversation.

use super::*;
use crate::sip::VoiceFault;
use omnibar_model::Conversation;

const THIRD: CallNumber = CallNumber::Out(2);

fn held(call: CallNumber, here: bool) -> Sip {
    Sip::Held { call, here, there: false }
}

impl Bench {
    /// The customer, 1002 and the agent talk with each other.
    fn conferring() -> (Self, InteractionId) {
        let (mut bench, id) = Self::consulting();
        let command = bench.order(Order::Conference { interaction: id.clone() });
        assert_eq!(bench.asked(), ["bring in In(1)"]);
        bench.told(PhoneEvent::Conference(vec![CUSTOMER, OUT]));
        assert_eq!(std::mem::take(&mut bench.answers), [(command, Ok(()))]);
        bench.sip(held(CUSTOMER, false));
        (bench, id)
    }

    fn leg(&self, at: usize) -> Option<LegId> {
        Some(self.last().legs[at].id.clone())
    }

    /// Answered once the far side has agreed.
    fn held_by(&mut self, order: Order, call: CallNumber, here: bool) {
        let command = self.order(order);
        self.sip(held(call, here));
        assert_eq!(std::mem::take(&mut self.answers), [(command, Ok(()))]);
    }
}

#[test]
fn whoever_was_asked_is_brought_in_and_all_are_connected() {
    let (bench, _) = Bench::conferring();
    let shown = bench.last();
    assert!(shown.conference);
    assert_eq!(shown.conversation, Conversation::Connected);
    assert_eq!(states(shown), [LegState::Connected, LegState::Connected]);
    assert!(shown.legs.iter().all(|leg| !leg.consult));
}

#[test]
fn after_a_swap_it_is_the_other_one_who_is_brought_in() {
    let (mut bench, id) = Bench::consulting();
    bench.told(PhoneEvent::Active(Some(CUSTOMER)));
    bench.order(Order::Conference { interaction: id });
    assert_eq!(bench.asked(), ["bring in Out(1)"]);
}

#[test]
fn a_conference_that_does_not_come_about_says_why_and_leaves_all_as_it_was() {
    let (mut bench, id) = Bench::consulting();
    let command = bench.order(Order::Conference { interaction: id.clone() });
    bench.told(PhoneEvent::NoVoice { call: OUT, fault: VoiceFault::NotUp });
    let [(answered, Err(why))] = &bench.answers[..] else { panic!("{:?}", bench.answers) };
    assert_eq!(*answered, command);
    assert!(why.contains("no voice in one of the calls yet"), "{why}");
    let shown = bench.last();
    assert!(!shown.conference && shown.legs[1].consult);
    bench.answers.clear();

    let command = bench.order(Order::Conference { interaction: id });
    bench.sip(ended(OUT, CauseKind::HungUp));
    assert_eq!(bench.answers, [(command, Err("The other side hung up.".into()))]);
}

#[test]
fn nobody_is_brought_in_before_he_has_answered() {
    let (mut bench, id) = Bench::talking();
    let confer = Order::Conference { interaction: id.clone() };
    assert!(bench.refused(confer.clone()).contains("nobody to bring in"));
    bench.done(Order::Consult { interaction: id, to: number("1002") });
    assert!(bench.refused(confer).contains("not answered yet"));
}

#[test]
fn one_is_held_apart_and_comes_back_while_the_others_go_on() {
    let (mut bench, id) = Bench::conferring();
    let leg = bench.leg(1);
    bench.held_by(Order::Hold { interaction: id.clone(), leg: leg.clone() }, OUT, true);
    bench.told(PhoneEvent::Conference(vec![]));
    assert_eq!(states(bench.last()), [LegState::Connected, LegState::Held]);
    assert!(bench.last().conference, "he is still in the call");
    bench.told(PhoneEvent::Active(Some(CUSTOMER)));
    bench.held_by(Order::Resume { interaction: id, leg }, OUT, false);
    assert_eq!(bench.asked(), ["hold Out(1)", "bring in Out(1)"]);
}

#[test]
fn a_third_one_is_asked_and_the_conference_comes_back_with_him() {
    let (mut bench, id) = Bench::conferring();
    bench.done(Order::Consult { interaction: id.clone(), to: number("1003") });
    bench.told(PhoneEvent::Conference(vec![]));
    bench.told(PhoneEvent::Active(Some(THIRD)));
    bench.sip(held(CUSTOMER, true));
    bench.sip(held(OUT, true));
    bench.sip(Sip::Answered { call: THIRD, answer: None, with: Party::default() });
    bench.told(connected(THIRD, true));
    let all = [LegState::Held, LegState::Held, LegState::Connected];
    assert_eq!(states(bench.last()), all);
    bench.asked();

    // Back to the two for a moment.
    let asked = bench.leg(2);
    bench.order(Order::Hold { interaction: id.clone(), leg: asked });
    bench.order(Order::Resume { interaction: id.clone(), leg: None });
    assert_eq!(bench.asked(), ["hold Out(2)", "resume In(1)", "bring in Out(1)"]);
    bench.told(PhoneEvent::Active(Some(CUSTOMER)));
    bench.order(Order::Conference { interaction: id });
    assert_eq!(bench.asked(), ["bring in Out(1)", "bring in Out(2)"]);
    bench.told(PhoneEvent::Conference(vec![CUSTOMER, OUT, THIRD]));
    assert!(bench.last().legs.iter().all(|leg| !leg.consult));
}

#[test]
fn who_is_dropped_or_leaves_is_gone_and_the_call_goes_on() {
    let (mut bench, id) = Bench::conferring();
    let leg = bench.leg(1).unwrap();
    bench.done(Order::Drop { interaction: id.clone(), leg });
    assert_eq!(bench.asked(), ["hang up Out(1)"]);
    bench.sip(ended(OUT, CauseKind::Ended));
    let shown = bench.last();
    assert_eq!((shown.id.clone(), shown.conference), (id, false));
    let dropped = LegState::Ended { cause: Cause::Dropped };
    assert_eq!(states(shown), [LegState::Connected, dropped]);
    assert_eq!(bench.rows().len(), 0);
}

#[test]
fn the_others_stay_when_the_customer_is_dropped_or_leaves() {
    for cause in [Cause::Dropped, Cause::CustomerHungUp] {
        let (mut bench, id) = Bench::conferring();
        if cause == Cause::Dropped {
            let leg = bench.leg(0).unwrap();
            bench.done(Order::Drop { interaction: id.clone(), leg });
            bench.sip(ended(CUSTOMER, CauseKind::Ended));
        } else {
            bench.sip(ended(CUSTOMER, CauseKind::HungUp));
        }
        let [.., over, stays] = &bench.interactions[..] else { panic!("two were told") };
        assert_eq!((&over.id, over.cause), (&id, Some(cause)));
        assert_eq!(stays.conversation, Conversation::Connected);
        assert_eq!((stays.customer.name.as_str(), stays.conference), ("Desk Two", false));
        assert_eq!(bench.agent.last(), Some(&AgentState::Busy));
    }
}

#[test]
fn all_of_them_end_when_the_agent_hangs_up() {
    let (mut bench, id) = Bench::conferring();
    bench.done(Order::End { interaction: id });
    assert_eq!(bench.asked(), ["hang up In(1)", "hang up Out(1)"]);
    bench.sip(ended(CUSTOMER, CauseKind::Ended));
    bench.sip(ended(OUT, CauseKind::Ended));
    assert_eq!(bench.last().cause, Some(Cause::AgentHungUp));
    assert_eq!(bench.agent.last(), Some(&AgentState::Available));
    assert_eq!(bench.rows().len(), 1);
}
