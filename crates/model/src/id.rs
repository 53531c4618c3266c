use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
use ts_rs::TS;

/// Longest accepted id in bytes. Ids are made by the centre or an administrator;
/// anything longer is a mistake or an attack.
const MAX_LEN: usize = 64;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, TS)]
        #[ts(type = "string")]
        pub struct $name(Arc<str>);

        impl $name {
            /// # Panics
            /// Never; an over-long or empty id is cut or replaced by `-`, and control
            /// characters are left out.
            #[must_use]
            pub fn new(text: &str) -> Self {
                let text: String = text.trim().chars().filter(|c| !c.is_control()).collect();
                let mut end = text.len().min(MAX_LEN);
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                Self(if end == 0 { "-".into() } else { text[..end].into() })
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                // Ids are written to logs: a line break or an escape would forge one.
                if text.is_empty() || text.len() > MAX_LEN || text.contains(char::is_control) {
                    return Err(serde::de::Error::custom(concat!(
                        stringify!($name),
                        ": an id has 1 to 64 bytes and no control characters"
                    )));
                }
                Ok(Self(text.into()))
            }
        }
    };
}

id!(
    /// The agent's user name at the centre, for example `agent1`.
    AgentId
);
id!(CampaignId);
id!(QueueId);
id!(
    /// An IVR target that a call can be handed to.
    IvrId
);
id!(
    /// An extension as offered at sign-in, for example `centre` or `1001`.
    ExtensionId
);
id!(
    /// A disposition code's id.
    DispositionId
);
id!(
    /// One contact of a customer with the centre (UUIDv7 text, made by the centre).
    InteractionId
);
id!(
    /// A callback that is booked (UUIDv7 text, made by the centre).
    CallbackId
);
id!(
    /// One party's attachment to a call, unique at the centre.
    LegId
);

/// Number of a command that the desk has made, rising from 1. The adapter that
/// delivers the command gives it a UUID; the desk only needs to match the answer.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, TS,
)]
#[ts(type = "number")]
pub struct CommandId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_break_a_line_of_the_log() {
        let forged = "agent1\n2026-01-01 INFO signed in\u{1b}[31m";
        assert_eq!(AgentId::new(forged).as_str(), "agent12026-01-01 INFO signed in[31m");
        let read = |id: &str| serde_json::from_value::<AgentId>(serde_json::json!(id));
        for bad in [forged, "", "\u{0}", "a\tb", "\u{85}", &"x".repeat(65)] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert_eq!(read("agent1").map(|id| id.to_string()).ok(), Some("agent1".into()));
    }
}
