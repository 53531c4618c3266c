use crate::address::Address;
use crate::dial::{Reach, WebSocket, dial};
use crate::words;
use futures_util::{SinkExt, StreamExt};
use omnibar_desk::SignInFault;
use omnibar_protocol::{
    Code, Command, ErrorObject, FromCentre, Request, SessionOpened, parse_from_centre,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

/// For the answer to `session.open`; checking a password takes a centre a while.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);

/// Frames that may come before that answer.
const EARLY_MAX: usize = 64;

/// A connection whose session is open.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) socket: WebSocket,
    pub(crate) opened: SessionOpened,
    /// Frames that came before the answer.
    pub(crate) early: Vec<String>,
}

#[derive(Debug)]
pub(crate) enum NotEntered {
    Unreachable(String),
    Refused(ErrorObject),
}

impl NotEntered {
    /// Whether a session that goes on may still be resumed later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused(error) => {
                matches!(Code::from(error.code), Code::Internal | Code::TooMany)
            }
        }
    }

    pub(crate) fn into_fault(self) -> SignInFault {
        match self {
            Self::Unreachable(detail) => SignInFault::Unreachable { detail },
            Self::Refused(error) => words::fault(&error),
        }
    }
}

/// Connects and opens or resumes a session.
pub(crate) async fn enter(
    reach: Arc<dyn Reach>,
    address: Address,
    command: Command,
) -> Result<Entered, NotEntered> {
    let socket = dial(&*reach, &address).await.map_err(|e| NotEntered::Unreachable(e.0))?;
    match timeout(ANSWER_PATIENCE, open(socket, command)).await {
        Ok(done) => done,
        Err(_) => Err(NotEntered::Unreachable(format!(
            "The centre at {} took the connection and then did not answer the sign-in. Try again \
             in a moment.",
            address.host()
        ))),
    }
}

async fn open(mut socket: WebSocket, command: Command) -> Result<Entered, NotEntered> {
    let id = Uuid::new_v4();
    let text = Request { id, command }.to_text();
    socket.send(Message::text(text)).await.map_err(|_| broken())?;
    let mut early = Vec::new();
    while let Some(message) = socket.next().await {
        let Message::Text(text) = message.map_err(|_| broken())? else { continue };
        match parse_from_centre(&text) {
            Ok(FromCentre::Response(response)) if response.id == Some(id) => {
                let result = response.result.map_err(NotEntered::Refused)?;
                let opened = serde_json::from_value(result).map_err(|_| unreadable())?;
                return Ok(Entered { socket, opened, early });
            }
            Err(bad) if bad.id == Some(id) => return Err(unreadable()),
            Ok(_) | Err(_) if early.len() < EARLY_MAX => early.push(text.to_string()),
            Ok(_) | Err(_) => return Err(unreadable()),
        }
    }
    Err(broken())
}

fn broken() -> NotEntered {
    NotEntered::Unreachable(
        "The centre closed the connection during the sign-in. Try again in a moment.".into(),
    )
}

fn unreadable() -> NotEntered {
    NotEntered::Refused(ErrorObject::new(Code::Other(0), words::UNREADABLE))
}
