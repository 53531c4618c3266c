use crate::{Ask, ChatAsk, Verb};
use omnibar_model::{
    AgentId, Booking, CallbackAct, CallbackId, CampaignId, Cause, CommandId, Destination,
    DispositionId, ExtensionId, InteractionId, LegId, MonitorMode, PhoneNumber, Presence,
    VoiceRecord,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the desk wants done. Effects are performed in order; none is answered
/// except by a later [`crate::Input`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    OpenSession {
        centre: String,
        user: AgentId,
        take_over: bool,
    },
    CloseSession,
    /// A command for the centre, answered by [`crate::Input::Answered`].
    Order {
        command: CommandId,
        order: Order,
    },

    /// Make the voice connection.
    OpenLine,
    /// ICE restart on the present connection.
    RestartLine,
    CloseLine,

    /// Start ringing on the ringer device; a repeat changes nothing.
    StartRinging,
    StopRinging,
    Play {
        sound: Sound,
    },
    /// Stop or go on sending what the microphone hears.
    SetMicrophone {
        open: bool,
    },
    /// Whether a call is up: the shell registers system-wide keys only then.
    SetInCall {
        on: bool,
    },
    Alert {
        alert: Alert,
    },
    /// The ask was not done; nothing changed. Also shown in the snapshot.
    Refused {
        ask: Ask,
        reason: Refusal,
    },
    /// The snapshot differs from before.
    Changed,
}

/// A command for the centre, in the words of the centre protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    Choose {
        campaigns: Vec<CampaignId>,
        extension: ExtensionId,
    },
    SetPresence {
        presence: Presence,
    },
    Accept {
        interaction: InteractionId,
    },
    Reject {
        interaction: InteractionId,
    },
    Dial {
        campaign: CampaignId,
        number: PhoneNumber,
    },
    Hold {
        interaction: InteractionId,
        leg: Option<LegId>,
    },
    Resume {
        interaction: InteractionId,
        leg: Option<LegId>,
    },
    Dtmf {
        interaction: InteractionId,
        digits: String,
    },
    Transfer {
        interaction: InteractionId,
        to: Destination,
    },
    Consult {
        interaction: InteractionId,
        to: Destination,
    },
    Complete {
        interaction: InteractionId,
    },
    Conference {
        interaction: InteractionId,
    },
    Drop {
        interaction: InteractionId,
        leg: LegId,
    },
    End {
        interaction: InteractionId,
    },
    Record {
        interaction: InteractionId,
        on: bool,
    },
    Note {
        interaction: InteractionId,
        note: String,
    },
    /// What the call's voice was like; waits in the outbox like a note.
    Measured {
        interaction: InteractionId,
        record: VoiceRecord,
    },
    /// To start one, a campaign is always named.
    Chat {
        ask: ChatAsk,
    },
    Dispose {
        interaction: InteractionId,
        disposition: DispositionId,
        note: String,
        #[serde(default)]
        callback: Option<Booking>,
    },
    Callback {
        callback: CallbackId,
        act: CallbackAct,
    },
    Monitor {
        agent: AgentId,
        mode: MonitorMode,
    },
    StopMonitoring,
}

/// Short sounds at the agent's own speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sound {
    Answered,
    Ended,
    /// The key that was pressed, as a local echo.
    Digit(char),
    /// The other side is busy or cannot be reached.
    Failed,
    /// A call has been on hold for a while.
    HoldReminder,
    /// The agent has been muted for a while.
    MuteReminder,
    /// A chat is offered: once, where a call would ring.
    Chat,
}

/// Something the agent should know when he looks elsewhere (desktop notification).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "alert", rename_all = "snake_case")]
pub enum Alert {
    IncomingCall {
        interaction: InteractionId,
        name: String,
        queue: String,
    },
    IncomingChat {
        interaction: InteractionId,
        name: String,
        queue: String,
    },
    /// The offer is over: take the notification away.
    OfferGone {
        interaction: InteractionId,
        missed: bool,
    },
    CallEnded {
        interaction: InteractionId,
        cause: Cause,
    },
    /// A callback has become due for this agent.
    CallbackDue {
        callback: CallbackId,
        name: String,
    },
    VoiceLost,
    VoiceBack,
    CentreLost,
    CentreBack,
}

/// Why an ask was not done. The UI has words and a next step for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Refusal {
    NotSignedIn,
    AlreadySignedIn,
    /// Signing out, or changing campaigns, with interactions open.
    InteractionsOpen,
    /// Commands that need the centre cannot be given now.
    CentreAway,
    NoSuchCall,
    NoSuchChat,
    NoSuchLeg,
    NoSuchCampaign,
    NoSuchExtension,
    NoSuchBreak,
    NoSuchDisposition,
    /// The verb makes no sense in the call's present state.
    NotNow {
        verb: Verb,
    },
    /// The same command is under way.
    Pending {
        verb: Verb,
    },
    /// Not `0-9 * #`, or more than 32.
    BadDigits,
    NoteTooLong,
    /// Nothing to read, or more than 4,000 characters.
    BadChatText,
    /// An open call must be held, ended or disposed first.
    FinishCallFirst,
    /// The centre said no; `message` is its sentence.
    Centre {
        verb: Verb,
        message: String,
    },
}
