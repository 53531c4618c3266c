use crate::message::fields::unquoted;
use crate::message::{Fields, Params, Response, names};

/// Why something ended or was refused: what happened, and what the far side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub kind: CauseKind,
    /// The final response's status, if it was one that came.
    pub status: Option<u16>,
    /// The far side's own words: a response's phrase or a `Reason`'s text.
    pub words: String,
    /// Of a `Reason` field (RFC 3326).
    pub reason: Option<Reason>,
}

/// What a person can be told about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CauseKind {
    /// This side has ended it.
    Ended,
    /// The far side has ended it.
    HungUp,
    /// The caller gave up before it was answered.
    GivenUp,
    /// Somebody else, or another of the user's phones, has answered.
    AnsweredElsewhere,
    Busy,
    Declined,
    NoAnswer,
    /// There is nobody at this number.
    NotFound,
    /// Nobody is there at the moment.
    Unavailable,
    /// The far side does not let this user do it.
    Forbidden,
    /// User name or password are wrong.
    WrongPassword,
    /// The two have no codec or transport in common.
    NoCommonMedia,
    /// The far side is somewhere else now.
    Moved,
    /// The exchange or the network behind it failed.
    ServerFailed,
    /// The exchange did not answer in time.
    TimedOut,
    /// The connection to the exchange broke.
    ConnectionLost,
    /// Another call has taken this one's place (RFC 3891).
    Replaced,
    /// The far side knows nothing of this call any more.
    Gone,
    /// What came made no sense.
    Malformed,
}

/// A protocol's own number for it: `SIP` or `Q.850`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub protocol: String,
    pub cause: u16,
    pub text: String,
}

impl Cause {
    pub(crate) fn of(kind: CauseKind) -> Self {
        Self { kind, status: None, words: String::new(), reason: None }
    }

    /// Of a final response that came or was made up for one that did not.
    pub(crate) fn refused(response: &Response) -> Self {
        // One that was made up has no fields.
        if response.fields.is_empty() {
            return Self::of(match response.status {
                408 => CauseKind::TimedOut,
                503 => CauseKind::ConnectionLost,
                _ => CauseKind::Malformed,
            });
        }
        let reason = Reason::read(&response.fields);
        let told = reason.as_ref().filter(|reason| reason.protocol == "Q.850");
        let kind = of_status(response.status);
        let kind = match (kind, told.and_then(|reason| of_q850(reason.cause))) {
            // What the telephone network said is nearer to what happened.
            (CauseKind::ServerFailed | CauseKind::Unavailable, Some(told)) => told,
            (kind, _) => kind,
        };
        Self { kind, status: Some(response.status), words: words(&response.phrase), reason }
    }

    /// Of a BYE or CANCEL; `kind` is what it means without a reason.
    pub(crate) fn asked(fields: &Fields, kind: CauseKind) -> Self {
        let reason = Reason::read(fields);
        let kind = match &reason {
            Some(Reason { protocol, cause: 200, .. }) if protocol == "SIP" => {
                CauseKind::AnsweredElsewhere
            }
            Some(Reason { protocol, cause: 26, .. }) if protocol == "Q.850" => {
                CauseKind::AnsweredElsewhere
            }
            Some(_) | None => kind,
        };
        let words = reason.as_ref().map(|reason| reason.text.clone()).unwrap_or_default();
        Self { kind, status: None, words, reason }
    }
}

impl Reason {
    fn read(fields: &Fields) -> Option<Self> {
        let value = fields.list(names::REASON).next()?;
        let (protocol, params) = value.split_once(';').unwrap_or((value, ""));
        let params = Params::read(params);
        Some(Self {
            protocol: protocol.trim().to_ascii_uppercase(),
            cause: params.get("cause")?.parse().ok()?,
            text: words(&unquoted(params.get("text").unwrap_or_default())),
        })
    }
}

fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn of_status(status: u16) -> CauseKind {
    match status {
        300..=399 => CauseKind::Moved,
        401 | 407 => CauseKind::WrongPassword,
        402 | 403 | 405 | 421 => CauseKind::Forbidden,
        404 | 410 | 416 | 484 | 485 | 604 => CauseKind::NotFound,
        408 => CauseKind::NoAnswer,
        415 | 488 | 606 => CauseKind::NoCommonMedia,
        480 | 430 => CauseKind::Unavailable,
        481 => CauseKind::Gone,
        486 | 600 => CauseKind::Busy,
        487 => CauseKind::Ended,
        603 | 607 | 608 => CauseKind::Declined,
        500..=599 => CauseKind::ServerFailed,
        _ => CauseKind::Malformed,
    }
}

/// ITU-T Q.850 table 1, as far as a caller can tell the difference.
fn of_q850(cause: u16) -> Option<CauseKind> {
    match cause {
        1 | 22 | 28 => Some(CauseKind::NotFound),
        17 => Some(CauseKind::Busy),
        18 | 19 => Some(CauseKind::NoAnswer),
        20 | 27 => Some(CauseKind::Unavailable),
        21 => Some(CauseKind::Declined),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, reason: Option<&'static str>) -> Cause {
        let mut response = Response::made_up(status);
        response.fields.push(names::CALL_ID, "c");
        if let Some(reason) = reason {
            response.fields.push(names::REASON, reason);
        }
        Cause::refused(&response)
    }

    #[test]
    fn a_refusal_is_told_as_what_happened() {
        assert_eq!(refusal(486, None).kind, CauseKind::Busy);
        assert_eq!(refusal(603, None).kind, CauseKind::Declined);
        assert_eq!(refusal(503, None).kind, CauseKind::ServerFailed);
        let unallocated = refusal(503, Some("Q.850;cause=1;text=\"Unallocated, number\""));
        assert_eq!(unallocated.kind, CauseKind::NotFound);
        assert_eq!(unallocated.reason.unwrap().text, "Unallocated, number");
    }

    #[test]
    fn what_never_came_is_told_apart_from_what_was_said() {
        assert_eq!(Cause::refused(&Response::made_up(408)).kind, CauseKind::TimedOut);
        assert_eq!(Cause::refused(&Response::made_up(503)).kind, CauseKind::ConnectionLost);
        assert_eq!(refusal(408, None).kind, CauseKind::NoAnswer);
    }

    #[test]
    fn a_call_that_another_phone_took_was_not_given_up() {
        let mut fields = Fields::default();
        assert_eq!(Cause::asked(&fields, CauseKind::GivenUp).kind, CauseKind::GivenUp);
        fields.push(names::REASON, "SIP;cause=200;text=\"Call completed elsewhere\"");
        assert_eq!(Cause::asked(&fields, CauseKind::GivenUp).kind, CauseKind::AnsweredElsewhere);
    }
}
