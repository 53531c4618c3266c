use crate::hub::Message;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;
use std::mem::MaybeUninit;
use std::sync::mpsc::Sender;
use std::thread;

/// Nodes of devices appear and go here, and get their rights a moment later.
const NODES: &str = "/dev";
const NAME: &[u8] = b"hidraw";

/// A thread that sleeps until the kernel has something to tell.
pub(super) fn watch(hub: Sender<Message>) -> bool {
    let wanted = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::ATTRIB;
    let fd = inotify::init(CreateFlags::CLOEXEC).and_then(|fd| {
        inotify::add_watch(&fd, NODES, wanted)?;
        Ok(fd)
    });
    let fd = match fd {
        Ok(fd) => fd,
        Err(error) => {
            tracing::warn!(%error, "nothing tells of headsets that are plugged in");
            return false;
        }
    };
    let told = thread::Builder::new().name("headset plugs".to_owned()).spawn(move || {
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(fd, &mut room);
        loop {
            let is_headset = match events.next() {
                Ok(event) => event.file_name().is_some_and(|n| n.to_bytes().starts_with(NAME)),
                Err(Errno::INTR) => continue,
                Err(error) => {
                    tracing::warn!(%error, "nothing tells of headsets any more");
                    break;
                }
            };
            if is_headset && hub.send(Message::Plugged).is_err() {
                break;
            }
        }
    });
    told.is_ok()
}
