//! The three doors for the window: commands in, events out.

use super::MAIN;
use omnibar_contract::{Fault, Intent, Meter, View};
use omnibar_softphone::Doors;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tauri::{AppHandle, Emitter, Manager, State};

/// The finest level meter of the page has that many steps.
const METER_STEPS: f32 = 20.0;
/// Quality is told, and the window asked whether it can be seen, no oftener.
const METER_AT_REST: Duration = Duration::from_secs(1);

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
        let mut shown = Shown::default();
        while meters.changed().await.is_ok() {
            let meter = *meters.borrow_and_update();
            // Asking wakes the window's thread.
            let seen = || {
                to_meters.get_webview_window(MAIN).is_some_and(|w| w.is_visible().unwrap_or(true))
            };
            if shown.changes(&meter, Instant::now(), seen) {
                emit(&to_meters, "meter", &meter);
            }
        }
    });
}

/// What the page's meters show: a reading that would change nothing is not sent.
#[derive(Default)]
struct Shown {
    levels: (f32, f32),
    told: Option<Instant>,
    seen: bool,
}

impl Shown {
    fn changes(&mut self, meter: &Meter, now: Instant, seen: impl FnOnce() -> bool) -> bool {
        let step = |level: f32| (level * METER_STEPS).round();
        let levels = (step(meter.microphone), step(meter.speaker));
        let rested = self.told.is_none_or(|told| now.duration_since(told) >= METER_AT_REST);
        if rested {
            self.told = Some(now);
            self.seen = seen();
        }
        let changed = rested || levels != self.levels;
        self.levels = levels;
        self.seen && changed
    }
}

fn emit<T: serde::Serialize + Clone>(app: &AppHandle, event: &str, payload: &T) {
    if let Err(error) = app.emit_to(MAIN, event, payload) {
        tracing::debug!(%error, event, "the web view is away");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_that_shows_nothing_new_waits_a_second() {
        let (mut shown, begin) = (Shown::default(), Instant::now());
        let meter = |microphone| Meter { microphone, ..Meter::default() };
        let after = |ms| begin + Duration::from_millis(ms);
        assert!(shown.changes(&meter(0.50), begin, || true));
        assert!(!shown.changes(&meter(0.51), after(100), || true), "the same step");
        assert!(shown.changes(&meter(0.61), after(200), || true), "two steps up");
        assert!(shown.changes(&meter(0.61), after(1000), || true), "quality is told");
        assert!(!shown.changes(&meter(0.61), after(2000), || false), "nobody looks");
        assert!(!shown.changes(&meter(0.9), after(2100), || true), "asked once a second");
    }
}
