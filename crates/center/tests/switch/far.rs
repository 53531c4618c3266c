//! The far ends: a switch under test and telephones that play a tone and keep what
//! they hear.

use omnibar_center::switch::{BuiltinConfig, Reply, SwitchCommand, SwitchEvent, SwitchLink};
use omnibar_media::codec::{EncoderConfig, LONGEST, SpeechDecoder};
use omnibar_media::{Decoder, Encoder, FRAME, Packet, Packetizer};
use omnibar_model::LegId;
use omnibar_peer::{Bind, Incoming, OPUS, Peer, PeerConfig, PeerEvent, Repair};
use std::f32::consts::TAU;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// Far longer than anything takes; only a failure waits for it.
const LONG: Duration = Duration::from_secs(20);

pub(crate) fn loopback() -> BuiltinConfig {
    BuiltinConfig {
        bind: Bind::Only(vec!["127.0.0.1".parse().unwrap()]),
        ..BuiltinConfig::default()
    }
}

/// A switch and everything that it has told.
#[derive(Clone)]
pub(crate) struct Switch {
    pub(crate) link: SwitchLink,
    told: Arc<Mutex<Vec<SwitchEvent>>>,
    more: Arc<Notify>,
    phones: Arc<Mutex<Vec<(LegId, Peer)>>>,
}

impl Switch {
    pub(crate) fn start() -> Self {
        Self::with(loopback())
    }

    pub(crate) fn with(config: BuiltinConfig) -> Self {
        let (link, events) = omnibar_center::switch::builtin::start(config);
        Self::over(link, events)
    }

    pub(crate) fn over(link: SwitchLink, mut events: mpsc::UnboundedReceiver<SwitchEvent>) -> Self {
        let switch =
            Self { link, told: Arc::default(), more: Arc::default(), phones: Arc::default() };
        let own = switch.clone();
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if let SwitchEvent::Candidate { leg, candidate } = &event {
                    let phones = own.phones.lock().unwrap().clone();
                    for (_, peer) in phones.iter().filter(|(id, _)| id == leg) {
                        peer.candidate(candidate).await.unwrap();
                    }
                }
                own.told.lock().unwrap().push(event);
                own.more.notify_waiters();
            }
        });
        switch
    }

    pub(crate) async fn done(&self, command: SwitchCommand) {
        let said = format!("{command:?}");
        assert_eq!(self.link.command(command).await, Reply::Done, "{said}");
    }

    pub(crate) async fn connect(&self, bridge: &str, legs: &[&str]) {
        let legs = legs.iter().map(|leg| LegId::new(leg)).collect();
        self.done(SwitchCommand::Connect { bridge: bridge.into(), legs }).await;
    }

    pub(crate) async fn told(&self, wanted: impl Fn(&SwitchEvent) -> bool) -> SwitchEvent {
        let wait = async {
            loop {
                let more = self.more.notified();
                if let Some(event) = self.told.lock().unwrap().iter().find(|e| wanted(e)) {
                    return event.clone();
                }
                more.await;
            }
        };
        match tokio::time::timeout(LONG, wait).await {
            Ok(event) => event,
            Err(_) => panic!("not told; but {:?}", self.told.lock().unwrap()),
        }
    }

    pub(crate) fn has_told(&self) -> Vec<SwitchEvent> {
        self.told.lock().unwrap().clone()
    }

    pub(crate) async fn up(&self, leg: &str) {
        self.told(|event| *event == SwitchEvent::Up { leg: leg.into() }).await;
    }

    pub(crate) async fn listed(&self) -> (Vec<String>, Vec<(String, Vec<String>)>) {
        let Reply::Legs { legs, bridges } = self.link.command(SwitchCommand::List).await else {
            panic!("no list")
        };
        let bridges = bridges
            .into_iter()
            .map(|b| (b.bridge, b.legs.iter().map(ToString::to_string).collect()))
            .collect();
        (legs.into_iter().map(|leg| leg.leg.to_string()).collect(), bridges)
    }
}

/// A WebRTC party.
pub(crate) struct Phone {
    pub(crate) peer: Peer,
    heard: Arc<Mutex<Vec<(Instant, Packet)>>>,
    more: Arc<Notify>,
    voice: Option<tokio::task::JoinHandle<()>>,
    packetizer: Arc<Mutex<Packetizer>>,
}

impl Phone {
    /// Calls the switch and is up when this returns. `tone`: Hz; without one it sends
    /// nothing by itself.
    pub(crate) async fn call(switch: &Switch, leg: &str, tone: Option<f32>) -> Self {
        let (events, mut inbox) = mpsc::unbounded_channel();
        let heard: Arc<Mutex<Vec<_>>> = Arc::default();
        let more: Arc<Notify> = Arc::default();
        let (keep, notify) = (heard.clone(), more.clone());
        // It reads no copies and answers nothing.
        let repair = Repair::NONE;
        let config = PeerConfig { bind: loopback().bind, repair, ..PeerConfig::default() };
        let peer = Peer::new(config, events, move |incoming| {
            let Incoming::Rtp(arrival) = incoming else { return };
            keep.lock().unwrap().push((arrival.arrived, arrival.packet));
            notify.notify_waiters();
        })
        .await
        .unwrap();
        let leg = LegId::new(leg);
        switch.phones.lock().unwrap().retain(|(id, _)| *id != leg);
        switch.phones.lock().unwrap().push((leg.clone(), peer.clone()));
        let offer = peer.offer().await.unwrap();
        let reply = switch.link.command(SwitchCommand::Peer { leg: leg.clone(), offer }).await;
        let Reply::Answer { sdp } = reply else { panic!("{reply:?}") };
        peer.accept(&sdp).await.unwrap();
        let link = switch.link.clone();
        let id = leg.clone();
        tokio::spawn(async move {
            while let Some(event) = inbox.recv().await {
                let candidate = match event {
                    PeerEvent::Candidate(candidate) => candidate,
                    PeerEvent::EndOfCandidates => String::new(),
                    PeerEvent::State(_) | PeerEvent::Agreed(_) => continue,
                };
                link.command(SwitchCommand::Candidate { leg: id.clone(), candidate }).await;
            }
        });
        switch.up(leg.as_str()).await;
        let packetizer = Arc::new(Mutex::new(Packetizer::new(7)));
        let stream = packetizer.clone();
        let voice = tone.map(|tone| tokio::spawn(hum(peer.clone(), stream, tone, u64::MAX)));
        Self { peer, heard, more, voice, packetizer }
    }

    /// A tone for so many packets.
    pub(crate) async fn hum_for(&self, frequency: f32, packets: u64) {
        hum(self.peer.clone(), self.packetizer.clone(), frequency, packets).await;
    }

    pub(crate) fn stop_humming(&mut self) {
        if let Some(voice) = self.voice.take() {
            voice.abort();
        }
    }

    /// All packets until now, and when they came.
    pub(crate) fn heard(&self) -> Vec<(Instant, Packet)> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits for so many more packets and returns them.
    pub(crate) async fn listen(&self, packets: usize) -> Vec<(Instant, Packet)> {
        let from = self.heard.lock().unwrap().len();
        let wait = async {
            loop {
                let more = self.more.notified();
                if self.heard.lock().unwrap().len() >= from + packets {
                    return;
                }
                more.await;
            }
        };
        let come = tokio::time::timeout(LONG, wait).await;
        let heard = self.heard.lock().unwrap()[from..].to_vec();
        assert!(come.is_ok(), "only {} of {packets} packets came", heard.len());
        heard
    }

    /// Waits until all of `there` are heard loud and none of `absent` is, in half a
    /// second of voice. What is never absent or never there fails.
    pub(crate) async fn hears(&self, there: &[f32], absent: &[f32]) {
        let begin = Instant::now();
        loop {
            // The first half lets codecs and mixers settle.
            let samples = decode(&self.listen(50).await);
            let part = &samples[samples.len() / 2..];
            let levels = |tones: &[f32]| -> Vec<f32> {
                tones.iter().map(|&frequency| amplitude(part, frequency)).collect()
            };
            let (loud, soft) = (levels(there), levels(absent));
            if loud.iter().all(|&level| level > 0.1) && soft.iter().all(|&level| level < 0.01) {
                return;
            }
            assert!(
                begin.elapsed() < LONG,
                "{there:?} Hz are heard at {loud:?}, {absent:?} Hz at {soft:?}"
            );
        }
    }

    /// The amplitudes of these frequencies in the next half second.
    pub(crate) async fn levels<const N: usize>(&self, frequencies: [f32; N]) -> [f32; N] {
        let samples = decode(&self.listen(50).await);
        frequencies.map(|frequency| amplitude(&samples[samples.len() / 2..], frequency))
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.stop_humming();
    }
}

/// A steady tone in packets of 20 ms.
async fn hum(peer: Peer, stream: Arc<Mutex<Packetizer>>, frequency: f32, packets: u64) {
    let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    for frame in 0..packets {
        let samples: [f32; FRAME] = std::array::from_fn(|i| {
            let at = (frame * FRAME as u64 + i as u64) as f64 / 48_000.0;
            0.3 * ((f64::from(frequency) * at).fract() as f32 * TAU).sin()
        });
        let payload = encoder.encode(&samples).unwrap();
        clock.tick().await;
        let mut packetizer = stream.lock().unwrap();
        peer.send(packetizer.voice(OPUS, payload));
        packetizer.advance(960);
    }
}

pub(crate) fn decode(packets: &[(Instant, Packet)]) -> Vec<f32> {
    let mut decoder = Decoder::new().unwrap();
    let mut samples = Vec::new();
    for (_, packet) in packets.iter().filter(|(_, packet)| packet.payload_type == OPUS) {
        let mut frame = [0.0; LONGEST];
        let length = decoder.decode(&packet.payload, &mut frame).unwrap();
        samples.extend_from_slice(&frame[..length]);
    }
    samples
}

/// Amplitude of a sine of this frequency (Goertzel), Hann window.
pub(crate) fn amplitude(samples: &[f32], frequency: f32) -> f32 {
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

/// Far ends see one stream: no number twice, none left out, time never going back. That
/// it goes on with the clock is proved in virtual time.
pub(crate) fn assert_one_stream(packets: &[(Instant, Packet)]) {
    for pair in packets.windows(2) {
        let (a, b) = (&pair[0].1, &pair[1].1);
        assert_eq!(b.sequence.wrapping_sub(a.sequence), 1, "after {}", a.sequence);
        let moved = b.timestamp.wrapping_sub(a.timestamp);
        assert!(moved < 48_000 * 10, "timestamp from {} to {}", a.timestamp, b.timestamp);
    }
}
