//! Calls that come in.

use super::UserAgent;
use super::call::{Call, Resent, Stage};
use super::outgoing::{SDP, description};
use super::send::branch;
use crate::account::CallNumber;
use crate::caller::{Caller, Party, auto_answer, party_of_uri, referred_by};
use crate::cause::{Cause, CauseKind};
use crate::dialog::{Dialog, reachable};
use crate::event::Event;
use crate::message::{Address, Method, Request, Response, Uri, cseq, names};
use crate::replaces::Replaces;
use crate::sdp::{Direction, MAX_SDP};
use crate::timer::{self, SessionTimer, Wish};
use omnibar_model::Moment;

impl UserAgent {
    /// An INVITE outside any dialog.
    pub(super) fn invited(&mut self, now: Moment, request: Request) {
        let tag = self.random.token();
        if let Some(status) = self.seen_before(&request) {
            if let Some(status) = status {
                self.reply(request.answer(status, &tag));
            }
            return;
        }
        if let Some(refusal) = self.unusable(&request, &tag) {
            return self.reply(refusal);
        }
        if SessionTimer::wished(now, &request.fields) == Wish::TooShort {
            let mut refusal = request.answer(422, &tag);
            refusal.fields.push(names::MIN_SE, timer::SHORTEST.to_string());
            return self.reply(refusal);
        }
        let replaces = match self.replaced(&request) {
            Ok(replaces) => replaces,
            Err(status) => return self.reply(request.answer(status, &tag)),
        };
        let first = self.random.number() >> 8;
        let dialog = Dialog::incoming(&request, &tag, first);
        let Some(dialog) = dialog.filter(|dialog| reachable(dialog.target())) else {
            return self.reply(request.answer(400, &tag));
        };
        if !self.has_room() {
            return self.reply(request.answer(486, &tag));
        }
        self.calls_in += 1;
        let number = CallNumber::In(self.calls_in);
        let offer = description(&request.fields, &request.body);
        let to = Address::read(request.fields.get(names::TO).unwrap_or_default());
        let event = Event::Incoming {
            call: number,
            caller: Box::new(Caller::of(&request.fields)),
            to: match (&to, Uri::read(&request.uri)) {
                (Ok(to), _) => Party::of(to),
                (Err(_), Ok(uri)) => party_of_uri(&uri),
                (Err(_), Err(_)) => Party::default(),
            },
            offer: offer.clone(),
            auto_answer: auto_answer(&request.fields),
            replaces,
            referred_by: referred_by(&request.fields),
        };
        let mut call = Call::new(Stage::Ringing);
        call.dialog = Some(dialog);
        call.there_held = offer.as_deref().is_some_and(|offer| Direction::of(offer).is_hold());
        call.remote = offer;
        call.replaces = replaces;
        call.learn(&request.fields);
        call.asked = Some(Box::new(request));
        self.calls.insert(number, call);
        self.ring(now, number);
        self.event(event);
    }

    /// `Some` for the same request again: the answer that belongs to it, if any. One that
    /// came by another way as well is a loop (RFC 3261 section 8.2.2.2).
    fn seen_before(&self, request: &Request) -> Option<Option<u16>> {
        let same = |asked: &Request| {
            [names::CALL_ID, names::FROM, names::CSEQ]
                .iter()
                .all(|name| asked.fields.get(name) == request.fields.get(name))
        };
        let asked = self.calls.values().filter_map(|call| call.asked.as_ref());
        let mut known = asked.filter(|asked| same(asked));
        let known = known.next()?;
        Some((branch(known) != branch(request)).then_some(482))
    }

    /// The refusal of an INVITE whose body this side does not understand.
    pub(super) fn unusable(&self, request: &Request, tag: &str) -> Option<Response> {
        if request.body.len() > MAX_SDP {
            return Some(request.answer(513, tag));
        }
        let plain = request
            .fields
            .list(names::CONTENT_ENCODING)
            .all(|coding| coding.eq_ignore_ascii_case("identity"));
        let readable =
            request.body.is_empty() || description(&request.fields, &request.body).is_some();
        if plain && readable {
            return None;
        }
        let mut refusal = request.answer(415, tag);
        refusal.fields.push(names::ACCEPT, SDP);
        refusal.fields.push("Accept-Encoding", "identity");
        Some(refusal)
    }

    /// The call whose place an INVITE takes, or with what it is refused (RFC 3891
    /// section 3).
    fn replaced(&self, request: &Request) -> Result<Option<CallNumber>, u16> {
        let replaces = match Replaces::of(&request.fields) {
            None => return Ok(None),
            Some(Err(())) => return Err(400),
            Some(Ok(replaces)) => replaces,
        };
        let found = self.calls.iter().find(|(_, call)| {
            call.dialog.as_ref().is_some_and(|dialog| dialog.is_replaced_by(&replaces))
        });
        let Some((number, call)) = found else { return Err(481) };
        match call.stage {
            Stage::Talking if replaces.early_only => Err(486),
            Stage::Talking => Ok(Some(*number)),
            // A call that only rings here may not be taken over.
            Stage::Ringing | Stage::Calling => Err(481),
            Stage::Leaving => Err(603),
        }
    }

    /// Lets the caller hear that it rings, and makes sure that he does if he asks for
    /// that (RFC 3262).
    fn ring(&mut self, now: Moment, number: CallNumber) {
        let sure = |request: &Request| request.fields.lists(names::REQUIRE, "100rel");
        let rseq = (self.random.number() >> 16) + 1;
        let contact = self.contact();
        let Some(call) = self.calls.get_mut(&number) else { return };
        let (Some(asked), Some(dialog)) = (&call.asked, &call.dialog) else { return };
        let mut response = asked.answer(180, &dialog.local_tag);
        response.fields.push(names::CONTACT, contact);
        if sure(asked) {
            response.fields.push(names::REQUIRE, "100rel");
            response.fields.push(names::RSEQ, rseq.to_string());
            call.unpracked = Some(Resent::new(now, response.clone(), rseq, false));
        }
        self.reply(response);
    }

    pub(super) fn accept(&mut self, now: Moment, number: CallNumber, sdp: &str) {
        let mut fields = crate::message::Fields::default();
        self.introduce(&mut fields);
        let Some(call) = self.call_in(number, Stage::Ringing) else { return };
        let (Some(asked), Some(dialog)) = (call.asked.take(), &call.dialog) else { return };
        let mut response = asked.answer(200, &dialog.local_tag);
        for (name, value) in [
            (names::CONTACT, fields.get(names::CONTACT)),
            (names::ALLOW, fields.get(names::ALLOW)),
            (names::SUPPORTED, fields.get(names::SUPPORTED)),
        ] {
            response.fields.push(name, value.unwrap_or_default());
        }
        call.timer = agree(now, &asked, &mut response);
        response.fields.push(names::CONTENT_TYPE, SDP);
        response.body = sdp.as_bytes().to_vec();
        call.stage = Stage::Talking;
        call.local = Some(sdp.to_owned());
        call.unpracked = None;
        let invite = cseq(&asked.fields).map_or(0, |(number, _)| number);
        let offers = call.remote.is_none();
        call.unacknowledged = Some(Resent::new(now, response.clone(), invite, offers));
        let replaces = call.replaces.take();
        self.reply(response);
        if let Some(old) = replaces
            && self.calls.contains_key(&old)
        {
            self.bye(now, old, None);
            self.end(now, old, Cause::of(CauseKind::Replaced));
        }
    }

    pub(super) fn reject(&mut self, now: Moment, number: CallNumber, busy: bool) {
        if self.call_in(number, Stage::Ringing).is_none() {
            return;
        }
        self.answer_invite(number, if busy { 486 } else { 603 });
        self.end(now, number, Cause::of(CauseKind::Ended));
    }

    /// Refuses the INVITE of a call that has not been answered.
    pub(super) fn answer_invite(&mut self, number: CallNumber, status: u16) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let (Some(asked), Some(dialog)) = (call.asked.take(), &call.dialog) else { return };
        let response = asked.answer(status, &dialog.local_tag);
        self.reply(response);
    }

    /// RFC 3261 section 9.2.
    pub(super) fn cancelled(&mut self, now: Moment, request: &Request) {
        let tag = self.random.token();
        let branch_of = branch(request);
        let open = self
            .calls
            .iter()
            .find(|(_, call)| call.asked.as_ref().is_some_and(|asked| branch(asked) == branch_of));
        if let Some((number, call)) = open {
            let number = *number;
            let tag = call.dialog.as_ref().map(|dialog| dialog.local_tag.clone());
            self.reply(request.answer(200, &tag.unwrap_or_default()));
            self.answer_invite(number, 487);
            return self.end(now, number, Cause::asked(&request.fields, CauseKind::GivenUp));
        }
        // It has been answered: the CANCEL comes too late and changes nothing.
        let id = request.fields.get(names::CALL_ID);
        let late = self.calls.values().find_map(|call| {
            call.dialog.as_ref().filter(|dialog| Some(dialog.call_id.as_str()) == id)
        });
        let response = match late {
            Some(dialog) => request.answer(200, &dialog.local_tag),
            None => request.answer(481, &tag),
        };
        self.reply(response);
    }

    pub(super) fn acknowledged(&mut self, now: Moment, request: &Request) {
        let number = cseq(&request.fields).map(|(number, _)| number);
        let found = self.calls.iter_mut().find(|(_, call)| {
            call.dialog.as_ref().is_some_and(|dialog| dialog.matches(&request.fields))
                && call.unacknowledged.as_ref().map(|resent| resent.number) == number
        });
        let Some((&id, call)) = found else { return };
        let Some(resent) = call.unacknowledged.take() else { return };
        let first = !std::mem::replace(&mut call.established, true);
        if call.is_leaving() {
            self.bye(now, id, None);
            return self.forget(id);
        }
        let answer = description(&request.fields, &request.body).filter(|_| resent.offers);
        if resent.offers && answer.is_none() {
            self.bye(now, id, Some("SIP;cause=488;text=\"no answer to the offer\""));
            return self.end(now, id, Cause::of(CauseKind::Malformed));
        }
        if let Some(answer) = &answer {
            call.remote = Some(answer.clone());
        }
        match (first, answer) {
            (true, answer) => self.event(Event::Established { call: id, answer }),
            (false, Some(answer)) => self.event(Event::Changed { call: id, answer }),
            (false, None) => {}
        }
        self.next_change(now, id);
    }

    /// RFC 3262 section 3.
    pub(super) fn pracked(&mut self, number: CallNumber, request: &Request) -> u16 {
        let Some(call) = self.calls.get_mut(&number) else { return 481 };
        let rack = request.fields.get(names::RACK).unwrap_or_default();
        let mut parts = rack.split_ascii_whitespace();
        let rseq = parts.next().and_then(|rseq| rseq.parse::<u32>().ok());
        let waits = call.unpracked.as_ref().map(|resent| resent.number);
        if rseq.is_none() || rseq != waits || parts.nth(1) != Some(Method::Invite.name()) {
            return 481;
        }
        call.unpracked = None;
        200
    }
}

/// Agrees to the session timer that was asked for, in the answer.
pub(super) fn agree(
    now: Moment,
    request: &Request,
    response: &mut Response,
) -> Option<SessionTimer> {
    match SessionTimer::wished(now, &request.fields) {
        Wish::With(timer) => {
            response.fields.push(names::SESSION_EXPIRES, timer.answer());
            if timer.refresher == timer::Refresher::There {
                response.fields.push(names::REQUIRE, "timer");
            }
            Some(timer)
        }
        Wish::Without | Wish::TooShort => None,
    }
}
