//! A supervisor in an agent's call: who may, who hears whom, and when it is over.

use crate::floor::{Floor, set};
use omnibar_center::core::CoreInput;
use omnibar_center::setup::Setup;
use omnibar_center::switch::SwitchEvent;
use omnibar_model::{
    AgentState, Cause, Conversation, Destination, InteractionId, LegId, MonitorMode,
};
use omnibar_protocol::{Code, Command};
use std::sync::Arc;

const MODES: [MonitorMode; 3] = [MonitorMode::Listen, MonitorMode::Whisper, MonitorMode::Barge];

fn monitor(agent: &str, mode: MonitorMode) -> Command {
    Command::Monitor { agent: agent.into(), mode }
}

struct Scene {
    floor: Floor,
    customer: LegId,
    id: InteractionId,
    agent: LegId,
    supervisor: LegId,
}

/// `agent1` talks with a customer; `agent2` and `supervisor1` are free.
fn talk() -> Scene {
    let mut floor = Floor::with(&["agent1", "agent2", "supervisor1"]);
    let (customer, id) = floor.connected("agent1", "support");
    let (agent, supervisor) = (floor.leg_of("agent1"), floor.leg_of("supervisor1"));
    Scene { floor, customer, id, agent, supervisor }
}

impl Scene {
    fn take_part(&mut self, mode: MonitorMode) {
        self.floor.ask("supervisor1", monitor("agent1", mode));
    }

    /// Whom the supervisor's leg monitors, and whether he is heard there.
    fn at(&self) -> Option<(LegId, bool)> {
        self.floor.monitors.get(&self.supervisor).cloned()
    }

    fn is_alone(&self) -> bool {
        self.at().is_none() && self.floor.hears(&self.supervisor).is_empty()
    }

    fn shown(&self) -> Option<MonitorMode> {
        self.floor.view("agent1", &self.id).monitored
    }
}

#[test]
fn a_supervisor_listens_whispers_and_barges_in_as_he_likes() {
    let mut s = talk();
    s.take_part(MonitorMode::Listen);
    assert_eq!(s.at(), Some((s.agent.clone(), false)));
    assert_eq!(s.floor.hears(&s.customer), set([&s.agent]), "nobody hears the supervisor");
    assert_eq!(s.shown(), None, "unnoticed (SUP-29)");
    s.take_part(MonitorMode::Whisper);
    assert_eq!(s.at(), Some((s.agent.clone(), true)));
    assert_eq!(s.floor.hears(&s.customer), set([&s.agent]));
    assert_eq!(s.shown(), Some(MonitorMode::Whisper));
    s.take_part(MonitorMode::Barge);
    assert_eq!(s.at(), None);
    assert_eq!(s.floor.hears(&s.supervisor), set([&s.agent, &s.customer]));
    assert!(!s.floor.view("agent1", &s.id).conference, "he is no party of the call");
    s.take_part(MonitorMode::Listen);
    assert_eq!(s.at(), Some((s.agent.clone(), false)));
    assert_eq!(s.floor.hears(&s.customer), set([&s.agent]));
    s.floor.ask("supervisor1", Command::MonitorEnd {});
    s.floor.ask("supervisor1", Command::MonitorEnd {});
    assert!(s.is_alone());
    assert_eq!(s.shown(), None);
}

#[test]
fn he_is_busy_meanwhile_and_free_again_afterwards() {
    for mode in MODES {
        let mut s = talk();
        s.take_part(mode);
        assert_eq!(s.floor.state("supervisor1"), AgentState::Busy);
        s.floor.call("support");
        assert!(s.floor.offer("supervisor1").is_none(), "no call is offered to him");
        let number = omnibar_model::PhoneNumber::parse("+15550101").unwrap();
        let dial = Command::Dial { campaign: "outreach".into(), number };
        assert_eq!(s.floor.refused("supervisor1", dial), Code::Conflict);
        s.floor.hang_up(&s.customer, Cause::CustomerHungUp);
        assert!(s.is_alone(), "{mode:?} ends with the call");
        assert_eq!(s.floor.state("supervisor1"), AgentState::Available);
    }
}

#[test]
fn only_a_supervisor_may_and_only_in_his_campaigns() {
    let mut s = talk();
    for mode in MODES {
        assert_eq!(s.floor.refused("agent2", monitor("agent1", mode)), Code::NotFound);
        assert_eq!(s.floor.refused("supervisor1", monitor("agent2", mode)), Code::NotFound);
        assert_eq!(s.floor.refused("supervisor1", monitor("nobody", mode)), Code::NotFound);
        assert_eq!(s.floor.refused("supervisor1", monitor("supervisor1", mode)), Code::NotFound);
    }
    s.floor.sign_in_for("supervisor2", ["sales".into()].into());
    let message = |floor: &mut Floor, agent: &str| {
        floor.try_ask("supervisor2", monitor(agent, MonitorMode::Listen)).unwrap_err().message
    };
    let (other, idle) = (message(&mut s.floor, "agent1"), message(&mut s.floor, "agent2"));
    assert_eq!(other, idle, "what he must not hear he does not learn of");
    assert!(s.floor.monitors.is_empty() && s.shown().is_none());
}

#[test]
fn one_supervisor_at_a_time_and_none_with_a_call_of_his_own() {
    let mut s = talk();
    s.floor.sign_in("supervisor2");
    s.take_part(MonitorMode::Listen);
    let again = monitor("agent1", MonitorMode::Barge);
    assert_eq!(s.floor.refused("supervisor2", again.clone()), Code::Conflict);
    s.floor.ask("supervisor1", Command::MonitorEnd {});
    s.floor.ask("supervisor2", again);
    let (_, own) = s.floor.connected("agent2", "sales");
    let busy = monitor("agent2", MonitorMode::Listen);
    s.floor.ask("agent2", Command::Hold { interaction: own, leg: None });
    s.floor.ask("supervisor1", busy.clone());
    s.floor.ask("supervisor1", Command::MonitorEnd {});
    s.floor.connected("supervisor1", "support");
    assert_eq!(s.floor.refused("supervisor1", busy), Code::Conflict);
}

#[test]
fn hold_and_consultation_go_on_with_a_supervisor_in_the_call() {
    let mut s = talk();
    let colleague = s.floor.leg_of("agent2");
    let id = s.id.clone();
    s.take_part(MonitorMode::Barge);
    s.floor.ask("agent1", Command::Hold { interaction: id.clone(), leg: None });
    assert_eq!(s.floor.hears(&s.supervisor), set([&s.agent]), "the two talk alone");
    assert!(s.floor.hears(&s.customer).is_empty());
    assert_eq!(s.floor.view("agent1", &id).conversation, Conversation::Held);
    s.take_part(MonitorMode::Listen);
    assert_eq!(s.at(), Some((s.agent.clone(), false)));
    assert!(s.floor.hears(&s.agent).is_empty());
    s.floor.ask("agent1", Command::Resume { interaction: id.clone(), leg: None });
    assert_eq!(s.floor.hears(&s.customer), set([&s.agent]));

    let to = Destination::Agent("agent2".into());
    s.floor.ask("agent1", Command::Consult { interaction: id.clone(), to });
    s.take_part(MonitorMode::Whisper);
    assert_eq!(s.at(), Some((s.agent.clone(), true)), "into the ringback");
    let second = s.floor.offer("agent2").unwrap().id;
    s.floor.ask("agent2", Command::Accept { interaction: second });
    assert_eq!(s.floor.hears(&colleague), set([&s.agent]), "a whisper is for the agent alone");
    s.take_part(MonitorMode::Barge);
    assert_eq!(s.floor.hears(&colleague), set([&s.agent, &s.supervisor]));
    s.floor.ask("agent1", Command::Conference { interaction: id.clone() });
    assert_eq!(s.floor.hears(&s.customer), set([&s.agent, &colleague, &s.supervisor]));
    s.floor.ask("agent1", Command::End { interaction: id });
    assert_eq!(s.floor.hears(&s.customer), set([&colleague]), "it was agent1's part");
    assert!(s.is_alone());
}

#[test]
fn another_call_of_the_agent_is_not_heard() {
    let mut s = talk();
    s.take_part(MonitorMode::Barge);
    s.floor.ask("agent1", Command::Hold { interaction: s.id.clone(), leg: None });
    let number = omnibar_model::PhoneNumber::parse("+15550101").unwrap();
    s.floor.ask("agent1", Command::Dial { campaign: "outreach".into(), number });
    let other = s.floor.answered();
    assert_eq!(s.floor.hears(&other), set([&s.agent]));
    assert!(s.is_alone(), "the call that he takes part in is on hold");
    s.floor.ask(
        "agent1",
        Command::Hold {
            interaction: s.floor.core.calls().by_leg(&other).unwrap().id.clone(),
            leg: None,
        },
    );
    s.floor.ask("agent1", Command::Resume { interaction: s.id.clone(), leg: None });
    assert_eq!(s.floor.hears(&s.supervisor), set([&s.agent, &s.customer]));
}

#[test]
fn a_campaign_may_tell_its_agents() {
    let mut s = talk();
    let mut setup: Setup = (**s.floor.core.setup()).clone();
    setup.campaigns.get_mut(&"support".into()).unwrap().tell_monitored = true;
    s.floor.input(CoreInput::Setup(Arc::new(setup))).unwrap();
    s.take_part(MonitorMode::Listen);
    assert_eq!(s.shown(), Some(MonitorMode::Listen));
}

#[test]
fn voices_that_are_lost_come_back_to_their_places() {
    let mut s = talk();
    s.take_part(MonitorMode::Whisper);
    for who in ["supervisor1", "agent1"] {
        let leg = s.floor.leg_of(who);
        s.floor.hang_up(&leg, Cause::MediaFailed);
        assert!(s.is_alone(), "{who}'s voice is gone");
        s.floor.voice(who);
        assert_eq!(s.at(), Some((s.agent.clone(), true)), "{who} is back");
        let up = SwitchEvent::Up { leg };
        s.floor.input(CoreInput::Switch(up)).unwrap();
    }
}

#[test]
fn a_restarted_centre_goes_on_with_it() {
    for mode in MODES {
        let mut s = talk();
        s.take_part(mode);
        s.floor = s.floor.restarted(true);
        s.floor.resume("supervisor1", 0);
        match mode {
            MonitorMode::Listen => assert_eq!(s.at(), Some((s.agent.clone(), false))),
            MonitorMode::Whisper => assert_eq!(s.at(), Some((s.agent.clone(), true))),
            MonitorMode::Barge => {
                assert_eq!(s.floor.hears(&s.supervisor), set([&s.agent, &s.customer]));
            }
        }
        s.floor.ask("supervisor1", Command::MonitorEnd {});
        assert!(s.is_alone());
    }
}

#[test]
fn it_ends_with_the_supervisors_session() {
    let mut s = talk();
    s.take_part(MonitorMode::Barge);
    s.floor.ask("supervisor1", Command::SessionClose {});
    assert_eq!(s.floor.hears(&s.customer), set([&s.agent]));
    assert_eq!(s.shown(), None);
    assert_eq!(s.floor.view("agent1", &s.id).conversation, Conversation::Connected);
}
