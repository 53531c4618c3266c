//! A talker, a network and a listener on a virtual clock.

use omnibar_media::codec::{DecodeError, EncoderConfig, LONGEST, SpeechDecoder};
use omnibar_media::sim::{Network, NetworkConfig, Speech, drifted};
use omnibar_media::{
    BLOCK, Encoder, FRAME, JitterBuffer, JitterConfig, JitterStats, Micros, Packet, Packetizer,
    Playout, PlayoutKind,
};

/// Epoch of the virtual clock; µs.
pub(crate) const EPOCH: u64 = 1_000_000;

/// Samples as bytes: a codec without loss or delay, so that tests measure the buffer.
#[derive(Debug, Default)]
pub(crate) struct Pcm {
    last: f32,
}

impl Pcm {
    pub(crate) fn encode(frame: &[f32]) -> Vec<u8> {
        frame.iter().flat_map(|s| ((s * 32_000.0) as i16).to_be_bytes()).collect()
    }
}

impl SpeechDecoder for Pcm {
    fn duration(&self, payload: &[u8]) -> Result<usize, DecodeError> {
        let samples = payload.len() / 2;
        if (1..=LONGEST).contains(&samples) { Ok(samples) } else { Err(DecodeError::Corrupt) }
    }

    fn decode(&mut self, payload: &[u8], out: &mut [f32]) -> Result<usize, DecodeError> {
        let samples = self.duration(payload)?;
        for (out, pair) in out.iter_mut().zip(payload.as_chunks::<2>().0) {
            *out = f32::from(i16::from_be_bytes(*pair)) / 32_000.0;
            self.last = *out;
        }
        Ok(samples)
    }

    fn has_redundancy(&self, _: &[u8]) -> bool {
        false
    }

    fn recover(&mut self, _: &[u8], _: &mut [f32]) -> Result<(), DecodeError> {
        Err(DecodeError::Corrupt)
    }

    fn conceal(&mut self, out: &mut [f32]) -> Result<(), DecodeError> {
        for sample in out {
            self.last *= 0.99;
            *sample = self.last;
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.last = 0.0;
    }
}

/// How the talker's samples become payloads.
#[derive(Debug)]
pub(crate) enum Coder {
    /// Frames of 10 ms, so that a payload keeps to the size of a real packet.
    Pcm,
    Opus(Box<Encoder>),
}

impl Coder {
    pub(crate) fn opus(config: EncoderConfig) -> Self {
        Self::Opus(Box::new(Encoder::new(config).unwrap()))
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) network: Network,
    pub(crate) buffer: JitterBuffer,
    coder: Coder,
    packetizer: Packetizer,
    source: Vec<f32>,
    /// Talker's clock against the listener's.
    ppm: f64,
    /// Phase of the listener's blocks against the talker's; µs.
    phase: u64,
    /// The listener's card: its clock's error and how many blocks it asks for at once.
    card_ppm: f64,
    at_once: u64,
    captured: u64,
    /// Nothing is sent while the talker pauses.
    pauses: bool,
    frame: Vec<f32>,
    /// Everything that was sent, as samples.
    pub(crate) sent: Vec<f32>,
    pub(crate) heard: Vec<f32>,
    pub(crate) kinds: Vec<PlayoutKind>,
    played: u64,
}

impl World {
    pub(crate) fn new(coder: Coder, network: NetworkConfig, source: Vec<f32>) -> Self {
        let config = JitterConfig::default();
        let buffer = match coder {
            Coder::Pcm => JitterBuffer::with_decoder(config, Box::new(Pcm::default())),
            Coder::Opus(_) => JitterBuffer::new(config).unwrap(),
        };
        Self {
            network: Network::new(network, 11),
            buffer,
            coder,
            packetizer: Packetizer::new(5),
            source,
            ppm: 0.0,
            phase: 3_000,
            card_ppm: 0.0,
            at_once: 1,
            captured: 0,
            pauses: false,
            frame: Vec::new(),
            sent: Vec::new(),
            heard: Vec::new(),
            kinds: Vec::new(),
            played: 0,
        }
    }

    pub(crate) fn drifting(mut self, ppm: f64) -> Self {
        self.ppm = ppm;
        self
    }

    pub(crate) fn with_card(mut self, ppm: f64, at_once: u64) -> Self {
        self.card_ppm = ppm;
        self.at_once = at_once;
        self
    }

    pub(crate) fn with_pauses(mut self) -> Self {
        self.pauses = true;
        self
    }

    pub(crate) fn seeded(mut self, network: NetworkConfig, seed: u64) -> Self {
        self.network = Network::new(network, seed);
        self
    }

    /// Lets `seconds` pass.
    pub(crate) fn run(&mut self, seconds: f64) -> &mut Self {
        for _ in 0..(seconds * 100.0) as u64 {
            self.block();
        }
        self
    }

    /// One block of the listener's time.
    pub(crate) fn block(&mut self) -> Playout {
        let block = self.played / self.at_once * self.at_once;
        let now = Micros(EPOCH + drifted(block, self.card_ppm).0 + self.phase);
        self.played += 1;
        loop {
            let due = drifted(self.captured + 1, self.ppm).0 + EPOCH;
            if due > now.0 {
                break;
            }
            self.captured += 1;
            self.talk(Micros(due));
        }
        while let Some(received) = self.network.poll(now) {
            self.buffer.receive(received);
        }
        let mut out = [0.0; BLOCK];
        let playout = self.buffer.playout(now, &mut out);
        self.heard.extend_from_slice(&out);
        self.kinds.push(playout.kind);
        playout
    }

    pub(crate) fn stats(&self) -> JitterStats {
        self.buffer.stats()
    }

    pub(crate) fn count(&self, kind: PlayoutKind) -> usize {
        self.kinds.iter().filter(|&&k| k == kind).count()
    }

    fn talk(&mut self, now: Micros) {
        let at = self.sent.len() % self.source.len();
        let block = &self.source[at..at + BLOCK];
        self.sent.extend_from_slice(block);
        self.frame.extend_from_slice(block);
        let whole = match self.coder {
            Coder::Pcm => BLOCK,
            Coder::Opus(_) => FRAME,
        };
        if self.pauses && self.frame.len() == whole && self.frame.iter().all(|s| s.abs() < 1e-3) {
            self.packetizer.skip();
            self.packetizer.advance(whole as u32);
            self.frame.clear();
            return;
        }
        let payload = match &mut self.coder {
            Coder::Pcm => Pcm::encode(&self.frame),
            Coder::Opus(encoder) => {
                let Ok(frame) = <&[f32; FRAME]>::try_from(&self.frame[..]) else { return };
                encoder.encode(frame).unwrap()
            }
        };
        let packet: Packet = self.packetizer.voice(111, payload);
        self.packetizer.advance(self.frame.len() as u32);
        self.frame.clear();
        self.network.send(now, packet);
    }
}

/// Seconds of the simulated talker.
pub(crate) fn speech(seed: u64, seconds: usize) -> Vec<f32> {
    let mut talker = Speech::new(seed, 140.0);
    let mut samples = Vec::new();
    for _ in 0..seconds * 100 {
        let mut block = [0.0; BLOCK];
        talker.fill(&mut block);
        samples.extend_from_slice(&block);
    }
    samples
}

/// A second of a tone that closes on itself.
pub(crate) fn tone(hertz: u32, amplitude: f32) -> Vec<f32> {
    (0..48_000)
        .map(|i| amplitude * (std::f32::consts::TAU * (i * hertz % 48_000) as f32 / 48_000.0).sin())
        .collect()
}

/// dB; positive when `heard` is like `sent` delayed by some samples up to 100 ms. Returns the
/// delay too.
pub(crate) fn best_snr(sent: &[f32], heard: &[f32], from: usize, length: usize) -> (f32, usize) {
    let part = &heard[from..from + length];
    let delay = (0..4_800usize.min(from))
        .max_by(|&a, &b| product(sent, part, from - a).total_cmp(&product(sent, part, from - b)))
        .unwrap_or(0);
    let reference = &sent[from - delay..from - delay + length];
    let signal: f32 = reference.iter().map(|s| s * s).sum();
    let noise: f32 = reference.iter().zip(part).map(|(a, b)| (a - b) * (a - b)).sum();
    (10.0 * (signal / noise.max(1e-12)).log10(), delay)
}

fn product(sent: &[f32], part: &[f32], at: usize) -> f32 {
    // Every fifth sample is enough to find the place.
    sent[at..].iter().zip(part).step_by(5).map(|(a, b)| a * b).sum()
}

/// The largest step between neighbouring samples.
pub(crate) fn largest_step(samples: &[f32]) -> f32 {
    samples.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max)
}

/// Hz, from the middle of upward crossings of zero.
pub(crate) fn frequency(samples: &[f32]) -> f32 {
    let crossings: Vec<f32> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, w)| w[0] < 0.0 && w[1] >= 0.0)
        .map(|(i, w)| i as f32 + w[0] / (w[0] - w[1]))
        .collect();
    match (crossings.first(), crossings.last()) {
        (Some(first), Some(last)) if crossings.len() > 1 => {
            48_000.0 * (crossings.len() - 1) as f32 / (last - first)
        }
        _ => 0.0,
    }
}
