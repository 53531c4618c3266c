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
            /// Never; an over-long or empty id is cut or replaced by `-`.
            #[must_use]
            pub fn new(text: &str) -> Self {
                let text = text.trim();
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
                if text.is_empty() || text.len() > MAX_LEN {
                    return Err(serde::de::Error::custom(concat!(
                        stringify!($name),
                        ": an id has 1 to 64 bytes"
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
