//! The agent's own machine: line, headset and desktop.

use omnibar_contract::{
    AudioIntent, DockIntent, Remembered, Settings, SettingsIntent, WindowIntent,
};
use omnibar_desk::{Alert, LineState, Snapshot, Sound};
use omnibar_model::{AgentId, Secret};
use omnibar_softphone::{
    Audio, Buttons, Dock, Event, IceServer, Inbox, Line, LineEvent, LineProbe, Probe, RelayProbe,
    Shell, ShellEvent, SignIn, TurnCredential, VoiceSignal,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The voice connection, whose far end answers at once.
#[derive(Clone, Debug, Default)]
pub struct LinePort {
    pub opened: u32,
    pub restarted: u32,
    pub closed: u32,
    pub servers: Vec<IceServer>,
    pub answers: Vec<String>,
    /// Extensions that were tested, and the echo numbers with them.
    pub tested: Vec<(Option<SignIn>, String)>,
    /// Tests that were stopped.
    pub stopped: u32,
}

/// Microphone, speaker and ringer.
#[derive(Clone, Debug, Default)]
pub struct Headset {
    pub ringing: bool,
    pub microphone: bool,
    pub in_call: bool,
    pub played: Vec<Sound>,
    pub asked: Vec<AudioIntent>,
    pub applied: Vec<Settings>,
}

/// Buttons and lamps of the headset.
#[derive(Clone, Debug, Default)]
pub struct Keypad {
    /// The desk as the lamps were last told.
    pub desk: Option<Snapshot>,
    /// As last applied.
    pub wanted: Option<bool>,
}

/// Notifications, keys, window, settings, keychain.
#[derive(Clone, Debug, Default)]
pub struct Desktop {
    pub alerts: Vec<Alert>,
    pub in_call: bool,
    pub saved: Vec<Settings>,
    /// How long saving takes.
    pub saving_takes: Duration,
    pub window: Vec<WindowIntent>,
    pub docked: Vec<DockIntent>,
    /// Where the agent signed in, as the dock was told.
    pub centres: Vec<String>,
    /// Sign-ins that were to be remembered.
    pub remembered: Vec<SignIn>,
    /// The keychain.
    pub vault: Option<(AgentId, Secret)>,
}

/// What survives a restart of the softphone.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) outbox: Arc<tempfile::TempDir>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { outbox: Arc::new(tempfile::tempdir().unwrap()) }
    }
}

#[derive(Debug)]
pub(super) struct Port<T> {
    pub(super) state: Arc<Mutex<T>>,
    pub(super) inbox: Inbox,
}

impl<T> Port<T> {
    fn with<R>(&self, act: impl FnOnce(&mut T) -> R) -> R {
        act(&mut self.state.lock().unwrap())
    }

    fn line(&self, event: LineEvent) {
        self.inbox.post(Event::Line(event));
    }

    fn shell(&self, event: ShellEvent) {
        self.inbox.post(Event::Shell(event));
    }
}

impl Line for Port<LinePort> {
    fn open(&mut self, servers: Vec<IceServer>) {
        self.with(|line| {
            line.opened += 1;
            line.servers = servers;
        });
        self.line(LineEvent::Changed(LineState::Connecting));
        self.line(LineEvent::Signal(VoiceSignal::Offer("an offer".into())));
        self.line(LineEvent::Signal(VoiceSignal::Candidate(String::new())));
    }

    fn restart(&mut self) {
        self.with(|line| line.restarted += 1);
        self.line(LineEvent::Changed(LineState::Recovering));
        self.line(LineEvent::Signal(VoiceSignal::Offer("a restart".into())));
    }

    fn close(&mut self) {
        self.with(|line| line.closed += 1);
        self.line(LineEvent::Changed(LineState::Closed));
    }

    fn signal(&mut self, signal: VoiceSignal) {
        match signal {
            VoiceSignal::Answer(sdp) => {
                self.with(|line| line.answers.push(sdp));
                self.line(LineEvent::Changed(LineState::Up));
            }
            VoiceSignal::Candidate(_) => {}
            VoiceSignal::Offer(_) => panic!("the centre does not offer"),
            VoiceSignal::Extension(_) => panic!("this centre's switch is no exchange"),
        }
    }

    fn probe(&mut self, servers: Vec<IceServer>) {
        let of = |server: IceServer| server.urls.into_iter().next().unwrap_or_default();
        let relays = servers.into_iter().map(|s| (of(s), RelayProbe::Silent)).collect();
        let round_trip = Some(std::time::Duration::from_millis(20));
        self.line(LineEvent::Probed(LineProbe { round_trip, of_each_call: false, relays }));
    }
}

impl Buttons for Port<Keypad> {
    fn follow(&mut self, desk: &Snapshot) {
        self.with(|keypad| keypad.desk = Some(desk.clone()));
    }

    fn apply(&mut self, settings: &Settings) {
        self.with(|keypad| keypad.wanted = Some(!settings.no_headset_buttons));
    }
}

impl Audio for Port<Headset> {
    fn start_ringing(&mut self) {
        self.with(|headset| headset.ringing = true);
    }

    fn stop_ringing(&mut self) {
        self.with(|headset| headset.ringing = false);
    }

    fn play(&mut self, sound: Sound) {
        self.with(|headset| headset.played.push(sound));
    }

    fn set_microphone(&mut self, open: bool) {
        self.with(|headset| headset.microphone = open);
    }

    fn set_in_call(&mut self, on: bool) {
        self.with(|headset| headset.in_call = on);
    }

    fn ask(&mut self, intent: AudioIntent) {
        self.with(|headset| headset.asked.push(intent));
    }

    fn apply(&mut self, settings: &Settings) {
        self.with(|headset| headset.applied.push(settings.clone()));
    }
}

impl Probe for Port<LinePort> {
    fn test(&mut self, of: Option<SignIn>, echo: String, _servers: Vec<IceServer>) {
        self.with(|line| line.tested.push((of, echo)));
    }

    fn stop_test(&mut self) {
        self.with(|line| line.stopped += 1);
    }
}

impl Dock for Port<Desktop> {
    fn ask(&mut self, intent: DockIntent) {
        self.with(|desktop| desktop.docked.push(intent));
    }

    fn signs_in(&mut self, centre: String) {
        self.with(|desktop| desktop.centres.push(centre));
    }
}

impl Shell for Port<Desktop> {
    fn alert(&mut self, alert: Alert) {
        self.with(|desktop| desktop.alerts.push(alert));
    }

    fn set_in_call(&mut self, on: bool) {
        self.with(|desktop| desktop.in_call = on);
    }

    fn settings(&mut self, intent: SettingsIntent) {
        match intent {
            SettingsIntent::Save { settings } => {
                let takes = self.with(|desktop| {
                    desktop.saved.push(settings.clone());
                    desktop.saving_takes
                });
                let saved = Event::Shell(ShellEvent::SettingsSaved(settings));
                if takes.is_zero() {
                    self.inbox.post(saved);
                    return;
                }
                let inbox = self.inbox.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(takes).await;
                    inbox.post(saved);
                });
            }
            SettingsIntent::SetTurnCredential { url, username, credential } => {
                let credential = credential.into_secret();
                let credential = TurnCredential { url, username, credential };
                self.shell(ShellEvent::TurnCredentials(vec![credential]));
            }
            SettingsIntent::KeepContact { .. }
            | SettingsIntent::ForgetSignIn
            | SettingsIntent::ExportLogs
            | SettingsIntent::DismissNotice { .. } => {}
        }
    }

    fn window(&mut self, intent: WindowIntent) {
        self.with(|desktop| desktop.window.push(intent));
    }

    fn remember(&mut self, sign_in: SignIn) {
        let remembered = Remembered {
            centre: sign_in.centre.clone(),
            user: Some(sign_in.user.clone()),
            password: sign_in.password.is_some(),
            account: sign_in.account.clone(),
        };
        self.with(|desktop| {
            desktop.vault = sign_in.password.clone().map(|p| (sign_in.user.clone(), p));
            desktop.remembered.push(sign_in);
        });
        self.shell(ShellEvent::RememberedChanged(remembered));
    }

    fn recall(&mut self, _centre: String, user: AgentId) {
        let mut found = None;
        self.with(|desktop| {
            found = desktop.vault.clone().filter(|(owner, _)| *owner == user).map(|(_, p)| p);
        });
        self.shell(ShellEvent::Password(found));
    }
}
