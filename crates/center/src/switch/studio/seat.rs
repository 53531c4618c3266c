use super::ENCODING;
use super::ear::Ear;
use crate::switch::party::{Deed, Party, Turn};
use omnibar_media::codec::SetupError;
use omnibar_media::{BLOCK, Digit, Encoder, FRAME, Micros, Packet, Packetizer, Received};
use omnibar_peer::OPUS;

/// A party of this process and the telephone it speaks through.
pub(super) struct Seat {
    party: Box<dyn Party>,
    ear: Ear,
    encoder: Encoder,
    packetizer: Packetizer,
    connected: bool,
    digits: Vec<Digit>,
    frame: [f32; FRAME],
    /// The next block is the frame's second.
    second: bool,
}

/// Digits between two turns; a party reads slower than a machine presses.
const MOST_DIGITS: usize = 64;

impl Seat {
    pub(super) fn new(party: Box<dyn Party>, seed: u64) -> Result<Self, SetupError> {
        Ok(Self {
            party,
            ear: Ear::plain()?,
            encoder: Encoder::new(ENCODING)?,
            packetizer: Packetizer::new(seed),
            connected: false,
            digits: Vec::new(),
            frame: [0.0; FRAME],
            second: false,
        })
    }

    pub(super) fn set_connected(&mut self, connected: bool) {
        self.connected = connected;
    }

    pub(super) fn press(&mut self, digit: Digit) {
        if self.digits.len() < MOST_DIGITS {
            self.digits.push(digit);
        }
    }

    pub(super) fn hear(&mut self, received: Received) {
        if let Some(digit) = self.ear.receive(received) {
            self.press(digit);
        }
    }

    /// 10 ms pass, of which every second ends a packet. Nobody gets one from a party
    /// that is not connected.
    pub(super) fn tick(&mut self, now: Micros) -> (Option<Packet>, Option<Deed>) {
        let mut heard = [0.0; BLOCK];
        let hears = self.ear.listen(now, &mut heard);
        let digits = std::mem::take(&mut self.digits);
        let turn =
            Turn { heard: hears.then_some(&heard), digits: &digits, connected: self.connected };
        let mut say = [0.0; BLOCK];
        let deed = self.party.turn(&turn, &mut say);
        let half = if self.second { BLOCK } else { 0 };
        self.frame[half..][..BLOCK].copy_from_slice(&say);
        let full = self.second;
        self.second = !full;
        (if full { self.packet() } else { None }, deed)
    }

    fn packet(&mut self) -> Option<Packet> {
        let packet = if self.connected {
            // An encoder that fails leaves a gap, which the far side conceals.
            let payload = self.encoder.encode(&self.frame).ok();
            payload.map(|payload| self.packetizer.voice(OPUS, payload))
        } else {
            self.packetizer.skip();
            None
        };
        self.packetizer.advance(960);
        packet
    }

    pub(super) fn pass_over(&mut self, samples: u32) {
        self.packetizer.skip();
        self.packetizer.advance(samples);
    }
}
