use crate::Micros;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JitterConfig {
    /// Bounds of the delay that the buffer aims at; at most 2 s.
    pub min_delay: Micros,
    pub max_delay: Micros,
    /// Share of packets that shall come in time at most, 0.5 to 0.999: fewer when the last of
    /// them come so late that waiting would be worse.
    pub in_time: f32,
}

impl Default for JitterConfig {
    fn default() -> Self {
        Self { min_delay: Micros(0), max_delay: Micros(500_000), in_time: 0.997 }
    }
}

/// What a block that was played is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Playout {
    pub kind: PlayoutKind,
}

/// From best to worst; a block of several kinds is named by the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlayoutKind {
    Speech,
    /// Rebuilt from redundancy.
    Recovered,
    /// Guessed.
    Concealed,
    /// Comfort noise: the guess has faded out, or the sender pauses.
    Noise,
    /// Silence: nothing has come yet.
    Idle,
}

/// Counts since the start; delays as of now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct JitterStats {
    /// ms that the buffer aims at and has, from the earliest possible arrival to playout.
    pub target_ms: f32,
    pub delay_ms: f32,
    /// Packets.
    pub received: u64,
    pub late: u64,
    pub duplicate: u64,
    /// Packets that could not be used: too large, corrupt, dropped to catch up, or of an
    /// unproven new sequence.
    pub discarded: u64,
    /// Packets missing when their time came, and rebuilt from a later one or not.
    pub recovered: u64,
    pub lost: u64,
    /// Packets that were lost and there in time all the same: sent again, or copied.
    pub repeated: u64,
    pub restored: u64,
    /// Starts of a new sequence or clock of the sender.
    pub resynchronised: u64,
    /// Samples.
    pub played: u64,
    pub concealed: u64,
    /// From deep redundancy.
    pub rebuilt: u64,
    pub removed: u64,
    pub inserted: u64,
}
