//! The centre's own services, asked over an agent's session.

use crate::desk::{Desk, code};
use crate::world::World;
use omnibar_model::{InteractionId, PhoneNumber};
use omnibar_protocol::wire::{Conversation, EndpointAnswer};
use omnibar_protocol::{Code, Command};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

impl Desk {
    pub async fn endpoint(
        &mut self,
        service: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (u16, Value) {
        let call = Command::EndpointCall {
            service: service.into(),
            method: method.into(),
            path: path.into(),
            query: BTreeMap::new(),
            body,
        };
        let answer: EndpointAnswer = serde_json::from_value(self.ask(call).await.unwrap()).unwrap();
        (answer.status, answer.body)
    }

    pub async fn get(&mut self, service: &str, path: &str) -> Value {
        let (status, body) = self.endpoint(service, "GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Dials in a campaign; the far side has not answered.
    pub async fn dial(&mut self, campaign: &str, number: &str) -> InteractionId {
        let number = PhoneNumber::parse(number).unwrap();
        let dial = Command::Dial { campaign: campaign.into(), number };
        let dialled = self.ask(dial).await.unwrap();
        serde_json::from_value(dialled["interaction"].clone()).unwrap()
    }

    pub async fn end_and_dispose(&mut self, interaction: &InteractionId, code: &str) {
        self.ask(Command::End { interaction: interaction.clone() }).await.unwrap();
        let note = "done".to_owned();
        let (interaction, disposition) = (interaction.clone(), code.into());
        self.ask(Command::Dispose { interaction, disposition, note, callback: None })
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused_with_words() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    for (service, method, path, status) in [
        ("no-such-service", "GET", "/session", 404),
        ("appserver", "GET", "/no-such-path", 404),
        ("appserver", "GET", "/../interaction-service/interactions/live", 404),
        ("appserver", "POST", "/session", 405),
        ("appserver", "TRACE", "/session", 400),
        ("appserver", "GET", "session", 400),
        ("appserver", "GET", "/a path with spaces", 400),
        ("appserver", "GET", "/campaigns/many/dispositions", 400),
        ("appserver", "GET", "/campaigns/99/dispositions", 404),
        ("cms", "GET", "/campaigns/99", 404),
        ("interaction-service", "GET", "/interactions/current", 404),
        ("interaction-service", "GET", "/interactions/no-such", 404),
        ("interaction-service", "GET", "/interactions/history?limit=many", 400),
        ("data-engine", "GET", "/agent/today?since=yesterday", 400),
        ("customer-manager", "GET", "/customers/1", 404),
        ("customer-manager", "GET", "/customers/all", 404),
        ("crm", "GET", "/connectors/7/contacts/Contact", 404),
        ("crm", "GET", "/connectors/1/contacts/Invoice", 404),
        ("crm", "GET", "/connectors/1/contacts/Contact?limit=501", 400),
        ("callback-server", "GET", "/callbacks?from=yesterday", 400),
        ("callback-server", "GET", "/callbacks/none", 405),
        ("callback-server", "DELETE", "/callbacks/none", 404),
        ("callback-server", "POST", "/callbacks/none/dial", 404),
        ("cfs", "GET", "/files", 501),
        ("chat-service", "POST", "/chats", 405),
        ("chat-service", "GET", "/chats/none", 404),
        ("chat-service", "GET", "/chats/none/messages?limit=many", 400),
        ("chat-service", "POST", "/chats/none/messages", 400),
        ("chat-bosch-service", "GET", "/", 501),
    ] {
        let (got, body) = desk.endpoint(service, method, path, Value::Null).await;
        assert_eq!(got, status, "{service} {method} {path}: {body}");
        let words = body["message"].as_str().unwrap_or_default();
        assert!(words.ends_with('.') || status == 400, "{service} {path}: {words:?}");
        assert!(!words.is_empty(), "{service} {path}");
    }
    let long = format!("/campaigns?{}", "x".repeat(2000));
    assert_eq!(desk.endpoint("appserver", "GET", &long, Value::Null).await.0, 400);
    world.centre.stop().await;
}

#[tokio::test]
async fn nobody_asks_without_signing_in() {
    let world = World::start().await;
    let mut desk = Desk::connect(&world.url()).await;
    let call = Command::EndpointCall {
        service: "appserver".into(),
        method: "GET".into(),
        path: "/session".into(),
        query: BTreeMap::new(),
        body: Value::Null,
    };
    assert_eq!(code(desk.ask(call).await), Code::Unauthorised);
    world.centre.stop().await;
}

#[tokio::test]
async fn the_session_has_every_field_of_the_contract() {
    let world = World::start().await;
    let (mut desk, opened) = Desk::ready(&world.url(), "agent1").await;
    let session = desk.get("appserver", "/session").await;
    for field in [
        "userId",
        "userType",
        "terminalInfo",
        "userName",
        "breakStatuses",
        "readStatuses",
        "readyStatuses",
        "campaignInfos",
        "telephonyChannel",
        "knowledgeBaseURL",
        "pingInterval",
        "pingNotificationTimeout",
        "sessionTimeout",
        "commandTimeout",
        "maxPhoneLengthAllowed",
        "transferConfiguration",
        "conferConfiguration",
        "maxNumberOfCharactersToDisplayInCampaign",
        "preContextId",
        "prePhone",
        "maskedPrivileges",
        "defaultReady",
        "addCustomerToDial",
        "dialPhoneEnable",
        "allowInternalChat",
        "allowLocalIVR",
        "allowSuccessiveCalls",
        "overrideSelfCallBack",
        "shouldHoldBeforeConfer",
        "shouldUnholdBeforeTransfer",
        "holdAllOnConferEnable",
        "shouldAllowTransferToAssignedCampaignsOnly",
        "shouldDisableOnVrDown",
        "allowScreenRecord",
        "autoSelectSingleAssignedCampaign",
        "webUrl",
        "campaignMaskedPrivilegeMap",
        "viewPrivileges",
        "loginProperties",
        "preferences",
        "srsIp",
        "srsPort",
        "agentBreakTimeThreshold",
    ] {
        assert!(session.get(field).is_some(), "{field}");
    }
    assert_eq!(session["userId"], "agent1");
    assert_eq!(session["userName"], "Ada Palmer");
    assert_eq!(session["breakStatuses"], json!(["Not ready", "Tea", "Lunch", "Training"]));
    assert_eq!(session["pingInterval"], opened.heartbeat_ms);
    assert_eq!(session["sessionTimeout"], opened.session_ttl_ms);
    assert_eq!(session["maskedPrivileges"], json!([]));
    let infos = session["campaignInfos"].as_array().unwrap();
    assert_eq!(infos.len(), 3);
    let support = infos.iter().find(|c| c["campaignId"] == 101).unwrap();
    assert_eq!(
        (&support["campaignName"], &support["acwConnected"]),
        (&json!("Support"), &json!(120))
    );
    assert_eq!(support["campaignTPVBean"]["campaignId"], 101);

    let campaigns = desk.get("appserver", "/campaigns").await;
    let first = json!({"campaignId": 103, "campaignName": "Outreach",
                       "campaignType": "Interactive Voice", "processId": 1});
    assert!(campaigns.as_array().unwrap().contains(&first), "{campaigns}");
    let classes = desk.get("appserver", "/campaigns/101/dispositions").await;
    assert_eq!(classes[0]["className"], "Resolved");
    assert_eq!(classes[0]["dispositionCodeBean"][0]["dispositionCodeId"], 1010);
    assert_eq!(desk.get("appserver", "/primary-column").await, "id");
    assert_eq!(desk.get("appserver", "/searchables").await["searchables"][1], "name");
    assert_eq!(desk.get("appserver", "/user").await["userType"], "Executive");
    let support = desk.get("cms", "/campaigns/101").await;
    assert_eq!(support["direction"], "inbound");
    assert_eq!((&support["recorded"], &support["numbersMasked"]), (&json!(true), &json!(false)));
    assert_eq!(support["queues"].as_array().unwrap().len(), 2);
    assert_eq!(desk.get("cms", "/queues").await.as_array().unwrap().len(), 3);
    assert_eq!(desk.get("cms", "/breaks").await[1]["name"], "Tea");
    world.centre.stop().await;
}

#[tokio::test]
async fn customers_are_kept_changed_and_found() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let all = desk.get("customer-manager", "/customers").await;
    assert_eq!(all["total"], 12);
    let nora = desk.get("customer-manager", "/customers?phone=%2B15550101").await;
    assert_eq!(nora["customers"][0]["name"], "Nora Winter");
    assert_eq!(nora["customers"][0]["id"], 100_000);
    let without_plus = desk.get("customer-manager", "/customers?phone=15550101").await;
    assert_eq!(without_plus, nora);

    let new = json!({"name": " Customer1 ", "phone": "+1 555 0199", "fields": {"tier": "gold"}});
    let (status, made) = desk.endpoint("customer-manager", "POST", "/customers", new.clone()).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!((&made["name"], &made["phone"]), (&json!("Customer1"), &json!("+15550199")));
    let (status, refused) = desk.endpoint("customer-manager", "POST", "/customers", new).await;
    assert_eq!(status, 409, "{refused}");

    let path = format!("/customers/{}", made["id"]);
    let change = json!({"email": "customer1@customers.example", "phone": ""});
    let (status, changed) = desk.endpoint("customer-manager", "PUT", &path, change).await;
    assert_eq!((status, &changed["phone"]), (200, &Value::Null));
    assert_eq!(changed["fields"]["tier"], "gold", "what is not given stays");
    assert_eq!(desk.get("customer-manager", &path).await, changed);
    let found = desk.get("customer-manager", "/customers?search=CUSTOMER1%40&limit=5").await;
    assert_eq!((&found["total"], &found["customers"][0]), (&json!(1), &changed));
    let none = desk.get("customer-manager", "/customers?search=%25").await;
    assert_eq!(none["total"], 0, "a wildcard is a character");
    let page = desk.get("customer-manager", "/customers?limit=5&offset=10").await;
    assert_eq!(page["customers"].as_array().unwrap().len(), 3);

    for wrong in [
        json!({"name": ""}),
        json!({"phone": "+15550198"}),
        json!({"name": "x", "phone": "call me"}),
        json!({"name": "x\ny"}),
        json!({"name": "x", "unknown": 1}),
        json!([]),
        json!({"name": "x".repeat(300)}),
    ] {
        let (status, body) =
            desk.endpoint("customer-manager", "POST", "/customers", wrong.clone()).await;
        assert!((400..=422).contains(&status), "{wrong}: {status} {body}");
        assert!(body["message"].is_string(), "{wrong}: {body}");
    }
    assert_eq!(desk.endpoint("customer-manager", "DELETE", &path, Value::Null).await.0, 200);
    assert_eq!(desk.endpoint("customer-manager", "GET", &path, Value::Null).await.0, 404);
    world.centre.stop().await;
}

#[tokio::test]
async fn an_interaction_is_told_from_dialling_to_history() {
    let world = World::start().await;
    let (mut desk, opened) = Desk::ready(&world.url(), "agent1").await;
    assert_eq!(desk.get("interaction-service", "/interactions/live").await, json!([]));
    let id = desk.dial("outreach", "+1 555 0101").await;
    let ringing = desk.interaction("ringing", |i| i.id == id).await;
    assert_eq!((ringing.customer_id, ringing.owner), (Some(100_000), true));
    assert_eq!(ringing.customer.name, "Nora Winter");

    let live = desk.get("interaction-service", "/interactions/live").await;
    let data = &live[0]["data"];
    assert_eq!((&live[0]["http_code"], &live[0]["error_data"]), (&json!(200), &Value::Null));
    for (field, wanted) in [
        ("id", json!(id)),
        ("customer_id", json!(100_000)),
        ("customer_phone", json!("+15550101")),
        ("last_assigned_user_id", json!("agent1")),
        ("last_campaign_id", json!(103)),
        ("last_campaign_name", json!("Outreach")),
        ("last_queue_id", json!(0)),
        ("interaction_media_id", json!(id)),
        ("channel_name", json!("VOICE")),
        ("direction", json!("OUTGOING")),
        ("status", json!("OPEN")),
        ("date_disposed", Value::Null),
        ("linked_objects", json!([])),
        ("linked_connector_id", json!(1)),
    ] {
        assert_eq!(data[field], wanted, "{field}");
    }
    assert_eq!(data["additional_info"]["VOICE_CUSTOMER_CRT_OBJECT_ID"], json!(ringing.legs[0].id));
    assert!(data["date_added"].as_str().unwrap().ends_with("+00:00"));
    let current = desk.get("interaction-service", "/interactions/current").await;
    assert_eq!(current, live[0]);
    assert_eq!(desk.get("interaction-service", "/interactions/current/owned").await, true);

    let (path, record) = (
        format!("/interactions/{id}/record"),
        json!({"recordId": "1", "recordType": "contact", "recordName": "Nora Winter",
               "additionalInfo": {"tier": 1}}),
    );
    let (status, linked) = desk.endpoint("interaction-service", "PUT", &path, record.clone()).await;
    assert_eq!(status, 200, "{linked}");
    let inside: Value = serde_json::from_str(linked["data"].as_str().unwrap()).unwrap();
    assert_eq!(inside["info"], record);
    assert_eq!(inside["campaignContextId"], 103);
    assert_eq!(inside["actionType"], "Add or Update");
    assert_eq!(inside["crtObjectId"], json!(ringing.legs[0].id));
    let told = desk.interaction("linked", |i| i.record.is_some()).await;
    assert_eq!(told.record.unwrap().record_id, "1");

    // Somebody else's interaction is not there for others.
    let (mut other, _) = Desk::ready(&world.url(), "agent2").await;
    assert_eq!(other.endpoint("interaction-service", "PUT", &path, record.clone()).await.0, 404);
    let theirs = format!("/interactions/{id}");
    let refused = other.endpoint("interaction-service", "GET", &theirs, Value::Null).await;
    assert_eq!(refused.0, 404);
    for wrong in [
        json!({"recordId": "1"}),
        json!({"recordId": "", "recordType": "a",
        "recordName": "b"}),
        json!({"recordId": "1", "recordType": "a", "recordName": "b",
        "additionalInfo": "x".repeat(20_000)}),
        Value::Null,
    ] {
        let got = desk.endpoint("interaction-service", "PUT", &path, wrong.clone()).await.0;
        assert!((400..=422).contains(&got), "{got} {wrong}");
    }
    // A customer of a call is not taken away under it.
    let nora = desk.endpoint("customer-manager", "DELETE", "/customers/100000", Value::Null).await;
    assert_eq!(nora.0, 409);

    // Taken away, and linked again.
    assert_eq!(desk.endpoint("interaction-service", "DELETE", &path, Value::Null).await.0, 200);
    desk.interaction("unlinked", |i| i.record.is_none()).await;
    assert_eq!(desk.endpoint("interaction-service", "PUT", &path, record).await.0, 200);

    desk.end_and_dispose(&id, "no_answer").await;
    desk.interaction("disposed", |i| i.conversation == Conversation::Ended).await;
    let history = desk.get("interaction-service", "/interactions/history?limit=1").await;
    let closed = &history["interactions"][0];
    assert_eq!((&closed["id"], &closed["status"]), (&json!(id), &json!("CLOSED")));
    assert_eq!(closed["last_disposition"], "No answer");
    assert_eq!(closed["linked_objects"][0]["recordName"], "Nora Winter");
    assert_eq!(closed["linked_objects"][0]["additionalInfo"]["tier"], 1);
    assert_eq!(closed["customer_id"], 100_000);
    assert!(closed["date_disposed"].is_string());
    assert_eq!(history["next"], json!(id));
    let rest = format!("/interactions/history?before={id}");
    assert_eq!(desk.get("interaction-service", &rest).await["interactions"], json!([]));
    let one = desk.get("interaction-service", &format!("/interactions/{id}")).await;
    assert_eq!(&one["data"], closed);
    let today = desk.get("data-engine", "/agent/today").await;
    for (field, wanted) in [("interactions", 1), ("outbound", 1), ("inbound", 0), ("connected", 0)]
    {
        assert_eq!(today[field], wanted, "{field} of {today}");
    }
    assert_eq!(today["dispositions"], json!([{"name": "No answer", "count": 1}]));
    assert!(opened.handle.starts_with("ses-agent1-"));
    world.centre.stop().await;
}

#[tokio::test]
async fn the_directory_is_a_crm() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let about = desk.get("crm", "/configuration").await;
    assert_eq!((&about["crm_connector_id"], &about["crm_type"]), (&json!(1), &json!("directory")));
    let objects = desk.get("crm", "/objects").await;
    assert_eq!(objects[1]["object_type"], "Case");
    let metadata = &objects[1]["objects_metadata"]["Case"]["field_metadata"];
    assert_eq!(metadata[1]["field_name"], "Subject");
    assert_eq!(metadata[1]["is_required_in_object_creation"], true);
    assert_eq!(metadata[2]["field_type"], "textarea");

    let contacts = desk.get("crm", "/connectors/1/contacts/Contact?limit=2").await;
    assert_eq!(contacts.as_array().unwrap().len(), 2);
    assert_eq!(contacts[0][0], json!({"field": "Id", "value": "100000", "type": "id"}));
    assert_eq!(contacts[0][2], json!({"field": "Phone", "value": "+15550101", "type": "phone"}));
    let by_number = format!("/connectors/default/cases/{}", objects[1]["id"]);
    let cases = desk.get("crm", &by_number).await;
    assert_eq!(cases.as_array().unwrap().len(), 6);

    let data = json!({"Subject": "100% lost", "ContactId": "100000"});
    let (status, made) = desk.endpoint("crm", "POST", "/connectors/1/records/Case", data).await;
    assert_eq!((status, &made["success"]), (201, &json!(true)), "{made}");
    let path = format!("/connectors/1/records/case/{}", made["id"].as_str().unwrap());
    let pairs = json!([{"field": "Status", "value": "Closed", "type": "picklist"}]);
    assert_eq!(desk.endpoint("crm", "PUT", &path, pairs).await.0, 200);
    let search = "/connectors/1/search/Case?field=Subject&search=0%25%20LOST&limit=5&offset=0";
    let found = desk.get("crm", search).await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(found[0][3], json!({"field": "Status", "value": "Closed", "type": "picklist"}));
    assert_eq!(desk.get("crm", "/connectors/1/search/Case?field=Id&search=7").await, json!([]));

    for (method, path, data, status) in [
        ("POST", "/connectors/1/records/Case", json!({"Description": "no subject"}), 422),
        ("POST", "/connectors/1/records/Case", json!({"Subject": "x", "ContactId": "5"}), 422),
        ("POST", "/connectors/1/records/Case", json!({"Subject": "x", "Id": "5"}), 422),
        ("POST", "/connectors/1/records/Case", json!({"Subject": "x", "Colour": "5"}), 400),
        ("POST", "/connectors/1/records/Contact", json!({"Name": "x", "Phone": "+15550101"}), 422),
        ("POST", "/connectors/1/records/Case", json!("Subject"), 400),
        ("PUT", "/connectors/1/records/Case/1", json!({"Subject": "x"}), 404),
        ("GET", "/connectors/1/search/Case?field=Colour&search=x", Value::Null, 400),
    ] {
        let (got, body) = desk.endpoint("crm", method, path, data).await;
        assert_eq!(got, status, "{method} {path}: {body}");
        assert!(body["message"].is_string(), "{body}");
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn who_calls_is_known_by_the_number() {
    let world = World::with(|c| c.demo_pace = Duration::from_millis(10)).await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let offer = desk.offered().await;
    let known = offer.customer_id.expect("the demo's customers are in the directory");
    let path = format!("/customers/{known}");
    let customer = desk.get("customer-manager", &path).await;
    assert_eq!(customer["phone"], json!(offer.customer.number));
    assert_eq!(customer["name"], json!(offer.customer.name));
    let envelope = desk.get("interaction-service", "/interactions/current").await;
    assert_eq!(envelope["data"]["direction"], "INCOMING");
    assert_eq!(envelope["data"]["customer_id"], known);
    assert_ne!(envelope["data"]["last_queue_id"], 0);
    world.centre.stop().await;
}
