use std::fs::File;
use std::io::{Read, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// Numbers and sizes of Linux's `include/uapi/linux/uhid.h`.
const DESTROY: u32 = 1;
const OUTPUT: u32 = 6;
const CREATE: u32 = 11;
const INPUT: u32 = 12;
const DATA: usize = 4096;
const EVENT: usize = 4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + DATA;
const BUS_USB: u16 = 3;

/// A device that exists in the kernel only; unplugged when dropped.
#[derive(Debug)]
pub(crate) struct Virtual {
    kernel: File,
    outputs: Receiver<Vec<u8>>,
}

impl Virtual {
    pub(crate) fn plug(name: &str, vendor: u32, product: u32, descriptor: &[u8]) -> Self {
        let mut kernel =
            File::options().read(true).write(true).open("/dev/uhid").expect("uhid of this kernel");
        let mut create = CREATE.to_ne_bytes().to_vec();
        create.extend(padded(name.as_bytes(), 128));
        create.extend(padded(b"", 128));
        create.extend(u16::try_from(descriptor.len()).unwrap().to_ne_bytes());
        create.extend(BUS_USB.to_ne_bytes());
        for number in [vendor, product, 0, 0] {
            create.extend(number.to_ne_bytes());
        }
        create.extend(padded(descriptor, DATA));
        kernel.write_all(&create).unwrap();

        let mut events = kernel.try_clone().unwrap();
        let (send, outputs) = mpsc::channel();
        thread::spawn(move || {
            let mut event = [0; EVENT];
            while events.read(&mut event).is_ok_and(|length| length > 0) {
                if u32::from_ne_bytes(event[..4].try_into().unwrap()) == OUTPUT {
                    let size = u16::from_ne_bytes(event[4 + DATA..][..2].try_into().unwrap());
                    let _ = send.send(event[4..][..usize::from(size)].to_vec());
                }
            }
        });
        Self { kernel, outputs }
    }

    /// An input report, its number first if it has one.
    pub(crate) fn send(&mut self, report: &[u8]) {
        let mut input = INPUT.to_ne_bytes().to_vec();
        input.extend(u16::try_from(report.len()).unwrap().to_ne_bytes());
        input.extend(padded(report, DATA));
        self.kernel.write_all(&input).unwrap();
    }

    /// The next output report that the kernel hands to the device, its number first.
    pub(crate) fn lamps(&mut self) -> Vec<u8> {
        self.outputs.recv_timeout(Duration::from_secs(20)).expect("an output report")
    }
}

impl Drop for Virtual {
    fn drop(&mut self) {
        let mut destroy = DESTROY.to_ne_bytes().to_vec();
        destroy.resize(EVENT, 0);
        self.kernel.write_all(&destroy).unwrap();
    }
}

fn padded(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut padded = bytes.to_vec();
    padded.resize(size, 0);
    padded
}
