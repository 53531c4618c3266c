use crate::call::Call;
use crate::chats::Talk;
use crate::orders::Orders;
use crate::presence::Agent;
use crate::session::{Lists, Session};
use crate::settle::Devices;
use crate::voice::Voice;
use crate::{Alert, Ask, Config, Effect, Input, Link, Order, Refusal, RefusalView, SignInFault};
use crate::{Snapshot, Sound, Verb};
use omnibar_model::{CommandId, Interaction, InteractionId, Moment, Presence};
use std::collections::VecDeque;
use std::time::Duration;

/// How long a refusal stays on the screen.
pub(crate) const REFUSAL_SHOWN: Duration = Duration::from_secs(6);

/// The agent's desk. See the crate's contract.
///
/// Effects are to be polled until `None` after every [`Desk::handle`].
#[derive(Debug)]
pub struct Desk {
    pub(crate) config: Config,
    /// The latest moment seen; time does not run backwards here.
    pub(crate) now: Moment,
    pub(crate) session: Session,
    pub(crate) link: Link,
    pub(crate) agent: Agent,
    /// In the order in which they arrived.
    pub(crate) calls: Vec<Call>,
    /// In the order in which they arrived.
    pub(crate) chats: Vec<Talk>,
    pub(crate) selected: Option<InteractionId>,
    pub(crate) orders: Orders,
    pub(crate) voice: Voice,
    pub(crate) muted: bool,
    pub(crate) devices: Devices,
    pub(crate) refusal: Option<RefusalView>,
    pub(crate) missed: Option<Interaction>,
    pub(crate) effects: VecDeque<Effect>,
    shown: Snapshot,
}

impl Desk {
    #[must_use]
    pub fn new(config: Config) -> Self {
        let session = Session::SignedOut { fault: None };
        let agent = Agent::default();
        let shown = Snapshot {
            session: session.view(),
            link: Link::Down,
            line: crate::LineState::Closed,
            presence: agent.view(),
            calls: Vec::new(),
            chats: Vec::new(),
            selected: None,
            muted: false,
            monitoring: None,
            can_dial: false,
            can_start_chat: false,
            can_sign_out: false,
            refusal: None,
            missed: None,
        };
        Self {
            config,
            now: Moment::ZERO,
            session,
            link: Link::Down,
            agent,
            calls: Vec::new(),
            chats: Vec::new(),
            selected: None,
            orders: Orders::default(),
            voice: Voice::default(),
            muted: false,
            devices: Devices::default(),
            refusal: None,
            missed: None,
            effects: VecDeque::new(),
            shown,
        }
    }

    /// Takes what has happened. A `now` before an earlier one counts as that one.
    pub fn handle(&mut self, now: Moment, input: Input) {
        self.now = self.now.max(now);
        self.expire();
        self.take(input);
        self.settle();
        let view = self.view();
        if view != self.shown {
            self.shown = view;
            self.effects.push_back(Effect::Changed);
        }
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to come back with [`Input::Tick`] if nothing happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        [
            self.refusal.as_ref().map(|r| r.since + REFUSAL_SHOWN),
            self.orders.deadline(),
            self.voice.deadline(),
            self.session.who().and_then(|who| who.leaving),
            self.next_reminder(),
            self.next_offer_end(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shown.clone()
    }

    /// The same, to look at.
    #[must_use]
    pub fn shown(&self) -> &Snapshot {
        &self.shown
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Ask { ask } => self.ask(ask),
            Input::Tick => {}
            Input::Configured { config } => self.config = config,
            Input::LinkChanged { link } => self.link_changed(link),
            Input::SessionOpened { start } => self.session_opened(start),
            Input::SignInFailed { fault } => self.sign_in_failed(fault),
            Input::Chosen { breaks, queues, ivrs } => {
                self.orders.forget_verb(Verb::Choose);
                self.session.chosen(Lists { breaks, queues, ivrs });
            }
            Input::SessionEnded { fault } => self.session_ended(fault),
            Input::Answered { command, result } => self.answered(command, result),
            Input::Synchronised {
                state,
                since,
                presence,
                next,
                monitoring,
                interactions,
                chats,
            } => {
                if self.session.who().is_some() {
                    self.link_changed(Link::Up);
                    self.agent.told(state, since, presence, next);
                    self.agent.monitoring = monitoring;
                    self.synchronise(interactions);
                    self.synchronise_chats(chats);
                }
            }
            Input::AgentChanged { state, since, presence, next, monitoring } => {
                if self.session.who().is_some() {
                    self.agent.told(state, since, presence, next);
                    self.agent.monitoring = monitoring;
                }
            }
            Input::InteractionChanged { interaction } => {
                if self.session.who().is_some() {
                    self.learn(interaction);
                }
            }
            Input::ChatChanged { chat } => {
                if self.session.who().is_some() {
                    self.learn_chat(chat);
                }
            }
            Input::LineChanged { line } => self.voice.changed(self.now, line),
            Input::LineGone => self.voice.gone(self.now),
            Input::NetworkChanged => self.voice.network_changed(self.now),
            Input::CallMeasured { interaction, record } => {
                if self.session.who().is_some() {
                    let command = self.orders.number();
                    let order = Order::Measured { interaction, record };
                    self.effects.push_back(Effect::Order { command, order });
                }
            }
        }
    }

    /// Does what was due at or before `now`.
    fn expire(&mut self) {
        let now = self.now;
        self.refusal.take_if(|r| r.since + REFUSAL_SHOWN <= now);
        for waiting in self.orders.take_overdue(now) {
            // It is shown as on its way, and the outbox goes on with it.
            if matches!(waiting.verb, Verb::Say) {
                continue;
            }
            self.agent.refused(waiting.command);
            if matches!(waiting.verb, Verb::Choose) {
                self.session.not_chosen(false);
            }
            let message =
                "The centre has not answered for 10 seconds. Check the call, then try again.";
            let reason = Refusal::Centre { verb: waiting.verb, message: message.to_owned() };
            self.refuse(waiting.ask, waiting.interaction, reason);
        }
        if self.session.who().and_then(|who| who.leaving).is_some_and(|t| t <= now) {
            self.session_ended(None);
        }
        self.remind();
    }

    fn link_changed(&mut self, link: Link) {
        let (was_up, is_up) = (self.link == Link::Up, link == Link::Up);
        self.link = link;
        if was_up == is_up || self.session.who().is_none() {
            return;
        }
        if is_up {
            self.orders.centre_is_back(self.now);
            self.alert(Alert::CentreBack);
        } else {
            self.orders.centre_is_away();
            self.alert(Alert::CentreLost);
        }
    }

    fn session_opened(&mut self, start: crate::SessionStart) {
        if matches!(self.session, Session::SignedOut { .. }) {
            // Given up meanwhile: nobody is there to use it.
            self.effects.push_back(Effect::CloseSession);
            return;
        }
        self.link_changed(Link::Up);
        if let Some(choice) = self.session.opened(start) {
            let ask = Ask::Choose {
                campaigns: choice.campaigns.clone(),
                extension: choice.extension.clone(),
            };
            self.order_choice(choice, ask);
        }
    }

    fn sign_in_failed(&mut self, fault: SignInFault) {
        match self.session {
            Session::SignedOut { .. } => {}
            Session::SigningIn { .. } => self.session_ended(Some(fault)),
            Session::Choosing { .. } | Session::SignedIn { .. } => match fault {
                // One try of a reconnection; the next may succeed.
                SignInFault::Unreachable { .. }
                | SignInFault::TooManyTries
                | SignInFault::Server { .. } => {}
                SignInFault::WrongCredentials
                | SignInFault::Elsewhere
                | SignInFault::BadAddress
                | SignInFault::NotRegistered { .. }
                | SignInFault::Version
                | SignInFault::Expired
                | SignInFault::TakenOver
                | SignInFault::Removed
                | SignInFault::Refused { .. } => self.session_ended(Some(fault)),
            },
        }
    }

    pub(crate) fn session_ended(&mut self, fault: Option<SignInFault>) {
        if matches!(self.session, Session::SignedOut { .. }) {
            return;
        }
        while let Some(last) = self.calls.len().checked_sub(1) {
            self.remove(last, None);
        }
        self.clear_chats();
        self.orders.clear();
        self.agent = Agent::default();
        self.link = Link::Down;
        (self.missed, self.refusal) = (None, None);
        self.session = Session::SignedOut { fault };
    }

    fn answered(&mut self, command: CommandId, result: Result<(), String>) {
        self.said(command, result.is_ok());
        let Some(waiting) = self.orders.answered(command, result.is_ok()) else {
            // Already timed out, or overtaken by the call's new state.
            return;
        };
        match result {
            Ok(()) => {
                self.agent.agreed(command, self.now);
                if matches!(waiting.verb, Verb::Note | Verb::Dispose) {
                    self.note_kept(waiting.interaction.as_ref());
                }
            }
            Err(message) => {
                self.agent.refused(command);
                if matches!(waiting.verb, Verb::Choose) {
                    self.session.not_chosen(true);
                }
                let reason = Refusal::Centre { verb: waiting.verb, message: sentence(message) };
                self.refuse(waiting.ask, waiting.interaction, reason);
            }
        }
    }

    pub(crate) fn refuse(&mut self, ask: Ask, interaction: Option<InteractionId>, reason: Refusal) {
        self.refusal = Some(RefusalView { interaction, reason: reason.clone(), since: self.now });
        self.effects.push_back(Effect::Refused { ask, reason });
    }

    pub(crate) fn alert(&mut self, alert: Alert) {
        self.effects.push_back(Effect::Alert { alert });
    }

    /// Two reasons for the same sound at once make one sound.
    pub(crate) fn play(&mut self, sound: Sound) {
        let effect = Effect::Play { sound };
        if !self.effects.contains(&effect) {
            self.effects.push_back(effect);
        }
    }

    pub(crate) fn presence_is_known(&self, presence: &Presence) -> bool {
        match presence {
            Presence::Offline | Presence::Available => true,
            Presence::Break { reason } => self
                .session
                .signed_in()
                .is_some_and(|(_, _, lists)| lists.breaks.iter().any(|b| b.id == *reason)),
        }
    }
}

/// What the centre says is shown to a person: a few lines at most.
fn sentence(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(500) {
        message.truncate(end);
    }
    message
}
