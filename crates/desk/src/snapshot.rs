use crate::{LineState, Link, Refusal, SignInFault};
use omnibar_model::{
    AgentId, AgentState, BreakReason, Campaign, CampaignId, Destination, Extension, ExtensionId,
    Interaction, InteractionId, Ivr, Moment, Monitoring, Presence, Queue, VoicePath,
};
use omnibar_model::{Chat, CommandId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a UI may see of the desk. Every `Moment` is on the clock whose present
/// reading is the view's `now`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Snapshot {
    pub session: SessionView,
    pub link: Link,
    pub line: LineState,
    pub presence: PresenceView,
    /// In the order in which they arrived.
    pub calls: Vec<CallView>,
    /// Chats, in the order in which they arrived.
    pub chats: Vec<ChatView>,
    /// The call that keys and buttons act on.
    pub selected: Option<InteractionId>,
    /// The agent's microphone is not sent.
    pub muted: bool,
    /// The colleague's call in which this supervisor takes part.
    #[serde(default)]
    pub monitoring: Option<Monitoring>,
    pub can_dial: bool,
    pub can_start_chat: bool,
    pub can_sign_out: bool,
    pub refusal: Option<RefusalView>,
    /// The last offer that was not taken, until dismissed.
    pub missed: Option<Interaction>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionView {
    SignedOut {
        fault: Option<SignInFault>,
    },
    SigningIn {
        centre: String,
        user: AgentId,
    },
    /// Campaigns and an extension are to be chosen.
    Choosing {
        user: AgentId,
        name: String,
        campaigns: Vec<Campaign>,
        extensions: Vec<Extension>,
        /// The choice has been sent.
        pending: bool,
    },
    SignedIn {
        user: AgentId,
        /// Names the session to REST and to pages; not a credential.
        handle: String,
        name: String,
        centre: String,
        campaigns: Vec<Campaign>,
        chosen: Vec<CampaignId>,
        extension: ExtensionId,
        queues: Vec<Queue>,
        ivrs: Vec<Ivr>,
        breaks: Vec<BreakReason>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PresenceView {
    pub state: AgentState,
    pub since: Moment,
    pub chosen: Presence,
    /// Taken when the present work is done.
    pub next: Option<Presence>,
    /// Asked for and not yet confirmed.
    pub pending: Option<Presence>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CallView {
    pub interaction: Interaction,
    pub voice: VoicePath,
    pub can: Can,
    /// Commands under way, oldest first.
    pub pending: Vec<Pending>,
    /// Where the agent last asked to send it by a cold transfer; when its cause is
    /// `Transferred`, that is where the customer is.
    #[serde(default)]
    pub sent_to: Option<Destination>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatView {
    /// With its newest messages.
    pub chat: Chat,
    pub can: ChatCan,
    /// Commands under way, oldest first.
    pub pending: Vec<Pending>,
    /// What the agent said that is not among the chat's messages yet, oldest first. It
    /// waits for the centre and is not lost.
    pub sending: Vec<Sending>,
}

/// What may be asked of a chat now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChatCan {
    pub accept: bool,
    pub reject: bool,
    pub say: bool,
    pub end: bool,
    pub dispose: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Sending {
    pub command: CommandId,
    pub text: String,
    pub since: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Pending {
    pub verb: Verb,
    pub since: Moment,
}

/// What may be asked of a call now; a UI shows the rest as disabled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Can {
    pub accept: bool,
    pub reject: bool,
    pub hold: bool,
    pub resume: bool,
    pub mute: bool,
    pub dtmf: bool,
    pub transfer: bool,
    pub consult: bool,
    pub complete: bool,
    pub conference: bool,
    pub drop: bool,
    pub end: bool,
    pub dispose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    SignIn,
    Choose,
    SignOut,
    SetPresence,
    Select,
    Accept,
    Reject,
    Dial,
    Hold,
    Resume,
    Mute,
    Dtmf,
    Transfer,
    Consult,
    Complete,
    Conference,
    Drop,
    End,
    /// Recording, on or off.
    Record,
    Note,
    Dispose,
    Say,
    StartChat,
    Callback,
    /// A colleague's call, as his supervisor.
    Monitor,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RefusalView {
    /// The call it was about; `None`: the desk as a whole.
    pub interaction: Option<InteractionId>,
    pub reason: Refusal,
    pub since: Moment,
}
