use crate::random::Random;
use crate::{Micros, Packet, Received};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Times in µs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Jitter {
    None,
    /// Even between 0 and this.
    Uniform(u64),
    /// The positive half of a normal distribution with this deviation.
    Normal(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    None,
    /// Probability of each packet.
    Random(f64),
    /// Gilbert: this share is lost, in bursts of this mean length in packets.
    Burst {
        share: f64,
        length: f64,
    },
}

/// The path stands still: what is sent meanwhile comes at its end. µs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    pub every: u64,
    pub length: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkConfig {
    /// µs.
    pub delay: u64,
    pub jitter: Jitter,
    pub loss: Loss,
    pub stall: Option<Stall>,
    /// Probability that a packet is held back by 30 ms, behind the next ones.
    pub reorder: f64,
    /// Probability that a packet comes twice.
    pub duplicate: f64,
    /// A queue: jitter alone never lets a packet overtake another.
    pub ordered: bool,
}

impl Default for NetworkConfig {
    /// 20 ms and nothing else.
    fn default() -> Self {
        Self {
            delay: 20_000,
            jitter: Jitter::None,
            loss: Loss::None,
            stall: None,
            reorder: 0.0,
            duplicate: 0.0,
            ordered: true,
        }
    }
}

/// One direction of a path.
#[derive(Debug)]
pub struct Network {
    config: NetworkConfig,
    random: Random,
    flying: BinaryHeap<Reverse<Flying>>,
    sent: u64,
    in_burst: bool,
    last: u64,
}

#[derive(Debug, PartialEq, Eq)]
struct Flying {
    arrives: u64,
    order: u64,
    packet: Packet,
}

impl Ord for Flying {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.arrives, self.order).cmp(&(other.arrives, other.order))
    }
}

impl PartialOrd for Flying {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Network {
    #[must_use]
    pub fn new(config: NetworkConfig, seed: u64) -> Self {
        Self {
            config,
            random: Random::new(seed),
            flying: BinaryHeap::new(),
            sent: 0,
            in_burst: false,
            last: 0,
        }
    }

    /// Another network from now on; what flies already still arrives.
    pub fn change(&mut self, config: NetworkConfig) {
        self.config = config;
    }

    pub fn send(&mut self, now: Micros, packet: Packet) {
        if self.lost() {
            return;
        }
        let mut arrives = now.0 + self.config.delay + self.jitter();
        if let Some(stall) = self.config.stall {
            let into = arrives % stall.every;
            if into < stall.length {
                arrives += stall.length - into;
            }
        }
        if self.config.ordered {
            arrives = arrives.max(self.last);
            self.last = arrives;
        }
        if self.random.chance(self.config.reorder) {
            arrives += 30_000;
        }
        if self.random.chance(self.config.duplicate) {
            let later = arrives + (self.random.unit() * 20_000.0) as u64;
            self.fly(later, packet.clone());
        }
        self.fly(arrives, packet);
    }

    /// The next packet that has arrived by `now`.
    pub fn poll(&mut self, now: Micros) -> Option<Received> {
        let Reverse(first) = self.flying.peek()?;
        if first.arrives > now.0 {
            return None;
        }
        let Reverse(first) = self.flying.pop()?;
        Some(Received { arrived: Micros(first.arrives), packet: first.packet })
    }

    fn fly(&mut self, arrives: u64, packet: Packet) {
        self.sent += 1;
        self.flying.push(Reverse(Flying { arrives, order: self.sent, packet }));
    }

    fn jitter(&mut self) -> u64 {
        match self.config.jitter {
            Jitter::None => 0,
            Jitter::Uniform(most) => (self.random.unit() * most as f64) as u64,
            Jitter::Normal(deviation) => (self.random.normal().abs() * deviation as f64) as u64,
        }
    }

    fn lost(&mut self) -> bool {
        match self.config.loss {
            Loss::None => false,
            Loss::Random(share) => self.random.chance(share),
            Loss::Burst { share, length } => {
                let leave = 1.0 / length.max(1.0);
                let enter = leave * share / (1.0 - share).max(1e-9);
                let change = if self.in_burst { leave } else { enter };
                if self.random.chance(change) {
                    self.in_burst = !self.in_burst;
                }
                self.in_burst
            }
        }
    }
}

/// When the `n`th block of 10 ms begins by a clock that runs fast by `ppm`.
#[must_use]
pub fn drifted(n: u64, ppm: f64) -> Micros {
    Micros((n as f64 * 10_000.0 / (1.0 + ppm * 1e-6)) as u64)
}
