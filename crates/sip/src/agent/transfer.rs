//! Transfers: REFER both ways (RFC 3515, RFC 3891, RFC 3892, RFC 5589).

use super::UserAgent;
use super::call::Stage;
use super::send::Purpose;
use crate::account::CallNumber;
use crate::cause::Cause;
use crate::event::{Event, Refusal};
use crate::message::{Address, Method, Request, Response, Uri, cseq, names};
use crate::replaces::Replaces;
use omnibar_model::Moment;
use std::time::Duration;

/// Whoever uses the user agent decides within this time whether to follow a transfer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the transferor is kept informed.
const INFORMED: u32 = 180;
const FRAGMENT: &str = "message/sipfrag;version=2.0";

/// A transfer that this side has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// The other call of an attended transfer.
    with: Option<CallNumber>,
    /// What was heard of it last.
    status: u16,
}

/// A transfer that the far side asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) request: Box<Request>,
    to: Uri,
    replaces: Option<Replaces>,
    pub(super) until: Moment,
}

impl UserAgent {
    pub(super) fn transfer(&mut self, now: Moment, number: CallNumber, to: &Uri) {
        if !to.is_sip() {
            return self.refuse(Some(number), Refusal::BadAddress);
        }
        self.refer(now, number, format!("<{}>", to.clone().without_headers()), None);
    }

    pub(super) fn join(&mut self, now: Moment, number: CallNumber, with: CallNumber) {
        if with == number {
            return self.refuse(Some(number), Refusal::NotNow);
        }
        let Some(other) = self.call_in(with, Stage::Talking) else { return };
        let Some(dialog) = &other.dialog else { return };
        let Ok(target) = Uri::read(dialog.target()) else {
            return self.refuse(Some(with), Refusal::BadAddress);
        };
        let replaces = dialog.replaces().to_string();
        let target = target.without_headers().with_header(names::REPLACES, &replaces);
        self.refer(now, number, format!("<{target}>"), Some(with));
    }

    fn refer(&mut self, now: Moment, number: CallNumber, to: String, with: Option<CallNumber>) {
        if !self.connected {
            return self.refuse(Some(number), Refusal::NotConnected);
        }
        let contact = self.contact();
        let by = format!("<{}>", self.account.address);
        let Some(call) = self.call_in(number, Stage::Talking) else { return };
        if call.sent.is_some() {
            return self.refuse(Some(number), Refusal::NotNow);
        }
        let Some(dialog) = &mut call.dialog else { return };
        let mut request = dialog.request(Method::Refer, None);
        call.sent = Some(Sent { with, status: 0 });
        request.fields.push(names::REFER_TO, to);
        request.fields.push(names::REFERRED_BY, by);
        request.fields.push(names::CONTACT, contact);
        self.ask(now, request, Purpose::Refer(number));
    }

    pub(super) fn refer_answered(&mut self, now: Moment, number: CallNumber, response: &Response) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if response.status < 300 {
            // The notification may have come first.
            if call.sent.is_some_and(|sent| sent.status == 0) {
                self.transfer_heard(now, number, 100);
            }
            return;
        }
        if call.sent.take().is_some() {
            self.event(Event::TransferFailed { call: number, cause: Cause::refused(response) });
        }
    }

    /// A NOTIFY in a call: how a transfer goes (RFC 3515 section 2.4.5).
    pub(super) fn transfer_notified(&mut self, now: Moment, number: CallNumber, request: &Request) {
        let event = request.fields.get(names::EVENT).unwrap_or_default();
        let package = event.split(';').next().unwrap_or_default().trim();
        let Some(call) = self.calls.get(&number) else { return };
        if !package.eq_ignore_ascii_case("refer") {
            return self.reply(request.answer(489, ""));
        }
        if call.sent.is_none() {
            return self.reply(request.answer(481, ""));
        }
        self.reply(request.answer(200, ""));
        let status = fragment(&request.body);
        let state = request.fields.get(names::SUBSCRIPTION_STATE).unwrap_or_default();
        let over = state.trim().to_ascii_lowercase().starts_with("terminated");
        match status {
            Some(status) => self.transfer_heard(now, number, status),
            None if !over => {}
            None => self.transfer_heard(now, number, 0),
        }
        // Nothing more will be heard, and nothing final was.
        if over
            && let Some(call) = self.calls.get_mut(&number)
            && call.sent.take().is_some()
        {
            let cause = Cause::refused(&Response::made_up(500));
            self.event(Event::TransferFailed { call: number, cause });
        }
    }

    fn transfer_heard(&mut self, now: Moment, number: CallNumber, status: u16) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(sent) = &mut call.sent else { return };
        match status {
            100..200 if sent.status != status => {
                sent.status = status;
                self.event(Event::Transferring { call: number, status });
            }
            200..300 => {
                let with = sent.with;
                call.sent = None;
                self.event(Event::Transferred { call: number });
                // Both far sides talk to each other now.
                for over in [Some(number), with].into_iter().flatten() {
                    if self.calls.get(&over).is_some_and(|call| !call.is_leaving()) {
                        self.hang_up(now, over);
                    }
                }
            }
            300..700 => {
                call.sent = None;
                let mut said = Response::made_up(status);
                said.fields.push(names::EVENT, "refer");
                self.event(Event::TransferFailed { call: number, cause: Cause::refused(&said) });
            }
            _ => {}
        }
    }

    /// A REFER in a call.
    pub(super) fn transfer_asked(&mut self, now: Moment, number: CallNumber, request: Request) {
        let targets: Vec<&str> = request.fields.list(names::REFER_TO).collect();
        let target = match targets[..] {
            [target] => Address::read(target).ok(),
            _ => None,
        };
        let Some(target) = target else { return self.reply(request.answer(400, "")) };
        let header = target.uri.header(names::REPLACES);
        let replaces = header.as_deref().map(Replaces::read);
        let method = target.uri.params().get("method").unwrap_or("INVITE");
        if !target.uri.is_sip() || method != "INVITE" || replaces == Some(None) {
            return self.reply(request.answer(603, ""));
        }
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.stage != Stage::Talking || call.transfer_asked.is_some() || call.refer.is_some() {
            return self.reply(request.answer(491, ""));
        }
        let to = target.uri.without_headers();
        let replaces = replaces.flatten();
        call.transfer_asked = Some(Asked {
            request: Box::new(request),
            to: to.clone(),
            replaces: replaces.clone(),
            until: now + PATIENCE,
        });
        self.event(Event::TransferAsked { call: number, to, replaces });
    }

    pub(super) fn follow(
        &mut self,
        now: Moment,
        number: CallNumber,
        new: Option<(CallNumber, String)>,
    ) {
        let contact = self.contact();
        if let Some((new, _)) = &new
            && self.calls.contains_key(new)
        {
            return self.refuse(Some(*new), Refusal::NumberTaken);
        }
        let Some(call) = self.call_in(number, Stage::Talking) else { return };
        let Some(asked) = call.transfer_asked.take() else {
            return self.refuse(Some(number), Refusal::NotNow);
        };
        let Some((new, offer)) = new else {
            return self.reply(asked.request.answer(603, ""));
        };
        call.refer = cseq(&asked.request.fields).map(|(number, _)| number);
        let mut accepted = asked.request.answer(202, "");
        accepted.fields.push(names::CONTACT, contact);
        self.reply(accepted);
        self.notify(now, number, 100);
        self.call(now, new, &asked.to, offer, asked.replaces);
        match self.calls.get_mut(&new) {
            Some(made) => made.transferor = Some(number),
            // Refused, and said so.
            None => self.notify(now, number, 503),
        }
    }

    /// Passes on how the call goes that the far side of another asked for.
    pub(super) fn tell_transferor(&mut self, now: Moment, number: CallNumber, status: u16) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(transferor) = call.transferor else { return };
        if status >= 200 {
            call.transferor = None;
        }
        self.notify(now, transferor, status);
    }

    fn notify(&mut self, now: Moment, number: CallNumber, status: u16) {
        let contact = self.contact();
        let Some(call) = self.calls.get_mut(&number).filter(|call| !call.is_leaving()) else {
            return;
        };
        let Some(refer) = call.refer else { return };
        let state = if status >= 200 {
            call.refer = None;
            "terminated;reason=noresource".to_owned()
        } else {
            format!("active;expires={INFORMED}")
        };
        let Some(dialog) = &mut call.dialog else { return };
        let mut notify = dialog.request(Method::Notify, None);
        notify.fields.push(names::EVENT, format!("refer;id={refer}"));
        notify.fields.push(names::SUBSCRIPTION_STATE, state);
        notify.fields.push(names::CONTACT, contact);
        notify.fields.push(names::CONTENT_TYPE, FRAGMENT);
        let line = Response::made_up(status);
        notify.body = format!("SIP/2.0 {status} {}\r\n", line.phrase).into_bytes();
        self.ask(now, notify, Purpose::Notify(number));
    }

    pub(super) fn notify_answered(&mut self, number: CallNumber, response: &Response) {
        // Nobody wants to know any more.
        if response.status == 481
            && let Some(call) = self.calls.get_mut(&number)
        {
            call.refer = None;
        }
    }

    pub(super) fn transfer_due(&mut self, now: Moment, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if let Some(asked) = call.transfer_asked.take_if(|asked| asked.until <= now) {
            self.reply(asked.request.answer(603, ""));
        }
    }
}

/// The status of a `message/sipfrag`.
fn fragment(body: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(body).ok()?;
    let rest = text.trim_start().strip_prefix("SIP/2.0 ")?;
    rest.get(..3)?.parse().ok()
}
