//! Whether the microphone hears the speaker.

use super::lags::{HOP, Lags, Look, MOST_AHEAD};
use crate::BLOCK;

/// What the device looks like. It decides until the ears know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EchoHint {
    Headset,
    Speakers,
    /// Taken for a loudspeaker until the far side has been heard not to come back.
    #[default]
    Unknown,
}

/// ```text
///                     heard                          not heard for long
///  ┌─────────┐ ────────────────────▶ ┌─────────┐ ─────────────────────▶ ┌────────┐
///  │ guessed │                       │ present │                        │ absent │
///  └─────────┘ ──not heard──┐        └─────────┘ ◀───── ── heard ── ─── └────────┘
///                           └──────────────────────────────────────────────▲
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Guessed,
    Present,
    Absent,
}

#[derive(Debug)]
pub(super) struct EchoPath {
    lags: Lags,
    hint: EchoHint,
    verdict: Verdict,
    since_look: u32,
    /// Looks in a row that found what may be an echo.
    likely: u32,
    /// s of the far side's voice that did not come back.
    against: f32,
    /// Blocks of the speaker less those of the microphone: now, lately, and as reckoned with.
    lead: i32,
    lately: f32,
    usual: i32,
    last: Option<Look>,
}

impl EchoPath {
    pub(super) fn new(hint: EchoHint) -> Self {
        Self {
            lags: Lags::new(),
            hint,
            verdict: Verdict::Guessed,
            since_look: 0,
            likely: 0,
            against: 0.0,
            lead: 0,
            lately: 0.0,
            usual: 0,
            last: None,
        }
    }

    pub(super) fn far(&mut self, block: &[f32; BLOCK]) {
        self.lags.far(block);
        self.lead += 1;
    }

    pub(super) fn near(&mut self, block: &[f32; BLOCK]) {
        self.lags.near(block);
        self.lead -= 1;
        self.keep_step();
        self.since_look += 1;
        if self.since_look < HOP {
            return;
        }
        self.since_look = 0;
        let (far_db, near_db) = self.lags.levels();
        // A microphone that gives nothing may be switched off, which proves nothing.
        if far_db < SPEAKS || near_db < SWITCHED_OFF {
            return;
        }
        if far_db - near_db > INAUDIBLE {
            self.doubt(1.0);
        } else {
            let look = self.lags.look(self.lead - self.usual);
            self.judge(look);
            self.last = Some(look);
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// To be cancelled, as far as is known.
    pub(super) fn present(&self) -> bool {
        match self.verdict {
            Verdict::Present => true,
            Verdict::Absent => false,
            Verdict::Guessed => self.hint != EchoHint::Headset,
        }
    }

    pub(super) fn last(&self) -> Option<Look> {
        self.last
    }

    /// Two cards' clocks, or one that stopped for a while, shift the streams against each other.
    fn keep_step(&mut self) {
        self.lately += (self.lead as f32 - self.lately) / 100.0;
        let off = self.lately - self.usual as f32;
        let far_off = (self.lead - self.usual).abs() > MOST_AHEAD;
        if off.abs() > 1.5 || far_off {
            self.usual = if far_off { self.lead } else { self.lately.round() as i32 };
            self.lately = self.usual as f32;
            self.lags.forget();
        }
    }

    fn judge(&mut self, look: Look) {
        self.likely = if look.likeness > LIKELY { self.likely + 1 } else { 0 };
        if look.likeness > SURE || self.likely >= IN_A_ROW {
            self.against = 0.0;
            self.verdict = Verdict::Present;
        } else if look.likeness < DOUBTFUL {
            // While somebody talks into the microphone only a loud echo could be heard.
            let clear = look.far_db - look.near_db > CLEAR;
            self.doubt(if clear { 1.0 } else { 0.35 });
        }
    }

    fn doubt(&mut self, weight: f32) {
        self.against += weight * HOP as f32 / 100.0;
        let enough = match (self.verdict, self.hint) {
            (Verdict::Guessed, EchoHint::Headset | EchoHint::Unknown) => 1.5,
            (Verdict::Guessed, EchoHint::Speakers) | (Verdict::Present, _) => 4.0,
            (Verdict::Absent, _) => return,
        };
        if self.against >= enough {
            self.verdict = Verdict::Absent;
        }
    }
}

/// [`Look::likeness`] of an echo at once, of one that stays, and of what may be one. Rooms give 220 to
/// 1200. Two voices that talk at once without a pause reached 41 in 300 calls of 24 s, and 23 in
/// three looks in a row, of which one at least has new sound.
const SURE: f32 = 100.0;
const LIKELY: f32 = 30.0;
const IN_A_ROW: u32 = 3;
const DOUBTFUL: f32 = 20.0;
/// dBFS, below 2 kHz.
const SPEAKS: f32 = -50.0;
const SWITCHED_OFF: f32 = -85.0;
/// dB that a terminal's echo must be lost by (3GPP TS 26.131: 46 dB for headsets).
const INAUDIBLE: f32 = 46.0;
/// dB, the microphone under the speaker: nobody talks over a possible echo.
const CLEAR: f32 = 12.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(likenesses: &[f32]) -> Verdict {
        let mut path = EchoPath::new(EchoHint::Headset);
        for &likeness in likenesses {
            path.judge(Look { likeness, delay_ms: 100.0, far_db: -30.0, near_db: -30.0 });
        }
        path.verdict()
    }

    #[test]
    fn what_chance_has_brought_is_no_echo() {
        assert_eq!(judged(&[41.0, 41.0]), Verdict::Guessed);
        assert_eq!(judged(&[41.0, 41.0, 0.0, 41.0, 41.0]), Verdict::Guessed);
        assert_eq!(judged(&[23.0; 4]), Verdict::Guessed);
    }

    #[test]
    fn an_echo_is_clear_or_stays() {
        assert_eq!(judged(&[220.0]), Verdict::Present);
        assert_eq!(judged(&[41.0; 3]), Verdict::Present);
    }
}
