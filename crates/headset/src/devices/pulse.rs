//! Streams of our own on the PulseAudio server (PipeWire serves it too): one socket and
//! one thread each, which sleeps in `recv` until the server has sound or wants some.
//!
//! cpal's client of the same server costs a softphone too much: it clears a megabyte for
//! every read and asks for the latency after every callback (measured in
//! docs/figures.md). The ring's end is the same, so nothing above sees a difference.

use super::stream::{End, Gauge, MicrophoneEnd, OpenError, SpeakerEnd, ring};
use super::wire::{Hangup, Wire, WireError};
use crate::priority;
use cpal::ErrorKind;
use pulseaudio::protocol::{
    self, ChannelMap, ChannelPosition, Command, CreatePlaybackStreamReply, CreateRecordStreamReply,
    DESCRIPTOR_SIZE, Descriptor, DescriptorFlags, PlaybackStreamParams, ProtocolError, PulseError,
    RecordStreamParams, SampleFormat, SampleSpec, SetPlaybackStreamBufferAttrParams,
    stream::{BufferAttr, StreamFlags},
};
use rtrb::{Consumer, Producer};
use std::fmt::Display;
use std::io::{BufRead, Cursor, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Bytes of one sample: `f32`, little-endian, one channel. The server mixes the channels.
const SAMPLE: usize = size_of::<f32>();
/// A microphone's sound is handed over in pieces of this length, ms: one block. The
/// server gives the device half of it as its period.
const PIECE_MS: u32 = 10;
/// Device period to ask a speaker's server for, ms, first the one that is tried first; a
/// deeper one comes after underruns at the server.
const PERIODS_MS: [u32; 7] = [5, 7, 10, 15, 20, 30, 40];
/// The server asks for a speaker's sound in pieces of at least this, ms. It keeps two of
/// them beyond the device's period (fix_playback_buffer_attr of the server).
const REQUEST_MS: u32 = 2;
/// The period is tried one step shorter after so long without an underrun.
const SHORTER_AFTER: Duration = Duration::from_secs(20);
/// Underruns of a stream that has just begun are of its beginning; so soon after another one they
/// are the same.
const BEGINNING: Duration = Duration::from_millis(500);
/// An underrun with no other so long before it is a pause of the server: a depth that outlasts it
/// would be paid for by every word after it.
const AGAIN: Duration = Duration::from_secs(10);
/// The server writes one piece in up to ten messages, a few µs apart: time for all of them to
/// come, so that they are taken at once and not with a change of threads for each.
const GATHER: Duration = Duration::from_micros(250);
/// A microphone's sound that may wait in the server while this thread does not run, pieces.
const MOST_WAITING: u32 = 8;
/// Bytes; a longer message is not of sound of ours.
const LONGEST: usize = 1 << 20;

/// An open stream. Dropping it hangs up, which ends its thread.
pub(super) struct PulseStream {
    _hangup: Hangup,
}

type OnError = Box<dyn Fn(cpal::Error) + Send>;

pub(super) fn open_microphone(
    id: &str,
    on_error: OnError,
) -> Result<(PulseStream, MicrophoneEnd), OpenError> {
    let mut wire = Wire::connect()?;
    let (index, rate) = wire.source(id)?.ok_or(OpenError::Gone)?;
    let piece = rate * PIECE_MS / 1000 * SAMPLE as u32;
    let reply: CreateRecordStreamReply =
        wire.ask(&Command::CreateRecordStream(RecordStreamParams {
            sample_spec: spec(rate),
            channel_map: mono(),
            source_index: Some(index),
            buffer_attr: BufferAttr {
                max_length: piece * MOST_WAITING,
                fragment_size: piece,
                ..BufferAttr::default()
            },
            flags: flags(),
            ..RecordStreamParams::default()
        }))?;
    let (mut producer, consumer) = ring(rate);
    let (mut frames, mut moved) = (0, 0);
    start("microphone", wire, consumer, rate, on_error, move |message, wire, gauge, opened| {
        match message {
            Message::Sound(channel, bytes) if channel == reply.channel => {
                frames += bytes.len() / SAMPLE;
                moved += record(&mut producer, bytes);
            }
            Message::Command(Command::RecordStreamKilled(_)) => {
                return Err(PulseError::Killed.into());
            }
            Message::Sound(..) | Message::Command(_) => {}
        }
        if wire.reader().buffer().is_empty() {
            if frames > 0 {
                gauge.note(opened.elapsed(), frames, moved);
                (frames, moved) = (0, 0);
            }
            wire.reader().fill_buf()?;
            std::thread::sleep(GATHER);
        }
        Ok(())
    })
}

pub(super) fn open_speaker(
    id: &str,
    on_error: OnError,
) -> Result<(PulseStream, SpeakerEnd), OpenError> {
    let mut wire = Wire::connect()?;
    let (index, rate) = wire.sink(id)?.ok_or(OpenError::Gone)?;
    let mut depth = Depth::new(rate, Instant::now());
    let reply: CreatePlaybackStreamReply =
        wire.ask(&Command::CreatePlaybackStream(PlaybackStreamParams {
            sample_spec: spec(rate),
            channel_map: mono(),
            sink_index: Some(index),
            buffer_attr: depth.buffer(),
            flags: flags(),
            ..PlaybackStreamParams::default()
        }))?;
    let (producer, mut consumer) = ring(rate);
    let mut message_of_sound = Vec::new();
    // Silence: there is nothing in the ring before somebody holds its other end.
    fill(&mut message_of_sound, reply.channel, reply.requested_bytes as usize, &mut consumer)?;
    wire.send(&message_of_sound)?;
    start("speaker", wire, producer, rate, on_error, move |message, wire, gauge, opened| {
        match message {
            Message::Command(Command::Request(request)) if request.channel == reply.channel => {
                let bytes = request.length as usize;
                let moved = fill(&mut message_of_sound, request.channel, bytes, &mut consumer)?;
                gauge.note(opened.elapsed(), bytes / SAMPLE, moved);
                wire.send(&message_of_sound)?;
                depth
                    .quiet(Instant::now())
                    .map_or(Ok(()), |buffer| ask_for(wire, reply.channel, buffer))
            }
            Message::Command(Command::Underflow(underflow))
                if underflow.channel == reply.channel =>
            {
                let deeper = depth.underrun(Instant::now());
                gauge.starved();
                deeper.map_or(Ok(()), |buffer| ask_for(wire, reply.channel, buffer))
            }
            Message::Command(Command::PlaybackStreamKilled(_)) => Err(PulseError::Killed.into()),
            Message::Sound(..) | Message::Command(_) => Ok(()),
        }
    })
}

/// How much of a speaker's sound the server and the device hold.
struct Depth {
    rate: u32,
    step: usize,
    /// When the step was last chosen, or the last underrun.
    since: Instant,
    underrun: Option<Instant>,
}

impl Depth {
    fn new(rate: u32, now: Instant) -> Self {
        Self { rate, step: 0, since: now, underrun: None }
    }

    fn buffer(&self) -> BufferAttr {
        let bytes = |ms: u32| self.rate * ms / 1000 * SAMPLE as u32;
        let target = bytes(2 * (PERIODS_MS[self.step] + REQUEST_MS));
        BufferAttr {
            max_length: target * 2,
            target_length: target,
            // An underrun is made up for by silence, not by more delay from then on.
            pre_buffering: 0,
            minimum_request_length: bytes(REQUEST_MS),
            ..BufferAttr::default()
        }
    }

    /// What to ask for after an underrun, if it is a habit and there is more to have.
    fn underrun(&mut self, now: Instant) -> Option<BufferAttr> {
        if now.saturating_duration_since(self.since) < BEGINNING {
            return None;
        }
        self.since = now;
        let before = self.underrun.replace(now)?;
        if now.saturating_duration_since(before) > AGAIN {
            return None;
        }
        let deeper = (self.step + 1 < PERIODS_MS.len()).then_some(self.step + 1)?;
        Some(self.choose(deeper))
    }

    /// What to ask for when all has been well for a while.
    fn quiet(&mut self, now: Instant) -> Option<BufferAttr> {
        if now.saturating_duration_since(self.since) < SHORTER_AFTER {
            return None;
        }
        self.since = now;
        let shorter = self.step.checked_sub(1)?;
        Some(self.choose(shorter))
    }

    fn choose(&mut self, step: usize) -> BufferAttr {
        self.step = step;
        tracing::debug!(period_ms = PERIODS_MS[step], "another depth of the speaker");
        self.buffer()
    }
}

/// The answer comes among the stream's messages, and nobody waits for it.
fn ask_for(wire: &mut Wire, channel: u32, buffer_attr: BufferAttr) -> Result<(), WireError> {
    wire.order(&Command::SetPlaybackStreamBufferAttr(SetPlaybackStreamBufferAttrParams {
        index: channel,
        buffer_attr,
        adjust_latency: true,
        early_requests: false,
    }))
}

/// What the server says: sound of a channel, or a command.
#[expect(
    clippy::large_enum_variant,
    reason = "one lives at a time, on its thread's stack; a box would allocate per message"
)]
enum Message<'a> {
    Sound(u32, &'a [u8]),
    Command(Command),
}

/// Lets `act` take every message on a thread of its own until one of them fails.
fn start<R>(
    name: &'static str,
    mut wire: Wire,
    ring: R,
    rate: u32,
    on_error: OnError,
    mut act: impl FnMut(Message<'_>, &mut Wire, &Gauge, Instant) -> Result<(), WireError>
    + Send
    + 'static,
) -> Result<(PulseStream, End<R>), OpenError> {
    let hangup = wire.listen()?;
    let gauge = Arc::new(Gauge::new(rate));
    let opened = Instant::now();
    let noted = Arc::clone(&gauge);
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            priority::raise(name, |_| {});
            let mut bytes = Vec::new();
            loop {
                let acted = next(&mut wire, &mut bytes).and_then(|message| match message {
                    Some(message) => act(message, &mut wire, &noted, opened),
                    None => Ok(()),
                });
                if let Err(error) = acted {
                    // When it was we who hung up, nobody knows this stream any more.
                    return on_error(broken(error));
                }
            }
        })
        .map_err(|_| OpenError::Hung)?;
    Ok((PulseStream { _hangup: hangup }, End { ring, rate, opened, zero: opened, gauge }))
}

/// `None`: a command that this client does not know, and need not.
fn next<'a>(wire: &mut Wire, bytes: &'a mut Vec<u8>) -> Result<Option<Message<'a>>, WireError> {
    let head = protocol::read_descriptor(wire.reader())?;
    let length = head.length as usize;
    if length > LONGEST {
        return Err(ProtocolError::Invalid("a message beyond all measure".into()).into());
    }
    bytes.resize(length, 0);
    wire.reader().read_exact(bytes)?;
    if head.channel != u32::MAX {
        return Ok(Some(Message::Sound(head.channel, bytes)));
    }
    let command = Command::read_tag_prefixed(&mut Cursor::new(bytes), wire.version());
    Ok(command.ok().map(|(_, command)| Message::Command(command)))
}

/// How many samples found a place.
fn record(ring: &mut Producer<f32>, bytes: &[u8]) -> usize {
    let (samples, _) = bytes.as_chunks::<SAMPLE>();
    let room = ring.slots().min(samples.len());
    ring.write_chunk_uninit(room).map_or(0, |chunk| {
        chunk.fill_from_iter(samples.iter().map(|sample| f32::from_le_bytes(*sample)))
    })
}

/// Makes a message of `bytes` bytes of sound; says how many samples were there.
fn fill(
    message: &mut Vec<u8>,
    channel: u32,
    bytes: usize,
    ring: &mut Consumer<f32>,
) -> Result<usize, WireError> {
    let frames = bytes.min(LONGEST) / SAMPLE;
    let length = u32::try_from(frames * SAMPLE).unwrap_or(0);
    let head = Descriptor { length, channel, offset: 0, flags: DescriptorFlags::empty() };
    message.clear();
    protocol::write_descriptor(message, &head)?;
    let there = ring.slots().min(frames);
    let sound = ring.read_chunk(there).ok().into_iter().flatten();
    message.extend(sound.flat_map(f32::to_le_bytes));
    // What is missing is silence.
    message.resize(DESCRIPTOR_SIZE + frames * SAMPLE, 0);
    Ok(there)
}

fn spec(rate: u32) -> SampleSpec {
    SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: rate }
}

fn mono() -> ChannelMap {
    ChannelMap::new([ChannelPosition::Mono])
}

/// The server shall arrange the device's own buffers for the latency asked for.
fn flags() -> StreamFlags {
    StreamFlags { adjust_latency: true, ..StreamFlags::default() }
}

fn broken(error: impl Display) -> cpal::Error {
    cpal::Error::with_message(ErrorKind::StreamInvalidated, error.to_string())
}

impl From<PulseError> for WireError {
    fn from(error: PulseError) -> Self {
        Self::Protocol(ProtocolError::ServerError(error))
    }
}

impl From<WireError> for OpenError {
    fn from(error: WireError) -> Self {
        match &error {
            WireError::Protocol(ProtocolError::ServerError(PulseError::AccessDenied)) => {
                Self::Denied(cpal::Error::with_message(
                    ErrorKind::PermissionDenied,
                    error.to_string(),
                ))
            }
            WireError::Protocol(ProtocolError::ServerError(PulseError::NoEntity)) => Self::Gone,
            WireError::NoSocket | WireError::Io(_) => Self::Hung,
            WireError::Protocol(_) => Self::Device(broken(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn underruns_that_recur_deepen_a_step_and_a_quiet_while_takes_one_back() {
        let begin = Instant::now();
        let at = |ms| begin + Duration::from_millis(ms);
        let mut depth = Depth::new(48_000, begin);
        // 2 × (5 + 2) ms of 48 kHz.
        assert_eq!(depth.buffer().target_length, 14 * 48 * 4);
        assert!(depth.underrun(at(100)).is_none(), "the stream has just begun");
        assert!(depth.underrun(at(1_000)).is_none(), "one is an accident");
        assert!(depth.underrun(at(1_400)).is_none(), "it is the same");
        assert!(depth.underrun(at(11_500)).is_none(), "the other was long ago");
        let deeper = depth.underrun(at(21_000)).unwrap();
        assert_eq!(deeper.target_length, 18 * 48 * 4);
        assert!(depth.quiet(at(40_000)).is_none());
        let shorter = depth.quiet(at(41_000)).unwrap();
        assert_eq!(shorter.target_length, 14 * 48 * 4);
        assert!(depth.quiet(at(99_000)).is_none(), "there is no shorter one");
        for second in 100..120 {
            depth.underrun(at(second * 1_000));
        }
        assert_eq!(depth.buffer().target_length, 84 * 48 * 4);
    }
}
