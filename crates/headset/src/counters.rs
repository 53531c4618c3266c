use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only rises. Written by one thread, read by any.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }
}

/// What the headset's threads have done so far, for logs, benchmarks and tests.
#[derive(Debug, Default)]
pub struct Counters {
    /// Times the media thread woke. Stands still while there is no call, ring or test.
    pub media_turns: Count,
    /// Times the devices' thread woke.
    pub device_turns: Count,
    /// Blocks of 10 ms given to the encoder, with sound or with silence in its place.
    pub captured: Count,
    /// Blocks of 10 ms taken from the jitter buffer.
    pub played: Count,
    /// Times the speaker or ringer asked for more than was ready in time.
    pub underruns: Count,
    /// Times a sound server had nothing to give to its speaker or ringer, although it was
    /// given all that it had asked for: its stream is made deeper then.
    pub starved: Count,
    /// Samples (48 kHz) that waited, summed over every block that was taken from a
    /// microphone or made for a speaker; divide by `captured` and `played`.
    pub microphone_waited: Count,
    pub speaker_waited: Count,
    /// Samples (48 kHz) of the microphone that were dropped, oldest first, to stay in time.
    pub dropped: Count,
}
