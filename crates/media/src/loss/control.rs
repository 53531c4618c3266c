//! Which layers a sender uses: what helps most for its delay and its bits, on the path that
//! the far side reports.

use super::red::Pattern;
use super::{Gilbert, LossMap, cost};
use crate::Micros;

/// What the far side and the path allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// RFC 2198 was negotiated.
    pub red: bool,
    /// The far side asks for lost packets again.
    pub nack: bool,
    /// The far side's decoder knows deep redundancy.
    pub deep: bool,
    /// The codec has in-band FEC.
    pub fec: bool,
    /// bit/s for voice with all redundancy, without headers.
    pub budget: u32,
    /// The shortest packets that the far side takes: 10 or 20 ms.
    pub packet: Micros,
}

impl Default for Allowed {
    fn default() -> Self {
        Self {
            red: false,
            nack: false,
            deep: false,
            fec: true,
            budget: 164_000,
            packet: Micros(20_000),
        }
    }
}

/// What to send with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    pub pattern: Pattern,
    /// In-band FEC, and the loss that the encoder shall reckon with, per cent.
    pub fec: bool,
    pub expected_loss: u8,
    /// ms.
    pub deep: u16,
    /// bit/s of the encoder.
    pub bitrate: u32,
    /// What a packet holds: 10 or 20 ms.
    pub packet: Micros,
}

/// Watches reports and decides.
#[derive(Debug)]
pub struct Controller {
    allowed: Allowed,
    bitrate: u32,
    map: LossMap,
    mapped: Option<Micros>,
    /// By plain reports, when there is no map.
    reported: f32,
    round_trip: Option<Micros>,
    pattern: Pattern,
    better_since: Option<Micros>,
    /// Redundancy that made the loss worse, and till when it is not tried again.
    trial: Option<Trial>,
    most_copies: (usize, Micros),
    last_loss: Option<Micros>,
    /// Per cent of loss that is reckoned with until the far side tells; `None`: it has.
    assumed: Option<u8>,
    started: Option<Micros>,
}

#[derive(Clone, Copy, Debug)]
struct Trial {
    since: Micros,
    share: f32,
    round_trip: Option<Micros>,
    copies: usize,
}

const SHORT: Micros = Micros(10_000);
const LONG: Micros = Micros(20_000);
/// Per cent that in-band FEC can be sized for with use.
const MOST_EXPECTED: u8 = 30;
/// Share of packets lost below which a path counts as good.
const RARE: f32 = 0.002;
/// µs for which fewer copies must look better before they are left out.
const PATIENCE: u64 = 8_000_000;
/// µs after which more copies must not have made the loss worse.
const TRIAL: u64 = 3_000_000;
/// µs by which the round trip grows where a queue is filled.
const QUEUE: u64 = 50_000;
/// µs for which such copies are not tried again.
const PENALTY: u64 = 30_000_000;
/// µs for which a path without loss keeps its one copy: at the beginning nothing is known of
/// it, and later the last loss may not have been the last.
const CAUTION: u64 = 20_000_000;
/// µs without a map: the far side sends none.
const MAP_OLD: u64 = 5_000_000;

impl Controller {
    /// `bitrate`: of the encoder on a good path, bit/s.
    #[must_use]
    pub fn new(allowed: Allowed, bitrate: u32) -> Self {
        Self {
            allowed,
            bitrate,
            map: LossMap::new(),
            mapped: None,
            reported: 0.0,
            round_trip: None,
            pattern: Pattern::NONE,
            better_since: None,
            trial: None,
            most_copies: (super::red::MOST_COPIES, Micros(0)),
            last_loss: None,
            assumed: Some(0),
            started: None,
        }
    }

    /// Per cent of loss that in-band FEC is sized for until the far side reports.
    pub fn assume(&mut self, percent: u8) {
        self.assumed = self.assumed.map(|_| percent.min(MOST_EXPECTED));
    }

    /// What the far side allows has become known.
    pub fn allow(&mut self, allowed: Allowed) {
        self.allowed = allowed;
    }

    /// The share of our packets lost since the last report (256ths).
    pub fn report(&mut self, now: Micros, fraction_lost: u8) {
        let share = f32::from(fraction_lost) / 256.0;
        self.assumed = None;
        // Up at once, down over some reports.
        let weight = if share > self.reported { 0.7 } else { 0.2 };
        self.reported += (share - self.reported) * weight;
        if fraction_lost > 0 {
            self.last_loss = Some(now);
        }
    }

    /// Our packets, and whether each came.
    pub fn losses(&mut self, now: Micros, came: impl Iterator<Item = (u16, bool)>) {
        for (number, came) in came {
            let number = self.map.unwrap(number);
            let known = self.map.highest().is_some_and(|highest| number <= highest);
            if came {
                self.map.came(number);
            } else if !known {
                self.map.lost(number);
                self.last_loss = Some(now);
            }
        }
        self.mapped = Some(now);
        self.assumed = None;
    }

    /// The far side misses so many packets that it did not before.
    pub fn asked(&mut self, now: Micros, packets: usize) {
        if packets > 0 {
            self.last_loss = Some(now);
            self.reported = self.reported.max(0.01);
        }
    }

    pub fn set_round_trip(&mut self, round_trip: Option<Micros>) {
        self.round_trip = round_trip;
    }

    /// The path to the far side as far as it is known.
    #[must_use]
    pub fn path(&self, now: Micros) -> Gilbert {
        match self.mapped {
            Some(at) if now.0.saturating_sub(at.0) < MAP_OLD => self.map.path(),
            Some(_) | None => Gilbert::random(self.reported),
        }
    }

    /// What to send with from now on.
    pub fn layers(&mut self, now: Micros) -> Layers {
        let started = *self.started.get_or_insert(now);
        let path = self.path(now);
        self.judge(now, path);
        let bad = self.last_loss.unwrap_or(started);
        let cautious = now.0.saturating_sub(bad.0) < CAUTION;
        let best = self.best(now, path, cautious);
        self.turn(now, path, best, cautious);
        let copies = self.pattern.copies();
        let bursts = path.burst >= 2.0 && path.share > 0.01;
        let deep = if self.allowed.deep && bursts && copies == 0 { 500 } else { 0 };
        // Copies are better than in-band FEC, and both are not needed.
        let fec = copies == 0 && self.allowed.fec;
        Layers {
            pattern: self.pattern,
            fec,
            expected_loss: if fec { self.expected(path) } else { 0 },
            deep,
            bitrate: self.bits(now).min(self.allowed.budget),
            packet: self.packet(now),
        }
    }

    /// Short packets are less delay, unless a path has shown that it has no room for more.
    fn packet(&self, now: Micros) -> Micros {
        let congested = now < self.most_copies.1;
        if congested { LONG } else { self.allowed.packet.clamp(SHORT, LONG) }
    }

    /// bit/s of the encoder: as good in short packets takes a ninth more.
    fn bits(&self, now: Micros) -> u32 {
        let more = if self.packet(now) < LONG { self.bitrate / 9 } else { 0 };
        self.bitrate.saturating_add(more)
    }

    /// FEC for a path without loss would take its bits for nothing.
    fn expected(&self, path: Gilbert) -> u8 {
        match self.assumed {
            Some(percent) => percent,
            None if path.share <= RARE => 0,
            None => (path.share * 100.0).ceil().clamp(2.0, f32::from(MOST_EXPECTED)) as u8,
        }
    }

    fn best(&self, now: Micros, path: Gilbert, cautious: bool) -> Pattern {
        let mut best = (f32::MAX, Pattern::NONE);
        let short = self.packet(now) < LONG;
        for distances in if short { cost::SHORT_PATTERNS } else { cost::PATTERNS } {
            let pattern = Pattern::new(distances);
            if !self.affordable(now, pattern) || (cautious && pattern == Pattern::NONE) {
                continue;
            }
            let cost = self.cost(now, path, pattern);
            if cost < best.0 {
                best = (cost, pattern);
            }
        }
        best.1
    }

    fn affordable(&self, now: Micros, pattern: Pattern) -> bool {
        let copies = pattern.copies();
        let (most, until) = self.most_copies;
        let bits = self.bits(now) as usize * (1 + copies);
        copies == 0
            || (self.allowed.red
                && bits <= self.allowed.budget as usize
                && (copies <= most || now >= until))
    }

    fn cost(&self, now: Micros, path: Gilbert, pattern: Pattern) -> f32 {
        let asked = self.round_trip.filter(|_| self.allowed.nack);
        cost::of(path, pattern, self.packet(now), asked)
    }

    /// More at once; fewer copies only when they have long looked better.
    fn turn(&mut self, now: Micros, path: Gilbert, best: Pattern, cautious: bool) {
        if best == self.pattern {
            self.better_since = None;
            return;
        }
        let present =
            if !self.affordable(now, self.pattern) || (cautious && self.pattern == Pattern::NONE) {
                f32::MAX
            } else {
                self.cost(now, path, self.pattern)
            };
        if self.cost(now, path, best) > present * 0.85 {
            self.better_since = None;
            return;
        }
        let since = *self.better_since.get_or_insert(now);
        let farthest = |pattern: Pattern| pattern.distances().next_back().unwrap_or(0);
        let stronger =
            best.copies() > self.pattern.copies() || farthest(best) > farthest(self.pattern);
        let waited = now.0.saturating_sub(since.0) >= PATIENCE;
        if stronger || waited || present == f32::MAX {
            let copies = self.pattern.copies();
            if best.copies() > copies.max(1) && self.trial.is_none() {
                let round_trip = self.round_trip;
                self.trial = Some(Trial { since: now, share: path.share, round_trip, copies });
            }
            self.pattern = best;
            self.better_since = None;
        }
    }

    /// Loss and delay that grew with the redundancy are a queue that it fills: the path has no
    /// room for it. Loss alone has many causes, and more copies are what helps against most.
    fn judge(&mut self, now: Micros, path: Gilbert) {
        let Some(trial) = self.trial else { return };
        if now.0.saturating_sub(trial.since.0) < TRIAL {
            return;
        }
        self.trial = None;
        let (Some(before), Some(trip)) = (trial.round_trip, self.round_trip) else { return };
        let queue = trip.0 > before.0.saturating_mul(2) && trip.0 - before.0 > QUEUE;
        if queue && path.share > trial.share * 2.0 {
            self.most_copies = (trial.copies.max(1), Micros(now.0.saturating_add(PENALTY)));
        }
    }
}
