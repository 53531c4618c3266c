//! Every verb in every state of a call and of the line, through the desk's own door.

use crate::bench::*;
use omnibar_desk::*;
use omnibar_model::*;

const VERBS: [Verb; 25] = [
    Verb::SignIn,
    Verb::Choose,
    Verb::SignOut,
    Verb::SetPresence,
    Verb::Select,
    Verb::Accept,
    Verb::Reject,
    Verb::Dial,
    Verb::Hold,
    Verb::Resume,
    Verb::Mute,
    Verb::Dtmf,
    Verb::Transfer,
    Verb::Consult,
    Verb::Complete,
    Verb::Conference,
    Verb::Drop,
    Verb::End,
    Verb::Note,
    Verb::Dispose,
    Verb::Callback,
    Verb::Say,
    Verb::StartChat,
    Verb::Record,
    Verb::Monitor,
];

const LINES: [LineState; 6] = [
    LineState::Closed,
    LineState::Connecting,
    LineState::Up,
    LineState::Lost,
    LineState::Recovering,
    LineState::Failed,
];

fn ask_for(verb: Verb) -> Ask {
    let interaction = Some(InteractionId::new("i1"));
    let to = Destination::Agent("agent2".into());
    match verb {
        Verb::SignIn => {
            Ask::SignIn { centre: "ws://127.0.0.1:1".into(), user: "a".into(), take_over: false }
        }
        Verb::Choose => Ask::Choose { campaigns: vec!["in".into()], extension: "centre".into() },
        Verb::SignOut => Ask::SignOut,
        Verb::SetPresence => Ask::SetPresence { presence: Presence::Offline },
        Verb::Select => Ask::Select { interaction: "i1".into() },
        Verb::Accept => Ask::Accept { interaction },
        Verb::Reject => Ask::Reject { interaction },
        Verb::Dial => Ask::Dial { number: PhoneNumber::parse("1").unwrap(), campaign: None },
        Verb::Hold => Ask::Hold { interaction, leg: None },
        Verb::Resume => Ask::Resume { interaction, leg: None },
        Verb::Mute => Ask::Mute { on: true },
        Verb::Dtmf => Ask::Dtmf { interaction, digits: "1".into() },
        Verb::Transfer => Ask::Transfer { interaction, to },
        Verb::Consult => Ask::Consult { interaction, to },
        Verb::Complete => Ask::Complete { interaction },
        Verb::Conference => Ask::Conference { interaction },
        Verb::Drop => Ask::Drop { interaction, leg: "l1".into() },
        Verb::End => Ask::End { interaction },
        Verb::Record => Ask::Record { interaction, on: false },
        Verb::Monitor => Ask::Monitor { agent: "agent2".into(), mode: MonitorMode::Listen },
        Verb::Note => Ask::Note { interaction, note: "n".into() },
        Verb::Dispose => Ask::Dispose {
            interaction,
            disposition: "done".into(),
            note: String::new(),
            callback: None,
        },
        // A call is no chat.
        Verb::Say => Ask::Chat { ask: ChatAsk::Say { chat: "i1".into(), text: "t".into() } },
        Verb::StartChat => {
            Ask::Chat { ask: ChatAsk::Start { campaign: None, customer: ChatTarget::default() } }
        }
        Verb::Callback => Ask::Callback {
            callback: "c1".into(),
            act: CallbackAct::Snooze { at: None, reason: String::new() },
        },
    }
}

/// What the view says about a verb of a call; `None`: the view has no word for it.
fn shown(can: Can, verb: Verb) -> Option<bool> {
    match verb {
        Verb::Accept => Some(can.accept),
        Verb::Reject => Some(can.reject),
        Verb::Hold => Some(can.hold),
        Verb::Resume => Some(can.resume),
        Verb::Mute => Some(can.mute),
        Verb::Dtmf => Some(can.dtmf),
        Verb::Transfer => Some(can.transfer),
        Verb::Consult => Some(can.consult),
        Verb::Complete => Some(can.complete),
        Verb::Conference => Some(can.conference),
        Verb::Drop => Some(can.drop),
        Verb::End => Some(can.end),
        Verb::Dispose => Some(can.dispose),
        Verb::SignIn
        | Verb::Choose
        | Verb::SignOut
        | Verb::SetPresence
        | Verb::Select
        | Verb::Dial
        | Verb::Record
        | Verb::Monitor
        | Verb::Note
        | Verb::Callback
        | Verb::Say
        | Verb::StartChat => None,
    }
}

fn calls(b: &Bench) -> Vec<Interaction> {
    let mut conference = interaction("i1", Conversation::Connected);
    conference.conference = true;
    conference.legs.push(leg("l2", LegState::Held));
    vec![
        interaction("i1", b.offered()),
        dialled("i1", Conversation::Ringing),
        interaction("i1", Conversation::Connected),
        conference,
        interaction("i1", Conversation::Held),
        consulting("i1", LegState::Ringing),
        consulting("i1", LegState::Connected),
        interaction("i1", Conversation::Wrapping { until: None }),
    ]
}

#[test]
fn every_verb_is_either_done_or_refused_and_the_view_says_which() {
    for which in 0..calls(&Bench::available()).len() {
        for line in LINES {
            for verb in VERBS {
                let mut b = Bench::available();
                let call = calls(&b).remove(which);
                let name = format!("{:?}, line {line:?}, {verb:?}", call.conversation);
                b.told(call);
                b.line(line);
                let before = b.desk.snapshot();
                let can = shown(b.call("i1").unwrap().can, verb);
                b.ask(ask_for(verb));
                let refusals = b.refusals();
                assert!(refusals.len() < 2, "{name}");
                if let Some(can) = can {
                    assert_eq!(can, refusals.is_empty(), "{name}: {refusals:?}");
                }
                if refusals.is_empty() {
                    continue;
                }
                assert_eq!(b.effects.len(), 2, "{name}: refused, shown, and nothing else");
                let after = Snapshot { refusal: None, ..b.desk.snapshot() };
                assert_eq!(after, before, "{name}: a refusal changes nothing");
            }
        }
    }
}
