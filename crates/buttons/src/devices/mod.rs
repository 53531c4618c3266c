//! The devices themselves. The hub sees them through [`Bus`] only.

mod hid;
#[cfg(target_os = "linux")]
mod plug;

pub(crate) use hid::Hid;

use crate::hub::Message;
use std::sync::mpsc::Sender;

/// Where headsets are found.
pub(crate) trait Bus: Send {
    /// Every device with a telephony collection, readable or not.
    fn list(&mut self) -> Vec<Found>;
    fn open(&mut self, found: &Found) -> Result<Opened, OpenFault>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Names the device for as long as it is plugged in.
    pub(crate) path: String,
    pub(crate) vendor: u16,
    pub(crate) product: u16,
    pub(crate) name: String,
}

pub(crate) struct Opened {
    pub(crate) descriptor: Vec<u8>,
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) writer: Box<dyn Writer>,
}

pub(crate) trait Reader: Send {
    /// Waits for an input report, its number first if the device numbers them. `Ok(0)`: none
    /// came for a while.
    fn read(&mut self, report: &mut [u8]) -> Result<usize, String>;
}

pub(crate) trait Writer: Send {
    /// An output report, its number first (0 when the device numbers none).
    fn write(&mut self, report: &[u8]) -> Result<(), String>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OpenFault {
    /// The system does not let this user at the device.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "told by Linux only"))]
    Denied,
    Failed(String),
}

/// Tells the hub of devices that come and go. False: nothing will tell, so it has to look
/// by itself now and then.
pub(crate) fn watch(hub: Sender<Message>) -> bool {
    #[cfg(target_os = "linux")]
    return plug::watch(hub);
    #[cfg(not(target_os = "linux"))]
    {
        drop(hub);
        false
    }
}
