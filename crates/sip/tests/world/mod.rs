//! User agents and an exchange in one process, in virtual time: the exchange registers
//! them (asking for a password), routes requests by number and passes everything on as a
//! proxy does.

#![allow(dead_code, reason = "each test uses a part of it")]

use omnibar_model::{Moment, Secret};
use omnibar_sip::{
    Account, CallNumber, Command, Event, Input, Message, Method, Output, Request, Uri, UserAgent,
};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 4000 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 192.0.2.1\r\na=sendrecv\r\n";

pub(crate) fn sdp(port: u16) -> String {
    SDP.replace("4000", &port.to_string())
}

/// Everything that happens among some extensions.
pub(crate) struct World {
    pub(crate) now: Moment,
    agents: BTreeMap<&'static str, UserAgent>,
    events: Vec<(&'static str, Event)>,
    /// Messages on their way: from whom, and what.
    wire: Vec<(&'static str, Message)>,
    /// Where the answers to a branch belong.
    asked: BTreeMap<String, &'static str>,
    /// Contact of each.
    places: BTreeMap<String, &'static str>,
    /// Messages that are lost: of whom, and which.
    pub(crate) deaf: Vec<(&'static str, Method)>,
    /// Requests that the exchange has seen, oldest first.
    pub(crate) seen: Vec<String>,
}

pub(crate) fn account(user: &str) -> Account {
    Account {
        address: Uri::read(&format!("sip:{user}@pbx.test")).unwrap(),
        display: format!("Agent {user}"),
        user: user.to_owned(),
        password: Secret::new("secret"),
        secure: true,
        instance: format!("00000000-0000-4000-8000-00000000{user}"),
        expires: Duration::from_secs(600),
        agent: "Omnibar/test".to_owned(),
    }
}

impl World {
    /// With extensions that are connected and registered.
    pub(crate) fn new(users: &[&'static str]) -> Self {
        let mut world = Self {
            now: Moment::from_millis(1_000),
            agents: BTreeMap::new(),
            events: vec![],
            wire: vec![],
            asked: BTreeMap::new(),
            places: BTreeMap::new(),
            deaf: vec![],
            seen: vec![],
        };
        for (n, user) in (1..).zip(users) {
            world.agents.insert(user, UserAgent::new(account(user), [n; 32]));
            world.input(user, Input::Connected);
            world.command(user, Command::Register);
            assert!(matches!(world.take(user)[..], [Event::Registered { first: true, .. }]));
        }
        world
    }

    pub(crate) fn agent(&self, user: &str) -> &UserAgent {
        &self.agents[user]
    }

    pub(crate) fn command(&mut self, user: &'static str, command: Command) {
        self.input(user, Input::Command(command));
    }

    pub(crate) fn input(&mut self, user: &'static str, input: Input) {
        self.agents.get_mut(user).unwrap().handle(self.now, input);
        self.settle();
    }

    /// The same for several at the same moment, before anything is passed on.
    pub(crate) fn at_once(&mut self, commands: Vec<(&'static str, Command)>) {
        for (user, command) in commands {
            self.agents.get_mut(user).unwrap().handle(self.now, Input::Command(command));
        }
        self.settle();
    }

    /// Lets that time pass, waking everybody when he wants to be woken.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let next = self.agents.values().filter_map(UserAgent::deadline).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            assert!(next >= self.now, "a deadline in the past");
            self.now = next;
            for agent in self.agents.values_mut() {
                agent.handle(next, Input::Tick);
            }
            self.settle();
        }
        self.now = end;
    }

    /// What has happened to somebody since the last look.
    pub(crate) fn take(&mut self, user: &str) -> Vec<Event> {
        let (his, others) =
            std::mem::take(&mut self.events).into_iter().partition(|(of, _)| *of == user);
        self.events = others;
        let his: Vec<(&str, Event)> = his;
        his.into_iter().map(|(_, event)| event).collect()
    }

    /// A call from one to the other that is up.
    pub(crate) fn talk(
        &mut self,
        from: &'static str,
        to: &'static str,
        out: u32,
    ) -> (CallNumber, CallNumber) {
        let call = CallNumber::Out(out);
        self.dial(from, to, out);
        let theirs = self.rings(to);
        self.command(to, Command::Accept { call: theirs, sdp: sdp(5_000) });
        let happened = self.take(from);
        assert!(
            happened.iter().any(|event| matches!(event, Event::Answered { .. })),
            "{happened:?}"
        );
        assert!(matches!(self.take(to)[..], [Event::Established { .. }]));
        (call, theirs)
    }

    pub(crate) fn dial(&mut self, from: &'static str, to: &str, out: u32) {
        let to = Uri::dialled(to, "pbx.test").unwrap();
        let call = CallNumber::Out(out);
        self.command(from, Command::Call { call, to, offer: sdp(4_000), replaces: None });
    }

    pub(crate) fn rings(&mut self, user: &str) -> CallNumber {
        let events = self.take(user);
        events
            .iter()
            .find_map(|event| match event {
                Event::Incoming { call, .. } => Some(*call),
                _ => None,
            })
            .unwrap_or_else(|| panic!("nobody calls {user}: {events:?}"))
    }

    /// Passes messages on until nobody says anything any more.
    fn settle(&mut self) {
        for _ in 0..1_000 {
            for (user, agent) in &mut self.agents {
                while let Some(output) = agent.poll_output() {
                    match output {
                        Output::Send(bytes) => {
                            if bytes != b"\r\n\r\n" && bytes != b"\r\n" {
                                self.wire.push((user, Message::read(&bytes).unwrap()));
                            }
                        }
                        Output::Event(event) => self.events.push((user, event)),
                        Output::Reconnect => {}
                    }
                }
            }
            if self.wire.is_empty() {
                return;
            }
            let (from, message) = self.wire.remove(0);
            match message {
                Message::Request(request) => self.route(from, request),
                Message::Response(response) => {
                    let via = response.fields.get("Via").unwrap_or_default().to_owned();
                    let to = self.asked.get(&branch(&via)).copied();
                    let Some(to) = to else { continue };
                    self.hand(to, &Message::Response(response));
                }
            }
        }
        panic!("they never stop talking");
    }

    fn route(&mut self, from: &'static str, request: Request) {
        self.seen.push(format!("{from} {} {}", request.method, request.uri));
        if self.deaf.contains(&(from, request.method.clone())) {
            return;
        }
        let via = request.fields.get("Via").unwrap_or_default();
        self.asked.insert(branch(via), from);
        if request.method == Method::Register {
            return self.register(from, &request);
        }
        let uri = Uri::read(&request.uri).unwrap();
        let to = self.places.get(uri.host()).copied();
        let to = to.or_else(|| self.agents.keys().find(|user| **user == uri.user()).copied());
        match to {
            Some(to) => self.hand(to, &Message::Request(request)),
            None if request.method == Method::Ack => {}
            None => self.answer(from, &request, "404 Not Found", ""),
        }
    }

    fn register(&mut self, from: &'static str, request: &Request) {
        if request.fields.get("Authorization").is_none() {
            let asks = "WWW-Authenticate: Digest realm=\"pbx.test\", nonce=\"n\", \
                        algorithm=SHA-256, qop=\"auth\"\r\n";
            return self.answer(from, request, "401 Unauthorized", asks);
        }
        let contact = request.fields.get("Contact").unwrap_or_default().to_owned();
        let host = contact.split('@').nth(1).and_then(|rest| rest.split(';').next());
        self.places.insert(host.unwrap_or_default().to_owned(), from);
        self.answer(from, request, "200 OK", &format!("Contact: {contact}\r\n"));
    }

    fn answer(&mut self, to: &'static str, request: &Request, status: &str, more: &str) {
        let get = |name: &str| request.fields.get(name).unwrap_or_default();
        let text = format!(
            "SIP/2.0 {status}\r\nVia: {};received=192.0.2.9;rport=4711\r\nFrom: {}\r\n\
             To: {};tag=pbx\r\nCall-ID: {}\r\nCSeq: {}\r\n{more}\r\n",
            get("Via"),
            get("From"),
            get("To"),
            get("Call-ID"),
            get("CSeq"),
        );
        self.agents.get_mut(to).unwrap().handle(self.now, Input::Received(text.into_bytes()));
    }

    fn hand(&mut self, to: &'static str, message: &Message) {
        self.agents.get_mut(to).unwrap().handle(self.now, Input::Received(message.to_bytes()));
    }
}

fn branch(via: &str) -> String {
    let branch = via.split(';').find_map(|param| param.trim().strip_prefix("branch="));
    branch.unwrap_or_default().to_owned()
}
