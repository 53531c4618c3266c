//! Who is in the conversation that the headset is in, where they are several.

use super::call::Call;
use super::connection::Listener;
use super::room::Room;
use super::task::Task;
use super::{PhoneEvent, VoiceFault};
use crate::voice::Exit;
use omnibar_media::Codec;
use omnibar_sip::CallNumber;

impl Task {
    /// Brings a call that waits into the conversation. One that cannot be is left as it is,
    /// and that is told.
    pub(super) fn bring_in(&mut self, number: CallNumber) {
        let can = |number: &CallNumber| {
            self.calls.get(number).is_some_and(|call| {
                call.is_talking() && call.told.is_some() && (call.in_room || call.parked.is_some())
            })
        };
        if self.active == Some(number) || self.is_in_room(number) {
            return;
        }
        let talks = |call: &Call| call.is_talking() && call.told.is_some();
        let active = self.active.filter(|active| self.calls.get(active).is_some_and(talks));
        let Some(active) = active.filter(|_| can(&number)) else {
            return self.tell(PhoneEvent::NoVoice { call: number, fault: VoiceFault::NotUp });
        };
        if self.room.is_none() {
            match Room::open(self.voice.clone(), self.post.clone()) {
                Ok(room) => self.room = Some(room),
                Err(error) => {
                    let fault = VoiceFault::NoMixing(error.to_string());
                    return self.tell(PhoneEvent::NoVoice { call: number, fault });
                }
            }
            let door = self.room.as_ref().map(|room| room.door(None));
            let way = self.voice.switch(door.map(Exit::Room)).and_then(Exit::into_way);
            if let Some(call) = self.calls.get_mut(&active) {
                call.parked = way;
            }
            self.enter(active);
        }
        self.enter(number);
        self.hold(number, false);
        self.tell_conference();
    }

    /// The way of the call that has the headset has come back from a conference, while
    /// another one may have begun.
    pub(super) fn way_is_back(&mut self, number: CallNumber) {
        if self.room.is_none() {
            return self.unpark();
        }
        self.enter(number);
        self.tell_conference();
    }

    /// The far side of a call has gone over to another codec.
    pub(super) fn recode(&self, number: CallNumber, codec: Codec) {
        if let Some(room) = self.room.as_ref().filter(|_| self.is_in_room(number)) {
            room.change(number, codec);
        }
    }

    fn is_in_room(&self, number: CallNumber) -> bool {
        self.calls.get(&number).is_some_and(|call| call.in_room)
    }

    fn enter(&mut self, number: CallNumber) {
        let (Some(room), Some(call)) = (&self.room, self.calls.get_mut(&number)) else { return };
        let codec = call.agreed().map_or(Codec::Opus, |agreed| agreed.codec);
        let Some(way) = call.parked.take() else { return };
        room.join(number, way, codec);
        call.in_room = true;
        call.listen(Listener::Room(room.door(Some(number))));
    }

    /// Takes a call out of the conversation; with two left there is no conference any more,
    /// and the one who stays has the headset alone.
    pub(super) fn take_out(&mut self, number: CallNumber) {
        if !self.is_in_room(number) {
            return;
        }
        self.exit(number);
        let members = self.members();
        if self.active == Some(number) {
            self.active = members.first().copied();
            self.tell(PhoneEvent::Active(self.active));
        }
        if let [last] = members[..] {
            self.close_room();
            if let Some(call) = self.calls.get_mut(&last) {
                call.listen(Listener::Headset);
            }
        }
        self.tell_conference();
    }

    /// Everybody leaves; they are to be held by whoever does this.
    pub(super) fn break_up(&mut self) -> Vec<CallNumber> {
        let members = self.members();
        if self.room.is_some() {
            self.close_room();
            self.tell_conference();
        }
        members
    }

    fn close_room(&mut self) {
        self.voice.switch(None);
        for number in self.members() {
            self.exit(number);
        }
        self.room = None;
    }

    fn exit(&mut self, number: CallNumber) {
        let (Some(room), Some(call)) = (&self.room, self.calls.get_mut(&number)) else { return };
        room.leave(number);
        call.in_room = false;
        call.listen(Listener::Nobody);
    }

    fn members(&self) -> Vec<CallNumber> {
        self.calls.iter().filter(|(_, call)| call.in_room).map(|(number, _)| *number).collect()
    }

    fn tell_conference(&self) {
        self.tell(PhoneEvent::Conference(self.members()));
    }
}
