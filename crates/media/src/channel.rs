use crate::engine::Sources;
use crate::loss::Allowed;
use crate::{Codec, Micros, PacketSink};

/// The media thread's end of a voice connection. Nothing here waits.
pub trait Channel: PacketSink {
    /// Sends RTCP, one packet or several in a row.
    fn report(&mut self, rtcp: &[u8]);
    /// The oldest RTCP that has come and was not taken yet.
    fn reported(&mut self) -> Option<Reported>;
    /// What holds now; may change at any time.
    fn agreed(&mut self) -> Agreed;
}

/// RTCP, and when it came from the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    pub arrived: Micros,
    pub bytes: Vec<u8>,
}

/// Who speaks on a connection, and what both ends have agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    pub sources: Sources,
    pub allowed: Allowed,
    /// What is to be sent.
    pub codec: Codec,
}
