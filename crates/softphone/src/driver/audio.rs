//! What the headset tells, and what is asked of it.

use super::Softphone;
use crate::port::AudioEvent;
use omnibar_contract::{AudioIntent, Meter, TestState};

impl Softphone {
    pub(super) fn ask_audio(&mut self, ask: AudioIntent) {
        if self.scene.chose(&ask) {
            self.changed = true;
            let settings = self.scene.settings.clone();
            self.save(settings);
        }
        self.ports.audio.ask(ask);
    }

    pub(super) fn audio(&mut self, event: AudioEvent) {
        match event {
            AudioEvent::Changed(view) => {
                self.changed |= self.scene.audio != view;
                self.scene.audio = view;
                self.rest_meter();
            }
            // One that was on its way when the call ended says nothing of now.
            AudioEvent::Meter(meter) if self.is_metered() => {
                self.meters.send_replace(meter);
                let now = self.clock.now();
                self.changed |= self.watch.meter(now, &meter, &mut self.scene, self.desk.shown());
            }
            // The centre's switch hears customers' keys too, and acts on them.
            AudioEvent::Meter(_) | AudioEvent::Heard | AudioEvent::Digit(_) => {}
            AudioEvent::Probed(probe) => self.probed_audio(probe),
        }
    }

    fn is_metered(&self) -> bool {
        self.in_call
            || match self.scene.audio.test {
                TestState::Metering | TestState::Recording | TestState::PlayingBack => true,
                TestState::Idle | TestState::Tone => false,
            }
    }

    /// Levels and quality are those of a call or a check, and over with it.
    pub(super) fn rest_meter(&mut self) {
        if !self.is_metered() {
            self.meters.send_if_modified(|meter| {
                let moved = *meter != Meter::default();
                *meter = Meter::default();
                moved
            });
        }
    }
}
