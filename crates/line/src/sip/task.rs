use super::dial::{ConnectFault, WebSocket, dial, trust};
use super::{ExtensionConfig, ExtensionEvent};
use futures_util::{SinkExt, StreamExt};
use omnibar_model::{Backoff, Moment};
use omnibar_sip::{Command, Event, Input, Message, Output, UserAgent};
use rustls::ClientConfig;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{self, Bytes};

/// A way through NAT is kept open for at least 30 s by nearly every box.
const PING: Duration = Duration::from_secs(25);
/// Anything may answer a ping: what counts is that something comes.
const PONG: Duration = Duration::from_secs(10);
/// For one frame to leave.
const WRITE: Duration = Duration::from_secs(5);
/// For the end of a connection that may be dead.
const FAREWELL: Duration = Duration::from_millis(100);
/// To be told goodbye by the exchange.
const GOODBYE: Duration = Duration::from_secs(2);
/// Between two attempts to connect.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// A connection that has held this long was a good one.
const HELD: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) enum Order {
    Command(Box<Command>),
    Reconnect,
    Close(oneshot::Sender<()>),
}

type Dialling = Pin<
    Box<
        dyn Future<Output = Result<(Box<WebSocket>, Option<Arc<ClientConfig>>), ConnectFault>>
            + Send,
    >,
>;

enum Link {
    Waiting { until: Instant },
    Dialling(Dialling),
    Up { socket: Box<WebSocket>, since: Instant, heard: Instant, pinged: Option<Instant> },
}

pub(super) struct Task {
    config: ExtensionConfig,
    agent: UserAgent,
    events: mpsc::UnboundedSender<ExtensionEvent>,
    /// Moments are counted from here.
    epoch: Instant,
    link: Link,
    backoff: Backoff,
    tls: Option<Arc<ClientConfig>>,
    closing: Option<(oneshot::Sender<()>, Instant)>,
}

/// What woke the task.
enum Woken {
    Order(Option<Order>),
    Dialled(Result<(Box<WebSocket>, Option<Arc<ClientConfig>>), ConnectFault>),
    Frame(Option<Result<tungstenite::Message, tungstenite::Error>>),
    /// It is time for something.
    Due,
}

impl Task {
    pub(super) fn new(
        config: ExtensionConfig,
        seed: [u8; 32],
        events: mpsc::UnboundedSender<ExtensionEvent>,
    ) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = seed;
        let epoch = Instant::now();
        Self {
            agent: UserAgent::new(config.account.clone(), seed),
            config,
            events,
            epoch,
            link: Link::Waiting { until: epoch },
            backoff: Backoff::new(LONGEST_PAUSE, u64::from_be_bytes([h, g, f, e, d, c, b, a])),
            tls: None,
            closing: None,
        }
    }

    /// Runs until the handle is dropped or closed.
    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        self.backoff.next_attempt();
        loop {
            let woken = self.wait(&mut orders).await;
            match woken {
                Woken::Order(None) => return,
                Woken::Order(Some(order)) => self.order(order).await,
                Woken::Dialled(Ok((socket, tls))) => self.up(socket, tls),
                Woken::Dialled(Err(fault)) => self.down(fault),
                Woken::Frame(frame) => self.frame(frame),
                Woken::Due => self.due().await,
            }
            self.handle_due();
            self.flush().await;
            if self.is_closed() {
                return self.leave().await;
            }
        }
    }

    async fn wait(&mut self, orders: &mut mpsc::UnboundedReceiver<Order>) -> Woken {
        let agent = self.agent.deadline().map(|at| self.epoch + at.since(Moment::ZERO));
        let link = match &self.link {
            Link::Waiting { until } => Some(*until),
            Link::Dialling(_) => None,
            Link::Up { heard, pinged, .. } => Some(pinged.map_or(*heard + PING, |at| at + PONG)),
        };
        let closing = self.closing.as_ref().map(|(_, until)| *until);
        let due = [agent, link, closing].into_iter().flatten().min();
        let link = async {
            match &mut self.link {
                Link::Waiting { .. } => std::future::pending().await,
                Link::Dialling(dialling) => Woken::Dialled(dialling.await),
                Link::Up { socket, .. } => Woken::Frame(socket.next().await),
            }
        };
        tokio::select! {
            order = orders.recv() => Woken::Order(order),
            woken = link => woken,
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => Woken::Due,
        }
    }

    fn now(&self) -> Moment {
        let passed = Instant::now().saturating_duration_since(self.epoch);
        Moment::ZERO + Duration::from_millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
    }

    fn handle(&mut self, input: Input) {
        self.agent.handle(self.now(), input);
    }

    fn handle_due(&mut self) {
        if self.agent.deadline().is_some_and(|at| at <= self.now()) {
            self.handle(Input::Tick);
        }
    }

    async fn order(&mut self, order: Order) {
        match order {
            Order::Command(command) => self.handle(Input::Command(*command)),
            Order::Reconnect => {
                self.backoff.reset();
                if let Link::Up { socket, .. } = &mut self.link {
                    // The way it went may be gone: nobody waits for an answer.
                    let _ = timeout(FAREWELL, WebSocket::close(socket, None)).await;
                }
                self.down(ConnectFault::Renewed);
            }
            Order::Close(done) => {
                for call in self.agent.calls() {
                    self.handle(Input::Command(Command::HangUp { call }));
                }
                self.closing = Some((done, Instant::now() + GOODBYE));
                self.handle(Input::Command(Command::Unregister));
            }
        }
    }

    fn up(&mut self, socket: Box<WebSocket>, tls: Option<Arc<ClientConfig>>) {
        self.tls = tls;
        let now = Instant::now();
        self.link = Link::Up { socket, since: now, heard: now, pinged: None };
        tracing::info!("connected to the exchange");
        self.post(ExtensionEvent::Connected);
        self.handle(Input::Connected);
    }

    fn down(&mut self, fault: ConnectFault) {
        let was_up = match &self.link {
            Link::Up { since, .. } => {
                if since.elapsed() >= HELD {
                    self.backoff.reset();
                }
                true
            }
            Link::Waiting { .. } | Link::Dialling(_) => false,
        };
        let (_, pause) = self.backoff.next_attempt();
        // In a call somebody waits for it.
        let again_in = if self.agent.calls().is_empty() { pause } else { pause / 4 };
        self.link = Link::Waiting { until: Instant::now() + again_in };
        tracing::info!(%fault, ?again_in, "no connection to the exchange");
        self.post(ExtensionEvent::Disconnected { fault, again_in });
        if was_up {
            self.handle(Input::Disconnected);
        }
    }

    fn frame(&mut self, frame: Option<Result<tungstenite::Message, tungstenite::Error>>) {
        if let Link::Up { heard, pinged, .. } = &mut self.link {
            *heard = Instant::now();
            *pinged = None;
        }
        let bytes = match frame {
            Some(Ok(tungstenite::Message::Text(text))) => Bytes::from(text).to_vec(),
            Some(Ok(tungstenite::Message::Binary(bytes))) => bytes.to_vec(),
            Some(Ok(
                tungstenite::Message::Ping(_)
                | tungstenite::Message::Pong(_)
                | tungstenite::Message::Frame(_),
            )) => return,
            Some(Ok(tungstenite::Message::Close(_))) | None => {
                return self.down(ConnectFault::Closed);
            }
            Some(Err(error)) => return self.down(ConnectFault::Broken(error.to_string())),
        };
        note("received", &bytes);
        self.handle(Input::Received(bytes));
    }

    async fn due(&mut self) {
        let now = Instant::now();
        let mut silent = false;
        match &mut self.link {
            Link::Waiting { until } if *until <= now => {
                let (url, known) = (self.config.server.clone(), self.tls.clone());
                let extra_ca = self.config.extra_ca.clone();
                self.link = Link::Dialling(Box::pin(async move {
                    let tls = match (url.is_tls(), known) {
                        (false, _) => None,
                        (true, Some(known)) => Some(known),
                        (true, None) => Some(trust(extra_ca).await?),
                    };
                    Ok((Box::new(dial(url, tls.clone()).await?), tls))
                }));
            }
            Link::Waiting { .. } | Link::Dialling(_) => {}
            Link::Up { pinged: Some(at), .. } => silent = *at + PONG <= now,
            Link::Up { socket, heard, pinged, .. } if *heard + PING <= now => {
                *pinged = Some(now);
                let ping = tungstenite::Message::Ping(Bytes::new());
                silent = !matches!(timeout(WRITE, socket.send(ping)).await, Ok(Ok(())));
            }
            Link::Up { .. } => {}
        }
        if silent {
            self.down(ConnectFault::Silent);
        }
    }

    /// Does what the user agent wants done.
    async fn flush(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Send(bytes) => self.send(bytes).await,
                Output::Reconnect => self.down(ConnectFault::Silent),
                Output::Event(event) => {
                    if matches!(event, Event::Unregistered)
                        && let Some((_, until)) = &mut self.closing
                    {
                        *until = Instant::now();
                    }
                    self.post(ExtensionEvent::Sip(event));
                }
            }
        }
    }

    async fn send(&mut self, bytes: Vec<u8>) {
        let Link::Up { socket, .. } = &mut self.link else { return };
        note("sent", &bytes);
        let frame = match String::from_utf8(bytes) {
            Ok(text) => tungstenite::Message::text(text),
            Err(bytes) => tungstenite::Message::binary(bytes.into_bytes()),
        };
        match timeout(WRITE, socket.send(frame)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.down(ConnectFault::Broken(error.to_string())),
            Err(_) => self.down(ConnectFault::Silent),
        }
    }

    fn is_closed(&self) -> bool {
        self.closing.as_ref().is_some_and(|(_, until)| *until <= Instant::now())
    }

    async fn leave(self) {
        if let Link::Up { mut socket, .. } = self.link {
            let _ = timeout(WRITE, WebSocket::close(&mut socket, None)).await;
        }
        if let Some((done, _)) = self.closing {
            // Whoever waited may have gone.
            let _ = done.send(());
        }
    }

    fn post(&self, event: ExtensionEvent) {
        // Nobody listens any more when the program ends.
        let _ = self.events.send(event);
    }
}

/// What a message is, and of which dialog; nothing of what it says.
fn note(way: &'static str, bytes: &[u8]) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let Ok(message) = Message::read(bytes) else {
        return tracing::debug!(way, length = bytes.len(), "no SIP message");
    };
    let id = message.fields().get("Call-ID").unwrap_or_default().to_owned();
    match message {
        Message::Request(request) => tracing::debug!(way, method = %request.method, id, "SIP"),
        Message::Response(response) => {
            let of = response.fields.get("CSeq").unwrap_or_default();
            tracing::debug!(way, status = response.status, of, id, "SIP");
        }
    }
}
