//! Salesforce as a connector, against a server of ours that speaks its REST API: the
//! paths, payloads and errors of the REST API Developer Guide.

use crate::desk::Desk;
use crate::world::World;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use omnibar_center::connect_salesforce;
use omnibar_center::store::{ConnectorSecrets, Store};
use omnibar_model::Secret;
use omnibar_protocol::{Code, Command, FromCentre, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::watch;
use uuid::Uuid;

#[derive(Default)]
pub struct Seen {
    /// Access tokens that were given; the last one is good.
    pub tokens: usize,
    pub refreshed_with: Vec<String>,
    queries: Vec<String>,
    written: Vec<(String, Value)>,
    /// What requests to the API answer instead.
    pub instead: Option<(u16, Value)>,
    /// OAuth says no.
    pub shut: bool,
}

#[derive(Clone)]
pub struct Org {
    seen: Arc<Mutex<Seen>>,
    /// Requests wait until it is true.
    open: watch::Sender<bool>,
}

type Answer = Result<Json<Value>, Response>;

impl Org {
    pub async fn start() -> (Self, String) {
        let org = Self { seen: Arc::default(), open: watch::channel(true).0 };
        let app = Router::new()
            .route("/services/oauth2/token", post(token))
            .route("/services/data/", get(versions))
            .route("/services/data/v62.0/query", get(query))
            .route("/services/data/v62.0/query/{next}", get(more))
            .route("/services/data/v62.0/sobjects/{object}/describe", get(describe))
            .route("/services/data/v62.0/sobjects/{object}", post(create))
            .route("/services/data/v62.0/sobjects/{object}/{id}", patch(update))
            .with_state(org.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (org, url)
    }

    pub fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    async fn admit(&self, headers: &HeaderMap) -> Result<(), Response> {
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
        let seen = self.seen();
        let good = format!("Bearer access-{}", seen.tokens);
        if headers.get("authorization").is_none_or(|given| given != good.as_str()) {
            let error = json!([{"message": "Session expired or invalid",
                                "errorCode": "INVALID_SESSION_ID"}]);
            return Err((StatusCode::UNAUTHORIZED, Json(error)).into_response());
        }
        if let Some((status, body)) = &seen.instead {
            let status = StatusCode::from_u16(*status).unwrap();
            return Err((status, Json(body.clone())).into_response());
        }
        Ok(())
    }
}

async fn token(State(org): State<Org>, body: Bytes) -> Answer {
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let mut seen = org.seen();
    let right = form["grant_type"] == "refresh_token"
        && form["client_id"] == "the client"
        && form["client_secret"] == "client & secret";
    if seen.shut || !right {
        let error = json!({"error": "invalid_grant",
                           "error_description": "expired access/refresh token"});
        return Err((StatusCode::BAD_REQUEST, Json(error)).into_response());
    }
    seen.refreshed_with.push(form["refresh_token"].clone());
    seen.tokens += 1;
    let next = format!("refresh-{}", seen.tokens);
    // An instance that is not the domain: the token must not go there.
    Ok(Json(json!({
        "access_token": format!("access-{}", seen.tokens), "refresh_token": next,
        "instance_url": "http://127.0.0.1:1", "token_type": "Bearer", "scope": "api",
    })))
}

/// Says so to anybody.
async fn versions() -> Json<Value> {
    let version = |n: &str| json!({"label": "x", "url": "/services/data/v", "version": n});
    Json(json!([version("9.0"), version("61.0"), version("62.0")]))
}

async fn describe(
    State(org): State<Org>,
    headers: HeaderMap,
    Path(object): Path<String>,
) -> Answer {
    org.admit(&headers).await?;
    let field = |name: &str, label: &str, kind: &str, writable: bool, nillable: bool| {
        json!({"name": name, "label": label, "type": kind, "createable": writable,
               "updateable": writable, "nillable": nillable, "defaultedOnCreate": false,
               "filterable": kind != "textarea"})
    };
    let fields = match object.as_str() {
        "Contact" => vec![
            field("Id", "Contact ID", "id", false, false),
            field("FirstName", "First Name", "string", true, true),
            field("LastName", "Last Name", "string", true, false),
            field("Phone", "Business Phone", "phone", true, true),
            field("OtherPhone", "Other Phone", "phone", true, true),
            field("Secret__c", "Not asked for", "string", true, true),
        ],
        "Case" => vec![
            field("Id", "Case ID", "id", false, false),
            field("Subject", "Subject", "string", true, true),
            field("Description", "Description", "textarea", true, true),
        ],
        _ => {
            let error = json!([{"errorCode": "NOT_FOUND", "message": "no such resource"}]);
            return Err((StatusCode::NOT_FOUND, Json(error)).into_response());
        }
    };
    Ok(Json(json!({"name": object, "fields": fields})))
}

fn case(n: usize) -> Value {
    json!({"attributes": {"type": "Case", "url": "/x"}, "Id": format!("500dL000001oNE{n:04}"),
           "Subject": format!("Generator {n}"), "Description": null})
}

/// Two records a page, as if they were wide.
async fn query(
    State(org): State<Org>,
    headers: HeaderMap,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answer {
    org.admit(&headers).await?;
    org.seen().queries.push(asked["q"].clone());
    if asked["q"].contains("FROM Contact") {
        let jack = json!({"attributes": {}, "Id": "003dL000000Pun1QAC", "FirstName": "Jack",
                          "LastName": "Rogers", "Phone": "+1 555 0142", "OtherPhone": null});
        return Ok(Json(json!({"totalSize": 1, "done": true, "records": [jack]})));
    }
    Ok(Json(json!({"totalSize": 5, "done": false, "records": [case(1), case(2)],
                   "nextRecordsUrl": "/services/data/v62.0/query/01g-2"})))
}

async fn more(State(org): State<Org>, headers: HeaderMap, Path(next): Path<String>) -> Answer {
    org.admit(&headers).await?;
    match next.as_str() {
        "01g-2" => Ok(Json(json!({"totalSize": 5, "done": false, "records": [case(3), case(4)],
                                  "nextRecordsUrl": "/services/data/v62.0/query/01g-4"}))),
        _ => Ok(Json(json!({"totalSize": 5, "done": true, "records": [case(5)]}))),
    }
}

async fn create(
    State(org): State<Org>,
    headers: HeaderMap,
    Path(object): Path<String>,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), Response> {
    org.admit(&headers).await?;
    if body.get("Colour").is_some() {
        let error = json!([{"message": "No such column 'Colour' on sobject of type Case",
                            "errorCode": "INVALID_FIELD", "fields": ["Colour"]}]);
        return Err((StatusCode::BAD_REQUEST, Json(error)).into_response());
    }
    org.seen().written.push((object, body));
    let made = json!({"id": "500dL000001oNEhQAM", "success": true, "errors": []});
    Ok((StatusCode::CREATED, Json(made)))
}

async fn update(
    State(org): State<Org>,
    headers: HeaderMap,
    Path((object, id)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Result<StatusCode, Response> {
    org.admit(&headers).await?;
    if !id.starts_with("500dL") {
        let error = json!([{"errorCode": "NOT_FOUND", "message": "does not exist"}]);
        return Err((StatusCode::NOT_FOUND, Json(error)).into_response());
    }
    org.seen().written.push((format!("{object}/{id}"), body));
    Ok(StatusCode::NO_CONTENT)
}

/// A centre with this organisation as its connector 2, and an agent at it.
async fn connected() -> (Org, World, Desk, PathBuf) {
    let (org, url) = Org::start().await;
    let mut data = PathBuf::new();
    let world = World::with(|config| data.clone_from(&config.data)).await;
    let store = Store::open(&data).await.unwrap();
    let secrets = ConnectorSecrets {
        client_id: "the client".into(),
        client_secret: Secret::new("client & secret"),
        refresh_token: Secret::new("refresh-0"),
    };
    let settings = json!({"login": url});
    let number = connect_salesforce(&store, "Test org", &url, &settings, &secrets).await.unwrap();
    assert_eq!(number, 2);
    store.close().await;
    let (desk, _) = Desk::ready(&world.url(), "agent1").await;
    (org, world, desk, data)
}

#[tokio::test]
async fn records_are_listed_page_by_page_in_the_contracts_shape() {
    let (org, world, mut desk, _) = connected().await;
    let about = desk.get("crm", "/configuration").await;
    assert_eq!((&about["crm_connector_id"], &about["crm_type"]), (&json!(2), &json!("salesforce")));
    let text = about.to_string();
    assert!(!text.contains("client & secret") && !text.contains("refresh-"), "{text}");
    let objects = desk.get("crm", "/objects").await;
    assert_eq!(objects[0]["object_type"], "Case");
    assert_eq!(objects[0]["id"], 201);
    let contact = &objects[1]["objects_metadata"]["Contact"]["field_metadata"];
    let required: Vec<bool> = contact
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["is_required_in_object_creation"].as_bool().unwrap())
        .collect();
    assert_eq!(required, [false, false, true, false, false], "{contact}");

    let contacts = desk.get("crm", "/connectors/2/contacts/Contact").await;
    let wanted = json!([[
        {"field": "Id", "value": "003dL000000Pun1QAC", "type": "id"},
        {"field": "FirstName", "value": "Jack", "type": "string"},
        {"field": "LastName", "value": "Rogers", "type": "string"},
        {"field": "Phone", "value": "+1 555 0142", "type": "phone"},
        {"field": "OtherPhone", "value": null, "type": "phone"},
    ]]);
    assert_eq!(contacts, wanted);
    let cases = desk.get("crm", "/connectors/default/cases/201?limit=5&offset=40").await;
    let ids: Vec<&str> =
        cases.as_array().unwrap().iter().map(|c| c[0]["value"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5);
    assert_eq!(ids[4], "500dL000001oNE0005");
    let three = desk.get("crm", "/connectors/default/cases/Case?limit=3").await;
    assert_eq!(three.as_array().unwrap().len(), 3);
    let queries = org.seen().queries.clone();
    assert_eq!(
        queries,
        [
            "SELECT Id, FirstName, LastName, Phone, OtherPhone FROM Contact ORDER BY Id LIMIT 200",
            "SELECT Id, Subject, Description FROM Case ORDER BY Id LIMIT 5 OFFSET 40",
            "SELECT Id, Subject, Description FROM Case ORDER BY Id LIMIT 3",
        ]
    );
    assert_eq!(org.seen().tokens, 1, "one token serves all");
    world.centre.stop().await;
}

#[tokio::test]
async fn what_is_searched_for_stays_in_its_quotes() {
    let (org, world, mut desk, _) = connected().await;
    let text = "x%27%20OR%20Name%20LIKE%20%27%25"; // x' OR Name LIKE '%
    let path = format!("/connectors/2/search/Case?field=subject&search={text}&limit=2&offset=0");
    assert_eq!(desk.get("crm", &path).await.as_array().unwrap().len(), 2);
    let last = org.seen().queries.last().cloned().unwrap();
    let wanted = "SELECT Id, Subject, Description FROM Case WHERE \
                  Subject LIKE '%x\\' OR Name LIKE \\'\\%%' ORDER BY Id LIMIT 2";
    assert_eq!(last, wanted);
    let asked = org.seen().queries.len();
    for field in ["Description", "Secret__c", "Subject%20FROM%20User", ""] {
        let path = format!("/connectors/2/search/Case?field={field}&search=x");
        let (status, body) = desk.endpoint("crm", "GET", &path, Value::Null).await;
        assert_eq!(status, 400, "{field}: {body}");
    }
    let (status, _) = desk.endpoint("crm", "GET", "/connectors/2/contacts/User", Value::Null).await;
    assert_eq!(status, 404, "only objects of the settings");
    assert_eq!(org.seen().queries.len(), asked, "none of it has reached the CRM");
    world.centre.stop().await;
}

#[tokio::test]
async fn records_are_made_and_changed() {
    let (org, world, mut desk, _) = connected().await;
    let data = json!({"Subject": "It's \"new\"", "Description": null});
    let made = desk.endpoint("crm", "POST", "/connectors/2/records/Case", data.clone()).await;
    assert_eq!(made, (201, json!({"id": "500dL000001oNEhQAM", "success": true})));
    let path = "/connectors/2/records/Case/500dL000001oNEhQAM";
    let pairs = json!([{"field": "Subject", "value": "Closed", "type": "string"}]);
    assert_eq!(desk.endpoint("crm", "PUT", path, pairs).await.0, 200);
    let written = [
        ("Case".to_owned(), data),
        ("Case/500dL000001oNEhQAM".to_owned(), json!({"Subject": "Closed"})),
    ];
    assert_eq!(org.seen().written, written);
    for (method, path, data, status) in [
        ("POST", "/connectors/2/records/Case", json!({"Colour": "red"}), 422),
        ("POST", "/connectors/2/records/Case", json!({"Subject": {"deep": 1}}), 422),
        ("POST", "/connectors/2/records/Case", json!({"a b": 1}), 400),
        ("POST", "/connectors/2/records/Case", json!({}), 422),
        ("PUT", "/connectors/2/records/Case/003dL000000Pun1QAC", json!({"Subject": "x"}), 404),
        ("PUT", "/connectors/2/records/Case/..%2F..%2Flimits", json!({"Subject": "x"}), 404),
    ] {
        let (got, body) = desk.endpoint("crm", method, path, data).await;
        assert_eq!(got, status, "{method} {path}: {body}");
        let words = body["message"].as_str().unwrap();
        assert!(status != 422 || words.starts_with("The CRM refused it: "), "{words}");
    }
    assert_eq!(org.seen().written.len(), 2);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_and_the_next_refresh_token_kept() {
    let (org, world, mut desk, data) = connected().await;
    let list = "/connectors/2/contacts/Contact";
    desk.get("crm", list).await;
    // The organisation forgets the token.
    org.seen().tokens += 1;
    desk.get("crm", list).await;
    assert_eq!(org.seen().refreshed_with, ["refresh-0", "refresh-1"]);
    let store = Store::open(&data).await.unwrap();
    let kept = store.connector_secrets(2).await.unwrap().unwrap();
    assert_eq!(kept.refresh_token.expose(), "refresh-3");
    assert!(!format!("{kept:?}").contains("refresh-"), "secrets are not printed");
    store.close().await;

    org.seen().tokens += 1;
    org.seen().shut = true;
    let (status, body) = desk.endpoint("crm", "GET", list, Value::Null).await;
    assert_eq!(status, 502);
    let words = body["message"].as_str().unwrap();
    assert!(words.contains("expired access/refresh token") && words.contains("administrator"));
    world.centre.stop().await;
}

#[tokio::test]
async fn a_crm_that_fails_is_told_in_words() {
    let (org, world, mut desk, _) = connected().await;
    let list = "/connectors/2/contacts/Contact";
    desk.get("crm", list).await;
    let busy = json!([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests"}]);
    for (instead, status, words) in [
        ((403, busy), 429, "too many requests"),
        ((503, json!("<html>")), 502, "HTTP 503"),
        ((200, json!({"records": "none"})), 502, "could not be read"),
        ((302, json!(null)), 502, "HTTP 302"),
    ] {
        org.seen().instead = Some(instead);
        let (got, body) = desk.endpoint("crm", "GET", list, Value::Null).await;
        assert_eq!(got, status, "{body}");
        assert!(body["message"].as_str().unwrap().contains(words), "{body}");
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn a_slow_crm_holds_up_nothing_else_and_only_so_many_wait_for_it() {
    let (org, world, mut desk, _) = connected().await;
    org.open.send_replace(false);
    let waits = Command::EndpointCall {
        service: "crm".into(),
        method: "GET".into(),
        path: "/connectors/2/contacts/Contact".into(),
        query: BTreeMap::new(),
        body: Value::Null,
    };
    let ids: Vec<Uuid> = (0..17).map(|_| Uuid::new_v4()).collect();
    for id in &ids {
        desk.send(&Request { id: *id, command: waits.clone() }.to_text()).await;
    }
    let mut refused = 0;
    while refused == 0 {
        match desk.receive().await.unwrap() {
            FromCentre::Response(answer) => {
                assert_eq!(answer.id, ids.last().copied());
                let error = answer.result.expect_err("the seventeenth is too many");
                assert_eq!(Code::from(error.code), Code::TooMany);
                refused += 1;
            }
            FromCentre::Notification(_) => {}
        }
    }
    // Calls go on meanwhile.
    desk.ask_quietly(Command::Search { text: "nora".into() }).await;
    org.open.send_replace(true);
    let mut answered = 0;
    while answered < 16 {
        if let FromCentre::Response(answer) = desk.receive().await.unwrap() {
            assert_eq!(answer.result.unwrap()["status"], 200);
            answered += 1;
        }
    }
    assert_eq!(org.seen().tokens, 1, "sixteen who come at once get one token");
    world.centre.stop().await;
}

impl Desk {
    /// Asks where notifications may be passed over.
    async fn ask_quietly(&mut self, command: Command) -> Value {
        let id = Uuid::new_v4();
        self.send(&Request { id, command }.to_text()).await;
        loop {
            match self.receive().await.unwrap() {
                FromCentre::Response(answer) if answer.id == Some(id) => {
                    return answer.result.unwrap();
                }
                FromCentre::Response(_) | FromCentre::Notification(_) => {}
            }
        }
    }
}

#[tokio::test]
async fn a_connector_that_could_leak_is_not_added() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).await.unwrap();
    let secrets = ConnectorSecrets {
        client_id: "the client".into(),
        client_secret: Secret::default(),
        refresh_token: Secret::new("refresh-0"),
    };
    let https = "https://example.my.salesforce.com";
    for (domain, settings) in [
        ("http://example.my.salesforce.com", json!({})),
        ("https://user:password@example.my.salesforce.com", json!({})),
        ("https://example.my.salesforce.com/path", json!({})),
        ("file:///etc/passwd", json!({})),
        ("not an address", json!({})),
        (https, json!({"login": "http://login.example"})),
        (https, json!({"api_version": "62/../.."})),
        (https, json!({"objects": {"Case": ["Id, (SELECT Id FROM Contacts)"]}})),
        (https, json!({"colour": 1})),
    ] {
        let added = connect_salesforce(&store, "x", domain, &settings, &secrets).await;
        let words = added.expect_err(domain);
        assert!(!words.is_empty(), "{domain}");
    }
    let added = connect_salesforce(&store, "x", &format!("{https}/"), &json!({}), &secrets).await;
    assert_eq!(added, Ok(2));
    let rows = store.connectors().await.unwrap();
    assert_eq!(rows[1].domain, https);
    assert!(store.remove_connector(2).await.unwrap());
    assert!(!store.remove_connector(1).await.unwrap(), "the directory stays");
    assert_eq!(store.connector_secrets(2).await.unwrap(), None, "its secrets go with it");
    store.close().await;
}
