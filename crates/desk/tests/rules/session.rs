//! Signing in and out, choosing, presence, and the centre being away.

use crate::bench::*;
use omnibar_desk::*;
use omnibar_model::*;

fn sign_in() -> Ask {
    Ask::SignIn { centre: "ws://127.0.0.1:1".into(), user: "agent1".into(), take_over: false }
}

fn choose(campaigns: &[&str], extension: &str) -> Ask {
    let campaigns = campaigns.iter().map(|c| CampaignId::new(c)).collect();
    Ask::Choose { campaigns, extension: extension.into() }
}

fn away() -> Input {
    Input::LinkChanged { link: Link::Reconnecting { attempt: 1, next_try_ms: 500 } }
}

fn lunch() -> Presence {
    Presence::Break { reason: "lunch".into() }
}

#[test]
fn signing_in_choosing_and_signing_out() {
    let mut b = Bench::empty(Config::default());
    b.ask(sign_in());
    assert!(matches!(b.effects[0], Effect::OpenSession { .. }));
    b.ask(sign_in());
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::SignIn }]);
    b.input(Input::SessionOpened { start: start(false) });
    b.ask(sign_in());
    assert_eq!(b.refusals(), [Refusal::AlreadySignedIn]);
    for (ask, want) in [
        (choose(&[], "centre"), Refusal::NoSuchCampaign),
        (choose(&["none"], "centre"), Refusal::NoSuchCampaign),
        (choose(&["in"], "none"), Refusal::NoSuchExtension),
        (Ask::SetPresence { presence: Presence::Available }, Refusal::NotSignedIn),
        (Ask::Accept { interaction: None }, Refusal::NotSignedIn),
    ] {
        b.ask(ask);
        assert_eq!(b.refusals(), [want]);
    }
    b.ask(choose(&["in", "in"], "centre"));
    let SessionView::Choosing { pending: true, .. } = b.desk.snapshot().session else {
        panic!("{:?}", b.desk.snapshot().session)
    };
    b.input(chosen());
    assert!(b.did(&Effect::OpenLine));
    let SessionView::SignedIn { chosen, centre, .. } = b.desk.snapshot().session else {
        panic!("not signed in")
    };
    assert_eq!((chosen, centre.as_str()), (vec!["in".into()], "Test centre"));
    b.ask(Ask::SignOut);
    assert!(b.did(&Effect::CloseSession));
    b.ask(Ask::SignOut);
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::SignOut }]);
    b.input(Input::SessionEnded { fault: None });
    assert!(b.did(&Effect::CloseLine));
    assert_eq!(b.desk.snapshot().session, SessionView::SignedOut { fault: None });
    assert_eq!(b.desk.deadline(), None);
}

#[test]
fn a_sign_out_that_nobody_answers_is_taken_for_done() {
    let mut b = Bench::available();
    b.ask(Ask::SignOut);
    assert!(b.pass(10_000).contains(&Effect::CloseLine));
    assert_eq!(b.desk.snapshot().session, SessionView::SignedOut { fault: None });
}

#[test]
fn a_sign_in_can_be_given_up() {
    let mut b = Bench::empty(Config::default());
    b.ask(sign_in());
    b.ask(Ask::SignOut);
    assert!(b.did(&Effect::CloseSession));
    b.input(Input::SessionOpened { start: start(false) });
    assert_eq!(b.effects, [Effect::CloseSession], "nobody is there to use it");
}

#[test]
fn a_failed_sign_in_says_why() {
    let mut b = Bench::empty(Config::default());
    b.ask(sign_in());
    b.input(Input::SignInFailed { fault: SignInFault::WrongCredentials });
    let fault = Some(SignInFault::WrongCredentials);
    assert_eq!(b.desk.snapshot().session, SessionView::SignedOut { fault });
}

#[test]
fn a_refused_choice_can_be_made_again() {
    let mut b = Bench::empty(Config::default());
    b.ask(sign_in());
    b.input(Input::SessionOpened { start: start(false) });
    b.ask(choose(&["in"], "centre"));
    let command = b.command();
    b.input(Input::Answered { command, result: Err("That extension is in use.".into()) });
    assert_eq!(b.refusals().len(), 1);
    b.input(chosen());
    assert!(matches!(b.desk.snapshot().session, SessionView::Choosing { pending: false, .. }));
    b.ask(choose(&["in"], "1001"));
    b.input(chosen());
    assert!(matches!(b.desk.snapshot().session, SessionView::SignedIn { .. }));
    assert!(!b.did(&Effect::OpenLine), "voice is at the desk phone");
}

#[test]
fn open_interactions_keep_the_agent_signed_in() {
    let mut b = Bench::available();
    assert!(b.desk.snapshot().can_sign_out);
    b.told(over("i1", Conversation::Wrapping { until: None }, Cause::CustomerHungUp));
    assert!(!b.desk.snapshot().can_sign_out);
    b.ask(Ask::SignOut);
    assert_eq!(b.refusals(), [Refusal::InteractionsOpen]);
    b.ask(choose(&["in"], "centre"));
    assert_eq!(b.refusals(), [Refusal::InteractionsOpen]);
}

#[test]
fn a_session_that_ends_takes_its_calls_with_it() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.ask(Ask::Hold { interaction: None, leg: None });
    b.told(interaction("i2", b.offered()));
    b.input(Input::SessionEnded { fault: Some(SignInFault::TakenOver) });
    for effect in [NOT_IN_CALL, Effect::CloseLine, Effect::StopRinging] {
        assert!(b.did(&effect), "{effect:?}");
    }
    let view = b.desk.snapshot();
    assert!(view.calls.is_empty() && view.line == LineState::Closed);
    assert_eq!(view.presence.state, AgentState::Offline);
    assert_eq!(b.desk.deadline(), None);
    b.told(interaction("i3", b.offered()));
    assert_eq!(b.effects, [], "nobody sits here");
}

#[test]
fn a_new_session_after_a_restart_gets_the_same_choice() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.input(away());
    b.input(Input::SessionOpened { start: start(false) });
    assert!(matches!(&b.orders()[0].1, Order::Choose { campaigns, .. } if campaigns.len() == 2));
    assert!(matches!(b.desk.snapshot().session, SessionView::SignedIn { .. }));
    assert!(b.call("i1").is_some() && !b.did(&MIC_CLOSED), "voice goes on");
    b.input(Input::SessionOpened { start: start(true) });
    assert_eq!(b.orders(), []);
}

#[test]
fn a_choice_that_a_restarted_centre_refuses_is_the_agents_again() {
    let mut b = Bench::available();
    b.input(Input::SessionOpened { start: start(false) });
    let command = b.command();
    b.input(Input::Answered { command, result: Err("That extension is in use.".into()) });
    assert!(matches!(b.desk.snapshot().session, SessionView::Choosing { pending: false, .. }));
    assert_eq!(b.refusals().len(), 1);
}

#[test]
fn a_new_session_without_the_old_choice_asks_the_agent() {
    let mut b = Bench::available();
    let changed = SessionStart { extensions: vec![], ..start(false) };
    b.input(Input::SessionOpened { start: changed });
    assert!(b.did(&Effect::CloseLine));
    assert!(matches!(b.desk.snapshot().session, SessionView::Choosing { .. }));
}

#[test]
fn one_failed_reconnection_does_not_end_the_session() {
    let mut b = Bench::available();
    b.input(away());
    b.input(Input::SignInFailed { fault: SignInFault::Unreachable { detail: String::new() } });
    assert!(matches!(b.desk.snapshot().session, SessionView::SignedIn { .. }));
    b.input(Input::SignInFailed { fault: SignInFault::Expired });
    let fault = Some(SignInFault::Expired);
    assert_eq!(b.desk.snapshot().session, SessionView::SignedOut { fault });
}

#[test]
fn presence_is_pending_until_the_centre_agrees() {
    let mut b = Bench::available();
    b.ask(Ask::SetPresence { presence: Presence::Break { reason: "nap".into() } });
    assert_eq!(b.refusals(), [Refusal::NoSuchBreak]);
    b.ask(Ask::SetPresence { presence: lunch() });
    let command = b.command();
    let view = b.desk.snapshot().presence;
    assert_eq!((view.state, view.pending), (AgentState::Available, Some(lunch())));
    b.ask(Ask::SetPresence { presence: lunch() });
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::SetPresence }]);
    b.input(Input::Answered { command, result: Ok(()) });
    let view = b.desk.snapshot().presence;
    assert_eq!((view.state, view.chosen, view.pending), (AgentState::Break, lunch(), None));
}

#[test]
fn a_presence_chosen_while_busy_is_queued() {
    let mut b = Bench::available();
    b.agent(AgentState::Busy, Presence::Available, None);
    b.ask(Ask::SetPresence { presence: lunch() });
    let command = b.command();
    b.input(Input::Answered { command, result: Ok(()) });
    let view = b.desk.snapshot().presence;
    assert_eq!((view.state, view.next, view.pending), (AgentState::Busy, Some(lunch()), None));
    b.agent(AgentState::Break, lunch(), None);
    let view = b.desk.snapshot().presence;
    assert_eq!((view.state, view.next), (AgentState::Break, None));
}

#[test]
fn a_refused_presence_is_not_shown_as_pending() {
    let mut b = Bench::available();
    b.agent(AgentState::Missed, Presence::Available, None);
    b.ask(Ask::SetPresence { presence: Presence::Available });
    let command = b.command();
    b.agent(AgentState::Missed, Presence::Available, None);
    assert_eq!(b.desk.snapshot().presence.pending, Some(Presence::Available));
    b.input(Input::Answered { command, result: Err("no".into()) });
    let view = b.desk.snapshot().presence;
    assert_eq!((view.state, view.pending), (AgentState::Missed, None));
}

#[test]
fn while_the_centre_is_away_voice_goes_on_and_orders_wait() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.told(over("i2", Conversation::Wrapping { until: None }, Cause::CustomerHungUp));
    b.input(away());
    assert_eq!(b.effects, [Effect::Alert { alert: Alert::CentreLost }, Effect::Changed]);
    b.input(Input::LinkChanged { link: Link::Reconnecting { attempt: 2, next_try_ms: 900 } });
    assert_eq!(b.effects, [Effect::Changed], "said once");
    let can = b.call("i1").unwrap().can;
    assert!(can.mute && !can.hold && !can.end);
    b.ask(Ask::Hold { interaction: Some("i1".into()), leg: None });
    assert_eq!(b.refusals(), [Refusal::CentreAway]);
    b.ask(Ask::SetPresence { presence: lunch() });
    assert_eq!(b.refusals(), [Refusal::CentreAway]);
    b.ask(Ask::Mute { on: true });
    assert!(b.did(&MIC_CLOSED));
    b.ask(Ask::Note { interaction: Some("i1".into()), note: "typed".into() });
    assert_eq!(b.orders().len(), 1, "the outbox keeps it");
    let disposition = "done".into();
    b.ask(Ask::Dispose {
        interaction: Some("i2".into()),
        disposition,
        note: String::new(),
        callback: None,
    });
    assert_eq!(b.orders().len(), 1);
    let passed = b.pass(3_600_000);
    assert!(!passed.iter().any(|e| matches!(e, Effect::Refused { .. })), "no haste: {passed:?}");
    assert_eq!(b.call("i2").unwrap().pending[0].verb, Verb::Dispose);
    b.input(Input::LinkChanged { link: Link::Up });
    assert!(b.did(&Effect::Alert { alert: Alert::CentreBack }));
    let refused = b.pass(10_000);
    let refused = refused.iter().filter(|e| matches!(e, Effect::Refused { .. })).count();
    assert_eq!(refused, 2, "now an answer is due");
}

#[test]
fn where_there_is_nothing_to_choose_nobody_is_asked() {
    let mut b = Bench::empty(Config::default());
    b.ask(sign_in());
    b.input(Input::SessionOpened { start: SessionStart { unasked: true, ..start(false) } });
    let [(command, Order::Choose { campaigns, extension })] = &b.orders()[..] else {
        panic!("{:?}", b.effects)
    };
    assert_eq!((campaigns.len(), extension.as_str()), (2, "centre"));
    let signing_in = matches!(b.desk.snapshot().session, SessionView::SigningIn { .. });
    assert!(signing_in, "a choice that is nobody's is not shown");
    let command = *command;
    b.input(chosen());
    b.input(Input::Answered { command, result: Ok(()) });
    assert!(matches!(b.desk.snapshot().session, SessionView::SignedIn { .. }));
}

#[test]
fn a_choice_that_was_nobodys_and_is_refused_is_shown() {
    let mut b = Bench::empty(Config::default());
    b.ask(sign_in());
    b.input(Input::SessionOpened { start: SessionStart { unasked: true, ..start(false) } });
    let command = b.command();
    b.input(Input::Answered { command, result: Err("No.".into()) });
    assert!(matches!(b.desk.snapshot().session, SessionView::Choosing { pending: false, .. }));
    assert_eq!(b.refusals().len(), 1);
}
