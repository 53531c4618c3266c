//! Who hears what is wrong with a call's voice, and whose fault it is.

mod gauge;
mod judge;

pub use judge::Judge;

use omnibar_model::LinkKind;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use ts_rs::TS;

/// Who hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Affected {
    Agent,
    /// The other parties.
    Customer,
    Both,
}

/// Whose link it is that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "whose", rename_all = "snake_case")]
pub enum Whose {
    /// Between this machine and the centre.
    Own { link: LinkKind },
    /// Between the centre and the other party.
    Theirs,
}

/// What is wrong. The UI has words and a next step for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum VoiceFault {
    /// No packets come.
    NothingArrives {
        link: LinkKind,
    },
    /// Packets are sent, and the far side reports none.
    NothingLeaves {
        link: LinkKind,
    },
    /// Muted in the sound server or at the device.
    MicrophoneMuted {
        device: String,
    },
    /// It gives digital silence, or less than any room has. `better`: one that hears
    /// somebody.
    MicrophoneSilent {
        device: String,
        better: Option<String>,
    },
    SpeakerMuted {
        device: String,
    },
    /// Its volume, or Omnibar's own, is at zero.
    SpeakerAtZero {
        device: String,
    },
    /// Per cent of packets, as the link loses them.
    Loss {
        percent: u8,
        whose: Whose,
    },
    /// Packets come too unevenly to be waited for. ms, RFC 3550 section 6.4.1.
    Jitter {
        ms: u16,
        whose: Whose,
    },
    /// ms from mouth to ear.
    Delay {
        ms: u16,
        link: LinkKind,
    },
    /// Sound is made too late for the speaker: `ms` by which this machine was late.
    Overloaded {
        ms: u16,
    },
    /// The speaker asked for more than it was given, though this machine was in time.
    SpeakerStarved {
        device: String,
    },
    /// Packets come, and there is no sound in them.
    FarSilent,
}

/// What one press mends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    UnmuteMicrophone,
    /// The one that hears somebody, or the system's default.
    SwitchMicrophone,
    UnmuteSpeaker,
    RaiseSpeaker,
    /// ICE restart (RFC 8445 section 9).
    RestartVoice,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Diagnosis {
    pub affected: Affected,
    pub fault: VoiceFault,
    pub remedy: Option<Remedy>,
}

/// One direction, as it is just now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Heard {
    /// Per cent of packets that the path lost or delivered too late.
    pub loss: f32,
    /// Per cent of the voice that is missing after all repair.
    pub gaps: f32,
    /// ms, RFC 3550 section 6.4.1.
    pub jitter: f32,
    /// ms of buffering at the listener.
    pub delay: f32,
    /// Per cent of packets that were lost before they came to the agent's own link.
    pub beyond: f32,
}

/// A device in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub name: String,
    pub muted: bool,
    /// Its volume is at zero.
    pub at_zero: bool,
}

/// What is known of the voice of a call now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VoiceFacts {
    /// The agent and another party are meant to hear each other.
    pub talking: bool,
    /// The agent has muted himself.
    pub muted: bool,
    /// The voice connection is up: while it is not, that is said elsewhere.
    pub line_up: bool,
    pub link: LinkKind,
    pub received: Option<Heard>,
    /// No packet has come for so long.
    pub nothing_received: Duration,
    pub sent: Option<Heard>,
    /// The far side has reported nothing new of ours for so long.
    pub unheard: Duration,
    /// ms there and back.
    pub round_trip: Option<f32>,
    pub microphone: Device,
    /// The microphone has been silent for so long, and whether it ever was not.
    pub microphone_silent: Duration,
    pub microphone_heard: bool,
    /// Another microphone that hears somebody.
    pub better: Option<String>,
    pub speaker: Device,
    /// There has been no sound in what comes for so long.
    pub far_silent: Duration,
    /// Times that the speaker had to wait, last 5 s.
    pub starved: u16,
    /// ms by which the media thread was late at worst, last 5 s.
    pub late: f32,
}
