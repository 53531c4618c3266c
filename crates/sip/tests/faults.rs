//! A registrar and callers that are difficult, one scripted answer after the other.

#![allow(clippy::unwrap_used, reason = "tests")]

mod world;

use omnibar_model::Moment;
use omnibar_sip::{
    CallNumber, CauseKind, Colleague, Command, Event, Input, Message, Method, Output, Request,
    Response, Uri, UserAgent, WatchNumber,
};
use std::time::Duration;
use world::sdp;

/// A user agent whose far side is the test.
struct Alone {
    agent: UserAgent,
    now: Moment,
    events: Vec<Event>,
    sent: Vec<Message>,
    raw: Vec<Vec<u8>>,
    reconnects: usize,
}

impl Alone {
    fn new() -> Self {
        let agent = UserAgent::new(world::account("1001"), [7; 32]);
        let now = Moment::from_millis(5_000);
        let (events, sent, raw) = (vec![], vec![], vec![]);
        let mut alone = Self { agent, now, events, sent, raw, reconnects: 0 };
        alone.input(Input::Connected);
        alone
    }

    fn input(&mut self, input: Input) {
        self.agent.handle(self.now, input);
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Send(bytes) => match Message::read(&bytes) {
                    Ok(message) => self.sent.push(message),
                    Err(_) => self.raw.push(bytes),
                },
                Output::Event(event) => self.events.push(event),
                Output::Reconnect => self.reconnects += 1,
            }
        }
    }

    fn command(&mut self, command: Command) {
        self.input(Input::Command(command));
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.agent.deadline().filter(|next| *next <= end) {
            self.now = next;
            self.input(Input::Tick);
        }
        self.now = end;
    }

    /// The latest request of that method.
    fn asked(&self, method: &Method) -> Request {
        let found = self.sent.iter().rev().find_map(|message| match message {
            Message::Request(request) if request.method == *method => Some(request.clone()),
            Message::Request(_) | Message::Response(_) => None,
        });
        found.unwrap_or_else(|| panic!("no {method} among {:?}", self.sent))
    }

    fn count(&self, method: &Method) -> usize {
        let of = |message: &&Message| matches!(message, Message::Request(r) if r.method == *method);
        self.sent.iter().filter(of).count()
    }

    /// The latest answer.
    fn said(&self) -> Response {
        let found = self.sent.iter().rev().find_map(|message| match message {
            Message::Response(response) => Some(response.clone()),
            Message::Request(_) => None,
        });
        found.unwrap()
    }

    /// Answers the latest request of that method.
    fn answer(&mut self, method: &Method, status: &str, more: &str, body: &str) {
        let request = self.asked(method);
        self.answer_to(&request, "far", status, more, body);
    }

    fn answer_to(&mut self, request: &Request, tag: &str, status: &str, more: &str, body: &str) {
        let get = |name: &str| request.fields.get(name).unwrap_or_default().to_owned();
        let to = get("To");
        let to = if to.contains(";tag=") { to } else { format!("{to};tag={tag}") };
        let text = format!(
            "SIP/2.0 {status}\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
             {more}\r\n{body}",
            get("Via"),
            get("From"),
            get("Call-ID"),
            get("CSeq"),
        );
        self.input(Input::Received(text.into_bytes()));
    }

    fn hear(&mut self, first: &str, to_tag: &str, number: u32, more: &str, body: &str) {
        let method = first.split(' ').next().unwrap();
        let text = format!(
            "{first} SIP/2.0\r\nVia: SIP/2.0/WS p;branch=z9hG4bK{method}{number}\r\n\
             From: <sip:1002@pbx.test>;tag=far\r\nTo: <sip:1001@pbx.test>{to_tag}\r\n\
             Call-ID: theirs\r\nCSeq: {number} {method}\r\nContact: <sip:1002@far.test>\r\n\
             {more}\r\n{body}"
        );
        self.input(Input::Received(text.into_bytes()));
    }

    fn register(&mut self) {
        self.command(Command::Register);
        let contact = self.asked(&Method::Register).fields.get("Contact").unwrap().to_owned();
        self.answer(&Method::Register, "200 OK", &format!("Contact: {contact}\r\n"), "");
        self.events.clear();
    }

    fn call(&mut self) -> CallNumber {
        let (call, to) = (CallNumber::Out(1), Uri::read("sip:1002@pbx.test").unwrap());
        self.command(Command::Call { call, to, offer: sdp(4_000), replaces: None });
        call
    }
}

const SDP: &str = "Contact: <sip:1002@far.test>\r\nContent-Type: application/sdp\r\n";
const ASKS: &str = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n";

#[test]
fn a_wrong_password_is_told_and_not_tried_again() {
    let mut alone = Alone::new();
    alone.command(Command::Register);
    alone.answer(&Method::Register, "401 Unauthorized", ASKS, "");
    alone.answer(&Method::Register, "401 Unauthorized", ASKS, "");
    let [Event::RegistrationFailed { cause, again_in: None }] = &alone.events[..] else {
        panic!("{:?}", alone.events)
    };
    assert_eq!(cause.kind, CauseKind::WrongPassword);
    alone.pass(Duration::from_secs(86_400));
    assert_eq!(alone.count(&Method::Register), 2);
}

#[test]
fn a_server_that_always_calls_the_nonce_stale_is_given_up() {
    let mut alone = Alone::new();
    alone.command(Command::Register);
    let stale = ASKS.replace("qop", "stale=true, qop");
    for _ in 0..10 {
        alone.answer(&Method::Register, "401 Unauthorized", &stale, "");
    }
    assert_eq!(alone.count(&Method::Register), 4);
    assert!(matches!(alone.events[..], [Event::RegistrationFailed { .. }]));
}

#[test]
fn a_registrar_that_wants_longer_registrations_gets_them() {
    let mut alone = Alone::new();
    alone.command(Command::Register);
    alone.answer(&Method::Register, "423 Interval Too Brief", "Min-Expires: 3600\r\n", "");
    assert_eq!(alone.asked(&Method::Register).fields.get("Expires"), Some("3600"));
}

#[test]
fn an_exchange_in_trouble_is_asked_again_when_it_wants_and_in_growing_pauses() {
    let mut alone = Alone::new();
    alone.command(Command::Register);
    let refusal = "503 Service Unavailable";
    alone.answer(&Method::Register, refusal, "Retry-After: 60\r\n", "");
    alone.pass(Duration::from_millis(59_999));
    assert_eq!(alone.count(&Method::Register), 1);
    let mut pauses = vec![];
    for _ in 0..8 {
        let before = (alone.now, alone.count(&Method::Register));
        while alone.count(&Method::Register) == before.1 {
            alone.pass(Duration::from_millis(100));
        }
        pauses.push(alone.now.since(before.0));
        alone.answer(&Method::Register, refusal, "", "");
    }
    assert!(pauses[7] > pauses[2] && pauses[7] <= Duration::from_secs(121), "{pauses:?}");
}

#[test]
fn a_silent_registrar_costs_the_connection() {
    let mut alone = Alone::new();
    alone.command(Command::Register);
    alone.pass(Duration::from_millis(3_999));
    assert_eq!(alone.reconnects, 0);
    alone.pass(Duration::from_millis(1));
    assert_eq!(alone.reconnects, 1, "it does not listen yet, or not any more");
    // One that is slow, not dead, gets longer each time.
    for (n, seconds) in (2..).zip([8, 16, 32, 32]) {
        alone.input(Input::Disconnected);
        alone.input(Input::Connected);
        alone.pass(Duration::from_millis(seconds * 1_000 - 1));
        assert_eq!(alone.reconnects, n - 1);
        alone.pass(Duration::from_millis(1));
        assert_eq!(alone.reconnects, n);
    }
}

#[test]
fn a_flow_is_kept_open_as_the_server_asks() {
    let mut alone = Alone::new();
    alone.command(Command::Register);
    let more = "Require: outbound\r\nFlow-Timer: 30\r\nExpires: 600\r\n";
    alone.answer(&Method::Register, "200 OK", more, "");
    alone.pass(Duration::from_secs(30));
    assert_eq!(alone.raw, [b"\r\n\r\n".to_vec()]);
    alone.input(Input::Received(b"\r\n".to_vec()));
    alone.pass(Duration::from_secs(30));
    assert_eq!((alone.raw.len(), alone.reconnects), (2, 0));
    alone.pass(Duration::from_secs(10));
    assert_eq!(alone.reconnects, 1, "no answer to the second");
    alone.call();
    assert!(alone.asked(&Method::Invite).fields.get("Contact").unwrap().contains(";ob>"));
}

#[test]
fn the_registrars_names_and_routes_are_used() {
    let mut alone = Alone::new();
    alone.command(Command::Register);
    let contact = alone.asked(&Method::Register).fields.get("Contact").unwrap().to_owned();
    let more = format!(
        "Contact: {contact};pub-gruu=\"sip:1001@pbx.test;gr=x\"\r\nService-Route: <sip:edge.test;lr>\r\n"
    );
    alone.answer(&Method::Register, "200 OK", &more, "");
    alone.call();
    let invite = alone.asked(&Method::Invite);
    assert_eq!(invite.fields.get("Contact"), Some("<sip:1001@pbx.test;gr=x>"));
    assert_eq!(invite.fields.get("Route"), Some("<sip:edge.test;lr>"));
}

#[test]
fn a_second_phone_that_answers_is_hung_up() {
    let mut alone = Alone::new();
    let call = alone.call();
    let invite = alone.asked(&Method::Invite);
    alone.answer_to(&invite, "a", "200 OK", SDP, &sdp(5_000));
    alone.answer_to(&invite, "b", "200 OK", SDP, &sdp(5_001));
    assert!(alone.asked(&Method::Bye).fields.get("To").unwrap().ends_with("tag=b"));
    assert_eq!(alone.count(&Method::Ack), 2);
    alone.answer_to(&invite, "a", "200 OK", SDP, &sdp(5_000));
    assert_eq!((alone.count(&Method::Ack), alone.count(&Method::Bye)), (3, 1));
    assert_eq!(alone.agent.calls(), [call]);
}

#[test]
fn an_answer_that_crosses_the_cancel_is_ended() {
    let mut alone = Alone::new();
    let call = alone.call();
    let invite = alone.asked(&Method::Invite);
    alone.command(Command::HangUp { call });
    assert_eq!(alone.count(&Method::Cancel), 0, "nobody has taken it yet");
    alone.answer(&Method::Invite, "180 Ringing", "", "");
    assert_eq!(alone.count(&Method::Cancel), 1);
    alone.answer_to(&invite, "a", "200 OK", SDP, &sdp(5_000));
    assert_eq!((alone.count(&Method::Ack), alone.count(&Method::Bye)), (1, 1));
    assert!(alone.agent.calls().is_empty());
}

#[test]
fn a_provisional_answer_that_must_arrive_is_acknowledged_once() {
    let mut alone = Alone::new();
    let call = alone.call();
    let invite = alone.asked(&Method::Invite);
    let more = format!("{SDP}Require: 100rel\r\nRSeq: 17\r\n");
    for _ in 0..2 {
        alone.answer_to(&invite, "a", "183 Progress", &more, &sdp(5_000));
    }
    assert_eq!(alone.count(&Method::Prack), 1);
    assert_eq!(alone.asked(&Method::Prack).fields.get("RAck"), Some("17 1 INVITE"));
    assert_eq!(alone.events, [Event::EarlyMedia { call, answer: sdp(5_000) }]);
    alone.answer_to(&invite, "a", "200 OK", "Contact: <sip:1002@far.test>\r\n", "");
    assert!(matches!(alone.events[1], Event::Answered { answer: None, .. }));
    alone.command(Command::HangUp { call });
    assert_eq!(alone.asked(&Method::Bye).fields.get("CSeq"), Some("3 BYE"), "after the PRACK's 2");
}

#[test]
fn a_call_asks_for_longer_signs_of_life_when_it_must() {
    let mut alone = Alone::new();
    alone.call();
    alone.answer(&Method::Invite, "422 Session Interval Too Small", "Min-SE: 3600\r\n", "");
    let again = alone.asked(&Method::Invite);
    assert_eq!(again.fields.get("Session-Expires"), Some("3600"));
    assert_eq!(again.fields.get("CSeq"), Some("2 INVITE"));
}

#[test]
fn a_call_without_an_offer_gets_one_in_the_answer() {
    let mut alone = Alone::new();
    alone.hear("INVITE sip:1001@h", "", 1, "", "");
    let Event::Incoming { call, offer: None, .. } = alone.events[0] else {
        panic!("{:?}", alone.events)
    };
    alone.command(Command::Accept { call, sdp: sdp(4_000) });
    let to = alone.said().fields.get("To").unwrap().to_owned();
    let tag = &to[to.find(";tag=").unwrap()..];
    alone.hear("ACK sip:1001@h", tag, 1, "Content-Type: application/sdp\r\n", &sdp(5_000));
    let established = Event::Established { call, answer: Some(sdp(5_000)) };
    assert_eq!(alone.events.last(), Some(&established));
}

#[test]
fn an_acceptance_is_repeated_and_given_up() {
    let mut alone = Alone::new();
    alone.hear("INVITE sip:1001@h", "", 1, "Content-Type: application/sdp\r\n", &sdp(5_000));
    let Event::Incoming { call, .. } = alone.events[0] else { panic!("{:?}", alone.events) };
    alone.command(Command::Accept { call, sdp: sdp(4_000) });
    let before = alone.sent.len();
    alone.pass(Duration::from_secs(32));
    let repeats = alone.sent[before..].iter().filter(|m| matches!(m, Message::Response(_))).count();
    // 0.5, 1.5, 3.5, 7.5 s and every 4 s from there.
    assert_eq!(repeats, 10);
    assert_eq!(alone.count(&Method::Bye), 1);
    assert!(alone.agent.calls().is_empty());
}

#[test]
fn a_caller_who_must_hear_the_ringing_is_rung_until_he_does() {
    let mut alone = Alone::new();
    let more = "Require: 100rel\r\nContent-Type: application/sdp\r\n";
    alone.hear("INVITE sip:1001@h", "", 1, more, &sdp(5_000));
    let rings = alone.said();
    assert!(rings.status == 180 && rings.fields.lists("Require", "100rel"));
    let rseq = rings.fields.get("RSeq").unwrap().to_owned();
    let to = rings.fields.get("To").unwrap().to_owned();
    let tag = to[to.find(";tag=").unwrap()..].to_owned();
    alone.pass(Duration::from_secs(2));
    assert_eq!(alone.sent.len(), 3, "twice more");
    alone.hear("PRACK sip:1001@h", &tag, 2, &format!("RAck: {rseq} 1 INVITE\r\n"), "");
    assert_eq!(alone.said().status, 200);
    alone.pass(Duration::from_secs(60));
    assert_eq!(alone.sent.len(), 4);
    assert_eq!(alone.agent.calls().len(), 1);
}

#[test]
fn strangers_in_dialogs_are_turned_away() {
    let mut alone = Alone::new();
    for method in ["BYE", "INFO", "UPDATE", "INVITE", "REFER", "NOTIFY"] {
        alone.hear(&format!("{method} sip:1001@h"), ";tag=guess", 1, "", "");
        assert_eq!(alone.said().status, 481, "{method}");
    }
    alone.hear("INVITE sip:1001@h", "", 5, "Replaces: x;to-tag=1;from-tag=2\r\n", "");
    assert_eq!(alone.said().status, 481);
    assert!(alone.events.is_empty());
}

#[test]
fn a_colleague_is_watched_and_voice_mail_told() {
    let mut alone = Alone::new();
    alone.register();
    let whom = Uri::read("sip:1002@pbx.test").unwrap();
    alone.command(Command::Watch { watch: WatchNumber(1), whom });
    let subscribe = alone.asked(&Method::Subscribe);
    alone.answer(
        &Method::Subscribe,
        "200 OK",
        "Expires: 600\r\nContact: <sip:1002@pbx.test>\r\n",
        "",
    );
    let notify = |version: u32, dialog: &str| {
        let from = subscribe.fields.get("From").unwrap();
        let id = subscribe.fields.get("Call-ID").unwrap();
        let body = format!(
            "<?xml version=\"1.0\"?><dialog-info version=\"{version}\" state=\"full\">{dialog}</dialog-info>"
        );
        format!(
            "NOTIFY sip:1001@h SIP/2.0\r\nVia: SIP/2.0/WS p;branch=z9hG4bKn{version}\r\n\
             From: <sip:1002@pbx.test>;tag=far\r\nTo: {from}\r\nCall-ID: {id}\r\n\
             CSeq: {version} NOTIFY\r\nContact: <sip:1002@pbx.test>\r\nEvent: dialog\r\n\
             Subscription-State: active;expires=600\r\n\r\n{body}"
        )
    };
    let talks = "<dialog id=\"1\"><state>confirmed</state></dialog>";
    alone.input(Input::Received(notify(1, talks).into_bytes()));
    alone.input(Input::Received(notify(2, "").into_bytes()));
    let states: Vec<_> = alone.events.drain(..).collect();
    assert!(
        matches!(
            states[..],
            [
                Event::Colleague { state: Colleague::Talking { .. }, .. },
                Event::Colleague { state: Colleague::Free, .. }
            ]
        ),
        "{states:?}"
    );
    let mail = "Event: message-summary\r\nSubscription-State: active\r\n";
    alone.hear("NOTIFY sip:1001@h", "", 1, mail, "Messages-Waiting: yes\r\nVoice-Message: 2/1\r\n");
    let [Event::Messages { waiting }] = alone.events[..] else { panic!("{:?}", alone.events) };
    assert_eq!((waiting.any, waiting.new, waiting.old), (true, 2, 1));
}

#[test]
fn nothing_that_is_sent_or_told_shows_the_password() {
    let mut alone = Alone::new();
    alone.command(Command::Register);
    alone.answer(&Method::Register, "401 Unauthorized", ASKS, "");
    let shown = format!("{:?} {:?} {:?}", alone.sent, alone.events, alone.agent);
    assert!(!shown.contains("secret") && !shown.contains("response="), "{shown}");
}
