//! Any sequence of commands and events, in any state: no panic, no leg in two bridges,
//! no customer who hears nothing at all for ever, no call that is neither open nor in
//! the history.

use crate::floor::{Floor, connection};
use omnibar_center::calls::{Ear, OutsideState, Phase};
use omnibar_center::core::CoreInput;
use omnibar_center::switch::SwitchEvent;
use omnibar_model::{
    AgentId, Cause, Destination, InteractionId, LegId, MonitorMode, PhoneNumber, Presence,
};
use omnibar_protocol::Command;
use proptest::prelude::*;
use std::collections::BTreeSet;

const AGENTS: [&str; 3] = ["agent1", "agent2", "supervisor1"];

#[derive(Clone, Debug)]
struct Step {
    kind: u8,
    agent: u8,
    /// Chooses among what there is.
    which: u8,
    more: u8,
}

fn step() -> impl Strategy<Value = Step> {
    (0..30_u8, 0..3_u8, any::<u8>(), any::<u8>()).prop_map(|(kind, agent, which, more)| Step {
        kind,
        agent,
        which,
        more,
    })
}

fn pick<T: Clone>(from: &[T], which: u8) -> Option<T> {
    from.get(usize::from(which) % from.len().max(1)).cloned()
}

fn destination(which: u8) -> Destination {
    match which % 6 {
        0 => Destination::Agent("agent1".into()),
        1 => Destination::Agent("agent2".into()),
        2 => Destination::Agent("supervisor1".into()),
        3 => Destination::Queue("sales".into()),
        4 => Destination::Ivr("survey".into()),
        _ => Destination::Number(PhoneNumber::parse("+15550199").unwrap()),
    }
}

fn apply(floor: &mut Floor, step: &Step) {
    let agent = AGENTS[usize::from(step.agent)];
    let mine: Vec<InteractionId> =
        floor.shown.keys().filter(|(a, _)| a.as_str() == agent).map(|(_, i)| i.clone()).collect();
    let interaction = pick(&mine, step.which).unwrap_or_else(|| "none".into());
    let legs: Vec<LegId> = floor
        .shown
        .values()
        .filter(|i| i.id == interaction)
        .flat_map(|i| i.legs.iter().map(|l| l.id.clone()))
        .collect();
    let leg = pick(&legs, step.more);
    let outside: Vec<LegId> =
        floor.legs.keys().filter(|l| !l.as_str().starts_with("agent-")).cloned().collect();
    let command = match step.kind {
        0 | 1 => {
            floor.call(if step.more.is_multiple_of(2) { "support" } else { "sales" });
            return;
        }
        2 | 3 => {
            floor.pass(u64::from(step.more));
            return;
        }
        4 => {
            if let Some(leg) = pick(&outside, step.which) {
                floor.hang_up(&leg, Cause::CustomerHungUp);
            }
            return;
        }
        5 | 6 => {
            let ringing: Vec<LegId> =
                floor.legs.iter().filter(|(_, up)| !**up).map(|(l, _)| l.clone()).collect();
            if let Some(leg) = pick(&ringing, step.which) {
                floor.legs.insert(leg.clone(), true);
                floor.input(CoreInput::Switch(SwitchEvent::Up { leg })).unwrap();
            }
            return;
        }
        7 => {
            if let Some(leg) = pick(&outside, step.which) {
                let digits = (step.more % 4).to_string();
                floor.input(CoreInput::Switch(SwitchEvent::Chosen { leg, digits })).unwrap();
            }
            return;
        }
        8 => {
            floor.input(CoreInput::Disconnected { connection: connection(agent) }).unwrap();
            return;
        }
        9 => {
            if floor.core.session(&agent.into()).is_none() {
                floor.sign_in(agent);
            } else {
                floor.resume(agent, 0);
                floor.voice(agent);
            }
            return;
        }
        10 | 11 => Command::PresenceSet { presence: Presence::Available },
        12 => Command::PresenceSet { presence: Presence::Break { reason: "tea".into() } },
        13..=15 => {
            Command::Accept { interaction: floor.offer(agent).map_or(interaction, |i| i.id) }
        }
        16 => Command::Reject { interaction: floor.offer(agent).map_or(interaction, |i| i.id) },
        17 => Command::Dispose {
            interaction,
            disposition: "wrong_number".into(),
            note: String::new(),
            callback: None,
        },
        18 => Command::Dial {
            campaign: "outreach".into(),
            number: PhoneNumber::parse("+15550123").unwrap(),
        },
        19 => Command::Hold { interaction, leg: leg.filter(|_| step.more.is_multiple_of(2)) },
        20 => Command::Resume { interaction, leg: leg.filter(|_| step.more.is_multiple_of(2)) },
        21 => Command::Transfer { interaction, to: destination(step.more) },
        22 => Command::Consult { interaction, to: destination(step.more) },
        23 => {
            if step.more.is_multiple_of(2) {
                Command::Complete { interaction }
            } else {
                Command::Conference { interaction }
            }
        }
        24 => Command::Drop { interaction, leg: leg.unwrap_or_else(|| "none".into()) },
        25 => Command::Record { interaction, on: step.more.is_multiple_of(2) },
        26 | 27 => {
            let agent = AGENTS[usize::from(step.which) % AGENTS.len()].into();
            let mode = match step.more % 3 {
                0 => MonitorMode::Listen,
                1 => MonitorMode::Whisper,
                _ => MonitorMode::Barge,
            };
            Command::Monitor { agent, mode }
        }
        28 => Command::MonitorEnd {},
        _ => Command::End { interaction },
    };
    let _ = floor.try_ask(agent, command);
}

fn check(floor: &Floor) -> Result<(), TestCaseError> {
    let mut bridged = BTreeSet::new();
    for legs in floor.bridges.values() {
        for leg in legs {
            prop_assert!(bridged.insert(leg), "{leg} is in two bridges");
        }
    }
    let calls: Vec<_> = floor.core.calls().iter().collect();
    let mut known = BTreeSet::new();
    for call in &calls {
        prop_assert_eq!(floor.calls.get(&call.id), Some(*call), "what is stored is what is");
        prop_assert!(!call.is_over(), "a call that is over is still open");
        for seat in &call.seats {
            let routed = floor.core.acd().contains(&seat.interaction);
            prop_assert_eq!(routed, seat.phase.is_routing(), "routing and call disagree");
            let offered = matches!(seat.phase, Phase::Offered { .. });
            let to = floor.core.acd().offered_to(&seat.interaction);
            prop_assert_eq!(to, seat.agent.as_ref().filter(|_| offered), "offer");
        }
        for outside in &call.outsides {
            let here = floor.legs.get(&outside.leg).copied();
            match outside.state {
                OutsideState::Ringing => prop_assert_eq!(here, Some(false)),
                OutsideState::Up => prop_assert_eq!(here, Some(true)),
                OutsideState::Ended { .. } => prop_assert_eq!(here, None),
            }
            known.insert(outside.leg.clone());
        }
        let live = call.outsides.iter().any(|o| o.is_alive());
        let parties = call.outsides.iter().filter(|o| o.is_alive()).count()
            + call.seats.iter().filter(|s| s.phase.is_live() || s.phase.is_routing()).count();
        prop_assert!(!live || parties >= 2, "a party is left alone: {call:#?}");
    }
    for leg in floor.legs.keys().filter(|l| !l.as_str().starts_with("agent-")) {
        prop_assert!(known.contains(leg), "{leg} leaks at the switch");
    }
    for (leg, (of, _)) in &floor.monitors {
        prop_assert!(!bridged.contains(leg), "{leg} monitors and is in a bridge");
        prop_assert!(leg != of && floor.legs.contains_key(of), "{leg} monitors {of}");
    }
    let monitors: Vec<_> = calls.iter().flat_map(|c| c.monitors.iter().map(|m| (*c, m))).collect();
    prop_assert!(monitors.len() <= 1, "there is one supervisor");
    for (call, monitor) in monitors {
        let seat = call.seat(&monitor.interaction);
        prop_assert!(seat.is_some_and(|s| s.phase == Phase::Talking), "a call that is over");
        let live = floor.core.calls().seats_of(&monitor.supervisor).any(|(_, s)| s.phase.is_live());
        prop_assert!(!live, "he has a call of his own");
    }
    prop_assert!(
        floor.monitors.is_empty()
            || floor.core.calls().monitoring_of(&AgentId::new("supervisor1")).is_some(),
        "somebody listens on"
    );
    for agent in AGENTS {
        let agent = agent.into();
        let seats: Vec<_> = floor.core.calls().seats_of(&agent).collect();
        let ears = seats.iter().filter(|(_, s)| s.ear != Ear::Away).count();
        prop_assert!(ears <= 1, "{agent} listens in two calls");
        let offers = seats.iter().filter(|(_, s)| matches!(s.phase, Phase::Offered { .. })).count();
        prop_assert!(offers <= 1, "{agent} has two offers");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_keeps_calls_routing_and_switch_in_step(
        steps in prop::collection::vec(step(), 1..90)
    ) {
        let mut floor = Floor::with(&AGENTS);
        for step in &steps {
            apply(&mut floor, step);
            check(&floor)?;
        }
        // All go home: everything ends, and is in the history.
        for agent in AGENTS {
            let _ = floor.input(CoreInput::Disconnected { connection: connection(agent) });
        }
        let customers: Vec<LegId> = floor.legs.keys().filter(|l| !l.as_str().starts_with("agent-")).cloned().collect();
        for leg in customers {
            if floor.legs.contains_key(&leg) {
                floor.hang_up(&leg, Cause::CustomerHungUp);
            }
        }
        floor.pass(1000);
        check(&floor)?;
        prop_assert!(floor.calls.is_empty(), "{:#?}", floor.calls);
    }

    #[test]
    fn the_same_inputs_give_the_same_calls(steps in prop::collection::vec(step(), 1..40)) {
        let run = || {
            let mut floor = Floor::with(&AGENTS);
            steps.iter().for_each(|s| apply(&mut floor, s));
            (floor.calls, floor.closed, floor.news)
        };
        prop_assert_eq!(run(), run());
    }
}
