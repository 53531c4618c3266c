//! What the driver needs of the world. Every method posts and returns at once;
//! whatever comes of it arrives later as an [`Event`] in the driver's [`Inbox`].

use omnibar_contract::{
    AudioIntent, AudioView, ButtonsView, ConnectionTest, DirectoryEntry, DockIntent, DockView,
    HistoryEntry, Meter, Notice, PhoneAccount, Remembered, Settings, SettingsIntent, VoicemailView,
    WindowIntent, WindowView,
};
use omnibar_desk::{
    Alert, Ask, LineState, Link, Order, SessionStart, SignInFault, Snapshot, Sound,
};
use omnibar_model::{
    AgentId, AgentState, BreakReason, Callback, CallbackId, Chat, CommandId, Interaction,
    InteractionId, Ivr, LinkKind, Moment, Monitoring, PathKind, Presence, Queue, Secret,
};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Rows that one answer to [`Centre::history`] holds when there are more.
pub const HISTORY_PAGE: usize = 50;

/// A STUN or TURN server for the voice connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:host:port`, `turn:host:port?transport=udp` (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    pub username: String,
    pub credential: Secret,
}

/// An extension of a PBX for the session's voice leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipExtension {
    /// SIP over WebSocket (RFC 7118), `wss://pbx.example:8089/ws`.
    pub server: String,
    /// Address of record, `sip:agent@pbx.example`.
    pub address: String,
    pub user: String,
    pub password: Secret,
    /// Whom the leg calls.
    pub call: String,
}

/// One message of the offer/answer exchange for the voice connection (JSEP, RFC 9429).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoiceSignal {
    /// From line to centre.
    Offer(String),
    /// From centre to line.
    Answer(String),
    /// From centre to line: the offer is to be made to a PBX, as this extension, and so is
    /// every later one of the same connection.
    Extension(SipExtension),
    /// Either way; empty text ends the list.
    Candidate(String),
}

#[derive(Clone, Debug)]
pub struct SignIn {
    pub centre: String,
    pub user: AgentId,
    /// `None`: the vault's, or the one of a session that can be resumed.
    pub password: Option<Secret>,
    pub take_over: bool,
    /// Of an extension of a telephone system; then `centre` is its address.
    pub account: Option<PhoneAccount>,
}

/// The contact centre.
pub trait Centre: Send {
    fn open(&mut self, sign_in: SignIn);
    /// Sign out. [`CentreEvent::Ended`] with `None` follows.
    fn close(&mut self);
    /// Answered by [`CentreEvent::Answered`] with the same id, once, even across reconnects.
    fn order(&mut self, command: CommandId, order: Order);
    fn signal(&mut self, signal: VoiceSignal);
    /// Whether what the voice connection sends comes back while there is no call.
    fn echo(&mut self, on: bool);
    fn search(&mut self, text: String);
    fn history(&mut self, before: Option<InteractionId>);
}

#[derive(Clone, Debug)]
pub enum CentreEvent {
    LinkChanged(Link),
    Opened(SessionStart),
    OpenFailed(SignInFault),
    Chosen {
        breaks: Vec<BreakReason>,
        queues: Vec<Queue>,
        ivrs: Vec<Ivr>,
        ice_servers: Vec<IceServer>,
    },
    Ended(Option<SignInFault>),
    Answered {
        command: CommandId,
        result: Result<(), String>,
    },
    Synchronised {
        agent: AgentNews,
        interactions: Vec<Interaction>,
        callbacks: Vec<Callback>,
        chats: Vec<Chat>,
    },
    AgentChanged(AgentNews),
    InteractionChanged(Interaction),
    ChatChanged(Chat),
    CallbackChanged(Callback),
    /// Taken, cancelled, or not this agent's any more.
    CallbackGone(CallbackId),
    Signal(VoiceSignal),
    /// An offer was refused or could not be delivered; the line should start anew.
    SignalFailed(String),
    VoiceGone,
    Found {
        text: String,
        entries: Vec<DirectoryEntry>,
    },
    History {
        before: Option<InteractionId>,
        entries: Vec<HistoryEntry>,
    },
    /// Something has changed in the voice mail box.
    Voicemail(VoicemailView),
}

#[derive(Clone, Debug)]
pub struct AgentNews {
    pub state: AgentState,
    pub since: Moment,
    pub presence: Presence,
    pub next: Option<Presence>,
    /// A supervisor's: the call in which he takes part.
    pub monitoring: Option<Monitoring>,
}

/// The voice connection to the centre.
pub trait Line: Send {
    /// Makes a connection and offers it; an open one is closed first.
    fn open(&mut self, servers: Vec<IceServer>);
    /// ICE restart (RFC 8445 section 9), keeping DTLS and media.
    fn restart(&mut self);
    fn close(&mut self);
    fn signal(&mut self, signal: VoiceSignal);
    /// Tries the path and these servers; answered by [`LineEvent::Probed`].
    fn probe(&mut self, servers: Vec<IceServer>);
}

/// Tries the connection of an extension, step by step. What it has found is told by
/// [`Event::Tested`], at the beginning, after every step and at the end.
pub trait Probe: Send {
    /// `of`: what a sign-in would be asked for; `None`: the extension that is signed in. `echo`
    /// is a number that says back what it hears, or empty. One that runs is stopped first.
    fn test(&mut self, of: Option<SignIn>, echo: String, servers: Vec<IceServer>);
    fn stop_test(&mut self);
}

#[derive(Clone, Debug)]
pub enum LineEvent {
    Changed(LineState),
    Signal(VoiceSignal),
    NetworkChanged,
    /// The path in use is known, or another.
    Path(LinePath),
    Probed(LineProbe),
}

/// What [`Line::probe`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineProbe {
    /// Of the path in use, if there is one.
    pub round_trip: Option<Duration>,
    /// Connections are made with each call: there is none to try between calls.
    pub of_each_call: bool,
    /// TURN servers by their URL.
    pub relays: Vec<(String, RelayProbe)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayProbe {
    /// It gave an address, after so long.
    Ready(Duration),
    /// It answers, but not to this name and password.
    Refused,
    /// Its certificate is not accepted, or what answers speaks no TLS.
    Untrusted,
    Silent,
}

/// Which way the voice connection goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinePath {
    pub kind: PathKind,
    pub link: LinkKind,
}

/// Microphone, speaker and ringer.
pub trait Audio: Send {
    fn start_ringing(&mut self);
    fn stop_ringing(&mut self);
    fn play(&mut self, sound: Sound);
    /// Whether what the microphone hears is sent. Silence is sent otherwise, so the
    /// far side's jitter buffer and the path stay warm.
    fn set_microphone(&mut self, open: bool);
    /// Opens or closes the devices for a call.
    fn set_in_call(&mut self, on: bool);
    fn ask(&mut self, intent: AudioIntent);
    /// Devices and volumes of the settings.
    fn apply(&mut self, settings: &Settings);
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time is on its way; a box would be dearer")]
pub enum AudioEvent {
    Changed(AudioView),
    Meter(Meter),
    /// The first sound of the far side in this call goes to the speaker.
    Heard,
    /// A key that the far side has pressed: `0`–`9`, `*`, `#`, `A`–`D`.
    Digit(char),
    /// Answer to [`AudioIntent::Probe`], unless a call came first.
    Probed(AudioProbe),
}

/// What a look at devices and path found, both open for a few seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AudioProbe {
    /// The loudest sample of the microphone, 0 to 1; `None`: it gave nothing.
    pub microphone: Option<f32>,
    /// The speaker took sound.
    pub speaker: bool,
    /// `None`: no packet came back.
    pub path: Option<PathProbe>,
}

/// Packets that were sent to the centre and came back.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PathProbe {
    /// Per cent lost on the way there, and back.
    pub lost_out: f32,
    pub lost_back: f32,
    /// ms, RFC 3550 section 6.4.1.
    pub jitter: f32,
}

/// Buttons and lamps of headsets.
pub trait Buttons: Send {
    /// The desk has changed: lamps show it, and buttons mean what they mean now.
    fn follow(&mut self, desk: &Snapshot);
    /// Whether they are wanted.
    fn apply(&mut self, settings: &Settings);
}

#[derive(Clone, Debug)]
pub enum ButtonsEvent {
    Changed(ButtonsView),
    /// A button was pressed. The desk decides, as it does about a key.
    Asked(Ask),
}

/// The agent's desktop: notifications, keys, window, settings, keychain.
pub trait Shell: Send {
    fn alert(&mut self, alert: Alert);
    /// System-wide keys are taken only while this is on.
    fn set_in_call(&mut self, on: bool);
    fn settings(&mut self, intent: SettingsIntent);
    fn window(&mut self, intent: WindowIntent);
    /// Keep the sign-in for the next time; called after it has succeeded.
    fn remember(&mut self, sign_in: SignIn);
    /// The kept password of this sign-in, answered by [`ShellEvent::Password`].
    fn recall(&mut self, centre: String, user: AgentId);
}

/// Pages that dock.
pub trait Dock: Send {
    fn ask(&mut self, intent: DockIntent);
    /// The agent signs in to the centre at this address, as he wrote it: it serves the
    /// toolbar that pages frame.
    fn signs_in(&mut self, centre: String);
}

/// The centre's own services, for pages and for adapters beside the desk. Clones speak
/// over the same session.
pub trait Endpoints: Send + Sync {
    /// The answer comes within the time that commands have; an error says in words why
    /// there is none.
    fn call(&self, call: EndpointCall, answer: oneshot::Sender<Result<EndpointAnswer, String>>);
}

/// A request to one of the centre's services (`endpoint.call` of the centre protocol).
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointCall {
    pub service: String,
    pub method: String,
    /// Begins with `/`.
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub body: serde_json::Value,
}

#[derive(Clone, Debug, PartialEq)]
pub struct EndpointAnswer {
    /// HTTP's.
    pub status: u16,
    pub body: serde_json::Value,
}

/// What the agent's own TURN server asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnCredential {
    pub url: String,
    pub username: String,
    pub credential: Secret,
}

#[derive(Clone, Debug)]
pub enum ShellEvent {
    /// What became of one [`SettingsIntent::Save`]: each is answered once, in their order.
    SettingsSaved(Settings),
    /// Changed by the shell itself.
    SettingsChanged(Settings),
    RememberedChanged(Remembered),
    WindowChanged(WindowView),
    NoticesChanged(Vec<Notice>),
    /// What the agent calls a number has changed: rows of the history may show it.
    ContactsChanged,
    Password(Option<Secret>),
    /// All that the vault has for the settings' servers: at the start and whenever it
    /// changes. Used by the next connection.
    TurnCredentials(Vec<TurnCredential>),
}

/// Everything that reaches the driver.
#[derive(Debug)]
pub enum Event {
    Intent(omnibar_contract::Intent),
    Centre(CentreEvent),
    Line(LineEvent),
    Audio(AudioEvent),
    Shell(ShellEvent),
    Buttons(ButtonsEvent),
    /// How the test of a connection goes.
    Tested(ConnectionTest),
    /// What the window shows of docked pages.
    Dock(Box<DockView>),
    /// Ends the driver after signing out of nothing: calls at the centre go on.
    Stop,
}

/// The driver's one door for events; adapters hold a clone.
#[derive(Clone, Debug)]
pub struct Inbox(pub(crate) mpsc::UnboundedSender<Event>);

impl Inbox {
    #[must_use]
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// False when the driver has ended.
    pub fn post(&self, event: Event) -> bool {
        self.0.send(event).is_ok()
    }
}
