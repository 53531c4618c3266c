//! Which origins may dock, and as what: the agent's word for each, kept between runs.
//! What custom apps may do among that is in [`apps`].

mod apps;

pub(crate) use apps::{Answered, App, Apps, both};

use crate::kept::KeptOrigin;
use omnibar_contract::{OriginView, Rights, Standing};
use std::collections::BTreeMap;
use url::{Host, Url};

/// Origins that are remembered; the one not seen for longest makes room.
const KNOWN_MAX: usize = 256;
/// Origins that ask at the same time: an agent who is shown more reads none.
const ASKING_MAX: usize = 16;
/// A card outlives the page that asked by so long, in ms.
const CARD_MS: i64 = 60_000;
/// How old the kept time of the last contact may be, in ms.
const KEPT_SEEN_MS: i64 = 60 * 60 * 1000;
/// A host name has at most 253 bytes (RFC 1035).
const ORIGIN_MAX: usize = 280;

pub(crate) const ALL: Rights = Rights { events: true, control: true, customers: true, dial: true };

/// The origin itself, if the text is one of the web as browsers write it (RFC 6454).
/// A sandboxed page's `null` is none: nobody could tell two of them apart.
pub(crate) fn origin(text: &str) -> Option<String> {
    if text.len() > ORIGIN_MAX {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let written = matches!(url.scheme(), "http" | "https") && url.has_host();
    (written && url.origin().ascii_serialization() == text).then(|| text.to_owned())
}

/// The centre's WebSocket address, from what the agent wrote. Without a scheme it is read
/// as the session's: in the clear on this machine, over TLS elsewhere.
pub(crate) fn centre_url(address: &str) -> Option<Url> {
    let address = address.trim();
    if !address.contains("://") {
        let here = Url::parse(&format!("ws://{address}")).ok()?;
        let is_here = match here.host()? {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
        };
        return if is_here { Some(here) } else { Url::parse(&format!("wss://{address}")).ok() };
    }
    let mut url = Url::parse(address).ok()?;
    let scheme = match url.scheme() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return None,
    };
    url.set_scheme(scheme).ok()?;
    Some(url)
}

/// Origin of the pages that a centre serves, from its WebSocket address.
pub(crate) fn origin_of(centre: &Url) -> Option<String> {
    let mut url = centre.clone();
    url.set_scheme(if centre.scheme() == "wss" { "https" } else { "http" }).ok()?;
    origin(&url.origin().ascii_serialization())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    /// The agent is to decide.
    Asking,
    Allowed(Rights),
    Blocked,
    /// Too many others ask already.
    TooMany,
}

#[derive(Debug)]
struct Known {
    standing: Standing,
    seen_at: i64,
    /// What the file says of `seen_at`.
    kept_at: i64,
    pages: u32,
    /// The agent has decided; otherwise it is the centre's own or asks.
    decided: bool,
}

/// Every origin's standing.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    known: BTreeMap<String, Known>,
    /// Of the centre that the app is signed in to. Its own pages are Omnibar's.
    home: Option<String>,
}

impl Standings {
    pub(crate) fn new(kept: Vec<KeptOrigin>) -> Self {
        let known = kept.into_iter().take(KNOWN_MAX).filter_map(|k| {
            let standing = match k.rights {
                Some(rights) => Standing::Allowed { rights },
                None => Standing::Blocked,
            };
            let (seen_at, pages) = (k.seen_at, 0);
            let known = Known { standing, seen_at, kept_at: seen_at, pages, decided: true };
            Some((origin(&k.origin)?, known))
        });
        Self { known: known.collect(), home: None }
    }

    pub(crate) fn home(&self) -> Option<&str> {
        self.home.as_deref()
    }

    /// The agent himself has allowed or blocked it.
    pub(crate) fn is_decided(&self, origin: &str) -> bool {
        self.known.get(origin).is_some_and(|known| known.decided)
    }

    /// Yields the origin that was home before, when it may not dock any more.
    pub(crate) fn set_home(&mut self, home: Option<String>) -> Option<String> {
        if self.home == home {
            return None;
        }
        let old = std::mem::replace(&mut self.home, home)?;
        let undecided = self.known.get(&old).is_some_and(|k| !k.decided);
        undecided.then(|| {
            self.known.remove(&old);
            old
        })
    }

    /// A page of this origin wants in.
    pub(crate) fn contact(&mut self, now: i64, origin: &str) -> Contact {
        if !self.known.contains_key(origin) {
            let standing = if self.home.as_deref() == Some(origin) {
                Standing::Allowed { rights: ALL }
            } else if self.asking() >= ASKING_MAX {
                return Contact::TooMany;
            } else {
                tracing::info!(origin, "an unknown origin wants to dock");
                Standing::Asking
            };
            self.make_room();
            let known = Known { standing, seen_at: now, kept_at: now, pages: 0, decided: false };
            self.known.insert(origin.to_owned(), known);
        }
        match self.known.get_mut(origin) {
            Some(known) => {
                known.seen_at = now;
                match known.standing {
                    Standing::Asking => Contact::Asking,
                    Standing::Allowed { rights } => Contact::Allowed(rights),
                    Standing::Blocked => Contact::Blocked,
                }
            }
            None => Contact::TooMany,
        }
    }

    /// What pages of this origin may do now; `None`: not even dock.
    pub(crate) fn rights(&self, origin: &str) -> Option<Rights> {
        match self.known.get(origin)?.standing {
            Standing::Allowed { rights } => Some(rights),
            Standing::Asking | Standing::Blocked => None,
        }
    }

    pub(crate) fn decide(&mut self, now: i64, origin: &str, standing: Standing) {
        self.make_room();
        let known = self.known.entry(origin.to_owned()).or_insert(Known {
            standing,
            seen_at: now,
            kept_at: now,
            pages: 0,
            decided: true,
        });
        (known.standing, known.decided) = (standing, true);
        match standing {
            Standing::Asking => tracing::info!(origin, "pages have to ask"),
            Standing::Allowed { rights } => tracing::info!(origin, ?rights, "pages may dock"),
            Standing::Blocked => tracing::info!(origin, "pages may not dock any more"),
        }
    }

    pub(crate) fn forget(&mut self, origin: &str) {
        if self.known.remove(origin).is_some() {
            tracing::info!(origin, "pages are unknown again");
        }
    }

    /// How many pages of each origin are there. True when that changed anything.
    pub(crate) fn count(&mut self, now: i64, pages: &BTreeMap<&str, u32>) -> bool {
        let mut changed = false;
        for (origin, known) in &mut self.known {
            let count = pages.get(origin.as_str()).copied().unwrap_or(0);
            if known.pages != count {
                (known.pages, known.seen_at, changed) = (count, now, true);
            }
        }
        changed
    }

    /// Takes away the cards of pages that went some time ago.
    pub(crate) fn tick(&mut self, now: i64) {
        self.known.retain(|_, k| k.card_until().is_none_or(|until| now < until));
    }

    pub(crate) fn deadline(&self) -> Option<i64> {
        self.known.values().filter_map(Known::card_until).min()
    }

    pub(crate) fn views(&self) -> Vec<OriginView> {
        let view = |(origin, known): (&String, &Known)| OriginView {
            origin: origin.clone(),
            standing: known.standing,
            pages: known.pages,
            seen_at: known.seen_at,
        };
        self.known.iter().map(view).collect()
    }

    /// What the agent has decided, for the file.
    pub(crate) fn kept(&self) -> Vec<KeptOrigin> {
        let decided = self.known.iter().filter(|(_, k)| k.decided);
        decided
            .filter_map(|(origin, known)| {
                let rights = match known.standing {
                    Standing::Allowed { rights } => Some(rights),
                    Standing::Blocked => None,
                    Standing::Asking => return None,
                };
                Some(KeptOrigin { origin: origin.clone(), rights, seen_at: known.seen_at })
            })
            .collect()
    }

    /// The file is too old to say when pages were last seen; it is taken to be written.
    pub(crate) fn take_stale(&mut self) -> bool {
        let stale = |k: &Known| k.decided && k.seen_at.saturating_sub(k.kept_at) > KEPT_SEEN_MS;
        let any = self.known.values().any(stale);
        if any {
            self.known.values_mut().for_each(|k| k.kept_at = k.seen_at);
        }
        any
    }

    fn asking(&self) -> usize {
        self.known.values().filter(|k| k.standing == Standing::Asking).count()
    }

    fn make_room(&mut self) {
        while self.known.len() >= KNOWN_MAX {
            let idle = self.known.iter().filter(|(_, k)| k.pages == 0);
            let Some(oldest) = idle.min_by_key(|(_, k)| k.seen_at).map(|(o, _)| o.clone()) else {
                return;
            };
            self.known.remove(&oldest);
        }
    }
}

impl Known {
    fn card_until(&self) -> Option<i64> {
        let card = self.standing == Standing::Asking && self.pages == 0;
        card.then(|| self.seen_at.saturating_add(CARD_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CRM: &str = "https://crm.example";

    #[test]
    fn an_origin_is_what_browsers_write() {
        for good in [CRM, "http://127.0.0.1:8080", "http://localhost", "https://[::1]:444"] {
            assert_eq!(origin(good).as_deref(), Some(good));
        }
        let long = format!("https://{}.example", "a".repeat(300));
        for bad in [
            "",
            "null",
            "https://",
            "https://crm.example/",
            "https://crm.example:443",
            "https://CRM.example",
            "https://a@crm.example",
            "ftp://crm.example",
            "file://",
            "https://crm.example?x",
            "javascript:0",
            " https://crm.example",
            &long,
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_centre_serves_pages_where_its_socket_is() {
        let of = |c| centre_url(c).as_ref().and_then(origin_of).unwrap_or_default();
        assert_eq!(of("ws://127.0.0.1:7340"), "http://127.0.0.1:7340");
        assert_eq!(of("wss://centre.example:443/ws/agent"), "https://centre.example");
        assert_eq!(of(" localhost:7340 "), "http://localhost:7340");
        assert_eq!(of("centre.example"), "https://centre.example");
        assert_eq!(of("127.0.0.1:7340"), of("http://127.0.0.1:7340/"));
        assert_eq!(of("ftp://centre.example"), "");
        assert_eq!(of(""), "");
    }

    #[test]
    fn a_card_goes_a_minute_after_its_page() {
        let mut standings = Standings::default();
        assert_eq!(standings.contact(0, CRM), Contact::Asking);
        standings.count(0, &BTreeMap::from([(CRM, 1)]));
        assert_eq!(standings.deadline(), None, "the page waits");
        standings.count(1000, &BTreeMap::new());
        assert_eq!(standings.deadline(), Some(1000 + CARD_MS));
        standings.tick(1000 + CARD_MS);
        assert!(standings.views().is_empty());
    }

    #[test]
    fn the_centre_is_at_home_only_while_it_is_the_centre() {
        let mut standings = Standings::default();
        standings.set_home(Some(CRM.into()));
        assert_eq!(standings.contact(0, CRM), Contact::Allowed(ALL));
        assert!(standings.kept().is_empty(), "nobody decided that");
        assert_eq!(standings.set_home(None).as_deref(), Some(CRM));
        assert_eq!(standings.contact(0, CRM), Contact::Asking);
        standings.set_home(Some(CRM.into()));
        standings.decide(0, CRM, Standing::Blocked);
        assert_eq!(standings.contact(0, CRM), Contact::Blocked, "the agent's word goes first");
    }

    #[derive(Clone, Debug)]
    enum Step {
        Contact(u8),
        Allow(u8, Rights),
        Block(u8),
        Forget(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let rights = any::<[bool; 4]>().prop_map(|[events, control, customers, dial]| Rights {
            events,
            control,
            customers,
            dial,
        });
        prop_oneof![
            any::<u8>().prop_map(Step::Contact),
            (any::<u8>(), rights).prop_map(|(o, r)| Step::Allow(o, r)),
            any::<u8>().prop_map(Step::Block),
            any::<u8>().prop_map(Step::Forget),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever pages do, an origin has exactly the rights that the agent gave last;
        /// what is kept and read again says the same.
        #[test]
        fn nobody_but_the_agent_gives_rights(steps in proptest::collection::vec(step(), 0..200)) {
            let name = |o: u8| format!("https://crm{}.example", o % 40);
            let mut standings = Standings::default();
            let mut word: BTreeMap<String, Option<Rights>> = BTreeMap::new();
            for (now, step) in steps.into_iter().enumerate() {
                let now = i64::try_from(now).unwrap();
                match step {
                    Step::Contact(o) => {
                        let contact = standings.contact(now, &name(o));
                        let expected = match word.get(&name(o)) {
                            Some(Some(rights)) => Contact::Allowed(*rights),
                            Some(None) => Contact::Blocked,
                            None if contact == Contact::TooMany => Contact::TooMany,
                            None => Contact::Asking,
                        };
                        prop_assert_eq!(contact, expected);
                    }
                    Step::Allow(o, rights) => {
                        standings.decide(now, &name(o), Standing::Allowed { rights });
                        word.insert(name(o), Some(rights));
                    }
                    Step::Block(o) => {
                        standings.decide(now, &name(o), Standing::Blocked);
                        word.insert(name(o), None);
                    }
                    Step::Forget(o) => {
                        standings.forget(&name(o));
                        word.remove(&name(o));
                    }
                }
                let asking = standings.views().iter().filter(|v| v.standing == Standing::Asking).count();
                prop_assert!(asking <= ASKING_MAX);
                let again = Standings::new(standings.kept());
                for o in 0..40 {
                    let given = word.get(&name(o)).copied().flatten();
                    prop_assert_eq!(standings.rights(&name(o)), given);
                    prop_assert_eq!(again.rights(&name(o)), given);
                }
            }
        }
    }
}
