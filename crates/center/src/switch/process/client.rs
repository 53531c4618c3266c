use super::wire::{self, Request, Word};
use crate::switch::{Reply, SwitchCommand, SwitchEvent, SwitchLink};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};

/// Replies that are awaited, until the connection ends.
type Waiting = Arc<Mutex<Option<BTreeMap<u64, oneshot::Sender<Reply>>>>>;
type Orders = mpsc::UnboundedReceiver<(SwitchCommand, oneshot::Sender<Reply>)>;

/// Lines on their way to the switch.
const QUEUED: usize = 256;

/// Takes control of the switch that serves this socket; whoever had it loses it. The
/// events end when the switch does, or when another takes control.
pub async fn connect(
    socket: &Path,
) -> io::Result<(SwitchLink, mpsc::UnboundedReceiver<SwitchEvent>)> {
    let (from, to) = UnixStream::connect(socket).await?.into_split();
    let (commands, orders) = mpsc::unbounded_channel();
    let (events, heard) = mpsc::unbounded_channel();
    let waiting = Waiting::new(Mutex::new(Some(BTreeMap::new())));
    tokio::spawn(ask(orders, waiting.clone(), to));
    tokio::spawn(listen(from, waiting, events));
    Ok((SwitchLink::from_channel(commands), heard))
}

async fn ask(mut orders: Orders, waiting: Waiting, to: OwnedWriteHalf) {
    let (lines, queue) = mpsc::channel(QUEUED);
    tokio::spawn(async move {
        if let Err(error) = wire::write_all(queue, to).await {
            tracing::debug!(%error, "the switch takes no more commands");
        }
    });
    let mut id = 0;
    while let Some((command, reply)) = orders.recv().await {
        id += 1;
        let open = with(&waiting, |waiting| waiting.insert(id, reply)).is_some();
        if !open || lines.send(Request { id, command }).await.is_err() {
            // Whoever asked learns by the dropped reply that the switch is lost.
            with(&waiting, |waiting| waiting.remove(&id));
        }
    }
}

async fn listen(from: OwnedReadHalf, waiting: Waiting, events: mpsc::UnboundedSender<SwitchEvent>) {
    let mut from = BufReader::new(from);
    loop {
        match wire::read(&mut from).await {
            Ok(Some(Word::Reply { id, content })) => {
                if let Some(Some(reply)) = with(&waiting, |waiting| waiting.remove(&id)) {
                    let _ = reply.send(content);
                }
            }
            Ok(Some(Word::Event(event))) => {
                let _ = events.send(event);
            }
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, "the connection to the switch has failed");
                break;
            }
        }
    }
    // Whoever waits learns of it, and so does whoever comes later.
    waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
}

/// `None`: the connection has ended.
fn with<T>(
    waiting: &Waiting,
    act: impl FnOnce(&mut BTreeMap<u64, oneshot::Sender<Reply>>) -> T,
) -> Option<T> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(act)
}
