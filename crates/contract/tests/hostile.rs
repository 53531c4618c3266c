//! What a page posts is an intent or refused; nothing panics, and no password is told.
#![allow(clippy::unwrap_used)]

use omnibar_contract::Intent;
use proptest::prelude::*;
use serde_json::{Value, json};

fn json() -> impl Strategy<Value = Value> {
    let word = proptest::sample::select(vec![
        "desk",
        "audio",
        "search",
        "settings",
        "window",
        "sign_in",
        "accept",
        "dial",
        "hold",
        "save",
        "set_shape",
        "dispose",
        "agent",
        "+1 555 0101",
        "",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let key = proptest::sample::select(vec![
            "to",
            "do",
            "ask",
            "interaction",
            "leg",
            "number",
            "campaign",
            "kind",
            "id",
            "shape",
            "settings",
            "centre",
            "user",
            "password",
            "take_over",
            "remember",
            "digits",
            "note",
        ]);
        let pairs = proptest::collection::vec((key, inner.clone()), 0..6).prop_map(|pairs| {
            Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
        });
        prop_oneof![pairs, proptest::collection::vec(inner, 0..4).prop_map(Value::from)]
    })
}

proptest! {
    #[test]
    fn any_json_is_an_intent_or_refused(value in json(), ask in json()) {
        let _ = serde_json::from_value::<Intent>(value);
        for to in ["desk", "audio", "search", "settings", "window"] {
            let _ = serde_json::from_value::<Intent>(json!({"to": to, "ask": ask}));
        }
    }

    #[test]
    fn any_text_is_refused(text in "\\PC*") {
        prop_assert!(serde_json::from_str::<Intent>(&text).is_err());
    }

    #[test]
    fn an_intent_to_sign_in_prints_without_its_password(password in "[a-zA-Z0-9]{12,20}") {
        let intent: Intent = serde_json::from_value(json!({
            "to": "sign_in", "centre": "wss://centre.test", "user": "agent1",
            "password": password, "remember": false, "take_over": false,
        })).unwrap();
        let said = format!("{intent:?}");
        prop_assert!(!said.contains(&password) && said.contains("***"), "{}", said);
    }
}

#[test]
fn ids_and_numbers_that_are_too_long_are_refused() {
    for ask in [
        json!({"do": "accept", "interaction": "i".repeat(65)}),
        json!({"do": "dial", "number": "1".repeat(33), "campaign": null}),
        json!({"do": "accept", "interaction": ""}),
        json!({"do": "fly"}),
    ] {
        let intent = serde_json::from_value::<Intent>(json!({"to": "desk", "ask": ask}));
        assert!(intent.is_err(), "{intent:?}");
    }
    let deep = "[".repeat(100_000);
    assert!(serde_json::from_str::<Intent>(&deep).is_err());
}
