//! Echo, noise and gain of the call, told what devices there are.

use crate::devices::Roster;
use omnibar_contract::{Cleaning as Wanted, CleaningView, EchoView};
use omnibar_media::BLOCK;
use omnibar_media::processing::{EchoHint, EchoState, Processing, ProcessingConfig};

#[derive(Debug)]
pub(crate) struct Cleaning {
    processing: Processing,
    desk: Desk,
}

/// Microphone and speaker in use, and whether the speaker's sound reaches only the ear.
#[derive(Debug, Default, PartialEq, Eq)]
struct Desk {
    microphone: Option<String>,
    speaker: Option<String>,
    worn: Option<bool>,
}

impl Cleaning {
    pub(crate) fn new() -> Self {
        let processing = Processing::new(ProcessingConfig::default(), EchoHint::Unknown);
        Self { processing, desk: Desk::default() }
    }

    pub(crate) fn apply(&mut self, wanted: Wanted) {
        let Wanted { on, customer_noise } = wanted;
        self.processing.set(ProcessingConfig { on, customer_noise });
    }

    /// What was learned of other devices is forgotten.
    pub(crate) fn devices(&mut self, roster: &Roster) {
        let desk = Desk {
            microphone: roster.microphone.using.clone(),
            speaker: roster.speaker.using.clone(),
            worn: roster.worn,
        };
        if desk != self.desk {
            let hint = match desk.worn {
                Some(true) => EchoHint::Headset,
                Some(false) => EchoHint::Speakers,
                None => EchoHint::Unknown,
            };
            self.processing.devices_changed(hint);
            self.desk = desk;
        }
    }

    /// 10 ms of the microphone; what is to be sent instead.
    pub(crate) fn spoken(&mut self, block: &[f32; BLOCK]) -> [f32; BLOCK] {
        let mut block = *block;
        self.processing.near(&mut block);
        block
    }

    /// 10 ms of the far side's voice, before anything else is mixed in.
    pub(crate) fn received(&mut self, block: &mut [f32; BLOCK]) {
        self.processing.received(block);
    }

    /// 10 ms that go to the speaker.
    pub(crate) fn played(&mut self, block: &[f32; BLOCK]) {
        self.processing.far(block);
    }

    pub(crate) fn view(&self) -> CleaningView {
        let state = self.processing.state();
        let echo = match state.echo {
            EchoState::Off => EchoView::Off,
            EchoState::Listening => EchoView::Listening,
            EchoState::Cancelling => EchoView::Cancelling,
            EchoState::Bypassed => EchoView::Bypassed,
        };
        CleaningView { echo, noise: state.noise, customer_noise: state.customer_noise }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_contract::RoleView;

    fn roster(speaker: &str, worn: Option<bool>) -> Roster {
        let using = RoleView { using: Some(speaker.into()), ..RoleView::default() };
        Roster { speaker: using, worn, ..Roster::default() }
    }

    #[test]
    fn the_device_decides_until_the_ears_know() {
        let mut cleaning = Cleaning::new();
        cleaning.apply(Wanted::default());
        for (worn, echo) in [
            (Some(true), EchoView::Bypassed),
            (Some(false), EchoView::Listening),
            (None, EchoView::Listening),
        ] {
            cleaning.devices(&roster("Device", worn));
            assert_eq!(cleaning.view().echo, echo, "{worn:?}");
        }
        cleaning.apply(Wanted { on: false, customer_noise: false });
        assert_eq!(cleaning.view().echo, EchoView::Off);
    }
}
