//! What is told the far side of its stream: reception reports (RFC 3550 appendix A) and the
//! loss map, regularly and at once when losses begin.

use super::rtcp::{self, Builder, Report};
use super::{LossMap, REMEMBERED};
use crate::{Micros, Received};

/// Watches one incoming stream.
#[derive(Debug)]
pub struct Reporter {
    map: LossMap,
    /// Before the first packet that counts, as RFC 3550 has it.
    base: i64,
    received: i64,
    /// As of the last report.
    expected_before: i64,
    received_before: i64,
    told: i64,
    /// RTP units, and the last transit.
    jitter: f64,
    transit: Option<i64>,
    /// The last sender report: its middle, and when it came.
    heard: Option<(u32, Micros)>,
    last: Option<Micros>,
    losses_told: u32,
    losses: u32,
}

/// µs between reports: usually, and when losses are new.
const REGULAR: u64 = 1_000_000;
const EARLY: u64 = 200_000;
/// Packets; a greater step is a restart of the sender (RFC 3550 appendix A.1).
const JUMP: i64 = 3_000;

impl Default for Reporter {
    fn default() -> Self {
        Self::new()
    }
}

impl Reporter {
    #[must_use]
    pub fn new() -> Self {
        Self {
            map: LossMap::new(),
            base: 0,
            received: 0,
            expected_before: 0,
            received_before: 0,
            told: 0,
            jitter: 0.0,
            transit: None,
            heard: None,
            last: None,
            losses_told: 0,
            losses: 0,
        }
    }

    /// A packet as it was sent first.
    pub fn receive(&mut self, received: &Received) {
        let packet = &received.packet;
        let mut sequence = self.map.unwrap(packet.sequence);
        let highest = self.map.highest();
        if highest.is_none_or(|highest| (sequence - highest).abs() > JUMP) {
            self.map.restart();
            sequence = i64::from(packet.sequence);
            self.base = sequence;
            (self.received, self.expected_before, self.received_before) = (0, 0, 0);
            self.told = sequence - 1;
            self.transit = None;
        } else if let Some(highest) = highest
            && sequence > highest + 1
        {
            self.losses = self.losses.saturating_add(1);
        }
        self.received += 1;
        self.map.came(sequence);
        self.measure(received);
    }

    /// The timestamps of what comes next are of another clock.
    pub fn change_clock(&mut self) {
        self.transit = None;
    }

    /// A packet that was sent again: it counts as received, but the path has lost it.
    pub fn receive_again(&mut self) {
        self.received += 1;
    }

    /// A sender report came.
    pub fn heard(&mut self, ntp: u64, now: Micros) {
        self.heard = Some(((ntp >> 16) as u32, now));
    }

    /// Whether a report is due: once a second, and 200 ms after the last when losses are new.
    #[must_use]
    pub fn due(&self, now: Micros) -> bool {
        let Some(last) = self.last else { return self.map.highest().is_some() };
        let since = now.0.saturating_sub(last.0);
        since >= REGULAR || (since >= EARLY && self.losses != self.losses_told)
    }

    /// The report on `source`; `None` before the first packet.
    pub fn report(&mut self, source: u32, now: Micros) -> Option<Report> {
        let highest = self.map.highest()?;
        self.last = Some(now);
        self.losses_told = self.losses;
        let expected = highest - self.base + 1;
        let lost = (expected - self.received).clamp(-0x80_0000, 0x7f_ffff) as i32;
        let expected_now = expected - self.expected_before;
        let lost_now = expected_now - (self.received - self.received_before);
        (self.expected_before, self.received_before) = (expected, self.received);
        let fraction_lost = if expected_now > 0 && lost_now > 0 {
            (lost_now * 256 / expected_now).min(255) as u8
        } else {
            0
        };
        let (last_sender_report, delay) = self.heard.map_or((0, 0), |(middle, at)| {
            (middle, rtcp::middle(Micros(now.0.saturating_sub(at.0))))
        });
        Some(Report {
            source,
            fraction_lost,
            lost,
            highest: highest as u32,
            jitter: self.jitter as u32,
            last_sender_report,
            delay,
        })
    }

    /// Adds which packets came since the last call, and a few before, for reports get lost too.
    pub fn losses<'a>(&mut self, builder: Builder<'a>, from: u32, source: u32) -> Builder<'a> {
        let Some(highest) = self.map.highest() else { return builder };
        // The newest may still be overtaken by none: they have come. Repeats the last ones.
        let packets = (highest - self.told + AGAIN).min(REMEMBERED);
        self.told = highest;
        builder.losses(from, source, &self.map, highest, packets)
    }

    fn measure(&mut self, received: &Received) {
        let arrived = (received.arrived.0 as i64).wrapping_mul(6) / 125;
        let transit = arrived.wrapping_sub(i64::from(received.packet.timestamp));
        if let Some(before) = self.transit.replace(transit) {
            let difference = transit.wrapping_sub(before).unsigned_abs();
            // A wrap or a jump of the timestamp says nothing of the path.
            if difference < 480_000 {
                self.jitter += (difference as f64 - self.jitter) / 16.0;
            }
        }
    }
}

/// Packets told again: 2 s.
const AGAIN: i64 = 100;

#[cfg(test)]
mod tests {
    use super::super::rtcp::{Item, parse, round_trip};
    use super::*;
    use crate::Packet;

    fn received(n: u32) -> Received {
        let packet = Packet {
            sequence: 65_500u16.wrapping_add(n as u16),
            timestamp: n.wrapping_mul(960),
            ..Packet::default()
        };
        Received { arrived: Micros(u64::from(n) * 20_000), packet }
    }

    #[test]
    fn loss_counts_as_rfc_3550_has_it() {
        let mut reporter = Reporter::new();
        assert_eq!(reporter.report(5, Micros(0)), None);
        for n in (0..100).filter(|n| n % 4 != 1) {
            reporter.receive(&received(n));
        }
        let report = reporter.report(5, Micros(2_000_000)).unwrap();
        assert_eq!((report.fraction_lost, report.lost), (64, 25));
        assert_eq!((report.highest, report.jitter), (65_599, 0));
        for n in 100..200 {
            reporter.receive(&received(n));
        }
        let report = reporter.report(5, Micros(4_000_000)).unwrap();
        assert_eq!((report.fraction_lost, report.lost), (0, 25));
    }

    #[test]
    fn new_losses_are_told_at_once() {
        let mut reporter = Reporter::new();
        reporter.receive(&received(0));
        assert!(reporter.due(Micros(0)));
        reporter.report(5, Micros(0));
        reporter.receive(&received(1));
        assert!(!reporter.due(Micros(300_000)));
        reporter.receive(&received(3));
        assert!(reporter.due(Micros(300_000)));
        assert!(!reporter.due(Micros(100_000)));
        reporter.report(5, Micros(300_000));
        assert!(!reporter.due(Micros(600_000)));
        assert!(reporter.due(Micros(1_300_000)));
    }

    #[test]
    fn the_loss_map_reaches_the_sender() {
        let mut reporter = Reporter::new();
        for n in (0..150).filter(|n| !(40..44).contains(n)) {
            reporter.receive(&received(n));
        }
        let mut bytes = Vec::new();
        reporter.losses(Builder::new(&mut bytes), 1, 2);
        let mut told = Vec::new();
        parse(&bytes, |item| {
            if let Item::Losses { source: 2, came } = item {
                told.extend(came);
            }
        })
        .unwrap();
        let lost: Vec<u16> = told.iter().filter(|(_, came)| !came).map(|t| t.0).collect();
        assert_eq!(lost, [4, 5, 6, 7]);
        assert_eq!((told.len(), told[149].0), (150, 113));
    }

    #[test]
    fn the_round_trip_comes_back() {
        let mut reporter = Reporter::new();
        reporter.receive(&received(0));
        let sent = Micros(7_300_000);
        reporter.heard(rtcp::ntp(sent), Micros(99_000_000));
        let report = reporter.report(5, Micros(99_400_000)).unwrap();
        let trip = round_trip(&report, Micros(7_760_000)).unwrap();
        assert!(trip.0.abs_diff(60_000) < 50, "{trip:?}");
    }
}
