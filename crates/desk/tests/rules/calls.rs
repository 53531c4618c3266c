//! Several calls at once, notes, dispositions, reconciliation.

use crate::bench::*;
use omnibar_desk::*;
use omnibar_model::*;

const WRAPPING: Conversation = Conversation::Wrapping { until: None };

fn dispose(id: &str, code: &str) -> Ask {
    Ask::Dispose {
        interaction: Some(id.into()),
        disposition: code.into(),
        note: "done".into(),
        callback: None,
    }
}

fn note(text: &str) -> Ask {
    Ask::Note { interaction: None, note: text.into() }
}

fn dial() -> Ask {
    Ask::Dial { number: PhoneNumber::parse("+15550103").unwrap(), campaign: None }
}

#[test]
fn a_new_conversation_is_selected_and_then_the_selection_stays() {
    let mut b = Bench::available();
    let selected = |b: &Bench| b.desk.snapshot().selected.map(|id| id.to_string());
    b.told(interaction("i1", Conversation::Connected));
    b.told(interaction("i2", Conversation::Connected));
    assert_eq!(selected(&b).as_deref(), Some("i2"));
    b.told(interaction("i1", Conversation::Held));
    b.told(interaction("i1", Conversation::Connected));
    assert_eq!(selected(&b).as_deref(), Some("i2"));
    b.ask(Ask::Select { interaction: "i1".into() });
    b.told(over("i1", WRAPPING, Cause::CustomerHungUp));
    assert_eq!(selected(&b).as_deref(), Some("i1"), "its disposition is due");
    b.told(over("i1", Conversation::Ended, Cause::CustomerHungUp));
    assert_eq!(selected(&b).as_deref(), Some("i2"));
    b.ask(Ask::Select { interaction: "i9".into() });
    assert_eq!(b.refusals(), [Refusal::NoSuchCall]);
}

#[test]
fn a_second_call_can_be_taken_or_resumed_but_not_dialled() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.told(interaction("i2", Conversation::Held));
    b.told(interaction("i3", b.offered()));
    b.ask(dial());
    assert_eq!(b.refusals(), [Refusal::FinishCallFirst]);
    assert!(!b.desk.snapshot().can_dial);
    b.ask(Ask::Resume { interaction: Some("i2".into()), leg: None });
    assert_eq!(b.refusals(), []);
    assert_eq!(b.desk.snapshot().selected, Some("i2".into()));
    b.ask(Ask::Accept { interaction: Some("i3".into()) });
    assert_eq!(b.refusals(), []);
}

#[test]
fn dialling_needs_the_other_calls_held_or_over_and_a_chosen_campaign() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Held));
    b.told(over("i2", WRAPPING, Cause::CustomerHungUp));
    assert!(b.desk.snapshot().can_dial);
    let number = PhoneNumber::parse("+15550103").unwrap();
    b.ask(Ask::Dial { number, campaign: Some("nobody's".into()) });
    assert_eq!(b.refusals(), [Refusal::NoSuchCampaign]);
    b.ask(dial());
    assert_eq!(b.refusals(), []);
    b.ask(dial());
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::Dial }]);
    b.told(dialled("i3", Conversation::Ringing));
    assert_eq!(b.desk.snapshot().selected, Some("i3".into()));
    b.told(consulting("i1", LegState::Connected));
    b.told(over("i3", Conversation::Ended, Cause::NoAnswer));
    b.ask(dial());
    assert_eq!(b.refusals(), [Refusal::FinishCallFirst], "a consultation is a conversation");
}

#[test]
fn a_finished_call_is_disposed_while_another_is_up() {
    let mut b = Bench::available();
    b.told(over("i1", WRAPPING, Cause::CustomerHungUp));
    b.told(interaction("i2", Conversation::Connected));
    b.ask(dispose("i2", "done"));
    assert_eq!(b.refusals(), [Refusal::NotNow { verb: Verb::Dispose }]);
    b.ask(dispose("i1", "never heard of"));
    assert_eq!(b.refusals(), [Refusal::NoSuchDisposition]);
    b.ask(dispose("i1", "done"));
    assert_eq!(b.orders().len(), 1);
    b.ask(dispose("i1", "done"));
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::Dispose }]);
    b.told(over("i1", Conversation::Ended, Cause::CustomerHungUp));
    assert!(b.call("i1").is_none() && b.call("i2").is_some());
}

#[test]
fn a_disposition_of_a_campaign_that_the_agent_lacks_is_the_centres_to_judge() {
    let mut b = Bench::available();
    let call = over("i1", WRAPPING, Cause::CustomerHungUp);
    b.told(Interaction { campaign: "elsewhere".into(), ..call });
    b.ask(dispose("i1", "whatever"));
    assert_eq!(b.orders().len(), 1);
}

#[test]
fn a_note_is_kept_until_the_centre_has_it() {
    let mut b = Bench::available();
    let shown = |b: &Bench| b.call("i1").unwrap().interaction.note;
    b.told(interaction("i1", Conversation::Connected));
    b.ask(note("calls about the invoice"));
    let first = b.command();
    b.told(interaction("i1", Conversation::Held));
    assert_eq!(shown(&b), "calls about the invoice", "the centre's older note does not win");
    b.ask(note("calls about the invoice of May"));
    let second = b.command();
    b.input(Input::Answered { command: first, result: Ok(()) });
    assert_eq!(shown(&b), "calls about the invoice of May");
    b.input(Input::Answered { command: second, result: Ok(()) });
    b.told(Interaction {
        note: "written by the supervisor".into(),
        ..interaction("i1", Conversation::Held)
    });
    assert_eq!(shown(&b), "written by the supervisor");
    b.ask(note(&"é".repeat(2_000)));
    assert_eq!(b.refusals(), []);
    b.ask(note(&"é".repeat(2_001)));
    assert_eq!(b.refusals(), [Refusal::NoteTooLong]);
}

#[test]
fn a_refused_note_is_not_lost() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.ask(note("typed"));
    let command = b.command();
    b.input(Input::Answered { command, result: Err("disk full".into()) });
    b.told(interaction("i1", Conversation::Held));
    assert_eq!(b.call("i1").unwrap().interaction.note, "typed");
}

#[test]
fn what_is_not_in_the_synchronisation_is_gone() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.told(interaction("i2", b.offered()));
    b.ask(Ask::Hold { interaction: Some("i1".into()), leg: None });
    b.told(interaction("i1", Conversation::Held));
    b.ask(Ask::Resume { interaction: Some("i1".into()), leg: None });
    let command = b.command();
    b.synchronise(vec![over("i3", WRAPPING, Cause::CustomerHungUp)]);
    assert!(b.did(&Effect::StopRinging) && b.did(&NOT_IN_CALL));
    let gone = Alert::OfferGone { interaction: "i2".into(), missed: false };
    assert!(b.did(&Effect::Alert { alert: gone }));
    let lost = Alert::CallEnded { interaction: "i1".into(), cause: Cause::SwitchLost };
    assert!(b.did(&Effect::Alert { alert: lost }));
    let ids: Vec<_> = b.desk.snapshot().calls.into_iter().map(|c| c.interaction.id).collect();
    assert_eq!(ids, ["i3".into()]);
    b.input(Input::Answered { command, result: Err("no such call".into()) });
    assert_eq!(b.refusals(), [], "the command went with its call");
    assert_eq!(b.pass(20_000), []);
}

#[test]
fn a_synchronisation_keeps_what_goes_on() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    b.ask(Ask::Hold { interaction: None, leg: None });
    b.synchronise(vec![interaction("i1", Conversation::Connected)]);
    assert_eq!(b.effects, []);
    assert_eq!(b.call("i1").unwrap().pending.len(), 1);
}

#[test]
fn a_call_ended_twice_ends_once() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    let end = over("i1", Conversation::Ended, Cause::CustomerHungUp);
    b.told(end.clone());
    assert!(b.did(&play(Sound::Ended)));
    b.told(end);
    assert_eq!(b.effects, []);
}

#[test]
fn a_hostile_centre_cannot_fill_the_desk() {
    let mut b = Bench::available();
    for n in 0..100 {
        let mut i = interaction(&format!("i{n}"), b.offered());
        i.note = "x".repeat(100_000);
        i.legs = (0..1_000).map(|n| leg(&format!("l{n}"), LegState::Held)).collect();
        b.told(i);
    }
    let calls = b.desk.snapshot().calls;
    assert_eq!(calls.len(), 32);
    for call in calls {
        assert_eq!(call.interaction.legs.len(), 32);
        assert_eq!(call.interaction.note.len(), 2_000);
    }
    b.synchronise(vec![]);
    assert!(b.desk.snapshot().calls.is_empty());
}

#[test]
fn a_refusal_stays_six_seconds_or_until_dismissed() {
    let mut b = Bench::available();
    b.ask(Ask::End { interaction: None });
    assert_eq!(b.refusals(), [Refusal::NoSuchCall]);
    assert_eq!(b.desk.deadline(), Some(Moment(b.now.0 + 6_000)));
    b.pass(5_999);
    assert!(b.desk.snapshot().refusal.is_some());
    b.pass(1);
    assert_eq!(b.desk.snapshot().refusal, None);
    b.ask(Ask::End { interaction: None });
    b.ask(Ask::Dismiss);
    assert_eq!(b.desk.snapshot().refusal, None);
}

#[test]
fn presses_without_end_are_refused_at_some_point() {
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    let mut ordered = 0;
    for _ in 0..1_000 {
        b.ask(Ask::Dtmf { interaction: None, digits: "1".into() });
        ordered += b.orders().len();
    }
    assert_eq!(ordered, 64);
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::Dtmf }]);
}
