//! The agent at a telephone: his calls, his presence, and what he has asked for. It knows
//! no clock and no network; what it says is taken by whoever holds it.

use super::calls::{CAMPAIGN, Call, Side};
use super::{Book, Handset};
use omnibar_contract::VoicemailView;
use omnibar_desk::{LineState, SessionStart};
use omnibar_model::{
    AgentState, BreakReason, Campaign, CampaignKind, CommandId, Extension, ExtensionKind,
    Interaction, InteractionId, LegId, Moment, PhoneNumber, Presence,
};
use omnibar_sip::{CallNumber, Digit, Uri};
use omnibar_softphone::{AgentNews, CentreEvent, Event, LineEvent};
use std::sync::Arc;
use std::time::Duration;

/// Id of the one break.
pub(super) const DO_NOT_DISTURB: &str = "dnd";
const EXTENSION: &str = "phone";

/// What is asked of the telephone. A [`Phone`](crate::sip::Phone) does it; tests note it
/// down.
pub(super) trait Telephone {
    fn call(&self, to: Uri) -> CallNumber;
    fn answer(&self, call: CallNumber);
    fn reject(&self, call: CallNumber, busy: bool);
    fn hang_up(&self, call: CallNumber);
    fn hold(&self, call: CallNumber);
    fn resume(&self, call: CallNumber);
    fn press(&self, call: CallNumber, digit: Digit);
    fn transfer(&self, call: CallNumber, to: Uri);
    fn join(&self, call: CallNumber, with: CallNumber);
    fn bring_in(&self, call: CallNumber);
    fn mend(&self, call: CallNumber);
}

/// A command that is answered when the far side has agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Held(CallNumber),
    Resumed(CallNumber),
    Transferred(CallNumber),
    /// Into the conversation that the headset is in.
    Joined(CallNumber),
}

/// How long a transfer may take until the agent is told that it takes long: shorter than the
/// desk waits for any answer.
const SLOW: Duration = Duration::from_secs(8);
const SLOW_TRANSFER: &str = "The phone system has not said yet whether the transfer came about. \
                             The call stays with you until it does.";

#[derive(Debug)]
pub(super) struct Waiting {
    /// `None`: the agent was told that it takes long.
    command: Option<CommandId>,
    pub(super) wait: Wait,
    since: Moment,
}

pub(super) struct Seat<T> {
    pub(super) phone: T,
    /// Of numbers that are dialled.
    pub(super) domain: String,
    pub(super) book: Arc<dyn Book>,
    pub(super) handset: Arc<dyn Handset>,
    /// The present, on the softphone's clock.
    pub(super) now: Moment,
    /// The same in milliseconds since 1970-01-01T00:00Z.
    pub(super) wall: i64,
    pub(super) presence: Presence,
    pub(super) next: Option<Presence>,
    pub(super) calls: Vec<Call>,
    /// Whom the headset is with.
    pub(super) active: Option<CallNumber>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) voicemail: VoicemailView,
    legs: u64,
    agent: (AgentState, Moment, Option<Presence>),
    line: Option<LineState>,
    rings_back: bool,
    said: Vec<Event>,
}

impl Waiting {
    /// A transfer that the agent still waits for. What else is asked is answered, or fails, by
    /// the user agent's own timers.
    fn is_asked_for(&self) -> bool {
        self.command.is_some() && matches!(self.wait, Wait::Transferred(_))
    }
}

impl<T: Telephone> Seat<T> {
    pub(super) fn new(
        phone: T,
        domain: String,
        voicemail: Option<PhoneNumber>,
        book: Arc<dyn Book>,
        handset: Arc<dyn Handset>,
    ) -> Self {
        Self {
            phone,
            domain,
            book,
            handset,
            now: Moment::ZERO,
            wall: 0,
            presence: Presence::Available,
            next: None,
            calls: Vec::new(),
            active: None,
            waiting: Vec::new(),
            voicemail: VoicemailView { number: voicemail, ..VoicemailView::default() },
            legs: 0,
            agent: (AgentState::Available, Moment::ZERO, None),
            line: None,
            rings_back: false,
            said: Vec::new(),
        }
    }

    /// What is to be said to the driver, in this order.
    pub(super) fn said(&mut self) -> Vec<Event> {
        self.settle();
        std::mem::take(&mut self.said)
    }

    /// The registration holds.
    pub(super) fn opened(&mut self, name: String, address: String) {
        let campaign = Campaign {
            id: CAMPAIGN.into(),
            number: 1,
            name: "Telephone".to_owned(),
            kind: CampaignKind::Inbound,
            mask_numbers: false,
            wrap_up_ms: None,
            dispositions: Vec::new(),
        };
        let extension = Extension {
            id: EXTENSION.into(),
            name: "This computer".to_owned(),
            kind: ExtensionKind::Centre,
        };
        self.agent = (AgentState::Available, self.now, None);
        self.tell(CentreEvent::Opened(SessionStart {
            handle: String::new(),
            name,
            centre: address,
            resumed: false,
            campaigns: vec![campaign],
            extensions: vec![extension],
            unasked: true,
        }));
        if self.voicemail.number.is_some() {
            self.tell(CentreEvent::Voicemail(self.voicemail.clone()));
        }
    }

    /// What may be chosen from, and all that there is.
    pub(super) fn chosen(&mut self) {
        let rest = BreakReason { id: DO_NOT_DISTURB.to_owned(), name: "Do not disturb".to_owned() };
        self.tell(CentreEvent::Chosen {
            breaks: vec![rest],
            queues: Vec::new(),
            ivrs: Vec::new(),
            ice_servers: Vec::new(),
        });
        let interactions: Vec<Interaction> =
            self.calls.iter().map(|call| call.interaction(self.now)).collect();
        let (state, since, next) = self.agent.clone();
        let agent =
            AgentNews { state, since, presence: self.presence.clone(), next, monitoring: None };
        self.tell(CentreEvent::Synchronised {
            agent,
            interactions,
            callbacks: Vec::new(),
            chats: Vec::new(),
        });
    }

    /// A voice connection is wanted: for all that is known it is there.
    pub(super) fn voice_wanted(&mut self) {
        self.line = None;
    }

    /// The voice of the present call is to find another path.
    pub(super) fn mend(&mut self) {
        if let Some(active) = self.active {
            self.phone.mend(active);
        }
    }

    pub(super) fn tell(&mut self, event: CentreEvent) {
        self.said.push(Event::Centre(event));
    }

    pub(super) fn answer(&mut self, command: CommandId, result: Result<(), String>) {
        self.tell(CentreEvent::Answered { command, result });
    }

    /// The command is answered by what follows.
    pub(super) fn wait(&mut self, command: CommandId, wait: Wait) {
        self.waiting.push(Waiting { command: Some(command), wait, since: self.now });
    }

    /// Answers whatever waits for it.
    pub(super) fn answer_all(&mut self, waits: impl Fn(Wait) -> bool, result: &Result<(), String>) {
        let done: Vec<_> = self.waiting.extract_if(.., |waiting| waits(waiting.wait)).collect();
        for command in done.into_iter().filter_map(|waiting| waiting.command) {
            self.answer(command, result.clone());
        }
    }

    /// When something is due without anything happening.
    pub(super) fn deadline(&self) -> Option<Moment> {
        let slow = self.waiting.iter().filter(|waiting| waiting.is_asked_for());
        slow.map(|waiting| waiting.since + SLOW).min()
    }

    /// The moment has come, perhaps.
    pub(super) fn due(&mut self) {
        let now = self.now;
        let slow = self.waiting.iter_mut();
        let slow = slow.filter(|waiting| waiting.is_asked_for() && waiting.since + SLOW <= now);
        let commands: Vec<_> = slow.filter_map(|waiting| waiting.command.take()).collect();
        for command in commands {
            self.answer(command, Err(SLOW_TRANSFER.to_owned()));
        }
    }

    pub(super) fn leg(&mut self) -> LegId {
        self.legs += 1;
        LegId::new(&format!("leg-{}", self.legs))
    }

    pub(super) fn call(&self, id: &InteractionId) -> Option<&Call> {
        self.calls.iter().find(|call| call.id == *id)
    }

    pub(super) fn call_mut(&mut self, id: &InteractionId) -> Option<&mut Call> {
        self.calls.iter_mut().find(|call| call.id == *id)
    }

    pub(super) fn side_mut(&mut self, number: CallNumber) -> Option<&mut Side> {
        self.calls.iter_mut().flat_map(Call::sides_mut).find(|side| side.number == number)
    }

    fn side(&self, number: CallNumber) -> Option<&Side> {
        self.calls.iter().flat_map(Call::sides).find(|side| side.number == number)
    }

    /// The agent takes no calls, or will not once the present ones are over.
    pub(super) fn is_away(&self) -> bool {
        !matches!(self.next.as_ref().unwrap_or(&self.presence), Presence::Available)
    }

    /// Tells the driver what has changed.
    fn settle(&mut self) {
        for at in 0..self.calls.len() {
            let new = self.calls[at].interaction(self.now);
            if self.calls[at].shown.as_ref() != Some(&new) {
                self.calls[at].shown = Some(new.clone());
                self.tell(CentreEvent::InteractionChanged(new));
            }
        }
        self.settle_agent();
        let line =
            self.active.and_then(|active| self.side(active)).map_or(LineState::Up, Side::line);
        let rings =
            self.active.and_then(|active| self.side(active)).is_some_and(Side::rings_unheard);
        if std::mem::replace(&mut self.rings_back, rings) != rings {
            self.handset.ring_back(rings);
        }
        if self.line != Some(line) {
            self.line = Some(line);
            self.said.push(Event::Line(LineEvent::Changed(line)));
        }
    }

    fn settle_agent(&mut self) {
        let busy = !self.calls.is_empty();
        if !busy && let Some(next) = self.next.take() {
            self.presence = next;
        }
        let state = match &self.presence {
            _ if busy => AgentState::Busy,
            Presence::Available => AgentState::Available,
            Presence::Break { .. } => AgentState::Break,
            Presence::Offline => AgentState::Offline,
        };
        let (before, since, next) = &self.agent;
        if (*before, next) == (state, &self.next) {
            return;
        }
        let since = if *before == state { *since } else { self.now };
        self.agent = (state, since, self.next.clone());
        let presence = self.presence.clone();
        let next = self.next.clone();
        self.tell(CentreEvent::AgentChanged(AgentNews {
            state,
            since,
            presence,
            next,
            monitoring: None,
        }));
    }
}

/// A number that no other call of this installation has.
pub(super) fn fresh_id() -> InteractionId {
    let mut random = [0; 16];
    // Without random numbers no telephone is started at all.
    let _ = getrandom::fill(&mut random);
    InteractionId::new(&random.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
