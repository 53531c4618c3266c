//! From the ring to the first word.

use crate::bench::*;
use omnibar_desk::*;
use omnibar_model::*;

fn accept() -> Ask {
    Ask::Accept { interaction: None }
}

#[test]
fn an_offer_rings_and_says_who_calls() {
    let mut b = Bench::available();
    b.told(interaction("i1", b.offered()));
    assert!(b.did(&Effect::StartRinging));
    assert!(b.did(&Effect::Alert {
        alert: Alert::IncomingCall {
            interaction: "i1".into(),
            name: "Customer One".into(),
            queue: "Support".into(),
        }
    }));
    assert!(!b.did(&MIC_OPEN) && !b.did(&IN_CALL), "nobody is heard before Accept");
    assert_eq!(b.desk.snapshot().selected, Some("i1".into()));
}

#[test]
fn the_press_stops_the_ring_and_opens_the_microphone_without_a_round_trip() {
    let mut b = Bench::available();
    b.told(interaction("i1", b.offered()));
    b.ask(accept());
    assert_eq!(
        b.effects,
        [
            Effect::Order {
                command: b.command(),
                order: Order::Accept { interaction: "i1".into() }
            },
            Effect::StopRinging,
            IN_CALL,
            MIC_OPEN,
            Effect::Changed
        ]
    );
    let command = b.command();
    // In whichever order the centre's yes and the new state arrive, nothing flaps.
    b.input(Input::Answered { command, result: Ok(()) });
    assert_eq!(b.effects, []);
    b.told(interaction("i1", Conversation::Connected));
    assert!(b.did(&play(Sound::Answered)));
    assert!(!b.did(&MIC_OPEN) && !b.did(&MIC_CLOSED) && !b.did(&Effect::StartRinging));
    assert_eq!(b.call("i1").unwrap().pending, []);
    assert_eq!(b.call("i1").unwrap().voice, VoicePath::Flowing);
}

#[test]
fn a_refused_accept_rings_on_and_closes_the_microphone() {
    let mut b = Bench::available();
    b.told(interaction("i1", b.offered()));
    b.ask(accept());
    let command = b.command();
    b.input(Input::Answered { command, result: Err("Another agent was faster.".into()) });
    for effect in [MIC_CLOSED, NOT_IN_CALL, Effect::StartRinging] {
        assert!(b.did(&effect), "{effect:?}");
    }
    let refusal = b.desk.snapshot().refusal.unwrap();
    let message = "Another agent was faster.".to_owned();
    assert_eq!(refusal.reason, Refusal::Centre { verb: Verb::Accept, message });
    assert_eq!(refusal.interaction, Some("i1".into()));
}

#[test]
fn an_accept_without_an_answer_times_out() {
    let mut b = Bench::available();
    b.told(interaction("i1", b.offered()));
    b.ask(accept());
    let command = b.command();
    let done = b.pass(10_000);
    assert!(done.contains(&MIC_CLOSED) && done.contains(&Effect::StartRinging), "{done:?}");
    assert!(matches!(
        b.desk.snapshot().refusal.unwrap().reason,
        Refusal::Centre { verb: Verb::Accept, .. }
    ));
    // A late answer is taken without a word.
    b.input(Input::Answered { command, result: Err("too late".into()) });
    assert_eq!(b.effects, []);
}

#[test]
fn two_offers_ring_once_and_stop_with_the_last() {
    let mut b = Bench::available();
    b.told(interaction("i1", b.offered()));
    b.told(interaction("i2", b.offered()));
    assert!(!b.did(&Effect::StartRinging));
    b.told(over("i1", Conversation::Ended, Cause::Abandoned));
    assert!(!b.did(&Effect::StopRinging));
    b.told(over("i2", Conversation::Ended, Cause::Rejected));
    assert!(b.did(&Effect::StopRinging));
}

#[test]
fn a_reject_stops_the_ring_at_once() {
    let mut b = Bench::available();
    b.told(interaction("i1", b.offered()));
    b.ask(Ask::Reject { interaction: None });
    assert!(b.did(&Effect::StopRinging) && !b.did(&MIC_OPEN));
    b.ask(accept());
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::Reject }]);
    b.told(over("i1", Conversation::Ended, Cause::Rejected));
    let alert = Alert::OfferGone { interaction: "i1".into(), missed: false };
    assert!(b.did(&Effect::Alert { alert }));
    assert_eq!(b.desk.snapshot().missed, None);
}

#[test]
fn an_offer_not_taken_is_shown_as_missed_until_dismissed() {
    let mut b = Bench::available();
    b.told(interaction("i1", b.offered()));
    b.told(over("i1", Conversation::Ended, Cause::NoAnswer));
    let alert = Alert::OfferGone { interaction: "i1".into(), missed: true };
    assert!(b.did(&Effect::Alert { alert }) && b.did(&Effect::StopRinging));
    assert_eq!(b.desk.snapshot().missed.unwrap().id, "i1".into());
    assert!(b.desk.snapshot().calls.is_empty());
    b.ask(Ask::Dismiss);
    assert_eq!(b.desk.snapshot().missed, None);
}

#[test]
fn an_offer_that_has_run_out_stops_ringing_by_itself() {
    let mut b = Bench::available();
    b.told(interaction("i1", b.offered()));
    b.input(Input::LinkChanged { link: Link::Reconnecting { attempt: 1, next_try_ms: 500 } });
    assert!(b.pass(20_000).contains(&Effect::StopRinging));
}

#[test]
fn an_offer_does_not_ring_into_a_conversation() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.told(interaction("i2", b.offered()));
    assert!(!b.did(&Effect::StartRinging));
    assert!(b.effects.iter().any(|e| matches!(e, Effect::Alert { .. })), "but it is announced");
    assert_eq!(b.desk.snapshot().selected, Some("i1".into()));
    b.told(over("i1", Conversation::Wrapping { until: None }, Cause::CustomerHungUp));
    assert!(b.did(&Effect::StartRinging));
}

#[test]
fn auto_answer_takes_one_offer_at_a_time() {
    let mut b = Bench::available();
    let config = Config { auto_answer: true, ..Config::default() };
    b.input(Input::Configured { config });
    b.told(interaction("i1", b.offered()));
    assert_eq!(b.orders().len(), 1);
    assert!(!b.did(&Effect::StartRinging) && b.did(&MIC_OPEN));
    b.told(interaction("i1", Conversation::Connected));
    b.told(interaction("i2", b.offered()));
    assert_eq!(b.orders(), []);
    b.told(over("i1", Conversation::Wrapping { until: None }, Cause::CustomerHungUp));
    assert_eq!(b.orders()[0].1, Order::Accept { interaction: "i2".into() });
    let command = b.command();
    b.input(Input::Answered { command, result: Err("no".into()) });
    assert_eq!(b.orders(), [], "what the centre refused is the agent's to try again");
}

#[test]
fn the_key_for_offers_finds_the_offer_while_another_call_is_selected() {
    let mut b = Bench::available();
    b.told(over("i1", Conversation::Wrapping { until: None }, Cause::CustomerHungUp));
    b.told(interaction("i2", b.offered()));
    assert_eq!(b.desk.snapshot().selected, Some("i1".into()));
    b.ask(accept());
    assert_eq!(b.orders()[0].1, Order::Accept { interaction: "i2".into() });
    assert_eq!(b.desk.snapshot().selected, Some("i2".into()));
}

#[test]
fn a_desk_phone_rings_but_has_no_microphone_here() {
    let mut b = Bench::with(Config::default(), "1001");
    b.told(interaction("i1", b.offered()));
    b.ask(accept());
    b.told(interaction("i1", Conversation::Connected));
    assert_eq!(b.call("i1").unwrap().voice, VoicePath::None);
    assert!(!b.call("i1").unwrap().can.mute && b.call("i1").unwrap().can.hold);
    b.ask(Ask::ToggleMute);
    assert_eq!(b.refusals(), [Refusal::NotNow { verb: Verb::Mute }]);
}
