use super::mouth::Mouth;
use super::{Deed, Party, SECOND, Script, Turn, is_loud};
use omnibar_media::{BLOCK, Digit};
use omnibar_model::Cause;

/// A demo customer. He says what he wants when somebody answers, goes on when nobody
/// speaks, tells which key he heard, thanks for holding, and hangs up in the end.
///
/// ```text
/// calling ─▶ Waiting ─connected─▶ Talking ◀──▶ Holding
///               │                    │ enough said
///               ▼ patience over      ▼
///              Gone ◀─────────── Parting
/// ```
pub(super) struct Customer {
    script: Script,
    mouth: Mouth,
    state: State,
    /// He has called, rather than been called.
    calls: bool,
    /// Turns in the queue, of talk, and since anybody was heard or spoke.
    waited: u32,
    talked: u32,
    quiet: u32,
    fillers: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Waiting,
    Talking,
    Holding,
    Parting,
    Gone,
}

/// Turns of silence after which he speaks again: 4 s.
const PATIENCE: u32 = 4 * SECOND;
/// Turns before he speaks when somebody answers: 0.3 s.
const BREATH: u32 = SECOND * 3 / 10;

impl Customer {
    pub(super) fn calling(script: Script) -> Self {
        Self::new(script, true)
    }

    pub(super) fn called(script: Script) -> Self {
        Self::new(script, false)
    }

    fn new(script: Script, calls: bool) -> Self {
        Self {
            script,
            mouth: Mouth::default(),
            state: State::New,
            calls,
            waited: 0,
            talked: 0,
            quiet: 0,
            fillers: 0,
        }
    }

    fn say(&mut self, clip: &str) {
        self.mouth.say(&format!("{}/{clip}", self.script.voice));
    }

    fn repeat_digits(&mut self, digits: &[Digit]) {
        for digit in digits {
            match digit.key() {
                '*' => self.say("digit-star"),
                '#' => self.say("digit-hash"),
                key @ '0'..='9' => self.say(&format!("digit-{key}")),
                // A to D are on no telephone that a customer has seen.
                _ => {}
            }
        }
    }

    fn begin(&mut self) -> Option<Deed> {
        self.state = State::Waiting;
        Some(Deed::Up)
    }

    fn wait(&mut self, turn: &Turn<'_>) -> Option<Deed> {
        self.waited += 1;
        if turn.connected {
            self.quiet += 1;
            if self.quiet >= BREATH {
                self.state = State::Talking;
                self.quiet = 0;
                self.say(if self.calls { "opening" } else { "hello" });
            }
            return None;
        }
        let tired = self.script.leaves_queue_after.is_some_and(|s| self.waited >= s * SECOND);
        if tired {
            self.state = State::Gone;
        }
        tired.then_some(Deed::Gone(Cause::Abandoned))
    }

    fn talk(&mut self, turn: &Turn<'_>) {
        self.talked += 1;
        if !turn.connected {
            self.mouth.hush();
            self.state = State::Holding;
            self.quiet = 0;
            return;
        }
        self.repeat_digits(turn.digits);
        let heard = turn.heard.is_some_and(is_loud);
        self.quiet = if heard || !self.mouth.is_still() { 0 } else { self.quiet + 1 };
        let enough = self.script.hangs_up_after.is_some_and(|s| self.talked >= s * SECOND);
        if enough && self.mouth.is_still() {
            self.state = State::Parting;
            self.say("goodbye");
        } else if self.quiet >= PATIENCE {
            self.quiet = 0;
            self.fillers = self.fillers % 3 + 1;
            self.say(&format!("filler-{}", self.fillers));
        }
    }

    fn hold(&mut self, turn: &Turn<'_>) {
        self.quiet = if turn.connected { self.quiet + 1 } else { 0 };
        if self.quiet >= BREATH {
            self.state = State::Talking;
            self.quiet = 0;
            self.say("holding");
        }
    }
}

impl Party for Customer {
    fn turn(&mut self, turn: &Turn<'_>, say: &mut [f32; BLOCK]) -> Option<Deed> {
        let deed = match self.state {
            State::New => self.begin(),
            State::Waiting => self.wait(turn),
            State::Talking => {
                self.talk(turn);
                None
            }
            State::Holding => {
                self.hold(turn);
                None
            }
            State::Parting if self.mouth.is_still() => {
                self.state = State::Gone;
                Some(Deed::Gone(Cause::CustomerHungUp))
            }
            State::Parting | State::Gone => None,
        };
        self.mouth.fill(say);
        deed
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scripts;
    use super::super::trial::{Trial, find};
    use super::*;

    const LOUD: [f32; BLOCK] = [0.1; BLOCK];

    #[test]
    fn speaks_reacts_thanks_and_hangs_up() {
        let mut trial = Trial::new(Scripts::default().caller("billing:40").unwrap());
        let (said, deeds) = trial.run(2.0, "", None);
        assert_eq!(deeds.len(), 1);
        assert_eq!(deeds[0].1, Deed::Up);
        assert!(said.iter().all(|s| *s == 0.0));

        trial.connected = true;
        let (said, _) = trial.run(10.0, "", Some(&LOUD));
        let opening = find(&said, "tobin/opening").unwrap();
        assert!(opening < 48_000 / 2, "speaks within half a second, not after {opening} samples");
        assert_eq!(find(&said, "tobin/filler-1"), None, "does not interrupt");

        let (said, _) = trial.run(8.0, "", None);
        assert!(find(&said, "tobin/filler-1").is_some(), "goes on when nobody speaks");

        let (said, _) = trial.run(4.0, "5#", Some(&LOUD));
        let (five, hash) = (find(&said, "tobin/digit-5"), find(&said, "tobin/digit-hash"));
        assert!(five.unwrap() < hash.unwrap());

        trial.connected = false;
        let (said, _) = trial.run(5.0, "", Some(&LOUD));
        assert!(said.iter().all(|s| *s == 0.0), "does not talk to the music");
        trial.connected = true;
        let (said, _) = trial.run(3.0, "", Some(&LOUD));
        assert!(find(&said, "tobin/holding").is_some());

        let (said, deeds) = trial.run(30.0, "", Some(&LOUD));
        assert!(find(&said, "tobin/goodbye").is_some());
        assert_eq!(deeds.len(), 1);
        assert_eq!(deeds[0].1, Deed::Gone(Cause::CustomerHungUp));
    }

    #[test]
    fn leaves_a_queue_that_takes_too_long_and_the_patient_never() {
        let mut trial = Trial::new(Scripts::default().caller("impatient").unwrap());
        let (_, deeds) = trial.run(20.0, "", Some(&LOUD));
        assert_eq!(deeds.last().unwrap().1, Deed::Gone(Cause::Abandoned));
        let mut trial = Trial::new(Scripts::default().caller("patient").unwrap());
        assert_eq!(trial.run(600.0, "", Some(&LOUD)).1.len(), 1);
        trial.connected = true;
        assert_eq!(trial.run(600.0, "", Some(&LOUD)).1.len(), 0);
    }

    #[test]
    fn unknown_scripts_are_refused_with_the_names_of_the_known() {
        for text in ["", "nobody", "billing:", "billing:0", "billing:99999999999"] {
            assert!(Scripts::default().caller(text).is_err(), "{text}");
        }
        let Err(message) = Scripts::default().caller("nobody") else { panic!("taken") };
        assert!(message.contains("patient"));
    }
}
