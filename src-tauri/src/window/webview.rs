//! The one web view, and its resurrection.

use super::MAIN;
use omnibar_contract::Settings;
use tauri::utils::config::Color;
use tauri::{AppHandle, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

/// Opens the window, hidden until its page says that it has painted.
pub(super) fn open(app: &AppHandle, settings: &Settings) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Omnibar")
        .inner_size(375.0, 667.0)
        .min_inner_size(280.0, 48.0)
        .decorations(false)
        .always_on_top(true)
        .visible(false)
        .background_color(ground(settings))
        // The page is bundled; nothing else may ever be shown in this window.
        .on_navigation(|url| {
            matches!(url.scheme(), "tauri") || url.host_str() == Some("tauri.localhost")
        })
        .build()?;
    revive(&window)
}

/// The page's ground, so that nothing flashes before it paints.
fn ground(settings: &Settings) -> Color {
    match settings.theme {
        omnibar_contract::Theme::Dark => Color(0x14, 0x16, 0x1a, 0xff),
        omnibar_contract::Theme::Light | omnibar_contract::Theme::System => {
            Color(0xff, 0xff, 0xff, 0xff)
        }
    }
}

/// Loads the page again when its process has died. The call is not in the page.
#[cfg(target_os = "linux")]
fn revive(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::WebViewExt;
    window.with_webview(|webview| {
        webview.inner().connect_web_process_terminated(|view, reason| {
            tracing::warn!(?reason, "the web view's process ended; loading the page again");
            view.reload();
        });
    })
}

/// Elsewhere the system's web view restarts its process on its own reload.
#[cfg(not(target_os = "linux"))]
fn revive(_window: &WebviewWindow) -> tauri::Result<()> {
    Ok(())
}
