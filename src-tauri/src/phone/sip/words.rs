//! What an exchange's refusals and ends mean, in the agent's words.

use omnibar_line::sip::core::{Cause, CauseKind, Party};
pub(super) use omnibar_line::sip::words::{cause as words, refusal};
use serde_json::{Value, json};

/// For programs.
pub(super) fn reason(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::Ended | CauseKind::HungUp => "hung_up",
        CauseKind::GivenUp => "given_up",
        CauseKind::AnsweredElsewhere => "answered_elsewhere",
        CauseKind::Busy => "busy",
        CauseKind::Declined => "declined",
        CauseKind::NoAnswer => "no_answer",
        CauseKind::NotFound => "not_found",
        CauseKind::Unavailable => "unavailable",
        CauseKind::Forbidden => "forbidden",
        CauseKind::WrongPassword => "wrong_password",
        CauseKind::NoCommonMedia => "no_common_media",
        CauseKind::Moved => "moved",
        CauseKind::ServerFailed => "server_failed",
        CauseKind::TimedOut => "timed_out",
        CauseKind::ConnectionLost => "connection_lost",
        CauseKind::Replaced => "replaced",
        CauseKind::Gone => "gone",
        CauseKind::Malformed => "malformed",
    }
}

/// With `facts` before it: reason and words, and what the far side said itself.
pub(super) fn caused(mut facts: Value, cause: &Cause) -> Value {
    if let Some(object) = facts.as_object_mut() {
        object.insert("reason".into(), json!(reason(cause.kind)));
        object.insert("cause".into(), json!(words(cause.kind)));
        object.insert("status".into(), json!(cause.status));
        object.insert("said".into(), json!(cause.words));
    }
    facts
}

/// `name` is empty if nobody gave one.
pub(super) fn party(party: &Party) -> Value {
    json!({"number": party.user, "name": party.display, "uri": party.uri})
}
