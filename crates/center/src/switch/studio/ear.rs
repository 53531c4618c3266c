use omnibar_media::codec::SetupError;
use omnibar_media::loss::red::Blocks;
use omnibar_media::{
    BLOCK, Decoder, Digit, JitterBuffer, JitterConfig, Micros, Packet, PlayoutKind, Received, event,
};
use omnibar_peer::{OPUS, RED, TELEPHONE_EVENT, TELEPHONE_EVENT_8K};

/// Packets in, samples and digits out.
#[derive(Debug)]
pub(super) struct Ear {
    jitter: JitterBuffer,
    digits: event::Receiver,
}

impl Ear {
    /// For people: what is lost is guessed as well as can be.
    pub(super) fn new() -> Result<Self, SetupError> {
        Ok(Self::with(JitterBuffer::new(JitterConfig::default())?))
    }

    /// For a party of this process, which is content with less.
    pub(super) fn plain() -> Result<Self, SetupError> {
        let decoder = Box::new(Decoder::plain()?);
        Ok(Self::with(JitterBuffer::with_decoder(JitterConfig::default(), decoder)))
    }

    fn with(jitter: JitterBuffer) -> Self {
        Self { jitter, digits: event::Receiver::new() }
    }

    /// The digit that this packet has brought.
    pub(super) fn receive(&mut self, received: Received) -> Option<Digit> {
        match received.packet.payload_type {
            OPUS => self.jitter.receive(received),
            RED => self.receive_with_copies(received),
            TELEPHONE_EVENT | TELEPHONE_EVENT_8K => {
                self.jitter.pass_over(&received);
                return self.digits.receive(&received.packet);
            }
            _ => {}
        }
        None
    }

    /// A packet that was asked for. Digits are repeated by their sender.
    pub(super) fn receive_again(&mut self, received: Received) {
        match received.packet.payload_type {
            OPUS => self.jitter.receive_again(received),
            RED => {
                let Received { arrived, packet } = received;
                let Ok(blocks) = Blocks::parse(&packet.payload) else { return };
                if let Some(packet) = primary(&packet, &blocks) {
                    self.jitter.receive_again(Received { arrived, packet });
                }
            }
            _ => {}
        }
    }

    /// How long a packet that is asked for takes; `None`: none is.
    pub(super) fn set_retransmission(&mut self, answer_takes: Option<Micros>) {
        self.jitter.set_retransmission(answer_takes);
    }

    fn receive_with_copies(&mut self, received: Received) {
        let Received { arrived, packet } = received;
        let Ok(blocks) = Blocks::parse(&packet.payload) else { return };
        let Some(own) = primary(&packet, &blocks) else { return };
        self.jitter.receive(Received { arrived, packet: own });
        self.jitter.receive_copies(&packet, OPUS, &blocks);
    }

    /// The next 10 ms; false while nothing has come.
    pub(super) fn listen(&mut self, now: Micros, block: &mut [f32; BLOCK]) -> bool {
        match self.jitter.playout(now, block).kind {
            PlayoutKind::Speech | PlayoutKind::Recovered | PlayoutKind::Concealed => true,
            PlayoutKind::Noise | PlayoutKind::Idle => false,
        }
    }
}

/// The voice of a redundant packet alone.
fn primary(packet: &Packet, blocks: &Blocks<'_>) -> Option<Packet> {
    let primary = blocks.primary();
    (primary.payload_type == OPUS).then(|| Packet {
        sequence: packet.sequence,
        timestamp: packet.timestamp,
        payload_type: OPUS,
        marker: packet.marker,
        payload: primary.payload.to_vec(),
    })
}
