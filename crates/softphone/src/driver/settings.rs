//! Settings on their way to the shell and back.

use super::Softphone;
use omnibar_contract::{Settings, SettingsIntent};
use omnibar_desk::Input;

impl Softphone {
    pub(super) fn save(&mut self, settings: Settings) {
        self.saving += 1;
        self.ports.shell.settings(SettingsIntent::Save { settings });
    }

    pub(super) fn settings(&mut self, settings: Settings) {
        // What was chosen meanwhile is not in them yet, and will be in the answer to it.
        if self.saving > 0 {
            return;
        }
        self.scene.settings = settings;
        self.changed = true;
        self.ports.audio.apply(&self.scene.settings);
        self.ports.buttons.apply(&self.scene.settings);
        let config = self.scene.desk_config();
        self.feed(Input::Configured { config });
    }
}
