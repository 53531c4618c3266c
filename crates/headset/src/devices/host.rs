//! The system's sound server and its devices.

use super::listing::Listing;
use std::sync::mpsc::Sender;

/// A sound server that answers.
pub(crate) struct Server {
    #[cfg(not(target_os = "linux"))]
    host: cpal::Host,
    #[cfg(target_os = "linux")]
    wire: super::wire::Wire,
    /// Ends the thread that watches for changes.
    _watch: watch::Watch,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ServerError {
    #[cfg(target_os = "linux")]
    #[error(transparent)]
    Wire(#[from] super::wire::WireError),
    #[cfg(not(target_os = "linux"))]
    #[error("the sound system cannot be used: {0}")]
    Host(#[from] cpal::Error),
    #[error("the system has no thread left: {0}")]
    Thread(#[from] std::io::Error),
}

/// What the watch tells of the server of that serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerNews {
    Changed(u32),
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "the server of Linux can go"))]
    Gone(u32),
}

impl Server {
    /// `serial` marks the news of this server.
    pub(crate) fn open<T>(serial: u32, news: Sender<T>) -> Result<Self, ServerError>
    where
        T: From<ServerNews> + Send + 'static,
    {
        #[cfg(target_os = "linux")]
        {
            let wire = super::wire::Wire::connect()?;
            Ok(Self { wire, _watch: watch::start(serial, news)? })
        }
        #[cfg(not(target_os = "linux"))]
        {
            let host = cpal::default_host();
            Ok(Self { host, _watch: watch::start(serial, news)? })
        }
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn list(&mut self) -> Result<Listing, ServerError> {
        Ok(self.wire.list()?)
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn unmute(&mut self, microphone: &str) -> Result<(), ServerError> {
        Ok(self.wire.unmute(microphone)?)
    }

    /// Here no device is ever listed as muted.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn unmute(&mut self, _microphone: &str) -> Result<(), ServerError> {
        Ok(())
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn unmute_speaker(&mut self, speaker: &str) -> Result<(), ServerError> {
        Ok(self.wire.unmute_speaker(speaker)?)
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn unmute_speaker(&mut self, _speaker: &str) -> Result<(), ServerError> {
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn list(&mut self) -> Result<Listing, ServerError> {
        Ok(watch::list(&self.host)?)
    }
}

/// One for each stream: the PulseAudio host has all its playback streams synchronised
/// (cpal leaves their `sync_id` at zero), and the server then refuses two sinks.
pub(crate) fn connect() -> Result<cpal::Host, cpal::Error> {
    #[cfg(target_os = "linux")]
    {
        // Not the default host: without a socket that is ALSA, which shows one device
        // and hears of none.
        cpal::host_from_id(cpal::HostId::PulseAudio)
    }
    #[cfg(not(target_os = "linux"))]
    {
        Ok(cpal::default_host())
    }
}

#[cfg(target_os = "linux")]
mod watch {
    use super::super::wire::{Hangup, Wire};
    use super::{ServerError, ServerNews};
    use std::sync::mpsc::Sender;

    /// The server tells of changes by itself: between them nothing runs.
    pub(super) struct Watch {
        _hangup: Hangup,
    }

    pub(super) fn start<T>(serial: u32, news: Sender<T>) -> Result<Watch, ServerError>
    where
        T: From<ServerNews> + Send + 'static,
    {
        let mut wire = Wire::connect()?;
        let hangup = wire.subscribe()?;
        std::thread::Builder::new().name("device-watch".into()).spawn(move || {
            while wire.wait_for_change().is_ok() {
                if news.send(ServerNews::Changed(serial).into()).is_err() {
                    return;
                }
            }
            // Nobody listens any more when it was we who hung up.
            let _ = news.send(ServerNews::Gone(serial).into());
        })?;
        Ok(Watch { _hangup: hangup })
    }
}

#[cfg(not(target_os = "linux"))]
mod watch {
    use super::super::listing::{Entry, Listing};
    use super::{ServerError, ServerNews};
    use cpal::traits::{DeviceTrait, HostTrait};
    use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
    use std::time::Duration;

    /// cpal has no news of devices on this system: their list is compared instead.
    const LOOK_EVERY: Duration = Duration::from_millis(400);

    pub(super) struct Watch {
        _end: Sender<()>,
    }

    pub(super) fn start<T>(serial: u32, news: Sender<T>) -> Result<Watch, ServerError>
    where
        T: From<ServerNews> + Send + 'static,
    {
        let (end, ended) = channel::<()>();
        std::thread::Builder::new().name("device-watch".into()).spawn(move || {
            let host = cpal::default_host();
            let mut known = list(&host).ok();
            while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                let now = list(&host).ok();
                if now != known {
                    known = now;
                    if news.send(ServerNews::Changed(serial).into()).is_err() {
                        return;
                    }
                }
            }
        })?;
        Ok(Watch { _end: end })
    }

    pub(super) fn list(host: &cpal::Host) -> Result<Listing, cpal::Error> {
        let id = |device: cpal::Device| device.id().ok().map(|id| id.to_string());
        Ok(Listing {
            inputs: host.input_devices()?.filter_map(entry).collect(),
            outputs: host.output_devices()?.filter_map(entry).collect(),
            default_input: host.default_input_device().and_then(id),
            default_output: host.default_output_device().and_then(id),
        })
    }

    fn entry(device: cpal::Device) -> Option<Entry> {
        let name = device.description().ok()?.name().to_owned();
        Some(Entry {
            id: device.id().ok()?.to_string(),
            worn: crate::devices::worn::by_name(&name),
            name,
            incarnation: 0,
            monitor: false,
            narrow: None,
            muted: false,
            at_zero: false,
        })
    }
}
