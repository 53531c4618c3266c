//! What the dialect reads of a desk.

use omnibar_contract::{SdkError, SdkErrorType};
use omnibar_desk::{CallView, SessionView, Snapshot};
use omnibar_model::{
    AgentId, Campaign, CampaignId, Conversation, DispositionClass, DispositionCode, ExtensionId,
    Interaction, InteractionId, PhoneNumber, Queue, QueueId,
};

/// The agent who is signed in, whether or not campaigns are chosen: user and name.
pub(super) fn agent(desk: &Snapshot) -> Option<(&AgentId, &str)> {
    match &desk.session {
        SessionView::SignedOut { .. } | SessionView::SigningIn { .. } => None,
        SessionView::Choosing { user, name, .. } | SessionView::SignedIn { user, name, .. } => {
            Some((user, name))
        }
    }
}

/// `DATA_NOT_FOUND` unless an agent is signed in.
pub(super) fn known_agent(desk: &Snapshot) -> Result<(&AgentId, &str), SdkError> {
    agent(desk).ok_or_else(|| not_found("nobody is signed in: sign in first"))
}

/// Campaigns that the agent may work for.
pub(super) fn campaigns(desk: &Snapshot) -> &[Campaign] {
    match &desk.session {
        SessionView::SignedOut { .. } | SessionView::SigningIn { .. } => &[],
        SessionView::Choosing { campaigns, .. } | SessionView::SignedIn { campaigns, .. } => {
            campaigns
        }
    }
}

/// Campaigns that the agent works for.
pub(super) fn chosen(desk: &Snapshot) -> Vec<&Campaign> {
    match &desk.session {
        SessionView::SignedOut { .. }
        | SessionView::SigningIn { .. }
        | SessionView::Choosing { .. } => Vec::new(),
        SessionView::SignedIn { campaigns, chosen, .. } => {
            campaigns.iter().filter(|c| chosen.contains(&c.id)).collect()
        }
    }
}

/// What was chosen at sign-in: campaigns and extension.
pub(super) fn choice(desk: &Snapshot) -> Option<(&AgentId, &[CampaignId], &ExtensionId)> {
    match &desk.session {
        SessionView::SignedOut { .. }
        | SessionView::SigningIn { .. }
        | SessionView::Choosing { .. } => None,
        SessionView::SignedIn { user, chosen, extension, .. } => Some((user, chosen, extension)),
    }
}

/// Names the session to pages (`userCrtObjectId`); empty without one.
pub(super) fn handle(desk: &Snapshot) -> &str {
    match &desk.session {
        SessionView::SignedOut { .. }
        | SessionView::SigningIn { .. }
        | SessionView::Choosing { .. } => "",
        SessionView::SignedIn { handle, .. } => handle,
    }
}

pub(super) fn campaign<'a>(desk: &'a Snapshot, id: &CampaignId) -> Option<&'a Campaign> {
    campaigns(desk).iter().find(|c| c.id == *id)
}

pub(super) fn queue<'a>(desk: &'a Snapshot, id: &QueueId) -> Option<&'a Queue> {
    match &desk.session {
        SessionView::SignedOut { .. }
        | SessionView::SigningIn { .. }
        | SessionView::Choosing { .. } => None,
        SessionView::SignedIn { queues, .. } => queues.iter().find(|q| q.id == *id),
    }
}

/// An open call of the desk.
pub(super) fn call<'a>(desk: &'a Snapshot, id: &InteractionId) -> Option<&'a CallView> {
    desk.calls.iter().find(|c| c.interaction.id == *id && is_open(&c.interaction))
}

/// As [`call`], by the id that a page gave; `DATA_NOT_FOUND` otherwise.
pub(super) fn named_call<'a>(desk: &'a Snapshot, id: &str) -> Result<&'a CallView, SdkError> {
    call(desk, &InteractionId::new(id))
        .filter(|c| c.interaction.id.as_str() == id)
        .ok_or_else(|| not_found("interactionId names no open interaction of this agent"))
}

/// The interaction on the agent's screen.
pub(super) fn current(desk: &Snapshot) -> Option<&CallView> {
    let selected = desk.selected.as_ref().and_then(|id| call(desk, id));
    selected.or_else(|| desk.calls.iter().find(|c| is_open(&c.interaction)))
}

pub(super) fn is_open(interaction: &Interaction) -> bool {
    !matches!(interaction.conversation, Conversation::Ended)
}

/// A disposition code by the number that pages know it by.
pub(super) fn code(
    campaign: &Campaign,
    number: i64,
) -> Option<(&DispositionClass, &DispositionCode)> {
    codes(campaign).find(|(_, code)| i64::from(code.number) == number)
}

/// By its label, compared without case, or by the centre's own id.
pub(super) fn code_named<'a>(
    campaign: &'a Campaign,
    label: &str,
) -> Option<(&'a DispositionClass, &'a DispositionCode)> {
    let label = label.trim();
    codes(campaign).find(|(_, code)| {
        code.name.to_lowercase() == label.to_lowercase() || code.id.as_str() == label
    })
}

fn codes(campaign: &Campaign) -> impl Iterator<Item = (&DispositionClass, &DispositionCode)> {
    campaign.dispositions.iter().flat_map(|class| class.codes.iter().map(move |code| (class, code)))
}

/// A customer's number as the campaign lets it be told: `******0101` if it hides numbers.
pub(super) fn number(campaign: Option<&Campaign>, number: &PhoneNumber) -> String {
    if campaign.is_some_and(|c| c.mask_numbers) {
        number.masked().to_string()
    } else {
        number.to_string()
    }
}

pub(super) fn not_found(words: &str) -> SdkError {
    SdkError::new(SdkErrorType::DataNotFound, words)
}

pub(super) fn http_error(words: impl Into<String>) -> SdkError {
    SdkError::new(SdkErrorType::HttpError, words)
}
