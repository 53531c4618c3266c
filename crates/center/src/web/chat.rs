//! A customer writes from a web page: one WebSocket, one chat at a time.
//!
//! Page and centre exchange JSON text. The centre names its queues; the page says
//! [`FromChatPage::Open`], or [`FromChatPage::Resume`] with the token that it was given.
//! What was said is kept before the page hears of it; the page says again, with the same
//! key, what it has not heard of.

use super::crowd::Crowd;
use super::socket::{Next, Over, PageSocket};
use crate::chats::{PageId, PageNews, PageState, Visitor};
use crate::core::{CoreInput, PageAsk};
use crate::directory;
use crate::plain::is_plain;
use crate::rpc::{Shared, allowed, new_token, token_hash};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use omnibar_model::{Cause, ChatFrom, Party, PartyKind, PhoneNumber, QueueId, Secret};
use omnibar_protocol::{Code, ErrorObject, wire};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// A message of 4,000 characters of four bytes, each of which may be escaped.
const MAX_MESSAGE: usize = 64 * 1024;
const MESSAGES_PER_SECOND: u64 = 10;
const LONGEST_NAME: usize = 64;
/// A page that has not begun is closed after this; it comes back when it is needed.
const IDLE: Duration = Duration::from_secs(4 * 3600);
/// News that a page may be behind before it is given up.
const BEHIND: usize = 1_024;
/// Pages that are open at one time; one address may have a quarter of them.
const PAGES: usize = 500;

/// What the page says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FromChatPage {
    /// Somebody has the page open and may be spoken to.
    Hello {
        name: String,
        #[serde(default)]
        number: Option<String>,
    },
    Open {
        name: String,
        #[serde(default)]
        number: Option<String>,
        queue: QueueId,
    },
    /// `last`: number of the newest message that it has.
    Resume {
        token: wire::Password,
        #[serde(default)]
        last: u32,
    },
    /// `key`: of at most 36 characters, its own for every message.
    Say {
        key: String,
        text: String,
    },
    Leave {},
}

/// What the page is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToChatPage {
    /// First of all.
    Queues {
        queues: Vec<QueueName>,
    },
    /// By it the page finds its chat again.
    Token {
        token: wire::Password,
    },
    State(ChatShown),
    Message {
        seq: u32,
        from: ChatFrom,
        text: String,
        /// Time since it was said.
        ago_ms: u64,
        /// Of the page's own.
        #[serde(default)]
        key: Option<String>,
    },
    /// Not done; the page goes on. With the key of a message that was not taken.
    Refused {
        message: String,
        #[serde(default)]
        key: Option<String>,
    },
    /// The token leads to no chat any more.
    Over {},
    /// `message` is a sentence for a person; the connection is over.
    Error {
        message: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueName {
    pub id: QueueId,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ChatShown {
    Idle,
    /// `position` counts from 1.
    Queued {
        position: usize,
    },
    Ringing,
    Open {
        agent: String,
    },
    Ended {
        cause: Cause,
    },
}

impl From<PageState> for ChatShown {
    fn from(state: PageState) -> Self {
        match state {
            PageState::Idle => Self::Idle,
            PageState::Queued { position } => Self::Queued { position },
            PageState::Ringing => Self::Ringing,
            PageState::Open { agent } => Self::Open { agent },
            PageState::Ended { cause } => Self::Ended { cause },
        }
    }
}

/// Counts and bounds the pages. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct ChatPages {
    room: Crowd,
    last: Arc<AtomicU64>,
}

impl ChatPages {
    pub(crate) fn new(fronted: bool) -> Self {
        Self { room: Crowd::new(PAGES, fronted), last: Arc::default() }
    }
}

/// `GET /ws/chat`
pub(super) async fn chat(
    State(shared): State<Shared>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !allowed(&headers, &shared.site) {
        return (StatusCode::FORBIDDEN, "Chat from this centre's own page.").into_response();
    }
    let Some(place) = shared.chat_pages.room.enter(from.ip()) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many are here. Try again in a moment.")
            .into_response();
    };
    let id = PageId(shared.chat_pages.last.fetch_add(1, Ordering::Relaxed) + 1);
    upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE).on_upgrade(
        move |socket| async move {
            let socket = PageSocket::new(shared.clone(), socket, MESSAGES_PER_SECOND);
            Writer { shared, socket, id, began: false }.serve().await;
            drop(place);
        },
    )
}

struct Writer {
    shared: Shared,
    socket: PageSocket,
    id: PageId,
    began: bool,
}

impl Writer {
    async fn serve(mut self) {
        let Over(message) = self.run().await;
        if let Some(message) = message {
            let _ = self.socket.tell(&ToChatPage::Error { message: message.into() }).await;
        }
        let _ = self.ask(PageAsk::Gone).await;
        self.socket.close().await;
    }

    async fn run(&mut self) -> Over {
        let (sender, mut news) = mpsc::channel(BEHIND);
        self.shared.door.page(self.id, sender).await;
        if let Err(over) = self.greet().await {
            return over;
        }
        loop {
            let done = tokio::select! {
                next = self.socket.next() => match next {
                    Next::Text(text) => self.said(&text).await,
                    // It comes back in a moment, and goes on.
                    Next::TooFast | Next::Stopping => Err(Over::silently()),
                    Next::Tick if !self.began && self.socket.age() > IDLE => Err(Over::silently()),
                    Next::Tick => self.socket.keep().await,
                    Next::Over(over) => Err(over),
                },
                told = news.recv() => match told {
                    Some(told) => self.news(told).await,
                    None => Err(Over::silently()),
                },
            };
            if let Err(over) = done {
                return over;
            }
        }
    }

    async fn greet(&mut self) -> Result<(), Over> {
        let Ok(setup) = self.shared.store.setup().await else {
            return Err(Over::saying("The centre's database failed. Try again in a moment."));
        };
        let name =
            |(id, q): (QueueId, crate::setup::QueueSetup)| QueueName { id, name: q.queue.name };
        let queues = setup.queues.into_iter().map(name).collect();
        self.socket.tell(&ToChatPage::Queues { queues }).await
    }

    async fn said(&mut self, text: &str) -> Result<(), Over> {
        let Ok(message) = serde_json::from_str::<FromChatPage>(text) else {
            return Err(Over::saying("The centre did not understand the page. Reload it."));
        };
        match message {
            FromChatPage::Hello { name, number } => {
                let Some(visitor) = self.visitor(&name, number.as_deref()).await? else {
                    return Ok(());
                };
                let token = new_token();
                let token_hash = token_hash(&token);
                self.begin(PageAsk::Wait { token_hash, visitor }, &token).await
            }
            FromChatPage::Open { name, number, queue } => {
                let Some(visitor) = self.visitor(&name, number.as_deref()).await? else {
                    return Ok(());
                };
                let token = new_token();
                let token_hash = token_hash(&token);
                self.begin(PageAsk::Open { token_hash, visitor, queue }, &token).await
            }
            FromChatPage::Resume { token, last } => {
                let token_hash = token_hash(&token.into_secret());
                match self.ask(PageAsk::Back { token_hash, last }).await {
                    Ok(()) => {
                        self.began = true;
                        Ok(())
                    }
                    Err(error) if Code::from(error.code) == Code::Internal => Err(Over::silently()),
                    Err(_) => self.socket.tell(&ToChatPage::Over {}).await,
                }
            }
            FromChatPage::Say { key, text } => {
                match self.ask(PageAsk::Say { key: key.clone(), text }).await {
                    Ok(()) => Ok(()),
                    // Not kept: the page comes back and says it again.
                    Err(error) if Code::from(error.code) == Code::Internal => Err(Over::silently()),
                    Err(error) => self.refuse(error, Some(key)).await,
                }
            }
            FromChatPage::Leave {} => match self.ask(PageAsk::Leave).await {
                Ok(()) => Ok(()),
                Err(error) => self.refuse(error, None).await,
            },
        }
    }

    /// The token first: whoever reloads in this very moment shall find his chat.
    async fn begin(&mut self, ask: PageAsk, token: &Secret) -> Result<(), Over> {
        match self.ask(ask).await {
            Ok(()) => {
                self.began = true;
                self.socket.tell(&ToChatPage::Token { token: wire::Password::from(token) }).await
            }
            Err(error) => self.refuse(error, None).await,
        }
    }

    /// `None` when the page was told what is wrong.
    async fn visitor(&mut self, name: &str, number: Option<&str>) -> Result<Option<Visitor>, Over> {
        let number = match number.map(str::trim) {
            None | Some("") => None,
            Some(text) => match PhoneNumber::parse(text) {
                Ok(number) => Some(number),
                Err(fault) => {
                    let message = format!("Check the number: {fault}.");
                    self.socket.tell(&ToChatPage::Refused { message, key: None }).await?;
                    return Ok(None);
                }
            },
        };
        let name: String = name.chars().filter(|c| is_plain(*c)).take(LONGEST_NAME).collect();
        let name = name.trim().to_owned();
        let mut customer = Party { kind: PartyKind::Customer, name, number };
        let customer_id = directory::known(&self.shared.store, &mut customer).await;
        Ok(Some(Visitor { customer, customer_id }))
    }

    async fn news(&mut self, news: PageNews) -> Result<(), Over> {
        match news {
            PageNews::State(state) => self.socket.tell(&ToChatPage::State(state.into())).await,
            PageNews::Message { message, key } => {
                let ago = self.shared.clock.now().since(message.at).as_millis();
                self.socket
                    .tell(&ToChatPage::Message {
                        seq: message.seq,
                        from: message.from,
                        text: message.text,
                        ago_ms: u64::try_from(ago).unwrap_or(u64::MAX),
                        key,
                    })
                    .await
            }
            PageNews::Replaced => {
                Err(Over::saying("Your chat goes on in another window. This one may be closed."))
            }
        }
    }

    async fn ask(&mut self, ask: PageAsk) -> Result<(), ErrorObject> {
        self.shared.door.input(CoreInput::Page { page: self.id, ask }, None).await.map(|_| ())
    }

    async fn refuse(&mut self, error: ErrorObject, key: Option<String>) -> Result<(), Over> {
        self.socket.tell(&ToChatPage::Refused { message: error.message, key }).await
    }
}
