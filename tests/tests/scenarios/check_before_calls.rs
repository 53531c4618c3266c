use omnibar_contract::{
    AudioIntent, AudioView, CheckState, Finding, Intent, RoleView, SourceMute, VoiceIntent,
};
use omnibar_desk::LineState;
use omnibar_model::{LinkKind, PathKind};
use omnibar_softphone::{AudioProbe, LinePath, PathProbe};
use omnibar_tests::world::{Agent, CUSTOMER1, World};
use std::time::Duration;

fn devices() -> AudioView {
    let using = |name: &str| RoleView { using: Some(name.into()), ..RoleView::default() };
    AudioView { microphone: using("Headset"), speaker: using("Headset"), ..AudioView::default() }
}

async fn checking(world: &World, audio: AudioView) -> Agent {
    let agent = world.agent("agent1").await;
    agent.audio_is(audio);
    agent.path_is(LinePath { kind: PathKind::Host, link: LinkKind::Cable });
    agent.post(Intent::Voice { ask: VoiceIntent::Check });
    agent.until("a check", |view| view.voice.check.state == CheckState::Running).await;
    world.settle().await;
    agent
}

#[tokio::test(start_paused = true)]
async fn devices_and_network_are_tried_and_told() {
    let world = World::new();
    let agent = checking(&world, devices()).await;
    assert_eq!(agent.headset().asked, [AudioIntent::Probe]);
    let path = PathProbe { lost_out: 0.5, lost_back: 0.0, jitter: 3.0 };
    agent.probed(AudioProbe { microphone: Some(0.2), speaker: true, path: Some(path) });
    let view = agent.until("a result", |v| v.voice.check.state == CheckState::Done).await;
    let name = || "Headset".to_owned();
    let link = LinkKind::Cable;
    assert_eq!(
        view.voice.check.items[..4],
        [
            Finding::Microphone { name: name() },
            Finding::Speaker { name: name() },
            Finding::Line { link, path: PathKind::Host, round_trip: Some(20.0) },
            Finding::Network { link, lost_out: 0.5, lost_back: 0.0, jitter: 3.0 },
        ]
    );
    agent.post(Intent::Voice { ask: VoiceIntent::DismissCheck });
    agent.until("no card", |view| view.voice.check.state == CheckState::Idle).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_named() {
    let world = World::new();
    let muted = AudioView { mute: SourceMute::System, ..devices() };
    let agent = checking(&world, muted).await;
    agent.probed(AudioProbe { microphone: Some(0.0), speaker: false, path: None });
    let view = agent.until("a result", |v| v.voice.check.state == CheckState::Done).await;
    let name = || "Headset".to_owned();
    let items = &view.voice.check.items;
    assert_eq!(items[0], Finding::MicrophoneMuted { name: name() });
    assert_eq!(items[1], Finding::SpeakerDead { name: name() });
    assert_eq!(items[3], Finding::NetworkSilent { link: LinkKind::Cable });
}

#[tokio::test(start_paused = true)]
async fn what_never_answers_does_not_hold_the_result_back() {
    let world = World::new();
    let agent = checking(&world, devices()).await;
    world.pass(Duration::from_secs(11)).await;
    let check = agent.view().voice.check.clone();
    assert_eq!(check.state, CheckState::Done);
    assert_eq!(check.items[0], Finding::MicrophoneDead { name: "Headset".into() });
}

#[tokio::test(start_paused = true)]
async fn without_a_voice_connection_that_is_the_finding() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    agent.line_is(LineState::Lost);
    agent.plug(false);
    world.settle().await;
    agent.line_is(LineState::Lost);
    agent.post(Intent::Voice { ask: VoiceIntent::Check });
    world.settle().await;
    agent.probed(AudioProbe::default());
    let view = agent.until("a result", |v| v.voice.check.state == CheckState::Done).await;
    let items = &view.voice.check.items;
    assert!(items.contains(&Finding::NoMicrophone), "{items:?}");
    assert!(items.contains(&Finding::NoLine { link: LinkKind::Unknown }), "{items:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_comes_first() {
    let world = World::new();
    let agent = checking(&world, devices()).await;
    world.customer(CUSTOMER1);
    agent.answer().await;
    let check = agent.view().voice.check.clone();
    assert_eq!(check.state, CheckState::Interrupted);
    agent.post(Intent::Voice { ask: VoiceIntent::Check });
    world.settle().await;
    assert_eq!(agent.view().voice.check.state, CheckState::Interrupted, "not in a call");
}
