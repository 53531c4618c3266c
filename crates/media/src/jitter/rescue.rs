//! What stands in for packets that the path has lost.

use super::numbering::Place;
use super::window::{Put, Stored};
use super::{JitterBuffer, PlayoutKind, UNIT, clock, micros};
use crate::codec::LONGEST;
use crate::loss::Missing;
use crate::loss::red::Blocks;
use crate::{BLOCK, Micros, Packet, Received};

impl JitterBuffer {
    /// A packet that was asked for and sent again. When it comes says nothing of the path.
    pub fn receive_again(&mut self, received: Received) {
        let Received { arrived, packet } = received;
        let Some(duration) = self.duration(&packet.payload) else { return };
        let Place::Known { sequence, timestamp } = self.numbering.place(&packet, clock(arrived))
        else {
            self.stats.discarded += 1;
            return;
        };
        let payload = packet.payload;
        match self.window.put(Stored { sequence, timestamp, duration, payload, copy: false }) {
            Put::Kept => self.stats.repeated += 1,
            Put::Replaced | Put::Late => {}
            Put::Duplicate => self.stats.duplicate += 1,
        }
    }

    /// The copies (RFC 2198) of payload type `voice` in `blocks`, which came with `carrier`.
    /// Call it after the carrier's own payload was received.
    pub fn receive_copies(&mut self, carrier: &Packet, voice: u8, blocks: &Blocks<'_>) {
        let Some((sequence, timestamp)) = self.numbering.known(carrier) else { return };
        for block in blocks.copies().filter(|block| block.payload_type == voice) {
            let Ok(duration) = self.coming().duration(block.payload) else { continue };
            let offset = i64::from(block.offset);
            // Copies have no number; when all last as long, their time tells it.
            let distance = offset / duration as i64;
            if distance * duration as i64 != offset {
                continue;
            }
            self.wait.copy(sequence, distance);
            let (sequence, timestamp) = (sequence - distance, timestamp - offset);
            if self.window.lacks(sequence, timestamp) {
                let payload = block.payload.to_vec();
                let stored = Stored { sequence, timestamp, duration, payload, copy: true };
                if self.window.put(stored) == Put::Kept {
                    self.stats.restored += 1;
                }
            }
        }
    }

    /// Lost packets are asked for again, and an answer takes this long; `None`: they are not.
    pub fn set_retransmission(&mut self, round_trip: Option<Micros>) {
        self.wait.set_round_trip(round_trip.map(clock));
    }

    /// Packets that are missing between others, and how long it is till each is played.
    pub fn missing(&self) -> impl Iterator<Item = Missing> {
        let playing = self.decoded - self.reel.ahead() as i64 - self.held;
        let delay = micros(playing);
        self.window.gaps().map(move |(sequence, timestamp)| Missing {
            sequence: sequence as u16,
            left: Micros(u64::try_from(micros(timestamp) - delay).unwrap_or(0)),
        })
    }

    /// Lets the decoder spend on concealment while losses are about.
    pub(super) fn brace(&mut self, on: bool) {
        if self.braced != on {
            self.braced = on;
            self.decoder.expect_loss(on);
        }
    }

    /// The next of `gap` missing samples from the first packet's deep redundancy, if it
    /// reaches there; at most `most`.
    pub(super) fn rebuild(&mut self, gap: usize, most: usize) -> Option<PlayoutKind> {
        let first = self.window.first()?;
        if gap > LONGEST {
            return None;
        }
        if self.depth.is_none_or(|(of, _, _)| of != first.sequence) {
            let (far, near) = self.decoder.depth(&first.payload);
            self.depth = Some((first.sequence, far, near));
            if far > 0 {
                self.wait.deep(first.sequence);
            }
        }
        let (_, far, near) = self.depth?;
        let length = most.min(BLOCK).next_multiple_of(UNIT);
        if gap > far || gap < near + length {
            return None;
        }
        let room = self.reel.room(length);
        self.decoder.rebuild(gap, room).ok()?;
        self.fade.speech(room);
        self.decoded += self.held + length as i64;
        self.held = 0;
        self.stats.rebuilt += length as u64;
        Some(self.finish(length, PlayoutKind::Recovered))
    }
}
