use super::mouth::Mouth;
use super::{Deed, Party, SECOND, Turn};
use omnibar_media::{BLOCK, Digit, DtmfDetector};
use omnibar_model::Cause;

/// A menu that is heard and answered by keys, which come as telephone events or as
/// tones in the voice.
pub(crate) fn ivr() -> Box<dyn Party> {
    Box::new(Ivr {
        state: State::New,
        mouth: Mouth::default(),
        detector: DtmfDetector::new(),
        last: None,
        quiet: 0,
        repeated: 0,
    })
}

/// ```text
/// New ─▶ Waiting ─connected─▶ Asking ─key─▶ Confirming ─said─▶ Done
///                              ▲   │ nothing, or no choice, three times
///                              └───┴──▶ Parting ─said─▶ Done
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Waiting,
    Asking,
    Confirming(Digit),
    Parting,
    Done,
}

struct Ivr {
    state: State,
    mouth: Mouth,
    detector: DtmfDetector,
    /// The newest key, and the turns since: one that comes both ways counts once.
    last: Option<(Digit, u32)>,
    /// Turns since the menu was over.
    quiet: u32,
    /// How often the menu has been said again.
    repeated: u32,
}

const TIMEOUT: u32 = 5 * SECOND;
const MOST_REPEATED: u32 = 2;
/// Turns in which the same key by the other way is the same press: 0.4 s.
const SAME: u32 = SECOND * 2 / 5;

impl Ivr {
    fn key(&mut self, turn: &Turn<'_>) -> Option<Digit> {
        if let Some((_, turns)) = &mut self.last {
            *turns += 1;
        }
        let sounding = turn.heard.and_then(|block| self.detector.detect(block));
        let digit = turn.digits.first().copied().or(sounding)?;
        let again = self.last.is_some_and(|(last, turns)| last == digit && turns < SAME);
        self.last = Some((digit, 0));
        (!again).then_some(digit)
    }

    fn ask(&mut self, turn: &Turn<'_>) {
        match self.key(turn).map(|digit| (digit, digit.key())) {
            Some((digit, key @ '1'..='2')) => {
                self.mouth.hush();
                self.mouth.say(&format!("ivr/chosen-{key}"));
                self.state = State::Confirming(digit);
            }
            Some((_, '*')) => {
                self.mouth.hush();
                self.say_menu();
            }
            Some(_) => self.again("ivr/wrong"),
            None if !self.mouth.is_still() => self.quiet = 0,
            None => {
                self.quiet += 1;
                if self.quiet >= TIMEOUT {
                    self.again("ivr/again");
                }
            }
        }
    }

    fn say_menu(&mut self) {
        self.quiet = 0;
        self.mouth.say("ivr/menu");
    }

    fn again(&mut self, why: &str) {
        self.mouth.hush();
        if self.repeated >= MOST_REPEATED {
            self.mouth.say("ivr/goodbye");
            self.state = State::Parting;
            return;
        }
        self.repeated += 1;
        self.mouth.say(why);
        self.say_menu();
    }
}

impl Party for Ivr {
    fn turn(&mut self, turn: &Turn<'_>, say: &mut [f32; BLOCK]) -> Option<Deed> {
        let deed = match self.state {
            State::New => {
                self.state = State::Waiting;
                Some(Deed::Up)
            }
            State::Waiting => {
                if turn.connected {
                    self.state = State::Asking;
                    self.say_menu();
                }
                None
            }
            State::Asking => {
                self.ask(turn);
                None
            }
            State::Confirming(digit) if self.mouth.is_still() => {
                self.state = State::Done;
                Some(Deed::Chosen(digit.key().to_string()))
            }
            State::Parting if self.mouth.is_still() => {
                self.state = State::Done;
                Some(Deed::Gone(Cause::NoAnswer))
            }
            State::Confirming(_) | State::Parting | State::Done => None,
        };
        self.mouth.fill(say);
        deed
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{Trial, find};
    use super::*;
    use omnibar_media::tones::{Dtmf, Tone};

    fn connected() -> Trial {
        let mut trial = Trial::new(ivr());
        assert_eq!(trial.run(1.0, "", None).1[0].1, Deed::Up);
        trial.connected = true;
        trial
    }

    #[test]
    fn a_key_interrupts_the_menu_and_is_confirmed() {
        let mut trial = connected();
        let (said, _) = trial.run(3.0, "", None);
        assert!(said.iter().any(|s| s.abs() > 0.1), "the menu is read");
        let (said, deeds) = trial.run(6.0, "2", None);
        assert!(find(&said, "ivr/chosen-2").is_some());
        assert_eq!(deeds.len(), 1);
        assert_eq!(deeds[0].1, Deed::Chosen("2".into()));
    }

    #[test]
    fn a_key_as_tones_is_read_too_and_both_ways_count_once() {
        let mut trial = connected();
        let mut tone = Dtmf::new(Digit::new('2').unwrap(), 100);
        let mut block = [0.0; BLOCK];
        let mut deeds = Vec::new();
        while tone.fill(&mut block) {
            deeds.extend(trial.run(0.01, "2", Some(&block)).1);
        }
        deeds.extend(trial.run(10.0, "", None).1);
        assert_eq!(deeds.len(), 1);
        assert_eq!(deeds[0].1, Deed::Chosen("2".into()));
        let mut by_tone = connected();
        let mut tone = Dtmf::new(Digit::new('1').unwrap(), 100);
        while tone.fill(&mut block) {
            assert_eq!(by_tone.run(0.01, "", Some(&block)).1, []);
        }
        assert_eq!(by_tone.run(10.0, "", None).1[0].1, Deed::Chosen("1".into()));
    }

    #[test]
    fn silence_is_answered_twice_and_then_by_goodbye() {
        let mut trial = connected();
        let (said, deeds) = trial.run(90.0, "", None);
        assert!(find(&said, "ivr/again").is_some() && find(&said, "ivr/goodbye").is_some());
        assert_eq!(deeds.len(), 1);
        assert_eq!(deeds[0].1, Deed::Gone(Cause::NoAnswer));
    }

    #[test]
    fn a_wrong_key_is_told_and_the_menu_read_again() {
        let mut trial = connected();
        trial.run(1.0, "", None);
        let (said, _) = trial.run(20.0, "9", None);
        assert!(find(&said, "ivr/wrong").unwrap() < find(&said, "ivr/menu").unwrap());
        assert_eq!(trial.run(10.0, "1", None).1[0].1, Deed::Chosen("1".into()));
    }
}
