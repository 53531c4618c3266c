//! Voice before other programs' work: real-time priority for the threads that sound
//! passes through.
//!
//! Asked of the kernel first (round robin, where `RLIMIT_RTPRIO` or a capability allows
//! it), then of rtkit over D-Bus, from a thread of its own: its answer may take seconds.
//! A refusal changes nothing but the risk of gaps while the computer is busy.

use std::time::{Duration, Instant};

/// Below the sound server's own, which rtkit grants 5 by default, and below the kernel's
/// interrupt threads at 50: nothing here may starve what feeds it.
#[cfg(target_os = "linux")]
const LEVEL: u8 = 4;
/// Frames of the time that rtkit's limit on a thread without a pause (`RLIMIT_RTTIME`) is
/// set to, 200 ms: that is its own most.
const LIMIT_FRAMES: u32 = 9_600;
const RATE: u32 = 48_000;
/// The kernel ends a process of which a real-time thread runs on beyond the limit.
const LONGEST_RUN: Duration = Duration::from_millis(80);
const PAUSE: Duration = Duration::from_millis(1);

/// Raises the thread that calls. `tell` hears whether it was granted, now or later, from
/// this thread or another.
#[cfg(target_os = "linux")]
pub(crate) fn raise(what: &'static str, tell: impl FnOnce(bool) + Send + 'static) {
    let refusal = match by_kernel() {
        Ok(()) => {
            tracing::debug!(what, by = "kernel", "real-time priority");
            return tell(true);
        }
        Err(refusal) => refusal,
    };
    let Ok(thread) = audio_thread_priority::get_current_thread_info() else {
        tracing::info!(what, %refusal, "no real-time priority");
        return tell(false);
    };
    let asked = std::thread::Builder::new().name("priority".into()).spawn(move || {
        let granted =
            audio_thread_priority::promote_thread_to_real_time(thread, LIMIT_FRAMES, RATE);
        match &granted {
            Ok(_) => tracing::debug!(what, by = "rtkit", "real-time priority"),
            Err(error) => tracing::info!(what, %refusal, rtkit = %error, "no real-time priority"),
        }
        tell(granted.is_ok());
    });
    if let Err(error) = asked {
        tracing::info!(what, %error, "nobody could ask for real-time priority");
    }
}

#[cfg(target_os = "linux")]
fn by_kernel() -> Result<(), thread_priority::Error> {
    use thread_priority::{
        RealtimeThreadSchedulePolicy::RoundRobin, ThreadPriority, ThreadPriorityValue,
        ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
    };
    let level = ThreadPriorityValue::try_from(LEVEL);
    let level = level.map_or(ThreadPriority::Min, ThreadPriority::Crossplatform);
    let policy = ThreadSchedulePolicy::Realtime(RoundRobin);
    set_thread_priority_and_policy(thread_native_id(), level, policy)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn raise(what: &'static str, tell: impl FnOnce(bool) + Send + 'static) {
    let granted = audio_thread_priority::promote_current_thread_to_real_time(LIMIT_FRAMES, RATE);
    match &granted {
        Ok(_) => tracing::debug!(what, "real-time priority"),
        Err(error) => tracing::info!(what, %error, "no real-time priority"),
    }
    tell(granted.is_ok());
}

/// Keeps a real-time thread from running on without a pause: others would stand still,
/// and beyond the limit the kernel would end the process.
#[derive(Debug)]
pub(crate) struct Breath {
    /// End of the last pause.
    taken: Instant,
}

impl Breath {
    pub(crate) fn new(now: Instant) -> Self {
        Self { taken: now }
    }

    /// The thread waited for something from `from` to `to`, or found it there.
    pub(crate) fn waited(&mut self, from: Instant, to: Instant) {
        if self.needed(from, to) {
            std::thread::sleep(PAUSE);
            self.taken = Instant::now();
        }
    }

    fn needed(&mut self, from: Instant, to: Instant) -> bool {
        if to.saturating_duration_since(from) > PAUSE / 10 {
            self.taken = to;
        }
        to.saturating_duration_since(self.taken) > LONGEST_RUN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_never_waits_is_made_to_pause_in_time() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut breath = Breath::new(begin);
        assert!(!breath.needed(at(70), at(70)));
        assert!(breath.needed(at(81), at(81)));
        // It waited by itself.
        assert!(!breath.needed(at(85), at(90)));
        assert!(!breath.needed(at(150), at(150)));
        assert!(breath.needed(at(171), at(171)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_told_is_what_the_kernel_says() {
        let (tell, told) = std::sync::mpsc::channel();
        let raised = std::thread::spawn(move || {
            raise("test", move |granted| tell.send(granted).unwrap());
            let granted = told.recv_timeout(Duration::from_secs(30)).unwrap();
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            // proc(5): the 41st field is the policy, counted from behind the name.
            let policy = stat.rsplit(')').next().unwrap().split_whitespace().nth(38).unwrap();
            (granted, policy.to_owned())
        });
        let (granted, policy) = raised.join().unwrap();
        // SCHED_RR is 2; rtkit adds the flag that it is not inherited, which is not shown.
        assert_eq!(granted, policy == "2", "told {granted}, policy {policy}");
    }
}
