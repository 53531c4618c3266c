use omnibar_contract::{
    AudioIntent, AudioView, DeviceChoice, DeviceView, Intent, LayersView, Meter, QualityView,
    RoleView, SentView, Signs, VoiceIntent,
};
use omnibar_desk::{Affected, Ask, Diagnosis, Remedy, VoiceFault, Whose};
use omnibar_model::{LinkKind, PathKind, VoiceLayer};
use omnibar_protocol::Command;
use omnibar_softphone::LinePath;
use omnibar_tests::world::{Agent, CUSTOMER1, World};
use std::time::Duration;

fn lossy_to_the_customer() -> Meter {
    let sent = SentView { mos: 2.8, loss: 6.1, gaps: 4.0, jitter: 5.0 };
    let quality = QualityView {
        mos: 4.2,
        round_trip: Some(30.0),
        delay: 40.0,
        sent: Some(sent),
        layers: LayersView { copies: 1, packet: 20, ..LayersView::default() },
        ..QualityView::default()
    };
    let signs = Signs { microphone_heard: true, ..Signs::default() };
    Meter { quality: Some(quality), signs, ..Meter::default() }
}

fn devices() -> AudioView {
    let device = |id: &str, is_default| DeviceView { id: id.into(), name: id.into(), is_default };
    let using = |name: &str| RoleView { using: Some(name.into()), ..RoleView::default() };
    AudioView {
        inputs: vec![device("Headset", true), device("Camera", false)],
        microphone: using("Headset"),
        speaker: using("Headset"),
        ..AudioView::default()
    }
}

async fn measure(world: &World, agent: &Agent, meter: Meter, seconds: u64) {
    for _ in 0..seconds * 10 {
        agent.meters(meter);
        world.pass(Duration::from_millis(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_agent_reads_whose_link_fails_and_the_centre_keeps_the_figures() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    agent.audio_is(devices());
    agent.path_is(LinePath { kind: PathKind::Reflexive, link: LinkKind::WiFi });
    world.customer(CUSTOMER1);
    let id = agent.answer().await;
    measure(&world, &agent, lossy_to_the_customer(), 8).await;
    let view = agent.until("a diagnosis", |view| !view.voice.diagnoses.is_empty()).await;
    let whose = Whose::Own { link: LinkKind::WiFi };
    let fault = VoiceFault::Loss { percent: 6, whose };
    assert_eq!(
        view.voice.diagnoses,
        [Diagnosis { affected: Affected::Customer, fault, remedy: None }]
    );

    agent.ask(Ask::End { interaction: None });
    let view = agent.until("wrap-up", |view| view.voice.diagnoses.is_empty()).await;
    assert_eq!(view.desk.calls.len(), 1);
    world.settle().await;
    let kept: Vec<_> = world
        .carried_out()
        .into_iter()
        .filter_map(|command| match command {
            Command::Measured { interaction, record } => Some((interaction, record)),
            _ => None,
        })
        .collect();
    let [(interaction, record)] = kept.as_slice() else { panic!("once: {kept:?}") };
    assert_eq!(*interaction, id);
    assert!((6..=9).contains(&record.seconds), "{record:?}");
    assert_eq!(record.received.map(|r| r.mos_mean), Some(420));
    assert_eq!(record.sent.map(|s| (s.mos_least, s.loss_mean)), Some((280, 610)));
    assert_eq!((record.link, record.path), (LinkKind::WiFi, PathKind::Reflexive));
    assert_eq!(record.layers, [VoiceLayer::Copies]);
    assert_eq!((record.microphone.as_str(), record.speaker.as_str()), ("Headset", "Headset"));
}

#[tokio::test(start_paused = true)]
async fn a_press_mends_what_can_be_mended() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let mut audio = devices();
    agent.audio_is(audio.clone());
    world.customer(CUSTOMER1);
    agent.answer().await;
    world.pass(Duration::from_secs(10)).await;
    let mend = |remedy| agent.post(Intent::Voice { ask: VoiceIntent::Mend { remedy } });

    let signs = Signs { nothing_received: 9.0, ..Signs::default() };
    measure(&world, &agent, Meter { signs, ..Meter::default() }, 3).await;
    let view = agent.until("nothing arrives", |view| !view.voice.diagnoses.is_empty()).await;
    assert_eq!(view.voice.diagnoses[0].remedy, Some(Remedy::RestartVoice));
    mend(Remedy::RestartVoice);
    world.settle().await;
    assert_eq!(agent.line().restarted, 1);

    mend(Remedy::UnmuteMicrophone);
    mend(Remedy::UnmuteSpeaker);
    mend(Remedy::SwitchMicrophone);
    world.settle().await;
    let other = |id: &str| DeviceChoice::Device { id: id.into(), name: id.into() };
    let choose = |choice| AudioIntent::ChooseMicrophone { choice };
    let asked = agent.headset().asked;
    let wanted =
        [AudioIntent::UnmuteMicrophone, AudioIntent::UnmuteSpeaker, choose(other("Camera"))];
    assert_eq!(asked, wanted, "the default is the one that is silent");

    // One hears the agent: that it is.
    let hears = DeviceView { id: "Desk".into(), name: "Desk".into(), is_default: false };
    audio.hears = Some(hears);
    agent.audio_is(audio);
    mend(Remedy::SwitchMicrophone);
    world.settle().await;
    assert_eq!(agent.headset().asked.last(), Some(&choose(other("Desk"))));
}
