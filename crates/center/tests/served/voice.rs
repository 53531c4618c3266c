//! What a call's voice was like is kept with its interaction.

use crate::desk::Desk;
use crate::world::World;
use omnibar_model::{InteractionId, VoiceFigures, VoiceRecord};
use omnibar_protocol::Command;
use omnibar_protocol::wire::{Conversation, History};
use std::time::Duration;

fn measured(interaction: &InteractionId, record: &VoiceRecord) -> Command {
    Command::Measured { interaction: interaction.clone(), record: record.clone() }
}

async fn kept(desk: &mut Desk) -> Option<VoiceRecord> {
    let history = desk.ask(Command::History { before: None, limit: 10 }).await.unwrap();
    let history: History = serde_json::from_value(history).unwrap();
    history.entries.into_iter().next().and_then(|entry| entry.voice)
}

#[tokio::test]
async fn the_longer_record_of_the_agents_own_call_is_kept_within_bounds() {
    let world = World::with(|c| c.demo_pace = Duration::from_millis(10)).await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let offer = desk.offered().await;
    let id = offer.id.clone();
    desk.ask(Command::Accept { interaction: id.clone() }).await.unwrap();
    desk.interaction("connected", |i| i.conversation == Conversation::Connected).await;
    desk.ask(Command::End { interaction: id.clone() }).await.unwrap();
    desk.interaction("wrap-up", |i| matches!(i.conversation, Conversation::Wrapping { .. })).await;

    let received = VoiceFigures {
        mos_least: 65_535,
        mos_mean: 430,
        loss_most: 420,
        loss_mean: 65_535,
        jitter: 4,
        delay: 42,
    };
    let record = VoiceRecord {
        seconds: 61,
        received: Some(received),
        microphone: "Headset\u{7}".repeat(500),
        ..VoiceRecord::default()
    };
    desk.ask(measured(&id, &record)).await.unwrap();
    // Somebody else says something of it, and says it of something else.
    let (mut other, _) = Desk::ready(&world.url(), "agent2").await;
    let made_up = VoiceRecord { seconds: 100_000, ..VoiceRecord::default() };
    other.ask(measured(&id, &made_up)).await.unwrap();
    other.ask(measured(&InteractionId::new("no such"), &made_up)).await.unwrap();
    // A desk that was started anew has seen the rest only.
    let rest = VoiceRecord { seconds: 5, ..VoiceRecord::default() };
    desk.ask(measured(&id, &rest)).await.unwrap();

    let disposition = if offer.campaign.as_str() == "sales" { "ordered" } else { "resolved" };
    desk.ask(Command::Dispose {
        interaction: id.clone(),
        disposition: disposition.into(),
        note: String::new(),
        callback: None,
    })
    .await
    .unwrap();
    desk.interaction("the last word", |i| i.conversation == Conversation::Ended).await;
    let voice = kept(&mut desk).await.expect("a record");
    assert_eq!(voice, record.bounded());
    assert_eq!(voice.received.map(|r| (r.mos_least, r.loss_mean)), Some((430, 10_000)));
    assert_eq!(voice.microphone.chars().count(), VoiceRecord::NAME_MAX);

    // And also after the interaction is closed.
    let longer = VoiceRecord { seconds: 62, ..VoiceRecord::default() };
    desk.ask(measured(&id, &longer)).await.unwrap();
    assert_eq!(kept(&mut desk).await, Some(longer));
    world.centre.stop().await;
}
