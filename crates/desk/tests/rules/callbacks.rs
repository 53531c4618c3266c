//! Callbacks at the desk: taking one dials, the rest needs the centre only.

use crate::bench::*;
use omnibar_desk::*;
use omnibar_model::*;

fn act(act: CallbackAct) -> Ask {
    Ask::Callback { callback: "c1".into(), act }
}

/// Of the last input.
fn ordered(b: &Bench) -> Vec<Order> {
    b.orders().into_iter().map(|(_, order)| order).collect()
}

fn cancel() -> Ask {
    act(CallbackAct::Cancel { reason: "has called himself".into() })
}

#[test]
fn taking_one_is_ordered_once_and_beside_no_other_call() {
    let mut b = Bench::available();
    b.ask(act(CallbackAct::Take));
    let order = Order::Callback { callback: "c1".into(), act: CallbackAct::Take };
    assert_eq!(ordered(&b), [order]);
    b.ask(act(CallbackAct::Take));
    assert!(ordered(&b).is_empty());
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::Dial }]);

    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.ask(act(CallbackAct::Take));
    assert_eq!(b.refusals(), [Refusal::FinishCallFirst]);
}

#[test]
fn one_is_cancelled_also_in_a_call_and_not_while_the_centre_is_away() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.ask(cancel());
    assert!(b.refusals().is_empty());
    b.input(Input::LinkChanged { link: Link::Reconnecting { attempt: 1, next_try_ms: 1000 } });
    b.ask(cancel());
    assert_eq!(b.refusals(), [Refusal::CentreAway]);
}

#[test]
fn what_is_booked_goes_with_the_disposition() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Wrapping { until: None }));
    let booking = Booking { at: 1_000, number: None, own: true };
    b.ask(Ask::Dispose {
        interaction: Some("i1".into()),
        disposition: "done".into(),
        note: "n".into(),
        callback: Some(booking.clone()),
    });
    let ordered = ordered(&b);
    assert!(
        matches!(&ordered[..], [Order::Dispose { callback: Some(c), .. }] if *c == booking),
        "{ordered:?}"
    );
}
