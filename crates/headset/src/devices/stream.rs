//! Streams of one device: how they are opened, and the media thread's ends of them.
//!
//! Where sound comes by callbacks there are rings between them and the media thread. A callback
//! copies samples and notes when it ran and how many frames it moved; nothing in it locks,
//! allocates, logs or calls the system.

use super::listing::Role;
#[cfg(target_os = "linux")]
use super::pulse::{PulseMicrophone, PulseSpeaker};
use crate::waiting::Socket;
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, StreamConfig,
    StreamInstant, SupportedBufferSize, SupportedStreamConfig, SupportedStreamConfigRange,
};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Opening a device that takes longer has failed, and its server is not well.
const OPEN_WITHIN: Duration = Duration::from_secs(2);
/// Set to `cpal`, this has cpal open the streams on Linux too, to compare the two.
#[cfg(target_os = "linux")]
const CLIENT: &str = "OMNIBAR_SOUND";
/// Longest stretch of sound in a ring, ms. Depth is kept far below it.
const RING_MS: u32 = 200;
/// Callback periods to ask for, ms. The system's own choice may be seconds.
const PERIODS_MS: [u32; 3] = [10, 20, 40];

/// What a callback tells the media thread.
#[derive(Debug)]
pub(crate) struct Gauge {
    /// Frames of 10 ms.
    block: u64,
    /// Frames moved in all.
    total: AtomicU64,
    /// ns on the stream's clock when the newest whole block was complete.
    complete: AtomicU64,
    /// Whole blocks so far.
    blocks: AtomicU64,
    /// ns on the stream's clock of the newest callback; 0: none yet.
    last: AtomicU64,
    /// Frames that the newest callback moved.
    frames: AtomicU32,
    /// Frames that found no place, or that were not there when the device asked.
    missed: AtomicU64,
}

impl Gauge {
    fn new(rate: u32) -> Self {
        Self {
            block: u64::from(rate / 100).max(1),
            total: AtomicU64::new(0),
            complete: AtomicU64::new(0),
            blocks: AtomicU64::new(0),
            last: AtomicU64::new(0),
            frames: AtomicU32::new(0),
            missed: AtomicU64::new(0),
        }
    }

    /// `at`: since the stream's clock read zero.
    fn note(&self, at: Duration, frames: usize, moved: usize) {
        self.frames.store(u32::try_from(frames).unwrap_or(u32::MAX), Ordering::Relaxed);
        if moved < frames {
            self.missed.fetch_add((frames - moved) as u64, Ordering::Relaxed);
        }
        let nanos = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX).max(1);
        let blocks =
            (self.total.fetch_add(moved as u64, Ordering::Relaxed) + moved as u64) / self.block;
        if blocks != self.blocks.load(Ordering::Relaxed) {
            self.complete.store(nanos, Ordering::Relaxed);
            self.blocks.store(blocks, Ordering::Release);
        }
        self.last.store(nanos, Ordering::Release);
    }
}

/// The media thread's end of callbacks: `R` is the ring's half.
#[derive(Debug)]
pub(crate) struct End<R> {
    pub(crate) ring: R,
    /// Of the device, in Hz.
    pub(crate) rate: u32,
    pub(crate) opened: Instant,
    /// When the stream's clock read zero.
    pub(super) zero: Instant,
    pub(super) gauge: Arc<Gauge>,
}

/// The media thread's end of a microphone.
#[derive(Debug)]
pub(crate) enum MicrophoneEnd {
    Ring(End<Consumer<f32>>),
    #[cfg(target_os = "linux")]
    Pulse(PulseMicrophone),
}

/// The media thread's end of a speaker or ringer.
#[derive(Debug)]
pub(crate) enum SpeakerEnd {
    Ring(End<Producer<f32>>),
    #[cfg(target_os = "linux")]
    Pulse(PulseSpeaker),
}

impl MicrophoneEnd {
    /// Of the device, in Hz.
    pub(crate) fn rate(&self) -> u32 {
        match self {
            Self::Ring(end) => end.rate,
            #[cfg(target_os = "linux")]
            Self::Pulse(microphone) => microphone.rate(),
        }
    }

    /// When sound came last, or the stream was opened.
    pub(crate) fn newest(&self) -> Instant {
        match self {
            Self::Ring(end) => end.last_callback().map_or(end.opened, |(at, _)| at),
            #[cfg(target_os = "linux")]
            Self::Pulse(microphone) => microphone.newest().unwrap_or(microphone.opened()),
        }
    }

    /// How many blocks of 10 ms have come, and when the newest of them was complete. What is not
    /// `due` may be left for later.
    pub(crate) fn come(&mut self, now: Instant, due: Option<Instant>) -> (u64, Instant) {
        // Callbacks come by themselves.
        let _ = (now, due);
        match self {
            Self::Ring(end) => end.newest_block(),
            #[cfg(target_os = "linux")]
            Self::Pulse(microphone) => microphone.come(now, due),
        }
    }

    /// The next samples, if there are so many.
    pub(crate) fn pop(&mut self, chunk: &mut [f32]) -> bool {
        match self {
            Self::Ring(end) => end.ring.pop_entire_slice(chunk).is_ok(),
            #[cfg(target_os = "linux")]
            Self::Pulse(microphone) => microphone.pop(chunk),
        }
    }

    /// Samples that it may hold.
    pub(crate) fn capacity(&self) -> usize {
        (self.rate() * RING_MS / 1000) as usize
    }

    /// What to wait for when sound is late.
    pub(crate) fn socket(&self) -> Option<Socket<'_>> {
        match self {
            Self::Ring(_) => None,
            #[cfg(target_os = "linux")]
            Self::Pulse(microphone) => microphone.socket(),
        }
    }
}

impl<R> End<R> {
    /// When the newest callback ran, and the frames that it moved.
    pub(crate) fn last_callback(&self) -> Option<(Instant, u32)> {
        let last = self.gauge.last.load(Ordering::Acquire);
        (last != 0).then(|| {
            let at = self.zero + Duration::from_nanos(last);
            (at, self.gauge.frames.load(Ordering::Relaxed))
        })
    }

    /// How many blocks of 10 ms have come, and when the newest of them was complete.
    pub(crate) fn newest_block(&self) -> (u64, Instant) {
        let blocks = self.gauge.blocks.load(Ordering::Acquire);
        (blocks, self.zero + Duration::from_nanos(self.gauge.complete.load(Ordering::Relaxed)))
    }

    pub(crate) fn missed(&self) -> u64 {
        self.gauge.missed.load(Ordering::Relaxed)
    }
}

/// Which device, and how its failure is told: from another thread, never from a callback.
pub(crate) struct Plan {
    pub(crate) role: Role,
    pub(crate) id: String,
    pub(crate) on_error: Box<dyn Fn(cpal::Error) + Send>,
}

pub(crate) enum Opened {
    Microphone(Stream, MicrophoneEnd),
    Speaker(Stream, SpeakerEnd),
}

/// Sound flows until it is dropped.
pub(crate) enum Stream {
    Cpal(#[expect(dead_code, reason = "held for its end")] cpal::Stream),
    #[cfg(target_os = "linux")]
    Pulse(#[expect(dead_code, reason = "held for its end")] super::pulse::PulseStream),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the device is not there")]
    Gone,
    #[error("the system refuses the device: {0}")]
    Denied(cpal::Error),
    #[error("the device cannot be opened: {0}")]
    Device(cpal::Error),
    #[error("the sound server does not answer")]
    Hung,
}

impl From<cpal::Error> for OpenError {
    fn from(error: cpal::Error) -> Self {
        if error.kind() == ErrorKind::PermissionDenied {
            Self::Denied(error)
        } else {
            Self::Device(error)
        }
    }
}

/// Opens and starts a stream. Done on a thread of its own, since a server that
/// hangs would never come back from it.
pub(crate) fn open(plan: Plan) -> Result<Opened, OpenError> {
    let (done, result) = channel();
    std::thread::Builder::new()
        .name("device-open".into())
        .spawn(move || {
            // Nobody waits any more after `OPEN_WITHIN`: the stream is closed again.
            let _ = done.send(open_here(plan));
        })
        .map_err(|_| OpenError::Hung)?;
    match result.recv_timeout(OPEN_WITHIN) {
        Ok(opened) => opened,
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(OpenError::Hung),
    }
}

/// Closing may join threads that wait for the server.
pub(crate) fn close(stream: Stream) {
    let closing = std::thread::Builder::new().name("device-close".into());
    if let Err(error) = closing.spawn(move || drop(stream)) {
        tracing::warn!(%error, "a sound stream was closed on the spot");
    }
}

fn open_here(plan: Plan) -> Result<Opened, OpenError> {
    #[cfg(target_os = "linux")]
    if std::env::var_os(CLIENT).is_none_or(|client| client != "cpal") {
        return open_pulse(plan);
    }
    open_cpal(plan)
}

#[cfg(target_os = "linux")]
fn open_pulse(Plan { role, id, on_error }: Plan) -> Result<Opened, OpenError> {
    Ok(match role {
        Role::Microphone => {
            let (stream, end) = super::pulse::open_microphone(&id, on_error)?;
            Opened::Microphone(Stream::Pulse(stream), MicrophoneEnd::Pulse(end))
        }
        Role::Speaker | Role::Ringer(_) => {
            let (stream, end) = super::pulse::open_speaker(&id, on_error)?;
            Opened::Speaker(Stream::Pulse(stream), SpeakerEnd::Pulse(end))
        }
    })
}

fn open_cpal(Plan { role, id, on_error }: Plan) -> Result<Opened, OpenError> {
    let host = super::host::connect()?;
    let mut devices = match role {
        Role::Microphone => host.input_devices()?,
        Role::Speaker | Role::Ringer(_) => host.output_devices()?,
    };
    let device = devices
        .find(|device| device.id().is_ok_and(|found| found.to_string() == id))
        .ok_or(OpenError::Gone)?;
    let on_error = Arc::new(std::sync::Mutex::new(on_error));
    let mut failure = OpenError::Gone;
    for period in PERIODS_MS {
        let tell = Arc::clone(&on_error);
        let tell = move |error| {
            if let Ok(tell) = tell.lock() {
                tell(error);
            }
        };
        let opened = match role {
            Role::Microphone => open_microphone(&device, period, tell),
            Role::Speaker | Role::Ringer(_) => open_speaker(&device, period, tell),
        };
        match opened {
            Ok(opened) => return Ok(opened),
            Err(error) if error.kind() == ErrorKind::UnsupportedConfig => {
                failure = OpenError::Device(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(failure)
}

fn open_microphone(
    device: &cpal::Device,
    period: u32,
    on_error: impl FnMut(cpal::Error) + Send + 'static,
) -> Result<Opened, cpal::Error> {
    let default = device.default_input_config()?;
    let (config, format) = configure(&default, device.supported_input_configs()?, period);
    match format {
        SampleFormat::I16 => capture::<i16>(device, config, on_error),
        SampleFormat::I32 => capture::<i32>(device, config, on_error),
        SampleFormat::U8 => capture::<u8>(device, config, on_error),
        _ => capture::<f32>(device, config, on_error),
    }
}

fn open_speaker(
    device: &cpal::Device,
    period: u32,
    on_error: impl FnMut(cpal::Error) + Send + 'static,
) -> Result<Opened, cpal::Error> {
    let default = device.default_output_config()?;
    let (config, format) = configure(&default, device.supported_output_configs()?, period);
    match format {
        SampleFormat::I16 => render::<i16>(device, config, on_error),
        SampleFormat::I32 => render::<i32>(device, config, on_error),
        SampleFormat::U8 => render::<u8>(device, config, on_error),
        _ => render::<f32>(device, config, on_error),
    }
}

/// The device's own rate, so that only one resampler (ours) is in the path; one
/// channel and `f32` where the device offers them.
fn configure(
    default: &SupportedStreamConfig,
    supported: impl Iterator<Item = SupportedStreamConfigRange>,
    period: u32,
) -> (StreamConfig, SampleFormat) {
    let rate = default.sample_rate();
    let fitting = |range: &SupportedStreamConfigRange| {
        (range.min_sample_rate()..=range.max_sample_rate()).contains(&rate)
            && range.sample_format() == SampleFormat::F32
            && (range.channels() == 1 || range.channels() == default.channels())
    };
    let best = supported.filter(fitting).min_by_key(SupportedStreamConfigRange::channels);
    let (channels, format, size) = match best {
        Some(range) => (range.channels(), range.sample_format(), *range.buffer_size()),
        None => (default.channels(), default.sample_format(), *default.buffer_size()),
    };
    let frames = rate * period / 1000;
    let frames = match size {
        SupportedBufferSize::Range { min, max } if min <= max => frames.clamp(min, max),
        SupportedBufferSize::Range { .. } | SupportedBufferSize::Unknown => frames,
    };
    let buffer_size = BufferSize::Fixed(frames);
    (StreamConfig { channels, sample_rate: rate, buffer_size }, format)
}

fn capture<T>(
    device: &cpal::Device,
    config: StreamConfig,
    on_error: impl FnMut(cpal::Error) + Send + 'static,
) -> Result<Opened, cpal::Error>
where
    T: SizedSample,
    f32: FromSample<T>,
{
    let (mut producer, ring) = ring(config.sample_rate);
    let gauge = Arc::new(Gauge::new(config.sample_rate));
    let noted = Arc::clone(&gauge);
    let channels = usize::from(config.channels.max(1));
    let share = 1.0 / channels as f32;
    let stream = device.build_input_stream(
        config,
        move |data: &[T], info: &cpal::InputCallbackInfo| {
            let frames = data.len() / channels;
            let room = producer.slots().min(frames);
            let moved = producer.write_chunk_uninit(room).map_or(0, |chunk| {
                chunk.fill_from_iter(data.chunks_exact(channels).map(|frame| {
                    frame.iter().map(|&sample| f32::from_sample(sample)).sum::<f32>() * share
                }))
            });
            noted.note(since_zero(info.timestamp().callback), frames, moved);
        },
        on_error,
        Some(OPEN_WITHIN),
    )?;
    stream.play()?;
    let end = end(&stream, ring, config.sample_rate, gauge);
    Ok(Opened::Microphone(Stream::Cpal(stream), MicrophoneEnd::Ring(end)))
}

fn render<T>(
    device: &cpal::Device,
    config: StreamConfig,
    on_error: impl FnMut(cpal::Error) + Send + 'static,
) -> Result<Opened, cpal::Error>
where
    T: SizedSample + FromSample<f32>,
{
    let (ring, mut consumer) = ring(config.sample_rate);
    let gauge = Arc::new(Gauge::new(config.sample_rate));
    let noted = Arc::clone(&gauge);
    let channels = usize::from(config.channels.max(1));
    let stream = device.build_output_stream(
        config,
        move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
            let frames = data.len() / channels;
            let there = consumer.slots().min(frames);
            let mut sound = consumer.read_chunk(there).ok().into_iter().flatten();
            for frame in data.chunks_exact_mut(channels) {
                let sample = sound.next().map_or(T::EQUILIBRIUM, T::from_sample);
                // Left and right; a subwoofer or rear speaker is left alone.
                frame.fill(T::EQUILIBRIUM);
                frame.iter_mut().take(2).for_each(|place| *place = sample);
            }
            noted.note(since_zero(info.timestamp().callback), frames, there);
        },
        on_error,
        Some(OPEN_WITHIN),
    )?;
    stream.play()?;
    let end = end(&stream, ring, config.sample_rate, gauge);
    Ok(Opened::Speaker(Stream::Cpal(stream), SpeakerEnd::Ring(end)))
}

fn since_zero(at: StreamInstant) -> Duration {
    at.duration_since(StreamInstant::ZERO)
}

fn ring(rate: u32) -> (Producer<f32>, Consumer<f32>) {
    RingBuffer::new((rate * RING_MS / 1000) as usize)
}

fn end<R>(stream: &cpal::Stream, ring: R, rate: u32, gauge: Arc<Gauge>) -> End<R> {
    let opened = Instant::now();
    let clock = since_zero(stream.now());
    End { ring, rate, opened, zero: opened.checked_sub(clock).unwrap_or(opened), gauge }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::Counters;
    use crate::flow::Intake;
    use omnibar_media::BLOCK;

    #[test]
    fn uneven_pieces_are_taken_as_even_blocks() {
        let opened = Instant::now();
        let (mut producer, ring) = ring(48_000);
        let gauge = Arc::new(Gauge::new(48_000));
        let end = End { ring, rate: 48_000, opened, zero: opened, gauge: Arc::clone(&gauge) };
        let mut intake = Intake::or_none(MicrophoneEnd::Ring(end)).unwrap();
        let counters = Counters::default();
        let mut taken = Vec::new();
        for ms in 0..4_000 {
            let at = Duration::from_millis(ms);
            if ms % 7 == 0 {
                let pushed = producer.push_partial_slice(&[0.0; 336]).0.len();
                gauge.note(at, 336, pushed);
            }
            let mut block = [0.0; BLOCK];
            intake.attend(opened + at);
            while intake.take(opened + at, &mut block, &counters) {
                taken.push(ms);
            }
        }
        let settled = &taken[150..];
        assert!(settled.len() > 240, "{}", settled.len());
        // They are complete 7 or 14 ms after each other, and looked at once a millisecond.
        assert!(
            settled.windows(2).all(|pair| (9..=11).contains(&(pair[1] - pair[0]))),
            "{settled:?}"
        );
    }
}
