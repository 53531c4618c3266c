//! The table of names against a copy of the contract's.

use crate::world::*;
use omnibar_contract::{Rights, SdkErrorType};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(crate) struct Contract {
    pub(crate) apis: Vec<Api>,
    pub(crate) events: Vec<Event>,
}

#[derive(Deserialize)]
pub(crate) struct Api {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    required: Vec<String>,
    pub(crate) errors: Vec<SdkErrorType>,
}

#[derive(Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

pub(crate) fn contract() -> Contract {
    serde_json::from_str(include_str!("contract.json")).unwrap()
}

#[test]
fn every_api_is_known_by_its_id_its_name_and_its_aliases() {
    let contract = contract();
    let table: Vec<_> = omnibar_dock::omni::rights_of().map(|(id, name, _)| (id, name)).collect();
    let wanted: Vec<_> = contract.apis.iter().map(|a| (a.id.as_str(), a.name.as_str())).collect();
    assert_eq!(table, wanted);
    let mut world = World::available();
    for api in &contract.apis {
        for name in api.aliases.iter().chain([&api.name]) {
            let told = world.call(name, &[]);
            let is_unknown =
                matches!(&told, Some(Err(e)) if e.description.contains("is not a call"));
            assert!(!is_unknown, "{name}");
        }
    }
    let error = world.error("interaction.answerTheDoor", &[]);
    assert_eq!(error.error_type, SdkErrorType::DataNotFound);
    assert!(error.description.contains("is not a call of this SDK"));
}

#[test]
fn what_is_required_is_missed_by_name() {
    for api in contract().apis {
        // An empty `appId` lists every app: so says its note.
        let Some(first) = api.required.first().filter(|_| api.id != "API-44") else { continue };
        // Only apps send data to the CRM.
        let page = if api.id == "API-27" { APP } else { CRM };
        let error = |arguments: &[Value]| {
            World::in_call().call_as(page, ALL, &api.name, arguments).unwrap().unwrap_err()
        };
        let missed = error(&[]);
        assert_eq!(missed.error_type, SdkErrorType::RequiredFieldMissing, "{}", api.name);
        assert_eq!(missed.error_code, 2001);
        assert_eq!(missed.description, format!("{first} is required"), "{}", api.name);
        // Any data is data.
        if !matches!(api.id.as_str(), "API-27" | "API-28") {
            let missed = error(&[json!({"nothing": "known"})]);
            assert_eq!(missed.error_type, SdkErrorType::RequiredFieldMissing, "{}", api.name);
        }
    }
}

#[test]
fn every_right_is_asked_for_and_named() {
    for (id, name, needs) in omnibar_dock::omni::rights_of() {
        for right in needs {
            let words = right.to_string();
            let mut rights = ALL;
            match words.as_str() {
                "see what happens" => rights.events = false,
                "control calls" => rights.control = false,
                "read customers' data" => rights.customers = false,
                "dial" => rights.dial = false,
                other => panic!("{other}"),
            }
            let told = World::in_call().call_as(CRM, rights, name, &[]).unwrap();
            let error = told.expect_err(name);
            assert_eq!(error.error_type, SdkErrorType::InvalidOrigin, "{id}");
            assert_eq!(error.error_code, 1003);
            assert!(error.description.contains(&format!("may not {words}")), "{error:?}");
            assert!(error.description.contains(ORIGIN) && error.description.contains(name));
        }
    }
}

#[test]
fn a_page_without_rights_can_do_nothing_to_calls_and_reads_no_customer() {
    let harmless = [
        "initialize",
        "setBaseUrl",
        "getBaseUrl",
        "onLoadHandler",
        "crm.sendDataToCRM",
        "crm.sendDataToApp",
        "store.get",
        "store.set",
        "store.delete",
        "appInstance.sendDataToApp",
    ];
    let free: Vec<_> = omnibar_dock::omni::rights_of()
        .filter(|(_, _, needs)| needs.is_empty())
        .map(|(_, name, _)| name)
        .collect();
    assert_eq!(free, harmless);
    let mut world = World::in_call();
    let end = [json!("voice"), json!("i1"), json!(1345)];
    let told = world.call_as(CRM, Rights::default(), "interaction.disposeInteraction", &end);
    assert!(matches!(told, Some(Err(_))));
    assert_eq!(world.orders.len(), 1, "only the choice at sign-in");
}

#[test]
fn errors_are_of_the_kinds_that_the_contract_gives_each_api() {
    let junk: Vec<Vec<Value>> = vec![
        vec![],
        vec![json!(null); 8],
        vec![json!(""); 8],
        vec![json!("x"); 8],
        vec![json!(7); 8],
        vec![json!([]); 8],
        vec![json!({}); 8],
        vec![json!("voice"), json!({"phone": "x"}), json!(101)],
        vec![json!("chat"), json!({"phone": "+15550101"}), json!(101)],
        vec![json!("voice"), json!({"phone": "+15550101"}), json!(9)],
    ];
    for make in [World::new, World::in_call] {
        for api in contract().apis {
            for arguments in &junk {
                let mut world = make();
                let Some(Err(error)) = world.call(&api.name, arguments) else { continue };
                assert!(api.errors.contains(&error.error_type), "{} {error:?}", api.name);
                assert_eq!(error.error_code, error.error_type.code());
                assert!(!error.description.is_empty());
            }
            // And of what the centre answers.
            for status in [400, 403, 404, 409, 500, 501, 504] {
                let mut world = make();
                world.call(&api.name, &vec![json!("i1"); 8]);
                if world.asks.len() == 1 {
                    world.centre_says(status, json!({"message": "No. Try something else."}));
                    let error = world.answer().unwrap_err();
                    assert!(api.errors.contains(&error.error_type), "{} {error:?}", api.name);
                    assert_eq!(error.description, "No. Try something else.");
                }
            }
        }
    }
}

#[test]
fn arguments_are_positional_or_one_object_with_their_names() {
    let positional = [json!("voice"), json!({"phone": "+15550102"}), json!(102)];
    let named = json!({
        "campaignId": "102", "channelType": "VOICE", "channelDetails": {"phone": 15_550_102},
    });
    for arguments in [&positional[..], &[named]] {
        let mut world = World::available();
        assert_eq!(world.call("interaction.initiateInteraction", arguments), None);
        assert!(world.answer().is_ok());
    }
    let mut world = World::new();
    for object in
        [json!({"callcontextId": 1, "phone": "1001"}), json!({"callContextId": "1", "phone": 1001})]
    {
        assert_eq!(world.value("ui.setExtensionInfo", &[object]), Value::Null);
        assert_eq!(world.shown().extension, Some("1001".into()));
    }
    for policy in ["authPolicy", "authenticationPolicy"] {
        let mut world = World::new();
        world.assigned.truncate(1);
        let named = json!({"username": "agent1", "password": "right", policy: "local"});
        assert_eq!(world.call("session.login", &[named]), None);
        assert_eq!(world.answer(), Ok(json!("Successfully Logged In")));
    }
    let record = json!({"recordId": "1", "recordType": "contact", "recordName": "Customer One"});
    for argument in [record.clone(), json!({"record": record})] {
        let mut world = World::new();
        world.value("crm.sendCurrentCRMRecordOpened", &[argument]);
        assert_eq!(world.shown().open.map(|r| r.record_id), Some("1".into()));
    }
}
