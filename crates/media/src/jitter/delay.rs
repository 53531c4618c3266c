use super::JitterConfig;
use super::peaks::Peaks;
use crate::loss::cost;
use std::ops::RangeInclusive;

/// How late packets come, against the earliest, and how long it pays to wait for them.
/// All times are µs.
#[derive(Debug)]
pub(super) struct Delay {
    min: i64,
    max: i64,
    in_time: f32,
    /// The least transit of each of the last seconds.
    least: [Option<i64>; SECONDS],
    /// The greatest lateness of each of them.
    most: [i64; SECONDS],
    second: i64,
    base: Option<i64>,
    /// Share of packets by lateness.
    histogram: [f32; BUCKETS],
    packets: u32,
    /// Lateness within which [`LIKELY`] and [`LEAST`] came, and within which it pays to wait.
    likely: i64,
    most_come: i64,
    usual: i64,
    /// By how much the base has risen beyond what the histogram was shifted for.
    risen: i64,
    peaks: Peaks,
    /// What the packets ask for, before the wait for redundancy.
    wanted: i64,
    lower_since: i64,
    /// The delay follows a lower wish, to its end.
    falling: bool,
}

const SECONDS: usize = 8;
/// Seconds in which nothing came as late as the histogram says, so that the path is another.
const ANOTHER: usize = 5;
const BUCKETS: usize = 1000;
/// µs.
const BUCKET: i64 = 1_000;
/// How long a packet counts, so that a steady path gets a steady answer.
const MEMORY: i64 = 10_000_000;
/// Share of packets of which the latest is nothing unusual.
const LIKELY: f32 = 0.9;
/// Share of packets that come in time whatever it costs.
const LEAST: f32 = 0.97;
/// A late packet costs a guess and a change of the delay: worse than a lost one.
const LATE_COST: f32 = 1.5;
/// Room for the clocks' wander, and for finding a place to stretch before a packet is late.
const MARGIN: i64 = 10_000;
/// What must be left of it.
const LEFT: i64 = 2_000;
/// A lower wish must last this long before the delay follows it: the shorter, the more there is
/// to gain. What comes a few ms late now and then would move the delay up and down for ever, and
/// each move is heard more than those few ms are.
const PATIENCE: RangeInclusive<i64> = 3_000_000..=30_000_000;
/// From this on it is the shortest.
const MUCH: i64 = 80_000;
/// A rise takes a quarter more than was asked for, up to this: the next peak finds room, as it is
/// often a little higher, and a second move in the same sentence is heard more than 6 ms are.
const ROOM: i64 = 6_000;
/// Packets at the start, whose rises are no peaks.
const BEGINNING: u32 = 50;

impl Delay {
    pub(super) fn new(config: JitterConfig) -> Self {
        let max = i64::try_from(config.max_delay.0).unwrap_or(i64::MAX).min(2_000_000);
        let min = i64::try_from(config.min_delay.0).unwrap_or(i64::MAX).min(max);
        let in_time =
            if config.in_time.is_finite() { config.in_time.clamp(0.5, 0.999) } else { 0.97 };
        Self {
            min,
            max,
            in_time,
            least: [None; SECONDS],
            most: [0; SECONDS],
            second: 0,
            base: None,
            histogram: [0.0; BUCKETS],
            packets: 0,
            likely: BUCKET,
            most_come: BUCKET,
            usual: BUCKET,
            risen: 0,
            peaks: Peaks::default(),
            wanted: 0,
            lower_since: 0,
            falling: false,
        }
    }

    /// A packet that lasts `duration`, whose samples were sent at `sent` by the sender's clock.
    pub(super) fn arrive(&mut self, arrived: i64, sent: i64, duration: i64) {
        let transit = arrived.saturating_sub(sent);
        let before = self.base;
        let base = self.track(arrived, transit);
        self.rise(base - before.unwrap_or(base));
        let late = (transit - base).max(0);
        // Against what was usual before: a peak must not hide itself.
        self.peaks.arrive(arrived, late, self.most_come.min(self.usual));
        self.weigh(late, duration);
        // Peaks differ: only what is far above all of the last seconds is of another path.
        let usual;
        (self.likely, self.most_come, usual) = self.quantiles();
        self.usual = usual.min(self.recent(late) * 5 / 4 + BUCKET);
        let wish = self.usual.max(self.peaks.height(arrived, duration)) + MARGIN;
        let wish = wish.clamp(self.min, self.max);
        if wish > self.wanted {
            let room = if self.packets > BEGINNING { room(wish) } else { 0 };
            self.wanted = (wish + room).min(self.max);
        }
        let gain = self.wanted - wish;
        if gain <= room(wish) {
            self.lower_since = arrived;
            self.falling = false;
        }
        self.falling |= arrived - self.lower_since > patience(gain);
        if self.falling {
            self.wanted -= gain / 32 + 1;
        }
    }

    /// The greatest lateness of the last seconds, with this one.
    fn recent(&mut self, late: i64) -> i64 {
        let slots = SECONDS as i64;
        let slot = &mut self.most[self.second.rem_euclid(slots) as usize];
        *slot = (*slot).max(late);
        let last = (0..ANOTHER as i64).map(|ago| (self.second - ago).rem_euclid(slots) as usize);
        last.map(|slot| self.most[slot]).max().unwrap_or(late)
    }

    /// The transit of the fastest packet of the last seconds.
    pub(super) fn base(&self) -> Option<i64> {
        self.base
    }

    /// With less than this, packets are late that are nothing unusual.
    pub(super) fn least(&self, wait: i64) -> i64 {
        self.likely + LEFT + beyond_margin(wait)
    }

    /// `wait`: for redundancy that comes with later packets.
    pub(super) fn target(&self, wait: i64) -> i64 {
        (self.wanted + beyond_margin(wait)).clamp(self.min, self.max)
    }

    /// The sender's clock has jumped; the network is the same.
    pub(super) fn restart(&mut self) {
        self.least = [None; SECONDS];
        self.most = [0; SECONDS];
        self.base = None;
    }

    fn track(&mut self, arrived: i64, transit: i64) -> i64 {
        let second = arrived.div_euclid(1_000_000);
        let steps = (second - self.second).clamp(0, SECONDS as i64);
        for step in 0..steps {
            let slot = (second - step).rem_euclid(SECONDS as i64) as usize;
            self.least[slot] = None;
            self.most[slot] = 0;
        }
        self.second = self.second.max(second);
        let slot = &mut self.least[self.second.rem_euclid(SECONDS as i64) as usize];
        *slot = Some(slot.map_or(transit, |least| least.min(transit)));
        let base = self.least.iter().flatten().copied().min().unwrap_or(transit);
        self.base = Some(base);
        base
    }

    /// The path has become longer, and that was taken for lateness until its shorter days
    /// were forgotten: what is late is so against the new base. What is played keeps its
    /// moment.
    fn rise(&mut self, by: i64) {
        if by <= 0 {
            return;
        }
        self.wanted = (self.wanted - by).max(0);
        self.falling = true;
        self.peaks.lower(by);
        self.most = self.most.map(|most| (most - by).max(0));
        self.risen += by;
        let buckets = usize::try_from(self.risen / BUCKET).unwrap_or(0).min(BUCKETS - 1);
        self.risen %= BUCKET;
        let early: f32 = self.histogram[..buckets].iter().sum();
        self.histogram[..buckets].fill(0.0);
        self.histogram.rotate_left(buckets);
        self.histogram[0] += early;
    }

    fn weigh(&mut self, late: i64, duration: i64) {
        self.packets = self.packets.saturating_add(1);
        let remembered = (MEMORY / duration.max(2_500)) as f32;
        let keep = 1.0 - 1.0 / remembered.min(self.packets as f32);
        for share in &mut self.histogram {
            *share *= keep;
        }
        let bucket = usize::try_from(late / BUCKET).unwrap_or(0).min(BUCKETS - 1);
        self.histogram[bucket] += 1.0 - keep;
    }

    /// Lateness within which [`LIKELY`] and [`LEAST`] come, and the one that it pays to wait
    /// for: at least the latter, at most that of the configured share of packets, and between
    /// them as long as a longer wait brings more packets than it costs.
    fn quantiles(&self) -> (i64, i64, i64) {
        let mut late = 0.0;
        let mut best = (f32::MAX, BUCKET);
        let (mut likely, mut least) = (BUCKET, BUCKET);
        for (bucket, share) in self.histogram.iter().enumerate().rev() {
            if late + share > 1.0 - self.in_time && late <= 1.0 - LEAST {
                let lateness = (bucket as i64 + 1) * BUCKET;
                let cost = cost::wait(lateness) + LATE_COST * late;
                if cost < best.0 {
                    best = (cost, lateness);
                }
            }
            let before = late;
            late += share;
            let passes = |limit: f32| before <= 1.0 - limit && late > 1.0 - limit;
            if passes(LEAST) {
                least = (bucket as i64 + 1) * BUCKET;
            }
            if passes(LIKELY) {
                likely = (bucket as i64 + 1) * BUCKET;
                break;
            }
        }
        (likely, least, best.1)
    }
}

/// Who waits for copies has the margin already: while clocks wander into it, all that comes late
/// is the farthest copy of a packet that was lost.
fn beyond_margin(wait: i64) -> i64 {
    (wait - (MARGIN - LEFT)).max(0)
}

fn room(wish: i64) -> i64 {
    ROOM.min(wish / 4)
}

fn patience(gain: i64) -> i64 {
    let (least, most) = PATIENCE.into_inner();
    (least * MUCH / gain.max(1)).clamp(least, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Random;

    fn after(lateness: impl Fn(&mut Random, i64) -> i64, packets: i64) -> Delay {
        let mut delay = Delay::new(JitterConfig::default());
        let mut random = Random::new(7);
        for n in 0..packets {
            delay.arrive(n * 20_000 + 50_000 + lateness(&mut random, n), n * 20_000, 20_000);
        }
        delay
    }

    #[test]
    fn a_steady_path_asks_for_next_to_nothing() {
        assert!(after(|_, _| 0, 50).target(0) <= MARGIN + 2_000);
        assert_eq!(after(|_, _| 0, 50).base(), Some(50_000));
    }

    #[test]
    fn even_jitter_asks_for_its_99th_percentile() {
        let target = after(|random, _| (random.unit() * 100_000.0) as i64, 3000).target(0);
        assert!((86_000 + MARGIN..=102_000 + MARGIN + ROOM).contains(&target), "{target}");
    }

    #[test]
    fn rare_stalls_are_remembered_by_their_peak() {
        // 80 ms every 4 s: 2 % of the packets, below what the percentile sees.
        let stalled =
            |_: &mut Random, n: i64| if n % 200 < 4 { 80_000 - n % 200 * 20_000 } else { 0 };
        let target = after(stalled, 1000).target(0);
        assert!((80_000..=86_000 + MARGIN + ROOM).contains(&target), "{target}");
    }

    #[test]
    fn calm_brings_the_target_down_again() {
        let calm_later = |random: &mut Random, n: i64| {
            if n < 500 { (random.unit() * 80_000.0) as i64 } else { 0 }
        };
        assert!(after(calm_later, 500).target(0) > 60_000);
        assert!(after(calm_later, 3000).target(0) < MARGIN + 6_000);
    }

    #[test]
    fn a_longer_path_is_no_lateness_once_the_shorter_is_forgotten() {
        let longer = |_: &mut Random, n: i64| if n < 500 { 0 } else { 180_000 };
        let delay = after(longer, 500 + 50 * (SECONDS as i64 + 1));
        assert_eq!(delay.base(), Some(230_000));
        assert!(delay.target(0) < MARGIN + 6_000, "{}", delay.target(0));
    }

    #[test]
    fn a_wait_for_copies_is_the_margin_too() {
        let steady = after(|_, _| 0, 500);
        assert_eq!(steady.target(5_000), steady.target(0));
        assert_eq!(steady.target(30_000), steady.target(0) + 30_000 - MARGIN + LEFT);
        assert_eq!(steady.target(30_000) - steady.least(30_000), MARGIN - LEFT);
    }

    #[test]
    fn bounds_hold() {
        let config = JitterConfig {
            min_delay: crate::Micros(30_000),
            max_delay: crate::Micros(60_000),
            in_time: f32::NAN,
        };
        let mut delay = Delay::new(config);
        delay.arrive(0, 0, 20_000);
        assert_eq!(delay.target(0), 30_000);
        for n in 1..200 {
            delay.arrive(n * 20_000 + n % 2 * 400_000, n * 20_000, 20_000);
        }
        assert_eq!(delay.target(20_000), 60_000);
    }
}
