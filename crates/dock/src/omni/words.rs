//! Why the desk did not do something, in words for a page: cause and next step.

use omnibar_desk::{Refusal, SignInFault, Verb};

pub(super) fn refusal(refusal: &Refusal) -> String {
    let words = match refusal {
        Refusal::NotSignedIn => "the agent is not signed in: sign in first",
        Refusal::AlreadySignedIn => "an agent is signed in already: sign out first",
        Refusal::InteractionsOpen => "an interaction is open: end and dispose it first",
        Refusal::CentreAway => "the centre is away: try again once it is back",
        Refusal::NoSuchCall => "that interaction is over",
        Refusal::NoSuchChat => "that chat is over",
        Refusal::NoSuchLeg => "that party has left",
        Refusal::NoSuchCampaign => "that campaign is not this agent's: choose another",
        Refusal::NoSuchExtension => "that extension is not this agent's: choose another",
        Refusal::NoSuchBreak => "that break does not exist: choose another",
        Refusal::NoSuchDisposition => "that disposition is not this campaign's: choose another",
        Refusal::NotNow { verb } => {
            return format!("cannot {} now: wait for the call to change", done(*verb));
        }
        Refusal::Pending { verb } => {
            return format!("{} is under way already: wait for it", done(*verb));
        }
        Refusal::BadDigits => "only 0-9, * and # can be sent, at most 32",
        Refusal::NoteTooLong => "notes have at most 2000 characters: shorten them",
        Refusal::BadChatText => "a message has 1 to 4000 characters: change it",
        Refusal::FinishCallFirst => "another call is open: hold, end or dispose it first",
        Refusal::Centre { verb, message } => {
            return format!("the centre would not {}: {message}", done(*verb));
        }
    };
    words.to_owned()
}

pub(super) fn sign_in_fault(fault: &SignInFault) -> String {
    let words = match fault {
        SignInFault::WrongCredentials => "user or password is wrong: check both",
        SignInFault::Elsewhere => "the agent is signed in elsewhere: use forceLogin to take over",
        SignInFault::TooManyTries => "too many tries: wait a minute",
        SignInFault::BadAddress => "the centre's address is wrong: correct it in Omnibar",
        SignInFault::Unreachable { detail } => {
            return format!("the centre cannot be reached ({detail}): check the network");
        }
        SignInFault::Server { .. } | SignInFault::NotRegistered { .. } => {
            "The phone system cannot be used: Omnibar's window says why"
        }
        SignInFault::Version => "Omnibar and the centre are of different versions: update Omnibar",
        SignInFault::Expired => "the session has expired: sign in again",
        SignInFault::TakenOver => "the agent has signed in elsewhere: sign in again to go on here",
        SignInFault::Removed => "an administrator has ended the session",
        SignInFault::Refused { detail } => return format!("the centre refused: {detail}"),
    };
    words.to_owned()
}

fn done(verb: Verb) -> &'static str {
    match verb {
        Verb::SignIn => "sign in",
        Verb::Choose => "choose campaigns",
        Verb::SignOut => "sign out",
        Verb::SetPresence => "change the agent's state",
        Verb::Select => "select",
        Verb::Accept => "accept",
        Verb::Reject => "reject",
        Verb::Dial => "dial",
        Verb::Hold => "hold",
        Verb::Resume => "resume",
        Verb::Mute => "mute",
        Verb::Dtmf => "send digits",
        Verb::Transfer => "transfer",
        Verb::Consult => "consult",
        Verb::Complete => "complete the transfer",
        Verb::Conference => "make a conference",
        Verb::Drop => "drop a party",
        Verb::End => "end the call",
        Verb::Record => "change the recording",
        Verb::Note => "take the note",
        Verb::Dispose => "dispose",
        Verb::Say => "say it",
        Verb::StartChat => "start a chat",
        Verb::Callback => "change the callback",
        Verb::Monitor => "take part in the call",
    }
}
