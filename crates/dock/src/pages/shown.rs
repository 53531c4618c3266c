//! When pages' frames are shown what: a little later than events are told, once for all
//! that came together, and only what looks different.

use super::{Out, Page, PageId, Pages, text_of};
use crate::toolbar;
use omnibar_contract::{ToPage, View};
use std::collections::BTreeMap;

/// A change is shown so much later, in ms. Drawing takes pages of one machine longer than
/// hearing of an event: all have heard before the first draws, and what the desk does in
/// several steps is drawn once.
const PAUSE_MS: i64 = 8;

#[derive(Debug, Default)]
pub(super) struct Shown {
    due: Option<i64>,
    /// What the frames in an origin's pages were shown last.
    last: BTreeMap<String, Box<View>>,
}

impl Shown {
    pub(super) fn deadline(&self) -> Option<i64> {
        self.due
    }
}

impl Pages {
    /// The view is another.
    pub(super) fn show_soon(&mut self, now: i64) {
        if self.pages.values().any(|page| page.watched().is_some()) {
            // Of two the earlier, should the clock have been set back.
            let due = now.saturating_add(PAUSE_MS);
            self.shown_views.due = Some(self.shown_views.due.map_or(due, |at| at.min(due)));
        }
    }

    pub(super) fn show_if_due(&mut self, now: i64) {
        if self.shown_views.due.take_if(|at| now >= *at).is_some() {
            self.show_view();
        }
    }

    /// To all that watch; written once an origin.
    fn show_view(&mut self) {
        let mut watching: BTreeMap<&str, Vec<PageId>> = BTreeMap::new();
        for (id, page) in &self.pages {
            if let Some(origin) = page.watched() {
                watching.entry(origin).or_default().push(*id);
            }
        }
        self.shown_views.last.retain(|origin, _| watching.contains_key(origin.as_str()));
        for (origin, pages) in watching {
            let mut view = Box::new(toolbar::view_for(origin, &self.view));
            let last = self.shown_views.last.get(origin);
            if last.is_some_and(|last| looks_like(last, &mut view)) {
                continue;
            }
            let said = ToPage::View { view };
            if let Some(text) = text_of(&said) {
                let send = |page| Out::Send { page, text: text.clone() };
                self.out.extend(pages.into_iter().map(send));
            }
            if let ToPage::View { view } = said {
                self.shown_views.last.insert(origin.to_owned(), view);
            }
        }
    }

    pub(super) fn show_view_to(&mut self, id: PageId) {
        if let Some(origin) = self.pages.get(&id).and_then(Page::watched) {
            let view = Box::new(toolbar::view_for(origin, &self.view));
            self.say(id, &ToPage::View { view });
        }
    }
}

/// The same but for its number and its time. `view` is as before afterwards.
fn looks_like(last: &View, view: &mut View) -> bool {
    let (revision, now) = (view.revision, view.now);
    (view.revision, view.now) = (last.revision, last.now);
    let same = *view == *last;
    (view.revision, view.now) = (revision, now);
    same
}
