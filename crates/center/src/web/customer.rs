//! A customer calls from a web page: one WebSocket, one call.
//!
//! Page and centre exchange JSON text. The page says [`FromPage::Call`], then offers;
//! the centre answers, exchanges candidates and tells how the call goes.

use super::socket::{Next, Over, PageSocket};
use crate::core::{CoreInput, CustomerState};
use crate::directory;
use crate::plain::is_plain;
use crate::rpc::{Shared, allowed};
use crate::switch::{Reply, SwitchCommand, SwitchEvent};
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use omnibar_model::{Cause, LegId, Party, PartyKind, PhoneNumber, QueueId};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

const MAX_MESSAGE: usize = 64 * 1024;
const MESSAGES_PER_SECOND: u64 = 50;
const LONGEST_NAME: usize = 64;
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

struct Caller {
    shared: Shared,
    socket: PageSocket,
    leg: LegId,
    wants: Option<(Party, QueueId)>,
    arrived: bool,
    offers: u32,
}

impl Caller {
    fn new(shared: Shared, socket: WebSocket) -> Self {
        let leg = LegId::new(&format!("web-{}", Uuid::new_v4()));
        let socket = PageSocket::new(shared.clone(), socket, MESSAGES_PER_SECOND);
        Self { shared, socket, leg, wants: None, arrived: false, offers: 0 }
    }

    async fn serve(mut self) {
        let Over(message) = self.run().await;
        if let Some(message) = message {
            let _ = self.socket.tell(&ToPage::Error { message: message.into() }).await;
        }
        // Also when the page is gone without a word. The core first: what the switch says
        // of a leg that was closed is not why the call is over.
        let gone = SwitchEvent::Gone { leg: self.leg.clone(), cause: Cause::CustomerHungUp };
        let _ = self.shared.door.input(CoreInput::Switch(gone), None).await;
        self.shared.link.command(SwitchCommand::Close { leg: self.leg.clone() }).await;
        self.socket.close().await;
    }

    async fn run(&mut self) -> Over {
        let (candidates, mut found) = mpsc::unbounded_channel();
        let (states, mut changed) = mpsc::unbounded_channel();
        self.shared.door.candidates(self.leg.clone(), candidates).await;
        self.shared.door.watch(self.leg.clone(), states).await;
        loop {
            let done = tokio::select! {
                next = self.socket.next() => match next {
                    Next::Text(text) => self.said(&text).await,
                    Next::TooFast => Err(Over::saying("Too many messages at once.")),
                    Next::Tick if !self.arrived && self.socket.age() > MAKE_CALL => {
                        Err(Over::saying("No call was made. Reload the page to call."))
                    }
                    Next::Tick => self.socket.keep().await,
                    Next::Stopping => Err(Over::saying("The centre is stopping.")),
                    Next::Over(over) => Err(over),
                },
                Some(candidate) = found.recv() => {
                    self.socket.tell(&ToPage::Candidate { candidate }).await
                }
                Some(state) = changed.recv() => {
                    let ended = matches!(state, CustomerState::Ended { .. });
                    let told = self.socket.tell(&ToPage::State(state.into())).await;
                    if ended { Err(Over::silently()) } else { told }
                }
            };
            if let Err(over) = done {
                return over;
            }
        }
    }

    async fn said(&mut self, text: &str) -> Result<(), Over> {
        let Ok(message) = serde_json::from_str::<FromPage>(text) else {
            return Err(Over::saying("The centre did not understand the page. Reload it."));
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
            FromPage::Hangup {} => Err(Over::silently()),
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
            return Err(Over::saying("There is no such queue. Reload the page."));
        }
        let number = match number.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(text) => Some(
                PhoneNumber::parse(text)
                    .map_err(|e| Over::saying(format!("Check the number: {e}.")))?,
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
            return Err(Over::saying("Say first whom you want to call."));
        };
        self.offers += 1;
        if self.offers > MOST_OFFERS {
            return Err(Over::saying("The connection was made anew too often. Call again."));
        }
        let leg = self.leg.clone();
        let sdp = match self.shared.link.command(SwitchCommand::Peer { leg, offer: sdp }).await {
            Reply::Answer { sdp } => sdp,
            Reply::Refused { message } | Reply::Lost { message } => {
                return Err(Over::saying(message));
            }
            Reply::Done | Reply::Extension { .. } | Reply::Legs { .. } => {
                return Err(Over::saying("The centre cannot take calls now."));
            }
        };
        self.socket.tell(&ToPage::Answer { sdp }).await?;
        if !self.arrived {
            self.arrived = true;
            let leg = self.leg.clone();
            let customer_id = directory::known(&self.shared.store, &mut customer).await;
            let arrived = CoreInput::Arrived { leg, customer, customer_id, queue, watched: true };
            let answer = self.shared.door.input(arrived, None).await;
            answer.map_err(|e| Over::saying(e.message))?;
        }
        Ok(())
    }
}
