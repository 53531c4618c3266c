//! Chats at the desk: offered, answered, said and not yet said, and over.

use crate::bench::{Bench, play};
use omnibar_desk::*;
use omnibar_model::*;

fn chat(b: &Bench, phase: ChatPhase, messages: &[(u32, ChatFrom, &str)]) -> Chat {
    let at = b.now;
    let messages: Vec<ChatMessage> = messages
        .iter()
        .map(|(seq, from, text)| ChatMessage { seq: *seq, from: *from, text: (*text).into(), at })
        .collect();
    Chat {
        id: "c1".into(),
        direction: Direction::Inbound,
        campaign: "in".into(),
        queue: Some("q1".into()),
        customer: Party { kind: PartyKind::Customer, name: "Customer One".into(), number: None },
        customer_id: None,
        record: None,
        phase,
        since: at,
        opened_at: at,
        assigned_at: None,
        customer_present: true,
        cause: None,
        note: String::new(),
        last_seq: messages.last().map_or(0, |m| m.seq),
        messages,
    }
}

fn offered(b: &Bench) -> ChatPhase {
    ChatPhase::Offered { expires: Moment(b.now.0 + 20_000) }
}

impl Bench {
    fn chat_told(&mut self, phase: ChatPhase, messages: &[(u32, ChatFrom, &str)]) {
        let chat = chat(self, phase, messages);
        self.input(Input::ChatChanged { chat });
    }

    fn wish(&mut self, ask: ChatAsk) {
        self.ask(Ask::Chat { ask });
    }

    fn say(&mut self, text: &str) {
        self.wish(ChatAsk::Say { chat: "c1".into(), text: text.into() });
    }

    fn only_chat(&self) -> ChatView {
        self.desk.snapshot().chats.pop().expect("a chat")
    }

    fn texts(&self) -> Vec<String> {
        self.only_chat().chat.messages.into_iter().map(|m| m.text).collect()
    }

    fn sending(&self) -> Vec<String> {
        self.only_chat().sending.into_iter().map(|s| s.text).collect()
    }
}

fn open() -> Bench {
    let mut b = Bench::available();
    b.chat_told(ChatPhase::Open, &[(1, ChatFrom::Customer, "Hello?")]);
    b
}

#[test]
fn an_offer_is_told_once_and_taken_away() {
    let mut b = Bench::available();
    b.chat_told(offered(&b), &[(1, ChatFrom::Customer, "Hello?")]);
    let alert = Alert::IncomingChat {
        interaction: "c1".into(),
        name: "Customer One".into(),
        queue: "Support".into(),
    };
    assert!(b.did(&Effect::Alert { alert: alert.clone() }) && b.did(&play(Sound::Chat)));
    b.chat_told(offered(&b), &[(2, ChatFrom::Customer, "Anybody?")]);
    assert!(!b.did(&Effect::Alert { alert }) && !b.did(&play(Sound::Chat)));
    assert_eq!(b.texts(), ["Hello?", "Anybody?"]);
    b.wish(ChatAsk::Accept { chat: "c1".into() });
    assert_eq!(b.orders()[0].1, Order::Chat { ask: ChatAsk::Accept { chat: "c1".into() } });
    b.chat_told(ChatPhase::Open, &[]);
    let gone = Alert::OfferGone { interaction: "c1".into(), missed: false };
    assert!(b.did(&Effect::Alert { alert: gone }));
    let view = b.only_chat();
    assert!(view.pending.is_empty() && view.can.say && view.can.end && !view.can.accept);
}

#[test]
fn an_offer_that_ran_out_was_missed() {
    let mut b = Bench::available();
    b.chat_told(offered(&b), &[]);
    let last = Chat { cause: Some(Cause::NoAnswer), ..chat(&b, ChatPhase::Ended, &[]) };
    b.input(Input::ChatChanged { chat: last });
    let gone = Alert::OfferGone { interaction: "c1".into(), missed: true };
    assert!(b.did(&Effect::Alert { alert: gone }) && b.desk.snapshot().chats.is_empty());
}

#[test]
fn what_is_said_is_shown_as_on_its_way_until_the_centre_has_it() {
    let mut b = open();
    b.say(" Good morning\r\n");
    let command = b.command();
    assert_eq!(b.sending(), ["Good morning"], "as the centre will keep it");
    b.input(Input::Answered { command, result: Ok(()) });
    assert_eq!(b.sending(), ["Good morning"], "its copy has not come: nothing flickers");
    b.chat_told(ChatPhase::Open, &[(2, ChatFrom::Agent, "Good morning")]);
    assert!(b.sending().is_empty());
    b.chat_told(ChatPhase::Open, &[(2, ChatFrom::Agent, "Good morning")]);
    assert_eq!(b.texts(), ["Hello?", "Good morning"], "told twice, shown once");
}

#[test]
fn the_copy_may_come_before_the_answer_and_two_alike_are_two() {
    let mut b = open();
    b.say("yes");
    b.say("yes");
    b.chat_told(ChatPhase::Open, &[(2, ChatFrom::Agent, "yes")]);
    assert_eq!(b.sending(), ["yes"]);
    b.chat_told(ChatPhase::Open, &[(3, ChatFrom::Agent, "yes")]);
    assert!(b.sending().is_empty());
    assert_eq!(b.texts(), ["Hello?", "yes", "yes"]);
}

#[test]
fn what_is_said_offline_waits_and_is_not_given_up() {
    let mut b = open();
    b.input(Input::LinkChanged { link: Link::Reconnecting { attempt: 1, next_try_ms: 500 } });
    b.say("are you there?");
    let command = b.command();
    assert!(b.refusals().is_empty(), "the outbox has it");
    b.pass(60_000);
    assert_eq!(b.sending(), ["are you there?"]);
    b.wish(ChatAsk::End { chat: "c1".into() });
    assert_eq!(b.refusals(), [Refusal::CentreAway], "the end needs the centre");
    let back = chat(&b, ChatPhase::Open, &[(1, ChatFrom::Customer, "Hello?")]);
    b.input(Input::Synchronised {
        state: AgentState::Available,
        since: b.now,
        presence: Presence::Available,
        next: None,
        monitoring: None,
        interactions: vec![],
        chats: vec![back],
    });
    assert_eq!(b.sending(), ["are you there?"], "not delivered yet");
    b.input(Input::Answered { command, result: Ok(()) });
    b.chat_told(ChatPhase::Open, &[(2, ChatFrom::Agent, "are you there?")]);
    assert!(b.sending().is_empty());
}

#[test]
fn what_the_centre_refuses_is_not_shown_as_on_its_way() {
    let mut b = open();
    b.say("too late");
    let command = b.command();
    let why = "That cannot be done with this chat now.";
    b.input(Input::Answered { command, result: Err(why.into()) });
    assert!(b.sending().is_empty());
    let reason = Refusal::Centre { verb: Verb::Say, message: why.into() };
    assert_eq!(b.refusals(), [reason]);
}

#[test]
fn nonsense_is_refused_and_changes_nothing() {
    let mut b = open();
    b.say(" \n ");
    assert_eq!(b.refusals(), [Refusal::BadChatText]);
    b.say(&"x".repeat(CHAT_TEXT_MAX + 1));
    assert_eq!(b.refusals(), [Refusal::BadChatText]);
    b.wish(ChatAsk::Accept { chat: "c1".into() });
    assert_eq!(b.refusals(), [Refusal::NotNow { verb: Verb::Accept }]);
    b.wish(ChatAsk::End { chat: "none".into() });
    assert_eq!(b.refusals(), [Refusal::NoSuchChat]);
    let disposed = |disposition: &str| ChatAsk::Dispose {
        chat: "c1".into(),
        disposition: disposition.into(),
        note: String::new(),
    };
    b.wish(disposed("done"));
    assert_eq!(b.refusals(), [Refusal::NotNow { verb: Verb::Dispose }]);
    b.ask(Ask::SignOut);
    assert_eq!(b.refusals(), [Refusal::InteractionsOpen]);
    b.chat_told(ChatPhase::Wrapping { until: None }, &[]);
    b.wish(disposed("other"));
    assert_eq!(b.refusals(), [Refusal::NoSuchDisposition]);
    b.wish(disposed("done"));
    assert_eq!(b.orders().len(), 1);
    b.chat_told(ChatPhase::Ended, &[]);
    b.ask(Ask::SignOut);
    assert!(b.did(&Effect::CloseSession));
}

#[test]
fn a_chat_is_started_in_a_chosen_campaign_only() {
    let mut b = Bench::available();
    let start = |campaign: Option<&str>| ChatAsk::Start {
        campaign: campaign.map(Into::into),
        customer: ChatTarget { name: Some("Customer One".into()), ..ChatTarget::default() },
    };
    b.wish(start(Some("none")));
    assert_eq!(b.refusals(), [Refusal::NoSuchCampaign]);
    b.wish(start(None));
    assert_eq!(b.orders()[0].1, Order::Chat { ask: start(Some("in")) });
    b.wish(start(None));
    assert_eq!(b.refusals(), [Refusal::Pending { verb: Verb::StartChat }]);
}

#[test]
fn a_call_rings_and_is_taken_beside_a_chat() {
    let mut b = open();
    assert!(b.desk.snapshot().can_dial && !b.desk.snapshot().can_sign_out);
    b.told(crate::bench::interaction("i1", b.offered()));
    assert!(b.did(&Effect::StartRinging));
    b.say("one moment");
    assert!(b.refusals().is_empty());
}
