use omnibar_model::Moment;
use tokio::time::Instant;

/// The session's clock: milliseconds since it was made. Tokio's clock, so that a
/// test with paused time is in virtual time throughout.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    #[must_use]
    pub fn now(&self) -> Moment {
        Moment(u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// When that moment comes, for `sleep_until`.
    #[must_use]
    pub fn instant(&self, moment: Moment) -> Instant {
        self.0 + std::time::Duration::from_millis(moment.as_millis())
    }
}
