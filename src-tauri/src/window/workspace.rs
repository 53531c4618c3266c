//! The CRM inside Omnibar (contract: TB-08): a window of its own for the centre's
//! workspace page, which frames the CRM's page and custom apps. It is a window of the
//! web: no command of the app can be reached from it.

mod fill;
mod jar;

use fill::Agent;
use omnibar_contract::View;
use omnibar_desk::SessionView;
use omnibar_model::{Campaign, Conversation, Direction, Interaction, InteractionId};
use omnibar_softphone::{Doors, EndpointCall, Endpoints};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindowBuilder};
use tokio::sync::oneshot;

/// Label of the window. No capability names it.
const WORKSPACE: &str = "workspace";
/// Parameter in which a page with single sign-on finds who the agent is.
const SSO_TOKEN: &str = "ssoToken";
/// A page waits for its token no longer: without one the CRM asks the agent itself.
const SSO_WAIT: Duration = Duration::from_secs(3);

/// Follows sign-ins and calls for as long as the app runs. `kept`: where cookies are,
/// when a session policy keeps them, a directory for each agent.
pub(super) fn start(app: &AppHandle, doors: &Doors, endpoints: Arc<dyn Endpoints>, kept: PathBuf) {
    let mut views = doors.views();
    let mut workspace =
        Workspace { app: app.clone(), endpoints, kept, centre: None, session: None };
    tauri::async_runtime::spawn(async move {
        loop {
            let view = Arc::clone(&views.borrow_and_update());
            workspace.follow(&view).await;
            if views.changed().await.is_err() {
                return;
            }
        }
    });
}

struct Workspace {
    app: AppHandle,
    endpoints: Arc<dyn Endpoints>,
    kept: PathBuf,
    /// The address to which the agent has signed in; `None`: as before the app was started.
    centre: Option<String>,
    session: Option<Session>,
}

/// A page of the CRM, filled in.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    url: Url,
    policy: SessionPolicy,
}

/// One sign-in, and what the centre shows beside it.
struct Session {
    agent: Agent,
    campaigns: Vec<Campaign>,
    setup: Setup,
    /// Where his cookies are.
    jar: PathBuf,
    /// Calls whose page was shown: each pops once.
    popped: BTreeSet<InteractionId>,
}

impl Workspace {
    async fn follow(&mut self, view: &View) {
        if let SessionView::SigningIn { centre, .. } = &view.desk.session {
            self.centre = Some(centre.clone());
        }
        let SessionView::SignedIn { user, handle, name, campaigns, chosen, .. } =
            &view.desk.session
        else {
            if self.session.take().is_some() {
                self.close();
            }
            return;
        };
        if self.session.as_ref().is_none_or(|s| s.agent.handle != *handle) {
            let address = self.centre.as_ref().unwrap_or(&view.remembered.centre);
            let Some(origin) = omnibar_dock::pages_origin(address) else { return };
            let agent =
                Agent { user: user.clone(), name: name.clone(), handle: handle.clone(), origin };
            let chosen = campaigns.iter().filter(|c| chosen.contains(&c.id)).cloned().collect();
            let setup = self.setup().await;
            let jar = self.jar(&agent).await;
            let popped = BTreeSet::new();
            let session = Session { agent, campaigns: chosen, setup, jar, popped };
            if let Some(first) = session.landing() {
                let url = match first {
                    Some(page) => Some(self.introduce(page).await),
                    None => None,
                };
                self.show(&session, url.as_ref(), true);
            }
            self.session = Some(session);
        }
        let Some(mut session) = self.session.take() else { return };
        let calls = view.desk.calls.iter().map(|call| &call.interaction);
        if let Some(page) = session.pop(calls) {
            let url = self.introduce(page).await;
            self.show(&session, Some(&url), false);
        }
        self.session = Some(session);
    }

    /// Without an answer nothing is set up: the call goes on without a page.
    async fn setup(&self) -> Setup {
        let Some(body) = self.ask("workspace", "GET", "/configuration", Value::Null).await else {
            return Setup::default();
        };
        serde_json::from_value(body)
            .inspect_err(|error| tracing::warn!(%error, "the centre's workspace is not understood"))
            .unwrap_or_default()
    }

    async fn ask(&self, service: &str, method: &str, path: &str, body: Value) -> Option<Value> {
        let (answer, answered) = oneshot::channel();
        let call = EndpointCall {
            service: service.into(),
            method: method.into(),
            path: path.into(),
            query: BTreeMap::new(),
            body,
        };
        self.endpoints.call(call, answer);
        match answered.await {
            Ok(Ok(answer)) if answer.status == 200 => Some(answer.body),
            Ok(Ok(answer)) => {
                tracing::debug!(service, status = answer.status, "the centre did not say");
                None
            }
            Ok(Err(error)) => {
                tracing::warn!(service, error, "the centre did not say");
                None
            }
            Err(_) => {
                tracing::debug!("nobody asks the centre any more");
                None
            }
        }
    }

    /// The page's address; with single sign-on it says who the agent is, in a token of the
    /// centre that is for this page and for a minute.
    async fn introduce(&self, page: Page) -> Url {
        let Page { mut url, policy } = page;
        match policy {
            SessionPolicy::None | SessionPolicy::Cookie => return url,
            SessionPolicy::Sso => {}
        }
        let asked = json!({"origin": url.origin().ascii_serialization()});
        let answer = self.ask("identity", "POST", "/token", asked);
        let answer = tokio::time::timeout(SSO_WAIT, answer).await.ok().flatten();
        match answer.as_ref().and_then(|answer| answer["token"].as_str()) {
            Some(token) => {
                url.query_pairs_mut().append_pair(SSO_TOKEN, token);
            }
            None => tracing::warn!("the CRM is not told who the agent is"),
        }
        url
    }

    async fn jar(&self, agent: &Agent) -> PathBuf {
        let (root, centre, user) = (self.kept.clone(), agent.origin.clone(), agent.user.clone());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let open = move || jar::open(&root, &centre, &user, now);
        let opened = tauri::async_runtime::spawn_blocking(open).await;
        // Not to be had: a name that no other run has had.
        opened.unwrap_or_else(|_| self.kept.join(now.to_string()))
    }

    /// Shows a page of the CRM; a new window comes to the front only at sign-in.
    fn show(&self, session: &Session, crm: Option<&Url>, front: bool) {
        let Some(url) = session.address(crm) else { return };
        let shown = match self.app.get_webview_window(WORKSPACE) {
            // Another fragment of the same page: it follows without loading again.
            Some(window) => window.navigate(url),
            None => self.open(url, session, front),
        };
        if let Err(error) = shown {
            tracing::warn!(%error, "the CRM's window could not be opened");
        }
    }

    fn open(&self, url: Url, session: &Session, front: bool) -> tauri::Result<()> {
        let cookies = session.setup.keeps_cookies();
        let window = WebviewWindowBuilder::new(&self.app, WORKSPACE, WebviewUrl::External(url))
            .title("Omnibar workspace")
            .inner_size(1100.0, 760.0)
            .min_inner_size(480.0, 400.0)
            .focused(front)
            .incognito(!cookies)
            .data_directory(session.jar.clone())
            .on_navigation(is_web)
            .on_new_window(move |url, _| {
                // The company's sign-in may open a window of its own.
                if cookies && is_web(&url) {
                    NewWindowResponse::Allow
                } else {
                    NewWindowResponse::Deny
                }
            })
            .build()?;
        if cookies {
            jar::take_all(&window)?;
        }
        tracing::info!(cookies, "the CRM's window is open");
        Ok(())
    }

    fn close(&self) {
        if let Some(window) = self.app.get_webview_window(WORKSPACE)
            && let Err(error) = window.close()
        {
            tracing::debug!(%error, "the CRM's window did not close");
        }
    }
}

/// Neither files nor the app's own pages; frames begin as `about:blank`.
fn is_web(url: &Url) -> bool {
    let own = url.host_str() == Some("tauri.localhost");
    match url.scheme() {
        "http" | "https" => !own,
        "about" => true,
        _ => false,
    }
}

impl Session {
    /// What stands in the window from the sign-in on. `None`: there is nothing to show.
    fn landing(&self) -> Option<Option<Page>> {
        let page = self.campaigns.iter().find_map(|campaign| {
            let pages = self.setup.pages(campaign)?;
            let url = fill::landing(&pages.landing_url, &self.agent, campaign)?;
            Some(Page { url, policy: pages.session_policy })
        });
        (page.is_some() || !self.setup.apps.is_empty()).then_some(page)
    }

    /// The page for a call that has just arrived, or that the agent dialled and that was
    /// answered.
    fn pop<'a>(&mut self, calls: impl Iterator<Item = &'a Interaction>) -> Option<Page> {
        let mut open = BTreeSet::new();
        let mut page = None;
        for call in calls {
            open.insert(call.id.clone());
            if !is_due(call) || self.popped.contains(&call.id) {
                continue;
            }
            self.popped.insert(call.id.clone());
            page = self.page_of(call).or(page);
        }
        self.popped.retain(|id| open.contains(id));
        page
    }

    fn page_of(&self, call: &Interaction) -> Option<Page> {
        let campaign = self.campaigns.iter().find(|c| c.id == call.campaign)?;
        let pages = self.setup.pages(campaign)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let url = fill::call(&pages.call_url, &self.agent, campaign, call, now.as_millis())?;
        Some(Page { url, policy: pages.session_policy })
    }

    /// The workspace page's address, which tells in its fragment what it shows: a
    /// fragment is not sent to the centre, and changing it loads nothing.
    fn address(&self, crm: Option<&Url>) -> Option<Url> {
        let mut url = Url::parse(&self.agent.origin).ok()?;
        url.set_path("/omniapp/workspace/");
        let mut parts = Vec::new();
        if let Some(crm) = crm {
            parts.push(("crm", crm.as_str().to_owned()));
        }
        for App { name, version, slot } in &self.setup.apps {
            parts.push(("app", format!("{name}/{version}/{slot}")));
        }
        let mut fragment = String::new();
        for (name, value) in parts {
            if !fragment.is_empty() {
                fragment.push('&');
            }
            fragment.push_str(name);
            fragment.push('=');
            fill::encode(&value, &mut fragment);
        }
        url.set_fragment(Some(&fragment));
        Some(url)
    }
}

fn is_due(call: &Interaction) -> bool {
    match call.conversation {
        Conversation::Offered { .. } => true,
        Conversation::Ringing => call.direction == Direction::Inbound,
        Conversation::Connected | Conversation::Held => true,
        Conversation::Wrapping { .. } | Conversation::Ended => false,
    }
}

/// Answer of the service `workspace`, `GET /configuration`.
#[derive(Debug, Default, Deserialize)]
struct Setup {
    #[serde(default)]
    campaigns: Vec<Pages>,
    #[serde(default)]
    apps: Vec<App>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pages {
    campaign_id: u32,
    landing_url: String,
    call_url: String,
    session_policy: SessionPolicy,
}

/// How the CRM knows the agent (contract: REST-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SessionPolicy {
    None,
    Cookie,
    Sso,
}

#[derive(Debug, Deserialize)]
struct App {
    name: String,
    version: String,
    slot: String,
}

impl Setup {
    fn pages(&self, campaign: &Campaign) -> Option<&Pages> {
        self.campaigns.iter().find(|pages| pages.campaign_id == campaign.number)
    }

    /// One window is shown for all campaigns: the policy that keeps most is the window's.
    fn keeps_cookies(&self) -> bool {
        self.campaigns.iter().any(|pages| match pages.session_policy {
            SessionPolicy::None => false,
            SessionPolicy::Cookie | SessionPolicy::Sso => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn session() -> Session {
        let campaign = json!({
            "id": "support", "number": 101, "name": "Support", "kind": "inbound",
            "mask_numbers": false, "wrap_up_ms": null, "dispositions": [],
        });
        let setup = json!({
            "campaigns": [{
                "campaignId": 101, "landingUrl": "https://crm.example/home?u={userId}",
                "callUrl": "https://crm.example/pop?i={interactionId}", "sessionPolicy": "cookie",
            }],
            "apps": [{
                "name": "notes", "version": "1.0", "slot": "panel-4", "url": "/si/notes/1.0/",
                "crmIntegrationConfig": [],
            }],
        });
        Session {
            agent: Agent {
                user: omnibar_model::AgentId::new("agent1"),
                name: "Ada Palmer".into(),
                handle: "ses-1".into(),
                origin: "https://centre.example:8443".into(),
            },
            campaigns: vec![serde_json::from_value(campaign).unwrap()],
            setup: serde_json::from_value(setup).unwrap(),
            jar: PathBuf::new(),
            popped: BTreeSet::new(),
        }
    }

    fn call(id: &str, direction: &str, conversation: &Value) -> Interaction {
        serde_json::from_value(json!({
            "id": id, "channel": "voice", "direction": direction, "campaign": "support",
            "queue": null, "customer": {"kind": "customer", "name": "", "number": "+15550101"},
            "conversation": conversation, "since": 0, "connected_at": null, "legs": [],
            "conference": false, "recording": false, "cause": null, "note": "",
        }))
        .unwrap()
    }

    #[test]
    fn the_window_shows_the_landing_page_and_the_apps() {
        let session = session();
        let page = session.landing().unwrap().unwrap();
        assert_eq!(page.url.as_str(), "https://crm.example/home?u=agent1");
        assert_eq!(page.policy, SessionPolicy::Cookie);
        assert_eq!(
            session.address(Some(&page.url)).unwrap().as_str(),
            "https://centre.example:8443/omniapp/workspace/#\
             crm=https%3A%2F%2Fcrm.example%2Fhome%3Fu%3Dagent1&app=notes%2F1.0%2Fpanel-4"
        );
        assert!(session.setup.keeps_cookies());
        let bare = Session { setup: Setup::default(), ..session };
        assert_eq!(bare.landing(), None);
    }

    #[test]
    fn a_call_pops_once_when_it_arrives_or_is_answered() {
        let mut session = session();
        let offered = json!({"state": "offered", "expires": 9});
        let [ringing, connected] = ["ringing", "connected"].map(|s| json!({"state": s}));
        let mut pop =
            |calls: &[Interaction]| session.pop(calls.iter()).map(|p| String::from(p.url));
        let popped = |id| Some(format!("https://crm.example/pop?i={id}"));
        assert_eq!(pop(&[call("a", "inbound", &offered)]), popped("a"));
        assert_eq!(pop(&[call("a", "inbound", &connected)]), None);
        assert_eq!(pop(&[call("b", "outbound", &ringing)]), None);
        assert_eq!(pop(&[call("b", "outbound", &connected)]), popped("b"));
        assert_eq!(pop(&[]), None);
    }

    #[test]
    fn only_the_web_is_shown() {
        for (url, web) in [
            ("https://crm.example/", true),
            ("http://127.0.0.1:8080/", true),
            ("about:blank", true),
            ("file:///etc/passwd", false),
            ("tauri://localhost/", false),
            ("http://tauri.localhost/index.html", false),
            ("javascript:alert(1)", false),
            ("tel:+15550101", false),
        ] {
            assert_eq!(is_web(&Url::parse(url).unwrap()), web, "{url}");
        }
    }
}
