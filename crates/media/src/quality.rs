//! How good a voice path is: loss and jitter as RFC 3550 counts them, and the opinion a
//! listener would have (E-model, ITU-T G.107).

use crate::{Micros, Received};

/// What is known of a path just now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// 1 to 4.5.
    pub mos: f32,
    /// 0 to 93.2.
    pub r_factor: f32,
    /// Per cent of packets that did not come in time, last 5 s.
    pub loss_percent: f32,
    /// Per cent of the voice that the loss still costs after all repair, last 5 s.
    pub heard_percent: f32,
    /// RFC 3550 section 6.4.1.
    pub jitter_ms: f32,
    /// Buffering at this side.
    pub delay_ms: f32,
    /// Packets came within the last 5 s; without, nothing above means anything.
    pub flowing: bool,
}

/// The E-model, reduced to what varies on a packet path.
pub mod emodel {
    /// How a codec stands loss (ITU-T G.113 appendix I).
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Codec {
        /// Equipment impairment without loss.
        pub ie: f32,
        /// Robustness against packet loss.
        pub bpl: f32,
    }

    /// G.711 with concealment, G.113 appendix I.
    pub const G711: Codec = Codec { ie: 0.0, bpl: 25.1 };
    /// No recommendation has Opus: fitted to PESQ of libopus 1.6.1, 32 kbit/s, 20 ms.
    pub const OPUS: Codec = Codec { ie: 0.0, bpl: 8.0 };
    /// No recommendation has it with a concealment like ours: taken to stand loss as Opus does.
    pub const G722: Codec = Codec { ie: 0.0, bpl: 8.0 };

    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Path {
        /// Mouth to ear, one way.
        pub delay_ms: f32,
        /// 0 to 100.
        pub loss_percent: f32,
        /// Mean length of loss bursts over that of random loss; 1: random.
        pub burst_ratio: f32,
    }

    /// R, 0 to 93.2: G.107 with the default values of its table 2 for all that is not in
    /// `path` and `codec`.
    #[must_use]
    pub fn r_factor(path: Path, codec: Codec) -> f32 {
        let loss = path.loss_percent.clamp(0.0, 100.0);
        let effective =
            codec.ie + (95.0 - codec.ie) * loss / (loss / path.burst_ratio.max(1.0) + codec.bpl);
        (BEST - delay_impairment(path.delay_ms) - effective).clamp(0.0, BEST)
    }

    /// 1 to 4.5 (G.107 annex B).
    #[must_use]
    pub fn mos(r: f32) -> f32 {
        if r <= 0.0 {
            1.0
        } else if r >= 100.0 {
            4.5
        } else {
            (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
        }
    }

    const BEST: f32 = 93.2;

    /// Idd, G.107 equation 7-27.
    fn delay_impairment(delay_ms: f32) -> f32 {
        if delay_ms.is_nan() || delay_ms <= 100.0 {
            return 0.0;
        }
        let x = (delay_ms.min(10_000.0) / 100.0).log2();
        let sixth = |base: f32| base.powf(1.0 / 6.0);
        25.0 * (sixth(1.0 + x.powi(6)) - 3.0 * sixth(1.0 + (x / 3.0).powi(6)) + 2.0)
    }
}

/// Loss, burstiness and jitter of what arrives, over the last 5 s.
#[derive(Clone, Debug)]
pub struct PathStats {
    slots: [Slot; SLOTS],
    /// Number of the slot that is being filled, counted in [`SLOT`]s since the epoch.
    now: u64,
    highest: Option<i64>,
    /// µs.
    jitter: f64,
    transit: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    expected: i64,
    received: i64,
    late: i64,
    gaps: i64,
    missing: i64,
    /// Samples.
    played: f32,
    heard: f32,
}

const SLOTS: usize = 50;
/// µs.
const SLOT: u64 = 100_000;

impl Default for PathStats {
    fn default() -> Self {
        Self::new()
    }
}

impl PathStats {
    #[must_use]
    pub fn new() -> Self {
        Self { slots: [Slot::default(); SLOTS], now: 0, highest: None, jitter: 0.0, transit: None }
    }

    /// Every packet of voice, in the order in which they came.
    pub fn receive(&mut self, received: &Received) {
        self.turn(received.arrived);
        self.count(received.packet.sequence);
        self.measure(received);
    }

    /// A telephone event, whose timestamp says nothing of when it was sent.
    pub fn receive_event(&mut self, received: &Received) {
        self.turn(received.arrived);
        self.count(received.packet.sequence);
    }

    /// `count` packets came, but too late to be heard.
    pub fn late(&mut self, now: Micros, count: u64) {
        self.turn(now);
        self.slot().late += i64::try_from(count).unwrap_or(i64::MAX / 64).min(i64::MAX / 64);
    }

    /// The timestamps of what comes next are of another clock.
    pub fn change_clock(&mut self) {
        self.transit = None;
    }

    /// So many samples went out, and so many of them as good as lost; as of the last time told.
    pub fn played(&mut self, samples: f32, heard: f32) {
        let slot = self.slot();
        slot.played += samples;
        slot.heard += heard;
    }

    /// Per cent of what went out that was as good as lost.
    #[must_use]
    pub fn heard_percent(&mut self, now: Micros) -> f32 {
        self.turn(now);
        let sum = self.sum();
        if sum.played > 0.0 { (sum.heard * 100.0 / sum.played).clamp(0.0, 100.0) } else { 0.0 }
    }

    /// Per cent of packets that did not come in time.
    #[must_use]
    pub fn loss_percent(&mut self, now: Micros) -> f32 {
        self.turn(now);
        let sum = self.sum();
        if sum.expected <= 0 {
            return 0.0;
        }
        let lost = (sum.expected - sum.received).max(0).saturating_add(sum.late).min(sum.expected);
        lost as f32 * 100.0 / sum.expected as f32
    }

    /// Mean length of loss bursts over that of random loss of the same share.
    #[must_use]
    pub fn burst_ratio(&mut self, now: Micros) -> f32 {
        self.turn(now);
        let sum = self.sum();
        if sum.gaps <= 0 || sum.expected <= sum.missing {
            return 1.0;
        }
        let mean = sum.missing as f32 / sum.gaps as f32;
        (mean * (1.0 - sum.missing as f32 / sum.expected as f32)).max(1.0)
    }

    /// RFC 3550 section 6.4.1.
    #[must_use]
    pub fn jitter_ms(&self) -> f32 {
        (self.jitter / 1000.0) as f32
    }

    /// Whether anything has come in the last 5 s.
    #[must_use]
    pub fn flowing(&mut self, now: Micros) -> bool {
        self.turn(now);
        self.sum().received > 0
    }

    fn slot(&mut self) -> &mut Slot {
        &mut self.slots[(self.now % SLOTS as u64) as usize]
    }

    /// Time that goes back fills the slot that is open.
    fn turn(&mut self, now: Micros) {
        let to = now.0 / SLOT;
        let steps = to.saturating_sub(self.now).min(SLOTS as u64);
        if steps == 0 {
            return;
        }
        for step in 0..steps {
            self.slots[((to - step) % SLOTS as u64) as usize] = Slot::default();
        }
        self.now = to;
    }

    fn count(&mut self, sequence: u16) {
        let Some(highest) = self.highest else {
            self.highest = Some(i64::from(sequence));
            let slot = self.slot();
            slot.expected += 1;
            slot.received += 1;
            return;
        };
        let step = i64::from(sequence.wrapping_sub(highest as u16) as i16);
        if step.abs() > JUMP {
            self.highest = Some(i64::from(sequence));
            self.transit = None;
            let slot = self.slot();
            slot.expected += 1;
            slot.received += 1;
            return;
        }
        let slot = self.slot();
        if step > 0 {
            slot.expected += step;
            slot.received += 1;
            slot.missing += step - 1;
            slot.gaps += i64::from(step > 1);
            self.highest = Some(highest + step);
        } else if step < 0 {
            slot.received += 1;
        }
    }

    fn measure(&mut self, received: &Received) {
        let arrived = received.arrived.0 as i64;
        let sent = i64::from(received.packet.timestamp) * 125 / 6;
        let transit = arrived.wrapping_sub(sent);
        if let Some(before) = self.transit.replace(transit) {
            let difference = transit.wrapping_sub(before).unsigned_abs();
            // A wrap or a jump of the timestamp says nothing of the path.
            if difference < JUMP_MICROS {
                self.jitter += (difference as f64 - self.jitter) / 16.0;
            }
        }
    }

    fn sum(&self) -> Slot {
        self.slots.iter().fold(Slot::default(), |sum, slot| Slot {
            expected: sum.expected + slot.expected,
            received: sum.received + slot.received,
            late: sum.late.saturating_add(slot.late),
            gaps: sum.gaps + slot.gaps,
            missing: sum.missing + slot.missing,
            played: sum.played + slot.played,
            heard: sum.heard + slot.heard,
        })
    }
}

/// Packets: a greater step is a restart of the sender (RFC 3550 appendix A.1).
const JUMP: i64 = 3000;
const JUMP_MICROS: u64 = 10_000_000;

#[cfg(test)]
mod tests {
    use super::emodel::{Codec, G711, Path, mos, r_factor};
    use super::*;
    use crate::Packet;

    fn path(delay_ms: f32, loss_percent: f32) -> Path {
        Path { delay_ms, loss_percent, burst_ratio: 1.0 }
    }

    fn near(found: f32, expected: f32, by: f32) {
        assert!((found - expected).abs() <= by, "{found}, not {expected}");
    }

    #[test]
    fn the_default_path_is_that_of_g107() {
        near(r_factor(path(0.0, 0.0), G711), 93.2, 0.01);
        near(mos(93.2), 4.41, 0.005);
    }

    #[test]
    fn r_maps_to_the_opinions_of_g107_annex_b() {
        for (r, expected) in [(90.0, 4.34), (80.0, 4.03), (70.0, 3.60), (60.0, 3.10), (50.0, 2.58)]
        {
            near(mos(r), expected, 0.01);
        }
        near(mos(-5.0), 1.0, 0.0);
        near(mos(120.0), 4.5, 0.0);
    }

    #[test]
    fn delay_counts_beyond_100_ms() {
        near(r_factor(path(100.0, 0.0), G711), 93.2, 0.01);
        near(r_factor(path(200.0, 0.0), G711), 93.2 - 3.04, 0.05);
        near(r_factor(path(400.0, 0.0), G711), 93.2 - 24.07, 0.1);
    }

    #[test]
    fn loss_counts_by_the_codec() {
        // G.729A + VAD: Ie 11, Bpl 19; at 2 % random loss G.113 gives about 19.
        let g729 = Codec { ie: 11.0, bpl: 19.0 };
        near(r_factor(path(0.0, 2.0), g729), 93.2 - 19.0, 0.1);
        near(r_factor(path(0.0, 5.0), G711), 93.2 - 95.0 * 5.0 / 30.1, 0.01);
        let bursty = Path { burst_ratio: 2.0, ..path(0.0, 5.0) };
        assert!(r_factor(bursty, G711) < r_factor(path(0.0, 5.0), G711));
        near(r_factor(path(f32::INFINITY, 1e9), G711), 0.0, 0.0);
    }

    /// 50 packets a second; `late` in µs by number, `None`: lost.
    fn observed(late: impl Fn(u64) -> Option<u64>, packets: u64) -> PathStats {
        let mut stats = PathStats::new();
        for n in 0..packets {
            if let Some(late) = late(n) {
                let packet = Packet {
                    sequence: (n as u16).wrapping_add(65_000),
                    timestamp: (n as u32).wrapping_mul(960).wrapping_sub(50_000),
                    ..Packet::default()
                };
                stats.receive(&Received { arrived: Micros(n * 20_000 + late), packet });
            }
        }
        stats
    }

    #[test]
    fn loss_is_that_of_the_last_five_seconds() {
        let half = |n: u64| (n >= 1000 || n.is_multiple_of(2)).then_some(0);
        near(observed(half, 1000).loss_percent(Micros(20_000_000)), 50.0, 1.0);
        near(observed(half, 1125).loss_percent(Micros(22_500_000)), 25.0, 1.5);
        near(observed(half, 1300).loss_percent(Micros(26_000_000)), 0.0, 0.0);
    }

    #[test]
    fn bursts_are_told_from_single_losses() {
        let single = |n: u64| (!n.is_multiple_of(10)).then_some(0);
        let bursts = |n: u64| (n % 40 >= 4).then_some(0);
        near(observed(single, 500).burst_ratio(Micros(10_000_000)), 1.0, 0.05);
        near(observed(bursts, 500).burst_ratio(Micros(10_000_000)), 3.6, 0.2);
    }

    #[test]
    fn jitter_settles_at_the_mean_difference() {
        // Every second packet 10 ms late: neighbours differ by 10 ms.
        let swing = |n: u64| Some(n % 2 * 10_000);
        near(observed(swing, 500).jitter_ms(), 10.0, 0.1);
        near(observed(|_| Some(0), 500).jitter_ms(), 0.0, 0.05);
    }

    #[test]
    fn late_packets_count_as_lost() {
        let mut stats = observed(|_| Some(0), 250);
        stats.late(Micros(4_990_000), 25);
        near(stats.loss_percent(Micros(4_990_000)), 10.0, 0.5);
        stats.late(Micros(4_990_000), u64::MAX);
        near(stats.loss_percent(Micros(4_990_000)), 100.0, 0.0);
    }

    #[test]
    fn nothing_for_five_seconds_is_no_flow() {
        let mut stats = observed(|_| Some(0), 50);
        assert!(stats.flowing(Micros(1_000_000)));
        assert!(!stats.flowing(Micros(6_200_000)));
    }
}
