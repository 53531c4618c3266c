//! The media thread: everything that happens to sound, 10 ms at a time.

mod probe;
mod telling;

use crate::HeadsetConfig;
use crate::attention::Attention;
use crate::bells::Bells;
use crate::check::Check;
use crate::clock::Clock;
use crate::counters::Counters;
use crate::devices::{DeviceNews, Devices, Role, Roster, Wants};
use crate::flow::{Intake, Outlet};
use crate::mix::Mix;
use crate::priority::{self, Breath};
use crate::quality::Signals;
use crate::voice::Voice;
use crate::waiting::{Arrivals, Post, Socket};
use omnibar_contract::{AudioIntent, Priority, Settings};
use omnibar_desk::Sound;
use omnibar_media::{BLOCK, Digit, Engine, LevelMeter, Micros};
use omnibar_softphone::{AudioEvent, Event, Inbox};
use std::sync::Arc;
use std::time::{Duration, Instant};
use telling::Own;

/// 10 Hz: a level meter of few steps shows no more, and every reading wakes the page.
const METER_EVERY: Duration = Duration::from_millis(100);
/// The speaker stays open after its last sound: until what its server holds has been
/// heard, and for the cue that follows the end of a call.
const LINGER: Duration = Duration::from_millis(500);
/// The speaker stays open after ringing: a call that was accepted begins when the centre
/// has said so.
const WARM: Duration = Duration::from_secs(3);
/// −60 dBFS: the least that a level meter shows.
const AUDIBLE: f32 = 0.001;
/// Packets that waited longer when a call begins are of something that is over.
const FRESH: Micros = Micros(100_000);

#[derive(Debug)]
pub(crate) enum Message {
    Devices(DeviceNews),
    /// Whether the system lets voice go before other work.
    Priority(bool),
    Ring(bool),
    RingBack(bool),
    Play(Sound),
    Microphone(bool),
    InCall(bool),
    Press(Digit),
    Ask(AudioIntent),
    Apply(Box<Settings>),
    Stop,
}

pub(crate) struct MediaThread {
    voice: Voice,
    epoch: Instant,
    inbox: Inbox,
    counters: Arc<Counters>,
    devices: Devices,
    wants: Wants,
    microphone: Option<Intake>,
    speaker: Option<Outlet>,
    bells: Bells,
    microphone_clock: Clock,
    speaker_clock: Clock,
    in_call: bool,
    /// The far side has been heard in this call.
    heard: bool,
    microphone_open: bool,
    signals: Signals,
    mix: Mix,
    check: Check,
    attention: Attention,
    /// The newest block that went to the speaker.
    playing: [f32; BLOCK],
    priority: Priority,
    orders: Post<Message>,
    own_level: LevelMeter,
    speaker_until: Instant,
    meter_at: Instant,
    roster: Option<Roster>,
    /// The devices are others than was told.
    roster_changed: bool,
    told: Option<Own>,
}

impl MediaThread {
    pub(crate) fn new(
        config: HeadsetConfig,
        inbox: Inbox,
        counters: Arc<Counters>,
        messages: Post<Message>,
    ) -> std::io::Result<Self> {
        let HeadsetConfig { sink, source, round_trip, epoch, settings } = config;
        let orders = messages.clone();
        let devices = Devices::start(&settings, Arc::clone(&counters), move |news| {
            messages.send(Message::Devices(news));
        })?;
        let now = Instant::now();
        let mut thread = Self {
            voice: Voice::new(sink, source, round_trip),
            epoch,
            inbox,
            counters,
            devices,
            wants: Wants::default(),
            microphone: None,
            speaker: None,
            bells: Bells::new(&settings, now),
            microphone_clock: Clock::new(now),
            speaker_clock: Clock::new(now),
            in_call: false,
            heard: false,
            microphone_open: false,
            signals: Signals::new(now),
            mix: Mix::new(settings.volumes),
            check: Check::default(),
            attention: Attention::default(),
            playing: [0.0; BLOCK],
            priority: Priority::default(),
            orders,
            own_level: LevelMeter::new(),
            speaker_until: now,
            meter_at: now,
            roster: None,
            roster_changed: false,
            told: None,
        };
        thread.voice.cleaning.apply(settings.cleaning);
        thread.voice.prepare(thread.mix.volumes.speaker, thread.microphone_open);
        Ok(thread)
    }

    pub(crate) fn run(mut self, messages: &Arrivals<Message>) {
        let orders = self.orders.clone();
        priority::raise("media", move |granted| orders.send(Message::Priority(granted)));
        let mut breath = Breath::new(Instant::now());
        loop {
            let now = Instant::now();
            let most = self.next(now).map(|at| at.saturating_duration_since(now));
            let first = messages.wait(most, self.sockets(now));
            breath.waited(now, Instant::now());
            self.counters.media_turns.add(1);
            let now = Instant::now();
            for message in first.into_iter().chain(std::iter::from_fn(|| messages.next())) {
                if matches!(message, Message::Stop) {
                    return;
                }
                self.take(message, now);
            }
            self.turn(now);
        }
    }

    fn take(&mut self, message: Message, now: Instant) {
        match message {
            Message::Devices(news) => self.take_device(news, now),
            Message::Priority(true) => self.priority = Priority::Granted,
            Message::Priority(false) => self.priority = Priority::Refused,
            Message::Ring(on) => {
                if self.bells.ringing() && !on {
                    self.keep_speaker(now + WARM);
                }
                self.bells.ring(on, now);
            }
            Message::RingBack(on) => self.mix.ring_back(on),
            Message::Play(sound) => self.mix.play(sound),
            Message::Microphone(open) => {
                self.microphone_open = open;
                if let Some(engine) = self.voice.engine() {
                    engine.set_microphone(open);
                }
            }
            Message::InCall(true) => self.begin_call(now),
            Message::InCall(false) => {
                self.in_call = false;
                self.mix.ring_back(false);
                self.keep_speaker(now + LINGER);
            }
            Message::Press(digit) => {
                if self.in_call
                    && let Some(engine) = self.voice.engine()
                    && !engine.press(digit)
                {
                    tracing::debug!("a key was not sent: too many wait");
                }
            }
            Message::Ask(intent) => self.ask(intent, now),
            Message::Apply(settings) => self.apply(*settings),
            Message::Stop => {}
        }
    }

    fn take_device(&mut self, news: DeviceNews, now: Instant) {
        match news {
            DeviceNews::Microphone(end) => {
                self.microphone_clock.device_opened(now);
                self.attention.changed();
                self.microphone = end.and_then(Intake::or_none);
            }
            DeviceNews::Speaker(end) => {
                self.speaker_clock.device_opened(now);
                self.speaker = end.and_then(Outlet::or_none);
            }
            DeviceNews::Ringer(index, end) => self.bells.opened(index, end, now),
            DeviceNews::Roster(roster) => {
                self.voice.cleaning.devices(&roster);
                self.roster = Some(*roster);
                self.roster_changed = true;
            }
        }
    }

    fn begin_call(&mut self, now: Instant) {
        if self.in_call {
            return;
        }
        self.in_call = true;
        self.heard = false;
        self.check.end_test();
        self.voice.prepare(self.mix.volumes.speaker, self.microphone_open);
        self.signals = Signals::new(now);
        self.meter_at = now;
        self.voice.begin(self.fresh(now));
    }

    fn ask(&mut self, intent: AudioIntent, now: Instant) {
        match intent {
            AudioIntent::ChooseMicrophone { choice } => {
                self.devices.choose(Role::Microphone, choice);
            }
            AudioIntent::ChooseSpeaker { choice } => self.devices.choose(Role::Speaker, choice),
            AudioIntent::ChooseRinger { choice } => self.devices.choose(Role::Ringer(0), choice),
            AudioIntent::Meter { on } => self.check.meter(on),
            AudioIntent::StopTest => self.check.stop(),
            AudioIntent::UnmuteMicrophone => self.devices.unmute(),
            AudioIntent::UnmuteSpeaker => self.devices.unmute_speaker(),
            AudioIntent::Probe => self.begin_probe(now),
            // The customer would hear it, or the agent not the customer.
            AudioIntent::TestSpeaker | AudioIntent::TestRinger | AudioIntent::RecordAndPlayBack
                if self.in_call =>
            {
                tracing::info!(?intent, "no audio test while in a call");
            }
            AudioIntent::TestSpeaker => self.check.test_speaker(now),
            AudioIntent::TestRinger => self.check.test_ringer(now),
            AudioIntent::RecordAndPlayBack => self.check.record(now),
        }
    }

    fn apply(&mut self, settings: Settings) {
        self.devices.apply(&settings);
        self.bells.apply(&settings);
        self.mix.volumes = settings.volumes;
        self.voice.cleaning.apply(settings.cleaning);
        if let Some(engine) = self.voice.engine() {
            engine.set_volume(settings.volumes.speaker);
        }
    }

    /// One pass over everything that may be due.
    fn turn(&mut self, now: Instant) {
        self.end_probe(now);
        self.check.turn(now);
        self.want(now);
        self.receive(now);
        // First who may run out of sound.
        if self.sounds(now) {
            self.play(now);
        }
        if self.hears() {
            self.capture(now);
        }
        let stalled = |role| self.devices.stalled(role);
        self.bells.turn(now, &mut self.check, &self.counters, stalled);
        self.tell();
        self.meter(now);
        self.want(now);
    }

    /// When the next turn is due; `None`: when a message comes.
    fn next(&self, now: Instant) -> Option<Instant> {
        let capture = self.hears().then(|| {
            let device = self.microphone.as_ref().filter(|intake| intake.runs(now));
            device.map_or(self.microphone_clock.next(), |intake| intake.next(now))
        });
        // Not `sounds(now)`: its end is still to be noticed, by the next turn.
        let play = self.wants.speaker.then(|| {
            let device = self.speaker.as_ref().filter(|outlet| outlet.runs(now));
            device.map_or(self.speaker_clock.next(), |outlet| outlet.next(now))
        });
        let ring = self.bells.next(now);
        let meter = self.metering().then_some(self.meter_at);
        let times = [capture, play, ring, meter, self.check.deadline()];
        times.into_iter().flatten().min()
    }

    /// Whose news the next turn will take: of what it leaves alone a wait would end at once.
    fn sockets(&self, now: Instant) -> impl Iterator<Item = Socket<'_>> {
        let microphone = self.microphone.as_ref().filter(|_| self.hears());
        let speaker = self.speaker.as_ref().filter(|_| self.wants.speaker);
        let microphone = microphone.and_then(|intake| intake.socket(now));
        let speaker = speaker.and_then(Outlet::socket);
        microphone.into_iter().chain(speaker).chain(self.bells.sockets())
    }

    /// Packets go out and come in.
    fn speaks(&self) -> bool {
        self.in_call || self.check.probing()
    }

    /// Packets from before are of something that is over.
    fn fresh(&self, now: Instant) -> Micros {
        Micros(self.micros(now).0.saturating_sub(FRESH.0))
    }

    /// Somebody listens to the microphone.
    fn hears(&self) -> bool {
        self.in_call || self.check.needs_microphone()
    }

    /// There is, or may at any moment be, something to hear.
    fn sounds(&self, now: Instant) -> bool {
        self.in_call
            || self.bells.ringing()
            || self.mix.cueing()
            || self.check.needs_speaker()
            || now < self.speaker_until
    }

    fn want(&mut self, now: Instant) {
        if self.mix.cueing() || self.check.needs_speaker() {
            self.keep_speaker(now + LINGER);
        }
        let wants = Wants {
            microphone: self.hears(),
            speaker: self.sounds(now),
            ringers: self.bells.wants(now, self.check.needs_ringer()),
        };
        if wants != self.wants {
            if wants.speaker && !self.wants.speaker {
                self.speaker_clock = Clock::new(now);
            }
            if wants.microphone && !self.wants.microphone {
                self.microphone_clock = Clock::new(now);
            }
            self.wants = wants;
            self.devices.want(wants);
        }
    }

    fn keep_speaker(&mut self, until: Instant) {
        self.speaker_until = self.speaker_until.max(until);
    }

    fn receive(&mut self, now: Instant) {
        if !self.speaks() {
            return;
        }
        if self.voice.receive(self.micros(now)) {
            self.signals.received(now);
        }
        while let Some(digit) = self.voice.engine().and_then(Engine::digit) {
            self.inbox.post(Event::Audio(AudioEvent::Digit(digit.key())));
        }
    }

    fn capture(&mut self, now: Instant) {
        let mut block = [0.0; BLOCK];
        if let Some(intake) = &mut self.microphone {
            intake.attend(now);
        }
        if self.microphone.as_ref().is_some_and(|intake| intake.runs(now)) {
            self.microphone_clock.device_runs(now);
            while self.microphone.as_mut().is_some_and(|m| m.take(now, &mut block, &self.counters))
            {
                self.hear(&block, now);
            }
            return;
        }
        for _ in 0..self.microphone_clock.owes(now) {
            self.hear(&block, now);
        }
        if self.microphone.is_some() && self.microphone_clock.stalled(now) {
            self.devices.stalled(Role::Microphone);
        }
    }

    fn hear(&mut self, block: &[f32; BLOCK], now: Instant) {
        self.check.hear(block, now);
        self.own_level.push(block);
        let unheard = self.in_call && !self.microphone_open;
        self.attention.hear(block, unheard, &self.playing);
        if !self.speaks() {
            return;
        }
        self.signals.microphone(block, now);
        self.counters.captured.add(1);
        self.voice.capture(block);
    }

    fn play(&mut self, now: Instant) {
        if let Some(outlet) = &mut self.speaker {
            outlet.attend(now, &self.counters);
        }
        if self.speaker.as_ref().is_some_and(|outlet| outlet.runs(now)) {
            self.speaker_clock.device_runs(now);
            while self.speaker.as_ref().is_some_and(|outlet| outlet.hungry(now)) {
                let block = self.sound(now);
                if let Some(speaker) = &mut self.speaker {
                    speaker.push(&block, &self.counters);
                }
            }
            return;
        }
        // Nobody hears it, but the jitter buffer and a cue's end keep their time.
        for _ in 0..self.speaker_clock.owes(now) {
            self.sound(now);
        }
        if self.speaker.is_some() && self.speaker_clock.stalled(now) {
            self.devices.stalled(Role::Speaker);
        }
    }

    fn sound(&mut self, now: Instant) -> [f32; BLOCK] {
        let mut out = [0.0; BLOCK];
        let time = self.micros(now);
        if self.check.probing() {
            // What comes back is the agent's own silence.
            self.voice.playout(time, &mut out);
            out.fill(0.0);
        } else if self.in_call && self.voice.playout(time, &mut out).is_some() {
            self.signals.far(&out, now);
            self.counters.played.add(1);
            if !self.heard && out.iter().any(|sample| sample.abs() > AUDIBLE) {
                self.heard = true;
                self.inbox.post(Event::Audio(AudioEvent::Heard));
            }
        }
        self.mix.speaker(&mut out, &mut self.check);
        if self.speaks() {
            self.voice.cleaning.played(&out);
        }
        self.playing = out;
        out
    }

    fn micros(&self, at: Instant) -> Micros {
        let since = at.saturating_duration_since(self.epoch).as_micros();
        Micros(u64::try_from(since).unwrap_or(u64::MAX))
    }
}
