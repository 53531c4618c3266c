//! Two and three user agents at an exchange, in virtual time.

#![allow(clippy::unwrap_used, reason = "tests")]

mod world;

use omnibar_sip::{CallNumber, CauseKind, Command, Digit, Event, Input, Method, Refusal, Uri};
use std::time::Duration;
use world::{World, sdp};

const ONE: &str = "1001";
const TWO: &str = "1002";
const THREE: &str = "1003";

fn ended(events: &[Event]) -> Option<CauseKind> {
    events.iter().find_map(|event| match event {
        Event::Ended { cause, .. } => Some(cause.kind),
        _ => None,
    })
}

#[test]
fn a_call_is_made_answered_and_ended() {
    let mut world = World::new(&[ONE, TWO]);
    world.dial(ONE, TWO, 1);
    assert!(matches!(world.take(ONE)[..], [Event::Ringing { .. }]));
    let events = world.take(TWO);
    let [Event::Incoming { call, caller, offer, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((caller.party.user.as_str(), caller.party.display.as_str()), (ONE, "Agent 1001"));
    assert_eq!(offer.as_deref(), Some(sdp(4_000).as_str()));
    let call = *call;
    world.command(TWO, Command::Accept { call, sdp: sdp(5_000) });
    let events = world.take(ONE);
    let [Event::Answered { answer: Some(answer), .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(*answer, sdp(5_000));
    assert!(matches!(world.take(TWO)[..], [Event::Established { answer: None, .. }]));
    world.command(ONE, Command::HangUp { call: CallNumber::Out(1) });
    assert_eq!(ended(&world.take(ONE)), Some(CauseKind::Ended));
    assert_eq!(ended(&world.take(TWO)), Some(CauseKind::HungUp));
    assert!(world.agent(ONE).calls().is_empty() && world.agent(TWO).calls().is_empty());
}

#[test]
fn a_call_that_rings_is_taken_back_rejected_or_busy() {
    let mut world = World::new(&[ONE, TWO]);
    world.dial(ONE, TWO, 1);
    world.command(ONE, Command::HangUp { call: CallNumber::Out(1) });
    assert_eq!(ended(&world.take(ONE)), Some(CauseKind::Ended));
    assert_eq!(ended(&world.take(TWO)), Some(CauseKind::GivenUp));
    for (busy, kind) in [(true, CauseKind::Busy), (false, CauseKind::Declined)] {
        let out = 2 + u32::from(busy);
        world.dial(ONE, TWO, out);
        let call = world.rings(TWO);
        world.command(TWO, Command::Reject { call, busy });
        assert_eq!(ended(&world.take(ONE)), Some(kind));
        world.take(TWO);
    }
    assert!(world.agent(ONE).calls().is_empty() && world.agent(TWO).calls().is_empty());
}

#[test]
fn nobody_at_a_number_is_told() {
    let mut world = World::new(&[ONE]);
    world.dial(ONE, "5559", 1);
    assert_eq!(ended(&world.take(ONE)), Some(CauseKind::NotFound));
}

#[test]
fn an_exchange_that_does_not_answer_is_given_up_after_32_s() {
    let mut world = World::new(&[ONE, TWO]);
    world.deaf.push((ONE, Method::Invite));
    world.dial(ONE, TWO, 1);
    world.pass(Duration::from_millis(31_999));
    assert_eq!(ended(&world.take(ONE)), None);
    world.pass(Duration::from_millis(1));
    assert_eq!(ended(&world.take(ONE)), Some(CauseKind::TimedOut));
}

#[test]
fn hold_and_resume_reach_the_far_side() {
    let mut world = World::new(&[ONE, TWO]);
    let (call, theirs) = world.talk(ONE, TWO, 1);
    for on in [true, false] {
        world.command(ONE, Command::Hold { call, on, offer: None });
        let events = world.take(TWO);
        let [Event::Offered { offer, held, .. }] = &events[..] else { panic!("{events:?}") };
        assert_eq!(*held, on);
        assert_eq!(offer.contains("a=sendonly"), on);
        let answer = if on { "a=recvonly" } else { "a=sendrecv" };
        let answer = sdp(5_000).replace("a=sendrecv", answer);
        world.command(TWO, Command::Answer { call: theirs, answer: Some(answer) });
        let there = world.take(TWO);
        assert!(
            matches!(there[..], [Event::Held { here: false, there, .. }] if there == on),
            "{there:?}"
        );
        let here = world.take(ONE);
        let [Event::Changed { answer, .. }, Event::Held { here, there: false, .. }] = &here[..]
        else {
            panic!("{here:?}")
        };
        assert_eq!(*here, on);
        assert!(answer.contains("a=sendrecv"), "who owns the media is not to stop for a hold");
    }
}

#[test]
fn a_hold_is_not_seen_in_what_the_far_side_offers_meanwhile() {
    let mut world = World::new(&[ONE, TWO]);
    let (call, theirs) = world.talk(ONE, TWO, 1);
    world.command(ONE, Command::Hold { call, on: true, offer: None });
    let answer = Some(sdp(5_000).replace("a=sendrecv", "a=recvonly"));
    world.command(TWO, Command::Answer { call: theirs, answer });
    world.take(ONE);
    world.take(TWO);
    let moved = sdp(5_002).replace("a=sendrecv", "a=recvonly");
    world.command(TWO, Command::Offer { call: theirs, offer: moved });
    let events = world.take(ONE);
    let [Event::Offered { offer, held: false, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(offer.contains("a=sendrecv"), "{offer}");
    world.command(ONE, Command::Answer { call, answer: Some(sdp(4_000)) });
    let events = world.take(TWO);
    let [Event::Changed { answer, .. }, ..] = &events[..] else { panic!("{events:?}") };
    assert!(answer.contains("a=sendonly"), "and still it is said: {answer}");
}

#[test]
fn an_offer_that_nobody_answers_is_refused_in_time() {
    let mut world = World::new(&[ONE, TWO]);
    let (call, _) = world.talk(ONE, TWO, 1);
    world.command(ONE, Command::Offer { call, offer: sdp(4_100) });
    world.pass(Duration::from_secs(10));
    let events = world.take(ONE);
    assert!(matches!(events[..], [Event::ChangeRefused { .. }]), "{events:?}");
    assert_eq!(world.agent(ONE).calls(), [call]);
}

#[test]
fn changes_from_both_sides_at_once_both_happen() {
    let mut world = World::new(&[ONE, TWO]);
    let (call, theirs) = world.talk(ONE, TWO, 1);
    world.at_once(vec![
        (ONE, Command::Hold { call, on: true, offer: None }),
        (TWO, Command::Hold { call: theirs, on: true, offer: None }),
    ]);
    let mut held = [false, false];
    for _ in 0..20 {
        world.pass(Duration::from_millis(500));
        for (side, user, number) in [(0, ONE, call), (1, TWO, theirs)] {
            for event in world.take(user) {
                match event {
                    Event::Offered { .. } => {
                        let answer = Some(sdp(6_000).replace("sendrecv", "recvonly"));
                        world.command(user, Command::Answer { call: number, answer });
                    }
                    Event::Held { here, .. } => held[side] |= here,
                    _ => {}
                }
            }
        }
    }
    assert_eq!(held, [true, true]);
}

#[test]
fn keys_reach_the_far_side() {
    let mut world = World::new(&[ONE, TWO]);
    let (call, _) = world.talk(ONE, TWO, 1);
    let digit = Digit::new('#').unwrap();
    world.command(ONE, Command::Press { call, digit, length: Duration::from_millis(100) });
    let events = world.take(TWO);
    assert!(matches!(events[..], [Event::Pressed { digit: heard, .. }] if heard == digit));
    assert!(world.take(ONE).is_empty());
}

#[test]
fn a_blind_transfer_moves_the_far_side() {
    let mut world = World::new(&[ONE, TWO, THREE]);
    let (call, theirs) = world.talk(ONE, TWO, 1);
    let to = Uri::dialled(THREE, "pbx.test").unwrap();
    world.command(ONE, Command::Transfer { call, to });
    let events = world.take(TWO);
    let [Event::TransferAsked { to, replaces: None, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(to.user(), THREE);
    let new = CallNumber::Out(9);
    world.command(TWO, Command::Follow { call: theirs, new: Some((new, sdp(7_000))) });
    let events = world.take(ONE);
    assert!(events.contains(&Event::Transferring { call, status: 180 }), "{events:?}");
    let third = world.rings(THREE);
    world.command(THREE, Command::Accept { call: third, sdp: sdp(8_000) });
    let events = world.take(ONE);
    assert!(events.contains(&Event::Transferred { call }), "{events:?}");
    assert_eq!(ended(&events), Some(CauseKind::Ended));
    assert_eq!(world.agent(TWO).calls(), [new]);
    assert!(world.agent(ONE).calls().is_empty());
}

#[test]
fn a_transfer_that_fails_leaves_the_call() {
    let mut world = World::new(&[ONE, TWO]);
    let (call, theirs) = world.talk(ONE, TWO, 1);
    let to = Uri::dialled("5559", "pbx.test").unwrap();
    world.command(ONE, Command::Transfer { call, to: to.clone() });
    let new = Some((CallNumber::Out(9), sdp(7_000)));
    world.command(TWO, Command::Follow { call: theirs, new });
    let failed = |events: Vec<Event>| {
        events.into_iter().find_map(|event| match event {
            Event::TransferFailed { cause, .. } => Some(cause.kind),
            _ => None,
        })
    };
    assert_eq!(failed(world.take(ONE)), Some(CauseKind::NotFound));
    world.command(ONE, Command::Transfer { call, to });
    world.command(TWO, Command::Follow { call: theirs, new: None });
    assert_eq!(failed(world.take(ONE)), Some(CauseKind::Declined));
    assert_eq!(world.agent(ONE).calls(), [call]);
}

#[test]
fn an_attended_transfer_joins_the_two_others() {
    let mut world = World::new(&[ONE, TWO, THREE]);
    let (first, at_two) = world.talk(ONE, TWO, 1);
    let (second, at_three) = world.talk(ONE, THREE, 2);
    world.command(ONE, Command::Join { call: first, with: second });
    let new = CallNumber::Out(9);
    world.command(TWO, Command::Follow { call: at_two, new: Some((new, sdp(7_000))) });
    let events = world.take(THREE);
    let incoming = events.iter().find_map(|event| match event {
        Event::Incoming { call, replaces, .. } => Some((*call, *replaces)),
        _ => None,
    });
    let Some((joined, replaces)) = incoming else { panic!("{events:?}") };
    assert_eq!(replaces, Some(at_three));
    world.command(THREE, Command::Accept { call: joined, sdp: sdp(8_000) });
    let events = world.take(THREE);
    assert!(
        events.iter().any(|event| matches!(event, Event::Ended { call, cause }
            if *call == at_three && cause.kind == CauseKind::Replaced)),
        "{events:?}"
    );
    assert_eq!(world.agent(THREE).calls(), [joined]);
    assert_eq!(world.agent(TWO).calls(), [new]);
    assert!(world.agent(ONE).calls().is_empty());
    assert!(world.take(ONE).contains(&Event::Transferred { call: first }));
}

#[test]
fn a_call_is_kept_alive_and_a_dead_one_ends() {
    let mut world = World::new(&[ONE, TWO]);
    world.talk(ONE, TWO, 1);
    world.pass(Duration::from_secs(4_000));
    assert_eq!((ended(&world.take(ONE)), ended(&world.take(TWO))), (None, None));
    let signs = world.seen.iter().filter(|line| line.contains("UPDATE")).count();
    assert!((4..=5).contains(&signs), "{signs} signs of life in 4,000 s");
    // The one who keeps it alive is gone.
    world.deaf.extend([(ONE, Method::Update), (ONE, Method::Bye)]);
    world.pass(Duration::from_secs(1_800));
    assert_eq!(ended(&world.take(TWO)), Some(CauseKind::TimedOut));
}

#[test]
fn calls_live_through_a_lost_connection() {
    let mut world = World::new(&[ONE, TWO]);
    let (call, _) = world.talk(ONE, TWO, 1);
    world.input(ONE, Input::Disconnected);
    world.command(ONE, Command::Hold { call, on: true, offer: None });
    let refused = Event::Refused { call: Some(call), why: Refusal::NotConnected };
    assert_eq!(world.take(ONE), [refused]);
    world.pass(Duration::from_secs(5));
    world.input(ONE, Input::Connected);
    assert!(matches!(world.take(ONE)[..], [Event::Registered { first: true, .. }]));
    assert_eq!(world.agent(ONE).calls(), [call]);
    world.input(ONE, Input::Disconnected);
    world.command(ONE, Command::HangUp { call });
    assert_eq!(ended(&world.take(TWO)), None);
    world.input(ONE, Input::Connected);
    assert_eq!(ended(&world.take(TWO)), Some(CauseKind::HungUp), "told afterwards");
}

#[test]
fn a_call_that_is_set_up_over_a_lost_connection_ends() {
    let mut world = World::new(&[ONE, TWO]);
    world.dial(ONE, TWO, 1);
    world.take(ONE);
    world.input(ONE, Input::Disconnected);
    assert_eq!(ended(&world.take(ONE)), Some(CauseKind::ConnectionLost));
    assert!(world.agent(ONE).calls().is_empty());
}

#[test]
fn there_is_an_upper_bound_of_calls() {
    let mut world = World::new(&[ONE, TWO]);
    for out in 1..=16 {
        world.dial(ONE, TWO, out);
    }
    world.take(ONE);
    world.dial(ONE, TWO, 17);
    let why = Event::Refused { call: Some(CallNumber::Out(17)), why: Refusal::TooMany };
    assert_eq!(world.take(ONE), [why]);
    assert_eq!(world.agent(TWO).calls().len(), 16);
}

#[test]
fn registration_is_renewed_before_it_ends() {
    let mut world = World::new(&[ONE]);
    let before = world.seen.len();
    world.pass(Duration::from_secs(3_600));
    let renewals = world.seen.len() - before;
    assert!((7..=9).contains(&renewals), "{renewals} in an hour at 600 s each");
    let events = world.take(ONE);
    assert!(events.iter().all(|event| matches!(event, Event::Registered { first: false, .. })));
}
