use omnibar_model::Moment;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The centre's clock: monotonic while it runs. It starts at the wall clock's
/// milliseconds since 1970, so that moments of an earlier run still mean something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    base: Moment,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { started: Instant::now(), base: Moment::ZERO + wall }
    }

    pub(crate) fn now(self) -> Moment {
        self.base + self.started.elapsed()
    }

    pub(crate) fn instant(self, at: Moment) -> Instant {
        // A millisecond is the clock's grain: not a moment too early.
        self.started + at.since(self.base) + Duration::from_millis(1)
    }
}
