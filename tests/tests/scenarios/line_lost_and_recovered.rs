use omnibar_desk::{Alert, LineState};
use omnibar_model::{Conversation, VoicePath};
use omnibar_tests::world::{Agent, CUSTOMER1, World};
use std::time::Duration;

async fn voice_is(agent: &Agent, voice: VoicePath) {
    agent.until_call(&format!("{voice:?}"), |call| call.voice == voice).await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_line_is_restarted_and_the_call_goes_on() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    world.pass(Duration::from_secs(5)).await;
    agent.line_is(LineState::Lost);
    world.settle().await;
    let line = agent.line();
    assert_eq!((line.opened, line.restarted), (1, 1), "an ICE restart, no new connection");
    voice_is(&agent, VoicePath::Flowing).await;
    assert_eq!(line.answers.last().map(String::as_str), Some("answer to a restart"));
    let alerts = agent.desktop().alerts;
    assert!(alerts.ends_with(&[Alert::VoiceLost, Alert::VoiceBack]), "{alerts:?}");
    let conversation = agent.view().desk.calls[0].interaction.conversation;
    assert_eq!(conversation, Conversation::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_failed_line_is_made_anew() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    agent.line_is(LineState::Failed);
    voice_is(&agent, VoicePath::Recovering).await;
    voice_is(&agent, VoicePath::Flowing).await;
    assert_eq!(agent.line().opened, 2);
}

#[tokio::test(start_paused = true)]
async fn a_voice_leg_that_the_switch_lost_is_offered_again() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    world.lose_voice(&agent.user);
    assert!(world.switch().heard_by(&customer.leg).is_empty());
    agent.until("another line", |_| agent.line().opened == 2).await;
    voice_is(&agent, VoicePath::Flowing).await;
    world.settle().await;
    let heard = world.switch().heard_by(&customer.leg);
    assert!(heard.contains(&world.voice_of(&agent.user)), "they hear each other again");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_breaks_while_the_centre_is_away_waits_for_it() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    agent.plug(false);
    world.settle().await;
    agent.line_is(LineState::Lost);
    world.pass(Duration::from_secs(10)).await;
    assert_eq!(agent.view().desk.calls[0].voice, VoicePath::Lost);
    agent.plug(true);
    voice_is(&agent, VoicePath::Flowing).await;
}
