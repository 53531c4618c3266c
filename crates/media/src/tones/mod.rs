//! Call-progress tones, the ringer, keypad tones and cues, made block by block from
//! short scores: continuous in phase, with ramps that do not click, without allocation.

mod score;

use crate::{BLOCK, Digit};
use score::{Note, Score};

/// Something that sounds.
pub trait Tone {
    /// Overwrites `block` with the next 10 ms. False when the tone is over; the block is
    /// silence then.
    fn fill(&mut self, block: &mut [f32; BLOCK]) -> bool;
}

/// That it rings at the far side.
#[derive(Clone, Debug)]
pub struct Ringback(Score<'static>);

/// 480 + 620 Hz, 0.5 s on, 0.5 s off.
#[derive(Clone, Debug)]
pub struct Busy(Score<'static>);

/// The agent's telephone: two struck notes in turn, twice, every 3 s.
#[derive(Clone, Debug)]
pub struct Ring(Score<'static>);

/// One key of the keypad.
#[derive(Clone, Debug)]
pub struct Dtmf {
    note: [Note; 1],
    position: u64,
}

/// Short sounds that tell the agent what has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cue {
    Answered,
    Ended,
    /// The other side is busy or cannot be reached.
    Failed,
    /// A call has been on hold for a while.
    HoldReminder,
    /// The agent has been muted for a while.
    MuteReminder,
    /// A chat is offered.
    Chat,
    /// The key that was pressed.
    Digit(Digit),
}

/// A [`Cue`] that is being played.
#[derive(Clone, Debug)]
pub struct CueTone(Part);

#[derive(Clone, Debug)]
enum Part {
    Score(Score<'static>),
    Key(Dtmf),
}

impl Ringback {
    /// 440 + 480 Hz, 2 s on, 4 s off: that of North America (ITU-T E.180, Supplement 2).
    #[must_use]
    pub fn new() -> Self {
        Self(Score::repeated(&score::RINGBACK, 288_000))
    }

    /// 425 Hz, 1 s on, 4 s off: what ITU-T E.180/Q.35 recommends to everybody, of no
    /// country in particular.
    #[must_use]
    pub fn recommended() -> Self {
        Self(Score::repeated(&score::RECOMMENDED_RINGBACK, 240_000))
    }
}

impl Busy {
    #[must_use]
    pub fn new() -> Self {
        Self(Score::repeated(&score::BUSY, 48_000))
    }
}

impl Ring {
    #[must_use]
    pub fn new() -> Self {
        Self(Score::repeated(&score::RING, 144_000))
    }
}

impl Default for Ringback {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Busy {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self::new()
    }
}

impl Dtmf {
    /// `milliseconds`: at least 40 for a receiver to take it (ITU-T Q.24).
    #[must_use]
    pub fn new(digit: Digit, milliseconds: u32) -> Self {
        Self { note: [Note::key(digit, milliseconds.saturating_mul(48))], position: 0 }
    }
}

impl Cue {
    #[must_use]
    pub fn tone(self) -> CueTone {
        CueTone(match self {
            Self::Answered => Part::Score(Score::once(&score::ANSWERED)),
            Self::Ended => Part::Score(Score::once(&score::ENDED)),
            Self::Failed => Part::Score(Score::once(&score::FAILED)),
            Self::HoldReminder => Part::Score(Score::once(&score::HOLD_REMINDER)),
            Self::Chat => Part::Score(Score::once(&score::CHAT)),
            Self::MuteReminder => Part::Score(Score::once(&score::MUTE_REMINDER)),
            Self::Digit(digit) => Part::Key(Dtmf::new(digit, 120)),
        })
    }
}

impl Tone for Ringback {
    fn fill(&mut self, block: &mut [f32; BLOCK]) -> bool {
        self.0.fill(block)
    }
}

impl Tone for Busy {
    fn fill(&mut self, block: &mut [f32; BLOCK]) -> bool {
        self.0.fill(block)
    }
}

impl Tone for Ring {
    fn fill(&mut self, block: &mut [f32; BLOCK]) -> bool {
        self.0.fill(block)
    }
}

impl Tone for Dtmf {
    fn fill(&mut self, block: &mut [f32; BLOCK]) -> bool {
        let mut score = Score::at(&self.note, self.position);
        self.position = self.position.saturating_add(BLOCK as u64);
        score.fill(block)
    }
}

impl Tone for CueTone {
    fn fill(&mut self, block: &mut [f32; BLOCK]) -> bool {
        match &mut self.0 {
            Part::Score(score) => score.fill(block),
            Part::Key(key) => key.fill(block),
        }
    }
}
