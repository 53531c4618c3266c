use crate::BLOCK;
use crate::codec::LONGEST;

/// Decoded samples: those to be played and a little of those that were.
#[derive(Debug)]
pub(super) struct Reel {
    samples: Box<[f32]>,
    read: usize,
    end: usize,
}

/// Samples kept behind: the longest lag and the window that is compared.
pub(super) const HISTORY: usize = 1440;
const CAPACITY: usize = HISTORY + 2 * LONGEST + 4 * BLOCK;

impl Reel {
    pub(super) fn new() -> Self {
        Self { samples: vec![0.0; CAPACITY].into_boxed_slice(), read: HISTORY, end: HISTORY }
    }

    /// Samples to be played.
    pub(super) fn ahead(&self) -> usize {
        self.end - self.read
    }

    /// All samples and the place of the next to be played; at least [`HISTORY`] lie before.
    pub(super) fn view(&self) -> (&[f32], usize) {
        (&self.samples[..self.end], self.read)
    }

    /// Room for up to [`LONGEST`] samples behind the last. Write there, then
    /// [`commit`](Self::commit).
    pub(super) fn room(&mut self, samples: usize) -> &mut [f32] {
        self.make_room(samples);
        &mut self.samples[self.end..self.end + samples]
    }

    pub(super) fn commit(&mut self, samples: usize) {
        self.end += samples;
    }

    pub(super) fn play(&mut self, out: &mut [f32; BLOCK]) {
        out.copy_from_slice(&self.samples[self.read..self.read + BLOCK]);
        self.read += BLOCK;
    }

    /// Takes `lag` samples out, fading over `overlap` from what is now to what comes
    /// `lag` later. `lag + overlap` samples must be ahead.
    pub(super) fn remove(&mut self, lag: usize, overlap: usize) {
        let from = self.read;
        for i in 0..overlap {
            let way = fade(i, overlap);
            let (old, new) = (self.samples[from + i], self.samples[from + i + lag]);
            self.samples[from + i] = old + (new - old) * way;
        }
        self.samples.copy_within(from + overlap + lag..self.end, from + overlap);
        self.end -= lag;
    }

    /// Plays the last `lag` samples again, fading over `overlap` into them. `overlap`
    /// samples must be ahead, `lag` at most [`HISTORY`].
    pub(super) fn insert(&mut self, lag: usize, overlap: usize) {
        self.make_room(lag);
        let from = self.read;
        self.samples.copy_within(from + overlap - lag..self.end, from + overlap);
        // Backwards: a sample that is still needed lies before the one that is written.
        for i in (0..overlap).rev() {
            let way = fade(i, overlap);
            let (old, new) = (self.samples[from + i], self.samples[from + i - lag]);
            self.samples[from + i] = old + (new - old) * way;
        }
        self.end += lag;
    }

    fn make_room(&mut self, samples: usize) {
        if self.end + samples > self.samples.len() {
            let keep = self.read - HISTORY;
            self.samples.copy_within(keep..self.end, 0);
            self.read -= keep;
            self.end -= keep;
        }
    }
}

/// 0 to 1 without corners.
pub(super) fn fade(at: usize, length: usize) -> f32 {
    let way = (at as f32 + 0.5) / length as f32;
    way * way * (3.0 - 2.0 * way)
}
