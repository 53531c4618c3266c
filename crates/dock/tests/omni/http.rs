//! API-29 to API-35: configuration, and calls of services.

use crate::world::*;
use omnibar_contract::{Rights, SdkErrorType};
use serde_json::{Value, json};

const ECC: &str = "http.invokeECCAPI";
const OUTSIDE: &str = "http.invokeThirdPartyAPI";
const EVENTS: Rights = Rights { events: true, control: false, customers: false, dial: false };

#[test]
fn api_29_lists_the_codes_of_a_campaign_in_two_levels() {
    let mut world = World::available();
    assert_eq!(
        world.value("configuration.getDispositionCodesWithDispositionClass", &[json!(101)])[0],
        json!({
            "classId": 588, "className": "Status",
            "dispositionCodeBean": [
                {"dispositionCodeId": 1344, "dispositionCodeName": "Open"},
                {"dispositionCodeId": 1345, "dispositionCodeName": "Closed"},
            ],
        })
    );
    let api = "configuration.getDispositionCodesWithDispositionClass";
    assert_eq!(world.call(api, &[json!({"campaignId": 7})]), None);
    let call = world.centre_says(404, json!({"message": "There is no campaign of that number."}));
    assert_eq!(call.path, "/campaigns/7/dispositions");
    assert_eq!(world.answer().unwrap_err().error_type, SdkErrorType::DataNotFound);
}

#[test]
fn api_30_31_33_ask_the_centre_under_every_name() {
    for (api, service, path) in [
        ("getCrmObjectConfiguration", "crm", "/objects"),
        ("getOmniCrmObjectConfiguration", "crm", "/objects"),
        ("getObjectsInCrmObjectConfiguration", "crm", "/objects"),
        ("getObjectsCrmObjectConfiguration", "crm", "/objects"),
        ("getCrmConfiguration", "crm", "/configuration"),
        ("getOmniCrmConfiguration", "crm", "/configuration"),
        ("getObjectsInCrmConfiguration", "crm", "/configuration"),
        ("getPrimaryColumnName", "appserver", "/primary-column"),
    ] {
        let mut world = World::available();
        assert_eq!(world.call(&format!("configuration.{api}"), &[]), None);
        let call = world.centre_says(200, json!("id"));
        assert_eq!((call.service.as_str(), call.path.as_str()), (service, path));
        assert_eq!(world.answer(), Ok(json!("id")));
    }
}

#[test]
fn api_32_reads_the_number_that_is_typed_in_the_toolbar() {
    let mut world = World::available();
    let error = world.error("configuration.getPhoneNumberSearch", &[]);
    assert_eq!(error.error_type, SdkErrorType::DataNotFound);
    world.view.directory.text = "Ada".into();
    assert!(world.call("configuration.getPhoneNumberSearch", &[]).unwrap().is_err());
    world.view.directory.text = "+1 (555) 0101".into();
    for api in ["getPhoneNumberSearch", "getPhoneNumberSearched"] {
        assert_eq!(world.value(&format!("configuration.{api}"), &[]), json!("+15550101"));
    }
    let details = json!({"campaignId": 101, "appName": "", "phone": "+15550107", "name": ""});
    let arguments = [json!("voice"), json!(""), details];
    world.value("ui.populateChannelDetailsForNewInteraction", &arguments);
    let api = "configuration.getPhoneNumberSearch";
    assert_eq!(world.value(api, &[]), json!("+15550107"), "a page has filled it in");
    world.view.directory.text = "+15550108".into();
    assert_eq!(world.value(api, &[]), json!("+15550108"), "the agent has typed over it");
}

#[test]
fn api_34_reaches_the_contract_s_services_and_no_other() {
    let mut world = World::available();
    let arguments =
        [json!("AppServer"), json!("searchables?a=1"), json!("get"), json!({"b": 2, "c": [1]})];
    assert_eq!(world.call_as(CRM, EVENTS, ECC, &arguments), None);
    let told = json!({"searchables": ["id", "name", "phone"]});
    let call = world.centre_says(200, told.clone());
    let question = (call.service.as_str(), call.method.as_str(), call.path.as_str());
    assert_eq!(question, ("appserver", "GET", "/searchables"));
    let query: Vec<_> = call.query.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(query, [("a", "1"), ("b", "2"), ("c", "[1]")]);
    assert_eq!(world.answer(), Ok(told));
    for hidden in ["hub", "proxy", "crm", "../hub", ""] {
        let told = world.call(ECC, &[json!(hidden), json!("/ticket"), json!("post")]);
        assert!(matches!(told, Some(Err(_))), "{hidden}");
    }
    for path in ["../hub", "a/../b", "https://evil.example/", "a b", "a\\b", &"x".repeat(2000)] {
        let error = world.error(ECC, &[json!("cms"), json!(path), json!("get")]);
        assert_eq!(error.error_type, SdkErrorType::RequiredFieldMissing, "{path}");
    }
    let bad = world.error(ECC, &[json!("cms"), json!("/queues"), json!("trace")]);
    assert!(bad.description.starts_with("method must be"));
    assert!(world.asks.is_empty());
}

#[test]
fn api_34_wants_a_right_for_customers_and_one_for_changes() {
    let mut world = World::available();
    for (service, method, missing) in [
        ("customer-manager", "get", "read customers' data"),
        ("interaction-service", "get", "read customers' data"),
        ("appserver", "post", "control calls"),
    ] {
        let arguments = [json!(service), json!("/x"), json!(method)];
        let error = world.call_as(CRM, EVENTS, ECC, &arguments).unwrap().unwrap_err();
        assert_eq!(error.error_type, SdkErrorType::InvalidOrigin);
        assert!(error.description.contains(missing), "{error:?}");
    }
    let post = json!({
        "microservice": "customer-manager", "url": "/customers", "method": "POST",
        "data": {"name": "Customer Two"},
    });
    assert_eq!(world.call(ECC, &[post]), None);
    let call = world.centre_says(201, json!({"id": 1}));
    assert_eq!((call.method.as_str(), &call.body), ("POST", &json!({"name": "Customer Two"})));
}

#[test]
fn api_34_dials_a_callback_only_for_a_page_that_may_dial() {
    let mut world = World::available();
    let rights = Rights { events: true, control: true, customers: true, dial: false };
    let arguments = [json!("callback-server"), json!("/callbacks/c1/dial"), json!("post")];
    let error = world.call_as(CRM, rights, ECC, &arguments).unwrap().unwrap_err();
    assert_eq!(error.error_type, SdkErrorType::InvalidOrigin);
    assert!(error.description.contains("dial"), "{error:?}");
    assert_eq!(world.call_as(CRM, Rights { dial: true, ..rights }, ECC, &arguments), None);
    let call = world.centre_says(200, json!({"interactionId": "o1"}));
    assert_eq!(call.path, "/callbacks/c1/dial");
}

#[test]
fn api_35_goes_through_the_centre_s_proxy() {
    let mut world = World::available();
    let arguments = [
        json!("https://api.example/users"),
        json!("patch"),
        json!({"X-Key": "k", "X-Count": 2}),
        json!({"page": 2}),
        json!({"name": "Customer Two"}),
    ];
    assert_eq!(world.call(OUTSIDE, &arguments), None);
    let told = json!({"status": 200, "data": {"page": 2}, "statusText": ""});
    let call = world.centre_says(200, told.clone());
    assert_eq!((call.service.as_str(), call.path.as_str()), ("proxy", "/request"));
    assert_eq!(
        call.body,
        json!({
            "url": "https://api.example/users", "method": "PATCH",
            "headers": {"X-Key": "k", "X-Count": "2"}, "query": {"page": 2},
            "body": {"name": "Customer Two"}, "multipart": false,
        })
    );
    assert_eq!(world.answer(), Ok(told));
    assert_eq!(world.call(OUTSIDE, &[json!("https://intra.example/"), json!("get")]), None);
    world.centre_says(403, json!({"message": "Calls to intra.example are not allowed."}));
    assert_eq!(world.answer().unwrap_err().error_type, SdkErrorType::HttpError);
    let file = [json!("file:///etc/passwd"), json!("get")];
    assert_eq!(world.error(OUTSIDE, &file).error_code, 2001);
}

#[test]
fn api_35_a_form_is_sent_in_its_parts() {
    let mut world = World::available();
    let form = json!({"$form": [
        {"name": "tag", "value": "a"}, {"name": "tag", "value": "b"},
        {"name": "file", "filename": "note.txt", "type": "text/plain", "base64": "aGk="},
        {"value": "nameless"}, 7,
    ]});
    let call = json!({"url": "https://api.example/", "method": "post", "data": form});
    assert_eq!(world.call(OUTSIDE, &[call]), None);
    let call = world.centre_says(200, Value::Null);
    assert_eq!(call.body["multipart"], json!(true));
    assert_eq!(
        call.body["body"],
        json!({
            "tag": ["a", "b"],
            "file": [{"name": "note.txt", "type": "text/plain", "data": "aGk="}],
        })
    );
    let form = json!({"$form": [{"name": "name", "value": "Customer Two"}]});
    let arguments =
        [json!("customer-manager"), json!("/customers"), json!("post"), json!({}), form];
    assert_eq!(world.call(ECC, &arguments), None);
    assert_eq!(world.centre_says(201, Value::Null).body, json!({"name": "Customer Two"}));
}
