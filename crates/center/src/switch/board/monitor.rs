use super::leg::Monitored;
use super::{Board, Hears, Micros, To, Work};
use omnibar_model::LegId;

impl Board {
    /// This leg, in no bridge, hears what `of` says and hears; with `whisper`, `of` hears it.
    /// Neither the bridge of `of` nor the packets that pass there change.
    pub(super) fn order_monitor(
        &mut self,
        now: Micros,
        leg: &LegId,
        of: Option<&LegId>,
        whisper: bool,
    ) -> Result<(), String> {
        let by = self.key(leg)?;
        let Some(of_id) = of else {
            self.end_monitor(by);
            return Ok(());
        };
        let of = self.key(of_id)?;
        if of == by {
            return Err("A leg cannot monitor itself.".into());
        }
        let present = self.legs.get(&of).and_then(|leg| leg.monitored.as_ref());
        if present.is_some_and(|monitored| monitored.by != by) {
            return Err(format!("Another leg monitors {of_id} already."));
        }
        if present.is_none() {
            self.end_monitor(by);
            self.leave_bridge(now, by);
            let (room, heard) = (self.next_key, self.next_key + 1);
            self.next_key += 2;
            let studio = self.around.studio.clone();
            if let Some(leg) = self.legs.get_mut(&of) {
                leg.monitored = Some(Monitored::new(studio, room, by, heard));
            }
        }
        self.set_monitor(of, by, whisper);
        Ok(())
    }

    fn set_monitor(&mut self, of: u64, by: u64, whisper: bool) {
        let Some(monitored) = self.legs.get_mut(&of).and_then(|leg| leg.monitored.as_mut()) else {
            return;
        };
        monitored.set_whisper(whisper);
        let (room, heard) = (monitored.room, monitored.heard);
        let deaf = if whisper { vec![heard] } else { vec![heard, of] };
        self.around.studio.order(Work::Room { room, members: vec![of, heard, by], deaf });
        if let Some(leg) = self.legs.get_mut(&by) {
            leg.monitors = Some(of);
            // Who only listens is heard by nobody, whatever his microphone sends.
            let to = if whisper { To::Room { room, until_mixed: None } } else { To::Nobody };
            leg.route(to, Hears::Room { room, until_mixed: None });
        }
    }

    /// This leg monitors nobody any more.
    pub(super) fn end_monitor(&mut self, by: u64) {
        let Some(leg) = self.legs.get_mut(&by) else { return };
        let Some(of) = leg.monitors.take() else { return };
        leg.route(To::Nobody, Hears::Feed);
        let monitored = self.legs.get_mut(&of).and_then(|leg| leg.monitored.take());
        if let Some(monitored) = monitored {
            self.around.studio.order(Work::CloseRoom { room: monitored.room });
        }
    }

    /// Before a leg goes: it monitors nobody, and nobody monitors it.
    pub(super) fn end_monitors_with(&mut self, key: u64) {
        self.end_monitor(key);
        let by = self.legs.get(&key).and_then(|leg| leg.monitored.as_ref()).map(|m| m.by);
        if let Some(by) = by {
            self.end_monitor(by);
        }
    }
}
