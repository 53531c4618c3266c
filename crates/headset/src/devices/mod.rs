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

mod host;
mod listing;
#[cfg(target_os = "linux")]
mod pulse;
mod role;
mod stream;
#[cfg(target_os = "linux")]
mod wire;

pub(crate) use listing::Role;
pub(crate) use stream::{End, MicrophoneEnd, SpeakerEnd};

use crate::counters::Counters;
use host::{Server, ServerNews};
use listing::Listing;
use omnibar_contract::{AudioFault, DeviceChoice, DeviceView, RoleView};
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
    pub(crate) ringer: bool,
}

/// The part of the audio view that is about devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Roster {
    pub(crate) inputs: Vec<DeviceView>,
    pub(crate) outputs: Vec<DeviceView>,
    pub(crate) microphone: RoleView,
    pub(crate) speaker: RoleView,
    pub(crate) ringer: RoleView,
    pub(crate) fault: Option<AudioFault>,
}

/// What the media thread hears. `None`: the role's device is closed.
#[derive(Debug)]
pub(crate) enum DeviceNews {
    Microphone(Option<MicrophoneEnd>),
    Speaker(Option<SpeakerEnd>),
    Ringer(Option<SpeakerEnd>),
    Roster(Box<Roster>),
}

/// The media thread's way to this thread. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Devices(Sender<Message>);

impl Devices {
    pub(crate) fn start(
        choices: [DeviceChoice; 3],
        counters: Arc<Counters>,
        tell: impl Fn(DeviceNews) + Send + 'static,
    ) -> std::io::Result<Self> {
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

    pub(crate) fn choose(&self, role: Role, choice: DeviceChoice) {
        self.post(Message::Choose(role, choice));
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

#[derive(Debug)]
enum Message {
    Want(Wants),
    Choose(Role, DeviceChoice),
    Stalled(Role),
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
    roles: [RoleState; 3],
    retry_at: Option<Instant>,
    told: Option<Roster>,
    counters: Arc<Counters>,
    tell: Box<dyn Fn(DeviceNews) + Send>,
    news: Sender<Message>,
}

impl Room {
    fn new(
        choices: [DeviceChoice; 3],
        counters: Arc<Counters>,
        tell: Box<dyn Fn(DeviceNews) + Send>,
        news: Sender<Message>,
    ) -> Self {
        let [microphone, speaker, ringer] = choices;
        Self {
            server: None,
            server_serial: 0,
            stream_serial: 0,
            listing: Listing::default(),
            stale: true,
            roles: [
                RoleState::new(Role::Microphone, microphone),
                RoleState::new(Role::Speaker, speaker),
                RoleState::new(Role::Ringer, ringer),
            ],
            retry_at: None,
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
                self.roles[0].want(wants.microphone);
                self.roles[1].want(wants.speaker);
                self.roles[2].want(wants.ringer);
            }
            Message::Choose(role, choice) => self.role(role).choose(choice),
            Message::Stalled(role) => {
                tracing::warn!(?role, "the device has stopped");
                let closed = self.role(role).close();
                closed.into_iter().for_each(&self.tell);
                self.stale = true;
            }
            Message::Failed(role, serial, error) => {
                if let Some(closed) = self.role(role).failed(serial) {
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

    fn role(&mut self, role: Role) -> &mut RoleState {
        match role {
            Role::Microphone => &mut self.roles[0],
            Role::Speaker => &mut self.roles[1],
            Role::Ringer => &mut self.roles[2],
        }
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
        let role = &mut self.roles[index];
        let outcome = role.settle(&self.listing, server, &mut self.stream_serial, &self.news);
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
        let [microphone, speaker, ringer] = &self.roles;
        Roster {
            inputs: self.listing.inputs_view(),
            outputs: self.listing.outputs_view(),
            microphone: microphone.view(&self.listing),
            speaker: speaker.view(&self.listing),
            ringer: ringer.view(&self.listing),
            fault: self.fault(),
        }
    }

    /// The worst of what is wrong.
    fn fault(&self) -> Option<AudioFault> {
        if self.server.is_none() {
            return Some(AudioFault::NoSoundServer);
        }
        let [microphone, speaker, _] = &self.roles;
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
