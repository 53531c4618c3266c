//! Redundant audio data (RFC 2198): a packet carries copies of earlier ones.
//!
//! Redundant block: `1` + payload type (7 bits), timestamp offset (14 bits), length (10
//! bits). Last, the packet's own: `0` + payload type. Then the blocks in the same order.

use crate::codec::{self, MAX_ENCODED};
use thiserror::Error;

/// Copies in one packet of ours, and in one that is parsed.
pub const MOST_COPIES: usize = 3;
const MOST_BLOCKS: usize = 9;
/// Packets back that a copy may come from.
pub const FARTHEST: u8 = 16;
/// 14 bits: 341 ms.
const MOST_OFFSET: u32 = 0x3fff;
/// 10 bits.
const MOST_LENGTH: usize = 0x3ff;
/// Bytes: with headers and SRTP below every common MTU.
const MOST_BYTES: usize = 1150;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    #[error("the redundant packet ends before what its headers announce")]
    Short,
    #[error("the redundant packet has more than {MOST_BLOCKS} blocks")]
    Blocks,
}

/// One block of a redundant packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block<'a> {
    pub payload_type: u8,
    /// Timestamp units before the packet's own; 0: the packet's own block.
    pub offset: u16,
    pub payload: &'a [u8],
}

/// The blocks of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks<'a> {
    all: [Block<'a>; MOST_BLOCKS],
    count: usize,
}

impl<'a> Blocks<'a> {
    pub fn parse(packet: &'a [u8]) -> Result<Self, ParseError> {
        let mut blocks = Self { all: [Block::default(); MOST_BLOCKS], count: 0 };
        let mut lengths = [0; MOST_BLOCKS];
        let mut rest = packet;
        loop {
            let block = blocks.all.get_mut(blocks.count).ok_or(ParseError::Blocks)?;
            let (&first, after) = rest.split_first().ok_or(ParseError::Short)?;
            block.payload_type = first & 0x7f;
            rest = after;
            if first & 0x80 == 0 {
                break;
            }
            let (&[a, b, c], after) = rest.split_first_chunk().ok_or(ParseError::Short)?;
            block.offset = (u16::from(a) << 6) | u16::from(b >> 2);
            lengths[blocks.count] = (usize::from(b & 3) << 8) | usize::from(c);
            rest = after;
            blocks.count += 1;
        }
        for (block, length) in blocks.all.iter_mut().zip(lengths).take(blocks.count) {
            (block.payload, rest) = rest.split_at_checked(length).ok_or(ParseError::Short)?;
        }
        blocks.all[blocks.count].payload = rest;
        Ok(blocks)
    }

    /// The packet's own block.
    #[must_use]
    pub fn primary(&self) -> Block<'a> {
        self.all[self.count]
    }

    /// Copies of earlier packets that hold something, in the order of the packet.
    pub fn copies(&self) -> impl Iterator<Item = Block<'a>> {
        let copies = self.all.iter().take(self.count).copied();
        copies.filter(|block| block.offset > 0 && !block.payload.is_empty())
    }
}

/// Which earlier packets are copied: distances in packets, rising, 0: none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pattern([u8; MOST_COPIES]);

impl Pattern {
    pub const NONE: Self = Self([0; MOST_COPIES]);

    /// Of these distances the first [`MOST_COPIES`] between 1 and [`FARTHEST`], sorted.
    #[must_use]
    pub fn new(distances: &[u8]) -> Self {
        let mut pattern = Self::NONE;
        let good = distances.iter().filter(|d| (1..=FARTHEST).contains(*d));
        for (slot, &distance) in pattern.0.iter_mut().zip(good) {
            *slot = distance;
        }
        // Unused ones, 0, go behind.
        pattern.0.sort_unstable_by_key(|d| d.wrapping_sub(1));
        pattern
    }

    pub fn distances(self) -> impl DoubleEndedIterator<Item = u8> {
        self.0.into_iter().filter(|&distance| distance > 0)
    }

    /// Copies in a packet.
    #[must_use]
    pub fn copies(self) -> usize {
        self.distances().count()
    }
}

/// Keeps what was sent and packs it again.
#[derive(Debug)]
pub struct Packer {
    past: Box<[Sent; FARTHEST as usize]>,
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    timestamp: u32,
    length: usize,
    payload: [u8; MAX_ENCODED],
}

const NOTHING: Sent = Sent { timestamp: 0, length: 0, payload: [0; MAX_ENCODED] };

impl Default for Packer {
    fn default() -> Self {
        Self::new()
    }
}

impl Packer {
    #[must_use]
    pub fn new() -> Self {
        Self { past: Box::new([NOTHING; FARTHEST as usize]), next: 0 }
    }

    /// The redundant packet for `payload`, which begins at `timestamp`, into `out`, which is
    /// cleared; false, and nothing written, when there is nothing to add. Copies leave out
    /// what does not fit, the farthest first, and deep redundancy, of which `payload` has
    /// fresher. Every packet of the stream must pass here.
    pub fn pack(
        &mut self,
        payload_type: u8,
        timestamp: u32,
        payload: &[u8],
        pattern: Pattern,
        out: &mut Vec<u8>,
    ) -> bool {
        out.clear();
        let mut copies = [None; MOST_COPIES];
        let mut bytes = 1 + payload.len();
        for (slot, distance) in copies.iter_mut().zip(pattern.distances()) {
            let sent = &self.past[self.at(distance)];
            let offset = timestamp.wrapping_sub(sent.timestamp);
            let fits = bytes + 4 + sent.length <= MOST_BYTES;
            if sent.length > 0 && (1..=MOST_OFFSET).contains(&offset) && fits {
                bytes += 4 + sent.length;
                *slot = Some((sent, offset));
            }
        }
        let any = copies.iter().any(Option::is_some);
        if any {
            for (sent, offset) in copies.iter().rev().flatten() {
                let [_, _, b, c] = (offset << 2 | (sent.length as u32) >> 8).to_be_bytes();
                out.extend([0x80 | payload_type, b, c, sent.length as u8]);
            }
            out.push(payload_type & 0x7f);
            for (sent, _) in copies.iter().rev().flatten() {
                out.extend_from_slice(&sent.payload[..sent.length]);
            }
            out.extend_from_slice(payload);
        }
        self.keep(timestamp, payload);
        any
    }

    /// A packet that never passes here: its place stays empty till [`fill`](Self::fill).
    pub fn pass_over(&mut self) {
        self.keep(0, &[]);
    }

    /// Puts what the packet so many places before the next one held (1: the last) in its
    /// place; farther back than [`FARTHEST`] there is none.
    pub fn fill(&mut self, distance: u8, timestamp: u32, payload: &[u8]) {
        if (1..=FARTHEST).contains(&distance) {
            let slot = self.at(distance);
            self.past[slot].put(timestamp, payload);
        }
    }

    /// Another stream begins.
    pub fn clear(&mut self) {
        self.past.fill(NOTHING);
    }

    fn at(&self, distance: u8) -> usize {
        (self.next + self.past.len() - usize::from(distance)) % self.past.len()
    }

    fn keep(&mut self, timestamp: u32, payload: &[u8]) {
        self.past[self.next].put(timestamp, payload);
        self.next = (self.next + 1) % usize::from(FARTHEST);
    }
}

impl Sent {
    fn put(&mut self, timestamp: u32, payload: &[u8]) {
        self.timestamp = timestamp;
        self.length = 0;
        if let Some(room) = self.payload.get_mut(..payload.len())
            && payload.len() <= MOST_LENGTH
        {
            room.copy_from_slice(payload);
            self.length = codec::without_padding(room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pack(packer: &mut Packer, n: u8, pattern: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let payload = [0x78, n, n];
        packer
            .pack(111, u32::from(n) * 960, &payload, Pattern::new(pattern), &mut out)
            .then_some(out)
    }

    #[test]
    fn headers_are_those_of_rfc_2198() {
        let mut packer = Packer::new();
        assert_eq!(pack(&mut packer, 1, &[1]), None);
        let packet = pack(&mut packer, 2, &[1]).unwrap();
        // Offset 960 in 14 bits, length 3 in 10.
        assert_eq!(packet, [0x80 | 111, 0x0f, 0x00, 3, 111, 0x78, 1, 1, 0x78, 2, 2]);
    }

    #[test]
    fn copies_come_from_their_distances_oldest_first() {
        let mut packer = Packer::new();
        let packets: Vec<_> = (1..30).map(|n| pack(&mut packer, n, &[7, 2, 4])).collect();
        let blocks = Blocks::parse(packets[20].as_deref().unwrap()).unwrap();
        let offsets: Vec<_> = blocks.copies().map(|b| (b.offset, b.payload[1])).collect();
        assert_eq!(offsets, [(6720, 14), (3840, 17), (1920, 19)]);
        assert_eq!(blocks.primary().payload, [0x78, 21, 21]);
    }

    #[test]
    fn a_place_that_was_passed_over_is_empty_until_it_is_filled() {
        let mut packer = Packer::new();
        pack(&mut packer, 1, &[]);
        packer.pass_over();
        pack(&mut packer, 3, &[]);
        let packet = pack(&mut packer, 4, &[1, 2, 3]).unwrap();
        let from = |packet: &[u8]| -> Vec<u8> {
            Blocks::parse(packet).unwrap().copies().map(|b| b.payload[1]).collect()
        };
        assert_eq!(from(&packet), [1, 3]);
        packer.fill(3, 2 * 960, &[0x78, 2, 2]);
        packer.fill(0, 0, &[0x78, 9, 9]);
        packer.fill(FARTHEST + 1, 0, &[0x78, 9, 9]);
        assert_eq!(from(&pack(&mut packer, 5, &[1, 2, 3]).unwrap()), [2, 3, 4]);
    }

    #[test]
    fn a_pause_longer_than_the_offset_holds_leaves_the_copy_out() {
        let mut packer = Packer::new();
        pack(&mut packer, 1, &[1]);
        assert_eq!(pack(&mut packer, 19, &[1]), None);
    }

    #[test]
    fn what_does_not_fit_is_left_out_the_farthest_first() {
        let mut packer = Packer::new();
        let mut out = Vec::new();
        for n in 0..10u32 {
            let payload = [0x78 + (n as u8 & 1); 390];
            packer.pack(111, n * 960, &payload, Pattern::new(&[1, 2, 3]), &mut out);
        }
        assert!(out.len() <= MOST_BYTES);
        let offsets: Vec<_> = Blocks::parse(&out).unwrap().copies().map(|b| b.offset).collect();
        assert_eq!(offsets, [960]);
    }

    #[test]
    fn cut_and_overfull_packets_are_refused() {
        assert_eq!(Blocks::parse(&[]), Err(ParseError::Short));
        assert_eq!(Blocks::parse(&[0xef, 0, 4, 9, 111, 1]), Err(ParseError::Short));
        assert_eq!(Blocks::parse(&[0x80; 60]), Err(ParseError::Blocks));
        assert_eq!(Blocks::parse(&[111]).unwrap().primary().payload, [0u8; 0]);
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(blocks) = Blocks::parse(&bytes) {
                let inside: usize = blocks.copies().map(|b| b.payload.len()).sum();
                prop_assert!(inside + blocks.primary().payload.len() < bytes.len());
            }
        }

        #[test]
        fn what_is_packed_is_found(
            payloads in prop::collection::vec(prop::collection::vec(1u8..255, 2..300), 2..40),
            distances in prop::collection::vec(0u8..20, 0..5),
            start: u32,
        ) {
            let mut packer = Packer::new();
            let pattern = Pattern::new(&distances);
            let mut out = Vec::new();
            for (n, payload) in payloads.iter().enumerate() {
                // Code 0: without padding.
                let payload: Vec<u8> =
                    std::iter::once(0x78).chain(payload.iter().copied()).collect();
                let timestamp = start.wrapping_add(n as u32 * 960);
                if packer.pack(96, timestamp, &payload, pattern, &mut out) {
                    let blocks = Blocks::parse(&out).unwrap();
                    prop_assert_eq!(blocks.primary().payload, &payload[..]);
                    for block in blocks.copies() {
                        prop_assert_eq!(block.payload_type, 96);
                        let back = usize::from(block.offset) / 960;
                        prop_assert!(pattern.distances().any(|d| usize::from(d) == back));
                        prop_assert_eq!(&block.payload[1..], &payloads[n - back][..]);
                    }
                }
            }
        }
    }
}
