//! Whatever agents do, a callback is taken once, is one agent's turn at a time, and the
//! store has what is on the list.

use omnibar_center::callbacks::{Callbacks, Change, Kept, Present};
use omnibar_center::seed::company;
use omnibar_model::{AgentId, CallbackId, CampaignId, Moment, PhoneNumber};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const AGENTS: [&str; 3] = ["agent1", "agent2", "agent3"];
const CAMPAIGNS: [&str; 2] = ["support", "sales"];

#[derive(Clone, Debug)]
enum Step {
    Book { by: usize, campaign: usize, own: bool, seconds: u64 },
    Take { by: usize, which: usize },
    Snooze { by: usize, which: usize },
    Cancel { by: usize, which: usize },
    Ready { who: usize, ready: bool },
    Here { who: usize, here: bool },
    Pass { seconds: u64 },
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let who = 0..AGENTS.len();
    let which = 0_usize..20;
    let step = prop_oneof![
        4 => (who.clone(), 0..CAMPAIGNS.len(), any::<bool>(), 0_u64..400)
            .prop_map(|(by, campaign, own, seconds)| Step::Book { by, campaign, own, seconds }),
        2 => (who.clone(), which.clone()).prop_map(|(by, which)| Step::Take { by, which }),
        1 => (who.clone(), which.clone()).prop_map(|(by, which)| Step::Snooze { by, which }),
        1 => (who.clone(), which).prop_map(|(by, which)| Step::Cancel { by, which }),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, ready)| Step::Ready { who, ready }),
        1 => (who, any::<bool>()).prop_map(|(who, here)| Step::Here { who, here }),
        4 => (0_u64..300).prop_map(|seconds| Step::Pass { seconds }),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..80)
}

struct World {
    callbacks: Callbacks,
    now: Moment,
    floor: BTreeMap<AgentId, Present>,
    store: BTreeMap<CallbackId, Kept>,
    taken: BTreeSet<CallbackId>,
    made: usize,
}

impl World {
    fn step(&mut self, step: &Step) {
        let agent = |i: &usize| AgentId::new(AGENTS[*i]);
        let all: BTreeSet<CampaignId> = CAMPAIGNS.map(CampaignId::new).into();
        match step {
            Step::Book { by, campaign, own, seconds } => {
                self.made += 1;
                let wish = Kept {
                    id: CallbackId::new(&format!("c{:03}", self.made)),
                    campaign: CAMPAIGNS[*campaign].into(),
                    customer_name: "Nora Winter".into(),
                    customer_id: None,
                    number: PhoneNumber::parse("+15550101").unwrap(),
                    at: self.now + Duration::from_secs(*seconds),
                    agent: own.then(|| agent(by)),
                    booked_by: agent(by),
                    booked_by_name: AGENTS[*by].into(),
                    booked_at: self.now,
                    interaction: None,
                    note: String::new(),
                };
                let done = self.callbacks.book(self.now, wish);
                assert_eq!(done.is_ok(), *seconds > 0, "only what is still to come is booked");
            }
            Step::Take { by, which } => {
                let id = self.named(*which);
                if self.callbacks.dialable(&agent(by), &all, &id).is_ok() {
                    assert!(self.taken.insert(id.clone()), "{id} was taken twice");
                    self.callbacks.taken(&id);
                }
            }
            Step::Snooze { by, which } => {
                let id = self.named(*which);
                if let Ok(kept) = self.callbacks.snooze(self.now, &agent(by), &id, None) {
                    assert!(kept.at > self.now);
                }
            }
            Step::Cancel { by, which } => {
                let id = self.named(*which);
                let _ = self.callbacks.cancel(&agent(by), &id, "no more wanted");
            }
            Step::Ready { who, ready } => {
                let now = self.now;
                if let Some(there) = self.floor.get_mut(&agent(who)) {
                    there.ready_since = ready.then_some(now);
                }
            }
            Step::Here { who, here } => {
                if *here {
                    let there = Present { campaigns: all, ready_since: None };
                    self.floor.entry(agent(who)).or_insert(there);
                } else {
                    self.floor.remove(&agent(who));
                }
            }
            Step::Pass { seconds } => {
                let end = self.now + Duration::from_secs(*seconds);
                while let Some(at) = self.callbacks.deadline().filter(|at| *at <= end) {
                    assert!(at > self.now, "a deadline lies in the past");
                    self.now = at;
                    self.callbacks.tick(at, &self.floor);
                }
                self.now = end;
            }
            Step::Restart => {
                self.callbacks = Callbacks::default();
                self.store.values().for_each(|kept| self.callbacks.load(kept.clone()));
            }
        }
        self.callbacks.tick(self.now, &self.floor);
        for change in self.callbacks.take_changes() {
            match change {
                Change::Saved(kept) => {
                    self.store.insert(kept.id.clone(), (*kept).clone());
                }
                Change::Deleted(id) => {
                    assert!(self.store.remove(&id).is_some());
                }
            }
        }
    }

    fn named(&self, which: usize) -> CallbackId {
        let ids: Vec<_> = self.store.keys().cloned().collect();
        ids.get(which % ids.len().max(1)).cloned().unwrap_or_else(|| "none".into())
    }

    fn check(&self) {
        let setup = company("Test");
        let all: BTreeSet<CampaignId> = CAMPAIGNS.map(CampaignId::new).into();
        let listed: BTreeSet<_> = self.callbacks.iter().map(|k| k.id.clone()).collect();
        let stored: BTreeSet<_> = self.store.keys().cloned().collect();
        assert_eq!(listed, stored);
        assert!(listed.is_disjoint(&self.taken), "what is taken is off the list");
        let mut turns: BTreeMap<CallbackId, Vec<AgentId>> = BTreeMap::new();
        for agent in AGENTS.map(AgentId::new) {
            let views = self.callbacks.views(&agent, &all, &setup);
            let due: Vec<_> = views.values().filter(|c| c.due).collect();
            assert!(due.iter().filter(|c| !c.own).count() <= 1, "one turn at a time");
            for callback in due {
                let kept = &self.store[&callback.id];
                assert!(kept.at <= self.now, "nothing is due before its time");
                turns.entry(callback.id.clone()).or_default().push(agent.clone());
            }
            for callback in views.values().filter(|c| c.own) {
                assert_eq!(self.store[&callback.id].agent.as_ref(), Some(&agent));
                let late = self.store[&callback.id].at <= self.now;
                assert_eq!(callback.due, late, "an own one is due from its time on");
            }
        }
        assert!(turns.values().all(|agents| agents.len() == 1));
        // Nobody who is ready and free of turns stands beside one that waits.
        let free = AGENTS.map(AgentId::new).into_iter().find(|agent| {
            let views = self.callbacks.views(agent, &all, &setup);
            self.floor.get(agent).is_some_and(|there| there.ready_since.is_some())
                && !views.values().any(|c| c.due && !c.own)
        });
        if let Some(free) = free {
            let waits = |k: &&Kept| k.agent.is_none() && k.at <= self.now;
            for kept in self.callbacks.iter().filter(waits) {
                assert!(turns.contains_key(&kept.id), "{} waits beside {free}", kept.id);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn callbacks_are_due_one_turn_at_a_time_and_taken_once(steps in steps()) {
        let mut world = World {
            callbacks: Callbacks::default(),
            now: Moment::from_millis(1_000_000),
            floor: BTreeMap::new(),
            store: BTreeMap::new(),
            taken: BTreeSet::new(),
            made: 0,
        };
        for step in &steps {
            world.step(step);
            world.check();
        }
    }
}
