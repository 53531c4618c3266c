//! System-wide keys, held only while a call is up, since Alt+letter belongs to other
//! programs the rest of the time. While they are held the window system keeps them
//! from the page, so each press is handled in one place.

use super::{MAIN, doors_of, raise};
use global_hotkey::hotkey::{Code, HotKey, Modifiers};
use global_hotkey::{GlobalHotKeyEvent, GlobalHotKeyManager, HotKeyState};
use omnibar_contract::Intent;
use omnibar_desk::Ask;
use std::cell::RefCell;
use std::sync::mpsc;
use tauri::{AppHandle, Emitter};

/// Key, its name in the UI contract, and how people write it.
const KEYS: [(Code, &str, &str); 6] = [
    (Code::KeyH, "hold", "Alt+H"),
    (Code::KeyC, "conference", "Alt+C"),
    (Code::KeyT, "transfer", "Alt+T"),
    (Code::KeyM, "mute", "Alt+M"),
    (Code::KeyE, "end", "Alt+E"),
    (Code::KeyD, "dispose", "Alt+D"),
];

thread_local! {
    /// Of the window's thread, where Windows and macOS want it. It exists only while
    /// keys are held: on X11 it looks for events 20 times a second.
    static HELD: RefCell<Option<GlobalHotKeyManager>> = const { RefCell::new(None) };
}

pub(super) fn listen(app: &AppHandle) {
    let app = app.clone();
    GlobalHotKeyEvent::set_event_handler(Some(move |event: GlobalHotKeyEvent| {
        let name = KEYS.iter().find(|(code, ..)| hot_key(*code).id() == event.id);
        if let (HotKeyState::Pressed, Some((_, name, _))) = (event.state, name) {
            pressed(&app, name);
        }
    }));
}

/// Takes all keys or gives them back; yields those that another program holds.
pub(super) fn take(app: &AppHandle, on: bool) -> Vec<String> {
    let (answer, taken) = mpsc::channel();
    let done = app.run_on_main_thread(move || {
        let _ =
            answer.send(HELD.with_borrow_mut(|held| if on { hold(held) } else { release(held) }));
    });
    if let Err(error) = done {
        tracing::debug!(%error, "the window's thread has ended");
    }
    taken.recv().unwrap_or_default()
}

fn hold(held: &mut Option<GlobalHotKeyManager>) -> Vec<String> {
    if held.is_some() {
        return Vec::new();
    }
    let manager = match GlobalHotKeyManager::new() {
        Ok(manager) => held.insert(manager),
        Err(error) => {
            tracing::info!(%error, "no system-wide key is to be had");
            return KEYS.iter().map(|(.., written)| (*written).to_owned()).collect();
        }
    };
    let mut taken = Vec::new();
    for (code, _, written) in KEYS {
        if let Err(error) = manager.register(hot_key(code)) {
            tracing::info!(key = written, %error, "a system-wide key is not to be had");
            taken.push(written.to_owned());
        }
    }
    taken
}

fn release(held: &mut Option<GlobalHotKeyManager>) -> Vec<String> {
    // Before the end, so that the keys are free when this returns.
    if let Some(manager) = held.take()
        && let Err(error) = manager.unregister_all(&KEYS.map(|(code, ..)| hot_key(code)))
    {
        tracing::debug!(%error, "a system-wide key was not given back");
    }
    Vec::new()
}

fn hot_key(code: Code) -> HotKey {
    HotKey::new(Some(Modifiers::ALT), code)
}

/// What needs no screen is done even when the web view is away.
fn pressed(app: &AppHandle, name: &str) {
    let ask = match name {
        "hold" => Ask::ToggleHold { interaction: None },
        "mute" => Ask::ToggleMute,
        "end" => Ask::End { interaction: None },
        _ => {
            raise(app);
            if let Err(error) = app.emit_to(MAIN, "key", name) {
                tracing::debug!(%error, "the web view is away");
            }
            return;
        }
    };
    if let Some(doors) = doors_of(app)
        && let Err(fault) = doors.post(Intent::Desk { ask })
    {
        tracing::debug!(%fault, "a key came too late");
    }
}
