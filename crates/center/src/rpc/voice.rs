//! The voice leg's offer, answer and candidates. They go to the switch in the order in
//! which they came, beside the other commands, which need not wait for them.

use super::Shared;
use crate::core::{ConnectionId, CoreInput};
use crate::switch::{Reply, SwitchCommand};
use omnibar_protocol::{Code, ErrorObject, Response, VoiceAnswered};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Candidates and offers that may wait for the switch.
pub(super) const QUEUE: usize = 64;
const LONGEST_SDP: usize = 64 * 1024;
const LONGEST_CANDIDATE: usize = 1024;

#[derive(Debug)]
pub(super) enum Signal {
    Offer { id: Uuid, sdp: String },
    Candidate { id: Uuid, candidate: String },
    Echo { id: Uuid, on: bool },
}

pub(super) async fn carry(
    shared: Shared,
    connection: ConnectionId,
    mut signals: mpsc::Receiver<Signal>,
    answers: mpsc::UnboundedSender<Response>,
) {
    while let Some(signal) = signals.recv().await {
        let (id, result) = match signal {
            Signal::Offer { id, sdp } => (id, offer(&shared, connection, sdp).await),
            Signal::Candidate { id, candidate } => (id, add(&shared, connection, candidate).await),
            Signal::Echo { id, on } => (id, echo(&shared, connection, on).await),
        };
        if answers.send(Response { id: Some(id), result }).is_err() {
            return;
        }
    }
}

async fn offer(
    shared: &Shared,
    connection: ConnectionId,
    sdp: String,
) -> Result<Value, ErrorObject> {
    if sdp.len() > LONGEST_SDP {
        return Err(ErrorObject::new(Code::InvalidParams, "The SDP is longer than 64 KiB."));
    }
    let Some((user, leg)) = shared.door.leg(connection).await else { return Err(signed_out()) };
    match shared.link.command(SwitchCommand::Peer { leg: leg.clone(), offer: sdp }).await {
        Reply::Answer { sdp } => {
            shared.door.input(CoreInput::VoiceUp { user, leg }, None).await?;
            Ok(json!(VoiceAnswered::Here { sdp }))
        }
        // The leg exists when the switch says so.
        Reply::Extension { extension } => Ok(json!(VoiceAnswered::Extension { extension })),
        Reply::Refused { message } | Reply::Lost { message } => {
            Err(ErrorObject::new(Code::InvalidParams, message))
        }
        Reply::Done | Reply::Legs { .. } => Err(ErrorObject::new(
            Code::Internal,
            "The voice switch gave no answer. Try again in a moment.",
        )),
    }
}

async fn add(
    shared: &Shared,
    connection: ConnectionId,
    candidate: String,
) -> Result<Value, ErrorObject> {
    if candidate.len() > LONGEST_CANDIDATE {
        return Err(ErrorObject::new(Code::InvalidParams, "The candidate is too long."));
    }
    let Some((_, leg)) = shared.door.leg(connection).await else { return Err(signed_out()) };
    match shared.link.command(SwitchCommand::Candidate { leg, candidate }).await {
        Reply::Done | Reply::Answer { .. } | Reply::Extension { .. } | Reply::Legs { .. } => {
            Ok(crate::actor::empty())
        }
        Reply::Refused { message } | Reply::Lost { message } => {
            Err(ErrorObject::new(Code::InvalidParams, message))
        }
    }
}

async fn echo(shared: &Shared, connection: ConnectionId, on: bool) -> Result<Value, ErrorObject> {
    let Some((_, leg)) = shared.door.leg(connection).await else { return Err(signed_out()) };
    match shared.link.command(SwitchCommand::Echo { leg, on }).await {
        Reply::Done | Reply::Answer { .. } | Reply::Extension { .. } | Reply::Legs { .. } => {
            Ok(crate::actor::empty())
        }
        Reply::Refused { message } | Reply::Lost { message } => {
            Err(ErrorObject::new(Code::NotFound, message))
        }
    }
}

fn signed_out() -> ErrorObject {
    ErrorObject::new(Code::Unauthorised, "Sign in first.")
}
