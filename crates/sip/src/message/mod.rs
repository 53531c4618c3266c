//! SIP messages (RFC 3261 section 7): what a WebSocket frame holds, one each (RFC 7118
//! section 5).

pub(crate) mod address;
pub(crate) mod fields;
pub(crate) mod names;
mod read;
pub(crate) mod uri;

pub use address::{Address, Params};
pub use fields::Fields;
pub use read::{Fault, MAX_FIELDS, MAX_MESSAGE};
pub(crate) use read::{Via, cseq};
pub use uri::{BadUri, Uri};

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Request(Request),
    Response(Response),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// As it stands in the first line; a digest is made over exactly this.
    pub uri: String,
    pub fields: Fields,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    pub phrase: String,
    pub fields: Fields,
    pub body: Vec<u8>,
}

/// What is asked for. Names are case-sensitive (RFC 3261 section 7.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    Ack,
    Bye,
    Cancel,
    Info,
    Invite,
    Message,
    Notify,
    Options,
    Prack,
    Refer,
    Register,
    Subscribe,
    Update,
    Other(String),
}

impl Method {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Info => "INFO",
            Self::Invite => "INVITE",
            Self::Message => "MESSAGE",
            Self::Notify => "NOTIFY",
            Self::Options => "OPTIONS",
            Self::Prack => "PRACK",
            Self::Refer => "REFER",
            Self::Register => "REGISTER",
            Self::Subscribe => "SUBSCRIBE",
            Self::Update => "UPDATE",
            Self::Other(name) => name,
        }
    }

    fn of(name: &str) -> Self {
        match name {
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "INFO" => Self::Info,
            "INVITE" => Self::Invite,
            "MESSAGE" => Self::Message,
            "NOTIFY" => Self::Notify,
            "OPTIONS" => Self::Options,
            "PRACK" => Self::Prack,
            "REFER" => Self::Refer,
            "REGISTER" => Self::Register,
            "SUBSCRIBE" => Self::Subscribe,
            "UPDATE" => Self::Update,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Message {
    #[must_use]
    pub fn fields(&self) -> &Fields {
        match self {
            Self::Request(request) => &request.fields,
            Self::Response(response) => &response.fields,
        }
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

impl Request {
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let first = format!("{} {} SIP/2.0", self.method, self.uri);
        written(first, &self.fields, &self.body)
    }

    /// An answer with what every answer copies (RFC 3261 section 8.2.6). The tag of
    /// this side is set where the request had none.
    pub(crate) fn answer(&self, status: u16, tag: &str) -> Response {
        let mut fields = Fields::default();
        for via in self.fields.all(names::VIA) {
            fields.push_known(names::VIA, via);
        }
        for name in [names::FROM, names::TO, names::CALL_ID, names::CSEQ] {
            let Some(value) = self.fields.get(name) else { continue };
            let untagged = name == names::TO
                && status > 100
                && Address::read(value).is_ok_and(|to| to.tag().is_none());
            if untagged {
                fields.push_known(name, &format!("{value};tag={tag}"));
            } else {
                fields.push_known(name, value);
            }
        }
        // Set by whoever is on the way, and gone by (section 16.7).
        if (101..300).contains(&status) {
            for route in self.fields.all(names::RECORD_ROUTE) {
                fields.push_known(names::RECORD_ROUTE, route);
            }
        }
        Response { status, phrase: phrase(status).to_owned(), fields, body: vec![] }
    }
}

impl Response {
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let first = format!("SIP/2.0 {} {}", self.status, self.phrase);
        written(first, &self.fields, &self.body)
    }

    /// As if it had come: RFC 3261 section 8.1.3.1 has a timeout taken as 408 and a
    /// broken transport as 503.
    pub(crate) fn made_up(status: u16) -> Self {
        let phrase = phrase(status).to_owned();
        Self { status, phrase, fields: Fields::default(), body: vec![] }
    }
}

fn written(first: String, fields: &Fields, body: &[u8]) -> Vec<u8> {
    let mut out = first.into_bytes();
    out.extend(b"\r\n");
    for (name, value) in fields.iter().filter(|(name, _)| *name != names::CONTENT_LENGTH) {
        out.extend(name.as_bytes());
        out.extend(b": ");
        out.extend(value.as_bytes());
        out.extend(b"\r\n");
    }
    out.extend(format!("{}: {}\r\n\r\n", names::CONTENT_LENGTH, body.len()).into_bytes());
    out.extend(body);
    out
}

/// The usual words for a status (RFC 3261 section 21 and the documents that add some).
fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        603 => "Decline",
        _ => "Answer",
    }
}
