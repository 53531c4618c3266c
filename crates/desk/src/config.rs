use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the agent has set about the desk's own behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Take an offer without a press when no other call is up.
    pub auto_answer: bool,
    /// ms on hold between two reminders; 0: none.
    pub hold_reminder_ms: u64,
    /// ms of being muted in a conversation until the reminder; 0: none.
    pub mute_reminder_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { auto_answer: false, hold_reminder_ms: 60_000, mute_reminder_ms: 60_000 }
    }
}

impl Config {
    pub(crate) fn hold_reminder(&self) -> Option<Duration> {
        reminder(self.hold_reminder_ms)
    }

    pub(crate) fn mute_reminder(&self) -> Option<Duration> {
        reminder(self.mute_reminder_ms)
    }
}

/// More than one sound a second is a mistake in the settings.
fn reminder(ms: u64) -> Option<Duration> {
    (ms > 0).then(|| Duration::from_millis(ms.clamp(1_000, 86_400_000)))
}
