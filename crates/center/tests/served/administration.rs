//! `/admin/`: who gets in, and what holds for agents and pages afterwards.

use crate::desk::Desk;
use crate::switch::SimSwitch;
use crate::web_client::{Admin, base, client, send};
use crate::world::{World, config};
use omnibar_center::store::{Role, Store};
use omnibar_center::{Centre, SwitchChoice, seed};
use omnibar_model::AgentId;
use omnibar_protocol::Command;
use omnibar_protocol::wire::EndpointAnswer;
use reqwest::Method;
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;

pub async fn endpoint(
    desk: &mut Desk,
    service: &str,
    method: &str,
    path: &str,
    body: Value,
) -> EndpointAnswer {
    let call = Command::EndpointCall {
        service: service.into(),
        method: method.into(),
        path: path.into(),
        query: BTreeMap::new(),
        body,
    };
    serde_json::from_value(desk.ask(call).await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_page_comes_with_headers_that_protect_it() {
    let world = World::start().await;
    let at = base(&world.centre);
    for (file, kind) in
        [("", "text/html"), ("admin.js", "text/javascript"), ("admin.css", "text/css")]
    {
        let page = send(client().get(format!("{at}/admin/{file}"))).await;
        assert_eq!((page.status, page.header("content-type")), (200, kind), "{file}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
    }
    assert_eq!(
        send(client().get(format!("{at}/admin/..%2fcustomer%2findex.html"))).await.status,
        404
    );
    world.centre.stop().await;
}

#[tokio::test]
async fn only_an_administrator_gets_in_and_his_cookie_is_no_scripts() {
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    let reply =
        admin.ask(Method::POST, "session", json!({"user": "admin", "password": "demo"})).await;
    let cookie = reply.headers[SET_COOKIE].to_str().unwrap();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/admin"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    let agent = json!({"user": "agent1", "password": "demo"});
    assert_eq!(admin.ask(Method::POST, "session", agent).await.status, 403);
    let mut stranger = Admin { client: client(), base: base(&world.centre), cookie: String::new() };
    for path in ["state", "session"] {
        assert_eq!(stranger.ask(Method::GET, path, Value::Null).await.status, 401, "{path}");
    }
    stranger.cookie = "omnibar_admin=0123456789abcdef".into();
    assert_eq!(stranger.ask(Method::GET, "state", Value::Null).await.status, 401);
    assert_eq!(stranger.upload(Vec::new()).await.status, 401);
    // Guesses are slowed down, and an administrator takes no calls.
    let mut last = 401;
    for _ in 0..6 {
        let guess = json!({"user": "admin", "password": "guess"});
        last = stranger.ask(Method::POST, "session", guess).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(admin.ask(Method::DELETE, "session", Value::Null).await.status, 200);
    assert_eq!(admin.ask(Method::GET, "state", Value::Null).await.status, 401);
    world.centre.stop().await;
}

#[tokio::test]
async fn the_program_adds_administrators_who_take_no_calls() {
    let data = tempfile::tempdir().unwrap();
    for (user, admin) in [("boss", true), ("clerk", false)] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_omnibar-center"))
            .args(["account", "add", user, "--name", user, "--data"])
            .arg(data.path())
            .args(admin.then_some("--admin"))
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(b"long enough\n").unwrap();
        assert!(child.wait().unwrap().success());
    }
    let store = Store::open(data.path()).await.unwrap();
    let (boss, clerk) = (AgentId::new("boss"), AgentId::new("clerk"));
    assert_eq!(store.role(&boss).await.unwrap(), Some(Role::Administrator));
    assert_eq!(store.role(&clerk).await.unwrap(), Some(Role::Agent));
    assert_eq!(store.role(&AgentId::new("nobody")).await.unwrap(), None);
    assert!(store.account(&boss).await.unwrap().unwrap().campaigns.is_empty());
    assert!(!store.account(&clerk).await.unwrap().unwrap().campaigns.is_empty());
    let colleagues = store.colleagues().await.unwrap();
    assert_eq!(colleagues, [(clerk, "clerk".to_owned())], "calls go to agents only");
    store.close().await;
}

#[tokio::test]
async fn an_older_demo_gets_its_administrator_and_a_real_centre_never_does() {
    for (company, status) in [("Omnibar Demo", 200), ("Winter & Sons", 401)] {
        let data = tempfile::tempdir().unwrap();
        let store = Store::open(data.path()).await.unwrap();
        store.lay_down(&seed::company(company)).await.unwrap();
        store.close().await;
        let (_switch, link, events) = SimSwitch::start();
        let config = config(data.path(), SwitchChoice::Connected(link, events));
        let centre = Centre::start(config).await.unwrap();
        let guest = Admin { client: client(), base: base(&centre), cookie: String::new() };
        let known = json!({"user": "admin", "password": "demo"});
        assert_eq!(guest.ask(Method::POST, "session", known).await.status, status, "{company}");
        centre.stop().await;
    }
}

#[tokio::test]
async fn another_sites_page_can_change_nothing_with_the_cookie() {
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    let put = || {
        client()
            .put(format!("{}/admin/api/frame-origins", admin.base))
            .header(COOKIE, &admin.cookie)
            .header("content-type", "application/json")
            .body(r#"["https://evil.example"]"#)
    };
    let marked = |origin: &str| put().header(ORIGIN, origin).header("x-omnibar-admin", "1");
    for (what, forged) in [
        ("no origin, no mark", put()),
        ("no origin", put().header("x-omnibar-admin", "1")),
        ("no mark", put().header(ORIGIN, &admin.base)),
        ("another origin", marked("https://evil.example")),
        ("another port", marked("http://127.0.0.1:9")),
        ("an app's opaque origin", marked("null")),
    ] {
        assert_eq!(send(forged).await.status, 403, "{what}");
    }
    // A name that somebody leads here (DNS rebinding) is not ours.
    let rebound = client()
        .get(format!("{}/admin/api/state", admin.base))
        .header(COOKIE, &admin.cookie)
        .header("host", "evil.example");
    assert_eq!(send(rebound).await.status, 403);
    assert!(!admin.state().await.to_string().contains("evil"));
    world.centre.stop().await;
}

#[tokio::test]
async fn origins_and_hosts_are_kept_as_they_can_stand_in_a_policy() {
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    assert_eq!(
        admin.state().await["frame_origins"],
        json!(["http://127.0.0.1:*", "http://localhost:*"]),
        "the demo's"
    );
    let put = |path: &'static str, list: Value| admin.ask(Method::PUT, path, list);
    let good =
        put("frame-origins", json!(["https://CRM.example/", " ", "https://crm.example"])).await;
    assert_eq!(good.json(), json!(["https://crm.example"]));
    let bad = put("frame-origins", json!(["https://crm.example; script-src *"])).await;
    assert_eq!(bad.status, 400, "{bad:?}");
    assert_eq!(admin.state().await["frame_origins"], json!(["https://crm.example"]));
    let many: Vec<String> = (0..600).map(|i| format!("https://c{i}.example")).collect();
    assert_eq!(put("frame-origins", json!(many)).await.status, 400);
    let hosts = put("outside-hosts", json!(["API.example", "10.0.0.7:8080"])).await;
    assert_eq!(hosts.json(), json!(["10.0.0.7:8080", "api.example"]));
    assert_eq!(put("outside-hosts", json!(["http://api.example"])).await.status, 400);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_campaign_that_is_changed_is_so_at_once_for_agents_who_are_there() {
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let campaign = json!({
        "landing_url": "https://crm.example/home?user={userId}",
        "call_url": "https://crm.example/pop?phone={phone}&crt={crtObjectId}",
        "session_policy": "sso", "mask_numbers": true, "record": false,
        "tell_monitored": true,
    });
    let set = admin.ask(Method::PUT, "campaigns/outreach", campaign.clone()).await;
    assert_eq!(set.status, 200, "{set:?}");
    // An administrator's script of an older day does not know of it.
    let mut older = campaign.clone();
    older.as_object_mut().unwrap().remove("tell_monitored");
    let set = admin.ask(Method::PUT, "campaigns/outreach", older).await;
    assert_eq!(set.status, 200, "{set:?}");
    let state = admin.ask(Method::GET, "state", Value::Null).await.json();
    let campaigns = state["campaigns"].as_array().unwrap();
    let left = campaigns.iter().find(|c| c["id"] == "outreach").unwrap();
    assert_eq!(left["tell_monitored"], true, "{left}");
    let told = endpoint(&mut desk, "workspace", "GET", "/configuration", Value::Null).await;
    assert_eq!(told.status, 200);
    let outreach = told.body["campaigns"].as_array().unwrap();
    let outreach = outreach.iter().find(|c| c["campaignId"] == 103).unwrap();
    assert_eq!(outreach["landingUrl"], campaign["landing_url"]);
    assert_eq!(outreach["callUrl"], campaign["call_url"]);
    assert_eq!(outreach["sessionPolicy"], "sso");

    let number = omnibar_model::PhoneNumber::parse("+15550160").unwrap();
    desk.ask(Command::Dial { campaign: "outreach".into(), number }).await.unwrap();
    let call = desk.interaction("the call", |i| i.campaign.as_str() == "outreach").await;
    let shown = call.customer.number.unwrap();
    assert_eq!(shown.as_str(), "******0160", "masked for an agent who was signed in before");

    let with = |name: &str, value: Value| {
        let mut body = campaign.clone();
        body[name] = value;
        admin.ask(Method::PUT, "campaigns/outreach", body)
    };
    for (name, value) in [
        ("landing_url", json!("javascript:alert(1)")),
        ("landing_url", json!("http://crm.example/")),
        ("landing_url", json!("https://crm.example/{phone}")),
        ("call_url", json!("https://{phone}/")),
        ("session_policy", json!("basic")),
    ] {
        let reply = with(name, value.clone()).await;
        assert!(matches!(reply.status, 400 | 422), "{name} {value}: {reply:?}");
    }
    assert_eq!(admin.ask(Method::PUT, "campaigns/no-such", campaign.clone()).await.status, 404);
    world.centre.stop().await;
}

#[tokio::test]
async fn pages_reach_listed_hosts_only_and_by_the_checked_address() {
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let outside = crate::outside::start().await;
    let secret = crate::outside::start().await;
    let listed = format!("127.0.0.1:{}", outside.port);
    let list = json!([listed, "localhost", "127.0.0.1", "[::1]", "metadata.example"]);
    assert_eq!(admin.ask(Method::PUT, "outside-hosts", list).await.status, 200);
    let at = |path: &str| format!("http://{listed}{path}");

    let ask = json!({
        "url": at("/echo"), "method": "post", "query": {"page": 2, "tag": ["a", "b c"]},
        "headers": {"X-Key": "k", "Cookie": "stolen=1", "Host": "evil", "Transfer-Encoding": "chunked",
                    "Proxy-Authorization": "x", "Connection": "X-Key"},
        "body": {"name": "Nora"},
    });
    let told = endpoint(&mut desk, "proxy", "POST", "/request", ask).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!((&told.body["status"], &told.body["statusText"]), (&json!(201), &json!("Created")));
    let heard = &told.body["data"];
    assert_eq!(heard["line"], "POST /echo?page=2&tag=a&tag=b+c HTTP/1.1");
    assert_eq!(heard["body"], r#"{"name":"Nora"}"#);
    let headers = heard["headers"].as_str().unwrap().to_lowercase();
    assert!(headers.contains("x-key: k") && headers.contains("content-type: application/json"));
    for word in ["cookie", "evil", "chunked", "proxy-", "connection: x-key"] {
        assert!(!headers.contains(word), "{word}: {headers}");
    }
    let form = json!({
        "url": at("/echo"), "method": "PUT", "multipart": true,
        "headers": {"Content-Type": "multipart/form-data"},
        "body": {"note": "hello", "file": {"name": "a.txt", "type": "text/plain", "data": "aGk="}},
    });
    let told = endpoint(&mut desk, "proxy", "POST", "/request", form).await;
    let body = told.body["data"]["body"].as_str().unwrap().to_owned();
    assert!(body.contains("filename=\"a.txt\"") && body.contains("hello"), "{body}");
    let headers = told.body["data"]["headers"].as_str().unwrap().to_lowercase();
    assert_eq!(headers.matches("content-type: multipart/form-data; boundary=").count(), 1);
    assert_eq!(headers.matches("content-type").count(), 1, "{headers}");

    for (what, url, status) in [
        ("not listed", format!("http://127.0.0.1:{}/", secret.port), 403),
        ("not listed by name", format!("http://localhost:{}/", outside.port), 403),
        ("a listed name that is here", "http://localhost/".to_owned(), 403),
        ("a listed address that is here", "http://127.0.0.1/".to_owned(), 403),
        ("the same otherwise written", "http://2130706433/".to_owned(), 403),
        ("the same in octal", "http://0177.0.0.1/".to_owned(), 403),
        ("the same in six", "http://[::ffff:127.0.0.1]/".to_owned(), 403),
        ("loopback in six", "http://[::1]/".to_owned(), 403),
        ("metadata", "http://169.254.169.254/latest/".to_owned(), 403),
        ("a user", format!("http://user@{listed}/"), 400),
        ("a file", "file:///etc/passwd".to_owned(), 400),
        ("gopher", format!("gopher://{listed}/"), 400),
        ("nonsense", "::".to_owned(), 400),
        ("redirected elsewhere", at(&format!("/to/http://127.0.0.1:{}/", secret.port)), 403),
        ("redirected to a file", at("/to/file:///etc/passwd"), 400),
        ("redirected in circles", at("/circle"), 502),
        ("too long", at("/long"), 502),
    ] {
        let ask = json!({"url": url, "method": "get"});
        let told = endpoint(&mut desk, "proxy", "POST", "/request", ask).await;
        assert_eq!(told.status, status, "{what}: {told:?}");
        assert!(told.body["message"].is_string(), "{what}: {told:?}");
    }
    let near = json!({"url": at(&format!("/to/http://{listed}/text")), "method": "get"});
    let told = endpoint(&mut desk, "proxy", "POST", "/request", near).await;
    assert_eq!((told.status, &told.body["data"]), (200, &json!("plain text")));
    assert_eq!(secret.asked(), 0, "nothing has reached what is not listed");
    for bad in [
        json!({}),
        json!({"url": at("/"), "method": "TRACE"}),
        json!({"url": at("/"), "method": "get", "headers": {"a\nb": "c"}}),
        json!({"url": at("/"), "method": "get", "headers": {"a": "b\r\nc: d"}}),
    ] {
        let told = endpoint(&mut desk, "proxy", "POST", "/request", bad.clone()).await;
        assert_eq!(told.status, 400, "{bad}: {told:?}");
    }
    world.centre.stop().await;
}
