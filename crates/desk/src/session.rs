use crate::{Refusal, SessionStart, SessionView, SignInFault};
use omnibar_model::{
    AgentId, BreakReason, Campaign, CampaignId, CampaignKind, DispositionId, Extension,
    ExtensionId, ExtensionKind, Ivr, Moment, Queue,
};

/// The session with the centre.
///
/// ```text
///              sign in             opened              chosen
///   SignedOut ────────▶ SigningIn ────────▶ Choosing ────────▶ SignedIn
///       ▲                   │ failed           │ ▲                │
///       │                   ▼                  │ └── the centre ──┤ lost the session and
///       └───────────────────┴──── ended ◀──────┘     the choice no longer fits
///       └────────────────────────────────────────── ended ◀───────┘
/// ```
///
/// A lost connection is not a state of the session: see [`crate::Link`].
#[derive(Debug)]
pub(crate) enum Session {
    SignedOut {
        fault: Option<SignInFault>,
    },
    SigningIn {
        centre: String,
        user: AgentId,
    },
    Choosing {
        who: Who,
        wanted: Option<Choice>,
        pending: bool,
    },
    SignedIn {
        who: Who,
        chosen: Choice,
        wanted: Option<Choice>,
        lists: Lists,
        /// The centre lost the session and is being told the choice again.
        renewing: bool,
    },
}

#[derive(Debug)]
pub(crate) struct Who {
    pub(crate) user: AgentId,
    pub(crate) handle: String,
    pub(crate) name: String,
    pub(crate) centre: String,
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) extensions: Vec<Extension>,
    /// All campaigns and the first extension are taken without a question.
    pub(crate) unasked: bool,
    /// Sign-out was asked for; at this moment it is taken for done.
    pub(crate) leaving: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) campaigns: Vec<CampaignId>,
    pub(crate) extension: ExtensionId,
}

#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) breaks: Vec<BreakReason>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) ivrs: Vec<Ivr>,
}

impl Session {
    pub(crate) fn who(&self) -> Option<&Who> {
        match self {
            Self::SignedOut { .. } | Self::SigningIn { .. } => None,
            Self::Choosing { who, .. } | Self::SignedIn { who, .. } => Some(who),
        }
    }

    pub(crate) fn who_mut(&mut self) -> Option<&mut Who> {
        match self {
            Self::SignedOut { .. } | Self::SigningIn { .. } => None,
            Self::Choosing { who, .. } | Self::SignedIn { who, .. } => Some(who),
        }
    }

    pub(crate) fn signed_in(&self) -> Option<(&Who, &Choice, &Lists)> {
        match self {
            Self::SignedOut { .. } | Self::SigningIn { .. } | Self::Choosing { .. } => None,
            Self::SignedIn { who, chosen, lists, .. } => Some((who, chosen, lists)),
        }
    }

    /// The agent's voice is in this app.
    pub(crate) fn has_voice(&self) -> bool {
        self.signed_in().is_some_and(|(who, chosen, _)| {
            who.extensions
                .iter()
                .find(|e| e.id == chosen.extension)
                .is_some_and(|e| matches!(e.kind, ExtensionKind::Centre))
        })
    }

    /// The session's new start. Returns a choice that the centre should be told (again).
    pub(crate) fn opened(&mut self, start: SessionStart) -> Option<Choice> {
        let resumed = start.resumed;
        match self {
            Self::SignedOut { .. } => None,
            Self::SigningIn { centre, user } => {
                let mut who = Who {
                    user: user.clone(),
                    handle: String::new(),
                    name: String::new(),
                    centre: std::mem::take(centre),
                    campaigns: Vec::new(),
                    extensions: Vec::new(),
                    unasked: false,
                    leaving: None,
                };
                who.learn(start);
                let only = who.only_choice();
                *self = Self::Choosing { who, wanted: None, pending: false };
                only
            }
            Self::Choosing { who, wanted, pending } => {
                who.learn(start);
                if !resumed {
                    (*wanted, *pending) = (None, false);
                }
                None
            }
            Self::SignedIn { who, chosen, wanted, renewing, .. } => {
                who.learn(start);
                if resumed {
                    return None;
                }
                if who.check(chosen).is_ok() {
                    (*wanted, *renewing) = (Some(chosen.clone()), true);
                    return Some(chosen.clone());
                }
                self.choose_anew();
                None
            }
        }
    }

    pub(crate) fn choosing(&mut self, choice: Choice) {
        match self {
            Self::SignedOut { .. } | Self::SigningIn { .. } => {}
            Self::Choosing { wanted, pending, .. } => {
                (*wanted, *pending) = (Some(choice), true);
            }
            Self::SignedIn { wanted, .. } => *wanted = Some(choice),
        }
    }

    /// The centre refused the choice, or has not answered (then a late yes counts).
    pub(crate) fn not_chosen(&mut self, answered: bool) {
        match self {
            Self::SignedOut { .. } | Self::SigningIn { .. } => {}
            Self::Choosing { wanted, pending, .. } => {
                *pending = false;
                if answered {
                    *wanted = None;
                }
            }
            Self::SignedIn { wanted, renewing, .. } => {
                if !answered {
                    return;
                }
                *wanted = None;
                if *renewing {
                    self.choose_anew();
                }
            }
        }
    }

    pub(crate) fn chosen(&mut self, new: Lists) {
        match self {
            Self::SignedOut { .. } | Self::SigningIn { .. } => {}
            Self::Choosing { who, wanted, .. } => {
                // A choice that this desk never made is another client's.
                let Some(chosen) = wanted.take() else { return };
                let who = std::mem::take(who);
                *self = Self::SignedIn { who, chosen, wanted: None, lists: new, renewing: false };
            }
            Self::SignedIn { chosen, wanted, lists, renewing, .. } => {
                *renewing = false;
                *chosen = wanted.take().unwrap_or_else(|| chosen.clone());
                *lists = new;
            }
        }
    }

    pub(crate) fn view(&self) -> SessionView {
        match self {
            Self::SignedOut { fault } => SessionView::SignedOut { fault: fault.clone() },
            Self::SigningIn { centre, user } => {
                SessionView::SigningIn { centre: centre.clone(), user: user.clone() }
            }
            // Nothing is to be seen of a choice that is nobody's.
            Self::Choosing { who, pending: true, .. } if who.unasked => {
                SessionView::SigningIn { centre: who.centre.clone(), user: who.user.clone() }
            }
            Self::Choosing { who, pending, .. } => SessionView::Choosing {
                user: who.user.clone(),
                name: who.name.clone(),
                campaigns: who.campaigns.clone(),
                extensions: who.extensions.clone(),
                pending: *pending,
            },
            Self::SignedIn { who, chosen, lists, .. } => SessionView::SignedIn {
                user: who.user.clone(),
                handle: who.handle.clone(),
                name: who.name.clone(),
                centre: who.centre.clone(),
                campaigns: who.campaigns.clone(),
                chosen: chosen.campaigns.clone(),
                extension: chosen.extension.clone(),
                queues: lists.queues.clone(),
                ivrs: lists.ivrs.clone(),
                breaks: lists.breaks.clone(),
            },
        }
    }

    fn choose_anew(&mut self) {
        if let Some(who) = self.who_mut() {
            let who = Who { leaving: None, ..std::mem::take(who) };
            *self = Self::Choosing { who, wanted: None, pending: false };
        }
    }
}

impl Default for Who {
    fn default() -> Self {
        Self {
            user: AgentId::new(""),
            handle: String::new(),
            name: String::new(),
            centre: String::new(),
            campaigns: Vec::new(),
            extensions: Vec::new(),
            unasked: false,
            leaving: None,
        }
    }
}

impl Who {
    fn only_choice(&self) -> Option<Choice> {
        let extension = self.extensions.first().filter(|_| self.unasked)?;
        let campaigns = self.campaigns.iter().map(|c| c.id.clone()).collect();
        Some(Choice { campaigns, extension: extension.id.clone() })
    }

    fn learn(&mut self, start: SessionStart) {
        if !start.centre.is_empty() {
            self.centre = start.centre;
        }
        self.handle = start.handle;
        self.name = start.name;
        self.campaigns = start.campaigns;
        self.extensions = start.extensions;
        self.unasked = start.unasked;
    }

    pub(crate) fn check(&self, choice: &Choice) -> Result<(), Refusal> {
        let known = |id: &CampaignId| self.campaigns.iter().any(|c| c.id == *id);
        if choice.campaigns.is_empty() || !choice.campaigns.iter().all(known) {
            return Err(Refusal::NoSuchCampaign);
        }
        if !self.extensions.iter().any(|e| e.id == choice.extension) {
            return Err(Refusal::NoSuchExtension);
        }
        Ok(())
    }

    /// A campaign that this agent was not given is the centre's to judge.
    pub(crate) fn knows_disposition(&self, campaign: &CampaignId, code: &DispositionId) -> bool {
        self.campaigns.iter().find(|c| c.id == *campaign).is_none_or(|c| {
            c.dispositions.iter().flat_map(|class| &class.codes).any(|known| known.id == *code)
        })
    }
}

impl Choice {
    /// Each campaign once, in the order given.
    pub(crate) fn new(campaigns: &[CampaignId], extension: &ExtensionId) -> Self {
        let mut once: Vec<CampaignId> = Vec::new();
        for id in campaigns {
            if !once.contains(id) {
                once.push(id.clone());
            }
        }
        Self { campaigns: once, extension: extension.clone() }
    }

    /// The campaign that a number is dialled for: the one named, else the first
    /// outbound one, else the first.
    pub(crate) fn to_dial(&self, who: &Who, named: Option<&CampaignId>) -> Option<CampaignId> {
        if let Some(named) = named {
            return self.campaigns.iter().find(|id| *id == named).cloned();
        }
        let is_outbound = |id: &&CampaignId| {
            who.campaigns.iter().any(|c| c.id == **id && matches!(c.kind, CampaignKind::Outbound))
        };
        self.campaigns.iter().find(is_outbound).or(self.campaigns.first()).cloned()
    }
}
