//! What goes on with pages that are docked.

use super::{Out, Page, Pages, State};
use crate::journal::Entry;
use crate::omni::Caller;
use crate::socket::PageId;
use crate::toolbar;
use omnibar_contract::{Intent, ToPage};
use serde_json::Value;
use std::sync::Arc;

impl Pages {
    pub(super) fn call(&mut self, now: i64, id: PageId, call: u32, api: &str, with: &[Value]) {
        let Some(guest) = self.pages.get(&id).and_then(Page::guest) else { return };
        let docked = guest.docked.clone();
        let caller = Caller {
            page: id.0,
            id: call,
            rights: self.rights_of(guest).unwrap_or_default(),
            origin: docked.origin,
            context: docked.context,
            instance: docked.instance,
            app: docked.app,
        };
        let acts = self.omni.call(now, caller, api, with, &Arc::clone(&self.view));
        self.perform(now, acts);
    }

    /// A press in the toolbar's frame.
    pub(super) fn press(&mut self, id: PageId, intent: Intent) {
        let is_app = self.is_app(id);
        if !is_app && toolbar::may(&intent) {
            self.out.push(Out::Intent(intent));
        } else if let Some(guest) = self.pages.get(&id).and_then(Page::guest) {
            let origin = guest.origin.as_str();
            tracing::warn!(page = ?id, origin, "a page has asked what only the window may");
        }
    }

    pub(super) fn watch(&mut self, id: PageId, views: bool, meters: bool) {
        // An app's frame is no toolbar.
        let is_app = self.is_app(id);
        let Some(page) = self.pages.get_mut(&id).filter(|_| !is_app) else { return };
        (page.views, page.meters) = (views, meters);
        self.show_view_to(id);
    }

    /// An event to every page that may have it; the journal keeps it for the others.
    pub(super) fn tell(&mut self, now: i64, entry: Entry) {
        let (seq, entry) = self.journal.add(now, entry);
        let told: Vec<(PageId, ToPage)> = self
            .pages
            .iter()
            .filter_map(|(id, page)| match &page.state {
                State::Docked(guest) => {
                    let rights = self.rights_of(guest)?;
                    Some((*id, entry.for_page(seq, &guest.docked, rights)?))
                }
                State::New { .. } | State::Asking(_) => None,
            })
            .collect();
        for (page, event) in told {
            self.say(page, &event);
        }
    }
}

impl Page {
    /// Its origin, if its frame is docked and shows the toolbar.
    pub(super) fn watched(&self) -> Option<&str> {
        match &self.state {
            State::Docked(guest) if self.views => Some(&guest.origin),
            State::New { .. } | State::Asking(_) | State::Docked(_) => None,
        }
    }
}
