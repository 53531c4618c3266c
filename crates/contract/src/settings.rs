use crate::DeviceChoice;
use omnibar_model::AgentId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    Light,
    Dark,
    #[default]
    System,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Density {
    #[default]
    Comfortable,
    Compact,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    #[default]
    En,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    Left,
    Right,
    Top,
    Bottom,
}

/// The three shapes of the window (375 x 667 px floating; a panel on the left or
/// right edge; a bar of 48 px on the top or bottom edge).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Dock {
    #[default]
    Floating,
    Panel,
    Bar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Shape {
    pub dock: Dock,
    /// Left or right for a panel, top or bottom for a bar; not used when floating.
    pub edge: Edge,
}

impl Default for Shape {
    fn default() -> Self {
        Self { dock: Dock::Floating, edge: Edge::Right }
    }
}

/// 0 to 1 each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Volumes {
    pub speaker: f32,
    pub ringer: f32,
    /// Answer and end tones, reminders, key echo.
    pub cues: f32,
}

impl Default for Volumes {
    fn default() -> Self {
        Self { speaker: 1.0, ringer: 0.8, cues: 0.4 }
    }
}

/// What is done to voices before they are sent and heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Cleaning {
    /// Takes echo and noise out of the agent's voice and brings it to a usual level, where
    /// there is need.
    pub on: bool,
    /// Takes the noise behind the customer's voice out, too.
    pub customer_noise: bool,
}

impl Default for Cleaning {
    fn default() -> Self {
        Self { on: true, customer_noise: false }
    }
}

/// How an offered call rings beside the ringer, and grows more pressing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Ringing {
    /// Seconds until all ring at full volume; 0: never.
    pub louder_after: u16,
    /// At most [`Ringing::ALSO_MAX`]; further ones do not ring.
    pub also: Vec<AlsoRings>,
}

impl Ringing {
    pub const ALSO_MAX: usize = 3;
}

/// A further device that rings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct AlsoRings {
    /// Seconds of ringing before it joins in.
    pub after: u16,
    /// 0 to 1.
    pub volume: f32,
    pub device: DeviceChoice,
}

impl Default for AlsoRings {
    fn default() -> Self {
        Self { after: 0, volume: 0.8, device: DeviceChoice::default() }
    }
}

/// A TURN or STUN server of the agent's own, beside those of the centre. Its
/// credential is in the keychain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct TurnServer {
    /// `stun:host:port` or `turn:host:port` (RFC 7064, RFC 7065).
    pub url: String,
    pub username: String,
    /// A credential is in the keychain. The shell says so; what a UI saves here is
    /// not believed.
    pub credential: bool,
}

/// What the agent has set. Stored by the shell as TOML.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Settings {
    pub theme: Theme,
    pub density: Density,
    pub locale: Locale,
    /// Text size in per cent, 100 to 200; 0 is taken as 100.
    pub text_size: u16,
    pub shape: Shape,
    pub microphone: DeviceChoice,
    pub speaker: DeviceChoice,
    pub ringer: DeviceChoice,
    pub volumes: Volumes,
    /// Answer offers without a press.
    pub auto_answer: bool,
    /// Turns the system-wide Alt keys off while a call is up.
    pub no_global_keys: bool,
    /// Leaves the buttons and lamps of headsets alone.
    pub no_headset_buttons: bool,
    pub ice_servers: Vec<TurnServer>,
    pub ringing: Ringing,
    pub cleaning: Cleaning,
}

/// What the sign-in screen starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Remembered {
    pub centre: String,
    pub user: Option<AgentId>,
    /// A password is in the keychain.
    pub password: bool,
    /// The address is that of an extension of a telephone system.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional = nullable)]
    pub account: Option<PhoneAccount>,
}

/// What an extension of a telephone system needs beside its address (`sip:1001@pbx.example`)
/// and its password. Empty where nothing is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct PhoneAccount {
    /// Where it takes SIP: `wss://pbx.example/ws` or `ws://…` (RFC 7118).
    pub server: String,
    /// Name that the password belongs to, where it is not the address's.
    pub user: String,
    /// Shown to those who are called.
    pub display: String,
    /// PEM file of a certificate authority to trust beside the system's.
    pub ca: String,
    /// Number of the voice mail box.
    pub voicemail: String,
    /// A number that says back what it hears, for the test of the connection.
    pub echo: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WindowView {
    pub shape: Shape,
    /// This host can change shapes (the desktop window can, a page cannot).
    pub can_shape: bool,
    /// The embedded centre is running with demo customers.
    pub demo: bool,
}
