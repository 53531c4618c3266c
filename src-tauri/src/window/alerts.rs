//! Desktop notifications, for an agent who looks elsewhere.

use omnibar_desk::Alert;
use tauri::AppHandle;
use tauri_plugin_notification::NotificationExt;

pub(super) fn show(app: &AppHandle, alert: &Alert) {
    let (title, body) = match alert {
        Alert::IncomingCall { name, queue, .. } => {
            (format!("Incoming call: {name}"), format!("Queue: {queue}"))
        }
        Alert::IncomingChat { name, queue, .. } => (
            if name.is_empty() { "New chat".to_owned() } else { format!("New chat: {name}") },
            format!("Queue: {queue}"),
        ),
        Alert::OfferGone { missed: true, .. } => (
            "Missed call".to_owned(),
            "You get no more calls until you choose Available again.".to_owned(),
        ),
        Alert::CallbackDue { name, .. } if name.is_empty() => {
            ("Callback due".to_owned(), "Open Omnibar to call back, or to put it off.".to_owned())
        }
        Alert::CallbackDue { name, .. } => (
            format!("Call back {name}"),
            "It is time. Open Omnibar to call, or to put it off.".to_owned(),
        ),
        Alert::VoiceLost => (
            "No sound".to_owned(),
            "The connection to the centre was lost. Omnibar is restoring it.".to_owned(),
        ),
        Alert::CentreLost => (
            "Centre not reachable".to_owned(),
            "The call goes on. Omnibar keeps trying.".to_owned(),
        ),
        // The window shows these; a notification would only be in the way.
        Alert::OfferGone { missed: false, .. }
        | Alert::CallEnded { .. }
        | Alert::VoiceBack
        | Alert::CentreBack => return,
    };
    say(app, title, &body);
}

/// The notification daemon may take its time or not exist.
pub(super) fn say(app: &AppHandle, title: String, body: &str) {
    let notification = app.notification().builder().title(title).body(plain(body));
    tauri::async_runtime::spawn_blocking(move || {
        if let Err(error) = notification.show() {
            tracing::debug!(%error, "no notification");
        }
    });
}

/// Text that is to be seen as it is: on Linux a body is read as markup (Desktop
/// Notifications Specification, section "Markup"), elsewhere as plain text.
fn plain(text: &str) -> String {
    if cfg!(target_os = "linux") {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    } else {
        text.to_owned()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_queue_with_a_link_in_its_name_is_text() {
        let name = "R&D <a href=\"https://evil.test\">now</a>";
        assert_eq!(plain(name), "R&amp;D &lt;a href=\"https://evil.test\"&gt;now&lt;/a&gt;");
    }
}
