//! A switch that believes everything: legs are up at once, or when the test says so.

use omnibar_center::switch::{
    BridgeStatus, Feed, LegStatus, Reply, SwitchCommand, SwitchEvent, SwitchLink, Target,
};
use omnibar_model::{Cause, LegId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot, watch};

#[derive(Clone, Debug, Default)]
pub struct State {
    pub legs: BTreeMap<LegId, bool>,
    pub bridges: BTreeMap<String, Vec<LegId>>,
    pub feeds: BTreeMap<LegId, Feed>,
    pub dialled: Vec<(LegId, Target)>,
    pub digits: Vec<(LegId, String)>,
}

#[derive(Clone)]
pub struct SimSwitch {
    state: Arc<Mutex<State>>,
    events: mpsc::UnboundedSender<SwitchEvent>,
    changed: watch::Sender<u64>,
}

impl SimSwitch {
    pub fn start() -> (Self, SwitchLink, mpsc::UnboundedReceiver<SwitchEvent>) {
        let (tx, mut rx) = mpsc::unbounded_channel::<(SwitchCommand, oneshot::Sender<Reply>)>();
        let (events, heard) = mpsc::unbounded_channel();
        let switch = Self { state: Arc::default(), events, changed: watch::channel(0).0 };
        let this = switch.clone();
        tokio::spawn(async move {
            while let Some((command, reply)) = rx.recv().await {
                let _ = reply.send(this.take(command));
                this.changed.send_modify(|n| *n += 1);
            }
        });
        (switch, SwitchLink::from_channel(tx), heard)
    }

    fn take(&self, command: SwitchCommand) -> Reply {
        let mut state = self.state.lock().unwrap();
        match command {
            SwitchCommand::Peer { leg, offer } => {
                if !offer.starts_with("v=0") {
                    return Reply::Refused { message: "That is no SDP.".into() };
                }
                state.legs.insert(leg.clone(), true);
                let candidate = "candidate:1 1 udp 1 127.0.0.1 9 typ host".into();
                let _ = self.events.send(SwitchEvent::Candidate { leg: leg.clone(), candidate });
                let _ = self.events.send(SwitchEvent::Up { leg });
                return Reply::Answer { sdp: "v=0 answer".into() };
            }
            SwitchCommand::Customer { leg, .. } => {
                state.legs.insert(leg.clone(), true);
                let _ = self.events.send(SwitchEvent::Up { leg });
            }
            SwitchCommand::Dial { leg, target } => {
                state.legs.insert(leg.clone(), false);
                state.dialled.push((leg.clone(), target));
                let _ = self.events.send(SwitchEvent::Ringing { leg });
            }
            SwitchCommand::Close { leg } => {
                Self::forget(&mut state, &leg);
                let _ = self.events.send(SwitchEvent::Gone { leg, cause: Cause::AgentHungUp });
            }
            SwitchCommand::Connect { bridge, legs } => {
                for others in state.bridges.values_mut() {
                    others.retain(|l| !legs.contains(l));
                }
                if legs.is_empty() {
                    state.bridges.remove(&bridge);
                } else {
                    state.bridges.insert(bridge, legs);
                }
            }
            SwitchCommand::Feed { leg, feed } => {
                state.feeds.insert(leg, feed);
            }
            SwitchCommand::Echo { .. } => {}
            SwitchCommand::Digits { leg, digits } => state.digits.push((leg, digits)),
            SwitchCommand::Candidate { .. }
            | SwitchCommand::Record { .. }
            | SwitchCommand::PauseRecording { .. }
            | SwitchCommand::Monitor { .. } => {}
            SwitchCommand::List => {
                return Reply::Legs {
                    legs: state
                        .legs
                        .iter()
                        .map(|(leg, up)| LegStatus { leg: leg.clone(), up: *up, arrival: None })
                        .collect(),
                    bridges: state
                        .bridges
                        .iter()
                        .map(|(b, l)| BridgeStatus { bridge: b.clone(), legs: l.clone() })
                        .collect(),
                };
            }
        }
        Reply::Done
    }

    fn forget(state: &mut State, leg: &LegId) {
        state.legs.remove(leg);
        state.feeds.remove(leg);
        for legs in state.bridges.values_mut() {
            legs.retain(|l| l != leg);
        }
    }

    pub fn say(&self, event: SwitchEvent) {
        self.events.send(event).unwrap();
    }

    pub fn state(&self) -> State {
        self.state.lock().unwrap().clone()
    }

    /// Waits until the switch is as the test wants it.
    pub async fn until(&self, what: &str, wanted: impl Fn(&State) -> bool) -> State {
        let mut changed = self.changed.subscribe();
        let wait = async {
            loop {
                let state = self.state();
                if wanted(&state) {
                    return state;
                }
                changed.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(std::time::Duration::from_secs(5), wait).await {
            Ok(state) => state,
            Err(_) => panic!("the switch never had {what}: {:#?}", self.state()),
        }
    }
}
