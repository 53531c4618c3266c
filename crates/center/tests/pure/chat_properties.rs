//! Whatever pages and agents do, and whenever the centre is killed: no message is lost or
//! doubled, nobody has too many chats, and only what is over is disposed.

use crate::chats::visitor;
use crate::floor::{Floor, connection};
use omnibar_center::chats::{Phase, Rules};
use omnibar_center::core::{CoreInput, PageAsk};
use omnibar_model::{ChatTarget, InteractionId, Presence};
use omnibar_protocol::Command;
use proptest::prelude::*;
use std::collections::BTreeMap;

const AGENTS: [&str; 3] = ["agent1", "agent2", "agent3"];

#[derive(Clone, Debug)]
enum Step {
    Open(u64),
    Back(u64),
    Write(u64, u8),
    Leave(u64),
    Gone(u64),
    Wait(u64),
    Accept(usize, usize),
    Reject(usize, usize),
    Say(usize, usize, u8),
    End(usize, usize),
    Dispose(usize, usize),
    Start(usize, u64),
    Presence(usize, bool),
    Lost(usize),
    Call,
    Pass(u64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let (page, agent, chat) = (1..5_u64, 0..3_usize, 0..4_usize);
    prop_oneof![
        4 => page.clone().prop_map(Step::Open),
        2 => page.clone().prop_map(Step::Back),
        5 => (page.clone(), any::<u8>()).prop_map(|(p, k)| Step::Write(p, k % 8)),
        1 => page.clone().prop_map(Step::Leave),
        1 => page.clone().prop_map(Step::Gone),
        1 => page.clone().prop_map(Step::Wait),
        6 => (agent.clone(), chat.clone()).prop_map(|(a, c)| Step::Accept(a, c)),
        1 => (agent.clone(), chat.clone()).prop_map(|(a, c)| Step::Reject(a, c)),
        5 => (agent.clone(), chat.clone(), any::<u8>()).prop_map(|(a, c, t)| Step::Say(a, c, t)),
        2 => (agent.clone(), chat.clone()).prop_map(|(a, c)| Step::End(a, c)),
        2 => (agent.clone(), chat).prop_map(|(a, c)| Step::Dispose(a, c)),
        1 => (agent.clone(), page).prop_map(|(a, p)| Step::Start(a, p)),
        1 => (agent.clone(), any::<bool>()).prop_map(|(a, on)| Step::Presence(a, on)),
        1 => agent.prop_map(Step::Lost),
        1 => Just(Step::Call),
        2 => (1..90_u64).prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

/// Any chat, and now and then one that is not there.
fn pick(floor: &Floor, n: usize) -> InteractionId {
    floor.chats.keys().nth(n).cloned().unwrap_or_else(|| "none".into())
}

fn act(floor: &mut Floor, step: &Step, taken: &mut BTreeMap<InteractionId, Vec<String>>) {
    let token_hash = |n: &u64| format!("token {n}");
    match step {
        Step::Open(n) => {
            let (token_hash, queue) = (token_hash(n), "support".into());
            let _ = floor.page(*n, PageAsk::Open { token_hash, visitor: visitor(*n), queue });
        }
        Step::Back(n) => {
            let _ = floor.page(*n, PageAsk::Back { token_hash: token_hash(n), last: 0 });
        }
        Step::Write(n, key) => {
            let before = floor.said.clone();
            let text = format!("from page {n}, {key}");
            if let Ok(seq) = floor.writes(*n, &key.to_string(), &text) {
                let seq = usize::try_from(seq.as_u64().unwrap()).unwrap();
                let chat = floor.said.iter().find(|(id, said)| before.get(*id) != Some(*said));
                match chat {
                    Some((id, said)) => {
                        assert_eq!(said.len(), seq);
                        taken.entry(id.clone()).or_default().push(text);
                    }
                    // A repeat: that number has this text already.
                    None => assert!(
                        before.values().any(|s| s.get(seq - 1).is_some_and(|m| m.text == text))
                    ),
                }
            }
        }
        Step::Leave(n) => _ = floor.page(*n, PageAsk::Leave),
        Step::Gone(n) => _ = floor.page(*n, PageAsk::Gone),
        Step::Wait(n) => {
            let (token_hash, visitor) = (token_hash(n), visitor(*n));
            let _ = floor.page(*n, PageAsk::Wait { token_hash, visitor });
        }
        Step::Accept(a, c) => {
            let chat = pick(floor, *c);
            let _ = floor.order(AGENTS[*a], Command::ChatAccept { chat });
        }
        Step::Reject(a, c) => {
            let chat = pick(floor, *c);
            let _ = floor.order(AGENTS[*a], Command::ChatReject { chat });
        }
        Step::Say(a, c, t) => {
            let chat = pick(floor, *c);
            let text = format!("from {}, {t}", AGENTS[*a]);
            if let Ok(said) = floor.says(AGENTS[*a], &chat, &text) {
                assert_eq!(said["seq"], floor.said[&chat].len());
                taken.entry(chat).or_default().push(text);
            }
        }
        Step::End(a, c) => {
            let chat = pick(floor, *c);
            let _ = floor.order(AGENTS[*a], Command::ChatEnd { chat });
        }
        Step::Dispose(a, c) => {
            let chat = pick(floor, *c);
            let was = floor.chats.get(&chat).map(|chat| chat.phase);
            let code = &floor.core.setup().campaigns[&"support".into()].campaign.dispositions[0];
            let disposition = code.codes[0].id.clone();
            let ask = Command::ChatDispose { chat, disposition, note: String::new() };
            if floor.order(AGENTS[*a], ask).is_ok() {
                assert!(matches!(was, Some(Phase::Wrapping { .. })), "disposed from {was:?}");
            }
        }
        Step::Start(a, n) => {
            let number = visitor(*n).customer.number;
            let customer = ChatTarget { number, ..ChatTarget::default() };
            let ask = Command::ChatStart { campaign: "support".into(), customer };
            let _ = floor.order(AGENTS[*a], ask);
        }
        Step::Presence(a, on) => {
            let presence = if *on { Presence::Available } else { Presence::Offline };
            let _ = floor.order(AGENTS[*a], Command::PresenceSet { presence });
        }
        Step::Lost(a) => {
            floor.input(CoreInput::Disconnected { connection: connection(AGENTS[*a]) }).unwrap();
        }
        Step::Call => _ = floor.call("support"),
        Step::Pass(seconds) => floor.pass(*seconds),
        Step::Restart => {
            let fresh = std::mem::replace(floor, Floor::new());
            *floor = fresh.restarted(true);
            for agent in AGENTS {
                if floor.core.session(&agent.into()).is_some() {
                    floor.resume(agent, 0);
                }
            }
        }
    }
}

fn check(floor: &Floor, taken: &BTreeMap<InteractionId, Vec<String>>) {
    let most = Rules::default().per_agent;
    for agent in AGENTS {
        let agent = agent.into();
        let his = floor.core.chats().of(&agent).filter(|c| !c.is_routing()).count();
        assert!(his <= most, "{agent} has {his}");
        let offered = floor.core.chats().of(&agent).filter(|c| c.is_routing()).count();
        assert!(offered <= 1, "{agent} is offered {offered} at once");
    }
    for chat in floor.core.chats().iter() {
        let has = chat.agent.is_some();
        match chat.phase {
            Phase::Waiting => assert!(!has, "{chat:?}"),
            Phase::Offered { .. } | Phase::Open | Phase::Wrapping { .. } => {
                assert!(has, "{chat:?}")
            }
            Phase::Closed => panic!("a closed chat is kept in memory"),
        }
        let stored = &floor.chats[&chat.id];
        assert_eq!((stored.phase, stored.last_seq), (chat.phase, chat.last_seq), "not saved");
    }
    for (id, texts) in taken {
        let said = floor.said.get(id).map(Vec::as_slice).unwrap_or_default();
        let own: Vec<&str> = said
            .iter()
            .filter(|m| m.from != omnibar_model::ChatFrom::Notice)
            .map(|m| m.text.as_str())
            .collect();
        assert_eq!(own, *texts, "lost, doubled or out of order");
    }
    for ((agent, id), desk) in &floor.desks {
        if floor.core.session(agent).is_some_and(|s| s.connection.is_some()) {
            let chat = floor.core.chats().get(id).unwrap();
            assert_eq!(desk.last_seq, chat.last_seq, "a desk is behind");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_doubled_or_too_much(steps in prop::collection::vec(step(), 1..70)) {
        let mut floor = Floor::with(&AGENTS);
        let mut taken = BTreeMap::new();
        for step in &steps {
            act(&mut floor, step, &mut taken);
            check(&floor, &taken);
        }
    }
}
