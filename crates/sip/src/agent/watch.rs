//! Subscriptions (RFC 6665): a colleague's calls, and the own voice mail box.

use super::send::Purpose;
use super::{MOST_WATCHES, UserAgent};
use crate::account::WatchNumber;
use crate::cause::Cause;
use crate::dialog::Dialog;
use crate::event::{Event, Refusal};
use crate::message::{Address, Method, Params, Request, Response, Uri, cseq, names};
use crate::summary::Waiting;
use crate::watched::{Heard, Watch};
use omnibar_model::Moment;
use std::time::Duration;

/// Asked for, in seconds.
const WANTED: u32 = 1_800;
/// Bounds of what may be granted.
const SHORTEST: u32 = 30;
const LONGEST: u32 = 86_400;
/// Pause before another attempt after a failure that may pass.
const PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Watching {
    /// `None` for the own voice mail box.
    whom: Option<Uri>,
    call_id: String,
    tag: String,
    dialog: Option<Dialog>,
    expires: u32,
    /// When to ask again.
    due: Option<Moment>,
    calls: Watch,
    told: Option<crate::Colleague>,
}

impl Watching {
    pub(super) fn deadline(&self) -> Option<Moment> {
        self.due
    }

    pub(super) fn used(&mut self, number: u32) {
        if let Some(dialog) = &mut self.dialog {
            dialog.used(number);
        }
    }

    fn package(&self) -> (&'static str, &'static str) {
        match self.whom {
            Some(_) => ("dialog", "application/dialog-info+xml"),
            None => ("message-summary", "application/simple-message-summary"),
        }
    }
}

impl UserAgent {
    pub(super) fn watch(&mut self, now: Moment, number: WatchNumber, whom: Option<Uri>) {
        if self.watches.contains_key(&number) {
            return self.refuse(None, Refusal::NumberTaken);
        }
        if self.watches.len() >= MOST_WATCHES {
            return self.refuse(None, Refusal::TooMany);
        }
        if whom.as_ref().is_some_and(|whom| !whom.is_sip()) {
            return self.refuse(None, Refusal::BadAddress);
        }
        let watching = Watching {
            whom,
            call_id: String::new(),
            tag: String::new(),
            dialog: None,
            expires: WANTED,
            due: Some(now),
            calls: Watch::default(),
            told: None,
        };
        self.watches.insert(number, watching);
    }

    pub(super) fn unwatch(&mut self, now: Moment, number: WatchNumber) {
        if self.watches.contains_key(&number) && self.connected {
            self.subscribe(now, number, 0);
        }
        self.watches.remove(&number);
    }

    /// A new connection knows nothing of earlier subscriptions.
    pub(super) fn watches_again(&mut self, now: Moment) {
        for watching in self.watches.values_mut() {
            watching.dialog = None;
            watching.due = Some(now);
        }
    }

    pub(super) fn watches_due(&mut self, now: Moment) {
        let due: Vec<WatchNumber> = self
            .watches
            .iter()
            .filter(|(_, watching)| watching.due.is_some_and(|at| at <= now))
            .map(|(number, _)| *number)
            .collect();
        for number in due {
            self.subscribe(now, number, WANTED);
        }
    }

    fn subscribe(&mut self, now: Moment, number: WatchNumber, expires: u32) {
        let contact = self.contact();
        let Some(watching) = self.watches.get_mut(&number) else { return };
        watching.due = None;
        let expires = if expires == 0 { 0 } else { watching.expires };
        let (package, accept) = watching.package();
        let inside = watching.dialog.as_mut().map(|d| d.request(Method::Subscribe, None));
        let mut request = match (inside, expires) {
            (Some(request), _) => request,
            // Nothing to give up.
            (None, 0) => return,
            (None, _) => {
                let whom = watching.whom.clone();
                let whom = whom.unwrap_or_else(|| self.account.address.clone());
                let request = self.first_request(Method::Subscribe, &whom);
                let from = request.fields.get(names::FROM).map(Address::read);
                let tag = from.and_then(Result::ok).and_then(|f| f.tag().map(str::to_owned));
                let Some(watching) = self.watches.get_mut(&number) else { return };
                watching.tag = tag.unwrap_or_default();
                watching.call_id =
                    request.fields.get(names::CALL_ID).unwrap_or_default().to_owned();
                watching.calls.restart();
                request
            }
        };
        request.fields.push(names::CONTACT, contact);
        request.fields.push(names::EVENT, package);
        request.fields.push(names::ACCEPT, accept);
        request.fields.push(names::EXPIRES, expires.to_string());
        self.ask(now, request, Purpose::Subscribe(number));
    }

    pub(super) fn subscribe_answered(
        &mut self,
        now: Moment,
        number: WatchNumber,
        request: &Request,
        response: &Response,
    ) {
        let renew = |random: &mut crate::random::Random, granted: u32| {
            let whole = Duration::from_secs(granted.clamp(SHORTEST, LONGEST).into());
            random.between(whole.mul_f64(0.7), whole.mul_f64(0.85))
        };
        let Some(watching) = self.watches.get_mut(&number) else { return };
        match response.status {
            200..300 => {
                let granted = response.fields.number(names::EXPIRES).unwrap_or(watching.expires);
                watching.due = Some(now + renew(&mut self.random, granted));
                if watching.dialog.is_none() {
                    watching.dialog = Dialog::outgoing(request, response);
                }
            }
            481 if watching.dialog.is_some() => {
                watching.dialog = None;
                watching.due = Some(now);
            }
            423 => {
                let least = response.fields.number(names::MIN_EXPIRES).unwrap_or_default();
                if least > watching.expires && least <= LONGEST {
                    watching.expires = least;
                    watching.due = Some(now);
                } else {
                    self.watch_failed(now, number, Cause::refused(response), true);
                }
            }
            // Asked again over the next connection.
            503 if response.fields.is_empty() => {}
            408 | 480 | 500..600 => self.watch_failed(now, number, Cause::refused(response), true),
            _ => self.watch_failed(now, number, Cause::refused(response), false),
        }
    }

    fn watch_failed(&mut self, now: Moment, number: WatchNumber, cause: Cause, again: bool) {
        if let Some(watching) = self.watches.get_mut(&number) {
            watching.dialog = None;
            watching.due = again.then(|| now + PAUSE);
        }
        self.event(Event::WatchFailed { watch: number, cause });
    }

    /// A NOTIFY of a subscription. The first may come before the answer.
    pub(super) fn notified(&mut self, now: Moment, request: &Request) {
        let to = request.fields.get(names::TO).map(Address::read);
        let tag = to.and_then(Result::ok).and_then(|to| to.tag().map(str::to_owned));
        let id = request.fields.get(names::CALL_ID);
        let found = self.watches.iter_mut().find(|(_, watching)| {
            let same = |dialog: &Dialog| dialog.matches(&request.fields);
            id == Some(watching.call_id.as_str())
                && tag.as_ref() == Some(&watching.tag)
                && watching.dialog.as_ref().is_none_or(same)
        });
        let Some((&number, watching)) = found else {
            return self.reply(request.answer(481, ""));
        };
        let number_of = cseq(&request.fields).map_or(1, |(number, _)| number);
        match &mut watching.dialog {
            Some(dialog) => {
                if !dialog.came(request) {
                    return self.reply(request.answer(500, ""));
                }
            }
            slot @ None => *slot = Dialog::incoming(request, &watching.tag, number_of.max(2)),
        }
        let event = request.fields.get(names::EVENT).unwrap_or_default();
        let (package, _) = watching.package();
        if !event.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(package) {
            return self.reply(request.answer(489, ""));
        }
        self.reply(request.answer(200, ""));
        self.heard(now, number, request);
        self.subscription_state(now, number, request);
    }

    fn heard(&mut self, now: Moment, number: WatchNumber, request: &Request) {
        let Some(watching) = self.watches.get_mut(&number) else { return };
        if watching.whom.is_none() {
            return self.messages(&request.body);
        }
        match watching.calls.read(&request.body) {
            Heard::Nothing => {}
            Heard::Gap => watching.due = Some(now),
            Heard::Changed => {
                let state = watching.calls.colleague();
                if watching.told.as_ref() != Some(&state) {
                    watching.told = Some(state.clone());
                    self.event(Event::Colleague { watch: number, state });
                }
            }
        }
    }

    fn messages(&mut self, body: &[u8]) {
        if let Some(waiting) = Waiting::read(body) {
            self.event(Event::Messages { waiting });
        }
    }

    /// RFC 6665 section 4.1.3: when a subscription ends, the reason says what to do.
    fn subscription_state(&mut self, now: Moment, number: WatchNumber, request: &Request) {
        let state = request.fields.get(names::SUBSCRIPTION_STATE).unwrap_or_default();
        let (state, params) = state.split_once(';').unwrap_or((state, ""));
        if !state.trim().eq_ignore_ascii_case("terminated") {
            return;
        }
        let params = Params::read(params);
        let reason = params.get("reason").unwrap_or_default().to_ascii_lowercase();
        let after = params.get("retry-after").and_then(|seconds| seconds.parse::<u16>().ok());
        let after = after.map(|seconds| Duration::from_secs(seconds.into()));
        let Some(watching) = self.watches.get_mut(&number) else { return };
        watching.dialog = None;
        match reason.as_str() {
            "rejected" | "noresource" | "invariant" => {
                let mut said = Response::made_up(403);
                said.fields.push(names::EVENT, "subscription");
                self.watch_failed(now, number, Cause::refused(&said), false);
            }
            "deactivated" | "timeout" => {
                watching.due = Some(now + after.unwrap_or(Duration::from_secs(1)));
            }
            _ => watching.due = Some(now + after.unwrap_or(PAUSE)),
        }
    }

    /// Many exchanges tell of voice mail without being asked (RFC 3842 is silent on it).
    pub(super) fn told_unasked(&mut self, request: &Request, tag: &str) {
        let event = request.fields.get(names::EVENT).unwrap_or_default();
        if event.trim().eq_ignore_ascii_case("message-summary") {
            self.reply(request.answer(200, tag));
            return self.messages(&request.body);
        }
        self.reply(request.answer(489, tag));
    }
}
