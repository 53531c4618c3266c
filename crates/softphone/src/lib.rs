//! The driver: one loop that feeds the desk and performs its effects through ports.
//!
//! ```text
//!  UI doors ──Intent──▶ ┌────────┐ ──effects──▶ Centre · Line · Audio · Shell
//!                       │ driver │
//!  adapters ──Event───▶ └────────┘ ──View, Meter──▶ UI doors
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod clock;
mod doors;
mod driver;
mod entrance;
mod port;
mod record;
mod scene;
mod sleeps;
mod watch;
mod words;

pub use clock::Clock;
pub use doors::Doors;
pub use driver::{Initial, Ports, Softphone};
pub use port::{
    AgentNews, Audio, AudioEvent, AudioProbe, Buttons, ButtonsEvent, Centre, CentreEvent, Dock,
    EndpointAnswer, EndpointCall, Endpoints, Event, HISTORY_PAGE, IceServer, Inbox, Line,
    LineEvent, LinePath, LineProbe, PathProbe, Probe, RelayProbe, Shell, ShellEvent, SignIn,
    SipExtension, TurnCredential, VoiceSignal,
};
pub use sleeps::Sleeps;
