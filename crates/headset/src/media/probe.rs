//! The check before calls: microphone and speaker are opened, and silence goes to the
//! centre and back.

use super::MediaThread;
use crate::quality::Signals;
use omnibar_softphone::{AudioEvent, AudioProbe, Event, PathProbe};
use std::time::Instant;

impl MediaThread {
    pub(super) fn begin_probe(&mut self, now: Instant) {
        if self.in_call || !self.check.probe(now) {
            return;
        }
        self.voice.prepare(self.mix.volumes.speaker, self.microphone_open);
        self.signals = Signals::new(now);
        self.voice.begin(self.fresh(now));
    }

    /// Tells what was found, when the time for it is over.
    pub(super) fn end_probe(&mut self, now: Instant) {
        let Some(loudest) = self.check.probed(now) else { return };
        let delivers = self.microphone.as_mut().is_some_and(|intake| intake.runs(now));
        let speaker = self.speaker.as_mut().is_some_and(|outlet| outlet.runs(now));
        let time = self.micros(now);
        let trip = self.voice.round_trip();
        let path = self.voice.engine().and_then(|engine| {
            let quality = self.signals.quality(engine, now, time, trip)?;
            let told = quality.sent.map_or(quality.beyond, |sent| sent.loss);
            (self.signals.nothing_for(now) < ALIVE).then_some(PathProbe {
                lost_out: told,
                lost_back: (quality.loss - quality.beyond).max(0.0),
                jitter: quality.sent.map_or(quality.jitter, |sent| sent.jitter.max(quality.jitter)),
            })
        });
        let probe = AudioProbe { microphone: loudest.filter(|_| delivers), speaker, path };
        self.inbox.post(Event::Audio(AudioEvent::Probed(probe)));
    }
}

/// s: packets that came back once and then no more are a path that is not there.
const ALIVE: f32 = 1.0;
