//! What a telephone system's refusals and ends mean, in the agent's words.

use super::VoiceFault;
use omnibar_sip::{CauseKind, Refusal};

/// Of an end or a refusal: a sentence.
#[must_use]
pub fn cause(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::Ended => "You ended the call.",
        CauseKind::HungUp => "The other side hung up.",
        CauseKind::GivenUp => "The caller hung up before anybody answered.",
        CauseKind::AnsweredElsewhere => "The call was answered on another phone.",
        CauseKind::Busy => "The line is busy.",
        CauseKind::Declined => "The call was declined.",
        CauseKind::NoAnswer => "Nobody answered.",
        CauseKind::NotFound => "There is nobody at this number.",
        CauseKind::Unavailable => "Nobody can be reached there at the moment.",
        CauseKind::Forbidden => "The exchange does not allow this.",
        CauseKind::WrongPassword => "The exchange does not accept this user name or password.",
        CauseKind::NoCommonMedia => "The two sides have no way to talk in common.",
        CauseKind::Moved => "The number has changed; the exchange names another.",
        CauseKind::ServerFailed => "The exchange, or the network behind it, failed.",
        CauseKind::TimedOut => "The exchange did not answer in time.",
        CauseKind::ConnectionLost => "The connection to the exchange broke.",
        CauseKind::Replaced => "Another call has taken this one's place.",
        CauseKind::Gone => {
            "The exchange does not know this call any more: it has started anew, or ended the \
             call while it could not be reached."
        }
        CauseKind::Malformed => "What the other side sent made no sense.",
    }
}

/// Of a command that makes no sense at the time: a sentence.
#[must_use]
pub fn refusal(why: Refusal) -> &'static str {
    match why {
        Refusal::NoSuchCall | Refusal::NumberTaken => "There is no such call.",
        Refusal::TooMany => "There are too many calls already.",
        Refusal::NotNow => "The call is not in a state for that.",
        Refusal::BadAddress => "This address cannot be called.",
        Refusal::NotConnected => "There is no connection to the exchange.",
    }
}

/// Why there is no voice, or no common one: sentences.
#[must_use]
pub fn voice(fault: &VoiceFault) -> &'static str {
    match fault {
        VoiceFault::NoPath => {
            "No way was found for the voice between this computer and the exchange. A firewall or \
             VPN may keep it back: try another network, or have the exchange's UDP ports opened. \
             It is tried again until somebody hangs up."
        }
        VoiceFault::NoRelay => {
            "No TURN server has given an address to talk through. Check its address, its user \
             name and its password."
        }
        VoiceFault::NoMixing(_) => {
            "This computer cannot bring the calls together at the moment; they stay apart."
        }
        VoiceFault::NotUp => {
            "There is no voice in one of the calls yet; they stay apart. Try again in a moment."
        }
        VoiceFault::Description(_) => {
            "This computer and the exchange found no form of voice in common. Let the \
             administrator of the exchange see the detail."
        }
    }
}
