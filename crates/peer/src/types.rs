use crate::formats::{G722, PCMA, PCMU};
use crate::{OPUS, RED, TELEPHONE_EVENT, TELEPHONE_EVENT_8K};
use std::sync::atomic::{AtomicU8, Ordering};

/// No payload type: they have seven bits.
const NONE: u8 = 0xff;

/// Negotiated payload types by canonical one.
#[derive(Debug)]
pub(crate) struct Types([AtomicU8; 7]);

impl Default for Types {
    fn default() -> Self {
        Self([const { AtomicU8::new(NONE) }; 7])
    }
}

impl Types {
    pub(crate) const CANONICAL: [u8; 7] =
        [OPUS, RED, G722, PCMU, PCMA, TELEPHONE_EVENT, TELEPHONE_EVENT_8K];

    pub(crate) fn set(&self, canonical: u8, negotiated: Option<u8>) {
        for (slot, _) in self.0.iter().zip(Self::CANONICAL).filter(|(_, c)| *c == canonical) {
            slot.store(negotiated.unwrap_or(NONE), Ordering::Relaxed);
        }
    }

    pub(crate) fn negotiated(&self, canonical: u8) -> Option<u8> {
        let index = Self::CANONICAL.iter().position(|c| *c == canonical)?;
        Some(self.0[index].load(Ordering::Relaxed)).filter(|kind| *kind != NONE)
    }

    pub(crate) fn canonical(&self, negotiated: u8) -> Option<u8> {
        let index = self.0.iter().position(|slot| slot.load(Ordering::Relaxed) == negotiated)?;
        Some(Self::CANONICAL[index])
    }

    /// Redundant voice names the type of Opus within; to the other side's word for it.
    pub(crate) fn name_within(&self, canonical: u8, payload: &mut [u8]) {
        if let (RED, Some(opus)) = (canonical, self.negotiated(OPUS)) {
            renumber(payload, OPUS, opus);
        }
    }

    /// The way back.
    pub(crate) fn unname_within(&self, canonical: u8, payload: &mut [u8]) {
        if let (RED, Some(opus)) = (canonical, self.negotiated(OPUS)) {
            renumber(payload, opus, OPUS);
        }
    }
}

/// In every block header of redundant voice (RFC 2198 section 3).
fn renumber(payload: &mut [u8], from: u8, to: u8) {
    if from == to {
        return;
    }
    let mut at = 0;
    while let Some(header) = payload.get_mut(at) {
        let more = *header & 0x80;
        if *header & 0x7f == from {
            *header = more | to;
        }
        if more == 0 {
            return;
        }
        at += 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_within_redundant_voice_follow_the_agreed_ones() {
        let types = Types::default();
        types.set(OPUS, Some(109));
        // Two copies before the voice itself; their lengths and bytes look like types.
        let ours = [0x80 | 111, 0x0f, 0x00, 0x01, 0x80 | 111, 0x07, 0x80, 0x01, 111, 111, 109, 9];
        let mut payload = ours;
        types.name_within(RED, &mut payload);
        let theirs = [0x80 | 109, 0x0f, 0x00, 0x01, 0x80 | 109, 0x07, 0x80, 0x01, 109, 111, 109, 9];
        assert_eq!(payload, theirs);
        types.unname_within(RED, &mut payload);
        assert_eq!(payload, ours);
        types.name_within(OPUS, &mut payload);
        assert_eq!(payload, ours, "other voice has no such headers");
        for length in 0..9 {
            types.name_within(RED, &mut [0xef; 9][..length]);
        }
    }
}
