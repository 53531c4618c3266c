//! Whatever a centre sends, the session neither panics nor loses its bounds.

use crate::session::{Session, Verdict};
use crate::task::Ask;
use omnibar_desk::Order;
use omnibar_model::{CommandId, Secret};
use omnibar_protocol::{SessionOpened, wire};
use omnibar_softphone::{Clock, Inbox};
use proptest::prelude::*;
use serde_json::{Value, json};

fn session() -> Session {
    let (inbox, _) = Inbox::new();
    let who = ("ws://centre.test/ws/agent".to_owned(), "agent1".into());
    let mut session = Session::new((inbox, Clock::start()), who, Vec::new());
    session.opened(SessionOpened {
        handle: "ses-agent1-1".into(),
        token: wire::Password::from(&Secret::new("token")),
        session_ttl_ms: 1,
        resumed: false,
        name: String::new(),
        heartbeat_ms: 0,
        campaigns: Vec::new(),
        extensions: Vec::new(),
        centre: String::new(),
    });
    session
}

/// JSON of any shape, with the protocol's own words where they would be looked for.
fn value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("wrap_up".to_owned()),
        Just("available".to_owned()),
        Just("taken_over".to_owned()),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("agent".to_owned()),
        Just("state".to_owned()),
        Just("since_ms".to_owned()),
        Just("left_ms".to_owned()),
        Just("presence".to_owned()),
        Just("interactions".to_owned()),
        Just("reason".to_owned()),
        "[a-z]{0,4}",
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn frame() -> impl Strategy<Value = String> {
    let method = prop_oneof![
        Just("snapshot"),
        Just("agent.changed"),
        Just("interaction.changed"),
        Just("voice.candidate"),
        Just("voice.gone"),
        Just("session.ended"),
        Just("unknown"),
    ];
    let notification = (method, any::<u64>(), value()).prop_map(|(method, seq, params)| {
        json!({"jsonrpc": "2.0", "method": method, "seq": seq, "params": params}).to_string()
    });
    prop_oneof![".{0,64}", value().prop_map(|v| v.to_string()), notification]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_frames_are_borne_and_twenty_bad_ones_end_the_connection(
        frames in prop::collection::vec(frame(), 1..40)
    ) {
        let mut session = session();
        let mut bad = 0;
        for text in frames {
            let readable = omnibar_protocol::parse_from_centre(&text).is_ok();
            bad += u32::from(!readable);
            let verdict = session.received(&text);
            prop_assert_eq!(verdict == Verdict::Hostile, bad >= 20 && !readable);
        }
    }

    /// The answer to any command, with any content, ends its waiting.
    #[test]
    fn any_answer_is_borne(content in value(), is_error in any::<bool>(), which in 0..4) {
        let mut session = session();
        let order = match which {
            0 => Order::Hold { interaction: "i1".into(), leg: None },
            1 => Order::Choose { campaigns: Vec::new(), extension: "centre".into() },
            2 => Order::Dial {
                campaign: "sales".into(),
                number: omnibar_model::PhoneNumber::parse("+15550101").unwrap(),
            },
            _ => Order::SetPresence { presence: omnibar_model::Presence::Available },
        };
        session.ask(Ask::Order(CommandId(1), order), true);
        let sent: Value = serde_json::from_str(&session.outgoing()[0]).unwrap();
        let field = if is_error { "error" } else { "result" };
        let answer = json!({"jsonrpc": "2.0", "id": sent["id"], field: content});
        session.received(&answer.to_string());
        prop_assert!(session.outgoing().is_empty());
    }
}
