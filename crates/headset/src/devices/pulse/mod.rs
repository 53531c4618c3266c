//! Streams of our own on the PulseAudio server (PipeWire serves it too), read and written by the
//! media thread itself: it sleeps until the server asks for sound, makes it and answers.
//!
//! cpal's client of the same server costs a softphone too much: it clears a megabyte for every
//! read and asks for the latency after every callback. Threads of our own with rings between
//! them and the media thread cost a quarter of a call's work in changes of threads alone
//! (measured in docs/figures.md).

mod depth;
mod microphone;
mod pipe;
mod speaker;

pub(crate) use microphone::PulseMicrophone;
pub(super) use microphone::open_microphone;
pub(super) use pipe::Pipe;
pub(super) use speaker::open_speaker;
pub(crate) use speaker::{PulseSpeaker, Underruns};

use super::stream::OpenError;
use super::wire::{Hangup, Wire, WireError};
use cpal::ErrorKind;
use pulseaudio::protocol::{
    ChannelMap, ChannelPosition, ProtocolError, PulseError, SampleFormat, SampleSpec,
    stream::StreamFlags,
};
use std::fmt;
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// Bytes of one sample: `f32`, little-endian, one channel. The server mixes the channels.
const SAMPLE: usize = size_of::<f32>();
/// What a server may ask for, or give, at once, ms.
const MOST_AT_ONCE: u32 = 200;

/// Held by who opened the stream. Dropping it hangs up, which ends the stream.
pub(super) struct PulseStream {
    _hangup: Hangup,
}

type OnError = Box<dyn Fn(cpal::Error) + Send>;

/// The connection of a stream, and who is told when it breaks.
struct Connection {
    pipe: Pipe,
    channel: u32,
    rate: u32,
    opened: Instant,
    on_error: Option<OnError>,
}

impl Connection {
    fn new(
        wire: Wire,
        channel: u32,
        rate: u32,
        on_error: OnError,
    ) -> Result<(PulseStream, Self), OpenError> {
        let _hangup = wire.hangup()?;
        let connection = Self::over(wire.into_pipe()?, channel, rate, on_error);
        Ok((PulseStream { _hangup }, connection))
    }

    fn over(pipe: Pipe, channel: u32, rate: u32, on_error: OnError) -> Self {
        Self { pipe, channel, rate, opened: Instant::now(), on_error: Some(on_error) }
    }

    /// After it nothing more is read. When it was this side that hung up, nobody knows the stream
    /// any more.
    fn fail(&mut self, error: &WireError) {
        if let Some(tell) = self.on_error.take() {
            tell(broken(error));
        }
    }

    fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.on_error.is_some().then(|| self.pipe.socket())
    }

    /// Frames that are believed to be asked for or given at once.
    fn most(&self) -> usize {
        (self.rate * MOST_AT_ONCE / 1000) as usize
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("channel", &self.channel).finish_non_exhaustive()
    }
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

fn broken(error: impl fmt::Display) -> cpal::Error {
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
            WireError::NoSocket | WireError::Io(_) | WireError::Behind => Self::Hung,
            WireError::Protocol(_) => Self::Device(broken(error)),
        }
    }
}

#[cfg(test)]
mod rig {
    //! A stream without its server.

    use super::{Connection, Pipe};
    use pulseaudio::protocol::MAX_VERSION;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    pub(super) const CHANNEL: u32 = 3;

    /// A stream's connection, the server's end of it, and how often it was said to be broken.
    pub(super) fn connection() -> (Connection, UnixStream, Arc<AtomicU32>) {
        let (near, far) = UnixStream::pair().unwrap();
        let pipe = Pipe::new(near, MAX_VERSION, 0, vec![]).unwrap();
        let broken = Arc::<AtomicU32>::default();
        let told = Arc::clone(&broken);
        let tell = Box::new(move |_| _ = told.fetch_add(1, Ordering::Relaxed));
        (Connection::over(pipe, CHANNEL, 48_000, tell), far, broken)
    }
}
