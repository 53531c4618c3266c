//! A page's first words, and the agent's word on them.

use super::{Guest, Page, Pages, State};
use crate::limits::NAME_MAX;
use crate::omni::Docked;
use crate::rights::{self, App, Contact};
use crate::socket::{PageId, Way};
use crate::tokens::{self, Check};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use omnibar_contract::{FromPage, Rights, SdkErrorType, Standing, ToPage};
use omnibar_model::Secret;

impl Pages {
    pub(super) fn hello(&mut self, now: i64, page: PageId, said: FromPage) {
        let new = matches!(self.pages.get(&page).map(|p| &p.state), Some(State::New { .. }));
        let guest = match guest(page, said) {
            Ok(guest) if new => guest,
            Ok(_) => {
                let words = "The page has said hello already.";
                return self.refuse(page, SdkErrorType::InvalidOrigin, words);
            }
            Err(words) => return self.refuse(page, SdkErrorType::InvalidOrigin, &words),
        };
        let origin = guest.origin.clone();
        let stolen = |token| self.tokens.check(now, &origin, token) == Check::Stolen;
        if guest.token.as_ref().is_some_and(stolen) {
            tracing::warn!(origin, "a page has shown another origin's token");
            let words = "The token is another origin's.";
            return self.refuse(page, SdkErrorType::InvalidOrigin, words);
        }
        if self.is_unproven_home(now, page, &guest) {
            tracing::warn!(origin, "a page says over the relay that it is the centre's own");
            let words = "The centre's own pages dock over Omnibar's port on this computer first.";
            return self.refuse(page, SdkErrorType::InvalidOrigin, words);
        }
        if guest.app.is_some() && self.standings.home() != Some(origin.as_str()) {
            tracing::warn!(origin, "a page that is not the centre's says that it frames an app");
            let words = "Custom apps dock from the workspace of the centre only.";
            return self.refuse(page, SdkErrorType::InvalidOrigin, words);
        }
        let contact = self.standings.contact(now, &origin);
        let app = guest.app.clone();
        let Some(known) = self.pages.get_mut(&page) else { return };
        known.state = State::Asking(Box::new(guest));
        match contact {
            Contact::Allowed(_) => match app {
                None => self.welcome(now, page),
                // Always anew: the page is let in by what holds now.
                Some(app) => self.ask_of_apps(now, vec![app]),
            },
            Contact::Asking => self.say(page, &ToPage::Asking),
            Contact::Blocked => self.refuse(page, SdkErrorType::InvalidOrigin, &blocked(&origin)),
            Contact::TooMany => {
                let words = "Too many unknown pages ask to dock. Decide about them in Omnibar's \
                             window, then load this page again.";
                self.refuse(page, SdkErrorType::InvalidOrigin, words);
            }
        }
    }

    /// The centre's own pages need no word of the agent's. Over the relay that is believed
    /// to a token only: what is no browser may say there what it likes of its origin.
    fn is_unproven_home(&self, now: i64, page: PageId, guest: &Guest) -> bool {
        let relayed = self.pages.get(&page).is_some_and(|p| p.way == Way::Relay);
        let good = |token| self.tokens.check(now, &guest.origin, token) == Check::Valid;
        relayed
            && self.standings.home() == Some(guest.origin.as_str())
            && !self.standings.is_decided(&guest.origin)
            && !guest.token.as_ref().is_some_and(good)
    }

    pub(super) fn allow(&mut self, now: i64, origin: &str, rights: Rights) {
        let Some(origin) = rights::origin(origin) else { return };
        if self.standings.rights(&origin) == Some(rights) {
            return;
        }
        self.standings.decide(now, &origin, Standing::Allowed { rights });
        self.keep_origins();
        for page in self.pages_of(&origin) {
            self.welcome(now, page);
        }
    }

    /// Nothing of this origin is docked or could come back by a token.
    pub(super) fn revoke(&mut self, origin: &str) {
        self.keep_origins();
        // Also those that the keychain has and has not told yet.
        self.tokens.forget(origin);
        self.keep_tokens(origin);
        self.undock(origin);
    }

    pub(super) fn undock(&mut self, origin: &str) {
        for page in self.pages_of(origin) {
            self.refuse(page, SdkErrorType::InvalidOrigin, &blocked(origin));
        }
    }

    /// Lets a page in, or tells one that is in of its new rights.
    pub(super) fn welcome(&mut self, now: i64, id: PageId) {
        // Of an app nobody has told yet what it may do: it waits.
        let guest = self.pages.get(&id).and_then(Page::guest);
        let Some(rights) = guest.and_then(|guest| self.rights_of(guest)) else { return };
        let Some(page) = self.pages.get_mut(&id) else { return };
        let state = std::mem::replace(&mut page.state, State::New { since: now });
        let (mut guest, first) = match state {
            State::Asking(guest) => (guest, true),
            State::Docked(guest) => (guest, false),
            State::New { .. } => return,
        };
        let last = match guest.last.take() {
            // Another epoch's numbers say nothing: all that is new in this one was missed.
            Some(last) if last.epoch == self.epoch => Some(last.seq),
            Some(_) => Some(0),
            None => None,
        };
        let token = self.token(now, &guest);
        guest.token = Some(token.clone());
        let (origin, docked) = (guest.origin.clone(), guest.docked.clone());
        if let Some(page) = self.pages.get_mut(&id) {
            page.state = State::Docked(guest);
        }
        let newest = self.journal.newest();
        let replay = self.journal.after(now, last.unwrap_or(newest));
        let welcome = ToPage::Welcome {
            token: token.expose().to_owned(),
            epoch: self.epoch.clone(),
            rights,
            lost: replay.lost,
            seq: last.map_or(newest, |last| last.min(newest)),
        };
        self.say(id, &welcome);
        for (seq, entry) in replay.events {
            if let Some(event) = entry.for_page(seq, &docked, rights) {
                self.say(id, &event);
            }
        }
        if first {
            tracing::info!(page = ?id, origin, ?rights, "a page is docked");
            self.omni.opened(docked);
        }
        self.show_view_to(id);
    }

    /// The page's own while it is good for a while yet.
    fn token(&mut self, now: i64, guest: &Guest) -> Secret {
        if let Some(token) = &guest.token
            && self.tokens.check(now, &guest.origin, token) == Check::Valid
        {
            return token.clone();
        }
        let agent =
            self.agent.as_ref().map_or_else(String::new, |agent| agent_part(agent.as_str()));
        let random = (self.entropy)();
        let token = self.tokens.issue(now, &guest.origin, &agent, random);
        self.keep_tokens(&guest.origin);
        token
    }

    fn keep_tokens(&mut self, origin: &str) {
        let tokens = self.tokens.keep(origin);
        self.out.push(super::Out::KeepTokens { origin: origin.to_owned(), tokens });
    }

    fn pages_of(&self, origin: &str) -> Vec<PageId> {
        let is_of = |page: &Page| page.guest().is_some_and(|g| g.origin == origin);
        self.pages.iter().filter(|(_, p)| is_of(p)).map(|(id, _)| *id).collect()
    }
}

/// Tells desktops of one agent from another's without naming him.
fn agent_part(agent: &str) -> String {
    URL_SAFE_NO_PAD.encode(&tokens::hash(agent)[..6])
}

fn blocked(origin: &str) -> String {
    format!(
        "The agent has not allowed pages of {origin} to dock. It can be allowed in Omnibar's \
         window under Settings, Docked pages."
    )
}

fn guest(page: PageId, said: FromPage) -> Result<Guest, String> {
    let FromPage::Hello { origin, claimed, context, instance, app, app_version, token, last } =
        said
    else {
        return Err("A page says hello first.".to_owned());
    };
    let shown: String = origin.chars().filter(|c| !c.is_control()).take(80).collect();
    let Some(origin) = rights::origin(&origin) else {
        return Err(format!(
            "{shown} is no origin of its own. Serve the page over http or https, without a sandbox."
        ));
    };
    if claimed.is_some_and(|claimed| claimed != origin) {
        return Err(format!("The page's config.origin is not its own, which is {origin}."));
    }
    let plain = |text: &str| text.chars().count() <= NAME_MAX && !text.contains(char::is_control);
    if !plain(&instance) || !plain(&app) {
        return Err(format!("instanceId and app have at most {NAME_MAX} plain characters."));
    }
    let named = App::new(&app, &app_version);
    if named.is_none() && !(app.is_empty() && app_version.is_empty()) {
        return Err("app and its version are those of a custom app's manifest.".to_owned());
    }
    let token = token.map(omnibar_contract::Password::into_secret);
    let fields = serde_json::Value::Null;
    let docked = Docked { page: page.0, origin: origin.clone(), context, instance, app, fields };
    Ok(Guest { origin, docked, app: named, granted: None, token, last })
}
