//! What is over, and why.

use super::calls::{Call, Side};
use super::seat::{Seat, Telephone, Wait};
use crate::sip::words;
use omnibar_contract::HistoryEntry;
use omnibar_model::{Cause, Channel, Direction, Party, PartyKind};
use omnibar_sip::{CallNumber, CauseKind};
use omnibar_softphone::CentreEvent;

/// Consults that a call remembers.
const MOST_GONE: usize = 8;
const TURNED_AWAY: &str = "Do not disturb was on";

impl<T: Telephone> Seat<T> {
    pub(super) fn ended(&mut self, number: CallNumber, cause: &omnibar_sip::Cause) {
        if self.active == Some(number) {
            self.active = None;
        }
        let is = |side: &Side| side.number == number || side.former == Some(number);
        let Some(at) = self.calls.iter().position(|call| call.sides().any(is)) else { return };
        let call = &mut self.calls[at];
        let Some(side) = call.sides_mut().find(|side| is(side)) else { return };
        if side.former == Some(number) {
            side.former = None;
            return;
        }
        if let Some(former) = side.former.take() {
            // The call that was to take its place did not come about.
            side.number = former;
            return;
        }
        let main = call.main.number;
        let transferred =
            self.waiting.iter().any(|waiting| waiting.wait == Wait::Transferred(main));
        let joined = call.joined.iter().position(|side| side.number == number);
        let joined = joined.map(|at| (call.joined.remove(at), false));
        let asked = call.asked.take_if(|side| side.number == number);
        if let Some((side, transferred)) = joined.or(asked.map(|side| (side, transferred))) {
            let own = reason(&side, None, cause.kind);
            call.gone.push(side.ended(if transferred { Cause::Transferred } else { own }));
            call.gone.truncate(MOST_GONE);
            let of = [Wait::Held(number), Wait::Resumed(number), Wait::Joined(number)];
            let why = Err(words::cause(cause.kind).to_owned());
            return self.answer_all(|wait| of.contains(&wait), &why);
        }
        // Some say good-bye without a word about how the transfer went.
        let why = match (call.ending, cause.kind) {
            (Some(why), _) => why,
            (None, CauseKind::HungUp | CauseKind::Ended) if transferred => Cause::Transferred,
            (None, kind) => reason(&call.main, Some(call.direction), kind),
        };
        let said = (why == Cause::Transferred).then_some(()).ok_or(words::cause(cause.kind));
        let of = [Wait::Held(number), Wait::Resumed(number), Wait::Transferred(number)];
        self.answer_all(|wait| of.contains(&wait), &said.map_err(str::to_owned));
        let call = self.calls.remove(at);
        self.over(call, why, cause.kind);
    }

    /// A call that nobody was told of.
    pub(super) fn turned_away(&mut self, number: CallNumber) {
        if let Some(at) = self.calls.iter().position(|call| call.main.number == number) {
            let call = self.calls.remove(at);
            let said = Some(TURNED_AWAY.to_owned());
            self.keep(entry(&call, self.now, Cause::Rejected, said));
        }
    }

    /// Into the history, which may be on the screen.
    fn keep(&mut self, call: HistoryEntry) {
        self.book.keep(call);
        let entries = self.book.history(None);
        self.tell(CentreEvent::History { before: None, entries });
    }

    fn over(&mut self, mut call: Call, why: Cause, kind: CauseKind) {
        let asked = call.asked.take().filter(|_| why != Cause::Transferred);
        let joined = std::mem::take(&mut call.joined);
        // One that never came about says why in its row, as nobody has heard it.
        let said = (call.direction == Direction::Outbound && call.connected_at.is_none())
            .then(|| words::cause(kind).trim_end_matches('.').to_owned());
        self.keep(entry(&call, self.now, why, said));
        let last = call.over(self.now, why);
        self.tell(CentreEvent::InteractionChanged(last));
        if why == Cause::AgentHungUp {
            // All of them end by it.
            return;
        }
        // Whoever is still there is in a call like any other now.
        let mut stay: Vec<Side> = joined;
        let (main, asked) = match stay.is_empty() {
            false => (Some(stay.remove(0)), asked),
            true => (asked, None),
        };
        let Some(main) = main else { return };
        let party = Party { kind: PartyKind::Customer, ..main.party.clone() };
        let answered = main.answered;
        let now = self.now;
        let call = self.begin(Direction::Outbound, Side { party, ..main });
        call.connected_at = answered.then_some(now);
        (call.joined, call.asked) = (stay, asked);
    }
}

fn entry(
    call: &Call,
    now: omnibar_model::Moment,
    cause: Cause,
    said: Option<String>,
) -> HistoryEntry {
    let talk = call.connected_at.map(|at| now.since(at)).unwrap_or_default();
    HistoryEntry {
        id: call.id.clone(),
        channel: Channel::Voice,
        direction: call.direction,
        campaign: super::calls::CAMPAIGN.into(),
        queue: None,
        customer: call.main.party.clone(),
        started_at: call.began_at,
        talk_ms: u64::try_from(talk.as_millis()).unwrap_or(u64::MAX),
        cause: Some(cause),
        disposition: said,
        note: call.note.clone(),
        voice: None,
    }
}

/// `direction`: of a call of its own; `None` for somebody who was asked.
fn reason(side: &Side, direction: Option<Direction>, kind: CauseKind) -> Cause {
    if side.mute {
        return Cause::MediaFailed;
    }
    let offered = direction == Some(Direction::Inbound) && !side.answered;
    match kind {
        CauseKind::Ended if direction.is_none() => Cause::Dropped,
        CauseKind::Ended => Cause::AgentHungUp,
        CauseKind::GivenUp => Cause::Abandoned,
        CauseKind::HungUp if offered => Cause::Abandoned,
        CauseKind::HungUp => Cause::CustomerHungUp,
        CauseKind::AnsweredElsewhere | CauseKind::Replaced => Cause::Transferred,
        CauseKind::Busy | CauseKind::Declined => Cause::Busy,
        CauseKind::NoAnswer => Cause::NoAnswer,
        CauseKind::NoCommonMedia => Cause::MediaFailed,
        CauseKind::NotFound
        | CauseKind::Unavailable
        | CauseKind::Forbidden
        | CauseKind::WrongPassword
        | CauseKind::Moved => Cause::Unreachable,
        CauseKind::ServerFailed
        | CauseKind::TimedOut
        | CauseKind::ConnectionLost
        | CauseKind::Gone
        | CauseKind::Malformed => {
            if side.answered || offered {
                Cause::SwitchLost
            } else {
                Cause::Unreachable
            }
        }
    }
}
