//! The tray icon: presence at a glance, and the way back to a hidden window.

use super::raise;
use omnibar_contract::{Intent, View};
use omnibar_desk::{Ask, SessionView};
use omnibar_model::{AgentState, Presence};
use omnibar_softphone::Doors;
use tauri::image::Image;
use tauri::menu::{MenuBuilder, MenuItem, MenuItemBuilder};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Wry};

const OFFLINE: &[u8] = include_bytes!("../../../icons/tray-offline.png");
const AVAILABLE: &[u8] = include_bytes!("../../../icons/tray-available.png");
const BREAK: &[u8] = include_bytes!("../../../icons/tray-break.png");
const BUSY: &[u8] = include_bytes!("../../../icons/tray-busy.png");

/// Shows the tray icon and keeps it true. A desktop without a tray goes without.
pub(super) fn start(app: &AppHandle, doors: &Doors) {
    let (tray, available) = match build(app, doors) {
        Ok(built) => built,
        Err(error) => {
            tracing::info!(%error, "this desktop has no tray");
            return;
        }
    };
    let mut views = doors.views();
    tauri::async_runtime::spawn(async move {
        let mut shown = None;
        loop {
            let look = Look::of(&views.borrow_and_update());
            if shown.as_ref() != Some(&look) {
                if let Err(error) = look.show(&tray, &available) {
                    tracing::debug!(%error, "the tray icon did not follow");
                }
                shown = Some(look);
            }
            if views.changed().await.is_err() {
                return;
            }
        }
    });
}

fn build(app: &AppHandle, doors: &Doors) -> tauri::Result<(TrayIcon, MenuItem<Wry>)> {
    let show = MenuItemBuilder::with_id("show", "Show Omnibar").build(app)?;
    let available = MenuItemBuilder::with_id("available", "Available").enabled(false).build(app)?;
    let quit = MenuItemBuilder::with_id("quit", "Quit").build(app)?;
    let menu =
        MenuBuilder::new(app).item(&show).item(&available).separator().item(&quit).build()?;
    let doors = doors.clone();
    let tray = TrayIconBuilder::with_id("omnibar")
        .icon(Image::from_bytes(OFFLINE)?)
        .tooltip("Omnibar")
        .menu(&menu)
        .on_menu_event(move |app, event| match event.id().as_ref() {
            "show" => raise(app),
            "available" => {
                let ask = Ask::SetPresence { presence: Presence::Available };
                if let Err(fault) = doors.post(Intent::Desk { ask }) {
                    tracing::debug!(%fault, "the tray came too late");
                }
            }
            "quit" => app.exit(0),
            _ => {}
        })
        .build(app)?;
    Ok((tray, available))
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    icon: &'static [u8],
    tooltip: String,
    signed_in: bool,
}

impl Look {
    fn of(view: &View) -> Self {
        let (icon, word) = match view.desk.presence.state {
            AgentState::Offline => (OFFLINE, "Offline"),
            AgentState::Available => (AVAILABLE, "Available"),
            AgentState::Break => (BREAK, "On break"),
            AgentState::Busy => (BUSY, "In a call"),
            AgentState::WrapUp { .. } => (BUSY, "Wrap-up"),
            AgentState::Missed => (BREAK, "Missed a call"),
        };
        let signed_in = matches!(view.desk.session, SessionView::SignedIn { .. });
        Self { icon, tooltip: format!("Omnibar: {word}"), signed_in }
    }

    fn show(&self, tray: &TrayIcon, available: &MenuItem<Wry>) -> tauri::Result<()> {
        tray.set_icon(Some(Image::from_bytes(self.icon)?))?;
        tray.set_tooltip(Some(&self.tooltip))?;
        available.set_enabled(self.signed_in)
    }
}
