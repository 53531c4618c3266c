//! The administrator chooses and tries the CRM: secrets go in, words come out.

use crate::administration::endpoint;
use crate::desk::Desk;
use crate::salesforce::Org;
use crate::web_client::{Admin, base, client, send};
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SECRETS: [&str; 3] = ["the client", "client & secret", "refresh-0"];

fn form(url: &str) -> Value {
    json!({"kind": "salesforce", "name": "Test org", "domain": url, "login": url,
           "client_id": SECRETS[0], "client_secret": SECRETS[1], "refresh_token": SECRETS[2]})
}

/// The same form with some of it written over.
fn with(form: &Value, more: &Value) -> Value {
    let mut form = form.clone();
    for (name, value) in more.as_object().unwrap() {
        form[name] = value.clone();
    }
    form
}

async fn list_hosts(admin: &Admin, urls: &[&str]) {
    let hosts: Vec<&str> = urls.iter().map(|url| url.rsplit_once('/').unwrap().1).collect();
    let listed = admin.ask(Method::PUT, "outside-hosts", json!(hosts)).await;
    assert_eq!(listed.status, 200, "{listed:?}");
}

/// A centre with this organisation as its connector 2.
async fn connected() -> (Org, String, World, Admin) {
    let (org, url) = Org::start().await;
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    list_hosts(&admin, &[&url]).await;
    let added = admin.ask(Method::POST, "connectors", form(&url)).await;
    assert_eq!((added.status, added.json()["id"].as_u64()), (200, Some(2)), "{added:?}");
    (org, url, world, admin)
}

async fn tested(admin: &Admin) -> Value {
    let reply = admin.ask(Method::POST, "connectors/2/test", Value::Null).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

#[tokio::test]
async fn an_administrator_connects_tries_chooses_and_removes_a_crm() {
    let (org, url, world, admin) = connected().await;
    let works = tested(&admin).await;
    assert_eq!(works["works"], true, "{works}");
    assert_eq!(works["objects"]["Case"], json!(["Id", "Subject", "Description"]));
    let all = admin.state().await["connectors"].clone();
    let used = |all: &Value| -> Vec<bool> {
        all.as_array().unwrap().iter().map(|c| c["used"].as_bool().unwrap()).collect()
    };
    assert_eq!(used(&all), [false, true], "the one that was added last: {all}");
    assert_eq!(all[1]["settings"]["api_version"], "62.0");
    assert_eq!(all[1]["domain"], json!(url));

    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let about = endpoint(&mut desk, "crm", "GET", "/configuration", Value::Null).await;
    assert_eq!(about.body["crm_connector_id"], 2);
    let choice = |id: u32| json!({ "id": id });
    assert_eq!(admin.ask(Method::PUT, "connector", choice(1)).await.status, 200);
    let about = endpoint(&mut desk, "crm", "GET", "/configuration", Value::Null).await;
    assert_eq!(
        (&about.body["crm_connector_id"], &about.body["crm_type"]),
        (&json!(1), &json!("directory"))
    );
    assert_eq!(used(&admin.state().await["connectors"]), [true, false]);
    assert_eq!(admin.ask(Method::PUT, "connector", choice(9)).await.status, 404);
    assert_eq!(used(&admin.state().await["connectors"]), [true, false]);
    let directory = admin.ask(Method::POST, "connectors/1/test", Value::Null).await.json();
    assert_eq!(directory["works"], true);

    // Other objects, the same secrets.
    let objects = json!({"objects": {"Case": ["Subject"]}, "client_id": "", "client_secret": "",
                         "refresh_token": null, "name": "Other"});
    let changed = with(&form(&url), &objects);
    assert_eq!(admin.ask(Method::PUT, "connectors/2", changed).await.status, 200);
    assert_eq!(tested(&admin).await["objects"], json!({"Case": ["Subject"]}));
    assert!(org.seen().refreshed_with.len() >= 2);
    assert_eq!(admin.ask(Method::DELETE, "connectors/1", Value::Null).await.status, 404);
    assert_eq!(admin.ask(Method::DELETE, "connectors/2", Value::Null).await.status, 200);
    assert_eq!(admin.ask(Method::POST, "connectors/2/test", Value::Null).await.status, 404);
    world.centre.stop().await;
}

#[tokio::test]
async fn no_answer_holds_a_secret_and_none_is_sent_elsewhere() {
    let (_, url, world, admin) = connected().await;
    let (thief, elsewhere) = Org::start().await;
    list_hosts(&admin, &[&url, &elsewhere]).await;
    let none = json!({"client_secret": null, "refresh_token": null});
    for more in [json!({"login": elsewhere}), json!({"domain": elsewhere})] {
        let moved = with(&with(&form(&url), &none), &more);
        let reply = admin.ask(Method::PUT, "connectors/2", moved).await;
        assert_eq!(reply.status, 400, "{more}: {reply:?}");
        assert!(reply.text.contains("again"), "{reply:?}");
    }
    let nonsense = json!({"kind": "salesforce", "name": 1, "client_secret": "client & secret"});
    let broken = admin.ask(Method::PUT, "connectors/2", nonsense).await;
    assert_eq!(broken.status, 400);
    let wrong = with(&form(&url), &json!({"domain": "no address"}));
    let wrong = admin.ask(Method::PUT, "connectors/2", wrong).await;
    let state = admin.state().await.to_string();
    let works = tested(&admin).await.to_string();
    for text in [&state, &works, &broken.text, &wrong.text] {
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
        assert!(!text.contains("refresh-") && !text.contains("access-"), "{text}");
    }
    assert!(thief.seen().refreshed_with.is_empty());
    world.centre.stop().await;
}

#[tokio::test]
async fn a_test_names_what_is_wrong() {
    let (org, url, world, admin) = connected().await;
    let change = async |more: Value| {
        let reply = admin.ask(Method::PUT, "connectors/2", with(&form(&url), &more)).await;
        assert_eq!(reply.status, 200, "{more}: {reply:?}");
    };
    let fails = async |step: &str, word: &str| {
        let told = tested(&admin).await;
        assert_eq!((&told["works"], &told["step"]), (&json!(false), &json!(step)), "{told}");
        assert!(told["message"].as_str().unwrap().contains(word), "{told}");
    };
    change(json!({"domain": "https://no-such-org.invalid"})).await;
    fails("dns", "no-such-org.invalid").await;
    // A server that speaks anything but TLS.
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = plain.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let secured = format!("https://127.0.0.1:{port}");
    list_hosts(&admin, &[&url, &secured]).await;
    change(json!({"login": secured, "domain": secured})).await;
    fails("tls", "certificate").await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let closed = format!("http://{closed}");
    list_hosts(&admin, &[&url, &closed]).await;
    change(json!({"login": closed})).await;
    fails("connection", "reached").await;

    change(json!({"client_secret": "another"})).await;
    fails("sign_in", "invalid_grant").await;
    change(json!({"api_version": "99.0"})).await;
    fails("version", "newest is 62.0").await;
    change(json!({"objects": {"Invoice__c": ["Id"]}})).await;
    fails("objects", "Invoice__c").await;
    change(json!({"objects": {"Case": ["Id", "Colour__c"]}})).await;
    fails("objects", "Colour__c").await;
    change(json!({})).await;
    let error =
        json!([{"errorCode": "INSUFFICIENT_SCOPE", "message": "This session is not for the API"}]);
    org.seen().instead = Some((403, error));
    fails("rights", "scope").await;
    org.seen().instead = None;
    assert_eq!(tested(&admin).await["works"], true);
    world.centre.stop().await;
}

#[tokio::test]
async fn what_is_no_crm_is_refused_with_a_reason() {
    let (_, url, world, admin) = connected().await;
    let many: Vec<String> = (0..300).map(|n| format!("F{n}")).collect();
    for (more, status, word) in [
        (json!({"domain": "http://crm.example"}), 400, "https"),
        (json!({"domain": "https://crm.example/path"}), 400, "address"),
        (json!({"domain": "https://user:pass@crm.example"}), 400, "address"),
        (json!({"domain": "http://127.0.0.1:1"}), 403, "private network"),
        (json!({"login": "https://10.0.0.7"}), 403, "private network"),
        (json!({"login": "https://169.254.169.254"}), 403, "private network"),
        (json!({"api_version": "62/../../x"}), 400, "version"),
        (json!({"objects": {"Case FROM User": ["Id"]}}), 400, "field"),
        (json!({"objects": {"Case": ["Id, Name FROM User"]}}), 400, "field"),
        (json!({"objects": {"Case": many}}), 400, "at most"),
        (json!({"name": ""}), 400, "name"),
        (json!({"client_id": ""}), 400, "client id"),
        (json!({"refresh_token": ""}), 400, "refresh token"),
        (json!({"more": 1}), 400, "form"),
        (json!({"kind": "oracle"}), 400, "form"),
    ] {
        let reply = admin.ask(Method::POST, "connectors", with(&form(&url), &more)).await;
        assert_eq!(reply.status, status, "{more}: {reply:?}");
        assert!(reply.text.contains(word), "{more}: {reply:?}");
    }
    assert_eq!(admin.state().await["connectors"].as_array().unwrap().len(), 2);
    // Strangers, and pages that are not the centre's.
    let at = format!("{}/admin/api/connectors", base(&world.centre));
    for (method, path) in
        [(Method::POST, ""), (Method::PUT, "/2"), (Method::DELETE, "/2"), (Method::POST, "/2/test")]
    {
        let signed_out = client().request(method.clone(), format!("{at}{path}"));
        let stranger =
            signed_out.header("origin", base(&world.centre)).header("x-omnibar-admin", "1");
        assert_eq!(send(stranger).await.status, 401, "{method} {path}");
        let page = client().request(method.clone(), format!("{at}{path}"));
        let page = page.header("cookie", &admin.cookie).header("x-omnibar-admin", "1");
        let foreign = page.header("origin", "https://evil.example");
        assert_eq!(send(foreign).await.status, 403, "{method} {path}");
        let forged = client().request(method.clone(), format!("{at}{path}"));
        let forged = forged.header("origin", base(&world.centre)).header("cookie", &admin.cookie);
        assert_eq!(send(forged).await.status, 403, "{method} {path}: without the page's header");
    }
    world.centre.stop().await;
}
