use futures_util::{SinkExt, StreamExt};
use omnibar_model::{AgentId, Presence, Secret};
use omnibar_protocol::wire::{AgentState, Conversation, Interaction, Password};
use omnibar_protocol::{
    Client, Code, Command, ErrorObject, FromCentre, Notification, Numbered, Request, Resume,
    SessionOpened, VERSION, parse_from_centre,
};
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use uuid::Uuid;

/// Longest wait for anything that has to come.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Desk {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Notifications in the order in which they came.
    pub news: VecDeque<Numbered>,
    pub last_seq: u64,
}

pub fn client() -> Client {
    Client { agent: "test".into(), protocol: VERSION }
}

impl Desk {
    pub async fn connect(url: &str) -> Self {
        let (socket, _) = connect_async(url).await.unwrap();
        Self::over(socket)
    }

    pub fn over(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self { socket, news: VecDeque::new(), last_seq: 0 }
    }

    /// Signed in with all campaigns, and with a voice leg.
    pub async fn ready(url: &str, user: &str) -> (Self, SessionOpened) {
        let mut desk = Self::connect(url).await;
        let opened = desk.sign_in(user, "demo", false).await.unwrap();
        let campaigns = opened.campaigns.iter().map(|c| c.id.clone()).collect();
        desk.ask(Command::SessionSelect { campaigns, extension: "centre".into() }).await.unwrap();
        desk.ask(Command::VoiceOffer { sdp: "v=0 offer".into() }).await.unwrap();
        (desk, opened)
    }

    pub async fn sign_in(
        &mut self,
        user: &str,
        password: &str,
        take_over: bool,
    ) -> Result<SessionOpened, ErrorObject> {
        let open = Command::SessionOpen {
            client: client(),
            user: AgentId::new(user),
            password: Some(Password::from(&Secret::new(password))),
            resume: None,
            take_over,
        };
        self.ask(open).await.map(|v| serde_json::from_value(v).unwrap())
    }

    pub async fn resume(
        &mut self,
        user: &str,
        token: &Password,
        last_seq: u64,
    ) -> Result<SessionOpened, ErrorObject> {
        let open = Command::SessionOpen {
            client: client(),
            user: AgentId::new(user),
            password: None,
            resume: Some(Resume { token: token.clone(), last_seq }),
            take_over: false,
        };
        self.ask(open).await.map(|v| serde_json::from_value(v).unwrap())
    }

    pub async fn available(&mut self) {
        self.ask(Command::PresenceSet { presence: Presence::Available }).await.unwrap();
    }

    pub async fn ask(&mut self, command: Command) -> Result<Value, ErrorObject> {
        self.ask_as(Uuid::new_v4(), command).await
    }

    pub async fn ask_as(&mut self, id: Uuid, command: Command) -> Result<Value, ErrorObject> {
        self.send(&Request { id, command }.to_text()).await;
        loop {
            match self.receive().await.expect("an answer before the end") {
                FromCentre::Response(response) if response.id == Some(id) => {
                    return response.result;
                }
                FromCentre::Response(other) => panic!("answer to another command: {other:?}"),
                FromCentre::Notification(news) => self.keep(news),
            }
        }
    }

    pub async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// `None` when the centre has closed.
    pub async fn receive(&mut self) -> Option<FromCentre> {
        let next = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Some(parse_from_centre(&text).unwrap());
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.expect("something from the centre in time")
    }

    fn keep(&mut self, news: Numbered) {
        assert_eq!(news.seq, self.last_seq + 1, "notifications are numbered without a gap");
        self.last_seq = news.seq;
        self.news.push_back(news);
    }

    /// The first notification for which `pick` gives something; those of its kind that
    /// came before are dropped.
    pub async fn until<T>(&mut self, what: &str, pick: impl Fn(&Notification) -> Option<T>) -> T {
        loop {
            let found =
                self.news.iter().enumerate().find_map(|(i, n)| Some((i, pick(&n.notification)?)));
            if let Some((at, found)) = found {
                let kind = std::mem::discriminant(&self.news[at].notification);
                let mut i = 0;
                self.news.retain(|n| {
                    i += 1;
                    i > at + 1 || std::mem::discriminant(&n.notification) != kind
                });
                return found;
            }
            match self.receive().await {
                Some(FromCentre::Notification(news)) => self.keep(news),
                Some(FromCentre::Response(other)) => panic!("unexpected answer: {other:?}"),
                None => panic!("the centre closed before {what}"),
            }
        }
    }

    pub async fn interaction(
        &mut self,
        what: &str,
        wanted: impl Fn(&Interaction) -> bool,
    ) -> Interaction {
        self.until(what, |news| match news {
            Notification::InteractionChanged { interaction } if wanted(interaction) => {
                Some(interaction.clone())
            }
            _ => None,
        })
        .await
    }

    pub async fn offered(&mut self) -> Interaction {
        self.interaction("an offer", |i| matches!(i.conversation, Conversation::Offered { .. }))
            .await
    }

    pub async fn state(&mut self, what: &str, wanted: impl Fn(&AgentState) -> bool) {
        self.until(what, |news| match news {
            Notification::AgentChanged { agent } if wanted(&agent.state) => Some(()),
            _ => None,
        })
        .await;
    }
}

pub fn code(result: Result<impl std::fmt::Debug, ErrorObject>) -> Code {
    Code::from(result.expect_err("a refusal").code)
}
