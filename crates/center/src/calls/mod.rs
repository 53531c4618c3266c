//! Call control: which parties a call has, who hears whom, and what each agent sees.
//!
//! Contract: pure. Time and ids are arguments; what is to be done is read with
//! [`Calls::poll`]. Voice is declared, not steered: after each change the wanted
//! bridges and feeds of the touched calls are compared with those that the switch
//! was told, and only the difference is said (`voice.rs`).

mod call;
mod control;
mod ids;
mod lifecycle;
mod monitor;
mod recording;
mod transfer;
mod view;
mod voice;
mod world;

pub use call::{Call, Contact, Ear, Group, Outside, OutsideState, Phase, Seat};
pub use ids::Ids;
pub(crate) use lifecycle::cause_name;
pub use monitor::Monitor;
pub use recording::{Recording, RecordingNews};

use crate::acd::Route;
use crate::setup::Setup;
use crate::switch::{Feed, SwitchCommand};
use omnibar_model::{AgentId, Cause, InteractionId, LegId, Moment};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Why a command on a call was not done. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    #[error("This call is not yours, or no longer there.")]
    NoSuchCall,
    #[error("That party is not in the call.")]
    NoSuchLeg,
    #[error("There is no such campaign for you. Sign in again to choose another.")]
    NoSuchCampaign,
    #[error("This campaign has no such disposition. Choose one from its list.")]
    NoSuchDisposition,
    #[error("There is no such agent, queue or menu.")]
    NoSuchDestination,
    #[error("That colleague is not free now. Choose another, or a queue.")]
    NotFree,
    #[error("The offer is over: it has gone to somebody else, or the caller has left.")]
    OfferOver,
    #[error("This is not possible in the call's present state.")]
    NotNow,
    #[error("Finish the consultation first: complete it, make a conference, or drop it.")]
    Consulting,
    #[error("The consulted party has not answered yet.")]
    NotAnswered,
    #[error("A call has at most eight parties.")]
    Full,
    #[error("This call is not being recorded.")]
    NotRecorded,
    #[error("Finish your own call first.")]
    OwnCall,
    #[error("That agent has no call now in which you may take part.")]
    NothingToMonitor,
    #[error("Another supervisor takes part in that call already.")]
    Monitored,
    #[error("Your voice is not connected. Try again when it is.")]
    NoVoice,
    #[error("Only 0-9, *, # and A-D can be sent, at most 32 at a time.")]
    BadDigits,
    #[error("A note has at most 4000 characters.")]
    NoteTooLong,
}

/// What follows from a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEffect {
    Switch(SwitchCommand),
    /// Records this customer's leg from now on, in the file of this call.
    Record {
        leg: LegId,
        call: InteractionId,
    },
    /// To the ACD.
    Enter {
        interaction: InteractionId,
        route: Route,
    },
    /// From the ACD, if it is there.
    Remove {
        interaction: InteractionId,
    },
    /// The agent's part in this interaction is over without wrap-up.
    Left {
        interaction: InteractionId,
        agent: AgentId,
        cause: Cause,
    },
    /// For the history.
    Logged {
        interaction: InteractionId,
        what: &'static str,
        detail: String,
    },
}

const MAX_PARTIES: usize = 8;
pub const MAX_NOTE: usize = 4000;

#[derive(Clone, Debug)]
pub struct Calls {
    setup: Arc<Setup>,
    ids: Ids,
    calls: BTreeMap<InteractionId, Call>,
    /// Interaction to call.
    index: BTreeMap<InteractionId, InteractionId>,
    /// Leg of the switch to call.
    legs: BTreeMap<LegId, InteractionId>,
    /// The voice legs of the agents that have one.
    voices: BTreeMap<AgentId, LegId>,
    touched: BTreeSet<InteractionId>,
    told: Told,
    out: VecDeque<CallEffect>,
}

/// What the switch believes.
#[derive(Clone, Debug, Default)]
struct Told {
    bridges: BTreeMap<String, Vec<LegId>>,
    feeds: BTreeMap<LegId, Feed>,
    recorded: BTreeSet<LegId>,
    /// Customers' legs of whom silence is to be recorded.
    paused: BTreeSet<LegId>,
    /// By the supervisor's leg.
    monitors: BTreeMap<LegId, monitor::ToldMonitor>,
}

impl Calls {
    #[must_use]
    pub fn new(setup: Arc<Setup>, ids: Ids) -> Self {
        Self {
            setup,
            ids,
            calls: BTreeMap::new(),
            index: BTreeMap::new(),
            legs: BTreeMap::new(),
            voices: BTreeMap::new(),
            touched: BTreeSet::new(),
            told: Told::default(),
            out: VecDeque::new(),
        }
    }

    /// What is laid down now: it holds for calls that are open, too.
    pub fn set_setup(&mut self, setup: Arc<Setup>) {
        self.setup = setup;
        self.touched.extend(self.calls.keys().cloned());
        self.sync();
    }

    /// A call that was open when the centre stopped.
    pub fn load(&mut self, call: Call) {
        for seat in &call.seats {
            self.index.insert(seat.interaction.clone(), call.id.clone());
        }
        for outside in call.outsides.iter().filter(|o| o.is_alive()) {
            self.legs.insert(outside.leg.clone(), call.id.clone());
        }
        self.touched.insert(call.id.clone());
        self.calls.insert(call.id.clone(), call);
    }

    #[must_use]
    pub fn poll(&mut self) -> Option<CallEffect> {
        self.out.pop_front()
    }

    /// Calls that changed since this was last asked; one that is over is not in
    /// [`Calls::get`] any more.
    #[must_use]
    pub fn take_touched(&mut self) -> BTreeSet<InteractionId> {
        std::mem::take(&mut self.touched)
    }

    #[must_use]
    pub fn get(&self, call: &InteractionId) -> Option<&Call> {
        self.calls.get(call)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// The call to which this interaction belongs.
    #[must_use]
    pub fn of(&self, interaction: &InteractionId) -> Option<&Call> {
        self.calls.get(self.index.get(interaction)?)
    }

    #[must_use]
    pub fn by_leg(&self, leg: &LegId) -> Option<&Call> {
        self.calls.get(self.legs.get(leg)?)
    }

    /// Open seats of this agent.
    pub fn seats_of<'a>(
        &'a self,
        agent: &'a AgentId,
    ) -> impl Iterator<Item = (&'a Call, &'a Seat)> {
        self.calls.values().flat_map(move |call| {
            call.seats
                .iter()
                .filter(move |s| s.agent.as_ref() == Some(agent) && s.phase != Phase::Closed)
                .map(move |s| (call, s))
        })
    }

    /// When a wrap-up reaches its limit.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.calls
            .values()
            .flat_map(|c| &c.seats)
            .filter_map(|s| match s.phase {
                Phase::Wrapping { until } => until,
                Phase::Waiting
                | Phase::Offered { .. }
                | Phase::Ringing
                | Phase::Talking
                | Phase::Closed => None,
            })
            .min()
    }

    fn effect(&mut self, effect: CallEffect) {
        self.out.push_back(effect);
    }

    fn log(&mut self, interaction: &InteractionId, what: &'static str, detail: impl Into<String>) {
        let interaction = interaction.clone();
        self.effect(CallEffect::Logged { interaction, what, detail: detail.into() });
    }

    /// The agent's seat, and the call that it is in, which counts as touched.
    fn owned(
        &mut self,
        agent: &AgentId,
        interaction: &InteractionId,
    ) -> Result<&mut Call, CallFault> {
        let id = self.index.get(interaction).ok_or(CallFault::NoSuchCall)?;
        let call = self.calls.get_mut(id).ok_or(CallFault::NoSuchCall)?;
        let seat = call.seat(interaction).ok_or(CallFault::NoSuchCall)?;
        if seat.agent.as_ref() != Some(agent) || seat.phase == Phase::Closed {
            return Err(CallFault::NoSuchCall);
        }
        self.touched.insert(id.clone());
        Ok(call)
    }

    /// As [`Calls::owned`], with the agent talking.
    fn talking(
        &mut self,
        agent: &AgentId,
        interaction: &InteractionId,
    ) -> Result<&mut Call, CallFault> {
        let call = self.owned(agent, interaction)?;
        match call.seat(interaction).map(|s| s.phase) {
            Some(Phase::Talking) => Ok(call),
            Some(
                Phase::Waiting
                | Phase::Offered { .. }
                | Phase::Ringing
                | Phase::Wrapping { .. }
                | Phase::Closed,
            )
            | None => Err(CallFault::NotNow),
        }
    }
}
