//! A customer calls from a web page: one WebSocket, one call.
//!
//! Page and centre exchange JSON text. The page says [`FromPage::Call`], then offers;
//! the centre answers, exchanges candidates and tells how the call goes.

use crate::core::{CoreInput, CustomerState};
use crate::directory;
use crate::rpc::{Bucket, Shared, allowed};
use crate::switch::{Reply, SwitchCommand, SwitchEvent};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use omnibar_model::{Cause, LegId, Party, PartyKind, PhoneNumber, QueueId};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

const MAX_MESSAGE: usize = 64 * 1024;
const MESSAGES_PER_SECOND: u64 = 50;
const LONGEST_NAME: usize = 64;
const PING: Duration = Duration::from_secs(10);
/// Nothing heard for so long: the browser is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// Time until the call is made; the browser may be asking for the microphone.
const MAKE_CALL: Duration = Duration::from_secs(60);
/// Offers of one call: the first, and ICE restarts.
const MOST_OFFERS: u32 = 100;

/// What the page says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FromPage {
    /// The first message.
    Call {
        name: String,
        #[serde(default)]
        number: Option<String>,
        queue: QueueId,
    },
    Offer {
        sdp: String,
    },
    /// Empty text ends the list.
    Candidate {
        candidate: String,
    },
    Hangup {},
}

/// What the page is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToPage {
    Answer {
        sdp: String,
    },
    Candidate {
        candidate: String,
    },
    State(Shown),
    /// `message` is a sentence for a person; the call is over.
    Error {
        message: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Shown {
    /// `position` counts from 1.
    Queued {
        position: usize,
    },
    Ringing,
    Connected,
    Held,
    Ended {
        cause: Cause,
    },
}

impl From<CustomerState> for Shown {
    fn from(state: CustomerState) -> Self {
        match state {
            CustomerState::Queued { position } => Self::Queued { position },
            CustomerState::Ringing => Self::Ringing,
            CustomerState::Connected => Self::Connected,
            CustomerState::Held => Self::Held,
            CustomerState::Ended { cause } => Self::Ended { cause },
        }
    }
}

/// `GET /ws/customer`
pub(super) async fn call(
    State(shared): State<Shared>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !allowed(&headers, &shared.site) {
        return (StatusCode::FORBIDDEN, "Call from this centre's own page.").into_response();
    }
    let Some(line) = shared.web_calls.enter(from.ip()) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "All lines are busy. Call again in a moment.")
            .into_response();
    };
    upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE).on_upgrade(
        move |socket| async move {
            Caller::new(shared, socket).serve().await;
            drop(line);
        },
    )
}

/// Neither a control character nor one of Unicode's (UAX #9, general category Cf) that
/// shows nothing or turns the text beside it around: a name must not rewrite a number.
pub(super) fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

struct Caller {
    shared: Shared,
    socket: WebSocket,
    leg: LegId,
    wants: Option<(Party, QueueId)>,
    arrived: bool,
    offers: u32,
}

/// The call is over; with a sentence when the page should show one.
struct Over(Option<String>);

impl Caller {
    fn new(shared: Shared, socket: WebSocket) -> Self {
        let leg = LegId::new(&format!("web-{}", Uuid::new_v4()));
        Self { shared, socket, leg, wants: None, arrived: false, offers: 0 }
    }

    async fn serve(mut self) {
        let Over(message) = self.run().await;
        if let Some(message) = message {
            let _ = self.tell(&ToPage::Error { message }).await;
        }
        // Also when the page is gone without a word. The core first: what the switch says
        // of a leg that was closed is not why the call is over.
        let gone = SwitchEvent::Gone { leg: self.leg.clone(), cause: Cause::CustomerHungUp };
        let _ = self.shared.door.input(CoreInput::Switch(gone), None).await;
        self.shared.link.command(SwitchCommand::Close { leg: self.leg.clone() }).await;
        let _ = self.socket.send(Message::Close(None)).await;
    }

    async fn run(&mut self) -> Over {
        let (candidates, mut found) = mpsc::unbounded_channel();
        let (states, mut changed) = mpsc::unbounded_channel();
        self.shared.door.candidates(self.leg.clone(), candidates).await;
        self.shared.door.watch(self.leg.clone(), states).await;
        let mut bucket = Bucket::new(self.shared.clock.now(), MESSAGES_PER_SECOND);
        let mut ping = tokio::time::interval(PING);
        let mut heard = Instant::now();
        let opened = Instant::now();
        let stop = self.shared.stop.clone();
        loop {
            let done = tokio::select! {
                message = self.socket.recv() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(_))) if !bucket.take(self.shared.clock.now()) => {
                            return Over(Some("Too many messages at once.".into()));
                        }
                        Some(Ok(Message::Text(text))) => self.said(&text).await,
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                        Some(Ok(Message::Binary(_))) => Err(Over(Some("Messages are text.".into()))),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Over(None)),
                    }
                }
                Some(candidate) = found.recv() => {
                    self.tell(&ToPage::Candidate { candidate }).await
                }
                Some(state) = changed.recv() => {
                    let ended = matches!(state, CustomerState::Ended { .. });
                    let told = self.tell(&ToPage::State(state.into())).await;
                    if ended { Err(Over(None)) } else { told }
                }
                _ = ping.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Over(None);
                    }
                    if !self.arrived && opened.elapsed() > MAKE_CALL {
                        return Over(Some("No call was made. Reload the page to call.".into()));
                    }
                    self.send(Message::Ping(Vec::new().into())).await
                }
                () = stop.cancelled() => Err(Over(Some("The centre is stopping.".into()))),
            };
            if let Err(over) = done {
                return over;
            }
        }
    }

    async fn said(&mut self, text: &str) -> Result<(), Over> {
        let Ok(message) = serde_json::from_str::<FromPage>(text) else {
            return Err(Over(Some("The centre did not understand the page. Reload it.".into())));
        };
        match message {
            FromPage::Call { name, number, queue } => self.wants_call(name, number, queue).await,
            FromPage::Offer { sdp } => self.offers(sdp).await,
            FromPage::Candidate { candidate } => {
                let leg = self.leg.clone();
                // A candidate that cannot be used is no reason to end a call.
                self.shared.link.command(SwitchCommand::Candidate { leg, candidate }).await;
                Ok(())
            }
            FromPage::Hangup {} => Err(Over(None)),
        }
    }

    async fn wants_call(
        &mut self,
        name: String,
        number: Option<String>,
        queue: QueueId,
    ) -> Result<(), Over> {
        let setup = self.shared.store.setup().await;
        if !setup.is_ok_and(|s| s.queues.contains_key(&queue)) {
            return Err(Over(Some("There is no such queue. Reload the page.".into())));
        }
        let number = match number.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(text) => Some(
                PhoneNumber::parse(text)
                    .map_err(|e| Over(Some(format!("Check the number: {e}."))))?,
            ),
        };
        let name: String = name.chars().filter(|c| is_plain(*c)).take(LONGEST_NAME).collect();
        let name = name.trim().to_owned();
        self.wants = Some((Party { kind: PartyKind::Customer, name, number }, queue));
        Ok(())
    }

    /// The call enters the queue when its voice can flow, and not before.
    async fn offers(&mut self, sdp: String) -> Result<(), Over> {
        let Some((mut customer, queue)) = self.wants.clone() else {
            return Err(Over(Some("Say first whom you want to call.".into())));
        };
        self.offers += 1;
        if self.offers > MOST_OFFERS {
            return Err(Over(Some("The connection was made anew too often. Call again.".into())));
        }
        let leg = self.leg.clone();
        let sdp = match self.shared.link.command(SwitchCommand::Peer { leg, offer: sdp }).await {
            Reply::Answer { sdp } => sdp,
            Reply::Refused { message } => return Err(Over(Some(message))),
            Reply::Done | Reply::Legs { .. } => {
                return Err(Over(Some("The centre cannot take calls now.".into())));
            }
        };
        self.tell(&ToPage::Answer { sdp }).await?;
        if !self.arrived {
            self.arrived = true;
            let leg = self.leg.clone();
            let customer_id = directory::known(&self.shared.store, &mut customer).await;
            let arrived = CoreInput::Arrived { leg, customer, customer_id, queue, watched: true };
            let answer = self.shared.door.input(arrived, None).await;
            answer.map_err(|e| Over(Some(e.message)))?;
        }
        Ok(())
    }

    async fn tell(&mut self, message: &ToPage) -> Result<(), Over> {
        let text = serde_json::to_string(message).unwrap_or_default();
        self.send(Message::text(text)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        match timeout(PING, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over(None)),
        }
    }
}
