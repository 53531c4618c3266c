//! With no headset plugged in, nothing of this crate wakes up.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use omnibar_buttons::ButtonsConfig;
use omnibar_contract::Settings;
use omnibar_softphone::{Event, Inbox};
use std::fs;
use std::time::Duration;

/// Times that the threads of this crate went to sleep, and how many there are.
fn sleeps() -> (usize, u64) {
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let ours = tasks.filter(|task| {
        fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("headset "))
    });
    let counts = ours.map(|task| {
        let status = fs::read_to_string(task.join("status")).unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"));
        line.unwrap().trim().parse::<u64>().unwrap()
    });
    counts.fold((0, 0), |(threads, sum), count| (threads + 1, sum + count))
}

#[test]
fn without_a_headset_nothing_wakes_up() {
    let (inbox, mut events) = Inbox::new();
    let config = ButtonsConfig { list: None, settings: Settings::default() };
    let buttons = omnibar_buttons::start(config, inbox);
    let Some(Event::Buttons(_)) = events.blocking_recv() else { panic!("no view") };
    // The view is posted just before the hub goes to sleep.
    std::thread::sleep(Duration::from_millis(500));
    let before = sleeps();
    std::thread::sleep(Duration::from_secs(3));
    let after = sleeps();
    assert_eq!(before.0, 2, "the hub, and the thread that waits for plugs");
    assert!(after.1 - before.1 <= 1, "{} times in 3 s", after.1 - before.1);
    drop(buttons);
}
