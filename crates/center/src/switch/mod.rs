//! The voice switch as the centre sees it: a small set of declarative commands and
//! the events that come back. The same words cross an in-process channel or, when
//! the switch runs as a process of its own so that calls outlive the centre, a local
//! socket (one JSON object a line).
//!
//! A leg is one party's voice. Legs that are connected by a bridge hear each other;
//! a leg in no bridge hears its [`Feed`].

pub mod asterisk;
mod board;
pub mod builtin;
mod clock;
mod connection;
mod link;
mod loops;
#[cfg(test)]
mod lossy;
mod music;
mod opus;
mod party;
pub mod process;
mod recording;
#[cfg(test)]
mod rig;
mod shield;
mod speech;
mod studio;

pub use builtin::BuiltinConfig;
pub use link::SwitchLink;
pub use party::{Script, Scripts};

use omnibar_model::{Cause, IvrId, LegId, PhoneNumber};
use omnibar_protocol::wire;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the centre tells its switch. Every command is answered by [`Reply`] with
/// the same `id`; a repeated command with the same content changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum SwitchCommand {
    /// A WebRTC party (an agent's desktop or a customer's browser) offers. With a
    /// leg that exists this is a renegotiation or an ICE restart; a party that has
    /// started anew (another certificate) takes its leg back, with its bridge. Reply:
    /// the answer; or the extension from which the party is to make the same offer by
    /// SIP, and [`SwitchEvent::Up`] follows when it has.
    Peer { leg: LegId, offer: String },
    /// Empty text ends the list.
    Candidate { leg: LegId, candidate: String },
    /// A demo customer who calls in: his leg is up at once and he behaves by `script`.
    Customer { leg: LegId, script: String },
    /// Call out. [`SwitchEvent::Ringing`], then [`SwitchEvent::Up`] or
    /// [`SwitchEvent::Gone`] follow.
    Dial { leg: LegId, target: Target },
    /// No [`SwitchEvent::Gone`] follows: the reply says that it is over. A leg that is
    /// gone already is no error.
    Close { leg: LegId },
    /// Exactly these legs are in this bridge from now on; none ends it. A leg is
    /// taken out of any other bridge.
    Connect { bridge: String, legs: Vec<LegId> },
    /// What the leg hears while it is in no bridge.
    Feed { leg: LegId, feed: Feed },
    /// What the leg says comes back to it while it is in no bridge, for ten seconds at most.
    Echo { leg: LegId, on: bool },
    /// DTMF to this leg (RFC 4733 events, or tones to a party without them).
    Digits { leg: LegId, digits: String },
    /// Records the leg as stereo WAV, 48 kHz: left what it says, right what it
    /// hears. `None` stops, and so does the leg's end.
    Record { leg: LegId, file: Option<PathBuf> },
    /// Whether silence stands in the leg's recording from now on, as long as what passes.
    PauseRecording { leg: LegId, on: bool },
    /// The leg, a supervisor's, hears what `of` says and what `of` hears. With `whisper` it is
    /// heard by `of`, and by nobody else. It ends with either leg, when this one is connected
    /// or monitors another, and with no `of`; not when `of` is connected elsewhere.
    Monitor { leg: LegId, of: Option<LegId>, whisper: bool },
    /// All legs and bridges, for a centre that has been restarted.
    List,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Target {
    Number(PhoneNumber),
    Ivr(IvrId),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feed {
    #[default]
    Silence,
    Music,
    Ringback,
    Busy,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    Done,
    Answer {
        sdp: String,
    },
    Extension {
        extension: wire::SipExtension,
    },
    Legs {
        legs: Vec<LegStatus>,
        bridges: Vec<BridgeStatus>,
    },
    /// `message` is a sentence for a person.
    Refused {
        message: String,
    },
    /// The switch went away before it answered; what it was told may have been begun.
    Lost {
        message: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegStatus {
    pub leg: LegId,
    pub up: bool,
    /// Of one who called in by himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<Arrival>,
}

/// Somebody who has called in from the phone network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// As the network tells it; `None` where it tells none.
    pub number: Option<PhoneNumber>,
    /// As the network tells it; may be empty.
    pub name: String,
    /// The queue that the exchange names, or the number that was called.
    pub wanted: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgeStatus {
    pub bridge: String,
    pub legs: Vec<LegId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum SwitchEvent {
    Candidate {
        leg: LegId,
        candidate: String,
    },
    Ringing {
        leg: LegId,
    },
    /// A customer has called in; his leg is up.
    Arrived {
        leg: LegId,
        arrival: Arrival,
    },
    /// Voice can flow.
    Up {
        leg: LegId,
    },
    /// Nothing has come from a peer for a while, or comes again.
    Path {
        leg: LegId,
        flowing: bool,
    },
    Digit {
        leg: LegId,
        digit: char,
    },
    /// The leg is over and forgotten.
    Gone {
        leg: LegId,
        cause: Cause,
    },
    /// A recording could not go on. The leg does.
    RecordingEnded {
        leg: LegId,
    },
    /// A demo IVR or customer asks to be sent on: the digits that were chosen.
    Chosen {
        leg: LegId,
        digits: String,
    },
}
