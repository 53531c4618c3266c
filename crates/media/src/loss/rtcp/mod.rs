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
