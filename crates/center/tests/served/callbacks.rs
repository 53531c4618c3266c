//! Callbacks over real sessions: booked, told, kept over a restart, dialled once.

use crate::desk::{Desk, code};
use crate::switch::SimSwitch;
use crate::world::{World, config};
use omnibar_center::{Centre, SwitchChoice};
use omnibar_model::{Booking, Callback, CallbackAct, CallbackId};
use omnibar_protocol::{Code, Command, Notification};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn ahead(by: Duration) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from((now + by).as_millis()).unwrap()
}

/// As the contract writes a time.
fn iso(at: i64) -> String {
    let day = |days: i64| {
        let (mut year, mut left) = (1970, days);
        let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
        while left >= 365 + i64::from(leap(year)) {
            left -= 365 + i64::from(leap(year));
            year += 1;
        }
        let months = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut month = 0;
        while left >= months[month] {
            left -= months[month];
            month += 1;
        }
        format!("{year}-{:02}-{:02}", month + 1, left + 1)
    };
    let (days, s) = (at.div_euclid(86_400_000), at.rem_euclid(86_400_000) / 1000);
    format!("{}T{:02}:{:02}:{:02}+0000", day(days), s / 3600, s / 60 % 60, s % 60)
}

impl Desk {
    async fn book(&mut self, number: &str, at: i64, own: bool) -> (u16, Value) {
        let body = json!({
            "campaignId": 103, "phone": number, "callbackTime": iso(at),
            "isSelfCallback": own, "notes": "asks for a quote",
        });
        self.endpoint("callback-server", "POST", "/callbacks", body).await
    }

    async fn callbacks(&mut self, query: &str) -> Vec<Value> {
        let path = format!("/callbacks{query}");
        let told = self.get("callback-server", &path).await;
        told["callbacks"].as_array().unwrap().clone()
    }

    async fn callback(&mut self, what: &str, fits: impl Fn(&Callback) -> bool) -> Callback {
        let pick = |n: &Notification| match n {
            Notification::CallbackChanged { callback } if fits(callback) => Some(callback.clone()),
            Notification::Snapshot { callbacks, .. } => callbacks.iter().find(|c| fits(c)).cloned(),
            _ => None,
        };
        self.until(what, pick).await
    }
}

#[tokio::test]
async fn a_callback_comes_due_by_itself_and_is_dialled_once() {
    let world = World::start().await;
    let (mut ada, _) = Desk::ready(&world.url(), "agent1").await;
    let (mut bruno, _) = Desk::ready(&world.url(), "agent2").await;
    let interaction = ada.dial("outreach", "+15550101").await;
    ada.ask(Command::End { interaction: interaction.clone() }).await.unwrap();
    let at = ahead(Duration::from_secs(3));
    let dispose = |at| Command::Dispose {
        interaction: interaction.clone(),
        disposition: "callback".into(),
        note: "in a moment".into(),
        callback: Some(Booking { at, number: None, own: false }),
    };
    assert_eq!(code(ada.ask(dispose(at - 60_000)).await), Code::InvalidParams);
    ada.ask(dispose(at)).await.unwrap();
    let seen = ada.callback("the callback", |c| c.at == at).await;
    assert_eq!(seen.customer.name, "Nora Winter");
    assert!(!seen.due);
    bruno.callback("the same", |c| c.id == seen.id).await;
    // Nobody is ready: it waits for the first who is.
    bruno.available().await;
    bruno.callback("his turn", |c| c.id == seen.id && c.due).await;
    let take = Command::CallbackAct { callback: seen.id.clone(), act: CallbackAct::Take };
    let (first, second) = tokio::join!(ada.ask(take.clone()), bruno.ask(take));
    assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1, "{first:?} {second:?}");
    let dialled = world.switch.until("the callback's call", |s| s.dialled.len() == 2).await;
    assert_eq!(dialled.dialled.len(), 2);
    assert!(ada.callbacks("").await.is_empty());
    world.centre.stop().await;
}

#[tokio::test]
async fn the_service_lists_books_cancels_and_dials() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let at = ahead(Duration::from_secs(3600)) / 1000 * 1000;
    let (status, booked) = desk.book("+1 555 0104", at, true).await;
    assert_eq!(status, 201, "{booked}");
    let id = booked["callbackId"].as_str().unwrap().to_owned();
    let listed = desk.callbacks("").await;
    assert_eq!(listed.len(), 1);
    let (name, phone) = (&listed[0]["customerName"], &listed[0]["phone"]);
    assert_eq!((name.as_str(), phone.as_str()), (Some("Quentin Moore"), Some("+15550104")));
    assert_eq!(listed[0]["campaignId"], 103);
    assert_eq!(listed[0]["isSelfCallback"], true);
    assert_eq!(listed[0]["notes"], "asks for a quote");
    let (from, to) = (iso(at - 1000), iso(at + 1000));
    let encoded = |text: &str| text.replace('+', "%2B");
    let window = format!("?from={}&to={}&campaignId=103", encoded(&from), encoded(&to));
    assert_eq!(desk.callbacks(&window).await.len(), 1);
    assert!(desk.callbacks("?campaignId=101").await.is_empty());
    assert!(desk.callbacks(&format!("?from={}", encoded(&to))).await.is_empty());
    for (number, at, status) in [
        ("+15550104", ahead(Duration::ZERO) - 5000, 400),
        ("+15550104", ahead(Duration::from_secs(400 * 86_400)), 400),
        ("call me", at, 400),
    ] {
        let (got, body) = desk.book(number, at, true).await;
        assert_eq!(got, status, "{body}");
        assert!(body["message"].as_str().is_some_and(|words| words.ends_with('.')), "{body}");
    }
    let (mut other, _) = Desk::ready(&world.url(), "agent2").await;
    let path = format!("/callbacks/{id}");
    assert!(other.callbacks("").await.is_empty(), "it is agent1's own");
    assert_eq!(other.endpoint("callback-server", "DELETE", &path, Value::Null).await.0, 404);
    let (status, _) = desk.endpoint("callback-server", "DELETE", &path, Value::Null).await;
    assert_eq!(status, 200);
    assert!(desk.callbacks("").await.is_empty());
    let (_, booked) = desk.book("+15550105", at, false).await;
    let path = format!("/callbacks/{}/dial", booked["callbackId"].as_str().unwrap());
    let (status, dialled) = desk.endpoint("callback-server", "POST", &path, Value::Null).await;
    assert_eq!(status, 200, "{dialled}");
    assert!(dialled["interactionId"].is_string());
    assert_eq!(desk.endpoint("callback-server", "POST", &path, Value::Null).await.0, 404);
    world.centre.stop().await;
}

#[tokio::test]
async fn callbacks_are_there_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let (_switch, link, events) = SimSwitch::start();
    let first = Centre::start(config(data.path(), SwitchChoice::Connected(link, events)));
    let first = first.await.unwrap();
    let (mut desk, _) = Desk::ready(&format!("{}/ws/agent", first.url()), "agent1").await;
    let at = ahead(Duration::from_secs(3));
    assert_eq!(desk.book("+15550104", at, true).await.0, 201);
    let (_, gone) = desk.book("+15550105", at, true).await;
    let id: CallbackId = gone["callbackId"].as_str().unwrap().into();
    let reason = "has called himself".to_owned();
    let cancel = Command::CallbackAct { callback: id, act: CallbackAct::Cancel { reason } };
    desk.ask(cancel).await.unwrap();
    first.stop().await;

    let (_switch, link, events) = SimSwitch::start();
    let second = Centre::start(config(data.path(), SwitchChoice::Connected(link, events)));
    let second = second.await.unwrap();
    let (mut desk, _) = Desk::ready(&format!("{}/ws/agent", second.url()), "agent1").await;
    let due = desk.callback("the one that was kept, due", |c| c.due).await;
    assert_eq!(due.customer.number.map(|n| n.to_string()), Some("+15550104".into()));
    assert_eq!(desk.callbacks("").await.len(), 1);
    second.stop().await;
}
