//! Names of header fields.

pub(crate) const ACCEPT: &str = "Accept";
pub(crate) const ALERT_INFO: &str = "Alert-Info";
pub(crate) const ALLOW: &str = "Allow";
pub(crate) const ALLOW_EVENTS: &str = "Allow-Events";
pub(crate) const ANSWER_MODE: &str = "Answer-Mode";
pub(crate) const AUTHORIZATION: &str = "Authorization";
pub(crate) const CALL_ID: &str = "Call-ID";
pub(crate) const CALL_INFO: &str = "Call-Info";
pub(crate) const CONTACT: &str = "Contact";
pub(crate) const CONTENT_ENCODING: &str = "Content-Encoding";
pub(crate) const CONTENT_LENGTH: &str = "Content-Length";
pub(crate) const CONTENT_TYPE: &str = "Content-Type";
pub(crate) const CSEQ: &str = "CSeq";
pub(crate) const DIVERSION: &str = "Diversion";
pub(crate) const EVENT: &str = "Event";
pub(crate) const EXPIRES: &str = "Expires";
pub(crate) const FLOW_TIMER: &str = "Flow-Timer";
pub(crate) const FROM: &str = "From";
pub(crate) const HISTORY_INFO: &str = "History-Info";
pub(crate) const MAX_FORWARDS: &str = "Max-Forwards";
pub(crate) const MIN_EXPIRES: &str = "Min-Expires";
pub(crate) const MIN_SE: &str = "Min-SE";
pub(crate) const P_ASSERTED_IDENTITY: &str = "P-Asserted-Identity";
pub(crate) const PROXY_AUTHENTICATE: &str = "Proxy-Authenticate";
pub(crate) const PROXY_AUTHORIZATION: &str = "Proxy-Authorization";
pub(crate) const RACK: &str = "RAck";
pub(crate) const REASON: &str = "Reason";
pub(crate) const RECORD_ROUTE: &str = "Record-Route";
pub(crate) const REFER_TO: &str = "Refer-To";
pub(crate) const REFERRED_BY: &str = "Referred-By";
pub(crate) const REPLACES: &str = "Replaces";
pub(crate) const REQUIRE: &str = "Require";
pub(crate) const RETRY_AFTER: &str = "Retry-After";
pub(crate) const ROUTE: &str = "Route";
pub(crate) const RSEQ: &str = "RSeq";
pub(crate) const SERVICE_ROUTE: &str = "Service-Route";
pub(crate) const SESSION_EXPIRES: &str = "Session-Expires";
pub(crate) const SUBSCRIPTION_STATE: &str = "Subscription-State";
pub(crate) const SUPPORTED: &str = "Supported";
pub(crate) const TO: &str = "To";
pub(crate) const UNSUPPORTED: &str = "Unsupported";
pub(crate) const USER_AGENT: &str = "User-Agent";
pub(crate) const VIA: &str = "Via";
pub(crate) const WWW_AUTHENTICATE: &str = "WWW-Authenticate";

/// Every name that this crate reads or writes, in its own spelling.
const KNOWN: &[&str] = &[
    ACCEPT,
    ALERT_INFO,
    ALLOW,
    ALLOW_EVENTS,
    ANSWER_MODE,
    AUTHORIZATION,
    CALL_ID,
    CALL_INFO,
    CONTACT,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    CSEQ,
    DIVERSION,
    EVENT,
    EXPIRES,
    FLOW_TIMER,
    FROM,
    HISTORY_INFO,
    MAX_FORWARDS,
    MIN_EXPIRES,
    MIN_SE,
    P_ASSERTED_IDENTITY,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    RACK,
    REASON,
    RECORD_ROUTE,
    REFER_TO,
    REFERRED_BY,
    REPLACES,
    REQUIRE,
    RETRY_AFTER,
    ROUTE,
    RSEQ,
    SERVICE_ROUTE,
    SESSION_EXPIRES,
    SUBSCRIPTION_STATE,
    SUPPORTED,
    TO,
    UNSUPPORTED,
    USER_AGENT,
    VIA,
    WWW_AUTHENTICATE,
];

/// The name as it is known here; compact forms are spelt out (RFC 3261 section 7.3.3
/// and the documents that define the fields).
pub(crate) fn known(name: &str) -> Option<&'static str> {
    if let [letter] = name.as_bytes() {
        return match letter.to_ascii_lowercase() {
            b'b' => Some(REFERRED_BY),
            b'c' => Some(CONTENT_TYPE),
            b'e' => Some(CONTENT_ENCODING),
            b'f' => Some(FROM),
            b'i' => Some(CALL_ID),
            b'k' => Some(SUPPORTED),
            b'l' => Some(CONTENT_LENGTH),
            b'm' => Some(CONTACT),
            b'o' => Some(EVENT),
            b'r' => Some(REFER_TO),
            b't' => Some(TO),
            b'u' => Some(ALLOW_EVENTS),
            b'v' => Some(VIA),
            b'x' => Some(SESSION_EXPIRES),
            _ => None,
        };
    }
    KNOWN.iter().copied().find(|known| known.eq_ignore_ascii_case(name))
}
