//! Microphone, speaker and ringer: the [`Audio`] port on cpal, and the one thread that
//! runs the voice.
//!
//! ```text
//!  Audio ──posts──▶ media thread ◀──rings──▶ callbacks of the sound server
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

pub use counters::{Count, Counters};

use media::{MediaThread, Message};
use omnibar_contract::{AudioFault, AudioIntent, AudioView, Settings};
use omnibar_desk::Sound;
use omnibar_media::{Channel, Digit, Received};
use omnibar_softphone::{Audio, AudioEvent, Event, Inbox};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

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
    let (orders, messages) = channel();
    let thread = MediaThread::new(config, inbox.clone(), Arc::clone(&counters), orders.clone());
    let started = thread.and_then(|thread| {
        let builder = std::thread::Builder::new().name("media".into());
        builder.spawn(move || thread.run(&messages))
    });
    if let Err(error) = started {
        tracing::error!(%error, "the media thread could not be started: there will be no sound");
        let fault = Some(AudioFault::NoSoundServer);
        let view = AudioView { fault, ..AudioView::default() };
        inbox.post(Event::Audio(AudioEvent::Changed(view)));
    }
    Headset { orders, counters }
}

/// Dropping it closes the devices and ends the threads.
#[derive(Debug)]
pub struct Headset {
    orders: Sender<Message>,
    counters: Arc<Counters>,
}

impl Headset {
    /// Sends a key to the far side as telephone event (RFC 4733). One that the keypad does
    /// not have is not sent.
    pub fn press(&self, key: char) {
        if let Some(digit) = Digit::new(key) {
            self.post(Message::Press(digit));
        }
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
        // Without a media thread the view says that there is no sound.
        let _ = self.orders.send(message);
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
