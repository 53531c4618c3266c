//! One direction of a network: fixed delay, loss, jitter in a queue, stalls.

use omnibar_media::sim::Random;
use omnibar_media::{Micros, Packet, Received};
use std::collections::VecDeque;

pub(crate) enum What {
    Rtp(Received),
    Rtcp(Vec<u8>),
}

/// A network by its name: `clean`, `lossN` (per cent, independent), `burstN` (per cent, 4
/// packets on average), `burstNxM` (M packets), `jitterJ` (ms, mean J, deviation J/2, in a
/// queue), `overtakeJ` (the same, not in a queue), `wifiS` (stalls of S ms), `hostS` (a computer that
/// is late by 0 to 3 ms, and every 3 to 12 s by up to S, after which its sound server is late by 0 to
/// 8 ms for the time being), and sums with `+`.
/// `rttR`: round trip in ms instead of 40.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Condition {
    clean: bool,
    loss: f64,
    burst: f64,
    jitter: f64,
    overtake: bool,
    stall: u64,
    host: f64,
    one_way: Option<u64>,
}

impl Condition {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let mut condition = Self::default();
        for part in name.split('+') {
            let digits = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
            let (kind, number) = part.split_at(digits);
            let (number, length) = number.split_once('x').unwrap_or((number, "4"));
            let value: f64 = number.parse().unwrap_or(0.0);
            match kind {
                "clean" => condition.clean = true,
                "loss" => condition.loss = value / 100.0,
                "burst" => {
                    condition.loss = value / 100.0;
                    condition.burst = length.parse().map_err(|_| format!("no burst {part}"))?;
                }
                "jitter" => condition.jitter = value * 1e3,
                "overtake" => (condition.jitter, condition.overtake) = (value * 1e3, true),
                "wifi" => condition.stall = (value * 1e3) as u64,
                "host" => condition.host = value * 1e3,
                "rtt" => condition.one_way = Some((value * 500.0) as u64),
                _ => return Err(format!("no condition {part}")),
            }
        }
        Ok(condition)
    }
}

pub(crate) struct Line {
    condition: Condition,
    delay: u64,
    random: Random,
    /// For what is not voice.
    other: Random,
    host: Random,
    /// When the computer stands still, and when it goes on.
    still: (u64, u64),
    /// µs that the sound server is late by.
    shifted: u64,
    bad: bool,
    last: u64,
    stall_from: u64,
    flying: VecDeque<(u64, What)>,
}

impl Line {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            condition: Condition::default(),
            delay: 0,
            random: Random::new(seed),
            other: Random::new(!seed),
            host: Random::new(seed ^ 0x686f_7374),
            still: (0, 0),
            shifted: 0,
            bad: false,
            last: 0,
            stall_from: 0,
            flying: VecDeque::new(),
        }
    }

    pub(crate) fn become_bad(&mut self, condition: Condition, now: Micros) {
        self.condition = condition;
        self.delay = if condition.clean { 0 } else { condition.one_way.unwrap_or(20_000) };
        self.stall_from = now.0 + 1_000_000 + (self.random.unit() * 1e6) as u64;
    }

    pub(crate) fn send(&mut self, now: Micros, what: What) {
        let left = self.leaves(now.0);
        let voice = matches!(what, What::Rtp(_));
        let random = if voice { &mut self.random } else { &mut self.other };
        let (chance, normal) = (random.unit(), random.normal());
        let Condition { loss, burst, jitter, overtake, stall, .. } = self.condition;
        let lost = if voice && burst > 0.0 {
            let leave = 1.0 / burst;
            let enter = loss * leave / (1.0 - loss);
            self.bad = if self.bad { chance > leave } else { chance < enter };
            self.bad
        } else {
            chance < loss
        };
        if lost {
            return;
        }
        let mut at = left + self.delay;
        if stall > 0 {
            if now.0 > self.stall_from + stall {
                self.stall_from = now.0 + 1_000_000 + (random.unit() * 2e6) as u64;
            }
            if now.0 >= self.stall_from {
                at = at.max(self.stall_from + stall + self.delay);
            }
        }
        at += (jitter + normal * jitter / 2.0).clamp(0.0, 2.0 * jitter) as u64;
        if !overtake {
            at = at.max(self.last);
            self.last = at;
        }
        let place = self.flying.partition_point(|(other, _)| *other <= at);
        self.flying.insert(place, (at, what));
    }

    /// When the computer has sent what is to be sent now.
    fn leaves(&mut self, now: u64) -> u64 {
        let most = self.condition.host;
        if most == 0.0 {
            return now;
        }
        if now > self.still.1 {
            let from = now + 3_000_000 + (self.host.unit() * 9e6) as u64;
            self.still = (from, from + (self.host.unit() * most) as u64);
            self.shifted = (self.host.unit() * 8e3) as u64;
        }
        let late = now + self.shifted + (self.host.unit() * 3e3) as u64;
        if now >= self.still.0 { late.max(self.still.1) } else { late }
    }

    /// What has arrived by `now`.
    pub(crate) fn arrived(&mut self, now: Micros) -> Vec<What> {
        let count = self.flying.partition_point(|(at, _)| *at <= now.0);
        let arrived = self.flying.drain(..count).map(|(at, what)| match what {
            What::Rtp(received) => What::Rtp(Received { arrived: Micros(at), ..received }),
            What::Rtcp(bytes) => What::Rtcp(bytes),
        });
        arrived.collect()
    }
}

impl From<Packet> for What {
    fn from(packet: Packet) -> Self {
        Self::Rtp(Received { arrived: Micros(0), packet })
    }
}
