//! How long to wait for what stands in for lost packets: copies in later packets, in-band
//! FEC, packets sent again. Worth it when the listener loses more without. Times are µs.

use crate::loss::{LossMap, cost, red};

#[derive(Debug)]
pub(super) struct Wait {
    map: LossMap,
    /// The last packet that had a copy from so far back, by the distance in packets.
    copied: [Option<i64>; red::FARTHEST as usize + 1],
    /// The last packet with in-band FEC, and the last that was known to have deep redundancy.
    fec: Option<i64>,
    deep: Option<i64>,
    /// Of one packet.
    duration: i64,
    /// Lost packets are asked for, and this is how long an answer takes.
    round_trip: Option<i64>,
    lossy: bool,
    chosen: i64,
    /// Without this much, more than [`TOLERABLE`] would be missed.
    urgent: i64,
    shorter_since: i64,
}

/// Packets for which something once seen is taken to go on.
const STILL: i64 = 60;
/// The newest packets: what is missing of them may only have been overtaken.
const UNSURE: i64 = 4;
/// The longest wait.
const MOST: i64 = 160_000;
/// A shorter wait must have looked better for so long.
const PATIENCE: i64 = 6_000_000;
/// A request and its answer take this beside the path: both sides look every 10 ms.
const ANSWERING: i64 = 15_000;
/// Asking takes the longest wait and helps the least surely: it must be clearly better.
const DOUBT: f32 = 1.4;
/// Share of packets that may be missed for some seconds rather than move a voice.
const TOLERABLE: f32 = 0.01;
/// Share of a loss that is still heard when in-band FEC has filled it in.
const FEC_HEARD: f32 = 0.2;
/// The same for deep redundancy.
const DEEP_HEARD: f32 = 0.6;

impl Wait {
    pub(super) fn new() -> Self {
        Self {
            map: LossMap::new(),
            copied: [None; red::FARTHEST as usize + 1],
            fec: None,
            deep: None,
            duration: 20_000,
            round_trip: None,
            lossy: false,
            chosen: 0,
            urgent: 0,
            shorter_since: 0,
        }
    }

    /// A packet as it was sent first, lasting `duration`.
    pub(super) fn came(&mut self, now: i64, sequence: i64, duration: i64, fec: bool) {
        self.map.came(sequence);
        self.duration = duration.max(2_500);
        if fec {
            self.fec = Some(sequence);
        }
        if sequence % 4 == 0 {
            self.choose(now, sequence);
        }
    }

    /// The packet had a copy of one so many packets before it.
    pub(super) fn copy(&mut self, sequence: i64, distance: i64) {
        if let Some(slot) = usize::try_from(distance).ok().and_then(|d| self.copied.get_mut(d)) {
            *slot = Some(sequence);
        }
    }

    /// The packet had deep redundancy.
    pub(super) fn deep(&mut self, sequence: i64) {
        self.deep = Some(sequence);
    }

    pub(super) fn set_round_trip(&mut self, round_trip: Option<i64>) {
        self.round_trip = round_trip;
    }

    /// Packets were lost lately.
    pub(super) fn lossy(&self) -> bool {
        self.lossy
    }

    pub(super) fn micros(&self) -> i64 {
        self.chosen
    }

    /// The part of it that cannot be waited for until a pause comes.
    pub(super) fn urgent(&self) -> i64 {
        self.urgent.min(self.chosen)
    }

    /// Another stream begins, with numbers of its own.
    pub(super) fn restart(&mut self) {
        let (round_trip, chosen) = (self.round_trip, self.chosen);
        *self = Self { round_trip, chosen, ..Self::new() };
    }

    fn choose(&mut self, now: i64, sequence: i64) {
        let (best, urgent) = self.best(sequence);
        self.urgent = urgent;
        if best >= self.chosen || now - self.shorter_since > PATIENCE {
            self.chosen = best;
            self.shorter_since = now;
        }
    }

    /// The best wait, and the shortest that is next to as good.
    fn best(&mut self, sequence: i64) -> (i64, i64) {
        let path = self.map.path_but(UNSURE);
        self.lossy = path.share > 0.0;
        if path.share <= 0.0 {
            return (0, 0);
        }
        let fresh = |seen: &Option<i64>| seen.is_some_and(|seen| sequence - seen < STILL);
        let fec = fresh(&self.fec) && !fresh(&self.copied[1]);
        // Only seen where it was needed.
        let deep = self.deep.is_some_and(|seen| sequence - seen < 8 * STILL);
        let stay = 1.0 - 1.0 / path.burst.max(1.0);
        let mut best = (path.share, 0);
        let mut all = [(f32::MAX, 0); 2 * (red::FARTHEST as usize + 1)];
        for rows in 0..=red::FARTHEST as usize {
            let wait = rows as i64 * self.duration;
            let distances = (1..=rows).filter(|&d| fresh(&self.copied[d])).map(|d| d as u32);
            let mut residual = path.residual(distances);
            if fec && rows > 0 {
                residual = residual.min(path.residual(std::iter::once(1)))
                    + (residual - path.residual(std::iter::once(1))).max(0.0) * FEC_HEARD;
            }
            if deep {
                let longer = stay.powi(rows as i32);
                residual *= longer + (1.0 - longer) * DEEP_HEARD;
            }
            let asked = self.round_trip.map(|trip| {
                let rows = ((wait - trip - ANSWERING).max(0) / self.duration).max(1);
                let wait = wait.max(trip + ANSWERING + self.duration);
                let cost = cost::wait(wait) + cost::after_asking(path, residual, rows);
                (cost * DOUBT, wait)
            });
            let both = [Some((cost::wait(wait) + residual, wait)), asked];
            for (place, (cost, wait)) in both.into_iter().flatten().enumerate() {
                all[2 * rows + place] = (cost, wait);
                if wait <= MOST && cost < best.0 {
                    best = (cost, wait);
                }
            }
        }
        let good = all.iter().filter(|(cost, _)| *cost < best.0 + TOLERABLE);
        (best.1, good.map(|(_, wait)| *wait).min().unwrap_or(best.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(every: i64, distances: &[i64], fec: bool, round_trip: Option<i64>) -> i64 {
        waited(every, distances, fec, round_trip).micros()
    }

    /// 20 s of a path that loses every so manieth, with copies at these distances.
    fn waited(every: i64, distances: &[i64], fec: bool, round_trip: Option<i64>) -> Wait {
        let mut wait = Wait::new();
        wait.set_round_trip(round_trip);
        for n in (0..1000).filter(|n| n % every != every - 1) {
            wait.came(n * 20_000, n, 20_000, fec);
            distances.iter().for_each(|&d| wait.copy(n, d));
        }
        wait
    }

    #[test]
    fn a_path_without_loss_needs_no_wait() {
        assert_eq!(waits(2000, &[1, 2], true, Some(20_000)), 0);
    }

    #[test]
    fn the_more_is_lost_the_more_copies_are_waited_for() {
        assert_eq!(waits(100, &[1, 2], false, None), 20_000);
        assert_eq!(waits(10, &[1, 2], false, None), 40_000);
        assert_eq!(waits(10, &[], false, None), 0);
        assert_eq!(waits(10, &[], true, None), 20_000);
    }

    #[test]
    fn a_wait_that_spares_one_packet_in_a_hundred_is_not_urgent() {
        assert_eq!(waited(100, &[1, 2], false, None).urgent(), 0);
        assert_eq!(waited(10, &[1, 2], false, None).urgent(), 20_000);
        assert_eq!(waited(5, &[1, 2], false, None).urgent(), 40_000);
    }

    #[test]
    fn packets_sent_again_are_waited_for_on_a_short_path() {
        let wait = waits(20, &[], false, Some(30_000));
        assert!((58_000..=100_000).contains(&wait), "{wait}");
        assert_eq!(waits(20, &[], false, Some(250_000)), 0);
    }

    #[test]
    fn the_wait_ends_with_the_loss() {
        let mut wait = Wait::new();
        for n in (0..3000).filter(|n| *n > 1000 || n % 10 != 0) {
            wait.came(n * 20_000, n, 20_000, true);
        }
        assert_eq!(wait.micros(), 0);
    }
}
