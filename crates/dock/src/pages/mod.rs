//! The desk of pages: who is docked, what they call and what they are told. Sans-IO:
//! texts, views and answers go in with the time, [`Out`]s come out, in order.

mod apps;
mod docked;
mod hello;
mod settle;
mod shown;
#[cfg(test)]
mod tests;

use crate::journal::{Entry, Journal};
use crate::kept::KeptOrigin;
use crate::limits::{self, Flow, Pace};
use crate::omni::{Act, Items, Omni};
use crate::reach::Reach;
use crate::rights::{self, App, Apps, Standings};
use crate::socket::{PageId, Way};
use crate::tokens::Tokens;
use omnibar_contract::{
    DockIntent, DockView, FromPage, Intent, Meter, SdkError, SdkErrorType, Standing, ToPage, View,
};
use omnibar_desk::SessionView;
use omnibar_model::{AgentId, Secret};
use omnibar_softphone::{EndpointAnswer, EndpointCall};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A pairing code holds so long, in ms.
const CODE_MS: i64 = 2 * 60_000;
const UNREADABLE: &str =
    "The call could not be read: it needs an id, a name and a list of arguments.";

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Out {
    Send {
        page: PageId,
        text: Arc<str>,
    },
    /// After what was sent.
    Close {
        page: PageId,
    },
    Intent(Intent),
    Ask {
        ticket: u64,
        call: EndpointCall,
    },
    Notify {
        subject: String,
        message: String,
    },
    Show(Box<DockView>),
    /// Origin of the centre's pages, whose toolbar frame may speak.
    Home(Option<String>),
    KeepOrigins(Vec<KeptOrigin>),
    KeepTokens {
        origin: String,
        tokens: Option<Secret>,
    },
    KeepStore {
        origin: String,
        items: Option<Items>,
    },
    Reach(Box<Reach>),
}

/// What a page said of itself.
#[derive(Clone, Debug)]
struct Guest {
    origin: String,
    docked: crate::omni::Docked,
    /// The custom app that it is; it may do what was granted to that, and no more.
    app: Option<App>,
    /// What its pages were last told of that.
    granted: Option<omnibar_contract::Rights>,
    token: Option<Secret>,
    last: Option<omnibar_contract::LastEvent>,
}

/// ```text
///  New ──hello──▶ Asking ──agent allows──▶ Docked
///   │               │                        │
///   └───────────────┴── refused, blocked ────┴──▶ gone
/// ```
#[derive(Debug)]
enum State {
    New { since: i64 },
    Asking(Box<Guest>),
    Docked(Box<Guest>),
}

#[derive(Debug)]
struct Page {
    way: Way,
    flow: Flow,
    views: bool,
    meters: bool,
    state: State,
}

struct Pairing {
    code: String,
    until: i64,
}

pub(crate) struct Pages {
    standings: Standings,
    apps: Apps,
    tokens: Tokens,
    journal: Journal,
    omni: Omni,
    pages: BTreeMap<PageId, Page>,
    view: Arc<View>,
    pairing: Option<Pairing>,
    /// Whose events the journal holds.
    agent: Option<AgentId>,
    /// Handle of the session with the centre.
    session: Option<String>,
    /// Address at which the agent last signed in, or tried to, as he wrote it.
    centre: String,
    epoch: String,
    extra_ca: Option<PathBuf>,
    entropy: Box<dyn FnMut() -> [u8; 32] + Send>,
    out: Vec<Out>,
    shown: DockView,
    shown_views: shown::Shown,
    reach: Reach,
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("pages", &self.pages.len()).finish_non_exhaustive()
    }
}

impl Pages {
    pub(crate) fn new(
        kept: Vec<KeptOrigin>,
        stores: Vec<(String, Items)>,
        view: Arc<View>,
        extra_ca: Option<PathBuf>,
        mut entropy: Box<dyn FnMut() -> [u8; 32] + Send>,
    ) -> Self {
        let epoch = entropy().iter().take(8).map(|b| format!("{b:02x}")).collect();
        let mut omni = Omni::new();
        for (origin, items) in stores {
            omni.recall_store(origin, items);
        }
        Self {
            standings: Standings::new(kept),
            apps: Apps::default(),
            tokens: Tokens::default(),
            journal: Journal::default(),
            omni,
            pages: BTreeMap::new(),
            view,
            pairing: None,
            agent: None,
            session: None,
            centre: String::new(),
            epoch,
            extra_ca,
            entropy,
            out: Vec::new(),
            shown: DockView::default(),
            shown_views: shown::Shown::default(),
            reach: Reach::default(),
        }
    }

    /// What came of all that was put in since.
    pub(crate) fn take(&mut self, now: i64) -> Vec<Out> {
        self.settle(now);
        std::mem::take(&mut self.out)
    }

    pub(crate) fn connected(&mut self, now: i64, page: PageId, way: Way) {
        let state = State::New { since: now };
        let flow = Flow::default();
        let full = self.pages.len() >= limits::PAGES_MAX;
        self.pages.insert(page, Page { way, flow, views: false, meters: false, state });
        if full {
            let words = "Too many pages are docked. Close some of them and load this one again.";
            self.refuse(page, SdkErrorType::HttpError, words);
        }
    }

    pub(crate) fn closed(&mut self, page: PageId) {
        if self.pages.remove(&page).is_some() {
            self.omni.closed(page.0);
            self.forget_apps();
        }
    }

    pub(crate) fn text(&mut self, now: i64, page: PageId, text: &str) {
        let Some(state) = self.pages.get_mut(&page) else { return };
        let pace = state.flow.take(now, text.len());
        if pace == Pace::Flood {
            return self.refuse(page, SdkErrorType::HttpError, "Far too many calls at once.");
        }
        if text.len() > limits::TEXT_MAX {
            let words = "That is longer than any call of the SDK.";
            return self.refuse(page, SdkErrorType::RequiredFieldMissing, words);
        }
        if limits::is_deep(text) {
            let words = "The call's arguments are nested deeper than any of the SDK.";
            return self.unreadable(page, text, words);
        }
        match (serde_json::from_str::<FromPage>(text), pace) {
            (Ok(FromPage::Call { id, .. }), Pace::TooFast) => {
                let words = "Too many calls: 200 a second are taken. Try again a little later.";
                let error = SdkError::new(SdkErrorType::HttpError, words);
                self.say(page, &ToPage::Failed { id, error });
            }
            (Ok(said), Pace::Fine) => self.said(now, page, said),
            // What is pressed or watched can be pressed again.
            (Ok(_), Pace::TooFast | Pace::Flood) => {}
            (Err(_), _) => self.unreadable(page, text, UNREADABLE),
        }
    }

    /// The code that the agent asked for was used.
    pub(crate) fn paired(&mut self) {
        self.pairing = None;
    }

    /// The agent signs in there.
    pub(crate) fn signs_in(&mut self, centre: String) {
        self.centre = centre;
    }

    pub(crate) fn view_changed(&mut self, now: i64, view: Arc<View>) {
        self.view = view;
        self.go_home();
        let view = Arc::clone(&self.view);
        if let SessionView::SignedIn { user, .. } = &view.desk.session
            && self.agent.as_ref() != Some(user)
        {
            self.journal.clear();
            self.agent = Some(user.clone());
        }
        self.ask_of_apps_at_sign_in(now);
        let acts = self.omni.view_changed(now, &view);
        self.perform(now, acts);
        self.show_soon(now);
    }

    pub(crate) fn meter_changed(&mut self, meter: Meter) {
        let watching: Vec<PageId> =
            self.pages.iter().filter(|(_, p)| p.is_metered()).map(|(id, _)| *id).collect();
        if watching.is_empty() {
            return;
        }
        if let Some(text) = text_of(&ToPage::Meter { meter }) {
            self.out.extend(
                watching.into_iter().map(|page| Out::Send { page, text: Arc::clone(&text) }),
            );
        }
    }

    /// Of the native window, or of the toolbar in a page if [`toolbar::may`] let it pass.
    pub(crate) fn agent_asked(&mut self, now: i64, intent: DockIntent) {
        let view = Arc::clone(&self.view);
        let acts = self.omni.agent_asked(now, &intent, &view);
        match intent {
            DockIntent::Allow { origin, rights } => self.allow(now, &origin, rights),
            DockIntent::Block { origin } => {
                if let Some(origin) = rights::origin(&origin) {
                    self.standings.decide(now, &origin, Standing::Blocked);
                    self.revoke(&origin);
                }
            }
            DockIntent::Forget { origin } => {
                self.standings.forget(&origin);
                self.revoke(&origin);
            }
            DockIntent::Pair { on } => {
                self.pairing = on.then(|| Pairing { code: self.digits(), until: now + CODE_MS });
            }
            DockIntent::DismissToast { .. }
            | DockIntent::OpenRecord { .. }
            | DockIntent::Attach { .. }
            | DockIntent::Detach { .. }
            | DockIntent::Create { .. }
            | DockIntent::AskOpenRecord
            | DockIntent::Preview { .. } => {}
        }
        self.perform(now, acts);
    }

    pub(crate) fn answered(
        &mut self,
        now: i64,
        ticket: u64,
        answer: Result<EndpointAnswer, String>,
    ) {
        if Apps::is_ticket(ticket) {
            return self.app_answered(now, ticket, &answer);
        }
        let acts = self.omni.answered(now, ticket, answer, &Arc::clone(&self.view));
        self.perform(now, acts);
    }

    pub(crate) fn recalled(&mut self, tokens: &[(String, Secret)]) {
        for (origin, kept) in tokens {
            if self.standings.rights(origin).is_some() {
                self.tokens.recall(origin, kept);
            }
        }
    }

    pub(crate) fn deadline(&self) -> Option<i64> {
        let hello = self.pages.values().filter_map(|p| match p.state {
            State::New { since } => Some(since + limits::HELLO_MS),
            State::Asking(_) | State::Docked(_) => None,
        });
        let pairing = self.pairing.as_ref().map(|p| p.until);
        let views = self.shown_views.deadline();
        let fixed =
            [self.omni.deadline(), self.standings.deadline(), self.apps.deadline(), pairing, views];
        hello.chain(fixed.into_iter().flatten()).min()
    }

    pub(crate) fn tick(&mut self, now: i64) {
        let acts = self.omni.tick(now);
        self.perform(now, acts);
        self.standings.tick(now);
        self.show_if_due(now);
        self.ask_of_apps(now, self.apps.due(now));
        if self.pairing.as_ref().is_some_and(|p| now >= p.until) {
            self.pairing = None;
        }
        let silent: Vec<PageId> = self
            .pages
            .iter()
            .filter(|(_, p)| match p.state {
                State::New { since } => now >= since + limits::HELLO_MS,
                State::Asking(_) | State::Docked(_) => false,
            })
            .map(|(id, _)| *id)
            .collect();
        for page in silent {
            self.refuse(page, SdkErrorType::Timeout, "The page has not said who it is in time.");
        }
    }

    fn said(&mut self, now: i64, page: PageId, said: FromPage) {
        let docked = matches!(self.pages.get(&page).map(|p| &p.state), Some(State::Docked(_)));
        match said {
            FromPage::Hello { .. } => self.hello(now, page, said),
            FromPage::Watch { views, meters } => self.watch(page, views, meters),
            FromPage::Call { id, api, arguments } if docked => {
                self.call(now, page, id, &api, &arguments);
            }
            FromPage::Intent { intent } if docked => self.press(page, *intent),
            FromPage::Call { .. } | FromPage::Intent { .. } => {
                let words = "The page has not been allowed to dock yet.";
                self.refuse(page, SdkErrorType::InvalidOrigin, words);
            }
        }
    }

    /// A call is answered if its number can be read (which takes no stack, however deep
    /// the rest is); everything else ends the connection.
    fn unreadable(&mut self, page: PageId, text: &str, words: &str) {
        #[derive(serde::Deserialize)]
        struct Numbered {
            id: u32,
        }
        match serde_json::from_str(text) {
            Ok(Numbered { id }) => {
                let error = SdkError::new(SdkErrorType::RequiredFieldMissing, words);
                self.say(page, &ToPage::Failed { id, error });
            }
            Err(_) => self.refuse(page, SdkErrorType::RequiredFieldMissing, words),
        }
    }

    fn perform(&mut self, now: i64, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Done { page, id, value } => {
                    self.say(PageId(page), &ToPage::Done { id, value });
                }
                Act::Failed { page, id, error } => {
                    self.say(PageId(page), &ToPage::Failed { id, error });
                }
                Act::Event { to, namespace, event, payload, needs, discreet } => {
                    self.tell(now, Entry { to, namespace, event, payload, needs, discreet });
                }
                Act::Intent(intent) => self.out.push(Out::Intent(intent)),
                Act::Ask { ticket, call } => self.out.push(Out::Ask { ticket, call }),
                Act::Alert { subject, message } => {
                    self.out.push(Out::Notify { subject, message });
                }
            }
        }
    }

    fn say(&mut self, page: PageId, said: &ToPage) {
        if self.pages.contains_key(&page)
            && let Some(text) = text_of(said)
        {
            self.out.push(Out::Send { page, text });
        }
    }

    /// The page's connection ends with these words.
    fn refuse(&mut self, page: PageId, error_type: SdkErrorType, words: &str) {
        let Some(gone) = self.pages.get(&page) else { return };
        let origin = gone.guest().map_or("unknown", |g| g.origin.as_str());
        tracing::info!(?page, way = ?gone.way, origin, words, "a page is sent away");
        self.say(page, &ToPage::Refused { error: SdkError::new(error_type, words) });
        self.out.push(Out::Close { page });
        self.closed(page);
    }

    /// Six, each as likely as the others.
    fn digits(&mut self) -> String {
        let random = (self.entropy)();
        let [a, b, c, d, ..] = random;
        format!("{:06}", u32::from_be_bytes([a, b, c, d]) % 1_000_000)
    }
}

impl Page {
    fn guest(&self) -> Option<&Guest> {
        match &self.state {
            State::New { .. } => None,
            State::Asking(guest) | State::Docked(guest) => Some(guest),
        }
    }

    fn is_metered(&self) -> bool {
        self.meters && matches!(self.state, State::Docked(_))
    }
}

/// Everything that is said has a text; one that had none would not be sent.
fn text_of(said: &ToPage) -> Option<Arc<str>> {
    serde_json::to_string(said)
        .inspect_err(|error| tracing::warn!(%error, "what a page is told cannot be written"))
        .ok()
        .map(Arc::from)
}
