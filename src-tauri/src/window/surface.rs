//! The shell's surface on a desktop with a window.

use super::{MAIN, alerts, keys, raise, shape};
use crate::shell::Surface;
use omnibar_contract::{Settings, Shape, WindowIntent, WindowView};
use omnibar_desk::Alert;
use std::path::Path;
use tauri::{AppHandle, Manager, WebviewWindow};
use tauri_plugin_opener::OpenerExt;

pub(super) struct DesktopSurface {
    app: AppHandle,
    shape: Shape,
    demo: bool,
}

impl DesktopSurface {
    pub(super) fn new(app: AppHandle, shape: Shape, demo: bool) -> Self {
        Self { app, shape, demo }
    }

    pub(super) fn view(&self) -> WindowView {
        WindowView { shape: self.shape, can_shape: true, demo: self.demo }
    }

    fn with_window(&self, what: &str, act: impl FnOnce(&WebviewWindow) -> tauri::Result<()>) {
        let Some(window) = self.app.get_webview_window(MAIN) else { return };
        if let Err(error) = act(&window) {
            tracing::warn!(%error, what, "the window did not follow");
        }
    }
}

impl Surface for DesktopSurface {
    fn alert(&mut self, alert: &Alert) {
        if matches!(alert, Alert::IncomingCall { .. }) {
            raise(&self.app);
        }
        alerts::show(&self.app, alert);
    }

    fn notify(&mut self, subject: &str, message: &str) {
        alerts::say(&self.app, subject.to_owned(), message);
    }

    fn take_keys(&mut self, on: bool) -> Vec<String> {
        keys::take(&self.app, on)
    }

    fn window(&mut self, intent: WindowIntent) -> Option<WindowView> {
        match intent {
            WindowIntent::SetShape { shape } => {
                self.shape = shape;
                self.with_window("shape", |w| shape::apply(w, shape));
                return Some(self.view());
            }
            WindowIntent::Painted => self.with_window("show", |w| {
                w.show()?;
                shape::apply(w, self.shape)
            }),
            WindowIntent::Minimise => self.with_window("minimise", WebviewWindow::minimize),
            WindowIntent::Hide => self.with_window("hide", WebviewWindow::hide),
            WindowIntent::StartDrag => self.with_window("drag", WebviewWindow::start_dragging),
            WindowIntent::Quit => self.app.exit(0),
        }
        None
    }

    fn apply(&mut self, settings: &Settings) {
        if settings.shape != self.shape {
            self.shape = settings.shape;
            self.with_window("shape", |w| shape::apply(w, settings.shape));
        }
    }

    fn show_file(&mut self, path: &Path) {
        if let Err(error) = self.app.opener().reveal_item_in_dir(path) {
            tracing::debug!(%error, "no file manager");
        }
    }
}
