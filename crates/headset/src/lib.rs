//! Microphone, speaker and ringer: the [`Audio`] port on cpal, and the one thread that
//! runs the voice.
//!
//! ```text
//!  Audio ──posts──▶ media thread ◀─sockets, or rings─▶ sound server, or its callbacks
//!                    │  ▲   │ ▲
//!          PacketSink┘  │   │ └rings, roster── devices thread ◀── its subscription
//!              source ──┘   └──wants, choices──▶
//! ```
//!
//! The sound card's clock pulls playout and pushes capture. Where there is no card, or it
//! stops, a timer of 10 ms takes its place: packets keep flowing and a call stays up.
//! While there is no call, ring or test, all threads sleep and every device is closed.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod attention;
mod bells;
mod check;
mod cleaning;
mod clock;
mod convert;
mod counters;
mod devices;
mod flow;
mod media;
mod mix;
mod priority;
mod quality;
mod rhythm;
mod voice;
mod waiting;

pub use counters::{Count, Counters};

use media::{MediaThread, Message};
use omnibar_contract::{AudioFault, AudioIntent, AudioView, Settings};
use omnibar_desk::Sound;
use omnibar_media::{Channel, Digit, Received};
use omnibar_softphone::{Audio, AudioEvent, Event, Inbox};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;
use waiting::Post;

pub struct HeadsetConfig {
    /// Where packets and reports go, and what the far side says of them; called on the
    /// media thread.
    pub sink: Box<dyn Channel>,
    /// Packets from the network. Read only while a call is up.
    pub source: rtrb::Consumer<Received>,
    /// Round trip of the voice path in µs, kept by the line; 0: not known.
    pub round_trip: Arc<AtomicU64>,
    /// Of the clock in [`Received::arrived`].
    pub epoch: Instant,
    pub settings: Settings,
}

impl fmt::Debug for HeadsetConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeadsetConfig").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Starts the threads. [`AudioEvent::Changed`] follows at once and whenever anything in
/// the view changes; [`AudioEvent::Meter`] 20 times a second while in a call or test.
#[must_use]
pub fn start(config: HeadsetConfig, inbox: Inbox) -> Headset {
    let counters = Arc::new(Counters::default());
    let started = waiting::post().and_then(|(orders, messages)| {
        let counters = Arc::clone(&counters);
        let thread = MediaThread::new(config, inbox.clone(), counters, orders.clone())?;
        let builder = std::thread::Builder::new().name("media".into());
        builder.spawn(move || thread.run(&messages))?;
        Ok(orders)
    });
    let orders = started.inspect_err(|error| {
        tracing::error!(%error, "the media thread could not be started: there will be no sound");
        let fault = Some(AudioFault::NoSoundServer);
        let view = AudioView { fault, ..AudioView::default() };
        inbox.post(Event::Audio(AudioEvent::Changed(view)));
    });
    Headset { orders: orders.ok(), counters }
}

/// Dropping it closes the devices and ends the threads.
#[derive(Debug)]
pub struct Headset {
    /// `None`: there is no media thread, and the view says that there is no sound.
    orders: Option<Post<Message>>,
    counters: Arc<Counters>,
}

impl Headset {
    /// Sends a key to the far side as telephone event (RFC 4733). One that the keypad does
    /// not have is not sent.
    pub fn press(&self, key: char) {
        self.handle().press(key);
    }

    /// For whom tells calls apart, without the headset at hand.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle(self.orders.clone())
    }

    /// Plays the ringback tone at the speaker, as long as it is `on` and a call is: for an
    /// exchange that sends no tone of its own.
    pub fn ring_back(&self, on: bool) {
        self.post(Message::RingBack(on));
    }

    #[must_use]
    pub fn counters(&self) -> Arc<Counters> {
        Arc::clone(&self.counters)
    }

    fn post(&self, message: Message) {
        if let Some(orders) = &self.orders {
            orders.send(message);
        }
    }
}

/// The same, for those who have no headset but use its voice.
#[derive(Clone, Debug)]
pub struct Handle(Option<Post<Message>>);

impl Handle {
    /// As [`Headset::press`].
    pub fn press(&self, key: char) {
        if let Some(digit) = Digit::new(key) {
            self.post(Message::Press(digit));
        }
    }

    /// As [`Headset::ring_back`].
    pub fn ring_back(&self, on: bool) {
        self.post(Message::RingBack(on));
    }

    fn post(&self, message: Message) {
        if let Some(orders) = &self.0 {
            orders.send(message);
        }
    }
}

impl Drop for Headset {
    fn drop(&mut self) {
        self.post(Message::Stop);
    }
}

impl Audio for Headset {
    fn start_ringing(&mut self) {
        self.post(Message::Ring(true));
    }

    fn stop_ringing(&mut self) {
        self.post(Message::Ring(false));
    }

    fn play(&mut self, sound: Sound) {
        self.post(Message::Play(sound));
    }

    fn set_microphone(&mut self, open: bool) {
        self.post(Message::Microphone(open));
    }

    fn set_in_call(&mut self, on: bool) {
        self.post(Message::InCall(on));
    }

    fn ask(&mut self, intent: AudioIntent) {
        self.post(Message::Ask(intent));
    }

    fn apply(&mut self, settings: &Settings) {
        self.post(Message::Apply(Box::new(settings.clone())));
    }
}
