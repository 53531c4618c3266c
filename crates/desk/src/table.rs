use crate::Verb;
use omnibar_model::{Conversation, VoicePath};

/// What a call in a given state says to a verb, before its legs and the commands
/// under way are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    Allowed,
    /// Makes no sense in this state.
    NotNow,
    /// Allowed once a consulted party has answered.
    WithConsult,
    /// Allowed while nobody is being consulted.
    WithoutConsult,
    /// Allowed while another party is connected to the agent.
    WithConnectedLeg,
    /// Allowed while another party is held.
    WithHeldLeg,
    /// Allowed while two other parties are in the call.
    WithSecondLeg,
    /// About the desk as a whole: this call must be held or over first.
    FinishFirst,
    /// About the desk as a whole: this call must be disposed first.
    MustClose,
}

/// The whole table of call states and verbs. Every verb is named in every state,
/// so that a new verb or a new state does not compile until it is thought of here.
pub(crate) fn decide(conversation: Conversation, voice: VoicePath, verb: Verb) -> Ruling {
    match conversation {
        Conversation::Offered { .. } => offered(verb),
        Conversation::Ringing => ringing(voice, verb),
        Conversation::Connected => connected(voice, verb),
        Conversation::Held => held(voice, verb),
        Conversation::Wrapping { .. } => wrapping(verb),
        Conversation::Ended => ended(verb),
    }
}

fn offered(verb: Verb) -> Ruling {
    match verb {
        Verb::Accept
        | Verb::Reject
        | Verb::Select
        | Verb::SetPresence
        | Verb::StartChat
        | Verb::Callback => Ruling::Allowed,
        Verb::SignIn | Verb::Choose | Verb::SignOut => Ruling::MustClose,
        Verb::Dial | Verb::Monitor => Ruling::FinishFirst,
        Verb::Hold
        | Verb::Resume
        | Verb::Mute
        | Verb::Dtmf
        | Verb::Transfer
        | Verb::Consult
        | Verb::Complete
        | Verb::Conference
        | Verb::Drop
        | Verb::End
        | Verb::Record
        | Verb::Note
        | Verb::Dispose
        | Verb::Say => Ruling::NotNow,
    }
}

fn ringing(voice: VoicePath, verb: Verb) -> Ruling {
    match verb {
        Verb::End
        | Verb::Note
        | Verb::Select
        | Verb::SetPresence
        | Verb::StartChat
        | Verb::Callback => Ruling::Allowed,
        Verb::Mute => mute(voice),
        Verb::SignIn | Verb::Choose | Verb::SignOut => Ruling::MustClose,
        Verb::Dial | Verb::Monitor => Ruling::FinishFirst,
        Verb::Accept
        | Verb::Reject
        | Verb::Hold
        | Verb::Resume
        | Verb::Dtmf
        | Verb::Transfer
        | Verb::Consult
        | Verb::Complete
        | Verb::Conference
        | Verb::Drop
        | Verb::Record
        | Verb::Dispose
        | Verb::Say => Ruling::NotNow,
    }
}

fn connected(voice: VoicePath, verb: Verb) -> Ruling {
    match verb {
        Verb::Hold
        | Verb::Dtmf
        | Verb::End
        | Verb::Record
        | Verb::Note
        | Verb::Select
        | Verb::SetPresence
        | Verb::StartChat
        | Verb::Callback => Ruling::Allowed,
        Verb::Mute => mute(voice),
        Verb::Resume => Ruling::WithHeldLeg,
        Verb::Transfer | Verb::Consult => Ruling::WithoutConsult,
        Verb::Complete | Verb::Conference => Ruling::WithConsult,
        Verb::Drop => Ruling::WithSecondLeg,
        Verb::SignIn | Verb::Choose | Verb::SignOut => Ruling::MustClose,
        Verb::Dial | Verb::Monitor => Ruling::FinishFirst,
        Verb::Accept | Verb::Reject | Verb::Dispose | Verb::Say => Ruling::NotNow,
    }
}

/// The customer is held; a consulted party may be connected meanwhile.
fn held(voice: VoicePath, verb: Verb) -> Ruling {
    match verb {
        Verb::Resume
        | Verb::Dial
        | Verb::End
        | Verb::Record
        | Verb::Note
        | Verb::Select
        | Verb::SetPresence
        | Verb::StartChat
        | Verb::Callback => Ruling::Allowed,
        Verb::Mute => mute(voice),
        Verb::Hold | Verb::Dtmf => Ruling::WithConnectedLeg,
        Verb::Transfer | Verb::Consult => Ruling::WithoutConsult,
        Verb::Complete | Verb::Conference => Ruling::WithConsult,
        Verb::Drop => Ruling::WithSecondLeg,
        Verb::SignIn | Verb::Choose | Verb::SignOut => Ruling::MustClose,
        Verb::Monitor => Ruling::FinishFirst,
        Verb::Accept | Verb::Reject | Verb::Dispose | Verb::Say => Ruling::NotNow,
    }
}

fn wrapping(verb: Verb) -> Ruling {
    match verb {
        Verb::Dispose
        | Verb::Note
        | Verb::Dial
        | Verb::Select
        | Verb::SetPresence
        | Verb::StartChat
        | Verb::Callback
        | Verb::Monitor => Ruling::Allowed,
        Verb::SignIn | Verb::Choose | Verb::SignOut => Ruling::MustClose,
        Verb::Accept
        | Verb::Reject
        | Verb::Hold
        | Verb::Resume
        | Verb::Mute
        | Verb::Dtmf
        | Verb::Transfer
        | Verb::Consult
        | Verb::Complete
        | Verb::Conference
        | Verb::Drop
        | Verb::End
        | Verb::Record
        | Verb::Say => Ruling::NotNow,
    }
}

/// Gone: it allows nothing and stands in nobody's way.
fn ended(verb: Verb) -> Ruling {
    match verb {
        Verb::SignIn
        | Verb::Choose
        | Verb::SignOut
        | Verb::SetPresence
        | Verb::StartChat
        | Verb::Dial
        | Verb::Callback
        | Verb::Monitor => Ruling::Allowed,
        Verb::Select
        | Verb::Accept
        | Verb::Reject
        | Verb::Hold
        | Verb::Resume
        | Verb::Mute
        | Verb::Dtmf
        | Verb::Transfer
        | Verb::Consult
        | Verb::Complete
        | Verb::Conference
        | Verb::Drop
        | Verb::End
        | Verb::Record
        | Verb::Note
        | Verb::Dispose
        | Verb::Say => Ruling::NotNow,
    }
}

/// A broken path may come back at any moment, so the agent can mute before it does.
/// Without a path of this app (a desk phone) there is no microphone to mute.
fn mute(voice: VoicePath) -> Ruling {
    match voice {
        VoicePath::None => Ruling::NotNow,
        VoicePath::Connecting | VoicePath::Flowing | VoicePath::Lost | VoicePath::Recovering => {
            Ruling::Allowed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_model::Moment;
    use std::fmt::Write;

    /// The table as a person reads it: `conversation verb voice:ruling …`.
    fn table() -> String {
        let conversations = [
            Conversation::Offered { expires: Moment(1) },
            Conversation::Ringing,
            Conversation::Connected,
            Conversation::Held,
            Conversation::Wrapping { until: None },
            Conversation::Ended,
        ];
        let voices = [
            VoicePath::None,
            VoicePath::Connecting,
            VoicePath::Flowing,
            VoicePath::Lost,
            VoicePath::Recovering,
        ];
        let verbs = [
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
        let mut text = String::new();
        for conversation in conversations {
            let state = format!("{conversation:?}");
            let state = state.split(' ').next().unwrap_or("");
            for verb in verbs {
                let rulings = voices.map(|voice| decide(conversation, voice, verb));
                write!(text, "{state:9} {:11}", format!("{verb:?}")).unwrap();
                if rulings.iter().all(|r| *r == rulings[0]) {
                    writeln!(text, " {:?}", rulings[0]).unwrap();
                } else {
                    for (voice, ruling) in voices.iter().zip(rulings) {
                        write!(text, " {voice:?}:{ruling:?}").unwrap();
                    }
                    text.push('\n');
                }
            }
        }
        text
    }

    #[test]
    fn the_table_is_the_agreed_one() {
        let agreed = include_str!("../tests/decisions.txt");
        for (is, agreed) in table().lines().zip(agreed.lines()) {
            assert_eq!(is, agreed, "change tests/decisions.txt if this is meant");
        }
        assert_eq!(table(), agreed);
    }
}
