//! Sessions: sign-in, one at a time, resume, idempotent commands.

use crate::desk::{Desk, client, code};
use crate::world::World;
use omnibar_model::{AgentId, Presence};
use omnibar_protocol::wire::{AgentState, Conversation, SessionEnd};
use omnibar_protocol::{Client, Code, Command, FromCentre, Notification};
use std::time::Duration;
use uuid::Uuid;

#[tokio::test]
async fn a_wrong_password_is_told_from_nothing_else_and_slows_down() {
    let world = World::start().await;
    let mut desk = Desk::connect(&world.url()).await;
    assert_eq!(code(desk.sign_in("nobody", "demo", false).await), Code::Unauthorised);
    for _ in 0..4 {
        assert_eq!(code(desk.sign_in("agent1", "wrong", false).await), Code::Unauthorised);
    }
    let refused = desk.sign_in("agent1", "demo", false).await.unwrap_err();
    assert_eq!(Code::from(refused.code), Code::TooMany);
    assert!(refused.message.contains("Wait"), "{}", refused.message);
    assert!(desk.sign_in("agent2", "demo", false).await.is_ok(), "others are not slowed down");
    world.centre.stop().await;
}

#[tokio::test]
async fn another_version_of_the_protocol_is_refused() {
    let world = World::start().await;
    let mut desk = Desk::connect(&world.url()).await;
    let open = Command::SessionOpen {
        client: Client { protocol: 99, ..client() },
        user: AgentId::new("agent1"),
        password: None,
        resume: None,
        take_over: false,
    };
    assert_eq!(code(desk.ask(open).await), Code::Version);
    world.centre.stop().await;
}

#[tokio::test]
async fn commands_need_a_session_and_campaigns() {
    let world = World::start().await;
    let mut desk = Desk::connect(&world.url()).await;
    let available = Command::PresenceSet { presence: Presence::Available };
    assert_eq!(code(desk.ask(available.clone()).await), Code::Unauthorised);
    desk.sign_in("agent1", "demo", false).await.unwrap();
    assert_eq!(code(desk.ask(available).await), Code::Conflict);
    let wrong =
        Command::SessionSelect { campaigns: vec!["no-such".into()], extension: "centre".into() };
    assert_eq!(code(desk.ask(wrong).await), Code::NotFound);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_second_sign_in_is_asked_to_take_over_and_the_first_is_told() {
    let world = World::start().await;
    let (mut first, _) = Desk::ready(&world.url(), "agent1").await;
    let mut second = Desk::connect(&world.url()).await;
    assert_eq!(code(second.sign_in("agent1", "demo", false).await), Code::SessionElsewhere);
    second.sign_in("agent1", "demo", true).await.unwrap();
    let reason = first
        .until("the end of the session", |news| match news {
            Notification::SessionEnded { reason } => Some(*reason),
            _ => None,
        })
        .await;
    assert_eq!(reason, SessionEnd::TakenOver);
    assert!(first.receive().await.is_none(), "and its connection is closed");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_session_resumes_with_exactly_what_was_missed() {
    let world = World::with(|c| c.demo_pace = Duration::from_millis(10)).await;
    let (mut desk, opened) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let offer = desk.offered().await;
    let seen = desk.last_seq;
    desk.ask(Command::Accept { interaction: offer.id.clone() }).await.unwrap();
    desk.interaction("connected", |i| i.conversation == Conversation::Connected).await;
    desk.ask(Command::Hold { interaction: offer.id.clone(), leg: None }).await.unwrap();
    desk.interaction("held", |i| i.conversation == Conversation::Held).await;
    let newest = desk.last_seq;
    drop(desk);

    let mut again = Desk::connect(&world.url()).await;
    again.last_seq = seen;
    let resumed = again.resume("agent1", &opened.token, seen).await.unwrap();
    assert!(resumed.resumed);
    // Its numbers must follow on `seen` one by one: `keep` checks.
    let mut conversations = Vec::new();
    while again.last_seq < newest {
        conversations.push(
            again
                .until("what was missed", |news| match news {
                    Notification::InteractionChanged { interaction } => {
                        Some(interaction.conversation)
                    }
                    _ => None,
                })
                .await,
        );
    }
    assert_eq!(again.last_seq, newest);
    assert!(conversations.ends_with(&[Conversation::Connected, Conversation::Held]));
    again.ask(Command::Resume { interaction: offer.id, leg: None }).await.unwrap();
    world.centre.stop().await;
}

#[tokio::test]
async fn one_who_missed_too_much_or_invents_a_number_gets_a_snapshot() {
    let world = World::start().await;
    let (desk, opened) = Desk::ready(&world.url(), "agent1").await;
    let seen = desk.last_seq;
    drop(desk);
    let mut again = Desk::connect(&world.url()).await;
    again.resume("agent1", &opened.token, seen + 1000).await.unwrap();
    again.last_seq = seen;
    again.until("a snapshot", |n| matches!(n, Notification::Snapshot { .. }).then_some(())).await;
    let mut thief = Desk::connect(&world.url()).await;
    let token = omnibar_protocol::wire::Password::from(&omnibar_model::Secret::new("guess"));
    assert_eq!(code(thief.resume("agent1", &token, 0).await), Code::SessionExpired);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_session_that_stays_away_expires() {
    let world = World::with(|c| c.timings.session_ttl = Duration::from_millis(50)).await;
    let (desk, opened) = Desk::ready(&world.url(), "agent1").await;
    let seen = desk.last_seq;
    drop(desk);
    world.switch.until("no voice of the agent", |s| s.legs.is_empty()).await;
    let mut again = Desk::connect(&world.url()).await;
    assert_eq!(code(again.resume("agent1", &opened.token, seen).await), Code::SessionExpired);
    world.centre.stop().await;
}

#[tokio::test]
async fn a_repeated_command_gets_the_first_answer_and_does_nothing_twice() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let id = Uuid::new_v4();
    let dial = Command::Dial {
        campaign: "outreach".into(),
        number: omnibar_model::PhoneNumber::parse("+15550101").unwrap(),
    };
    let first = desk.ask_as(id, dial.clone()).await.unwrap();
    let second = desk.ask_as(id, dial).await.unwrap();
    assert_eq!(first, second);
    assert_eq!(world.switch.until("one call", |s| !s.dialled.is_empty()).await.dialled.len(), 1);
    let accept = Command::Accept { interaction: "no-such".into() };
    let id = Uuid::new_v4();
    let refused = desk.ask_as(id, accept.clone()).await.unwrap_err();
    assert_eq!(desk.ask_as(id, accept).await.unwrap_err(), refused);
    world.centre.stop().await;
}

#[tokio::test]
async fn signing_out_waits_for_the_last_disposition() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let number = omnibar_model::PhoneNumber::parse("+15550101").unwrap();
    let dialled = desk.ask(Command::Dial { campaign: "outreach".into(), number }).await.unwrap();
    let interaction: omnibar_model::InteractionId =
        serde_json::from_value(dialled["interaction"].clone()).unwrap();
    assert_eq!(code(desk.ask(Command::SessionClose {}).await), Code::Conflict);
    desk.ask(Command::End { interaction: interaction.clone() }).await.unwrap();
    assert_eq!(code(desk.ask(Command::SessionClose {}).await), Code::Conflict);
    let disposition = "no_answer".into();
    desk.ask(Command::Dispose { interaction, disposition, note: String::new(), callback: None })
        .await
        .unwrap();
    desk.ask(Command::SessionClose {}).await.unwrap();
    let reason = desk
        .until("the end", |news| match news {
            Notification::SessionEnded { reason } => Some(*reason),
            _ => None,
        })
        .await;
    assert_eq!(reason, SessionEnd::SignedOut);
    assert!(desk.receive().await.is_none());
    world.centre.stop().await;
}

#[tokio::test]
async fn a_silent_client_is_noticed_and_a_live_one_is_not() {
    let world = World::with(|c| c.timings.heartbeat = Duration::from_millis(100)).await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    // Reading answers the centre's pings: the connection stays up over many intervals.
    let idle = tokio::time::timeout(Duration::from_millis(700), desk.receive_news()).await;
    assert!(idle.is_err(), "a client that answers pings is kept");
    // One that no longer reads or writes is closed.
    let Desk { socket, .. } = desk;
    let mut other = Desk::connect(&world.url()).await;
    let taken = async {
        loop {
            match other.sign_in("agent1", "demo", false).await {
                Ok(_) => break,
                Err(e) => assert_eq!(Code::from(e.code), Code::SessionElsewhere),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), taken).await.expect("the dead one is noticed");
    drop(socket);
    world.centre.stop().await;
}

#[tokio::test]
async fn the_first_presence_is_a_break_and_the_directory_knows_who_is_free() {
    let world = World::start().await;
    let (mut ada, _) = Desk::ready(&world.url(), "agent1").await;
    let (mut bruno, _) = Desk::ready(&world.url(), "agent2").await;
    bruno.available().await;
    bruno.state("available", |s| *s == AgentState::Available).await;
    let found = ada.ask(Command::Search { text: "bruno".into() }).await.unwrap();
    assert_eq!(found["entries"][0]["name"], "Bruno Keller");
    assert_eq!(found["entries"][0]["available"], true);
    let found = ada.ask(Command::Search { text: "+1 555 0103".into() }).await.unwrap();
    assert_eq!(found["entries"][0]["destination"]["kind"], "number");
    assert_eq!(found["entries"][0]["name"], "Paula Reyes");
    let found = ada.ask(Command::Search { text: "s".into() }).await.unwrap();
    let kinds: Vec<&str> = found["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["destination"]["kind"].as_str().unwrap())
        .collect();
    for kind in ["queue", "ivr", "number"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    world.centre.stop().await;
}

impl Desk {
    /// Waits for a notification that should not come.
    async fn receive_news(&mut self) -> FromCentre {
        loop {
            match self.receive().await.expect("the connection stays up") {
                // Of the presence that was just set.
                FromCentre::Notification(news)
                    if matches!(
                        news.notification,
                        Notification::AgentChanged { .. } | Notification::VoiceCandidate { .. }
                    ) => {}
                other => return other,
            }
        }
    }
}
