//! Pages that mean harm, and what a centre might answer.

use crate::contract::contract;
use crate::world::*;
use omnibar_contract::{Rights, SdkErrorType};
use omnibar_softphone::EndpointAnswer;
use proptest::prelude::*;
use serde_json::{Value, json};

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(json!("voice")),
        Just(json!("i1")),
        Just(json!(1345)),
        Just(json!("+15550101")),
        Just(json!({"phone": "+15550101", "callbackTime": "2025-07-06T09:56:40+0530"})),
        Just(json!({"$form": [{"name": "a", "base64": 7}, {"name": 1}]})),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(
                prop_oneof![
                    Just("recordId".to_owned()),
                    Just("config".to_owned()),
                    Just("data".to_owned()),
                    Just("last_disposition".to_owned()),
                    "[a-zA-Z$]{0,12}",
                ],
                inner,
                0..6
            )
            .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn nothing_that_a_page_says_breaks_the_core(
        arguments in prop::collection::vec(anything(), 0..9),
        rights in prop::bits::u8::ANY,
        answer in anything(),
        status in any::<u16>(),
    ) {
        let bit = |n: u8| rights & (1 << n) != 0;
        let rights =
            Rights { events: bit(0), control: bit(1), customers: bit(2), dial: bit(3) };
        let mut world = World::in_call();
        for api in contract().apis {
            let told = world.call_as(CRM, rights, &api.name, &arguments);
            if let Some(Err(error)) = told {
                prop_assert!(api.errors.contains(&error.error_type), "{} {error:?}", api.name);
            }
            for (ticket, _) in std::mem::take(&mut world.asks) {
                let answer = Ok(EndpointAnswer { status, body: answer.clone() });
                let now = world.unix();
                world.omni.answered(now, ticket, answer, &world.view);
            }
        }
    }

    #[test]
    fn no_name_breaks_the_core(api in ".{0,60}") {
        let mut world = World::available();
        if let Some(Err(error)) = world.call(&api, &[]) {
            prop_assert!(error.description.len() < 600);
            prop_assert!(!error.description.chars().any(char::is_control));
        }
    }
}

#[test]
fn calls_that_pile_up_are_refused_and_those_of_other_pages_are_not() {
    let mut world = World::available();
    for _ in 0..64 {
        assert_eq!(world.call("interaction.getCurrentInteraction", &[]), None);
    }
    let error = world.error("interaction.getCurrentInteraction", &[]);
    assert_eq!(error.error_type, SdkErrorType::Timeout);
    assert!(error.description.contains("64 calls of this page are open"));
    assert_eq!(world.call_as(APP, ALL, "interaction.getCurrentInteraction", &[]), None);
    world.omni.closed(CRM);
    assert_eq!(world.call("interaction.getCurrentInteraction", &[]), None, "room again");
}

#[test]
fn an_answer_to_a_page_that_has_gone_or_to_nobody_is_dropped() {
    let mut world = World::available();
    world.call("interaction.getCurrentInteraction", &[]);
    world.omni.closed(CRM);
    world.centre_says(200, json!({}));
    let answer = Err("the centre is away".to_owned());
    assert!(world.omni.answered(0, 999, answer, &world.view).is_empty());
    assert!(world.answers.is_empty());
}

#[test]
fn a_password_is_in_no_state_and_no_error() {
    let mut world = World::new();
    world.login("agent1", "hunter2hunter2");
    let told = format!("{:?} {:?} {:?}", world.omni, world.answers, world.happened);
    assert!(!told.contains("hunter2"));
}
