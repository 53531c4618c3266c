//! EVT-18 to EVT-23 and EVT-30: what the agent presses for the CRM, and a missed call.

use crate::world::*;
use omnibar_contract::DockIntent;
use omnibar_dock::omni::Right;
use omnibar_model::*;
use serde_json::{Value, json};

fn record() -> Record {
    Record {
        record_id: "1".into(),
        record_type: "contact".into(),
        record_name: "Customer One".into(),
        additional_info: Some("{\"vip\":true}".into()),
    }
}

fn told() -> Value {
    json!({
        "recordId": "1", "recordType": "contact", "recordName": "Customer One",
        "additionalInfo": {"vip": true},
    })
}

pub(crate) fn press_everything(world: &mut World) {
    for intent in [
        DockIntent::OpenRecord { record: record() },
        DockIntent::Attach { interaction: "i1".into(), record: record() },
        DockIntent::Detach { interaction: "i1".into() },
        DockIntent::Create { interaction: "i1".into(), object_type: "Case".into() },
        DockIntent::AskOpenRecord,
        DockIntent::Preview { phone: "+15550101".into() },
    ] {
        world.press(&intent);
    }
}

#[test]
fn evt_18_to_23_the_agent_s_presses_reach_pages() {
    let mut world = World::in_call();
    press_everything(&mut world);
    let attached = json!({"interactionId": "i1", "recordInfo": told()});
    for (event, payload, needs) in [
        ("openRecord", told(), Right::Customers),
        ("onAttachButtonClick", attached, Right::Customers),
        (
            "onUnAttachButtonClick",
            json!({"interactionId": "i1", "recordInfo": null}),
            Right::Customers,
        ),
        (
            "onCreateButtonClick",
            json!({"interactionId": "i1", "objectType": "Case"}),
            Right::Events,
        ),
        ("getCurrentCRMRecordOpened", json!({}), Right::Events),
        ("handlePreview", json!({"phone": "+15550101"}), Right::Customers),
    ] {
        let happened = world.event(event);
        assert_eq!((happened.namespace, happened.payload), ("crm", payload), "{event}");
        assert_eq!(happened.needs, needs, "{event}");
    }
    let preview = world.shown().preview.unwrap();
    assert_eq!((preview.phone.as_str(), preview.records), ("+15550101", None));
}

#[test]
fn evt_19_20_link_and_unlink_at_the_centre_and_say_when_that_fails() {
    let mut world = World::in_call();
    world.press(&DockIntent::Attach { interaction: "i1".into(), record: record() });
    let call = world.centre_says(200, json!({"data": "{}"}));
    assert_eq!((call.method.as_str(), call.path.as_str()), ("PUT", "/interactions/i1/record"));
    assert_eq!(call.body, told());
    let mut linked = talking("i1");
    linked.record = Some(record());
    world.learn(linked);
    world.event("customerLinkedToInteraction");
    world.happened.clear();
    world.press(&DockIntent::Detach { interaction: "i1".into() });
    assert_eq!(world.event("onUnAttachButtonClick").payload["recordInfo"], told());
    assert!(world.shown().toasts.is_empty());
    let call = world.centre_says(409, json!({"message": "The call is over."}));
    assert_eq!((call.method.as_str(), call.path.as_str()), ("DELETE", "/interactions/i1/record"));
    let toast = world.shown().toasts.pop().unwrap();
    assert!(toast.message.ends_with("The call is over."));
    world.happened.clear();
    world.press(&DockIntent::Attach { interaction: "i9".into(), record: record() });
    assert!(world.asks.is_empty() && world.happened.is_empty(), "that call is over");
}

#[test]
fn evt_30_a_missed_call_rings_the_bell() {
    let mut world = World::available();
    world.learn(offer("i1"));
    world.happened.clear();
    world.now += 20_000;
    let mut missed = offer("i1");
    (missed.conversation, missed.cause) = (Conversation::Ended, Some(Cause::NoAnswer));
    missed.since = Moment(world.now);
    world.learn(missed);
    let bell = world.event("notification");
    assert_eq!(bell.namespace, "notification");
    assert_eq!(
        bell.payload,
        json!({
            "notificationId": "notify-i1",
            "displayMessage": "Call missed!! Customer Name: Customer One Contact Number: \
                               +15550101 Missed Call Time: Mon Jul 14 08:32:08 UTC 2025",
            "severity": 2,
            "type": "application.notification.type",
            "subType": "notification.missed.call.type",
            "specificInfo": {
                "contextId": 201, "context": "MISSED_CALL", "campaignId": 101, "customerId": -1,
                "name": "Customer One", "contact": "+15550101",
                "dateAdded": "2025-07-14 08:32:08.925",
                "phoneInfo": {"phone": "+15550101", "displayPhone": "+15550101"},
            },
            "additionalParams": {"notificationId": "notify-i1", "context": "MISSED_CALL"},
            "consolidationCount": 0,
            "dateAdded": "2025-07-14T08:32:08.925Z",
        })
    );
    let discreet = bell.discreet.unwrap().to_string();
    assert!(!discreet.contains("Customer One") && !discreet.contains("0101"));
    world.happened.clear();
    world.be(AgentState::Missed, Presence::Available);
    assert!(world.events("notification").is_empty(), "once");
}
