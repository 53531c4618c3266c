//! System-wide keys, held only while a call is up, since Alt+letter belongs to other
//! programs the rest of the time. While they are held the window system keeps them
//! from the page, so each press is handled in one place.

use super::{MAIN, doors_of, raise};
use omnibar_contract::Intent;
use omnibar_desk::Ask;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Emitter, Wry};
use tauri_plugin_global_shortcut::{Code, GlobalShortcutExt, Modifiers, Shortcut, ShortcutState};

/// Key, its name in the UI contract, and how people write it.
const KEYS: [(Code, &str, &str); 6] = [
    (Code::KeyH, "hold", "Alt+H"),
    (Code::KeyC, "conference", "Alt+C"),
    (Code::KeyT, "transfer", "Alt+T"),
    (Code::KeyM, "mute", "Alt+M"),
    (Code::KeyE, "end", "Alt+E"),
    (Code::KeyD, "dispose", "Alt+D"),
];

pub(super) fn plugin() -> TauriPlugin<Wry> {
    tauri_plugin_global_shortcut::Builder::new()
        .with_handler(|app, shortcut, event| {
            let name = KEYS.iter().find(|(code, ..)| shortcut.matches(Modifiers::ALT, *code));
            if let (ShortcutState::Pressed, Some((_, name, _))) = (event.state(), name) {
                pressed(app, name);
            }
        })
        .build()
}

/// Takes all keys or gives them back; yields those that another program holds.
pub(super) fn take(app: &AppHandle, on: bool) -> Vec<String> {
    let shortcuts = app.global_shortcut();
    let mut taken = Vec::new();
    for (code, _, written) in KEYS {
        let key = Shortcut::new(Some(Modifiers::ALT), code);
        let result = match (on, shortcuts.is_registered(key)) {
            (true, false) => shortcuts.register(key),
            (false, true) => shortcuts.unregister(key),
            (true, true) | (false, false) => Ok(()),
        };
        if let Err(error) = result {
            tracing::info!(key = written, %error, "a system-wide key is not to be had");
            taken.push(written.to_owned());
        }
    }
    taken
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
