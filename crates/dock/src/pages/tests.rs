use super::*;
use omnibar_contract::{
    AudioView, ButtonsView, DirectoryView, HistoryView, Remembered, Rights, Settings, VoiceView,
    WindowView,
};
use omnibar_desk::{Config, Desk};
use omnibar_model::Moment;
use proptest::prelude::*;
use serde_json::{Value, json};

const CRM: &str = "https://crm.example";
const ONE: PageId = PageId(1);

fn view() -> Arc<View> {
    Arc::new(View {
        revision: 1,
        now: Moment(0),
        desk: Desk::new(Config::default()).snapshot(),
        audio: AudioView::default(),
        voice: VoiceView::default(),
        connection: omnibar_contract::ConnectionTest::default(),
        buttons: ButtonsView::default(),
        directory: DirectoryView::default(),
        history: HistoryView::default(),
        settings: Settings::default(),
        remembered: Remembered { centre: "centre.example".into(), ..Remembered::default() },
        window: WindowView::default(),
        notices: Vec::new(),
        dock: DockView::default(),
        callbacks: Vec::new(),
        voicemail: None,
    })
}

/// Its random numbers count up.
fn pages() -> Pages {
    let mut count = 0u8;
    let entropy = move || {
        count = count.wrapping_add(1);
        [count; 32]
    };
    let mut pages = Pages::new(Vec::new(), Vec::new(), view(), None, Box::new(entropy));
    pages.view_changed(0, view());
    pages.take(0);
    pages
}

fn hello(origin: &str) -> String {
    json!({"say": "hello", "origin": origin, "instance": "a"}).to_string()
}

fn texts(out: &[Out]) -> Vec<Value> {
    let text = |out: &Out| match out {
        Out::Send { text, .. } => serde_json::from_str(text).ok(),
        _ => None,
    };
    out.iter().filter_map(text).collect()
}

fn shown(out: &[Out]) -> Option<&DockView> {
    out.iter().rev().find_map(|o| match o {
        Out::Show(view) => Some(&**view),
        _ => None,
    })
}

#[test]
fn a_page_that_says_nothing_is_sent_away_after_ten_seconds() {
    let mut pages = pages();
    pages.connected(0, ONE, Way::Loopback);
    assert_eq!(pages.deadline(), Some(limits::HELLO_MS));
    pages.tick(limits::HELLO_MS - 1);
    assert!(pages.take(0).is_empty());
    pages.tick(limits::HELLO_MS);
    let out = pages.take(limits::HELLO_MS);
    assert_eq!(texts(&out)[0]["error"]["errorType"], "TIMEOUT");
    assert!(matches!(out[1], Out::Close { page: ONE }));
    assert_eq!(pages.deadline(), None);
}

#[test]
fn a_pairing_code_holds_for_two_minutes() {
    let mut pages = pages();
    pages.agent_asked(0, DockIntent::Pair { on: true });
    let out = pages.take(0);
    let code = shown(&out).and_then(|v| v.pairing_code.clone()).unwrap();
    assert_eq!(code.len(), 6);
    assert_eq!(pages.deadline(), Some(CODE_MS));
    pages.tick(CODE_MS);
    let out = pages.take(CODE_MS);
    assert_eq!(shown(&out).unwrap().pairing_code, None);
    pages.agent_asked(CODE_MS, DockIntent::Pair { on: true });
    let out = pages.take(CODE_MS);
    assert_ne!(shown(&out).and_then(|v| v.pairing_code.clone()), Some(code), "a fresh one");
}

#[test]
fn the_centres_own_pages_need_no_permission() {
    let mut pages = pages();
    pages.connected(0, ONE, Way::Loopback);
    pages.text(0, ONE, &hello("https://centre.example"));
    assert_eq!(texts(&pages.take(0))[0]["say"], "welcome");
    pages.agent_asked(1, DockIntent::Block { origin: "https://centre.example".into() });
    let out = pages.take(1);
    assert_eq!(texts(&out)[0]["say"], "refused");
    // Another centre's pages are strangers like all others.
    let two = PageId(2);
    pages.connected(2, two, Way::Loopback);
    pages.text(2, two, &hello("https://other.example"));
    assert_eq!(texts(&pages.take(2))[0]["say"], "asking");
}

#[test]
fn over_the_relay_nobody_is_the_centre_by_his_word_alone() {
    let mut pages = pages();
    let home = "https://centre.example";
    pages.connected(0, ONE, Way::Relay);
    pages.text(0, ONE, &hello(home));
    assert_eq!(texts(&pages.take(0))[0]["say"], "refused");
    // Its page in a browser got a token over the app's own port.
    let two = PageId(2);
    pages.connected(1, two, Way::Loopback);
    pages.text(1, two, &hello(home));
    let welcome = texts(&pages.take(1)).remove(0);
    let three = PageId(3);
    pages.connected(2, three, Way::Relay);
    let token = &welcome["token"];
    let again = json!({"say": "hello", "origin": home, "instance": "a", "token": token});
    pages.text(2, three, &again.to_string());
    assert_eq!(texts(&pages.take(2))[0]["say"], "welcome");
}

fn app_hello(origin: &str) -> String {
    json!({"say": "hello", "origin": origin, "context": "app", "instance": "panel-4",
           "app": "orders", "app_version": "1.0.2"})
    .to_string()
}

/// The question to the centre that is under way.
fn question(out: &[Out]) -> u64 {
    out.iter()
        .find_map(|o| match o {
            Out::Ask { ticket, call } if call.path == "/apps/orders/1.0.2" => Some(*ticket),
            _ => None,
        })
        .unwrap()
}

fn granted(rights: &Value) -> Result<EndpointAnswer, String> {
    let body = json!({"rights": rights, "crmIntegrationConfig": [{"key": "Id", "type": "id"}]});
    Ok(EndpointAnswer { status: 200, body })
}

#[test]
fn an_app_may_do_what_was_granted_to_it_and_its_frame_presses_nothing() {
    let mut pages = pages();
    pages.connected(0, ONE, Way::Loopback);
    pages.text(0, ONE, &app_hello("https://centre.example"));
    let out = pages.take(0);
    assert!(texts(&out).is_empty(), "it waits for the centre: {out:?}");
    pages.answered(1, question(&out), granted(&json!({"events": true})));
    let welcome = texts(&pages.take(1)).remove(0);
    assert_eq!(
        welcome["rights"],
        json!({"events": true, "control": false, "customers": false, "dial": false})
    );

    let call = |id: u32, api: &str, arguments: Value| {
        json!({"say": "call", "id": id, "api": api, "arguments": arguments}).to_string()
    };
    let dial = json!(["voice", {"phone": "+15550101"}, 101]);
    pages.text(2, ONE, &call(1, "interaction.initiateInteraction", dial.clone()));
    let failed = texts(&pages.take(2)).remove(0);
    assert_eq!(failed["error"]["errorType"], "INVALID_ORIGIN");
    let words = failed["error"]["description"].as_str().unwrap();
    assert!(words.contains("orders") && words.contains("administrator"), "{words}");
    pages.text(3, ONE, &call(2, "appInstance.getInfo", json!(["panel-4"])));
    let info = texts(&pages.take(3)).remove(0);
    assert_eq!(info["value"]["crmIntegrationConfig"], json!([{"key": "Id", "type": "id"}]));

    let press = json!({"say": "intent", "intent": {"to": "desk", "ask": {"do": "accept",
                       "interaction": null}}});
    pages.text(4, ONE, &press.to_string());
    pages.text(4, ONE, &json!({"say": "watch", "views": true, "meters": true}).to_string());
    assert!(pages.take(4).is_empty(), "an app's frame is no toolbar");

    // A minute later the administrator has granted dialling, and then nothing at all.
    pages.tick(60_000);
    let out = pages.take(60_000);
    pages.answered(60_001, question(&out), granted(&json!({"events": true, "dial": true})));
    assert_eq!(texts(&pages.take(60_001))[0]["rights"]["dial"], true);
    pages.text(60_002, ONE, &call(3, "interaction.initiateInteraction", dial));
    let failed = texts(&pages.take(60_002)).remove(0);
    assert_ne!(failed["error"]["errorType"], "INVALID_ORIGIN", "nobody is signed in: {failed}");
    pages.tick(120_001);
    let out = pages.take(120_001);
    pages.answered(120_002, question(&out), Ok(EndpointAnswer { status: 404, body: json!({}) }));
    assert_eq!(texts(&pages.take(120_002))[0]["say"], "refused");
    assert_eq!(pages.deadline(), None);
}

#[test]
fn nobody_else_vouches_for_an_app() {
    let mut pages = pages();
    pages.agent_asked(0, DockIntent::Allow { origin: CRM.into(), rights: rights::ALL });
    pages.take(0);
    pages.connected(0, ONE, Way::Loopback);
    pages.text(0, ONE, &app_hello(CRM));
    let out = pages.take(0);
    assert_eq!(texts(&out)[0]["error"]["errorType"], "INVALID_ORIGIN");
    let two = PageId(2);
    pages.connected(0, two, Way::Loopback);
    let nameless = json!({"say": "hello", "origin": "https://centre.example", "instance": "a",
                          "app": "orders", "app_version": "../1"});
    pages.text(0, two, &nameless.to_string());
    assert_eq!(texts(&pages.take(0))[0]["say"], "refused");
    // Without a session the centre says nothing, and the app may do nothing.
    let three = PageId(3);
    pages.connected(0, three, Way::Loopback);
    pages.text(0, three, &app_hello("https://centre.example"));
    let ticket = question(&pages.take(0));
    pages.answered(0, ticket, Err("signed out".into()));
    assert_eq!(texts(&pages.take(0))[0]["rights"], json!(Rights::default()));
}

#[test]
fn what_comes_together_is_shown_once_and_what_looks_the_same_not_at_all() {
    let mut pages = pages();
    let rights = Rights { events: true, ..Rights::default() };
    pages.agent_asked(0, DockIntent::Allow { origin: CRM.into(), rights });
    for page in [ONE, PageId(2)] {
        pages.connected(0, page, Way::Loopback);
        pages.text(0, page, &hello(CRM));
        pages.text(0, page, &json!({"say": "watch", "views": true, "meters": false}).to_string());
    }
    let shown_at_once = texts(&pages.take(0));
    assert_eq!(shown_at_once.iter().filter(|t| t["say"] == "view").count(), 2);

    let changed = |revision, muted| {
        let mut view = Arc::unwrap_or_clone(view());
        (view.revision, view.desk.muted) = (revision, muted);
        Arc::new(view)
    };
    pages.view_changed(100, changed(2, true));
    pages.view_changed(105, changed(3, false));
    pages.view_changed(107, changed(4, true));
    assert!(texts(&pages.take(107)).is_empty());
    assert_eq!(pages.deadline(), Some(108));
    pages.tick(107);
    assert!(texts(&pages.take(107)).is_empty());
    pages.tick(108);
    let shown = texts(&pages.take(108));
    let revisions: Vec<_> = shown.iter().map(|t| t["view"]["revision"].as_u64()).collect();
    assert_eq!(revisions, [Some(4), Some(4)], "one each, the newest");
    assert_eq!(pages.deadline(), None);

    pages.view_changed(200, changed(5, true));
    pages.tick(208);
    assert!(texts(&pages.take(208)).is_empty(), "nothing looks different");
    pages.text(300, ONE, &json!({"say": "watch", "views": false, "meters": false}).to_string());
    pages.view_changed(301, changed(6, false));
    pages.tick(309);
    assert_eq!(texts(&pages.take(309)).len(), 1, "one of the two is not looked at");
}

#[test]
fn the_hub_knows_a_token_before_the_page_does() {
    let mut pages = pages();
    let rights = Rights { events: true, ..Rights::default() };
    pages.agent_asked(0, DockIntent::Allow { origin: CRM.into(), rights });
    pages.take(0);
    pages.connected(0, ONE, Way::Relay);
    pages.text(0, ONE, &hello(CRM));
    let out = pages.take(0);
    let reach = out.iter().position(|o| matches!(o, Out::Reach(r) if r.tokens.len() == 1));
    let welcome = out.iter().position(|o| matches!(o, Out::Send { .. }));
    assert!(reach.unwrap() < welcome.unwrap(), "{out:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a page says, nothing of it is done before the agent has allowed its
    /// origin, and no intent but a toolbar's press comes of it after.
    #[test]
    fn a_page_gets_nothing_by_talking(
        frames in proptest::collection::vec(frame(), 1..20),
        allowed in any::<bool>(),
    ) {
        let mut pages = pages();
        if allowed {
            let rights = Rights::default();
            pages.agent_asked(0, DockIntent::Allow { origin: CRM.into(), rights });
        }
        pages.connected(0, ONE, Way::Loopback);
        pages.take(0);
        for (now, frame) in (1i64..).zip(frames) {
            pages.text(now, ONE, &frame);
            for out in pages.take(now) {
                match out {
                    Out::Intent(intent) => {
                        prop_assert!(allowed && crate::toolbar::may(&intent), "{intent:?}");
                    }
                    Out::KeepOrigins(origins) => prop_assert!(allowed, "{origins:?}"),
                    Out::Send { text, .. } => {
                        prop_assert!(allowed || !text.contains("welcome"), "{text}");
                        prop_assert!(allowed || !text.contains("\"view\""), "{text}");
                    }
                    Out::Show(view) => prop_assert_eq!(view.pairing_code, None),
                    Out::Ask { call, .. } => prop_assert!(false, "without a right: {call:?}"),
                    Out::Close { .. } | Out::Notify { .. } | Out::Home(_)
                    | Out::KeepTokens { .. } | Out::KeepStore { .. } | Out::Reach(_) => {}
                }
            }
        }
    }
}

/// Frames that are nearly right, and nonsense.
fn frame() -> impl Strategy<Value = String> {
    let intent = prop_oneof![
        Just(json!({"to": "dock", "ask": {"do": "allow", "origin": CRM, "rights": {}}})),
        Just(json!({"to": "dock", "ask": {"do": "pair", "on": true}})),
        Just(json!({"to": "desk", "ask": {"do": "sign_out"}})),
        Just(json!({"to": "window", "ask": {"do": "quit"}})),
        Just(json!({"to": "settings", "ask": {"do": "export_logs"}})),
    ];
    let apis: Vec<String> = crate::omni::rights_of().map(|(_, name, _)| name.to_owned()).collect();
    prop_oneof![
        Just(hello(CRM)),
        Just(json!({"say": "watch", "views": true, "meters": true}).to_string()),
        intent.prop_map(|intent| json!({"say": "intent", "intent": intent}).to_string()),
        (any::<u32>(), proptest::sample::select(apis), arguments()).prop_map(|(id, api, with)| {
            json!({"say": "call", "id": id, "api": api, "arguments": with}).to_string()
        }),
        "[ -~]{0,80}",
        "\\PC{0,40}",
    ]
}

fn arguments() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        Just(json!({"phone": "+15550101"})),
    ];
    proptest::collection::vec(leaf, 0..8).prop_map(Value::from)
}
