//! API-18 to API-26: records.

use crate::world::*;
use omnibar_contract::SdkErrorType;
use omnibar_softphone::EndpointCall;
use serde_json::{Value, json};

fn record(id: &str) -> Value {
    json!({"recordId": id, "recordType": "contact", "recordName": "Customer One"})
}

fn asked(call: &EndpointCall) -> (&str, &str, &str) {
    (&call.service, &call.method, &call.path)
}

#[test]
fn api_18_links_a_record_through_the_centre() {
    let mut world = World::in_call();
    let arguments =
        [json!("i1"), json!(7), json!("contact"), json!("Customer One"), json!({"a": 1})];
    assert_eq!(world.call("crm.setRecordInfoForInteraction", &arguments), None);
    let result = json!({"data": "{\"crtObjectId\":\"leg-of-i1\"}"});
    let call = world.centre_says(200, result.clone());
    assert_eq!(asked(&call), ("interaction-service", "PUT", "/interactions/i1/record"));
    let body = json!({
        "recordId": "7", "recordType": "contact", "recordName": "Customer One",
        "additionalInfo": {"a": 1},
    });
    assert_eq!(call.body, body);
    assert_eq!(world.answer(), Ok(result));
    let unknown = [json!("i9"), json!("7"), json!("contact"), json!("Customer One")];
    let error = world.error("crm.setRecordInfoForInteraction", &unknown);
    assert_eq!(error.error_type, SdkErrorType::DataNotFound);
    let long = [json!("i1"), json!("x".repeat(256)), json!("contact"), json!("Customer One")];
    let error = world.error("crm.setRecordInfoForInteraction", &long);
    assert!(error.description.contains("at most 255 characters"));
}

#[test]
fn api_19_records_are_shown_while_the_interaction_is_open() {
    let mut world = World::in_call();
    let records = json!([record("1"), record("2")]);
    world.value("crm.showMultipleRecordsForInteraction", &[json!("i1"), records]);
    let shown = world.shown().records;
    assert_eq!((shown[0].interaction.as_str(), shown[0].records.len()), ("i1", 2));
    let bad = [json!("i1"), json!([{"recordId": "1"}])];
    let error = world.error("crm.showMultipleRecordsForInteraction", &bad);
    assert_eq!(error.description, "recordType is required");
    let many = [json!("i1"), json!(vec![record("1"); 51])];
    assert!(world.call("crm.showMultipleRecordsForInteraction", &many).unwrap().is_err());
    let arguments = [json!("voice"), json!("i1"), json!(1345)];
    world.call("interaction.disposeInteraction", &arguments);
    assert!(world.shown().records.is_empty());
}

#[test]
fn api_20_records_of_a_previewed_number_are_shown() {
    let mut world = World::available();
    let arguments = [json!("+1 555 0101"), json!([record("1")])];
    world.value("crm.showMultipleRecordsForPreview", &arguments);
    let preview = world.shown().preview.unwrap();
    assert_eq!(preview.phone, "+15550101");
    assert_eq!(preview.records.map(|r| r[0].record_id.clone()), Some("1".into()));
}

#[test]
fn api_21_the_open_record_is_shown_until_its_page_goes() {
    let mut world = World::available();
    world.value("crm.sendCurrentCRMRecordOpened", &[record("9")]);
    assert_eq!(world.shown().open.map(|r| r.record_name), Some("Customer One".into()));
    world.omni.closed(APP);
    assert!(world.shown().open.is_some());
    world.omni.closed(CRM);
    assert!(world.shown().open.is_none());
}

#[test]
fn api_22_to_26_ask_the_crm_s_connector() {
    let rows = json!([[{"field": "Id", "value": "1", "type": "id"}]]);
    let cases: [(&str, Value, (&str, &str)); 5] = [
        ("crm.getAllContacts", json!([23, "Contact"]), ("GET", "/connectors/23/contacts/Contact")),
        ("crm.getAllCases", json!(["23", "33"]), ("GET", "/connectors/23/cases/33")),
        (
            "crm.createCase",
            json!(["Case", {"Subject": "Lost key"}, "23"]),
            ("POST", "/connectors/23/records/Case"),
        ),
        (
            "crm.updateObject",
            json!(["Case", {"Subject": "Found key"}, "23", "500/../1"]),
            ("PUT", "/connectors/23/records/Case/500%2F..%2F1"),
        ),
        (
            "crm.searchCase",
            json!(["..", "Case", "key", "Subject", 10, 0]),
            ("GET", "/connectors/%2E%2E/search/Case"),
        ),
    ];
    for (api, arguments, (method, path)) in cases {
        let mut world = World::available();
        assert_eq!(world.call(api, arguments.as_array().unwrap()), None, "{api}");
        let call = world.centre_says(200, rows.clone());
        assert_eq!(asked(&call), ("crm", method, path));
        if method != "GET" {
            assert!(call.body["Subject"].is_string());
        }
        if api == "crm.searchCase" {
            let query: Vec<_> = call.query.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let wanted =
                [("field", "Subject"), ("limit", "10"), ("offset", "0"), ("search", "key")];
            assert_eq!(query, wanted);
        }
        assert_eq!(world.answer(), Ok(rows.clone()));
    }
    let mut world = World::available();
    let bad = [json!("Case"), json!("no fields"), json!("23")];
    assert!(world.error("crm.createCase", &bad).description.contains("the object's fields"));
    let negative = json!(["23", "Case", "key", "Subject", -1, 0]);
    assert!(world.call("crm.searchCase", negative.as_array().unwrap()).unwrap().is_err());
}
