//! A call of the agent's, and what the desk sees of it.

use omnibar_desk::LineState;
use omnibar_model::{
    Cause, Channel, Conversation, Destination, Direction, Diversion, DiversionReason, Interaction,
    InteractionId, Leg, LegId, LegState, Moment, Party, PartyKind, PhoneNumber,
};
use omnibar_sip::{CallNumber, Caller};
use std::time::Duration;

/// The one campaign.
pub(super) const CAMPAIGN: &str = "phone";
/// A caller rings until he or the telephone system gives up; nobody rings for so long.
const RINGS: Duration = Duration::from_secs(3_600);
/// Longest name that is shown, in characters.
const NAME_MAX: usize = 128;

/// One call of the agent's, perhaps another in which somebody is asked about it, and those
/// who were brought into the conversation.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: InteractionId,
    pub(super) direction: Direction,
    pub(super) main: Side,
    pub(super) asked: Option<Side>,
    /// While there are any, all who are not apart are in one conversation with the agent.
    pub(super) joined: Vec<Side>,
    /// Those who were asked and have gone.
    pub(super) gone: Vec<Leg>,
    pub(super) diverted: Vec<Diversion>,
    pub(super) began: Moment,
    /// Milliseconds since 1970-01-01T00:00Z.
    pub(super) began_at: i64,
    pub(super) connected_at: Option<Moment>,
    /// Why it ends, where this side has seen to it.
    pub(super) ending: Option<Cause>,
    pub(super) note: String,
    /// As the desk was last told.
    pub(super) shown: Option<Interaction>,
}

/// A far side, and this side's connection to it.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) number: CallNumber,
    /// The call whose place this one takes, until that has ended.
    pub(super) former: Option<CallNumber>,
    pub(super) leg: LegId,
    pub(super) party: Party,
    pub(super) destination: Option<Destination>,
    /// Both sides want it.
    pub(super) answered: bool,
    /// This side holds it.
    pub(super) held: bool,
    /// The agent has put it on hold by itself: it stays so when the others come back.
    pub(super) apart: bool,
    /// It rings there.
    pub(super) rings: bool,
    /// Something has come of the far side's voice.
    pub(super) heard: bool,
    /// The far side takes keys in its voice; as messages otherwise.
    pub(super) keys: bool,
    /// `None` until voice has passed.
    pub(super) path: Option<LineState>,
    /// No voice came about.
    pub(super) mute: bool,
}

impl Side {
    pub(super) fn new(number: CallNumber, leg: LegId, party: Party) -> Self {
        Self {
            number,
            former: None,
            leg,
            party,
            destination: None,
            answered: false,
            held: false,
            apart: false,
            rings: false,
            heard: false,
            keys: false,
            path: None,
            mute: false,
        }
    }

    /// State of the voice while the headset is with it.
    pub(super) fn line(&self) -> LineState {
        match self.path {
            Some(LineState::Closed) => LineState::Up,
            Some(state) => state,
            None if self.answered => LineState::Connecting,
            None => LineState::Up,
        }
    }

    /// It rings there, and the telephone system sends no tone of its own.
    pub(super) fn rings_unheard(&self) -> bool {
        self.rings && !self.heard && !self.answered
    }

    fn leg(&self, consult: bool) -> Leg {
        let state = match (self.answered, self.held) {
            (false, _) => LegState::Ringing,
            (true, false) => LegState::Connected,
            (true, true) => LegState::Held,
        };
        Leg {
            id: self.leg.clone(),
            party: self.party.clone(),
            state,
            consult,
            destination: self.destination.clone(),
        }
    }

    pub(super) fn ended(&self, cause: Cause) -> Leg {
        Leg { state: LegState::Ended { cause }, ..self.leg(false) }
    }
}

impl Call {
    pub(super) fn is_offered(&self) -> bool {
        self.direction == Direction::Inbound && !self.main.answered
    }

    pub(super) fn sides(&self) -> impl Iterator<Item = &Side> {
        std::iter::once(&self.main).chain(&self.joined).chain(&self.asked)
    }

    pub(super) fn sides_mut(&mut self) -> impl Iterator<Item = &mut Side> {
        std::iter::once(&mut self.main).chain(&mut self.joined).chain(&mut self.asked)
    }

    pub(super) fn is_conference(&self) -> bool {
        !self.joined.is_empty()
    }

    /// Who is to be in the conversation, or with the agent alone: nobody who is only asked.
    pub(super) fn members(&self) -> impl Iterator<Item = CallNumber> {
        let sides = std::iter::once(&self.main).chain(&self.joined);
        sides.filter(|side| !side.apart).map(|side| side.number)
    }

    /// The named leg's, or the customer's.
    pub(super) fn side(&self, leg: Option<&LegId>) -> Option<&Side> {
        match leg {
            None => Some(&self.main),
            Some(leg) => self.sides().find(|side| side.leg == *leg),
        }
    }

    fn conversation(&self) -> Conversation {
        match (self.main.answered, self.main.held) {
            (true, false) => Conversation::Connected,
            (true, true) => Conversation::Held,
            (false, _) if self.direction == Direction::Outbound => Conversation::Ringing,
            (false, _) => Conversation::Offered { expires: self.began + RINGS },
        }
    }

    /// As it is now.
    pub(super) fn interaction(&self, now: Moment) -> Interaction {
        let conversation = self.conversation();
        let same = self.shown.as_ref().filter(|shown| shown.conversation == conversation);
        let mut legs = vec![self.main.leg(false)];
        legs.extend(self.gone.iter().cloned());
        legs.extend(self.joined.iter().map(|side| side.leg(false)));
        legs.extend(self.asked.as_ref().map(|side| side.leg(true)));
        Interaction {
            id: self.id.clone(),
            channel: Channel::Voice,
            direction: self.direction,
            campaign: CAMPAIGN.into(),
            queue: None,
            customer: self.main.party.clone(),
            customer_id: None,
            record: None,
            owner: true,
            conversation,
            since: same.map_or(now, |shown| shown.since),
            connected_at: self.connected_at,
            legs,
            diverted: self.diverted.clone(),
            conference: self.is_conference(),
            recording: false,
            recording_paused: false,
            monitored: None,
            cause: None,
            note: self.note.clone(),
        }
    }

    /// Its last word.
    pub(super) fn over(&self, now: Moment, cause: Cause) -> Interaction {
        let mut last = self.interaction(now);
        last.legs = vec![self.main.ended(cause)];
        last.legs.extend(self.gone.iter().cloned());
        last.conference = false;
        Interaction { conversation: Conversation::Ended, since: now, cause: Some(cause), ..last }
    }
}

/// Who it is, as the far side or the telephone system tells it.
pub(super) fn party(kind: PartyKind, told: &omnibar_sip::Party) -> Party {
    let number = PhoneNumber::parse(&told.user).ok();
    let display = shown(&told.display);
    let known = number.as_ref().is_some_and(|number| number.as_str() == display);
    let name = match display {
        display if known || display.is_empty() && number.is_some() => String::new(),
        display if display.is_empty() => shown(&told.user),
        display => display,
    };
    Party { kind, name, number }
}

pub(super) fn caller(told: &Caller) -> Party {
    if told.anonymous {
        return Party { kind: PartyKind::Customer, name: String::new(), number: None };
    }
    party(PartyKind::Customer, &told.party)
}

pub(super) fn diverted(told: &Caller) -> Vec<Diversion> {
    let diversion = |told: &omnibar_sip::Diversion| Diversion {
        by: party(PartyKind::Agent, &told.from),
        reason: reason(&told.reason),
    };
    told.diverted.iter().map(diversion).collect()
}

/// The words of RFC 5806 section 4.
fn reason(told: &str) -> DiversionReason {
    match told.to_ascii_lowercase().as_str() {
        "user-busy" => DiversionReason::Busy,
        "no-answer" => DiversionReason::NoAnswer,
        "unavailable" | "out-of-service" => DiversionReason::Away,
        "unconditional" => DiversionReason::Always,
        _ => DiversionReason::Other,
    }
}

fn shown(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(NAME_MAX).collect()
}
