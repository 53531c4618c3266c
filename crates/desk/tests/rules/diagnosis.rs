//! What is said about a call's voice, and when it is taken back.

use crate::bench::Bench;
use omnibar_desk::*;
use omnibar_model::*;
use proptest::prelude::*;
use std::time::Duration;

fn talk() -> VoiceFacts {
    let device = |name: &str| Device { name: name.into(), ..Device::default() };
    VoiceFacts {
        talking: true,
        line_up: true,
        link: LinkKind::WiFi,
        received: Some(Heard { delay: 40.0, ..Heard::default() }),
        sent: Some(Heard::default()),
        round_trip: Some(30.0),
        microphone: device("Headset"),
        speaker: device("Headset"),
        microphone_heard: true,
        ..VoiceFacts::default()
    }
}

fn lossy(loss: f32) -> Heard {
    Heard { loss, gaps: loss, delay: 40.0, ..Heard::default() }
}

/// The facts for so long, ten times a second; what is said at the end.
fn hold(judge: &mut Judge, now: &mut u64, ms: u64, facts: &VoiceFacts) -> Vec<Diagnosis> {
    let mut said = Vec::new();
    for _ in 0..=ms / 100 {
        said = judge.judge(Moment(*now), facts);
        *now += 100;
    }
    said
}

fn after(ms: u64, facts: &VoiceFacts) -> Vec<Diagnosis> {
    hold(&mut Judge::new(), &mut 0, ms, facts)
}

fn only(said: &[Diagnosis]) -> (Affected, &VoiceFault, Option<Remedy>) {
    assert_eq!(said.len(), 1, "{said:?}");
    (said[0].affected, &said[0].fault, said[0].remedy)
}

#[test]
fn the_record_of_a_call_is_ordered_once_while_somebody_is_signed_in() {
    let record = VoiceRecord { seconds: 61, ..VoiceRecord::default() };
    let input = || Input::CallMeasured { interaction: "i1".into(), record: record.clone() };
    let mut b = Bench::available();
    let effects = b.input(input());
    let order = Order::Measured { interaction: "i1".into(), record: record.clone() };
    assert!(
        matches!(effects, [Effect::Order { order: told, .. }] if *told == order),
        "{effects:?}"
    );
    let mut b = Bench::empty(Config::default());
    assert_eq!(b.input(input()), []);
}

#[test]
fn a_good_call_has_nothing_to_say() {
    assert_eq!(after(60_000, &talk()), []);
}

#[test]
fn the_customer_hears_gaps_by_the_agents_wifi() {
    let facts = VoiceFacts { sent: Some(lossy(6.2)), ..talk() };
    assert_eq!(after(1_500, &facts), [], "not for a moment of it");
    let said = after(3_000, &facts);
    let whose = Whose::Own { link: LinkKind::WiFi };
    assert_eq!(only(&said), (Affected::Customer, &VoiceFault::Loss { percent: 6, whose }, None));
}

#[test]
fn the_agent_hears_gaps_by_whichever_link_loses_more() {
    let own = VoiceFacts { received: Some(lossy(8.0)), link: LinkKind::Cable, ..talk() };
    let whose = Whose::Own { link: LinkKind::Cable };
    let said = after(3_000, &own);
    assert_eq!(only(&said), (Affected::Agent, &VoiceFault::Loss { percent: 8, whose }, None));
    let beyond = Heard { beyond: 7.0, ..lossy(8.0) };
    let said = after(3_000, &VoiceFacts { received: Some(beyond), ..talk() });
    let theirs = VoiceFault::Loss { percent: 7, whose: Whose::Theirs };
    assert_eq!(only(&said), (Affected::Agent, &theirs, None));
}

#[test]
fn loss_that_is_repaired_is_not_spoken_of() {
    let heard = Heard { loss: 10.0, gaps: 0.3, ..lossy(0.0) };
    assert_eq!(after(10_000, &VoiceFacts { received: Some(heard), ..talk() }), []);
}

#[test]
fn what_is_said_does_not_flicker() {
    let (mut judge, mut now) = (Judge::new(), 0);
    let bad = VoiceFacts { sent: Some(lossy(6.0)), ..talk() };
    let said = hold(&mut judge, &mut now, 3_000, &bad);
    for loss in [6.4, 5.2, 1.0, 6.9, 0.9] {
        let facts = VoiceFacts { sent: Some(lossy(loss)), ..talk() };
        assert_eq!(hold(&mut judge, &mut now, 1_000, &facts).len(), said.len());
    }
    assert_eq!(hold(&mut judge, &mut now, 3_000, &bad), said, "the same words, the same number");
    assert_eq!(hold(&mut judge, &mut now, 4_000, &talk()).len(), 1);
    assert_eq!(hold(&mut judge, &mut now, 2_000, &talk()), []);
}

#[test]
fn gaps_of_an_uneven_path_are_named_so() {
    let heard = Heard { jitter: 85.0, ..lossy(4.0) };
    let said = after(3_000, &VoiceFacts { received: Some(heard), ..talk() });
    let whose = Whose::Own { link: LinkKind::WiFi };
    assert_eq!(only(&said).1, &VoiceFault::Jitter { ms: 85, whose });
}

#[test]
fn a_long_way_is_heard_by_both() {
    let said = after(3_000, &VoiceFacts { round_trip: Some(900.0), ..talk() });
    let delay = VoiceFault::Delay { ms: 535, link: LinkKind::WiFi };
    assert_eq!(only(&said), (Affected::Both, &delay, None));
}

#[test]
fn nothing_that_arrives_is_told_alone_and_taken_back() {
    let (mut judge, mut now) = (Judge::new(), 0);
    let facts = VoiceFacts {
        nothing_received: Duration::from_secs(6),
        unheard: Duration::from_secs(6),
        received: Some(lossy(80.0)),
        ..talk()
    };
    let said = hold(&mut judge, &mut now, 5_000, &facts);
    let fault = VoiceFault::NothingArrives { link: LinkKind::WiFi };
    assert_eq!(only(&said), (Affected::Agent, &fault, Some(Remedy::RestartVoice)));
    assert_eq!(hold(&mut judge, &mut now, 1_500, &talk()), []);
}

#[test]
fn what_was_said_of_a_stream_goes_with_it() {
    let (mut judge, mut now) = (Judge::new(), 0);
    let bad = VoiceFacts { received: Some(lossy(9.0)), sent: Some(lossy(9.0)), ..talk() };
    assert_eq!(hold(&mut judge, &mut now, 3_000, &bad).len(), 2);
    let muted = VoiceFacts { muted: true, nothing_received: Duration::from_secs(3), ..bad };
    let said = hold(&mut judge, &mut now, 0, &muted);
    assert_eq!(only(&said).1, &VoiceFault::NothingArrives { link: LinkKind::WiFi });
}

#[test]
fn nothing_that_leaves_is_known_by_the_reports() {
    let said = after(1_000, &VoiceFacts { unheard: Duration::from_secs(5), ..talk() });
    let fault = VoiceFault::NothingLeaves { link: LinkKind::WiFi };
    assert_eq!(only(&said), (Affected::Customer, &fault, Some(Remedy::RestartVoice)));
}

#[test]
fn a_muted_microphone_is_the_cause_and_not_its_silence() {
    let muted = Device { name: "Headset".into(), muted: true, at_zero: false };
    let facts =
        VoiceFacts { microphone: muted, microphone_silent: Duration::from_secs(90), ..talk() };
    let said = after(0, &facts);
    let fault = VoiceFault::MicrophoneMuted { device: "Headset".into() };
    assert_eq!(only(&said), (Affected::Customer, &fault, Some(Remedy::UnmuteMicrophone)));
}

#[test]
fn a_silent_microphone_is_told_when_the_agent_should_have_spoken() {
    let silent = |secs, heard| VoiceFacts {
        microphone_silent: Duration::from_secs(secs),
        microphone_heard: heard,
        ..talk()
    };
    assert_eq!(after(1_000, &silent(7, false)), []);
    assert_eq!(after(1_000, &silent(20, true)), [], "he listens");
    assert_eq!(after(1_000, &VoiceFacts { muted: true, ..silent(90, false) }), []);
    let said = after(0, &silent(8, false));
    let fault = VoiceFault::MicrophoneSilent { device: "Headset".into(), better: None };
    assert_eq!(only(&said), (Affected::Customer, &fault, Some(Remedy::SwitchMicrophone)));
    let better = Some("Built-in".to_owned());
    let said = after(0, &VoiceFacts { better: better.clone(), ..silent(8, true) });
    let fault = VoiceFault::MicrophoneSilent { device: "Headset".into(), better };
    assert_eq!(only(&said).1, &fault, "another one hears him");
}

#[test]
fn a_speaker_that_cannot_be_heard_is_told() {
    let device = |muted, at_zero| Device { name: "Desk".into(), muted, at_zero };
    let said = after(0, &VoiceFacts { speaker: device(true, false), ..talk() });
    let fault = VoiceFault::SpeakerMuted { device: "Desk".into() };
    assert_eq!(only(&said), (Affected::Agent, &fault, Some(Remedy::UnmuteSpeaker)));
    let said = after(0, &VoiceFacts { speaker: device(false, true), ..talk() });
    let fault = VoiceFault::SpeakerAtZero { device: "Desk".into() };
    assert_eq!(only(&said), (Affected::Agent, &fault, Some(Remedy::RaiseSpeaker)));
}

#[test]
fn a_machine_that_is_too_busy_is_told_apart_from_a_bad_device() {
    let said = after(3_000, &VoiceFacts { starved: 5, late: 90.0, ..talk() });
    assert_eq!(only(&said), (Affected::Both, &VoiceFault::Overloaded { ms: 90 }, None));
    let said = after(3_000, &VoiceFacts { starved: 5, late: 3.0, ..talk() });
    let fault = VoiceFault::SpeakerStarved { device: "Headset".into() };
    assert_eq!(only(&said), (Affected::Agent, &fault, None));
}

#[test]
fn a_far_side_without_a_sound_is_told_while_its_packets_come() {
    let silent = VoiceFacts { far_silent: Duration::from_secs(20), ..talk() };
    assert_eq!(only(&after(0, &silent)), (Affected::Agent, &VoiceFault::FarSilent, None));
    assert_eq!(after(0, &VoiceFacts { received: None, ..silent }), []);
}

#[test]
fn nothing_is_said_while_nobody_talks_or_the_line_is_being_mended() {
    let bad =
        VoiceFacts { nothing_received: Duration::from_secs(9), sent: Some(lossy(50.0)), ..talk() };
    assert_eq!(after(9_000, &VoiceFacts { talking: false, ..bad.clone() }), []);
    assert_eq!(after(9_000, &VoiceFacts { line_up: false, ..bad }), []);
}

proptest! {
    #[test]
    fn any_figures_give_readable_words(
        steps in prop::collection::vec((any::<f32>(), any::<f32>(), any::<f32>(), any::<f32>(), 0u64..9_000), 0..40)
    ) {
        let (mut judge, mut now) = (Judge::new(), 0);
        for (loss, gaps, jitter, delay, pause) in steps {
            let heard = Heard { loss, gaps, jitter, delay, beyond: delay };
            let facts = VoiceFacts {
                received: Some(heard),
                sent: Some(heard),
                round_trip: Some(delay),
                late: jitter,
                ..talk()
            };
            let said = judge.judge(Moment(now), &facts);
            prop_assert!(said.len() <= 12);
            for Diagnosis { fault, .. } in said {
                if let VoiceFault::Loss { percent, .. } = fault {
                    prop_assert!((1..=100).contains(&percent));
                }
            }
            now += pause;
        }
    }
}
