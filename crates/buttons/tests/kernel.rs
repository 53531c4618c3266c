//! The whole way with a real kernel: a virtual HID device (uhid) → hidraw → this crate → what
//! it asks of the desk, and the desk → lamps → output reports as the kernel hands them on.
//! Few kernels of test machines have uhid: `scripts/headset-vm.sh` starts one that does and
//! runs these there.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod uhid;

use omnibar_buttons::{Buttons, ButtonsConfig};
use omnibar_contract::{ButtonsState, ButtonsView, Settings};
use omnibar_desk::{Ask, CallView, Can, Config, Desk, Snapshot};
use omnibar_model::{Conversation, Interaction, Moment, VoicePath};
use omnibar_softphone::{Buttons as _, ButtonsEvent, Event, Inbox};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;
use uhid::Virtual;

const WAIT: Duration = Duration::from_secs(20);

/// Numbered reports, mute relative, hook a switch; one report for each lamp, as a headset of
/// Poly's has them.
const WIRED: &[u8] = &[
    0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, //
    0x85, 0x08, 0x09, 0x2F, 0x95, 0x01, 0x81, 0x06, 0x09, 0x20, 0x09, 0x21, 0x95, 0x02, //
    0x81, 0x22, 0x95, 0x05, 0x81, 0x01, //
    0x85, 0x09, 0x05, 0x08, 0x09, 0x09, 0x95, 0x01, 0x91, 0x22, 0x95, 0x07, 0x91, 0x01, //
    0x85, 0x17, 0x09, 0x17, 0x95, 0x01, 0x91, 0x22, 0x95, 0x07, 0x91, 0x01, //
    0x85, 0x18, 0x09, 0x18, 0x95, 0x01, 0x91, 0x22, 0x95, 0x07, 0x91, 0x01, //
    0xC0,
];

/// One report each way, without a number: hook, mute, drop; off-hook, mute, ring.
const PLAIN: &[u8] = &[
    0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, //
    0x09, 0x20, 0x09, 0x2F, 0x09, 0x26, 0x95, 0x03, 0x81, 0x22, 0x95, 0x05, 0x81, 0x03, //
    0x05, 0x08, 0x09, 0x17, 0x09, 0x09, 0x09, 0x18, 0x95, 0x03, 0x91, 0x22, //
    0x95, 0x05, 0x91, 0x03, 0xC0,
];

struct Rig {
    buttons: Buttons,
    events: Receiver<ButtonsEvent>,
}

impl Rig {
    fn start() -> Self {
        let (inbox, mut posted) = Inbox::new();
        let (forward, events) = mpsc::channel();
        thread::spawn(move || {
            while let Some(event) = posted.blocking_recv() {
                if let Event::Buttons(event) = event {
                    let _ = forward.send(event);
                }
            }
        });
        let config = ButtonsConfig { list: None, settings: Settings::default() };
        let rig = Self { buttons: omnibar_buttons::start(config, inbox), events };
        assert_eq!(rig.view(), ButtonsView::default(), "nothing is plugged in yet");
        rig
    }

    fn view(&self) -> ButtonsView {
        match self.events.recv_timeout(WAIT).unwrap() {
            ButtonsEvent::Changed(view) => view,
            ButtonsEvent::Asked(ask) => panic!("{ask:?}"),
        }
    }

    fn asked(&self) -> Ask {
        match self.events.recv_timeout(WAIT).unwrap() {
            ButtonsEvent::Asked(ask) => ask,
            ButtonsEvent::Changed(view) => panic!("{view:?}"),
        }
    }

    fn headset(&self) -> (String, ButtonsState) {
        let view = self.view();
        assert_eq!(view.headsets.len(), 1, "{view:?}");
        (view.headsets[0].name.clone(), view.headsets[0].state.clone())
    }

    fn desk(&mut self, conversation: Conversation, muted: bool) {
        self.buttons.follow(&desk(Some(conversation), muted));
    }
}

fn desk(conversation: Option<Conversation>, muted: bool) -> Snapshot {
    let talks = |c: &Conversation| matches!(c, Conversation::Connected | Conversation::Held);
    let can = Can { mute: conversation.as_ref().is_some_and(talks), ..Can::default() };
    let calls = conversation.map(|conversation| CallView {
        interaction: interaction(&conversation),
        voice: VoicePath::Flowing,
        can,
        pending: Vec::new(),
        sent_to: None,
    });
    let calls = calls.into_iter().collect();
    Snapshot { calls, muted, ..Desk::new(Config::default()).snapshot() }
}

fn interaction(conversation: &Conversation) -> Interaction {
    serde_json::from_value(serde_json::json!({
        "id": "first",
        "channel": "voice",
        "direction": "inbound",
        "campaign": "support",
        "customer": { "kind": "customer", "name": "customer1", "number": null },
        "conversation": conversation,
        "since": 0,
        "legs": [],
        "conference": false,
        "recording": false,
        "note": "",
    }))
    .unwrap()
}

const OFFERED: Conversation = Conversation::Offered { expires: Moment::from_millis(60_000) };

fn accept() -> Ask {
    Ask::Accept { interaction: Some("first".into()) }
}

#[test]
#[ignore = "needs /dev/uhid: scripts/headset-vm.sh runs it"]
fn a_headset_answers_mutes_and_ends_and_its_lamps_follow() {
    let mut rig = Rig::start();
    let mut device = Virtual::plug("Wired headset", 0x047F, 0xC056, WIRED);
    assert_eq!(rig.headset(), ("Wired headset".to_owned(), ButtonsState::Works));
    let start = [device.lamps(), device.lamps(), device.lamps()];
    assert_eq!(start, [[9, 0], [0x17, 0], [0x18, 0]]);

    rig.desk(OFFERED, false);
    assert_eq!(device.lamps(), [0x18, 1], "it rings");
    device.send(&[8, 0b010]);
    assert_eq!(rig.asked(), accept());
    assert_eq!([device.lamps(), device.lamps()], [[0x17, 1], [0x18, 0]]);

    rig.desk(Conversation::Connected, false);
    device.send(&[8, 0b011]);
    assert_eq!(rig.asked(), Ask::Mute { on: true });
    assert_eq!(device.lamps(), [9, 1]);
    rig.desk(Conversation::Connected, true);
    device.send(&[8, 0b010]);
    // Unmuted on the screen.
    rig.desk(Conversation::Connected, false);
    assert_eq!(device.lamps(), [9, 0]);

    // Sooner it would be a key that is let go of.
    thread::sleep(Duration::from_millis(400));
    device.send(&[8, 0b000]);
    assert_eq!(rig.asked(), Ask::End { interaction: Some("first".into()) });
    assert_eq!(device.lamps(), [0x17, 0]);
    drop(device);
    assert_eq!(rig.view(), ButtonsView::default(), "unplugged");
}

#[test]
#[ignore = "needs /dev/uhid: scripts/headset-vm.sh runs it"]
fn reports_without_a_number_and_a_second_plug_in_a_call() {
    let mut rig = Rig::start();
    let mut device = Virtual::plug("Plain headset", 0x1234, 1, PLAIN);
    assert_eq!(rig.headset().1, ButtonsState::Works);
    assert_eq!(device.lamps(), [0, 0]);
    rig.desk(OFFERED, false);
    assert_eq!(device.lamps(), [0, 0b100]);
    device.send(&[0b100]);
    assert_eq!(rig.asked(), Ask::Reject { interaction: Some("first".into()) });
    assert_eq!(device.lamps(), [0, 0]);
    drop(device);
    assert_eq!(rig.view(), ButtonsView::default());

    rig.desk(Conversation::Connected, true);
    let mut device = Virtual::plug("Plain headset", 0x1234, 1, PLAIN);
    assert_eq!(rig.headset().1, ButtonsState::Works);
    assert_eq!(device.lamps(), [0, 0b011], "it begins off-hook and muted");
    let mut settings = Settings { no_headset_buttons: true, ..Settings::default() };
    rig.buttons.apply(&settings);
    assert_eq!(device.lamps(), [0, 0], "let go when turned off");
    assert_eq!(rig.view(), ButtonsView::default());
    settings.no_headset_buttons = false;
    rig.buttons.apply(&settings);
    assert_eq!(rig.headset().1, ButtonsState::Works);
    assert_eq!(device.lamps(), [0, 0b011]);
}

#[test]
#[ignore = "needs /dev/uhid: scripts/headset-vm.sh runs it"]
fn a_keyboard_is_no_headset() {
    const KEYBOARD: &[u8] = &[
        0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0x05, 0x07, 0x19, 0xE0, 0x29, 0xE7, 0x15, 0x00, //
        0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0xC0,
    ];
    let rig = Rig::start();
    let _keyboard = Virtual::plug("Keyboard", 0x1234, 2, KEYBOARD);
    let _headset = Virtual::plug("Plain headset", 0x1234, 1, PLAIN);
    assert_eq!(rig.headset().0, "Plain headset");
}

/// The file by which the ordinary user below asks for the right.
const PLEASE: &str = "OMNIBAR_RIGHTS_PLEASE";

/// Root makes the machine ready and gives the right when it is asked for; an ordinary user
/// runs the same test and is not let at the new hidraw node until then.
#[test]
#[ignore = "needs /dev/uhid and root: scripts/headset-vm.sh runs it"]
fn without_the_right_it_says_so_and_with_it_it_begins() {
    if let Some(please) = std::env::var_os(PLEASE) {
        let rig = Rig::start();
        let mut device = Virtual::plug("Plain headset", 0x1234, 1, PLAIN);
        assert_eq!(rig.headset().1, ButtonsState::Denied);
        std::fs::write(please, "").unwrap();
        assert_eq!(rig.headset().1, ButtonsState::Works, "nobody plugged it in again");
        assert_eq!(device.lamps(), [0, 0]);
        return;
    }
    let open = |node: &Path| std::fs::set_permissions(node, Permissions::from_mode(0o666));
    open(Path::new("/dev/uhid")).unwrap();
    let please = std::env::temp_dir().join("omnibar-rights-please");
    let mut user = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "without_the_right_it_says_so_and_with_it_it_begins"])
        .env(PLEASE, &please)
        .uid(1000)
        .gid(1000)
        .spawn()
        .unwrap();
    while !please.exists() && user.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(20));
    }
    for node in std::fs::read_dir("/dev").unwrap().map(|node| node.unwrap().path()) {
        if node.to_string_lossy().starts_with("/dev/hidraw") {
            open(&node).unwrap();
        }
    }
    assert!(user.wait().unwrap().success());
}
