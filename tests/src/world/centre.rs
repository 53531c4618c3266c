use super::state::{Out, State};
use super::{Agent, Switchboard, ports};
use futures_util::{SinkExt, StreamExt};
use omnibar_backend::{Address, Reach, Reaching, Socket, Unreachable};
use omnibar_center::calls::Call;
use omnibar_center::core::CoreInput;
use omnibar_center::switch::SwitchEvent;
use omnibar_model::{AgentId, Cause, InteractionId, LegId, Party, PartyKind, PhoneNumber};
use omnibar_protocol::Command;
use omnibar_softphone::Clock;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::sync::{Notify, mpsc};
use tokio_tungstenite::tungstenite::Message;

/// The simulated world around agents: centre, switch, customers, cables.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) clock: Clock,
    state: Arc<Mutex<State>>,
    /// The centre's next deadline may be another one.
    changed: Arc<Notify>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Must be made in a runtime whose time is paused.
    #[must_use]
    pub fn new() -> Self {
        let clock = Clock::start();
        let world = Self {
            clock,
            state: Arc::new(Mutex::new(State::new(clock))),
            changed: Arc::new(Notify::new()),
        };
        tokio::spawn(world.clone().keep_time());
        world
    }

    /// An agent's desktop, not signed in.
    #[must_use]
    pub fn desktop(&self, user: &str) -> Agent {
        Agent::start(self, user, ports::Kept::default())
    }

    /// An agent who is signed in, has voice and is available.
    pub async fn agent(&self, user: &str) -> Agent {
        let agent = self.desktop(user);
        agent.go_to_work().await;
        agent
    }

    /// Lets everything happen that needs no time.
    pub async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    pub async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// Somebody calls the queue.
    pub fn customer(&self, number: &str) -> Customer {
        let leg = LegId::new(&format!("customer-{}", self.state().next()));
        self.with(|state| {
            state.switch.raise(&leg);
            let customer = Party {
                kind: PartyKind::Customer,
                name: String::new(),
                number: PhoneNumber::parse(number).ok(),
            };
            let arrived = CoreInput::Arrived {
                leg: leg.clone(),
                customer,
                customer_id: None,
                queue: super::QUEUE.into(),
                watched: true,
            };
            let answer = state.feed(arrived).expect("the queue takes the customer");
            let id = InteractionId::new(answer.as_str().expect("an interaction's id"));
            Customer { leg: leg.clone(), id }
        })
    }

    pub fn hangs_up(&self, customer: &Customer) {
        self.lost(&customer.leg, Cause::CustomerHungUp);
    }

    /// The party that was called last answers.
    pub fn answers(&self) -> LegId {
        self.with(|state| {
            let leg = state.switch.last_dialled().expect("somebody was called");
            state.switch.raise(&leg);
            state.feed(CoreInput::Switch(SwitchEvent::Up { leg: leg.clone() })).ok();
            leg
        })
    }

    /// The party that was called last does not answer.
    pub fn fails(&self, cause: Cause) {
        let leg = self.state().switch.last_dialled().expect("somebody was called");
        self.lost(&leg, cause);
    }

    fn lost(&self, leg: &LegId, cause: Cause) {
        self.with(|state| {
            state.switch.remove(leg);
            state.feed(CoreInput::Switch(SwitchEvent::Gone { leg: leg.clone(), cause })).ok();
        });
    }

    /// The switch loses the agent's voice leg.
    pub fn lose_voice(&self, user: &AgentId) {
        let leg = self.voice_of(user);
        self.lost(&leg, Cause::MediaFailed);
    }

    #[must_use]
    pub fn switch(&self) -> Switchboard {
        self.state().switch.clone()
    }

    #[must_use]
    pub fn voice_of(&self, user: &AgentId) -> LegId {
        self.state().core().session(user).expect("a session").leg.clone()
    }

    /// Commands that took effect.
    #[must_use]
    pub fn carried_out(&self) -> Vec<Command> {
        self.state().carried_out.iter().map(|(_, command)| command.clone()).collect()
    }

    /// Calls that are over.
    #[must_use]
    pub fn closed(&self) -> Vec<Call> {
        self.state().closed().to_vec()
    }

    /// Ends the centre as by kill -9. Its switch and its disk stay.
    pub fn kill_centre(&self) {
        self.with(State::kill);
    }

    /// The next command is carried out and stored; then the centre dies, before it
    /// has answered.
    pub fn kill_centre_after_next_command(&self) {
        self.with(|state| state.die_after_next = true);
    }

    pub fn start_centre(&self) {
        self.with(State::start);
    }

    pub(super) fn cut(&self, user: &AgentId) {
        self.with(|state| state.cut(user));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let done = act(&mut self.state());
        self.changed.notify_one();
        done
    }

    async fn keep_time(self) {
        loop {
            let deadline = self.state().deadline();
            let due = async {
                match deadline {
                    Some(instant) => tokio::time::sleep_until(instant).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.changed.notified() => {}
                () = due => self.with(State::tick),
            }
        }
    }

    async fn serve(self, stream: DuplexStream, id: u64, mut out: mpsc::UnboundedReceiver<Out>) {
        let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
        loop {
            tokio::select! {
                biased;
                order = out.recv() => match order {
                    Some(Out::Text(text)) => {
                        if socket.send(Message::text(text)).await.is_err() {
                            break;
                        }
                    }
                    Some(Out::Close) => {
                        socket.close(None).await.ok();
                        break;
                    }
                    Some(Out::Cut) | None => break,
                },
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.with(|state| state.frame(id, &text)),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                },
            }
        }
        self.with(|state| state.gone(id));
    }
}

/// Somebody who has called.
#[derive(Clone, Debug)]
pub struct Customer {
    pub leg: LegId,
    pub id: InteractionId,
}

/// One agent's cable to the centre.
#[derive(Debug)]
pub(super) struct Cable {
    pub(super) world: World,
    pub(super) plugged: Arc<AtomicBool>,
}

impl Reach for Cable {
    fn reach(&self, address: &Address) -> Reaching {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (sender, out) = mpsc::unbounded_channel();
        let plugged = self.plugged.load(Ordering::SeqCst) && address.host() == "centre.test";
        let id = plugged.then(|| self.world.with(|state| state.connect(sender))).flatten();
        if let Some(id) = id {
            tokio::spawn(self.world.clone().serve(far, id, out));
        }
        Box::pin(async move {
            match id {
                Some(_) => Ok(Box::new(near) as Socket),
                None => Err(Unreachable("The centre cannot be reached. Check the cable.".into())),
            }
        })
    }

    fn tls(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<rustls::ClientConfig>, Unreachable>> + Send + '_>>
    {
        Box::pin(async { Err(Unreachable("Memory needs no TLS.".into())) })
    }
}
