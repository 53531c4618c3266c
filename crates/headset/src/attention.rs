//! What the microphone tells beside what is sent: that the agent talks although nobody
//! hears him, and that the device itself keeps silent.

use omnibar_media::{BLOCK, SAMPLE_RATE};
use std::collections::VecDeque;

/// Blocks of 10 ms that are looked at together, and of how many of them must be voice:
/// a word is, a key or a cough is not.
const LOOK: usize = 50;
const ENOUGH: usize = 28;
/// dB above the room, and dBFS at least, for a block to be voice.
const ABOVE_ROOM: f32 = 12.0;
const LEAST: f32 = -50.0;
/// dB by which the far side's voice may be louder than its echo in the microphone.
const ABOVE_ECHO: f32 = 6.0;
/// dBFS; less from the far side makes no echo that matters.
const FAR_TALKS: f32 = -50.0;
/// dB a block by which the room seems louder, until a quieter block shows better.
const ROOM_RISES: f32 = 0.02;
/// Blocks without voice until the hint goes, and until it may come again.
const GOES_AFTER: u32 = 300;
const AGAIN_AFTER: u32 = 3_000;
/// Blocks of digital silence that are taken for a switch.
const SWITCHED_OFF: u32 = 500;
/// Blocks of digital silence that are counted as a pause of a device that gives none but
/// between words (one that suppresses noise by itself), and how many of them tell it.
const PAUSE: u32 = 30;
const PAUSES: u32 = 3;
/// Full scale; half of the last bit of 24.
const DIGITAL_SILENCE: f32 = 6e-8;

/// Fed with every block of the microphone.
#[derive(Debug)]
pub(crate) struct Attention {
    voice: VecDeque<bool>,
    /// dBFS.
    room: f32,
    /// Blocks since the last look that was voice.
    quiet: u32,
    talking: bool,
    /// Blocks until the hint may come again.
    rests: u32,
    /// Blocks of digital silence in a row.
    silent: u32,
    pauses: u32,
}

impl Default for Attention {
    fn default() -> Self {
        Self {
            voice: VecDeque::with_capacity(LOOK),
            room: -60.0,
            quiet: 0,
            talking: false,
            rests: 0,
            silent: 0,
            pauses: 0,
        }
    }
}

impl Attention {
    /// Another microphone has been opened.
    pub(crate) fn changed(&mut self) {
        *self = Self { rests: self.rests, ..Self::default() };
    }

    /// `unheard`: what the microphone hears is not sent. `far`: what the agent hears.
    pub(crate) fn hear(&mut self, block: &[f32; BLOCK], unheard: bool, far: &[f32; BLOCK]) {
        self.listen_for_silence(block);
        let level = decibels(block);
        let far = decibels(far);
        let above = level > (self.room + ABOVE_ROOM).max(LEAST);
        let own = far < FAR_TALKS || level > far - ABOVE_ECHO;
        self.room = level.max(-90.0).min(self.room + ROOM_RISES);
        if self.voice.len() == LOOK {
            self.voice.pop_front();
        }
        self.voice.push_back(above && own);
        self.settle(unheard);
    }

    /// He talks, and nobody hears him.
    pub(crate) fn talking_unheard(&self) -> bool {
        self.talking
    }

    /// A switch or button at the device seems to be off.
    pub(crate) fn switched_off(&self) -> bool {
        self.silent >= SWITCHED_OFF && self.pauses < PAUSES
    }

    fn settle(&mut self, unheard: bool) {
        self.rests = self.rests.saturating_sub(1);
        if !unheard {
            // The next time is another story.
            (self.talking, self.rests) = (false, 0);
            self.voice.clear();
            return;
        }
        let talks = self.voice.iter().filter(|&&voice| voice).count() >= ENOUGH;
        self.quiet = if talks { 0 } else { self.quiet.saturating_add(1) };
        if talks && !self.talking && self.rests == 0 {
            self.talking = true;
        } else if self.talking && self.quiet >= GOES_AFTER {
            (self.talking, self.rests) = (false, AGAIN_AFTER);
        }
    }

    fn listen_for_silence(&mut self, block: &[f32; BLOCK]) {
        if block.iter().all(|sample| sample.abs() < DIGITAL_SILENCE) {
            self.silent = self.silent.saturating_add(1);
            return;
        }
        if self.silent >= PAUSE {
            self.pauses = self.pauses.saturating_add(1);
        }
        self.silent = 0;
    }
}

fn decibels(block: &[f32; BLOCK]) -> f32 {
    let power: f32 = block.iter().filter(|s| s.is_finite()).map(|s| s * s).sum();
    10.0 * (power / BLOCK as f32).max(1e-10).log10()
}

const _: () = assert!(SAMPLE_RATE as usize == 100 * BLOCK, "the counts are of blocks of 10 ms");

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [f32; BLOCK] = [0.0; BLOCK];

    fn tone(amplitude: f32) -> [f32; BLOCK] {
        std::array::from_fn(|i| (i as f32 * 0.05).sin() * amplitude)
    }

    /// Syllables of 200 ms with 60 ms between them.
    fn talk(attention: &mut Attention, blocks: u32, far: &[f32; BLOCK]) {
        for i in 0..blocks {
            let block = if i % 26 < 20 { tone(0.1) } else { tone(0.001) };
            attention.hear(&block, true, far);
        }
    }

    fn rest(attention: &mut Attention, blocks: u32) {
        for _ in 0..blocks {
            attention.hear(&tone(0.001), true, &NOTHING);
        }
    }

    #[test]
    fn talking_while_muted_is_told_once_and_goes_by_itself() {
        let mut attention = Attention::default();
        rest(&mut attention, 100);
        assert!(!attention.talking_unheard());
        talk(&mut attention, 60, &NOTHING);
        assert!(attention.talking_unheard());
        rest(&mut attention, 100);
        assert!(attention.talking_unheard(), "a pause between sentences is no end");
        rest(&mut attention, GOES_AFTER);
        assert!(!attention.talking_unheard());
        talk(&mut attention, 200, &NOTHING);
        assert!(!attention.talking_unheard(), "he has been told");
        rest(&mut attention, AGAIN_AFTER);
        talk(&mut attention, 60, &NOTHING);
        assert!(attention.talking_unheard());
    }

    #[test]
    fn unmuting_takes_the_hint_away_and_muting_again_gives_it_anew() {
        let mut attention = Attention::default();
        rest(&mut attention, 100);
        talk(&mut attention, 60, &NOTHING);
        attention.hear(&tone(0.1), false, &NOTHING);
        assert!(!attention.talking_unheard());
        talk(&mut attention, 60, &NOTHING);
        assert!(attention.talking_unheard());
    }

    #[test]
    fn keys_coughs_and_the_far_sides_echo_are_not_talking() {
        let mut attention = Attention::default();
        rest(&mut attention, 100);
        for _ in 0..20 {
            // 100 ms, twice a second.
            for i in 0..50 {
                attention.hear(&tone(if i < 10 { 0.3 } else { 0.001 }), true, &NOTHING);
            }
            assert!(!attention.talking_unheard());
        }
        talk(&mut attention, 300, &tone(0.5));
        assert!(!attention.talking_unheard());
    }

    #[test]
    fn a_loud_room_is_a_room() {
        let mut attention = Attention::default();
        for i in 0..3_000 {
            attention.hear(&tone(0.05), true, &NOTHING);
            assert!(i < 2_000 || !attention.talking_unheard(), "{i}");
        }
    }

    #[test]
    fn digital_silence_is_a_switch_until_there_is_sound() {
        let mut attention = Attention::default();
        rest(&mut attention, 100);
        for _ in 0..SWITCHED_OFF {
            assert!(!attention.switched_off());
            attention.hear(&NOTHING, false, &NOTHING);
        }
        assert!(attention.switched_off());
        rest(&mut attention, 1);
        assert!(!attention.switched_off());
    }

    #[test]
    fn a_device_that_is_silent_between_words_has_no_switch_off() {
        let mut attention = Attention::default();
        for _ in 0..PAUSES {
            rest(&mut attention, 50);
            (0..PAUSE).for_each(|_| attention.hear(&NOTHING, false, &NOTHING));
        }
        rest(&mut attention, 50);
        (0..2 * SWITCHED_OFF).for_each(|_| attention.hear(&NOTHING, false, &NOTHING));
        assert!(!attention.switched_off());
    }
}
