//! Servers that dial and dispose for an agent (REST-01 to REST-05), over real HTTP.

use crate::desk::Desk;
use crate::switch::SimSwitch;
use crate::web_client::{Admin, Reply, base, client, send};
use crate::world::{World, config};
use base64::Engine as _;
use omnibar_center::store::{RestToken, Store};
use omnibar_center::switch::{SwitchEvent, Target};
use omnibar_center::{Centre, SwitchChoice};
use omnibar_model::{Direction, Moment, Presence};
use omnibar_protocol::Command;
use omnibar_protocol::wire::{Conversation, Interaction};
use serde_json::{Value, json};
use std::collections::BTreeSet;

struct Server {
    base: String,
    /// Of the Authorization header.
    proof: String,
    session: String,
}

impl Server {
    fn new(base: &str, proof: String, session: &str) -> Self {
        Self { base: base.to_owned(), proof, session: session.to_owned() }
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        let url = format!("{}/ameyorestapi/voice/{path}", self.base);
        let request = client()
            .post(url)
            .header("authorization", &self.proof)
            .header("sessionId", &self.session)
            .header("content-type", "application/json");
        send(request.body(body.to_string())).await
    }

    fn dial(&self, id: &str, phone: &str) -> Value {
        json!({
            "sessionId": self.proof, "shouldAddCustomer": false, "campaignId": 103,
            "requestId": id, "userCRTObjectId": self.session, "searchable": phone,
            "contextVsContextAdditionalData": {}, "additionalParams": {},
            "selectedSearchables": [], "phone": phone,
        })
    }

    fn dispose(&self, id: &str, crt: &str, code: u32) -> Value {
        json!({
            "sessionId": self.proof, "campaignId": 103, "userCRTObjectId": self.session,
            "crtObjectId": crt, "dispositionCodeId": code, "dispositionParams": {},
            "requestId": id, "notes": "by the server",
        })
    }
}

async fn ready(world: &World) -> (Desk, Server) {
    let (desk, opened) = Desk::ready(&world.url(), "agent1").await;
    let token = Admin::sign_in(&world.centre).await.token(false).await;
    let server = Server::new(&base(&world.centre), format!("Bearer {token}"), &opened.handle);
    (desk, server)
}

async fn ringing(desk: &mut Desk) -> Interaction {
    desk.interaction("an outbound call", |i| {
        i.direction == Direction::Outbound && i.conversation == Conversation::Ringing
    })
    .await
}

fn dialled(switch: &SimSwitch) -> Vec<Target> {
    switch.state().dialled.into_iter().map(|(_, target)| target).collect()
}

#[tokio::test]
async fn a_manual_dial_rings_at_the_agents_desktop_and_is_disposed() {
    let world = World::start().await;
    let (mut desk, server) = ready(&world).await;
    let reply = server.post("manualdial", server.dial("r-1", "+1 555 0142")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["result"], "success");
    assert_eq!(reply.json()["reason"], "success");
    let call = ringing(&mut desk).await;
    assert_eq!(reply.json()["interactionId"], json!(call.id));
    assert!(!reply.text.contains("0142"), "no number comes back: {}", reply.text);
    world.switch.until("the number is dialled", |s| s.dialled.len() == 1).await;

    let leg = call.legs[0].id.clone();
    world.switch.say(SwitchEvent::Up { leg: leg.clone() });
    desk.interaction("connected", |i| i.conversation == Conversation::Connected).await;
    // A call that is up is ended, and disposed by the code's number.
    let reply = server.post("disposeCall", server.dispose("r-2", leg.as_str(), 1030)).await;
    assert_eq!((reply.status, reply.json()["result"].as_str()), (200, Some("success")));
    let over = desk.interaction("the end", |i| i.conversation == Conversation::Ended).await;
    assert_eq!(over.id, call.id);
    let history = desk.ask(Command::History { before: None, limit: 5 }).await.unwrap();
    assert_eq!(history["entries"][0]["disposition"], "Interested");
    assert_eq!(history["entries"][0]["note"], "by the server");
    // The call is over: nothing is left to dispose, and the same request is no new one.
    let again = server.post("disposeCall", server.dispose("r-2", leg.as_str(), 1030)).await;
    assert_eq!((again.status, again.text), (200, reply.text));
    let other = server.post("disposeCall", server.dispose("r-3", leg.as_str(), 1030)).await;
    assert_eq!(other.status, 404, "{other:?}");
    world.centre.stop().await;
}

#[tokio::test]
async fn equal_requests_at_once_dial_once_and_get_one_answer() {
    let world = World::start().await;
    let (mut desk, server) = ready(&world).await;
    let body = server.dial("the-same", "+15550143");
    let posts = (0..12).map(|_| server.post("manualdial", body.clone()));
    let replies = futures_util::future::join_all(posts).await;
    let texts: BTreeSet<(u16, String)> =
        replies.into_iter().map(|reply| (reply.status, reply.text)).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!(texts.first().unwrap().0, 200);
    ringing(&mut desk).await;
    desk.ask(Command::Ping {}).await.unwrap();
    assert_eq!(world.switch.until("a call", |s| !s.dialled.is_empty()).await.dialled.len(), 1);
    // Another request does dial: the first call is held or ringing beside it.
    let other = server.post("manualdial", server.dial("another", "+15550144")).await;
    assert_eq!(other.status, 200, "{other:?}");
    world.switch.until("two calls", |s| s.dialled.len() == 2).await;
    world.centre.stop().await;
}

#[tokio::test]
async fn a_repeat_after_a_restart_gets_the_first_answer_and_dials_nothing() {
    let data = tempfile::tempdir().unwrap();
    let (switch, link, events) = SimSwitch::start();
    let first = Centre::start(config(data.path(), SwitchChoice::Connected(link, events)));
    let first = first.await.unwrap();
    let (mut desk, opened) = Desk::ready(&format!("{}/ws/agent", first.url()), "agent1").await;
    let token = Admin::sign_in(&first).await.token(true).await;
    let server = Server::new(&base(&first), format!("Basic {token}"), &opened.handle);
    let body = server.dial("before", "+15550145");
    let told = server.post("manualdial", body.clone()).await;
    assert_eq!(told.status, 200, "{told:?}");
    ringing(&mut desk).await;
    switch.until("one call", |s| s.dialled.len() == 1).await;
    first.stop().await;

    let (switch, link, events) = SimSwitch::start();
    let second = Centre::start(config(data.path(), SwitchChoice::Connected(link, events)));
    let second = second.await.unwrap();
    let server = Server::new(&base(&second), format!("Basic {token}"), &opened.handle);
    let again = server.post("manualdial", body).await;
    assert_eq!((again.status, again.text), (told.status, told.text));
    assert_eq!(dialled(&switch), []);
    // The one-time token was for that request.
    let other = server.post("manualdial", server.dial("after", "+15550145")).await;
    assert_eq!(other.status, 401, "{other:?}");
    second.stop().await;
}

#[tokio::test]
async fn disposing_and_dialling_lets_no_other_call_between() {
    let world = World::start().await;
    let (mut desk, server) = ready(&world).await;
    assert_eq!(server.post("manualdial", server.dial("one", "+15550146")).await.status, 200);
    let call = ringing(&mut desk).await;
    // He would be free for a waiting customer as soon as his call is disposed.
    desk.ask(Command::PresenceSet { presence: Presence::Available }).await.unwrap();
    let _waiting = crate::customer::Page::call(&world).await;
    let crt = call.legs[0].id.to_string();
    let next = |id: &str, customer: Value, label: &str| {
        json!({
            "campaignContextId": 103, "userCRTObjectId": server.session, "crtObjectId": crt,
            "dispositionCode": label, "phone": "+15550147", "customerId": customer,
            "requestId": id, "additionalParams": null, "notes": "",
        })
    };
    for (id, customer, label, status) in [
        ("x1", json!("17"), "No such label", 404),
        ("x2", json!("seventeen"), "interested", 400),
        ("x3", json!(1.5), "interested", 400),
        ("x4", json!({"id": 1}), "interested", 400),
    ] {
        let reply = server.post("disposeAndManualDial", next(id, customer, label)).await;
        assert_eq!(reply.status, status, "{id}: {reply:?}");
    }
    let reply = server.post("disposeAndManualDial", next("two", json!("-1"), "INTERESTED")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    desk.interaction("the first is over", |i| {
        i.id == call.id && i.conversation == Conversation::Ended
    })
    .await;
    let second = ringing(&mut desk).await;
    assert_ne!(second.id, call.id);
    world.switch.until("the second number", |s| s.dialled.len() == 2).await;
    world.centre.stop().await;
}

#[tokio::test]
async fn who_is_not_known_is_added_only_when_asked_for() {
    let world = World::start().await;
    let (mut desk, server) = ready(&world).await;
    for (id, phone, add) in [("a", "+15550148", false), ("b", "+15550149", true)] {
        let mut body = server.dial(id, phone);
        body["shouldAddCustomer"] = json!(add);
        let reply = server.post("manualdial", body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let begun = reply.json()["interactionId"].clone();
        let call = desk.interaction("the call", |i| json!(i.id) == begun).await;
        assert_eq!(call.customer_id.is_some(), add);
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn everything_wrong_is_refused_with_its_reason() {
    let world = World::start().await;
    let (_desk, server) = ready(&world).await;
    let with = |name: &str, value: Value| {
        let mut body = server.dial("bad", "+15550150");
        body[name] = value;
        body
    };
    let mut without = server.dial("bad", "+15550150");
    without.as_object_mut().unwrap().remove("phone");
    for (body, status, word) in [
        (without, 400, "missing field `phone`"),
        (json!([]), 400, "not understood"),
        (with("phone", json!("sip:evil@example")), 400, "phone"),
        (with("phone", json!("+")), 400, "phone"),
        (with("campaignId", json!("103")), 400, "wrong type"),
        (with("campaignId", json!(-1)), 400, "wrong type"),
        (with("requestId", json!("")), 400, "requestId"),
        (with("requestId", json!("x".repeat(129))), 400, "requestId"),
        (with("additionalParams", json!({"x": "y".repeat(20_000)})), 400, "free data"),
        (with("additionalParams", json!({"x": "y".repeat(70_000)})), 413, "64 KiB"),
        (with("sessionId", json!("Bearer another")), 401, "Authorization"),
        (with("userCRTObjectId", json!("ses-agent2-1")), 404, "userCRTObjectId"),
        (with("campaignId", json!(999)), 404, "campaignId"),
    ] {
        let reply = server.post("manualdial", body).await;
        assert_eq!(reply.status, status, "{word}: {reply:?}");
        let told = reply.json();
        assert_eq!(told["result"], "failure");
        assert!(told["reason"].as_str().unwrap().contains(word), "{word}: {told}");
        assert!(!reply.text.contains("0150") && !reply.text.contains("evil"), "{reply:?}");
    }
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let url = format!("{}/ameyorestapi/voice/manualdial", server.base);
    let post = |kind: &str, body: String| {
        client()
            .post(&url)
            .header("authorization", &server.proof)
            .header("sessionid", &server.session)
            .header("content-type", kind)
            .body(body)
    };
    assert_eq!(send(post("application/json", deep)).await.status, 400);
    let body = server.dial("bad", "+15550150").to_string();
    assert_eq!(send(post("text/plain", body.clone())).await.status, 415);
    assert_eq!(send(client().get(&url)).await.status, 405);
    let lost = client().post(format!("{url}/more"));
    assert_eq!(send(lost).await.status, 404);
    let bare = client().post(&url).header("content-type", "application/json").body(body.clone());
    let refused = send(bare).await;
    assert_eq!(
        (refused.status, refused.header("www-authenticate")),
        (401, "Bearer realm=\"Omnibar\"")
    );
    let no_session = client()
        .post(&url)
        .header("authorization", &server.proof)
        .header("content-type", "application/json")
        .body(body);
    assert_eq!(send(no_session).await.status, 400);
    assert_eq!(dialled(&world.switch), []);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_call_that_is_only_offered_cannot_be_disposed() {
    let world = World::start().await;
    let (mut desk, server) = ready(&world).await;
    let _page = crate::customer::Page::call(&world).await;
    desk.available().await;
    let offer = desk.offered().await;
    let mut body = server.dispose("o", offer.legs[0].id.as_str(), 1010);
    body["campaignId"] = json!(if offer.campaign.as_str() == "sales" { 102 } else { 101 });
    body["dispositionCodeId"] = json!(if offer.campaign.as_str() == "sales" { 1020 } else { 1010 });
    let reply = server.post("disposeCall", body).await;
    assert_eq!(reply.status, 409, "{reply:?}");
    world.centre.stop().await;
}

#[tokio::test]
async fn an_agent_acts_with_his_password_for_himself_alone_and_guessing_is_slow() {
    let world = World::start().await;
    let (mut desk, opened) = Desk::ready(&world.url(), "agent1").await;
    let (_other, others) = Desk::ready(&world.url(), "agent2").await;
    let basic =
        |text: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text));
    let at = base(&world.centre);
    let own = Server::new(&at, basic("agent1:demo"), &opened.handle);
    assert_eq!(own.post("manualdial", own.dial("own", "+15550151")).await.status, 200);
    ringing(&mut desk).await;
    let foreign = Server::new(&at, basic("agent1:demo"), &others.handle);
    assert_eq!(foreign.post("manualdial", foreign.dial("f", "+15550151")).await.status, 401);
    let guess = Server::new(&at, basic("agent1:wrong"), &opened.handle);
    let mut last = 401;
    for n in 0..6 {
        last = guess.post("manualdial", guess.dial(&format!("g{n}"), "+15550151")).await.status;
    }
    assert_eq!(last, 429);
    for proof in ["Bearer omr_0", "Basic omr_0", "Digest x", "Bearer", "Basic ::::", "Bearer  "] {
        let thief = Server::new(&at, proof.to_owned(), &opened.handle);
        let reply = thief.post("manualdial", thief.dial("t", "+15550151")).await;
        assert_eq!(reply.status, 401, "{proof}: {reply:?}");
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn what_was_refused_may_be_asked_again_with_the_same_request() {
    let world = World::start().await;
    let (mut desk, opened) = Desk::ready(&world.url(), "agent1").await;
    let token = Admin::sign_in(&world.centre).await.token(false).await;
    let server = Server::new(&base(&world.centre), format!("Bearer {token}"), &opened.handle);
    let body = server.dial("patient", "+15550153");
    let until = async |status: u16, word: &str| loop {
        let reply = server.post("manualdial", body.clone()).await;
        if reply.status == status && reply.text.contains(word) {
            break;
        }
        assert_eq!(reply.status, 409, "{reply:?}");
    };

    let page = crate::customer::Page::call(&world).await;
    desk.available().await;
    desk.offered().await;
    until(409, "being offered").await;
    let last = desk.last_seq;
    desk.socket.close(None).await.unwrap();
    until(409, "not connected").await;
    drop(page);
    assert_eq!(dialled(&world.switch), []);

    let mut desk = Desk::connect(&world.url()).await;
    desk.last_seq = last;
    desk.resume("agent1", &opened.token, last).await.unwrap();
    // As soon as the customer, who has hung up, is not offered to him any more.
    until(200, "success").await;
    world.centre.stop().await;
}

#[tokio::test]
async fn a_token_that_was_removed_is_good_no_more() {
    let world = World::start().await;
    let (_desk, server) = ready(&world).await;
    let admin = Admin::sign_in(&world.centre).await;
    let state = admin.state().await;
    let id = state["tokens"][0]["id"].as_str().unwrap();
    let bare = server.proof.trim_start_matches("Bearer ").to_owned();
    assert!(!state.to_string().contains(&bare), "the token is shown once only");
    let gone = admin.ask(reqwest::Method::DELETE, &format!("tokens/{id}"), Value::Null).await;
    assert_eq!(gone.status, 200);
    assert_eq!(server.post("manualdial", server.dial("x", "+15550152")).await.status, 401);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_token_is_good_until_its_time_is_over() {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).await.unwrap();
    let token = RestToken {
        id: "t".into(),
        name: "crm".into(),
        made_by: "admin".into(),
        made_at: 1_000,
        expires_at: Some(5_000),
        once: false,
        used_at: None,
    };
    store.add_token(&token, "hash").await.unwrap();
    for (at, good) in [(1_000, true), (4_999, true), (5_000, false), (9_000, false)] {
        let now = Moment::from_millis(at);
        assert_eq!(store.knows_token("hash", now).await.unwrap(), good, "{at}");
        assert_eq!(store.use_token("hash", "request", now).await.unwrap(), good, "{at}");
    }
    assert!(!store.knows_token("another", Moment::from_millis(1_000)).await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn the_document_is_served_and_is_the_committed_one() {
    let world = World::start().await;
    let served = send(client().get(format!("{}/openapi.json", base(&world.centre)))).await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let pretty = serde_json::to_string_pretty(&omnibar_center::openapi()).unwrap() + "\n";
    if std::env::var_os("OMNIBAR_WRITE_OPENAPI").is_some() {
        std::fs::write(file, &pretty).unwrap();
    }
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(served.json(), committed, "write it anew: OMNIBAR_WRITE_OPENAPI=1 cargo test ...");
    world.centre.stop().await;
}
