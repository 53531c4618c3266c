use omnibar_desk::{Diagnosis, Remedy};
use omnibar_model::{LinkKind, Moment, PathKind};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is known of the voice path and changes seldom; figures are in the [`crate::Meter`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct VoiceView {
    /// What is wrong with the present call's voice, gravest first.
    pub diagnoses: Vec<Diagnosis>,
    pub link: LinkKind,
    pub path: PathKind,
    pub check: CheckView,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum VoiceIntent {
    /// Does what a diagnosis offers.
    Mend { remedy: Remedy },
    /// Runs the check that runs at sign-in.
    Check,
    /// Takes the check's card away.
    DismissCheck,
}

/// The check before the first call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct CheckView {
    pub state: CheckState,
    /// When it ended.
    pub at: Option<Moment>,
    /// In the order in which they are made.
    pub items: Vec<Finding>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Not run, or dismissed.
    #[default]
    Idle,
    Running,
    Done,
    /// A call came first.
    Interrupted,
}

/// What the check has found of one thing. The UI has words and a next step for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// It gives sound, though perhaps only the room's.
    Microphone {
        name: String,
    },
    NoMicrophone,
    MicrophoneMuted {
        name: String,
    },
    /// It gives digital silence.
    MicrophoneSilent {
        name: String,
    },
    /// It is there and gives nothing.
    MicrophoneDead {
        name: String,
    },
    Speaker {
        name: String,
    },
    NoSpeaker,
    SpeakerMuted {
        name: String,
    },
    SpeakerAtZero {
        name: String,
    },
    /// It is there and takes nothing.
    SpeakerDead {
        name: String,
    },
    /// The voice connection to the centre is up.
    Line {
        link: LinkKind,
        path: PathKind,
        /// ms.
        round_trip: Option<f32>,
    },
    /// It did not come up in time.
    NoLine {
        link: LinkKind,
    },
    /// Packets sent to the centre and back.
    Network {
        link: LinkKind,
        /// Per cent lost on the way there, and back.
        lost_out: f32,
        lost_back: f32,
        /// ms, the greatest of both ways.
        jitter: f32,
    },
    /// Nothing came back.
    NetworkSilent {
        link: LinkKind,
    },
    /// A TURN server that answers. ms.
    Relay {
        url: String,
        took: u16,
    },
    RelaySilent {
        url: String,
    },
    /// It does not take the name and password.
    RelayRefused {
        url: String,
    },
    /// Its certificate is not accepted, or it speaks no TLS where that is wanted.
    RelayUntrusted {
        url: String,
    },
}

/// How what the agent says arrives, as the far side reports.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct SentView {
    /// 1 to 4.5, as [`crate::QualityView::mos`].
    pub mos: f32,
    /// Per cent of packets that did not arrive at first.
    pub loss: f32,
    /// Per cent of the voice that is missing after all repair, reckoned.
    pub gaps: f32,
    /// ms, RFC 3550 section 6.4.1.
    pub jitter: f32,
}

/// What voice is sent with against loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LayersView {
    /// Copies of each packet (RFC 2198).
    pub copies: u8,
    /// The far side's lost packets are sent again, and ours asked for.
    pub retransmission: bool,
    pub fec: bool,
    /// ms of DRED.
    pub deep: u16,
    /// ms in a packet.
    pub packet: u8,
}

/// What a call's voice shows that something may be wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Signs {
    /// s since a packet came.
    pub nothing_received: f32,
    /// s since the far side reported packets of ours that it had not before; 0 while it
    /// has never reported.
    pub unheard: f32,
    /// s since the microphone gave any sound, and whether it ever did in this call.
    pub microphone_silent: f32,
    pub microphone_heard: bool,
    /// s since there was any sound in what comes.
    pub far_silent: f32,
    /// Times that the speaker waited for sound, last 5 s.
    pub starved: u16,
    /// ms by which this machine was late at worst, last 5 s.
    pub late: f32,
}
