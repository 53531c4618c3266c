//! Whatever happens: no interaction is lost or offered twice, no agent has two offers,
//! no deadline lies in the past.

use omnibar_center::acd::{Acd, QueueRule, Route, Routed, Rules};
use omnibar_model::{AgentId, CampaignId, InteractionId, Moment, QueueId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Enter { queue: u8, boost: i32 },
    Direct { agent: u8 },
    Free { agent: u8, campaigns: u8 },
    Unfree { agent: u8 },
    Leave { agent: u8 },
    Take { agent: u8 },
    Reject { agent: u8 },
    Abandon { which: u8 },
    Pass { ms: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_u8, -2..3_i32).prop_map(|(queue, boost)| Step::Enter { queue, boost }),
        1 => (0..4_u8).prop_map(|agent| Step::Direct { agent }),
        4 => (0..4_u8, 1..4_u8).prop_map(|(agent, campaigns)| Step::Free { agent, campaigns }),
        1 => (0..4_u8).prop_map(|agent| Step::Unfree { agent }),
        1 => (0..4_u8).prop_map(|agent| Step::Leave { agent }),
        3 => (0..4_u8).prop_map(|agent| Step::Take { agent }),
        2 => (0..4_u8).prop_map(|agent| Step::Reject { agent }),
        1 => any::<u8>().prop_map(|which| Step::Abandon { which }),
        3 => (0..30_000_u32).prop_map(|ms| Step::Pass { ms }),
    ]
}

#[derive(Default)]
struct Book {
    inside: BTreeSet<InteractionId>,
    offers: BTreeMap<InteractionId, AgentId>,
    rejected: BTreeSet<(InteractionId, AgentId)>,
    entered: usize,
    taken: usize,
    abandoned: usize,
    undelivered: usize,
}

impl Book {
    fn read(&mut self, now: Moment, acd: &mut Acd) -> Result<(), TestCaseError> {
        while let Some(routed) = acd.poll() {
            match routed {
                Routed::Offered { interaction, agent, expires } => {
                    prop_assert!(expires > now);
                    prop_assert!(self.inside.contains(&interaction));
                    prop_assert!(!self.offers.values().any(|a| *a == agent), "two offers");
                    prop_assert!(self.offers.insert(interaction, agent).is_none(), "offered twice");
                }
                Routed::Withdrawn { interaction, agent, .. } => {
                    prop_assert_eq!(self.offers.remove(&interaction), Some(agent));
                }
                Routed::Undelivered { interaction, .. } => {
                    prop_assert!(self.inside.remove(&interaction));
                    self.undelivered += 1;
                }
            }
        }
        for interaction in &self.inside {
            prop_assert!(acd.contains(interaction), "lost");
            prop_assert_eq!(acd.offered_to(interaction), self.offers.get(interaction));
        }
        prop_assert!(acd.deadline().is_none_or(|d| d > now), "a deadline in the past");
        prop_assert_eq!(
            self.entered,
            self.inside.len() + self.taken + self.abandoned + self.undelivered
        );
        Ok(())
    }

    fn enter(&mut self, now: Moment, acd: &mut Acd, route: Route) {
        let id = InteractionId::new(&format!("i{}", self.entered));
        if acd.enter(now, &id, route).is_ok() {
            self.inside.insert(id);
            self.entered += 1;
        }
    }
}

fn agent(n: u8) -> AgentId {
    AgentId::new(&format!("agent{n}"))
}

fn new_acd() -> Acd {
    let rule = |campaign: &str, priority| QueueRule { campaign: campaign.into(), priority };
    let queues = [("q0", rule("c0", 0)), ("q1", rule("c1", 1)), ("q2", rule("c0", 3))];
    Acd::new(Rules::default(), queues.map(|(id, r)| (QueueId::new(id), r)).into())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_is_lost_and_nothing_is_offered_twice(
        steps in prop::collection::vec(step(), 1..80)
    ) {
        let mut acd = new_acd();
        let mut now = Moment::from_millis(1);
        let mut book = Book::default();
        for step in steps {
            match step {
                Step::Enter { queue, boost } => {
                    let queue = QueueId::new(&format!("q{queue}"));
                    book.enter(now, &mut acd, Route::Queue { queue, boost });
                }
                Step::Direct { agent: a } => book.enter(now, &mut acd, Route::Agent { agent: agent(a) }),
                Step::Free { agent: a, campaigns } => {
                    let chosen: BTreeSet<CampaignId> = (0..2)
                        .filter(|bit| campaigns & (1 << bit) != 0)
                        .map(|bit| CampaignId::new(&format!("c{bit}")))
                        .collect();
                    acd.set_agent(&agent(a), &chosen, Some(now));
                }
                Step::Unfree { agent: a } => acd.set_agent(&agent(a), &BTreeSet::new(), None),
                Step::Leave { agent: a } => acd.remove_agent(now, &agent(a)),
                Step::Take { agent: a } => {
                    let offer = book.offers.iter().find(|(_, o)| **o == agent(a)).map(|(i, _)| i.clone());
                    if let Some(interaction) = offer {
                        prop_assert!(acd.take(&interaction, &agent(a)));
                        prop_assert!(!acd.take(&interaction, &agent(a)), "only once");
                        book.offers.remove(&interaction);
                        book.inside.remove(&interaction);
                        book.taken += 1;
                    }
                }
                Step::Reject { agent: a } => {
                    let offer = book.offers.iter().find(|(_, o)| **o == agent(a)).map(|(i, _)| i.clone());
                    if let Some(interaction) = offer {
                        prop_assert!(acd.reject(now, &interaction, &agent(a)));
                        book.rejected.insert((interaction, agent(a)));
                    }
                }
                Step::Abandon { which } => {
                    let n = book.inside.len().max(1);
                    if let Some(interaction) = book.inside.iter().nth(usize::from(which) % n).cloned() {
                        acd.remove(&interaction);
                        book.inside.remove(&interaction);
                        book.abandoned += 1;
                    }
                }
                Step::Pass { ms } => now = now + Duration::from_millis(u64::from(ms)),
            }
            acd.tick(now);
            book.read(now, &mut acd)?;
        }
        // Whoever is free in the end leaves nobody of his campaign waiting.
        for n in 0..4 {
            acd.set_agent(&agent(n), &["c0".into(), "c1".into()].into(), Some(now));
        }
        // Past every rest and every offer; who lets an offer lapse is set free again.
        for _ in 0..2 {
            now = now + Duration::from_secs(60);
            acd.tick(now);
            book.read(now, &mut acd)?;
            for n in 0..4 {
                acd.set_agent(&agent(n), &["c0".into(), "c1".into()].into(), Some(now));
            }
            acd.tick(now);
            book.read(now, &mut acd)?;
        }
        // An agent who is left without an offer has rejected all that is left.
        for n in (0..4).map(agent).filter(|a| !book.offers.values().any(|o| o == a)) {
            for left in book.inside.iter().filter(|i| !book.offers.contains_key(*i)) {
                prop_assert!(book.rejected.contains(&(left.clone(), n.clone())), "{left} {n}");
            }
        }
    }
}

#[test]
fn within_one_priority_the_first_come_is_the_first_served() {
    let mut acd = new_acd();
    let now = Moment::from_millis(1);
    for n in 0..5 {
        let queue = "q0".into();
        acd.enter(
            now,
            &InteractionId::new(&format!("x{}", 9 - n)),
            Route::Queue { queue, boost: 0 },
        )
        .unwrap();
    }
    for n in 0..5_u64 {
        let at = now + Duration::from_secs(n);
        acd.set_agent(&agent(0), &["c0".into()].into(), Some(at));
        acd.tick(at);
        let Some(Routed::Offered { interaction, agent, .. }) = acd.poll() else {
            panic!("an offer")
        };
        assert_eq!(interaction.as_str(), format!("x{}", 9 - n));
        assert!(acd.take(&interaction, &agent));
    }
}
