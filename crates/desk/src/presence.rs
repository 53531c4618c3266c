use crate::PresenceView;
use omnibar_model::{AgentState, CommandId, Moment, Monitoring, Presence};

/// The agent as the centre last said, and what he has asked to be since.
///
/// ```text
///              press                     yes, or the centre's word
///   settled ──────────▶ pending ──────────────────────────────────▶ settled
///                          └── no, or no answer ──▶ settled, as before
/// ```
///
/// The states themselves ([`AgentState`]) are the centre's. While the agent is busy
/// or in wrap-up a yes means that the choice is queued (`next`).
#[derive(Debug)]
pub(crate) struct Agent {
    state: AgentState,
    since: Moment,
    chosen: Presence,
    next: Option<Presence>,
    pending: Option<(CommandId, Presence)>,
    /// A supervisor's: the call in which he takes part.
    pub(crate) monitoring: Option<Monitoring>,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            state: AgentState::Offline,
            since: Moment::ZERO,
            chosen: Presence::Offline,
            next: None,
            pending: None,
            monitoring: None,
        }
    }
}

impl Agent {
    pub(crate) fn told(
        &mut self,
        state: AgentState,
        since: Moment,
        chosen: Presence,
        next: Option<Presence>,
    ) {
        if let Some((_, wanted)) = &self.pending {
            let heard = if is_occupied(state) { next.as_ref() } else { Some(&chosen) };
            // A missed offer leaves the choice as it was: that is not a yes.
            if heard == Some(wanted) && !matches!(state, AgentState::Missed) {
                self.pending = None;
            }
        }
        (self.state, self.since, self.chosen, self.next) = (state, since, chosen, next);
    }

    pub(crate) fn asked(&mut self, command: CommandId, wanted: Presence) {
        self.pending = Some((command, wanted));
    }

    pub(crate) fn is_pending(&self, wanted: &Presence) -> bool {
        self.pending.as_ref().is_some_and(|(_, p)| p == wanted)
    }

    pub(crate) fn agreed(&mut self, command: CommandId, now: Moment) {
        let Some((_, wanted)) = self.pending.take_if(|(c, _)| *c == command) else { return };
        if is_occupied(self.state) {
            self.next = Some(wanted);
            return;
        }
        self.state = match wanted {
            Presence::Offline => AgentState::Offline,
            Presence::Available => AgentState::Available,
            Presence::Break { .. } => AgentState::Break,
        };
        (self.since, self.chosen, self.next) = (now, wanted, None);
    }

    /// Refused, or not answered in time.
    pub(crate) fn refused(&mut self, command: CommandId) {
        self.pending.take_if(|(c, _)| *c == command);
    }

    pub(crate) fn view(&self) -> PresenceView {
        PresenceView {
            state: self.state,
            since: self.since,
            chosen: self.chosen.clone(),
            next: self.next.clone(),
            pending: self.pending.as_ref().map(|(_, p)| p.clone()),
        }
    }
}

/// A presence that is chosen now waits for the last disposition.
fn is_occupied(state: AgentState) -> bool {
    match state {
        AgentState::Busy | AgentState::WrapUp { .. } => true,
        AgentState::Offline | AgentState::Available | AgentState::Break | AgentState::Missed => {
            false
        }
    }
}
