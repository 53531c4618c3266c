use crate::switch::speech::{self, Clip};
use omnibar_media::BLOCK;
use std::collections::VecDeque;

/// Speaks one clip after the other.
#[derive(Debug, Default)]
pub(super) struct Mouth {
    waiting: VecDeque<Clip>,
    /// Samples of the first that have been said.
    said: usize,
}

/// What is more is not said: a party that has been asked too much at once.
const MOST_WAITING: usize = 16;

impl Mouth {
    /// `clip`: `voice/clip`.
    pub(super) fn say(&mut self, clip: &str) {
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(speech::clip(clip));
        }
    }

    pub(super) fn hush(&mut self) {
        self.waiting.clear();
        self.said = 0;
    }

    pub(super) fn is_still(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next 10 ms.
    pub(super) fn fill(&mut self, block: &mut [f32; BLOCK]) {
        let Some(clip) = self.waiting.front() else { return };
        let rest = clip.get(self.said..).unwrap_or_default();
        for (out, &sample) in block.iter_mut().zip(rest) {
            *out = f32::from(sample) / 32_768.0;
        }
        self.said += BLOCK;
        if self.said >= clip.len() {
            self.waiting.pop_front();
            self.said = 0;
        }
    }
}
