//! EVT-13 and EVT-14: transfers and conferences.

use crate::world::*;
use omnibar_desk::Ask;
use omnibar_model::*;
use serde_json::json;

fn leg(to: &Destination, consult: bool) -> Leg {
    Leg {
        id: "leg-2".into(),
        party: Party { kind: PartyKind::Agent, name: String::new(), number: None },
        state: LegState::Connected,
        consult,
        destination: Some(to.clone()),
    }
}

fn consulting(to: &Destination) -> Interaction {
    let mut interaction = talking("i1");
    interaction.conversation = Conversation::Held;
    interaction.legs.push(leg(to, true));
    interaction
}

#[test]
fn evt_13_a_cold_transfer_says_where_the_agent_sent_the_call() {
    let number = PhoneNumber::parse("+15550150").unwrap();
    for (to, kind, context, hidden) in [
        (Destination::Agent("agent2".into()), "transferToUser", json!("agent2"), false),
        (Destination::Queue("q1".into()), "transferToQueue", json!("201"), false),
        (Destination::Ivr("main".into()), "transferToIVR", json!("main"), false),
        (Destination::Number(number), "transferToPhone", json!("+15550150"), true),
    ] {
        let mut world = World::in_call();
        world.ask(Ask::Transfer { interaction: None, to });
        assert_eq!(world.names(), ["interactionTransferred", "interactionDisconnected"]);
        let told = world.event("interactionTransferred");
        assert_eq!(
            told.payload,
            json!({
                "interactionId": "i1", "transferType": kind, "transferContextId": context,
                "channelType": "VOICE",
                "channelDetails": {
                    "callId": "i1", "crtObjectId": null, "memberCrtObjectId": "ses-agent1-1",
                },
                "campaignId": 101,
            })
        );
        assert_eq!(told.discreet.unwrap()["transferContextId"].is_null(), hidden);
    }
}

#[test]
fn evt_13_a_warm_transfer_says_who_was_consulted() {
    let mut world = World::in_call();
    world.learn(consulting(&Destination::Agent("agent2".into())));
    world.ask(Ask::Complete { interaction: None });
    let told = world.event("interactionTransferred").payload;
    assert_eq!(told["transferType"], json!("transferToUser"));
    assert_eq!(told["transferContextId"], json!("agent2"));
    assert_eq!(told["channelDetails"]["crtObjectId"], json!("leg-2"));
}

#[test]
fn evt_13_a_customer_who_hangs_up_was_not_transferred() {
    let mut world = World::in_call();
    world.learn(consulting(&Destination::Agent("agent2".into())));
    let over = world.over(&"i1".into(), Cause::CustomerHungUp);
    world.input(over);
    assert_eq!(world.names(), ["interactionDisconnected"]);
}

#[test]
fn evt_14_a_conference_says_who_was_added_once() {
    let number = PhoneNumber::parse("+15550150").unwrap();
    for (to, kind, context) in [
        (Destination::Number(number), "conferToPhone", json!("+15550150")),
        (Destination::Agent("agent2".into()), "conferToUser", json!("agent2")),
        (Destination::Ivr("main".into()), "conferToIVR", json!("main")),
    ] {
        let mut world = World::in_call();
        world.learn(consulting(&to));
        assert_eq!(world.names(), Vec::<&str>::new(), "a consultation is no conference");
        let mut together = talking("i1");
        together.conference = true;
        together.legs.push(leg(&to, false));
        world.learn(together.clone());
        assert_eq!(
            world.event("interactionConferred").payload,
            json!({
                "interactionId": "i1", "conferredType": kind, "status": "initialized",
                "conferredContextId": context, "channelType": "VOICE",
                "channelDetails": {
                    "callId": "i1", "crtObjectId": "leg-2", "memberCrtObjectId": "ses-agent1-1",
                },
                "campaignId": 101,
            })
        );
        together.recording = true;
        world.learn(together);
        assert_eq!(world.events("interactionConferred").len(), 1);
    }
}
