//! Looks for a microphone that hears somebody, while the one in use is silent.

use super::listing::Entry;
use super::pulse;
use omnibar_contract::DeviceView;
use std::time::{Duration, Instant};

/// Long enough for a word.
const LONG: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(50);
/// −34 dBFS: somebody speaks; a room alone is not so loud.
const VOICE: f32 = 0.02;
/// Microphones that are opened.
const MOST: usize = 6;

/// Opens these for a few seconds, on a thread of its own, and tells of the one that hears
/// most, if that is a voice.
pub(super) fn listen(
    microphones: Vec<Entry>,
    tell: impl FnOnce(Option<DeviceView>) + Send + 'static,
) {
    let started = std::thread::Builder::new().name("listen".into()).spawn(move || {
        tell(loudest(microphones));
    });
    if let Err(error) = started {
        tracing::warn!(%error, "no other microphone is tried");
    }
}

fn loudest(microphones: Vec<Entry>) -> Option<DeviceView> {
    let mut open: Vec<_> = microphones
        .into_iter()
        .take(MOST)
        .filter_map(|entry| {
            // One that fails is silent.
            let (stream, end) = pulse::open_microphone(&entry.id, Box::new(|_| {})).ok()?;
            Some((entry, stream, end, 0.0_f32))
        })
        .collect();
    let until = Instant::now() + LONG;
    while Instant::now() < until && !open.is_empty() {
        std::thread::sleep(LOOK);
        for (_, _, end, peak) in &mut open {
            end.fetch(Instant::now());
            let mut sample = [0.0];
            while end.pop(&mut sample) {
                *peak = peak.max(sample[0].abs());
            }
        }
    }
    let (entry, _, _, peak) = open.into_iter().max_by(|a, b| a.3.total_cmp(&b.3))?;
    tracing::info!(peak, "listened to other microphones");
    (peak >= VOICE).then_some(DeviceView { id: entry.id, name: entry.name, is_default: false })
}
