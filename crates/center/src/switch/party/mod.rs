//! The parties that live in the switch: demo customers who call in, numbers that can be
//! called, and the IVR. Each is a machine that lives in turns of 10 ms and knows no
//! clock.

mod customer;
mod ivr;
mod mouth;
mod number;
mod script;

pub(crate) use ivr::ivr;
pub(crate) use number::number;
pub use script::{Script, Scripts};

use omnibar_media::{BLOCK, Digit};
use omnibar_model::Cause;

/// What 10 ms bring to a party.
pub(crate) struct Turn<'a> {
    /// `None`: nothing comes.
    pub(crate) heard: Option<&'a [f32; BLOCK]>,
    pub(crate) digits: &'a [Digit],
    /// Somebody is in a bridge with this party.
    pub(crate) connected: bool,
}

/// What a party does besides speaking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Ringing,
    Up,
    Chosen(String),
    Gone(Cause),
}

pub(crate) trait Party: Send {
    /// 10 ms pass. `say` is silence when it comes in.
    fn turn(&mut self, turn: &Turn<'_>, say: &mut [f32; BLOCK]) -> Option<Deed>;
}

/// Turns in a second.
pub(crate) const SECOND: u32 = 100;

/// Whether somebody speaks in this block, or plays: −46 dBFS and more.
fn is_loud(block: &[f32; BLOCK]) -> bool {
    block.iter().map(|sample| sample * sample).sum::<f32>() / BLOCK as f32 > 2.5e-5
}

#[cfg(test)]
pub(crate) mod trial {
    //! A conversation with a party without a network.
    use super::*;

    pub(crate) struct Trial {
        party: Box<dyn Party>,
        pub(crate) connected: bool,
        pub(crate) seconds: f32,
    }

    impl Trial {
        pub(crate) fn new(party: Box<dyn Party>) -> Self {
            Self { party, connected: false, seconds: 0.0 }
        }

        /// Lets time pass until a deed is done; the samples said.
        pub(crate) fn run(
            &mut self,
            seconds: f32,
            digits: &str,
            heard: Option<&[f32; BLOCK]>,
        ) -> (Vec<f32>, Vec<(f32, Deed)>) {
            let mut said = Vec::new();
            let mut deeds = Vec::new();
            let mut digits: Vec<Digit> = digits.chars().map(|c| Digit::new(c).unwrap()).collect();
            for _ in 0..(seconds * SECOND as f32) as u32 {
                let turn = Turn { heard, digits: &digits, connected: self.connected };
                let mut say = [0.0; BLOCK];
                self.seconds += 0.01;
                deeds.extend(self.party.turn(&turn, &mut say).map(|deed| (self.seconds, deed)));
                said.extend(say);
                digits.clear();
            }
            (said, deeds)
        }
    }

    /// Whether `said` has this clip, sample for sample, and where.
    pub(crate) fn find(said: &[f32], name: &str) -> Option<usize> {
        let clip = crate::switch::speech::clip(name);
        assert!(!clip.is_empty(), "no clip {name}");
        let middle = clip.len() / 2;
        let part: Vec<f32> = clip[middle..middle + 2_000].iter().map(|&s| mouth(s)).collect();
        said.windows(part.len())
            .position(|window| window == part)
            .map(|at| at.saturating_sub(middle))
    }

    fn mouth(sample: i16) -> f32 {
        f32::from(sample) / 32_768.0
    }
}
