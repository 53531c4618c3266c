//! What follows from a change: the window, the file, the relay and the loopback port are
//! told.

use super::{Out, Pages};
use crate::reach::{Reach, RelaySession};
use crate::rights;
use omnibar_contract::DockView;
use omnibar_desk::SessionView;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Pages {
    /// Pages come from the centre of the session; without one, from the remembered one's
    /// or the last.
    pub(super) fn go_home(&mut self) {
        let remembered = &self.view.remembered.centre;
        let centre = match &self.view.desk.session {
            SessionView::SignedOut { .. } if !remembered.is_empty() => remembered,
            _ if self.centre.is_empty() => remembered,
            SessionView::SignedOut { .. }
            | SessionView::SigningIn { .. }
            | SessionView::Choosing { .. }
            | SessionView::SignedIn { .. } => &self.centre,
        };
        let centre = rights::centre_url(centre);
        let home = centre.as_ref().and_then(rights::origin_of);
        if let Some(centre) = centre.map(String::from)
            && centre != self.view.remembered.centre
        {
            // Calls of the SDK are told the centre that is meant, remembered or not.
            Arc::make_mut(&mut self.view).remembered.centre = centre;
        }
        if home.as_deref() != self.standings.home() {
            self.out.push(Out::Home(home.clone()));
            if let Some(gone) = self.standings.set_home(home) {
                self.undock(&gone);
            }
            self.undock_apps();
        }
    }

    /// The window, the file and the relay are told what has changed.
    pub(super) fn settle(&mut self, now: i64) {
        let mut counts = BTreeMap::new();
        for page in self.pages.values() {
            if let Some(guest) = page.guest() {
                *counts.entry(guest.origin.as_str()).or_insert(0) += 1;
            }
        }
        self.standings.count(now, &counts);
        if self.standings.take_stale() {
            self.keep_origins();
        }
        for (origin, items) in self.omni.take_stale_stores() {
            self.out.push(Out::KeepStore { origin, items });
        }
        let mut shown = DockView {
            origins: self.standings.views(),
            pairing_code: self.pairing.as_ref().map(|p| p.code.clone()),
            ..DockView::default()
        };
        self.omni.decorate(&mut shown);
        if shown != self.shown {
            self.shown = shown.clone();
            self.out.push(Out::Show(Box::new(shown)));
        }
        let reach = self.reach_now(now);
        if reach != self.reach {
            self.reach = reach.clone();
            // Before the page has its token: it may use it at once.
            self.out.insert(0, Out::Reach(Box::new(reach)));
        }
    }

    fn reach_now(&self, now: i64) -> Reach {
        let session = match &self.view.desk.session {
            SessionView::SignedIn { handle, .. } => {
                rights::centre_url(&self.centre).map(|centre| RelaySession {
                    centre: centre.into(),
                    handle: handle.clone(),
                    extra_ca: self.extra_ca.clone(),
                })
            }
            SessionView::SignedOut { .. }
            | SessionView::SigningIn { .. }
            | SessionView::Choosing { .. } => None,
        };
        let code = self.pairing.as_ref().map(|p| p.code.clone());
        Reach { session, tokens: self.tokens.hashes(now), code }
    }

    pub(super) fn keep_origins(&mut self) {
        self.out.push(Out::KeepOrigins(self.standings.kept()));
    }
}
