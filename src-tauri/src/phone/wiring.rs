//! What a line and a headset have in common, where there is no centre between them.

use super::settings;
use crate::cli::PhoneArgs;
use crate::paths::Paths;
use omnibar_headset::{Headset, HeadsetConfig};
use omnibar_line::{Bind, LineConfig};
use omnibar_media::{Channel, Received};
use omnibar_softphone::Inbox;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};
use tokio::time::{Interval, MissedTickBehavior, interval_at};

/// Packets between line and media thread.
const RING: usize = 256;
const SECOND: Duration = Duration::from_secs(1);

/// The headset's end, until the line has given its sink.
pub(super) struct Plug {
    arriving: rtrb::Consumer<Received>,
    round_trip: Arc<AtomicU64>,
    epoch: Instant,
}

/// The line's end, and the headset's.
pub(super) fn wire(bind: Bind, relay_only: bool) -> (LineConfig, Plug) {
    let (received, arriving) = rtrb::RingBuffer::new(RING);
    let round_trip = Arc::new(AtomicU64::new(0));
    let epoch = Instant::now();
    let plug = Plug { arriving, round_trip: Arc::clone(&round_trip), epoch };
    (LineConfig { bind, relay_only, received, round_trip, epoch }, plug)
}

impl Plug {
    /// A headset that speaks into `sink`, with the devices that the arguments name.
    pub(super) fn headset(
        self,
        sink: impl Channel + 'static,
        args: &PhoneArgs,
        paths: &Paths,
        inbox: Inbox,
    ) -> Headset {
        let Self { arriving, round_trip, epoch } = self;
        let settings = settings(args, paths);
        let config =
            HeadsetConfig { sink: Box::new(sink), source: arriving, round_trip, epoch, settings };
        omnibar_headset::start(config, inbox)
    }
}

/// When the quality of a call is told.
pub(super) fn seconds() -> Interval {
    let mut second = interval_at(tokio::time::Instant::now() + SECOND, SECOND);
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    second
}
