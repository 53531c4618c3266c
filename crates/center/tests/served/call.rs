//! An agent signs in, a demo customer calls, and the call goes its whole way, over a
//! real WebSocket.

use crate::desk::{Desk, code};
use crate::world::World;
use omnibar_center::switch::Feed;
use omnibar_model::{Cause, LegState};
use omnibar_protocol::wire::{AgentState, Conversation, History};
use omnibar_protocol::{Code, Command};
use std::time::Duration;

#[tokio::test]
async fn a_demo_customer_is_answered_held_resumed_and_disposed() {
    let world = World::with(|c| c.demo_pace = Duration::from_millis(10)).await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let offer = desk.offered().await;
    let id = offer.id.clone();
    let customer = offer.legs[0].id.clone();
    world.switch.until("ringback", |s| s.feeds.get(&customer) == Some(&Feed::Ringback)).await;

    desk.ask(Command::Accept { interaction: id.clone() }).await.unwrap();
    desk.interaction("connected", |i| i.conversation == Conversation::Connected).await;
    world.switch.until("a bridge of two", |s| s.bridges.values().any(|l| l.len() == 2)).await;

    desk.ask(Command::Hold { interaction: id.clone(), leg: None }).await.unwrap();
    let held = desk.interaction("held", |i| i.conversation == Conversation::Held).await;
    assert_eq!(held.legs[0].state, LegState::Held);
    world
        .switch
        .until("music", |s| s.feeds.get(&customer) == Some(&Feed::Music) && s.bridges.is_empty())
        .await;

    desk.ask(Command::Resume { interaction: id.clone(), leg: None }).await.unwrap();
    desk.interaction("resumed", |i| i.conversation == Conversation::Connected).await;
    desk.ask(Command::Dtmf { interaction: id.clone(), digits: "12#".into() }).await.unwrap();
    world.switch.until("digits", |s| s.digits == [(customer.clone(), "12#".into())]).await;

    desk.ask(Command::End { interaction: id.clone() }).await.unwrap();
    let over = desk
        .interaction("wrap-up", |i| matches!(i.conversation, Conversation::Wrapping { .. }))
        .await;
    assert_eq!(over.cause, Some(Cause::AgentHungUp));
    desk.state("wrap-up", |s| matches!(s, AgentState::WrapUp { left_ms: Some(_) })).await;
    world.switch.until("no customer", |s| !s.legs.contains_key(&customer)).await;

    let wrong = Command::Dispose {
        interaction: id.clone(),
        disposition: "no-such-code".into(),
        note: String::new(),
        callback: None,
    };
    assert_eq!(code(desk.ask(wrong).await), Code::NotFound);
    let code_of = |queue: &str| if queue == "sales" { "ordered" } else { "resolved" };
    let disposition = code_of(offer.campaign.as_str());
    desk.ask(Command::Dispose {
        interaction: id.clone(),
        disposition: disposition.into(),
        note: "all well".into(),
        callback: None,
    })
    .await
    .unwrap();
    desk.interaction("the last word", |i| i.id == id && i.conversation == Conversation::Ended)
        .await;

    let history = desk.ask(Command::History { before: None, limit: 10 }).await.unwrap();
    let history: History = serde_json::from_value(history).unwrap();
    assert_eq!(history.entries.len(), 1);
    assert_eq!(history.entries[0].id, id);
    assert_eq!(history.entries[0].note, "all well");
    assert!(history.entries[0].disposition.is_some());
    world.centre.stop().await;
}
