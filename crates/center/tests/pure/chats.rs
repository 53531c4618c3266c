//! Chats in virtual time: a customer's page on one side, an agent's desk on the other.

use crate::floor::{Floor, connection};
use omnibar_center::calls::Contact;
use omnibar_center::chats::{PageId, PageNews, PageState, Visitor};
use omnibar_center::core::{CoreInput, PageAsk};
use omnibar_model::{
    AgentId, AgentState, Cause, Chat, ChatFrom, ChatPhase, ChatTarget, InteractionId, Party,
    PartyKind, PhoneNumber, Presence,
};
use omnibar_protocol::{Code, Command};
use serde_json::Value;

pub fn visitor(n: u64) -> Visitor {
    let number = PhoneNumber::parse(&format!("+155501{n:02}")).ok();
    let name = format!("Customer {n}");
    Visitor {
        customer: Party { kind: PartyKind::Customer, name, number },
        customer_id: Some(100_000 + n),
    }
}

impl Floor {
    pub fn page(&mut self, n: u64, ask: PageAsk) -> Result<Value, Code> {
        let answer = self.input(CoreInput::Page { page: PageId(n), ask });
        answer.map_err(|e| Code::from(e.code))
    }

    /// The page of that number begins a chat.
    pub fn chat(&mut self, n: u64) -> InteractionId {
        let token_hash = format!("token {n}");
        let ask = PageAsk::Open { token_hash, visitor: visitor(n), queue: "support".into() };
        InteractionId::new(self.page(n, ask).unwrap().as_str().unwrap())
    }

    pub fn writes(&mut self, n: u64, key: &str, text: &str) -> Result<Value, Code> {
        self.page(n, PageAsk::Say { key: key.into(), text: text.into() })
    }

    pub fn order(&mut self, agent: &str, command: Command) -> Result<Value, Code> {
        let (connection, contact) = (connection(agent), Contact::default());
        let answer = self.input(CoreInput::Command { connection, command, contact });
        answer.map_err(|e| Code::from(e.code))
    }

    pub fn says(&mut self, agent: &str, chat: &InteractionId, text: &str) -> Result<Value, Code> {
        self.order(agent, Command::ChatSay { chat: chat.clone(), text: text.into() })
    }

    pub fn on_desk(&self, agent: &str, chat: &InteractionId) -> Option<&Chat> {
        self.desks.get(&(AgentId::new(agent), chat.clone()))
    }

    fn page_state(&self, n: u64) -> Option<&PageState> {
        self.pages.get(&PageId(n))?.iter().rev().find_map(|news| match news {
            PageNews::State(state) => Some(state),
            PageNews::Message { .. } | PageNews::Replaced => None,
        })
    }

    /// What a page was told, as text.
    fn read(&self, n: u64) -> Vec<String> {
        let news = self.pages.get(&PageId(n)).map(Vec::as_slice).unwrap_or_default();
        news.iter()
            .filter_map(|news| match news {
                PageNews::Message { message, .. } => Some(message.text.clone()),
                PageNews::State(_) | PageNews::Replaced => None,
            })
            .collect()
    }

    pub fn open_chat(&mut self, agent: &str, n: u64) -> InteractionId {
        let id = self.chat(n);
        self.order(agent, Command::ChatAccept { chat: id.clone() }).unwrap();
        id
    }
}

fn offered(floor: &Floor, agent: &str, id: &InteractionId) -> bool {
    floor.on_desk(agent, id).is_some_and(|c| matches!(c.phase, ChatPhase::Offered { .. }))
}

#[test]
fn a_chat_goes_from_the_page_to_the_history() {
    let mut floor = Floor::with(&["agent1"]);
    let id = floor.chat(1);
    assert!(offered(&floor, "agent1", &id));
    assert_eq!(floor.page_state(1), Some(&PageState::Ringing));
    assert_eq!(floor.writes(1, "k1", " Hello? ").unwrap(), 1);
    assert_eq!(floor.writes(1, "k1", "Hello?").unwrap(), 1, "a repeat says nothing twice");
    assert_eq!(floor.says("agent1", &id, "not yet"), Err(Code::Conflict));
    floor.order("agent1", Command::ChatAccept { chat: id.clone() }).unwrap();
    assert_eq!(floor.page_state(1), Some(&PageState::Open { agent: "AGENT1".into() }));
    assert_eq!(floor.states[&AgentId::new("agent1")], AgentState::Available, "for calls");
    assert_eq!(floor.says("agent1", &id, "Good morning").unwrap()["seq"], 3);
    assert_eq!(floor.read(1), ["Hello?", "AGENT1 is here.", "Good morning"]);
    let desk = floor.on_desk("agent1", &id).unwrap();
    let from: Vec<ChatFrom> = desk.messages.iter().map(|m| m.from).collect();
    assert_eq!(from, [ChatFrom::Customer, ChatFrom::Notice, ChatFrom::Agent]);
    let dispose = |code: &str| Command::ChatDispose {
        chat: id.clone(),
        disposition: code.into(),
        note: "all well".into(),
    };
    let code = floor.core.setup().campaigns.values().find(|c| c.campaign.id.as_str() == "support");
    let code = code.unwrap().campaign.dispositions[0].codes[0].id.to_string();
    assert_eq!(floor.order("agent1", dispose(&code)), Err(Code::Conflict), "it is open");
    floor.page(1, PageAsk::Leave).unwrap();
    assert_eq!(floor.page_state(1), Some(&PageState::Ended { cause: Cause::CustomerHungUp }));
    assert_eq!(floor.writes(1, "k2", "one more"), Err(Code::Conflict));
    assert_eq!(floor.order("agent1", dispose("no-such")), Err(Code::NotFound));
    floor.order("agent1", dispose(&code)).unwrap();
    assert!(floor.on_desk("agent1", &id).is_none() && floor.chats.is_empty());
    let closed = &floor.closed_chats[&id];
    assert_eq!((closed.note.as_str(), closed.agent.as_ref()), ("all well", Some(&"agent1".into())));
    assert_eq!(closed.disposition.as_ref().map(|d| d.as_str()), Some(code.as_str()));
}

#[test]
fn what_nobody_takes_goes_on_to_the_next() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let id = floor.chat(1);
    assert!(offered(&floor, "agent1", &id), "he is idle longest");
    floor.order("agent1", Command::ChatReject { chat: id.clone() }).unwrap();
    assert!(floor.on_desk("agent1", &id).is_none() && offered(&floor, "agent2", &id));
    floor.pass(21);
    assert_eq!(floor.states[&AgentId::new("agent2")], AgentState::Missed);
    assert_eq!(floor.page_state(1), Some(&PageState::Queued { position: 1 }));
    let accept = Command::ChatAccept { chat: id.clone() };
    assert_eq!(floor.order("agent2", accept.clone()), Err(Code::Conflict));
    floor.available("agent2");
    assert!(offered(&floor, "agent2", &id), "he says that he is there");
    floor.order("agent2", accept).unwrap();
}

#[test]
fn an_agent_has_three_chats_at_most_and_calls_beside_them() {
    let mut floor = Floor::with(&["agent1"]);
    let chats: Vec<InteractionId> = (1..=3).map(|n| floor.open_chat("agent1", n)).collect();
    let fourth = floor.chat(4);
    assert!(floor.on_desk("agent1", &fourth).is_none());
    assert_eq!(floor.page_state(4), Some(&PageState::Queued { position: 1 }));
    floor.call("support");
    assert!(floor.offer("agent1").is_some(), "he is free for a call");
    floor.order("agent1", Command::ChatEnd { chat: chats[0].clone() }).unwrap();
    assert!(floor.on_desk("agent1", &fourth).is_none(), "one to be disposed counts");
}

#[test]
fn a_call_goes_before_a_chat() {
    let mut floor = Floor::with(&["agent1"]);
    let id = floor.chat(1);
    assert!(offered(&floor, "agent1", &id));
    floor.call("support");
    assert!(floor.offer("agent1").is_some());
    assert!(floor.on_desk("agent1", &id).is_none(), "taken back while a call is offered");
    assert_eq!(floor.page_state(1), Some(&PageState::Queued { position: 1 }));
    assert_eq!(floor.states[&AgentId::new("agent1")], AgentState::Busy);
}

#[test]
fn a_customer_who_does_not_come_back_has_left() {
    let mut floor = Floor::with(&["agent1"]);
    let open = floor.open_chat("agent1", 1);
    floor.order("agent1", Command::PresenceSet { presence: Presence::Offline }).unwrap();
    let waiting = floor.chat(2);
    for n in [1, 2] {
        floor.page(n, PageAsk::Gone).unwrap();
    }
    assert!(!floor.on_desk("agent1", &open).unwrap().customer_present);
    floor.pass(59);
    let back = PageAsk::Back { token_hash: "token 1".into(), last: 0 };
    floor.page(11, back.clone()).unwrap();
    assert!(floor.on_desk("agent1", &open).unwrap().customer_present);
    assert_eq!(floor.read(11), ["AGENT1 is here."], "a page that was loaded anew reads again");
    floor.pass(2);
    assert_eq!(floor.closed_chats[&waiting].cause, Some(Cause::Abandoned));
    floor.page(12, back).unwrap();
    assert_eq!(floor.pages[&PageId(11)].last(), Some(&PageNews::Replaced), "one page at a time");
    floor.page(12, PageAsk::Gone).unwrap();
    floor.pass(301);
    let desk = floor.on_desk("agent1", &open).unwrap();
    assert!(matches!(desk.phase, ChatPhase::Wrapping { .. }), "{:?}", desk.phase);
    let stranger = PageAsk::Back { token_hash: "token 9".into(), last: 0 };
    assert_eq!(floor.page(13, stranger), Err(Code::Conflict));
}

#[test]
fn a_lost_agents_customers_come_first() {
    let mut floor = Floor::with(&["agent1"]);
    let lost = floor.open_chat("agent1", 1);
    floor.input(CoreInput::Disconnected { connection: connection("agent1") }).unwrap();
    let other = floor.chat(2);
    floor.pass(121);
    assert_eq!(floor.page_state(1), Some(&PageState::Queued { position: 1 }));
    floor.sign_in("agent2");
    floor.available("agent2");
    assert!(offered(&floor, "agent2", &lost) && floor.on_desk("agent2", &other).is_none());
    assert_eq!(floor.on_desk("agent2", &lost).unwrap().messages.len(), 2, "he reads what was said");
}

#[test]
fn an_agent_reaches_who_has_the_page_open_and_nobody_else() {
    let mut floor = Floor::with(&["agent1", "agent2"]);
    let start = |customer| Command::ChatStart { campaign: "support".into(), customer };
    let nora = ChatTarget { number: PhoneNumber::parse("+15550101").ok(), ..ChatTarget::default() };
    assert_eq!(floor.order("agent1", start(nora.clone())), Err(Code::NotFound));
    let wait = PageAsk::Wait { token_hash: "t".into(), visitor: visitor(1) };
    floor.page(1, wait).unwrap();
    assert_eq!(floor.order("agent1", start(ChatTarget::default())), Err(Code::NotFound));
    let id = floor.order("agent1", start(nora.clone())).unwrap()["interaction"].clone();
    let id = InteractionId::new(id.as_str().unwrap());
    assert_eq!(floor.on_desk("agent1", &id).unwrap().phase, ChatPhase::Open);
    assert_eq!(floor.page_state(1), Some(&PageState::Open { agent: "AGENT1".into() }));
    assert_eq!(floor.order("agent2", start(nora)), Err(Code::Conflict), "a colleague has him");
    let twin = ChatTarget { name: Some("customer 1".into()), ..ChatTarget::default() };
    floor.page(1, PageAsk::Leave).unwrap();
    floor.page(2, PageAsk::Wait { token_hash: "u".into(), visitor: visitor(1) }).unwrap();
    assert_eq!(floor.order("agent2", start(twin)), Err(Code::Conflict), "which of them?");
    let away = Command::ChatStart { campaign: "no-such".into(), customer: ChatTarget::default() };
    assert_eq!(floor.order("agent1", away), Err(Code::NotFound));
}

#[test]
fn a_restart_loses_nothing_that_was_said() {
    let mut floor = Floor::with(&["agent1"]);
    let id = floor.open_chat("agent1", 1);
    floor.writes(1, "k1", "before").unwrap();
    floor.says("agent1", &id, "also before").unwrap();
    let waiting = floor.chat(2);
    let mut floor = floor.restarted(true);
    floor.resume("agent1", 0);
    let desk = floor.on_desk("agent1", &id).unwrap();
    assert_eq!(desk.messages.len(), 3);
    assert!(!desk.customer_present);
    floor.page(7, PageAsk::Back { token_hash: "token 1".into(), last: 2 }).unwrap();
    assert_eq!(floor.read(7), ["also before"]);
    assert_eq!(floor.writes(7, "k1", "before").unwrap(), 2, "a repeat is known after a restart");
    floor.writes(7, "k2", "after").unwrap();
    assert_eq!(floor.on_desk("agent1", &id).unwrap().messages.len(), 4);
    assert!(floor.on_desk("agent1", &waiting).is_some(), "who waited is offered again");
}

#[test]
fn a_chat_and_its_line_have_a_bound() {
    let mut floor = Floor::with(&[]);
    floor.chat(1);
    for n in 0..990_u32 {
        floor.writes(1, &n.to_string(), "x").unwrap();
    }
    assert_eq!(floor.writes(1, "more", "x"), Err(Code::Conflict));
    for (key, text) in [("", "x"), (&*"k".repeat(37), "x"), ("k", " "), ("k", &*"x".repeat(4_001))]
    {
        let refused = floor.writes(1, key, text);
        assert!(matches!(refused, Err(Code::InvalidParams)), "{key} {refused:?}");
    }
    let again =
        PageAsk::Open { token_hash: "t".into(), visitor: visitor(1), queue: "support".into() };
    assert_eq!(floor.page(1, again.clone()), Err(Code::Conflict), "one chat a page");
    for n in 2..=100 {
        floor.chat(n);
    }
    assert_eq!(floor.page(101, again), Err(Code::Conflict), "too many wait");
    let nowhere = PageAsk::Open { token_hash: "t".into(), visitor: visitor(1), queue: "no".into() };
    assert_eq!(floor.page(102, nowhere), Err(Code::NotFound));
}

#[test]
fn nobody_leaves_with_chats_open() {
    let mut floor = Floor::with(&["agent1"]);
    floor.open_chat("agent1", 1);
    assert_eq!(floor.order("agent1", Command::SessionClose {}), Err(Code::Conflict));
}
