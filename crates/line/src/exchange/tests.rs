//! The seat with a telephone that notes down what is asked of it.

mod conference;
mod rules;

use super::seat::{Seat, Telephone};
use super::{Book, Handset};
use crate::sip::{Agreed, ExtensionEvent, PhoneEvent};
use omnibar_contract::{DirectoryEntry, HistoryEntry};
use omnibar_desk::{LineState, Order};
use omnibar_media::Codec;
use omnibar_model::{
    AgentState, Cause, CommandId, Destination, Interaction, InteractionId, LegId, LegState, Moment,
    PhoneNumber, VoiceRecord,
};
use omnibar_sip::{CallNumber, Caller, CauseKind, Digit, Diversion, Event as Sip, Party, Uri};
use omnibar_softphone::{CentreEvent, Event, LineEvent};
use std::cell::RefCell;
use std::sync::{Arc, Mutex};

fn connected(call: CallNumber, keys: bool) -> PhoneEvent {
    PhoneEvent::Connected { call, agreed: Agreed { codec: Codec::Opus, keys } }
}

const CUSTOMER: CallNumber = CallNumber::In(1);
const OUT: CallNumber = CallNumber::Out(1);

#[derive(Default)]
struct Noted {
    asked: RefCell<Vec<String>>,
    calls: RefCell<u32>,
}

impl Noted {
    fn note(&self, text: String) {
        self.asked.borrow_mut().push(text);
    }
}

impl Telephone for Noted {
    fn call(&self, to: Uri) -> CallNumber {
        *self.calls.borrow_mut() += 1;
        self.note(format!("call {to}"));
        CallNumber::Out(*self.calls.borrow())
    }

    fn answer(&self, call: CallNumber) {
        self.note(format!("answer {call:?}"));
    }

    fn reject(&self, call: CallNumber, busy: bool) {
        self.note(format!("reject {call:?} {busy}"));
    }

    fn hang_up(&self, call: CallNumber) {
        self.note(format!("hang up {call:?}"));
    }

    fn hold(&self, call: CallNumber) {
        self.note(format!("hold {call:?}"));
    }

    fn resume(&self, call: CallNumber) {
        self.note(format!("resume {call:?}"));
    }

    fn press(&self, call: CallNumber, digit: Digit) {
        self.note(format!("press {call:?} {}", digit.key()));
    }

    fn transfer(&self, call: CallNumber, to: Uri) {
        self.note(format!("transfer {call:?} {to}"));
    }

    fn join(&self, call: CallNumber, with: CallNumber) {
        self.note(format!("join {call:?} {with:?}"));
    }

    fn bring_in(&self, call: CallNumber) {
        self.note(format!("bring in {call:?}"));
    }

    fn mend(&self, call: CallNumber) {
        self.note(format!("mend {call:?}"));
    }
}

/// Knows one number, and keeps what it is given.
#[derive(Default)]
struct Paper(Mutex<Vec<HistoryEntry>>);

impl Book for Paper {
    fn open(&self, _address: &str) {}

    fn keep(&self, call: HistoryEntry) {
        self.0.lock().unwrap().push(call);
    }

    fn note(&self, _call: &InteractionId, _note: String) {}

    fn measured(&self, _call: &InteractionId, _record: VoiceRecord) {}

    fn history(&self, _before: Option<&InteractionId>) -> Vec<HistoryEntry> {
        self.0.lock().unwrap().clone()
    }

    fn search(&self, _text: &str) -> Vec<DirectoryEntry> {
        Vec::new()
    }

    fn name(&self, number: &PhoneNumber) -> Option<String> {
        (number.as_str() == "1002").then(|| "Desk Two".to_owned())
    }
}

/// Keys that were pressed, and `~` for each time that the ringback tone begins or ends.
#[derive(Default)]
struct Keys(Mutex<String>);

impl Handset for Keys {
    fn press(&self, key: char) {
        self.0.lock().unwrap().push(key);
    }

    fn ring_back(&self, _on: bool) {
        self.press('~');
    }
}

struct Bench {
    seat: Seat<Noted>,
    paper: Arc<Paper>,
    keys: Arc<Keys>,
    commands: u64,
    /// Answers that were not looked at yet.
    answers: Vec<(CommandId, Result<(), String>)>,
    interactions: Vec<Interaction>,
    agent: Vec<AgentState>,
    lines: Vec<LineState>,
    voicemail: Vec<u32>,
}

impl Bench {
    fn new() -> Self {
        let (paper, keys) = (Arc::new(Paper::default()), Arc::new(Keys::default()));
        let handset = Arc::clone(&keys) as Arc<dyn Handset>;
        let book = Arc::clone(&paper) as Arc<dyn Book>;
        let seat = Seat::new(Noted::default(), "pbx.test".into(), None, book, handset);
        let mut bench = Self {
            seat,
            paper,
            keys,
            commands: 0,
            answers: Vec::new(),
            interactions: Vec::new(),
            agent: Vec::new(),
            lines: Vec::new(),
            voicemail: Vec::new(),
        };
        bench.listen();
        bench
    }

    fn listen(&mut self) {
        for event in self.seat.said() {
            match event {
                Event::Centre(CentreEvent::Answered { command, result }) => {
                    self.answers.push((command, result));
                }
                Event::Centre(CentreEvent::InteractionChanged(interaction)) => {
                    self.interactions.push(interaction);
                }
                Event::Centre(CentreEvent::AgentChanged(news)) => self.agent.push(news.state),
                Event::Centre(CentreEvent::Voicemail(box_)) => self.voicemail.push(box_.new),
                Event::Centre(CentreEvent::History { before: None, entries }) => {
                    assert_eq!(entries.len(), self.rows().len(), "all of them, and at once");
                }
                Event::Line(LineEvent::Changed(state)) => self.lines.push(state),
                other => panic!("{other:?}"),
            }
        }
    }

    fn sip(&mut self, event: Sip) {
        self.told(PhoneEvent::Extension(ExtensionEvent::Sip(event)));
    }

    fn told(&mut self, event: PhoneEvent) {
        self.seat.now = Moment(self.seat.now.0 + 1_000);
        self.seat.told(event);
        self.listen();
    }

    /// The command's number; its answer, if there is one already, is in `answers`.
    fn order(&mut self, order: Order) -> CommandId {
        self.commands += 1;
        self.seat.order(CommandId(self.commands), order);
        self.listen();
        CommandId(self.commands)
    }

    /// Answered with yes, at once and once.
    fn done(&mut self, order: Order) {
        let command = self.order(order);
        assert_eq!(std::mem::take(&mut self.answers), [(command, Ok(()))]);
    }

    fn refused(&mut self, order: Order) -> String {
        let command = self.order(order);
        let (answered, result) = self.answers.pop().unwrap();
        assert_eq!((answered, self.answers.len()), (command, 0));
        result.unwrap_err()
    }

    fn last(&self) -> &Interaction {
        self.interactions.last().unwrap()
    }

    fn id(&self) -> InteractionId {
        self.last().id.clone()
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.seat.phone.asked.borrow_mut())
    }

    fn rows(&self) -> Vec<(String, Option<Cause>, Option<String>)> {
        let rows = self.paper.0.lock().unwrap();
        let row = |e: &HistoryEntry| (e.customer.name.clone(), e.cause, e.disposition.clone());
        rows.iter().map(row).collect()
    }

    fn incoming(&mut self) -> InteractionId {
        self.sip(incoming(CUSTOMER, "+15550123", "Zoë Customer", None));
        self.id()
    }

    /// An incoming call that was answered.
    fn talking() -> (Self, InteractionId) {
        let mut bench = Self::new();
        let id = bench.incoming();
        bench.done(Order::Accept { interaction: id.clone() });
        bench.told(PhoneEvent::Active(Some(CUSTOMER)));
        bench.sip(Sip::Established { call: CUSTOMER, answer: None });
        bench.told(connected(CUSTOMER, true));
        bench.asked();
        (bench, id)
    }

    /// The customer is on hold, and 1002 has been asked and has answered.
    fn consulting() -> (Self, InteractionId) {
        let (mut bench, id) = Self::talking();
        bench.done(Order::Consult { interaction: id.clone(), to: number("1002") });
        bench.told(PhoneEvent::Active(Some(OUT)));
        bench.sip(Sip::Held { call: CUSTOMER, here: true, there: false });
        bench.sip(Sip::Answered { call: OUT, answer: None, with: Party::default() });
        bench.told(connected(OUT, true));
        bench.asked();
        (bench, id)
    }
}

fn incoming(call: CallNumber, user: &str, display: &str, replaces: Option<CallNumber>) -> Sip {
    let party = |user: &str, display: &str| Party {
        display: display.into(),
        user: user.into(),
        uri: format!("sip:{user}@pbx.test"),
    };
    let diverted = vec![Diversion { from: party("1003", "Three"), reason: "user-busy".into() }];
    let caller = Caller { party: party(user, display), diverted, ..Caller::default() };
    Sip::Incoming {
        call,
        caller: Box::new(caller),
        to: Party::default(),
        offer: None,
        auto_answer: None,
        replaces,
        referred_by: None,
    }
}

fn ended(call: CallNumber, kind: CauseKind) -> Sip {
    let cause = omnibar_sip::Cause { kind, status: None, words: String::new(), reason: None };
    Sip::Ended { call, cause }
}

fn number(text: &str) -> Destination {
    Destination::Number(PhoneNumber::parse(text).unwrap())
}

fn dial(text: &str) -> Order {
    Order::Dial { campaign: "phone".into(), number: PhoneNumber::parse(text).unwrap() }
}

fn states(interaction: &Interaction) -> Vec<LegState> {
    interaction.legs.iter().map(|leg| leg.state).collect()
}
