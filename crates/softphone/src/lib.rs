//! The driver: one loop that feeds the desk and performs its effects through ports.
//!
//! ```text
//!  UI doors ──Intent──▶ ┌────────┐ ──effects──▶ Centre · Line · Audio · Shell
//!                       │ driver │
//!  adapters ──Event───▶ └────────┘ ──View, Meter──▶ UI doors
//! ```

mod clock;
mod port;

pub use clock::Clock;
pub use port::{
    AgentNews, Audio, AudioEvent, Centre, CentreEvent, Event, IceServer, Inbox, Line, LineEvent,
    Shell, ShellEvent, SignIn, VoiceSignal,
};
