//! Whatever comes over the wire is parsed or refused; nothing panics.
#![allow(clippy::unwrap_used)]

use omnibar_protocol::{Code, Command, MAX_FRAME, parse_from_centre, parse_request};
use proptest::prelude::*;
use serde_json::{Value, json};

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let key = prop_oneof![
            proptest::sample::select(vec!["interaction", "user", "leg", "kind", "id", "state"])
                .prop_map(str::to_owned),
            "[a-z_]{1,8}",
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC*") {
        prop_assert!(parse_request(&text).is_err());
        prop_assert!(parse_from_centre(&text).is_err());
    }

    #[test]
    fn any_parameters_give_a_command_or_an_error_that_names_the_request(
        which in 0..Command::METHODS.len(),
        params in json(),
        id in any::<u128>(),
    ) {
        let id = uuid::Uuid::from_u128(id);
        let method = Command::METHODS[which];
        let text = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        match parse_request(&text.to_string()) {
            Ok(request) => {
                prop_assert_eq!(request.id, id);
                let again = parse_request(&request.to_text());
                prop_assert_eq!(again, Ok(request));
            }
            Err(bad) => {
                prop_assert_eq!(bad.id, Some(id));
                prop_assert_eq!(bad.error.code, Code::InvalidParams.number());
            }
        }
    }

    #[test]
    fn any_answer_is_read_or_refused(result in json(), error in json(), method in "[a-z.]{0,12}") {
        for value in [
            json!({"jsonrpc": "2.0", "id": null, "result": result}),
            json!({"jsonrpc": "2.0", "id": "x", "error": error}),
            json!({"jsonrpc": "2.0", "result": result, "error": error}),
            json!({"jsonrpc": "2.0", "method": method, "seq": 1, "params": result}),
            json!({"jsonrpc": "2.0", "method": "interaction.changed", "seq": 1, "params": result}),
        ] {
            let _ = parse_from_centre(&value.to_string());
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused_unread(extra in 1..1_000_usize) {
        let text = "[".repeat(MAX_FRAME + extra);
        let code = parse_request(&text).unwrap_err().error.code;
        prop_assert_eq!(code, Code::InvalidRequest.number());
        let code = parse_from_centre(&text).unwrap_err().error.code;
        prop_assert_eq!(code, Code::InvalidRequest.number());
    }

    #[test]
    fn a_wrong_password_field_is_not_repeated_in_the_error(secret in "[a-zA-Z0-9]{12,20}") {
        let params = json!({"user": "agent1", "password": {"text": secret}});
        let text = json!({
            "jsonrpc": "2.0", "id": uuid::Uuid::nil(), "method": "session.open", "params": params,
        });
        let said = format!("{:?}", parse_request(&text.to_string()).unwrap_err());
        prop_assert!(!said.contains(&secret), "{}", said);
    }
}
