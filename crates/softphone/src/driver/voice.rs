//! What the agent asks of the voice path.

use super::Softphone;
use omnibar_contract::{AudioIntent, DeviceChoice, SettingsIntent, VoiceIntent};
use omnibar_desk::{Input, Remedy};

impl Softphone {
    pub(super) fn ask_voice(&mut self, ask: VoiceIntent) {
        match ask {
            VoiceIntent::Mend { remedy } => self.mend(remedy),
            VoiceIntent::Check | VoiceIntent::DismissCheck => {}
        }
    }

    fn mend(&mut self, remedy: Remedy) {
        tracing::info!(?remedy, "the agent mends the voice");
        match remedy {
            Remedy::UnmuteMicrophone => self.ports.audio.ask(AudioIntent::UnmuteMicrophone),
            Remedy::SwitchMicrophone => {
                let choice = DeviceChoice::SystemDefault;
                self.ask_audio(AudioIntent::ChooseMicrophone { choice });
            }
            Remedy::UnmuteSpeaker | Remedy::RaiseSpeaker => {
                let mut settings = self.scene.settings.clone();
                if settings.volumes.speaker <= 0.0 {
                    settings.volumes.speaker = 1.0;
                    self.ports.shell.settings(SettingsIntent::Save { settings });
                }
            }
            Remedy::RestartVoice => self.feed(Input::NetworkChanged),
        }
    }
}
