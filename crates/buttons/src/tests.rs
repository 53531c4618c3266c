//! The hub with a bus of pipes: what a hidraw node is to it, without the kernel. The kernel's
//! own is in tests/tests/headset_buttons.rs.

use super::*;
use crate::devices::{Found, OpenFault, Opened, Reader, Writer};
use crate::samples::{BLACKWIRE, DONGLE};
use omnibar_contract::{ButtonsState, ButtonsView};
use omnibar_desk::Ask;
use omnibar_softphone::{ButtonsEvent, Event};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(10);

struct Socket {
    vendor: u16,
    opens: Result<&'static [u8], OpenFault>,
    /// What the device will send; taken when it is opened.
    sends: Option<Receiver<Vec<u8>>>,
    gets: Sender<Vec<u8>>,
}

/// What is plugged in, by path.
#[derive(Clone, Default)]
struct Pipes(Arc<Mutex<BTreeMap<String, Socket>>>);

struct Device {
    sends: Sender<Vec<u8>>,
    got: Receiver<Vec<u8>>,
}

impl Pipes {
    fn plug(&self, path: &str, vendor: u16, opens: Result<&'static [u8], OpenFault>) -> Device {
        let ((sends, taken), (gets, got)) = (mpsc::channel(), mpsc::channel());
        let socket = Socket { vendor, opens, sends: Some(taken), gets };
        self.0.lock().unwrap().insert(path.to_owned(), socket);
        Device { sends, got }
    }
}

impl Bus for Pipes {
    fn list(&mut self) -> Vec<Found> {
        let found = |(path, socket): (&String, &Socket)| Found {
            path: path.clone(),
            vendor: socket.vendor,
            product: 1,
            name: format!("Headset {path}"),
        };
        self.0.lock().unwrap().iter().map(found).collect()
    }

    fn open(&mut self, found: &Found) -> Result<Opened, OpenFault> {
        let mut sockets = self.0.lock().unwrap();
        let socket = sockets.get_mut(&found.path).ok_or(OpenFault::Failed("gone".into()))?;
        let descriptor = socket.opens.clone()?.to_vec();
        let sends = socket.sends.take().ok_or(OpenFault::Failed("in use".into()))?;
        let writer = Box::new(Gets(socket.gets.clone()));
        Ok(Opened { descriptor, reader: Box::new(Sends(sends)), writer })
    }
}

struct Sends(Receiver<Vec<u8>>);

impl Reader for Sends {
    fn read(&mut self, room: &mut [u8]) -> Result<usize, String> {
        match self.0.recv_timeout(Duration::from_millis(50)) {
            Ok(report) => {
                room[..report.len()].copy_from_slice(&report);
                Ok(report.len())
            }
            Err(RecvTimeoutError::Timeout) => Ok(0),
            Err(RecvTimeoutError::Disconnected) => Err("unplugged".to_owned()),
        }
    }
}

struct Gets(Sender<Vec<u8>>);

impl Writer for Gets {
    fn write(&mut self, report: &[u8]) -> Result<(), String> {
        self.0.send(report.to_vec()).map_err(|_| "unplugged".to_owned())
    }
}

struct Rig {
    pipes: Pipes,
    buttons: Buttons,
    events: Receiver<Event>,
}

impl Rig {
    fn start(pipes: Pipes, list: Option<PathBuf>) -> Self {
        let (messages, received) = mpsc::channel();
        let (inbox, mut posted) = Inbox::new();
        let (forward, events) = mpsc::channel();
        thread::spawn(move || {
            while let Some(event) = posted.blocking_recv() {
                let _ = forward.send(event);
            }
        });
        let (bus, sender) = (pipes.clone(), messages.clone());
        let config = ButtonsConfig { list, settings: Settings::default() };
        thread::spawn(move || hub(config, inbox, bus, sender, true).run(&received));
        Self { pipes, buttons: Buttons { messages, desk: Situation::default() }, events }
    }

    fn view(&self) -> ButtonsView {
        match self.events.recv_timeout(WAIT).unwrap() {
            Event::Buttons(ButtonsEvent::Changed(view)) => view,
            other => panic!("{other:?}"),
        }
    }

    fn asked(&self) -> Ask {
        match self.events.recv_timeout(WAIT).unwrap() {
            Event::Buttons(ButtonsEvent::Asked(ask)) => ask,
            other => panic!("{other:?}"),
        }
    }

    fn desk(&self, desk: Situation) {
        self.buttons.post(Message::Desk(desk));
    }

    fn states(&self) -> Vec<ButtonsState> {
        self.view().headsets.into_iter().map(|headset| headset.state).collect()
    }
}

fn offered() -> Situation {
    Situation { offer: Some("one".into()), ..Situation::default() }
}

#[test]
fn presses_reach_the_driver_and_the_desk_reaches_the_lamps() {
    let pipes = Pipes::default();
    let device = pipes.plug("a", 0x047F, Ok(BLACKWIRE));
    let rig = Rig::start(pipes, None);
    assert_eq!(rig.states(), [ButtonsState::Works]);
    let lamp = || device.got.recv_timeout(WAIT).unwrap();
    assert_eq!([lamp(), lamp(), lamp()], [[9, 0], [0x17, 0], [0x18, 0]], "the start");
    rig.desk(offered());
    assert_eq!(lamp(), [0x18, 1]);
    device.sends.send(vec![8, 0b010]).unwrap();
    assert_eq!(rig.asked(), Ask::Accept { interaction: Some("one".into()) });
    assert_eq!([lamp(), lamp()], [[0x17, 1], [0x18, 0]]);
}

#[test]
fn headsets_come_go_and_are_turned_off() {
    let mut rig = Rig::start(Pipes::default(), None);
    assert_eq!(rig.states(), []);
    let first = rig.pipes.plug("a", 1, Ok(DONGLE));
    rig.buttons.post(Message::Plugged);
    assert_eq!(rig.states(), [ButtonsState::Works]);
    let second = rig.pipes.plug("b", 1, Err(OpenFault::Denied));
    rig.buttons.post(Message::Plugged);
    assert_eq!(rig.states(), [ButtonsState::Works, ButtonsState::Denied]);
    // Its rights came a moment later.
    drop(second);
    let second = rig.pipes.plug("b", 1, Ok(DONGLE));
    rig.buttons.post(Message::Plugged);
    assert_eq!(rig.states(), [ButtonsState::Works, ButtonsState::Works]);
    // Both follow the desk, and either one's button counts.
    rig.desk(offered());
    second.sends.send(vec![2, 1, 0]).unwrap();
    assert_eq!(rig.asked(), Ask::Accept { interaction: Some("one".into()) });
    let ring = |device: &Device| device.got.iter().any(|report| report == [2, 0b100_0100, 0]);
    assert!(ring(&first) && ring(&second));

    rig.pipes.0.lock().unwrap().remove("a");
    drop(first);
    assert_eq!(rig.states(), [ButtonsState::Works]);
    let off = Settings { no_headset_buttons: true, ..Settings::default() };
    omnibar_softphone::Buttons::apply(&mut rig.buttons, &off);
    assert_eq!(rig.states(), []);
    let dark = |device: &Device| device.got.recv_timeout(WAIT).map(|report| report == [2, 0, 0]);
    while dark(&second) == Ok(false) {}
    let let_go = |_| {
        thread::sleep(Duration::from_millis(20));
        second.sends.send(Vec::new()).is_err()
    };
    assert!((0..500).any(let_go), "nobody reads it any more");
}

#[test]
fn a_device_that_cannot_be_understood_says_so_and_stays_alone() {
    let pipes = Pipes::default();
    let _bad = pipes.plug("a", 1, Ok(&[0x05, 0x0B, 0xA1]));
    let _no_buttons = pipes.plug("b", 1, Ok(&[0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0xC0]));
    let _good = pipes.plug("c", 1, Ok(DONGLE));
    let states = Rig::start(pipes, None).states();
    let words = |state: &ButtonsState| match state {
        ButtonsState::Unusable { detail } => detail.clone(),
        ButtonsState::Works | ButtonsState::Denied => String::new(),
    };
    assert_eq!(words(&states[0]), "its description cannot be used: it ends within an item");
    assert_eq!(words(&states[1]), "it has neither a hook switch nor a mute button");
    assert_eq!(states[2], ButtonsState::Works);
}

#[test]
fn nothing_is_said_twice_to_a_headset_of_a_desk_that_does_not_concern_it() {
    let (messages, received) = mpsc::channel();
    let mut buttons = Buttons { messages, desk: Situation::default() };
    let desk = omnibar_desk::Desk::new(omnibar_desk::Config::default());
    omnibar_softphone::Buttons::follow(&mut buttons, &desk.snapshot());
    assert!(received.try_recv().is_err(), "the hub sleeps on");
}

#[test]
fn a_user_s_list_is_read_and_a_wrong_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("headsets.toml");
    assert!(matches!(read_list(&list), Ok(None)));
    let entry = "[[headset]]\nname = \"Mine\"\nsource = \"tried\"\nvendor = \"0001\"\n";
    std::fs::write(&list, format!("{entry}ignored = true\n")).unwrap();
    let pipes = Pipes::default();
    let _device = pipes.plug("a", 1, Ok(DONGLE));
    let view = Rig::start(pipes.clone(), Some(list.clone())).view();
    assert_eq!(view, ButtonsView::default(), "it is left alone");

    std::fs::write(&list, "[[headset]]\nname = 3\n").unwrap();
    let view = Rig::start(pipes, Some(list)).view();
    assert!(view.list_fault.unwrap().contains("headsets.toml"));
    assert_eq!(view.headsets.len(), 1, "the built-in one is used");
}
