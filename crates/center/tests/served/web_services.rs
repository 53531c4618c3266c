//! A mini-CRM by web services (TB-09): GET, POST and PUSH, one way and two ways.

use crate::administration::endpoint;
use crate::desk::Desk;
use crate::web_client::Admin;
use crate::world::World;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use reqwest::Method;
use ring::hmac;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::watch;

const AUTHORIZATION: &str = "Basic b21uaWJhcjpzZWNyZXQ=";
const KEY: &str = "a key that signs";

#[derive(Clone)]
struct Crm {
    told: watch::Sender<Vec<(HeaderMap, String)>>,
    /// Answers to PUSH that are refusals yet.
    failing: Arc<Mutex<u32>>,
    written: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Crm {
    async fn start() -> (Self, String) {
        let crm = Self {
            told: watch::channel(Vec::new()).0,
            failing: Arc::default(),
            written: Arc::default(),
        };
        let app = Router::new()
            .route("/contacts", get(find))
            .route("/contacts/", post(make))
            .route("/contacts/{id}", post(change))
            .route("/events", post(happened))
            .with_state(crm.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, app).await });
        (crm, host)
    }

    async fn until(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut told = self.told.subscribe();
        let parsed = |text: &String| serde_json::from_str::<Value>(text).unwrap();
        let waiting = told.wait_for(|all| all.iter().any(|(_, body)| fits(&parsed(body))));
        let limit = std::time::Duration::from_secs(8);
        let all = tokio::time::timeout(limit, waiting)
            .await
            .unwrap_or_else(|_| panic!("the CRM was not told: {what}; {:?}", self.told.borrow()));
        all.unwrap().iter().map(|(_, body)| parsed(body)).find(fits).unwrap()
    }
}

async fn find(
    headers: HeaderMap,
    Query(asked): Query<BTreeMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    if headers.get("authorization").is_none_or(|given| given != AUTHORIZATION) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"message": "who are you?"})));
    }
    let paula = json!({"Id": 7, "Name": "Paula Reyes", "Phone": "+15550103", "more": {"a": 1}});
    let found = if asked["phone"] == "+15550103" { vec![paula] } else { vec![] };
    (StatusCode::OK, Json(json!({"data": {"items": found}})))
}

async fn make(State(crm): State<Crm>, Json(body): Json<Value>) -> Json<Value> {
    crm.written.lock().unwrap().push(("new".into(), body));
    Json(json!({"Id": 8}))
}

async fn change(
    State(crm): State<Crm>,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> StatusCode {
    if id != "7" {
        return StatusCode::NOT_FOUND;
    }
    crm.written.lock().unwrap().push((id, body));
    StatusCode::NO_CONTENT
}

async fn happened(State(crm): State<Crm>, headers: HeaderMap, body: String) -> StatusCode {
    {
        let mut failing = crm.failing.lock().unwrap();
        if *failing > 0 {
            *failing -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    crm.told.send_modify(|told| told.push((headers, body)));
    StatusCode::OK
}

fn form(host: &str) -> Value {
    json!({
        "kind": "web", "name": "Mini CRM", "authorization": AUTHORIZATION, "push_key": KEY,
        "settings": {
            "object": "Contact",
            "fields": [{"name": "Id", "type": "id"}, {"name": "Name", "type": "string"},
                       {"name": "Phone", "type": "phone"}],
            "get": format!("http://{host}/contacts?phone={{phone}}"),
            "records": "data.items",
            "post": format!("http://{host}/contacts/{{id}}"),
            "push": format!("http://{host}/events"),
        },
    })
}

async fn connected() -> (Crm, String, World, Admin, Desk) {
    let (crm, host) = Crm::start().await;
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    let listed = admin.ask(Method::PUT, "outside-hosts", json!([host])).await;
    assert_eq!(listed.status, 200);
    let added = admin.ask(Method::POST, "connectors", form(&host)).await;
    assert_eq!((added.status, &added.json()["id"]), (200, &json!(2)), "{added:?}");
    let (desk, _) = Desk::ready(&world.url(), "agent1").await;
    (crm, host, world, admin, desk)
}

#[tokio::test]
async fn records_are_found_by_number_and_written_where_that_is_wanted() {
    let (crm, host, world, admin, mut desk) = connected().await;
    let tested = admin.ask(Method::POST, "connectors/2/test", Value::Null).await.json();
    assert_eq!(tested["works"], true, "{tested}");
    let search = "/connectors/default/search/Contact?field=Phone&search=%2B15550103";
    let found = endpoint(&mut desk, "crm", "GET", search, Value::Null).await;
    let paula = json!([[
        {"field": "Id", "value": 7, "type": "id"},
        {"field": "Name", "value": "Paula Reyes", "type": "string"},
        {"field": "Phone", "value": "+15550103", "type": "phone"},
    ]]);
    assert_eq!((found.status, &found.body), (200, &paula));
    let by_name = "/connectors/2/search/Contact?field=Name&search=Paula";
    assert_eq!(endpoint(&mut desk, "crm", "GET", by_name, Value::Null).await.status, 400);
    let list = endpoint(&mut desk, "crm", "GET", "/connectors/2/contacts/Contact", Value::Null);
    assert_eq!(list.await.status, 422, "by number only");

    let name = json!({"Name": "Paula Summer"});
    let path = "/connectors/2/records/Contact";
    let made = endpoint(&mut desk, "crm", "POST", path, name.clone()).await;
    assert_eq!((made.status, &made.body["id"]), (201, &json!("8")), "{made:?}");
    let at = format!("{path}/7");
    assert_eq!(endpoint(&mut desk, "crm", "PUT", &at, name.clone()).await.status, 200);
    let sent = |record: Value| json!({"object": "Contact", "record": record, "fields": name});
    let written = crm.written.lock().unwrap().clone();
    assert_eq!(written, [("new".into(), sent(Value::Null)), ("7".into(), sent(json!("7")))]);
    for (at, data, status) in [
        (format!("{path}/9"), name.clone(), 404),
        (format!("{path}/..%2F..%2Fevents"), name.clone(), 404),
        (at.clone(), json!({"Id": "9"}), 400),
        (at.clone(), json!({"Colour": "red"}), 400),
    ] {
        let refused = endpoint(&mut desk, "crm", "PUT", &at, data).await;
        assert_eq!(refused.status, status, "{at}: {refused:?}");
    }
    // One way: the same without POST, and its secrets kept.
    let mut one_way = form(&host);
    one_way["settings"]["post"] = json!("");
    one_way["authorization"] = json!("");
    assert_eq!(admin.ask(Method::PUT, "connectors/2", one_way).await.status, 200);
    assert_eq!(endpoint(&mut desk, "crm", "PUT", &at, name).await.status, 422);
    assert_eq!(endpoint(&mut desk, "crm", "GET", search, Value::Null).await.body, paula);
    assert_eq!(crm.written.lock().unwrap().len(), 2);
    world.centre.stop().await;
}

#[tokio::test]
async fn the_crm_is_told_what_happens_in_order_signed_and_again_when_it_was_away() {
    let (crm, _, world, _, mut desk) = connected().await;
    *crm.failing.lock().unwrap() = 1;
    let dialled = desk.dial("outreach", "+1 555 0103").await;
    let first = crm.until("dialled", |e| e["event"] == "dialled").await;
    assert_eq!(first["interactionId"], json!(dialled));
    assert_eq!((&first["direction"], &first["userId"]), (&json!("outbound"), &json!("agent1")));
    desk.end_and_dispose(&dialled, "no_answer").await;
    let disposed = crm.until("disposed", |e| e["event"] == "disposed").await;
    assert_eq!(disposed["phone"], "+15550103");
    let told = crm.told.borrow().clone();
    let ids: Vec<i64> = told
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).unwrap()["id"].as_i64().unwrap())
        .collect();
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
    for (headers, body) in &told {
        let text = headers["x-omnibar-signature"].to_str().unwrap();
        let (time, tag) = text.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
        let tag: Vec<u8> = (0..tag.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&tag[at..at + 2], 16).unwrap())
            .collect();
        let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
        hmac::verify(&key, format!("{time}.{body}").as_bytes(), &tag).unwrap();
        assert!(!headers.contains_key("authorization"));
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn only_listed_hosts_are_asked_and_no_secret_comes_out() {
    let (_, host, world, admin, mut desk) = connected().await;
    let (_, elsewhere) = Crm::start().await;
    let state = admin.state().await.to_string();
    assert!(!state.contains(KEY) && !state.contains(AUTHORIZATION), "{state}");
    let mut moved = form(&host);
    moved["settings"]["push"] = json!(format!("http://{elsewhere}/events"));
    for secret in ["authorization", "push_key"] {
        moved[secret] = Value::Null;
    }
    let refused = admin.ask(Method::PUT, "connectors/2", moved).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.text.contains("again"));
    let away = admin.ask(Method::PUT, "connectors/2", form(&elsewhere)).await;
    assert_eq!(away.status, 200, "with its secrets");
    let tested = admin.ask(Method::POST, "connectors/2/test", Value::Null).await.json();
    assert_eq!((&tested["works"], &tested["step"]), (&json!(false), &json!("rights")), "{tested}");
    assert!(tested["message"].as_str().unwrap().contains("not allowed"), "{tested}");
    let search = "/connectors/2/search/Contact?field=Phone&search=%2B15550103";
    assert_eq!(endpoint(&mut desk, "crm", "GET", search, Value::Null).await.status, 422);
    let mut other = form(&host);
    other["authorization"] = json!("Basic wrong");
    assert_eq!(admin.ask(Method::PUT, "connectors/2", other).await.status, 200);
    let tested = admin.ask(Method::POST, "connectors/2/test", Value::Null).await.json();
    assert_eq!(tested["step"], "sign_in", "{tested}");
    for (part, bad) in [
        ("get", json!("https://{phone}.example/")),
        ("get", json!("file:///etc/passwd")),
        ("post", json!("https://crm.example/{name}")),
        ("push", json!("https://crm.example/{phone}")),
        ("records", json!("a..b")),
        ("fields", json!([])),
        ("fields", json!([{"name": "a b", "type": "string"}])),
        ("object", json!("")),
        ("more", json!(1)),
    ] {
        let mut form = form(&host);
        form["settings"][part] = bad.clone();
        let reply = admin.ask(Method::POST, "connectors", form).await;
        assert_eq!(reply.status, 400, "{part} {bad}: {reply:?}");
    }
    world.centre.stop().await;
}
