//! Calls of real connections over paths that lose a tenth of everything each way.

use crate::far::{Switch, loopback};
use crate::relay::Relay;
use omnibar_center::switch::{Reply, SwitchCommand, SwitchEvent};
use omnibar_media::codec::EncoderConfig;
use omnibar_media::loss::Allowed;
use omnibar_media::{
    BLOCK, Engine, EngineConfig, JitterStats, Micros, Packet, PacketSink, Received, Sources,
};
use omnibar_model::LegId;
use omnibar_peer::{Incoming, Peer, PeerConfig, RED, Repair};
use std::f32::consts::TAU;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// A party with a voice engine.
struct Caller {
    state: Arc<Mutex<State>>,
    voice: tokio::task::JoinHandle<()>,
    _relay: Relay,
}

struct State {
    engine: Engine,
    began: Instant,
    /// What the engine wants sent.
    out: Vec<Packet>,
}

struct Out<'a>(&'a mut Vec<Packet>);

impl PacketSink for Out<'_> {
    fn send(&mut self, packet: Packet) {
        self.0.push(packet);
    }
}

impl State {
    fn time(&self, instant: Instant) -> Micros {
        let since = instant.saturating_duration_since(self.began);
        Micros(1_000_000 + since.as_micros() as u64)
    }

    fn take(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Rtp(arrival) => {
                let arrived = self.time(arrival.arrived);
                self.engine.receive(Received { arrived, packet: arrival.packet });
            }
            Incoming::Rtcp { bytes, arrived } => {
                let now = self.time(arrived);
                self.engine.receive_rtcp(now, &bytes, &mut Out(&mut self.out));
            }
        }
    }

    /// 10 ms pass.
    fn pass(&mut self, block: &[f32; BLOCK], peer: &Peer) {
        let now = self.time(Instant::now());
        self.engine.capture(block, &mut Out(&mut self.out)).unwrap();
        self.engine.playout(now, &mut [0.0; BLOCK]);
        if let Some(bytes) = self.engine.rtcp(now) {
            peer.send_rtcp(bytes);
        }
        self.out.drain(..).for_each(|packet| peer.send(packet));
    }
}

impl Caller {
    async fn call(switch: &Switch, leg: &str, repair: Repair, seed: u64) -> Self {
        let relay = Relay::new(0.1, seed).await;
        // Without in-band FEC: what the packets' own layers do is to be seen.
        let encoder = EncoderConfig { fec: false, ..EncoderConfig::default() };
        let config = EngineConfig { red: Some(RED), encoder, seed, ..EngineConfig::default() };
        let engine = Engine::new(config).unwrap();
        let began = Instant::now();
        let state = Arc::new(Mutex::new(State { engine, began, out: Vec::new() }));
        let (events, _kept) = mpsc::unbounded_channel();
        let config = PeerConfig { bind: loopback().bind, repair, ..PeerConfig::default() };
        let inside = state.clone();
        let take = move |incoming| inside.lock().unwrap().take(incoming);
        let peer = Peer::new(config, events, take).await.unwrap();
        let leg = LegId::new(leg);
        let offer = peer.offer().await.unwrap();
        let reply = switch.link.command(SwitchCommand::Peer { leg: leg.clone(), offer }).await;
        let Reply::Answer { sdp } = reply else { panic!("{reply:?}") };
        peer.accept(&sdp).await.unwrap();
        let of_switch = |event: &SwitchEvent| {
            matches!(event, SwitchEvent::Candidate { leg: of, candidate }
                if *of == leg && !candidate.is_empty())
        };
        let told = switch.told(of_switch).await;
        let SwitchEvent::Candidate { candidate, .. } = told else { panic!("{told:?}") };
        // The switch finds the relay by itself: it is told no candidate.
        peer.candidate(&relay.disguise(&candidate)).await.unwrap();
        switch.up(leg.as_str()).await;
        let terms = peer.terms();
        assert_eq!(
            (terms.red, terms.nack, terms.omnibar),
            (repair.red, repair.nack, repair.omnibar)
        );
        {
            let mut state = state.lock().unwrap();
            state.engine.allow(Allowed {
                red: terms.red,
                nack: terms.nack,
                deep: terms.omnibar,
                packet: terms.packet,
                ..Allowed::default()
            });
            state.engine.set_sources(Sources { ours: terms.ssrc, theirs: None });
            state.engine.set_microphone(true);
        }
        let voice = tokio::spawn(speak(peer, state.clone()));
        Self { state, voice, _relay: relay }
    }

    fn stats(&self) -> JitterStats {
        self.state.lock().unwrap().engine.stats()
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.voice.abort();
    }
}

async fn speak(peer: Peer, state: Arc<Mutex<State>>) {
    let mut clock = tokio::time::interval(Duration::from_millis(10));
    for number in 0u64.. {
        clock.tick().await;
        let pitch = PITCHES[pitch_of(number / 2)];
        let block = std::array::from_fn(|i| {
            let at = (number % 2 * BLOCK as u64 + i as u64) as f32 / 48_000.0;
            0.3 * (TAU * pitch * at).sin()
        });
        state.lock().unwrap().pass(&block, &peer);
    }
}

/// Hz: every 20 ms have another, so that nobody can guess the voice that is missing.
const PITCHES: [f32; 11] =
    [400.0, 650.0, 900.0, 1_150.0, 1_400.0, 1_650.0, 1_900.0, 2_150.0, 2_400.0, 2_650.0, 2_900.0];

fn pitch_of(frame: u64) -> usize {
    // Neighbours are far apart.
    (frame * 4 % 11) as usize
}

/// Share of the 20 ms in which the pitch is the one that was spoken.
fn right(samples: &[f32]) -> f64 {
    // Each part is laid to the spoken one anew: a recording follows its speaker's clock.
    let parts = samples.chunks_exact(12_000);
    let count = parts.len() as f64;
    parts.map(right_in_a_part).sum::<f64>() / count
}

fn right_in_a_part(samples: &[f32]) -> f64 {
    let mut best: f64 = 0.0;
    for offset in (0..960).step_by(120) {
        let pitches: Vec<usize> =
            samples[offset..].chunks_exact(960).map(|frame| loudest(&frame[240..720])).collect();
        for shift in 0..11 {
            let same = |&(n, pitch): &(usize, &usize)| *pitch == pitch_of((n + shift) as u64);
            let right = pitches.iter().enumerate().filter(same).count();
            best = best.max(right as f64 / pitches.len() as f64);
        }
    }
    best
}

fn loudest(samples: &[f32]) -> usize {
    let power = |pitch: f32| {
        let step = TAU * pitch / 48_000.0;
        let (re, im) = samples.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, sample)| {
            let (sin, cos) = (step * i as f32).sin_cos();
            (re + sample * cos, im + sample * sin)
        });
        re * re + im * im
    };
    let loud = |(_, a): &(usize, f32), (_, b): &(usize, f32)| a.total_cmp(b);
    let found = PITCHES.iter().map(|&pitch| power(pitch)).enumerate().max_by(loud).unwrap();
    // Silence has no pitch.
    if found.1 > 1.0 { found.0 } else { usize::MAX }
}

/// Share of what was played that was guessed.
fn guessed(from: JitterStats, to: JitterStats) -> f64 {
    (to.concealed - from.concealed) as f64 / (to.played - from.played) as f64
}

struct Outcome {
    /// At each end.
    guessed: [f64; 2],
    /// In each recording what was said, and what was heard.
    recorded: [[f64; 2]; 2],
}

async fn call(switch: &Switch, folder: &Path, name: &str, repair: Repair) -> Outcome {
    let legs = [format!("{name}-agent"), format!("{name}-customer")];
    let seed = 10 * u64::from(repair.red);
    let agent = Caller::call(switch, &legs[0], repair, seed + 1).await;
    let customer = Caller::call(switch, &legs[1], repair, seed + 2).await;
    switch.connect(name, &[&legs[0], &legs[1]]).await;
    tokio::time::sleep(SETTLES).await;
    let begin = [agent.stats(), customer.stats()];
    let file = |leg: &String| folder.join(format!("{leg}.wav"));
    for leg in &legs {
        let record = SwitchCommand::Record { leg: LegId::new(leg), file: Some(file(leg)) };
        switch.done(record).await;
    }
    tokio::time::sleep(TALK).await;
    let end = [agent.stats(), customer.stats()];
    for leg in &legs {
        switch.done(SwitchCommand::Record { leg: LegId::new(leg), file: None }).await;
    }
    Outcome {
        guessed: [0, 1].map(|n| guessed(begin[n], end[n])),
        recorded: [recorded(&file(&legs[0])).await, recorded(&file(&legs[1])).await],
    }
}

/// The layers know the path by then.
const SETTLES: Duration = Duration::from_secs(3);
const TALK: Duration = Duration::from_secs(8);

/// Once the recorder has finished the file.
async fn recorded(file: &Path) -> [f64; 2] {
    let least = (TALK.as_secs() as u32 - 1) * 48_000;
    let mut samples: Vec<f32> = Vec::new();
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let before = samples.len();
        samples = hound::WavReader::open(file)
            .unwrap()
            .into_samples::<i16>()
            .map(|s| f32::from(s.unwrap()) / 32_768.0)
            .collect();
        if samples.len() == before && before as u32 / 2 >= least {
            break;
        }
    }
    // The first and the last half second may be cut.
    [0, 1].map(|side| {
        let side: Vec<f32> = samples.iter().copied().skip(side).step_by(2).collect();
        right(&side[24_000..side.len() - 24_000])
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_over_two_bad_paths_keeps_its_voice_and_its_recordings_hold_it() {
    let folder = tempfile::tempdir().unwrap();
    let switch = Switch::start();
    // At the same time, so that a busy machine harms both alike.
    let (with, without) = tokio::join!(
        call(&switch, folder.path(), "with", Repair::ALL),
        call(&switch, folder.path(), "without", Repair::NONE),
    );
    let per_cent = |share: f64| (share * 1_000.0).round() / 10.0;
    for (n, end) in ["agent", "customer"].into_iter().enumerate() {
        let (on, off) = (with.guessed[n], without.guessed[n]);
        println!("{end} hears {} % guessed, {} % without layers", per_cent(on), per_cent(off));
        assert!(off > 0.1, "two tenths are lost: {off}");
        assert!(on < off / 4.0, "{on} of the voice is guessed, {off} without layers");
        for (side, word) in ["said", "heard"].into_iter().enumerate() {
            let (on, off) = (with.recorded[n][side], without.recorded[n][side]);
            println!("{end} {word}: {} % right, {} % without", per_cent(on), per_cent(off));
            // Of the tenth that is lost, concealment guesses about half the pitches.
            assert!(off < 0.985, "{off} of what was {word} is right though a tenth was lost");
            // A busy machine makes some late, with layers and without.
            let (bad, worse) = (1.0 - on, 1.0 - off);
            assert!(bad < worse * 0.6, "{bad} of what was {word} is wrong, {worse} without");
        }
    }
}
