use omnibar_model::{CallbackId, InteractionId, LegId, Moment};

/// Makes ids from the time and a seed, so that the same inputs give the same ids.
/// Ids are not secrets; tokens are made elsewhere, by the system's generator.
#[derive(Clone, Debug)]
pub struct Ids {
    state: u64,
}

impl Ids {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// UUIDv7 text (RFC 9562 section 5.7): later ones sort later.
    pub fn interaction(&mut self, now: Moment) -> InteractionId {
        InteractionId::new(&self.uuid(now))
    }

    pub fn callback(&mut self, now: Moment) -> CallbackId {
        CallbackId::new(&self.uuid(now))
    }

    pub fn leg(&mut self, now: Moment) -> LegId {
        LegId::new(&format!("leg-{}", self.uuid(now)))
    }

    fn uuid(&mut self, now: Moment) -> String {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_be_bytes());
        random[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        uuid::Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid().to_string()
    }

    /// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
