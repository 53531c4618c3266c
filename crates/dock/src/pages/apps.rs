//! Pages that are custom apps: let in and bounded by what the centre says of them.

use super::{Guest, Out, Page, Pages, State};
use crate::rights::{Answered, App, both};
use crate::socket::PageId;
use omnibar_contract::{Rights, SdkErrorType};
use omnibar_desk::SessionView;
use omnibar_softphone::EndpointAnswer;
use std::collections::BTreeSet;

impl Pages {
    /// What a page may do now; `None`: not even dock, or nobody has told yet.
    pub(super) fn rights_of(&self, guest: &Guest) -> Option<Rights> {
        let rights = self.standings.rights(&guest.origin)?;
        match &guest.app {
            None => Some(rights),
            Some(app) => Some(both(rights, self.apps.grant(app)?.rights)),
        }
    }

    pub(super) fn is_app(&self, id: PageId) -> bool {
        self.pages.get(&id).and_then(Page::guest).is_some_and(|guest| guest.app.is_some())
    }

    pub(super) fn ask_of_apps(&mut self, now: i64, apps: Vec<App>) {
        for app in apps {
            if let Some((ticket, call)) = self.apps.ask(now, &app) {
                self.out.push(Out::Ask { ticket, call });
            }
        }
    }

    /// Without a session the centre tells nothing.
    pub(super) fn ask_of_apps_at_sign_in(&mut self, now: i64) {
        let signed_in = match &self.view.desk.session {
            SessionView::SignedIn { handle, .. } => Some(handle.clone()),
            SessionView::SignedOut { .. }
            | SessionView::SigningIn { .. }
            | SessionView::Choosing { .. } => None,
        };
        if signed_in != self.session {
            self.session = signed_in;
            if self.session.is_some() {
                self.ask_of_apps(now, self.apps.all());
            }
        }
    }

    pub(super) fn app_answered(
        &mut self,
        now: i64,
        ticket: u64,
        answer: &Result<EndpointAnswer, String>,
    ) {
        match self.apps.answered(ticket, answer) {
            Some(Answered::Granted(app)) => {
                for page in self.pages_of_app(&app) {
                    self.granted(now, page, &app);
                }
            }
            Some(Answered::Gone(app)) => {
                let words = format!(
                    "The app {app} is in no slot of the workspace. An administrator can put it \
                     into one."
                );
                for page in self.pages_of_app(&app) {
                    self.refuse(page, SdkErrorType::InvalidOrigin, &words);
                }
            }
            // Its pages went meanwhile.
            None => {}
        }
    }

    /// Those of another centre than the present one.
    pub(super) fn undock_apps(&mut self) {
        let home = self.standings.home().map(str::to_owned);
        let is_stray = |page: &Page| {
            page.guest().is_some_and(|g| g.app.is_some() && Some(&g.origin) != home.as_ref())
        };
        let strays: Vec<PageId> =
            self.pages.iter().filter(|(_, p)| is_stray(p)).map(|(id, _)| *id).collect();
        for page in strays {
            let words = "The app belongs to another centre than the one that Omnibar knows now.";
            self.refuse(page, SdkErrorType::InvalidOrigin, words);
        }
    }

    /// Apps whose last page is gone are not asked of any more.
    pub(super) fn forget_apps(&mut self) {
        let guests = self.pages.values().filter_map(Page::guest);
        let docked: BTreeSet<&App> = guests.filter_map(|guest| guest.app.as_ref()).collect();
        self.apps.keep(&docked);
    }

    /// Lets the page in, or tells it of its new rights, if they are new.
    fn granted(&mut self, now: i64, id: PageId, app: &App) {
        let fields = self.apps.grant(app).map(|grant| grant.fields.clone()).unwrap_or_default();
        let rights =
            self.pages.get(&id).and_then(Page::guest).and_then(|guest| self.rights_of(guest));
        let Some(page) = self.pages.get_mut(&id) else { return };
        let told = match &mut page.state {
            State::New { .. } => return,
            State::Asking(guest) => {
                guest.docked.fields = fields;
                false
            }
            State::Docked(guest) => {
                let same = guest.docked.fields == fields && guest.granted == rights;
                guest.docked.fields = fields;
                self.omni.opened(guest.docked.clone());
                same
            }
        };
        if let State::Asking(guest) | State::Docked(guest) = &mut page.state {
            guest.granted = rights;
        }
        if !told {
            self.welcome(now, id);
        }
    }

    fn pages_of_app(&self, app: &App) -> Vec<PageId> {
        let is_of = |page: &Page| page.guest().is_some_and(|g| g.app.as_ref() == Some(app));
        self.pages.iter().filter(|(_, p)| is_of(p)).map(|(id, _)| *id).collect()
    }
}
