//! Calls without a centre: two softphones exchange one description each over a TCP
//! connection that lasts as long as the call (docs/direct.md).
//!
//! ```text
//!  caller ──offer──▶ callee
//!         ◀─answer──          at once, so that the path is up when the callee accepts
//!         ◀─accept──
//!         ◀──end───▶          or the connection's end
//! ```

mod message;

pub use message::{Described, End};
use message::{Fault, Lines, Message};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

/// Time for a connection, for a stranger's offer, and for a message to leave.
const CONNECT: Duration = Duration::from_secs(5);
const FIRST_WORD: Duration = Duration::from_secs(5);
const WRITE: Duration = Duration::from_secs(2);
/// Strangers that may be on their way to an offer at the same time.
const STRANGERS: usize = 8;
/// Pause after the system refused a connection: it has no descriptors left.
const BREATH: Duration = Duration::from_millis(200);

/// What has happened, and to which call: one that was ended here may still have had
/// something on its way.
#[derive(Debug)]
pub struct CallEvent {
    pub call: CallNumber,
    pub event: DirectEvent,
}

/// Tells calls of one [`Direct`] apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallNumber(u64);

#[derive(Debug)]
pub enum DirectEvent {
    /// Somebody calls.
    Offered { from: SocketAddr, offer: Described },
    /// The far side's description for the offer that was given to [`Direct::call`].
    Answered(Described),
    /// A person, or his wish to answer everything, has taken the call.
    Accepted,
    /// The far side has ended the call, or the connection has.
    Ended(End),
}

/// The exchange at one address. Every method posts and returns; dropping it ends the
/// call and the listening.
#[derive(Debug)]
pub struct Direct {
    shared: Arc<Shared>,
    listening: tokio::task::JoinHandle<()>,
    address: SocketAddr,
}

impl Direct {
    /// Listens at that address only.
    pub async fn listen(at: SocketAddr) -> io::Result<(Self, mpsc::UnboundedReceiver<CallEvent>)> {
        let listener = TcpListener::bind(at).await?;
        let address = listener.local_addr()?;
        let (events, posted) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { slot: Mutex::default(), events });
        let listening = tokio::spawn(listen(listener, shared.clone()));
        Ok((Self { shared, listening, address }, posted))
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `None`: there is a call already.
    #[must_use]
    pub fn call(&self, to: SocketAddr, offer: Described) -> Option<CallNumber> {
        let (call, said) = self.shared.take()?;
        let shared = self.shared.clone();
        tokio::spawn(async move {
            let end = dial(to, offer, said, call, &shared).await;
            shared.over(call, end);
        });
        Some(call)
    }

    /// To [`DirectEvent::Offered`].
    pub fn answer(&self, answer: Described) {
        self.shared.say(Message::Answer(answer));
    }

    pub fn accept(&self) {
        self.shared.say(Message::Accept);
    }

    /// Ends the call, telling the far side why. No event follows.
    pub fn end(&self, end: End) {
        if let Some(slot) = self.shared.clear() {
            // A conversation that has ended needs no telling.
            let _ = slot.says.send(Message::End { reason: end });
        }
    }
}

impl Drop for Direct {
    fn drop(&mut self) {
        self.listening.abort();
        self.end(End::HungUp);
    }
}

#[derive(Debug)]
struct Shared {
    /// The one call. Never locked across an await.
    slot: Mutex<(CallNumber, Option<Slot>)>,
    events: mpsc::UnboundedSender<CallEvent>,
}

#[derive(Debug)]
struct Slot {
    call: CallNumber,
    says: mpsc::UnboundedSender<Message>,
}

impl Shared {
    /// `None`: there is a call already.
    fn take(&self) -> Option<(CallNumber, mpsc::UnboundedReceiver<Message>)> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.1.is_some() {
            return None;
        }
        let (says, said) = mpsc::unbounded_channel();
        slot.0.0 += 1;
        let call = slot.0;
        slot.1 = Some(Slot { call, says });
        Some((call, said))
    }

    fn clear(&self) -> Option<Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).1.take()
    }

    fn say(&self, message: Message) {
        let slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = &slot.1 {
            let _ = slot.says.send(message);
        }
    }

    /// Tells of the end, unless it was this side's.
    fn over(&self, call: CallNumber, end: Option<End>) {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.1.as_ref().is_some_and(|taken| taken.call == call) {
            slot.1 = None;
            self.post(call, DirectEvent::Ended(end.unwrap_or(End::HungUp)));
        }
    }

    fn post(&self, call: CallNumber, event: DirectEvent) {
        // Nobody listens any more when the program ends.
        let _ = self.events.send(CallEvent { call, event });
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let strangers = Arc::new(Semaphore::new(STRANGERS));
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                let Ok(place) = strangers.clone().try_acquire_owned() else {
                    tracing::debug!("too many are at the door: one was turned away");
                    continue;
                };
                let shared = shared.clone();
                tokio::spawn(async move {
                    let offered = timeout(FIRST_WORD, hear_offer(stream)).await;
                    drop(place);
                    match offered {
                        Ok(Ok((lines, write, offer))) => {
                            receive(from, lines, write, offer, &shared).await;
                        }
                        Ok(Err(fault)) => tracing::debug!(%fault, "what came was no call"),
                        Err(_) => tracing::debug!("somebody connected and said nothing"),
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a call could not be taken");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

async fn hear_offer(stream: TcpStream) -> Result<(Lines, OwnedWriteHalf, Described), Fault> {
    stream.set_nodelay(true)?;
    let (read, write) = stream.into_split();
    let mut lines = Lines::new(read);
    match lines.next().await? {
        Message::Offer(offer) => Ok((lines, write, offer)),
        Message::Answer(_) | Message::Accept | Message::End { .. } => Err(Fault::OutOfTurn),
    }
}

/// The callee's side of a call.
async fn receive(
    from: SocketAddr,
    lines: Lines,
    mut write: OwnedWriteHalf,
    offer: Described,
    shared: &Shared,
) {
    let Some((call, said)) = shared.take() else {
        tracing::info!("a call came during another");
        let _ = say(&mut write, &Message::End { reason: End::Busy }).await;
        return;
    };
    shared.post(call, DirectEvent::Offered { from, offer });
    let tell = |event| shared.post(call, event);
    let end = converse(lines, write, said, Turn::Callee, &tell).await;
    shared.over(call, end);
}

/// The caller's side of a call.
async fn dial(
    to: SocketAddr,
    offer: Described,
    mut said: mpsc::UnboundedReceiver<Message>,
    call: CallNumber,
    shared: &Shared,
) -> Option<End> {
    let connected = tokio::select! {
        connected = timeout(CONNECT, connect(to)) => connected,
        // Given up before anybody was reached.
        _ = said.recv() => return None,
    };
    let (read, mut write) = match connected {
        Ok(Ok(halves)) => halves,
        Ok(Err(error)) => {
            tracing::info!(%error, "the far side was not reached");
            return Some(End::Unreachable);
        }
        Err(_) => return Some(End::Unreachable),
    };
    if say(&mut write, &Message::Offer(offer)).await.is_err() {
        return Some(End::Lost);
    }
    let tell = |event| shared.post(call, event);
    converse(Lines::new(read), write, said, Turn::Caller, &tell).await
}

async fn connect(to: SocketAddr) -> io::Result<(OwnedReadHalf, OwnedWriteHalf)> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream.into_split())
}

/// Whose turn it is to say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Waits for the answer.
    Caller,
    /// Waits for the acceptance.
    Answered,
    /// Waits for the end.
    Talking,
    /// The callee, to whom nothing but the end is said.
    Callee,
}

/// `None`: this side has ended it.
async fn converse(
    mut lines: Lines,
    mut write: OwnedWriteHalf,
    mut said: mpsc::UnboundedReceiver<Message>,
    mut turn: Turn,
    tell: &(impl Fn(DirectEvent) + Sync),
) -> Option<End> {
    loop {
        tokio::select! {
            heard = lines.next() => match (heard, turn) {
                (Ok(Message::End { reason }), _) => return Some(reason),
                (Ok(Message::Answer(answer)), Turn::Caller) => {
                    turn = Turn::Answered;
                    tell(DirectEvent::Answered(answer));
                }
                (Ok(Message::Accept), Turn::Answered) => {
                    turn = Turn::Talking;
                    tell(DirectEvent::Accepted);
                }
                (Ok(Message::Offer(_) | Message::Answer(_) | Message::Accept), _) => {
                    tracing::info!(?turn, "the far side spoke out of turn");
                    let _ = say(&mut write, &Message::End { reason: End::Failed }).await;
                    return Some(End::Failed);
                }
                (Err(Fault::Closed | Fault::Io(_)), _) => return Some(End::Lost),
                (Err(fault @ (Fault::TooLong | Fault::Malformed | Fault::OutOfTurn)), _) => {
                    tracing::info!(%fault, "the far side is no softphone of ours");
                    return Some(End::Failed);
                }
            },
            message = said.recv() => {
                let message = message?;
                let ended = matches!(message, Message::End { .. });
                if say(&mut write, &message).await.is_err() {
                    return (!ended).then_some(End::Lost);
                }
                if ended {
                    let _ = write.shutdown().await;
                    return None;
                }
            }
        }
    }
}

async fn say(write: &mut OwnedWriteHalf, message: &Message) -> io::Result<()> {
    let line = message.line()?;
    timeout(WRITE, write.write_all(&line)).await.map_err(io::Error::from)?
}
