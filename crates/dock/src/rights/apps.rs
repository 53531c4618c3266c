//! What custom apps may do. An app has no origin of its own: the centre's workspace page
//! vouches for its name and version, and what an administrator has granted it is asked of
//! the centre, at its first contact and then again while it is there.

use omnibar_contract::Rights;
use omnibar_softphone::{EndpointAnswer, EndpointCall};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What was granted is asked again after so long, in ms: a grant that is taken back holds
/// no longer.
const ASKED_FOR_MS: i64 = 60_000;
/// Its tickets begin here; those of calls count up from 0.
const TICKETS: u64 = 1 << 63;
const PART_MAX: usize = 64;

/// As `manifest.json` names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct App {
    name: String,
    version: String,
}

impl App {
    /// `None`: no manifest says so.
    pub(crate) fn new(name: &str, version: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let good = |text: &str| {
            (1..=PART_MAX).contains(&text.len())
                && text.chars().all(plain)
                && !text.starts_with('.')
        };
        (good(name) && good(version))
            .then(|| Self { name: name.to_owned(), version: version.to_owned() })
    }
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// The administrator's word on an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Grant {
    pub(crate) rights: Rights,
    /// Fields of the CRM that it works with (contract: TB-14).
    #[serde(default, rename = "crmIntegrationConfig")]
    pub(crate) fields: Value,
}

/// What the centre's answer means to an app's pages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Granted(App),
    /// It is in no slot of the workspace any more.
    Gone(App),
}

#[derive(Debug, Default)]
struct Known {
    /// `None`: the centre has not answered yet.
    grant: Option<Grant>,
    asked_at: i64,
    /// A question is under way.
    ticket: Option<u64>,
}

/// The apps that are docked, or want to.
#[derive(Debug, Default)]
pub(crate) struct Apps {
    known: BTreeMap<App, Known>,
    last: u64,
}

impl Apps {
    pub(crate) fn grant(&self, app: &App) -> Option<&Grant> {
        self.known.get(app)?.grant.as_ref()
    }

    /// The question to the centre; `None`: it is under way.
    pub(crate) fn ask(&mut self, now: i64, app: &App) -> Option<(u64, EndpointCall)> {
        let known = self.known.entry(app.clone()).or_default();
        if known.ticket.is_some() {
            return None;
        }
        let ticket = TICKETS | self.last;
        self.last += 1;
        (known.asked_at, known.ticket) = (now, Some(ticket));
        let call = EndpointCall {
            service: "workspace".into(),
            method: "GET".into(),
            path: format!("/apps/{}/{}", app.name, app.version),
            query: BTreeMap::new(),
            body: Value::Null,
        };
        Some((ticket, call))
    }

    /// `None`: the ticket is none of an app.
    pub(crate) fn answered(
        &mut self,
        ticket: u64,
        answer: &Result<EndpointAnswer, String>,
    ) -> Option<Answered> {
        let (app, known) = self.known.iter_mut().find(|(_, k)| k.ticket == Some(ticket))?;
        known.ticket = None;
        match answer {
            Ok(answer) if answer.status == 200 => {
                let told = Grant::deserialize(&answer.body).inspect_err(
                    |error| tracing::warn!(%app, %error, "an app's grant is not understood"),
                );
                known.grant = Some(told.unwrap_or_default());
            }
            Ok(answer) if answer.status == 404 => {
                let app = app.clone();
                self.known.remove(&app);
                return Some(Answered::Gone(app));
            }
            // What was granted before holds; an app that is new may do nothing yet.
            Ok(_) | Err(_) => {
                known.grant.get_or_insert_default();
            }
        }
        Some(Answered::Granted(app.clone()))
    }

    /// Whether a late answer is still an app's.
    pub(crate) fn is_ticket(ticket: u64) -> bool {
        ticket >= TICKETS
    }

    /// Those whose grant is too old.
    pub(crate) fn due(&self, now: i64) -> Vec<App> {
        let due = |(app, known): (&App, &Known)| {
            (known.ticket.is_none() && known.due_at() <= now).then(|| app.clone())
        };
        self.known.iter().filter_map(due).collect()
    }

    /// A session has begun: whatever was answered without one is asked again.
    pub(crate) fn all(&self) -> Vec<App> {
        self.known.keys().cloned().collect()
    }

    pub(crate) fn keep(&mut self, docked: &BTreeSet<&App>) {
        self.known.retain(|app, _| docked.contains(app));
    }

    pub(crate) fn deadline(&self) -> Option<i64> {
        self.known.values().filter(|k| k.ticket.is_none()).map(Known::due_at).min()
    }
}

impl Known {
    fn due_at(&self) -> i64 {
        self.asked_at.saturating_add(ASKED_FOR_MS)
    }
}

/// What both allow.
pub(crate) fn both(one: Rights, other: Rights) -> Rights {
    Rights {
        events: one.events && other.events,
        control: one.control && other.control,
        customers: one.customers && other.customers,
        dial: one.dial && other.dial,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn app() -> App {
        App::new("orders", "1.0.2").unwrap()
    }

    fn told(status: u16, body: Value) -> Result<EndpointAnswer, String> {
        Ok(EndpointAnswer { status, body })
    }

    #[test]
    fn a_name_and_a_version_are_a_manifests() {
        assert_eq!(app().to_string(), "orders 1.0.2");
        for (name, version) in
            [("", "1"), ("a", ""), ("../x", "1"), ("a/b", "1"), ("a", ".."), ("a b", "1")]
        {
            assert_eq!(App::new(name, version), None, "{name} {version}");
        }
    }

    #[test]
    fn a_grant_is_asked_once_at_a_time_and_again_after_a_minute() {
        let mut apps = Apps::default();
        let (ticket, call) = apps.ask(0, &app()).unwrap();
        assert_eq!(
            (call.service.as_str(), call.path.as_str()),
            ("workspace", "/apps/orders/1.0.2")
        );
        assert!(Apps::is_ticket(ticket) && apps.ask(1, &app()).is_none());
        assert_eq!((apps.grant(&app()), apps.deadline()), (None, None));
        let body = json!({"rights": {"events": true}, "crmIntegrationConfig": [{"key": "A"}]});
        assert_eq!(apps.answered(ticket, &told(200, body)), Some(Answered::Granted(app())));
        let grant = apps.grant(&app()).unwrap();
        assert_eq!(grant.rights, Rights { events: true, ..Rights::default() });
        assert_eq!(grant.fields, json!([{"key": "A"}]));
        assert_eq!((apps.deadline(), apps.due(1)), (Some(ASKED_FOR_MS), Vec::new()));
        assert_eq!(apps.due(ASKED_FOR_MS), [app()]);
    }

    #[test]
    fn without_an_answer_an_app_may_do_nothing_or_what_it_might_before() {
        let mut apps = Apps::default();
        let (first, _) = apps.ask(0, &app()).unwrap();
        apps.answered(first, &Err("signed out".into()));
        assert_eq!(apps.grant(&app()).unwrap().rights, Rights::default());
        let (second, _) = apps.ask(1, &app()).unwrap();
        apps.answered(second, &told(200, json!({"rights": {"dial": true}})));
        let (third, _) = apps.ask(2, &app()).unwrap();
        apps.answered(third, &told(503, Value::Null));
        assert!(apps.grant(&app()).unwrap().rights.dial);
        let (last, _) = apps.ask(3, &app()).unwrap();
        assert_eq!(apps.answered(last, &told(404, Value::Null)), Some(Answered::Gone(app())));
        assert_eq!(apps.grant(&app()), None);
        assert_eq!(apps.answered(last, &told(200, json!({"rights": {}}))), None, "not twice");
    }
}
