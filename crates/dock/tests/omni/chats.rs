//! Chats: their life as pages are told it (EVT-05 to EVT-17), what was said in them
//! (EVT-16), and what pages may ask (API-12, API-13, API-17, API-37).

use crate::world::*;
use omnibar_contract::{Rights, SdkErrorType};
use omnibar_desk::{Ask, ChatAsk, Input};
use omnibar_dock::omni::{Audience, Right};
use omnibar_model::*;
use serde_json::{Value, json};

const INITIATE: &str = "interaction.initiateInteraction";
const DISPOSE: &str = "interaction.disposeInteraction";

/// What the centre says to an order about chats.
pub(crate) fn obey(world: &World, ask: ChatAsk) -> Vec<Input> {
    let now = Moment(world.now);
    let of = |id: &InteractionId| {
        let chats = world.desk.snapshot().chats;
        let mut chat = chats.into_iter().find(|c| c.chat.id == *id).unwrap().chat;
        chat.since = now;
        chat
    };
    let chat = match ask {
        ChatAsk::Accept { chat } => {
            Chat { phase: ChatPhase::Open, assigned_at: Some(now), ..of(&chat) }
        }
        ChatAsk::Reject { chat } => Chat { phase: ChatPhase::Ended, ..of(&chat) },
        ChatAsk::Say { chat, text } => said(of(&chat), ChatFrom::Agent, &text),
        ChatAsk::End { chat } => {
            let cause = Some(Cause::AgentHungUp);
            Chat { phase: ChatPhase::Wrapping { until: None }, cause, ..of(&chat) }
        }
        ChatAsk::Dispose { chat, .. } => Chat { phase: ChatPhase::Ended, ..of(&chat) },
        ChatAsk::Start { campaign, customer } => Chat {
            direction: Direction::Outbound,
            campaign: campaign.unwrap(),
            queue: None,
            customer_id: customer.customer_id,
            phase: ChatPhase::Open,
            assigned_at: Some(now),
            messages: Vec::new(),
            last_seq: 0,
            ..offered("c9")
        },
    };
    vec![Input::ChatChanged { chat }]
}

/// The customer has written once; nobody has taken it.
fn offered(id: &str) -> Chat {
    let chat = Chat {
        id: id.into(),
        direction: Direction::Inbound,
        campaign: "in".into(),
        queue: Some("q1".into()),
        customer: Party {
            kind: PartyKind::Customer,
            name: "Customer One".into(),
            number: PhoneNumber::parse("+15550101").ok(),
        },
        customer_id: Some(77),
        phase: ChatPhase::Offered { expires: Moment(1_020_000) },
        since: Moment(1_000_000),
        opened_at: Moment(1_000_000),
        assigned_at: None,
        customer_present: true,
        cause: None,
        note: String::new(),
        record: None,
        last_seq: 0,
        messages: Vec::new(),
    };
    said(chat, ChatFrom::Customer, "Where is my order?")
}

fn said(mut chat: Chat, from: ChatFrom, text: &str) -> Chat {
    chat.last_seq += 1;
    let at = Moment(1_000_000);
    chat.messages.push(ChatMessage { seq: chat.last_seq, from, text: text.into(), at });
    chat
}

impl World {
    fn chat(&mut self, chat: Chat) {
        self.input(Input::ChatChanged { chat });
    }

    fn wish(&mut self, ask: ChatAsk) {
        self.ask(Ask::Chat { ask });
    }

    fn now_of(&self, id: &str) -> Chat {
        let chats = self.desk.snapshot().chats;
        chats.into_iter().find(|c| c.chat.id.as_str() == id).unwrap().chat
    }

    /// The agent writes with a customer.
    fn in_chat() -> Self {
        let mut world = Self::available();
        world.chat(offered("c1"));
        world.wish(ChatAsk::Accept { chat: "c1".into() });
        world.happened.clear();
        world
    }
}

#[test]
fn a_chat_is_told_as_calls_are_and_does_not_ring() {
    let mut world = World::available();
    world.chat(offered("c1"));
    assert_eq!(
        world.names(),
        [
            "interactionInitiated",
            "showCrm",
            "customerLinkedToInteraction",
            "messageEvent",
            "getInteractionOwnershipByUser"
        ]
    );
    let channel = json!({
        "channelType": "chat",
        "associationType": "inbound.association",
        "chatId": "c1",
        "channelSubType": "webchat",
    });
    assert_eq!(
        world.event("interactionInitiated").payload,
        json!({
            "interactionId": "c1",
            "campaignId": 101,
            "queueId": 201,
            "userCrtObjectId": "ses-agent1-1",
            "channelDetails": channel,
            "customerCrtObjectId": "c1-customer",
            "customerDetails": {"customerId": 77, "name": "Customer One", "phone": "+15550101"},
        })
    );
    let pop = world.event("showCrm");
    assert_eq!(pop.payload["userId"], "agent1");
    assert_eq!(pop.payload["channelDetails"]["channelType"], "CHAT");
    assert_eq!(pop.discreet.unwrap()["customerDetails"], json!({}));

    world.happened.clear();
    world.wish(ChatAsk::Accept { chat: "c1".into() });
    assert_eq!(world.names(), ["interactionConnected", "getInteractionOwnershipByUser", "showCrm"]);
    assert_eq!(world.event("interactionConnected").payload["channelDetails"], channel);

    world.happened.clear();
    world.wish(ChatAsk::End { chat: "c1".into() });
    assert_eq!(world.names(), ["interactionDisconnected"]);

    world.happened.clear();
    let (disposition, note) = ("sold".into(), "Two of them".into());
    world.wish(ChatAsk::Dispose { chat: "c1".into(), disposition, note });
    let asked = world.centre_says(200, json!({"data": {"last_disposition": "Sold"}}));
    assert_eq!(asked.path, "/interactions/c1");
    assert_eq!(
        world.names(),
        ["interactionDisposed", "handleInteractionDisposition", "interactionEnded"]
    );
    let over = world.event("interactionDisposed").payload;
    assert_eq!(over["dispositionDetails"]["dispositionCode"], 1400);
    assert_eq!(over["dispositionDetails"]["callNotes"], "Two of them");
    assert_eq!(over["channelDetails"]["chatId"], "c1");
}

#[test]
fn an_offer_that_goes_has_ended_and_was_never_connected() {
    let mut world = World::available();
    world.chat(offered("c1"));
    world.happened.clear();
    world.chat(Chat { phase: ChatPhase::Ended, ..offered("c1") });
    assert_eq!(world.names(), ["interactionEnded"]);
}

#[test]
fn evt_16_is_told_once_for_every_message_either_way() {
    let mut world = World::available();
    world.chat(offered("c1"));
    let told = world.event("messageEvent");
    assert_eq!(
        (told.namespace, &told.to, told.needs),
        ("interaction", &Audience::All, Right::Events)
    );
    assert_eq!(
        told.payload,
        json!({
            "to": "agent1",
            "from": "c1-customer",
            "message": "Where is my order?",
            "messageDirection": "received",
            "interactionId": "c1",
            "channelDetails": {
                "channelType": "CHAT",
                "associationType": "inbound.association",
                "chatId": "c1",
                "channelSubType": "webchat",
            },
            "customerId": 77,
        })
    );
    world.wish(ChatAsk::Accept { chat: "c1".into() });
    world.happened.clear();

    world.wish(ChatAsk::Say { chat: "c1".into(), text: "Tomorrow".into() });
    let sent = world.event("messageEvent").payload;
    assert_eq!((&sent["message"], &sent["messageDirection"]), (&json!("Tomorrow"), &json!("sent")));
    assert_eq!((&sent["from"], &sent["to"]), (&json!("agent1"), &json!("c1-customer")));

    world.happened.clear();
    // The whole chat again, as after a reconnection, with two that are news and a notice.
    let mut chat = said(world.now_of("c1"), ChatFrom::Notice, "The customer is back");
    chat = said(chat, ChatFrom::Customer, "Good");
    chat = said(chat, ChatFrom::Customer, "<b>Bye</b>");
    world.chat(chat.clone());
    world.chat(chat);
    let texts: Vec<Value> =
        world.events("messageEvent").into_iter().map(|h| h.payload["message"].clone()).collect();
    assert_eq!(texts, ["Good", "<b>Bye</b>"]);
}

#[test]
fn evt_16_last_words_come_before_the_end() {
    let mut world = World::in_chat();
    let chat = said(world.now_of("c1"), ChatFrom::Customer, "Bye");
    let cause = Some(Cause::CustomerHungUp);
    world.chat(Chat { phase: ChatPhase::Wrapping { until: None }, cause, ..chat });
    assert_eq!(world.names(), ["messageEvent", "interactionDisconnected"]);
}

#[test]
fn evt_16_without_the_customers_right_says_that_there_was_a_message_and_not_what_it_said() {
    let mut world = World::available();
    world.chat(offered("c1"));
    let discreet = world.event("messageEvent").discreet.unwrap();
    assert_eq!(discreet["messageDirection"], "received");
    assert_eq!(discreet["interactionId"], "c1");
    for gone in ["message", "customerId"] {
        assert_eq!(discreet.get(gone), None, "{gone}");
    }
    assert!(!discreet.to_string().contains("order"));
}

#[test]
fn what_was_said_before_an_agent_came_back_is_not_news() {
    let mut world = World::new();
    assert_eq!(world.login("agent1", "right"), None);
    world.ask(Ask::Choose { campaigns: vec!["in".into()], extension: "centre".into() });
    world.chat(Chat { phase: ChatPhase::Open, assigned_at: Some(Moment(1)), ..offered("c1") });
    // Told by the centre after the choice: it is new to this desk.
    assert_eq!(world.events("messageEvent").len(), 1);
    world.happened.clear();
    let mut view = world.view.clone();
    view.desk.chats[0].chat = said(view.desk.chats[0].chat.clone(), ChatFrom::Customer, "?");
    let mut omni = omnibar_dock::omni::Omni::new();
    assert_eq!(omni.view_changed(world.unix(), &view), [], "the first view makes no events");
}

#[test]
fn api_12_begins_a_chat_with_a_customer_who_is_there() {
    let mut world = World::available();
    let details = json!({"phone": "+15550101", "name": "Customer One"});
    assert_eq!(world.call(INITIATE, &[json!("Chat"), details, json!(102), json!(77)]), None);
    assert_eq!(world.answer(), Ok(json!({"result": "success", "reason": "success"})));
    let wanted = ChatAsk::Start {
        campaign: Some("out".into()),
        customer: ChatTarget {
            name: Some("Customer One".into()),
            number: PhoneNumber::parse("+15550101").ok(),
            customer_id: Some(77),
        },
    };
    assert!(
        matches!(world.orders.last(), Some(omnibar_desk::Order::Chat { ask }) if *ask == wanted),
        "{:?}",
        world.orders
    );
    assert_eq!(world.names()[..2], ["interactionInitiated", "showCrm"]);
    let told = world.event("interactionConnected").payload;
    assert_eq!(told["channelDetails"]["associationType"], "manualchat.association");
}

#[test]
fn api_12_needs_to_know_with_whom_and_which_chat() {
    let mut world = World::available();
    let mut error = |arguments: &[Value]| world.error(INITIATE, arguments);
    let missed = error(&[json!("chat"), json!({}), json!(101)]);
    assert_eq!(missed.error_type, SdkErrorType::RequiredFieldMissing);
    assert!(missed.description.starts_with("phone is required"), "{missed:?}");
    let nobody = error(&[json!("chat"), json!({"name": " "}), json!(101), json!(-1)]);
    assert_eq!(nobody.error_type, SdkErrorType::RequiredFieldMissing);
    let masked = error(&[json!("chat"), json!({"phone": "******0101"}), json!(101)]);
    assert!(masked.description.contains("masked"), "{masked:?}");
    let other = json!({"channelType": "chat", "channelDetails": {"name": "A"}, "campaignId": 101,
        "channelSubType": "whatsapp"});
    assert!(error(&[other]).description.contains("webchat"));
    let unknown = error(&[json!("chat"), json!({"name": "A"}), json!(7)]);
    assert_eq!(unknown.error_type, SdkErrorType::DataNotFound);
}

#[test]
fn api_12_says_in_the_centres_words_that_nobody_is_there() {
    let mut world = World::available();
    world.refusing = Some("the customer has no chat page open".into());
    assert_eq!(world.call(INITIATE, &[json!("chat"), json!({"name": "A"}), json!(101)]), None);
    let error = world.answer().unwrap_err();
    assert_eq!(
        error.description,
        "the centre would not start a chat: the customer has no chat page open"
    );
}

#[test]
fn a_call_does_not_answer_a_wait_for_a_chat() {
    let mut world = World::available();
    world.silent = true;
    assert_eq!(world.call(INITIATE, &[json!("chat"), json!({"name": "A"}), json!(101)]), None);
    let dialled = Interaction { direction: Direction::Outbound, ..talking("o7") };
    world.learn(dialled);
    assert!(world.answers.is_empty());
    world.pass(20_000);
    assert_eq!(world.answer().unwrap_err().error_type, SdkErrorType::Timeout);
}

#[test]
fn api_13_ends_a_chat_that_is_open_and_disposes_it() {
    let mut world = World::in_chat();
    assert_eq!(
        world.call(DISPOSE, &[json!("CHAT"), json!("c1"), json!(1400), json!("Sold two")]),
        None
    );
    assert_eq!(world.answer(), Ok(json!("ok")));
    let orders: Vec<_> = world
        .orders
        .iter()
        .filter_map(|o| match o {
            omnibar_desk::Order::Chat { ask } => Some(ask.clone()),
            _ => None,
        })
        .collect();
    let (chat, disposition, note): (InteractionId, _, _) =
        ("c1".into(), "sold".into(), "Sold two".into());
    assert_eq!(
        orders[1..],
        [ChatAsk::End { chat: chat.clone() }, ChatAsk::Dispose { chat, disposition, note }]
    );
}

#[test]
fn api_13_and_14_do_not_take_a_chat_for_a_call() {
    let mut world = World::in_chat();
    let error = world.error(DISPOSE, &[json!("voice"), json!("c1"), json!(1400)]);
    assert_eq!(error.error_type, SdkErrorType::RequiredFieldMissing);
    let next = "interaction.disposeAndInitiateNewInteraction";
    let error = world.error(next, &[json!("c1"), json!("Sold"), json!("+15550102")]);
    assert!(error.description.contains("chat"), "{error:?}");
    let callback = json!({"callbackTime": "2025-07-20T09:56:40+0530", "phone": "+15550101",
        "isSelfCallback": true});
    let error =
        world.error(DISPOSE, &[json!("chat"), json!("c1"), json!(1400), json!(""), callback]);
    assert!(error.description.contains("callback"), "{error:?}");
    assert_eq!(world.now_of("c1").phase, ChatPhase::Open, "nothing was ended for it");
    let mut world = World::available();
    world.chat(offered("c1"));
    let error = world.error(DISPOSE, &[json!("chat"), json!("c1"), json!(1400)]);
    assert!(error.description.contains("has not been answered"), "{error:?}");
}

#[test]
fn api_17_and_19_know_chats() {
    let mut world = World::in_chat();
    assert_eq!(world.value("interaction.getIsInteractionOwnedByUser", &[]), json!(true));
    let record = json!({"recordId": "7", "recordType": "Contact", "recordName": "Customer One"});
    world.value("crm.showMultipleRecordsForInteraction", &[json!("c1"), json!([record])]);
    assert_eq!(world.shown().records[0].interaction.as_str(), "c1");
    world.wish(ChatAsk::End { chat: "c1".into() });
    let (disposition, note) = ("sold".into(), String::new());
    world.wish(ChatAsk::Dispose { chat: "c1".into(), disposition, note });
    assert!(world.shown().records.is_empty(), "with the chat go its records");
}

#[test]
fn api_37_fills_in_whom_to_write_to() {
    let mut world = World::available();
    let details = json!({"campaignId": "101", "appName": "crm", "phone": "+15550101", "name": "A"});
    let populate = "ui.populateChannelDetailsForNewInteraction";
    world.value(populate, &[json!("chat"), json!("webchat"), details.clone()]);
    let draft = world.shown().draft.unwrap();
    assert_eq!((draft.channel, draft.phone.as_str()), (Channel::Chat, "+15550101"));
    world.value(populate, &[json!("VOICE"), json!(""), details.clone()]);
    assert_eq!(world.shown().draft.unwrap().channel, Channel::Voice);
    let error = world.error(populate, &[json!("chat"), json!("telegram"), details]);
    assert_eq!(error.error_type, SdkErrorType::RequiredFieldMissing);
}

#[test]
fn a_page_without_rights_starts_and_disposes_nothing() {
    let mut world = World::in_chat();
    let few = Rights { events: true, ..Rights::default() };
    for (api, arguments) in [
        (INITIATE, vec![json!("chat"), json!({"name": "A"}), json!(101)]),
        (DISPOSE, vec![json!("chat"), json!("c1"), json!(1400)]),
    ] {
        let error = world.call_as(CRM, few, api, &arguments).unwrap().unwrap_err();
        assert_eq!(error.error_type, SdkErrorType::InvalidOrigin, "{api}");
    }
}
