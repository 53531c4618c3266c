//! Registration (RFC 3261 section 10), kept over one flow (RFC 5626), with a GRUU where
//! the registrar gives one (RFC 5627).

use super::send::{Purpose, SUPPORTED};
use super::{TIMEOUT, UserAgent};
use crate::cause::{Cause, CauseKind};
use crate::event::{Event, Output};
use crate::message::{Address, Fields, Method, Request, Response, Uri, Via, names};
use crate::random::Random;
use omnibar_model::Moment;
use std::time::Duration;

/// Pauses after a failure: this, doubled each time, and at most that, each shortened at
/// random by up to half, so that the phones of an exchange that restarts do not come
/// back in step (RFC 5626 section 4.5).
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// An exchange that is starting takes connections before it listens to what is said: an
/// Asterisk 22 drops a REGISTER of its first second without a word. This transport loses
/// nothing, so one that is not answered for this long is asked again over another
/// connection; the next for twice that, up to the 32 s of RFC 3261.
const FIRST_PATIENCE: Duration = Duration::from_secs(4);
/// A server's own wish is followed up to here.
const LONGEST_WISH: Duration = Duration::from_secs(3_600);
/// Bounds of what a registrar may grant or ask for, in seconds.
const SHORTEST: u32 = 10;
const LONGEST: u32 = 86_400;
/// An answer to a keep-alive takes no longer (RFC 5626 section 4.4.1).
const PONG: Duration = Duration::from_secs(10);
const MOST_ROUTES: usize = 16;

#[derive(Debug)]
pub(super) struct Registration {
    wanted: bool,
    state: State,
    call_id: String,
    tag: String,
    number: u32,
    /// Asked for, in seconds.
    expires: u32,
    failures: u32,
    /// Where requests of this user agent go first (RFC 3608).
    pub(super) routes: Vec<String>,
    gruu: Option<Uri>,
    outbound: bool,
    flow: Option<Flow>,
}

/// ```text
///  Off ──▶ Asking ──▶ Registered ──▶ Asking …
///            ╰──▶ Waiting ──▶ Asking        ╰ connection lost ──▶ Off
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Off,
    Asking { was_registered: bool },
    Registered { renew: Moment },
    Waiting { until: Moment },
}

/// Keep-alive that the server asked for (RFC 5626 section 4.4.1).
#[derive(Clone, Copy, Debug)]
struct Flow {
    timer: Duration,
    ping: Moment,
    pong_by: Option<Moment>,
}

impl Registration {
    pub(super) fn new(random: &mut Random, expires: Duration) -> Self {
        let expires = u32::try_from(expires.as_secs()).unwrap_or(LONGEST);
        Self {
            wanted: false,
            state: State::Off,
            call_id: random.token(),
            tag: random.token(),
            number: 0,
            expires: expires.clamp(SHORTEST, LONGEST),
            failures: 0,
            routes: vec![],
            gruu: None,
            outbound: false,
            flow: None,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        match self.state {
            State::Registered { .. } | State::Asking { was_registered: true } => true,
            State::Off | State::Asking { was_registered: false } | State::Waiting { .. } => false,
        }
    }

    /// For the answer to what is asked now.
    pub(super) fn patience(&self) -> Duration {
        FIRST_PATIENCE.saturating_mul(1 << self.failures.min(10)).min(TIMEOUT)
    }

    pub(super) fn used(&mut self, number: u32) {
        self.number = self.number.max(number);
    }

    pub(super) fn connection_lost(&mut self) {
        self.state = State::Off;
        self.flow = None;
    }

    pub(super) fn pong(&mut self, now: Moment, random: &mut Random) {
        if let Some(flow) = &mut self.flow {
            flow.pong_by = None;
            flow.ping = now + random.between(flow.timer.mul_f64(0.8), flow.timer);
        }
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        let state = match self.state {
            State::Off | State::Asking { .. } => None,
            State::Registered { renew } => Some(renew),
            State::Waiting { until } => Some(until),
        };
        let flow = self.flow.map(|flow| flow.pong_by.unwrap_or(flow.ping));
        state.into_iter().chain(flow).min()
    }

    /// Longest silence before the next attempt.
    fn pause(&mut self, random: &mut Random) -> Duration {
        let doubled = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10));
        self.failures += 1;
        let whole = doubled.min(LONGEST_PAUSE);
        random.between(whole / 2, whole)
    }
}

impl UserAgent {
    pub(super) fn register(&mut self, now: Moment) {
        self.registration.wanted = true;
        self.registration.failures = 0;
        self.register_if_wanted(now);
    }

    pub(super) fn register_if_wanted(&mut self, now: Moment) {
        if !self.registration.wanted || !self.connected {
            return;
        }
        let was_registered = match self.registration.state {
            State::Asking { .. } => return,
            State::Registered { .. } => true,
            State::Off | State::Waiting { .. } => false,
        };
        self.registration.state = State::Asking { was_registered };
        let request = self.register_request(self.registration.expires);
        self.ask(now, request, Purpose::Register { asked: now });
    }

    pub(super) fn unregister(&mut self, now: Moment) {
        self.registration.wanted = false;
        let known = match self.registration.state {
            State::Off => false,
            State::Asking { .. } | State::Registered { .. } | State::Waiting { .. } => true,
        };
        self.registration.state = State::Off;
        self.registration.flow = None;
        if !known || !self.connected {
            return self.unregistered();
        }
        let request = self.register_request(0);
        self.ask(now, request, Purpose::Unregister);
    }

    pub(super) fn unregistered(&mut self) {
        self.event(Event::Unregistered);
    }

    fn register_request(&mut self, expires: u32) -> Request {
        self.registration.number += 1;
        let registration = &self.registration;
        let address = &self.account.address;
        let mut fields = Fields::default();
        let whole = Address::new(&self.account.display, address.clone());
        fields.push(names::FROM, format!("{whole};tag={}", registration.tag));
        fields.push(names::TO, whole.to_string());
        fields.push(names::CALL_ID, registration.call_id.as_str());
        fields.push(names::CSEQ, format!("{} REGISTER", registration.number));
        let contact = format!(
            "<{}>;+sip.instance=\"<urn:uuid:{}>\";reg-id=1;expires={expires}",
            self.own_uri(),
            self.account.instance,
        );
        fields.push(names::CONTACT, contact);
        fields.push(names::EXPIRES, expires.to_string());
        fields.push(names::SUPPORTED, format!("path, {SUPPORTED}"));
        fields.push(names::ALLOW, super::send::ALLOWED);
        let uri = format!("sip:{}", address.place());
        Request { method: Method::Register, uri, fields, body: vec![] }
    }

    /// Where this user agent says it is.
    fn own_uri(&self) -> String {
        let user = crate::message::uri::escaped(&self.account.address.user());
        format!("sip:{user}@{};transport=ws", self.host)
    }

    /// For requests that make a dialog, and their answers.
    pub(super) fn contact(&self) -> String {
        match &self.registration.gruu {
            Some(gruu) => format!("<{gruu}>"),
            None if self.registration.outbound => format!("<{};ob>", self.own_uri()),
            None => format!("<{}>", self.own_uri()),
        }
    }

    pub(super) fn register_answered(&mut self, now: Moment, asked: Moment, response: &Response) {
        let State::Asking { was_registered } = self.registration.state else { return };
        match response.status {
            200..300 => self.registered(now, asked, !was_registered, &response.fields),
            423 => {
                let least = response.fields.number(names::MIN_EXPIRES).unwrap_or_default();
                if least > self.registration.expires && least <= LONGEST {
                    self.registration.expires = least;
                    self.registration.state = State::Off;
                    self.register_if_wanted(now);
                } else {
                    self.register_failed(now, response);
                }
            }
            _ => self.register_failed(now, response),
        }
    }

    fn registered(&mut self, now: Moment, asked: Moment, first: bool, fields: &Fields) {
        let granted = self.granted(fields).clamp(SHORTEST, LONGEST);
        let expires = Duration::from_secs(granted.into());
        let renew = self.random.between(expires.mul_f64(0.7), expires.mul_f64(0.85));
        let registration = &mut self.registration;
        registration.state = State::Registered { renew: now + renew };
        registration.failures = 0;
        registration.routes =
            fields.list(names::SERVICE_ROUTE).take(MOST_ROUTES).map(str::to_owned).collect();
        registration.outbound = fields.lists(names::REQUIRE, "outbound");
        registration.flow = fields.number(names::FLOW_TIMER).filter(|s| *s > 0).map(|seconds| {
            let timer = Duration::from_secs(seconds.into());
            let ping = now + self.random.between(timer.mul_f64(0.8), timer);
            Flow { timer, ping, pong_by: None }
        });
        let gruu = self.own_binding(fields).and_then(|own| own.params.text("pub-gruu"));
        self.registration.gruu = gruu.and_then(|gruu| Uri::read(&gruu).ok()).filter(Uri::is_sip);
        let seen_at = Via::top(fields).and_then(|via| via.received);
        self.event(Event::Registered { first, took: now.since(asked), expires, seen_at });
        if first {
            self.watches_again(now);
        }
    }

    /// This user agent's own among the bindings that the registrar lists.
    fn own_binding(&self, fields: &Fields) -> Option<Address> {
        let instance = format!("<urn:uuid:{}>", self.account.instance);
        fields.list(names::CONTACT).filter_map(|value| Address::read(value).ok()).find(|contact| {
            contact.params.text("+sip.instance").is_some_and(|own| own == instance)
                || contact.uri.host() == self.host
        })
    }

    fn granted(&self, fields: &Fields) -> u32 {
        let own = self.own_binding(fields);
        let own = own.and_then(|own| own.params.get("expires")?.parse().ok());
        own.or(fields.number(names::EXPIRES)).unwrap_or(self.registration.expires)
    }

    fn register_failed(&mut self, now: Moment, response: &Response) {
        let cause = Cause::refused(response);
        self.registration.state = State::Off;
        // Another connection may do what this one does not.
        if cause.kind == CauseKind::TimedOut {
            self.output(Output::Reconnect);
        }
        let hopeless = matches!(cause.kind, CauseKind::WrongPassword | CauseKind::Forbidden);
        // Asking on with a wrong password locks accounts.
        let again_in = (!hopeless && self.registration.wanted).then(|| {
            let wish = response.fields.number(names::RETRY_AFTER);
            let wish = wish.map(|seconds| Duration::from_secs(seconds.into()).min(LONGEST_WISH));
            let pause = self.registration.pause(&mut self.random);
            wish.map_or(pause, |wish| wish.max(pause))
        });
        if let Some(pause) = again_in {
            self.registration.state = State::Waiting { until: now + pause };
        }
        self.event(Event::RegistrationFailed { cause, again_in });
    }

    pub(super) fn registration_due(&mut self, now: Moment) {
        let due = match self.registration.state {
            State::Off | State::Asking { .. } => false,
            State::Registered { renew } => renew <= now,
            State::Waiting { until } => until <= now,
        };
        if due {
            self.register_if_wanted(now);
        }
        let Some(flow) = &mut self.registration.flow else { return };
        if flow.pong_by.is_some_and(|by| by <= now) {
            self.registration.flow = None;
            self.output(Output::Reconnect);
        } else if flow.pong_by.is_none() && flow.ping <= now {
            flow.pong_by = Some(now + PONG);
            self.output(Output::Send(b"\r\n\r\n".to_vec()));
        }
    }
}
