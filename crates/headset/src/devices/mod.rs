//! The thread that opens, closes and replaces devices, so that the media thread
//! never waits for a sound server.
//!
//! ```text
//!            wants, choices                 streams, subscription
//!  media ───────────────────▶ devices ◀──────────────────────────── sound server
//!  thread ◀─────────────────  thread
//!            rings, roster
//! ```
//!
//! It sleeps until it is asked, until the server tells of a change, or, while there
//! is something to try again, for [`RETRY_EVERY`].

#[cfg(target_os = "linux")]
mod bluetooth;
mod host;
#[cfg(target_os = "linux")]
mod listen;
mod listing;
mod mend;
#[cfg(target_os = "linux")]
mod pulse;
mod role;
mod stream;
#[cfg(target_os = "linux")]
mod wire;
mod worn;

pub(crate) use listing::{RINGERS, Role};
#[cfg(target_os = "linux")]
pub(crate) use pulse::{PulseSpeaker, Underruns};
pub(crate) use stream::{End, MicrophoneEnd, SpeakerEnd};

use crate::counters::Counters;
use host::{Server, ServerNews};
use listing::Listing;
use omnibar_contract::{
    AudioFault, AudioView, DeviceChoice, DeviceView, Ringing, RoleView, Settings, SourceMute,
    SpeakerOff,
};
use role::{Outcome, RoleState};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How often an absent server, or a device that would not open, is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(2);

/// Which roles need an open device now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    pub(crate) microphone: bool,
    pub(crate) speaker: bool,
    pub(crate) ringers: [bool; RINGERS],
}

/// The part of the audio view that is about devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roster {
    pub(crate) inputs: Vec<DeviceView>,
    pub(crate) outputs: Vec<DeviceView>,
    pub(crate) microphone: RoleView,
    pub(crate) speaker: RoleView,
    pub(crate) ringer: RoleView,
    pub(crate) also_ring: Vec<RoleView>,
    pub(crate) fault: Option<AudioFault>,
    /// The microphone in use is muted in the system's sound settings.
    pub(crate) muted: bool,
    pub(crate) speaker_off: Option<SpeakerOff>,
    /// Another microphone that hears somebody.
    pub(crate) hears: Option<DeviceView>,
    /// Whether the speaker's sound reaches only the ear; `None`: nobody says.
    pub(crate) worn: Option<bool>,
}

impl Roster {
    /// The view, with what is not about devices at its default.
    pub(crate) fn view(&self) -> AudioView {
        let Self { inputs, outputs, microphone, speaker, ringer, also_ring, fault, muted, .. } =
            self.clone();
        let (speaker_off, hears) = (self.speaker_off, self.hears.clone());
        let mute = if muted { SourceMute::System } else { SourceMute::Open };
        AudioView {
            inputs,
            outputs,
            microphone,
            speaker,
            ringer,
            also_ring,
            fault,
            mute,
            speaker_off,
            hears,
            ..AudioView::default()
        }
    }
}

/// What the media thread hears. `None`: the role's device is closed.
#[derive(Debug)]
pub(crate) enum DeviceNews {
    Microphone(Option<MicrophoneEnd>),
    Speaker(Option<SpeakerEnd>),
    /// Which of the ringers.
    Ringer(usize, Option<SpeakerEnd>),
    Roster(Box<Roster>),
}

/// The media thread's way to this thread. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Devices(Sender<Message>);

impl Devices {
    pub(crate) fn start(
        settings: &Settings,
        counters: Arc<Counters>,
        tell: impl Fn(DeviceNews) + Send + 'static,
    ) -> std::io::Result<Self> {
        let choices = Choices::of(settings);
        let (sender, messages) = channel();
        let news = sender.clone();
        std::thread::Builder::new().name("devices".into()).spawn(move || {
            Room::new(choices, counters, Box::new(tell), news).run(&messages);
        })?;
        Ok(Self(sender))
    }

    pub(crate) fn want(&self, wants: Wants) {
        self.post(Message::Want(wants));
    }

    pub(crate) fn apply(&self, settings: &Settings) {
        self.post(Message::Apply(Choices::of(settings)));
    }

    pub(crate) fn choose(&self, role: Role, choice: DeviceChoice) {
        self.post(Message::Choose(role, choice));
    }

    /// Opens the microphone in use in the system's sound settings.
    pub(crate) fn unmute(&self) {
        self.post(Message::Unmute);
    }

    /// Opens the speaker in use there, and turns it up if it is at zero.
    pub(crate) fn unmute_speaker(&self) {
        self.post(Message::UnmuteSpeaker);
    }

    /// Looks for another microphone that hears somebody; the roster tells.
    pub(crate) fn listen(&self) {
        self.post(Message::Listen);
    }

    /// The role's callbacks have stopped coming.
    pub(crate) fn stalled(&self, role: Role) {
        self.post(Message::Stalled(role));
    }

    fn post(&self, message: Message) {
        // The thread ends only after this sender.
        let _ = self.0.send(message);
    }
}

impl Drop for Devices {
    fn drop(&mut self) {
        self.post(Message::Stop);
    }
}

/// One for each role; as many that also ring as are set.
#[derive(Debug)]
struct Choices(Vec<(Role, DeviceChoice)>);

impl Choices {
    fn of(settings: &Settings) -> Self {
        let Settings { microphone, speaker, ringer, ringing, .. } = settings;
        let mut choices = vec![
            (Role::Microphone, microphone.clone()),
            (Role::Speaker, speaker.clone()),
            (Role::Ringer(0), ringer.clone()),
        ];
        let also = ringing.also.iter().take(Ringing::ALSO_MAX).enumerate();
        choices.extend(also.map(|(i, also)| (Role::Ringer(i + 1), also.device.clone())));
        Self(choices)
    }
}

#[derive(Debug)]
enum Message {
    Want(Wants),
    Apply(Choices),
    Choose(Role, DeviceChoice),
    Stalled(Role),
    Unmute,
    UnmuteSpeaker,
    Listen,
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "elsewhere every microphone is opened")
    )]
    Heard(Option<DeviceView>),
    Server(ServerNews),
    /// The stream of that serial number has ended.
    Failed(Role, u32, cpal::Error),
    Stop,
}

impl From<ServerNews> for Message {
    fn from(news: ServerNews) -> Self {
        Self::Server(news)
    }
}

struct Room {
    server: Option<Server>,
    /// Number of the present server, and of the newest stream.
    server_serial: u32,
    stream_serial: u32,
    listing: Listing,
    /// The listing may be out of date.
    stale: bool,
    /// Microphone, speaker, ringer, and what also rings.
    roles: Vec<RoleState>,
    retry_at: Option<Instant>,
    listening: bool,
    hears: Option<DeviceView>,
    told: Option<Roster>,
    counters: Arc<Counters>,
    tell: Box<dyn Fn(DeviceNews) + Send>,
    news: Sender<Message>,
}

impl Room {
    fn new(
        choices: Choices,
        counters: Arc<Counters>,
        tell: Box<dyn Fn(DeviceNews) + Send>,
        news: Sender<Message>,
    ) -> Self {
        let roles = choices.0.into_iter().map(|(role, choice)| RoleState::new(role, choice));
        Self {
            server: None,
            server_serial: 0,
            stream_serial: 0,
            listing: Listing::default(),
            stale: true,
            roles: roles.collect(),
            retry_at: None,
            listening: false,
            hears: None,
            told: None,
            counters,
            tell,
            news,
        }
    }

    fn run(mut self, messages: &Receiver<Message>) {
        self.settle();
        loop {
            let first = match self.retry_at {
                None => messages.recv().map_err(RecvTimeoutError::from),
                Some(at) => messages.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            self.counters.device_turns.add(1);
            match first {
                Ok(message) => {
                    // Plugging one headset in makes a burst of news.
                    for message in std::iter::once(message).chain(messages.try_iter()) {
                        if matches!(message, Message::Stop) {
                            return self.close();
                        }
                        self.take(message);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.retry_at = None;
                    self.stale = true;
                    self.roles.iter_mut().for_each(RoleState::forgive);
                }
                Err(RecvTimeoutError::Disconnected) => return self.close(),
            }
            self.settle();
        }
    }

    fn close(mut self) {
        self.roles.iter_mut().for_each(|role| {
            role.close();
        });
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Want(wants) => {
                let ringers = wants.ringers.into_iter();
                let wants = [wants.microphone, wants.speaker].into_iter().chain(ringers);
                self.roles.iter_mut().zip(wants).for_each(|(role, wanted)| role.want(wanted));
            }
            Message::Apply(choices) => self.apply(choices),
            Message::Choose(role, choice) => {
                self.hears = self.hears.take().filter(|_| role != Role::Microphone);
                self.role(role).into_iter().for_each(|role| role.choose(choice.clone()));
            }
            Message::Stalled(role) => {
                tracing::warn!(?role, "the device has stopped");
                let closed = self.role(role).and_then(RoleState::close);
                closed.into_iter().for_each(&self.tell);
                self.stale = true;
            }
            Message::Unmute => self.unmute(),
            Message::UnmuteSpeaker => self.unmute_speaker(),
            Message::Listen => self.listen(),
            Message::Heard(hears) => (self.listening, self.hears) = (false, hears),
            Message::Failed(role, serial, error) => {
                if let Some(closed) = self.role(role).and_then(|role| role.failed(serial)) {
                    tracing::warn!(?role, %error, "the device has failed");
                    (self.tell)(closed);
                    self.stale = true;
                }
            }
            Message::Server(ServerNews::Changed(serial)) => {
                self.stale |= serial == self.server_serial;
            }
            Message::Server(ServerNews::Gone(serial)) => {
                if serial == self.server_serial && self.server.is_some() {
                    self.lose_server("it has hung up");
                }
            }
            Message::Stop => {}
        }
    }

    fn apply(&mut self, Choices(choices): Choices) {
        for gone in self.roles.drain(choices.len().min(self.roles.len())..) {
            let mut gone = gone;
            gone.close().into_iter().for_each(&self.tell);
        }
        for (index, (role, choice)) in choices.into_iter().enumerate() {
            match self.roles.get_mut(index) {
                Some(present) => present.choose(choice),
                None => self.roles.push(RoleState::new(role, choice)),
            }
        }
    }

    /// `None`: a ringer that has been taken out of the settings.
    fn role(&mut self, role: Role) -> Option<&mut RoleState> {
        let index = match role {
            Role::Microphone => 0,
            Role::Speaker => 1,
            Role::Ringer(index) => 2 + index,
        };
        self.roles.get_mut(index)
    }

    /// Makes what is open agree with what is wanted and what there is.
    fn settle(&mut self) {
        if self.server.is_none() && self.retry_at.is_none() {
            self.find_server();
        }
        if self.stale {
            self.look();
        }
        for index in 0..self.roles.len() {
            self.settle_role(index);
        }
        self.tell_roster();
    }

    fn tell_roster(&mut self) {
        let roster = self.roster();
        if self.told.as_ref() != Some(&roster) {
            tracing::info!(fault = ?roster.fault, microphone = ?roster.microphone.using,
                speaker = ?roster.speaker.using, ringer = ?roster.ringer.using, "audio devices");
            (self.tell)(DeviceNews::Roster(Box::new(roster.clone())));
            self.told = Some(roster);
        }
    }

    fn find_server(&mut self) {
        self.server_serial = self.server_serial.wrapping_add(1);
        match Server::open(self.server_serial, self.news.clone()) {
            Ok(server) => {
                tracing::info!("the sound server answers");
                self.server = Some(server);
                self.stale = true;
            }
            Err(error) => {
                tracing::debug!(%error, "no sound server yet");
                self.retry();
            }
        }
    }

    fn look(&mut self) {
        self.stale = false;
        let Some(server) = &mut self.server else { return };
        match server.list() {
            Ok(listing) => {
                if listing != self.listing {
                    self.roles.iter_mut().for_each(RoleState::forgive);
                }
                self.listing = listing;
                for role in &mut self.roles {
                    role.miss(&self.listing).into_iter().for_each(&self.tell);
                }
                // Said before the next device is opened, which may take a while.
                self.tell_roster();
            }
            Err(error) => self.lose_server(&error.to_string()),
        }
    }

    fn settle_role(&mut self, index: usize) {
        let server = self.server.is_some();
        // Two streams of one ring on one device would sound like a fault.
        let ringing = self.roles.get(2..index).unwrap_or_default();
        let taken: Vec<String> = ringing.iter().filter_map(RoleState::opened).collect();
        let role = &mut self.roles[index];
        let serial = &mut self.stream_serial;
        let outcome = role.settle(&self.listing, server, &taken, serial, &self.news);
        match outcome {
            Outcome::Same => {}
            Outcome::Changed(news) => (self.tell)(news),
            Outcome::Hung => self.lose_server("it does not answer"),
        }
        if self.roles[index].waits_for_retry() {
            self.retry();
        }
    }

    /// Streams of a dead server are dead too, and so is cpal's host: all is made anew.
    fn lose_server(&mut self, why: &str) {
        tracing::warn!(why, "the sound server is gone");
        self.server = None;
        self.listing = Listing::default();
        for role in &mut self.roles {
            if let Some(news) = role.close() {
                (self.tell)(news);
            }
        }
        self.retry();
    }

    fn retry(&mut self) {
        self.retry_at.get_or_insert_with(|| Instant::now() + RETRY_EVERY);
    }

    fn roster(&self) -> Roster {
        let view = |index: usize| {
            let role = self.roles.get(index);
            role.map(|role| role.view(&self.listing)).unwrap_or_default()
        };
        Roster {
            inputs: self.listing.inputs_view(),
            outputs: self.listing.outputs_view(),
            microphone: view(0),
            speaker: view(1),
            ringer: view(2),
            also_ring: (3..self.roles.len()).map(view).collect(),
            fault: self.fault(),
            muted: self.roles[0].muted(&self.listing),
            speaker_off: self.roles[1].off(&self.listing),
            hears: self.hears.clone(),
            worn: self.roles[1].worn(&self.listing),
        }
    }

    /// The worst of what is wrong.
    fn fault(&self) -> Option<AudioFault> {
        if self.server.is_none() {
            return Some(AudioFault::NoSoundServer);
        }
        let (microphone, speaker) = (&self.roles[0], &self.roles[1]);
        if microphone.denied() {
            return Some(AudioFault::Denied);
        }
        if microphone.view(&self.listing).using.is_none() {
            return Some(AudioFault::NoMicrophone);
        }
        if speaker.view(&self.listing).using.is_none() {
            return Some(AudioFault::NoSpeaker);
        }
        self.roles.iter().find_map(|role| role.lost(&self.listing))
    }
}
