use omnibar_desk::{CallView, Snapshot, Verb};
use omnibar_model::{Conversation, InteractionId, LegState, PartyKind};

/// What of the desk is a headset's business.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Situation {
    /// The oldest offer that nobody has taken or refused.
    pub(crate) offer: Option<InteractionId>,
    /// A call in which the agent talks or is about to.
    pub(crate) up: Option<InteractionId>,
    /// A call on hold, with nobody else in it who hears the agent.
    pub(crate) held: Option<InteractionId>,
    pub(crate) muted: bool,
    pub(crate) can_mute: bool,
}

impl Situation {
    pub(crate) fn of(desk: &Snapshot) -> Self {
        let selected = |call: &&CallView| Some(&call.interaction.id) == desk.selected.as_ref();
        // The selected call before others of its kind.
        let calls = || {
            let first = desk.calls.iter().filter(selected);
            first.chain(desk.calls.iter().filter(move |call| !selected(call)))
        };
        let find = |part: Part| {
            calls().find(|call| Part::of(call) == part).map(|call| call.interaction.id.clone())
        };
        let offers = desk.calls.iter().find(|call| Part::of(call) == Part::Offer);
        Self {
            offer: offers.map(|call| call.interaction.id.clone()),
            up: find(Part::Up),
            held: find(Part::Held),
            muted: desk.muted,
            can_mute: desk.calls.iter().any(|call| call.can.mute),
        }
    }
}

/// What a call is to a headset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Offer,
    Up,
    Held,
    None,
}

impl Part {
    fn of(call: &CallView) -> Self {
        let asked = |verb| call.pending.iter().any(|pending| pending.verb == verb);
        match call.interaction.conversation {
            Conversation::Offered { .. } if asked(Verb::Accept) => Self::Up,
            Conversation::Offered { .. } if asked(Verb::Reject) => Self::None,
            Conversation::Offered { .. } => Self::Offer,
            Conversation::Ringing | Conversation::Connected | Conversation::Held
                if asked(Verb::End) =>
            {
                Self::None
            }
            Conversation::Ringing | Conversation::Connected => Self::Up,
            Conversation::Held if is_heard(call) => Self::Up,
            Conversation::Held => Self::Held,
            Conversation::Wrapping { .. } | Conversation::Ended => Self::None,
        }
    }
}

/// The customer hears music; somebody consulted hears the agent.
fn is_heard(call: &CallView) -> bool {
    call.interaction.legs.iter().any(|leg| match leg.state {
        LegState::Connected => !matches!(leg.party.kind, PartyKind::Customer),
        LegState::Ringing | LegState::Held | LegState::Ended { .. } => false,
    })
}
