use futures_util::{SinkExt, StreamExt};
use omnibar_contract::{
    AudioIntent, DockIntent, Intent, Meter, Password, Remembered, Rights, Settings, SettingsIntent,
    View, WindowIntent, WindowView,
};
use omnibar_desk::{Alert, Ask, Order, SessionStart, SessionView, Snapshot, Sound};
use omnibar_dock::omni::Items;
use omnibar_dock::{DockConfig, Keeper, Kept, KeptOrigin, Loopback, Open};
use omnibar_model::{
    AgentId, AgentState, Campaign, CampaignKind, Channel, CommandId, Conversation, Direction,
    Extension, ExtensionKind, Interaction, InteractionId, Moment, Party, PartyKind, PhoneNumber,
    Presence, Secret,
};
use omnibar_softphone::{
    AgentNews, Audio, Buttons, Centre, CentreEvent, Clock, Doors, EndpointAnswer, EndpointCall,
    Endpoints, Event, IceServer, Inbox, Initial, Line, Ports, Probe, Shell, SignIn, Softphone,
    VoiceSignal,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message, http};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// For something that must come.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where the agent signs in, and what its pages' origin is.
const CENTRE: &str = "ws://127.0.0.1:7340";
pub(crate) const TOOLBAR: &str = "http://127.0.0.1:7340";
pub(crate) const CRM: &str = "https://crm.example";

pub(crate) fn rights(list: &str) -> Rights {
    Rights {
        events: list.contains("events"),
        control: list.contains("control"),
        customers: list.contains("customers"),
        dial: list.contains("dial"),
    }
}

/// A desktop at work, with a dock.
pub(crate) struct Rig {
    pub(crate) doors: Doors,
    pub(crate) open: Open,
    pub(crate) port: u16,
    pub(crate) orders: Arc<Mutex<Vec<Order>>>,
    pub(crate) kept: Arc<Mutex<KeptNow>>,
    inbox: Inbox,
}

/// What the desktop was given to keep.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeptNow {
    pub(crate) origins: Vec<KeptOrigin>,
    pub(crate) tokens: Vec<(String, Option<Secret>)>,
    pub(crate) stores: Vec<(String, Items)>,
}

impl Rig {
    pub(crate) async fn new() -> Self {
        Self::with(KeptNow::default()).await
    }

    /// The app is started anew on the same machine, and the agent has signed in.
    pub(crate) async fn with(before: KeptNow) -> Self {
        let (inbox, events) = Inbox::new();
        let (port, dock) = omnibar_dock::new(inbox.clone());
        let orders: Arc<Mutex<Vec<Order>>> = Arc::default();
        let centre = Simulated { inbox: inbox.clone(), orders: Arc::clone(&orders) };
        let ports = Ports {
            centre: Box::new(centre),
            line: Box::new(Silent),
            audio: Box::new(Silent),
            shell: Box::new(Silent),
            buttons: Box::new(Silent),
            dock: Box::new(port),
            probe: Box::new(Silent),
        };
        let initial = Initial {
            check: false,
            settings: Settings::default(),
            remembered: Remembered::default(),
            window: WindowView::default(),
            transcript: None,
        };
        let doors = Softphone::start(ports, events, Clock::start(), initial);
        let kept: Arc<Mutex<KeptNow>> = Arc::default();
        let (keychain, recalled) = oneshot::channel();
        let tokens = before.tokens.into_iter().filter_map(|(o, t)| Some((o, t?))).collect();
        keychain.send(tokens).unwrap();
        let config = DockConfig {
            loopback: Loopback::Port(0),
            version: "0.0.0-test",
            extra_ca: None,
            kept: Kept { origins: before.origins, tokens: Some(recalled), stores: before.stores },
            keeper: Box::new(Keeps(Arc::clone(&kept))),
        };
        let open = dock.open(doors.clone(), Arc::new(Nobody), config);
        let port = open.port.unwrap();
        let rig = Self { doors, open, port, orders, kept, inbox };
        rig.sign_in("agent1").await;
        rig
    }

    pub(crate) async fn sign_in(&self, user: &str) {
        self.doors
            .post(Intent::SignIn {
                centre: CENTRE.into(),
                user: user.into(),
                password: Some(Password::from("sesame".to_owned())),
                remember: false,
                take_over: false,
                account: None,
            })
            .unwrap();
        let choosing = |v: &View| matches!(v.desk.session, SessionView::Choosing { .. });
        self.until("the choice", choosing).await;
        let ask = Ask::Choose { campaigns: vec!["in".into()], extension: "centre".into() };
        self.doors.post(Intent::Desk { ask }).unwrap();
        let signed_in = |v: &View| matches!(v.desk.session, SessionView::SignedIn { .. });
        self.until("the session", signed_in).await;
    }

    pub(crate) async fn sign_out(&self) {
        self.doors.post(Intent::Desk { ask: Ask::SignOut }).unwrap();
        let out = |v: &View| matches!(v.desk.session, SessionView::SignedOut { .. });
        self.until("the end of the session", out).await;
    }

    pub(crate) fn window(&self, ask: DockIntent) {
        self.doors.post(Intent::Dock { ask }).unwrap();
    }

    pub(crate) async fn allow(&self, origin: &str, list: &str) {
        self.window(DockIntent::Allow { origin: origin.into(), rights: rights(list) });
        let want = omnibar_contract::Standing::Allowed { rights: rights(list) };
        let allowed =
            |v: &View| v.dock.origins.iter().any(|o| o.origin == origin && o.standing == want);
        self.until("the permission", allowed).await;
    }

    pub(crate) fn centre(&self, event: CentreEvent) {
        self.inbox.post(Event::Centre(event));
    }

    pub(crate) fn interaction(&self, id: &str, conversation: Conversation) {
        self.centre(CentreEvent::InteractionChanged(interaction(id, conversation)));
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&View) -> bool) -> Arc<View> {
        let mut views = self.doors.views();
        let wait = views.wait_for(|view| holds(view));
        let view = timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what} did not come"));
        Arc::clone(&view.unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/dock", self.port)
    }

    pub(crate) async fn page(&self) -> Page {
        Page::connect(&self.url(), Some(TOOLBAR)).await.unwrap()
    }

    /// A page that is docked.
    pub(crate) async fn docked(&self, origin: &str) -> Page {
        let mut page = self.page().await;
        page.hello(origin, json!({})).await;
        page.until("welcome").await;
        page
    }
}

/// A toolbar frame in a page.
pub(crate) struct Page(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Page {
    pub(crate) async fn connect(url: &str, origin: Option<&str>) -> Result<Self, Box<Error>> {
        let mut request = url.into_client_request().map_err(Box::new)?;
        if let Some(origin) = origin {
            let value = http::HeaderValue::from_str(origin).unwrap();
            request.headers_mut().insert(http::header::ORIGIN, value);
        }
        let connected = tokio_tungstenite::connect_async(request).await.map_err(Box::new)?;
        Ok(Self(connected.0))
    }

    pub(crate) async fn say(&mut self, said: Value) {
        self.0.send(Message::text(said.to_string())).await.unwrap();
    }

    /// `more` is laid over the usual hello.
    pub(crate) async fn hello(&mut self, origin: &str, more: Value) {
        let mut hello = json!({"say": "hello", "origin": origin, "context": "crm",
                               "instance": "ameyoIframe", "app": "", "token": null, "last": null});
        for (key, value) in more.as_object().unwrap() {
            hello[key] = value.clone();
        }
        self.say(hello).await;
    }

    /// `None`: the connection has ended.
    pub(crate) async fn hear(&mut self) -> Option<Value> {
        loop {
            let next = timeout(PATIENCE, self.0.next()).await.expect("a word, or the end");
            match next {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next frame that says this; others are left out.
    pub(crate) async fn until(&mut self, say: &str) -> Value {
        loop {
            let heard = self.hear().await.unwrap_or_else(|| panic!("ended before {say}"));
            if heard["say"] == say {
                return heard;
            }
            assert_ne!(heard["say"], "refused", "instead of {say}: {heard}");
        }
    }

    /// The error with which the core sends the page away, and then the end.
    pub(crate) async fn refused(&mut self) -> Value {
        let mut error = None;
        while let Some(heard) = self.hear().await {
            if heard["say"] == "refused" {
                error = Some(heard["error"].clone());
            }
        }
        error.expect("a refusal before the end")
    }

    /// The answer to a call; events and views before it are left out.
    pub(crate) async fn call(&mut self, id: u32, api: &str, arguments: Value) -> Value {
        self.say(json!({"say": "call", "id": id, "api": api, "arguments": arguments})).await;
        self.answer(id).await
    }

    pub(crate) async fn answer(&mut self, id: u32) -> Value {
        loop {
            let heard = self.hear().await.expect("an answer");
            if heard["id"] == id {
                return heard;
            }
        }
    }
}

/// One HTTP request, written by hand: status, head in lower case, body.
pub(crate) async fn http(port: u16, request: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.replace('\n', "\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

pub(crate) fn interaction(id: &str, conversation: Conversation) -> Interaction {
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
        queue: None,
        customer,
        customer_id: Some(7),
        record: None,
        owner: true,
        conversation,
        since: Moment(1),
        connected_at: (conversation == Conversation::Connected).then_some(Moment(1)),
        legs: Vec::new(),
        conference: false,
        diverted: Vec::new(),
        recording: false,
        recording_paused: false,
        monitored: None,
        cause: None,
        note: String::new(),
    }
}

pub(crate) fn offered() -> Conversation {
    Conversation::Offered { expires: Moment(600_000) }
}

/// A centre that says yes.
struct Simulated {
    inbox: Inbox,
    orders: Arc<Mutex<Vec<Order>>>,
}

impl Simulated {
    fn tell(&self, event: CentreEvent) {
        self.inbox.post(Event::Centre(event));
    }
}

impl Centre for Simulated {
    fn open(&mut self, sign_in: SignIn) {
        let campaign = Campaign {
            id: "in".into(),
            number: 101,
            name: "Inbound".into(),
            kind: CampaignKind::Inbound,
            mask_numbers: false,
            wrap_up_ms: None,
            dispositions: Vec::new(),
        };
        self.tell(CentreEvent::LinkChanged(omnibar_desk::Link::Up));
        self.tell(CentreEvent::Opened(SessionStart {
            handle: format!("ses-{}", sign_in.user),
            name: "Agent".into(),
            centre: "Test centre".into(),
            resumed: false,
            campaigns: vec![campaign],
            extensions: vec![Extension {
                id: "centre".into(),
                name: "This computer".into(),
                kind: ExtensionKind::Centre,
            }],
            unasked: false,
        }));
    }

    fn close(&mut self) {
        self.tell(CentreEvent::Ended(None));
    }

    fn order(&mut self, command: CommandId, order: Order) {
        let chosen = matches!(order, Order::Choose { .. });
        self.orders.lock().unwrap().push(order);
        if chosen {
            let (breaks, queues, ivrs, ice_servers) = (vec![], vec![], vec![], vec![]);
            self.tell(CentreEvent::Chosen { breaks, queues, ivrs, ice_servers });
            self.tell(CentreEvent::AgentChanged(AgentNews {
                state: AgentState::Available,
                since: Moment(1),
                presence: Presence::Available,
                next: None,
                monitoring: None,
            }));
        }
        self.tell(CentreEvent::Answered { command, result: Ok(()) });
    }

    fn signal(&mut self, _: VoiceSignal) {}
    fn echo(&mut self, _: bool) {}
    fn search(&mut self, _: String) {}
    fn history(&mut self, _: Option<InteractionId>) {}
}

/// No devices, no window.
struct Silent;

impl Line for Silent {
    fn open(&mut self, _: Vec<IceServer>) {}
    fn restart(&mut self) {}
    fn close(&mut self) {}
    fn signal(&mut self, _: VoiceSignal) {}
    fn probe(&mut self, _: Vec<IceServer>) {}
}

impl Probe for Silent {
    fn test(&mut self, _: Option<SignIn>, _: String, _: Vec<IceServer>) {}
    fn stop_test(&mut self) {}
}

impl Buttons for Silent {
    fn follow(&mut self, _: &Snapshot) {}
    fn apply(&mut self, _: &Settings) {}
}

impl Audio for Silent {
    fn start_ringing(&mut self) {}
    fn stop_ringing(&mut self) {}
    fn play(&mut self, _: Sound) {}
    fn set_microphone(&mut self, _: bool) {}
    fn set_in_call(&mut self, _: bool) {}
    fn ask(&mut self, _: AudioIntent) {}
    fn apply(&mut self, _: &Settings) {}
}

impl Shell for Silent {
    fn alert(&mut self, _: Alert) {}
    fn set_in_call(&mut self, _: bool) {}
    fn settings(&mut self, _: SettingsIntent) {}
    fn window(&mut self, _: WindowIntent) {}
    fn remember(&mut self, _: SignIn) {}
    fn recall(&mut self, _: String, _: AgentId) {}
}

/// A centre without services.
struct Nobody;

impl Endpoints for Nobody {
    fn call(&self, _: EndpointCall, answer: oneshot::Sender<Result<EndpointAnswer, String>>) {
        answer.send(Ok(EndpointAnswer { status: 404, body: Value::Null })).unwrap();
    }
}

struct Keeps(Arc<Mutex<KeptNow>>);

impl Keeper for Keeps {
    fn origins(&mut self, origins: Vec<KeptOrigin>) {
        self.0.lock().unwrap().origins = origins;
    }

    fn tokens(&mut self, origin: String, tokens: Option<Secret>) {
        let mut kept = self.0.lock().unwrap();
        kept.tokens.retain(|(o, _)| *o != origin);
        kept.tokens.push((origin, tokens));
    }

    fn store(&mut self, origin: String, items: Option<Items>) {
        let mut kept = self.0.lock().unwrap();
        kept.stores.retain(|(o, _)| *o != origin);
        kept.stores.extend(items.map(|items| (origin, items)));
    }

    fn notify(&mut self, _: String, _: String) {}
}

/// Levels of a call, so that the driver passes meters on.
pub(crate) fn meter(rig: &Rig, microphone: f32) {
    let meter = Meter { microphone, ..Meter::default() };
    rig.inbox.post(Event::Audio(omnibar_softphone::AudioEvent::Meter(meter)));
}
