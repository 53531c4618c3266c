//! What an exchange's refusals and ends mean, in the agent's words.

use omnibar_desk::LineState;
use omnibar_line::sip::core::{Cause, CauseKind, Party};
pub(super) use omnibar_line::sip::words::{cause as words, refusal, voice as no_voice};
use omnibar_softphone::RelayProbe;
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

/// Of a call, when the connection to the exchange breaks.
pub(super) const UNREACHABLE: &str = "The exchange cannot be reached. The call goes on as long as voice passes; it can be held or \
     transferred when the exchange answers again.";
/// Of a call that was asked about after that.
pub(super) const REACHED: &str = "The exchange answers again and still has the call.";
/// Of a hold or its end meanwhile.
pub(super) const POSTPONED: &str =
    "The exchange cannot be reached. It is told when it answers again.";

/// Of all calls.
pub(super) const WOKE: &str =
    "This computer was asleep. The exchange is connected to anew; calls that it has kept go on.";

/// Of a call's voice; `reachable`: the exchange is.
pub(super) fn line(state: LineState, reachable: bool) -> &'static str {
    match (state, reachable) {
        (LineState::Up, _) => "Voice passes again.",
        (LineState::Closed, _) => "The voice connection was closed.",
        (LineState::Connecting | LineState::Recovering, true) => "A way for the voice is sought.",
        (LineState::Lost | LineState::Failed, true) => {
            "No voice passes at the moment; another way is sought."
        }
        (
            LineState::Connecting | LineState::Recovering | LineState::Lost | LineState::Failed,
            false,
        ) => {
            "No voice passes, and the exchange cannot be reached. If it has stopped, the call is \
             lost; that is told when it answers again."
        }
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

/// What a TURN server says.
pub(super) fn relay(url: &str, found: RelayProbe) -> Value {
    let (state, cause, took) = match found {
        RelayProbe::Ready(took) => ("ready", None, Some(took.as_millis())),
        RelayProbe::Refused => ("refused", Some(RELAY_REFUSED), None),
        RelayProbe::Untrusted => ("untrusted", Some(RELAY_UNTRUSTED), None),
        RelayProbe::Silent => ("silent", Some(RELAY_SILENT), None),
    };
    json!({"event": "relay", "server": url, "state": state, "cause": cause, "took_ms": took})
}

pub(super) const RELAY_REFUSED: &str = "The TURN server does not take this name and password.";
pub(super) const RELAY_UNTRUSTED: &str =
    "The TURN server's certificate is not accepted, or it speaks no TLS.";
pub(super) const RELAY_SILENT: &str = "The TURN server does not answer.";

/// `name` is empty if nobody gave one.
pub(super) fn party(party: &Party) -> Value {
    json!({"number": party.user, "name": party.display, "uri": party.uri})
}
