use omnibar_contract::{
    AudioIntent, DeviceChoice, Intent, Password, Settings, SettingsIntent, TurnServer,
};
use omnibar_desk::Ask;
use omnibar_model::Secret;
use omnibar_tests::world::{CUSTOMER1, World};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn saved_settings_are_applied_to_the_devices_and_the_desk() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    assert_eq!(agent.headset().applied.len(), 1, "at the start");
    let settings = Settings { auto_answer: true, text_size: 150, ..Settings::default() };
    agent.post(Intent::Settings { ask: SettingsIntent::Save { settings: settings.clone() } });
    agent.until("the settings", |view| view.settings == settings).await;
    assert_eq!(agent.headset().applied.last(), Some(&settings));
    world.customer(CUSTOMER1);
    agent.connected().await;
}

#[tokio::test(start_paused = true)]
async fn a_chosen_device_is_kept_as_a_setting() {
    let world = World::new();
    let agent = world.desktop("agent1");
    let choice = DeviceChoice::Device { id: "usb-1".into(), name: "Headset".into() };
    let ask = AudioIntent::ChooseMicrophone { choice: choice.clone() };
    agent.post(Intent::Audio { ask: ask.clone() });
    agent.until("the choice", |view| view.settings.microphone == choice).await;
    world.settle().await;
    assert_eq!(agent.headset().asked, [ask]);
    assert_eq!(agent.desktop().saved.last().map(|s| &s.microphone), Some(&choice));
    agent.post(Intent::Audio { ask: AudioIntent::TestSpeaker });
    world.settle().await;
    assert_eq!(agent.headset().asked.len(), 2);
    assert_eq!(agent.desktop().saved.len(), 1, "a test is not a setting");
}

/// The answer to the first save comes between the second choice and the third.
#[tokio::test(start_paused = true)]
async fn devices_chosen_while_the_last_choice_is_being_saved_are_all_kept() {
    let world = World::new();
    let agent = world.desktop("agent1");
    agent.saving_takes(Duration::from_millis(5));
    let device = |id: &str| DeviceChoice::Device { id: id.into(), name: id.into() };
    let (microphone, speaker, ringer) = (device("boom"), device("ear"), device("desk"));
    let asks = [
        AudioIntent::ChooseMicrophone { choice: microphone.clone() },
        AudioIntent::ChooseSpeaker { choice: speaker.clone() },
        AudioIntent::ChooseRinger { choice: ringer.clone() },
    ];
    for ask in asks {
        agent.post(Intent::Audio { ask });
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    let wanted = Settings { microphone, speaker, ringer, ..Settings::default() };
    assert_eq!(agent.desktop().saved.last(), Some(&wanted));
    agent.until("the choices", |view| view.settings == wanted).await;
    assert_eq!(agent.headset().applied.last(), Some(&wanted));
}

#[tokio::test(start_paused = true)]
async fn ones_own_servers_are_used_for_the_next_line() {
    let world = World::new();
    let agent = world.desktop("agent1");
    let own = TurnServer { url: "stun:stun.test:3478".into(), ..TurnServer::default() };
    let settings = Settings { ice_servers: vec![own], ..Settings::default() };
    agent.post(Intent::Settings { ask: SettingsIntent::Save { settings } });
    agent.go_to_work().await;
    assert_eq!(agent.line().servers.last().unwrap().urls, ["stun:stun.test:3478"]);
    agent.ask(Ask::SignOut);
    agent.until("a closed line", |_| agent.line().closed == 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_relay_gets_its_own_credential_and_no_other_does() {
    let world = World::new();
    let agent = world.desktop("agent1");
    let server = |url: &str| TurnServer {
        url: url.into(),
        username: "branch7".into(),
        ..TurnServer::default()
    };
    let (relay, other) = ("turn:relay.test:3478", "turn:other.test:3478");
    let ice_servers = vec![server(relay), server(other)];
    let settings = Settings { ice_servers, ..Settings::default() };
    agent.post(Intent::Settings { ask: SettingsIntent::Save { settings } });
    let credential = Password::from("sesame".to_owned());
    let ask = SettingsIntent::SetTurnCredential {
        url: relay.into(),
        username: "branch7".into(),
        credential,
    };
    agent.post(Intent::Settings { ask });
    agent.go_to_work().await;
    let of = |url: &str| {
        let servers = agent.line().servers.clone();
        servers.into_iter().find(|s| s.urls == [url]).map(|s| s.credential)
    };
    assert_eq!(of(relay), Some(Secret::new("sesame")));
    assert_eq!(of(other), Some(Secret::default()));
}
