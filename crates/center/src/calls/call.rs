use super::{Monitor, Recording};
use crate::acd::Route;
use omnibar_model::{
    AgentId, CampaignId, Cause, Destination, Direction, DispositionId, InteractionId, LegId,
    Moment, Party, QueueId, Record,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// Whom the directory knows under a number; empty when nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    pub id: Option<u64>,
    pub name: String,
}

/// One customer's call with everybody who takes part in it. Each agent's part is a
/// [`Seat`], which is an interaction of its own: what an agent sees, wraps up and
/// disposes. Everybody else is an [`Outside`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The id of its first interaction.
    pub id: InteractionId,
    pub campaign: CampaignId,
    pub customer: Party,
    /// In the centre's directory.
    #[serde(default)]
    pub customer_id: Option<u64>,
    /// The CRM record that the call is about.
    #[serde(default)]
    pub record: Option<Record>,
    /// The customer is the first.
    pub outsides: Vec<Outside>,
    pub seats: Vec<Seat>,
    #[serde(default)]
    pub recording: Recording,
    /// The interaction whose agent wants nothing kept of what is said now.
    #[serde(default)]
    pub paused_by: Option<InteractionId>,
    #[serde(default)]
    pub monitors: Vec<Monitor>,
}

/// Who hears whom: everybody in one group, unless held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "group", rename_all = "snake_case")]
pub enum Group {
    Main,
    /// Consulted by the seat of this interaction.
    Consult {
        of: InteractionId,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    pub leg: LegId,
    pub party: Party,
    pub destination: Option<Destination>,
    pub state: OutsideState,
    pub group: Group,
    /// The interactions that keep this leg on hold.
    pub held_by: BTreeSet<InteractionId>,
}

/// ```text
/// Ringing ──up──▶ Up ──gone, closed──▶ Ended
///    └─────────refused, closed──────────▲
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OutsideState {
    Ringing,
    Up,
    Ended { cause: Cause },
}

/// Where the agent's one voice leg listens, for this seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ear {
    /// At another interaction, or nowhere: this one is on hold.
    Away,
    /// In the seat's own group.
    Home,
    /// In the consultation that this seat has started.
    Consult,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    pub interaction: InteractionId,
    /// How other agents in the call name this seat; no leg of the switch.
    pub leg: LegId,
    pub agent: Option<AgentId>,
    pub route: Route,
    pub queue: Option<QueueId>,
    pub direction: Direction,
    pub destination: Option<Destination>,
    pub group: Group,
    pub phase: Phase,
    pub ear: Ear,
    pub held_by: BTreeSet<InteractionId>,
    pub started: Moment,
    /// When the conversation last changed for the agent.
    pub since: Moment,
    pub connected_at: Option<Moment>,
    pub talk: Duration,
    pub cause: Option<Cause>,
    pub disposition: Option<DispositionId>,
    pub note: String,
}

/// ```text
///  inbound   Waiting ⇄ Offered ──accept──▶ Talking ──leave──▶ Wrapping ──dispose──▶ Closed
///               └──abandoned──┴──────────────────────────────────────────────────────▲
///  outbound  Ringing ──up──▶ Talking;  Ringing ──refused, ended──▶ Wrapping
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// In the ACD, offered to nobody.
    Waiting,
    Offered {
        expires: Moment,
    },
    /// The agent has dialled and the customer rings.
    Ringing,
    Talking,
    Wrapping {
        until: Option<Moment>,
    },
    Closed,
}

impl Phase {
    /// The agent's voice belongs to the call.
    #[must_use]
    pub fn is_live(self) -> bool {
        match self {
            Self::Ringing | Self::Talking => true,
            Self::Waiting | Self::Offered { .. } | Self::Wrapping { .. } | Self::Closed => false,
        }
    }

    #[must_use]
    pub fn is_routing(self) -> bool {
        match self {
            Self::Waiting | Self::Offered { .. } => true,
            Self::Ringing | Self::Talking | Self::Wrapping { .. } | Self::Closed => false,
        }
    }
}

impl Outside {
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state == OutsideState::Up
    }

    #[must_use]
    pub fn is_alive(&self) -> bool {
        match self.state {
            OutsideState::Ringing | OutsideState::Up => true,
            OutsideState::Ended { .. } => false,
        }
    }
}

impl Group {
    #[must_use]
    pub fn is_consult_of(&self, interaction: &InteractionId) -> bool {
        matches!(self, Self::Consult { of } if of == interaction)
    }
}

impl Call {
    /// The interaction of the agent who has the customer: the first seat that is not
    /// over; who is brought in later takes over when that one leaves.
    #[must_use]
    pub fn owner(&self) -> Option<&InteractionId> {
        let seats = || self.seats.iter().filter(|seat| seat.group == Group::Main);
        let live = seats().find(|seat| seat.phase.is_live() || seat.phase.is_routing());
        live.or_else(|| seats().next_back()).map(|seat| &seat.interaction)
    }

    #[must_use]
    pub fn seat(&self, interaction: &InteractionId) -> Option<&Seat> {
        self.seats.iter().find(|s| s.interaction == *interaction)
    }

    pub fn seat_mut(&mut self, interaction: &InteractionId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|s| s.interaction == *interaction)
    }

    #[must_use]
    pub fn customer(&self) -> Option<&Outside> {
        self.outsides.first()
    }

    #[must_use]
    pub fn customer_up(&self) -> bool {
        self.customer().is_some_and(Outside::is_up)
    }

    /// Somebody is being consulted by this seat, rings or talks.
    #[must_use]
    pub fn is_consulting(&self, interaction: &InteractionId) -> bool {
        self.outsides.iter().any(|o| o.is_alive() && o.group.is_consult_of(interaction))
            || self.seats.iter().any(|s| {
                (s.phase.is_live() || s.phase.is_routing()) && s.group.is_consult_of(interaction)
            })
    }

    /// The consulted party has answered.
    #[must_use]
    pub fn consult_is_up(&self, interaction: &InteractionId) -> bool {
        self.outsides.iter().any(|o| o.is_up() && o.group.is_consult_of(interaction))
            || self
                .seats
                .iter()
                .any(|s| s.phase == Phase::Talking && s.group.is_consult_of(interaction))
    }

    /// Parties in the main group whose voice is there.
    #[must_use]
    pub fn connected_in_main(&self) -> usize {
        self.outsides.iter().filter(|o| o.is_up() && o.group == Group::Main).count()
            + self
                .seats
                .iter()
                .filter(|s| s.phase == Phase::Talking && s.group == Group::Main)
                .count()
    }

    /// Everybody is gone and everything is disposed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.outsides.iter().all(|o| !o.is_alive())
            && self.seats.iter().all(|s| s.phase == Phase::Closed)
    }

    /// Takes this interaction's hold off every leg.
    pub fn release(&mut self, interaction: &InteractionId) {
        for outside in &mut self.outsides {
            outside.held_by.remove(interaction);
        }
        for seat in &mut self.seats {
            seat.held_by.remove(interaction);
        }
    }

    /// Holds, or takes off hold, everybody of one group but the holding seat itself.
    pub fn set_held(&mut self, by: &InteractionId, group: &Group, held: bool) {
        for outside in self.outsides.iter_mut().filter(|o| o.is_alive() && o.group == *group) {
            mark(&mut outside.held_by, by, held);
        }
        let owner = match group {
            Group::Main => None,
            Group::Consult { of } => Some(of.clone()),
        };
        for seat in &mut self.seats {
            let inside = seat.group == *group || owner.as_ref() == Some(&seat.interaction);
            if inside && seat.phase == Phase::Talking && seat.interaction != *by {
                mark(&mut seat.held_by, by, held);
            }
        }
    }
}

pub(super) fn mark(held_by: &mut BTreeSet<InteractionId>, by: &InteractionId, held: bool) {
    if held {
        held_by.insert(by.clone());
    } else {
        held_by.remove(by);
    }
}
