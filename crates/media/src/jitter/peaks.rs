/// Remembers rare, high peaks of lateness (a busy Wi-Fi that stalls every few seconds),
/// which a percentile would forget. Times are µs.
#[derive(Debug, Default)]
pub(super) struct Peaks {
    /// The last first.
    recent: [Option<Peak>; 6],
}

#[derive(Clone, Copy, Debug)]
struct Peak {
    at: i64,
    height: i64,
}

/// Above what is usual.
const OVER: i64 = 15_000;
/// Packets of one stall come within this.
const SAME: i64 = 400_000;
/// Peaks further apart have nothing to do with each other: to be ready for the next would
/// cost every call that was disturbed twice more than it saves.
const APART: i64 = 8_000_000;

/// After one peak the next may follow soon: to go down at once only to go up again is heard
/// more than the delay is.
const ALERT: i64 = 3_000_000;

/// The highest peak recurs when another has had half its height. Waiting for one that does not
/// costs more than it saves.
const LIKE: i64 = 2;

/// One peak below this, with no other near it, is an accident.
const SLIGHT: i64 = 40_000;

impl Peaks {
    pub(super) fn arrive(&mut self, now: i64, late: i64, usual: i64) {
        // Once covered by the target, a peak still is one against the usual; the last
        // height tells what to look for.
        let threshold = usual + OVER;
        if late < threshold {
            return;
        }
        if let Some(last) = &mut self.recent[0]
            && now - last.at < SAME
        {
            last.height = last.height.max(late);
            return;
        }
        self.recent.rotate_right(1);
        self.recent[0] = Some(Peak { at: now, height: late });
    }

    /// What peaks are measured against has risen.
    pub(super) fn lower(&mut self, by: i64) {
        for peak in self.recent.iter_mut().flatten() {
            peak.height -= by;
        }
    }

    /// The delay that covers the peaks while they recur, else 0. `packet`: how long one lasts.
    ///
    /// A stall that begins just after a packet holds the next for a packet's length less than
    /// it lasts: the highest of `n` is short of it by one `n + 1`th of that on average. Short
    /// peaks are no stalls.
    pub(super) fn height(&self, now: i64, packet: i64) -> i64 {
        let mut newer: Option<Peak> = None;
        let mut apart = 0;
        let (mut height, mut second) = (Peak { at: now, height: 0 }, 0);
        let mut count = 1;
        for peak in self.recent.iter().flatten() {
            if let Some(newer) = newer {
                if newer.at - peak.at > APART {
                    break;
                }
                apart = apart.max(newer.at - peak.at);
            }
            if peak.height > height.height {
                second = height.height;
                height = *peak;
            } else {
                second = second.max(peak.height);
            }
            count += 1;
            newer = Some(*peak);
        }
        // A computer that was busy once: its packet is guessed, and that was all.
        if count == 2 && height.height < SLIGHT {
            return 0;
        }
        let alone = height.height > LIKE * second && now - height.at > ALERT;
        let height = if alone { second } else { height.height };
        let last = self.recent[0].map_or(i64::MIN / 2, |peak| peak.at);
        if now - last < (apart + apart / 4).max(ALERT) {
            height + (packet / count).min(height / 16)
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heights by second, seen at the end of `seconds`.
    fn height(peaks: &[(i64, i64)], seconds: i64) -> i64 {
        let mut all = Peaks::default();
        for &(at, height) in peaks {
            all.arrive(at * 1_000_000, height, 0);
        }
        all.height(seconds * 1_000_000, 0)
    }

    #[test]
    fn peaks_are_covered_while_they_recur() {
        let recurring = [(2, 100_000), (4, 110_000), (6, 90_000)];
        assert_eq!(height(&recurring, 8), 110_000);
        assert_eq!(height(&recurring, 12), 0);
        assert_eq!(height(&[(2, 100_000), (60, 90_000)], 62), 90_000, "far apart");
    }

    #[test]
    fn one_slight_peak_is_no_habit() {
        assert_eq!(height(&[(2, 39_000)], 2), 0);
        assert_eq!(height(&[(2, 39_000), (4, 30_000)], 4), 39_000);
        assert_eq!(height(&[(2, 41_000)], 2), 41_000);
    }

    #[test]
    fn one_that_is_far_above_the_others_is_soon_let_go() {
        let once = [(2, 100_000), (4, 900_000), (6, 90_000), (8, 100_000)];
        assert_eq!(height(&once, 6), 900_000);
        assert_eq!(height(&once, 9), 100_000);
        let twice = [(2, 800_000), (4, 900_000), (6, 90_000), (8, 100_000)];
        assert_eq!(height(&twice, 9), 900_000);
    }
}
