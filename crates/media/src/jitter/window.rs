/// A packet that waits for its time. Samples.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) sequence: i64,
    pub(super) timestamp: i64,
    pub(super) duration: usize,
    pub(super) payload: Vec<u8>,
    /// It came in a later packet, whose numbers it was placed by.
    pub(super) copy: bool,
}

impl Stored {
    /// It stands for a number only.
    pub(super) fn is_voiceless(&self) -> bool {
        self.duration == 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Kept,
    /// Its copy was here before it.
    Replaced,
    /// Its time has passed.
    Late,
    Duplicate,
}

/// Packets in the order of their sequence; never more than [`SLOTS`].
#[derive(Debug)]
pub(super) struct Window {
    slots: Box<[Option<Stored>]>,
    /// Of the last [`SLOTS`] numbers before `next`: came in time or late.
    came: Box<[bool]>,
    /// The first that has not been passed; `None`: nothing has been taken yet.
    next: Option<i64>,
    count: usize,
}

/// 5 s of 20 ms packets.
const SLOTS: i64 = 256;

impl Window {
    pub(super) fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| None).collect(),
            came: (0..SLOTS).map(|_| false).collect(),
            next: None,
            count: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.slots.fill_with(|| None);
        self.came.fill(false);
        self.next = None;
        self.count = 0;
    }

    pub(super) fn put(&mut self, stored: Stored) -> Put {
        let sequence = stored.sequence;
        if let Some(next) = self.next {
            if sequence < next {
                if sequence < next - SLOTS || std::mem::replace(&mut self.came[at(sequence)], true)
                {
                    return Put::Duplicate;
                }
                return Put::Late;
            }
            // Nobody plays: the newest are worth more than the oldest.
            self.pass(sequence - SLOTS + 1);
        }
        let slot = &mut self.slots[at(sequence)];
        let mut put = Put::Kept;
        match slot {
            Some(other) if other.sequence == sequence && (!other.copy || stored.copy) => {
                return Put::Duplicate;
            }
            // What was sent knows its place better than a copy.
            Some(other) if other.sequence == sequence => put = Put::Replaced,
            Some(_) => {}
            None => self.count += 1,
        }
        *slot = Some(stored);
        put
    }

    /// Whether a packet with this number and time would stand between others of its kind, and
    /// is neither here nor past.
    pub(super) fn lacks(&self, sequence: i64, timestamp: i64) -> bool {
        let Some(next) = self.next else { return self.fits(sequence, timestamp) };
        (next..next + SLOTS).contains(&sequence) && self.fits(sequence, timestamp)
    }

    /// The numbers missing between what has been taken and the highest that is here, and
    /// when each begins if it lasts as long as the next packet here; the highest first.
    pub(super) fn gaps(&self) -> impl Iterator<Item = (i64, i64)> {
        let next = self.next.unwrap_or(i64::MAX - SLOTS);
        let highest = self.slots.iter().flatten().map(|stored| stored.sequence).max();
        let mut after: Option<(i64, i64, i64)> = None;
        // Backwards, so that the next packet here is known.
        (next..highest.unwrap_or(next)).rev().filter_map(move |n| {
            let above = self.slots[at(n + 1)].as_ref().filter(|stored| !stored.is_voiceless());
            if let Some(above) = above {
                after = Some((above.sequence, above.timestamp, above.duration as i64));
            }
            let (sequence, timestamp, duration) = after?;
            let missing = self.slots[at(n)].is_none();
            missing.then(|| (n, timestamp - (sequence - n) * duration))
        })
    }

    fn fits(&self, sequence: i64, timestamp: i64) -> bool {
        self.slots.iter().flatten().filter(|stored| !stored.is_voiceless()).all(|stored| {
            stored.sequence != sequence
                && (stored.sequence < sequence) == (stored.timestamp < timestamp)
        })
    }

    pub(super) fn first(&self) -> Option<&Stored> {
        if self.count == 0 {
            return None;
        }
        match self.next {
            Some(next) => (next..next + SLOTS).find_map(|n| self.slots[at(n)].as_ref()),
            None => self.slots.iter().flatten().min_by_key(|stored| stored.sequence),
        }
    }

    /// Takes the first out; what was missing before it has been passed.
    pub(super) fn take(&mut self) -> Option<Stored> {
        let sequence = self.first()?.sequence;
        self.pass(sequence);
        let stored = self.slots[at(sequence)].take()?;
        self.count -= 1;
        self.came[at(sequence)] = true;
        self.next = Some(sequence + 1);
        Some(stored)
    }

    /// Samples at the front without a gap.
    pub(super) fn together(&self) -> usize {
        let Some(first) = self.first() else { return 0 };
        let mut end = first.timestamp;
        for sequence in first.sequence..first.sequence + SLOTS {
            match &self.slots[at(sequence)] {
                Some(stored) if stored.sequence == sequence && stored.timestamp == end => {
                    end += stored.duration as i64;
                }
                Some(_) | None => break,
            }
        }
        usize::try_from(end - first.timestamp).unwrap_or(0)
    }

    /// Packets missing before the first.
    pub(super) fn missing(&self) -> u64 {
        match (self.next, self.first()) {
            (Some(next), Some(first)) => first.sequence.abs_diff(next),
            (None, _) | (_, None) => 0,
        }
    }

    /// Everything before `sequence` is over.
    pub(super) fn pass(&mut self, sequence: i64) {
        let next = self.next.unwrap_or(sequence);
        for n in next.max(sequence - SLOTS)..sequence {
            if self.slots[at(n)].take().is_some() {
                self.count -= 1;
            }
            self.came[at(n)] = false;
        }
        self.next = Some(next.max(sequence));
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }
}

fn at(sequence: i64) -> usize {
    sequence.rem_euclid(SLOTS) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(sequence: i64) -> Stored {
        Stored { sequence, timestamp: sequence * 960, duration: 960, payload: vec![0], copy: false }
    }

    #[test]
    fn order_is_restored_and_repetitions_are_known() {
        let mut window = Window::new();
        for n in [11, 10, 13] {
            assert_eq!(window.put(stored(n)), Put::Kept);
        }
        assert_eq!(window.put(stored(11)), Put::Duplicate);
        assert_eq!(window.take().unwrap().sequence, 10);
        assert_eq!(window.put(stored(10)), Put::Duplicate);
        assert_eq!(window.take().unwrap().sequence, 11);
        assert_eq!(window.missing(), 1);
        assert_eq!(window.take().unwrap().sequence, 13);
        assert_eq!(window.put(stored(12)), Put::Late);
        assert_eq!(window.put(stored(12)), Put::Duplicate);
        assert!(window.take().is_none());
    }

    #[test]
    fn the_newest_stay_when_nobody_plays() {
        let mut window = Window::new();
        window.put(stored(0));
        window.take();
        for n in 1..1000 {
            window.put(stored(n));
        }
        assert_eq!(window.len() as i64, SLOTS);
        assert_eq!(window.first().unwrap().sequence, 1000 - SLOTS);
    }
}
