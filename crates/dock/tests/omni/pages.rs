//! API-27, API-28 and API-36 to API-46: the toolbar's own screens, the store, and pages
//! among themselves (EVT-25, EVT-26, EVT-29).

use crate::world::*;
use omnibar_contract::{DockIntent, PageContext, SdkErrorType, ToastVariant};
use omnibar_dock::omni::{Audience, Right};
use serde_json::{Value, json};

#[test]
fn api_27_28_data_goes_between_page_and_app() {
    let mut world = World::available();
    let data = json!({"any": [1, null, "text"]});
    assert_eq!(world.value("crm.sendDataToApp", std::slice::from_ref(&data)), data);
    let told = world.event("receiveDataFromCRM");
    assert_eq!((told.to, told.payload, told.needs), (Audience::App, data.clone(), Right::Events));
    let told = world.call_as(APP, ALL, "crm.sendDataToCRM", std::slice::from_ref(&data));
    assert_eq!(told, Some(Ok(data.clone())));
    let told = world.event("receiveDataFromApp");
    assert_eq!((told.to, told.payload), (Audience::Crm, data.clone()));
    let wrong = world.error("crm.sendDataToCRM", std::slice::from_ref(&data));
    assert_eq!(wrong.error_type, SdkErrorType::InvalidOrigin);
    let wrong = world.call_as(APP, ALL, "crm.sendDataToApp", &[data]).unwrap().unwrap_err();
    assert_eq!(wrong.error_type, SdkErrorType::InvalidOrigin);
}

#[test]
fn api_36_38_fill_in_the_screens_before_work() {
    let mut world = World::new();
    world.value("ui.setLoginInfo", &[json!("agent1"), json!("one-time-token")]);
    let shown = world.shown();
    assert_eq!(shown.user, Some("agent1".into()));
    assert!(!format!("{:?} {shown:?}", world.omni).contains("one-time-token"));
    world.value("ui.setExtensionInfo", &[json!(1), json!("1001")]);
    assert_eq!(world.shown().extension, Some("1001".into()));
    world.login("agent1", "right");
    assert_eq!(world.shown().user, None, "he has signed in");
}

#[test]
fn api_37_puts_a_number_into_the_dial_field_each_time() {
    let mut world = World::available();
    let details = json!({
        "campaignId": "102", "appName": "", "phone": "+1 555 0102", "name": "Customer Two",
    });
    let arguments = [json!("VOICE"), json!(""), details];
    let api = "ui.populateChannelDetailsForNewInteraction";
    world.value(api, &arguments);
    let first = world.shown().draft.unwrap();
    assert_eq!(first.phone, "+15550102");
    world.value(api, &arguments);
    assert_eq!(world.shown().draft.unwrap().number, first.number + 1);
    assert!(world.orders.iter().all(|o| !matches!(o, omnibar_desk::Order::Dial { .. })));
    let half = [json!("voice"), json!(""), json!({"phone": "+15550102"})];
    assert_eq!(world.error(api, &half).description, "campaignId is required");
}

#[test]
fn api_39_toasts_say_whose_they_are_and_go() {
    let mut world = World::new();
    for (variant, shown) in [
        ("success", ToastVariant::Success),
        ("ERROR", ToastVariant::Error),
        ("warning", ToastVariant::Warning),
        ("info", ToastVariant::Info),
    ] {
        world.value("ui.triggerToastNotification", &[json!("Saved\n"), json!(variant)]);
        let toast = world.shown().toasts.pop().unwrap();
        assert_eq!((toast.variant, toast.origin.as_str()), (shown, ORIGIN));
        assert_eq!(toast.message, "Saved ");
    }
    for _ in 0..9 {
        let long = json!("x".repeat(10_000));
        world.value("ui.triggerToastNotification", &[long, json!("info")]);
    }
    let toasts = world.shown().toasts;
    assert_eq!((toasts.len(), toasts[0].message.len()), (5, 300));
    world.press(&DockIntent::DismissToast { id: toasts[2].id });
    assert_eq!(world.shown().toasts.len(), 4);
    world.pass(10_000);
    assert!(world.shown().toasts.is_empty());
    let error = world.error("ui.triggerToastNotification", &[json!("x"), json!("loud")]);
    assert_eq!(error.error_type, SdkErrorType::RequiredFieldMissing);
}

#[test]
fn api_40_a_desktop_notification_names_its_page() {
    let mut world = World::new();
    let arguments = ["crm", "case", "Case closed", "Well done"].map(Value::from);
    world.value("ui.triggerDesktopNotification", &arguments);
    assert_eq!(world.alerts, [("Case closed".into(), format!("Well done\n{ORIGIN}"))]);
}

#[test]
fn api_41_to_43_each_origin_has_its_own_store() {
    let mut world = World::new();
    let set = |world: &mut World, page, key: &str, value: &str| {
        world.call_as(page, ALL, "store.set", &[json!(key), json!(value)]).unwrap()
    };
    assert_eq!(set(&mut world, CRM, "k", "qwerty"), Ok(json!("successfully set store item")));
    assert_eq!(world.value("store.get", &[json!("k")]), json!("qwerty"));
    let other = world.call_as(APP, ALL, "store.get", &[json!("k")]).unwrap().unwrap_err();
    assert_eq!((other.error_type, other.error_code), (SdkErrorType::DataNotFound, 4000));
    assert_eq!(
        world.value("store.delete", &[json!("k")]),
        json!("successfully deleted store item")
    );
    assert!(world.call("store.get", &[json!("k")]).unwrap().is_err());
    assert!(set(&mut world, CRM, "k", &"x".repeat(65_537)).is_err());
    assert!(set(&mut world, CRM, &"k".repeat(257), "v").is_err());
    assert!(set(&mut world, CRM, "a", &"x".repeat(60_000)).is_ok());
    let more = set(&mut world, CRM, "b", &"x".repeat(6_000)).unwrap_err();
    assert!(more.description.contains("65536"), "{}", more.description);
    assert!(set(&mut world, CRM, "a", "short").is_ok());
    assert!(set(&mut world, CRM, "b", &"x".repeat(6_000)).is_ok());
    for key in ["a", "b"] {
        world.value("store.delete", &[json!(key)]);
    }
    for n in 0..100 {
        assert!(set(&mut world, CRM, &n.to_string(), "").is_ok());
    }
    assert!(set(&mut world, CRM, "one more", "v").unwrap_err().description.contains("delete one"));
    assert!(set(&mut world, CRM, "7", "again").is_ok());
    world.press(&DockIntent::Forget { origin: ORIGIN.into() });
    assert!(world.call("store.get", &[json!("7")]).unwrap().is_err());
}

#[test]
fn api_44_to_46_apps_find_and_reach_each_other() {
    let mut world = World::new();
    world.dock(3, "https://app.example", PageContext::App, "notes-2", "notes");
    let notes = |instance: &str| {
        json!({
            "appId": "notes", "instanceId": instance, "context": "app",
            "origin": "https://app.example",
        })
    };
    let both = json!([notes("notes-1"), notes("notes-2")]);
    for arguments in
        [vec![], vec![json!("")], vec![json!("notes")], vec![json!({"appId": "notes"})]]
    {
        assert_eq!(world.value("appInstance.getAllInfo", &arguments), both);
    }
    assert_eq!(world.error("appInstance.getAllInfo", &[json!("x")]).error_code, 4000);
    assert_eq!(world.value("appInstance.getInfo", &[json!("notes-2")]), notes("notes-2"));
    let crm = world.value("appInstance.getInfo", &[json!("ameyoIframe")]);
    assert_eq!((&crm["context"], &crm["origin"]), (&json!("crm"), &json!(ORIGIN)));
    let data = json!([1, 2]);
    let arguments = [json!("notes-2"), data.clone()];
    assert_eq!(world.value("appInstance.sendDataToApp", &arguments), data);
    let told = world.event("receiveData");
    let to = |origin: &str, instance: &str| Audience::Instance {
        origin: origin.into(),
        instance: instance.into(),
    };
    assert_eq!((told.to, told.payload), (to("https://app.example", "notes-2"), data));
    world.omni.closed(3);
    assert_eq!(world.error("appInstance.sendDataToApp", &arguments).error_code, 4000);
    assert_eq!(world.error("appInstance.getInfo", &[json!("notes-2")]).error_code, 4000);
}

#[test]
fn a_page_that_takes_anothers_name_gets_nothing_of_what_is_meant_for_it() {
    let mut world = World::new();
    let to = |origin: &str, instance: &str| Audience::Instance {
        origin: origin.into(),
        instance: instance.into(),
    };
    // A page of its own that is called as the first one is, and as an app of the centre's.
    world.dock(3, "https://evil.example", PageContext::Crm, "ameyoIframe", "");
    world.dock(4, "https://evil.example", PageContext::Crm, "notes-1", "");
    world.value("appInstance.sendDataToApp", &[json!("ameyoIframe"), json!(1)]);
    world.value("appInstance.sendDataToApp", &[json!("notes-1"), json!(1)]);
    let told: Vec<Audience> = world.events("receiveData").into_iter().map(|h| h.to).collect();
    assert_eq!(told, [to(ORIGIN, "ameyoIframe"), to("https://app.example", "notes-1")]);
    let ask = "appInstance.sendDataToApp";
    let unclear = world.call_as(APP, ALL, ask, &[json!("ameyoIframe"), json!(1)]);
    assert_eq!(unclear.unwrap().unwrap_err().error_type, SdkErrorType::DataNotFound);
}
