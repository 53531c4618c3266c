//! A desk with an agent at it, a centre that does what it is told, and pages.

use omnibar_contract::*;
use omnibar_desk::*;
use omnibar_dock::omni::{Act, Audience, Caller, Docked, Omni, Right};
use omnibar_model::*;
use omnibar_softphone::{EndpointAnswer, EndpointCall};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const CRM: u32 = 1;
pub(crate) const APP: u32 = 2;
pub(crate) const ORIGIN: &str = "https://crm.example";
pub(crate) const ALL: Rights = Rights { events: true, control: true, customers: true, dial: true };
/// 2025-07-14T08:31:48.925Z, when the desk's clock reads 1 000 000.
const EPOCH: i64 = 1_752_481_908_925;

pub(crate) type Told = Result<Value, SdkError>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happened {
    pub(crate) to: Audience,
    pub(crate) namespace: &'static str,
    pub(crate) event: &'static str,
    pub(crate) payload: Value,
    pub(crate) needs: Right,
    pub(crate) discreet: Option<Value>,
}

pub(crate) struct World {
    pub(crate) omni: Omni,
    pub(crate) desk: Desk,
    pub(crate) now: u64,
    pub(crate) view: View,
    pub(crate) answers: BTreeMap<u32, Told>,
    pub(crate) happened: Vec<Happened>,
    pub(crate) asks: Vec<(u64, EndpointCall)>,
    pub(crate) alerts: Vec<(String, String)>,
    /// The centre's sentence for the next order.
    pub(crate) refusing: Option<String>,
    /// The centre does not answer orders.
    pub(crate) silent: bool,
    /// Orders that reached the centre.
    pub(crate) orders: Vec<Order>,
    pub(crate) assigned: Vec<Campaign>,
    last_id: u32,
    dialled: u32,
}

impl World {
    /// Nobody has signed in; two pages are docked.
    pub(crate) fn new() -> Self {
        let desk = Desk::new(Config::default());
        let view = View {
            revision: 1,
            now: Moment(1_000_000),
            desk: desk.snapshot(),
            audio: AudioView::default(),
            voice: VoiceView::default(),
            connection: omnibar_contract::ConnectionTest::default(),
            buttons: ButtonsView::default(),
            directory: DirectoryView::default(),
            history: HistoryView::default(),
            settings: Settings::default(),
            remembered: Remembered {
                centre: "wss://centre.example/ws/agent".into(),
                user: None,
                password: false,
                account: None,
            },
            window: WindowView::default(),
            notices: Vec::new(),
            dock: DockView::default(),
            callbacks: Vec::new(),
            voicemail: None,
        };
        let mut world = Self {
            omni: Omni::new(),
            desk,
            now: 1_000_000,
            view,
            answers: BTreeMap::new(),
            happened: Vec::new(),
            asks: Vec::new(),
            alerts: Vec::new(),
            refusing: None,
            silent: false,
            orders: Vec::new(),
            assigned: vec![campaign("in", 101), campaign("out", 102)],
            last_id: 0,
            dialled: 0,
        };
        world.dock(CRM, ORIGIN, PageContext::Crm, "ameyoIframe", "");
        world.dock(APP, "https://app.example", PageContext::App, "notes-1", "notes");
        world.show();
        assert_eq!(world.happened, [], "the first view makes no events");
        world
    }

    /// `agent1` works for both campaigns and is available.
    pub(crate) fn available() -> Self {
        let mut world = Self::new();
        assert_eq!(world.login("agent1", "right"), None);
        let campaigns = vec!["in".into(), "out".into()];
        world.ask(Ask::Choose { campaigns, extension: "centre".into() });
        world.be(AgentState::Available, Presence::Available);
        world.happened.clear();
        world.answers.clear();
        world
    }

    /// The agent speaks with a customer.
    pub(crate) fn in_call() -> Self {
        let mut world = Self::available();
        world.learn(offer("i1"));
        world.learn(talking("i1"));
        world.happened.clear();
        world
    }

    pub(crate) fn dock(
        &mut self,
        page: u32,
        origin: &str,
        context: PageContext,
        instance: &str,
        app: &str,
    ) {
        let (origin, instance, app) = (origin.into(), instance.into(), app.into());
        self.omni.opened(Docked {
            page,
            origin,
            context,
            instance,
            app,
            fields: serde_json::Value::Null,
        });
    }

    pub(crate) fn unix(&self) -> i64 {
        EPOCH + i64::try_from(self.now).unwrap() - 1_000_000
    }

    /// `None`: no answer yet.
    pub(crate) fn login(&mut self, user: &str, password: &str) -> Option<Told> {
        self.call("session.login", &[json!(user), json!(password)])
    }

    /// Calls as the CRM page with all rights.
    pub(crate) fn call(&mut self, api: &str, arguments: &[Value]) -> Option<Told> {
        self.call_as(CRM, ALL, api, arguments)
    }

    pub(crate) fn call_as(
        &mut self,
        page: u32,
        rights: Rights,
        api: &str,
        arguments: &[Value],
    ) -> Option<Told> {
        self.last_id += 1;
        let id = self.last_id;
        let is_app = page == APP;
        let caller = Caller {
            page,
            id,
            origin: if is_app { "https://app.example".into() } else { ORIGIN.into() },
            context: if is_app { PageContext::App } else { PageContext::Crm },
            instance: if is_app { "notes-1".into() } else { "ameyoIframe".into() },
            app: if is_app { "notes".into() } else { String::new() },
            rights,
        };
        let acts = self.omni.call(self.unix(), caller, api, arguments, &self.view);
        let is_answered = acts.iter().any(|act| match act {
            Act::Done { id: of, .. } | Act::Failed { id: of, .. } => *of == id,
            Act::Event { .. } | Act::Intent(_) | Act::Ask { .. } | Act::Alert { .. } => false,
        });
        self.act(acts);
        is_answered.then(|| self.answers.remove(&id)).flatten()
    }

    /// Of a call that must have been answered at once.
    pub(crate) fn value(&mut self, api: &str, arguments: &[Value]) -> Value {
        self.call(api, arguments).expect("an answer").expect("a result")
    }

    pub(crate) fn error(&mut self, api: &str, arguments: &[Value]) -> SdkError {
        self.call(api, arguments).expect("an answer").expect_err("an error")
    }

    /// The one answer that has come since.
    pub(crate) fn answer(&mut self) -> Told {
        assert_eq!(self.answers.len(), 1, "{:?}", self.answers);
        self.answers.pop_first().unwrap().1
    }

    /// Answers the only question that is open.
    pub(crate) fn centre_says(&mut self, status: u16, body: Value) -> EndpointCall {
        assert_eq!(self.asks.len(), 1, "{:?}", self.asks);
        let (ticket, call) = self.asks.remove(0);
        let answer = Ok(EndpointAnswer { status, body });
        let acts = self.omni.answered(self.unix(), ticket, answer, &self.view);
        self.act(acts);
        call
    }

    pub(crate) fn press(&mut self, intent: &DockIntent) {
        let acts = self.omni.agent_asked(self.unix(), intent, &self.view);
        self.act(acts);
    }

    pub(crate) fn shown(&self) -> DockView {
        let mut dock = DockView::default();
        self.omni.decorate(&mut dock);
        dock
    }

    /// The only event of that name since the last look.
    pub(crate) fn event(&mut self, name: &str) -> Happened {
        let found = self.events(name);
        assert_eq!(found.len(), 1, "{name} among {:?}", self.names());
        found[0].clone()
    }

    pub(crate) fn events(&self, name: &str) -> Vec<Happened> {
        self.happened.iter().filter(|h| h.event == name).cloned().collect()
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.happened.iter().map(|h| h.event).collect()
    }

    pub(crate) fn ask(&mut self, ask: Ask) {
        self.input(Input::Ask { ask });
    }

    pub(crate) fn learn(&mut self, interaction: Interaction) {
        self.input(Input::InteractionChanged { interaction });
    }

    pub(crate) fn be(&mut self, state: AgentState, presence: Presence) {
        let since = Moment(self.now);
        self.input(Input::AgentChanged { state, since, presence, next: None, monitoring: None });
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.now += ms;
        let acts = self.omni.tick(self.unix());
        self.act(acts);
    }

    /// To the desk, what the centre says to it, and the view to the pages.
    pub(crate) fn input(&mut self, input: Input) {
        self.desk.handle(Moment(self.now), input);
        let mut said = Vec::new();
        while let Some(effect) = self.desk.poll_effect() {
            match effect {
                Effect::Order { command, order } => said.extend(self.obey(command, order)),
                Effect::CloseSession => said.push(Input::SessionEnded { fault: None }),
                _ => {}
            }
        }
        self.show();
        for input in said {
            self.input(input);
        }
    }

    fn show(&mut self) {
        self.view.revision += 1;
        self.view.now = Moment(self.now);
        self.view.desk = self.desk.snapshot();
        self.view.dock = self.shown();
        let acts = self.omni.view_changed(self.unix(), &self.view);
        self.act(acts);
    }

    fn act(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Done { id, value, .. } => {
                    assert_eq!(self.answers.insert(id, Ok(value)), None, "two answers");
                }
                Act::Failed { id, error, .. } => {
                    assert_eq!(self.answers.insert(id, Err(error)), None, "two answers");
                }
                Act::Event { to, namespace, event, payload, needs, discreet } => {
                    let h = Happened { to, namespace, event, payload, needs, discreet };
                    self.happened.push(h);
                }
                Act::Intent(Intent::Desk { ask }) => self.ask(ask),
                Act::Intent(Intent::SignIn {
                    centre,
                    user,
                    password,
                    remember,
                    take_over,
                    account: None,
                }) => {
                    assert!(!remember, "a page's password is not kept");
                    let secret = password.unwrap().into_secret();
                    self.sign_in(centre, user, secret.expose(), take_over);
                }
                Act::Intent(other) => panic!("{other:?}"),
                Act::Ask { ticket, call } => self.asks.push((ticket, call)),
                Act::Alert { subject, message } => self.alerts.push((subject, message)),
            }
        }
    }

    /// `taken` is signed in elsewhere; passwords other than `right` are wrong.
    fn sign_in(&mut self, centre: String, user: AgentId, password: &str, take_over: bool) {
        let fault = match (password, user.as_str()) {
            ("right", "taken") if !take_over => Some(SignInFault::Elsewhere),
            ("right", _) => None,
            _ => Some(SignInFault::WrongCredentials),
        };
        self.ask(Ask::SignIn { centre, user, take_over });
        if let Some(fault) = fault {
            return self.input(Input::SignInFailed { fault });
        }
        self.input(Input::LinkChanged { link: Link::Up });
        let start = SessionStart {
            handle: "ses-agent1-1".into(),
            name: "Agent One".into(),
            centre: "Test centre".into(),
            resumed: false,
            campaigns: self.assigned.clone(),
            extensions: vec![
                Extension {
                    id: "1001".into(),
                    name: "Desk phone".into(),
                    kind: ExtensionKind::Phone,
                },
                Extension {
                    id: "centre".into(),
                    name: "This app".into(),
                    kind: ExtensionKind::Centre,
                },
            ],
            unasked: false,
        };
        self.input(Input::SessionOpened { start });
    }

    fn obey(&mut self, command: CommandId, order: Order) -> Vec<Input> {
        self.orders.push(order.clone());
        if self.silent {
            return Vec::new();
        }
        if let Some(words) = self.refusing.take() {
            return vec![Input::Answered { command, result: Err(words) }];
        }
        let mut said = match order {
            Order::Choose { .. } => vec![chosen()],
            Order::Dial { campaign, number } => {
                self.dialled += 1;
                let mut interaction = talking(&format!("o{}", self.dialled));
                interaction.direction = Direction::Outbound;
                interaction.campaign = campaign;
                interaction.queue = None;
                interaction.customer.number = Some(number);
                interaction.conversation = Conversation::Ringing;
                interaction.connected_at = None;
                vec![Input::InteractionChanged { interaction }]
            }
            Order::End { interaction } => vec![self.over(&interaction, Cause::AgentHungUp)],
            Order::Transfer { interaction, .. } | Order::Complete { interaction } => {
                vec![self.over(&interaction, Cause::Transferred)]
            }
            Order::Dispose { interaction, .. } => {
                let mut gone = self.interaction(&interaction);
                gone.conversation = Conversation::Ended;
                vec![Input::InteractionChanged { interaction: gone }]
            }
            Order::Chat { ask } => crate::chats::obey(self, ask),
            _ => Vec::new(),
        };
        said.push(Input::Answered { command, result: Ok(()) });
        said
    }

    pub(crate) fn over(&self, id: &InteractionId, cause: Cause) -> Input {
        let mut interaction = self.interaction(id);
        interaction.conversation = Conversation::Wrapping { until: None };
        interaction.cause = Some(cause);
        interaction.legs.clear();
        Input::InteractionChanged { interaction }
    }

    pub(crate) fn interaction(&self, id: &InteractionId) -> Interaction {
        let calls = self.desk.snapshot().calls;
        calls.into_iter().find(|c| c.interaction.id == *id).unwrap().interaction
    }
}

pub(crate) fn campaign(id: &str, number: u32) -> Campaign {
    let code = |id: &str, number, name: &str| DispositionCode {
        id: id.into(),
        number,
        name: name.into(),
        callback: false,
    };
    Campaign {
        id: id.into(),
        number,
        name: format!("Campaign {id}"),
        kind: CampaignKind::Inbound,
        mask_numbers: false,
        wrap_up_ms: None,
        dispositions: vec![
            DispositionClass {
                number: 588,
                name: "Status".into(),
                codes: vec![code("open", 1344, "Open"), code("closed", 1345, "Closed")],
            },
            DispositionClass {
                number: 589,
                name: "Sale".into(),
                codes: vec![code("sold", 1400, "Sold")],
            },
        ],
    }
}

pub(crate) fn offer(id: &str) -> Interaction {
    let conversation = Conversation::Offered { expires: Moment(1_020_000) };
    Interaction { conversation, connected_at: None, ..talking(id) }
}

pub(crate) fn talking(id: &str) -> Interaction {
    let customer = Party {
        kind: PartyKind::Customer,
        name: "Customer One".into(),
        number: PhoneNumber::parse("+15550101").ok(),
    };
    Interaction {
        id: id.into(),
        channel: Channel::Voice,
        direction: Direction::Inbound,
        campaign: "in".into(),
        queue: Some("q1".into()),
        customer: customer.clone(),
        customer_id: None,
        record: None,
        owner: true,
        conversation: Conversation::Connected,
        since: Moment(999_000),
        connected_at: Some(Moment(999_000)),
        legs: vec![Leg {
            id: format!("leg-of-{id}").as_str().into(),
            party: customer,
            state: LegState::Connected,
            consult: false,
            destination: None,
        }],
        conference: false,
        diverted: Vec::new(),
        recording: false,
        recording_paused: false,
        monitored: None,
        cause: None,
        note: String::new(),
    }
}

fn chosen() -> Input {
    Input::Chosen {
        breaks: vec![BreakReason { id: "lunch".into(), name: "Lunch-Break".into() }],
        queues: vec![Queue {
            id: "q1".into(),
            number: 201,
            name: "Support".into(),
            campaign: "in".into(),
        }],
        ivrs: Vec::new(),
    }
}
