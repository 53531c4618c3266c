//! The line is kept up; no call ends for it.

use crate::bench::*;
use omnibar_desk::*;
use omnibar_model::*;

fn voice(b: &Bench) -> VoicePath {
    b.call("i1").unwrap().voice
}

fn attempts(effects: &[Effect]) -> usize {
    effects.iter().filter(|e| matches!(e, Effect::OpenLine | Effect::RestartLine)).count()
}

#[test]
fn a_lost_line_is_restarted_and_the_call_goes_on() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.pass(5_000);
    b.line(LineState::Lost);
    assert!(b.did(&Effect::RestartLine));
    assert!(b.did(&Effect::Alert { alert: Alert::VoiceLost }));
    assert!(!b.did(&MIC_CLOSED));
    assert_eq!(voice(&b), VoicePath::Lost);
    b.line(LineState::Recovering);
    assert_eq!(voice(&b), VoicePath::Recovering);
    b.line(LineState::Up);
    assert!(b.did(&Effect::Alert { alert: Alert::VoiceBack }));
    assert_eq!(voice(&b), VoicePath::Flowing);
    assert_eq!(b.desk.deadline(), None);
}

#[test]
fn attempts_are_repeated_with_growing_pauses() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.pass(5_000);
    b.line(LineState::Failed);
    assert!(b.did(&Effect::OpenLine));
    let mut pauses = Vec::new();
    for _ in 0..6 {
        b.line(LineState::Failed);
        let before = b.now;
        while attempts(&b.effects) == 0 {
            b.now = b.desk.deadline().unwrap();
            b.input(Input::Tick);
        }
        pauses.push(b.now.since(before).as_secs());
    }
    assert_eq!(pauses, [1, 2, 4, 8, 15, 15]);
    assert_eq!(voice(&b), VoicePath::Recovering, "it has flowed before");
}

#[test]
fn an_attempt_that_hangs_is_made_again() {
    let mut b = Bench::available();
    b.pass(5_000);
    b.line(LineState::Failed);
    b.line(LineState::Connecting);
    assert_eq!(attempts(&b.pass(14_999)), 0);
    assert_eq!(attempts(&b.pass(1)), 1);
}

#[test]
fn the_network_changing_restarts_and_a_flapping_one_does_not_storm() {
    let mut b = Bench::available();
    b.pass(5_000);
    b.input(Input::NetworkChanged);
    assert!(b.did(&Effect::RestartLine));
    let mut made = 0;
    for _ in 0..100 {
        made += attempts(b.input(Input::NetworkChanged));
    }
    assert_eq!(made, 0);
    assert_eq!(attempts(&b.pass(1_000)), 1);
}

#[test]
fn a_leg_that_the_centre_lost_is_opened_anew() {
    let mut b = Bench::available();
    b.pass(5_000);
    b.input(Input::LineGone);
    assert!(b.did(&Effect::OpenLine));
    b.line(LineState::Closed);
    b.line(LineState::Connecting);
    b.line(LineState::Up);
    assert_eq!(attempts(&b.pass(60_000)), 0);
}

#[test]
fn without_the_centre_attempts_wait_for_it() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.pass(5_000);
    b.input(Input::LinkChanged { link: Link::Reconnecting { attempt: 1, next_try_ms: 1 } });
    b.line(LineState::Lost);
    assert_eq!(attempts(&b.effects), 0);
    assert_eq!(attempts(&b.pass(60_000)), 0);
    b.input(Input::LinkChanged { link: Link::Up });
    assert!(b.did(&Effect::RestartLine));
}

#[test]
fn before_voice_has_flowed_a_call_is_connecting() {
    let mut b = Bench::available();
    b.pass(5_000);
    b.line(LineState::Failed);
    b.told(interaction("i1", Conversation::Connected));
    assert_eq!(voice(&b), VoicePath::Connecting);
    b.line(LineState::Connecting);
    assert_eq!(voice(&b), VoicePath::Connecting);
    b.line(LineState::Up);
    assert_eq!(voice(&b), VoicePath::Flowing);
    assert!(!b.did(&Effect::Alert { alert: Alert::VoiceBack }), "it was never lost");
}

#[test]
fn only_a_call_that_is_up_has_a_voice_path() {
    let mut b = Bench::available();
    for (conversation, want) in [
        (b.offered(), VoicePath::None),
        (Conversation::Ringing, VoicePath::Flowing),
        (Conversation::Held, VoicePath::Flowing),
        (Conversation::Wrapping { until: None }, VoicePath::None),
    ] {
        b.told(interaction("i1", conversation));
        assert_eq!(voice(&b), want, "{conversation:?}");
    }
}

#[test]
fn changing_to_a_desk_phone_closes_the_line() {
    let mut b = Bench::available();
    b.ask(Ask::Choose { campaigns: vec!["in".into()], extension: "1001".into() });
    b.input(chosen());
    assert!(b.did(&Effect::CloseLine));
    b.line(LineState::Failed);
    assert_eq!(attempts(&b.pass(60_000)), 0);
    assert_eq!(b.desk.snapshot().line, LineState::Closed);
}
