use crate::message::fields::unquoted;
use crate::message::{Address, Fields, Params, Uri, names};
use std::time::Duration;

/// Diversions that are shown; a message may hold many more.
const MOST_DIVERSIONS: usize = 10;

/// Who is at the other end, as the exchange tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// Empty if none was given.
    pub display: String,
    /// Number or name in the domain.
    pub user: String,
    pub uri: String,
}

impl Party {
    pub(crate) fn of(address: &Address) -> Self {
        let uri = address.uri.clone();
        let user = uri.user();
        Self { display: address.display(), user, uri: uri.without_headers().to_string() }
    }

    fn is_anonymous(&self) -> bool {
        self.user.eq_ignore_ascii_case("anonymous") || self.uri.ends_with("anonymous.invalid")
    }
}

/// Who calls, and by which way the call came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    pub party: Party,
    /// The exchange vouches for it (P-Asserted-Identity, RFC 3325), so it is more than
    /// what the caller says of himself.
    pub asserted: bool,
    /// The caller does not want to be known.
    pub anonymous: bool,
    /// Whom the call was for before it came here, first one first (RFC 7044, RFC 5806).
    pub diverted: Vec<Diversion>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diversion {
    pub from: Party,
    /// `user-busy`, `no-answer` or what else was said; empty if nothing was.
    pub reason: String,
}

impl Caller {
    /// Of an INVITE. `trusted` is whether its sender may vouch for others: the exchange
    /// this user agent is registered at.
    pub(crate) fn of(fields: &Fields) -> Self {
        let read = |name| fields.list(name).find_map(|value| Address::read(value).ok());
        let from = read(names::FROM).as_ref().map(Party::of).unwrap_or_default();
        let asserted = read(names::P_ASSERTED_IDENTITY).as_ref().map(Party::of);
        let hidden = fields.lists("Privacy", "id") || from.is_anonymous();
        let party = match &asserted {
            // A name given in From is better than none.
            Some(party) if party.display.is_empty() && !from.is_anonymous() => {
                Party { display: from.display.clone(), ..party.clone() }
            }
            Some(party) => party.clone(),
            None => from.clone(),
        };
        let known = asserted.is_some();
        Self { party, asserted: known, anonymous: hidden && !known, diverted: diverted(fields) }
    }
}

fn diverted(fields: &Fields) -> Vec<Diversion> {
    let told = diversions(fields);
    let mut history = history(fields);
    if history.is_empty() {
        return told;
    }
    // Some exchanges send both and give the reason in one of them only.
    for entry in history.iter_mut().filter(|entry| entry.reason.is_empty()) {
        let same = told.iter().find(|told| told.from.user == entry.from.user);
        entry.reason = same.map(|told| told.reason.clone()).unwrap_or_default();
    }
    history
}

fn diversions(fields: &Fields) -> Vec<Diversion> {
    // The last to divert stands on top (RFC 5806 section 4).
    let mut diversions: Vec<_> = fields
        .list(names::DIVERSION)
        .take(MOST_DIVERSIONS)
        .filter_map(|value| Address::read(value).ok())
        .map(|address| Diversion {
            from: Party::of(&address),
            reason: address.params.text("reason").unwrap_or_default(),
        })
        .collect();
    diversions.reverse();
    diversions
}

/// Every entry but the last, which is this user agent itself (RFC 7044 section 5). The
/// reason stands in the URI of the one that was left.
fn history(fields: &Fields) -> Vec<Diversion> {
    let entries: Vec<_> = fields
        .list(names::HISTORY_INFO)
        .take(MOST_DIVERSIONS + 1)
        .filter_map(|value| Address::read(value).ok())
        .collect();
    let mut diversions: Vec<Diversion> = Vec::new();
    for pair in entries.windows(2) {
        let [entry, next] = pair else { continue };
        let from = Party::of(entry);
        let reason = left_because(entry, next);
        match diversions.last_mut() {
            // Proxies add entries of their own for the same user.
            Some(last) if last.from.user == from.user => {
                if last.reason.is_empty() {
                    last.reason = reason;
                }
            }
            _ => diversions.push(Diversion { from, reason }),
        }
    }
    diversions
}

/// Why a call went on from an entry: the answer that it was given there (RFC 3326), else the
/// cause that the next URI names (RFC 4458), in the words of RFC 5806 section 4 where there
/// is one (RFC 7544 section 7.1), else as it was put.
fn left_because(entry: &Address, next: &Address) -> String {
    let reason = entry.uri.header(names::REASON).unwrap_or_default();
    let (protocol, rest) = reason.split_once(';').unwrap_or((&reason, ""));
    let params = Params::read(rest);
    let by_sip = protocol.trim().eq_ignore_ascii_case("SIP");
    let answer = params.get("cause").filter(|_| by_sip).and_then(|cause| match cause {
        "486" | "600" => Some("user-busy"),
        "408" => Some("no-answer"),
        "480" | "503" => Some("unavailable"),
        "302" => Some("unconditional"),
        _ => None,
    });
    let wanted = next.uri.params().get("cause").and_then(|cause| match cause {
        "486" => Some("user-busy"),
        "408" => Some("no-answer"),
        "503" => Some("unavailable"),
        "302" => Some("unconditional"),
        "480" | "487" => Some("deflection"),
        _ => None,
    });
    let text = || params.text("text").unwrap_or_default();
    answer.or(wanted).map_or_else(text, str::to_owned)
}

/// After how long the call asks to be answered by itself: `Call-Info` with
/// `answer-after`, the `Alert-Info` of the common exchanges, or RFC 5373.
pub(crate) fn auto_answer(fields: &Fields) -> Option<Duration> {
    for value in fields.list(names::CALL_INFO) {
        let after = value.split(';').find_map(|param| {
            let (name, value) = param.split_once('=')?;
            name.trim().eq_ignore_ascii_case("answer-after").then(|| unquoted(value.trim()))
        });
        if let Some(seconds) = after.and_then(|text| text.parse::<u16>().ok()) {
            return Some(Duration::from_secs(seconds.into()));
        }
    }
    let wanted = fields.all(names::ALERT_INFO).any(|value| {
        let value = value.to_ascii_lowercase().replace([' ', '-'], "");
        ["autoanswer", "ringanswer", "intercom"].iter().any(|word| value.contains(word))
    });
    let mode = fields.get(names::ANSWER_MODE).unwrap_or_default().to_ascii_lowercase();
    (wanted || mode.starts_with("auto")).then_some(Duration::ZERO)
}

/// The `Referred-By` of a call that somebody was sent to make (RFC 3892).
pub(crate) fn referred_by(fields: &Fields) -> Option<Party> {
    let address = Address::read(fields.get(names::REFERRED_BY)?).ok()?;
    Some(Party::of(&address))
}

/// Who a URI alone names.
pub(crate) fn party_of_uri(uri: &Uri) -> Party {
    Party { display: String::new(), user: uri.user(), uri: uri.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.push_received(name, (*value).to_owned());
        }
        fields
    }

    #[test]
    fn the_exchange_knows_the_caller_better_than_he_says() {
        let caller = Caller::of(&fields(&[
            ("f", "\"Customer\" <sip:anyone@h>;tag=1"),
            ("P-Asserted-Identity", "<sip:+15555550123@pbx.test>, <tel:+15555550123>"),
        ]));
        assert_eq!(caller.party.user, "+15555550123");
        assert_eq!(caller.party.display, "Customer");
        assert!(caller.asserted && !caller.anonymous);
    }

    #[test]
    fn who_hides_is_anonymous() {
        let from = ("From", "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1");
        assert!(Caller::of(&fields(&[from])).anonymous);
        assert!(Caller::of(&fields(&[("From", "<sip:a@h>"), ("Privacy", "id")])).anonymous);
    }

    #[test]
    fn the_way_of_a_call_is_told_first_one_first() {
        let caller = Caller::of(&fields(&[
            ("From", "<sip:+15555550101@h>;tag=1"),
            ("History-Info", "<sip:1001@h?Reason=SIP%3Bcause%3D486%3Btext%3D%22Busy%22>;index=1"),
            ("History-Info", "<sip:1002@h>;index=1.1, <sip:1003@h>;index=1.1.1"),
        ]));
        let way: Vec<_> =
            caller.diverted.iter().map(|d| (d.from.user.as_str(), &*d.reason)).collect();
        assert_eq!(way, [("1001", "user-busy"), ("1002", "")]);
        let caller = Caller::of(&fields(&[
            ("From", "<sip:+15555550101@h>;tag=1"),
            (
                "Diversion",
                "<sip:1002@h>;reason=no-answer, \"One\" <sip:1001@h>;reason=\"user-busy\"",
            ),
        ]));
        let way: Vec<_> =
            caller.diverted.iter().map(|d| (d.from.user.as_str(), &*d.reason)).collect();
        assert_eq!(way, [("1001", "user-busy"), ("1002", "no-answer")]);
        let caller = Caller::of(&fields(&[
            ("From", "<sip:+15555550101@h>;tag=1"),
            ("History-Info", "<sip:1001@h>;index=1, <sip:1003@h>;index=1.1"),
            ("Diversion", "<sip:1001@h>;reason=user-busy"),
        ]));
        assert_eq!(
            caller.diverted[0].reason, "user-busy",
            "each may tell what the other leaves out"
        );
    }

    #[test]
    fn every_way_to_ask_for_an_answer_is_understood() {
        let asks = |name, value| auto_answer(&fields(&[(name, value)]));
        assert_eq!(asks("Call-Info", "<sip:h>;answer-after=2"), Some(Duration::from_secs(2)));
        assert_eq!(asks("Alert-Info", "<http://h>;info=alert-autoanswer"), Some(Duration::ZERO));
        assert_eq!(asks("Alert-Info", "Ring Answer"), Some(Duration::ZERO));
        assert_eq!(asks("Answer-Mode", "Auto;require"), Some(Duration::ZERO));
        assert_eq!(asks("Alert-Info", "<http://h/bellcore-dr3>"), None);
        assert_eq!(asks("Call-Info", "<http://h/photo.jpg>;purpose=icon"), None);
    }

    #[test]
    fn why_a_call_went_on_is_told_in_one_set_of_words() {
        let why = |left: &str, next: &str| {
            let value = format!("<sip:1001@h{left}>;index=1, <sip:1002@h{next}>;index=1.1");
            let caller = Caller::of(&fields(&[("From", "<sip:a@h>"), ("History-Info", &value)]));
            caller.diverted[0].reason.clone()
        };
        assert_eq!(why("?Reason=SIP%3Bcause%3D408", ""), "no-answer");
        assert_eq!(why("?Reason=SIP%3Bcause%3D480", ";cause=302"), "unavailable");
        assert_eq!(why("", ";cause=302"), "unconditional");
        assert_eq!(why("", ";cause=487"), "deflection");
        assert_eq!(why("?Reason=Q.850%3Bcause%3D17%3Btext%3D%22lunch%22", ""), "lunch");
        assert_eq!(why("", ";cause=999"), "");
        // Two entries of one user are one, and either may say why.
        let value = "<sip:1001@h>;index=1, <sip:1001@g?Reason=SIP%3Bcause%3D486>;index=1.1, \
                     <sip:1002@h>;index=1.1.1";
        let caller = Caller::of(&fields(&[("From", "<sip:a@h>"), ("History-Info", value)]));
        assert_eq!((caller.diverted.len(), &*caller.diverted[0].reason), (1, "user-busy"));
    }
}
