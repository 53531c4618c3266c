//! The hub: how docked pages that reach only the centre are passed on to their agent's
//! desktop.
//!
//! ```text
//!  page ──/ws/dock──▶ centre ◀──/ws/desktop── desktop
//! ```
//!
//! A page's first text is a [`Route`]; everything after it goes to the desktop as it is,
//! in a [`ToDesktop::Text`], and the desktop's [`FromDesktop::Text`] comes back the same
//! way. A desktop's first text is [`FromDesktop::Hello`]. One JSON text frame each.

use crate::wire::Password;
use omnibar_model::AgentId;
use serde::{Deserialize, Serialize};

/// Longest text of a page, in bytes: as long as the app takes over its own port.
pub const MAX_UP: usize = 200_000;
/// Longest text for a page, in bytes.
pub const MAX_DOWN: usize = 1024 * 1024;
/// Longest frame between centre and desktop: a text inside another doubles at worst the
/// characters that JSON escapes by two, and what the core says holds no control characters.
pub const MAX_WRAPPED: usize = 2 * MAX_DOWN + 1024;
/// Tokens of one desktop.
pub const MAX_TOKENS: usize = 1000;
/// Pages of one desktop at one time.
pub const MAX_PAGES: usize = 200;
/// Digits of a pairing code.
pub const CODE_DIGITS: usize = 6;

/// Why the centre closes a page's connection (RFC 6455 section 7.4.2), beside the
/// standard codes; the reason says it in words.
pub mod close {
    /// Omnibar is not running, or not signed in: try again later.
    pub const NO_DESKTOP: u16 = 4404;
    /// The route was no good. A refusal with more words came before.
    pub const REFUSED: u16 = 4401;
    /// Too much at once.
    pub const TOO_MUCH: u16 = 4429;
    /// The page has not read what was sent to it.
    pub const NOT_READ: u16 = 4408;
}

/// A page's first text: whose desktop it means.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Routed {
    pub route: Route,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Route {
    /// Given to a page of the same origin when it was last welcome:
    /// `<agent's part>.<random>`, the part being the first six bytes of the user's SHA-256
    /// in base64url. It only tells an unknown token from an absent desktop.
    Token { token: Password },
    /// Six digits that the agent reads from the app's window.
    Code { code: Password },
    /// The agent's own, as for signing in.
    User {
        user: AgentId,
        password: Password,
        /// As the page will ask of the core. There is one desktop an agent, so it
        /// changes nothing here.
        #[serde(default)]
        force: bool,
    },
}

/// How a page has shown that it may speak to this desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Token,
    /// The code is used up by it.
    Code,
    Password,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Opened {
    /// Of the WebSocket: the centre's own.
    pub origin: String,
    pub by: By,
}

/// What a desktop tells the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromDesktop {
    /// First, and once.
    Hello {
        /// Of [`crate::SessionOpened::handle`].
        session: String,
        /// Of the service `hub`, `POST /ticket`; used once.
        ticket: Password,
    },
    /// SHA-256 of all tokens with which pages may come, in hexadecimal.
    Tokens(Vec<String>),
    /// The code with which a page may come; none any more.
    Code(Option<Password>),
    Text {
        page: u32,
        text: String,
    },
    Close {
        page: u32,
    },
}

/// What the hub tells a desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToDesktop {
    /// Answer to [`FromDesktop::Hello`].
    Ready,
    Open {
        page: u32,
        opened: Opened,
    },
    Text {
        page: u32,
        text: String,
    },
    /// The page is gone.
    Close {
        page: u32,
    },
}

/// No frame of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is no frame of the hub")]
pub struct NotHub;

/// All fields that frames have; which are there says which frame it is.
#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Frame {
    #[serde(skip_serializing_if = "Option::is_none")]
    ready: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<Password>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Vec<String>>,
    /// `null` takes the code away.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    code: Option<Option<Password>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<Opened>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close: Option<bool>,
}

fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Password>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Frame {
    fn parse(text: &str) -> Result<Self, NotHub> {
        serde_json::from_str(text).map_err(|_| NotHub)
    }

    fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Of both directions: a page's text, or its end.
    fn about_page(self) -> Result<(u32, Option<String>), NotHub> {
        match (self.page, self.text, self.close) {
            (Some(page), Some(text), None) => Ok((page, Some(text))),
            (Some(page), None, Some(true)) => Ok((page, None)),
            _ => Err(NotHub),
        }
    }
}

impl FromDesktop {
    /// # Errors
    /// [`NotHub`]
    pub fn parse(text: &str) -> Result<Self, NotHub> {
        let mut frame = Frame::parse(text)?;
        match (frame.session.take(), frame.ticket.take(), frame.tokens.take(), frame.code.take()) {
            (Some(session), Some(ticket), None, None) => Ok(Self::Hello { session, ticket }),
            (None, None, Some(tokens), None) => Ok(Self::Tokens(tokens)),
            (None, None, None, Some(code)) => Ok(Self::Code(code)),
            (None, None, None, None) => frame.about_page().map(|(page, text)| match text {
                Some(text) => Self::Text { page, text },
                None => Self::Close { page },
            }),
            _ => Err(NotHub),
        }
    }

    #[must_use]
    pub fn to_text(&self) -> String {
        let mut frame = Frame::default();
        match self {
            Self::Hello { session, ticket } => {
                frame.session = Some(session.clone());
                frame.ticket = Some(ticket.clone());
            }
            Self::Tokens(tokens) => frame.tokens = Some(tokens.clone()),
            Self::Code(code) => frame.code = Some(code.clone()),
            Self::Text { page, text } => return wrap(*page, text),
            Self::Close { page } => (frame.page, frame.close) = (Some(*page), Some(true)),
        }
        frame.to_text()
    }
}

impl ToDesktop {
    /// # Errors
    /// [`NotHub`]
    pub fn parse(text: &str) -> Result<Self, NotHub> {
        let mut frame = Frame::parse(text)?;
        match (frame.ready, frame.open.take()) {
            (Some(true), None) => Ok(Self::Ready),
            (None, Some(opened)) => {
                frame.page.map(|page| Self::Open { page, opened }).ok_or(NotHub)
            }
            (None, None) => frame.about_page().map(|(page, text)| match text {
                Some(text) => Self::Text { page, text },
                None => Self::Close { page },
            }),
            _ => Err(NotHub),
        }
    }

    #[must_use]
    pub fn to_text(&self) -> String {
        let mut frame = Frame::default();
        match self {
            Self::Ready => frame.ready = Some(true),
            Self::Open { page, opened } => {
                (frame.page, frame.open) = (Some(*page), Some(opened.clone()));
            }
            Self::Text { page, text } => return wrap(*page, text),
            Self::Close { page } => (frame.page, frame.close) = (Some(*page), Some(true)),
        }
        frame.to_text()
    }
}

/// A page's text in a frame between centre and desktop; the same both ways.
#[must_use]
pub fn wrap(page: u32, text: &str) -> String {
    #[derive(Serialize)]
    struct Text<'a> {
        page: u32,
        text: &'a str,
    }
    serde_json::to_string(&Text { page, text }).unwrap_or_default()
}

/// The core's word for a page that it refuses, spoken by the hub where no core is reached
/// (contract: INVALID_ORIGIN).
#[must_use]
pub fn refusal(description: &str) -> String {
    serde_json::json!({
        "say": "refused",
        "error": {
            "errorType": "INVALID_ORIGIN",
            "errorCode": 1003,
            "description": description,
        },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_model::Secret;
    use proptest::prelude::*;

    fn secret(text: &str) -> Password {
        Password::from(&Secret::new(text))
    }

    #[test]
    fn frames_come_back_as_they_went() {
        for frame in [
            FromDesktop::Hello { session: "ses-agent1-1".into(), ticket: secret("t") },
            FromDesktop::Tokens(vec!["00".into(), "ff".into()]),
            FromDesktop::Tokens(Vec::new()),
            FromDesktop::Code(Some(secret("012345"))),
            FromDesktop::Code(None),
            FromDesktop::Text { page: 7, text: "{\"a\":\"\\u0000\"}".into() },
            FromDesktop::Close { page: u32::MAX },
        ] {
            assert_eq!(FromDesktop::parse(&frame.to_text()), Ok(frame.clone()), "{frame:?}");
        }
        for frame in [
            ToDesktop::Ready,
            ToDesktop::Open {
                page: 1,
                opened: Opened { origin: "https://centre.example".into(), by: By::Code },
            },
            ToDesktop::Text { page: 7, text: "hello \u{1f600}".into() },
            ToDesktop::Close { page: 0 },
        ] {
            assert_eq!(ToDesktop::parse(&frame.to_text()), Ok(frame.clone()), "{frame:?}");
        }
    }

    #[test]
    fn a_frame_that_says_two_things_is_none() {
        for text in [
            "{}",
            "[]",
            r#"{"page":1}"#,
            r#"{"page":1,"close":false}"#,
            r#"{"page":1,"text":"a","close":true}"#,
            r#"{"page":-1,"text":"a"}"#,
            r#"{"text":"a"}"#,
            r#"{"session":"s"}"#,
            r#"{"tokens":[],"code":null}"#,
            r#"{"page":1,"text":"a","more":1}"#,
        ] {
            assert_eq!(FromDesktop::parse(text), Err(NotHub), "{text}");
            assert_eq!(ToDesktop::parse(text), Err(NotHub), "{text}");
        }
    }

    #[test]
    fn each_way_in_is_read_and_prints_no_secret() {
        let read = |text: &str| serde_json::from_str::<Routed>(text).map(|r| r.route);
        let token = read(r#"{"route":{"token":"a.b"}}"#).unwrap();
        let code = read(r#"{"route":{"code":"123456"}}"#).unwrap();
        let user = read(r#"{"route":{"user":"agent1","password":"demo","force":true}}"#).unwrap();
        assert!(matches!(token, Route::Token { .. }));
        assert!(matches!(code, Route::Code { .. }));
        assert!(
            matches!(&user, Route::User { user, force: true, .. } if user.as_str() == "agent1")
        );
        let printed = format!("{token:?}{code:?}{user:?}");
        assert!(!printed.contains("a.b") && !printed.contains("123456"));
        assert!(!printed.contains("demo"));
        for text in [
            r#"{"route":{}}"#,
            r#"{"route":{"token":null}}"#,
            r#"{"route":{"token":"a","code":"b"}}"#,
            r#"{"route":{"user":"agent1"}}"#,
            r#"{"say":"hello"}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC*") {
            prop_assert!(FromDesktop::parse(&text).is_err());
            prop_assert!(ToDesktop::parse(&text).is_err());
        }

        #[test]
        fn any_text_of_a_page_arrives_as_it_was_sent(page: u32, text in any::<String>()) {
            let wrapped = wrap(page, &text);
            prop_assert_eq!(
                ToDesktop::parse(&wrapped),
                Ok(ToDesktop::Text { page, text: text.clone() })
            );
            prop_assert_eq!(FromDesktop::parse(&wrapped), Ok(FromDesktop::Text { page, text }));
        }
    }
}
