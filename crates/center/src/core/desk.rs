use super::{ConnectionId, Core, Session};
use crate::calls::Group;
use omnibar_model::{
    AgentId, AgentState, Callback, CampaignId, Chat, ExtensionId, Interaction, InteractionId,
    LegId, Moment, PhoneNumber, Presence,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// One agent's desk at one moment, for those who answer for the centre beside it.
#[derive(Clone, Debug)]
pub struct DeskNow {
    pub user: AgentId,
    pub name: String,
    /// [`Session::handle`].
    pub handle: String,
    /// `None` while the desktop is away.
    pub connection: Option<ConnectionId>,
    /// Those that the session works for; empty until they are chosen.
    pub campaigns: BTreeSet<CampaignId>,
    pub extension: Option<ExtensionId>,
    pub presence: Presence,
    pub state: AgentState,
    pub since: Moment,
    /// It outlives its connection by this.
    pub session_ttl: Duration,
    /// One of the campaigns that the agent may work for hides customers' numbers. Not one
    /// of those that he has chosen: else he would choose what shows them.
    pub masked: bool,
    /// In the order of arrival.
    pub open: Vec<OpenInteraction>,
    /// In the order of arrival.
    pub chats: Vec<OpenChat>,
    /// Those that the agent is shown.
    pub callbacks: Vec<Callback>,
}

/// An interaction that is not disposed, with what its agent's own view leaves out.
#[derive(Clone, Debug)]
pub struct OpenInteraction {
    /// As the agent sees it.
    pub view: Interaction,
    /// The first interaction of the call (contract: `callId`).
    pub call: InteractionId,
    /// Contract: `crtObjectId`. It stays when the leg is over.
    pub customer_leg: Option<LegId>,
    /// Never masked: to be dialled and looked up, not to be shown.
    pub number: Option<PhoneNumber>,
    pub started: Moment,
    /// Brought in to be asked, and not yet in the conversation with the customer.
    pub consulted: bool,
}

/// A chat that is not disposed, with what its agent's own view leaves out.
#[derive(Clone, Debug)]
pub struct OpenChat {
    /// As the agent sees it, without messages.
    pub view: Chat,
    /// Never masked.
    pub number: Option<PhoneNumber>,
}

/// How a desk is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    Agent(AgentId),
    Connection(ConnectionId),
    /// [`Session::handle`].
    Handle(String),
}

impl Core {
    #[must_use]
    pub fn desk(&self, whose: &Whose) -> Option<DeskNow> {
        let session = match whose {
            Whose::Agent(user) => self.session(user)?,
            Whose::Connection(connection) => self.session_on(*connection)?,
            Whose::Handle(handle) => self.sessions.values().find(|s| s.handle() == *handle)?,
        };
        Some(self.desk_of(session))
    }

    fn chats_of(&self, user: &AgentId) -> Vec<OpenChat> {
        let whole = |view: Chat| {
            let chat = self.chats.get(&view.id);
            OpenChat { number: chat.and_then(|c| c.customer.number.clone()), view }
        };
        self.chats.views(user).into_values().map(whole).collect()
    }

    fn desk_of(&self, session: &Session) -> DeskNow {
        let mut views = self.calls.views(&session.user, &self.names);
        let open = self
            .calls
            .seats_of(&session.user)
            .filter_map(|(call, seat)| {
                let view = views.remove(&seat.interaction)?;
                Some(OpenInteraction {
                    view,
                    call: call.id.clone(),
                    customer_leg: call.customer().map(|c| c.leg.clone()),
                    number: call.customer.number.clone(),
                    started: seat.started,
                    consulted: seat.group != Group::Main,
                })
            })
            .collect();
        DeskNow {
            user: session.user.clone(),
            name: session.name.clone(),
            handle: session.handle(),
            connection: session.connection,
            campaigns: session.campaigns.clone(),
            extension: session.extension.clone(),
            presence: session.presence.clone(),
            state: session.state,
            since: session.since,
            session_ttl: self.timings.session_ttl,
            masked: session.allowed.iter().any(|c| self.setup.masks(c)),
            open,
            chats: self.chats_of(&session.user),
            callbacks: self.callback_views(&session.user).into_values().collect(),
        }
    }
}
