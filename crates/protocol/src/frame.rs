use crate::{Command, MAX_FRAME, Numbered};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// Error codes. Those of JSON-RPC 2.0 section 5.1, and the centre's own, each of
/// which exists because a client acts on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    ParseError,
    InvalidRequest,
    MethodNotFound,
    InvalidParams,
    /// The centre failed; the command had no effect and may be repeated.
    Internal,
    /// Wrong user or password.
    Unauthorised,
    /// The session's token is no longer good: sign in again.
    SessionExpired,
    /// The user has another session; ask whether to take over.
    SessionElsewhere,
    /// Not possible in the present state; `message` says why.
    Conflict,
    /// No such interaction, leg, campaign, disposition or destination.
    NotFound,
    /// Too many commands, or too many wrong passwords; wait.
    TooMany,
    /// Client and centre speak different protocol versions.
    Version,
    /// A code that this version does not know.
    Other(i32),
}

impl Code {
    /// Every code of this version, in the order of the enum.
    pub const KNOWN: &'static [Self] = &[
        Self::ParseError,
        Self::InvalidRequest,
        Self::MethodNotFound,
        Self::InvalidParams,
        Self::Internal,
        Self::Unauthorised,
        Self::SessionExpired,
        Self::SessionElsewhere,
        Self::Conflict,
        Self::NotFound,
        Self::TooMany,
        Self::Version,
    ];

    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::ParseError => -32700,
            Self::InvalidRequest => -32600,
            Self::MethodNotFound => -32601,
            Self::InvalidParams => -32602,
            Self::Internal => -32603,
            Self::Unauthorised => 4001,
            Self::SessionExpired => 4002,
            Self::SessionElsewhere => 4003,
            Self::Conflict => 4009,
            Self::NotFound => 4004,
            Self::TooMany => 4029,
            Self::Version => 4005,
            Self::Other(n) => n,
        }
    }
}

impl From<i32> for Code {
    fn from(n: i32) -> Self {
        Self::KNOWN.iter().copied().find(|c| c.number() == n).unwrap_or(Self::Other(n))
    }
}

/// JSON-RPC error object. `message` is a sentence for a person: cause and next step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorObject {
    pub code: i32,
    pub message: String,
}

impl ErrorObject {
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code: code.number(), message: message.into() }
    }
}

/// A request as parsed: `id` is the client's UUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub id: Uuid,
    pub command: Command,
}

impl Request {
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut value = serde_json::to_value(&self.command).unwrap_or_default();
        value["jsonrpc"] = json!("2.0");
        value["id"] = json!(self.id);
        value.to_string()
    }
}

/// A response: exactly one of result and error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// `None` only when the request could not be read far enough to know its id.
    pub id: Option<Uuid>,
    pub result: Result<Value, ErrorObject>,
}

impl Response {
    #[must_use]
    pub fn to_text(&self) -> String {
        match &self.result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": self.id, "result": result}),
            Err(error) => json!({"jsonrpc": "2.0", "id": self.id, "error": error}),
        }
        .to_string()
    }
}

impl Numbered {
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        value["jsonrpc"] = json!("2.0");
        value.to_string()
    }
}

/// What a client can receive.
#[expect(clippy::large_enum_variant, reason = "one at a time is read; a box would be dearer")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromCentre {
    Response(Response),
    Notification(Numbered),
}

/// A frame that is not of this protocol, as an answer: for a client's mistake the
/// centre sends it back; a client logs it and goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", error.message)]
pub struct BadFrame {
    pub id: Option<Uuid>,
    pub error: ErrorObject,
}

fn bad(id: Option<Uuid>, code: Code, message: impl Into<String>) -> BadFrame {
    BadFrame { id, error: ErrorObject::new(code, message) }
}

fn parse_object(text: &str) -> Result<serde_json::Map<String, Value>, BadFrame> {
    if text.len() > MAX_FRAME {
        return Err(bad(None, Code::InvalidRequest, "The message is longer than 256 KiB."));
    }
    // serde_json stops at 128 levels of nesting.
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(bad(None, Code::InvalidRequest, "A message is one JSON object.")),
        Err(e) => Err(bad(None, Code::ParseError, format!("The message is not JSON: {e}."))),
    }
}

fn uuid_of(map: &serde_json::Map<String, Value>) -> Option<Uuid> {
    map.get("id")?.as_str()?.parse().ok()
}

/// Reads a request at the centre.
pub fn parse_request(text: &str) -> Result<Request, BadFrame> {
    let map = parse_object(text)?;
    let Some(id) = uuid_of(&map) else {
        return Err(bad(None, Code::InvalidRequest, "A command needs an id that is a UUID."));
    };
    if map.get("jsonrpc") != Some(&json!("2.0")) {
        return Err(bad(Some(id), Code::InvalidRequest, "jsonrpc must be \"2.0\"."));
    }
    let Some(Value::String(method)) = map.get("method") else {
        return Err(bad(Some(id), Code::InvalidRequest, "A command needs a method."));
    };
    let params = map.get("params").cloned().unwrap_or_else(|| json!({}));
    let known = Command::METHODS.contains(&method.as_str());
    serde_json::from_value(json!({"method": method, "params": params}))
        .map(|command| Request { id, command })
        .map_err(|e| {
            if known {
                // The text of serde errors names fields and kinds; a value could be
                // a password, so it is not repeated.
                let _ = e;
                bad(Some(id), Code::InvalidParams, format!("Wrong parameters for {method}."))
            } else {
                bad(Some(id), Code::MethodNotFound, "This centre does not know that method.")
            }
        })
}

/// Reads a message at the client.
pub fn parse_from_centre(text: &str) -> Result<FromCentre, BadFrame> {
    let mut map = parse_object(text)?;
    if map.contains_key("method") {
        return serde_json::from_value(Value::Object(map))
            .map(FromCentre::Notification)
            .map_err(|e| bad(None, Code::InvalidRequest, format!("Unknown notification: {e}.")));
    }
    let id = uuid_of(&map);
    let result = match (map.remove("result"), map.remove("error")) {
        (Some(result), None) => Ok(result),
        (None, Some(error)) => Err(serde_json::from_value(error)
            .map_err(|e| bad(id, Code::InvalidRequest, format!("Unknown error object: {e}.")))?),
        _ => {
            return Err(bad(id, Code::InvalidRequest, "Neither a notification nor a response."));
        }
    };
    Ok(FromCentre::Response(Response { id, result }))
}

impl Command {
    /// Every method name, in the order of the enum.
    pub const METHODS: &'static [&'static str] = &[
        "session.open",
        "session.select",
        "session.close",
        "presence.set",
        "interaction.accept",
        "interaction.reject",
        "interaction.note",
        "interaction.dispose",
        "interaction.measured",
        "call.dial",
        "call.hold",
        "call.resume",
        "call.dtmf",
        "call.transfer",
        "call.consult",
        "call.complete",
        "call.conference",
        "call.drop",
        "call.end",
        "call.record",
        "supervisor.monitor",
        "supervisor.leave",
        "chat.accept",
        "chat.reject",
        "chat.say",
        "chat.end",
        "chat.dispose",
        "chat.start",
        "callback.book",
        "callback.act",
        "directory.search",
        "history.list",
        "endpoint.call",
        "voice.offer",
        "voice.candidate",
        "voice.echo",
        "ping",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, params: &Value) -> String {
        json!({"jsonrpc": "2.0", "id": Uuid::nil(), "method": method, "params": params}).to_string()
    }

    #[test]
    fn a_command_survives_the_wire() {
        let sent = Request {
            id: Uuid::from_u128(7),
            command: Command::Hold { interaction: "i1".into(), leg: None },
        };
        assert_eq!(parse_request(&sent.to_text()), Ok(sent));
    }

    #[test]
    fn every_method_is_known_and_bad_params_are_told_apart() {
        for method in Command::METHODS {
            let error =
                parse_request(&request(method, &json!({"nonsense": 1}))).map_err(|e| e.error.code);
            assert_eq!(error, Err(Code::InvalidParams.number()), "{method}");
        }
        let error = parse_request(&request("call.fly", &json!({}))).map_err(|e| e.error.code);
        assert_eq!(error, Err(Code::MethodNotFound.number()));
    }

    #[test]
    fn hostile_text_is_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in
            ["", "[]", "{", "null", "{\"jsonrpc\":\"2.0\"}", &deep, &"x".repeat(MAX_FRAME + 1)]
        {
            assert!(parse_request(text).is_err());
            assert!(parse_from_centre(text).is_err());
        }
    }
}
