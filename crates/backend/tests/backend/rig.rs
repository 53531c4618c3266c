//! The far end of the backend: streams in memory and virtual time.

use futures_util::{SinkExt, StreamExt};
use omnibar_backend::{Address, Backend, BackendConfig, Reach, Reaching, Socket, Unreachable};
use omnibar_desk::{Link, Order};
use omnibar_model::{CommandId, Interaction, Secret};
use omnibar_protocol::{
    Code, Command, ErrorObject, Notification, Numbered, Request, Response, SessionOpened,
    SessionSelected, parse_request, wire,
};
use omnibar_softphone::{Centre as _, CentreEvent, Clock, Event, Inbox, SignIn};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

pub(crate) const CENTRE: &str = "ws://centre.test";
pub(crate) const PASSWORD: &str = "correct-horse";
pub(crate) const TOKEN: &str = "token-of-the-session";

/// Long enough for every honest wait of virtual time.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Pipes {
    streams: mpsc::UnboundedSender<DuplexStream>,
    open: Arc<AtomicBool>,
}

impl Reach for Pipes {
    fn reach(&self, _: &Address) -> Reaching {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let taken = self.open.load(Ordering::SeqCst) && self.streams.send(far).is_ok();
        Box::pin(async move {
            if taken {
                Ok(Box::new(near) as Socket)
            } else {
                Err(Unreachable("The cable is out. Put it in.".into()))
            }
        })
    }

    fn tls(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<rustls::ClientConfig>, Unreachable>> + Send + '_>>
    {
        Box::pin(async { Err(Unreachable("No TLS in here.".into())) })
    }
}

pub(crate) struct Rig {
    pub(crate) backend: Backend,
    pub(crate) open: Arc<AtomicBool>,
    pub(crate) dir: Arc<TempDir>,
    events: mpsc::UnboundedReceiver<Event>,
    streams: mpsc::UnboundedReceiver<DuplexStream>,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::in_dir(Arc::new(tempfile::tempdir().unwrap()))
    }

    pub(crate) fn in_dir(dir: Arc<TempDir>) -> Self {
        let (inbox, events) = Inbox::new();
        let (sender, streams) = mpsc::unbounded_channel();
        let open = Arc::new(AtomicBool::new(true));
        let pipes = Pipes { streams: sender, open: Arc::clone(&open) };
        let config = config(dir.path().to_owned());
        let backend = omnibar_backend::start_over(pipes, config, inbox, Clock::start());
        Self { backend, open, dir, events, streams }
    }

    pub(crate) async fn event(&mut self) -> CentreEvent {
        match timeout(PATIENCE, self.events.recv()).await {
            Ok(Some(Event::Centre(event))) => event,
            other => panic!("no event of the centre: {other:?}"),
        }
    }

    /// Passes over the link's ups and downs.
    pub(crate) async fn news(&mut self) -> CentreEvent {
        loop {
            match self.event().await {
                CentreEvent::LinkChanged(_) => {}
                other => return other,
            }
        }
    }

    pub(crate) async fn answer_of(&mut self, command: u64) -> Result<(), String> {
        loop {
            if let CentreEvent::Answered { command: of, result } = self.event().await
                && of == CommandId(command)
            {
                return result;
            }
        }
    }

    /// What has been told already, without waiting.
    pub(crate) fn told(&mut self) -> Vec<CentreEvent> {
        let mut told = Vec::new();
        while let Ok(Event::Centre(event)) = self.events.try_recv() {
            told.push(event);
        }
        told
    }

    pub(crate) async fn accept(&mut self) -> FarEnd {
        let stream = timeout(PATIENCE, self.streams.recv()).await.unwrap().unwrap();
        FarEnd::over(stream).await
    }

    pub(crate) fn order(&mut self, command: u64, order: Order) {
        self.backend.order(CommandId(command), order);
    }

    pub(crate) fn sign_in(&mut self) {
        self.backend.open(sign_in(CENTRE));
    }

    /// Signed in, nothing chosen.
    pub(crate) async fn let_in(&mut self) -> FarEnd {
        self.sign_in();
        let mut line = self.accept().await;
        line.let_in().await;
        assert!(matches!(self.event().await, CentreEvent::LinkChanged(Link::Up)));
        assert!(matches!(self.event().await, CentreEvent::Opened(start) if !start.resumed));
        line
    }

    /// Signed in, campaigns and extension chosen.
    pub(crate) async fn at_work(&mut self) -> FarEnd {
        let mut line = self.let_in().await;
        self.order(1, choose());
        line.select().await;
        assert!(matches!(self.event().await, CentreEvent::Chosen { .. }));
        assert_eq!(self.answer_of(1).await, Ok(()));
        line
    }

    /// Takes the next connection as the session's continuation.
    pub(crate) async fn resumed(&mut self) -> (FarEnd, u64) {
        let mut line = self.accept().await;
        let last_seq = line.let_back_in().await;
        loop {
            if let CentreEvent::Opened(start) = self.event().await {
                assert!(start.resumed);
                return (line, last_seq);
            }
        }
    }
}

pub(crate) fn config(outbox_dir: PathBuf) -> BackendConfig {
    BackendConfig { outbox_dir, client: "test/1".into(), extra_ca: None, seed: 7 }
}

pub(crate) fn sign_in(centre: &str) -> SignIn {
    SignIn {
        centre: centre.into(),
        user: "agent1".into(),
        password: Some(Secret::new(PASSWORD)),
        take_over: false,
        account: None,
    }
}

pub(crate) fn choose() -> Order {
    Order::Choose { campaigns: vec!["support".into()], extension: "centre".into() }
}

pub(crate) fn hold() -> Order {
    Order::Hold { interaction: "i1".into(), leg: None }
}

pub(crate) fn note(text: &str) -> Order {
    Order::Note { interaction: "i1".into(), note: text.into() }
}

pub(crate) fn dispose() -> Order {
    Order::Dispose {
        interaction: "i1".into(),
        disposition: "solved".into(),
        note: "done".into(),
        callback: None,
    }
}

/// The centre's end of one connection.
pub(crate) struct FarEnd<S = DuplexStream>(pub(crate) WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> FarEnd<S> {
    pub(crate) async fn over(stream: S) -> Self {
        Self(tokio_tungstenite::accept_async(stream).await.unwrap())
    }

    /// The next command that is not a heartbeat; heartbeats are answered.
    pub(crate) async fn request(&mut self) -> Request {
        for _ in 0..60 {
            let request = self.any_request().await.expect("the connection was closed");
            if request.command != (Command::Ping {}) {
                return request;
            }
            self.ok(request.id, json!({})).await;
        }
        panic!("nothing but heartbeats")
    }

    /// The next command; `None` when the client has closed.
    pub(crate) async fn any_request(&mut self) -> Option<Request> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing was sent") {
                Some(Ok(Message::Text(text))) => return Some(parse_request(&text).unwrap()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub(crate) async fn ok(&mut self, id: Uuid, result: Value) {
        self.text(Response { id: Some(id), result: Ok(result) }.to_text()).await;
    }

    pub(crate) async fn refuse(&mut self, id: Uuid, code: Code, message: &str) {
        let result = Err(ErrorObject::new(code, message));
        self.text(Response { id: Some(id), result }.to_text()).await;
    }

    pub(crate) async fn notify(&mut self, seq: u64, notification: Notification) {
        self.text(Numbered { seq, notification }.to_text()).await;
    }

    pub(crate) async fn text(&mut self, text: impl Into<String>) {
        // The client may have closed already.
        let _ = self.0.send(Message::text(text.into())).await;
    }

    pub(crate) async fn let_in(&mut self) {
        let request = self.request().await;
        match &request.command {
            Command::SessionOpen { client, user, password: Some(given), resume: None, .. } => {
                assert_eq!((client.protocol, user.as_str()), (1, "agent1"));
                assert_eq!(given.clone().into_secret(), Secret::new(PASSWORD));
            }
            other => panic!("not a sign-in: {other:?}"),
        }
        self.ok(request.id, opened(false)).await;
    }

    pub(crate) async fn let_back_in(&mut self) -> u64 {
        let request = self.request().await;
        let Command::SessionOpen { password: None, resume: Some(resume), .. } = request.command
        else {
            panic!("not a resumption: {:?}", request.command)
        };
        assert_eq!(resume.token.into_secret(), Secret::new(TOKEN));
        self.ok(request.id, opened(true)).await;
        resume.last_seq
    }

    pub(crate) async fn select(&mut self) {
        let request = self.request().await;
        assert!(matches!(request.command, Command::SessionSelect { .. }));
        let selected = SessionSelected {
            breaks: vec![],
            queues: vec![],
            ivrs: vec![],
            ice_servers: vec![wire::IceServer {
                urls: vec!["stun:127.0.0.1:3478".into()],
                username: String::new(),
                credential: wire::Password::from(&Secret::default()),
            }],
        };
        self.ok(request.id, serde_json::to_value(selected).unwrap()).await;
    }
}

pub(crate) fn opened(resumed: bool) -> Value {
    serde_json::to_value(SessionOpened {
        token: wire::Password::from(&Secret::new(TOKEN)),
        session_ttl_ms: 60_000,
        handle: "ses-agent1-1".into(),
        resumed,
        name: "Agent One".into(),
        heartbeat_ms: 5_000,
        campaigns: vec![],
        extensions: vec![],
        centre: "Test".into(),
    })
    .unwrap()
}

pub(crate) fn agent() -> wire::Agent {
    wire::Agent {
        state: wire::AgentState::Available,
        since_ms: 0,
        presence: omnibar_model::Presence::Available,
        next: None,
        monitoring: None,
    }
}

pub(crate) fn agent_changed() -> Notification {
    Notification::AgentChanged { agent: agent() }
}

pub(crate) fn snapshot(interactions: Vec<Interaction>) -> Notification {
    let now = omnibar_model::Moment::ZERO;
    let interactions = interactions.iter().map(|i| wire::Interaction::from_model(i, now)).collect();
    Notification::Snapshot {
        agent: agent(),
        interactions,
        callbacks: Vec::new(),
        chats: Vec::new(),
    }
}
