//! Changes of a call that is up: hold, new descriptions, signs of life (RFC 3261
//! section 14, RFC 3311, RFC 4028), and keys.

use super::UserAgent;
use super::call::{Call, Resent, Stage};
use super::incoming::agree;
use super::outgoing::{SDP, description};
use super::send::Purpose;
use crate::account::CallNumber;
use crate::cause::{Cause, CauseKind};
use crate::digits::Digit;
use crate::event::{Event, Refusal};
use crate::message::{Method, Request, Response, cseq, names};
use crate::sdp::{Direction, MAX_SDP, directed, renewed, without_hold};
use crate::timer::{self, SessionTimer, Wish};
use omnibar_model::Moment;
use std::time::Duration;

/// Whoever uses the user agent answers an offer within this time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose turn it is in an offer/answer exchange (RFC 3264 section 4).
#[derive(Debug)]
pub(super) enum Change {
    Still,
    /// A re-INVITE of this side waits for its answer.
    Ours {
        sdp: String,
        hold: bool,
    },
    /// One of the far side waits for [`crate::Command::Answer`].
    Theirs {
        request: Box<Request>,
        offer: String,
        until: Moment,
    },
    /// Both began at once: ours is tried again.
    Later {
        until: Moment,
        wanted: Wanted,
    },
}

/// A change that this side means to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) hold: bool,
    /// `None` for the latest description.
    pub(super) offer: Option<String>,
}

impl Change {
    pub(super) fn deadline(&self) -> Option<Moment> {
        match self {
            Self::Still | Self::Ours { .. } => None,
            Self::Theirs { until, .. } | Self::Later { until, .. } => Some(*until),
        }
    }

    /// The far side's request, if one waits.
    pub(super) fn take_theirs(&mut self) -> Option<Box<Request>> {
        match std::mem::replace(self, Self::Still) {
            Self::Theirs { request, .. } => Some(request),
            other @ (Self::Still | Self::Ours { .. } | Self::Later { .. }) => {
                *self = other;
                None
            }
        }
    }
}

impl UserAgent {
    pub(super) fn hold(
        &mut self,
        now: Moment,
        number: CallNumber,
        on: bool,
        offer: Option<String>,
    ) {
        self.want(now, number, Wanted { hold: on, offer });
    }

    pub(super) fn offer(&mut self, now: Moment, number: CallNumber, offer: String) {
        let hold = self.calls.get(&number).is_some_and(|call| match &call.change {
            Change::Ours { hold, .. } => *hold,
            Change::Later { wanted, .. } => wanted.hold,
            Change::Still | Change::Theirs { .. } => call.here_held,
        });
        self.want(now, number, Wanted { hold, offer: Some(offer) });
    }

    fn want(&mut self, now: Moment, number: CallNumber, wanted: Wanted) {
        if wanted.offer.as_ref().is_some_and(|offer| offer.is_empty() || offer.len() > MAX_SDP) {
            return self.refuse(Some(number), Refusal::NotNow);
        }
        if !self.connected {
            return self.refuse(Some(number), Refusal::NotConnected);
        }
        let Some(call) = self.call_in(number, Stage::Talking) else { return };
        // The newest wish counts; a description that was not sent yet is not lost by it.
        let offer = wanted.offer.or(call.wanted.take().and_then(|before| before.offer));
        call.wanted = Some(Wanted { offer, ..wanted });
        self.next_change(now, number);
    }

    /// Begins what is wanted, if nothing else is under way.
    pub(super) fn next_change(&mut self, now: Moment, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let free = matches!(call.change, Change::Still)
            && call.unacknowledged.is_none()
            && call.stage == Stage::Talking;
        if !free {
            return;
        }
        let Some(wanted) = call.wanted.take() else { return };
        let last = call.local.clone();
        let Some(base) = wanted.offer.or(last.clone()) else { return };
        let direction = match (wanted.hold, call.there_held) {
            (true, false) => Direction::SendOnly,
            (true, true) => Direction::Nowhere,
            (false, _) => Direction::Both,
        };
        let sdp = renewed(last.as_deref(), &directed(&base, direction));
        call.change = Change::Ours { sdp: sdp.clone(), hold: wanted.hold };
        self.reinvite(now, number, &sdp, Purpose::Change(number));
    }

    fn reinvite(&mut self, now: Moment, number: CallNumber, sdp: &str, purpose: Purpose) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let timer = call.timer.map(|timer| timer.request());
        let Some(dialog) = &mut call.dialog else { return };
        let mut request = dialog.request(Method::Invite, None);
        self.introduce(&mut request.fields);
        let expires = timer.unwrap_or_else(|| timer::WANTED.to_string());
        request.fields.push(names::SESSION_EXPIRES, expires);
        request.fields.push(names::MIN_SE, timer::SHORTEST.to_string());
        request.fields.push(names::CONTENT_TYPE, SDP);
        request.body = sdp.as_bytes().to_vec();
        self.ask(now, request, purpose);
    }

    /// The final answer to a change of this side.
    pub(super) fn change_answered(&mut self, now: Moment, number: CallNumber, response: &Response) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Change::Ours { sdp, hold } = std::mem::replace(&mut call.change, Change::Still) else {
            return;
        };
        if response.status < 300 {
            return self.changed(now, number, sdp, hold, response);
        }
        match response.status {
            491 => {
                // RFC 3261 section 14.1: who made the call waits longer.
                let wait = match number {
                    CallNumber::Out(_) => (2_100, 4_000),
                    CallNumber::In(_) => (0, 2_000),
                };
                let (low, high) = (Duration::from_millis(wait.0), Duration::from_millis(wait.1));
                let until = now + self.random.between(low, high);
                let Some(call) = self.calls.get_mut(&number) else { return };
                let wanted = call.wanted.take().unwrap_or(Wanted { hold, offer: Some(sdp) });
                call.change = Change::Later { until, wanted };
            }
            _ if is_fatal(response) => self.gone(now, number, response),
            _ => {
                self.event(Event::ChangeRefused { call: number, cause: Cause::refused(response) });
                self.next_change(now, number);
            }
        }
    }

    fn changed(
        &mut self,
        now: Moment,
        number: CallNumber,
        sdp: String,
        hold: bool,
        response: &Response,
    ) {
        let answer = description(&response.fields, &response.body);
        let Some(call) = self.calls.get_mut(&number) else { return };
        if let Some(dialog) = &mut call.dialog {
            dialog.refresh(&response.fields);
        }
        call.learn(&response.fields);
        if response.fields.get(names::SESSION_EXPIRES).is_some() {
            call.timer = SessionTimer::agreed(now, &response.fields);
        }
        call.local = Some(sdp);
        let before = (call.here_held, call.there_held);
        call.here_held = hold;
        if let Some(answer) = &answer {
            call.remote = Some(answer.clone());
            // What was offered as held cannot tell whether the far side holds too.
            if !hold {
                call.there_held = Direction::of(answer).is_hold();
            }
        }
        let (here, there) = (call.here_held, call.there_held);
        if let Some(answer) = answer {
            // The hold is said and heard here: whoever owns the media would take what answers
            // it for the far side's wish, and go on with it after the hold.
            let answer = if hold { without_hold(&answer, there) } else { answer };
            self.event(Event::Changed { call: number, answer });
        }
        if before != (here, there) {
            self.event(Event::Held { call: number, here, there });
        }
        self.next_change(now, number);
    }

    /// The far side knows nothing of the call any more, or nothing at all.
    fn gone(&mut self, now: Moment, number: CallNumber, response: &Response) {
        if response.status != 481 {
            self.bye(now, number, Some("SIP;cause=408"));
        }
        self.end(now, number, Cause::refused(response));
    }

    /// A re-INVITE or UPDATE of the far side.
    pub(super) fn reinvited(&mut self, now: Moment, number: CallNumber, request: Request) {
        let glare = self.random.number() % 10;
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(tag) = call.dialog.as_ref().map(|dialog| dialog.local_tag.clone()) else { return };
        let early = call.stage != Stage::Talking;
        let busy = match (&call.change, call.unacknowledged.is_some()) {
            (Change::Ours { .. }, _) => Some(491),
            (Change::Theirs { .. }, _) | (_, true) => Some(500),
            (Change::Still | Change::Later { .. }, false) => None,
        };
        let changes = request.method == Method::Invite || !request.body.is_empty();
        if let Some(status) = busy.or(early.then_some(500)).filter(|_| changes) {
            let mut refusal = request.answer(status, &tag);
            if status == 500 {
                refusal.fields.push(names::RETRY_AFTER, glare.to_string());
            }
            return self.reply(refusal);
        }
        if SessionTimer::wished(now, &request.fields) == Wish::TooShort {
            let mut refusal = request.answer(422, &tag);
            refusal.fields.push(names::MIN_SE, timer::SHORTEST.to_string());
            return self.reply(refusal);
        }
        if let Some(refusal) = self.unusable(&request, &tag) {
            return self.reply(refusal);
        }
        let Some(call) = self.calls.get_mut(&number) else { return };
        if let Some(dialog) = &mut call.dialog {
            dialog.refresh(&request.fields);
        }
        call.learn(&request.fields);
        let offer = description(&request.fields, &request.body);
        match offer {
            None if request.method == Method::Update => self.agreed(now, number, &request, None),
            // It wants this side's view of the call (section 14.2).
            None => {
                let local = call.local.clone().unwrap_or_default();
                let held = if call.here_held { Direction::SendOnly } else { Direction::Both };
                let sdp = renewed(call.local.as_deref(), &directed(&local, held));
                self.agreed(now, number, &request, Some(sdp));
            }
            // A sign of life: nothing changes, nobody is asked.
            Some(offer) if call.remote.as_ref() == Some(&offer) => {
                let local = call.local.clone();
                self.agreed(now, number, &request, local);
            }
            Some(offer) => {
                let held = Direction::of(&offer).is_hold();
                let theirs = Change::Theirs {
                    request: Box::new(request),
                    offer: offer.clone(),
                    until: now + PATIENCE,
                };
                // What this side wanted when both began at once comes after it.
                if let Change::Later { wanted, .. } = std::mem::replace(&mut call.change, theirs) {
                    call.wanted.get_or_insert(wanted);
                }
                let held_here = self.calls.get(&number).is_some_and(|call| call.here_held);
                let offer = if held_here { without_hold(&offer, held) } else { offer };
                self.event(Event::Offered { call: number, offer, held });
            }
        }
    }

    pub(super) fn answer(&mut self, now: Moment, number: CallNumber, answer: Option<String>) {
        let Some(call) = self.call_in(number, Stage::Talking) else { return };
        let change = std::mem::replace(&mut call.change, Change::Still);
        let Change::Theirs { request, offer, until: _ } = change else {
            call.change = change;
            return self.refuse(Some(number), Refusal::NotNow);
        };
        let Some(answer) = answer.filter(|answer| answer.len() <= MAX_SDP) else {
            let tag = call.dialog.as_ref().map(|dialog| dialog.local_tag.clone());
            self.reply(request.answer(488, &tag.unwrap_or_default()));
            return self.next_change(now, number);
        };
        let offered = Direction::of(&offer);
        let answer = match (call.here_held, offered) {
            (true, Direction::Both | Direction::ReceiveOnly) => {
                directed(&answer, Direction::SendOnly)
            }
            (true, Direction::SendOnly | Direction::Nowhere) => {
                directed(&answer, Direction::Nowhere)
            }
            (false, _) => answer,
        };
        let sdp = renewed(call.local.as_deref(), &answer);
        call.remote = Some(offer);
        let before = call.there_held;
        call.there_held = offered.is_hold();
        let (here, there) = (call.here_held, call.there_held);
        self.agreed(now, number, &request, Some(sdp));
        if before != there {
            self.event(Event::Held { call: number, here, there });
        }
        self.next_change(now, number);
    }

    /// The 2xx to a re-INVITE or UPDATE.
    fn agreed(&mut self, now: Moment, number: CallNumber, request: &Request, sdp: Option<String>) {
        let mut said = crate::message::Fields::default();
        self.introduce(&mut said);
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(dialog) = &call.dialog else { return };
        let mut response = request.answer(200, &dialog.local_tag);
        for name in [names::CONTACT, names::ALLOW, names::SUPPORTED] {
            response.fields.push(name, said.get(name).unwrap_or_default());
        }
        if let Some(timer) = agree(now, request, &mut response) {
            call.timer = Some(timer);
        } else {
            call.timer = call.timer.map(|timer| timer.restarted(now));
        }
        if let Some(sdp) = sdp {
            response.fields.push(names::CONTENT_TYPE, SDP);
            response.body = sdp.clone().into_bytes();
            call.local = Some(sdp);
        }
        if request.method == Method::Invite {
            let invite = cseq(&request.fields).map_or(0, |(number, _)| number);
            let offers = request.body.is_empty();
            call.unacknowledged = Some(Resent::new(now, response.clone(), invite, offers));
        }
        self.reply(response);
    }

    pub(super) fn change_due(&mut self, now: Moment, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if call.change.deadline().is_none_or(|until| until > now) {
            return;
        }
        match std::mem::replace(&mut call.change, Change::Still) {
            Change::Later { wanted, .. } => {
                call.wanted = Some(call.wanted.take().unwrap_or(wanted))
            }
            Change::Theirs { request, .. } => {
                let tag = call.dialog.as_ref().map(|dialog| dialog.local_tag.clone());
                self.reply(request.answer(500, &tag.unwrap_or_default()));
            }
            Change::Still | Change::Ours { .. } => {}
        }
        self.next_change(now, number);
    }

    /// A sign of life of this side: an UPDATE where the far side knows it, which needs
    /// no description (RFC 4028 section 7.4).
    pub(super) fn refresh(&mut self, now: Moment, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        if !matches!(call.change, Change::Still) || call.unacknowledged.is_some() {
            return;
        }
        if !call.updates {
            let Some(local) = call.local.clone() else { return };
            return self.reinvite(now, number, &local, Purpose::Refresh(number));
        }
        let Some(expires) = call.timer.map(|timer| timer.request()) else { return };
        let Some(dialog) = &mut call.dialog else { return };
        let mut update = dialog.request(Method::Update, None);
        self.introduce(&mut update.fields);
        update.fields.push(names::SESSION_EXPIRES, expires);
        update.fields.push(names::MIN_SE, timer::SHORTEST.to_string());
        self.ask(now, update, Purpose::Refresh(number));
    }

    pub(super) fn refreshed(&mut self, now: Moment, number: CallNumber, response: &Response) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        match response.status {
            200..300 => {
                if let Some(dialog) = &mut call.dialog {
                    dialog.refresh(&response.fields);
                }
                let kept = call.timer.map(|timer| timer.restarted(now));
                call.timer = SessionTimer::agreed(now, &response.fields).or(kept);
            }
            422 => {
                let least = response.fields.number(names::MIN_SE).unwrap_or_default();
                call.timer = call.timer.map(|timer| timer.raised(least).delayed(now));
            }
            _ if is_fatal(response) => self.gone(now, number, response),
            // The timer comes back to it.
            _ => {}
        }
    }

    pub(super) fn press(
        &mut self,
        now: Moment,
        number: CallNumber,
        digit: Digit,
        length: Duration,
    ) {
        let Some(call) = self.call_in(number, Stage::Talking) else { return };
        let Some(dialog) = &mut call.dialog else { return };
        let mut info = dialog.request(Method::Info, None);
        info.fields.push(names::CONTENT_TYPE, "application/dtmf-relay");
        info.body = digit.relay(length).into_bytes();
        self.ask(now, info, Purpose::Info(number));
    }

    pub(super) fn pressed(&mut self, now: Moment, number: CallNumber, response: &Response) {
        if is_fatal(response) {
            self.gone(now, number, response);
        } else if response.status >= 300 && self.calls.contains_key(&number) {
            self.event(Event::PressRefused { call: number, cause: Cause::refused(response) });
        }
    }
}

/// Answers after which there is no dialog any more (RFC 3261 section 12.2.1.2). A
/// connection that broke is none: the call may be taken up over the next.
fn is_fatal(response: &Response) -> bool {
    matches!(response.status, 408 | 481)
}

impl Call {
    /// For a call that ends: why the far side thinks it does.
    pub(super) fn end_of(request: &Request) -> Cause {
        Cause::asked(&request.fields, CauseKind::HungUp)
    }
}
