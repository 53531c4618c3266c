//! EVT-30: a call was missed.

use super::super::payload::{About, Told};
use super::super::{Act, seen, when};
use super::event;
use omnibar_contract::View;
use omnibar_desk::Snapshot;
use serde_json::{Value, json};

pub(super) fn missed(now: i64, before: &Snapshot, view: &View) -> Option<Act> {
    let interaction = view.desk.missed.as_ref()?;
    let is_old = before.missed.as_ref().is_some_and(|old| old.id == interaction.id);
    if is_old || seen::choice(before).is_none() {
        return None;
    }
    let age = view.now.since(interaction.since).as_millis();
    let at = now.saturating_sub(i64::try_from(age).unwrap_or(0));
    let about = About { desk: &view.desk, interaction, customer: None };
    Some(event("notification", "notification", Told::both(|named| notification(&about, at, named))))
}

fn notification(about: &About<'_>, at: i64, named: bool) -> Value {
    let id = format!("notify-{}", about.interaction.id);
    let customer = &about.interaction.customer;
    let phone = about.phone(customer.number.as_ref()).unwrap_or_default();
    let who = if named {
        format!("Customer Name: {} Contact Number: {phone} ", customer.name)
    } else {
        String::new()
    };
    let queue = about.interaction.queue.as_ref();
    let mut specific = json!({
        "contextId": queue.and_then(|q| seen::queue(about.desk, q)).map(|q| q.number),
        "context": "MISSED_CALL",
        "campaignId": about.campaign_number(),
        "dateAdded": when::plain(at),
    });
    if named {
        specific["customerId"] = about.customer_id();
        specific["name"] = json!(customer.name);
        specific["contact"] = json!(phone);
        specific["phoneInfo"] = json!({"phone": phone, "displayPhone": phone});
    }
    json!({
        "notificationId": id,
        "displayMessage": format!("Call missed!! {who}Missed Call Time: {}", when::spoken(at)),
        "severity": 2,
        "type": "application.notification.type",
        "subType": "notification.missed.call.type",
        "specificInfo": specific,
        "additionalParams": {"notificationId": id, "context": "MISSED_CALL"},
        "consolidationCount": 0,
        "dateAdded": when::iso(at),
    })
}
