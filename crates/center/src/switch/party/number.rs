use super::customer::Customer;
use super::{Deed, Party, SECOND, Scripts, Turn};
use omnibar_media::BLOCK;
use omnibar_model::{Cause, PhoneNumber};

/// Who is behind a number of the demo's telephone network, +1 555 0100 to 0199.
/// Everything else cannot be reached: no trunk leads there.
pub(crate) fn number(number: &PhoneNumber, scripts: &Scripts) -> Box<dyn Party> {
    let last = last_digits(number);
    let behaviour = match last {
        Some(which @ 0..50) => Behaviour::Answers(scripts.called(which)),
        Some(50..70) => Behaviour::Busy,
        Some(70..90) => Behaviour::RingsForEver,
        Some(_) | None => Behaviour::Unreachable,
    };
    Box::new(Number { behaviour, turns: 0 })
}

struct Number {
    behaviour: Behaviour,
    /// Since dialled; of a call that is over, no more are counted.
    turns: u32,
}

enum Behaviour {
    Answers(Customer),
    Busy,
    RingsForEver,
    Unreachable,
    Over,
}

/// Turns from dialling to the first ring, and to the answer after two rings.
const SETUP: u32 = SECOND / 5;
const ANSWER: u32 = SETUP + 4 * SECOND;

impl Party for Number {
    fn turn(&mut self, turn: &Turn<'_>, say: &mut [f32; BLOCK]) -> Option<Deed> {
        self.turns = self.turns.saturating_add(1);
        let failed = match &mut self.behaviour {
            Behaviour::Answers(customer) if self.turns >= ANSWER => {
                return customer.turn(turn, say);
            }
            Behaviour::Answers(_) | Behaviour::RingsForEver => {
                return (self.turns == SETUP).then_some(Deed::Ringing);
            }
            Behaviour::Busy if self.turns == SETUP => Cause::Busy,
            Behaviour::Unreachable => Cause::Unreachable,
            Behaviour::Busy | Behaviour::Over => return None,
        };
        self.behaviour = Behaviour::Over;
        Some(Deed::Gone(failed))
    }
}

/// The last two digits of a number of the demo network, with or without the country.
fn last_digits(number: &PhoneNumber) -> Option<usize> {
    let digits = number.as_str();
    let national = digits.strip_prefix("+1").or(digits.strip_prefix('1')).unwrap_or(digits);
    let last = national.strip_prefix("55501").filter(|last| last.len() == 2)?;
    last.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::trial::{Trial, find};
    use super::*;

    fn dial(text: &str) -> Trial {
        Trial::new(number(&PhoneNumber::parse(text).unwrap(), &Scripts::default()))
    }

    #[test]
    fn numbers_behave_as_the_plan_says() {
        let gone = |cause| vec![Deed::Gone(cause)];
        for (text, expected) in [
            ("+15550150", gone(Cause::Busy)),
            ("+1 555 0100", vec![Deed::Ringing, Deed::Up]),
            ("555 0149", vec![Deed::Ringing, Deed::Up]),
            ("+15550160", gone(Cause::Busy)),
            ("15550169", gone(Cause::Busy)),
            ("+15550170", vec![Deed::Ringing]),
            ("+15550189", vec![Deed::Ringing]),
            ("+15550190", gone(Cause::Unreachable)),
            ("+15550199", gone(Cause::Unreachable)),
            ("+15550200", gone(Cause::Unreachable)),
            ("+155501001", gone(Cause::Unreachable)),
            ("*#", gone(Cause::Unreachable)),
        ] {
            let (_, deeds) = dial(text).run(60.0, "", None);
            let deeds: Vec<Deed> = deeds.into_iter().map(|(_, deed)| deed).collect();
            assert_eq!(deeds, expected, "{text}");
        }
    }

    #[test]
    fn whoever_answers_says_hello() {
        let mut trial = dial("+15550101");
        let (_, deeds) = trial.run(6.0, "", None);
        assert!((3.0..6.0).contains(&deeds[1].0), "answers after {} s", deeds[1].0);
        trial.connected = true;
        let (said, _) = trial.run(4.0, "", None);
        assert!(find(&said, "tobin/hello").is_some());
    }
}
