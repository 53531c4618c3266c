use crate::Moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What an agent asks to be: the state that he chooses, not the one that calls
/// bring about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Presence {
    Offline,
    Available,
    /// `reason` is the id of a break reason of the centre.
    Break {
        reason: String,
    },
}

/// What an agent is, as the centre sees it.
///
/// ```text
///            sign in                 offer taken / dialled
///  Offline ─────────▶ Break ⇄ Available ─────────▶ Busy ──all calls over──▶ WrapUp
///                        ▲        │                 ▲                         │
///                        │        └─offer not taken─▶ Missed                  │
///                        └──────────── next state, or the one before ◀────────┘
/// ```
///
/// While `Busy` or `WrapUp` a chosen presence is queued and taken when the last
/// disposition is given. `Missed` takes no offers until the agent chooses
/// `Available` or a break again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentState {
    Offline,
    Available,
    Break,
    /// At least one interaction is offered, dialling or connected.
    Busy,
    /// Every call is over, at least one awaits its disposition. `until` is when
    /// the centre disposes it by itself, if the campaign has a limit.
    WrapUp {
        until: Option<Moment>,
    },
    /// An offer was not taken in time.
    Missed,
}
