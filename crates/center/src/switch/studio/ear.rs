use omnibar_media::codec::SetupError;
use omnibar_media::{
    BLOCK, Digit, JitterBuffer, JitterConfig, Micros, PlayoutKind, Received, event,
};
use omnibar_peer::{OPUS, TELEPHONE_EVENT, TELEPHONE_EVENT_8K};

/// Packets in, samples and digits out.
#[derive(Debug)]
pub(super) struct Ear {
    jitter: JitterBuffer,
    digits: event::Receiver,
}

impl Ear {
    pub(super) fn new() -> Result<Self, SetupError> {
        Ok(Self {
            jitter: JitterBuffer::new(JitterConfig::default())?,
            digits: event::Receiver::new(),
        })
    }

    /// The digit that this packet has brought.
    pub(super) fn receive(&mut self, received: Received) -> Option<Digit> {
        match received.packet.payload_type {
            OPUS => {
                self.jitter.receive(received);
                None
            }
            TELEPHONE_EVENT | TELEPHONE_EVENT_8K => self.digits.receive(&received.packet),
            _ => None,
        }
    }

    /// The next 10 ms; false while nothing has come.
    pub(super) fn listen(&mut self, now: Micros, block: &mut [f32; BLOCK]) -> bool {
        match self.jitter.playout(now, block).kind {
            PlayoutKind::Speech | PlayoutKind::Recovered | PlayoutKind::Concealed => true,
            PlayoutKind::Noise | PlayoutKind::Idle => false,
        }
    }
}
