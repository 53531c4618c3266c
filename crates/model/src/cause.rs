use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a conversation, a leg or an offer ended. The UI has words for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    AgentHungUp,
    CustomerHungUp,
    /// The customer left before an agent answered.
    Abandoned,
    Rejected,
    /// The offer was not taken in time.
    NoAnswer,
    Busy,
    /// Handed over; another agent, queue, IVR or number has the customer.
    Transferred,
    Dropped,
    /// The number or target does not exist, or no trunk leads there.
    Unreachable,
    /// The voice path could not be made or was lost for good.
    MediaFailed,
    /// The switch lost the call, for example by a restart.
    SwitchLost,
}
