use crate::switch::opus;
use omnibar_media::codec::{LONGEST, SetupError, SpeechDecoder};
use omnibar_media::{Decoder, Packet};
use std::collections::{BTreeMap, VecDeque};

/// One side of a recording: puts packets where they belong in time. Nobody waits for
/// it, so it needs no adaptive delay: what has come by the time it is taken is there.
#[derive(Debug)]
pub(super) struct Track {
    decoder: Decoder,
    /// By place: samples since the recording's begin.
    waiting: BTreeMap<i64, Vec<u8>>,
    /// Place of the timestamp 0 of the sender's present run.
    origin: Option<Origin>,
    /// Decoded and not yet taken, from `taken` on.
    decoded: VecDeque<f32>,
    taken: i64,
}

#[derive(Clone, Copy, Debug)]
struct Origin {
    timestamp: u32,
    place: i64,
    /// The earliest that a packet came against its place, in the present second.
    earliest: i64,
    /// Samples that the packets since then hold.
    looked_at: u32,
}

/// Samples that a packet may be off its place before the sender has started anew: 1 s.
const LEAP: i64 = 48_000;
/// Samples that the sender's clock may be off before the track follows: 20 ms.
const DRIFT: i64 = 960;
/// Samples in which the earliest is looked for: 1 s.
const LOOKED_AT: u32 = 48_000;
/// Packets that may wait; more than come in the time a packet may be late.
const MOST_WAITING: usize = 1_000;

impl Track {
    pub(super) fn new() -> Result<Self, SetupError> {
        Ok(Self {
            decoder: Decoder::plain()?,
            waiting: BTreeMap::new(),
            origin: None,
            decoded: VecDeque::new(),
            taken: 0,
        })
    }

    /// `came`: samples since the recording's begin.
    pub(super) fn receive(&mut self, came: i64, packet: Packet) {
        let mut origin = self.origin.unwrap_or_else(|| Origin::new(packet.timestamp, came));
        let mut place = origin.place(packet.timestamp);
        if (came - place).abs() > LEAP {
            origin = Origin::new(packet.timestamp, came);
            place = came;
        }
        origin.follow(&packet, came, place);
        self.origin = Some(origin);
        if self.waiting.len() < MOST_WAITING {
            self.waiting.insert(place, packet.payload);
        }
    }

    /// The next `length` samples, silence where nothing has come.
    pub(super) fn take(&mut self, length: usize) -> Vec<f32> {
        let end = self.taken.saturating_add(i64::try_from(length).unwrap_or(0));
        while let Some(packet) = self.waiting.first_entry()
            && *packet.key() < end
        {
            let (place, payload) = packet.remove_entry();
            self.decode(place, &payload);
        }
        self.taken = end;
        let have = self.decoded.len().min(length);
        let mut samples: Vec<f32> = self.decoded.drain(..have).collect();
        samples.resize(length, 0.0);
        samples
    }

    fn decode(&mut self, place: i64, payload: &[u8]) {
        let next = self.taken + self.decoded.len() as i64;
        let missing = usize::try_from(place - next).unwrap_or(0);
        self.fill(missing, payload);
        let mut samples = [0.0; LONGEST];
        let length = match self.decoder.decode(payload, &mut samples) {
            Ok(length) => length,
            Err(_) => opus::duration(payload) as usize,
        };
        // What overlaps with the past has been heard.
        let heard = usize::try_from(next - place).unwrap_or(0).min(length);
        self.decoded.extend(&samples[heard..length]);
    }

    /// What is missing before `payload`: rebuilt from its redundancy or guessed when it
    /// is little, silence otherwise.
    fn fill(&mut self, missing: usize, payload: &[u8]) {
        let whole = missing - missing % 120;
        let mut samples = [0.0; LONGEST];
        if self.decoded.is_empty() || whole == 0 || whole > LONGEST {
            self.decoded.extend(std::iter::repeat_n(0.0, missing));
            return;
        }
        // Redundancy is of one frame.
        let frame = payload.first().map_or(0, |&toc| opus::frame(toc) as usize);
        let redundant = whole >= frame && self.decoder.has_redundancy(payload);
        let recovered = if redundant { frame } else { 0 };
        let (guessed, rest) = samples[..whole].split_at_mut(whole - recovered);
        // A decoder that cannot guess leaves silence.
        if !guessed.is_empty() {
            let _ = self.decoder.conceal(guessed);
        }
        if !rest.is_empty() {
            let _ = self.decoder.recover(payload, rest);
        }
        self.decoded.extend(&samples[..whole]);
        self.decoded.extend(std::iter::repeat_n(0.0, missing - whole));
    }
}

impl Origin {
    fn new(timestamp: u32, place: i64) -> Self {
        Self { timestamp, place, earliest: i64::MAX, looked_at: 0 }
    }

    fn place(&self, timestamp: u32) -> i64 {
        self.place + i64::from(timestamp.wrapping_sub(self.timestamp).cast_signed())
    }

    /// Moves along, so that timestamps may wrap, and after the sender's clock.
    fn follow(&mut self, packet: &Packet, came: i64, place: i64) {
        if place > self.place {
            self.timestamp = packet.timestamp;
            self.place = place;
        }
        self.earliest = self.earliest.min(came - place);
        self.looked_at += opus::duration(&packet.payload);
        if self.looked_at >= LOOKED_AT {
            if self.earliest.abs() > DRIFT {
                self.place += self.earliest;
            }
            self.looked_at = 0;
            self.earliest = i64::MAX;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_media::codec::EncoderConfig;
    use omnibar_media::{BLOCK, Encoder, FRAME};
    use omnibar_peer::OPUS;
    use std::f32::consts::TAU;

    const SECOND: usize = 48_000;

    /// A second of a tone in packets of 10 or 20 ms.
    fn spoken<const N: usize>(
        encode: impl Fn(&mut Encoder, &[f32; N]) -> Vec<u8>,
    ) -> Vec<(usize, Vec<u8>)> {
        let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
        (0..SECOND / N)
            .map(|n| {
                let samples = std::array::from_fn(|i| {
                    0.3 * (TAU * 500.0 * (n * N + i) as f32 / 48_000.0).sin()
                });
                (n * N, encode(&mut encoder, &samples))
            })
            .collect()
    }

    /// So many packets as one (RFC 6716 section 3.2.5, frames of different sizes).
    fn joined(packets: &[(usize, Vec<u8>)], count: usize) -> Vec<(usize, Vec<u8>)> {
        let join = |parts: &[(usize, Vec<u8>)]| {
            let toc = parts[0].1[0];
            assert!(parts.iter().all(|(_, part)| part[0] == toc && part.len() < 252));
            let mut whole = vec![toc | 3, 0x80 | count as u8];
            whole.extend(parts[..count - 1].iter().map(|(_, part)| (part.len() - 1) as u8));
            whole.extend(parts.iter().flat_map(|(_, part)| &part[1..]));
            (parts[0].0, whole)
        };
        packets.chunks_exact(count).map(join).collect()
    }

    fn recorded(packets: Vec<(usize, Vec<u8>)>) -> Vec<f32> {
        let mut track = Track::new().unwrap();
        for (n, (begin, payload)) in packets.into_iter().enumerate() {
            let packet = Packet {
                sequence: n as u16,
                timestamp: begin as u32,
                payload_type: OPUS,
                marker: false,
                payload,
            };
            track.receive(begin as i64, packet);
        }
        track.take(SECOND)
    }

    /// The quietest 10 ms after the codec has settled, as a share of the tone.
    fn quietest(samples: &[f32]) -> f32 {
        let energy = |part: &[f32]| part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32;
        let levels = samples[9_600..].chunks_exact(480).map(|part| energy(part).sqrt());
        levels.fold(f32::MAX, f32::min) / (0.3 / 2f32.sqrt())
    }

    #[test]
    fn packets_of_any_length_are_recorded_without_a_gap() {
        let twenty = spoken::<FRAME>(|encoder, frame| encoder.encode(frame).unwrap());
        let ten = spoken::<BLOCK>(|encoder, block| encoder.encode_short(block).unwrap());
        let long = [2, 3, 5].map(|count| joined(&twenty[5..], count));
        for packets in [ten, twenty].into_iter().chain(long) {
            let ms = opus::duration(&packets[0].1) / 48;
            let end = packets.last().unwrap().0 + 48 * ms as usize;
            let level = quietest(&recorded(packets)[..end]);
            assert!(level > 0.7, "{level} in packets of {ms} ms");
        }
    }

    #[test]
    fn what_is_lost_of_short_packets_is_guessed_and_nothing_else_moves() {
        let ten = spoken::<BLOCK>(|encoder, block| encoder.encode_short(block).unwrap());
        let whole = recorded(ten.clone());
        let kept = ten.into_iter().enumerate().filter(|(n, _)| n % 10 != 7);
        let samples = recorded(kept.map(|(_, packet)| packet).collect());
        assert!(quietest(&samples) > 0.3, "{}", quietest(&samples));
        let (mut same, mut all) = (0.0, 0.0);
        for (a, b) in whole[4_800..].iter().zip(&samples[4_800..]) {
            same += a * b;
            all += a * a;
        }
        assert!(same / all > 0.8, "{}", same / all);
    }
}
