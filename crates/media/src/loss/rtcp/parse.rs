use super::{
    EXTENDED_REPORT, GENERIC_NACK, LISTENER, LOSS_MAP, Listener, RECEIVER_REPORT, Report,
    SENDER_REPORT, SenderInfo, TRANSPORT_FEEDBACK,
};
use crate::Micros;
use thiserror::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    #[error("the RTCP packet ends before its announced length")]
    Short,
    #[error("this is no RTCP packet of version 2")]
    Version,
}

/// One thing that an RTCP packet says; everything else is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    Sender(SenderInfo),
    Report(Report),
    /// Sequence numbers asked for again.
    Nack {
        media: u32,
        numbers: Numbers<'a>,
    },
    /// Who hears our packets in the end.
    Listener(Listener),
    /// Which packets came.
    Losses {
        source: u32,
        came: Came<'a>,
    },
}

/// Tells `each` what a compound packet (RFC 3550 section 6.1, or reduced: RFC 5506) says, up to
/// the place where it is wrong.
pub fn parse<'a>(mut bytes: &'a [u8], mut each: impl FnMut(Item<'a>)) -> Result<(), ParseError> {
    while !bytes.is_empty() {
        let (&[first, kind, high, low], _) = bytes.split_first_chunk().ok_or(ParseError::Short)?;
        if first >> 6 != 2 {
            return Err(ParseError::Version);
        }
        let length = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
        let (packet, rest) = bytes.split_at_checked(length).ok_or(ParseError::Short)?;
        bytes = rest;
        let body = without_padding(packet, first & 0x20 != 0).ok_or(ParseError::Short)?;
        let count = first & 0x1f;
        match kind {
            SENDER_REPORT => {
                let info = sender(body).ok_or(ParseError::Short)?;
                each(Item::Sender(info));
                reports(&body[24..], count, &mut each)?;
            }
            RECEIVER_REPORT => {
                let blocks = body.get(4..).ok_or(ParseError::Short)?;
                reports(blocks, count, &mut each)?;
                if let Some(listener) = listener(&blocks[24 * usize::from(count)..]) {
                    each(Item::Listener(listener));
                }
            }
            TRANSPORT_FEEDBACK if count == GENERIC_NACK => {
                let media = word(body, 4).ok_or(ParseError::Short)?;
                each(Item::Nack { media, numbers: Numbers::new(&body[8..]) });
            }
            EXTENDED_REPORT => {
                extended(body.get(4..).ok_or(ParseError::Short)?, &mut each)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The sequence numbers of a generic NACK (RFC 4585 section 6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers<'a> {
    rest: &'a [u8],
    base: u16,
    /// Those after `base` that are still to be told, lowest bit first.
    mask: u32,
}

impl<'a> Numbers<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, base: 0, mask: 0 }
    }
}

impl Iterator for Numbers<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.mask == 0 {
            let (&[a, b, c, d], rest) = self.rest.split_first_chunk()?;
            self.rest = rest;
            self.base = u16::from_be_bytes([a, b]);
            self.mask = u32::from(u16::from_be_bytes([c, d])) << 1 | 1;
        }
        let step = self.mask.trailing_zeros();
        self.mask &= self.mask - 1;
        Some(self.base.wrapping_add(step as u16))
    }
}

/// Sequence numbers and whether each came, by a loss map's chunks (RFC 3611 section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came<'a> {
    rest: &'a [u8],
    number: u16,
    /// Numbers that are still to be told.
    left: u16,
    /// The open chunk: numbers in it, and the bits of each, first on top; a run has the same
    /// in all.
    chunk: u16,
    bits: u16,
}

impl Iterator for Came<'_> {
    type Item = (u16, bool);

    fn next(&mut self) -> Option<(u16, bool)> {
        if self.left == 0 {
            return None;
        }
        while self.chunk == 0 {
            let (&[a, b], rest) = self.rest.split_first_chunk()?;
            self.rest = rest;
            let chunk = u16::from_be_bytes([a, b]);
            (self.chunk, self.bits) = match chunk {
                0 => return None,
                vector if vector & 0x8000 != 0 => (15, vector << 1),
                // A run is told bit by bit without shifting.
                run => (run & 0x3fff, if run & 0x4000 != 0 { RUN_CAME } else { RUN_LOST }),
            };
        }
        let came = self.bits & 0x8000 != 0;
        if self.bits != RUN_CAME && self.bits != RUN_LOST {
            self.bits <<= 1;
        }
        let number = self.number;
        self.number = number.wrapping_add(1);
        self.chunk -= 1;
        self.left -= 1;
        Some((number, came))
    }
}

/// A vector's lowest bit is 0 once shifted, so these cannot be meant for one.
const RUN_CAME: u16 = 0xffff;
const RUN_LOST: u16 = 0x0001;

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_be_bytes(*four))
}

/// What follows the common header.
fn without_padding(packet: &[u8], padded: bool) -> Option<&[u8]> {
    let padding = if padded { usize::from(*packet.last()?) } else { 0 };
    packet.get(4..packet.len().checked_sub(padding)?)
}

fn sender(body: &[u8]) -> Option<SenderInfo> {
    let (high, low) = (word(body, 4)?, word(body, 8)?);
    Some(SenderInfo {
        source: word(body, 0)?,
        ntp: u64::from(high) << 32 | u64::from(low),
        timestamp: word(body, 12)?,
        packets: word(body, 16)?,
        bytes: word(body, 20)?,
    })
}

fn reports<'a>(bytes: &[u8], count: u8, each: &mut impl FnMut(Item<'a>)) -> Result<(), ParseError> {
    for n in 0..usize::from(count) {
        let block = bytes.get(n * 24..(n + 1) * 24).ok_or(ParseError::Short)?;
        let [source, loss, highest, jitter, last_sender_report, delay] =
            std::array::from_fn(|i| word(block, i * 4).unwrap_or(0));
        each(Item::Report(Report {
            source,
            fraction_lost: (loss >> 24) as u8,
            // The sign of 24 bits.
            lost: (loss << 8) as i32 >> 8,
            highest,
            jitter,
            last_sender_report,
            delay,
        }));
    }
    Ok(())
}

fn listener(extension: &[u8]) -> Option<Listener> {
    let &[ms, deep, loss, _, ..] = extension.strip_prefix(&LISTENER)? else { return None };
    let packet = Micros(u64::from(ms.clamp(10, 20)) * 1_000);
    Some(Listener { packet, deep: deep == 1, loss: loss.min(100) })
}

fn extended<'a>(mut blocks: &'a [u8], each: &mut impl FnMut(Item<'a>)) -> Result<(), ParseError> {
    while !blocks.is_empty() {
        let (&[kind, thinning, high, low], rest) =
            blocks.split_first_chunk().ok_or(ParseError::Short)?;
        let length = 4 * usize::from(u16::from_be_bytes([high, low]));
        let (body, rest) = rest.split_at_checked(length).ok_or(ParseError::Short)?;
        blocks = rest;
        // A thinned map leaves numbers out: of no use for bursts.
        if kind != LOSS_MAP || thinning & 0x0f != 0 {
            continue;
        }
        let source = word(body, 0).ok_or(ParseError::Short)?;
        let range = word(body, 4).ok_or(ParseError::Short)?;
        let (number, end) = ((range >> 16) as u16, range as u16);
        let left = end.wrapping_sub(number);
        each(Item::Losses {
            source,
            came: Came { rest: &body[8..], number, left, chunk: 0, bits: 0 },
        });
    }
    Ok(())
}
