//! The headset under test, with what stands at its doors.

use super::sound::{RATE, Sounding, is_tone, sounding};
use omnibar_contract::{AudioView, DeviceChoice, Meter, Settings};
use omnibar_headset::{Counters, Headset, HeadsetConfig};
use omnibar_media::codec::{EncoderConfig, SpeechDecoder};
use omnibar_media::{
    Agreed, Channel, Decoder, Encoder, FRAME, Micros, Packet, PacketSink, Packetizer, Received,
    Reported,
};
use omnibar_softphone::{AudioEvent, AudioProbe, Event, Inbox};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub(crate) struct Phone {
    pub(crate) headset: Headset,
    pub(crate) counters: Arc<Counters>,
    pub(crate) packets: Receiver<Packet>,
    source: Arc<Mutex<rtrb::Producer<Received>>>,
    epoch: Instant,
    events: Receiver<AudioEvent>,
    pub(crate) view: AudioView,
    pub(crate) meters: Vec<Meter>,
}

struct Sent(Sender<Packet>, Agreed);

impl PacketSink for Sent {
    fn send(&mut self, packet: Packet) {
        let _ = self.0.send(packet);
    }
}

/// The far side has agreed to nothing and says nothing.
impl Channel for Sent {
    fn report(&mut self, _: &[u8]) {}

    fn reported(&mut self) -> Option<Reported> {
        None
    }

    fn agreed(&mut self) -> Agreed {
        self.1
    }
}

pub(crate) fn device(id: &str) -> DeviceChoice {
    DeviceChoice::Device { id: format!("pulseaudio:{id}"), name: String::new() }
}

impl Phone {
    /// `choices`: microphone, speaker and ringer; empty: the system's default.
    pub(crate) fn start(choices: [&str; 3]) -> Self {
        let choices =
            choices.map(|id| if id.is_empty() { DeviceChoice::default() } else { device(id) });
        let [microphone, speaker, ringer] = choices;
        Self::with(Settings { microphone, speaker, ringer, ..Settings::default() })
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self::agreeing(settings, Agreed::default())
    }

    /// `agreed`: what the far side takes.
    pub(crate) fn agreeing(settings: Settings, agreed: Agreed) -> Self {
        let (inbox, mut posted) = Inbox::new();
        let (sent, packets) = channel();
        let (source, arriving) = rtrb::RingBuffer::new(256);
        let epoch = Instant::now();
        let config = HeadsetConfig {
            sink: Box::new(Sent(sent, agreed)),
            source: arriving,
            round_trip: Arc::new(AtomicU64::new(0)),
            epoch,
            settings,
        };
        let headset = omnibar_headset::start(config, inbox);
        let (tell, events) = channel();
        std::thread::spawn(move || {
            while let Some(event) = posted.blocking_recv() {
                if let Event::Audio(event) = event {
                    let _ = tell.send(event);
                }
            }
        });
        let counters = headset.counters();
        let source = Arc::new(Mutex::new(source));
        let (view, meters) = (AudioView::default(), Vec::new());
        Self { headset, counters, packets, source, epoch, events, view, meters }
    }

    /// Waits for a view of which that is true; meters on the way are kept.
    pub(crate) fn wait_for_view(
        &mut self,
        what: &str,
        within: Duration,
        is_it: impl Fn(&AudioView) -> bool,
    ) {
        let deadline = Instant::now() + within;
        while !is_it(&self.view) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(AudioEvent::Changed(view)) => self.view = view,
                Ok(AudioEvent::Meter(meter)) => self.meters.push(meter),
                Ok(AudioEvent::Heard | AudioEvent::Digit(_) | AudioEvent::Probed(_)) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("not within {within:?}: {what}; the view is {:#?}", self.view)
                }
            }
        }
    }

    /// Takes in what has been posted so far.
    pub(crate) fn catch_up(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            match event {
                AudioEvent::Changed(view) => self.view = view,
                AudioEvent::Meter(meter) => self.meters.push(meter),
                AudioEvent::Heard | AudioEvent::Digit(_) | AudioEvent::Probed(_) => {}
            }
        }
    }

    /// The next meter of which that is true.
    pub(crate) fn wait_for_meter(
        &mut self,
        what: &str,
        within: Duration,
        is_it: impl Fn(&Meter) -> bool,
    ) -> Meter {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(AudioEvent::Meter(meter)) if is_it(&meter) => return meter,
                Ok(
                    AudioEvent::Meter(_)
                    | AudioEvent::Heard
                    | AudioEvent::Digit(_)
                    | AudioEvent::Probed(_),
                ) => {}
                Ok(AudioEvent::Changed(view)) => self.view = view,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("no meter within {within:?}: {what}")
                }
            }
        }
    }

    /// What a check finds, whose packets come back but for those that are `lost`.
    pub(crate) fn probed(&mut self, within: Duration, lost: impl Fn(u32) -> bool) -> AudioProbe {
        let deadline = Instant::now() + within;
        let mut number = 0;
        while Instant::now() < deadline {
            if let Ok(packet) = self.packets.recv_timeout(Duration::from_millis(5)) {
                number += 1;
                if !lost(number) {
                    give(&self.source, self.epoch, packet);
                }
            }
            while let Ok(event) = self.events.try_recv() {
                match event {
                    AudioEvent::Probed(probe) => return probe,
                    AudioEvent::Changed(view) => self.view = view,
                    AudioEvent::Meter(_) | AudioEvent::Heard | AudioEvent::Digit(_) => {}
                }
            }
        }
        panic!("no result of the check within {within:?}")
    }

    /// Waits until what is sent decodes to that tone.
    pub(crate) fn wait_until_sent(&self, hz: Option<f32>, within: Duration) {
        let deadline = Instant::now() + within;
        let mut decoder = Decoder::new().unwrap();
        let mut last = Sounding::Other;
        let mut samples = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(packet) = self.packets.recv_timeout(left) else {
                panic!("not sent within {within:?}: {hz:?} Hz; last: {last:?}");
            };
            samples.extend(decode(&mut decoder, &packet));
            last = sounding(&samples);
            if hz.map_or(last == Sounding::Silence, |hz| is_tone(last, hz)) {
                return;
            }
        }
    }

    /// Somebody who talks from now on.
    pub(crate) fn far_side(&self, hz: f32) -> FarSide {
        FarSide::start(Arc::clone(&self.source), self.epoch, hz)
    }

    /// The far side of this phone's voice, for whoever brings the packets.
    pub(crate) fn door(&self) -> Door {
        Door { source: Arc::clone(&self.source), epoch: self.epoch }
    }

    /// Hands the packets that are sent back as if the far side had sent them.
    pub(crate) fn echo(self) -> Echo {
        let Self { headset, packets, source, epoch, .. } = self;
        std::thread::spawn(move || {
            for packet in packets {
                give(&source, epoch, packet);
            }
        });
        Echo { _headset: headset }
    }
}

/// Where packets arrive from the network.
pub(crate) struct Door {
    source: Arc<Mutex<rtrb::Producer<Received>>>,
    epoch: Instant,
}

impl Door {
    pub(crate) fn give(&self, packet: Packet) {
        give(&self.source, self.epoch, packet);
    }
}

pub(crate) struct Echo {
    _headset: Headset,
}

pub(crate) fn decode(decoder: &mut Decoder, packet: &Packet) -> Vec<f32> {
    assert_eq!(packet.payload_type, 111);
    let mut samples = [0.0; FRAME];
    let count = decoder.decode(&packet.payload, &mut samples).expect("an Opus packet");
    samples[..count].to_vec()
}

fn give(source: &Mutex<rtrb::Producer<Received>>, epoch: Instant, packet: Packet) {
    let arrived = Micros(u64::try_from(epoch.elapsed().as_micros()).unwrap());
    // As the line does when nobody reads.
    let _ = source.lock().unwrap().push(Received { arrived, packet });
}

/// A far side that sends a tone, 20 ms a packet, until it is dropped.
pub(crate) struct FarSide {
    over: Arc<AtomicBool>,
}

impl FarSide {
    fn start(source: Arc<Mutex<rtrb::Producer<Received>>>, epoch: Instant, hz: f32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&over);
        std::thread::spawn(move || {
            let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
            let mut packetizer = Packetizer::new(7);
            let mut position = 0u64;
            let mut next = Instant::now();
            while !end.load(Ordering::Relaxed) {
                let frame: [f32; FRAME] = std::array::from_fn(|i| {
                    let at = (position + i as u64) as f64 * f64::from(hz) / f64::from(RATE);
                    (at.fract() as f32 * std::f32::consts::TAU).sin() * 0.4
                });
                position += FRAME as u64;
                let payload = encoder.encode(&frame).unwrap();
                give(&source, epoch, packetizer.voice(111, payload));
                packetizer.advance(FRAME as u32);
                next += Duration::from_millis(20);
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        });
        Self { over }
    }
}

impl Drop for FarSide {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}
