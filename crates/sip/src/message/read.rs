use super::{Address, Fields, Message, Method, Request, Response, Uri, names};

/// Longest message that is read, in bytes: a description with every candidate of a
/// machine with many networks is a tenth of that.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// Most header fields of a message.
pub const MAX_FIELDS: usize = 256;

/// Why what came is no message to act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing that could be answered: it is dropped.
    #[error("what came is no SIP: {0}")]
    Useless(&'static str),
    /// A request that must be refused with this status.
    #[error("a request is refused with {status}: {why}")]
    Refused { status: u16, why: &'static str, request: Box<Request> },
}

impl Message {
    /// Reads the one message that `bytes` hold. What it allocates is bounded by a small
    /// multiple of [`MAX_MESSAGE`].
    ///
    /// # Errors
    /// [`Fault`]: whether to answer it.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > MAX_MESSAGE {
            return Err(Fault::Useless("longer than 64 KiB"));
        }
        let bytes = skip_line_ends(bytes);
        let head = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .ok_or(Fault::Useless("the header has no end"))?;
        let body = &bytes[head + 4..];
        // Old exchanges write Latin-1 into names; a letter that cannot be read must not
        // lose the call.
        let head = String::from_utf8_lossy(&bytes[..head]);
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let (fields, sound) = read_fields(lines)?;
        match FirstLine::read(first)? {
            FirstLine::Status { status, phrase } => {
                sound.map_err(Fault::Useless)?;
                let body = check(&fields, body, None).map_err(|(_, why)| Fault::Useless(why))?;
                Ok(Self::Response(Response { status, phrase, fields, body }))
            }
            FirstLine::Request { method, uri, broken } => {
                let mut request = Request { method, uri, fields, body: vec![] };
                if !answerable(&request.fields) {
                    return Err(Fault::Useless("nothing tells where an answer belongs"));
                }
                let body = match (broken, sound) {
                    (Some(broken), _) => Err(broken),
                    (None, Err(why)) => Err((400, why)),
                    (None, Ok(())) => check(&request.fields, body, Some(&request)),
                };
                match body {
                    Ok(body) => {
                        request.body = body;
                        Ok(Self::Request(request))
                    }
                    // An ACK is never answered (RFC 3261 section 17.1.1.3).
                    Err((_, why)) if request.method == Method::Ack => Err(Fault::Useless(why)),
                    Err((status, why)) => {
                        Err(Fault::Refused { status, why, request: Box::new(request) })
                    }
                }
            }
        }
    }
}

enum FirstLine {
    Request { method: Method, uri: String, broken: Option<(u16, &'static str)> },
    Status { status: u16, phrase: String },
}

impl FirstLine {
    fn read(line: &str) -> Result<Self, Fault> {
        if line.contains(|c: char| c.is_control() && c != '\t') {
            return Err(Fault::Useless("a control character in the first line"));
        }
        if line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
            let mut parts = line.splitn(3, ' ');
            let version = parts.next().unwrap_or_default();
            let status = parts.next().unwrap_or_default();
            if !version.eq_ignore_ascii_case("SIP/2.0") || status.len() != 3 {
                return Err(Fault::Useless("no status line of SIP/2.0"));
            }
            let status = status.parse().map_err(|_| Fault::Useless("no status"))?;
            if !(100..700).contains(&status) {
                return Err(Fault::Useless("no status"));
            }
            let phrase = parts.next().unwrap_or_default().to_owned();
            return Ok(Self::Status { status, phrase });
        }
        let line = line.trim_end_matches([' ', '\t']);
        let (method, rest) = line.split_once(' ').ok_or(Fault::Useless("no request line"))?;
        if !is_token(method) {
            return Err(Fault::Useless("no method"));
        }
        let (uri, version) = rest.rsplit_once(' ').ok_or(Fault::Useless("no request line"))?;
        if !version.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
            return Err(Fault::Useless("no request line"));
        }
        let broken = if !version.eq_ignore_ascii_case("SIP/2.0") {
            Some((505, "another version of SIP"))
        } else if Uri::read(uri).is_err() {
            Some((400, "the Request-URI is none"))
        } else {
            None
        };
        Ok(Self::Request { method: Method::of(method), uri: uri.to_owned(), broken })
    }
}

/// The fields, and whether every line was one.
#[allow(clippy::type_complexity)]
fn read_fields<'a>(
    lines: impl Iterator<Item = &'a str>,
) -> Result<(Fields, Result<(), &'static str>), Fault> {
    let mut fields = Fields::default();
    let mut sound = Ok(());
    let mut open: Option<(&str, String)> = None;
    for line in lines {
        if line.contains(['\r', '\n']) {
            sound = Err("a line end in the middle of a line");
            continue;
        }
        if line.starts_with([' ', '\t']) {
            match &mut open {
                Some((_, value)) => {
                    let more = line.trim();
                    if !(value.is_empty() || more.is_empty()) {
                        value.push(' ');
                    }
                    value.push_str(more);
                }
                None => sound = Err("the first field continues nothing"),
            }
            continue;
        }
        if let Some((name, value)) = open.take() {
            fields.push_received(name, value);
        }
        if fields.len() == MAX_FIELDS {
            return Err(Fault::Useless("more than 256 header fields"));
        }
        match line.split_once(':') {
            Some((name, value)) if is_token(name.trim_end()) => {
                open = Some((name.trim_end(), value.trim().to_owned()));
            }
            _ => sound = Err("a header field without a name"),
        }
    }
    if let Some((name, value)) = open {
        fields.push_received(name, value);
    }
    Ok((fields, sound))
}

/// Whether an answer would find its way.
fn answerable(fields: &Fields) -> bool {
    [names::VIA, names::FROM, names::TO, names::CALL_ID, names::CSEQ]
        .iter()
        .all(|name| fields.get(name).is_some())
}

type Refusal = (u16, &'static str);

/// What every message must have in order (RFC 3261 section 8.1.1), and its body.
fn check(fields: &Fields, rest: &[u8], request: Option<&Request>) -> Result<Vec<u8>, Refusal> {
    for name in [names::FROM, names::TO, names::CALL_ID, names::CSEQ] {
        if fields.all(name).count() != 1 {
            return Err((400, "From, To, Call-ID or CSeq is missing or there twice"));
        }
    }
    for name in [names::FROM, names::TO] {
        if fields.get(name).is_none_or(|value| Address::read(value).is_err()) {
            return Err((400, "From or To is no address"));
        }
    }
    if fields.get(names::CALL_ID).is_none_or(str::is_empty) {
        return Err((400, "Call-ID is empty"));
    }
    let (_, method) = cseq(fields).ok_or((400, "CSeq is none"))?;
    if request.is_some_and(|request| request.method.name() != method) {
        return Err((400, "CSeq names another method"));
    }
    if Via::top(fields).is_none() {
        return Err((400, "Via is none"));
    }
    for contact in fields.list(names::CONTACT).filter(|contact| *contact != "*") {
        if Address::read(contact).is_err() {
            return Err((400, "Contact is no address"));
        }
    }
    if fields.all(names::MAX_FORWARDS).any(|value| value.parse::<u8>().is_err()) {
        return Err((400, "Max-Forwards is no number to 255"));
    }
    let mut lengths = fields.all(names::CONTENT_LENGTH);
    match (lengths.next(), lengths.next()) {
        // Frames have a length of their own (RFC 7118 section 5).
        (None, _) => Ok(rest.to_vec()),
        (Some(length), None) => {
            let length = if length.bytes().all(|b| b.is_ascii_digit()) {
                length.parse::<usize>().ok()
            } else {
                None
            };
            let body = length.and_then(|length| rest.get(..length));
            body.map(<[u8]>::to_vec).ok_or((400, "Content-Length is not that of the body"))
        }
        (Some(_), Some(_)) => Err((400, "Content-Length is there twice")),
    }
}

/// Number and method of `CSeq`; `None` if it is none or 2³¹ or more.
pub(crate) fn cseq(fields: &Fields) -> Option<(u32, &str)> {
    let (number, method) = fields.get(names::CSEQ)?.split_once([' ', '\t'])?;
    let number = number.parse().ok().filter(|number| *number < 1 << 31)?;
    Some((number, method.trim()))
}

/// What this user agent reads of a `Via`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Via {
    pub(crate) branch: String,
    /// Where the server saw this side (RFC 3581).
    pub(crate) received: Option<String>,
}

impl Via {
    pub(crate) fn top(fields: &Fields) -> Option<Self> {
        let first = fields.list(names::VIA).next()?;
        let (hop, params) = first.split_once(';').unwrap_or((first, ""));
        let mut parts = hop.splitn(3, '/');
        let name = parts.next()?.trim();
        let version = parts.next()?.trim();
        let by = parts.next()?.trim().split_once([' ', '\t'])?.1.trim();
        if !name.eq_ignore_ascii_case("SIP") || version != "2.0" || by.is_empty() {
            return None;
        }
        let params = super::Params::read(params);
        let received = params.get("received").map(|host| match params.get("rport") {
            Some(port) if !port.is_empty() => format!("{host}:{port}"),
            Some(_) | None => host.to_owned(),
        });
        let branch = params.get("branch").unwrap_or_default().to_owned();
        Some(Self { branch, received })
    }
}

fn skip_line_ends(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !b"\r\n".contains(byte)).unwrap_or(bytes.len());
    &bytes[start..]
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Via: SIP/2.0/WS h.invalid;branch=z9hG4bK1;rport=4;received=192.0.2.1\r\n\
        From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\n";

    fn read(first: &str, more: &str) -> Result<Message, Fault> {
        Message::read(format!("{first}\r\n{HEAD}{more}\r\n").as_bytes())
    }

    #[test]
    fn a_message_is_written_as_it_was_read() {
        let text = format!(
            "INFO sip:b@h SIP/2.0\r\n{HEAD}CSeq: 7 INFO\r\nX-Other: y\r\n\
             Content-Length: 3\r\n\r\n\0\u{1}\n"
        );
        let message = Message::read(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(message.to_bytes()).unwrap(), text);
        let via = Via::top(message.fields()).unwrap();
        assert_eq!(via.received.as_deref(), Some("192.0.2.1:4"));
        assert_eq!(via.branch, "z9hG4bK1");
    }

    #[test]
    fn what_cannot_be_answered_is_dropped() {
        for text in ["", "\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "OPTIONS sip:a@h SIP/2.0\r\n\r\n"] {
            let fault = Message::read(text.as_bytes());
            assert!(matches!(fault, Err(Fault::Useless(_))), "{text:?}: {fault:?}");
        }
        assert!(matches!(read("ACK sip:b@h SIP/2.0", "CSeq: 1 BYE\r\n"), Err(Fault::Useless(_))));
        for status in ["SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 4294967301 x", "SIP/3.0 200 OK"] {
            let fault = read(status, "CSeq: 1 BYE\r\n");
            assert!(matches!(fault, Err(Fault::Useless(_))), "{status}: {fault:?}");
        }
    }

    #[test]
    fn what_is_wrong_but_can_be_answered_is_refused() {
        let status = |first, more| match read(first, more) {
            Err(Fault::Refused { status, .. }) => status,
            other => panic!("{other:?}"),
        };
        assert_eq!(status("BYE sip:b@h SIP/2.0", "CSeq: 1 INFO\r\n"), 400);
        assert_eq!(status("BYE sip:b@h SIP/2.0", "CSeq: 4294967296 BYE\r\n"), 400);
        assert_eq!(status("BYE sip:b@h SIP/7.0", "CSeq: 1 BYE\r\n"), 505);
        assert_eq!(status("BYE <sip:b@h> SIP/2.0", "CSeq: 1 BYE\r\n"), 400);
        assert_eq!(status("BYE sip:b@h SIP/2.0", "CSeq: 1 BYE\r\nContent-Length: 9\r\n"), 400);
        assert_eq!(status("BYE sip:b@h SIP/2.0", "CSeq: 1 BYE\r\nContent-Length: -1\r\n"), 400);
        assert_eq!(status("BYE sip:b@h SIP/2.0", "CSeq: 1 BYE\r\nrubbish\r\n"), 400);
    }

    #[test]
    fn memory_is_bounded() {
        let many = "X: y\r\n".repeat(MAX_FIELDS);
        assert!(matches!(read("BYE sip:b@h SIP/2.0", &many), Err(Fault::Useless(_))));
        assert!(matches!(Message::read(&vec![b'a'; MAX_MESSAGE + 1]), Err(Fault::Useless(_))));
    }
}
