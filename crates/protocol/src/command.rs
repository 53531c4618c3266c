use crate::wire;
use omnibar_model::{
    AgentId, Booking, CallbackAct, CallbackId, Campaign, CampaignId, ChatTarget, Destination,
    DispositionId, ExtensionId, InteractionId, LegId, MonitorMode, PhoneNumber, Presence,
    VoiceRecord,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a desktop asks of the centre. `method` and `params` of a JSON-RPC request.
///
/// The answer is `{}` unless a variant names another. Effects on state arrive as
/// notifications, before or after the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "method", content = "params", deny_unknown_fields)]
pub enum Command {
    /// First command on a connection, with a password, or with the token of a
    /// session that goes on. Answer: [`SessionOpened`].
    #[serde(rename = "session.open")]
    SessionOpen {
        client: Client,
        user: AgentId,
        /// Only one of `password` and `resume` is given. Travels in TLS, or on
        /// loopback; never logged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<wire::Password>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
        /// End another session of the same user instead of being refused.
        #[serde(default)]
        take_over: bool,
    },
    /// Campaigns and extension for this session. Answer: [`SessionSelected`].
    #[serde(rename = "session.select")]
    SessionSelect { campaigns: Vec<CampaignId>, extension: ExtensionId },
    /// Sign out. Refused with [`crate::Code::Conflict`] while an interaction is open.
    #[serde(rename = "session.close")]
    SessionClose {},
    #[serde(rename = "presence.set")]
    PresenceSet { presence: Presence },

    #[serde(rename = "interaction.accept")]
    Accept { interaction: InteractionId },
    #[serde(rename = "interaction.reject")]
    Reject { interaction: InteractionId },
    #[serde(rename = "interaction.note")]
    Note { interaction: InteractionId, note: String },
    #[serde(rename = "interaction.dispose")]
    Dispose {
        interaction: InteractionId,
        disposition: DispositionId,
        note: String,
        /// Booked with the disposition, or both are refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        callback: Option<Booking>,
    },

    /// What the call's voice was like at the agent's end, once it is over. Figures beyond
    /// what they can be are brought within; of two for one interaction the longer is kept.
    #[serde(rename = "interaction.measured")]
    Measured { interaction: InteractionId, record: VoiceRecord },

    /// Manual outbound call. Answer: `{"interaction": id}` ([`wire::Dialled`]).
    #[serde(rename = "call.dial")]
    Dial { campaign: CampaignId, number: PhoneNumber },
    /// Without `leg`: every other party hears music and the agent none of them.
    #[serde(rename = "call.hold")]
    Hold {
        interaction: InteractionId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leg: Option<LegId>,
    },
    /// Without `leg`: back to all; other interactions of the agent are held.
    #[serde(rename = "call.resume")]
    Resume {
        interaction: InteractionId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leg: Option<LegId>,
    },
    /// Digits to every connected other party.
    #[serde(rename = "call.dtmf")]
    Dtmf { interaction: InteractionId, digits: String },
    /// Cold (blind) transfer; the agent goes to wrap-up.
    #[serde(rename = "call.transfer")]
    Transfer { interaction: InteractionId, to: Destination },
    /// Hold the customer and call somebody.
    #[serde(rename = "call.consult")]
    Consult { interaction: InteractionId, to: Destination },
    /// Warm transfer: connect the customer with the consulted party and leave.
    #[serde(rename = "call.complete")]
    Complete { interaction: InteractionId },
    /// Bring customer, agent and consulted party together.
    #[serde(rename = "call.conference")]
    Conference { interaction: InteractionId },
    /// Let one party go.
    #[serde(rename = "call.drop")]
    Drop { interaction: InteractionId, leg: LegId },
    /// End the call for the agent: with one other party for both, in a conference
    /// the others go on.
    #[serde(rename = "call.end")]
    End { interaction: InteractionId },

    /// Whether what is said from now on is kept: `false` while a card number is read out, for
    /// example, leaves silence in the recording. Refused with [`crate::Code::Conflict`] where the
    /// call is not recorded. It is on again when the agent who switched it off leaves the call.
    #[serde(rename = "call.record")]
    Record { interaction: InteractionId, on: bool },

    /// A supervisor takes part in this agent's call, or does so in another way from now on;
    /// [`wire::Agent`] tells how. It ends with the agent's part in the call. Refused with
    /// [`crate::Code::NotFound`] unless the user may supervise and the call's campaign is one of
    /// his.
    #[serde(rename = "supervisor.monitor")]
    Monitor { agent: AgentId, mode: MonitorMode },
    /// Ends it; nothing to end is no error.
    #[serde(rename = "supervisor.leave")]
    MonitorEnd {},

    /// Take a chat that is offered.
    #[serde(rename = "chat.accept")]
    ChatAccept { chat: InteractionId },
    /// Back to the queue, for somebody else.
    #[serde(rename = "chat.reject")]
    ChatReject { chat: InteractionId },
    /// Text of at most 4,000 characters. Answer: [`wire::Said`].
    #[serde(rename = "chat.say")]
    ChatSay { chat: InteractionId, text: String },
    #[serde(rename = "chat.end")]
    ChatEnd { chat: InteractionId },
    #[serde(rename = "chat.dispose")]
    ChatDispose { chat: InteractionId, disposition: DispositionId, note: String },
    /// To a customer who has the chat page open. Answer: [`wire::Dialled`]; refused with
    /// [`crate::Code::NotFound`] when nobody who fits has.
    #[serde(rename = "chat.start")]
    ChatStart { campaign: CampaignId, customer: ChatTarget },

    /// A callback that no interaction is disposed for. Answer: [`wire::Booked`].
    #[serde(rename = "callback.book")]
    CallbackBook { campaign: CampaignId, number: PhoneNumber, at: i64, own: bool, note: String },
    /// What to do with a callback. `take` answers [`wire::Dialled`]; the first who takes
    /// it has it, later ones are refused with [`crate::Code::NotFound`].
    #[serde(rename = "callback.act")]
    CallbackAct { callback: CallbackId, act: CallbackAct },

    /// One search over people, queues, IVR and numbers. Answer: [`Searched`].
    #[serde(rename = "directory.search")]
    Search { text: String },
    /// The agent's own closed interactions, newest first. Answer: [`wire::History`].
    #[serde(rename = "history.list")]
    History {
        #[serde(default)]
        before: Option<InteractionId>,
        limit: u16,
    },

    /// Asks one of the centre's own services (API-34 and what the SDK needs of the
    /// centre). Not idempotent by itself: a service says what a repeat does. Answer:
    /// [`wire::EndpointAnswer`].
    #[serde(rename = "endpoint.call")]
    EndpointCall {
        /// `appserver`, `cms`, `customer-manager`, … (contract: `Microservices`).
        service: String,
        /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
        method: String,
        /// Below the service, beginning with `/`.
        path: String,
        #[serde(default)]
        query: BTreeMap<String, String>,
        #[serde(default)]
        body: serde_json::Value,
    },

    /// SDP offer for the session's one voice leg (a repeat is an ICE restart or a
    /// new leg). Answer: [`VoiceAnswered`]. Restarts of a leg that is at a PBX are made
    /// there and not here.
    #[serde(rename = "voice.offer")]
    VoiceOffer { sdp: String },
    /// A trickled ICE candidate (`candidate:…` text, RFC 8839 section 5.1); empty
    /// text ends the list.
    #[serde(rename = "voice.candidate")]
    VoiceCandidate { candidate: String },

    /// What the session's voice leg says comes back to it while it is in no call, for ten
    /// seconds at most: to try the path before the first call.
    #[serde(rename = "voice.echo")]
    VoiceEcho { on: bool },

    /// Heartbeat. A side that hears nothing for two intervals closes.
    #[serde(rename = "ping")]
    Ping {},
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// For example `omnibar/0.1.0 linux`.
    pub agent: String,
    pub protocol: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The token of [`SessionOpened`].
    pub token: wire::Password,
    /// Sequence number of the last notification that was handled.
    pub last_seq: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionOpened {
    /// Resumes this session until it is closed or `session_ttl_ms` after the
    /// connection was lost.
    pub token: wire::Password,
    pub session_ttl_ms: u64,
    /// Names the session to REST and to pages (contract: `userCrtObjectId`). Not a
    /// credential.
    pub handle: String,
    /// True when `resume` was honoured: missed notifications follow, and
    /// campaigns and extension are as they were.
    pub resumed: bool,
    pub name: String,
    pub heartbeat_ms: u64,
    /// Those that the agent may choose from.
    pub campaigns: Vec<Campaign>,
    pub extensions: Vec<omnibar_model::Extension>,
    pub centre: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionSelected {
    pub breaks: Vec<omnibar_model::BreakReason>,
    pub queues: Vec<omnibar_model::Queue>,
    pub ivrs: Vec<omnibar_model::Ivr>,
    pub ice_servers: Vec<wire::IceServer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Searched {
    pub entries: Vec<wire::DirectoryEntry>,
}

/// Where the voice leg is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum VoiceAnswered {
    /// Here: SDP answer.
    Here { sdp: String },
    /// At a PBX: the desktop makes the same offer there, by SIP, as this extension. It is
    /// the desktop's until it offers here again, which gives it another.
    Extension { extension: wire::SipExtension },
}
