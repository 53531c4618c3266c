//! A desk with an agent at it, for tests.

use omnibar_desk::*;
use omnibar_model::*;

pub(crate) struct Bench {
    pub(crate) desk: Desk,
    pub(crate) now: Moment,
    /// Effects of the last input.
    pub(crate) effects: Vec<Effect>,
}

impl Bench {
    /// Nobody has signed in yet.
    pub(crate) fn empty(config: Config) -> Self {
        Self { desk: Desk::new(config), now: Moment(1_000), effects: Vec::new() }
    }

    /// Signed in, the line up, available.
    pub(crate) fn available() -> Self {
        Self::with(Config::default(), "centre")
    }

    pub(crate) fn with(config: Config, extension: &str) -> Self {
        let mut b = Self::empty(config);
        b.ask(Ask::SignIn {
            centre: "ws://127.0.0.1:1".into(),
            user: "agent1".into(),
            take_over: false,
        });
        b.input(Input::LinkChanged { link: Link::Up });
        b.input(Input::SessionOpened { start: start(false) });
        b.ask(Ask::Choose {
            campaigns: vec!["in".into(), "out".into()],
            extension: extension.into(),
        });
        let choose = b.command();
        b.input(chosen());
        b.input(Input::Answered { command: choose, result: Ok(()) });
        if extension == "centre" {
            b.line(LineState::Connecting);
            b.line(LineState::Up);
        }
        b.agent(AgentState::Available, Presence::Available, None);
        b
    }

    pub(crate) fn input(&mut self, input: Input) -> &[Effect] {
        self.desk.handle(self.now, input);
        self.effects = std::iter::from_fn(|| self.desk.poll_effect()).collect();
        if let Some(deadline) = self.desk.deadline() {
            assert!(deadline > self.now, "deadline {deadline:?} is not after {:?}", self.now);
        }
        &self.effects
    }

    pub(crate) fn ask(&mut self, ask: Ask) -> &[Effect] {
        self.input(Input::Ask { ask })
    }

    pub(crate) fn line(&mut self, line: LineState) -> &[Effect] {
        self.input(Input::LineChanged { line })
    }

    pub(crate) fn agent(&mut self, state: AgentState, presence: Presence, next: Option<Presence>) {
        let since = self.now;
        self.input(Input::AgentChanged { state, since, presence, next, monitoring: None });
    }

    pub(crate) fn told(&mut self, interaction: Interaction) -> &[Effect] {
        self.input(Input::InteractionChanged { interaction })
    }

    pub(crate) fn synchronise(&mut self, interactions: Vec<Interaction>) -> &[Effect] {
        self.input(Input::Synchronised {
            state: AgentState::Available,
            since: self.now,
            presence: Presence::Available,
            next: None,
            monitoring: None,
            interactions,
            chats: Vec::new(),
        })
    }

    /// Lets time pass, with a tick at every deadline, and collects what is done.
    pub(crate) fn pass(&mut self, ms: u64) -> Vec<Effect> {
        let end = Moment(self.now.0 + ms);
        let mut all = Vec::new();
        while let Some(next) = self.desk.deadline().filter(|d| *d <= end) {
            self.now = next;
            all.extend_from_slice(self.input(Input::Tick));
        }
        self.now = end;
        all.extend_from_slice(self.input(Input::Tick));
        all
    }

    /// The command of the last input.
    pub(crate) fn command(&self) -> CommandId {
        self.orders().pop().expect("an order").0
    }

    pub(crate) fn orders(&self) -> Vec<(CommandId, Order)> {
        self.effects
            .iter()
            .filter_map(|e| match e {
                Effect::Order { command, order } => Some((*command, order.clone())),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        self.effects
            .iter()
            .filter_map(|e| match e {
                Effect::Refused { reason, .. } => Some(reason.clone()),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn did(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }

    pub(crate) fn call(&self, id: &str) -> Option<CallView> {
        self.desk.snapshot().calls.into_iter().find(|c| c.interaction.id.as_str() == id)
    }

    pub(crate) fn offered(&self) -> Conversation {
        Conversation::Offered { expires: Moment(self.now.0 + 20_000) }
    }
}

pub(crate) const MIC_OPEN: Effect = Effect::SetMicrophone { open: true };
pub(crate) const MIC_CLOSED: Effect = Effect::SetMicrophone { open: false };
pub(crate) const IN_CALL: Effect = Effect::SetInCall { on: true };
pub(crate) const NOT_IN_CALL: Effect = Effect::SetInCall { on: false };

pub(crate) fn play(sound: Sound) -> Effect {
    Effect::Play { sound }
}

pub(crate) fn start(resumed: bool) -> SessionStart {
    SessionStart {
        handle: "ses-agent1-1".into(),
        name: "Agent One".into(),
        centre: "Test centre".into(),
        resumed,
        campaigns: vec![
            campaign("in", CampaignKind::Inbound),
            campaign("out", CampaignKind::Outbound),
        ],
        extensions: vec![
            extension("centre", ExtensionKind::Centre),
            extension("1001", ExtensionKind::Phone),
        ],
        unasked: false,
    }
}

pub(crate) fn chosen() -> Input {
    Input::Chosen {
        breaks: vec![BreakReason { id: "lunch".into(), name: "Lunch".into() }],
        queues: vec![Queue {
            id: "q1".into(),
            number: 201,
            name: "Support".into(),
            campaign: "in".into(),
        }],
        ivrs: vec![],
    }
}

pub(crate) fn interaction(id: &str, conversation: Conversation) -> Interaction {
    let mut customer = leg("l1", leg_state(conversation));
    customer.party.kind = PartyKind::Customer;
    Interaction {
        id: id.into(),
        channel: Channel::Voice,
        direction: Direction::Inbound,
        campaign: "in".into(),
        queue: Some("q1".into()),
        customer: Party {
            kind: PartyKind::Customer,
            name: "Customer One".into(),
            number: PhoneNumber::parse("+15550101").ok(),
        },
        customer_id: None,
        record: None,
        owner: true,
        conversation,
        since: Moment(1),
        connected_at: None,
        legs: vec![customer],
        conference: false,
        diverted: Vec::new(),
        recording: false,
        recording_paused: false,
        monitored: None,
        cause: None,
        note: String::new(),
    }
}

pub(crate) fn dialled(id: &str, conversation: Conversation) -> Interaction {
    Interaction { direction: Direction::Outbound, ..interaction(id, conversation) }
}

pub(crate) fn over(id: &str, conversation: Conversation, cause: Cause) -> Interaction {
    Interaction { cause: Some(cause), ..interaction(id, conversation) }
}

/// The customer is held and a colleague is being consulted.
pub(crate) fn consulting(id: &str, state: LegState) -> Interaction {
    let mut i = interaction(id, Conversation::Held);
    i.legs.push(Leg { consult: true, ..leg("l2", state) });
    i
}

pub(crate) fn leg(id: &str, state: LegState) -> Leg {
    let party = Party { kind: PartyKind::Agent, name: String::new(), number: None };
    Leg { id: id.into(), party, state, consult: false, destination: None }
}

fn leg_state(conversation: Conversation) -> LegState {
    match conversation {
        Conversation::Offered { .. } | Conversation::Ringing => LegState::Ringing,
        Conversation::Connected => LegState::Connected,
        Conversation::Held => LegState::Held,
        Conversation::Wrapping { .. } | Conversation::Ended => {
            LegState::Ended { cause: Cause::CustomerHungUp }
        }
    }
}

fn campaign(id: &str, kind: CampaignKind) -> Campaign {
    let codes = vec![DispositionCode {
        id: "done".into(),
        number: 1010,
        name: "Done".into(),
        callback: false,
    }];
    Campaign {
        id: id.into(),
        number: 101,
        name: id.into(),
        kind,
        mask_numbers: false,
        wrap_up_ms: Some(30_000),
        dispositions: vec![DispositionClass { number: 1, name: "All".into(), codes }],
    }
}

fn extension(id: &str, kind: ExtensionKind) -> Extension {
    Extension { id: id.into(), name: id.into(), kind }
}
