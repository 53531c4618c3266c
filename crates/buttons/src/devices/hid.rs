use super::{Bus, Found, OpenFault, Opened, Reader, Writer};
use crate::descriptor::{DESCRIPTOR_MAX, TELEPHONY};
use hidapi::{DeviceInfo, HidApi, HidDevice, HidError, MAX_REPORT_DESCRIPTOR_SIZE};
use std::ffi::CString;

/// ms. A reader whose headset is not wanted any more ends within this time.
const PATIENCE: i32 = 2_000;
/// Characters of a name that a device gives itself.
const NAME_MAX: usize = 80;

/// The system's HID devices: hidraw on Linux, the system's own interface elsewhere.
pub(crate) struct Hid {
    api: HidApi,
}

impl Hid {
    pub(crate) fn start() -> Result<Self, HidError> {
        HidApi::new().map(|api| Self { api })
    }
}

impl Bus for Hid {
    fn list(&mut self) -> Vec<Found> {
        if let Err(error) = self.api.refresh_devices() {
            tracing::debug!(%error, "HID devices could not be listed");
            return Vec::new();
        }
        let mut found: Vec<Found> = Vec::new();
        for info in self.api.device_list().filter(|info| info.usage_page() == TELEPHONY) {
            // A device is listed once for each of its collections.
            if let Some(device) = device(info)
                && found.iter().all(|known| known.path != device.path)
            {
                found.push(device);
            }
        }
        found
    }

    /// Opened twice: one is waited on, the other written to meanwhile.
    fn open(&mut self, found: &Found) -> Result<Opened, OpenFault> {
        let path = CString::new(found.path.as_str()).map_err(|e| failed(&e))?;
        let open = || self.api.open_path(&path).map_err(|error| fault(found, &error));
        let (reader, writer) = (open()?, open()?);
        let mut descriptor = vec![0; MAX_REPORT_DESCRIPTOR_SIZE.min(DESCRIPTOR_MAX)];
        let length = reader.get_report_descriptor(&mut descriptor).map_err(|e| failed(&e))?;
        descriptor.truncate(length);
        Ok(Opened { descriptor, reader: Box::new(reader), writer: Box::new(writer) })
    }
}

impl Reader for HidDevice {
    fn read(&mut self, report: &mut [u8]) -> Result<usize, String> {
        self.read_timeout(report, PATIENCE).map_err(|error| error.to_string())
    }
}

impl Writer for HidDevice {
    fn write(&mut self, report: &[u8]) -> Result<(), String> {
        HidDevice::write(self, report).map(|_| ()).map_err(|error| error.to_string())
    }
}

fn device(info: &DeviceInfo) -> Option<Found> {
    let path = info.path().to_str().ok()?.to_owned();
    let (vendor, product) = (info.vendor_id(), info.product_id());
    let given = info.product_string().unwrap_or_default();
    let shown = |c: &char| !c.is_control();
    let name: String = given.trim().chars().filter(shown).take(NAME_MAX).collect();
    let name = if name.is_empty() { format!("{vendor:04x}:{product:04x}") } else { name };
    Some(Found { path, vendor, product, name })
}

fn failed(error: &dyn std::error::Error) -> OpenFault {
    OpenFault::Failed(error.to_string())
}

/// hidapi says why in words only, so the node itself is asked.
#[cfg(target_os = "linux")]
fn fault(found: &Found, error: &HidError) -> OpenFault {
    let node = std::fs::File::options().read(true).write(true).open(&found.path);
    match node {
        Err(io) if io.kind() == std::io::ErrorKind::PermissionDenied => OpenFault::Denied,
        Err(_) | Ok(_) => failed(error),
    }
}

#[cfg(not(target_os = "linux"))]
fn fault(_: &Found, error: &HidError) -> OpenFault {
    failed(error)
}
