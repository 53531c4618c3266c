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
