//! Calls that this side makes.

use super::UserAgent;
use super::call::{Call, Fork, Stage};
use super::send::Purpose;
use crate::account::CallNumber;
use crate::caller::Party;
use crate::cause::{Cause, CauseKind};
use crate::dialog::{Dialog, reachable};
use crate::event::{Event, Output, Refusal};
use crate::message::{Address, Fields, Method, Request, Response, Uri, cseq, names};
use crate::replaces::Replaces;
use crate::sdp::MAX_SDP;
use crate::timer::{self, SessionTimer};
use omnibar_model::Moment;

/// Phones that ring for one call and are told apart.
const MOST_FORKS: usize = 12;
pub(super) const SDP: &str = "application/sdp";

impl UserAgent {
    pub(super) fn call(
        &mut self,
        now: Moment,
        number: CallNumber,
        to: &Uri,
        offer: String,
        replaces: Option<Replaces>,
    ) {
        let taken = match number {
            CallNumber::Out(_) => self.calls.contains_key(&number),
            CallNumber::In(_) => true,
        };
        let why = if taken {
            Some(Refusal::NumberTaken)
        } else if !self.connected {
            Some(Refusal::NotConnected)
        } else if !self.has_room() {
            Some(Refusal::TooMany)
        } else if !to.is_sip() {
            Some(Refusal::BadAddress)
        } else if offer.is_empty() || offer.len() > MAX_SDP {
            Some(Refusal::NotNow)
        } else {
            None
        };
        if let Some(why) = why {
            return self.refuse(Some(number), why);
        }
        let mut request = self.first_request(Method::Invite, to);
        self.introduce(&mut request.fields);
        request.fields.push(names::SESSION_EXPIRES, timer::WANTED.to_string());
        request.fields.push(names::MIN_SE, timer::SHORTEST.to_string());
        if let Some(replaces) = replaces {
            request.fields.push(names::REPLACES, replaces.to_string());
            request.fields.push(names::REQUIRE, "replaces");
        }
        request.fields.push(names::CONTENT_TYPE, SDP);
        request.body = offer.clone().into_bytes();
        let mut call = Call::new(Stage::Calling);
        call.local = Some(offer);
        self.calls.insert(number, call);
        let branch = self.ask(now, request, Purpose::Invite(number));
        if let Some(call) = self.calls.get_mut(&number) {
            call.invite = Some(branch);
        }
    }

    /// A request outside any dialog.
    pub(super) fn first_request(&mut self, method: Method, to: &Uri) -> Request {
        let to = to.clone().without_headers();
        let mut fields = Fields::default();
        for route in &self.registration.routes {
            fields.push_known(names::ROUTE, route);
        }
        let from = Address::new(&self.account.display, self.account.address.clone());
        fields.push(names::FROM, format!("{from};tag={}", self.random.token()));
        fields.push(names::TO, format!("<{to}>"));
        fields.push(names::CALL_ID, self.random.token());
        fields.push(names::CSEQ, format!("1 {method}"));
        Request { method, uri: to.to_string(), fields, body: vec![] }
    }

    /// A provisional answer to the INVITE of a call.
    pub(super) fn progress(&mut self, now: Moment, number: CallNumber, response: &Response) {
        if response.status == 100 {
            return;
        }
        self.fork(now, number, response);
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.stage != Stage::Calling {
            return;
        }
        let sdp = description(&response.fields, &response.body);
        let early = sdp.filter(|sdp| call.remote.as_deref() != Some(sdp));
        let rings = response.status == 180 && !call.rang;
        call.rang |= rings;
        if let Some(answer) = early {
            call.remote = Some(answer.clone());
            self.event(Event::EarlyMedia { call: number, answer });
        }
        if rings {
            self.event(Event::Ringing { call: number });
        }
        self.tell_transferor(now, number, response.status);
    }

    /// Knows every phone that rings, and tells those that want it that their answer came
    /// (PRACK, RFC 3262).
    fn fork(&mut self, now: Moment, number: CallNumber, response: &Response) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(invite) = call.invite.as_ref().and_then(|branch| self.clients.get(branch)) else {
            return;
        };
        let Some(dialog) = Dialog::outgoing(&invite.request, response) else { return };
        if dialog.remote_tag.is_empty() {
            return;
        }
        let tag = dialog.remote_tag.clone();
        if !call.forks.iter().any(|fork| fork.dialog.remote_tag == tag) {
            if call.forks.len() == MOST_FORKS {
                return;
            }
            call.forks.push(Fork { dialog, heard: 0 });
        }
        if !response.fields.lists(names::REQUIRE, "100rel") {
            return;
        }
        let Some(rseq) = response.fields.number(names::RSEQ) else { return };
        let invite_number = cseq(&invite.request.fields).map_or(1, |(number, _)| number);
        let fork = call.forks.iter_mut().find(|fork| fork.dialog.remote_tag == tag);
        let Some(fork) = fork.filter(|fork| rseq > fork.heard) else { return };
        fork.heard = rseq;
        let mut prack = fork.dialog.request(Method::Prack, None);
        prack.fields.push(names::RACK, format!("{rseq} {invite_number} INVITE"));
        self.ask(now, prack, Purpose::Prack);
    }

    /// The 2xx of any INVITE of this side.
    pub(super) fn invite_accepted(
        &mut self,
        now: Moment,
        purpose: Purpose,
        invite: &Request,
        response: &Response,
    ) {
        match purpose {
            Purpose::Invite(number) => self.answered(now, number, invite, response),
            Purpose::Change(number) => {
                self.acknowledge(number, invite);
                self.change_answered(now, number, response);
            }
            Purpose::Refresh(number) => {
                self.acknowledge(number, invite);
                self.refreshed(now, number, response);
            }
            Purpose::Register { .. }
            | Purpose::Unregister
            | Purpose::Info(_)
            | Purpose::Refer(_)
            | Purpose::Notify(_)
            | Purpose::Subscribe(_)
            | Purpose::Bye
            | Purpose::Prack
            | Purpose::Cancel => {}
        }
    }

    fn answered(&mut self, now: Moment, number: CallNumber, invite: &Request, response: &Response) {
        let Some(mut dialog) = Dialog::outgoing(invite, response) else { return };
        let wanted = self.calls.get(&number).is_some_and(|call| call.stage == Stage::Calling);
        if !wanted {
            // It was answered while it was being taken back (RFC 3261 section 9.1).
            self.part_with_fork(now, dialog, invite);
            self.forget(number);
            return;
        }
        let Some(call) = self.calls.get_mut(&number) else { return };
        // PRACKs have used numbers of this dialog.
        if let Some(fork) = call.forks.iter_mut().find(|f| f.dialog.remote_tag == dialog.remote_tag)
        {
            let used = fork.dialog.request(Method::Options, None);
            dialog.used(cseq(&used.fields).map_or(0, |(number, _)| number - 1));
        }
        let with = dialog.remote().as_ref().map(Party::of).unwrap_or_default();
        let answer = description(&response.fields, &response.body);
        let known = call.remote.is_some();
        call.stage = Stage::Talking;
        call.established = true;
        call.forks.clear();
        call.invite = None;
        call.timer = SessionTimer::agreed(now, &response.fields);
        call.learn(&response.fields);
        let reachable = reachable(dialog.target());
        call.dialog = Some(dialog);
        let answer = answer.filter(|answer| call.remote.as_deref() != Some(answer));
        if let Some(answer) = &answer {
            call.remote = Some(answer.clone());
        }
        self.acknowledge(number, invite);
        if (answer.is_none() && !known) || !reachable {
            self.bye(now, number, Some("SIP;cause=488;text=\"no answer to the offer\""));
            return self.end(now, number, Cause::of(CauseKind::Malformed));
        }
        self.event(Event::Answered { call: number, answer, with });
        self.tell_transferor(now, number, response.status);
    }

    /// Another 2xx to an INVITE that has one: the same again, or another phone of the
    /// fork, which is hung up (section 13.2.2.4).
    pub(super) fn answered_again(
        &mut self,
        now: Moment,
        purpose: Purpose,
        invite: &Request,
        response: &Response,
    ) {
        let number = match purpose {
            Purpose::Invite(number) | Purpose::Change(number) | Purpose::Refresh(number) => number,
            _ => return,
        };
        let Some(dialog) = Dialog::outgoing(invite, response) else { return };
        let own = self.calls.get(&number).and_then(|call| call.dialog.as_ref());
        if own.is_some_and(|own| own.remote_tag == dialog.remote_tag) {
            self.acknowledge(number, invite);
        } else if let Purpose::Invite(_) = purpose {
            self.part_with_fork(now, dialog, invite);
        }
    }

    fn part_with_fork(&mut self, now: Moment, mut dialog: Dialog, invite: &Request) {
        self.send_ack(&mut dialog, invite);
        let bye = dialog.request(Method::Bye, None);
        self.part(now, bye);
    }

    fn acknowledge(&mut self, number: CallNumber, invite: &Request) {
        let Some(mut dialog) = self.calls.get_mut(&number).and_then(|call| call.dialog.take())
        else {
            return;
        };
        self.send_ack(&mut dialog, invite);
        if let Some(call) = self.calls.get_mut(&number) {
            call.dialog = Some(dialog);
        }
    }

    /// The ACK of a 2xx is a request of its own, with the INVITE's number and
    /// credentials (sections 13.2.2.4 and 22.1).
    fn send_ack(&mut self, dialog: &mut Dialog, invite: &Request) {
        let number = cseq(&invite.fields).map(|(number, _)| number);
        let mut ack = dialog.request(Method::Ack, number);
        for name in [names::AUTHORIZATION, names::PROXY_AUTHORIZATION] {
            for value in invite.fields.all(name) {
                ack.fields.push_known(name, value);
            }
        }
        self.complete(&mut ack, false);
        if self.connected {
            self.output(Output::Send(ack.to_bytes()));
        }
    }

    pub(super) fn invite_refused(
        &mut self,
        now: Moment,
        number: CallNumber,
        invite: Request,
        response: &Response,
    ) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.is_leaving() {
            return self.forget(number);
        }
        let longer = response.fields.number(names::MIN_SE).filter(|least| {
            let asked = invite.fields.number(names::SESSION_EXPIRES).unwrap_or_default();
            response.status == 422 && *least > asked && *least <= timer::LONGEST
        });
        if let Some(least) = longer {
            call.forks.clear();
            let mut invite = invite;
            invite.fields.set(names::SESSION_EXPIRES, least.to_string());
            invite.fields.set(names::MIN_SE, least.to_string());
            self.raise(&mut invite, Purpose::Invite(number));
            let branch = self.ask(now, invite, Purpose::Invite(number));
            if let Some(call) = self.calls.get_mut(&number) {
                call.invite = Some(branch);
            }
            return;
        }
        // A connection that lets a call go unanswered is of no more use than none.
        if response.fields.is_empty() && response.status == 408 && !call.rang {
            self.output(Output::Reconnect);
        }
        self.end(now, number, Cause::refused(response));
    }
}

/// The description in a message, if its body is one.
pub(super) fn description(fields: &Fields, body: &[u8]) -> Option<String> {
    let kind = fields.get(names::CONTENT_TYPE)?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if body.is_empty() || body.len() > MAX_SDP || !kind.eq_ignore_ascii_case(SDP) {
        return None;
    }
    String::from_utf8(body.to_vec()).ok()
}
