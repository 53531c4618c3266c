use omnibar_media::Micros;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The one clock of a switch: µs since it was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Micros {
        self.at(Instant::now())
    }

    pub(crate) fn at(self, instant: Instant) -> Micros {
        let elapsed = instant.saturating_duration_since(self.0);
        Micros(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX))
    }

    /// How long until `then`.
    pub(crate) fn until(self, then: Micros) -> Duration {
        Duration::from_micros(then.0.saturating_sub(self.now().0))
    }
}

/// Bounds how many packets are on their way to another thread: what nobody fetches in
/// time is late anyway.
#[derive(Clone, Debug)]
pub(crate) struct Gauge {
    inside: Arc<AtomicUsize>,
    most: usize,
}

impl Gauge {
    pub(crate) fn new(most: usize) -> Self {
        Self { inside: Arc::default(), most }
    }

    /// False: full.
    pub(crate) fn enter(&self) -> bool {
        let fits = self.inside.fetch_add(1, Ordering::Relaxed) < self.most;
        if !fits {
            self.leave();
        }
        fits
    }

    pub(crate) fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_gauge_lets_in_again_when_somebody_has_left() {
        let gauge = Gauge::new(2);
        assert!(gauge.enter() && gauge.enter());
        assert!(!gauge.enter());
        gauge.leave();
        assert!(gauge.enter());
    }
}
