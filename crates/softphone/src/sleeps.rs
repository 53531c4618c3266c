use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_secs(1);
/// No busy machine keeps a task waiting for so long, and what sleeps less finds its connections
/// as it left them.
const ASLEEP: Duration = Duration::from_secs(5);

/// Notices that this machine has been asleep, or this program stopped. Timers stand still
/// meanwhile, so that nothing else would notice before the next answer fails to come; the other
/// ends of all connections have waited, and given up perhaps.
pub struct Sleeps {
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
    looked: Duration,
    next: Instant,
}

impl Sleeps {
    /// From now on.
    #[must_use]
    pub fn new() -> Self {
        Self::by(clock)
    }

    /// By a clock that goes on in a sleep, from whenever it began.
    fn by(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { looked: clock(), clock: Box::new(clock), next: Instant::now() + LOOK }
    }

    /// The end of the next sleep, within a second of it, and how long it was. Another call goes
    /// on where one was dropped.
    pub async fn over(&mut self) -> Duration {
        loop {
            sleep_until(self.next).await;
            self.next = Instant::now() + LOOK;
            let now = (self.clock)();
            let passed = now.saturating_sub(self.looked);
            self.looked = now;
            let slept = passed.saturating_sub(LOOK);
            if slept >= ASLEEP {
                return slept;
            }
        }
    }
}

impl Default for Sleeps {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sleeps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleeps").field("looked", &self.looked).finish_non_exhaustive()
    }
}

/// Nobody sets it, and it counts a machine's sleep, which the clock of timers does not on Linux
/// and macOS.
#[cfg(unix)]
fn clock() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: ClockId = ClockId::Monotonic;
    let time = clock_gettime(CLOCK);
    let seconds = Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0));
    seconds + Duration::from_nanos(u64::try_from(time.tv_nsec).unwrap_or(0))
}

/// On Windows the clock of timers counts it.
#[cfg(not(unix))]
fn clock() -> Duration {
    static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use tokio::time::{sleep, timeout};

    /// A clock that agrees with that of timers, but for what is put on it.
    fn machine() -> (Sleeps, Arc<AtomicU64>) {
        let (asleep, began) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let seconds = asleep.clone();
        let clock = move || began.elapsed() + Duration::from_secs(seconds.load(Ordering::Relaxed));
        (Sleeps::by(clock), asleep)
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_is_told_within_a_second_and_once() {
        let (mut sleeps, asleep) = machine();
        let hour = Duration::from_secs(3_600);
        assert!(timeout(hour, sleeps.over()).await.is_err(), "it was awake all the time");
        asleep.fetch_add(14, Ordering::Relaxed);
        let woke = Instant::now();
        assert_eq!(sleeps.over().await, Duration::from_secs(14));
        assert!(woke.elapsed() <= LOOK);
        assert!(timeout(hour, sleeps.over()).await.is_err(), "told once");
        asleep.fetch_add(4, Ordering::Relaxed);
        assert!(timeout(hour, sleeps.over()).await.is_err(), "a nod breaks nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_dropped_between_misses_nothing() {
        let (mut sleeps, asleep) = machine();
        for _ in 0..7 {
            let _ = timeout(Duration::from_millis(300), sleeps.over()).await;
        }
        asleep.fetch_add(60, Ordering::Relaxed);
        sleep(Duration::from_millis(10)).await;
        assert_eq!(sleeps.over().await.as_secs(), 60);
    }

    #[test]
    fn the_clock_goes_on() {
        let before = clock();
        while clock() <= before {
            std::hint::spin_loop();
        }
    }
}
