//! Callbacks: who has promised to call whom, and whose turn it is when the time comes.
//!
//! Contract: pure. Time, ids and the state of the floor are arguments; what changed is
//! read with [`Callbacks::take_changes`]. A callback is for one agent, or for anyone of
//! its campaign. Of those that are due for anyone each is one agent's turn at a time, and
//! an agent has one turn at a time (`turns.rs`). Nothing here dials.

mod turns;
mod view;

pub use turns::Present;

use crate::calls::MAX_NOTE;
use omnibar_model::{AgentId, CallbackId, CampaignId, InteractionId, Moment, PhoneNumber};
use serde::{Deserialize, Serialize};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use turns::Turn;

/// Callbacks of one agent, and how many of a campaign's an agent is shown.
pub const OWN_MAX: usize = 60;
/// At the centre.
pub const ALL_MAX: usize = 5_000;
/// How far ahead one can be booked.
pub const AHEAD_MAX: Duration = Duration::from_secs(366 * 24 * 3600);
/// By how much one is put off unless the agent says otherwise.
pub const SNOOZE: Duration = Duration::from_secs(600);
/// Characters of a reason.
const REASON_MAX: usize = 500;

/// Why something was not done with a callback. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackFault {
    #[error("This callback is not there any more: it was taken or cancelled.")]
    Gone,
    #[error("This callback is somebody else's. Ask whoever booked it.")]
    NotYours,
    #[error("Choose a time that is still to come, at most a year ahead.")]
    BadTime,
    #[error("There is no number to call back. Give one.")]
    NoNumber,
    #[error("That hidden number is not this customer's. Give the whole number.")]
    Hidden,
    #[error("You work for another campaign now. Choose the callback's at sign-in, then call.")]
    NotInCampaign,
    #[error("You have {OWN_MAX} callbacks of your own. Make or cancel some of them first.")]
    TooMany,
    #[error("The centre keeps no more callbacks. Make or cancel some of them first.")]
    Full,
    #[error("A callback's note has at most {MAX_NOTE} characters.")]
    NoteTooLong,
    #[error("Say in 1 to {REASON_MAX} characters why it is cancelled.")]
    BadReason,
}

/// A callback as it is kept. Its number is never masked here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub id: CallbackId,
    pub campaign: CampaignId,
    pub customer_name: String,
    pub customer_id: Option<u64>,
    pub number: PhoneNumber,
    pub at: Moment,
    /// `None`: for anyone of the campaign.
    pub agent: Option<AgentId>,
    pub booked_by: AgentId,
    pub booked_by_name: String,
    pub booked_at: Moment,
    pub interaction: Option<InteractionId>,
    pub note: String,
}

/// For the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Saved(Arc<Kept>),
    Deleted(CallbackId),
}

/// Whose list it stands in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Agent(AgentId),
    Campaign(CampaignId),
}

#[derive(Clone, Debug, Default)]
pub struct Callbacks {
    kept: BTreeMap<CallbackId, Arc<Kept>>,
    by_time: BTreeMap<Moment, BTreeSet<CallbackId>>,
    lists: BTreeMap<List, BTreeSet<(Moment, CallbackId)>>,
    turns: BTreeMap<CallbackId, Turn>,
    /// Until then it is known what has become due.
    seen: Moment,
    /// What agents see may differ from what they were told.
    touched: bool,
    changes: Vec<Change>,
}

impl Callbacks {
    /// One that was booked before the centre stopped. It is nobody's turn yet.
    pub fn load(&mut self, kept: Kept) {
        self.put(Arc::new(kept));
    }

    /// Whether [`Callbacks::book`] would do it.
    pub fn check(&self, now: Moment, wish: &Kept) -> Result<(), CallbackFault> {
        check_time(now, wish.at)?;
        if wish.number.is_masked() {
            return Err(CallbackFault::Hidden);
        }
        if wish.note.chars().count() > MAX_NOTE {
            return Err(CallbackFault::NoteTooLong);
        }
        if self.kept.len() >= ALL_MAX {
            return Err(CallbackFault::Full);
        }
        let own = self.lists.get(&list_of(wish)).map_or(0, BTreeSet::len);
        if wish.agent.is_some() && own >= OWN_MAX {
            return Err(CallbackFault::TooMany);
        }
        Ok(())
    }

    pub fn book(&mut self, now: Moment, wish: Kept) -> Result<(), CallbackFault> {
        self.check(now, &wish)?;
        let kept = Arc::new(wish);
        self.changes.push(Change::Saved(Arc::clone(&kept)));
        self.put(kept);
        Ok(())
    }

    /// The callback, if this agent of these campaigns may dial it now.
    pub fn dialable(
        &self,
        agent: &AgentId,
        campaigns: &BTreeSet<CampaignId>,
        id: &CallbackId,
    ) -> Result<&Kept, CallbackFault> {
        let kept = self.kept.get(id).ok_or(CallbackFault::Gone)?;
        if kept.agent.as_ref().is_some_and(|owner| owner != agent) {
            return Err(CallbackFault::NotYours);
        }
        if !campaigns.contains(&kept.campaign) {
            return Err(CallbackFault::NotInCampaign);
        }
        Ok(kept)
    }

    /// It is dialled now, and off the list.
    pub fn taken(&mut self, id: &CallbackId) {
        self.remove(id);
    }

    /// By [`SNOOZE`], or to another time. For anyone, it is somebody's turn anew.
    pub fn snooze(
        &mut self,
        now: Moment,
        agent: &AgentId,
        id: &CallbackId,
        at: Option<Moment>,
    ) -> Result<&Kept, CallbackFault> {
        let kept = self.own(agent, id)?;
        let at = at.unwrap_or(now + SNOOZE);
        check_time(now, at)?;
        let moved = Arc::new(Kept { at, ..(*kept).clone() });
        self.take_out(id);
        self.changes.push(Change::Saved(Arc::clone(&moved)));
        self.put(moved);
        self.kept.get(id).map(AsRef::as_ref).ok_or(CallbackFault::Gone)
    }

    /// Returns what was cancelled.
    pub fn cancel(
        &mut self,
        agent: &AgentId,
        id: &CallbackId,
        reason: &str,
    ) -> Result<Arc<Kept>, CallbackFault> {
        let kept = self.own(agent, id)?;
        if !(1..=REASON_MAX).contains(&reason.trim().chars().count()) {
            return Err(CallbackFault::BadReason);
        }
        self.remove(id);
        Ok(kept)
    }

    /// What is to be stored since this was last asked.
    #[must_use]
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Campaigns have changed for those who see callbacks.
    pub fn touch(&mut self) {
        self.touched = true;
    }

    #[must_use]
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// Everybody has been told.
    pub fn untouch(&mut self) {
        self.touched = false;
    }

    pub fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.kept.values().map(AsRef::as_ref)
    }

    /// One that this agent may put off or cancel: his, booked by him, or his turn.
    fn own(&self, agent: &AgentId, id: &CallbackId) -> Result<Arc<Kept>, CallbackFault> {
        let kept = self.kept.get(id).ok_or(CallbackFault::Gone)?;
        if self.is_own(agent, kept) { Ok(Arc::clone(kept)) } else { Err(CallbackFault::NotYours) }
    }

    fn is_own(&self, agent: &AgentId, kept: &Kept) -> bool {
        match &kept.agent {
            Some(owner) => owner == agent,
            None => {
                kept.booked_by == *agent
                    || self.turns.get(&kept.id).is_some_and(|turn| turn.agent == *agent)
            }
        }
    }

    fn put(&mut self, kept: Arc<Kept>) {
        self.by_time.entry(kept.at).or_default().insert(kept.id.clone());
        let key = (kept.at, kept.id.clone());
        self.lists.entry(list_of(&kept)).or_default().insert(key);
        self.kept.insert(kept.id.clone(), kept);
        self.touched = true;
    }

    fn take_out(&mut self, id: &CallbackId) -> Option<Arc<Kept>> {
        let kept = self.kept.remove(id)?;
        if let Entry::Occupied(mut same) = self.by_time.entry(kept.at) {
            same.get_mut().remove(id);
            if same.get().is_empty() {
                same.remove();
            }
        }
        if let Entry::Occupied(mut list) = self.lists.entry(list_of(&kept)) {
            list.get_mut().remove(&(kept.at, id.clone()));
            if list.get().is_empty() {
                list.remove();
            }
        }
        self.turns.remove(id);
        self.touched = true;
        Some(kept)
    }

    fn remove(&mut self, id: &CallbackId) {
        if self.take_out(id).is_some() {
            self.changes.push(Change::Deleted(id.clone()));
        }
    }
}

fn list_of(kept: &Kept) -> List {
    match &kept.agent {
        Some(agent) => List::Agent(agent.clone()),
        None => List::Campaign(kept.campaign.clone()),
    }
}

fn check_time(now: Moment, at: Moment) -> Result<(), CallbackFault> {
    if at > now && at <= now + AHEAD_MAX { Ok(()) } else { Err(CallbackFault::BadTime) }
}
