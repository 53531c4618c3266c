//! Sentences for a person: cause and next step.

use omnibar_desk::SignInFault;
use omnibar_protocol::{Code, ErrorObject, wire::SessionEnd};

/// Longest sentence of a centre that is shown, in characters.
const SENTENCE_MAX: usize = 300;

pub(crate) const AWAY: &str =
    "The centre cannot be reached at the moment. Try again when the connection is back.";
pub(crate) const LATE: &str =
    "The connection was lost before the centre answered. Check the call, then try again.";
pub(crate) const TOO_MANY: &str =
    "The centre is not answering, and too much is waiting for it. Wait a moment, then try again.";
pub(crate) const UNREADABLE: &str = "The centre's answer could not be read. Check that Omnibar and the centre are of the same \
     version.";
pub(crate) const OUTBOX_FULL: &str =
    "Too many notes and dispositions are waiting for the centre. Connect to it, then try again.";
pub(crate) const NO_PASSWORD: &str =
    "No password is kept for this user. Type the password and sign in again.";

/// A centre's sentence, as far as it is fit to be shown.
pub(crate) fn sentence(error: &ErrorObject) -> String {
    let text: String =
        error.message.chars().filter(|c| !c.is_control()).take(SENTENCE_MAX).collect();
    if text.trim().is_empty() {
        format!(
            "The centre refused with code {}. Try again, or ask your administrator.",
            error.code
        )
    } else {
        text
    }
}

pub(crate) fn fault(error: &ErrorObject) -> SignInFault {
    match Code::from(error.code) {
        Code::Unauthorised => SignInFault::WrongCredentials,
        Code::SessionElsewhere => SignInFault::Elsewhere,
        Code::SessionExpired => SignInFault::Expired,
        Code::TooMany => SignInFault::TooManyTries,
        Code::Version => SignInFault::Version,
        Code::ParseError
        | Code::InvalidRequest
        | Code::MethodNotFound
        | Code::InvalidParams
        | Code::Internal
        | Code::Conflict
        | Code::NotFound
        | Code::Other(_) => SignInFault::Refused { detail: sentence(error) },
    }
}

/// `None`: the agent signed out.
pub(crate) fn ended(reason: SessionEnd) -> Option<SignInFault> {
    match reason {
        SessionEnd::SignedOut => None,
        SessionEnd::TakenOver => Some(SignInFault::TakenOver),
        SessionEnd::Expired => Some(SignInFault::Expired),
        SessionEnd::Removed => Some(SignInFault::Removed),
    }
}

/// Whether the same command may succeed later.
pub(crate) fn is_passing(code: Code) -> bool {
    match code {
        Code::Internal
        | Code::TooMany
        | Code::Unauthorised
        | Code::SessionExpired
        | Code::SessionElsewhere => true,
        Code::ParseError
        | Code::InvalidRequest
        | Code::MethodNotFound
        | Code::InvalidParams
        | Code::Conflict
        | Code::NotFound
        | Code::Version
        | Code::Other(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_sentence_is_cut_and_cleaned() {
        let error = ErrorObject::new(Code::Conflict, format!("\u{1b}[31m{}", "x".repeat(10_000)));
        let text = sentence(&error);
        assert!(text.chars().count() <= SENTENCE_MAX && !text.contains('\u{1b}'));
        assert!(sentence(&ErrorObject::new(Code::Conflict, " \n")).contains("4009"));
    }
}
