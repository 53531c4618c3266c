//! The whole centre with its builtin switch: a customer from the web and an agent, each
//! with a real connection and a tone for a voice, and the file that remains.

use crate::customer::Page;
use crate::desk::Desk;
use crate::world::World;
use omnibar_center::switch::SwitchEvent;
use omnibar_center::{FromPage, Shown, SwitchChoice, ToPage};
use omnibar_media::codec::EncoderConfig;
use omnibar_media::{Encoder, FRAME, Packetizer};
use omnibar_model::InteractionId;
use omnibar_peer::{Bind, OPUS, Peer, PeerConfig, Repair};
use omnibar_protocol::wire::{Conversation, History};
use omnibar_protocol::{Command, Notification};
use std::f32::consts::TAU;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Hz.
const CUSTOMER: f32 = 1_300.0;
const AGENT: f32 = 500.0;

/// A connection that sends a tone while it exists.
struct Voice {
    peer: Peer,
    hum: JoinHandle<()>,
}

impl Voice {
    async fn new(tone: f32) -> Self {
        let bind = Bind::Only(vec!["127.0.0.1".parse().unwrap()]);
        // It reads no copies and answers nothing.
        let config = PeerConfig { bind, repair: Repair::NONE, ..PeerConfig::default() };
        // The far side's candidates are enough on one machine.
        let peer = Peer::new(config, mpsc::unbounded_channel().0, |_| {}).await.unwrap();
        let hum = tokio::spawn(hum(peer.clone(), tone));
        Self { peer, hum }
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.hum.abort();
    }
}

async fn hum(peer: Peer, frequency: f32) {
    let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
    let mut packetizer = Packetizer::new(7);
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    let mut phase = 0.0_f32;
    loop {
        let samples: [f32; FRAME] = std::array::from_fn(|_| {
            phase = (phase + frequency / 48_000.0).fract();
            0.3 * (phase * TAU).sin()
        });
        clock.tick().await;
        peer.send(packetizer.voice(OPUS, encoder.encode(&samples).unwrap()));
        packetizer.advance(960);
    }
}

async fn customer(world: &World) -> (Page, Voice) {
    let voice = Voice::new(CUSTOMER).await;
    let mut page = Page::open(world).await;
    page.say(&FromPage::Call {
        name: "Zoe Testing".into(),
        number: Some("+1 555 0150".into()),
        queue: "support".into(),
    })
    .await;
    let sdp = voice.peer.offer().await.unwrap();
    page.say(&FromPage::Offer { sdp }).await;
    // What the switch says of itself and of the call comes in any order.
    let (mut answered, mut reachable) = (false, false);
    while !(answered && reachable) {
        match page.hear().await.expect("an answer and a candidate") {
            ToPage::Answer { sdp } => {
                voice.peer.accept(&sdp).await.unwrap();
                answered = true;
            }
            ToPage::Candidate { candidate } => {
                reachable |= !candidate.is_empty();
                voice.peer.candidate(&candidate).await.unwrap();
            }
            ToPage::State(_) => {}
            ToPage::Error { message } => panic!("{message}"),
        }
    }
    (page, voice)
}

async fn agent(world: &World) -> (Desk, Voice) {
    let voice = Voice::new(AGENT).await;
    let mut desk = Desk::connect(&world.url()).await;
    let opened = desk.sign_in("agent1", "demo", false).await.unwrap();
    let campaigns = opened.campaigns.iter().map(|c| c.id.clone()).collect();
    desk.ask(Command::SessionSelect { campaigns, extension: "centre".into() }).await.unwrap();
    let sdp = voice.peer.offer().await.unwrap();
    let answer = desk.ask(Command::VoiceOffer { sdp }).await.unwrap();
    voice.peer.accept(answer["sdp"].as_str().unwrap()).await.unwrap();
    let candidate = desk
        .until("a candidate", |news| match news {
            Notification::VoiceCandidate { candidate } if !candidate.is_empty() => {
                Some(candidate.clone())
            }
            _ => None,
        })
        .await;
    voice.peer.candidate(&candidate).await.unwrap();
    desk.available().await;
    (desk, voice)
}

/// What was said and what was heard by the customer.
fn read(file: &Path) -> Option<[Vec<f32>; 2]> {
    let mut reader = hound::WavReader::open(file).ok()?;
    let samples: Vec<f32> =
        reader.samples::<i16>().map_while(|s| Some(f32::from(s.ok()?) / 32_768.0)).collect();
    Some([0, 1].map(|side| samples.iter().copied().skip(side).step_by(2).collect()))
}

/// Waits until the last half second of the growing file is as wanted.
async fn until(file: &Path, what: &str, wanted: impl Fn(&[f32], &[f32]) -> bool) {
    let wait = async {
        loop {
            if let Some([said, heard]) = read(file)
                && let Some(from) = said.len().checked_sub(24_000)
                && wanted(&said[from..], &heard[from..])
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap_or_else(|_| panic!("the recording never had {what}"));
}

/// Amplitude of a sine of this frequency (Goertzel), Hann window.
fn amplitude(samples: &[f32], frequency: f32) -> f32 {
    let length = samples.len() as f64;
    let (mut re, mut im) = (0.0, 0.0);
    for (i, &sample) in samples.iter().enumerate() {
        let window = 1.0 - (std::f64::consts::TAU * i as f64 / length).cos();
        let phase = std::f64::consts::TAU * f64::from(frequency) * i as f64 / 48_000.0;
        re += f64::from(sample) * window * phase.cos();
        im += f64::from(sample) * window * phase.sin();
    }
    (2.0 * (re * re + im * im).sqrt() / length) as f32
}

fn is_loud(samples: &[f32]) -> bool {
    samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32 > 1e-5
}

async fn talk(desk: &mut Desk, id: &InteractionId) {
    desk.interaction("the dot", |i| {
        i.id == *id && i.recording && i.conversation == Conversation::Connected
    })
    .await;
}

async fn end(desk: &mut Desk, id: &InteractionId) -> History {
    desk.ask(Command::End { interaction: id.clone() }).await.unwrap();
    let over = desk
        .interaction("wrap-up", |i| matches!(i.conversation, Conversation::Wrapping { .. }))
        .await;
    assert!(!over.recording);
    let dispose = Command::Dispose {
        interaction: id.clone(),
        disposition: "resolved".into(),
        note: String::new(),
        callback: None,
    };
    desk.ask(dispose).await.unwrap();
    let history = desk.ask(Command::History { before: None, limit: 10 }).await.unwrap();
    serde_json::from_value(history).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_recorded_over_hold_with_each_voice_on_its_side() {
    let data = tempfile::tempdir().unwrap();
    let world = World::with(|config| {
        config.data = data.path().to_owned();
        config.switch = SwitchChoice::InProcess;
    })
    .await;
    let (mut desk, _agent) = agent(&world).await;
    let (_page, _customer) = customer(&world).await;
    let id = desk.offered().await.id;
    let folder = data.path().join("recordings");
    let file = folder.join(format!("{id}.wav"));
    assert!(!file.exists(), "who waits is not recorded");

    desk.ask(Command::Accept { interaction: id.clone() }).await.unwrap();
    talk(&mut desk, &id).await;
    let apart = |said: &[f32], heard: &[f32]| {
        amplitude(said, CUSTOMER) > 0.15
            && amplitude(said, AGENT) < 0.01
            && amplitude(heard, AGENT) > 0.15
            && amplitude(heard, CUSTOMER) < 0.01
    };
    until(&file, "each voice on its side", apart).await;
    desk.ask(Command::Hold { interaction: id.clone(), leg: None }).await.unwrap();
    until(&file, "music and no agent", |said, heard| {
        amplitude(said, CUSTOMER) > 0.15 && amplitude(heard, AGENT) < 0.01 && is_loud(heard)
    })
    .await;
    desk.ask(Command::Resume { interaction: id.clone(), leg: None }).await.unwrap();
    talk(&mut desk, &id).await;
    until(&file, "each voice again", apart).await;

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    }
    let history = end(&mut desk, &id).await;
    assert!(history.entries[0].recorded);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "one file for the whole call");
    world.centre.stop().await;
}

/// The folder for recordings is a file: none can be made.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_goes_on_when_it_cannot_be_recorded() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("recordings"), "in the way").unwrap();
    let world = World::with(|config| {
        config.data = data.path().to_owned();
        config.switch = SwitchChoice::InProcess;
    })
    .await;
    let (mut desk, _agent) = agent(&world).await;
    let (mut page, _customer) = customer(&world).await;
    let id = desk.offered().await.id;
    desk.ask(Command::Accept { interaction: id.clone() }).await.unwrap();
    page.until(&Shown::Connected).await;
    desk.ask(Command::Hold { interaction: id.clone(), leg: None }).await.unwrap();
    let held = desk.interaction("hold", |i| i.conversation == Conversation::Held).await;
    assert!(!held.recording);
    let history = end(&mut desk, &id).await;
    assert!(!history.entries[0].recorded);
    world.centre.stop().await;
}

/// The switch that stays says that its disk is full.
#[tokio::test]
async fn the_agent_sees_when_a_recording_could_not_go_on() {
    let world = World::start().await;
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    desk.available().await;
    let mut page = Page::open(&world).await;
    page.say(&FromPage::Call { name: "Zoe".into(), number: None, queue: "support".into() }).await;
    page.say(&FromPage::Offer { sdp: "v=0 page".into() }).await;
    let offer = desk.offered().await;
    desk.ask(Command::Accept { interaction: offer.id.clone() }).await.unwrap();
    talk(&mut desk, &offer.id).await;
    let customer = offer.legs[0].id.clone();
    world.switch.say(SwitchEvent::RecordingEnded { leg: customer });
    let after = desk.interaction("no dot", |i| !i.recording).await;
    assert_eq!(after.conversation, Conversation::Connected);
    let history = end(&mut desk, &offer.id).await;
    assert!(history.entries[0].recorded, "what there is remains");
    world.centre.stop().await;
}
