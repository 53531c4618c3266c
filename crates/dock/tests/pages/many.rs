//! Many pages at once.

use crate::rig::{CRM, Rig, meter, offered};
use omnibar_model::Conversation;
use serde_json::json;
use std::time::{Duration, Instant};

const TABS: usize = 50;
const ROUNDS: usize = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_tabs_see_the_same_state_within_fifty_ms_of_each_other() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events,customers").await;
    let mut tabs = Vec::new();
    for _ in 0..TABS {
        let mut page = rig.docked(CRM).await;
        page.say(json!({"say": "watch", "views": true, "meters": false})).await;
        page.until("view").await;
        tabs.push(page);
    }
    let mut spreads = Vec::new();
    for round in 0..ROUNDS {
        let state = match round % 2 {
            0 => offered(),
            _ => Conversation::Connected,
        };
        let want = serde_json::to_value(state).unwrap();
        let waiting: Vec<_> = tabs
            .into_iter()
            .map(|mut page| {
                let want = want.clone();
                tokio::spawn(async move {
                    loop {
                        let view = page.until("view").await;
                        if view["view"]["desk"]["calls"][0]["interaction"]["conversation"] == want {
                            return (page, Instant::now());
                        }
                    }
                })
            })
            .collect();
        rig.interaction("i-2511-5", state);
        let (mut back, mut times) = (Vec::new(), Vec::new());
        for tab in waiting {
            let (page, at) = tab.await.unwrap();
            back.push(page);
            times.push(at);
        }
        tabs = back;
        spreads.push(*times.iter().max().unwrap() - *times.iter().min().unwrap());
    }
    spreads.sort();
    println!(
        "{TABS} tabs saw a view within {:?} (median), {:?} (worst of {ROUNDS})",
        spreads[ROUNDS / 2],
        spreads[ROUNDS - 1]
    );
    assert!(spreads[ROUNDS / 2] < Duration::from_millis(50), "{spreads:?}");
}

#[tokio::test]
async fn the_sixty_fifth_page_is_sent_away() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let mut tabs = Vec::new();
    for _ in 0..64 {
        tabs.push(rig.docked(CRM).await);
    }
    let mut more = rig.page().await;
    assert_eq!(more.refused().await["errorType"], "HTTP_ERROR");
    drop(tabs.pop());
    rig.until("room", |v| v.dock.origins[0].pages == 63).await;
    rig.docked(CRM).await;
}

#[tokio::test]
async fn meters_and_views_go_to_those_who_watch() {
    let rig = Rig::new().await;
    rig.allow(CRM, "events").await;
    let (mut watching, mut blind) = (rig.docked(CRM).await, rig.docked(CRM).await);
    watching.say(json!({"say": "watch", "views": false, "meters": true})).await;
    watching.call(1, "getBaseUrl", json!([])).await;
    rig.interaction("i-2511-6", Conversation::Connected);
    rig.until("the call", |v| !v.desk.calls.is_empty()).await;
    meter(&rig, 0.25);
    let heard = watching.until("meter").await;
    assert_eq!(heard["meter"]["microphone"], 0.25);
    blind.say(json!({"say": "call", "id": 7, "api": "getBaseUrl", "arguments": []})).await;
    loop {
        let heard = blind.hear().await.unwrap();
        assert!(heard["say"] != "meter" && heard["say"] != "view", "{heard}");
        if heard["id"] == 7 {
            break;
        }
    }
}
