//! The three doors for the window: commands in, events out.

use super::MAIN;
use omnibar_contract::{Fault, Intent, View};
use omnibar_softphone::Doors;
use serde_json::Value;
use std::sync::Arc;
use tauri::{AppHandle, Emitter, Manager, State};

/// Posts an intent. Read here, not by the framework, so that what cannot be read is
/// told in the contract's own words.
#[tauri::command]
pub(super) fn intent(doors: State<'_, Doors>, intent: Value) -> Result<(), Fault> {
    let intent: Intent = serde_json::from_value(intent)
        .map_err(|error| Fault::Unreadable { detail: error.to_string() })?;
    doors.post(intent)
}

/// The newest view, for a page that has just loaded.
#[tauri::command]
pub(super) fn snapshot(doors: State<'_, Doors>) -> Arc<View> {
    Arc::clone(&doors.views().borrow())
}

/// Pushes views and meters to the window for as long as the app runs.
pub(super) fn push(app: AppHandle, doors: &Doors) {
    let mut views = doors.views();
    let mut meters = doors.meters();
    let to_meters = app.clone();
    tauri::async_runtime::spawn(async move {
        while views.changed().await.is_ok() {
            let view = Arc::clone(&views.borrow_and_update());
            emit(&app, "view", &*view);
        }
    });
    tauri::async_runtime::spawn(async move {
        while meters.changed().await.is_ok() {
            let meter = *meters.borrow_and_update();
            let seen =
                to_meters.get_webview_window(MAIN).is_some_and(|w| w.is_visible().unwrap_or(true));
            if seen {
                emit(&to_meters, "meter", &meter);
            }
        }
    });
}

fn emit<T: serde::Serialize + Clone>(app: &AppHandle, event: &str, payload: &T) {
    if let Err(error) = app.emit_to(MAIN, event, payload) {
        tracing::debug!(%error, event, "the web view is away");
    }
}
