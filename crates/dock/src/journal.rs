//! Numbered events, so that a page which reloads gets what it missed.

use crate::omni::{Audience, Docked, Right};
use omnibar_contract::{Rights, ToPage};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

const ENTRIES: usize = 200;
const AGE_MS: i64 = 10 * 60 * 1000;

/// One event, as it is for everybody.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) to: Audience,
    pub(crate) namespace: &'static str,
    pub(crate) event: &'static str,
    pub(crate) payload: Value,
    pub(crate) needs: Right,
    /// In place of `payload` for pages that may not read customers' data.
    pub(crate) discreet: Option<Value>,
}

#[derive(Debug)]
struct Numbered {
    seq: u64,
    at: i64,
    entry: Arc<Entry>,
}

/// The newest events of one agent.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    events: VecDeque<Numbered>,
    newest: u64,
    /// Newest that was left out for its age or for room.
    dropped: u64,
}

/// What a page gets that comes back.
#[derive(Debug)]
pub(crate) struct Replay {
    /// As in [`ToPage::Welcome`].
    pub(crate) lost: u64,
    pub(crate) events: Vec<(u64, Arc<Entry>)>,
}

impl Journal {
    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    pub(crate) fn add(&mut self, now: i64, entry: Entry) -> (u64, Arc<Entry>) {
        self.newest += 1;
        let entry = Arc::new(entry);
        self.events.push_back(Numbered { seq: self.newest, at: now, entry: Arc::clone(&entry) });
        self.prune(now);
        (self.newest, entry)
    }

    /// Everything after `last`.
    pub(crate) fn after(&mut self, now: i64, last: u64) -> Replay {
        self.prune(now);
        let later = self.events.iter().filter(|n| n.seq > last);
        Replay {
            lost: if self.dropped > last { self.dropped } else { 0 },
            events: later.map(|n| (n.seq, Arc::clone(&n.entry))).collect(),
        }
    }

    /// Another agent is here: what was is none of his pages' business. Numbers go on.
    pub(crate) fn clear(&mut self) {
        (self.events, self.dropped) = (VecDeque::new(), 0);
    }

    fn prune(&mut self, now: i64) {
        let old = |n: &Numbered| now.saturating_sub(n.at) > AGE_MS;
        while self.events.len() > ENTRIES || self.events.front().is_some_and(old) {
            if let Some(gone) = self.events.pop_front() {
                self.dropped = gone.seq;
            }
        }
    }
}

impl Entry {
    /// What this page gets of it; `None`: nothing.
    pub(crate) fn for_page(&self, seq: u64, page: &Docked, rights: Rights) -> Option<ToPage> {
        if !self.needs.is_in(rights) || !reaches(&self.to, page) {
            return None;
        }
        let payload = match &self.discreet {
            Some(discreet) if !rights.customers => discreet,
            Some(_) | None => &self.payload,
        };
        Some(ToPage::Event {
            seq,
            namespace: self.namespace.to_owned(),
            event: self.event.to_owned(),
            payload: payload.clone(),
        })
    }
}

fn reaches(audience: &Audience, page: &Docked) -> bool {
    use omnibar_contract::PageContext;
    match audience {
        Audience::All => true,
        Audience::Crm => page.context == PageContext::Crm,
        Audience::App => page.context == PageContext::App,
        Audience::Page(number) => page.page == *number,
        Audience::Instance { origin, instance } => {
            page.origin == *origin && page.instance == *instance
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_contract::PageContext;
    use proptest::prelude::*;
    use serde_json::json;

    fn entry(n: u64, needs: Right) -> Entry {
        let (payload, discreet) = (json!({"n": n, "phone": "x"}), Some(json!({"n": n})));
        Entry { to: Audience::All, namespace: "crm", event: "showCrm", payload, needs, discreet }
    }

    fn page(context: PageContext) -> Docked {
        let origin = "https://crm.example".to_owned();
        Docked {
            page: 1,
            origin,
            context,
            instance: "a".into(),
            app: String::new(),
            fields: Value::Null,
        }
    }

    #[test]
    fn a_page_gets_what_its_rights_allow() {
        let crm = page(PageContext::Crm);
        let none = Rights::default();
        let events = Rights { events: true, ..none };
        let customers = Rights { customers: true, ..events };
        let pop = entry(1, Right::Events);
        let payload = |rights| match pop.for_page(1, &crm, rights) {
            Some(ToPage::Event { payload, .. }) => Some(payload),
            _ => None,
        };
        assert_eq!(payload(none), None);
        assert_eq!(payload(events), Some(json!({"n": 1})));
        assert_eq!(payload(customers), Some(json!({"n": 1, "phone": "x"})));
        let app = Entry { to: Audience::App, ..pop.clone() };
        assert_eq!(app.for_page(1, &crm, events), None);
        assert!(app.for_page(1, &page(PageContext::App), events).is_some());
        let other = Entry { to: Audience::Page(2), ..pop };
        assert_eq!(other.for_page(1, &crm, events), None);
    }

    #[test]
    fn another_agents_events_are_gone_and_not_lost() {
        let mut journal = Journal::default();
        journal.add(0, entry(1, Right::Events));
        journal.clear();
        let (seq, _) = journal.add(1, entry(2, Right::Events));
        assert_eq!(seq, 2, "a page that has seen 1 misses nothing");
        let replay = journal.after(1, 0);
        assert_eq!((replay.lost, replay.events.len()), (0, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// A page that comes back gets every later event once and in order, but for those
        /// up to `lost`.
        #[test]
        fn nothing_is_missed_in_silence(
            gaps in proptest::collection::vec(0i64..30_000, 1..400),
            last in 0u64..420,
            pause in 0i64..1_000_000,
        ) {
            let mut journal = Journal::default();
            let mut times = Vec::new();
            let mut now = 0;
            for (n, gap) in gaps.iter().enumerate() {
                now += gap;
                journal.add(now, entry(u64::try_from(n).unwrap(), Right::None));
                times.push(now);
            }
            now += pause;
            let replay = journal.after(now, last);
            let begin = replay.lost.max(last);
            let numbers: Vec<u64> = replay.events.iter().map(|(seq, _)| *seq).collect();
            let expected: Vec<u64> = (begin + 1..=journal.newest()).collect();
            prop_assert_eq!(&numbers, &expected);
            prop_assert!(numbers.len() <= ENTRIES);
            for seq in numbers {
                let at = times[usize::try_from(seq - 1).unwrap()];
                prop_assert!(now - at <= AGE_MS);
            }
            // Young ones with room are not dropped.
            if let Some(at) = replay.lost.checked_sub(1).and_then(|n| usize::try_from(n).ok()) {
                let crowded = u64::try_from(times.len()).unwrap() - replay.lost >= ENTRIES as u64;
                prop_assert!(crowded || now - times[at] > AGE_MS);
            }
        }
    }
}
