use super::answer::{self, SignIn};
use super::voice::{self, Signal};
use super::{Bucket, Shared};
use crate::core::{ConnectionId, CoreInput, Whose};
use crate::door::{OUTBOX, Outbox, Outgoing};
use crate::endpoint::{Call, Endpoints};
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use omnibar_model::AgentId;
use omnibar_protocol::{Code, Command, ErrorObject, Request, Response, parse_request, wire};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

const COMMANDS_PER_SECOND: u64 = 200;
/// Questions to the centre's services that may be open at once.
const ENDPOINT_CALLS: usize = 16;
/// Time for the first command, which must sign in.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(15);

struct Connection {
    shared: Shared,
    id: ConnectionId,
    from: IpAddr,
    socket: WebSocket,
    user: Option<AgentId>,
    bucket: Bucket,
    signals: mpsc::Sender<Signal>,
    outbox: Outbox,
    endpoints: Endpoints,
    endpoint_calls: Arc<Semaphore>,
    /// For answers that come later.
    answers: mpsc::UnboundedSender<Response>,
}

/// Why a connection is closed by the centre.
enum Over {
    /// The peer has closed, or cannot be reached.
    Gone,
    Closed {
        code: u16,
        reason: &'static str,
    },
}

pub(super) async fn serve(shared: Shared, from: IpAddr, socket: WebSocket) {
    let id = ConnectionId(shared.connections.fetch_add(1, Ordering::Relaxed) + 1);
    let (sender, outgoing) = mpsc::channel(OUTBOX);
    let outbox = Outbox { sender, hang_up: CancellationToken::new() };
    let (signals, waiting) = mpsc::channel(voice::QUEUE);
    let (answers, answered) = mpsc::unbounded_channel();
    let carrier = tokio::spawn(voice::carry(shared.clone(), id, waiting, answers.clone()));
    let endpoints = Endpoints::new(&shared);
    let endpoint_calls = Arc::new(Semaphore::new(ENDPOINT_CALLS));
    let bucket = Bucket::new(shared.clock.now(), COMMANDS_PER_SECOND);
    let door = shared.door.clone();
    let mut connection = Connection {
        shared,
        id,
        from,
        socket,
        user: None,
        bucket,
        signals,
        outbox,
        endpoints,
        endpoint_calls,
        answers,
    };
    let over = connection.run(outgoing, answered).await;
    if let Over::Closed { code, reason } = over {
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = connection.send(Message::Close(Some(frame))).await;
    }
    tracing::debug!(connection = id.0, user = ?connection.user, "connection over");
    drop(connection);
    carrier.abort();
    let _ = door.input(CoreInput::Disconnected { connection: id }, None).await;
}

impl Connection {
    async fn run(
        &mut self,
        mut outgoing: mpsc::Receiver<Outgoing>,
        mut answered: mpsc::UnboundedReceiver<Response>,
    ) -> Over {
        let interval = self.shared.heartbeat;
        let mut beat = tokio::time::interval(interval);
        beat.reset();
        let mut heard = Instant::now();
        let opened = Instant::now();
        let stop = self.shared.stop.clone();
        let hang_up = self.outbox.hang_up.clone();
        loop {
            let sent = tokio::select! {
                message = self.socket.recv() => {
                    heard = Instant::now();
                    match message {
                        Some(Ok(Message::Text(text))) => self.text(&text).await,
                        Some(Ok(Message::Binary(_))) => {
                            self.refuse(Code::InvalidRequest, "Messages are text.").await
                        }
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                        Some(Ok(Message::Close(_))) | None => return Over::Gone,
                        Some(Err(_)) => return Over::Closed {
                            code: close_code::SIZE,
                            reason: "That was no message of this protocol.",
                        },
                    }
                }
                out = outgoing.recv() => match out {
                    Some(Outgoing::News { seq, news }) => {
                        let text = news.numbered(seq, self.shared.clock.now()).to_text();
                        tracing::debug!(connection = self.id.0, seq, "news");
                        self.send(Message::text(text)).await
                    }
                    Some(Outgoing::Close) | None => {
                        return Over::Closed { code: close_code::NORMAL, reason: "The session is over." };
                    }
                },
                Some(response) = answered.recv() => {
                    self.send(Message::text(response.to_text())).await
                }
                _ = beat.tick() => {
                    if heard.elapsed() >= interval * 2 {
                        return Over::Closed { code: close_code::AWAY, reason: "Nothing was heard." };
                    }
                    if self.user.is_none() && opened.elapsed() >= SIGN_IN_LIMIT {
                        return Over::Closed { code: close_code::POLICY, reason: "Sign in first." };
                    }
                    self.send(Message::Ping(Vec::new().into())).await
                }
                () = hang_up.cancelled() => {
                    return Over::Closed { code: close_code::POLICY, reason: "Too much was not read." };
                }
                () = stop.cancelled() => {
                    return Over::Closed { code: close_code::RESTART, reason: "The centre is stopping." };
                }
            };
            if let Err(over) = sent {
                return over;
            }
        }
    }

    async fn text(&mut self, text: &str) -> Result<(), Over> {
        if !self.bucket.take(self.shared.clock.now()) {
            let id = parse_request(text).ok().map(|r| r.id);
            let message = "Too many commands at once. Wait a second.";
            let result = Err(ErrorObject::new(Code::TooMany, message));
            return self.respond(Response { id, result }).await;
        }
        match parse_request(text) {
            Ok(request) => {
                tracing::trace!(connection = self.id.0, id = %request.id, "command");
                match self.command(request).await {
                    Some(response) => self.respond(response).await,
                    None => Ok(()),
                }
            }
            Err(bad) => {
                tracing::debug!(connection = self.id.0, code = bad.error.code, "not a command");
                self.respond(Response { id: bad.id, result: Err(bad.error) }).await
            }
        }
    }

    /// `None` when the answer comes later.
    async fn command(&mut self, request: Request) -> Option<Response> {
        let Request { id, command } = request;
        let signed_in = self.user.clone();
        let result = match (command, signed_in) {
            (Command::Ping {}, _) => Ok(crate::actor::empty()),
            (Command::SessionOpen { client, user, password, resume, take_over }, None) => {
                let password = password.map(wire::Password::into_secret);
                self.sign_in(SignIn { client, user, password, resume, take_over }).await
            }
            (Command::SessionOpen { .. }, Some(_)) => {
                Err(ErrorObject::new(Code::Conflict, "This connection is signed in already."))
            }
            (_, None) => Err(ErrorObject::new(Code::Unauthorised, "Sign in first.")),
            (Command::Search { text }, Some(user)) => {
                answer::search(&self.shared, &user, &text).await
            }
            (Command::History { before, limit }, Some(user)) => {
                answer::history(&self.shared, &user, before, limit).await
            }
            (Command::VoiceOffer { sdp }, Some(_)) => {
                return self.signal(id, Signal::Offer { id, sdp });
            }
            (Command::VoiceCandidate { candidate }, Some(_)) => {
                return self.signal(id, Signal::Candidate { id, candidate });
            }
            (Command::VoiceEcho { on }, Some(_)) => {
                return self.signal(id, Signal::Echo { id, on });
            }
            (Command::EndpointCall { service, method, path, query, body }, Some(_)) => {
                let call = Call { service, method, path, query, body };
                return self.ask_endpoint(id, call);
            }
            (command, Some(_)) => self.pass_on(id, command).await,
        };
        Some(Response { id: Some(id), result })
    }

    fn signal(&self, id: uuid::Uuid, signal: Signal) -> Option<Response> {
        self.signals.try_send(signal).err().map(|_| Response {
            id: Some(id),
            result: Err(ErrorObject::new(Code::TooMany, "The voice switch is busy. Try again.")),
        })
    }

    /// Other servers may be behind it: nothing else waits for the answer.
    fn ask_endpoint(&self, id: uuid::Uuid, call: Call) -> Option<Response> {
        let Ok(turn) = Arc::clone(&self.endpoint_calls).try_acquire_owned() else {
            let message = "Too many questions at once. Wait for answers.";
            let result = Err(ErrorObject::new(Code::TooMany, message));
            return Some(Response { id: Some(id), result });
        };
        let (endpoints, answers) = (self.endpoints.clone(), self.answers.clone());
        let whose = Whose::Connection(self.id);
        tokio::spawn(async move {
            let result = endpoints.call(whose, call).await;
            // The connection may have gone meanwhile.
            let _ = answers.send(Response { id: Some(id), result });
            drop(turn);
        });
        None
    }

    async fn sign_in(&mut self, ask: SignIn) -> Result<Value, ErrorObject> {
        let user = ask.user.clone();
        self.shared.door.attach(self.id, self.outbox.clone()).await;
        let opened = answer::sign_in(&self.shared, self.id, self.from, ask).await?;
        self.user = Some(user);
        Ok(opened)
    }

    async fn pass_on(&mut self, id: uuid::Uuid, command: Command) -> Result<Value, ErrorObject> {
        let (command, contact) =
            answer::prepared(&self.shared, self.user.as_ref(), command).await?;
        let selects = matches!(command, Command::SessionSelect { .. });
        let input = CoreInput::Command { connection: self.id, command, contact };
        let mut answer = self.shared.door.input(input, Some(id)).await?;
        if selects {
            let servers: Vec<wire::IceServer> =
                self.shared.ice_servers.iter().map(wire::IceServer::from).collect();
            answer["ice_servers"] = json!(servers);
        }
        Ok(answer)
    }

    async fn respond(&mut self, response: Response) -> Result<(), Over> {
        tracing::debug!(connection = self.id.0, "answer");
        self.send(Message::text(response.to_text())).await
    }

    async fn refuse(&mut self, code: Code, message: &str) -> Result<(), Over> {
        self.respond(Response { id: None, result: Err(ErrorObject::new(code, message)) }).await
    }

    /// A peer that takes nothing for two intervals is dead.
    async fn send(&mut self, message: Message) -> Result<(), Over> {
        match timeout(self.shared.heartbeat * 2, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over::Gone),
        }
    }
}
