//! What the media thread runs for one voice path.

mod config;
mod guard;
mod reports;

use crate::codec::{Codec, EncodeError, Heard, Hearing, SetupError, Speaking};
use crate::event::{Event, Receiver, Sender};
use crate::level::Meter;
use crate::loss::red::Blocks;
use crate::loss::{Allowed, Gilbert, Layers};
use crate::quality::{PathStats, emodel};
use crate::tones::{Cue, CueTone, Tone};
use crate::{
    BLOCK, Digit, Encoder, FRAME, JitterBuffer, JitterStats, Limiter, Micros, Packet, PacketSink,
    Packetizer, Playout, Quality, Received, Shock,
};
pub use config::{EngineConfig, Levels, WhenClosed};
use guard::Guard;
pub use guard::Sources;
pub use reports::Sent;
use std::collections::VecDeque;
use std::ops::Range;

/// One voice path: microphone to packets, packets to speaker.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    speaking: Speaking,
    hearing: Hearing,
    /// What is to be spoken from the next frame on.
    codec: Codec,
    packetizer: Packetizer,
    frame: [f32; FRAME],
    half: bool,
    /// Packets of 10 ms.
    short: bool,
    open: bool,
    /// 0 to 1, follows `open` without a click.
    opening: f32,
    keys: Sender,
    jitter: JitterBuffer,
    received_keys: Receiver,
    digits: VecDeque<Digit>,
    path: PathStats,
    /// As of the last block.
    followed: JitterStats,
    /// The latest time that was told.
    now: Micros,
    guard: Guard,
    /// By the far side and the path, whatever the codec.
    allowed: Allowed,
    gain: f32,
    volume: f32,
    cue: Option<CueTone>,
    shock: Shock,
    limiter: Limiter,
    microphone: Meter,
    speaker: Meter,
}

impl Engine {
    /// The microphone is closed at first.
    pub fn new(config: EngineConfig) -> Result<Self, SetupError> {
        Ok(Self {
            speaking: Speaking::new(Encoder::new(config.encoder)?),
            hearing: Hearing::default(),
            codec: Codec::Opus,
            packetizer: Packetizer::new(config.seed),
            frame: [0.0; FRAME],
            half: false,
            short: false,
            open: false,
            opening: 0.0,
            keys: Sender::new(),
            jitter: JitterBuffer::new(config.jitter)?,
            received_keys: Receiver::new(),
            digits: VecDeque::new(),
            path: PathStats::new(),
            followed: JitterStats::default(),
            now: Micros(0),
            guard: Guard::new(&config.encoder),
            allowed: Allowed::default(),
            gain: 1.0,
            volume: 1.0,
            cue: None,
            shock: Shock::new(),
            limiter: Limiter::new(),
            microphone: Meter::new(),
            speaker: Meter::new(),
            config,
        })
    }

    /// 10 ms from the microphone. Every second call sends a packet, or every call where that
    /// was allowed.
    pub fn capture(
        &mut self,
        block: &[f32; BLOCK],
        sink: &mut dyn PacketSink,
    ) -> Result<(), EncodeError> {
        if !self.half {
            self.decide()?;
        }
        let at = if self.half { BLOCK } else { 0 };
        let target = if self.open { 1.0 } else { 0.0 };
        let part = &mut self.frame[at..at + BLOCK];
        for (out, &sample) in part.iter_mut().zip(block) {
            self.opening += (target - self.opening).clamp(-RAMP, RAMP);
            *out = if sample.is_finite() { sample * self.opening } else { 0.0 };
        }
        if let Some(sent) = part.as_array() {
            self.microphone.push(sent);
        }
        self.half = !self.half;
        if self.short {
            self.send(at..at + BLOCK, sink)
        } else if self.half {
            Ok(())
        } else {
            self.send(0..FRAME, sink)
        }
    }

    /// A packet from the network: voice, with or without copies, or telephone event.
    pub fn receive(&mut self, mut received: Received) {
        self.now = self.now.max(received.arrived);
        let kind = received.packet.payload_type;
        if let Some(codec) = self.config.codec_of(kind) {
            self.hear_as(codec, received);
        } else if Some(kind) == self.config.red {
            let payload = std::mem::take(&mut received.packet.payload);
            let Ok(blocks) = Blocks::parse(&payload) else { return };
            let primary = blocks.primary();
            if primary.payload_type != self.config.voice {
                return;
            }
            let carrier = Packet { payload: Vec::new(), ..received.packet };
            received.packet = Packet { payload: primary.payload.to_vec(), ..carrier };
            self.hear_as(Codec::Opus, received);
            if self.hearing.codec() == Codec::Opus {
                self.jitter.receive_copies(&carrier, self.config.voice, &blocks);
            }
        } else if [self.config.events, self.config.events_8k].contains(&Some(kind)) {
            self.path.receive_event(&received);
            self.guard.came(&received);
            self.jitter.pass_over(&received);
            if let Some(digit) = self.received_keys.receive(&received.packet)
                && self.digits.len() < MOST_DIGITS
            {
                self.digits.push_back(digit);
            }
        }
    }

    /// An RTCP packet from the network, decrypted, compound or not. Packets that the far side
    /// asks for again go to `sink`, with the numbers that they had.
    pub fn receive_rtcp(&mut self, now: Micros, bytes: &[u8], sink: &mut dyn PacketSink) {
        self.now = self.now.max(now);
        self.guard.heard(now, bytes, sink);
    }

    /// The RTCP packet that is to be sent now, if any: reports once a second and soon after
    /// new losses, and what is worth asking for again. Ask after every [`playout`](Self::playout)
    /// and after packets were received.
    pub fn rtcp(&mut self, now: Micros) -> Option<&[u8]> {
        self.now = self.now.max(now);
        self.jitter.set_retransmission(self.guard.answer_takes());
        self.guard.tell(now, self.jitter.missing())
    }

    /// Who sends, for RTCP.
    pub fn set_sources(&mut self, sources: Sources) {
        self.guard.set_sources(sources);
    }

    /// What the far side and the path allow against loss; nothing at first. What needs Opus
    /// is left out while another codec is spoken.
    pub fn allow(&mut self, allowed: Allowed) {
        self.allowed = allowed;
        self.permit();
    }

    /// Speaks that codec from the next frame on. What is heard follows the packets that come.
    pub fn speak(&mut self, codec: Codec) {
        self.codec = codec;
    }

    /// What is spoken.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// What is sent with against loss.
    #[must_use]
    pub fn layers(&self) -> Layers {
        self.guard.layers()
    }

    /// How our packets fare on their way to the far side, as it tells.
    #[must_use]
    pub fn path_out(&self) -> Gilbert {
        self.guard.path(self.now)
    }

    /// How what is said here arrives, as the far side tells; `None`: it tells nothing, or has
    /// not for a while.
    #[must_use]
    pub fn sent(&self) -> Option<Sent> {
        let layers = self.guard.layers();
        let asked = self.guard.answer_takes().is_some();
        self.guard.far().sent(self.now, self.guard.path(self.now), layers, asked)
    }

    /// What the far side loses is sent again.
    #[must_use]
    pub fn retransmits(&self) -> bool {
        self.guard.retransmits()
    }

    /// µs since the far side reported packets of ours that it had not before; `None`: it has
    /// never reported any.
    #[must_use]
    pub fn unheard(&self, now: Micros) -> Option<u64> {
        self.guard.far().unheard(now)
    }

    /// Per cent of the far side's packets that were lost before they came to whoever sends
    /// to us, last 5 s: he tells how many he sends.
    #[must_use]
    pub fn lost_before(&self, now: Micros) -> f32 {
        self.guard.lost_before(now)
    }

    /// The next 10 ms for the speaker.
    pub fn playout(&mut self, now: Micros, out: &mut [f32; BLOCK]) -> Playout {
        self.now = self.now.max(now);
        let playout = self.jitter.playout(now, out);
        self.follow(now);
        self.shock.apply(out);
        for sample in out.iter_mut() {
            self.gain += (self.volume - self.gain).clamp(-RAMP, RAMP);
            *sample *= self.gain;
        }
        self.overlay(out);
        self.limiter.apply(out);
        self.speaker.push(out);
        playout
    }

    /// Opens or closes the microphone, with a ramp of 5 ms.
    pub fn set_microphone(&mut self, open: bool) {
        self.open = open;
    }

    /// Loudness of the far side, 1: as it comes, at most 4.
    pub fn set_volume(&mut self, volume: f32) {
        if volume.is_finite() {
            self.volume = volume.clamp(0.0, 4.0);
        }
    }

    /// Per cent of our packets that the far side reports lost, for whoever does not pass its
    /// RTCP to [`receive_rtcp`](Self::receive_rtcp).
    pub fn set_expected_loss(&mut self, percent: u8) -> Result<(), SetupError> {
        self.guard.told_loss(self.now, percent);
        self.speaking.opus.set_expected_loss(percent)
    }

    /// As measured by ICE; half of it counts into the quality.
    pub fn set_round_trip(&mut self, round_trip: Option<Micros>) {
        self.guard.set_round_trip(round_trip);
    }

    /// Plays a cue over what is heard, instead of one that is still sounding.
    pub fn play(&mut self, cue: Cue) {
        self.cue = Some(cue.tone());
    }

    /// Sends a key as telephone event. False when the far side takes none or too many wait.
    pub fn press(&mut self, digit: Digit) -> bool {
        self.config.events_of(self.codec).is_some() && self.keys.press(digit)
    }

    /// The next key that the far side has pressed.
    pub fn digit(&mut self) -> Option<Digit> {
        self.digits.pop_front()
    }

    #[must_use]
    pub fn meter(&self) -> Levels {
        Levels { microphone: self.microphone.level(), speaker: self.speaker.level() }
    }

    /// What the listener at this side has.
    pub fn quality(&mut self, now: Micros) -> Quality {
        let stats = self.jitter.stats();
        let loss_percent = self.path.loss_percent(now);
        // What copies and repetitions have made good is not heard.
        let heard_percent = self.path.heard_percent(now).min(loss_percent);
        let round_trip = self.guard.round_trip();
        let network = round_trip.map_or(0.0, |trip| trip.0 as f32 / 2000.0);
        let path = emodel::Path {
            delay_ms: network + stats.delay_ms + ENDS_MS,
            loss_percent: heard_percent,
            burst_ratio: self.path.burst_ratio(now),
        };
        let r_factor = emodel::r_factor(path, self.hearing.codec().impairment());
        Quality {
            mos: emodel::mos(r_factor),
            r_factor,
            loss_percent,
            heard_percent,
            jitter_ms: self.path.jitter_ms(),
            delay_ms: stats.delay_ms,
            flowing: self.path.flowing(now),
        }
    }

    #[must_use]
    pub fn stats(&self) -> JitterStats {
        self.jitter.stats()
    }

    /// What is sent with from this frame on.
    fn decide(&mut self) -> Result<(), EncodeError> {
        if self.codec != self.speaking.codec() {
            self.speaking.change(self.codec);
            self.packetizer.skip();
            self.permit();
        }
        if let Some(layers) = self.guard.decide(self.now) {
            self.apply(layers).map_err(|_| EncodeError)?;
        }
        // Events are reckoned in 20 ms.
        self.short = self.guard.layers().packet.0 < TWENTY_MS && self.keys.is_idle();
        Ok(())
    }

    fn send(&mut self, part: Range<usize>, sink: &mut dyn PacketSink) -> Result<(), EncodeError> {
        let samples = part.len() as u32;
        let codec = self.speaking.codec();
        let timestamp = self.packetizer.timestamp();
        let key = if self.short { None } else { self.keys.next(timestamp, codec.clock()) };
        let packet = if let (Some(kind), Some(step)) = (self.config.events_of(codec), key) {
            let payload = Event::encode(step.event).to_vec();
            Some(self.packetizer.event(kind, step.timestamp, step.marker, payload))
        } else if self.silent() {
            self.packetizer.skip();
            None
        } else {
            Some(self.voice(part)?)
        };
        if let Some(packet) = packet {
            self.guard.sent(self.now, &packet);
            sink.send(packet);
        }
        self.packetizer.advance(samples / codec.unit());
        Ok(())
    }

    fn voice(&mut self, part: Range<usize>) -> Result<Packet, EncodeError> {
        let payload = self.speaking.encode(&self.frame, part)?;
        let codec = self.speaking.codec();
        if codec != Codec::Opus {
            return Ok(self.packetizer.voice(self.config.type_of(codec), payload));
        }
        let timestamp = self.packetizer.timestamp();
        let packed = self.guard.pack(self.config.voice, timestamp, &payload);
        Ok(match (packed, self.config.red) {
            (Some(packed), Some(red)) => self.packetizer.voice(red, packed),
            (_, _) => self.packetizer.voice(self.config.voice, payload),
        })
    }

    fn apply(&mut self, layers: Layers) -> Result<(), SetupError> {
        let opus = &mut self.speaking.opus;
        opus.set_fec(layers.fec && self.config.encoder.fec)?;
        opus.set_expected_loss(layers.expected_loss)?;
        opus.set_bitrate(layers.bitrate)?;
        opus.set_deep_redundancy(layers.deep)
    }

    /// Tells the layers against loss what they may use.
    fn permit(&mut self) {
        let Allowed { red, deep, fec, packet, .. } = self.allowed;
        let opus = self.speaking.codec() == Codec::Opus;
        self.guard.allow(Allowed {
            red: opus && red && self.config.red.is_some(),
            deep: opus && deep,
            fec: opus && fec,
            packet: if opus { packet } else { Micros(TWENTY_MS) },
            ..self.allowed
        });
    }

    /// Voice of that codec, whichever was heard before.
    fn hear_as(&mut self, codec: Codec, mut received: Received) {
        match self.hearing.follow(codec, self.codec) {
            Ok(Heard::AsBefore) => {}
            Ok(Heard::Anew(decoder)) => {
                self.jitter.change(decoder);
                self.path.change_clock();
                self.guard.change_codec(codec);
                self.received_keys = Receiver::new();
            }
            Ok(Heard::Doubtful) | Err(_) => return,
        }
        // All that follows counts in samples. The product wraps as the timestamp does.
        received.packet.timestamp = received.packet.timestamp.wrapping_mul(codec.unit());
        self.hear(received);
    }

    fn hear(&mut self, received: Received) {
        if self.guard.came(&received) {
            self.jitter.receive_again(received);
        } else {
            self.path.receive(&received);
            self.jitter.receive(received);
        }
    }

    /// Tells the path what became of its packets.
    fn follow(&mut self, now: Micros) {
        let (stats, before) = (self.jitter.stats(), self.followed);
        self.followed = stats;
        self.path.late(now, stats.late - before.late);
        let guessed = (stats.concealed - before.concealed) as f32;
        let deep = (stats.rebuilt - before.rebuilt) as f32;
        let recovered = (stats.recovered - before.recovered) as f32 * FRAME as f32;
        let heard = guessed + DEEP_HEARD * deep + FEC_HEARD * recovered;
        self.path.played((stats.played - before.played) as f32, heard);
    }

    fn silent(&self) -> bool {
        match self.config.when_closed {
            WhenClosed::SendSilence => false,
            WhenClosed::SendNothing => !self.open && self.opening <= 0.0,
        }
    }

    fn overlay(&mut self, out: &mut [f32; BLOCK]) {
        let Some(cue) = &mut self.cue else { return };
        let mut block = [0.0; BLOCK];
        if cue.fill(&mut block) {
            for (sample, tone) in out.iter_mut().zip(block) {
                *sample += tone;
            }
        } else {
            self.cue = None;
        }
    }
}

/// Share of a loss that is still heard after deep redundancy, and after in-band FEC.
const DEEP_HEARD: f32 = 0.6;
const FEC_HEARD: f32 = 0.35;
/// µs.
const TWENTY_MS: u64 = 20_000;
/// Gain a sample: 0 to 1 in 5 ms.
const RAMP: f32 = 1.0 / 240.0;
/// Digits kept for a reader that does not come.
const MOST_DIGITS: usize = 64;
/// ms: packetization, codec look-ahead and the devices at both ends.
const ENDS_MS: f32 = 45.0;
