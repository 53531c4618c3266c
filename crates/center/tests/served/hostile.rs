//! What bad input gets: an answer that says so, and a centre that goes on.

use crate::desk::Desk;
use crate::world::World;
use futures_util::SinkExt;
use omnibar_protocol::{Code, Command, FromCentre, MAX_FRAME};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

async fn refused(desk: &mut Desk, text: &str) -> Code {
    desk.send(text).await;
    match desk.receive().await {
        Some(FromCentre::Response(response)) => Code::from(response.result.unwrap_err().code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn malformed_messages_are_answered_and_the_connection_goes_on() {
    let world = World::start().await;
    let mut desk = Desk::connect(&world.url()).await;
    let id = uuid::Uuid::new_v4();
    let deep = "[".repeat(10_000);
    let long = format!("\"{}\"", "x".repeat(MAX_FRAME));
    for (text, want) in [
        ("", Code::ParseError),
        ("{", Code::ParseError),
        (deep.as_str(), Code::ParseError),
        ("[]", Code::InvalidRequest),
        (long.as_str(), Code::InvalidRequest),
        (r#"{"jsonrpc":"2.0","method":"ping"}"#, Code::InvalidRequest),
    ] {
        assert_eq!(refused(&mut desk, text).await, want, "{}", &text[..text.len().min(40)]);
    }
    let unknown = format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"call.fly"}}"#);
    assert_eq!(refused(&mut desk, &unknown).await, Code::MethodNotFound);
    let bad = format!(r#"{{"jsonrpc":"2.0","id":"{id}","method":"call.end","params":{{"x":1}}}}"#);
    assert_eq!(refused(&mut desk, &bad).await, Code::InvalidParams);
    desk.socket.send(Message::binary(vec![0_u8; 4])).await.unwrap();
    assert!(matches!(desk.receive().await, Some(FromCentre::Response(r)) if r.result.is_err()));
    desk.ask(Command::Ping {}).await.unwrap();
    desk.sign_in("agent1", "demo", false).await.unwrap();
    world.centre.stop().await;
}

#[tokio::test]
async fn a_monstrous_message_closes_only_its_own_connection() {
    let world = World::start().await;
    let mut desk = Desk::connect(&world.url()).await;
    // The centre may close before all of it is written.
    let _ = desk.socket.send(Message::text("x".repeat(8 * MAX_FRAME))).await;
    assert!(desk.receive().await.is_none());
    Desk::ready(&world.url(), "agent1").await;
    world.centre.stop().await;
}

#[tokio::test]
async fn bad_sdp_is_refused_with_the_switchs_sentence() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let refused = desk.ask(Command::VoiceOffer { sdp: "nonsense".into() }).await.unwrap_err();
    assert_eq!(Code::from(refused.code), Code::InvalidParams);
    assert_eq!(refused.message, "That is no SDP.");
    let huge = Command::VoiceOffer { sdp: "v=0".repeat(30_000) };
    assert_eq!(Code::from(desk.ask(huge).await.unwrap_err().code), Code::InvalidParams);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_flood_of_commands_is_slowed_down() {
    let world = World::start().await;
    let mut desk = Desk::connect(&world.url()).await;
    let mut too_many = 0;
    for _ in 0..400 {
        if let Err(error) = desk.ask(Command::Ping {}).await {
            assert_eq!(Code::from(error.code), Code::TooMany);
            too_many += 1;
        }
    }
    assert!(too_many > 0, "400 commands at once are more than 200 a second");
    world.centre.stop().await;
}

#[tokio::test]
async fn pages_of_other_sites_cannot_connect() {
    let world = World::start().await;
    let page = |path: &str, origin: &str| {
        let mut request = format!("{}{path}", world.centre.url()).into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request
    };
    for path in ["/ws/agent", "/ws/customer"] {
        match connect_async(page(path, "https://evil.example")).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403, "{path}"),
            other => panic!("{path}: {:?}", other.map(|(_, r)| r.status())),
        }
        let own = format!("http://{}", world.centre.address());
        assert!(connect_async(page(path, &own)).await.is_ok(), "{path} from our own page");
    }
    world.centre.stop().await;
}
