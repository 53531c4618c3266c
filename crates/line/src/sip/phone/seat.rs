//! One who takes part in a conference: what he says is decoded from his codec, and what the
//! others say is encoded in it. The mixer between them knows samples only.

use omnibar_media::codec::{EncoderConfig, Heard, Hearing, SetupError, Speaking};
use omnibar_media::event::{self, Event};
use omnibar_media::{
    BLOCK, Codec, Digit, Encoder, FRAME, JitterBuffer, JitterConfig, Micros, Packet, Packetizer,
    PlayoutKind, Received,
};
use omnibar_peer::{TELEPHONE_EVENT, TELEPHONE_EVENT_8K, clock_of, type_of};

/// As an agent's own voice is sent.
const ENCODING: EncoderConfig =
    EncoderConfig { bitrate: 32_000, complexity: 5, fec: true, expected_loss: 5 };

pub(super) struct Seat {
    jitter: JitterBuffer,
    hearing: Hearing,
    digits: event::Receiver,
    speaking: Speaking,
    packetizer: Packetizer,
    frame: [f32; FRAME],
    /// When the key began that is sent, by the microphone's count and by this one.
    key: (u32, u32),
}

impl Seat {
    /// Of somebody who wants that codec.
    pub(super) fn new(codec: Codec) -> Result<Self, SetupError> {
        let mut seat = Self {
            jitter: JitterBuffer::new(JitterConfig::default())?,
            hearing: Hearing::default(),
            digits: event::Receiver::new(),
            speaking: Speaking::new(Encoder::new(ENCODING)?),
            // A way goes on with the numbers that it had.
            packetizer: Packetizer::new(0),
            frame: [0.0; FRAME],
            key: (0, 0),
        };
        seat.change(codec);
        Ok(seat)
    }

    /// He wants that codec from the next packet on. What he says follows his packets.
    pub(super) fn change(&mut self, codec: Codec) {
        if codec != self.speaking.codec() {
            self.speaking.change(codec);
            self.packetizer.skip();
        }
    }

    /// A packet of his voice.
    pub(super) fn hear(&mut self, codec: Codec, mut received: Received) {
        match self.hearing.follow(codec, self.speaking.codec()) {
            Ok(Heard::AsBefore) => {}
            Ok(Heard::Anew(decoder)) => self.jitter.change(decoder),
            Ok(Heard::Doubtful) => return,
            Err(error) => return tracing::warn!(%error, "a party's codec cannot be decoded"),
        }
        // The jitter buffer counts in samples. The product wraps as the timestamp does.
        received.packet.timestamp = received.packet.timestamp.wrapping_mul(codec.unit());
        self.jitter.receive(received);
    }

    /// A telephone event of his; the key, when it is a new one.
    pub(super) fn pressed(&mut self, received: &Received) -> Option<Digit> {
        self.jitter.pass_over(received);
        self.digits.receive(&received.packet)
    }

    /// What he says in the next 10 ms. Noise that stands for silence is not mixed.
    pub(super) fn speak(&mut self, now: Micros, block: &mut [f32; BLOCK]) {
        match self.jitter.playout(now, block).kind {
            PlayoutKind::Speech | PlayoutKind::Recovered | PlayoutKind::Concealed => {}
            PlayoutKind::Noise | PlayoutKind::Idle => block.fill(0.0),
        }
    }

    /// What the others say in the first or `second` half of a frame.
    pub(super) fn listen(&mut self, block: &[f32; BLOCK], second: bool) {
        let half = if second { BLOCK } else { 0 };
        self.frame[half..][..BLOCK].copy_from_slice(block);
    }

    /// The frame that is full now. One that fails leaves a gap, which the far side conceals.
    pub(super) fn packet(&mut self) -> Option<Packet> {
        let codec = self.speaking.codec();
        let payload = self.speaking.encode(&self.frame, 0..FRAME).ok();
        let packet = payload.map(|payload| self.packetizer.voice(type_of(codec), payload));
        self.packetizer.advance(FRAME as u32 / codec.unit());
        packet
    }

    /// A telephone event of the microphone's stream, as one of this, by its clock; `None`: it
    /// is none.
    pub(super) fn key(&mut self, packet: &Packet) -> Option<Packet> {
        let event = Event::parse(&packet.payload).ok()?;
        if packet.marker || self.key.0 != packet.timestamp {
            self.key = (packet.timestamp, self.packetizer.timestamp());
        }
        let kind = match self.speaking.codec() {
            Codec::Opus => TELEPHONE_EVENT,
            Codec::G722 | Codec::Pcmu | Codec::Pcma => TELEPHONE_EVENT_8K,
        };
        let duration = u32::from(event.duration) * (clock_of(kind) / 1_000)
            / (clock_of(packet.payload_type) / 1_000);
        let event = Event { duration: u16::try_from(duration).unwrap_or(u16::MAX), ..event };
        Some(self.packetizer.event(kind, self.key.1, packet.marker, event.encode().to_vec()))
    }

    /// 10 ms that nobody had the time for.
    pub(super) fn pass_over(&mut self) {
        self.packetizer.skip();
        self.packetizer.advance(BLOCK as u32 / self.speaking.codec().unit());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_media::codec::{Decoder, SpeechDecoder, WaveformDecoder};
    use omnibar_media::{Mixer, SAMPLE_RATE};
    use omnibar_peer::codec_of;

    /// Somebody at the far end of a call: says one tone, and keeps what he hears.
    struct Party {
        hertz: f32,
        speaking: Speaking,
        packetizer: Packetizer,
        seat: Seat,
        said: usize,
        taken: Vec<Packet>,
        heard: Vec<f32>,
    }

    impl Party {
        fn new(codec: Codec, hertz: f32) -> Self {
            let mut speaking = Speaking::new(Encoder::new(ENCODING).unwrap());
            speaking.change(codec);
            let seat = Seat::new(codec).unwrap();
            let packetizer = Packetizer::new(hertz as u64);
            Self { hertz, speaking, packetizer, seat, said: 0, taken: vec![], heard: vec![] }
        }

        fn change(&mut self, codec: Codec) {
            self.speaking.change(codec);
            self.seat.change(codec);
            (self.taken, self.heard) = (vec![], vec![]);
        }

        fn say(&mut self, arrived: Micros) {
            let mut frame = [0.0; FRAME];
            for sample in &mut frame {
                let at = self.said as f32 / SAMPLE_RATE as f32;
                *sample = 0.2 * (std::f32::consts::TAU * self.hertz * at).sin();
                self.said += 1;
            }
            let codec = self.speaking.codec();
            let payload = self.speaking.encode(&frame, 0..FRAME).unwrap();
            let packet = self.packetizer.voice(type_of(codec), payload);
            self.packetizer.advance(FRAME as u32 / codec.unit());
            self.seat.hear(codec, Received { arrived, packet });
        }

        /// Of the tones that he hears, each over the whole.
        fn level(&mut self, hertz: f32) -> f32 {
            if self.heard.is_empty() {
                let codec = codec_of(self.taken[0].payload_type).unwrap();
                let mut decoder: Box<dyn SpeechDecoder> = match WaveformDecoder::new(codec) {
                    Some(waveform) => Box::new(waveform),
                    None => Box::new(Decoder::new().unwrap()),
                };
                for packet in &self.taken {
                    let mut out = [0.0; FRAME];
                    assert_eq!(decoder.decode(&packet.payload, &mut out), Ok(FRAME));
                    self.heard.extend(out);
                }
            }
            let settled = &self.heard[self.heard.len() / 2..];
            let (mut real, mut imaginary) = (0.0, 0.0);
            for (n, sample) in settled.iter().enumerate() {
                let angle = std::f32::consts::TAU * hertz * n as f32 / SAMPLE_RATE as f32;
                real += sample * angle.cos();
                imaginary += sample * angle.sin();
            }
            2.0 * f32::hypot(real, imaginary) / settled.len() as f32
        }
    }

    /// They talk for so many frames of 20 ms, from that one on.
    fn talk(parties: &mut [Party; 3], mixer: &mut Mixer, from: u64, frames: u64) {
        for tick in 2 * from..2 * (from + frames) {
            let now = Micros(tick * 10_000);
            let second = tick % 2 == 1;
            if !second {
                parties.iter_mut().for_each(|party| party.say(now));
            }
            let (mut said, mut heard) = ([[0.0; BLOCK]; 3], [[0.0; BLOCK]; 3]);
            for (party, said) in parties.iter_mut().zip(&mut said) {
                party.seat.speak(now, said);
            }
            mixer.mix_minus(&said, &mut heard);
            for (party, heard) in parties.iter_mut().zip(&heard) {
                party.seat.listen(heard, second);
                if second {
                    party.taken.extend(party.seat.packet());
                }
            }
        }
    }

    /// Everybody hears the others and not himself, each in packets of his own codec.
    fn assert_together(parties: &mut [Party; 3]) {
        let tones = parties.each_ref().map(|party| party.hertz);
        for party in parties {
            let codec = party.seat.speaking.codec();
            for hertz in tones {
                let level = party.level(hertz);
                let own = hertz == party.hertz;
                assert!(if own { level < 0.01 } else { level > 0.1 }, "{codec:?} {hertz}: {level}");
            }
            assert!(party.taken.iter().all(|packet| packet.payload_type == type_of(codec)));
            let units = FRAME as u32 / codec.unit();
            for pair in party.taken.windows(2) {
                assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), units, "{codec:?}");
                assert_eq!(pair[1].sequence.wrapping_sub(pair[0].sequence), 1);
            }
        }
    }

    #[test]
    fn parties_of_three_codecs_hear_each_other_and_may_change_them() {
        let mut mixer = Mixer::new();
        let mut parties = [
            Party::new(Codec::Opus, 450.0),
            Party::new(Codec::Pcmu, 640.0),
            Party::new(Codec::G722, 760.0),
        ];
        talk(&mut parties, &mut mixer, 0, 150);
        assert_together(&mut parties);
        parties[0].change(Codec::Pcma);
        parties[1].change(Codec::Opus);
        parties[2].taken.clear();
        parties[2].heard.clear();
        talk(&mut parties, &mut mixer, 150, 150);
        assert_together(&mut parties);
        assert!(parties[0].taken[0].marker, "what comes after a change begins anew");
    }

    #[test]
    fn a_key_has_the_length_that_it_had_by_the_clock_of_each() {
        // 100 ms of key, as the microphone's stream has it.
        let event = Event { code: 5, end: true, volume: 10, duration: 4_800 };
        let packet = |timestamp, marker| Packet {
            timestamp,
            marker,
            payload_type: TELEPHONE_EVENT,
            payload: event.encode().to_vec(),
            ..Packet::default()
        };
        for (codec, kind, duration) in
            [(Codec::Opus, TELEPHONE_EVENT, 4_800), (Codec::Pcma, TELEPHONE_EVENT_8K, 800)]
        {
            let mut seat = Seat::new(codec).unwrap();
            let first = seat.key(&packet(7, true)).unwrap();
            let begun = first.timestamp;
            seat.packet();
            let later = seat.key(&packet(7, false)).unwrap();
            let sent = Event::parse(&later.payload).unwrap();
            assert_eq!((later.payload_type, later.timestamp), (kind, begun), "{codec:?}");
            assert_eq!(sent, Event { duration, ..event });
            let next = seat.key(&packet(9, true)).unwrap();
            assert_ne!(next.timestamp, begun, "another key");
            assert_eq!(seat.key(&Packet { payload: vec![5], ..packet(9, false) }), None);
        }
    }
}
