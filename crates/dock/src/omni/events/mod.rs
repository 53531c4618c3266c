//! Events: what differs between one view and the next.

mod interaction;
mod notification;
mod pressed;
mod session;

use super::payload::Told;
use super::{Act, Audience, Omni, Right};
use omnibar_contract::View;
use omnibar_desk::Snapshot;

impl Omni {
    /// Events for the change from the desk that was seen before to this one.
    pub(super) fn differences(&mut self, now: i64, before: &Snapshot, view: &View) -> Vec<Act> {
        let mut acts = session::began(before, &view.desk);
        self.interactions(now, before, view, &mut acts);
        acts.extend(notification::missed(now, before, view));
        // Last, so that the end of a call is told before that of its session.
        acts.extend(session::ended(before, &view.desk));
        acts
    }
}

/// An event for every page that may see what happens.
pub(super) fn event(namespace: &'static str, event: &'static str, told: Told) -> Act {
    Act::Event {
        to: Audience::All,
        namespace,
        event,
        payload: told.full,
        needs: Right::Events,
        discreet: told.discreet,
    }
}
