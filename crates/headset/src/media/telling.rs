//! What the media thread says of itself: levels and quality, and the view of devices.

use super::{METER_EVERY, MediaThread};
use omnibar_contract::{AudioView, CleaningView, Meter, Priority, SourceMute, TestState};
use omnibar_softphone::{AudioEvent, Event};
use std::time::Instant;

/// What the view has of this thread, beside the devices.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Own {
    test: TestState,
    switched_off: bool,
    talking_unheard: bool,
    priority: Priority,
    cleaning: CleaningView,
}

impl MediaThread {
    pub(super) fn metering(&self) -> bool {
        self.in_call
            || match self.check.state() {
                TestState::Metering | TestState::Recording | TestState::PlayingBack => true,
                TestState::Idle | TestState::Tone => false,
            }
    }

    pub(super) fn meter(&mut self, now: Instant) {
        if !self.metering() || now < self.meter_at {
            return;
        }
        self.signals.turn(now, self.meter_at, self.counters.underruns.get());
        self.meter_at = (self.meter_at + METER_EVERY).max(now);
        let mut meter = Meter {
            microphone: self.own_level.level(),
            speaker: self.mix.level(),
            ..Meter::default()
        };
        let time = self.micros(now);
        let trip = self.voice.round_trip();
        if self.in_call
            && let Some(engine) = self.voice.engine()
        {
            meter.microphone = engine.meter().microphone;
            meter.quality = self.signals.quality(engine, now, time, trip);
            meter.signs = self.signals.signs(engine, now, time);
            if self.microphone_open && self.signals.wants_another(now) {
                self.devices.listen();
            }
        }
        self.inbox.post(Event::Audio(AudioEvent::Meter(meter)));
    }

    pub(super) fn tell(&mut self) {
        let Some(roster) = &self.roster else { return };
        let own = Own {
            test: self.check.state(),
            switched_off: self.attention.switched_off(),
            talking_unheard: self.in_call && self.attention.talking_unheard(),
            priority: self.priority,
            cleaning: self.voice.cleaning.view(),
        };
        // A turn seldom changes anything, and a view of all devices is dear.
        if self.told == Some(own) && !self.roster_changed {
            return;
        }
        self.roster_changed = false;
        self.told = Some(own);
        let devices = roster.view();
        let mute = match devices.mute {
            SourceMute::Open if own.switched_off => SourceMute::Switch,
            mute => mute,
        };
        let Own { test, talking_unheard, priority, cleaning, .. } = own;
        let view = AudioView { test, mute, talking_unheard, priority, cleaning, ..devices };
        self.inbox.post(Event::Audio(AudioEvent::Changed(view)));
    }
}
