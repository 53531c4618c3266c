use crate::Config;
use omnibar_model::{
    AgentId, AgentState, Booking, BreakReason, CallbackAct, CallbackId, Campaign, CampaignId,
    CommandId, Destination, DispositionId, Extension, ExtensionId, Interaction, InteractionId, Ivr,
    LegId, MonitorMode, Monitoring, PhoneNumber, Presence, Queue, VoiceRecord,
};
use omnibar_model::{Chat, ChatTarget};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What an agent asks for, from whichever door: window, page, hot key, command line.
///
/// `interaction: None` means the selected call; [`crate::Refusal::NoSuchCall`] if
/// there is none. To accept or reject it means the oldest offer when the selected
/// call is not one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case", rename_all_fields = "snake_case")]
pub enum Ask {
    /// `centre` is a `ws:` or `wss:` address, or `http(s):` of the same host. The
    /// password travels beside the desk, never through it.
    SignIn {
        centre: String,
        user: AgentId,
        take_over: bool,
    },
    Choose {
        campaigns: Vec<CampaignId>,
        extension: ExtensionId,
    },
    /// Refused while an interaction is open.
    SignOut,
    SetPresence {
        presence: Presence,
    },

    /// Makes this the call that keys and buttons act on. Does not hold or resume.
    Select {
        interaction: InteractionId,
    },
    Accept {
        interaction: Option<InteractionId>,
    },
    Reject {
        interaction: Option<InteractionId>,
    },
    Dial {
        number: PhoneNumber,
        campaign: Option<CampaignId>,
    },
    Hold {
        interaction: Option<InteractionId>,
        leg: Option<LegId>,
    },
    Resume {
        interaction: Option<InteractionId>,
        leg: Option<LegId>,
    },
    /// Hold if connected, resume if held (Alt+H).
    ToggleHold {
        interaction: Option<InteractionId>,
    },
    Mute {
        on: bool,
    },
    /// Alt+M.
    ToggleMute,
    Dtmf {
        interaction: Option<InteractionId>,
        digits: String,
    },
    /// Cold transfer.
    Transfer {
        interaction: Option<InteractionId>,
        to: Destination,
    },
    Consult {
        interaction: Option<InteractionId>,
        to: Destination,
    },
    /// Finish a warm transfer.
    Complete {
        interaction: Option<InteractionId>,
    },
    Conference {
        interaction: Option<InteractionId>,
    },
    Drop {
        interaction: Option<InteractionId>,
        leg: LegId,
    },
    End {
        interaction: Option<InteractionId>,
    },
    /// Whether what is said from now on is kept in the call's recording.
    Record {
        interaction: Option<InteractionId>,
        on: bool,
    },
    Note {
        interaction: Option<InteractionId>,
        note: String,
    },
    Dispose {
        interaction: Option<InteractionId>,
        disposition: DispositionId,
        note: String,
        #[serde(default)]
        callback: Option<Booking>,
    },
    /// Of a callback on the list.
    Callback {
        callback: CallbackId,
        act: CallbackAct,
    },
    Chat {
        ask: ChatAsk,
    },
    /// Of a supervisor: takes part in this agent's call, or does so in another way.
    Monitor {
        agent: AgentId,
        mode: MonitorMode,
    },
    StopMonitoring,
    /// Takes a refusal, an offer that was missed or another passing message off the screen.
    Dismiss,
}

/// What an agent asks about his chats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ChatAsk {
    Accept {
        chat: InteractionId,
    },
    Reject {
        chat: InteractionId,
    },
    /// Kept in the outbox until the centre has it.
    Say {
        chat: InteractionId,
        text: String,
    },
    End {
        chat: InteractionId,
    },
    /// Kept in the outbox until the centre has it.
    Dispose {
        chat: InteractionId,
        disposition: DispositionId,
        note: String,
    },
    /// Without a campaign: the first of those chosen.
    Start {
        campaign: Option<CampaignId>,
        customer: ChatTarget,
    },
}

/// The connection to the centre.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Link {
    /// Never connected, or signed out.
    Down,
    Up,
    /// Lost; trying again. `next_try_ms` is counted from this input.
    Reconnecting {
        attempt: u32,
        #[ts(type = "number")]
        next_try_ms: u64,
    },
}

/// Why a sign-in did not happen. The UI has words and a next step for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum SignInFault {
    /// Wrong user or password.
    WrongCredentials,
    /// Signed in elsewhere; may be taken over.
    Elsewhere,
    TooManyTries,
    /// Not an address of a centre.
    BadAddress,
    /// `detail` names what failed: name look-up, connection, certificate.
    Unreachable {
        detail: String,
    },
    /// Client and centre are of different versions.
    Version,
    /// The session's token is no longer good.
    Expired,
    /// The same user signed in elsewhere.
    TakenOver,
    /// An administrator ended the session.
    Removed,
    /// The centre answered with something else; `detail` is its sentence.
    Refused {
        detail: String,
    },
    /// A telephone system's server takes no SIP from this machine.
    Server {
        server: ServerFault,
    },
    /// It does not let this extension in; `status` is SIP's (RFC 3261 section 21).
    NotRegistered {
        status: Option<u16>,
    },
}

/// How far the way to a telephone system's server led. `detail` is for whoever runs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "server", rename_all = "snake_case")]
pub enum ServerFault {
    NameNotFound,
    /// Nothing listens at that port.
    Closed,
    TimedOut,
    /// The network leads nowhere.
    NoWay {
        detail: String,
    },
    /// The file with the authority, or those of the system, cannot be read.
    NoTrust {
        detail: String,
    },
    Certificate {
        fault: CertificateFault,
        detail: String,
    },
    /// No TLS, or another.
    Tls {
        detail: String,
    },
    /// No WebSocket at this path; `status` is HTTP's.
    Http {
        status: u16,
    },
    /// A WebSocket, but not for SIP.
    NoSip,
    /// The connection was made and broke.
    Broken {
        detail: String,
    },
}

/// Why a server's certificate is not accepted (RFC 5280, RFC 9525).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CertificateFault {
    /// Nobody whom this machine trusts has issued it.
    UnknownAuthority,
    WrongName,
    Expired,
    /// Or this machine's clock is wrong.
    NotYetValid,
    Other,
}

/// What the centre says at sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStart {
    /// Names the session to REST and to pages.
    pub handle: String,
    pub name: String,
    pub centre: String,
    /// True when an earlier session goes on, with its campaigns and extension.
    pub resumed: bool,
    pub campaigns: Vec<Campaign>,
    pub extensions: Vec<Extension>,
    /// Nobody is to be asked: all campaigns and the first extension are taken.
    #[serde(default)]
    pub unasked: bool,
}

/// The one voice connection of the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    /// No connection is wanted or possible.
    #[default]
    Closed,
    Connecting,
    /// Packets can flow both ways.
    Up,
    /// No packet or consent check has come through for a while; it may recover.
    Lost,
    /// An ICE restart is under way.
    Recovering,
    /// Given up; a new offer is needed.
    Failed,
}

/// Everything that can happen to a desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    Ask {
        ask: Ask,
    },
    /// A deadline has come.
    Tick,
    /// The agent has changed the settings.
    Configured {
        config: Config,
    },

    LinkChanged {
        link: Link,
    },
    SessionOpened {
        start: SessionStart,
    },
    SignInFailed {
        fault: SignInFault,
    },
    Chosen {
        breaks: Vec<BreakReason>,
        queues: Vec<Queue>,
        ivrs: Vec<Ivr>,
    },
    /// The session is over and will not be resumed. `None`: the agent signed out.
    SessionEnded {
        fault: Option<SignInFault>,
    },
    /// Answer to an [`crate::Effect::Order`]. An error is the centre's sentence.
    Answered {
        command: CommandId,
        result: Result<(), String>,
    },

    /// Everything, replacing what was believed.
    Synchronised {
        state: AgentState,
        since: omnibar_model::Moment,
        presence: Presence,
        next: Option<Presence>,
        #[serde(default)]
        monitoring: Option<Monitoring>,
        interactions: Vec<Interaction>,
        #[serde(default)]
        chats: Vec<Chat>,
    },
    AgentChanged {
        state: AgentState,
        since: omnibar_model::Moment,
        presence: Presence,
        next: Option<Presence>,
        #[serde(default)]
        monitoring: Option<Monitoring>,
    },
    /// `Conversation::Ended` is an interaction's last word.
    InteractionChanged {
        interaction: Interaction,
    },

    /// The chat as it is now, with those of its messages that are news.
    /// `ChatPhase::Ended` is its last word.
    ChatChanged {
        chat: Chat,
    },

    LineChanged {
        line: LineState,
    },
    /// The centre no longer has this session's voice leg.
    LineGone,
    /// The machine's network changed (address, interface, wake-up), or the agent wants
    /// the voice path mended.
    NetworkChanged,
    /// The voice of this call has come to its end.
    CallMeasured {
        interaction: InteractionId,
        record: VoiceRecord,
    },
}
