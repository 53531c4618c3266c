//! What the agent wants.

use super::calls::{Call, Side};
use super::seat::{Seat, Telephone, Wait, fresh_id};
use crate::sip::words;
use omnibar_desk::Order;
use omnibar_model::{
    Cause, CommandId, Destination, Direction, InteractionId, LegId, Party, PartyKind, PhoneNumber,
    Presence,
};
use omnibar_sip::{CallNumber, Digit, Refusal, Uri};

const GONE: &str = "There is no such call.";
const NUMBERS_ONLY: &str = "A telephone system is called by number only. Choose a number.";
const BAD_NUMBER: &str = "This number cannot be called. Check it, then try again.";
const HELD: &str = "This call is on hold. Resume it, then try again.";
const NOBODY_ASKED: &str = "The other party has not answered yet. Wait for it, then try again.";
const NOBODY_TO_JOIN: &str = "There is nobody to bring in. Ask somebody first, then try again.";
const NOT_HERE: &str = "Only a contact centre does this.";

/// Done; or it is answered later, by what waits.
type Done = Result<Option<Wait>, &'static str>;

impl<T: Telephone> Seat<T> {
    /// Answered exactly once.
    pub(super) fn order(&mut self, command: CommandId, order: Order) {
        match self.perform(order) {
            Ok(Some(wait)) => self.wait(command, wait),
            Ok(None) => self.answer(command, Ok(())),
            Err(why) => self.answer(command, Err(why.to_owned())),
        }
    }

    fn perform(&mut self, order: Order) -> Done {
        match order {
            Order::Choose { .. } => {
                self.chosen();
                Ok(None)
            }
            Order::SetPresence { presence } => {
                self.set_presence(presence);
                Ok(None)
            }
            Order::Dial { number, .. } => self.dial(&number),
            Order::Accept { interaction } => {
                let call = self.call(&interaction).filter(|call| call.is_offered()).ok_or(GONE)?;
                self.phone.answer(call.main.number);
                Ok(None)
            }
            Order::Reject { interaction } => {
                let call = self.call_mut(&interaction).filter(|c| c.is_offered()).ok_or(GONE)?;
                call.ending = Some(Cause::Rejected);
                let number = call.main.number;
                // Busy, not declined: what another phone or a mail box may follow (RFC 3261
                // section 21.6.4).
                self.phone.reject(number, true);
                Ok(None)
            }
            Order::Hold { interaction, leg } => {
                let (number, held) = self.talking(&interaction, leg.as_ref())?;
                if held {
                    return Ok(None);
                }
                self.set_apart(number, true);
                self.phone.hold(number);
                Ok(Some(Wait::Held(number)))
            }
            Order::Resume { interaction, leg } => {
                let (number, held) = self.talking(&interaction, leg.as_ref())?;
                self.set_apart(number, false);
                self.talk_again(&interaction, number);
                Ok(held.then_some(Wait::Resumed(number)))
            }
            Order::Dtmf { interaction, digits } => self.press(&interaction, &digits),
            Order::Transfer { interaction, to } => {
                let to = self.address(&to)?;
                let (number, _) = self.talking(&interaction, None)?;
                self.phone.transfer(number, to);
                Ok(Some(Wait::Transferred(number)))
            }
            Order::Consult { interaction, to } => self.consult(&interaction, to),
            Order::Complete { interaction } => {
                let call = self.call(&interaction).ok_or(GONE)?;
                let asked = call.asked.as_ref().filter(|a| a.answered).ok_or(NOBODY_ASKED)?;
                let (main, asked) = (call.main.number, asked.number);
                self.phone.join(main, asked);
                Ok(Some(Wait::Transferred(main)))
            }
            Order::Drop { interaction, leg } => {
                let call = self.call(&interaction).ok_or(GONE)?;
                let number = call.side(Some(&leg)).ok_or(GONE)?.number;
                if let Some(call) = self.call_mut(&interaction).filter(|c| c.main.number == number)
                {
                    // The others stay.
                    call.ending = Some(Cause::Dropped);
                }
                self.phone.hang_up(number);
                Ok(None)
            }
            Order::End { interaction } => self.end(&interaction),
            Order::Note { interaction, note } => {
                match self.call_mut(&interaction) {
                    Some(call) => call.note = note,
                    None => self.book.note(&interaction, note),
                }
                Ok(None)
            }
            Order::Measured { interaction, record } => {
                self.book.measured(&interaction, record);
                Ok(None)
            }
            Order::Conference { interaction } => self.confer(&interaction),
            Order::Chat { .. }
            | Order::Dispose { .. }
            | Order::Callback { .. }
            | Order::Record { .. }
            | Order::Monitor { .. }
            | Order::StopMonitoring => Err(NOT_HERE),
        }
    }

    fn set_presence(&mut self, presence: Presence) {
        if self.calls.is_empty() {
            (self.presence, self.next) = (presence, None);
        } else {
            self.next = Some(presence).filter(|next| *next != self.presence);
        }
    }

    fn dial(&mut self, number: &PhoneNumber) -> Done {
        let to = self.address(&Destination::Number(number.clone()))?;
        let side = self.call_out(number, to, PartyKind::Customer);
        self.begin(Direction::Outbound, side);
        Ok(None)
    }

    /// A new call of the agent's.
    pub(super) fn begin(&mut self, direction: Direction, main: Side) -> &mut Call {
        self.calls.push(Call {
            id: fresh_id(),
            direction,
            main,
            asked: None,
            joined: Vec::new(),
            gone: Vec::new(),
            diverted: Vec::new(),
            began: self.now,
            began_at: self.wall,
            connected_at: None,
            ending: None,
            note: String::new(),
            shown: None,
        });
        let last = self.calls.len() - 1;
        &mut self.calls[last]
    }

    fn call_out(&mut self, number: &PhoneNumber, to: Uri, kind: PartyKind) -> Side {
        let name = self.book.name(number).unwrap_or_default();
        let party = Party { kind, name, number: Some(number.clone()) };
        let leg = self.leg();
        Side::new(self.phone.call(to), leg, party)
    }

    fn consult(&mut self, interaction: &InteractionId, to: Destination) -> Done {
        let address = self.address(&to)?;
        let Destination::Number(number) = &to else { return Err(NUMBERS_ONLY) };
        self.call(interaction).filter(|call| call.asked.is_none()).ok_or(GONE)?;
        let side = self.call_out(number, address, PartyKind::External);
        let call = self.call_mut(interaction).ok_or(GONE)?;
        call.asked = Some(Side { destination: Some(to), ..side });
        Ok(None)
    }

    fn end(&mut self, interaction: &InteractionId) -> Done {
        let call = self.call_mut(interaction).ok_or(GONE)?;
        call.ending = Some(Cause::AgentHungUp);
        let numbers: Vec<CallNumber> = call.sides().map(|side| side.number).collect();
        for number in numbers {
            self.phone.hang_up(number);
        }
        Ok(None)
    }

    /// Brings whoever is asked, and all who were in the conversation before, together with
    /// the agent.
    fn confer(&mut self, interaction: &InteractionId) -> Done {
        let call = self.call(interaction).ok_or(GONE)?;
        let asked = call.asked.as_ref().ok_or(NOBODY_TO_JOIN)?;
        if !asked.answered || !call.main.answered {
            return Err(NOBODY_ASKED);
        }
        let asked = asked.number;
        if !call.is_conference() {
            let main = call.main.number;
            self.set_apart(main, false);
        }
        self.set_apart(asked, false);
        let call = self.call(interaction).ok_or(GONE)?;
        // Whoever has the headset stays with it, and the others come.
        let everybody: Vec<CallNumber> = call.members().chain([asked]).collect();
        let with = self.active.filter(|active| everybody.contains(active));
        if with.is_none() {
            self.phone.resume(asked);
        }
        let with = with.unwrap_or(asked);
        for number in everybody.into_iter().filter(|number| *number != with) {
            self.phone.bring_in(number);
        }
        Ok(Some(Wait::Joined(asked)))
    }

    /// Takes the headset back to a call that was held, and all who were in one conversation
    /// with it.
    fn talk_again(&self, interaction: &InteractionId, number: CallNumber) {
        let Some(call) = self.call(interaction).filter(|call| call.is_conference()) else {
            return self.phone.resume(number);
        };
        let others: Vec<CallNumber> = call.members().filter(|other| *other != number).collect();
        if call.asked.as_ref().is_some_and(|asked| asked.number == number) {
            return self.phone.resume(number);
        }
        if self.active.is_some_and(|active| others.contains(&active)) {
            return self.phone.bring_in(number);
        }
        self.phone.resume(number);
        others.into_iter().for_each(|other| self.phone.bring_in(other));
    }

    fn set_apart(&mut self, number: CallNumber, apart: bool) {
        if let Some(side) = self.side_mut(number) {
            side.apart = apart;
        }
    }

    /// Into the voice of whoever hears the agent.
    fn press(&self, interaction: &InteractionId, digits: &str) -> Done {
        let call = self.call(interaction).ok_or(GONE)?;
        let side = call.sides().find(|side| Some(side.number) == self.active).ok_or(HELD)?;
        for key in digits.chars() {
            if side.keys {
                self.handset.press(key);
            } else if let Some(digit) = Digit::new(key) {
                self.phone.press(side.number, digit);
            }
        }
        Ok(None)
    }

    /// With whether it is held.
    fn talking(
        &self,
        interaction: &InteractionId,
        leg: Option<&LegId>,
    ) -> Result<(CallNumber, bool), &'static str> {
        let side = self.call(interaction).and_then(|call| call.side(leg)).ok_or(GONE)?;
        if !side.answered {
            return Err(words::refusal(Refusal::NotNow));
        }
        Ok((side.number, side.held))
    }

    fn address(&self, to: &Destination) -> Result<Uri, &'static str> {
        let Destination::Number(number) = to else { return Err(NUMBERS_ONLY) };
        Uri::dialled(number.as_str(), &self.domain).map_err(|_| BAD_NUMBER)
    }
}
