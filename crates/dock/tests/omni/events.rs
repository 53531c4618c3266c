//! EVT-05 to EVT-12, EVT-15, EVT-17 and EVT-24: the life of an interaction.

use crate::contract::contract;
use crate::world::*;
use omnibar_desk::Ask;
use omnibar_dock::omni::{Act, Audience, Right};
use omnibar_model::*;
use serde_json::{Value, json};

fn described(channel: &str) -> Value {
    json!({
        "interactionId": "i1", "campaignId": 101, "queueId": 201,
        "userCrtObjectId": "ses-agent1-1",
        "channelDetails": {
            "channelType": channel, "associationType": "inbound.association", "callId": "i1",
        },
        "customerCrtObjectId": "leg-of-i1",
        "customerDetails": {"customerId": -1, "name": "Customer One", "phone": "+15550101"},
    })
}

#[test]
fn evt_05_06_17_an_offer_is_told_and_pops_the_screen_before_it_is_taken() {
    let mut world = World::available();
    world.learn(offer("i1"));
    assert_eq!(
        world.names(),
        ["interactionInitiated", "callRinging", "showCrm", "getInteractionOwnershipByUser"]
    );
    let told = world.event("interactionInitiated");
    assert_eq!(
        (told.to, told.needs, told.namespace),
        (Audience::All, Right::Events, "interaction")
    );
    assert_eq!(told.payload, described("voice"));
    assert_eq!(world.event("callRinging").payload, described("voice"));
    let pop = world.event("showCrm");
    let mut wanted = described("VOICE");
    wanted["userId"] = json!("agent1");
    assert_eq!((pop.namespace, pop.payload), ("crm", wanted));
    // Without the right to customers: everything but the customer.
    let discreet = pop.discreet.unwrap();
    assert_eq!((&discreet["customerDetails"], &discreet["userId"]), (&json!({}), &json!("agent1")));
    assert!(!discreet.to_string().contains("5550101"));
    world.happened.clear();
    world.learn(offer("i1"));
    assert_eq!(world.names(), Vec::<&str>::new(), "the same again is no news");
}

#[test]
fn evt_07_15_17_a_connection_is_told_with_its_owner_and_pops_the_screen_again() {
    let mut world = World::available();
    world.learn(offer("i1"));
    world.happened.clear();
    world.learn(talking("i1"));
    assert_eq!(world.names(), ["interactionConnected", "getInteractionOwnershipByUser", "showCrm"]);
    assert_eq!(world.event("interactionConnected").payload, described("voice"));
    assert_eq!(world.event("getInteractionOwnershipByUser").payload, json!(true));
    world.happened.clear();
    let mut held = talking("i1");
    held.conversation = Conversation::Held;
    world.learn(held);
    world.learn(talking("i1"));
    assert_eq!(world.names(), Vec::<&str>::new(), "hold and back is the same connection");
}

#[test]
fn evt_08_09_10_24_the_end_is_told_with_the_disposition_that_the_centre_has() {
    let mut world = World::in_call();
    let over = world.over(&"i1".into(), Cause::CustomerHungUp);
    world.input(over);
    assert_eq!(world.names(), ["interactionDisconnected"]);
    assert_eq!(world.event("interactionDisconnected").payload, described("voice"));
    world.happened.clear();
    let interaction = Some("i1".into());
    world.ask(Ask::Dispose {
        interaction,
        disposition: "closed".into(),
        note: "bye".into(),
        callback: None,
    });
    assert_eq!(world.names(), Vec::<&str>::new(), "the centre is asked first");
    let asked = world.centre_says(200, json!({"data": {"id": "i1", "last_disposition": "Closed"}}));
    assert_eq!(asked.path, "/interactions/i1");
    assert_eq!(
        world.names(),
        ["interactionDisposed", "handleInteractionDisposition", "interactionEnded"]
    );
    let disposed = world.event("interactionDisposed");
    assert_eq!(disposed.namespace, "interaction");
    assert_eq!(
        disposed.payload,
        json!({
            "interactionId": "i1", "campaignId": 101, "userCrtObjectId": "ses-agent1-1",
            "channelDetails": {
                "channelType": "VOICE", "associationType": "inbound.association", "callId": "i1",
            },
            "dispositionDetails": {
                "dispositionClass": "Status", "dispositionCode": 1345, "callNotes": "bye",
            },
        })
    );
    let logged = world.event("handleInteractionDisposition");
    assert_eq!((logged.namespace, logged.payload), ("crm", disposed.payload));
    assert_eq!(world.event("interactionEnded").payload, described("voice"));
}

#[test]
fn evt_09_a_disposition_is_read_in_every_spelling_and_never_made_up() {
    for (last, class, code) in [
        (json!("sold"), json!("Sale"), json!(1400)),
        (json!(1344), json!("Status"), json!(1344)),
        (json!({"dispositionCodeId": 1400}), json!("Sale"), json!(1400)),
        (json!({"className": "Gone", "dispositionCodeId": 7}), json!("Gone"), json!(7)),
        (json!("Unheard of"), json!(null), json!(null)),
        (json!(null), json!(null), json!(null)),
    ] {
        let mut world = World::in_call();
        let over = world.over(&"i1".into(), Cause::CustomerHungUp);
        world.input(over);
        let mut gone = world.interaction(&"i1".into());
        gone.conversation = Conversation::Ended;
        world.learn(gone);
        world.centre_says(200, json!({"data": {"last_disposition": last}}));
        let details = &world.event("interactionDisposed").payload["dispositionDetails"];
        assert_eq!((&details["dispositionClass"], &details["dispositionCode"]), (&class, &code));
    }
}

#[test]
fn evt_10_an_offer_that_was_not_taken_only_ends() {
    let mut world = World::available();
    world.learn(offer("i1"));
    world.happened.clear();
    let mut gone = offer("i1");
    (gone.conversation, gone.cause) = (Conversation::Ended, Some(Cause::Abandoned));
    world.learn(gone);
    let names = world.names();
    assert_eq!(names[0], "interactionEnded");
    assert!(!names.contains(&"interactionDisposed") && !names.contains(&"interactionDisconnected"));
    assert!(world.asks.is_empty());
}

#[test]
fn evt_07_08_a_connection_that_no_view_showed_is_told_all_the_same() {
    let mut world = World::available();
    world.learn(offer("i1"));
    world.happened.clear();
    let mut over = talking("i1");
    over.conversation = Conversation::Wrapping { until: None };
    over.cause = Some(Cause::CustomerHungUp);
    over.legs.clear();
    world.learn(over);
    let names = world.names();
    assert_eq!(
        (names[0], *names.last().unwrap()),
        ("interactionConnected", "interactionDisconnected")
    );
    // The customer's leg is known from before.
    let told = world.event("interactionDisconnected").payload;
    assert_eq!(told["customerCrtObjectId"], json!("leg-of-i1"));
}

#[test]
fn evt_11_12_a_customer_is_linked_and_unlinked() {
    let mut world = World::in_call();
    let mut known = talking("i1");
    known.customer_id = Some(735_076_692_678_909);
    world.learn(known);
    let linked = world.event("customerLinkedToInteraction").payload;
    assert_eq!(linked["customerDetails"]["customerId"], json!(735_076_692_678_909_u64));
    world.happened.clear();
    world.learn(talking("i1"));
    let told = world.event("customerUnlinkedToInteraction").payload;
    assert_eq!(told, described("VOICE"));
    world.happened.clear();
    let mut about = talking("i1");
    about.record = Some(Record {
        record_id: "1".into(),
        record_type: "contact".into(),
        record_name: "Customer One".into(),
        additional_info: None,
    });
    world.learn(about);
    assert_eq!(world.names(), ["customerLinkedToInteraction"]);
}

#[test]
fn evt_15_another_interaction_on_the_screen_or_another_owner_is_told() {
    let mut world = World::in_call();
    let mut brought_in = talking("i1");
    brought_in.owner = false;
    world.learn(brought_in);
    assert_eq!(world.event("getInteractionOwnershipByUser").payload, json!(false));
    let mut world = World::in_call();
    let mut held = talking("i1");
    held.conversation = Conversation::Held;
    world.learn(held);
    let mut second = talking("i2");
    second.owner = false;
    world.learn(second);
    world.happened.clear();
    let before = world.view.desk.selected.clone();
    let other = if before == Some("i1".into()) { "i2" } else { "i1" };
    world.ask(Ask::Select { interaction: other.into() });
    let owned = world.event("getInteractionOwnershipByUser").payload;
    assert_eq!(owned, json!(other == "i1"));
}

#[test]
fn an_outbound_call_is_a_manual_dial() {
    let mut world = World::available();
    let arguments = [json!("voice"), json!({"phone": "+15550102"}), json!(102)];
    world.call("interaction.initiateInteraction", &arguments);
    let told = world.event("interactionInitiated").payload;
    assert_eq!(told["channelDetails"]["associationType"], json!("manualdial.association"));
    assert_eq!((&told["campaignId"], &told["queueId"]), (&json!(102), &json!(null)));
    assert_eq!(told["customerDetails"]["phone"], json!("+15550102"));
}

#[test]
fn a_campaign_that_hides_numbers_hides_them_from_pages_too() {
    let mut world = World::new();
    world.assigned[0].mask_numbers = true;
    world.login("agent1", "right");
    world.ask(Ask::Choose { campaigns: vec!["in".into()], extension: "centre".into() });
    world.learn(offer("i1"));
    assert_eq!(world.event("showCrm").payload["customerDetails"]["phone"], json!("******0101"));
    assert!(world.happened.iter().all(|h| !format!("{h:?}").contains("5550101")));
}

#[test]
fn calls_that_come_with_the_sign_in_pop_the_screen_and_are_not_told_as_new() {
    let (away, back) = (World::new(), World::in_call());
    let mut omni = omnibar_dock::omni::Omni::new();
    assert!(omni.view_changed(away.unix(), &away.view).is_empty());
    let names: Vec<_> = omni
        .view_changed(back.unix(), &back.view)
        .into_iter()
        .filter_map(|act| match act {
            Act::Event { event, .. } => Some(event),
            _ => None,
        })
        .collect();
    assert!(names.contains(&"loginStatus") && names.contains(&"showCrm"), "{names:?}");
    assert!(!names.contains(&"interactionInitiated") && !names.contains(&"callRinging"));
}

#[test]
fn every_event_that_the_core_sends_is_the_contract_s() {
    let known = contract().events;
    let mut world = World::in_call();
    world.call("crm.sendDataToApp", &[json!(1)]);
    world.call_as(APP, ALL, "crm.sendDataToCRM", &[json!(1)]);
    world.call("appInstance.sendDataToApp", &[json!("notes-1"), json!(1)]);
    crate::told::press_everything(&mut world);
    let over = world.over(&"i1".into(), Cause::Transferred);
    world.input(over);
    world.learn(offer("i2"));
    assert!(world.happened.len() > 10);
    for told in &world.happened {
        let found = known.iter().find(|e| e.name == told.event);
        let found = found.unwrap_or_else(|| panic!("{} is no event", told.event));
        assert_eq!(found.namespace, told.namespace, "{}", found.id);
    }
}
