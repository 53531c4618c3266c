use omnibar_contract::{ButtonsState, ButtonsView, HeadsetView, Intent, Settings, SettingsIntent};
use omnibar_desk::Ask;
use omnibar_model::Conversation;
use omnibar_tests::world::{Agent, CUSTOMER1, World};

/// What the lamps were last told of: conversation of each call, and mute.
fn lamps(agent: &Agent) -> (Vec<Conversation>, bool) {
    let desk = agent.keypad().desk.unwrap();
    (desk.calls.iter().map(|call| call.interaction.conversation).collect(), desk.muted)
}

#[tokio::test(start_paused = true)]
async fn a_press_is_ordered_by_the_desk_and_shown_by_the_lamps() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    world.customer(CUSTOMER1);
    agent.until("an offer", |view| !view.desk.calls.is_empty()).await;
    world.settle().await;
    assert!(matches!(lamps(&agent).0[..], [Conversation::Offered { .. }]));
    let call = agent.view().desk.calls[0].interaction.id.clone();

    agent.press(Ask::Accept { interaction: Some(call.clone()) });
    agent.connected().await;
    agent.press(Ask::Mute { on: true });
    agent.until("mute", |view| view.desk.muted).await;
    world.settle().await;
    assert_eq!(lamps(&agent), (vec![Conversation::Connected], true));
    assert!(!agent.headset().microphone);

    agent.press(Ask::ToggleHold { interaction: Some(call.clone()) });
    agent.held().await;
    agent.press(Ask::ToggleHold { interaction: Some(call.clone()) });
    agent.connected().await;
    agent.press(Ask::End { interaction: Some(call) });
    agent.wrapping().await;
    world.settle().await;
    assert!(matches!(lamps(&agent).0[..], [Conversation::Wrapping { .. }]));
}

#[tokio::test(start_paused = true)]
async fn a_press_that_comes_too_late_is_refused_in_words() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    agent.press(Ask::Accept { interaction: Some("gone".into()) });
    agent.until("a refusal", |view| view.desk.refusal.is_some()).await;
}

#[tokio::test(start_paused = true)]
async fn headsets_are_shown_and_can_be_turned_off() {
    let world = World::new();
    let agent = world.desktop("agent1");
    let headset = HeadsetView { name: "Headset".into(), state: ButtonsState::Denied };
    let view = ButtonsView { headsets: vec![headset], list_fault: None };
    agent.buttons_are(view.clone());
    agent.until("the headset", |shown| shown.buttons == view).await;
    let settings = Settings { no_headset_buttons: true, ..Settings::default() };
    agent.post(Intent::Settings { ask: SettingsIntent::Save { settings } });
    agent.until("the setting", |shown| shown.settings.no_headset_buttons).await;
    assert_eq!(agent.keypad().wanted, Some(false));
}
