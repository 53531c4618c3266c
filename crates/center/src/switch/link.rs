use super::{Reply, SwitchCommand};
use tokio::sync::{mpsc, oneshot};

/// The way to a switch, in this process or another. Clones lead to the same one.
#[derive(Clone, Debug)]
pub struct SwitchLink(mpsc::UnboundedSender<(SwitchCommand, oneshot::Sender<Reply>)>);

impl SwitchLink {
    /// Whoever holds the receiver is the switch: it takes the commands in order and
    /// answers each. A dropped answer means that it is lost.
    #[must_use]
    pub fn from_channel(
        commands: mpsc::UnboundedSender<(SwitchCommand, oneshot::Sender<Reply>)>,
    ) -> Self {
        Self(commands)
    }

    /// The command is on its way when this returns, so commands of one caller are
    /// carried out in the order of the calls, whether the replies are awaited or not.
    pub fn command(&self, command: SwitchCommand) -> impl Future<Output = Reply> + Send + use<> {
        let (answer, reply) = oneshot::channel();
        // A switch that is gone drops the answer, and that is a reply.
        let _ = self.0.send((command, answer));
        async move { reply.await.unwrap_or_else(|_| lost()) }
    }
}

fn lost() -> Reply {
    Reply::Lost {
        message: "The voice switch has stopped. Calls can be made again when it is back.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn commands_keep_their_order_and_find_their_answers() {
        let (tx, mut rx) = mpsc::unbounded_channel::<(SwitchCommand, oneshot::Sender<Reply>)>();
        let link = SwitchLink::from_channel(tx);
        let switch = tokio::spawn(async move {
            let mut seen = Vec::new();
            while let Some((command, answer)) = rx.recv().await {
                let refuse = matches!(command, SwitchCommand::Close { .. });
                seen.push(command);
                let reply =
                    if refuse { Reply::Refused { message: "no".into() } } else { Reply::Done };
                answer.send(reply).unwrap();
            }
            seen
        });
        let close = SwitchCommand::Close { leg: "a".into() };
        assert_eq!(link.command(SwitchCommand::List).await, Reply::Done);
        assert_eq!(link.command(close.clone()).await, Reply::Refused { message: "no".into() });
        drop(link);
        assert_eq!(switch.await.unwrap(), [SwitchCommand::List, close]);
    }

    #[tokio::test]
    async fn a_switch_that_is_gone_is_lost() {
        let (tx, rx) = mpsc::unbounded_channel();
        drop(rx);
        let reply = SwitchLink::from_channel(tx).command(SwitchCommand::List).await;
        assert_eq!(reply, lost());
    }
}
