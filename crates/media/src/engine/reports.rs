//! What the far side's reports say of the two directions.

use crate::loss::rtcp::Report;
use crate::loss::{Gilbert, Layers, cost};
use crate::quality::emodel;
use crate::{Micros, Received};
use std::collections::VecDeque;

/// How what is said here arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sent {
    /// 1 to 4.5, without delay.
    pub mos: f32,
    /// Per cent of packets that the path loses.
    pub loss_percent: f32,
    /// Per cent of the voice that is missing after all repair, reckoned.
    pub heard_percent: f32,
    /// RFC 3550 section 6.4.1.
    pub jitter_ms: f32,
}

/// The far side's reports on our stream.
#[derive(Debug, Default)]
pub(super) struct Far {
    last: Option<(Micros, Report)>,
    /// The highest number that was reported, and when it was new.
    highest: Option<(u32, Micros)>,
}

/// µs for which a report holds.
const HOLDS: u64 = 10_000_000;
/// Share of a loss that is still heard where in-band FEC fills in.
const FEC_HEARD: f32 = 0.35;
/// Share that FEC reaches: not the second of two losses in a row.
const FEC_REACHES: f32 = 0.8;
const DEEP_HEARD: f32 = 0.6;

impl Far {
    pub(super) fn told(&mut self, now: Micros, report: &Report) {
        self.last = Some((now, *report));
        if self.highest.is_none_or(|(highest, _)| highest != report.highest) {
            self.highest = Some((report.highest, now));
        }
    }

    pub(super) fn unheard(&self, now: Micros) -> Option<u64> {
        self.highest.map(|(_, at)| now.0.saturating_sub(at.0))
    }

    /// `asked`: lost packets are asked for again in time.
    pub(super) fn sent(
        &self,
        now: Micros,
        path: Gilbert,
        layers: Layers,
        asked: bool,
    ) -> Option<Sent> {
        let (_, report) = self.last.filter(|(at, _)| now.0.saturating_sub(at.0) <= HOLDS)?;
        let mut missing = path.residual(layers.pattern.distances().map(u32::from));
        if asked {
            missing = cost::after_asking(path, missing, 1);
        }
        let heard = if layers.deep > 0 {
            missing * DEEP_HEARD
        } else if layers.fec {
            let alone = FEC_REACHES / path.burst.max(1.0);
            missing * (1.0 - alone * (1.0 - FEC_HEARD))
        } else {
            missing
        };
        let heard_percent = (heard * 100.0).clamp(0.0, 100.0);
        let burst_ratio = (path.burst * (1.0 - path.share)).max(1.0);
        let route = emodel::Path { delay_ms: 0.0, loss_percent: heard_percent, burst_ratio };
        Some(Sent {
            mos: emodel::mos(emodel::r_factor(route, emodel::OPUS)),
            loss_percent: (path.share * 100.0).clamp(0.0, 100.0),
            heard_percent,
            jitter_ms: report.jitter as f32 / 48.0,
        })
    }
}

/// Packets that came, against those that were sent to us and those that their numbers name.
#[derive(Debug, Default)]
pub(super) struct Upstream {
    /// Of each report of the last seconds: when, how many the sender had sent, how many
    /// numbers there were and how many of them came.
    told: VecDeque<(Micros, u32, u32)>,
    /// Numbers so far.
    numbers: u32,
    highest: Option<u16>,
}

/// µs over which is counted.
const WINDOW: u64 = 5_500_000;
/// Packets of a window below which a share says nothing.
const LEAST: u32 = 50;

impl Upstream {
    pub(super) fn came(&mut self, received: &Received, again: bool) {
        let number = received.packet.sequence;
        let Some(highest) = self.highest else {
            self.highest = Some(number);
            return;
        };
        let step = number.wrapping_sub(highest);
        // Another stream, or one that was asked for.
        if again || step >= 0x8000 {
            return;
        }
        self.numbers = self.numbers.wrapping_add(u32::from(step));
        self.highest = Some(number);
    }

    pub(super) fn told(&mut self, now: Micros, packets: u32) {
        let fresh =
            self.told.back().is_none_or(|(_, before, _)| packets.wrapping_sub(*before) < JUMP);
        if !fresh {
            self.told.clear();
        }
        self.told.push_back((now, packets, self.numbers));
        while self.told.front().is_some_and(|(at, ..)| now.0.saturating_sub(at.0) > WINDOW) {
            self.told.pop_front();
        }
    }

    /// Per cent of the numbers in the stream that the sender has not sent, last 5 s: they were
    /// lost before they came to him. A sender that numbers anew what he sends has none.
    pub(super) fn lost(&self, now: Micros) -> f32 {
        let (Some(first), Some(last)) = (self.told.front(), self.told.back()) else { return 0.0 };
        if now.0.saturating_sub(last.0.0) > WINDOW {
            return 0.0;
        }
        let sent = last.1.wrapping_sub(first.1);
        let numbers = last.2.wrapping_sub(first.2);
        if numbers < LEAST || sent >= numbers {
            return 0.0;
        }
        // The report and the packets around it may have overtaken each other.
        let missing = (numbers - sent).saturating_sub(OVERTAKEN);
        (missing as f32 * 100.0 / numbers as f32).min(100.0)
    }
}

/// Packets between two reports beyond which the count was begun anew.
const JUMP: u32 = 10_000;
const OVERTAKEN: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Packet;
    use crate::loss::red::Pattern;

    fn report(highest: u32, jitter: u32) -> Report {
        Report { highest, jitter, ..Report::default() }
    }

    fn at(second: u64) -> Micros {
        Micros(second * 1_000_000)
    }

    #[test]
    fn repair_is_reckoned_with() {
        let mut far = Far::default();
        let path = Gilbert::random(0.06);
        let none = Layers { pattern: Pattern::NONE, ..Layers::default() };
        assert_eq!(far.sent(at(1), path, none, false), None);
        far.told(at(1), &report(100, 960));
        let bare = far.sent(at(2), path, none, false).unwrap();
        assert!((bare.loss_percent - 6.0).abs() < 0.01 && (bare.heard_percent - 6.0).abs() < 0.01);
        assert!((bare.jitter_ms - 20.0).abs() < 0.01);
        let fec = far.sent(at(2), path, Layers { fec: true, ..none }, false).unwrap();
        let asked = far.sent(at(2), path, none, true).unwrap();
        assert!(fec.heard_percent < bare.heard_percent && asked.heard_percent < 1.5, "{asked:?}");
        assert!(bare.mos < fec.mos && fec.mos < asked.mos && asked.mos <= 4.5);
        assert_eq!(far.sent(at(12), path, none, false), None, "too old");
    }

    #[test]
    fn reports_of_nothing_new_say_that_nothing_arrives() {
        let mut far = Far::default();
        assert_eq!(far.unheard(at(1)), None);
        far.told(at(1), &report(100, 0));
        far.told(at(2), &report(150, 0));
        for second in 3..9 {
            far.told(at(second), &report(150, 0));
        }
        assert_eq!(far.unheard(at(9)), Some(7_000_000));
        far.told(at(10), &report(151, 0));
        assert_eq!(far.unheard(at(10)), Some(0));
    }

    /// `lost`: by the far side's own link; `dropped`: on the way to us.
    fn streamed(lost: impl Fn(u32) -> bool, dropped: impl Fn(u32) -> bool) -> f32 {
        let mut upstream = Upstream::default();
        let mut sent = 0;
        for n in 0..400_u32 {
            let arrived = Micros(u64::from(n) * 20_000);
            if !lost(n) {
                sent += 1;
                if !dropped(n) {
                    let packet =
                        Packet { sequence: 65_400_u16.wrapping_add(n as u16), ..Packet::default() };
                    upstream.came(&Received { arrived, packet }, false);
                }
            }
            if n % 50 == 49 {
                upstream.told(arrived, sent);
            }
        }
        upstream.lost(Micros(8_000_000))
    }

    #[test]
    fn losses_before_the_sender_are_told_from_those_after_him() {
        assert_eq!(streamed(|_| false, |_| false), 0.0);
        assert!(streamed(|_| false, |n| n % 10 == 3) < 0.5);
        let before = streamed(|n| n % 10 == 3, |_| false);
        assert!((8.0..=10.5).contains(&before), "{before}");
        let both = streamed(|n| n % 10 == 3, |n| n % 5 == 4);
        assert!((8.0..=10.5).contains(&both), "{both}");
    }
}
