/// RTP clock of Opus in Hz (RFC 7587 section 4.1), and the pipeline's sample rate.
pub const SAMPLE_RATE: u32 = 48_000;

/// Samples in one block of the pipeline: 10 ms, mono.
pub const BLOCK: usize = 480;

/// Time on a monotonic clock in µs since an epoch that the composition root chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

/// One RTP packet of voice, without its transport (RFC 3550 section 5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packet {
    pub sequence: u16,
    /// Units of the codec's RTP clock ([`Codec::clock`](crate::Codec::clock)).
    pub timestamp: u32,
    pub payload_type: u8,
    /// First packet after silence.
    pub marker: bool,
    pub payload: Vec<u8>,
}

/// A packet and when it came from the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    pub arrived: Micros,
    pub packet: Packet,
}

/// Where encoded packets go. Called on the media thread: must not block.
pub trait PacketSink: Send {
    fn send(&mut self, packet: Packet);
}
