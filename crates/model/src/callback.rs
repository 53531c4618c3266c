use crate::{CallbackId, CampaignId, InteractionId, Party, PhoneNumber};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A callback as it is booked with a disposition (contract: API-13, UI-073 to UI-075).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Booking {
    /// Milliseconds since 1970-01-01T00:00Z.
    #[ts(type = "number")]
    pub at: i64,
    /// `None`: the customer's own.
    #[serde(default)]
    pub number: Option<PhoneNumber>,
    /// For the booking agent alone; else for anyone of the campaign.
    pub own: bool,
}

/// A callback as one agent sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Callback {
    pub id: CallbackId,
    pub campaign: CampaignId,
    /// With the number that is to be called.
    pub customer: Party,
    /// In the centre's directory; `None`: not known there.
    #[ts(type = "number | null")]
    pub customer_id: Option<u64>,
    /// Milliseconds since 1970-01-01T00:00Z.
    #[ts(type = "number")]
    pub at: i64,
    /// For this agent alone.
    pub own: bool,
    /// Its time has come, and it is this agent's turn.
    pub due: bool,
    /// This agent may put it off or cancel it.
    pub mine: bool,
    /// Who booked it, by name.
    pub booked_by: String,
    /// Milliseconds since 1970-01-01T00:00Z.
    #[ts(type = "number")]
    pub booked_at: i64,
    /// The interaction that it comes from.
    pub interaction: Option<InteractionId>,
    /// The beginning of what was noted.
    pub note: String,
}

/// What an agent does with a callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum CallbackAct {
    /// Dials it, in its campaign; it is off the list then.
    Take,
    /// Puts it off: by ten minutes, or to `at`, in milliseconds since 1970-01-01T00:00Z.
    Snooze {
        #[serde(default)]
        #[ts(type = "number | null")]
        at: Option<i64>,
        #[serde(default)]
        reason: String,
    },
    Cancel {
        reason: String,
    },
}
