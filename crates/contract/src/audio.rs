use crate::{LayersView, SentView, Signs};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which device a role uses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "choice", rename_all = "snake_case")]
pub enum DeviceChoice {
    /// Follow the system's default.
    #[default]
    SystemDefault,
    /// This device whenever it is there. `id` is stable across restarts; `name` is
    /// what to call it while it is away.
    Device { id: String, name: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeviceView {
    pub id: String,
    pub name: String,
    pub is_default: bool,
}

/// Microphone, speaker or ringer: what was chosen and what is in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RoleView {
    pub choice: DeviceChoice,
    /// Name of the device in use; `None`: nothing is open and nothing could be.
    pub using: Option<String>,
    /// The chosen device is away and another is used in its place.
    pub fallback: bool,
    /// The device in use is a Bluetooth headset in its call profile: it carries sound at
    /// this rate only, in Hz (8000 with CVSD, 16000 with mSBC).
    pub narrow: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AudioView {
    pub inputs: Vec<DeviceView>,
    pub outputs: Vec<DeviceView>,
    pub microphone: RoleView,
    pub speaker: RoleView,
    pub ringer: RoleView,
    /// The devices of [`Ringing::also`](crate::Ringing), in its order.
    pub also_ring: Vec<RoleView>,
    pub fault: Option<AudioFault>,
    pub test: TestState,
    /// Of the microphone in use.
    pub mute: SourceMute,
    /// Of the speaker in use, in the system's sound settings.
    pub speaker_off: Option<SpeakerOff>,
    /// Another microphone that hears somebody while the one in use is silent.
    pub hears: Option<DeviceView>,
    /// The agent talks although what he says is not sent. Goes by itself.
    pub talking_unheard: bool,
    pub priority: Priority,
    pub cleaning: CleaningView,
}

/// What is being done to the voices of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CleaningView {
    pub echo: EchoView,
    /// Noise is being taken out of the agent's voice.
    pub noise: bool,
    /// Noise is being taken out of the customer's voice.
    pub customer_noise: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EchoView {
    /// Switched off.
    Off,
    /// Cancelled, to be safe, until it is known whether the microphone hears the speaker.
    #[default]
    Listening,
    Cancelling,
    /// The microphone does not hear the speaker (a headset): passed by.
    Bypassed,
}

/// Whether the microphone itself, or the system, keeps its sound back; what this app
/// keeps back is the desk's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SourceMute {
    #[default]
    Open,
    /// Muted in the system's sound settings; [`AudioIntent::UnmuteMicrophone`] opens it.
    System,
    /// The device gives digital silence: a switch or button at it is off. Only a hand
    /// can change that.
    Switch,
}

/// Why nothing can be heard of a speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SpeakerOff {
    Muted,
    AtZero,
}

/// Whether voice goes before other programs' work on this computer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Not yet known.
    #[default]
    Asked,
    Granted,
    /// Sound may break up while the computer is busy.
    Refused,
}

/// What keeps sound from working. The UI has words and a next step for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum AudioFault {
    /// No sound server answers; calls work, sound does not.
    NoSoundServer,
    NoMicrophone,
    NoSpeaker,
    /// `using` took its place.
    DeviceLost {
        name: String,
        using: Option<String>,
    },
    /// The system refuses the microphone.
    Denied,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TestState {
    #[default]
    Idle,
    /// A tone at the speaker or the ringer.
    Tone,
    /// The microphone is recorded for five seconds.
    Recording,
    /// What was recorded is played at the speaker.
    PlayingBack,
    /// The microphone is open for the level meter only.
    Metering,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum AudioIntent {
    ChooseMicrophone {
        choice: DeviceChoice,
    },
    ChooseSpeaker {
        choice: DeviceChoice,
    },
    ChooseRinger {
        choice: DeviceChoice,
    },
    TestSpeaker,
    TestRinger,
    RecordAndPlayBack,
    /// Opens the microphone for the meter while the audio settings are shown.
    Meter {
        on: bool,
    },
    StopTest,
    /// Opens the microphone in use in the system's sound settings.
    UnmuteMicrophone,
    /// Opens the speaker in use there, and turns it up if it cannot be heard.
    UnmuteSpeaker,
    /// Opens microphone and speaker for a few seconds and sends silence to whoever sends
    /// it back. Not in a call.
    Probe,
}

/// Levels and quality, at most 20 Hz.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct Meter {
    /// 0 to 1 of a scale that is even in decibels, −60 dBFS to 0 dBFS.
    pub microphone: f32,
    /// What the agent hears, on the same scale.
    pub speaker: f32,
    pub quality: Option<QualityView>,
    pub signs: Signs,
}

/// Quality of the voice path, both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct QualityView {
    /// 1 to 4.5 (ITU-T G.107 R-factor mapped to MOS), what the agent hears.
    pub mos: f32,
    /// Per cent of packets that did not arrive in time, last 5 s.
    pub loss: f32,
    /// Per cent of the voice that is missing after all repair, last 5 s.
    pub gaps: f32,
    /// Per cent of packets that were lost before the centre, of those in `loss`.
    pub beyond: f32,
    /// ms, RFC 3550 section 6.4.1.
    pub jitter: f32,
    /// ms, round trip of the path; `None`: not yet known.
    pub round_trip: Option<f32>,
    /// ms of buffering at this side.
    pub delay: f32,
    pub problem: Option<PathProblem>,
    /// `None`: the far side does not tell.
    pub sent: Option<SentView>,
    pub layers: LayersView,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PathProblem {
    /// Packets get lost.
    Loss,
    /// Packets come unevenly.
    Jitter,
    /// The path is long.
    Delay,
    /// Nothing has come for two seconds.
    NothingReceived,
}
