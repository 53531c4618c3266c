//! What the agent asks of the voice path.

use super::Softphone;
use crate::port::{IceServer, TurnCredential};
use omnibar_contract::{AudioIntent, DeviceChoice, DeviceView, TurnServer, VoiceIntent};
use omnibar_desk::{Input, Remedy};

impl Softphone {
    pub(super) fn ask_voice(&mut self, ask: VoiceIntent) {
        match ask {
            VoiceIntent::Mend { remedy } => self.mend(remedy),
            VoiceIntent::Check => self.start_check(),
            VoiceIntent::DismissCheck => self.dismiss_check(),
        }
    }

    fn mend(&mut self, remedy: Remedy) {
        tracing::info!(?remedy, "the agent mends the voice");
        match remedy {
            Remedy::UnmuteMicrophone => self.ports.audio.ask(AudioIntent::UnmuteMicrophone),
            Remedy::SwitchMicrophone => {
                let choice = self.other_microphone();
                self.ask_audio(AudioIntent::ChooseMicrophone { choice });
            }
            Remedy::UnmuteSpeaker | Remedy::RaiseSpeaker => {
                self.ports.audio.ask(AudioIntent::UnmuteSpeaker);
                let mut settings = self.scene.settings.clone();
                if settings.volumes.speaker <= 0.0 {
                    settings.volumes.speaker = 1.0;
                    self.save(settings);
                }
            }
            Remedy::RestartVoice => self.feed(Input::NetworkChanged),
        }
    }

    /// The one that hears somebody, else the system's default, else any other.
    fn other_microphone(&self) -> DeviceChoice {
        let audio = &self.scene.audio;
        let device =
            |d: &DeviceView| DeviceChoice::Device { id: d.id.clone(), name: d.name.clone() };
        let using = audio.microphone.using.as_ref();
        let other = |d: &&DeviceView| Some(&d.name) != using;
        if let Some(hears) = &audio.hears {
            return device(hears);
        }
        match audio.inputs.iter().find(|d| d.is_default).filter(other) {
            Some(_) => DeviceChoice::SystemDefault,
            None => audio.inputs.iter().find(other).map_or(DeviceChoice::SystemDefault, device),
        }
    }

    /// The centre's servers and the agent's own.
    pub(super) fn servers(&self) -> Vec<IceServer> {
        let kept = |server: &TurnServer| {
            let of = |c: &&TurnCredential| c.url == server.url && c.username == server.username;
            self.turn_credentials.iter().find(of).map(|c| c.credential.clone())
        };
        let own = self.scene.settings.ice_servers.iter().map(|server| IceServer {
            urls: vec![server.url.clone()],
            username: server.username.clone(),
            credential: kept(server).unwrap_or_default(),
        });
        self.ice_servers.iter().cloned().chain(own).collect()
    }
}
