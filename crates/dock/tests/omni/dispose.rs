//! API-12 to API-17: dialling and disposing.

use crate::world::*;
use omnibar_contract::{Rights, SdkErrorType};
use omnibar_desk::{Input, Order};
use omnibar_model::{Booking, Cause, Conversation, PhoneNumber};
use serde_json::{Value, json};

const INITIATE: &str = "interaction.initiateInteraction";
const DISPOSE: &str = "interaction.disposeInteraction";
const NEXT: &str = "interaction.disposeAndInitiateNewInteraction";

fn dial(phone: &str, campaign: u32) -> [Value; 3] {
    [json!("voice"), json!({"phone": phone, "name": "Customer Two"}), json!(campaign)]
}

#[test]
fn api_12_dials_and_is_done_when_the_call_is_there() {
    let mut world = World::available();
    assert_eq!(world.call(INITIATE, &dial("+1 555 0102", 102)), None);
    let number = PhoneNumber::parse("+15550102").unwrap();
    assert_eq!(world.orders.pop(), Some(Order::Dial { campaign: "out".into(), number }));
    assert_eq!(world.answer(), Ok(json!({"result": "success", "reason": "success"})));
    assert_eq!(world.view.desk.calls.len(), 1);
}

#[test]
fn api_12_says_what_is_wrong() {
    let mut world = World::available();
    let error = world.error(INITIATE, &[json!("voice"), json!({}), json!(101)]);
    assert_eq!(error.error_type, SdkErrorType::RequiredFieldMissing);
    assert_eq!(error.description, "phone is required");
    assert_eq!(
        serde_json::to_value(&error).unwrap(),
        json!({
            "errorType": "REQUIRED_FIELD_MISSING", "errorCode": 2001,
            "description": "phone is required",
        })
    );
    let mut kind = |arguments: &[Value]| world.error(INITIATE, arguments).error_type;
    assert_eq!(kind(&dial("+15550102", 7)), SdkErrorType::DataNotFound);
    assert_eq!(kind(&dial("javascript:1", 101)), SdkErrorType::RequiredFieldMissing);
    let fax = [json!("FAX"), json!({"phone": "+15550102"}), json!(101)];
    assert_eq!(kind(&fax), SdkErrorType::RequiredFieldMissing);
    assert_eq!(World::new().error(INITIATE, &dial("+15550102", 101)).error_code, 3000);
    // The centre knows whose it is, or says that it does not.
    assert_eq!(World::available().call(INITIATE, &dial("******0102", 101)), None);
}

#[test]
fn api_12_is_rejected_when_the_desk_or_the_centre_refuses() {
    let mut world = World::in_call();
    assert_eq!(world.call(INITIATE, &dial("+15550102", 102)), None);
    let error = world.answer().unwrap_err();
    assert_eq!(error.error_type, SdkErrorType::HttpError);
    assert!(error.description.contains("another call is open"), "{error:?}");
    let mut world = World::available();
    world.refusing = Some("no trunk leads there".into());
    assert_eq!(world.call(INITIATE, &dial("+15550102", 102)), None);
    let error = world.answer().unwrap_err();
    assert_eq!(error.description, "the centre would not dial: no trunk leads there");
}

#[test]
fn a_call_without_an_answer_ends_with_timeout_after_twenty_seconds() {
    let mut world = World::available();
    world.call("interaction.getAllLiveInteractionsForAgent", &[]);
    assert_eq!(world.omni.deadline(), Some(world.unix() + 20_000));
    world.pass(19_999);
    assert!(world.answers.is_empty());
    world.pass(1);
    let error = world.answer().unwrap_err();
    assert_eq!((error.error_type, error.error_code), (SdkErrorType::Timeout, 1000));
    assert_eq!(world.omni.deadline(), None);
    world.centre_says(200, json!([]));
    assert!(world.answers.is_empty(), "a late answer is nobody's");
}

#[test]
fn api_13_disposes_with_the_code_s_number_and_waits_until_it_has_left() {
    let mut world = World::in_call();
    let over = world.over(&"i1".into(), Cause::CustomerHungUp);
    world.input(over);
    let arguments = [json!("VOICE"), json!("i1"), json!(1345), json!("called back")];
    assert_eq!(world.call(DISPOSE, &arguments), None);
    let disposition = "closed".into();
    let note = "called back".into();
    let order = Order::Dispose { interaction: "i1".into(), disposition, note, callback: None };
    assert_eq!(world.orders.pop(), Some(order));
    assert_eq!(world.answer(), Ok(json!("ok")));
    assert!(world.view.desk.calls.is_empty());
}

#[test]
fn api_13_ends_a_call_that_is_up_first() {
    let mut world = World::in_call();
    assert_eq!(world.call(DISPOSE, &[json!("voice"), json!("i1"), json!(1400)]), None);
    let orders: Vec<_> = world.orders.iter().rev().take(2).collect();
    assert!(
        matches!(orders[..], [Order::Dispose { disposition, .. }, Order::End { .. }] if disposition.as_str() == "sold")
    );
    assert_eq!(world.answer(), Ok(json!("ok")));
}

#[test]
fn api_13_says_what_is_wrong() {
    let mut world = World::available();
    world.learn(offer("i1"));
    let mut error =
        |id: &str, code: i64| world.error(DISPOSE, &[json!("voice"), json!(id), json!(code)]);
    assert_eq!(error("i9", 1345).error_type, SdkErrorType::DataNotFound);
    assert_eq!(error("i1", 9).error_type, SdkErrorType::DataNotFound);
    assert!(error("i1", 1345).description.contains("has not been answered"));
    let mut world = World::in_call();
    let over = world.over(&"i1".into(), Cause::CustomerHungUp);
    world.input(over);
    world.refusing = Some("the database failed".into());
    assert_eq!(world.call(DISPOSE, &[json!("voice"), json!("i1"), json!(1345)]), None);
    let refused = world.answer().unwrap_err();
    assert_eq!(refused.error_type, SdkErrorType::HttpError);
    assert_eq!(refused.description, "the centre would not dispose: the database failed");
}

/// An hour after the world begins, and in milliseconds since 1970.
const LATER: (&str, i64) = ("2025-07-14T15:01:48", 1_752_485_508_000);

fn call_back(at: &str, own: bool) -> Value {
    json!({"callbackTime": at, "phone": "+15550103", "isSelfCallback": own})
}

#[test]
fn api_13_books_the_callback_with_the_disposition() {
    for offset in ["+0530", "+05:30"] {
        let mut world = World::in_call();
        let over = world.over(&"i1".into(), Cause::CustomerHungUp);
        world.input(over);
        let callback = call_back(&format!("{}{offset}", LATER.0), true);
        let arguments = [json!("voice"), json!("i1"), json!(1345), json!(""), callback];
        assert_eq!(world.call(DISPOSE, &arguments), None);
        let Some(Order::Dispose { callback, .. }) = world.orders.pop() else { panic!("no order") };
        let number = PhoneNumber::parse("+15550103").ok();
        assert_eq!(callback, Some(Booking { at: LATER.1, number, own: true }));
        assert_eq!(world.answer(), Ok(json!("ok")));
        assert!(world.view.desk.calls.is_empty());
    }
}

#[test]
fn api_14_books_the_callback_and_dials_the_next() {
    let mut world = World::in_call();
    // Interaction, disposition, phone, campaign, customer, notes.
    let given =
        [json!("i1"), json!("sold"), json!("+15550104"), json!(102), Value::Null, json!("")];
    let mut arguments = given.to_vec();
    arguments.push(call_back("2025-07-14T15:01:48+0530", false));
    assert_eq!(world.call(NEXT, &arguments), None);
    assert_eq!(world.answer(), Ok(json!("ok")));
    let booked = world.orders.iter().find_map(|order| match order {
        Order::Dispose { callback, .. } => callback.as_ref().map(|c| (c.at, c.own)),
        _ => None,
    });
    assert_eq!(booked, Some((LATER.1, false)));
    assert!(matches!(world.orders.last(), Some(Order::Dial { .. })));
}

#[test]
fn a_callback_that_cannot_be_booked_leaves_the_call_up() {
    let mut world = World::in_call();
    let later = "2025-07-14T15:01:48+0530";
    let form = "callbackTime must be a time like 2025-07-06T09:56:40+0530";
    let future = "callbackTime must be a time that is still to come";
    for (given, words) in [
        (call_back("tomorrow", true), form),
        (call_back("2025-07-14T15:01:48", true), form),
        (call_back("2025-07-14T09:56:40+0530", true), future),
        (call_back("2026-09-01T00:00:00+0530", true), future),
        (json!({"phone": "+15550103"}), "callbackTime is required"),
        (json!({"callbackTime": later, "phone": "+15550103"}), "isSelfCallback is required"),
        (json!({"callbackTime": later, "isSelfCallback": true}), "phone is required"),
    ] {
        let arguments = [json!("voice"), json!("i1"), json!(1345), json!(""), given];
        let error = world.error(DISPOSE, &arguments);
        assert_eq!(error.error_type, SdkErrorType::RequiredFieldMissing);
        assert!(error.description.starts_with(words), "{}", error.description);
    }
    let conversation = world.view.desk.calls[0].interaction.conversation;
    assert_eq!(conversation, Conversation::Connected, "it was not even ended");
}

#[test]
fn api_14_disposes_and_dials_the_next() {
    for (api, code) in [
        (NEXT, json!("sold")),
        ("interaction.disposeAndInitiateInteraction", json!("Sold")),
        (NEXT, json!(1400)),
        (NEXT, json!("1400")),
    ] {
        let mut world = World::in_call();
        let arguments = [json!("i1"), code, json!("+15550104"), json!(102)];
        assert_eq!(world.call(api, &arguments), None);
        assert_eq!(world.answer(), Ok(json!("ok")));
        let number = PhoneNumber::parse("+15550104").unwrap();
        assert_eq!(world.orders.pop(), Some(Order::Dial { campaign: "out".into(), number }));
        let calls = &world.view.desk.calls;
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].interaction.conversation, Conversation::Ringing);
    }
    let mut world = World::in_call();
    let unknown = [json!("i1"), json!("Gone fishing"), json!("+15550104")];
    assert_eq!(world.error(NEXT, &unknown).error_type, SdkErrorType::DataNotFound);
    let own = [json!("i1"), json!("Open"), json!("+15550104")];
    assert_eq!(world.call(NEXT, &own), None);
    assert!(
        matches!(world.orders.pop(), Some(Order::Dial { campaign, .. }) if campaign.as_str() == "in")
    );
}

#[test]
fn api_14_goes_on_when_the_page_has_gone() {
    let mut world = World::in_call();
    let over = world.over(&"i1".into(), Cause::CustomerHungUp);
    world.input(over);
    world.silent = true;
    let arguments = [json!("i1"), json!("Open"), json!("+15550104")];
    assert_eq!(world.call(NEXT, &arguments), None);
    assert!(matches!(world.orders.pop(), Some(Order::Dispose { .. })));
    world.omni.closed(CRM);
    world.silent = false;
    let mut gone = world.interaction(&"i1".into());
    gone.conversation = Conversation::Ended;
    world.learn(gone);
    assert!(matches!(world.orders.pop(), Some(Order::Dial { .. })));
}

#[test]
fn api_15_16_come_from_the_centre_without_the_customer_for_pages_that_may_not_read_him() {
    let envelope = json!({
        "data": {
            "id": "i1", "customer_id": 100_000, "customer_name": "Customer One",
            "customer_phone": "+15550101", "status": "OPEN",
            "linked_objects": [{"recordId": "1"}],
        },
        "http_code": 200, "error_data": null,
    });
    for (api, path) in [
        ("interaction.getAllLiveInteractionsForAgent", "/interactions/live"),
        ("interaction.getAllLiveInteractionForAgent", "/interactions/live"),
        ("interaction.getCurrentInteraction", "/interactions/current"),
        ("interaction.getCustomerInteraction", "/interactions/current"),
    ] {
        let mut world = World::in_call();
        assert_eq!(world.call(api, &[]), None);
        let asked = world.centre_says(200, json!([envelope]));
        assert_eq!((asked.service.as_str(), asked.path.as_str()), ("interaction-service", path));
        assert_eq!(world.answer(), Ok(json!([envelope])));
        let events = Rights { events: true, ..Rights::default() };
        assert_eq!(world.call_as(CRM, events, api, &[]), None);
        world.centre_says(200, json!([envelope]));
        let told = json!([{
            "data": {"id": "i1", "status": "OPEN"}, "http_code": 200, "error_data": null,
        }]);
        assert_eq!(world.answer(), Ok(told));
    }
    let mut world = World::available();
    world.call("interaction.getCurrentInteraction", &[]);
    world.centre_says(404, json!({"message": "You have no interaction now."}));
    assert_eq!(world.answer().unwrap_err().error_type, SdkErrorType::DataNotFound);
}

#[test]
fn api_17_says_whose_the_interaction_is() {
    let mut world = World::in_call();
    for api in ["getIsInteractionOwnedByUser", "getsInteractionOwnedByUser"] {
        assert_eq!(world.value(&format!("interaction.{api}"), &[]), json!(true));
    }
    let mut brought_in = talking("i1");
    brought_in.owner = false;
    world.input(Input::InteractionChanged { interaction: brought_in });
    assert_eq!(world.value("interaction.getIsInteractionOwnedByUser", &[]), json!(false));
    let error = World::available().error("interaction.getIsInteractionOwnedByUser", &[]);
    assert_eq!(error.error_type, SdkErrorType::DataNotFound);
}
