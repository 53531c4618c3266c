//! Requests of the far side (RFC 3261 section 8.2).

use super::UserAgent;
use super::call::Call;
use super::send::{ALLOWED, SUPPORTED};
use crate::account::CallNumber;
use crate::digits::Digit;
use crate::event::Event;
use crate::message::{Address, Method, Request, Response, Uri, names};
use omnibar_model::Moment;

/// Extensions that a request may require.
const UNDERSTOOD: &[&str] = &["replaces", "timer", "100rel"];

impl UserAgent {
    pub(super) fn request(&mut self, now: Moment, request: Request) {
        match request.method {
            Method::Ack => return self.acknowledged(now, &request),
            Method::Cancel => return self.cancelled(now, &request),
            _ => {}
        }
        let tag = self.random.token();
        if let Some(refusal) = refused(&request, &tag) {
            return self.reply(refusal);
        }
        let to = request.fields.get(names::TO).unwrap_or_default();
        let inside = Address::read(to).is_ok_and(|to| to.tag().is_some());
        if !inside {
            return self.outside(now, request, &tag);
        }
        let of = |call: &Call| {
            call.dialog.as_ref().is_some_and(|dialog| dialog.matches(&request.fields))
        };
        let found = self.calls.iter().find(|(_, call)| of(call)).map(|(number, _)| *number);
        match found {
            Some(number) => self.inside(now, number, request),
            None if request.method == Method::Notify => self.notified(now, &request),
            None => self.early(&request),
        }
    }

    /// In a dialog that no call has: one of a call that still rings at the far side, or
    /// none.
    fn early(&mut self, request: &Request) {
        let known = self
            .calls
            .values()
            .any(|call| call.forks.iter().any(|fork| fork.dialog.matches(&request.fields)));
        let status = match (&request.method, known) {
            (_, false) => 481,
            // Who is asked to talk to somebody else does not say so with an offer here.
            (Method::Update, true) if request.body.is_empty() => 200,
            (Method::Info | Method::Options, true) => 200,
            (_, true) => 500,
        };
        let mut response = request.answer(status, "");
        if status == 200 {
            self.introduce(&mut response.fields);
        }
        self.reply(response);
    }

    fn inside(&mut self, now: Moment, number: CallNumber, request: Request) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(dialog) = &mut call.dialog else { return };
        let tag = dialog.local_tag.clone();
        if !dialog.came(&request) {
            // A repeated INVITE has its answer already, and that is sent until it is heard.
            if request.method != Method::Invite {
                self.reply(request.answer(500, &tag));
            }
            return;
        }
        if call.is_leaving() && request.method != Method::Bye {
            return self.reply(request.answer(481, &tag));
        }
        match request.method {
            Method::Invite | Method::Update => self.reinvited(now, number, request),
            Method::Bye => {
                self.reply(request.answer(200, &tag));
                if call_rings(&self.calls, number) {
                    self.answer_invite(number, 487);
                }
                self.end(now, number, Call::end_of(&request));
            }
            Method::Info => self.informed(number, &request),
            Method::Refer => self.transfer_asked(now, number, request),
            Method::Notify => self.transfer_notified(now, number, &request),
            Method::Prack => {
                let status = self.pracked(number, &request);
                self.reply(request.answer(status, &tag));
            }
            Method::Options => self.capabilities(&request, &tag),
            Method::Message | Method::Register | Method::Subscribe => {
                self.reply(not_allowed(&request, &tag));
            }
            Method::Ack | Method::Cancel => {}
            Method::Other(_) => self.reply(request.answer(501, &tag)),
        }
    }

    fn outside(&mut self, now: Moment, request: Request, tag: &str) {
        match request.method {
            Method::Invite => self.invited(now, request),
            Method::Options => self.capabilities(&request, tag),
            Method::Notify => self.told_unasked(&request, tag),
            Method::Bye | Method::Update | Method::Info | Method::Prack => {
                self.reply(request.answer(481, tag));
            }
            Method::Message | Method::Register | Method::Subscribe | Method::Refer => {
                self.reply(not_allowed(&request, tag));
            }
            Method::Ack | Method::Cancel => {}
            Method::Other(_) => {
                let mut refusal = request.answer(501, tag);
                refusal.fields.push(names::ALLOW, ALLOWED);
                self.reply(refusal);
            }
        }
    }

    fn capabilities(&mut self, request: &Request, tag: &str) {
        let mut response = request.answer(200, tag);
        self.introduce(&mut response.fields);
        response.fields.push(names::ACCEPT, super::outgoing::SDP);
        response.fields.push(names::ALLOW_EVENTS, "dialog, message-summary, refer");
        self.reply(response);
    }

    fn informed(&mut self, number: CallNumber, request: &Request) {
        let kind = request.fields.get(names::CONTENT_TYPE).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let digit = Digit::read(kind, &request.body);
        // An empty one only asks whether the call is still there (RFC 6086 section 4.2.2).
        let status = if digit.is_some() || request.body.is_empty() { 200 } else { 415 };
        let mut response = request.answer(status, "");
        if status == 415 {
            response.fields.push(names::ACCEPT, "application/dtmf-relay, application/dtmf");
        }
        self.reply(response);
        if let Some((digit, length)) = digit {
            self.event(Event::Pressed { call: number, digit, length });
        }
    }
}

fn call_rings(calls: &std::collections::BTreeMap<CallNumber, Call>, number: CallNumber) -> bool {
    calls.get(&number).is_some_and(|call| call.asked.is_some())
}

/// What no method lets through.
fn refused(request: &Request, tag: &str) -> Option<Response> {
    let telephone = request.uri.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"));
    if !telephone && !Uri::read(&request.uri).is_ok_and(|uri| uri.is_sip()) {
        return Some(request.answer(416, tag));
    }
    let foreign: Vec<&str> = request
        .fields
        .list(names::REQUIRE)
        .filter(|option| !UNDERSTOOD.iter().any(|known| known.eq_ignore_ascii_case(option)))
        .collect();
    if foreign.is_empty() {
        return None;
    }
    let mut refusal = request.answer(420, tag);
    refusal.fields.push(names::UNSUPPORTED, foreign.join(", "));
    refusal.fields.push(names::SUPPORTED, SUPPORTED);
    Some(refusal)
}

fn not_allowed(request: &Request, tag: &str) -> Response {
    let mut refusal = request.answer(405, tag);
    refusal.fields.push(names::ALLOW, ALLOWED);
    refusal
}
