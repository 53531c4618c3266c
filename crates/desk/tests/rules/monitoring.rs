//! A supervisor in a colleague's call: when he is heard, and what stands in his way.

use crate::bench::*;
use omnibar_desk::*;
use omnibar_model::*;

fn told(b: &mut Bench, mode: Option<MonitorMode>) -> Vec<Effect> {
    let of = |mode| Monitoring { agent: "agent1".into(), interaction: "i9".into(), mode };
    b.input(Input::AgentChanged {
        state: AgentState::Busy,
        since: b.now,
        presence: Presence::Available,
        next: None,
        monitoring: mode.map(of),
    })
    .to_vec()
}

const OPEN: Effect = Effect::SetMicrophone { open: true };
const SHUT: Effect = Effect::SetMicrophone { open: false };

#[test]
fn the_microphone_is_open_while_somebody_is_to_hear_him() {
    let mut b = Bench::available();
    b.line(LineState::Up);
    let listens = told(&mut b, Some(MonitorMode::Listen));
    assert!(listens.contains(&Effect::SetInCall { on: true }), "he hears");
    assert!(!listens.contains(&OPEN));
    assert!(told(&mut b, Some(MonitorMode::Whisper)).contains(&OPEN));
    assert!(b.ask(Ask::Mute { on: true }).contains(&SHUT));
    assert!(b.ask(Ask::Mute { on: false }).contains(&OPEN));
    assert!(!told(&mut b, Some(MonitorMode::Barge)).contains(&SHUT), "it stays open");
    assert_eq!(b.desk.snapshot().monitoring.map(|m| m.mode), Some(MonitorMode::Barge));
    let over = told(&mut b, None);
    assert!(over.contains(&SHUT) && over.contains(&Effect::SetInCall { on: false }));
    assert_eq!(b.desk.snapshot().monitoring, None);
}

#[test]
fn an_agent_speaks_with_a_supervisor_while_the_customer_is_held() {
    let held = |monitored| Interaction { monitored, ..interaction("i1", Conversation::Held) };
    let mut b = Bench::available();
    b.told(interaction("i1", Conversation::Connected));
    assert!(b.told(held(Some(MonitorMode::Listen))).contains(&SHUT), "nobody is to hear him");
    assert!(b.told(held(Some(MonitorMode::Whisper))).contains(&OPEN));
    assert!(b.told(held(None)).contains(&SHUT));
}

#[test]
fn it_is_ordered_from_the_centre_unless_he_has_a_call_of_his_own() {
    let mut b = Bench::available();
    b.line(LineState::Up);
    let ask = || Ask::Monitor { agent: "agent1".into(), mode: MonitorMode::Whisper };
    let wanted = Order::Monitor { agent: "agent1".into(), mode: MonitorMode::Whisper };
    let ordered = |e: &Effect| matches!(e, Effect::Order { order, .. } if *order == wanted);
    assert!(b.ask(ask()).iter().any(ordered));
    assert!(b.ask(ask()).iter().any(|e| matches!(
        e,
        Effect::Refused { reason: Refusal::Pending { verb: Verb::Monitor }, .. }
    )));
    let mut b = Bench::available();
    b.line(LineState::Up);
    b.told(interaction("i1", Conversation::Connected));
    assert!(
        b.ask(ask())
            .iter()
            .any(|e| matches!(e, Effect::Refused { reason: Refusal::FinishCallFirst, .. }))
    );
}
