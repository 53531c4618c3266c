//! Customers' numbers in a campaign that hides them.

use crate::desk::{Desk, code};
use crate::switch::SimSwitch;
use crate::world::config;
use omnibar_center::store::Store;
use omnibar_center::switch::Target;
use omnibar_center::{Centre, SwitchChoice, seed};
use omnibar_model::{Destination, PhoneNumber, Secret};
use omnibar_protocol::wire::Conversation;
use omnibar_protocol::{Code, Command};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Masked {
    centre: Centre,
    switch: SimSwitch,
    data: TempDir,
}

const HIDDEN: &str = "******0101";

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// The outreach campaign hides numbers; the others do not.
async fn masked() -> Masked {
    let data = tempfile::tempdir().unwrap();
    let store = Store::open(data.path()).await.unwrap();
    let mut setup = seed::company("Masked");
    setup.campaigns.get_mut(&"outreach".into()).unwrap().campaign.mask_numbers = true;
    store.lay_down(&setup).await.unwrap();
    store.add_account("agent1", "Ada Palmer", Secret::new("demo")).await.unwrap();
    let nora = omnibar_center::store::Customer {
        name: "Nora Winter".into(),
        phone: Some(number("+15550101")),
        ..Default::default()
    };
    store.add_customer(omnibar_model::Moment::from_millis(1), &nora).await.unwrap();
    store.close().await;
    let (switch, link, events) = SimSwitch::start();
    let centre =
        Centre::start(config(data.path(), SwitchChoice::Connected(link, events))).await.unwrap();
    Masked { centre, switch, data }
}

impl Masked {
    async fn desk(&self) -> Desk {
        Desk::ready(&format!("{}/ws/agent", self.centre.url()), "agent1").await.0
    }
}

#[tokio::test]
async fn nothing_that_leaves_the_centre_names_the_number_and_the_switch_dials_it() {
    let world = masked().await;
    let mut desk = world.desk().await;
    let dialled = desk.dial("outreach", "+1 555 0101").await;
    let ringing = desk.interaction("ringing", |i| i.id == dialled).await;
    assert_eq!(ringing.customer.number, Some(number(HIDDEN)));
    assert_eq!(ringing.legs[0].party.number, Some(number(HIDDEN)));
    assert_eq!(ringing.legs[0].destination, Some(Destination::Number(number(HIDDEN))));
    assert_eq!(ringing.customer.name, "Nora Winter");
    let switched = world.switch.until("a dialled call", |s| !s.dialled.is_empty()).await;
    assert!(matches!(&switched.dialled[0].1, Target::Number(n) if n.as_str() == "+15550101"));

    let live = desk.get("interaction-service", "/interactions/live").await;
    assert_eq!(live[0]["data"]["customer_phone"], HIDDEN);
    let found = desk.get("customer-manager", "/customers?search=nora").await;
    assert_eq!(found["customers"][0]["phone"], HIDDEN);
    assert_eq!(found["customers"][0]["masked"], true);
    let by_digits = desk.get("customer-manager", "/customers?search=5550101").await;
    assert_eq!(by_digits["total"], 0, "digits cannot be tried out");
    let contacts = desk.get("crm", "/connectors/1/contacts/Contact").await;
    assert_eq!(contacts[0][2], json!({"field": "Phone", "value": HIDDEN, "type": "phone"}));
    let tried = "/connectors/1/search/Contact?field=phone&search=555";
    assert_eq!(desk.endpoint("crm", "GET", tried, Value::Null).await.0, 403);
    let session = desk.get("appserver", "/session").await;
    assert_eq!(session["maskedPrivileges"], json!(["phone"]));
    assert_eq!(session["campaignMaskedPrivilegeMap"]["campaignId_103"], json!(["phone"]));
    assert_eq!(session["campaignMaskedPrivilegeMap"]["campaignId_101"], json!([]));

    desk.end_and_dispose(&dialled, "no_answer").await;
    desk.interaction("disposed", |i| i.conversation == Conversation::Ended).await;
    let history = desk.ask(Command::History { before: None, limit: 5 }).await.unwrap();
    assert_eq!(history["entries"][0]["customer"]["number"], HIDDEN);
    let closed = desk.get("interaction-service", "/interactions/history").await;
    assert_eq!(closed["interactions"][0]["customer_phone"], HIDDEN);
    let searched = desk.ask(Command::Search { text: "nora".into() }).await.unwrap();
    assert_eq!(searched["entries"][0]["destination"]["id"], HIDDEN);
    let searched = desk.ask(Command::Search { text: "555010".into() }).await.unwrap();
    assert!(!searched.to_string().contains("Nora"), "{searched}");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_masked_number_is_called_again_only_where_it_stays_hidden() {
    let world = masked().await;
    let mut desk = world.desk().await;
    let dial =
        |campaign: &str, to: &str| Command::Dial { campaign: campaign.into(), number: number(to) };
    assert_eq!(code(desk.ask(dial("support", HIDDEN)).await), Code::NotFound);
    assert_eq!(code(desk.ask(dial("outreach", "******0177")).await), Code::NotFound);
    assert_eq!(code(desk.ask(dial("outreach", "******")).await), Code::NotFound);
    let called = desk.dial("outreach", HIDDEN).await;
    let switched = world.switch.until("a dialled call", |s| !s.dialled.is_empty()).await;
    assert!(matches!(&switched.dialled[0].1, Target::Number(n) if n.as_str() == "+15550101"));
    let to = Destination::Number(number(HIDDEN));
    let consult = Command::Consult { interaction: called.clone(), to };
    assert_eq!(code(desk.ask(consult).await), Code::NotFound);
    desk.end_and_dispose(&called, "no_answer").await;

    // With a second number that ends so, nobody can say which is meant.
    let store = Store::open(world.data.path()).await.unwrap();
    let other = omnibar_center::store::Customer {
        name: "Customer1".into(),
        phone: Some(number("+445550101")),
        ..Default::default()
    };
    store.add_customer(omnibar_model::Moment::from_millis(2), &other).await.unwrap();
    store.close().await;
    assert_eq!(code(desk.ask(dial("outreach", HIDDEN)).await), Code::NotFound);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_masked_number_that_comes_back_changes_nothing() {
    let world = masked().await;
    let mut desk = world.desk().await;
    let nora = desk.get("customer-manager", "/customers/100000").await;
    assert_eq!(nora["phone"], HIDDEN);
    let change = json!({"name": "Nora Summer", "phone": HIDDEN});
    let changed = desk.endpoint("customer-manager", "PUT", "/customers/100000", change).await;
    assert_eq!((changed.0, &changed.1["name"]), (200, &json!("Nora Summer")));
    let data = json!({"Company": "Harbour Books", "Phone": HIDDEN});
    let path = "/connectors/1/records/Contact/100000";
    assert_eq!(desk.endpoint("crm", "PUT", path, data).await.0, 200);
    let store = Store::open(world.data.path()).await.unwrap();
    let kept = store.customer(100_000).await.unwrap().unwrap();
    assert_eq!((kept.phone, kept.name.as_str()), (Some(number("+15550101")), "Nora Summer"));
    assert_eq!(kept.company, "Harbour Books");
    store.close().await;
    let new = json!({"name": "Customer1", "phone": "******0199"});
    assert_eq!(desk.endpoint("customer-manager", "POST", "/customers", new).await.0, 400);
    world.centre.stop().await;
}
