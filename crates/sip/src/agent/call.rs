//! A call's state, and what all calls have in common.

use super::change::{Change, Wanted};
use super::send::{Purpose, SUPPORTED};
use super::transfer::{Asked as TransferAsked, Sent};
use super::{MOST_CALLS, T1, T2, TIMEOUT, UserAgent};
use crate::account::CallNumber;
use crate::cause::{Cause, CauseKind};
use crate::dialog::Dialog;
use crate::event::{Event, Output, Refusal};
use crate::message::{Fields, Method, Request, Response, names};
use crate::timer::{Refresher, SessionTimer};
use omnibar_model::Moment;
use std::time::Duration;

/// ```text
///  Command::Call ──▶ Calling ──2xx──▶ Talking ──BYE──▶ (gone)
///                       ╰──hung up──▶ Leaving ──final answer──▶ (gone)
///  INVITE ──▶ Ringing ──accepted──▶ Talking
///                ╰──rejected, CANCEL──▶ (gone)      Talking ──hung up before the ACK──▶ Leaving
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Calling,
    Ringing,
    Talking,
    /// Ended for whoever uses it; the far side has still to be told.
    Leaving,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) stage: Stage,
    /// Of this call from its answer on; of an incoming one from its start.
    pub(super) dialog: Option<Dialog>,
    /// What rings at the far side; there may be several phones.
    pub(super) forks: Vec<Fork>,
    /// Branch of the INVITE that made the call.
    pub(super) invite: Option<String>,
    /// The INVITE that came, until it is answered.
    pub(super) asked: Option<Box<Request>>,
    pub(super) unacknowledged: Option<Resent>,
    pub(super) unpracked: Option<Resent>,
    /// Descriptions that hold, or are offered in the INVITE.
    pub(super) local: Option<String>,
    pub(super) remote: Option<String>,
    pub(super) rang: bool,
    /// Both sides know that the call is up.
    pub(super) established: bool,
    pub(super) here_held: bool,
    pub(super) there_held: bool,
    pub(super) change: Change,
    pub(super) wanted: Option<Wanted>,
    pub(super) timer: Option<SessionTimer>,
    /// The far side takes UPDATE (RFC 3311).
    pub(super) updates: bool,
    /// The call whose place this one takes.
    pub(super) replaces: Option<CallNumber>,
    pub(super) sent: Option<Sent>,
    pub(super) transfer_asked: Option<TransferAsked>,
    /// The call that sent this side here, and wants to hear how it goes.
    pub(super) transferor: Option<CallNumber>,
    /// Number of the REFER that [`Call::transferor`]'s dialog is told about.
    pub(super) refer: Option<u32>,
}

/// An early dialog of an outgoing call.
#[derive(Debug)]
pub(super) struct Fork {
    pub(super) dialog: Dialog,
    /// Of the last reliable provisional answer (RFC 3262).
    pub(super) heard: u32,
}

/// An answer that is sent until the far side says that it has it.
#[derive(Debug)]
pub(super) struct Resent {
    pub(super) response: Response,
    /// CSeq of what it answers, or RSeq.
    pub(super) number: u32,
    /// Whether it holds an offer, whose answer comes back.
    pub(super) offers: bool,
    again: Moment,
    pause: Duration,
    until: Moment,
}

impl Resent {
    pub(super) fn new(now: Moment, response: Response, number: u32, offers: bool) -> Self {
        Self { response, number, offers, again: now + T1, pause: T1, until: now + TIMEOUT }
    }

    fn due(&self) -> Moment {
        self.again.min(self.until)
    }
}

impl Call {
    pub(super) fn new(stage: Stage) -> Self {
        Self {
            stage,
            dialog: None,
            forks: vec![],
            invite: None,
            asked: None,
            unacknowledged: None,
            unpracked: None,
            local: None,
            remote: None,
            rang: false,
            established: false,
            here_held: false,
            there_held: false,
            change: Change::Still,
            wanted: None,
            timer: None,
            updates: false,
            replaces: None,
            sent: None,
            transfer_asked: None,
            transferor: None,
            refer: None,
        }
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.stage == Stage::Leaving
    }

    pub(super) fn deadline(&self) -> Option<Moment> {
        let resent = self.unacknowledged.iter().chain(&self.unpracked).map(Resent::due);
        let timer = self.timer.iter().map(SessionTimer::due);
        let asked = self.transfer_asked.iter().map(|asked| asked.until);
        resent.chain(timer).chain(asked).chain(self.change.deadline()).min()
    }

    /// What the far side says of itself in a message that makes or refreshes a session.
    pub(super) fn learn(&mut self, fields: &Fields) {
        if fields.get(names::ALLOW).is_some() {
            self.updates = fields.lists(names::ALLOW, Method::Update.name());
        }
    }
}

impl UserAgent {
    /// The call in that stage; refuses in its name otherwise.
    pub(super) fn call_in(&mut self, number: CallNumber, stage: Stage) -> Option<&mut Call> {
        let why = match self.calls.get(&number) {
            Some(call) if call.stage == stage => None,
            Some(call) if !call.is_leaving() => Some(Refusal::NotNow),
            Some(_) | None => Some(Refusal::NoSuchCall),
        };
        if let Some(why) = why {
            self.refuse(Some(number), why);
            return None;
        }
        self.calls.get_mut(&number)
    }

    pub(super) fn has_room(&self) -> bool {
        self.calls.len() < MOST_CALLS
    }

    /// What every message that makes or refreshes a session says of this side.
    pub(super) fn introduce(&self, fields: &mut Fields) {
        fields.set(names::CONTACT, self.contact());
        fields.set(names::ALLOW, super::send::ALLOWED);
        fields.set(names::SUPPORTED, SUPPORTED);
    }

    pub(super) fn hang_up(&mut self, now: Moment, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number).filter(|call| !call.is_leaving()) else {
            return self.refuse(Some(number), Refusal::NoSuchCall);
        };
        match call.stage {
            Stage::Ringing => return self.reject(now, number, false),
            Stage::Calling => {
                call.stage = Stage::Leaving;
                let branch = call.invite.clone();
                if let Some(branch) = branch {
                    self.cancel(now, &branch);
                }
            }
            // RFC 3261 section 15: no BYE before the ACK.
            Stage::Talking if call.unacknowledged.is_some() => call.stage = Stage::Leaving,
            Stage::Talking => {
                self.bye(now, number, None);
                return self.end(now, number, Cause::of(CauseKind::Ended));
            }
            Stage::Leaving => return,
        }
        self.tell_transferor(now, number, 487);
        self.event(Event::Ended { call: number, cause: Cause::of(CauseKind::Ended) });
    }

    /// Ends a call that the far side has ended, or that cannot go on.
    pub(super) fn end(&mut self, now: Moment, number: CallNumber, cause: Cause) {
        let Some(call) = self.calls.get(&number) else { return };
        let told = call.is_leaving();
        if !told {
            self.tell_transferor(now, number, cause.status.unwrap_or(487));
        }
        self.forget(number);
        if !told {
            self.event(Event::Ended { call: number, cause });
        }
    }

    /// Answers what is open and drops the call, keeping nothing of it.
    pub(super) fn forget(&mut self, number: CallNumber) {
        let Some(mut call) = self.calls.remove(&number) else { return };
        let refer = call.transfer_asked.take().map(|asked| asked.request);
        for request in call.change.take_theirs().into_iter().chain(refer) {
            self.reply(request.answer(487, ""));
        }
    }

    /// Tells the far side of a call that it is over.
    pub(super) fn bye(&mut self, now: Moment, number: CallNumber, reason: Option<&str>) {
        let Some(dialog) = self.calls.get_mut(&number).and_then(|call| call.dialog.as_mut()) else {
            return;
        };
        let mut bye = dialog.request(Method::Bye, None);
        if let Some(reason) = reason {
            bye.fields.push(names::REASON, reason);
        }
        self.part(now, bye);
    }

    /// Sends a BYE now, or when there is a connection again.
    pub(super) fn part(&mut self, now: Moment, bye: Request) {
        if self.connected {
            self.ask(now, bye, Purpose::Bye);
        } else if self.owed.len() < MOST_CALLS {
            self.owed.push(bye);
        }
    }

    pub(super) fn calls_due(&mut self, now: Moment) {
        let due: Vec<CallNumber> = self
            .calls
            .iter()
            .filter(|(_, call)| call.deadline().is_some_and(|at| at <= now))
            .map(|(number, _)| *number)
            .collect();
        for number in due {
            self.resend(now, number);
            self.timer_due(now, number);
            self.change_due(now, number);
            self.transfer_due(now, number);
        }
    }

    /// A 2xx is repeated until its ACK comes although this transport loses nothing: one
    /// behind the next proxy may (RFC 3261 section 13.3.1.4).
    fn resend(&mut self, now: Moment, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let mut responses = vec![];
        let mut given_up = false;
        for slot in [&mut call.unacknowledged, &mut call.unpracked] {
            let Some(resent) = slot else { continue };
            if resent.until <= now {
                *slot = None;
                given_up = true;
            } else if resent.again <= now {
                resent.pause = (resent.pause * 2).min(T2);
                resent.again = now + resent.pause;
                responses.push(resent.response.to_bytes());
            }
        }
        let ringing = call.stage == Stage::Ringing;
        if self.connected {
            self.outputs.extend(responses.into_iter().map(Output::Send));
        }
        if given_up && ringing {
            // Section 3 of RFC 3262: nobody hears that it rings.
            self.answer_invite(number, 504);
            self.end(now, number, Cause::of(CauseKind::TimedOut));
        } else if given_up {
            self.bye(now, number, Some("SIP;cause=408;text=\"no ACK\""));
            self.end(now, number, Cause::of(CauseKind::TimedOut));
        }
    }

    fn timer_due(&mut self, now: Moment, number: CallNumber) {
        let Some(call) = self.calls.get_mut(&number) else { return };
        let Some(timer) = call.timer.filter(|timer| timer.due() <= now) else { return };
        match timer.refresher {
            Refresher::Here => {
                call.timer = Some(timer.delayed(now));
                self.refresh(now, number);
            }
            Refresher::There => {
                self.bye(now, number, Some("SIP;cause=408;text=\"session expired\""));
                self.end(now, number, Cause::of(CauseKind::TimedOut));
            }
        }
    }

    /// Calls outlive the connection; what is being set up does not.
    pub(super) fn calls_disconnected(&mut self, now: Moment) {
        let all: Vec<CallNumber> = self.calls.keys().copied().collect();
        for number in all {
            let Some(call) = self.calls.get_mut(&number) else { continue };
            match call.stage {
                Stage::Ringing => self.end(now, number, Cause::of(CauseKind::ConnectionLost)),
                Stage::Talking => {
                    call.change.take_theirs();
                    call.transfer_asked = None;
                }
                Stage::Calling | Stage::Leaving => {}
            }
        }
    }
}
