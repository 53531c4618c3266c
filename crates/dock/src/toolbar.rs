//! The toolbar's frame in a page: which presses in it are taken, and what it is shown.
//! It is Omnibar's own page, but it stands in a window that is not.

use omnibar_contract::{
    ConnectionTest, DockIntent, DockView, Intent, Remembered, View, WindowView,
};
use omnibar_desk::Ask;

/// Whether an intent may come from a frame. What decides about pages, credentials,
/// settings and the window is the native window's alone.
pub(crate) fn may(intent: &Intent) -> bool {
    match intent {
        Intent::Desk { ask } => may_ask(ask),
        Intent::Audio { .. } | Intent::Voice { .. } | Intent::Search { .. } => true,
        Intent::Dock { ask } => match ask {
            DockIntent::DismissToast { .. }
            | DockIntent::OpenRecord { .. }
            | DockIntent::Attach { .. }
            | DockIntent::Detach { .. }
            | DockIntent::Create { .. }
            | DockIntent::AskOpenRecord
            | DockIntent::Preview { .. } => true,
            DockIntent::Allow { .. }
            | DockIntent::Block { .. }
            | DockIntent::Forget { .. }
            | DockIntent::Pair { .. } => false,
        },
        // A test speaks to whatever server it is told.
        Intent::SignIn { .. }
        | Intent::Connection { .. }
        | Intent::Settings { .. }
        | Intent::Window { .. } => false,
    }
}

fn may_ask(ask: &Ask) -> bool {
    match ask {
        // Signing in is an intent of its own, with a password.
        Ask::SignIn { .. } => false,
        Ask::Choose { .. }
        | Ask::SignOut
        | Ask::SetPresence { .. }
        | Ask::Select { .. }
        | Ask::Accept { .. }
        | Ask::Reject { .. }
        | Ask::Dial { .. }
        | Ask::Hold { .. }
        | Ask::Resume { .. }
        | Ask::ToggleHold { .. }
        | Ask::Mute { .. }
        | Ask::ToggleMute
        | Ask::Dtmf { .. }
        | Ask::Transfer { .. }
        | Ask::Consult { .. }
        | Ask::Complete { .. }
        | Ask::Conference { .. }
        | Ask::Drop { .. }
        | Ask::End { .. }
        | Ask::Record { .. }
        | Ask::Note { .. }
        | Ask::Dispose { .. }
        | Ask::Callback { .. }
        | Ask::Chat { .. }
        | Ask::Monitor { .. }
        | Ask::StopMonitoring
        | Ask::Dismiss => true,
    }
}

/// The view for frames in pages of one origin: no other page's affairs, no pairing code,
/// nothing of this machine beyond its sound devices.
pub(crate) fn view_for(origin: &str, view: &View) -> View {
    let mut shown = view.clone();
    shown.settings.ice_servers.clear();
    shown.remembered = Remembered::default();
    shown.connection = ConnectionTest::default();
    shown.window = WindowView::default();
    shown.notices.clear();
    shown.voicemail = None;
    let DockView {
        origins,
        pairing_code,
        toasts,
        records: _,
        preview: _,
        open: _,
        draft: _,
        loading: _,
        user: _,
        extension: _,
    } = &mut shown.dock;
    origins.retain(|o| o.origin == origin);
    toasts.retain(|t| t.origin == origin);
    *pairing_code = None;
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_frame_presses_the_toolbars_buttons_and_no_others() {
        let intent = |v| serde_json::from_value::<Intent>(v).unwrap();
        let dock = |ask| intent(json!({"to": "dock", "ask": ask}));
        let rights = json!({"events": true, "control": true, "customers": true, "dial": true});
        let origin = "https://evil.example";
        for forged in [
            dock(json!({"do": "allow", "origin": origin, "rights": rights})),
            dock(json!({"do": "block", "origin": origin})),
            dock(json!({"do": "forget", "origin": origin})),
            dock(json!({"do": "pair", "on": true})),
            intent(json!({"to": "settings", "ask": {"do": "export_logs"}})),
            intent(json!({"to": "window", "ask": {"do": "quit"}})),
            intent(json!({"to": "connection", "ask": {"do": "test", "echo": ""}})),
            intent(json!({"to": "sign_in", "centre": "ws://evil.example", "user": "agent1",
                          "password": null, "remember": false, "take_over": true})),
            intent(json!({"to": "desk", "ask": {"do": "sign_in", "centre": "ws://evil.example",
                          "user": "agent1", "take_over": true}})),
        ] {
            assert!(!may(&forged), "{forged:?}");
        }
        for press in [
            intent(json!({"to": "desk", "ask": {"do": "accept", "interaction": null}})),
            intent(json!({"to": "search", "ask": {"do": "directory", "text": ""}})),
            dock(json!({"do": "dismiss_toast", "id": 1})),
            dock(json!({"do": "ask_open_record"})),
        ] {
            assert!(may(&press), "{press:?}");
        }
    }
}
