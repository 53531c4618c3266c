//! What the media thread says of itself: levels and quality, and the view of devices.

use super::{METER_EVERY, MediaThread};
use omnibar_contract::{AudioView, Meter, SourceMute, TestState};
use omnibar_softphone::{AudioEvent, Event};
use std::time::Instant;

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
        let devices = roster.view();
        let mute = match devices.mute {
            SourceMute::Open if self.attention.switched_off() => SourceMute::Switch,
            mute => mute,
        };
        let view = AudioView {
            test: self.check.state(),
            mute,
            talking_unheard: self.in_call && self.attention.talking_unheard(),
            priority: self.priority,
            cleaning: self.voice.cleaning.view(),
            ..devices
        };
        if self.told.as_ref() != Some(&view) {
            self.inbox.post(Event::Audio(AudioEvent::Changed(view.clone())));
            self.told = Some(view);
        }
    }
}
