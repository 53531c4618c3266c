//! Where the next samples come from.

use super::window::Stored;
use super::{
    BRACED, HOPELESS, IN_A_ROW, JitterBuffer, PlayoutKind, RARELY, SPLICE, STANDS, Start, UNIT,
    micros, reel,
};
use crate::BLOCK;
use crate::codec::LONGEST;

impl JitterBuffer {
    /// Puts at least 2.5 ms on the reel.
    pub(super) fn pull(&mut self, now: i64) -> PlayoutKind {
        while self.window.first().is_some_and(Stored::is_voiceless) {
            self.account();
            self.window.take();
        }
        let Some(first) = self.window.first() else { return self.hold() };
        let (timestamp, duration) = (first.timestamp, first.duration);
        let missing = self.window.missing();
        let gap = timestamp - self.decoded;
        match self.start {
            Start::First | Start::Again { .. } => {
                return self.place(timestamp, now);
            }
            Start::Done => {}
        }
        // A gap without a missing packet is a pause of the sender. In a pause, and after a
        // guess that has faded, nothing ties the next packet to a moment.
        let pause = gap > 0 && missing == 0;
        if pause || (gap > 0 && self.fade.fading()) {
            self.start = Start::Again { reset: false };
            return self.place(timestamp, now);
        }
        if gap <= self.held || gap <= 0 {
            return self.decode(now);
        }
        let gap = usize::try_from(gap - self.held).unwrap_or(LONGEST);
        let redundant =
            self.window.first().is_some_and(|f| self.decoder.has_redundancy(&f.payload));
        if redundant && gap <= duration {
            return self.recover(timestamp);
        }
        let ahead_of_redundancy = if redundant { gap - duration } else { gap };
        if let Some(kind) = self.rebuild(gap, ahead_of_redundancy) {
            return kind;
        }
        let length = ahead_of_redundancy.min(BLOCK).next_multiple_of(UNIT);
        self.decoded += self.held + length as i64;
        self.held = 0;
        self.guess(length)
    }

    /// Whether a pull would decode a packet that follows on the last.
    pub(super) fn next_is_here(&self) -> bool {
        self.window.missing() == 0
            && self
                .window
                .first()
                .is_some_and(|first| !first.is_voiceless() && first.timestamp <= self.decoded)
    }

    /// Drops packets when the delay is beyond what playing faster could mend.
    pub(super) fn catch_up(&mut self, now: i64) {
        if self.start != Start::Done || self.current(now) <= self.max_delay + HOPELESS {
            return;
        }
        let mut dropped = false;
        while self.window.len() > 1
            && let Some(first) = self.window.first()
            && self.delay_of(first.timestamp, now) > self.target()
        {
            self.window.take();
            self.stats.discarded += 1;
            dropped = true;
        }
        if dropped && let Some(first) = self.window.first() {
            self.decoded = first.timestamp;
            self.held = 0;
            self.cut();
        }
    }

    /// Starts with the packet at `timestamp`, or waits until it is its time.
    fn place(&mut self, timestamp: i64, now: i64) -> PlayoutKind {
        if self.delay_of(timestamp, now) < self.target() {
            return self.hold();
        }
        if let Start::Again { reset } = self.start {
            self.cut();
            if let Some(next) = self.next_decoder.take() {
                self.decoder = next;
                self.decoder.expect_loss(self.braced);
            } else if reset {
                self.decoder.reset();
            }
        }
        self.start = Start::Done;
        // The wait for its time stood for nothing that was late.
        self.held = 0;
        self.decode(now)
    }

    fn decode(&mut self, now: i64) -> PlayoutKind {
        self.account();
        let Some(first) = self.window.first() else { return self.hold() };
        let (begins, lasts) = (first.timestamp, first.duration);
        // A guess stands for what is missing before it stands for what is here.
        let guessed = std::mem::take(&mut self.held) - (begins - self.decoded).max(0);
        let guessed = usize::try_from(guessed).unwrap_or(0);
        let mut stood_for = if self.was_rare(guessed, begins, lasts, now) { guessed } else { 0 };
        if stood_for > 0 {
            self.cut();
            self.rare_until = self.rare_until.max(self.stats.played) + RARELY;
            self.stats.late += stood_for.div_ceil(lasts.max(UNIT)) as u64;
        }
        while let Some(whole) = self.window.first().filter(|first| first.duration <= stood_for) {
            stood_for -= whole.duration;
            // Unheard, but the decoder goes on from it.
            let room = self.reel.room(whole.duration);
            let _ = self.decoder.decode(&whole.payload, room);
            self.window.take();
        }
        let Some(Stored { timestamp, duration, payload, .. }) = self.window.take() else {
            return self.hold();
        };
        self.decoded = timestamp + duration as i64;
        let room = self.reel.room(duration);
        match self.decoder.decode(&payload, room) {
            Ok(length) if length == duration => {
                self.fade.speech(room);
                room.copy_within(stood_for.., 0);
                let rest = duration - stood_for;
                self.splice(rest);
                self.finish(rest, PlayoutKind::Speech)
            }
            Ok(_) | Err(_) => {
                self.stats.discarded += 1;
                self.guess(duration.next_multiple_of(UNIT))
            }
        }
    }

    /// The packets from `begins` on came late, were guessed for so long, and those after them are
    /// in time: the guess stands for them, and the delay stays. Had the path become longer, the
    /// next would be as late.
    fn was_rare(&self, guessed: usize, begins: i64, lasts: usize, now: i64) -> bool {
        let again = self.stats.played + RARELY * (IN_A_ROW - 1) < self.rare_until;
        let enough = self.window.together() >= guessed + lasts;
        if guessed == 0 || guessed > STANDS || again || !enough {
            return false;
        }
        let ahead = self.reel.ahead() as i64 - guessed as i64;
        let before = (ahead + lasts as i64).rem_euclid(BLOCK as i64);
        self.delay_of(begins - ahead, now) - micros(before) >= self.least()
    }

    /// What the packet before the first held, from the first.
    fn recover(&mut self, timestamp: i64) -> PlayoutKind {
        let Some(first) = self.window.first() else { return self.hold() };
        let (sequence, length) = (first.sequence, first.duration);
        let room = self.reel.room(length);
        let recovered = self.decoder.recover(&first.payload, room).is_ok();
        if recovered {
            self.fade.speech(room);
        }
        self.account();
        self.window.pass(sequence);
        self.decoded = timestamp;
        self.held = 0;
        if !recovered {
            return self.guess(length.next_multiple_of(UNIT));
        }
        self.stats.recovered += 1;
        self.stats.lost = self.stats.lost.saturating_sub(1);
        self.finish(length, PlayoutKind::Recovered)
    }

    /// Nothing to play, or too early: a guess that stands for nothing sent.
    fn hold(&mut self) -> PlayoutKind {
        if self.start == Start::First {
            self.reel.room(BLOCK).fill(0.0);
            self.fade.idle();
            return self.finish(BLOCK, PlayoutKind::Idle);
        }
        // No more than the block needs: what is held is delay.
        let length = BLOCK.saturating_sub(self.reel.ahead()).next_multiple_of(UNIT).max(UNIT);
        self.held += length as i64;
        self.guess(length)
    }

    fn guess(&mut self, length: usize) -> PlayoutKind {
        let room = self.reel.room(length);
        let faded = self.fade.faded();
        if faded || self.decoder.conceal(room).is_err() {
            room.fill(0.0);
        }
        self.fade.guess(room);
        // Only now: the network has to hear some voice before its first guess.
        self.brace(true);
        self.braced_until = self.stats.played + BRACED;
        self.stats.concealed += length as u64;
        self.finish(length, if faded { PlayoutKind::Noise } else { PlayoutKind::Concealed })
    }

    /// Keeps how the signal would have gone on, for the fade into what does not follow.
    fn cut(&mut self) {
        let mut onward = [0.0; SPLICE];
        if self.fade.faded() || self.decoder.conceal(&mut onward).is_err() {
            onward.fill(0.0);
        }
        self.fade.guess(&mut onward);
        self.splice = Some(onward);
    }

    /// Fades from the kept signal into the samples just written.
    fn splice(&mut self, length: usize) {
        let Some(onward) = self.splice.take() else { return };
        let overlap = length.min(SPLICE);
        for (i, (new, old)) in self.reel.room(length).iter_mut().zip(onward).enumerate() {
            if i < overlap {
                *new = old + (*new - old) * reel::fade(i, overlap);
            }
        }
    }

    pub(super) fn finish(&mut self, length: usize, kind: PlayoutKind) -> PlayoutKind {
        self.reel.commit(length);
        self.last_kind = kind;
        kind
    }

    /// Counts those missing before the first packet.
    fn account(&mut self) {
        self.stats.lost += self.window.missing();
    }
}
