//! The user agent itself. This file takes inputs and hands them on; each part of what it
//! does has a file.

mod call;
mod change;
mod incoming;
mod outgoing;
mod register;
mod requests;
mod responses;
mod send;
mod transfer;
mod watch;

use crate::account::{Account, CallNumber, Command, Input, WatchNumber};
use crate::digest::Credentials;
use crate::event::{Event, Output, Refusal};
use crate::message::{Fault, Message, Request};
use crate::random::Random;
use call::Call;
use omnibar_model::Moment;
use register::Registration;
use send::Client;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use watch::Watching;

/// Calls at the same time, those that are ending included.
const MOST_CALLS: usize = 16;
const MOST_WATCHES: usize = 64;
/// Round trip that RFC 3261 reckons with, and the multiple after which nobody answers.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const TIMEOUT: Duration = Duration::from_secs(32);

/// One extension. See the crate's documentation for its contract.
#[derive(Debug)]
pub struct UserAgent {
    account: Account,
    /// In Via and Contact: a name that leads nowhere, for nobody can connect to a
    /// WebSocket's client (RFC 7118 section 5).
    host: String,
    random: Random,
    credentials: Credentials,
    connected: bool,
    outputs: VecDeque<Output>,
    registration: Registration,
    /// Client transactions by branch.
    clients: BTreeMap<String, Client>,
    calls: BTreeMap<CallNumber, Call>,
    calls_in: u32,
    watches: BTreeMap<WatchNumber, Watching>,
    /// BYEs of calls that ended while there was no connection.
    owed: Vec<Request>,
}

impl UserAgent {
    /// `seed` must be from the system's source of randomness: whoever knows it can guess
    /// what keeps strangers out of calls.
    #[must_use]
    pub fn new(account: Account, seed: [u8; 32]) -> Self {
        let mut random = Random::new(seed);
        let name =
            if account.user.is_empty() { account.address.user() } else { account.user.clone() };
        Self {
            host: format!("{}.invalid", random.token()),
            credentials: Credentials::new(name, account.password.clone()),
            registration: Registration::new(&mut random, account.expires),
            account,
            random,
            connected: false,
            outputs: VecDeque::new(),
            clients: BTreeMap::new(),
            calls: BTreeMap::new(),
            calls_in: 0,
            watches: BTreeMap::new(),
            owed: vec![],
        }
    }

    pub fn handle(&mut self, now: Moment, input: Input) {
        match input {
            Input::Connected => self.connected(now),
            Input::Disconnected => self.disconnected(now),
            Input::Received(bytes) => self.received(now, &bytes),
            Input::Command(command) => self.command(now, command),
            Input::Tick => {}
        }
        self.tick(now);
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        let clients = self.clients.values().map(|client| client.deadline);
        let calls = self.calls.values().filter_map(Call::deadline);
        let watches = self.watches.values().filter_map(Watching::deadline);
        let watches = watches.filter(|_| self.is_registered());
        let registration = self.connected.then(|| self.registration.deadline()).flatten();
        clients.chain(calls).chain(watches).chain(registration).min()
    }

    /// Calls that have not ended.
    #[must_use]
    pub fn calls(&self) -> Vec<CallNumber> {
        let open = self.calls.iter().filter(|(_, call)| !call.is_leaving());
        open.map(|(number, _)| *number).collect()
    }

    /// Nobody else is told what others do.
    fn is_registered(&self) -> bool {
        self.connected && self.registration.is_up()
    }

    fn connected(&mut self, now: Moment) {
        self.connected = true;
        self.register_if_wanted(now);
        for mut bye in std::mem::take(&mut self.owed) {
            self.complete(&mut bye, true);
            self.send(now, bye, send::Purpose::Bye);
        }
    }

    fn disconnected(&mut self, now: Moment) {
        self.connected = false;
        self.registration.connection_lost();
        // Nothing of what was asked over it will be answered (RFC 3261 section 8.1.3.1).
        for client in self.clients.values_mut() {
            client.lose(now);
        }
        self.calls_disconnected(now);
    }

    fn received(&mut self, now: Moment, bytes: &[u8]) {
        match bytes {
            // Keep-alive of RFC 5626 section 3.5.1, from either side.
            b"\r\n\r\n" => return self.output(Output::Send(b"\r\n".to_vec())),
            b"\r\n" => return self.registration.pong(now, &mut self.random),
            _ => {}
        }
        match Message::read(bytes) {
            Ok(Message::Request(request)) => self.request(now, request),
            Ok(Message::Response(response)) => self.response(now, response),
            Err(Fault::Refused { status, request, why: _ }) => {
                let tag = self.random.token();
                self.reply(request.answer(status, &tag));
            }
            Err(Fault::Useless(_)) => {}
        }
    }

    fn command(&mut self, now: Moment, command: Command) {
        match command {
            Command::Register => self.register(now),
            Command::Unregister => self.unregister(now),
            Command::Call { call, to, offer, replaces } => {
                self.call(now, call, &to, offer, replaces);
            }
            Command::Accept { call, sdp } => self.accept(now, call, &sdp),
            Command::Reject { call, busy } => self.reject(now, call, busy),
            Command::HangUp { call } => self.hang_up(now, call),
            Command::Hold { call, on, offer } => self.hold(now, call, on, offer),
            Command::Offer { call, offer } => self.offer(now, call, offer),
            Command::Answer { call, answer } => self.answer(now, call, answer),
            Command::Press { call, digit, length } => self.press(now, call, digit, length),
            Command::Transfer { call, to } => self.transfer(now, call, &to),
            Command::Join { call, with } => self.join(now, call, with),
            Command::Follow { call, new } => self.follow(now, call, new),
            Command::Watch { watch, whom } => self.watch(now, watch, Some(whom)),
            Command::WatchMessages { watch } => self.watch(now, watch, None),
            Command::Unwatch { watch } => self.unwatch(now, watch),
        }
    }

    /// Everything that is due.
    fn tick(&mut self, now: Moment) {
        self.clients_due(now);
        self.calls_due(now);
        if self.connected {
            self.registration_due(now);
        }
        if self.is_registered() {
            self.watches_due(now);
        }
    }

    fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn event(&mut self, event: Event) {
        self.output(Output::Event(event));
    }

    fn refuse(&mut self, call: Option<CallNumber>, why: Refusal) {
        self.event(Event::Refused { call, why });
    }
}
