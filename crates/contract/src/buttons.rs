use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Headsets whose buttons answer and end calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ButtonsView {
    /// Those that are plugged in; none while the buttons are turned off.
    pub headsets: Vec<HeadsetView>,
    /// What is wrong with the user's own list of headsets; it is not used then.
    pub list_fault: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HeadsetView {
    /// As the device calls itself.
    pub name: String,
    pub state: ButtonsState,
}

/// Whether a headset's buttons work. The UI has words and a next step for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ButtonsState {
    Works,
    /// The system does not let this user at the device (on Linux a udev rule does).
    Denied,
    Unusable {
        detail: String,
    },
}
