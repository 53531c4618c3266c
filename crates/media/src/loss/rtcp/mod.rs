//! RTCP as far as voice needs it: sender and receiver reports (RFC 3550 section 6.4), generic
//! NACK (RFC 4585 section 6.2.1) and the loss map of RFC 3611 section 4.1. Pure functions
//! from bytes and to bytes.

mod build;
mod parse;

pub use build::Builder;
pub use parse::{Came, Item, Numbers, ParseError, parse};

/// A reception report block (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Whose packets are reported on.
    pub source: u32,
    /// 256ths, since the last report.
    pub fraction_lost: u8,
    /// 24 bits, signed.
    pub lost: i32,
    /// Extended by the count of wraps.
    pub highest: u32,
    /// RTP clock units.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report; 0: none.
    pub last_sender_report: u32,
    /// 65 536ths of a second since then.
    pub delay: u32,
}

/// What a sender report says of its sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    pub source: u32,
    /// Seconds and fraction; any clock of the sender's (RFC 3550 section 6.4.1).
    pub ntp: u64,
    pub timestamp: u32,
    pub packets: u32,
    pub bytes: u32,
}

/// What a party can use that hears a stream through a forwarder: it decides what the
/// stream's sender may send. Told in the extension that RFC 3550 section 6.4.3 leaves to
/// profiles, which others pass over: `OMNI`, the shortest packets in ms, 1 for deep
/// redundancy, per cent of loss, 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listener {
    /// The shortest packets that it takes: 10 or 20 ms.
    pub packet: crate::Micros,
    /// Its decoder knows deep redundancy.
    pub deep: bool,
    /// Per cent that its own path loses, when no copies can be sent there: all that helps
    /// is within Opus itself.
    pub loss: u8,
}

impl Default for Listener {
    /// As one of ours is.
    fn default() -> Self {
        Self { packet: crate::Micros(10_000), deep: true, loss: 0 }
    }
}

const LISTENER: [u8; 4] = *b"OMNI";

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;
const TRANSPORT_FEEDBACK: u8 = 205;
const EXTENDED_REPORT: u8 = 207;
/// Format of transport feedback.
const GENERIC_NACK: u8 = 1;
/// Block type of an extended report.
const LOSS_MAP: u8 = 1;

/// µs to a 65 536th of a second, modulo 2³²: the middle of an NTP time.
#[must_use]
pub fn middle(now: crate::Micros) -> u32 {
    (ntp(now) >> 16) as u32
}

/// µs to seconds and fraction.
#[must_use]
pub fn ntp(now: crate::Micros) -> u64 {
    let (seconds, micros) = (now.0 / 1_000_000, now.0 % 1_000_000);
    (seconds << 32) | ((micros << 32) / 1_000_000)
}

/// The round trip by a report on our stream (RFC 3550 section 6.4.1): `None` when it answers
/// no sender report or makes no sense.
#[must_use]
pub fn round_trip(report: &Report, now: crate::Micros) -> Option<crate::Micros> {
    if report.last_sender_report == 0 {
        return None;
    }
    let trip = middle(now).wrapping_sub(report.last_sender_report).wrapping_sub(report.delay);
    // More than 10 s, or less than nothing by rounding.
    if trip > 10 << 16 {
        return (trip > u32::MAX - 66).then_some(crate::Micros(0));
    }
    Some(crate::Micros((u64::from(trip) * 1_000_000) >> 16))
}
