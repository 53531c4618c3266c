//! The actor's orders on their way to the switch, and what comes of them.

use crate::calls::RecordingNews;
use crate::core::CoreInput;
use crate::switch::{Reply, SwitchCommand, SwitchEvent, SwitchLink};
use omnibar_model::{Cause, LegId};
use tokio::sync::mpsc;

/// Gives the switch its commands, one after the other. A call that it refuses to make
/// is a call that has failed.
pub(crate) async fn perform(
    link: SwitchLink,
    mut orders: mpsc::UnboundedReceiver<SwitchCommand>,
    refused: mpsc::UnboundedSender<CoreInput>,
) {
    while let Some(command) = orders.recv().await {
        if let SwitchCommand::Record { leg, .. } = &command {
            // Answered by the disk, for which no call waits.
            let leg = leg.clone();
            tokio::spawn(record(leg, link.command(command), refused.clone()));
            continue;
        }
        let reply = link.command(command.clone()).await;
        let input = match (command, reply) {
            (SwitchCommand::PauseRecording { leg, on }, reply) => {
                CoreInput::Recording { leg, news: paused(on, reply) }
            }
            (SwitchCommand::List, Reply::Legs { legs, .. }) => CoreInput::SwitchListed { legs },
            (
                SwitchCommand::List,
                Reply::Done
                | Reply::Answer { .. }
                | Reply::Extension { .. }
                | Reply::Refused { .. }
                | Reply::Lost { .. },
            ) => CoreInput::SwitchListed { legs: Vec::new() },
            (SwitchCommand::Dial { leg, .. }, Reply::Refused { message }) => {
                tracing::info!(%leg, message, "the switch could not dial");
                CoreInput::Switch(SwitchEvent::Gone { leg, cause: Cause::Unreachable })
            }
            // Not the number's fault: the desk says so, and the agent may dial again.
            (SwitchCommand::Dial { leg, .. }, Reply::Lost { .. }) => {
                CoreInput::Switch(SwitchEvent::Gone { leg, cause: Cause::SwitchLost })
            }
            // Without the command: it can hold digits that a customer has given.
            (_, Reply::Refused { message } | Reply::Lost { message }) => {
                tracing::debug!(message, "the switch refused a command");
                continue;
            }
            (
                _,
                Reply::Done | Reply::Answer { .. } | Reply::Extension { .. } | Reply::Legs { .. },
            ) => continue,
        };
        if refused.send(input).is_err() {
            return;
        }
    }
}

fn paused(on: bool, reply: Reply) -> RecordingNews {
    match reply {
        Reply::Done if on => RecordingNews::Paused,
        Reply::Done => RecordingNews::Resumed,
        Reply::Refused { message } | Reply::Lost { message } => {
            tracing::warn!(on, message, "a recording was not paused, or does not go on");
            RecordingNews::NotChanged
        }
        Reply::Answer { .. } | Reply::Extension { .. } | Reply::Legs { .. } => {
            RecordingNews::NotChanged
        }
    }
}

async fn record(
    leg: LegId,
    reply: impl Future<Output = Reply>,
    told: mpsc::UnboundedSender<CoreInput>,
) {
    let news = match reply.await {
        Reply::Done => RecordingNews::Began,
        Reply::Refused { message } | Reply::Lost { message } => {
            tracing::warn!(%leg, message, "the call goes on without a recording");
            RecordingNews::Refused
        }
        Reply::Answer { .. } | Reply::Extension { .. } | Reply::Legs { .. } => {
            RecordingNews::Refused
        }
    };
    // A centre that has stopped asks again when it is back.
    let _ = told.send(CoreInput::Recording { leg, news });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::switch::Target;
    use omnibar_model::PhoneNumber;

    /// What becomes of a call whose leg the switch was told to dial.
    async fn cause_of(answer: Option<Reply>) -> Cause {
        let (commands, mut switch) = mpsc::unbounded_channel();
        let (orders, ordered) = mpsc::unbounded_channel();
        let (told, mut inputs) = mpsc::unbounded_channel();
        tokio::spawn(perform(SwitchLink::from_channel(commands), ordered, told));
        let target = Target::Number(PhoneNumber::parse("+15550101").unwrap());
        orders.send(SwitchCommand::Dial { leg: "a".into(), target }).unwrap();
        let (_, reply) = switch.recv().await.unwrap();
        match answer {
            Some(answer) => reply.send(answer).unwrap(),
            None => drop(reply),
        }
        match inputs.recv().await.unwrap() {
            CoreInput::Switch(SwitchEvent::Gone { leg, cause }) if leg == "a".into() => cause,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_number_is_not_blamed_for_a_switch_that_died() {
        let no = Reply::Refused { message: "There is no way to this number.".into() };
        assert_eq!(cause_of(Some(no)).await, Cause::Unreachable);
        assert_eq!(cause_of(None).await, Cause::SwitchLost);
    }
}
