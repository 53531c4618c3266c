use super::{Board, Kind, Leg, Micros, Work};
use crate::switch::party::{self, Party};
use crate::switch::recording::Tap;
use crate::switch::{LegStatus, Reply, SwitchCommand, Target};
use omnibar_media::Digit;
use omnibar_model::LegId;
use std::path::PathBuf;
use tokio::sync::oneshot;

pub(crate) const MOST_LEGS: usize = 500;
/// More would not understand each other, and each costs a decoder and an encoder.
pub(crate) const MOST_IN_BRIDGE: usize = 32;
/// Bytes in a bridge's name.
const LONGEST_NAME: usize = 128;
const MOST_DIGITS: usize = 64;

impl Board {
    pub(super) fn order(
        &mut self,
        now: Micros,
        command: SwitchCommand,
        reply: oneshot::Sender<Reply>,
    ) {
        let result = match command {
            SwitchCommand::Record { leg, file: Some(file) } => {
                // The recorder answers when the file is there.
                return self.record(now, &leg, file, reply);
            }
            SwitchCommand::Record { leg, file: None } => self.key(&leg).map(|key| {
                if let Some(leg) = self.legs.get_mut(&key) {
                    leg.tap = None;
                }
            }),
            SwitchCommand::PauseRecording { leg, on } => self.pause_recording(&leg, on),
            SwitchCommand::Monitor { leg, of, whisper } => {
                self.order_monitor(now, &leg, of.as_ref(), whisper)
            }
            SwitchCommand::Peer { .. } | SwitchCommand::Candidate { .. } => {
                Err("Only a connection takes offers and candidates.".into())
            }
            SwitchCommand::Customer { leg, script } => self.add_customer(now, leg, &script),
            SwitchCommand::Dial { leg, target } => self.dial(now, leg, &target),
            SwitchCommand::Close { leg } => {
                if let Some(&key) = self.names.get(&leg) {
                    self.remove(now, key);
                }
                Ok(())
            }
            SwitchCommand::Connect { bridge, legs } => self.order_connect(now, &bridge, &legs),
            SwitchCommand::Feed { leg, feed } => self.key(&leg).map(|key| {
                if let Some(leg) = self.legs.get_mut(&key) {
                    leg.set_feed(feed);
                }
            }),
            SwitchCommand::Echo { leg, on } => self.key(&leg).map(|key| {
                if let Some(leg) = self.legs.get_mut(&key) {
                    leg.set_echo(on);
                }
            }),
            SwitchCommand::Digits { leg, digits } => self.send_digits(&leg, &digits),
            SwitchCommand::List => {
                // Whoever asked may have given up.
                let _ = reply.send(self.list());
                return;
            }
        };
        let _ = reply.send(match result {
            Ok(()) => Reply::Done,
            Err(message) => Reply::Refused { message },
        });
    }

    /// The leg's key, new or, for a connection, that which it has.
    pub(super) fn open(&mut self, now: Micros, leg: LegId, kind: Kind) -> Result<u64, String> {
        if self.names.contains_key(&leg) {
            return Err(format!("The leg {leg} exists already as another party. Close it first."));
        }
        if self.legs.len() >= MOST_LEGS {
            return Err(format!(
                "The switch has {MOST_LEGS} legs, and that is the most. Try again when a call has ended."
            ));
        }
        let key = self.next_key;
        self.next_key += 1;
        let seed = self.around.seed.wrapping_add(key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        self.names.insert(leg.clone(), key);
        self.legs.insert(key, Leg::new(leg, kind, seed, now));
        Ok(key)
    }

    /// Takes the leg out of everything.
    pub(super) fn remove(&mut self, now: Micros, key: u64) -> Option<LegId> {
        self.end_monitors_with(key);
        self.leave_bridge(now, key);
        let leg = self.legs.remove(&key)?;
        self.names.remove(&leg.id);
        if matches!(leg.kind, Kind::Party { .. }) {
            self.around.studio.order(Work::Leave { key });
        }
        Some(leg.id)
    }

    pub(super) fn key(&self, leg: &LegId) -> Result<u64, String> {
        self.names.get(leg).copied().ok_or_else(|| {
            format!("There is no leg {leg}: it has ended. Ask for the list of legs.")
        })
    }

    fn add_customer(&mut self, now: Micros, leg: LegId, script: &str) -> Result<(), String> {
        let party = self.around.scripts.caller(script)?;
        self.add_party(now, leg, format!("customer {script}"), party)
    }

    fn dial(&mut self, now: Micros, leg: LegId, target: &Target) -> Result<(), String> {
        let (made_of, party) = match target {
            Target::Number(number) => {
                (format!("number {number}"), party::number(number, &self.around.scripts))
            }
            Target::Ivr(ivr) => (format!("ivr {ivr}"), party::ivr()),
        };
        self.add_party(now, leg, made_of, party)
    }

    fn add_party(
        &mut self,
        now: Micros,
        id: LegId,
        made_of: String,
        party: Box<dyn Party>,
    ) -> Result<(), String> {
        if let Some(leg) = self.names.get(&id).and_then(|key| self.legs.get(key))
            && matches!(&leg.kind, Kind::Party { made_of: present } if *present == made_of)
        {
            return Ok(());
        }
        let key = self.open(now, id.clone(), Kind::Party { made_of })?;
        if let Some(leg) = self.legs.get_mut(&key) {
            leg.exit = Some(Box::new(self.around.studio.exit(key)));
            if let Some(folder) = &self.around.record_customers {
                let file = folder.join(file_name(&id));
                leg.diary = Some(Tap::open(&self.around.recorder, file, now, None));
            }
        }
        self.around.studio.order(Work::Seat { key, party });
        Ok(())
    }

    fn order_connect(&mut self, now: Micros, bridge: &str, legs: &[LegId]) -> Result<(), String> {
        if bridge.is_empty() || bridge.len() > LONGEST_NAME {
            return Err(format!("The name of a bridge has 1 to {LONGEST_NAME} bytes."));
        }
        if legs.len() > MOST_IN_BRIDGE {
            return Err(format!(
                "A conference has at most {MOST_IN_BRIDGE} parties, not {}.",
                legs.len()
            ));
        }
        let mut keys = Vec::with_capacity(legs.len());
        for leg in legs {
            let key = self.key(leg)?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        self.connect(now, bridge, keys);
        Ok(())
    }

    fn send_digits(&mut self, leg: &LegId, digits: &str) -> Result<(), String> {
        let key = self.key(leg)?;
        if digits.len() > MOST_DIGITS {
            return Err(format!("At most {MOST_DIGITS} digits can be sent at once."));
        }
        let digits: Vec<Digit> = digits
            .chars()
            .map(|c| Digit::new(c).ok_or("Digits are 0 to 9, *, # and A to D."))
            .collect::<Result<_, _>>()?;
        let Some(leg) = self.legs.get_mut(&key) else { return Ok(()) };
        match leg.kind {
            Kind::Party { .. } => {
                for digit in digits {
                    self.around.studio.order(Work::Digit { key, digit });
                }
            }
            Kind::Peer { .. } => {
                if !digits.into_iter().all(|digit| leg.press(digit)) {
                    return Err("Too many digits are waiting to be sent. Wait a moment.".into());
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, now: Micros, leg: &LegId, file: PathBuf, reply: oneshot::Sender<Reply>) {
        let answer = match self.key(leg) {
            Ok(key) => match self.legs.get_mut(&key) {
                Some(leg) if leg.tap.as_ref().is_some_and(|tap| tap.file() == file) => Reply::Done,
                Some(leg) => {
                    leg.tap = Some(Tap::open(&self.around.recorder, file, now, Some(reply)));
                    return;
                }
                None => Reply::Done,
            },
            Err(message) => Reply::Refused { message },
        };
        let _ = reply.send(answer);
    }

    fn pause_recording(&mut self, leg: &LegId, on: bool) -> Result<(), String> {
        let key = self.key(leg)?;
        match self.legs.get_mut(&key).and_then(|leg| leg.tap.as_mut()) {
            Some(tap) => {
                tap.pause(on);
                Ok(())
            }
            None => Err(format!("The leg {leg} is not being recorded.")),
        }
    }

    fn list(&self) -> Reply {
        Reply::Legs {
            legs: self
                .names
                .iter()
                .filter_map(|(id, key)| {
                    let leg = self.legs.get(key)?;
                    Some(LegStatus { leg: id.clone(), up: leg.up, arrival: None })
                })
                .collect(),
            bridges: self.bridge_list(),
        }
    }
}

/// A leg's id as the name of a file, whatever it is made of.
fn file_name(leg: &LegId) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    format!("{}.wav", leg.as_str().chars().map(safe).collect::<String>())
}
