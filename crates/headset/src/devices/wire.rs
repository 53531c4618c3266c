//! A connection to the PulseAudio server (PipeWire serves it too): which devices there
//! are and when they come and go, telling a device from its successor of the same name,
//! and what the streams in `pulse.rs` say and hear.

use super::bluetooth::narrow;
use super::listing::{Entry, Listing};
use super::pulse::Pipe;
use super::worn;
use pulseaudio::protocol::{
    self, AuthParams, AuthReply, ChannelVolume, Command, CommandReply, ProtocolError,
    SetClientNameReply, SinkInfo, SinkInfoList, SourceInfo, SourceInfoList,
    SubscriptionEventFacility, SubscriptionMask, Volume,
    command::{SetDeviceMuteParams, SetDeviceVolumeParams},
};
use std::ffi::CStr;
use std::io::{BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Bytes. A server hangs up on a client that sends none, even where it wants no proof.
const COOKIE: usize = 256;
/// What a speaker at zero is turned up to, of 65 536: 60 %.
const AUDIBLE: u32 = 39_322;
/// A server that does not answer within this is taken as gone.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("no sound server: there is no PulseAudio or PipeWire socket")]
    NoSocket,
    #[error("the sound server does not answer: {0}")]
    Io(#[from] std::io::Error),
    #[error("the stream was left without sound for too long, as when a computer sleeps")]
    Behind,
    #[error("the sound server cannot be understood: {0}")]
    Protocol(#[from] ProtocolError),
}

#[derive(Debug)]
pub(crate) struct Wire {
    socket: BufReader<UnixStream>,
    version: u16,
    sequence: u32,
}

impl Wire {
    /// Finds the server as cpal does: `PULSE_SERVER=unix:…`, then the runtime directories.
    pub(crate) fn connect() -> Result<Self, WireError> {
        let path = pulseaudio::socket_path_from_env().ok_or(WireError::NoSocket)?;
        let socket = UnixStream::connect(path)?;
        socket.set_read_timeout(Some(ANSWER_WITHIN))?;
        socket.set_write_timeout(Some(ANSWER_WITHIN))?;
        let cookie = cookie().unwrap_or_else(|error| {
            tracing::debug!(%error, "no cookie for the sound server");
            vec![0; COOKIE]
        });
        let mut wire =
            Self { socket: BufReader::new(socket), version: protocol::MAX_VERSION, sequence: 0 };
        let auth = AuthParams {
            version: protocol::MAX_VERSION,
            supports_shm: false,
            supports_memfd: false,
            cookie,
        };
        let reply: AuthReply = wire.ask(&Command::Auth(auth))?;
        wire.version = protocol::MAX_VERSION.min(reply.version);
        let mut props = protocol::Props::new();
        props.set(protocol::Prop::ApplicationName, c"Omnibar");
        let _: SetClientNameReply = wire.ask(&Command::SetClientName(props))?;
        Ok(wire)
    }

    pub(crate) fn list(&mut self) -> Result<Listing, WireError> {
        let server: protocol::ServerInfo = self.ask(&Command::GetServerInfo)?;
        let sinks: SinkInfoList = self.ask(&Command::GetSinkInfoList)?;
        let sources: SourceInfoList = self.ask(&Command::GetSourceInfoList)?;
        Ok(Listing {
            inputs: sources.iter().map(source_entry).collect(),
            outputs: sinks.iter().map(sink_entry).collect(),
            default_input: server.default_source_name.as_deref().map(id),
            default_output: server.default_sink_name.as_deref().map(id),
        })
    }

    /// Turns this connection into a stream of events. Reading it blocks from now on
    /// until something happens or [`Hangup`] ends it.
    pub(crate) fn subscribe(&mut self) -> Result<Hangup, WireError> {
        let mask = SubscriptionMask::SINK | SubscriptionMask::SOURCE | SubscriptionMask::SERVER;
        self.write(&Command::Subscribe(mask))?;
        protocol::read_ack_message(&mut self.socket)?;
        self.listen()
    }

    /// From now on reading may block for ever; the [`Hangup`] ends it.
    fn listen(&self) -> Result<Hangup, WireError> {
        self.socket.get_ref().set_read_timeout(None)?;
        self.hangup()
    }

    pub(super) fn hangup(&self) -> Result<Hangup, WireError> {
        Ok(Hangup(self.socket.get_ref().try_clone()?))
    }

    /// From now on nothing blocks, and nothing can be asked.
    pub(super) fn into_pipe(self) -> Result<Pipe, WireError> {
        let came = self.socket.buffer().to_vec();
        Pipe::new(self.socket.into_inner(), self.version, self.sequence, came)
    }

    /// The server's index and the rate of the source with that id.
    pub(super) fn source(&mut self, wanted: &str) -> Result<Option<(u32, u32)>, WireError> {
        let sources: SourceInfoList = self.ask(&Command::GetSourceInfoList)?;
        let found = sources.iter().find(|source| id(&source.name) == wanted);
        Ok(found.map(|source| (source.index, source.sample_spec.sample_rate)))
    }

    /// The server's index and the rate of the sink with that id.
    pub(super) fn sink(&mut self, wanted: &str) -> Result<Option<(u32, u32)>, WireError> {
        let sinks: SinkInfoList = self.ask(&Command::GetSinkInfoList)?;
        let found = sinks.iter().find(|sink| id(&sink.name) == wanted);
        Ok(found.map(|sink| (sink.index, sink.sample_spec.sample_rate)))
    }

    /// Opens the source with that id, whoever muted it.
    pub(crate) fn unmute(&mut self, wanted: &str) -> Result<(), WireError> {
        let Some((index, _)) = self.source(wanted)? else { return Ok(()) };
        let (device_index, device_name) = (Some(index), None);
        let order = SetDeviceMuteParams { device_index, device_name, mute: false };
        self.write(&Command::SetSourceMute(order))?;
        Ok(protocol::read_ack_message(&mut self.socket).map(|_| ())?)
    }

    /// Opens the sink with that id, whoever muted it; one at zero is turned up.
    pub(crate) fn unmute_speaker(&mut self, wanted: &str) -> Result<(), WireError> {
        let sinks: SinkInfoList = self.ask(&Command::GetSinkInfoList)?;
        let Some(sink) = sinks.iter().find(|sink| id(&sink.name) == wanted) else { return Ok(()) };
        let (device_index, device_name) = (Some(sink.index), None);
        let order = SetDeviceMuteParams { device_index, device_name, mute: false };
        self.write(&Command::SetSinkMute(order))?;
        protocol::read_ack_message(&mut self.socket)?;
        if is_zero(&sink.cvolume) {
            let mut volume = ChannelVolume::empty();
            for _ in sink.cvolume.channels() {
                volume.push(Volume::from_u32_clamped(AUDIBLE));
            }
            let order = SetDeviceVolumeParams { device_index, device_name: None, volume };
            self.write(&Command::SetSinkVolume(order))?;
            protocol::read_ack_message(&mut self.socket)?;
        }
        Ok(())
    }

    /// Waits until devices have come or gone or another is the default.
    pub(crate) fn wait_for_change(&mut self) -> Result<(), WireError> {
        loop {
            let (_, command) = protocol::read_command_message(&mut self.socket, self.version)?;
            if let Command::SubscribeEvent(event) = command
                && concerns_devices(event.event_facility)
            {
                return Ok(());
            }
        }
    }

    pub(super) fn ask<R: CommandReply>(&mut self, command: &Command) -> Result<R, WireError> {
        self.write(command)?;
        let (_, reply) = protocol::read_reply_message(&mut self.socket, self.version)?;
        Ok(reply)
    }

    fn write(&mut self, command: &Command) -> Result<(), WireError> {
        let sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        let version = self.version;
        protocol::write_command_message(self.socket.get_mut(), sequence, command, version)?;
        Ok(())
    }
}

/// Ends a blocked [`Wire::wait_for_change`], or a stream.
#[derive(Debug)]
pub(crate) struct Hangup(UnixStream);

impl Drop for Hangup {
    fn drop(&mut self) {
        // An error means that the server has hung up already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

/// The user's key to the server. Where there is none it is made, as libpulse does:
/// cpal's own connection needs the file.
fn cookie() -> std::io::Result<Vec<u8>> {
    if let Some(path) = pulseaudio::cookie_path_from_env() {
        return std::fs::read(path);
    }
    let home = std::env::home_dir().ok_or(std::io::ErrorKind::NotFound)?;
    let directory = home.join(".config/pulse");
    let mut key = vec![0; COOKIE];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    std::fs::create_dir_all(&directory)?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(directory.join("cookie"))?;
    file.write_all(&key)?;
    Ok(key)
}

/// A changed source or sink may have been muted or turned down; a changed server is a new
/// default.
fn concerns_devices(facility: SubscriptionEventFacility) -> bool {
    match facility {
        SubscriptionEventFacility::Source
        | SubscriptionEventFacility::Sink
        | SubscriptionEventFacility::Server => true,
        SubscriptionEventFacility::SinkInput
        | SubscriptionEventFacility::SourceOutput
        | SubscriptionEventFacility::Module
        | SubscriptionEventFacility::Client
        | SubscriptionEventFacility::SampleCache
        | SubscriptionEventFacility::Autoload
        | SubscriptionEventFacility::Card => false,
    }
}

fn id(name: &CStr) -> String {
    cpal::DeviceId::new(cpal::HostId::PulseAudio, name.to_string_lossy()).to_string()
}

fn is_zero(volume: &ChannelVolume) -> bool {
    volume.channels().iter().all(|channel| channel.as_u32() == 0)
}

fn sink_entry(sink: &SinkInfo) -> Entry {
    Entry {
        id: id(&sink.name),
        name: sink.description.as_ref().unwrap_or(&sink.name).to_string_lossy().into_owned(),
        incarnation: sink.index,
        monitor: false,
        narrow: narrow(&sink.name, &sink.props, sink.sample_spec.sample_rate),
        muted: sink.muted,
        at_zero: is_zero(&sink.cvolume),
        worn: worn::sink(sink),
    }
}

fn source_entry(source: &SourceInfo) -> Entry {
    Entry {
        id: id(&source.name),
        name: source.description.as_ref().unwrap_or(&source.name).to_string_lossy().into_owned(),
        incarnation: source.index,
        monitor: source.monitor_of_sink_index.is_some(),
        narrow: narrow(&source.name, &source.props, source.sample_spec.sample_rate),
        muted: source.muted,
        at_zero: is_zero(&source.cvolume),
        worn: None,
    }
}
