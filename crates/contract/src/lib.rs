//! What a UI may ask of Omnibar ([`Intent`]) and see of it ([`View`], [`Meter`],
//! [`Fault`]): the three doors.
//!
//! 1. `intent(Intent) -> Result<(), Fault>` posts and never waits for the world. A
//!    `Fault` means that the intent could not even be read; whether it was done
//!    shows in the next view.
//! 2. `view`: the whole [`View`], pushed at every change with a rising `revision`.
//! 3. `meter`: levels and quality, at most 20 Hz; may be dropped.
//!
//! `ui/src/contract/` is generated from these types (`cargo run -p xtask -- generate`).

mod audio;
mod buttons;
mod connection;
mod dock;
mod intent;
mod settings;
mod view;
mod voice;

pub use audio::{
    AudioFault, AudioIntent, AudioView, CleaningView, DeviceChoice, DeviceView, EchoView, Meter,
    PathProblem, Priority, QualityView, RoleView, SourceMute, SpeakerOff, TestState,
};
pub use buttons::{ButtonsState, ButtonsView, HeadsetView};
pub use connection::{
    CallFault, ConnectionIntent, ConnectionStep, ConnectionTest, ConnectionTestState, StepFault,
    StepState, TestStep, TestedAccount,
};
pub use dock::{
    DockIntent, DockView, Draft, FromPage, LastEvent, OriginView, PageContext, Preview, Records,
    Rights, SdkError, SdkErrorType, Standing, ToPage, Toast, ToastVariant,
};
pub use intent::{Fault, Intent, Password, SearchIntent, SettingsIntent, WindowIntent};
pub use settings::{
    AlsoRings, Cleaning, Density, Dock, Edge, Locale, PhoneAccount, Remembered, Ringing, Settings,
    Shape, Theme, TurnServer, Volumes, WindowView,
};
pub use view::{
    DirectoryEntry, DirectoryView, HistoryEntry, HistoryView, Notice, NoticeKind, View,
    VoicemailView,
};
pub use voice::{
    CheckState, CheckView, Finding, LayersView, SentView, Signs, VoiceIntent, VoiceView,
};
