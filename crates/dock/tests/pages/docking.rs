//! Asking, allowing, refusing, revoking; what a page gets that comes back.

use crate::rig::{CRM, Page, Rig, TOOLBAR, offered, rights};
use omnibar_contract::{DockIntent, Standing, View};
use omnibar_model::Conversation;
use serde_json::{Value, json};

fn standing(view: &View, origin: &str) -> Option<Standing> {
    view.dock.origins.iter().find(|o| o.origin == origin).map(|o| o.standing)
}

fn pages(view: &View, origin: &str) -> u32 {
    view.dock.origins.iter().find(|o| o.origin == origin).map_or(0, |o| o.pages)
}

#[tokio::test]
async fn an_unknown_origin_asks_once_in_the_window_and_waits() {
    let rig = Rig::new().await;
    let (mut one, mut two) = (rig.page().await, rig.page().await);
    for page in [&mut one, &mut two] {
        page.hello(CRM, json!({})).await;
        assert_eq!(page.hear().await.unwrap(), json!({"say": "asking"}));
    }
    let view = rig.until("both pages", |v| pages(v, CRM) == 2).await;
    assert_eq!(view.dock.origins.len(), 1, "one card");
    assert_eq!(standing(&view, CRM), Some(Standing::Asking));

    rig.allow(CRM, "events,dial").await;
    for page in [&mut one, &mut two] {
        let welcome = page.until("welcome").await;
        let given = json!({"events": true, "control": false, "customers": false, "dial": true});
        assert_eq!(welcome["rights"], given);
        assert_eq!(welcome["lost"], 0);
    }
    let kept = rig.kept.lock().unwrap().clone();
    assert_eq!(kept.origins.len(), 1);
    assert_eq!(kept.origins[0].rights, Some(rights("events,dial")));
}

#[tokio::test]
async fn revocation_undocks_at_once_and_takes_the_tokens() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let (mut one, mut two) = (rig.docked(CRM).await, rig.docked(CRM).await);
    assert_eq!(rig.open.reach.borrow().tokens.len(), 2);

    rig.window(DockIntent::Block { origin: CRM.into() });
    for page in [&mut one, &mut two] {
        assert_eq!(page.refused().await["errorType"], "INVALID_ORIGIN");
    }
    let mut again = rig.page().await;
    again.hello(CRM, json!({})).await;
    let error = again.refused().await;
    assert_eq!(error["errorCode"], 1003);
    assert!(error["description"].as_str().unwrap().contains("Settings, Docked pages"));
    assert!(rig.open.reach.borrow().tokens.is_empty());
    assert_eq!(rig.kept.lock().unwrap().tokens, [(CRM.to_owned(), None)]);

    rig.window(DockIntent::Forget { origin: CRM.into() });
    rig.until("a stranger", |v| standing(v, CRM).is_none()).await;
    let mut stranger = rig.page().await;
    stranger.hello(CRM, json!({})).await;
    stranger.until("asking").await;
}

#[tokio::test]
async fn calls_need_the_right_that_the_agent_gave() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let mut page = rig.docked(CRM).await;
    let user = page.call(1, "session.getCurrentUser", json!([])).await;
    assert_eq!(user["say"], "done", "{user}");
    let dial = json!(["voice", {"phone": "+15550102"}, 101]);
    let failed = page.call(2, "interaction.initiateInteraction", dial.clone()).await;
    assert_eq!(failed["error"]["errorType"], "INVALID_ORIGIN");
    assert!(failed["error"]["description"].as_str().unwrap().contains("dial"), "{failed}");
    assert_eq!(rig.orders.lock().unwrap().len(), 1, "the choice of campaigns");

    // A right that is given later is told, and holds for the same connection.
    rig.allow(CRM, "events,dial").await;
    let welcome = page.until("welcome").await;
    assert_eq!(welcome["rights"]["dial"], true);
    page.say(json!({"say": "call", "id": 3, "api": "interaction.initiateInteraction",
                    "arguments": dial}))
        .await;
    let dialled = |v: &View| v.desk.can_dial || rig.orders.lock().unwrap().len() > 1;
    rig.until("the order", dialled).await;
}

/// The events up to a call's answer, as `seq` and name.
async fn events(page: &mut Page) -> Vec<(u64, String)> {
    page.say(json!({"say": "call", "id": 99, "api": "getBaseUrl", "arguments": []})).await;
    let mut events = Vec::new();
    loop {
        let heard = page.hear().await.expect("an answer");
        if heard["say"] == "event" {
            let event = heard["event"].as_str().unwrap().to_owned();
            events.push((heard["seq"].as_u64().unwrap(), event));
        } else if heard["id"] == 99 {
            assert_eq!(heard["value"], TOOLBAR);
            return events;
        }
    }
}

async fn see(rig: &Rig, id: &str, conversation: Conversation) {
    rig.interaction(id, conversation);
    let same = |v: &View| {
        v.desk
            .calls
            .iter()
            .any(|c| c.interaction.id.as_str() == id && c.interaction.conversation == conversation)
    };
    rig.until("the call", same).await;
}

#[tokio::test]
async fn a_screen_pop_survives_a_reload() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events,customers").await;
    let mut stays = rig.docked(CRM).await;
    let mut page = rig.page().await;
    page.hello(CRM, json!({})).await;
    let welcome = page.until("welcome").await;
    let (epoch, begin) = (welcome["epoch"].clone(), welcome["seq"].as_u64().unwrap());
    see(&rig, "i-2511-1", offered()).await;
    let first = events(&mut page).await;
    assert!(!first.is_empty() && first[0].0 > begin, "{first:?}");
    drop(page);

    // Reloading: the customer is connected meanwhile.
    see(&rig, "i-2511-1", Conversation::Connected).await;
    let last = json!({"epoch": epoch, "seq": first[0].0});
    let mut page = rig.page().await;
    page.hello(CRM, json!({"last": last, "token": welcome["token"]})).await;
    let back = page.until("welcome").await;
    assert_eq!(back["token"], welcome["token"], "the same is good for a while");
    assert_eq!((&back["lost"], back["seq"].as_u64()), (&json!(0), Some(first[0].0)));
    let missed = events(&mut page).await;
    assert!(missed.iter().any(|(_, e)| e == "interactionConnected"), "{missed:?}");
    // What a page got that was there all the time.
    let mut all = events(&mut stays).await;
    all.retain(|(seq, _)| *seq > first[0].0);
    assert_eq!(missed, all, "each once, in order");

    // A new page of the same origin is told nothing old.
    let mut fresh = rig.docked(CRM).await;
    assert_eq!(events(&mut fresh).await, []);
}

#[tokio::test]
async fn what_is_sent_again_is_what_rights_allow_now() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events,customers").await;
    let mut page = rig.page().await;
    page.hello(CRM, json!({})).await;
    let welcome = page.until("welcome").await;
    see(&rig, "i-2511-2", offered()).await;
    let told = json!({"epoch": welcome["epoch"], "seq": welcome["seq"]});
    let all = events(&mut page).await;
    drop(page);
    let replay = async |list: &str| -> Vec<Value> {
        rig.allow(CRM, list).await;
        let mut page = rig.page().await;
        page.hello(CRM, json!({"last": told})).await;
        page.say(json!({"say": "call", "id": 1, "api": "getBaseUrl", "arguments": []})).await;
        let mut heard = Vec::new();
        loop {
            let next = page.hear().await.unwrap();
            if next["id"] == 1 {
                return heard;
            }
            heard.push(next);
        }
    };
    let text = |frames: &[Value]| serde_json::to_string(frames).unwrap();
    let full = replay("events,customers").await;
    assert_eq!(full.len(), all.len() + 1, "the welcome and every event");
    assert!(text(&full).contains("5550101"), "{full:?}");
    let discreet = replay("events").await;
    assert!(discreet.len() > 1);
    assert!(!text(&discreet).contains("5550101"), "{discreet:?}");
    assert!(!text(&discreet).contains("Customer One"), "{discreet:?}");
    assert_eq!(replay("dial").await.len(), 1, "the welcome alone");
}

#[tokio::test]
async fn another_agents_pages_are_told_nothing_of_before() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events,customers").await;
    let mut page = rig.page().await;
    page.hello(CRM, json!({})).await;
    let welcome = page.until("welcome").await;
    see(&rig, "i-2511-3", offered()).await;
    assert!(!events(&mut page).await.is_empty());
    drop(page);
    rig.interaction("i-2511-3", Conversation::Ended);
    rig.until("an empty desk", |v| v.desk.calls.is_empty()).await;
    rig.sign_out().await;
    rig.sign_in("agent2").await;
    let mut page = rig.page().await;
    let last = json!({"epoch": welcome["epoch"], "seq": welcome["seq"]});
    page.hello(CRM, json!({"last": last})).await;
    page.until("welcome").await;
    let told = events(&mut page).await;
    assert!(told.iter().all(|(_, e)| !e.starts_with("interaction") && e != "showCrm"), "{told:?}");
}

#[tokio::test]
async fn the_machine_remembers_origins_and_tokens() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let mut page = rig.page().await;
    page.hello(CRM, json!({})).await;
    let welcome = page.until("welcome").await;
    let kept = rig.kept.lock().unwrap().clone();
    let keychain = format!("{:?}", kept.tokens);
    assert!(keychain.contains("***"), "{keychain}");

    let rig = Rig::with(kept).await;
    let mut page = rig.page().await;
    page.hello(CRM, json!({"token": welcome["token"], "last": {"epoch": "older", "seq": 900}}))
        .await;
    let back = page.until("welcome").await;
    assert_eq!(back["token"], welcome["token"]);
    assert_ne!(back["epoch"], welcome["epoch"]);
    assert_eq!(rig.open.reach.borrow().tokens.values().collect::<Vec<_>>(), [CRM]);
}

#[tokio::test]
async fn a_pairing_code_is_the_windows_and_used_once() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let mut page = rig.docked(CRM).await;
    rig.window(DockIntent::Pair { on: true });
    let view = rig.until("the code", |v| v.dock.pairing_code.is_some()).await;
    let code = view.dock.pairing_code.clone().unwrap();
    assert!(code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
    let mut reach = rig.open.reach.clone();
    reach.wait_for(|r| r.code.as_ref() == Some(&code)).await.unwrap();
    page.say(json!({"say": "watch", "views": true, "meters": false})).await;
    let shown = page.until("view").await;
    assert!(!shown.to_string().contains(&code), "a page never sees it");
    rig.open.door.paired();
    rig.until("no code", |v| v.dock.pairing_code.is_none()).await;
    reach.wait_for(|r| r.code.is_none()).await.unwrap();
}
